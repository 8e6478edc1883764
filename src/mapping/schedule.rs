//! `schedule:` when which mappings run: cadences of Totango's own integrations, or a crontab's fields.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZoneDatabase;

use super::Cron;
use super::read::{Entry, Keys, Reader, Section, Takes, listed, similar, words};
use super::tree::{Every, MonthDay, ScheduleEntry, Text};
use super::variables::Use;
use crate::diagnostic::{Diagnostic, code, excerpt, nearest};
use crate::yaml::Spanned;

pub(super) const SCHEDULE: Section = Section {
    what: "a schedule",
    keys: &[&[
        ("mappings", Takes::Texts),
        ("every", Takes::Shape("^[0-9]+ minutes?$|^(hourly|daily|workdays|weekly|monthly)$")),
        ("at", Takes::Shape("^[0-9]{0,2}:[0-9]{2}$")),
        ("on", Takes::Text),
        ("cron", Takes::Text),
        ("timezone", Takes::Text),
        ("env", Takes::Text),
        ("as_of", Takes::Words(|| words(AS_OF))),
    ]],
    required: &[],
    one_of: &["every", "cron"],
    example: "{every: daily, at: \"02:30\", timezone: Europe/Berlin}",
};

const AS_OF: &[(&str, bool)] = &[("today", false), ("yesterday", true)];

const CADENCES: &[(&str, Cadence)] = &[
    ("hourly", Cadence::Hour),
    ("daily", Cadence::Day),
    ("workdays", Cadence::Workday),
    ("weekly", Cadence::Week),
    ("monthly", Cadence::Month),
];

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The words of `every`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cadence {
    Minutes(i64),
    Hour,
    Day,
    Workday,
    Week,
    Month,
}

/// Longest name: longer ones do not fit where schedules are exported to.
const NAME: usize = 40;

const MINUTES_OF_A_DAY: i64 = 1440;

/// `schedule:`; `environments` are the names that `env` may have.
pub(super) fn schedules(reader: &mut Reader<'_>, entry: Entry<'_>, environments: &[&str]) -> Vec<ScheduleEntry> {
    let entries = reader.names(entry, "{nightly: {every: daily, at: \"02:30\"}}");
    entries.into_iter().filter_map(|entry| schedule(reader, entry, environments)).collect()
}

fn schedule(reader: &mut Reader<'_>, entry: Entry<'_>, environments: &[&str]) -> Option<ScheduleEntry> {
    let name = name(reader, entry);
    let keys = reader.keys(entry, &SCHEDULE)?;
    let every = every(reader, entry, &keys);
    let mappings = keys.get("mappings").and_then(|entry| {
        let names = reader.texts(entry, |reader, item| reader.text(item, Use::Text))?;
        if names.is_empty() {
            reader.bad_value(entry, "[]", "no mapping", "leave the key out: all of `mappings/` run then");
        }
        Some(names)
    });
    let zone = match keys.get("timezone") {
        Some(entry) => zone(reader, entry),
        None => Some((jiff::tz::TimeZone::UTC, "UTC".to_owned())),
    };
    let environment = keys.get("env").and_then(|entry| {
        let said = reader.text(entry, Use::Text)?;
        if !environments.contains(&said.value.as_str()) {
            let help = match nearest(&said.value, environments.iter().copied()) {
                Some(near) => similar(near),
                None if environments.is_empty() => "declare it under `environments`".to_owned(),
                None => format!("environments: {}", listed(environments.iter().copied())),
            };
            reader.bad_value(entry, &said.value, "not an environment of this file", help);
        }
        Some(said)
    });
    let yesterday = keys.get("as_of").and_then(|entry| reader.word(entry, AS_OF)).is_some_and(|word| word.value);
    let (zone, zone_name) = zone?;
    let mappings = mappings.unwrap_or_default();
    Some(ScheduleEntry { name, mappings, every: every?, zone, zone_name, environment, yesterday })
}

/// A name that can also be a file's, a unit's or a job's.
fn name(reader: &mut Reader<'_>, entry: Entry<'_>) -> Text {
    let name = entry.name;
    let sound = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    if !sound || name.len() > NAME {
        let message = format!("`{}` cannot be the name of a schedule", excerpt(name));
        let place = reader.place(reader.spot(entry.key));
        let help = format!("at most {NAME} letters, digits, `-` and `_`, letter or digit first and last");
        reader.report(Diagnostic::error(&code::BAD_VALUE, message).at(place, "not such a name").help(help));
    }
    Spanned::new(name.to_owned(), entry.key)
}

fn zone(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<(jiff::tz::TimeZone, String)> {
    let said = reader.text(entry, Use::Text)?;
    // The bundled rules, as for dates in data: the same schedule everywhere.
    let zones = TimeZoneDatabase::bundled();
    if let Ok(zone) = zones.get(&said.value) {
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        return Some((zone, name));
    }
    let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
    let city = |name: &String| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&said.value));
    let near = names.iter().find(|name| city(name)).map(String::as_str);
    let help = match near.or_else(|| nearest(&said.value, names.iter().map(String::as_str))) {
        Some(near) => similar(near),
        None => "a name of the IANA database, e.g. `Europe/Berlin`; abbreviations such as `CET` hide their changes"
            .to_owned(),
    };
    reader.bad_value(entry, &said.value, "no time zone", help);
    None
}

/// `every` with `at` and `on`, or `cron`.
fn every(reader: &mut Reader<'_>, entry: Entry<'_>, keys: &Keys<'_>) -> Option<Every> {
    let (every, cron) = (keys.get("every"), keys.get("cron"));
    let cadence = match (every, cron) {
        (Some(every), Some(cron)) => {
            let diagnostic =
                Diagnostic::error(&code::ORIGIN, format!("schedule `{}` has two cadences", excerpt(entry.name)))
                    .at(reader.place(cron.key), "a second cadence")
                    .related(reader.place(every.key), "the first")
                    .help("keep `every` or `cron`");
            reader.report(diagnostic);
            return None;
        }
        (Some(every), None) => cadence(reader, every)?,
        (None, Some(cron)) => {
            for key in ["at", "on"] {
                meaningless(reader, keys, key, "a crontab has its own minute, hour and days");
            }
            return crontab(reader, cron).map(Every::Cron);
        }
        (None, None) => {
            let place = reader.place(reader.spot(entry.key));
            let diagnostic =
                Diagnostic::error(&code::ORIGIN, format!("schedule `{}` has no cadence", excerpt(entry.name)));
            reader.report(
                diagnostic.at(place, "how often?").help(format!("give `every` or `cron`, e.g. `{}`", SCHEDULE.example)),
            );
            return None;
        }
    };
    match cadence {
        Cadence::Minutes(minutes) => {
            meaningless(reader, keys, "at", "minutes are counted from each midnight");
            meaningless(reader, keys, "on", "it runs on every day");
            Some(Every::Minutes(minutes))
        }
        Cadence::Hour => {
            meaningless(reader, keys, "on", "it runs on every day");
            let minute = match keys.get("at") {
                Some(entry) => minute(reader, entry)?,
                None => 0,
            };
            Some(Every::Hour(minute))
        }
        Cadence::Day | Cadence::Workday => {
            meaningless(reader, keys, "on", "it runs on more than one day");
            let at = at(reader, entry, keys)?;
            Some(if cadence == Cadence::Day { Every::Day(at) } else { Every::Workday(at) })
        }
        Cadence::Week => {
            let at = at(reader, entry, keys);
            let on = wanted(reader, entry, keys, "on", "on: monday").and_then(|entry| reader.word(entry, WEEKDAYS))?;
            Some(Every::Week(on.value, at?))
        }
        Cadence::Month => {
            let at = at(reader, entry, keys);
            let on = wanted(reader, entry, keys, "on", "on: 1").and_then(|entry| month_day(reader, entry))?;
            Some(Every::Month(on, at?))
        }
    }
}

fn cadence(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Cadence> {
    let said = reader.text(entry, Use::Text)?;
    if let Some((_, cadence)) = CADENCES.iter().find(|(word, _)| *word == said.value) {
        return Some(*cadence);
    }
    let minutes = said.value.strip_suffix("minutes").or_else(|| said.value.strip_suffix("minute"));
    let digits = minutes.map(str::trim_end).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse::<i64>().ok()) {
        Some(minutes) if minutes > 0 && MINUTES_OF_A_DAY % minutes == 0 => Some(Cadence::Minutes(minutes)),
        Some(minutes) => {
            let help = match divisors(minutes) {
                (Some(less), Some(more)) => format!("`{less} minutes` or `{more} minutes`"),
                (less, more) => format!("`{} minutes`", less.or(more).unwrap_or(MINUTES_OF_A_DAY)),
            };
            reader.bad_value(entry, &said.value, "does not divide a day", help);
            None
        }
        None => {
            let mut allowed: Vec<&str> = CADENCES.iter().map(|(word, _)| *word).collect();
            allowed.insert(0, "15 minutes");
            reader.not_a_word(entry, &said.value, &allowed);
            None
        }
    }
}

/// The nearest numbers of minutes below and above that divide a day.
fn divisors(minutes: i64) -> (Option<i64>, Option<i64>) {
    let divides = |minutes: &i64| MINUTES_OF_A_DAY % minutes == 0;
    let less = (1..minutes.min(MINUTES_OF_A_DAY + 1)).rev().find(divides);
    (less, (minutes + 1..=MINUTES_OF_A_DAY).find(divides))
}

fn crontab(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Cron> {
    let said = reader.text(entry, Use::Text)?;
    Cron::read(&said.value).map_err(|(fault, cure)| reader.bad_value(entry, &said.value, &fault, cure)).ok()
}

fn at(reader: &mut Reader<'_>, entry: Entry<'_>, keys: &Keys<'_>) -> Option<Time> {
    let entry = wanted(reader, entry, keys, "at", "at: \"02:30\"")?;
    let said = reader.text(entry, Use::Text)?;
    let time =
        said.value.split_once(':').and_then(|(hour, minute)| Time::new(number(hour)?, number(minute)?, 0, 0).ok());
    if time.is_none() {
        reader.bad_value(entry, &said.value, "no time of day", "hour and minute, `\"00:00\"` to `\"23:59\"`");
    }
    time
}

/// `":30"`.
fn minute(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<i8> {
    let said = reader.text(entry, Use::Text)?;
    let minute = said.value.strip_prefix(':').and_then(number).filter(|minute| *minute < 60);
    if minute.is_none() {
        reader.bad_value(entry, &said.value, "no minute of an hour", "`hourly` takes the minute alone, e.g. `\":30\"`");
    }
    minute
}

/// Two digits.
fn number(text: &str) -> Option<i8> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

fn month_day(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<MonthDay> {
    let said = reader.text(entry, Use::Text)?;
    let day = match said.value.as_str() {
        "last" => Some(MonthDay::Last),
        text => text.parse().ok().filter(|day| (1..=28).contains(day)).map(MonthDay::Number),
    };
    if day.is_none() {
        let late = matches!(said.value.as_str(), "29" | "30" | "31");
        let label = if late { "some months have no such day" } else { "not a day of every month" };
        reader.bad_value(entry, &said.value, label, "1 to 28, or `last`");
    }
    day
}

/// A key that this cadence cannot do without.
fn wanted<'n>(
    reader: &mut Reader<'_>,
    schedule: Entry<'_>,
    keys: &Keys<'n>,
    key: &str,
    example: &str,
) -> Option<Entry<'n>> {
    let found = keys.get(key);
    if found.is_none() {
        let place = reader.place(reader.spot(keys.get("every").map_or(schedule.key, |every| every.node.span)));
        let diagnostic = Diagnostic::error(&code::MISSING_KEY, format!("`{key}` is missing"));
        reader.report(diagnostic.at(place, format!("this cadence needs `{key}`")).help(format!("e.g. `{example}`")));
    }
    found
}

/// A key that would have no effect.
fn meaningless(reader: &mut Reader<'_>, keys: &Keys<'_>, key: &str, why: &str) {
    if let Some(entry) = keys.get(key) {
        let place = reader.place(reader.spot(entry.key));
        let diagnostic = Diagnostic::error(&code::BAD_VALUE, format!("`{key}` has no effect here"));
        reader.report(diagnostic.at(place, why).help("leave it out"));
    }
}
