"""The lint job as a DuckDB user would write it.  usage: peer_duckdb.py IN.csv OUTFOLDER

Leaves out: ragged records and bad bytes (the reader stops at them), fields that must stand in quotes, byte order marks, the header,
control characters, lengths, years outside 1900-2200, ids that a spreadsheet rewrote, physical lines, the form that would
be right, and the rarer forms of numbers and dates.
"""
import os, sys
import duckdb

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
con = duckdb.connect()
con.execute(f"set threads={os.cpu_count()}")
con.execute("set preserve_insertion_order=true")


def ident(name, needed):
    v = f'trim("{name}")'
    return f"""case {f"when {v} is null or {v} = '' then 'V401'" if needed else f"when {v} = '' then null"}
        when not regexp_full_match({v}, '[A-Za-z0-9_-]+') then 'V402' when {v} <> "{name}" then 'F201' end"""


def text(name):
    return f"""case when contains("{name}", '"') then 'V415' when trim("{name}") <> "{name}" then 'F201' end"""


def number(name):
    return f"""case when regexp_full_match("{name}", '-?[0-9]+(\\.[0-9]+)?') then null
        when regexp_full_match("{name}", '-?[0-9]{{1,3}}(,[0-9]{{3}})*(\\.[0-9]+)?') then 'F201' when "{name}" is not null then 'V409' end"""


def date(name):
    return f"""case when "{name}" is null then null
        when not regexp_full_match("{name}", '\\d{{4}}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)?)?') then 'V404'
        when try_cast("{name}" as timestamptz) is null then 'V405'
        when length("{name}") > 10 and not regexp_full_match("{name}", '.{{10}}T.{{8}}\\.\\d{{1,3}}Z') then 'F201' end"""


judges = {"account_id": ident("account_id", True), "account_name": text("account_name"), "parent_id": ident("parent_id", False),
          "Account Type": text("Account Type"), "Status": text("Status"), "Contract Value": number("Contract Value"),
          "Contract Renewal Date": date("Contract Renewal Date"), "Create Date": date("Create Date"), "Licenses": number("Licenses"),
          "Owner Email": text("Owner Email"), "Region": text("Region"), "Description": text("Description"), "Is Active": text("Is Active")}
coded = ", ".join(f'{sql} as "code {name}"' for name, sql in judges.items())
kept = ", ".join(f'"code {name}", case when "code {name}" is not null then "{name}" end as "value {name}"' for name in judges)
faulty = " or ".join(f""""code {name}" like 'V%'""" for name in judges)
con.execute(f"""
create temp table judged as
select rn, trim(account_id) as id, nullif(trim(parent_id), '') as parent, coalesce("code account_id" like 'V%', false) as no_key,
       coalesce({faulty}, false) as faulty, {kept}
from (select row_number() over () as rn, *, {coded}
      from read_csv('{source}', all_varchar=true, header=true, delim=',', quote='"', escape='"', nullstr=''))""")
con.execute("""
create temp table winners as
select rn, id, parent, faulty from judged where not no_key qualify row_number() over (partition by id order by rn desc) = 1""")
con.execute("""
create temp table lost as
with recursive up(id) as (
  select id from winners where parent is null and not faulty
  union all
  select w.id from winners w join up on w.parent = up.id where not w.faulty
)
select rn, parent, case when parent in (select id from winners) then 'K604 parent_id' else 'K603 parent_id' end as reason
from winners where parent is not null and not faulty and id not in (select id from up)""")
findings = " union all ".join(
    f"""select rn, "code {name}" || ' {name}' as reason, "value {name}" as value from judged where "code {name}" is not null""" for name in judges)
con.execute(f"""
copy ({findings}
  union all select rn, reason, parent from lost
  union all select rn, 'K601 record', id from judged where not no_key and rn not in (select rn from winners)
) to '{out}/findings.csv' (header)""")
