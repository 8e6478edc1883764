//! How schedules, moments and lengths of time read.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::mapping::{Every, MonthDay, ScheduleEntry};

/// `daily at 02:30, Europe/Berlin`; two schedules with the same words fire at the same times.
pub fn cadence(entry: &ScheduleEntry) -> String {
    let every = match &entry.every {
        Every::Minutes(1) => "every minute".to_owned(),
        Every::Minutes(minutes) => format!("every {minutes} minutes"),
        Every::Hour(minute) => format!("hourly at :{minute:02}"),
        Every::Day(at) => format!("daily at {}", clock(*at)),
        Every::Workday(at) => format!("workdays at {}", clock(*at)),
        Every::Week(day, at) => format!("{}s at {}", weekday(*day), clock(*at)),
        Every::Month(MonthDay::Number(day), at) => format!("monthly on day {day} at {}", clock(*at)),
        Every::Month(MonthDay::Last, at) => format!("monthly on the last day at {}", clock(*at)),
        Every::Cron(cron) => format!("cron {}", cron.text),
    };
    format!("{every}, {}", entry.zone_name)
}

/// `02:30`.
pub fn clock(at: Time) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `Monday`.
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// `2026-11-23T01:30:00Z`.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `Mon 2026-11-23 02:30 +01:00`, by the zone's clock.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string()
}

/// `1 h 5 min`, `12 min`, `8 s`.
pub fn length(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
