//! Firings by hand around changes of the clocks, and properties over thirty zones and three years.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::{Cadence, Firing};
use crate::mapping::{ScheduleEntry, Variables, parse_project};

pub(in crate::schedule) const ZONES: [&str; 30] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Moscow",
    "Atlantic/Azores",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Asuncion",
    "America/Havana",
    "America/Nuuk",
    "America/Scoresbysund",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Nairobi",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
];

/// The entry that these keys make.
pub(in crate::schedule) fn entry(keys: &str) -> ScheduleEntry {
    let variables = Variables::new(Default::default(), Default::default(), date(2026, 11, 20), None);
    let (file, found) = parse_project("tanguero.yaml", &format!("schedule:\n  nightly: {{{keys}}}\n"), &variables);
    assert!(!found.has_errors(), "{keys}: {found:?}");
    file.unwrap().schedules.remove(0)
}

fn cadence(keys: &str) -> Cadence {
    Cadence::new(&entry(keys))
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many firings after a moment, in UTC.
fn firings(keys: &str, after: &str, count: usize) -> Vec<String> {
    let found = cadence(keys).between(moment(after), Timestamp::MAX, count);
    found.iter().map(|firing| firing.at.strftime("%m-%d %H:%M").to_string()).collect()
}

#[test]
fn a_time_in_a_gap_runs_once_at_the_first_moment_after_it() {
    let daily = "every: daily, at: \"02:30\", timezone: Europe/Berlin";
    // On 28 March 2027 clocks go from 02:00 to 03:00, at 01:00 UTC.
    assert_eq!(firings(daily, "2027-03-26T12:00:00Z", 4), ["03-27 01:30", "03-28 01:00", "03-29 00:30", "03-30 00:30"]);
    assert_eq!(
        firings("cron: \"30 2 * * *\", timezone: Europe/Berlin", "2027-03-27T12:00:00Z", 2),
        ["03-28 01:00", "03-29 00:30"]
    );
    let planned = cadence(daily).next_after(moment("2027-03-27T12:00:00Z")).unwrap().planned;
    assert_eq!(planned, date(2027, 3, 28).at(2, 30, 0, 0));
}

#[test]
fn several_times_in_a_gap_are_one() {
    let cron = "cron: \"0,30 2,3 * * *\", timezone: Europe/Berlin";
    assert_eq!(firings(cron, "2027-03-27T12:00:00Z", 4), ["03-28 01:00", "03-28 01:30", "03-29 00:00", "03-29 00:30"]);
}

#[test]
fn a_time_that_comes_twice_runs_once() {
    // On 31 October 2027 clocks go from 03:00 to 02:00, at 01:00 UTC.
    let daily = "every: daily, at: \"02:30\", timezone: Europe/Berlin";
    assert_eq!(firings(daily, "2027-10-29T12:00:00Z", 4), ["10-30 00:30", "10-31 00:30", "11-01 01:30", "11-02 01:30"]);
    // Asked in the middle of the second pass.
    assert_eq!(firings(daily, "2027-10-31T01:10:00Z", 1), ["11-01 01:30"]);
    assert_eq!(
        firings("cron: \"30 2 * * 0\", timezone: Europe/Berlin", "2027-10-30T12:00:00Z", 2),
        ["10-31 00:30", "11-07 01:30"]
    );
}

#[test]
fn what_goes_round_the_clock_neither_stops_nor_repeats_when_clocks_change() {
    let hourly = "every: hourly, at: \":30\", timezone: Europe/Berlin";
    assert_eq!(firings(hourly, "2027-10-31T00:00:00Z", 3), ["10-31 00:30", "10-31 01:30", "10-31 02:30"]);
    assert_eq!(firings(hourly, "2027-03-28T00:00:00Z", 3), ["03-28 00:30", "03-28 01:30", "03-28 02:30"]);
    let quarter = "cron: \"*/15 * * * *\", timezone: Europe/Berlin";
    let found = cadence(quarter).between(moment("2027-10-30T12:00:00Z"), moment("2027-10-31T12:00:00Z"), 1_000);
    assert_eq!(found.len(), 96);
    // Lord Howe moves by half an hour, which loops a search that rounds to hours.
    let two = "cron: \"0 */2 * * *\", timezone: Australia/Lord_Howe";
    assert_eq!(firings(two, "2027-04-03T10:00:00Z", 4), ["04-03 11:00", "04-03 13:00", "04-03 15:30", "04-03 17:30"]);
}

#[test]
fn minutes_are_even_through_changes() {
    for (keys, from) in [
        ("every: 15 minutes, timezone: Europe/Berlin", "2027-03-27T22:00:00Z"),
        ("every: 15 minutes, timezone: Europe/Berlin", "2027-10-30T22:00:00Z"),
        ("every: 30 minutes, timezone: Australia/Lord_Howe", "2027-04-03T11:00:00Z"),
    ] {
        let found = cadence(keys).between(moment(from), moment(from) + 40.hours(), 1_000);
        let steps: BTreeSet<i64> =
            found.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_secs() / 60).collect();
        assert_eq!(steps.len(), 1, "{keys}: {steps:?}");
    }
    // Counted from midnight, so the day of 25 hours has one more, and the next day begins at midnight again.
    let hours = "every: 120 minutes, timezone: Europe/Berlin";
    assert_eq!(
        firings(hours, "2027-10-30T21:00:00Z", 14).last().unwrap(),
        "10-31 23:00",
        "{:?}",
        firings(hours, "2027-10-30T21:00:00Z", 14)
    );
}

#[test]
fn days_of_week_and_month() {
    assert_eq!(
        firings("every: workdays, at: \"06:00\"", "2026-11-20T07:00:00Z", 3),
        ["11-23 06:00", "11-24 06:00", "11-25 06:00"]
    );
    assert_eq!(
        firings("every: weekly, on: monday, at: \"06:00\"", "2026-11-23T06:00:00Z", 2),
        ["11-30 06:00", "12-07 06:00"]
    );
    assert_eq!(
        firings("every: monthly, on: 28, at: \"06:00\"", "2027-01-28T06:00:00Z", 2),
        ["02-28 06:00", "03-28 06:00"]
    );
    assert_eq!(
        firings("every: monthly, on: last, at: \"06:00\"", "2028-01-31T05:59:59Z", 3),
        ["01-31 06:00", "02-29 06:00", "03-31 06:00"]
    );
    assert_eq!(firings("cron: \"0 0 29 2 *\"", "2028-02-29T00:00:00Z", 1), ["02-29 00:00"]);
    assert_eq!(firings("every: hourly", "2026-11-20T07:00:00Z", 1), ["11-20 08:00"]);
}

#[test]
fn a_day_that_is_left_out_has_no_run_and_the_next_has_one() {
    // Samoa had no 30 December 2011.
    let daily = "every: daily, at: \"02:30\", timezone: Pacific/Apia";
    let found = cadence(daily).between(moment("2011-12-28T20:00:00Z"), Timestamp::MAX, 2);
    assert_eq!(found[0].planned.date(), date(2011, 12, 29));
    assert_eq!(found[1].planned.date(), date(2011, 12, 31));
}

/// The days of a cadence, each with its firing; two of one day end the test.
fn days(cadence: &Cadence, zone: &str) -> Vec<(Date, Firing)> {
    let found = cadence.between(moment("2025-12-31T00:00:00Z"), moment("2029-01-02T00:00:00Z"), 100_000);
    let days: Vec<(Date, Firing)> = found.iter().map(|firing| (firing.planned.date(), *firing)).collect();
    for pair in days.windows(2) {
        assert!(pair[0].1.at < pair[1].1.at && pair[0].0 < pair[1].0, "{zone}: {pair:?}");
    }
    days
}

#[test]
fn each_day_of_three_years_has_one_run_in_thirty_zones_at_any_minute_that_changes_touch() {
    for zone in ZONES {
        let rules = TimeZoneDatabase::bundled().get(zone).unwrap();
        for at in ["00:00", "00:30", "01:15", "02:00", "02:30", "03:00", "12:00", "22:59", "23:30", "23:59"] {
            let cadence = cadence(&format!("every: daily, at: \"{at}\", timezone: {zone}"));
            let days = days(&cadence, zone);
            let within: Vec<_> = days.iter().filter(|(day, _)| (2026..2029).contains(&day.year())).collect();
            assert_eq!(within.len(), 365 + 365 + 366, "{zone} at {at}");
            for (day, firing) in days {
                let shown = rules.to_datetime(firing.at);
                let late = firing.planned.until(shown).unwrap();
                // On the minute, but after a gap: then the change itself is the moment.
                let change = rules
                    .preceding(firing.at + 1.nanosecond())
                    .next()
                    .is_some_and(|change| change.timestamp() == firing.at);
                assert!(late.is_zero() || late.is_positive() && change, "{zone} {day} at {at}: {shown}");
            }
        }
    }
}

/// What the slow road finds: every minute of a stretch, looked at one by one.
fn minute_by_minute(zone: &TimeZone, from: Timestamp, hours: i64, shown: impl Fn(i8, i8) -> bool) -> Vec<Timestamp> {
    (1..=hours * 60)
        .map(|minute| from + minute.minutes())
        .filter(|at| {
            let clock = zone.to_datetime(*at);
            shown(clock.hour(), clock.minute())
        })
        .collect()
}

proptest! {
    #[test]
    fn firings_only_go_forward(zone in 0..ZONES.len(), which in 0..7_usize, start in 1_767_225_600_i64..1_861_920_000, hour in 0..24_u8, minute in 0..60_u8) {
        let zone = ZONES[zone];
        let keys = [
            "every: 15 minutes".to_owned(),
            format!("every: hourly, at: \":{minute:02}\""),
            format!("every: daily, at: \"{hour:02}:{minute:02}\""),
            format!("every: workdays, at: \"{hour:02}:{minute:02}\""),
            format!("every: weekly, on: sunday, at: \"{hour:02}:{minute:02}\""),
            format!("every: monthly, on: last, at: \"{hour:02}:{minute:02}\""),
            format!("cron: \"{minute} {hour} * * *\""),
        ];
        let cadence = cadence(&format!("{}, timezone: {zone}", keys[which]));
        let start = Timestamp::from_second(start).unwrap();
        let found = cadence.between(start, Timestamp::MAX, 40);
        prop_assert_eq!(found.len(), 40);
        prop_assert!(found[0].at > start);
        for pair in found.windows(2) {
            prop_assert!(pair[0].at < pair[1].at);
            // Wherever one asks between two firings, the answer is the second.
            let between = pair[1].at - 1.second();
            prop_assert_eq!(cadence.next_after(between.max(pair[0].at)).unwrap(), pair[1]);
        }
    }

    #[test]
    fn round_the_clock_is_what_the_clock_shows(zone in 0..ZONES.len(), change in 0..6_usize, before in 0..36_i64) {
        let zone = TimeZoneDatabase::bundled().get(ZONES[zone]).unwrap();
        let begin = moment("2026-01-01T00:00:00Z");
        let near = zone.following(begin).nth(change).map_or(begin, |change| change.timestamp());
        let from = near - before.hours();
        let name = zone.iana_name().unwrap_or("UTC");
        let cron = cadence(&format!("cron: \"*/20 */3 * * *\", timezone: {name}"));
        let wanted = minute_by_minute(&zone, from, 40, |hour, minute| hour % 3 == 0 && minute % 20 == 0);
        let found: Vec<Timestamp> = cron.between(from, from + 40.hours(), 1_000).iter().map(|firing| firing.at).collect();
        prop_assert_eq!(found, wanted);
    }
}
