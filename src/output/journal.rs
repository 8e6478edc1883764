//! The journal: which renames and removals make the new set, so that whoever comes next can finish them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output::step::Step;
use crate::output::{OutputError, folder};

/// In which folder a file of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The output folder: what Totango pulls.
    Output,
    /// The reports folder, which may be the same one.
    Reports,
}

/// A file that goes to its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    pub place: Place,
    pub name: String,
    pub bytes: u64,
    pub xxh3: String,
}

/// A file that goes away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Removal {
    /// From which folder.
    pub place: Place,
    /// Its name there.
    pub name: String,
}

/// What is left to do once a set is decided. It holds folder names, never contents: those lie in the staging folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    pub version: u32,
    pub run_id: String,
    /// Absolute, if it is not the output folder.
    pub reports: Option<PathBuf>,
    pub moves: Vec<Move>,
    pub removals: Vec<Removal>,
    /// `run.json`, which goes last.
    pub manifest: Move,
}

pub(crate) const VERSION: u32 = 1;

impl Journal {
    /// The journal that a killed run left in `output`.
    pub fn read(output: &Path) -> Result<Option<Self>, OutputError> {
        let path = output.join(folder::JOURNAL);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OutputError::disk("read", &path)(error)),
        };
        let damaged = |problem: &str| OutputError::damaged(&path, format!("{problem}; {CURE}"));
        let journal: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(&format!("is not a journal: {error}")))?;
        if journal.version != VERSION {
            return Err(damaged(&format!("is of version {}, this is a program for {VERSION}", journal.version)));
        }
        let names = journal.moves.iter().chain([&journal.manifest]).map(|file| &file.name);
        let names = names.chain(journal.removals.iter().map(|file| &file.name));
        if let Some(name) = names.chain([&journal.run_id]).find(|name| !folder::is_plain(name)) {
            return Err(damaged(&format!("names `{}`, which is no plain file name", name.escape_debug())));
        }
        Ok(Some(journal))
    }

    /// What makes the new set, in order. Each step may be done again if it was done before.
    pub fn apply(&self, output: &Path) -> Vec<Step> {
        let target = |place| self.target(place, output);
        let rename = |file: &Move| Step::Rename {
            from: staging_folder(target(file.place), &self.run_id).join(&file.name),
            to: target(file.place).join(&file.name),
            content: Some((file.bytes, file.xxh3.clone())),
        };
        let in_place = |place| self.moves.iter().filter(move |file| file.place == place);
        // The reports first: whoever sees the new data can also see what is missing in it.
        let files = in_place(Place::Reports).chain(in_place(Place::Output));
        let mut steps: Vec<Step> = files.map(rename).collect();
        steps.extend(self.removals.iter().map(|file| Step::Remove(target(file.place).join(&file.name))));
        steps.extend(self.reports.iter().map(|reports| Step::Sync(reports.clone())));
        steps.push(Step::Sync(output.to_path_buf()));
        steps.push(rename(&self.manifest));
        steps.push(Step::Sync(output.to_path_buf()));
        steps
    }

    /// What removes the traces once the new set is there, in order.
    pub fn tidy(&self, output: &Path) -> Vec<Step> {
        let mut steps = vec![Step::Remove(output.join(folder::JOURNAL)), Step::Sync(output.to_path_buf())];
        steps.extend(self.reports.iter().map(|reports| Step::Discard(staging_folder(reports, &self.run_id))));
        steps.push(Step::Discard(staging_folder(output, &self.run_id)));
        steps
    }

    fn target<'a>(&'a self, place: Place, output: &'a Path) -> &'a Path {
        match (place, &self.reports) {
            (Place::Reports, Some(reports)) => reports,
            _ => output,
        }
    }
}

const CURE: &str = "the folder's set is undecided: remove the file and run again";

/// Where a run stages what will stand in `target`.
pub(crate) fn staging_folder(target: &Path, run_id: &str) -> PathBuf {
    target.join(format!("{}{run_id}", folder::HIDDEN))
}
