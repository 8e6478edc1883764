//! Schedules as definitions of other schedulers. What one of them cannot express is an error; where it differs on a day on which
//! clocks change, a comment says so.

mod airflow;
mod cron;
mod fields;
mod github;
mod kubernetes;
mod season;
mod systemd;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::mapping::{Every, MonthDay};
use crate::schedule::plan::Plan;
use fields::{Fields, LAST_DAY, extension, fields};

/// Another scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A crontab.
    Cron,
    /// A timer and its service.
    Systemd,
    /// A DAG.
    Airflow,
    /// A workflow of GitHub Actions.
    Github,
    /// A `CronJob`.
    Kubernetes,
}

/// What a definition says beside the times.
#[derive(Debug, Clone)]
pub struct Exported<'a> {
    /// The schedule.
    pub plan: &'a Plan,
    /// The folder of the project where it will run.
    pub folder: &'a str,
    /// How the program is called there.
    pub program: &'a str,
    /// The image of containers.
    pub image: &'a str,
    /// From here on, for three years, changes of the clocks are looked at.
    pub now: Timestamp,
}

/// The definition of a schedule for `target`.
///
/// # Errors
/// The target cannot express it; why.
pub fn export(target: Target, exported: &Exported<'_>) -> Result<String, String> {
    match target {
        Target::Cron => cron::text(exported),
        Target::Systemd => systemd::text(exported),
        Target::Airflow => airflow::text(exported),
        Target::Github => github::text(exported),
        Target::Kubernetes => kubernetes::text(exported),
    }
}

impl Exported<'_> {
    /// One line that says what it is.
    fn title(&self) -> String {
        let mappings: Vec<&str> = self.plan.entry.mappings.iter().map(|name| name.value.as_str()).collect();
        let mappings = if mappings.is_empty() { "all mappings".to_owned() } else { mappings.join(", ") };
        format!("{}: {}; {mappings}", self.plan.name, self.plan.words)
    }

    fn every(&self) -> &Every {
        &self.plan.entry.every
    }

    fn zone(&self) -> &str {
        &self.plan.entry.zone_name
    }

    /// The name among other things of its kind.
    fn unit(&self) -> String {
        format!("tanguero-{}", self.plan.name)
    }

    /// Lines for a crontab in the schedule's own zone. With `last`, `L` may stand in them.
    fn cron_lines(&self, last: bool) -> Result<Vec<String>, String> {
        match self.every() {
            Every::Cron(cron) => match extension(cron) {
                Some(extension) if !last || extension != LAST_DAY => Err(format!("it has no {extension}")),
                _ => Ok(vec![cron.text.clone()]),
            },
            Every::Month(MonthDay::Last, _) if !last => Err("it has no last day of a month".to_owned()),
            every => Ok(fields(every)?.iter().map(Fields::cron).collect()),
        }
    }
}
