select _file, _line, "Id" as account, "Name" as name from crm
union all
select _file, _line, "Old Id" as account, "Name" || ' (old)' as name from crm
order by name
