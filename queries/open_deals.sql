-- Amount of the opportunities that are still open, per account. `number` gives NULL for what is no number.
select
  "Account ID" as account_id,
  cast(sum(number("Amount")) as decimal(18, 2)) as amount
from crm_opportunities
where "Stage" <> 'Closed Won'
  and "Account ID" is not null
group by "Account ID"
