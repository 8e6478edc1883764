//! Several mappings, several runs: whose files go, whose stay, and what an error leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{contents, home, mapping_report, plan, publish, run_report, stage};
use crate::output::{Lock, Place, PublishPlan, RunReport, Staging, Status, succeed, unchanged};

/// What one run makes of its mappings: (mapping, status, files of it).
type Made<'a> = &'a [(&'a str, Status, &'a [(Place, &'a str, &'a str)])];

/// A run that publishes the mappings that stand, `each` on its own.
fn run(output: &Path, reports: Option<&Path>, run_id: &str, made: Made<'_>) -> RunReport {
    let lock = Lock::take(output, run_id).unwrap();
    let staging = Staging::begin(&lock, reports, run_id).unwrap();
    let previous = RunReport::read(output).unwrap();
    let mut report = run_report(run_id, staging.reports().is_some());
    let mut files = Vec::new();
    for (mapping, status, list) in made {
        let staged: Vec<_> = list.iter().map(|(place, name, text)| stage(&staging, *place, name, text)).collect();
        let mut entry = mapping_report(mapping, *status, &staged);
        if *status == Status::Published {
            files.extend(staged);
        } else if *status != Status::Unchanged {
            (entry.outputs, entry.reports) = (Vec::new(), Vec::new());
        }
        report.mappings.push(entry);
    }
    report.settle_status();
    let remove = succeed(previous.as_ref(), &mut report);
    staging.publish(PublishPlan { files, remove, manifest: report.to_json() }).unwrap();
    report
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

const OUT: Place = Place::Output;
const REP: Place = Place::Reports;

#[test]
fn a_mapping_that_failed_keeps_its_old_files_and_loses_them_when_it_publishes_again() {
    let home = home();
    let out = home.path();
    let published = Status::Published;
    run(
        out,
        None,
        "1",
        &[
            ("accounts", published, &[(OUT, "accounts.csv", "a1"), (REP, "accounts.rejects.csv", "r1")]),
            ("users", published, &[(OUT, "users.part-001.csv", "u1"), (OUT, "users.part-002.csv", "u2")]),
        ],
    );
    let second = run(
        out,
        None,
        "2",
        &[("accounts", published, &[(OUT, "accounts.csv", "a2")]), ("users", Status::Refused, &[])],
    );
    assert_eq!(second.status, Status::Refused);
    assert_eq!(names(out), ["accounts.csv", "run.json", "users.part-001.csv", "users.part-002.csv"]);
    assert_eq!((second.kept[0].mapping.as_str(), second.kept[0].run_id.as_str()), ("users", "1"));
    // Not even part of this run: still known.
    let third = run(out, None, "3", &[("accounts", published, &[(OUT, "accounts.csv", "a3")])]);
    assert_eq!(third.kept, second.kept);
    run(out, None, "4", &[("users", published, &[(OUT, "users.part-001.csv", "u3")])]);
    assert_eq!(names(out), ["accounts.csv", "run.json", "users.part-001.csv"]);
    assert_eq!(contents(out)["accounts.csv"], "a3");
}

#[test]
fn a_file_that_another_mapping_writes_now_is_not_removed() {
    let home = home();
    let out = home.path();
    run(out, None, "1", &[("old_name", Status::Published, &[(OUT, "accounts.csv", "1"), (OUT, "extra.csv", "1")])]);
    run(out, None, "2", &[("new_name", Status::Published, &[(OUT, "accounts.csv", "2")])]);
    let third = run(out, None, "3", &[("old_name", Status::Published, &[(OUT, "other.csv", "3")])]);
    assert_eq!(names(out), ["accounts.csv", "other.csv", "run.json"]);
    assert_eq!(third.kept[0].mapping, "new_name");
}

#[test]
fn reports_that_move_to_another_folder_leave_the_output_folder() {
    let home = home();
    let (out, reports) = (home.path().join("out"), home.path().join("reports"));
    let files = [(OUT, "accounts.csv", "1"), (REP, "accounts.rejects.csv", "r")];
    run(&out, None, "1", &[("accounts", Status::Published, &files)]);
    assert_eq!(names(&out), ["accounts.csv", "accounts.rejects.csv", "run.json"]);
    run(&out, Some(&reports), "2", &[("accounts", Status::Published, &files)]);
    assert_eq!(names(&out), ["accounts.csv", "run.json"]);
    assert_eq!(names(&reports), ["accounts.rejects.csv"]);
    // The same folder in another spelling is the same folder.
    run(&out, Some(&out.join("../out/.")), "3", &[("accounts", Status::Published, &files)]);
    assert_eq!(names(&out), ["accounts.csv", "accounts.rejects.csv", "run.json"]);
}

#[test]
fn a_report_that_names_files_elsewhere_removes_nothing() {
    let home = home();
    let out = home.path().join("out");
    publish(&out, None, "1", &[(OUT, "accounts.csv", "1")]);
    fs::write(home.path().join("precious"), "p").unwrap();
    let text = fs::read_to_string(out.join("run.json")).unwrap().replace("accounts.csv", "../precious");
    fs::write(out.join("run.json"), text).unwrap();
    publish(&out, None, "2", &[(OUT, "users.csv", "1")]);
    assert!(home.path().join("precious").exists());
}

#[test]
fn unchanged_means_the_same_names_and_bytes_in_report_and_folder() {
    let home = home();
    let (out, reports) = (home.path().join("out"), home.path().join("reports"));
    let files = [(OUT, "a.part-001.csv", "1"), (OUT, "a.part-002.csv", "2"), (REP, "a.rejects.csv", "r")];
    let same = |files: &[(Place, &str, &str)]| {
        let lock = Lock::take(&out, "next").unwrap();
        let staging = Staging::begin(&lock, Some(&reports), "next").unwrap();
        let previous = RunReport::read(&out).unwrap();
        let mut staged: Vec<_> = files.iter().map(|(place, name, text)| stage(&staging, *place, name, text)).collect();
        staged.reverse();
        unchanged(&staging, previous.as_ref(), "accounts", &staged).unwrap()
    };
    assert!(!same(&files));
    publish(&out, Some(&reports), "1", &files);
    assert!(same(&files));
    // Held or failed meanwhile: what it published stands all the same.
    run(&out, Some(&reports), "2", &[("accounts", Status::Held, &[])]);
    assert!(same(&files));
    assert!(!same(&files[..2]));
    assert!(!same(&[files[0], (OUT, "a.part-002.csv", "3"), files[2]]));
    fs::write(reports.join("a.rejects.csv"), "x").unwrap();
    assert!(!same(&files));
    fs::remove_file(reports.join("a.rejects.csv")).unwrap();
    assert!(!same(&files));
}

#[test]
fn a_set_that_is_not_published_leaves_nothing() {
    let home = home();
    let (out, reports) = (home.path().join("out"), home.path().join("reports"));
    publish(&out, Some(&reports), "1", &[(OUT, "accounts.csv", "old")]);
    let before = contents(&out);
    {
        let lock = Lock::take(&out, "2").unwrap();
        let staging = Staging::begin(&lock, Some(&reports), "2").unwrap();
        stage(&staging, OUT, "accounts.csv", "new");
        stage(&staging, REP, "accounts.rejects.csv", "new");
    }
    assert_eq!(contents(&out), before);
    assert!(contents(&reports).is_empty());
}

#[test]
fn an_error_before_anything_moved_leaves_the_old_set_and_nothing_else() {
    let home = home();
    let out = home.path().join("out");
    publish(&out, None, "1", &[(OUT, "accounts.csv", "old"), (OUT, "users.csv", "old")]);
    fs::remove_file(out.join("users.csv")).unwrap();
    fs::create_dir(out.join("users.csv")).unwrap();
    let before = contents(&out);
    let lock = Lock::take(&out, "2").unwrap();
    let staging = Staging::begin(&lock, None, "2").unwrap();
    let files = vec![stage(&staging, OUT, "accounts.csv", "new"), stage(&staging, OUT, "users.csv", "new")];
    let plan = plan(&staging, &[("accounts", files)]);
    let error = staging.publish(plan).unwrap_err();
    assert!(error.to_string().ends_with("users.csv` is a folder where a file belongs: move it away"), "{error}");
    drop(lock);
    assert_eq!(contents(&out), before);
}

#[test]
fn a_staged_file_that_somebody_removed_is_noticed_before_anything_moves() {
    let home = home();
    publish(home.path(), None, "1", &[(OUT, "accounts.csv", "old")]);
    let before = contents(home.path());
    let lock = Lock::take(home.path(), "2").unwrap();
    let staging = Staging::begin(&lock, None, "2").unwrap();
    let file = stage(&staging, OUT, "accounts.csv", "new");
    fs::remove_file(&file.path).unwrap();
    let plan = plan(&staging, &[("accounts", vec![file])]);
    assert!(staging.publish(plan).unwrap_err().to_string().contains("something removed the staging folder"));
    drop(lock);
    assert_eq!(contents(home.path()), before);
}

#[test]
fn a_foreign_run_json_is_not_overwritten() {
    let home = home();
    fs::write(home.path().join("run.json"), r#"{"scripts": {"start": "node ."}}"#).unwrap();
    let error = RunReport::read(home.path()).unwrap_err().to_string();
    assert!(error.contains("run.json` is no report of a tanguero run") && error.ends_with("move it away"), "{error}");
}

#[test]
fn two_outputs_of_one_name_are_an_error_and_names_are_plain() {
    let home = home();
    let lock = Lock::take(home.path(), "1").unwrap();
    let staging = Staging::begin(&lock, None, "1").unwrap();
    stage(&staging, OUT, "accounts.csv", "1");
    assert!(staging.create(OUT, "accounts.csv").is_err());
    for name in ["../accounts.csv", "a/b.csv", ".hidden", "run.json", ""] {
        assert!(staging.create(OUT, name).is_err(), "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let home = home();
    let locked = home.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    // The super user may write anywhere.
    if fs::write(locked.join("probe"), "").is_err() {
        let error = Lock::take(&locked.join("out"), "1").unwrap_err();
        assert!(error.to_string().starts_with("cannot make the folder `"), "{error}");
    }
}
