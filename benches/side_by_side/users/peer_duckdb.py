"""The users job as a DuckDB user would write it.  usage: peer_duckdb.py IN.csv OUTFOLDER

Leaves out: ragged records and bad bytes as rejects (the reader stops at them), control characters, lengths but the title's, years
outside 1900-2200, ids that a spreadsheet rewrote, a second fault of a record, physical lines and the source record in the
rejects, key contacts that are no contacts, empty cells counted, and that files appear whole or not at all.
"""
import os, sys
import duckdb

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
con = duckdb.connect()
con.execute(f"set threads={os.cpu_count()}")
con.execute("set preserve_insertion_order=true")
con.execute("set timezone='UTC'")


def flag(name):
    return f"""case when lower(trim("{name}")) in ('yes', 'y', 'true', 't', '1', 'on') then 'yes'
                    when lower(trim("{name}")) in ('no', 'n', 'false', 'f', '0', 'off') then 'no' end"""


con.execute(f"""
create temp table shaped as
with src as (
  select row_number() over () as rn, * from read_csv('{source}', all_varchar=true, header=true, delim=',', quote='"', escape='"', nullstr='')
), d as (
  select rn, nullif(lower(trim("Email")), '') user_id, nullif(trim("Account Id"), '') account_id,
         replace(trim("First Name"), '"', '''') first_name, nullif(replace(trim("Last Name"), '"', ''''), '') last_name,
         {flag('Is Contact')} contact, "Is Contact" contact_raw, {flag('Is Key Contact')} key_contact, "Is Key Contact" key_contact_raw,
         left(replace(trim("Title"), '"', ''''), 40) job_title,
         try_cast("NPS" as bigint) nps, "NPS" nps_raw,
         coalesce(try_strptime("Signed Up", '%m/%d/%Y'), try_strptime("Signed Up", '%Y-%m-%d %H:%M:%S'),
                  (try_cast(case when "Signed Up" like '%T%' then "Signed Up" end as timestamptz) at time zone 'UTC')) signed_up, "Signed Up" signed_up_raw,
         make_timestamp(try_cast("Last Login" as bigint) * 1000) last_login, "Last Login" last_login_raw,
         {flag('VIP')} vip, "VIP" vip_raw, {flag('Beta')} beta, "Beta" beta_raw, {flag('Speaker')} speaker, "Speaker" speaker_raw
  from src
)
select * exclude (contact_raw, key_contact_raw, nps_raw, signed_up_raw, last_login_raw, vip_raw, beta_raw, speaker_raw),
  case when user_id is null then 'V401 user_id'
       when not regexp_full_match(user_id, '[A-Za-z0-9_@.-]+') then 'V402 user_id'
       when account_id is null then 'V401 account_id'
       when not regexp_full_match(account_id, '[A-Za-z0-9_-]+') then 'V402 account_id' end as no_key,
  case when last_name is null then 'V401 Last Name'
       when contact_raw is not null and contact is null then 'V413 Contact'
       when key_contact_raw is not null and key_contact is null then 'V413 Key Contact'
       when nps_raw is not null and nps is null then 'V409 nps'
       when signed_up_raw is not null and signed_up is null then
         case when regexp_full_match(signed_up_raw, '\\d\\d/\\d\\d/\\d{{4}}') then 'V405 signed_up' else 'V404 signed_up' end
       when last_login_raw is not null and last_login is null then 'V404 last_login'
       when vip_raw is not null and vip is null then 'V413 tag##vip'
       when beta_raw is not null and beta is null then 'V413 tag##beta'
       when speaker_raw is not null and speaker is null then 'V413 tag##speaker' end as fault
from d""")
con.execute("""
create temp table winners as
select * from shaped where no_key is null
qualify row_number() over (partition by account_id, user_id order by rn desc) = 1""")
con.execute(f"""
copy (select user_id, account_id, first_name "First Name", last_name "Last Name", user_id "Email", contact "Contact", key_contact "Key Contact",
        job_title, nps, strftime(signed_up, '%Y-%m-%dT%H:%M:%S.%gZ') signed_up, strftime(last_login, '%Y-%m-%dT%H:%M:%S.%gZ') last_login,
        nullif(vip, 'no') "tag##vip", nullif(beta, 'no') "tag##beta", nullif(speaker, 'no') "tag##speaker"
      from winners where fault is null order by rn) to '{out}/users.csv' (header)""")
con.execute(f"""
copy (select rn, account_id, user_id, no_key as reason from shaped where no_key is not null
      union all select rn, account_id, user_id, fault from winners where fault is not null
      union all select s.rn, s.account_id, s.user_id, 'duplicate' from shaped s where no_key is null and rn not in (select rn from winners)
     ) to '{out}/rejects.csv' (header)""")
