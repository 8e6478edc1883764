//! The machine stops after any step of a publish, and after any step of the recovery that follows: all old or all new.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;

use super::{contents, plan, publish, stage};
use crate::output::publish::recovery;
use crate::output::{Lock, Place, Recovered, Staging, recover, step};

type Files = [(Place, &'static str, &'static str)];
type Folder = BTreeMap<String, String>;

const NONE: &Files = &[];
const OLD: &Files = &[
    (Place::Output, "accounts.part-001.csv", "old 1"),
    (Place::Output, "accounts.part-002.csv", "old 2"),
    (Place::Output, "accounts.part-003.csv", "old 3"),
    (Place::Reports, "accounts.rejects.csv", "old rejects"),
    (Place::Reports, "accounts.duplicates.csv", "old duplicates"),
];
const NEW: &Files = &[
    (Place::Output, "accounts.part-001.csv", "new 1"),
    (Place::Output, "accounts.part-002.csv", "new 2"),
    (Place::Reports, "accounts.rejects.csv", "new rejects"),
];

struct Scene {
    _home: tempfile::TempDir,
    output: std::path::PathBuf,
    reports: std::path::PathBuf,
    apart: bool,
}

impl Scene {
    fn new(old: &Files, apart: bool) -> Self {
        let home = super::home();
        let scene = Self { output: home.path().join("out"), reports: home.path().join("reports"), apart, _home: home };
        if !old.is_empty() {
            publish(&scene.output, scene.reports(), "1-old", old);
        }
        scene
    }

    fn reports(&self) -> Option<&Path> {
        self.apart.then_some(self.reports.as_path())
    }

    fn look(&self) -> (Folder, Folder) {
        (contents(&self.output), contents(&self.reports))
    }

    /// Publishes `new`, stops after `steps` of it and forgets everything, as a killed process does. False: there are fewer.
    fn stop_after(&self, new: &Files, steps: usize) -> bool {
        let lock = Lock::take(&self.output, "2-new").unwrap();
        let staging = Staging::begin(&lock, self.reports(), "2-new").unwrap();
        let staged = new.iter().map(|(place, name, text)| stage(&staging, *place, name, text)).collect();
        let list = staging.steps(plan(&staging, &[("accounts", staged)]));
        let all: Vec<_> = list.decide.into_iter().chain(list.apply).chain(list.tidy).collect();
        step::run(&all[..steps.min(all.len())]).unwrap();
        mem::forget(staging);
        steps <= all.len()
    }

    fn recover(&self) -> Recovered {
        let lock = Lock::take(&self.output, "3-next").unwrap();
        recover(&lock).unwrap()
    }

    /// Stops after `steps` of a recovery. False: there are fewer.
    fn stop_recovery_after(&self, steps: usize) -> bool {
        let lock = Lock::take(&self.output, "3-next").unwrap();
        let (_, all) = recovery(&lock).unwrap();
        step::run(&all[..steps.min(all.len())]).unwrap();
        steps <= all.len()
    }
}

fn after_any_stop(old: &Files, new: &Files, apart: bool) {
    let before = Scene::new(old, apart).look();
    let scene = Scene::new(old, apart);
    publish(&scene.output, scene.reports(), "2-new", new);
    let after = scene.look();
    assert_ne!(before, after);
    assert!(after.0.keys().chain(after.1.keys()).all(|name| !name.starts_with('.')), "{after:?}");

    let mut outcomes = Vec::new();
    for steps in 0.. {
        let scene = Scene::new(old, apart);
        if !scene.stop_after(new, steps) {
            break;
        }
        outcomes.push((scene.recover(), scene.look() == after));
        for again in 0.. {
            let scene = Scene::new(old, apart);
            scene.stop_after(new, steps);
            let more = scene.stop_recovery_after(again);
            scene.recover();
            let found = scene.look();
            assert!(found == if outcomes[steps].1 { &after } else { &before }.clone(), "{steps}, {again}: {found:?}");
            assert_eq!(scene.recover(), Recovered::Clean);
            if !more {
                break;
            }
        }
    }
    // Undone up to the journal, finished from there on, and nothing to do at the end.
    let decided = outcomes.iter().position(|(_, new)| *new).unwrap();
    let finished = Recovered::Finished { run_id: "2-new".into() };
    assert!(decided > 0 && outcomes[..decided].iter().all(|(outcome, _)| *outcome == Recovered::Undone));
    assert!(outcomes[decided..].iter().all(|(_, new)| *new), "{outcomes:?}");
    assert_eq!(outcomes[decided].0, finished);
    assert_eq!(outcomes.last().unwrap().0, Recovered::Clean);
}

#[test]
fn a_first_set_is_there_or_not() {
    after_any_stop(NONE, NEW, false);
    after_any_stop(NONE, NEW, true);
}

#[test]
fn a_set_replaces_another_with_stale_parts_and_reports() {
    after_any_stop(OLD, NEW, false);
    after_any_stop(OLD, NEW, true);
}

#[test]
fn a_larger_set_replaces_a_smaller() {
    after_any_stop(NEW, OLD, false);
    after_any_stop(NEW, OLD, true);
}

#[test]
fn an_empty_set_only_removes() {
    after_any_stop(OLD, NONE, false);
    after_any_stop(OLD, NONE, true);
}

#[test]
fn a_staging_folder_that_somebody_emptied_is_no_set() {
    let scene = Scene::new(OLD, false);
    // Write run.json, write journal, sync, rename journal, sync: decided, nothing moved.
    assert!(scene.stop_after(NEW, 5));
    std::fs::remove_dir_all(scene.output.join(".tanguero-2-new")).unwrap();
    let lock = Lock::take(&scene.output, "3-next").unwrap();
    let error = recover(&lock).unwrap_err();
    assert!(error.to_string().contains("accounts.rejects.csv` is gone before it was put in place"), "{error}");
    assert_eq!(error.code().id, "L703");
}

#[test]
fn the_reports_folder_is_cleaned_though_it_is_no_longer_asked_for() {
    let scene = Scene::new(OLD, true);
    assert!(scene.stop_after(NEW, 0));
    assert!(scene.reports.join(".tanguero-2-new").is_dir());
    assert_eq!(scene.recover(), Recovered::Undone);
    assert!(!scene.reports.join(".tanguero-2-new").exists());
}
