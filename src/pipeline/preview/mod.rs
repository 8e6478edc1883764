//! `tanguero preview`: the first records, each cell as read beside as written; or all records of one key, followed through
//! every step to where they end.
//!
//! The rows are judged by the SQL that a run uses, and no more of the input is read than is shown. What only the whole input can
//! say (winners, parents, references) is said of a followed key alone, by a run that publishes nothing.

mod follow;
mod look;

pub(super) use look::Looking;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Texts, code, nearest};
use crate::engine::Engine;
use crate::functions::{LookupTables, Step};
use crate::pipeline::fetch::Fetch;
use crate::pipeline::folders::{Folders, temporary_folder};
use crate::pipeline::prepare::{Prepared, Surrounding, prepare};
use crate::pipeline::remember::{Past, Remembering};
use crate::pipeline::{Exit, Failure, LIMITS, RunRequest, Situation, Stop, Unwatched, Watcher, lookups, room};
use crate::project::{Loaded, load, named};
use crate::settle::{Budget, Kept};

/// What `tanguero preview` is asked to do.
#[derive(Debug, Clone)]
pub struct PreviewRequest {
    /// The mapping's file, or its name in the project's `mappings/`.
    pub mapping: PathBuf,
    /// So many records are shown.
    pub count: usize,
    /// Target columns to show; none: all.
    pub columns: Vec<String>,
    /// Follow the records of this key, its parts joined by `|`.
    pub key: Option<String>,
    /// Where, when and with what it works.
    pub given: Situation,
}

/// How a preview ended.
#[derive(Debug)]
pub struct PreviewOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// Warnings about the mapping.
    pub warnings: Vec<Diagnostic>,
    /// The texts that diagnostics point into.
    pub texts: Texts,
    /// What there is to show.
    pub preview: Option<Preview>,
}

/// Records, and what is to be said about them.
#[derive(Debug, Default)]
pub struct Preview {
    /// The mapping's name.
    pub mapping: String,
    /// The records, in the order of files and lines.
    pub records: Vec<PreviewRecord>,
    /// All there is was read.
    pub complete: bool,
    /// So many records were read before `where` let enough through; none: it did.
    pub gave_up_after: Option<u64>,
    /// The columns of a pivot are made of all rows of a key, and not shown.
    pub pivots: bool,
    /// Set if a key was followed.
    pub following: Option<Following>,
}

/// Where the records of a key end.
#[derive(Debug)]
pub struct Following {
    /// The key as asked for.
    pub key: String,
    /// What a run makes of them, in words.
    pub told: String,
    /// A record, or a trace of one, was found.
    pub seen: bool,
}

/// One source record.
#[derive(Debug, Clone)]
pub struct PreviewRecord {
    /// Its file, as shown.
    pub file: String,
    /// The line on which it starts.
    pub line: u64,
    /// What is known of it.
    pub fate: PreviewFate,
    /// Its cells, column by column.
    pub cells: Vec<PreviewCell>,
    /// Rules over several cells that it breaks, and why it cannot be read.
    pub faults: Vec<CellFault>,
    /// The record as read, of a followed key: columns and values, then `let`s.
    pub fields: Vec<(String, Option<String>)>,
    /// How many of `fields` are `let`s.
    pub lets: usize,
}

/// What is known of a record by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewFate {
    /// Each cell is right, or only warned about.
    Good,
    /// A cell or a rule rejects it.
    Rejected,
    /// `where` drops it.
    Filtered,
    /// It cannot be read.
    Unreadable,
}

/// One cell.
#[derive(Debug, Clone)]
pub struct PreviewCell {
    /// The target column.
    pub column: String,
    /// Where its value comes from: a source column, or what the mapping says.
    pub source: String,
    /// As read.
    pub read: Option<String>,
    /// As written.
    pub written: Option<String>,
    /// What is wrong with it.
    pub fault: Option<CellFault>,
    /// What changed it on its way, of a followed key.
    pub steps: Vec<Step>,
}

/// What is wrong with a cell or a record.
#[derive(Debug, Clone)]
pub struct CellFault {
    /// Of the register.
    pub code: &'static Code,
    /// The fact.
    pub message: String,
    /// The record is written nevertheless.
    pub is_warning: bool,
}

/// Shows what `request` asks for.
pub fn preview(request: &PreviewRequest, stop: &Stop) -> PreviewOutcome {
    let mut outcome = PreviewOutcome {
        exit: Exit::Good,
        problems: Vec::new(),
        warnings: Vec::new(),
        texts: Texts::new(),
        preview: None,
    };
    let path = named(&request.mapping, &request.given.current);
    let shown = match load(&[path], &request.given.current, &request.given.options()) {
        Ok(loaded) => {
            outcome.texts = loaded.texts.clone();
            run(request, loaded, stop, &mut outcome)
        }
        Err(message) => {
            outcome.exit = Exit::Usage;
            outcome.problems.push(Diagnostic::error(&code::USAGE, message));
            return outcome;
        }
    };
    match shown {
        Ok(preview) => outcome.preview = Some(preview),
        Err(failure) => {
            outcome.exit = failure.exit();
            outcome.problems.extend(failure.diagnostics());
        }
    }
    outcome
}

fn run(
    request: &PreviewRequest,
    loaded: Loaded,
    stop: &Stop,
    outcome: &mut PreviewOutcome,
) -> Result<Preview, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(request.given.threads.max(1)).build()?;
    let scratch = temporary_folder("preview")?;
    let run = request.as_run();
    let engine = request.engine(&scratch.path)?;
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let fetch = Fetch::new(&engine, &scratch.path, &watcher, stop);
    let opened = runtime.block_on(open(&run, &loaded, (&engine, &fetch), &scratch.path, &mut outcome.texts))?;
    outcome.warnings.extend(opened.prepared.warnings.iter().cloned());
    let looking = Looking { request, opened: &opened, engine: &engine, folder: &scratch.path, stop };
    match &request.key {
        None => runtime.block_on(looking.first()),
        Some(key) => {
            let mut preview = runtime.block_on(looking.of_key(key))?;
            // A run starts threads of its own.
            preview.following = Some(follow::run(&run, loaded, &opened, &preview, key, &scratch.path, stop)?);
            Ok(preview)
        }
    }
}

impl PreviewRequest {
    /// The run that would do the same work.
    pub(super) fn as_run(&self) -> RunRequest {
        RunRequest {
            // Limits are about the whole, and nothing is published.
            accept: LIMITS.map(|(name, _)| name.to_owned()).to_vec(),
            force: true,
            ..RunRequest::of(&self.given)
        }
    }

    /// An engine that spills into `folder`.
    pub(super) fn engine(&self, folder: &Path) -> Result<Engine, Failure> {
        Engine::new(self.given.engine(folder)).map_err(|error| Failure::engine(&error, None))
    }
}

/// A mapping that is ready to be looked at.
pub(super) struct Opened {
    pub prepared: Prepared,
    pub tables: Arc<LookupTables>,
    /// Values published last, where empty cells keep them.
    pub kept: Option<Arc<Kept>>,
}

/// Prepares the mapping that was asked for, and reads the tables it looks up in.
pub(super) async fn open(
    run: &RunRequest,
    loaded: &Loaded,
    (engine, fetch): (&Engine, &Fetch<'_>),
    spill: &Path,
    texts: &mut Texts,
) -> Result<Opened, Failure> {
    let file = loaded.mappings.iter().find(|file| file.asked).expect("one mapping was asked for");
    let mut mistakes = loaded.diagnostics.clone();
    mistakes.extend(file.found.clone());
    let around = Surrounding {
        project: &loaded.project,
        variables: &loaded.variables,
        request: run,
        engine,
        fetch: Some(fetch),
    };
    let mut prepared = match prepare(file, &around, texts).await {
        Ok(prepared) if !mistakes.has_errors() => prepared,
        Ok(_) => return Err(Failure::Mapping(mistakes)),
        Err(failure) if !mistakes.has_errors() => return Err(failure),
        Err(failure) => {
            failure.diagnostics().into_iter().for_each(|one| mistakes.push(one));
            mistakes.sort();
            return Err(Failure::Mapping(mistakes));
        }
    };
    prepared.warnings.extend(mistakes);
    let plain = prepared.session(engine, &Arc::new(LookupTables::new()), false)?;
    let budget = room::budget(run.memory, run.threads);
    let tables = Arc::new(lookups::read(&prepared.resolved, &plain, &prepared.files, &budget).await?);
    let kept = kept(run, loaded, &prepared, spill)?;
    Ok(Opened { prepared, tables, kept })
}

/// What empty cells keep, as in a run.
fn kept(run: &RunRequest, loaded: &Loaded, prepared: &Prepared, spill: &Path) -> Result<Option<Arc<Kept>>, Failure> {
    let remembering = Remembering::new(run, loaded, &Folders::new(run, loaded))?;
    let past = Past::read(&remembering, prepared, &run.as_of.to_string())?;
    past.kept(&prepared.resolved, spill, &Arc::new(Budget::new(run.memory / 2)))
}

/// Which judged columns are among `wanted`; all of them without any.
fn shown(names: &[&str], wanted: &[String]) -> Result<Vec<bool>, Failure> {
    let mut found = Diagnostics::new();
    for name in wanted.iter().filter(|name| !names.contains(&name.as_str())) {
        let diagnostic = Diagnostic::error(&code::USAGE, format!("`--column {name}`: no such target column"));
        found.push(match nearest(name, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
            None => diagnostic.help(format!("columns: {}", names.join(", "))),
        });
    }
    match found.is_empty() {
        true => Ok(names.iter().map(|name| wanted.is_empty() || wanted.iter().any(|one| one == name)).collect()),
        false => Err(Failure::Mapping(found)),
    }
}
