//! A cadence as sets of minutes, hours and days: what every other scheduler is written from.

use std::collections::BTreeMap;

use crate::mapping::{Cron, Every, MonthDay};

/// Times that a conjunction of sets describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    /// 0 to 59.
    pub minutes: Vec<u8>,
    /// 0 to 23.
    pub hours: Vec<u8>,
    /// Of the month.
    pub days: Days,
    /// 1 to 12; none: all.
    pub months: Option<Vec<u8>>,
    /// 0 (Sunday) to 6; none: all.
    pub weekdays: Option<Vec<u8>>,
}

/// Days of the month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Days {
    All,
    Some(Vec<u8>),
    Last,
}

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 13] = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Fields {
    fn daily(hours: Vec<u8>, minutes: Vec<u8>) -> Self {
        Self { minutes, hours, days: Days::All, months: None, weekdays: None }
    }

    /// Every day counts.
    fn any_day(&self) -> bool {
        self.days == Days::All && self.months.is_none() && self.weekdays.is_none()
    }

    /// The five fields of a crontab; `L` is the last day of a month.
    pub fn cron(&self) -> String {
        let days = match &self.days {
            Days::All => "*".to_owned(),
            Days::Some(days) => ranges(days, 1, 31),
            Days::Last => "L".to_owned(),
        };
        let months = self.months.as_ref().map_or_else(|| "*".to_owned(), |months| ranges(months, 1, 12));
        let weekdays = self.weekdays.as_ref().map_or_else(|| "*".to_owned(), |days| ranges(days, 0, 6));
        format!("{} {} {days} {months} {weekdays}", ranges(&self.minutes, 0, 59), ranges(&self.hours, 0, 23))
    }

    /// As systemd's `OnCalendar` has it, without the zone.
    pub fn calendar(&self) -> String {
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let weekdays = match self.weekdays.as_deref() {
            None => String::new(),
            Some([1, 2, 3, 4, 5]) => "Mon..Fri ".to_owned(),
            Some(days) => days.iter().map(|day| names[usize::from(*day)]).collect::<Vec<_>>().join(",") + " ",
        };
        let months = self.months.as_ref().map_or_else(|| "*".to_owned(), |months| listed(months));
        let days = match &self.days {
            Days::All => "-*".to_owned(),
            Days::Some(days) => format!("-{}", listed(days)),
            Days::Last => "~01".to_owned(),
        };
        let hours = if self.hours.len() == 24 { "*".to_owned() } else { listed(&self.hours) };
        let minutes = if self.minutes.len() == 60 { "*".to_owned() } else { listed(&self.minutes) };
        format!("{weekdays}*-{months}{days} {hours}:{minutes}:00")
    }

    /// The same times on a clock in UTC, while the zone is so many minutes ahead of it.
    ///
    /// # Errors
    /// The days cannot be moved.
    pub fn in_utc(&self, ahead: i32) -> Result<Vec<Self>, String> {
        // Minutes by hours, for each number of days that the time is moved by.
        let mut moved: BTreeMap<i32, BTreeMap<u8, Vec<u8>>> = BTreeMap::new();
        for hour in &self.hours {
            for minute in &self.minutes {
                let total = i32::from(*hour) * 60 + i32::from(*minute) - ahead;
                let (day, rest) = (total.div_euclid(1440), total.rem_euclid(1440));
                let day = if self.any_day() { 0 } else { day };
                let (hour, minute) = (u8::try_from(rest / 60), u8::try_from(rest % 60));
                let (hour, minute) = (hour.expect("below 24"), minute.expect("below 60"));
                moved.entry(day).or_default().entry(minute).or_default().push(hour);
            }
        }
        let mut found = Vec::new();
        for (day, minutes) in moved {
            for (hours, minutes) in grouped(minutes) {
                found.push(Self { minutes, hours, ..self.on_other_days(day)? });
            }
        }
        Ok(found)
    }

    fn on_other_days(&self, by: i32) -> Result<Self, String> {
        let mut other = self.clone();
        if by == 0 {
            return Ok(other);
        }
        if self.months.is_some() {
            return Err("in UTC it falls on another day, and so into other months".to_owned());
        }
        if let Days::Some(days) = &self.days {
            let moved: Vec<i32> = days.iter().map(|day| i32::from(*day) + by).collect();
            if moved.iter().any(|day| !(1..=28).contains(day)) {
                return Err("in UTC it falls on a day that not every month has".to_owned());
            }
            other.days = Days::Some(moved.iter().filter_map(|day| u8::try_from(*day).ok()).collect());
        }
        if self.days == Days::Last {
            return Err("in UTC it falls beside the last day of the month".to_owned());
        }
        if let Some(weekdays) = &mut other.weekdays {
            for day in weekdays.iter_mut() {
                *day = u8::try_from((i32::from(*day) + by).rem_euclid(7)).expect("below 7");
            }
            weekdays.sort_unstable();
        }
        Ok(other)
    }
}

/// The sets of a cadence; all of them together are its times.
///
/// # Errors
/// A crontab with more than sets in it.
pub(super) fn fields(every: &Every) -> Result<Vec<Fields>, String> {
    let once = |hour: i8, minute: i8| Fields::daily(vec![hour.unsigned_abs()], vec![minute.unsigned_abs()]);
    Ok(match every {
        Every::Minutes(step) => {
            let mut minutes: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
            for total in (0..1440).step_by(usize::try_from(*step).unwrap_or(1440)) {
                let minute = u8::try_from(total % 60).expect("below 60");
                minutes.entry(minute).or_default().push(u8::try_from(total / 60).expect("below 24"));
            }
            grouped(minutes).into_iter().map(|(hours, minutes)| Fields::daily(hours, minutes)).collect()
        }
        Every::Hour(minute) => vec![Fields::daily((0..24).collect(), vec![minute.unsigned_abs()])],
        Every::Day(at) => vec![once(at.hour(), at.minute())],
        Every::Workday(at) => vec![Fields { weekdays: Some(vec![1, 2, 3, 4, 5]), ..once(at.hour(), at.minute()) }],
        Every::Week(day, at) => {
            let day = day.to_sunday_zero_offset().unsigned_abs();
            vec![Fields { weekdays: Some(vec![day]), ..once(at.hour(), at.minute()) }]
        }
        Every::Month(day, at) => {
            let days = match day {
                MonthDay::Number(number) => Days::Some(vec![number.unsigned_abs()]),
                MonthDay::Last => Days::Last,
            };
            vec![Fields { days, ..once(at.hour(), at.minute()) }]
        }
        Every::Cron(cron) => of_cron(cron)?,
    })
}

/// `L` among the days of the month.
pub(super) const LAST_DAY: &str = "`L`, the last day of a month";

/// What a crontab has beyond the five fields that every cron knows.
pub(super) fn extension(cron: &Cron) -> Option<&'static str> {
    let fields: Vec<String> = cron.text.split(' ').map(str::to_ascii_uppercase).collect();
    let (days, weekdays) = (&fields[2], &fields[4]);
    let known = [
        (days, 'W', "`W`, the nearest weekday"),
        (days, 'L', LAST_DAY),
        (weekdays, '#', "`#`, the n-th weekday of a month"),
        (weekdays, 'L', "`L`, the last such weekday of a month"),
    ];
    known.into_iter().find(|(field, letter, _)| field.contains(*letter)).map(|(_, _, words)| words)
}

fn of_cron(cron: &Cron) -> Result<Vec<Fields>, String> {
    let days = cron.text.split(' ').nth(2).unwrap_or_default();
    let only_last = days.eq_ignore_ascii_case("L");
    if let Some(extension) = extension(cron).filter(|extension| !only_last || *extension != LAST_DAY) {
        return Err(format!("it has no {extension}"));
    }
    let unread = || format!("`{}` cannot be taken apart", cron.text);
    let parts: Vec<&str> = cron.text.split(' ').collect();
    let set = |at: usize, least, most, names: &[&str]| set(parts[at], least, most, names).ok_or_else(unread);
    let (minutes, hours) = (set(0, 0, 59, &[])?, set(1, 0, 23, &[])?);
    let months = Some(set(3, 1, 12, &MONTHS)?).filter(|months| months.len() < 12);
    let days = match set(2, 1, 31, &[]) {
        _ if only_last => Days::Last,
        days => Some(days?).filter(|days| days.len() < 31).map_or(Days::All, Days::Some),
    };
    let mut weekdays: Vec<u8> = set(4, 0, 7, &WEEKDAYS)?.iter().map(|day| day % 7).collect();
    weekdays.sort_unstable();
    weekdays.dedup();
    let whole = Fields { minutes, hours, days, months, weekdays: Some(weekdays).filter(|days| days.len() < 7) };
    // Day of the month and day of the week are both wanted if one begins with a star, else either will do.
    if parts[2].starts_with('*') || parts[4].starts_with('*') {
        return Ok(vec![whole]);
    }
    if whole.days == Days::All || whole.weekdays.is_none() {
        return Ok(vec![Fields { days: Days::All, weekdays: None, ..whole }]);
    }
    Ok(vec![Fields { weekdays: None, ..whole.clone() }, Fields { days: Days::All, ..whole }])
}

/// `1-5`, `*/15`, `MON,3`.
fn set(text: &str, least: u8, most: u8, names: &[&str]) -> Option<Vec<u8>> {
    let value = |text: &str| {
        let named = names.iter().position(|name| !name.is_empty() && name.eq_ignore_ascii_case(text));
        named.and_then(|at| u8::try_from(at).ok()).or_else(|| text.parse().ok())
    };
    let mut found = Vec::new();
    for item in text.split(',') {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (value(from)?, value(to)?),
            None if step.is_some() => (value(range)?, most),
            None => (value(range)?, value(range)?),
        };
        let step: usize = step.map_or(Some(1), |step| step.parse().ok())?;
        found.extend((from..=to).step_by(step.max(1)));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// Minutes that have the same hours are one set.
fn grouped(minutes: BTreeMap<u8, Vec<u8>>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut groups: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (minute, mut hours) in minutes {
        hours.sort_unstable();
        match groups.iter_mut().find(|(known, _)| *known == hours) {
            Some((_, minutes)) => minutes.push(minute),
            None => groups.push((hours, vec![minute])),
        }
    }
    groups
}

/// `*`, `*/15`, `1-5,7`.
fn ranges(values: &[u8], least: u8, most: u8) -> String {
    let whole = usize::from(most - least) + 1;
    if values.len() == whole {
        return "*".to_owned();
    }
    if let [first, second, third, ..] = values {
        let step = second - first;
        let even = third - second == step && *first == least;
        if even && step > 1 && values.iter().copied().eq((least..=most).step_by(usize::from(step))) {
            return format!("*/{step}");
        }
    }
    let mut parts: Vec<(u8, u8)> = Vec::new();
    for value in values {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *value => *last = *value,
            _ => parts.push((*value, *value)),
        }
    }
    let words = parts.iter().map(|(from, to)| match to - from {
        0 => from.to_string(),
        1 => format!("{from},{to}"),
        _ => format!("{from}-{to}"),
    });
    words.collect::<Vec<_>>().join(",")
}

fn listed(values: &[u8]) -> String {
    values.iter().map(|value| format!("{value:02}")).collect::<Vec<_>>().join(",")
}
