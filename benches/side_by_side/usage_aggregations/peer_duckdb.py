"""The usage_aggregations job as a DuckDB user would write it.  usage: peer_duckdb.py IN.parquet OUTFOLDER

Leaves out: control characters and quotes in names, lengths, ids that a spreadsheet rewrote, a second fault of a record, the
source record in the rejects, the limit of 1,000 columns, a ledger of rows, the order of rows, and that files appear whole or
not at all.
"""
import os, sys
import duckdb

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
con = duckdb.connect()
con.execute(f"set threads={os.cpu_count()}")
con.execute("set preserve_insertion_order=false")
con.execute(f"""
create view judged as
select *, case
    when account_id is null or account_id = '' then 'V401 account_id'
    when not regexp_full_match(account_id, '[A-Za-z0-9_-]+') then 'V402 account_id'
    when area is null or area = '' then 'V401 pivot.module'
    when event is null or event = '' then 'V401 pivot.action' end as reason
from (select file_row_number + 1 as rn, trim(account_id) as account_id, user_id, trim(area) as area, trim(event) as event, times, seconds
      from read_parquet('{source}', file_row_number=true))""")
con.execute("""
create temp table pairs as
select account_id, area || '##' || event as pair, sum(coalesce(times, 1)) as n from judged where reason is null group by all""")
con.execute("""
create temp table totals as
select account_id, count(distinct user_id) as "Daily active users", count(*) as "Daily total activities",
       sum(seconds) // 60 as "Daily time spent in minutes"
from judged where reason is null group by account_id""")
con.execute("create temp table wide as pivot pairs on pair using sum(n) group by account_id")
con.execute(f"""
copy (select * from totals join (select account_id, coalesce(columns(* exclude account_id), 0) from wide) using (account_id))
to '{out}/usage_aggregations.csv' (header)""")
con.execute(f"copy (select rn, account_id, reason from judged where reason is not null) to '{out}/rejects.csv' (header)")
