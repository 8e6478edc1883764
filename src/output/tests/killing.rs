//! Real processes, killed at real moments: what a reader of the folder sees, and what the next run makes of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::locking::{child, told, wait_for};
use super::{contents, plan, stage};
use crate::output::{Lock, Place, Staging, recover};

/// Sets of different sizes, each file saying to which set it belongs.
fn publish_set(folder: &Path, number: u32) {
    let run_id = format!("{number:06}-run");
    let lock = Lock::take(&folder.join("out"), &run_id).unwrap();
    recover(&lock).unwrap();
    let staging = Staging::begin(&lock, Some(&folder.join("reports")), &run_id).unwrap();
    let text = format!("set {number} ").repeat(500);
    let mut files: Vec<_> = (0..=number % 4)
        .map(|part| stage(&staging, Place::Output, &format!("accounts.part-{part:03}.csv"), &text))
        .collect();
    if number.is_multiple_of(3) {
        files.push(stage(&staging, Place::Reports, "accounts.rejects.csv", &text));
    }
    let plan = plan(&staging, &[("accounts", files)]);
    staging.publish(plan).unwrap();
}

#[test]
#[ignore = "is run by the other test in a process of its own"]
fn publisher() {
    let folder = told();
    let start: u32 = fs::read_to_string(folder.join("start")).unwrap().parse().unwrap();
    println!("publishing");
    for number in start.. {
        publish_set(&folder, number);
        fs::write(folder.join("done"), number.to_string()).unwrap();
    }
}

/// Which set the folders hold, if it is one set, whole.
fn set_in(folder: &Path) -> u32 {
    let mut outputs = contents(&folder.join("out"));
    let reports = contents(&folder.join("reports"));
    let manifest = outputs.remove("run.json").unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let texts: BTreeSet<&str> = outputs.values().chain(reports.values()).map(String::as_str).collect();
    assert_eq!(texts.len(), 1, "{:?} {:?}", outputs.keys(), reports.keys());
    let text = texts.first().unwrap();
    let number: u32 = text.split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(**text, format!("set {number} ").repeat(500));
    assert_eq!(outputs.len() as u32, number % 4 + 1);
    assert_eq!(reports.len() as u32, u32::from(number.is_multiple_of(3)));
    assert_eq!(manifest["run_id"], format!("{number:06}-run"));
    number
}

#[test]
fn a_run_killed_at_any_moment_leaves_one_whole_set() {
    let home = super::home();
    publish_set(home.path(), 0);
    let mut last = 0;
    for round in 0..30_u64 {
        fs::write(home.path().join("start"), (last + 1).to_string()).unwrap();
        let mut child = child("output::tests::killing::publisher", home.path());
        // From the first steps of the first set to somewhere in one of the next.
        wait_for(&mut child, "publishing");
        thread::sleep(Duration::from_micros(round * round * 97 % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        // Every file that is in its place is whole, recovered or not.
        for (name, text) in contents(&home.path().join("out")) {
            if name.starts_with("accounts") {
                let set = text.split(' ').nth(1).unwrap();
                assert_eq!(text, format!("set {set} ").repeat(500));
            }
        }
        let lock = Lock::take(&home.path().join("out"), "next").unwrap();
        recover(&lock).unwrap();
        drop(lock);
        let found = set_in(home.path());
        let done: u32 = fs::read_to_string(home.path().join("done")).ok().map_or(0, |text| text.parse().unwrap_or(0));
        assert!(found >= last && found >= done, "found {found} after {last}, done {done}");
        last = found;
    }
    assert!(last > 0, "no set was ever published");
}
