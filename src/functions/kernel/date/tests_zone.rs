//! Time zones, clock changes and the service's midnight; jiff is the oracle.

use jiff::civil::DateTime;
use jiff::tz::{Disambiguation, TimeZone, TimeZoneDatabase};
use proptest::prelude::*;

use super::*;
use crate::functions::fault::CLOCK_CHANGE;

fn write(zone: Option<&str>, service: Option<&str>, dst: DstPolicy, value: &str) -> Result<String, u8> {
    let dates = Dates::new(&["iso"], zone, service, dst).unwrap();
    let mut side = Vec::new();
    match dates.normal(value.as_bytes(), &mut Hint::default(), &mut side)? {
        Value::Part(part) => Ok(String::from_utf8(part.to_vec()).unwrap()),
        _ => Ok(String::from_utf8(side).unwrap()),
    }
}

#[test]
fn a_time_without_offset_is_in_the_zone_and_one_with_offset_is_not() {
    let new_york = |value| write(Some("America/New_York"), None, DstPolicy::Reject, value).unwrap();
    assert_eq!(new_york("2024-01-31 08:00:00"), "2024-01-31T13:00:00.0Z");
    assert_eq!(new_york("2024-07-31 22:00:00.25"), "2024-08-01T02:00:00.25Z");
    assert_eq!(new_york("2024-07-31T22:00:00Z"), "2024-07-31T22:00:00.0Z");
    assert_eq!(new_york("2024-07-31"), "2024-07-31");
}

#[test]
fn clock_changes_follow_the_policy() {
    let new_york = |dst, value| write(Some("America/New_York"), None, dst, value);
    let (twice, never) = ("2024-11-03T01:30:00", "2024-03-10T02:30:00");
    assert_eq!(new_york(DstPolicy::Reject, twice), Err(CLOCK_CHANGE));
    assert_eq!(new_york(DstPolicy::Reject, never), Err(CLOCK_CHANGE));
    assert_eq!(new_york(DstPolicy::Earlier, twice).unwrap(), "2024-11-03T05:30:00.0Z");
    assert_eq!(new_york(DstPolicy::Later, twice).unwrap(), "2024-11-03T06:30:00.0Z");
    assert_eq!(new_york(DstPolicy::Earlier, never).unwrap(), "2024-03-10T06:30:00.0Z");
    assert_eq!(new_york(DstPolicy::Later, never).unwrap(), "2024-03-10T07:30:00.0Z");
    assert!(new_york(DstPolicy::Reject, "2024-11-03T00:59:59").is_ok());
    assert!(new_york(DstPolicy::Reject, "2024-11-03T02:00:00").is_ok());
    assert!(new_york(DstPolicy::Reject, "2024-03-10T03:00:00").is_ok());
}

#[test]
fn a_day_becomes_the_midnight_of_the_service() {
    let service = |zone, value| write(None, Some(zone), DstPolicy::Reject, value).unwrap();
    assert_eq!(service("America/New_York", "2024-01-31"), "2024-01-31T05:00:00.0Z");
    assert_eq!(service("Europe/Berlin", "2024-07-01"), "2024-06-30T22:00:00.0Z");
    assert_eq!(service("UTC", "2024-07-01"), "2024-07-01T00:00:00.0Z");
    assert_eq!(service("Europe/Berlin", "2024-07-01T10:00:00Z"), "2024-07-01T10:00:00.0Z");
    // In Beirut the clocks went from 23:59:59 to 01:00: the day began at 01:00.
    assert_eq!(service("Asia/Beirut", "2024-03-31"), "2024-03-30T22:00:00.0Z");
    // In Havana midnight came twice: the first one begins the day.
    assert_eq!(service("America/Havana", "2024-11-03"), "2024-11-03T04:00:00.0Z");
}

#[test]
fn unknown_zones_are_refused_in_words() {
    let message = Zone::load("Europe/Berlinn").unwrap_err();
    assert!(message.contains("there is no time zone `Europe/Berlinn`"), "{message}");
    assert!(Dates::new(&["iso"], Some("Nowhere"), None, DstPolicy::Reject).is_err());
}

/// Every way a zone can be odd: none, half hours, no summer time, a day skipped, thirty minutes of summer time, midnight
/// changes, negative summer time, changes twice a year for Ramadan.
const ZONES: &[&str] = &[
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "UTC",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Pacific/Kiritimati",
    "Asia/Manila",
    "Africa/Monrovia",
];

fn agrees(name: &str, zone: &Zone, oracle: &TimeZone, local: DateTime) {
    let seconds = local.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0)).as_secs();
    let by = |how| oracle.to_ambiguous_zoned(local).disambiguate(how).map(|zoned| zoned.timestamp().as_second()).ok();
    let resolved = zone.resolve(seconds);
    match resolved {
        Resolved::One(ahead) => assert_eq!(by(Disambiguation::Reject), Some(seconds - ahead), "{name} {local}"),
        Resolved::Twice { least, most } | Resolved::Never { least, most, .. } => {
            assert_eq!(by(Disambiguation::Reject), None, "{name} {local}");
            assert_eq!(by(Disambiguation::Earlier), Some(seconds - most), "{name} {local}");
            assert_eq!(by(Disambiguation::Later), Some(seconds - least), "{name} {local}");
        }
    }
    assert_eq!(zone.search(seconds), resolved, "{name} {local}: the quick table differs");
    let midnight = oracle.to_ambiguous_zoned(local.start_of_day()).compatible().unwrap().start_of_day().unwrap();
    if midnight.date() == local.date() {
        let day = seconds.div_euclid(86_400);
        assert_eq!(zone.start_of_day(day), midnight.timestamp().as_second(), "{name} {local}");
    }
}

#[test]
fn every_hour_around_every_change_of_a_century_agrees_with_jiff() {
    for name in ZONES {
        let (zone, oracle) = (Zone::load(name).unwrap(), TimeZoneDatabase::bundled().get(name).unwrap());
        let from = jiff::civil::date(1960, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
        for transition in oracle.following(from).take(130) {
            let about = jiff::tz::Offset::UTC.to_datetime(transition.timestamp());
            for quarter in -60..60 {
                agrees(name, &zone, &oracle, about.checked_add(jiff::Span::new().minutes(quarter * 15)).unwrap());
            }
        }
    }
}

proptest! {
    #[test]
    fn any_moment_in_any_zone_agrees_with_jiff(zone in 0..ZONES.len(), days in -25_500i64..84_300, second in 0..86_400i64) {
        let (year, month, day) = civil(days).unwrap();
        let local = jiff::civil::date(year as i16, month as i8, day as i8).at(0, 0, 0, 0);
        let name = ZONES[zone];
        let (zone, oracle) = (Zone::load(name).unwrap(), TimeZoneDatabase::bundled().get(name).unwrap());
        agrees(name, &zone, &oracle, local.checked_add(jiff::Span::new().seconds(second)).unwrap());
    }
}
