//! Definitions as text, and what no target may be given.

use jiff::Timestamp;
use jiff::civil::date;

use super::{Exported, Fields, Target, export, fields};
use crate::schedule::plan::Plan;
use crate::schedule::tests_cadence::{ZONES, entry};
use crate::schedule::{Cadence, words};

fn plan(keys: &str) -> Plan {
    let entry = entry(keys);
    Plan {
        name: "nightly".to_owned(),
        words: words::cadence(&entry),
        cadence: Cadence::new(&entry),
        zone: entry.zone.clone(),
        mappings: Vec::new(),
        environment: None,
        yesterday: entry.yesterday,
        output: String::new(),
        entry,
    }
}

fn exported(target: Target, keys: &str) -> Result<String, String> {
    let now: Timestamp = "2026-11-22T07:00:00Z".parse().unwrap();
    let plan = plan(keys);
    export(target, &Exported { plan: &plan, folder: "/srv/totango", program: "tanguero", image: "tanguero:1", now })
}

fn lines(target: Target, keys: &str, part: &str) -> Vec<String> {
    let text = exported(target, keys).unwrap();
    text.lines().filter(|line| line.contains(part)).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn calendars_of_systemd() {
    let calendar = |keys: &str| lines(Target::Systemd, keys, "OnCalendar=");
    assert_eq!(
        calendar("every: daily, at: \"02:30\", timezone: Europe/Berlin"),
        ["OnCalendar=*-*-* 02:30:00 Europe/Berlin"]
    );
    assert_eq!(calendar("every: workdays, at: \"02:30\""), ["OnCalendar=Mon..Fri *-*-* 02:30:00 UTC"]);
    assert_eq!(calendar("every: weekly, on: sunday, at: \"02:30\""), ["OnCalendar=Sun *-*-* 02:30:00 UTC"]);
    assert_eq!(calendar("every: monthly, on: last, at: \"02:30\""), ["OnCalendar=*-*~01 02:30:00 UTC"]);
    assert_eq!(calendar("cron: \"30 2 L * *\""), ["OnCalendar=*-*~01 02:30:00 UTC"]);
    assert_eq!(calendar("every: 30 minutes"), ["OnCalendar=*-*-* *:00,30:00 UTC"]);
    assert_eq!(calendar("every: 360 minutes"), ["OnCalendar=*-*-* 00,06,12,18:00:00 UTC"]);
    assert_eq!(
        calendar("cron: \"0 6 1 * MON\""),
        ["OnCalendar=*-*-01 06:00:00 UTC", "OnCalendar=Mon *-*-* 06:00:00 UTC"],
        "either day will do"
    );
    assert_eq!(
        calendar("cron: \"0 6 */2 * 7\""),
        ["OnCalendar=Sun *-*-01,03,05,07,09,11,13,15,17,19,21,23,25,27,29,31 06:00:00 UTC"]
    );
}

#[test]
fn lines_of_crontabs() {
    let cron = |keys: &str| lines(Target::Cron, keys, "schedule once");
    assert_eq!(cron("every: 15 minutes")[0].split("  ").next(), Some("*/15 * * * *"));
    assert_eq!(cron("every: 90 minutes").len(), 2);
    assert!(cron("every: 90 minutes")[1].starts_with("30 1,4,7,10,13,16,19,22 * * *"));
    assert!(
        cron("every: monthly, on: last, at: \"02:30\", timezone: Europe/Berlin")[0]
            .starts_with("30 2 28-31 * *  [ \"$(TZ=Europe/Berlin date -d tomorrow +\\%d)\" = 01 ] && cd /srv/totango")
    );
    assert_eq!(lines(Target::Cron, "every: hourly, timezone: Asia/Tokyo", "CRON_TZ="), ["CRON_TZ=Asia/Tokyo"]);
    assert_eq!(lines(Target::Kubernetes, "cron: \"0 6 * * 7\"", "schedule:"), ["schedule: \"0 6 * * 0\""]);
    assert_eq!(
        lines(Target::Airflow, "every: monthly, on: last, at: \"02:30\"", "schedule="),
        ["schedule=CronTriggerTimetable(\"30 2 L * *\", timezone=ZONE),"]
    );
}

#[test]
fn github_s_lines_are_in_utc_and_count_in_their_season() {
    let cron = |keys: &str| lines(Target::Github, keys, "- cron:");
    assert_eq!(
        cron("every: daily, at: \"02:30\", timezone: Europe/Berlin"),
        [
            "- cron: \"30 1 * * *\" # while Europe/Berlin is at UTC+01:00",
            "- cron: \"30 0 * * *\" # while Europe/Berlin is at UTC+02:00"
        ]
    );
    assert_eq!(cron("every: daily, at: \"02:30\", timezone: Asia/Kolkata"), ["- cron: \"0 21 * * *\""]);
    assert_eq!(cron("every: workdays, at: \"02:30\", timezone: Asia/Tokyo"), ["- cron: \"30 17 * * 0-4\""]);
    assert_eq!(
        cron("every: weekly, on: saturday, at: \"20:00\", timezone: America/Los_Angeles")[0],
        "- cron: \"0 4 * * 0\" # while America/Los_Angeles is at UTC-08:00"
    );
    // Whole hours leave the minute, and every hour is an hour.
    assert_eq!(cron("every: hourly, at: \":30\", timezone: America/New_York"), ["- cron: \"30 * * * *\""]);
    assert_eq!(cron("every: 15 minutes, timezone: Asia/Kathmandu"), ["- cron: \"*/15 * * * *\""]);
    assert_eq!(cron("every: monthly, on: 15, at: \"02:30\", timezone: Asia/Tokyo"), ["- cron: \"30 17 14 * *\""]);
    let text = exported(Target::Github, "every: daily, at: \"02:30\", timezone: Europe/Berlin").unwrap();
    assert!(text.contains("02:30 does not exist on 2027-03-28: nothing starts on that day."), "{text}");
    assert!(text.contains("02:30 comes twice on 2027-10-31: it starts twice on that day."), "{text}");
}

#[test]
fn what_a_target_cannot_express_is_an_error() {
    for (target, keys, why) in [
        (Target::Kubernetes, "every: monthly, on: last, at: \"02:30\"", "no last day of a month"),
        (Target::Kubernetes, "every: 90 minutes", "one cron expression cannot say it"),
        (Target::Kubernetes, "cron: \"0 6 * * 5#3\"", "n-th weekday"),
        (Target::Cron, "cron: \"0 6 1W * *\"", "nearest weekday"),
        (Target::Cron, "cron: \"0 6 L * *\"", "last day of a month"),
        (Target::Systemd, "cron: \"0 6 * * 5L\"", "last such weekday"),
        (Target::Github, "cron: \"30 2 L * *\"", "no last day of a month"),
        (Target::Github, "every: monthly, on: last, at: \"02:30\"", "no last day of a month"),
        (
            Target::Github,
            "every: monthly, on: 1, at: \"00:30\", timezone: Europe/Berlin",
            "a day that not every month has",
        ),
        (
            Target::Github,
            "every: monthly, on: 28, at: \"22:00\", timezone: America/New_York",
            "a day that not every month has",
        ),
        (Target::Github, "cron: \"30 1 * 3 *\", timezone: Europe/Berlin", "other months"),
        (Target::Github, "every: 1 minute", "every 5 minutes"),
    ] {
        let said = exported(target, keys).unwrap_err();
        assert!(said.contains(why), "{target:?} {keys}: {said}");
    }
}

#[test]
fn days_on_which_clocks_change_are_told() {
    let daily = "every: daily, at: \"02:30\", timezone: Europe/Berlin";
    assert!(
        exported(Target::Kubernetes, daily)
            .unwrap()
            .contains("# 02:30 does not exist on 2027-03-28: Kubernetes leaves it out.")
    );
    assert!(exported(Target::Airflow, daily).unwrap().contains("# 02:30 comes twice on 2027-10-31: Airflow has"));
    for quiet in [
        "every: daily, at: \"04:30\", timezone: Europe/Berlin",
        "every: daily, at: \"02:30\"",
        "every: 15 minutes, timezone: Europe/Berlin",
    ] {
        for target in [Target::Cron, Target::Systemd, Target::Airflow, Target::Kubernetes] {
            let text = exported(target, quiet).unwrap();
            assert!(!text.contains("schedule run"), "{target:?} {quiet}: {text}");
        }
    }
    let hours = exported(Target::Systemd, "every: 120 minutes, timezone: Europe/Berlin").unwrap();
    assert!(hours.contains("these steps follow the clock"), "{hours}");
}

/// Sets moved to UTC give the very moments of the daemon, in every zone, away from changes of the clocks.
#[test]
fn fields_in_utc_are_the_moments_of_the_daemon() {
    let from: Timestamp = "2026-12-07T00:00:00Z".parse().unwrap();
    let until: Timestamp = "2026-12-21T00:00:00Z".parse().unwrap();
    for zone in ZONES {
        for keys in [
            "every: 15 minutes",
            "every: 240 minutes",
            "every: 90 minutes",
            "every: hourly, at: \":50\"",
            "every: daily, at: \"00:10\"",
            "every: workdays, at: \"23:50\"",
            "every: weekly, on: sunday, at: \"05:00\"",
            "cron: \"0,20 1-3,22 * * MON,6\"",
        ] {
            let plan = plan(&format!("{keys}, timezone: {zone}"));
            let ahead = plan.zone.to_offset(from).seconds() / 60;
            let sets: Vec<Fields> =
                fields(&plan.entry.every).unwrap().iter().flat_map(|set| set.in_utc(ahead).unwrap()).collect();
            let mut wanted = Vec::new();
            let mut at = from;
            while at < until {
                at += jiff::SignedDuration::from_mins(1);
                let clock = jiff::tz::TimeZone::UTC.to_datetime(at);
                let weekday = clock.weekday().to_sunday_zero_offset().unsigned_abs();
                let fits = |set: &Fields| {
                    set.minutes.contains(&clock.minute().unsigned_abs())
                        && set.hours.contains(&clock.hour().unsigned_abs())
                        && set.weekdays.as_ref().is_none_or(|days| days.contains(&weekday))
                };
                wanted.extend(sets.iter().any(fits).then_some(at));
            }
            let found: Vec<Timestamp> =
                plan.cadence.between(from, until, 10_000).iter().map(|firing| firing.at).collect();
            assert_eq!(found, wanted, "{zone} {keys}");
            // And what is written of a set reads back as that set.
            for set in &sets {
                let again = entry(&format!("cron: \"{}\"", set.cron()));
                assert_eq!(fields(&again.every).unwrap(), std::slice::from_ref(set), "{}", set.cron());
            }
        }
    }
    assert_eq!(date(2026, 12, 7).weekday(), jiff::civil::Weekday::Monday);
}
