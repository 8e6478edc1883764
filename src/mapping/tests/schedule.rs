//! `schedule:` of the project file.

use jiff::civil::{Weekday, date, time};

use super::{owned, show};
use crate::mapping::{Every, MonthDay, ScheduleEntry, Variables, parse_project};

fn run(schedule: &str) -> (Vec<ScheduleEntry>, String) {
    let text = format!("environments: {{prod: {{}}}}\nschedule:\n  nightly: {schedule}\n");
    let given = Variables::new(owned(&[("AT", "04:10")]), owned(&[]), date(2024, 3, 2), None);
    let (project, found) = parse_project("mappings/m.yaml", &text, &given);
    (project.map(|project| project.schedules).unwrap_or_default(), show(&text, &found))
}

#[track_caller]
fn good(schedule: &str) -> ScheduleEntry {
    let (mut schedules, wrong) = run(schedule);
    assert_eq!(wrong, "", "{schedule}");
    schedules.remove(0)
}

/// What is said of one mistake: its code, the line of carets, the cure.
#[track_caller]
fn wrong(schedule: &str, parts: &[&str]) {
    let (_, said) = run(schedule);
    for part in parts {
        assert!(said.contains(part), "{schedule}: `{part}` is not in\n{said}");
    }
    assert_eq!(said.matches("error[").count(), 1, "{said}");
}

#[test]
fn every_cadence_is_read() {
    assert!(matches!(good("{every: 15 minutes}").every, Every::Minutes(15)));
    assert!(matches!(good("{every: 1 minute}").every, Every::Minutes(1)));
    assert!(matches!(good("{every: hourly, at: \":30\"}").every, Every::Hour(30)));
    assert!(matches!(good("{every: hourly}").every, Every::Hour(0)));
    assert!(matches!(good("{every: daily, at: 02:30}").every, Every::Day(at) if at == time(2, 30, 0, 0)));
    assert!(matches!(good("{every: daily, at: \"${AT}\"}").every, Every::Day(at) if at == time(4, 10, 0, 0)));
    assert!(matches!(good("{every: workdays, at: \"23:59\"}").every, Every::Workday(_)));
    assert!(matches!(good("{every: weekly, on: friday, at: \"00:00\"}").every, Every::Week(Weekday::Friday, _)));
    assert!(matches!(good("{every: monthly, on: 28, at: \"00:00\"}").every, Every::Month(MonthDay::Number(28), _)));
    assert!(matches!(good("{every: monthly, on: last, at: \"00:00\"}").every, Every::Month(MonthDay::Last, _)));
    assert!(matches!(good("{cron: 30 2 * * 1-5}").every, Every::Cron(_)));
}

#[test]
fn what_runs_where_and_as_of_when() {
    let entry =
        good("{every: 15 minutes, mappings: [accounts, users], env: prod, as_of: yesterday, timezone: europe/berlin}");
    let names: Vec<&str> = entry.mappings.iter().map(|name| name.value.as_str()).collect();
    assert_eq!((names.as_slice(), entry.yesterday), (["accounts", "users"].as_slice(), true));
    assert_eq!((entry.environment.unwrap().value.as_str(), entry.zone_name.as_str()), ("prod", "Europe/Berlin"));
    let entry = good("{every: 15 minutes}");
    assert_eq!((entry.mappings.len(), entry.yesterday, entry.zone_name.as_str()), (0, false, "UTC"));
}

#[test]
fn mistakes_have_their_place_and_cure() {
    wrong("{mappings: [a]}", &["error[Y108]", "schedule `nightly` has no cadence", "give `every` or `cron`"]);
    wrong("{every: hourly, cron: 30 2 * * *}", &["error[Y108]", "two cadences", "keep `every` or `cron`"]);
    wrong("{every: fortnightly}", &["error[Y104]", "not one of the words", "`15 minutes`, `hourly`"]);
    wrong("{every: dayly, at: \"02:30\"}", &["`daily` has a similar name"]);
    wrong("{every: 7 minutes}", &["does not divide a day", "`6 minutes` or `8 minutes`"]);
    wrong("{every: 0 minutes}", &["does not divide a day", "`1 minutes`"]);
    wrong("{every: 9999 minutes}", &["`1440 minutes`"]);
    wrong("{every: daily}", &["error[Y105]", "`at` is missing", "e.g. `at: \"02:30\"`"]);
    wrong("{every: daily, at: \"24:00\"}", &["no time of day"]);
    wrong("{every: daily, at: \"2:30\"}", &["no time of day", "`\"00:00\"` to `\"23:59\"`"]);
    wrong("{every: hourly, at: \"02:30\"}", &["no minute of an hour", "the minute alone"]);
    wrong("{every: 15 minutes, at: \"02:30\"}", &["`at` has no effect here", "leave it out"]);
    wrong("{every: daily, at: \"02:30\", on: monday}", &["`on` has no effect here"]);
    wrong("{every: weekly, at: \"02:30\"}", &["`on` is missing", "on: monday"]);
    wrong("{every: weekly, at: \"02:30\", on: mondays}", &["`monday` has a similar name"]);
    wrong("{every: monthly, at: \"02:30\", on: 31}", &["some months have no such day", "1 to 28, or `last`"]);
    wrong("{every: monthly, at: \"02:30\", on: 0}", &["not a day of every month"]);
    wrong("{cron: 30 2 * *}", &["not five fields", "minute, hour, day of the month"]);
    wrong("{cron: 30 2 30 2 *}", &["such a day never comes"]);
    wrong("{cron: 30 2 * * *, at: \"02:30\"}", &["a crontab has its own minute"]);
    wrong("{every: hourly, timezone: Berlin}", &["no time zone", "`Europe/Berlin` has a similar name"]);
    wrong("{every: hourly, timezone: Europe/Belrin}", &["`Europe/Berlin` has a similar name"]);
    wrong("{every: hourly, env: prd}", &["not an environment of this file", "`prod` has a similar name"]);
    wrong("{every: hourly, mappings: []}", &["no mapping", "leave the key out"]);
    wrong("{every: hourly, as_of: tomorrow}", &["error[Y104]", "`today`"]);
    wrong("{evry: hourly}", &["unknown key `evry`", "`every` has a similar name"]);
}

#[test]
fn a_name_that_fits_nowhere_is_refused() {
    for name in ["a b", "-a", "a/b", "ä", "a_", &"a".repeat(41)] {
        let text = format!("schedule: {{\"{name}\": {{every: hourly}}}}\n");
        let given = Variables::new(owned(&[]), owned(&[]), date(2024, 3, 2), None);
        let (_, found) = parse_project("mappings/m.yaml", &text, &given);
        assert!(show(&text, &found).contains("cannot be the name of a schedule"), "{name}");
    }
}
