select user_id, account_id, area, event, count(*) as times
from events
where day = '2026-11-20'
group by user_id, account_id, area, event
order by account_id, user_id, area, event
