//! Mappings of a set that judge the rows of one source: it is read once, and nothing else can be told from their outputs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::binary::{Place, until};
use crate::support::files;

const USAGE: &str = "format: usage
sources: {events: {path: events.csv}}
from: events
columns:
  account_id: Account
  user_id: {column: User, case: lower}
  Module: Area
  Action: Event
  Count: Times
duplicates: last
";

const AGGREGATIONS: &str = "format: usage_aggregations
sources:
  events: {path: events.csv}
from: events
where: \"\\\"Area\\\" is distinct from 'Admin'\"
columns:
  account_id: Account
  Daily active users: {sql: 'count(distinct \"User\")'}
pivot: {module: Area, action: Event, value: 'integer(\"Times\")', aggregate: sum}
";

const ACCOUNTS: &str = "format: accounts
sources: {events: {path: events.csv}}
from: events
columns: {account_id: Account, account_name: Account}
";

const USERS: &str = "format: users
sources: {events: {path: events.csv}}
from: events
columns: {account_id: Account, user_id: User, User Name: User}
references: {account_id: {in: accounts, missing: reject}}
";

/// Events with everything that can be wrong with a file: what cannot be read, blank lines, cells that are no numbers.
fn events(rows: usize) -> String {
    let mut text = "Account,User,Area,Event,Times,Note\n".to_owned();
    for row in 0..rows {
        let area = ["Reports", "Admin", "Search"][row % 3];
        let times = if row % 997 == 5 { "many".to_owned() } else { (row % 7).to_string() };
        let note = "x".repeat(row % 120);
        let _ = writeln!(text, "A{},U{}@x.com,{area},Open,{times},{note}", row % 41, row % 503);
        match row % 1009 {
            3 => text.push('\n'),
            7 => text.push_str("too,few\n"),
            _ => {}
        }
    }
    text
}

fn place(mappings: &[(&str, &str)], rows: usize) -> Place {
    let named: Vec<(String, &str)> =
        mappings.iter().map(|(name, text)| (format!("mappings/{name}.yaml"), *text)).collect();
    let given: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let place = Place::new(&given);
    place.write("tanguero.yaml", "");
    place.write("events.csv", events(rows));
    place
}

fn published(place: &Place, out: &str, code: i32, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let command = ["-q", "run", "--out", out, "--as-of", "2026-11-20", "--state", "off"];
    place.go(&[&command, arguments].concat()).ends_with(code);
    let mut found = files(&place.join(out));
    found.remove("run.json");
    found
}

/// What the mappings write one by one.
fn one_by_one(place: &Place, names: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let alone = |name: &&str| published(place, &format!("alone-{name}"), 0, &[&format!("mappings/{name}.yaml")]);
    names.iter().flat_map(alone).collect()
}

/// What is said of the mappings in `run.json`, but for times.
fn told(place: &Place, out: &str) -> Vec<serde_json::Value> {
    let report: serde_json::Value = serde_json::from_str(&place.read(&format!("{out}/run.json"))).unwrap();
    let mut mappings = report["mappings"].as_array().unwrap().clone();
    mappings.iter_mut().for_each(|one| drop(one.as_object_mut().unwrap().remove("seconds")));
    mappings
}

/// Bytes that the program read while it ran; none where the system does not tell.
fn bytes_read(place: &Place, arguments: &[&str]) -> Option<u64> {
    let mut child = place.command(&[&["-q", "run", "--state", "off"], arguments].concat()).spawn().unwrap();
    let of = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id())).ok();
    // It has ended and is still known until it is waited for.
    if of("stat").is_some() {
        until("the end of the run", || of("stat").is_none_or(|stat| stat.contains(") Z ")));
    }
    let read = of("io").and_then(|io| io.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok()));
    assert!(child.wait().unwrap().success());
    read
}

#[test]
fn what_a_set_writes_is_what_its_mappings_write_one_by_one() {
    let place = place(&[("usage", USAGE), ("usage_aggregations", AGGREGATIONS), ("usage_again", USAGE)], 30_000);
    let names = ["usage", "usage_aggregations", "usage_again"];
    let alone = one_by_one(&place, &names);
    assert!(
        alone.contains_key("usage.rejects.csv") && alone.contains_key("usage_aggregations.csv"),
        "{:?}",
        alone.keys()
    );
    for (out, arguments) in [
        ("one", ["--threads", "1", "--memory", "1GB"]),
        ("two", ["--threads", "2", "--memory", "1GB"]),
        ("eight", ["--threads", "8", "--memory", "1GB"]),
        ("little", ["--threads", "2", "--memory", "64MB"]),
    ] {
        let together = published(&place, out, 0, &arguments);
        assert_eq!(together.keys().collect::<Vec<_>>(), alone.keys().collect::<Vec<_>>(), "{out}");
        for (name, bytes) in &together {
            assert!(*bytes == alone[name], "{out}: {name} differs");
        }
        let mut one = Vec::new();
        for name in ["usage", "usage_again", "usage_aggregations"] {
            one.extend(told(&place, &format!("alone-{name}")));
        }
        assert_eq!(told(&place, out), one, "{out}");
    }
}

#[test]
fn a_source_is_read_once_for_all_that_judge_its_rows() {
    let few = format!("{USAGE}where: \"\\\"User\\\" = 'U1@x.com'\"\n");
    let place = place(&[("a", &few), ("b", &few), ("c", &few)], 0);
    // Without rejected records, which are read again to be told of.
    let rows: String = (0..100_000).map(|row| format!("A1,U{row}@x.com,Reports,Open,1,{}\n", "x".repeat(60))).collect();
    place.write("events.csv", format!("Account,User,Area,Event,Times,Note\n{rows}"));
    let size = fs::metadata(place.join("events.csv")).unwrap().len();
    let Some(alone) = bytes_read(&place, &["mappings/a.yaml"]) else { return };
    let Some(together) = bytes_read(&place, &["mappings"]) else { return };
    assert!(alone > size && together < alone + size, "{size} bytes: {alone} alone, {together} together");
}

#[test]
fn a_mapping_that_waits_for_another_reads_after_it() {
    let place = place(&[("accounts", ACCOUNTS), ("users", USERS), ("usage", USAGE)], 5_000);
    let alone = one_by_one(&place, &["accounts", "users", "usage"]);
    let together = published(&place, "out", 0, &["mappings"]);
    assert!(together == alone, "{:?}", together.keys());
}

#[test]
fn a_mapping_that_fails_takes_no_other_along() {
    let broken = USAGE.replace("Times", "{sql: '1 / (\"Times\"::bigint - 3)'}");
    let refused = format!("{USAGE}limits: {{rejects: 1}}\n");
    let set = [("a", USAGE), ("b", broken.as_str()), ("c", refused.as_str()), ("d", USAGE)];
    let place = place(&set, 10_000);
    let alone = one_by_one(&place, &["a", "d"]);
    let together = published(&place, "out", 1, &["mappings"]);
    assert!(together == alone, "{:?}", together.keys());
    let statuses: Vec<String> =
        told(&place, "out").iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(statuses, ["published", "failed", "refused", "published"]);
}
