//! Days: each run sees what stood before its own; a commit may be cut short anywhere.

use std::fs;

use super::{published, write};
use crate::state::{Memory, SnapshotFile};

fn keep(memory: &Memory, as_of: &str, run_id: &str) {
    let mut staging = memory.stage("accounts", run_id).unwrap();
    let snapshot = write(&staging.snapshot(), &["id"], &[(1, 1, &[run_id])]);
    let mut record = published("accounts", as_of, run_id);
    record.snapshot = Some(snapshot);
    staging.record(&record).unwrap();
    staging.commit().unwrap();
}

fn names(memory: &Memory) -> Vec<String> {
    let entries = fs::read_dir(memory.folder().join("accounts")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_day_that_is_run_again_replaces_its_own_and_sees_the_day_before() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(folder.path(), None);
    assert!(memory.before("accounts", "2026-11-21").unwrap().is_none());
    keep(&memory, "2026-11-20", "a");
    keep(&memory, "2026-11-21", "b");
    keep(&memory, "2026-11-21", "c");
    assert_eq!(names(&memory), ["2026-11-20.a.parquet", "2026-11-20.json", "2026-11-21.c.parquet", "2026-11-21.json"]);
    assert_eq!(memory.before("accounts", "2026-11-21").unwrap().unwrap().published.run_id, "a");
    assert_eq!(memory.before("accounts", "2026-11-22").unwrap().unwrap().published.run_id, "c");
    assert_eq!(memory.on("accounts", "2026-11-21").unwrap().unwrap().published.run_id, "c");
    let last = memory.last("accounts").unwrap().unwrap();
    let mut rows = last.snapshot().unwrap().unwrap().all_rows().unwrap();
    assert!(rows.advance().unwrap());
    assert_eq!(rows.row().unwrap().value(0), Some("c"));
}

#[test]
fn environments_do_not_share_and_names_cannot_leave_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    for environment in [None, Some("default"), Some("prod"), Some("../x/y")] {
        keep(&Memory::new(folder.path(), environment), "2026-11-20", "a");
    }
    let mut found: Vec<String> = fs::read_dir(folder.path().join("published"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, ["default", "env-%2E%2E%2Fx%2Fy", "env-default", "env-prod"]);
}

#[test]
fn only_so_many_days_are_kept_and_a_reset_forgets_all() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(folder.path(), None);
    for day in 10..20 {
        keep(&memory, &format!("2026-11-{day}"), &format!("r{day}"));
    }
    assert_eq!(memory.prune("accounts", 3).unwrap(), 7);
    assert_eq!(names(&memory).len(), 6);
    assert_eq!(memory.entries("accounts").unwrap()[0].published.as_of, "2026-11-17");
    assert!(memory.reset("accounts").unwrap());
    assert!(!memory.reset("accounts").unwrap());
    assert!(memory.last("accounts").unwrap().is_none());
}

#[test]
fn a_commit_cut_short_after_the_snapshot_is_finished_later() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(folder.path(), None);
    let mut staging = memory.stage("accounts", "a").unwrap();
    let mut record = published("accounts", "2026-11-20", "a");
    record.snapshot = Some(write(&staging.snapshot(), &["id"], &[(1, 1, &["x"])]));
    staging.record(&record).unwrap();
    assert!(memory.staged("accounts").unwrap().is_empty(), "its run lives");
    // Killed after the first rename.
    fs::rename(staging.snapshot(), memory.folder().join("accounts/2026-11-20.a.parquet")).unwrap();
    drop(staging);
    assert!(memory.last("accounts").unwrap().is_none(), "without a record nothing counts");

    let mut left = memory.staged("accounts").unwrap();
    assert_eq!(left.len(), 1);
    let (staging, record) = left.remove(0);
    assert_eq!(record.unwrap().run_id, "a");
    staging.commit().unwrap();
    let entry = memory.last("accounts").unwrap().unwrap();
    assert_eq!(entry.snapshot().unwrap().unwrap().keys(), 1);
    assert!(memory.staged("accounts").unwrap().is_empty());
}

#[test]
fn what_was_staged_without_a_record_can_only_be_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(folder.path(), None);
    let staging = memory.stage("accounts", "a").unwrap();
    write(&staging.snapshot(), &["id"], &[(1, 1, &["x"])]);
    let folder = staging.snapshot().parent().unwrap().to_path_buf();
    drop(staging);
    assert!(!folder.exists(), "a run that ends before publishing leaves nothing");
    fs::create_dir_all(&folder).unwrap();
    let (staging, record) = memory.staged("accounts").unwrap().remove(0);
    assert!(record.is_none());
    staging.discard().unwrap();
    assert!(memory.staged("accounts").unwrap().is_empty());
    assert_eq!(names(&memory), Vec::<String>::new());
}

#[test]
fn a_record_of_another_version_or_with_a_path_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(folder.path(), None);
    keep(&memory, "2026-11-20", "a");
    let path = memory.folder().join("accounts/2026-11-20.json");
    let mut record = memory.last("accounts").unwrap().unwrap().published;
    record.snapshot = Some(SnapshotFile { file: "../../../etc/passwd".to_owned(), ..SnapshotFile::default() });
    fs::write(&path, serde_json::to_vec(&record).unwrap()).unwrap();
    assert!(memory.last("accounts").unwrap_err().to_string().contains("another version"));
}
