"""Make a messy contact export as CSV.  usage: generate.py ROWS OUT.csv

About 3 % repeated contacts (account and address, in another case), 0.1 % illegal and 0.05 % blank addresses, 0.05 % blank and
0.05 % illegal accounts, blank last names, flags in many spellings and some that are none, three date styles and days that do
not exist, moments in milliseconds, quotes, commas and line breaks in text, titles that are too long, spaces at ends.
Same ROWS, same bytes (of one DuckDB version). Streams.
"""
import sys, duckdb

rows, out = int(sys.argv[1]), sys.argv[2]
con = duckdb.connect()
con.execute("set preserve_insertion_order=true")
flag = lambda salt, wrong: f"""case when hash(i * {salt}) % {wrong} = 7 then 'perhaps' else
    case hash(k * {salt}) % 9 when 0 then 'Y' when 1 then 'N' when 2 then 'true' when 3 then 'FALSE' when 4 then '1' when 5 then '0'
                              when 6 then 'yes' when 7 then 'No' else '' end end"""
con.execute(f"""
copy (
with base as (
  select i, case when hash(i * 31) % 100 < 3 and i > 10 then (hash(i * 7) % i)::bigint else i end as k
  from range({rows}) t(i)
), named as (
  select i, k, (['Ada', 'Bruno', 'Carla', 'Dana', 'Elena', 'Hugo', 'Ines', 'Jörg', 'Kofi', 'Mei'])[(hash(k * 3) % 10)::int + 1] as first,
         (['Winter', 'Holm', 'Olsen', 'Field', 'Ito', 'Lee', 'Núñez', 'Okafor', 'Smith', 'van Dyk', 'Zhou', 'Abel'])[(hash(k * 5) % 12)::int + 1] as last
  from base
)
select
  case when hash(i * 13) % 2000 = 0 then ''
       when hash(i * 13) % 2000 = 1 then 'ACC/' || (k // 7)
       when hash(i * 13) % 50 = 2 then ' ACC-' || lpad((k // 7)::varchar, 8, '0')
       else 'ACC-' || lpad((k // 7)::varchar, 8, '0') end                                 as "Account Id",
  case when hash(i * 17) % 2000 = 0 then ''
       when hash(i * 17) % 1000 = 1 then 'no address ' || k
       when hash(i * 17) % 4 = 2 then 'User' || k || '@Customer' || (k // 7 % 5000) || '.example.com'
       when hash(i * 17) % 50 = 3 then 'user' || k || '@customer' || (k // 7 % 5000) || '.example.com '
       else 'user' || k || '@customer' || (k // 7 % 5000) || '.example.com' end           as "Email",
  case when hash(k * 19) % 40 = 0 then first || ' "' || last || '"' when hash(k * 19) % 40 = 1 then '' else first end as "First Name",
  case when hash(i * 23) % 2000 = 0 then '' when hash(i * 23) % 60 = 1 then last || ', Jr' else last end as "Last Name",
  {flag(29, 3000)}                                                                         as "Is Contact",
  {flag(37, 3000)}                                                                         as "Is Key Contact",
  case hash(k * 41) % 20
       when 0 then 'Head of "Operations" and of everything else in the region ' || k
       when 1 then 'Senior' || chr(10) || 'Engineer' when 2 then 'Sales, EMEA' when 3 then ''
       else 'Analyst ' || (hash(k * 43) % 100) end                                         as "Title",
  case when hash(i * 71) % 4000 = 0 then 'ask Tom' when hash(k * 73) % 3 = 0 then '' else (hash(k * 73) % 11)::varchar end as "NPS",
  case when hash(i * 47) % 2000 = 0 then '02/30/2024' when hash(i * 47) % 2000 = 1 then 'soon'
       else case hash(k * 53) % 4
         when 0 then strftime(date '2016-01-01' + (hash(k) % 3500)::int, '%m/%d/%Y')
         when 1 then strftime(timestamp '2016-01-01' + to_seconds((hash(k) % 300000000)::bigint), '%Y-%m-%dT%H:%M:%S+02:00')
         when 2 then strftime(timestamp '2016-01-01' + to_seconds((hash(k) % 300000000)::bigint), '%Y-%m-%d %H:%M:%S')
         else '' end end                                                                   as "Signed Up",
  case when hash(i * 59) % 4 = 0 then '' else (1500000000000 + (hash(i * 59) % 280000000000)::bigint)::varchar end as "Last Login",
  {flag(61, 5000)}                                                                         as "VIP",
  {flag(67, 5000)}                                                                         as "Beta",
  case when hash(k * 79) % 10 = 0 then 'on' else 'off' end                                 as "Speaker",
  'imported ' || k                                                                         as "Remark"
from named) to '{out}' (header)""")
