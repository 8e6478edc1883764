//! Evidence: `run.json`, rejects and duplicates of every run, good or bad, in the state folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::output::remote::UNSENT;
use crate::output::step::{Step, replace};
use crate::output::{OutputError, RemoteFolder, RunReport, Staged, folder};

/// So many runs are kept.
pub(super) const KEPT: usize = 30;

/// The evidence folder of one run.
#[derive(Debug)]
pub struct Evidence {
    runs: PathBuf,
    folder: PathBuf,
    /// `<state>/runs` in a store, of which the folder here is the working copy.
    there: Option<RemoteFolder>,
}

impl Evidence {
    /// Makes `<state>/runs/<run_id>/`, and sees to it that the state folder stays out of version control. `there`: the folder
    /// `runs` of a state in a store.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn begin(state: &Path, there: Option<RemoteFolder>, run_id: &str) -> Result<Self, OutputError> {
        let runs = state.join("runs");
        let evidence = Self { folder: runs.join(run_id), runs, there };
        folder::make(&evidence.folder)?;
        if evidence.there.is_some() {
            let mark = evidence.folder.join(UNSENT);
            fs::write(&mark, "").map_err(OutputError::disk("write", &mark))?;
        }
        let ignore = state.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(OutputError::disk("write", &ignore))?;
        }
        Ok(evidence)
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same as people read it.
    pub fn shown(&self) -> PathBuf {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        self.there.as_ref().map_or_else(|| self.folder.clone(), |there| there.object(&name).into())
    }

    /// Sends it to the store where the state lies, with what earlier runs of this machine could not send.
    ///
    /// # Errors
    /// If the store does not take it; it stays here, and the next run sends it.
    pub fn send(&self) -> Result<(), OutputError> {
        self.there.as_ref().map_or(Ok(()), |there| there.send_runs(&self.runs))
    }

    /// Keeps a staged report. To be called before it is published or dropped; publishing does not change what is kept.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn add(&self, report: &Staged) -> Result<(), OutputError> {
        let target = self.folder.join(&report.file.file);
        // A second name costs nothing; across file systems it must be a copy.
        if fs::hard_link(&report.path, &target).is_err() {
            fs::copy(&report.path, &target).map_err(OutputError::disk("write", &target))?;
        }
        Ok(())
    }

    /// Writes `run.json`, whole or not at all, and removes the oldest runs.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(&self, report: &RunReport) -> Result<(), OutputError> {
        replace(&self.folder.join(folder::MANIFEST), report.to_json())?;
        let mut runs = runs_in(&self.runs)?;
        runs.truncate(runs.len().saturating_sub(KEPT));
        for run in runs.iter().filter(|run| **run != self.folder) {
            Step::Discard(run.clone()).run()?;
        }
        Ok(())
    }
}

/// The evidence folders of `<state>`, oldest first.
///
/// # Errors
/// If the state folder is there and cannot be read.
pub fn runs(state: &Path) -> Result<Vec<PathBuf>, OutputError> {
    runs_in(&state.join("runs"))
}

/// The newest run whose id begins with `wanted`: a whole id, or a date as `2026-11-21` or `20261121`; the newest of all if
/// nothing is wanted. Runs that were killed before they could say anything are passed over.
///
/// # Errors
/// If the state folder is there and cannot be read.
pub fn find_run(state: &Path, wanted: Option<&str>) -> Result<Option<PathBuf>, OutputError> {
    let wanted = wanted.unwrap_or_default();
    let date = wanted.len() == 10 && wanted.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let wanted = if date { wanted.replace('-', "") } else { wanted.to_owned() };
    let begins = |run: &PathBuf| run.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&wanted));
    Ok(runs(state)?.into_iter().rev().find(|run| begins(run) && run.join(folder::MANIFEST).is_file()))
}

pub(super) fn runs_in(folder: &Path) -> Result<Vec<PathBuf>, OutputError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut runs = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let named = entry.file_name().to_string_lossy().starts_with(|first: char| first.is_ascii_digit());
            if named && entry.file_type()?.is_dir() {
                runs.push(entry.path());
            }
        }
        runs.sort();
        Ok(runs)
    };
    match list() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(OutputError::disk("list", folder)),
    }
}
