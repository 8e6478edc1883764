"""The usage job as a DuckDB user would write it: two streams over the file.  usage: peer_duckdb.py IN.parquet OUTFOLDER

Leaves out: control characters and quotes in text, lengths, ids that a spreadsheet rewrote, a second fault of a record, the source
record in the rejects, a ledger of rows, the order of rows, and that files appear whole or not at all.
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
    when user_id = '' then 'V401 user_id'
    when not regexp_full_match(user_id, '[A-Za-z0-9_@.-]+') then 'V402 user_id'
    when account_id is null or account_id = '' then 'V401 account_id'
    when not regexp_full_match(account_id, '[A-Za-z0-9_-]+') then 'V402 account_id'
    when area is null or area = '' then 'V401 Module'
    when event is null or event = '' then 'V401 Action'
    when times < 1 then 'V411 Count' end as reason
from (select file_row_number + 1 as rn, lower(trim(user_id)) as user_id, trim(account_id) as account_id, trim(area) as area, trim(event) as event, times
      from read_parquet('{source}', file_row_number=true) where user_id is not null)""")
con.execute(f"""
copy (select user_id, account_id, area as "Module", event as "Action", sum(coalesce(times, 1)) as "Count"
      from judged where reason is null group by all) to '{out}/usage.csv' (header)""")
con.execute(f"copy (select rn, account_id, user_id, reason from judged where reason is not null) to '{out}/rejects.csv' (header)")
