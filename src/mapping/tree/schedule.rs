//! `schedule:` of the project file: when which mappings run.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::Text;
use crate::mapping::Cron;

/// One entry of `schedule:`.
#[derive(Debug, Clone)]
pub struct ScheduleEntry {
    /// Its name.
    pub name: Text,
    /// `mappings:` names, or paths relative to the project; none: all of the project's `mappings/`.
    pub mappings: Vec<Text>,
    /// `every:` or `cron:`.
    pub every: Every,
    /// `timezone:` whose clock counts.
    pub zone: TimeZone,
    /// The zone's IANA name.
    pub zone_name: String,
    /// `env:` an environment of the project.
    pub environment: Option<Text>,
    /// `as_of: yesterday` instead of today.
    pub yesterday: bool,
}

/// How often, and when.
#[derive(Debug, Clone)]
pub enum Every {
    /// So many minutes, counted from each midnight; they divide a day.
    Minutes(i64),
    /// At this minute of every hour.
    Hour(i8),
    /// At this time of every day.
    Day(Time),
    /// From Monday to Friday.
    Workday(Time),
    /// On one day of the week.
    Week(Weekday, Time),
    /// On one day of the month.
    Month(MonthDay, Time),
    /// As a crontab says.
    Cron(Cron),
}

/// A day that every month has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthDay {
    /// 1 to 28.
    Number(i8),
    /// The last.
    Last,
}
