//! One delivery: what is owed is found out, its bytes are held fast, and the room `deliver` does the rest.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::deliver::{Delivering, Entry, Memory, Outcome, Ready, Standing, owed, pending};
use crate::diagnostic::{Diagnostic, code};
use crate::output::{Lock, OutputError, Place, RunReport, Staged, Status, hold_file, standing};
use crate::pipeline::deliver::places::entries;
use crate::pipeline::folders::{Folders, Scratch, scratch_folder};
use crate::pipeline::home::ProjectState;
use crate::pipeline::{Failure, Stop, target};
use crate::project::Loaded;
use crate::state::{Home, ShelfLock, StateError};
use crate::store::scrub;

/// So long another delivery of the same project is waited for.
const WAIT: Duration = Duration::from_secs(180);

/// The folder of a delivery among the state: its lock, and the files it holds fast.
const FOLDER: &str = "deliver";

/// What is to be delivered, and how.
pub(in crate::pipeline) struct Carry<'a> {
    pub loaded: &'a Loaded,
    pub folders: &'a Folders,
    /// What stands in the output folder.
    pub standing: Vec<Standing>,
    /// The run.
    pub run_id: &'a str,
    /// Whether what is done is remembered; otherwise nothing that was done before is known.
    pub remember: bool,
    /// Only say what would be done.
    pub dry: bool,
    /// Call triggers of which nobody knows how they ended.
    pub call_again: bool,
    pub stop: &'a Stop,
}

/// The files that `report` says stand in its folder; `new`: of mappings that this run published only.
pub(in crate::pipeline) fn standing_files(report: &RunReport, new: bool) -> Vec<Standing> {
    let published = |mapping: &str| report.mapping(mapping).is_some_and(|one| one.status == Status::Published);
    let kept = standing(report).into_iter().filter(|kept| !new || published(&kept.mapping));
    let files = |kept: crate::output::Kept| {
        let mapping = kept.mapping;
        kept.outputs.into_iter().map(move |file| Standing { mapping: mapping.clone(), file })
    };
    kept.flat_map(files).collect()
}

/// Delivers what is owed.
pub(in crate::pipeline) async fn carry(carry: Carry<'_>) -> Result<Outcome, Failure> {
    let entries = entries(carry.loaded, carry.folders)?;
    let state = &carry.folders.state;
    let home = ProjectState::of(carry.loaded)?.home;
    if carry.dry {
        let memory = Memory::read(&home).map_err(unknown)?;
        return Ok(planned(&entries, &carry, &memory));
    }
    let (mut memory, _lock) = match carry.remember {
        true => {
            // Taken before the memory is read: what another delivery does meanwhile must be known.
            let lock = taken(&home, carry.run_id, carry.stop).await?;
            (Memory::read(&home).map_err(unknown)?, Some(lock))
        }
        false => (Memory::none(), None),
    };
    let wanted: BTreeSet<usize> =
        (entries.iter()).flat_map(|entry| pending(entry, &carry.standing, &memory)).map(|(_, number)| number).collect();
    let called = entries.iter().any(|entry| matches!(owed(entry, &memory), (true, _) | (_, true)));
    if wanted.is_empty() && !called {
        return Ok(Outcome::default());
    }
    let held = if carry.remember { held(state, carry.run_id)? } else { scratch_folder(state, carry.run_id)? };
    let mut ready = Vec::new();
    let mut problems = Vec::new();
    for number in wanted {
        match hold(&carry, &carry.standing[number], &held).await {
            Ok(file) => ready.push(file),
            Err(error) => {
                let message = scrub(&format!("`{}` was not delivered: {error}", carry.standing[number].file.file));
                problems.push(Diagnostic::error(&code::DELIVER_FAILED, message).help(code::DELIVER_FAILED.cure));
            }
        }
    }
    let stop = || carry.stop.is_asked();
    let done = crate::deliver::deliver(Delivering {
        entries: &entries,
        standing: &carry.standing,
        ready: &ready,
        memory: &mut memory,
        run_id: carry.run_id,
        stop: &stop,
        call_again: carry.call_again,
    });
    let mut outcome = done.await.map_err(unknown)?;
    problems.append(&mut outcome.problems);
    outcome.problems = problems;
    Ok(outcome)
}

/// What would be done.
fn planned(entries: &[Entry], carry: &Carry<'_>, memory: &Memory) -> Outcome {
    let mut outcome = Outcome::default();
    for entry in entries {
        let left = pending(entry, &carry.standing, memory);
        for (at, number) in &left {
            let file = &carry.standing[*number].file;
            outcome.steps.push(crate::output::Delivery {
                place: scrub(&entry.places[*at].shown),
                file: file.file.clone(),
                bytes: file.bytes,
                xxh3: file.xxh3.clone(),
                answer: crate::output::DeliveryAnswer::NotTried,
                ..crate::output::Delivery::default()
            });
        }
        let (owed, unknown) = owed(entry, memory);
        if let Some(trigger) = &entry.trigger
            && (owed || !left.is_empty() || unknown)
        {
            let doubt = unknown && left.is_empty() && !carry.call_again;
            let answer =
                if doubt { crate::output::DeliveryAnswer::Unknown } else { crate::output::DeliveryAnswer::NotTried };
            let place = format!("the trigger at {}", scrub(&trigger.shown));
            outcome.steps.push(crate::output::Delivery { place, answer, ..crate::output::Delivery::default() });
        }
    }
    outcome
}

/// The locks of a delivery: on this machine, and, where the state lies in a store, there.
type Taken = (Lock, Option<Box<dyn ShelfLock>>);

/// The only delivery of this project at a time.
async fn taken(home: &Home, run_id: &str, stop: &Stop) -> Result<Taken, Failure> {
    let began = Instant::now();
    loop {
        let held = match take(home, run_id)? {
            Ok(taken) => return Ok(taken),
            Err(held) => held,
        };
        stop.check()?;
        if began.elapsed() > WAIT {
            let message = format!("another delivery of this project goes on and on: {held}");
            return Err(Failure::World(Diagnostic::error(&code::DELIVERIES, message).help(code::DELIVERIES.cure)));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Both locks, or who holds one of them.
fn take(home: &Home, run_id: &str) -> Result<Result<Taken, String>, Failure> {
    let here = match Lock::take(&home.folder().join(FOLDER), run_id) {
        Ok(lock) => lock,
        Err(OutputError::Locked(held)) => return Ok(Err(held.to_string())),
        Err(error) => return Err(unknown(error)),
    };
    let there = home.shelf().map(|shelf| shelf.below(FOLDER).lock(run_id)).transpose();
    Ok(match there {
        Ok(there) => Ok((here, there)),
        Err(StateError::Shelf { code, message }) if code.id == code::LOCKED.id => Err(message),
        Err(error) => return Err(error.into()),
    })
}

/// A folder for what is held fast; what killed deliveries left there goes.
fn held(state: &std::path::Path, run_id: &str) -> Result<Scratch, Failure> {
    let folder = state.join(FOLDER);
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let path = folder.join(run_id);
    fs::create_dir_all(&path)?;
    Ok(Scratch { path })
}

/// Holds the bytes of a published file fast on this machine.
async fn hold(carry: &Carry<'_>, one: &Standing, held: &Scratch) -> Result<Ready, OutputError> {
    let path = held.path.join(&one.file.file);
    match &carry.folders.target {
        Some(url) => {
            let folder = target::folder_of(&carry.loaded.project.stores, url)?;
            if !folder.fetch(&one.file, &path).await? {
                let problem = "is not what was published: something else writes there, or another run has published";
                return Err(OutputError::Damaged {
                    path: folder.object(&one.file.file).into(),
                    problem: problem.to_owned(),
                });
            }
        }
        None => hold_file(&carry.folders.output, &one.file, &path)?,
    }
    let staged = Staged { place: Place::Output, file: one.file.clone(), path };
    Ok(Ready { mapping: one.mapping.clone(), staged })
}

fn unknown(error: OutputError) -> Failure {
    match error {
        OutputError::Interrupted => Failure::Interrupted,
        error => {
            let message = scrub(&error.to_string());
            Failure::World(Diagnostic::error(&code::DELIVERIES, message).help(code::DELIVERIES.cure))
        }
    }
}
