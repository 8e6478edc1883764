"""The accounts job as a DuckDB user would write it.  usage: peer_duckdb.py IN.csv OUTFOLDER

Leaves out: ragged records and bad bytes as rejects (the reader stops at them), control characters, lengths, years outside
1900-2200, numbers that a float does not hold, physical lines and the source record in the rejects, empty cells counted, and
that files appear whole or not at all.
"""
import os, sys
import duckdb

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
con = duckdb.connect()
con.execute(f"set threads={os.cpu_count()}")
con.execute("set preserve_insertion_order=true")
con.execute("set timezone='UTC'")
con.execute(f"""
create temp table shaped as
with src as (
  select row_number() over () as rn, * from read_csv('{source}', all_varchar=true, header=true, delim=',', quote='"', escape='"', nullstr='')
), d as (
  select rn, trim("Id") account_id, nullif(trim("Parent Id"),'') parent_id,
         replace("Account Name",'"','''') account_name,
         lower("Owner Email") owner_email,
         try_cast(replace(replace("ARR",'$',''),',','') as double) arr, "ARR" arr_raw,
         coalesce(try_strptime("Renewal Date", '%m/%d/%Y'), try_strptime("Renewal Date", '%Y-%m-%d %H:%M:%S'), try_strptime("Renewal Date",'%Y-%m-%d'),
                  (try_cast(case when "Renewal Date" like '%T%' then "Renewal Date" end as timestamptz) at time zone 'UTC')) renewal, "Renewal Date" renewal_raw,
         try_strptime("Created Date", '%Y-%m-%dT%H:%M:%SZ') created, "Created Date" created_raw,
         case when coalesce(trim("Status"),'')='' then 'Active' else trim("Status") end status,
         replace("Industry",'"','''') industry,
         try_cast(replace("Seats",',','') as bigint) seats, "Seats" seats_raw,
         try_cast("NPS" as bigint) nps, "NPS" nps_raw, "Region" region, replace("Description",'"','''') description,
         "Is Active" is_active
  from src
)
select *,
  case when account_id is null or account_id='' then 'V401 account_id'
       when not regexp_full_match(account_id,'[A-Za-z0-9_-]+') then 'V402 account_id' end as no_key,
  case when arr_raw is not null and arr is null then 'V409 ARR'
       when renewal_raw is not null and renewal is null then 'V404 Renewal Date'
       when created_raw is not null and created is null then 'V404 Create Date'
       when seats_raw is not null and seats is null then 'V409 Seats'
       when nps_raw is not null and nps is null then 'V409 NPS' end as fault
from d""")
con.execute("""
create temp table winners as
select * from shaped where no_key is null
qualify row_number() over (partition by account_id order by rn desc) = 1""")
con.execute("""
create temp table bad_parent as
with recursive up(account_id) as (
  select account_id from winners where parent_id is null and fault is null
  union all
  select w.account_id from winners w join up on w.parent_id = up.account_id where w.fault is null
)
select w.rn, case when not exists (select 1 from winners p where p.account_id=w.parent_id) then 'K603 parent_id' else 'K604 parent_id' end reason
from winners w where parent_id is not null and fault is null and account_id not in (select account_id from up)""")
con.execute(f"""
copy (select account_id, account_name, parent_id, owner_email "Owner Email", arr "ARR",
   strftime(renewal,'%Y-%m-%dT%H:%M:%S.%gZ') "Renewal Date", strftime(created,'%Y-%m-%dT%H:%M:%S.%gZ') "Create Date", status "Status", industry "Industry", seats "Seats", nps "NPS", region "Region", description "Description", is_active "Is Active"
  from winners where fault is null and rn not in (select rn from bad_parent) order by rn) to '{out}/accounts.csv' (header)""")
con.execute(f"""
copy (select rn, account_id, no_key as reason from shaped where no_key is not null
  union all select rn, account_id, fault from winners where fault is not null
  union all select w.rn, w.account_id, b.reason from winners w join bad_parent b using(rn)
  union all select s.rn, s.account_id, 'duplicate' from shaped s where no_key is null and rn not in (select rn from winners)) to '{out}/rejects.csv' (header)""")
