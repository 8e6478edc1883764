"""Make an accounts file as something else might have made it: nearly right.  usage: generate.py ROWS OUT.csv

Planted: 0.1 % repeated ids, blank and illegal ids, parents that do not exist and a loop, dates in another layout, days that do
not exist, moments without a fraction or with an offset, thousands, numbers that are none, spaces at ends, double quotes in
text. Same ROWS, same bytes (of one DuckDB version). Streams.
"""
import sys, duckdb

rows, out = int(sys.argv[1]), sys.argv[2]
con = duckdb.connect()
con.execute("set preserve_insertion_order=true")
con.execute(f"""
copy (
with base as (
  select i, case when hash(i * 31) % 1000 = 0 and i > 10 then (hash(i * 7) % i)::bigint else i end as k,
         (hash(i * 13) % 10000)::int as wrong
  from range({rows}) t(i)
)
select
  case when wrong = 0 then null when wrong in (1, 2) then 'bad id #' || k else 'ACC-' || lpad(k::varchar, 9, '0') end as account_id,
  case when wrong between 10 and 14 then ' Company ' || k
       when wrong = 15 then 'Company "' || k || '"'
       when hash(k) % 50 = 0 then 'Line' || chr(10) || 'Break ' || k
       when hash(k) % 50 < 4 then 'Smith & Sons, Ltd ' || k
       else 'Company ' || k end                                                        as account_name,
  case when k = 400 then 'ACC-000000500' when k = 500 then 'ACC-000000400' when k < 1000 then null
       when wrong between 20 and 24 then 'ACC-missing' || k
       when hash(k * 17) % 3 = 0 then 'ACC-' || lpad((k // 10)::varchar, 9, '0') end as parent_id,
  (['Customer', 'Partner', 'Prospect'])[(hash(k * 3) % 3)::int + 1]                    as "Account Type",
  (['Active', 'Churned'])[(hash(k * 19) % 2)::int + 1]                                 as "Status",
  case when wrong between 30 and 34 then format('{{:,.2f}}', 1000 + ((hash(k * 5) % 100000000) / 100.0)::double)
       when wrong in (35, 36) then 'ask Tom'
       when hash(k * 5) % 20 = 0 then null
       else format('{{:.2f}}', ((hash(k * 5) % 100000000) / 100.0)::double) end        as "Contract Value",
  case when wrong in (40, 41, 42) then strftime(date '2020-01-01' + (hash(k) % 2500)::int, '%m/%d/%Y')
       when wrong in (43, 44) then '2024-02-30'
       when hash(k * 11) % 5 = 0 then null
       else strftime(date '2020-01-01' + (hash(k) % 2500)::int, '%Y-%m-%d') end        as "Contract Renewal Date",
  strftime(timestamp '2015-01-01' + to_seconds((hash(k * 2) % 300000000)::bigint), '%Y-%m-%d')
    || case when wrong in (55, 56) then ' 10:20:30+02:00'
            else strftime(timestamp '2015-01-01' + to_seconds((hash(k * 2) % 300000000)::bigint), 'T%H:%M:%S')
              || case when wrong between 50 and 54 then 'Z' else '.0Z' end end           as "Create Date",
  case when wrong in (60, 61) then 'many' else (hash(k * 29) % 20000)::varchar end     as "Licenses",
  'owner' || (hash(k * 3) % 500) || '@example.com'                                     as "Owner Email",
  (['EMEA', 'NA', 'APAC', 'LATAM'])[(hash(k * 41) % 4)::int + 1]                       as "Region",
  case when wrong = 70 then 'Says "no"' when wrong = 71 then 'Note '
       else 'Note for ' || k || ', see ticket ' || (hash(k * 43) % 100000) || ' of the year ' || (2000 + hash(k * 53) % 26)
         || case hash(k * 59) % 3 when 0 then '. Renewal talked through with the owner' when 1 then '. Gesundheit é' else '' end end as "Description",
  case hash(k * 47) % 2 when 0 then 'true' else 'false' end                            as "Is Active"
from base order by i) to '{out}' (header)""")
