//! `tanguero diff`: what changed between two outputs, or what a changed mapping changes on the same input.
//!
//! Two outputs are found by `outputs`: files, output folders, the evidence of runs. For `--base`, `base` fetches the mapping as
//! it was, with everything it is made of, from the repository, and `revision` runs both into a temporary folder. Either way
//! `compare` lays the tables side by side, and the outcome is the same.

mod base;
mod key;
mod outputs;
mod revision;

use std::path::{Path, PathBuf};

use crate::compare::{Change, CompareError, Comparison, Table, TableDifference, compare};
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::pipeline::folders::temporary_folder;
use crate::pipeline::{Exit, Failure, Situation, Stop};

pub(super) use key::Key;

/// What `tanguero diff` is asked to do.
#[derive(Debug, Clone)]
pub struct DiffRequest {
    /// What is compared.
    pub sides: DiffSides,
    /// Where, when and with what it works.
    pub given: Situation,
}

/// What is compared.
#[derive(Debug, Clone)]
pub enum DiffSides {
    /// A mapping as it stands with the same in a revision of the repository, on the same input.
    Base {
        /// The mapping's file, or its name in the project's `mappings/`.
        mapping: PathBuf,
        /// As git spells revisions.
        revision: String,
    },
    /// Two outputs: a file, an output folder, the evidence of a run or its id or day, a snapshot (`state:NAME[@DAY]`).
    Outputs {
        /// How it was.
        before: PathBuf,
        /// How it is.
        now: PathBuf,
        /// Header names of the key.
        key: Vec<String>,
        /// The Totango format, if it is said.
        format: Option<String>,
    },
}

/// How a comparison ended.
#[derive(Debug)]
pub struct DiffOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// The texts that diagnostics point into.
    pub texts: Texts,
    /// What differs, table by table.
    pub differences: Vec<Compared>,
    /// What one side has and the other has not, in words.
    pub notes: Vec<String>,
}

/// What two tables differ in, with what is known of them.
#[derive(Debug)]
pub struct Compared {
    /// The mapping's name, or the file's.
    pub name: String,
    /// The mapping's file or the new table's, as shown.
    pub file: String,
    /// What the old table is, in a few words.
    pub before: String,
    /// What the new one is.
    pub now: String,
    /// The mapping is not in that revision: everything is new.
    pub is_new: bool,
    /// Both were made of the same input.
    pub same_input: bool,
    /// The columns by which rows were matched; none: by all their cells.
    pub key: Vec<String>,
    /// What differs.
    pub table: TableDifference,
    /// Reasons of rejection that are not as many as before: code, column, before, now.
    pub rejects: Vec<(String, String, u64, u64)>,
}

/// Hears of each change, with the name of its table. False: nobody listens any more.
pub type Tell<'t> = &'t mut dyn FnMut(&str, &Change<'_>) -> bool;

/// Compares what `request` asks for.
pub fn diff(request: &DiffRequest, stop: &Stop, tell: Tell<'_>) -> DiffOutcome {
    let mut outcome = DiffOutcome {
        exit: Exit::Good,
        problems: Vec::new(),
        texts: Texts::new(),
        differences: Vec::new(),
        notes: Vec::new(),
    };
    let compared = match &request.sides {
        DiffSides::Base { mapping, revision } => {
            revision::compare_with(request, mapping, revision, stop, tell, &mut outcome)
        }
        DiffSides::Outputs { before, now, key, format } => {
            let wanted = key::Wanted { key, format: format.as_deref() };
            outputs::compare_with(request, (before, now), &wanted, stop, tell, &mut outcome)
        }
    };
    match compared {
        Ok(()) => {}
        Err(Wrong::Usage(message)) => {
            outcome.exit = Exit::Usage;
            outcome.problems.push(Diagnostic::error(&code::USAGE, message));
        }
        Err(Wrong::Failed(failure)) => {
            outcome.exit = failure.exit();
            outcome.problems.extend(failure.diagnostics());
        }
    }
    outcome
}

/// Why there is nothing to compare.
pub(super) enum Wrong {
    Usage(String),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Wrong {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Stopped => Self::Interrupted,
            CompareError::File { .. } => Self::World(Diagnostic::error(&code::WORLD, error.to_string())),
            CompareError::Header { .. } => {
                Self::World(Diagnostic::error(&code::NOT_COMPARED, error.to_string()).help(code::NOT_COMPARED.cure))
            }
        }
    }
}

/// What a comparison may use.
pub(super) struct Means<'a> {
    pub memory: u64,
    pub threads: usize,
    pub scratch: &'a Path,
    pub stop: &'a Stop,
}

impl Means<'_> {
    /// Compares two tables.
    pub(super) fn tables(
        &self,
        before: Option<&Table>,
        now: &Table,
        key: &Key,
        tell: &mut dyn FnMut(&Change<'_>) -> bool,
    ) -> Result<TableDifference, Failure> {
        let comparison = Comparison {
            before,
            now,
            key: &key.columns,
            key_ignores_case: key.ignores_case,
            memory: self.memory,
            threads: self.threads,
            scratch: self.scratch,
            is_stopped: &|| self.stop.is_asked(),
        };
        let mut tell = |change: &Change<'_>| if tell(change) { Ok(()) } else { Err(CompareError::Stopped) };
        Ok(compare(&comparison, &mut tell)?)
    }
}
