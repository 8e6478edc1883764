//! Publishing: staged files become the folder's set, through a journal.

use std::fs;

use xxhash_rust::xxh3::xxh3_64;

use crate::output::journal::{self, Journal, Move, staging_folder};
use crate::output::staging::left_behind;
use crate::output::step::{self, Step};
use crate::output::{Lock, OutputError, Place, Removal, Staged, Staging, folder};

/// What a publish puts in place, removes and says.
#[derive(Debug, Clone, Default)]
pub struct PublishPlan {
    /// Files that go to their places; staged files that are not named here are dropped.
    pub files: Vec<Staged>,
    /// Files that go away.
    pub remove: Vec<Removal>,
    /// The text of `run.json`.
    pub manifest: Vec<u8>,
}

/// The steps of a publish, by what an error among them means.
pub(crate) struct Steps {
    /// Up to and with the journal: an error leaves the old set.
    pub decide: Vec<Step>,
    /// The new set: what is left undone is finished by the next command on the folder.
    pub apply: Vec<Step>,
    /// The removal of all traces: what is left of them harms nobody.
    pub tidy: Vec<Step>,
}

impl Staging<'_> {
    /// Makes the plan's files the folder's set: all of them, or, whatever stops the machine, after [`recover`] all or none.
    ///
    /// # Errors
    /// Before the first file is in its place: nothing has changed and nothing is left. Later
    /// [`OutputError::Unfinished`]: the journal stays, and the next command on the folder finishes.
    pub fn publish(mut self, plan: PublishPlan) -> Result<(), OutputError> {
        self.check(&plan)?;
        let steps = self.steps(plan);
        let (first, rest) = steps.apply.split_first().expect("a publish puts at least `run.json` in its place");
        // A rename that fails has changed nothing: until the first one is done there is a way back.
        if let Err(error) = step::run(&steps.decide).and_then(|()| first.run()) {
            let journal = self.output().join(folder::JOURNAL);
            let gone = folder::unless_missing(fs::remove_file(&journal)).is_ok() && folder::sync(self.output()).is_ok();
            if !gone {
                // The journal may still be found after a power cut, and must then find its files.
                self.keep();
            }
            return Err(error);
        }
        self.keep();
        step::run(rest).map_err(|error| OutputError::Unfinished(Box::new(error)))?;
        // The set is there. If the journal cannot be removed, the next command finds that it has nothing left to say.
        let _ = step::run(&steps.tidy);
        Ok(())
    }

    /// What would fail halfway is refused before anything is decided.
    fn check(&self, plan: &PublishPlan) -> Result<(), OutputError> {
        let manifest = self.output().join(folder::MANIFEST);
        let targets = plan.files.iter().map(|file| self.target(file.place).join(&file.file.file));
        let removals = plan.remove.iter().map(|file| self.target(file.place).join(&file.name));
        for path in targets.chain(removals).chain([manifest]) {
            if path.is_dir() {
                return Err(OutputError::damaged(&path, "is a folder where a file belongs: move it away"));
            }
        }
        match plan.files.iter().find(|file| !file.path.is_file()) {
            Some(file) => Err(OutputError::damaged(&file.path, "is gone: something removed the staging folder")),
            None => Ok(()),
        }
    }

    pub(crate) fn steps(&self, plan: PublishPlan) -> Steps {
        let output = self.output();
        let own = staging_folder(output, self.run_id());
        let journal = Journal {
            version: journal::VERSION,
            run_id: self.run_id().to_owned(),
            reports: self.reports().map(Into::into),
            moves: plan
                .files
                .into_iter()
                .map(|Staged { place, file, .. }| Move { place, name: file.file, bytes: file.bytes, xxh3: file.xxh3 })
                .collect(),
            removals: plan.remove,
            manifest: Move {
                place: Place::Output,
                name: folder::MANIFEST.to_owned(),
                bytes: plan.manifest.len() as u64,
                xxh3: format!("{:016x}", xxh3_64(&plan.manifest)),
            },
        };
        let staged_journal = own.join(folder::JOURNAL);
        let text = serde_json::to_vec(&journal).expect("a journal is plain data");
        let mut decide =
            vec![Step::Write(own.join(folder::MANIFEST), plan.manifest), Step::Write(staged_journal.clone(), text)];
        if let Some(reports) = self.reports() {
            decide.push(Step::Sync(self.staged(Place::Reports)));
            decide.push(Step::Sync(reports.to_path_buf()));
        }
        decide.push(Step::Sync(own));
        // Renamed, not written there: a journal is whole or absent.
        decide.push(Step::Rename { from: staged_journal, to: output.join(folder::JOURNAL), content: None });
        decide.push(Step::Sync(output.to_path_buf()));
        Steps { decide, apply: journal.apply(output), tidy: journal.tidy(output) }
    }
}

/// What a killed run left, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing was left.
    Clean,
    /// Killed before its set was decided: its staged files are gone, the old set stands.
    Undone,
    /// Killed after: its set, all of it, stands now.
    Finished {
        /// That run.
        run_id: String,
    },
}

/// Puts right what a killed run left in the folder. The first thing every command does that publishes or reads there.
///
/// # Errors
/// If the disk fails, or somebody removed files that the killed run had not yet put in place.
pub fn recover(lock: &Lock) -> Result<Recovered, OutputError> {
    let (outcome, steps) = recovery(lock)?;
    step::run(&steps)?;
    Ok(outcome)
}

pub(crate) fn recovery(lock: &Lock) -> Result<(Recovered, Vec<Step>), OutputError> {
    let output = lock.directory();
    let journal = Journal::read(output)?;
    let mut steps = Vec::new();
    if let Some(journal) = &journal {
        steps.extend(journal.apply(output));
        steps.extend(journal.tidy(output));
    }
    let staging = left_behind(output)?;
    let outcome = match journal {
        Some(journal) => Recovered::Finished { run_id: journal.run_id },
        None if staging.is_empty() => Recovered::Clean,
        None => Recovered::Undone,
    };
    steps.extend(staging.into_iter().map(Step::Discard));
    Ok((outcome, steps))
}
