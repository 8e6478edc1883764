//! A memory on a shelf: stopped before any step, it is put right by another machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::{published, write};
use crate::state::{Home, Memory, Shelf, ShelfLock, StateError};

/// What lies in the store, and how many changes are left until the machine stops.
#[derive(Debug, Default)]
struct World {
    objects: BTreeMap<String, Vec<u8>>,
    left: Option<usize>,
    fetched: usize,
}

#[derive(Debug, Clone)]
struct Fake {
    world: Arc<Mutex<World>>,
    prefix: String,
}

impl Fake {
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Result<(), StateError> {
        let mut world = self.world.lock().unwrap();
        if let Some(left) = &mut world.left {
            *left = left.checked_sub(1).ok_or_else(|| StateError::damaged(Path::new("machine"), "stopped"))?;
        }
        change(&mut world.objects);
        Ok(())
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn inside(&self, folders: bool) -> Vec<String> {
        let world = self.world.lock().unwrap();
        let rest = world.objects.keys().filter_map(|key| key.strip_prefix(&self.prefix));
        let mut names: Vec<String> = rest
            .filter_map(|rest| match rest.split_once('/') {
                Some((folder, _)) => folders.then(|| folder.to_owned()),
                None => (!folders).then(|| rest.to_owned()),
            })
            .collect();
        names.dedup();
        names
    }
}

impl Shelf for Fake {
    fn below(&self, name: &str) -> Arc<dyn Shelf> {
        Arc::new(Self { world: Arc::clone(&self.world), prefix: format!("{}{name}/", self.prefix) })
    }

    fn shown(&self) -> String {
        format!("fake://{}", self.prefix)
    }

    fn folders(&self) -> Result<Vec<String>, StateError> {
        Ok(self.inside(true))
    }

    fn names(&self) -> Result<Vec<String>, StateError> {
        Ok(self.inside(false))
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.world.lock().unwrap().objects.get(&self.key(name)).cloned())
    }

    fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), StateError> {
        self.change(|objects| drop(objects.insert(self.key(name), bytes)))
    }

    fn send(&self, name: &str, file: &Path) -> Result<(), StateError> {
        let bytes = fs::read(file).unwrap();
        self.change(|objects| drop(objects.insert(self.key(name), bytes)))
    }

    fn fetch(&self, name: &str, bytes: u64, to: &Path) -> Result<bool, StateError> {
        let mut world = self.world.lock().unwrap();
        world.fetched += 1;
        let found = world.objects.get(&self.key(name)).filter(|found| found.len() as u64 == bytes);
        Ok(found.map(|found| fs::write(to, found).unwrap()).is_some())
    }

    fn remove(&self, name: &str) -> Result<(), StateError> {
        self.change(|objects| drop(objects.remove(&self.key(name))))
    }

    fn lock(&self, _: &str) -> Result<Box<dyn ShelfLock>, StateError> {
        Ok(Box::new(Held))
    }
}

#[derive(Debug)]
struct Held;

impl ShelfLock for Held {
    fn confirm(&self) -> Result<(), StateError> {
        Ok(())
    }
}

/// A machine that knows nothing yet.
fn machine(world: &Arc<Mutex<World>>) -> (tempfile::TempDir, Memory) {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Fake { world: Arc::clone(world), prefix: String::new() };
    let memory = Memory::of(&Home::on(Arc::new(shelf), folder.path()), Some("prod"));
    (folder, memory)
}

/// One night: what is published goes to `target` in the middle. An error: the machine stopped.
fn night(memory: &Memory, day: &str, run_id: &str, target: &mut String) -> Result<(), StateError> {
    let mut staging = memory.stage("accounts", run_id)?;
    let mut record = published("accounts", day, run_id);
    record.snapshot = Some(write(&staging.snapshot(), &["id"], &[(1, 1, &[run_id])]));
    staging.record(&record)?;
    run_id.clone_into(target);
    staging.commit()?;
    memory.prune("accounts", 2)?;
    Ok(())
}

/// What the next run does first.
fn heal(memory: &Memory, target: &str) {
    let _claim = memory.claim("accounts", "next").unwrap().unwrap();
    for (staging, record) in memory.staged("accounts").unwrap() {
        let stands = record.is_some_and(|record| record.run_id == target);
        if stands { staging.commit() } else { staging.discard() }.unwrap();
    }
    memory.tidy("accounts").unwrap();
}

#[test]
fn stopped_before_any_step_the_next_machine_remembers_what_stands() {
    // A day that is new, and one that is run again.
    for day in ["2026-11-22", "2026-11-21"] {
        let mut steps = 0;
        loop {
            let world = Arc::new(Mutex::new(World::default()));
            let mut target = String::new();
            let (_first, memory) = machine(&world);
            night(&memory, "2026-11-20", "a", &mut target).unwrap();
            night(&memory, "2026-11-21", "b", &mut target).unwrap();

            world.lock().unwrap().left = Some(steps);
            let (_second, memory) = machine(&world);
            let ended = night(&memory, day, "c", &mut target);
            world.lock().unwrap().left = None;

            let (_third, memory) = machine(&world);
            heal(&memory, &target);
            let last = memory.last("accounts").unwrap().unwrap();
            assert_eq!(last.published.run_id, target, "{day}, stopped before step {steps}");
            let mut rows = last.snapshot().unwrap().unwrap().all_rows().unwrap();
            assert!(rows.advance().unwrap());
            assert_eq!(rows.row().unwrap().value(0), Some(target.as_str()));
            // Whatever came first: a day more is a day less.
            memory.prune("accounts", 2).unwrap();
            let names: Vec<String> = world.lock().unwrap().objects.keys().cloned().collect();
            assert_eq!(names.len(), 4, "{day}, stopped before step {steps}: {names:?}");
            for entry in memory.entries("accounts").unwrap() {
                assert!(entry.snapshot().unwrap().is_some());
            }
            if ended.is_ok() {
                break;
            }
            steps += 1;
        }
        assert!(steps >= 4, "{day}: {steps} steps");
    }
}

#[test]
fn a_snapshot_is_fetched_once_by_a_machine_and_never_by_the_one_that_made_it() {
    let world = Arc::new(Mutex::new(World::default()));
    let (_first, memory) = machine(&world);
    let mut target = String::new();
    night(&memory, "2026-11-20", "a", &mut target).unwrap();
    let look = |memory: &Memory| memory.last("accounts").unwrap().unwrap().snapshot().unwrap().unwrap().keys();
    assert_eq!(look(&memory), 1);
    assert_eq!(world.lock().unwrap().fetched, 0);
    let (_second, memory) = machine(&world);
    assert_eq!((look(&memory), look(&memory)), (1, 1));
    assert_eq!(world.lock().unwrap().fetched, 1);
    // Replaced in between: said, not taken for another.
    let entry = memory.last("accounts").unwrap().unwrap();
    let (folder, other) = machine(&world);
    night(&other, "2026-11-20", "b", &mut target).unwrap();
    assert_eq!(look(&memory), 1);
    fs::remove_dir_all(memory.folder()).unwrap();
    assert!(entry.snapshot().unwrap_err().to_string().contains("run again"));
    drop(folder);
}

#[test]
fn mappings_and_environments_have_folders_of_their_own_on_a_shelf() {
    let world = Arc::new(Mutex::new(World::default()));
    let (folder, memory) = machine(&world);
    night(&memory, "2026-11-20", "a", &mut String::new()).unwrap();
    let shelf = Fake { world: Arc::clone(&world), prefix: String::new() };
    for environment in [None, Some("prod"), Some("../x")] {
        let memory = Memory::of(&Home::on(Arc::new(shelf.clone()), folder.path()), environment);
        let names = memory.mappings().unwrap();
        assert_eq!(names, if environment == Some("prod") { vec!["accounts"] } else { Vec::new() }, "{environment:?}");
    }
    assert!(memory.reset("accounts").unwrap());
    assert!(!memory.reset("accounts").unwrap());
    assert!(world.lock().unwrap().objects.is_empty());
}
