//! A DAG of Airflow.

use super::{Exported, season};

pub(super) fn text(exported: &Exported<'_>) -> Result<String, String> {
    let zone = exported.zone();
    let lines = exported.cron_lines(true)?;
    let (class, expressions) = match lines.as_slice() {
        [one] => ("CronTriggerTimetable", format!("\"{one}\"")),
        many => {
            let many: Vec<String> = many.iter().map(|line| format!("\"{line}\"")).collect();
            ("MultipleCronTriggerTimetable", many.join(", "))
        }
    };
    let day = if exported.plan.yesterday { ".subtract(days=1)" } else { "" };
    let rule = "Airflow has a rule of its own";
    let comments: String =
        season::comments(exported, rule, rule).iter().map(|comment| format!("# {comment}\n")).collect();
    let start = exported.now.to_zoned(exported.plan.zone.clone()).date();
    Ok(format!(
        "\
# {title}
{comments}import pendulum
from airflow.timetables.trigger import {class}
from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # before Airflow 3
    from airflow.operators.bash import BashOperator

ZONE = \"{zone}\"

with DAG(
    dag_id=\"{unit}\",
    description=\"{title}\",
    schedule={class}({expressions}, timezone=ZONE),
    start_date=pendulum.datetime({year}, {month}, {monthday}, tz=ZONE),
    catchup=False,
    max_active_runs=1,
    tags=[\"totango\"],
) as dag:
    BashOperator(
        task_id=\"run\",
        # The day of the plan, so that a run that is repeated is the same run.
        bash_command=(
            \"cd {folder} && {program} schedule once {name} --exit-code-unchanged \"
            \"--as-of {{{{ logical_date.in_timezone('{zone}'){day}.strftime('%Y-%m-%d') }}}}\"
        ),
        # Nothing changed: what hangs on this task is skipped too.
        skip_on_exit_code=99,
    )
",
        title = exported.title(),
        unit = exported.unit(),
        year = start.year(),
        month = start.month(),
        monthday = start.day(),
        folder = exported.folder,
        program = exported.program,
        name = exported.plan.name,
    ))
}
