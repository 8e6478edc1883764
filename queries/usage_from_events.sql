-- One row per account, person, area and event of one day, with how often it happened.
select
  account_id,
  user_id,
  area,
  event,
  count(*) as times
from events
where dt = ${export_day}
  and user_id is not null          -- jobs, not people
group by account_id, user_id, area, event
order by account_id, user_id, area, event
