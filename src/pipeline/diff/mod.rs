//! `tanguero diff --base REV`: what a changed mapping changes, on the same input.
//!
//! `base` fetches the mapping as it was, with everything it is made of, from the repository; both are run into a temporary
//! folder; `compare` merges the two outputs by key, each sorted by the engine, so that memory stays bounded.

mod base;
mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::diagnostic::{Diagnostic, Severity, Texts, code};
use crate::engine::{Engine, EngineOptions};
use crate::output::{MappingReport, Rows};
use crate::pipeline::folders::{keep_to, temporary_folder};
use crate::pipeline::request::Unwatched;
use crate::pipeline::run::run_loaded;
use crate::pipeline::{Exit, Failure, RunRequest, Stop, Watcher};
use crate::project::{Loaded, Options, load, named};

pub use compare::{AttributeDifference, TableDifference};

/// What `tanguero diff` is asked to do.
#[derive(Debug, Clone)]
pub struct DiffRequest {
    /// The mapping's file, or its name in the project's `mappings/`.
    pub mapping: PathBuf,
    /// The revision to compare with, as git spells revisions.
    pub base: String,
    /// The folder that relative paths start at.
    pub current: PathBuf,
    /// What "now" means in data.
    pub as_of: Date,
    /// The clock, for ages of files.
    pub started: Timestamp,
    /// An environment of the project.
    pub environment: Option<String>,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Bytes it may hold.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
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
    /// What differs.
    pub difference: Option<MappingDifference>,
}

/// What a mapping makes now, and what it made.
#[derive(Debug)]
pub struct MappingDifference {
    /// Its name.
    pub mapping: String,
    /// Its file, as shown.
    pub file: String,
    /// The revision in full.
    pub revision: String,
    /// The mapping is not in that revision: everything is new.
    pub is_new: bool,
    /// What the outputs differ in.
    pub table: TableDifference,
    /// Where records went before.
    pub rows_before: Rows,
    /// Where they go now.
    pub rows_now: Rows,
    /// Reasons of rejection that are not as many as before: code, column, before, now.
    pub rejects: Vec<(String, String, u64, u64)>,
}

/// Compares what `request` asks for.
pub fn diff(request: &DiffRequest, stop: &Stop) -> DiffOutcome {
    let mut outcome = DiffOutcome { exit: Exit::Good, problems: Vec::new(), texts: Texts::new(), difference: None };
    match run(request, stop, &mut outcome) {
        Ok(difference) => outcome.difference = difference,
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
enum Wrong {
    Usage(String),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Wrong {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

fn run(request: &DiffRequest, stop: &Stop, outcome: &mut DiffOutcome) -> Result<Option<MappingDifference>, Wrong> {
    let path = named(&request.mapping, &request.current);
    let options = Options {
        variables: request.variables.clone(),
        environment: request.environment.clone(),
        as_of: request.as_of,
    };
    let now = load(std::slice::from_ref(&path), &request.current, &options).map_err(Wrong::Usage)?;
    let scratch = temporary_folder("diff")?;
    let tree = scratch.path.join("tree");
    let base = base::fetch(&path, &request.base, &tree).map_err(Wrong::Usage)?;
    let before = match &base.mapping {
        None => None,
        Some(mapping) => {
            let mut before = load(std::slice::from_ref(mapping), &request.current, &options).map_err(Wrong::Usage)?;
            base::read_here(&mut before, &now.project.root);
            Some(before)
        }
    };
    let file = now.mappings.iter().find(|file| file.asked).map(|file| (file.name.clone(), file.shown.clone()));
    let (name, shown) = file.unwrap_or_default();
    let mut made = |loaded: Loaded, folder: &str, whose: &str| {
        one(request, loaded, &name, &scratch.path.join(folder), whose, stop, outcome)
    };
    let new = made(now, "now", "as it stands")?;
    let old = match before {
        Some(before) => made(before, "before", &format!("as of {}", request.base))?,
        None => Some(Made::default()),
    };
    let (Some(old), Some(new)) = (old, new) else { return Ok(None) };
    let engine = Engine::new(EngineOptions {
        threads: request.threads,
        memory: request.memory,
        spill: scratch.path.clone(),
        as_of: request.as_of,
    })
    .map_err(|error| Failure::engine(&error, None))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(request.threads.max(1)).build()?;
    let table = runtime.block_on(compare::tables(&engine, &old.table(), &new.table(), stop))?;
    Ok(Some(MappingDifference {
        mapping: name,
        file: shown,
        revision: base.revision,
        is_new: base.mapping.is_none(),
        table,
        rows_before: old.report.rows,
        rows_now: new.report.rows,
        rejects: rejects(&old.report, &new.report),
    }))
}

/// What one run made.
#[derive(Default)]
struct Made {
    report: MappingReport,
    folder: PathBuf,
}

impl Made {
    fn table(&self) -> compare::Output {
        compare::Output {
            files: self.report.outputs.iter().map(|file| self.folder.join(&file.file)).collect(),
            header: self.report.columns.clone(),
            key: self.report.key.clone(),
        }
    }
}

/// Runs a mapping into `folder`; none, and told of, if it publishes nothing.
fn one(
    request: &DiffRequest,
    mut loaded: Loaded,
    name: &str,
    folder: &Path,
    whose: &str,
    stop: &Stop,
    outcome: &mut DiffOutcome,
) -> Result<Option<Made>, Wrong> {
    std::fs::create_dir_all(folder)?;
    keep_to(folder, &mut loaded);
    let out = folder.join("out");
    let run = RunRequest {
        out: Some(out.clone()),
        started: request.started,
        environment: request.environment.clone(),
        variables: request.variables.clone(),
        memory: request.memory,
        threads: request.threads,
        force: true,
        evidence: false,
        accept: vec!["rejects".to_owned()],
        ..RunRequest::new(request.current.clone(), request.as_of)
    };
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let ended = run_loaded(&run, &loaded, BTreeMap::new(), &watcher, stop);
    stop.check()?;
    let report = ended.report.as_ref().and_then(|report| report.mapping(name));
    match report.filter(|report| report.status.stands()) {
        Some(report) => Ok(Some(Made { report: report.clone(), folder: out })),
        None => {
            outcome.exit = outcome.exit.max(ended.exit);
            let problems = ended.problems.into_iter().flat_map(|(_, found)| found);
            let errors = problems.filter(|one| one.severity == Severity::Error);
            let told = errors.map(|one| Diagnostic { message: format!("{whose}: {}", one.message), ..one });
            outcome.problems.extend(told);
            // Both sides show their mapping by the same name: the last one told of keeps its text.
            outcome.texts.extend(ended.texts);
            Ok(None)
        }
    }
}

fn rejects(old: &MappingReport, new: &MappingReport) -> Vec<(String, String, u64, u64)> {
    let count = |report: &MappingReport, code: &str, column: &str| {
        report.rejects.0.get(code).and_then(|columns| columns.get(column)).copied().unwrap_or_default()
    };
    let all = [old, new].into_iter().flat_map(|report| &report.rejects.0);
    let names: BTreeSet<(&String, &String)> =
        all.flat_map(|(code, columns)| columns.keys().map(move |column| (code, column))).collect();
    let counted = names
        .into_iter()
        .map(|(code, column)| (code.clone(), column.clone(), count(old, code, column), count(new, code, column)));
    counted.filter(|(_, _, before, now)| before != now).collect()
}
