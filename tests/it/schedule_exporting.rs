//! Exported definitions, judged by the tools of the schedulers they are for.

use std::fs;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};

use crate::binary::Place;
use crate::services::is_installed;
use crate::support::root;

const PROJECT: &str = "\
sources: {crm: {path: crm.csv}}
schedule:
  nightly: {every: daily, at: \"02:30\", timezone: Europe/Berlin, as_of: yesterday}
  quarter: {every: 15 minutes}
  odd: {every: 90 minutes, timezone: America/St_Johns}
  hourly: {every: hourly, at: \":45\", timezone: Asia/Kathmandu}
  workdays: {mappings: [accounts], every: workdays, at: \"23:50\", timezone: America/New_York}
  weekly: {every: weekly, on: sunday, at: \"00:10\", timezone: Pacific/Auckland}
  monthly: {every: monthly, on: 15, at: \"02:30\", timezone: Asia/Tokyo}
  last: {every: monthly, on: last, at: \"06:00\", timezone: Europe/London}
  office: {cron: \"*/20 8-18 * * 1-5\", timezone: America/Chicago}
  Both_days: {cron: \"0 6 1,15 * MON\", timezone: Europe/Berlin}
";

fn place() -> Place {
    Place::new(&[
        ("tanguero.yaml", PROJECT),
        ("crm.csv", "Id,Name\nA-1,Acme\n"),
        ("mappings/accounts.yaml", "format: accounts\nfrom: crm\ncolumns: {account_id: Id, account_name: Name}\n"),
    ])
}

const NAMES: [&str; 10] =
    ["nightly", "quarter", "odd", "hourly", "workdays", "weekly", "monthly", "last", "office", "Both_days"];

/// Definitions of all schedules that `target` can express, and how many it cannot.
fn exported(place: &Place, target: &str) -> (Vec<(String, String)>, usize) {
    let mut found = Vec::new();
    for name in NAMES {
        let program = env!("CARGO_BIN_EXE_tanguero");
        let folder = place.path().to_str().unwrap();
        let arguments =
            ["schedule", "export", target, name, "--program", program, "--folder", folder, "--as-of", "2026-11-20"];
        let said = place.go(&arguments);
        match said.code {
            0 => found.push((name.to_owned(), said.out)),
            _ => drop(said.ends_with(2).tells(&["N882", name, "let `tanguero schedule run` keep it"])),
        }
    }
    let refused = NAMES.len() - found.len();
    (found, refused)
}

/// What the tool says, if it does not agree.
fn check(kind: &str, files: &[String]) -> Result<String, String> {
    let mut command = Command::new(root().join("tests/services/services"));
    let output = command.args(["check", kind]).args(files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(said) } else { Err(said + &String::from_utf8_lossy(&output.stderr)) }
}

#[track_caller]
fn all_are_taken(place: &Place, target: &str, ending: &str, refused: usize) {
    let (definitions, refusals) = exported(place, target);
    assert_eq!(refusals, refused, "{target}");
    for (name, text) in definitions {
        let file = place.join(&format!("{name}.{ending}"));
        fs::write(&file, &text).unwrap();
        let verdict = check(target, &[file.to_str().unwrap().to_owned()]);
        assert!(verdict.is_ok(), "{target} {name}: {}\n{text}", verdict.unwrap_err());
    }
}

#[test]
fn crontabs_workflows_dags_and_cron_jobs_are_taken_by_their_tools() {
    if !is_installed("schedulers") {
        return;
    }
    let place = place();
    all_are_taken(&place, "cron", "crontab", 0);
    all_are_taken(&place, "airflow", "py", 0);
    all_are_taken(&place, "github", "yml", 1);
    all_are_taken(&place, "kubernetes", "yaml", 2);
}

#[test]
fn the_tools_are_no_yes_men() {
    if !is_installed("schedulers") {
        return;
    }
    let place = place();
    for (target, from, to) in [
        ("cron", "30 2 * * *", "30 25 * * *"),
        ("airflow", "30 2 * * *", "30 25 * * *"),
        ("github", "runs-on", "run-on"),
        ("kubernetes", "concurrencyPolicy: Forbid", "concurrencyPolice: Forbid"),
    ] {
        let said = place.go(&["schedule", "export", target, "nightly"]).ends_with(0);
        assert!(said.out.contains(from), "{target}: {}", said.out);
        let file = place.join("wrong");
        fs::write(&file, said.out.replace(from, to)).unwrap();
        assert!(check(target, &[file.to_str().unwrap().to_owned()]).is_err(), "{target} takes it");
    }
}

#[test]
fn units_of_systemd_are_sound_and_their_calendar_is_the_daemon_s() {
    if !is_installed("schedulers") {
        return;
    }
    let place = place();
    let (definitions, refused) = exported(&place, "systemd");
    assert_eq!(refused, 0);
    for (name, text) in definitions {
        let (service, timer) = text.split_once("\n# /etc/systemd/system/").unwrap();
        let files = [format!("tanguero-{name}.service"), format!("tanguero-{name}.timer")];
        place.write(&files[0], service);
        place.write(&files[1], format!("# {timer}"));
        let paths = files.map(|file| place.join(&file).to_str().unwrap().to_owned());
        let verdict = check("systemd", &paths);
        assert!(verdict.is_ok(), "{name}: {}\n{text}", verdict.unwrap_err());
        // What systemd makes of the expressions, beside what the daemon does.
        let calendars: Vec<String> =
            timer.lines().filter_map(|line| line.strip_prefix("OnCalendar=")).map(str::to_owned).collect();
        let said = check("calendar", &calendars).unwrap();
        let mut theirs: Vec<String> = Vec::new();
        for line in said.lines() {
            let line = line.trim();
            if let Some(utc) = line.strip_prefix("(in UTC): ") {
                // The zone of the machine is another: the line before is not in UTC.
                theirs.pop();
                theirs.push(utc.to_owned());
            } else if let Some(moment) = line
                .strip_prefix("Next elapse: ")
                .or_else(|| line.split_once(": ").filter(|(head, _)| head.starts_with("Iter")).map(|(_, rest)| rest))
            {
                theirs.push(moment.to_owned());
            }
        }
        let mut theirs: Vec<Timestamp> = theirs
            .iter()
            .map(|moment| moment.split(' ').skip(1).take(2).collect::<Vec<_>>().join("T") + "Z")
            .map(|moment| moment.parse().unwrap_or_else(|error| panic!("{name}: {moment}: {error}\n{said}")))
            .collect();
        theirs.sort_unstable();
        theirs.dedup();
        theirs.truncate(5);
        let from = theirs[0] - SignedDuration::from_secs(1);
        let ours = place.go(&["schedule", "list", "-n", "5", "--json", "--after", &from.to_string()]).ends_with(0).out;
        let ours: Vec<serde_json::Value> = ours.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ours = ours.iter().find(|schedule| schedule["name"] == name.as_str()).unwrap();
        let ours: Vec<Timestamp> = ours["next"]
            .as_array()
            .unwrap()
            .iter()
            .map(|next| next["utc"].as_str().unwrap().parse().unwrap())
            .collect();
        let near_change = theirs.windows(2).any(|pair| pair[1].duration_since(pair[0]).as_secs() % 60 != 0);
        assert!(!near_change && ours == theirs, "{name}: {ours:?} is not {theirs:?}\n{said}");
    }
}
