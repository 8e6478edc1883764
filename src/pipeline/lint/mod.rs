//! `tanguero lint`: judges a CSV file that something else made.
//!
//! The file's header becomes an identity mapping, which is run like any other into a scratch folder. What the run would reject
//! or drop is found by the run; what it would write differently is found by laying its output beside the file. There is no
//! rule here that a run does not have, but for the form of the file itself: byte order mark, blank lines, quotes.

mod compare;
mod finding;
mod header;
mod identity;
mod tape;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use crate::csv::{Dialect, Header};
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::engine::Engine;
use crate::format::{self, FormatSpec};
use crate::functions::Judge;
use crate::mapping::{Variables, parse};
use crate::output::{Counts, Lock, Staging};
use crate::pipeline::folders::scratch_folder;
use crate::pipeline::mapping::{Finished, Mappings};
use crate::pipeline::open::project_around;
use crate::pipeline::prepare::{Prepared, Surrounding, prepare};
use crate::pipeline::remember::Remembering;
use crate::pipeline::together::Turns;
use crate::pipeline::{Exit, Failure, RunRequest, Situation, Stop, Watcher};
use crate::project::{MappingFile, Project, root_of};
use crate::resolve::Input;
use crate::source::{FileAt, SourceDefinition, kind_of, listed, text};
use crate::store::Stores;

use compare::{Compared, Comparison, Report, own};
use finding::Tally;
use header::{header, known_accounts, pattern};
use identity::{Identity, NAME, Wanted};
use tape::Tape;

pub use finding::LintFinding;

/// What `tanguero lint` is asked to do.
#[derive(Debug, Clone)]
pub struct LintRequest {
    /// The file.
    pub file: PathBuf,
    /// The Totango format it should have.
    pub format: String,
    /// The collection's own key.
    pub key: Option<String>,
    /// A file with accounts that exist beside those of the file.
    pub known_accounts: Option<PathBuf>,
    /// Where to write the file as it should be.
    pub fix: Option<PathBuf>,
    /// Replace what stands there.
    pub force: bool,
    /// Most findings of one code that are told.
    pub most: u64,
    /// Where, when and with what it works.
    pub given: Situation,
}

/// How it went.
#[derive(Debug, Default)]
pub struct LintOutcome {
    /// By code: how many findings there are, and how many were told.
    pub counts: BTreeMap<&'static str, (u64, u64)>,
    /// Records of the file, if its rows were judged.
    pub records: Option<u64>,
    /// What a run warns of without rejecting anything.
    pub warnings: Counts,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// The corrected file, if it was written.
    pub fixed: Option<PathBuf>,
    /// What kept the file from being judged, or from being corrected.
    pub problems: Vec<Diagnostic>,
    exit: Option<Exit>,
}

impl LintOutcome {
    /// The process's exit.
    pub fn exit(&self) -> Exit {
        let found = !self.counts.is_empty() && self.fixed.is_none();
        self.exit.unwrap_or(if found || !self.problems.is_empty() { Exit::Refused } else { Exit::Good })
    }
}

/// Judges the file of `request`; every finding goes to `tell`, in the order of the file.
pub fn lint(
    request: &LintRequest,
    watcher: &Arc<dyn Watcher>,
    stop: &Stop,
    tell: &mut dyn FnMut(&LintFinding),
) -> LintOutcome {
    let mut outcome = LintOutcome::default();
    let mut tally = Tally::new(tell, request.most);
    if let Err(failure) = judge(request, watcher, stop, &mut tally, &mut outcome) {
        outcome.problems.extend(failure.diagnostics());
        outcome.exit = Some(failure.exit());
    }
    outcome.counts = tally.finish();
    outcome
}

fn judge(
    request: &LintRequest,
    watcher: &Arc<dyn Watcher>,
    stop: &Stop,
    tally: &mut Tally<'_>,
    outcome: &mut LintOutcome,
) -> Result<(), Failure> {
    let Some(format) = format::find(&request.format) else {
        let names: Vec<&str> = format::names().collect();
        return usage(outcome, format!("there is no format `{}`; formats: {}", request.format, names.join(", ")));
    };
    if let Some(fix) = &request.fix {
        let target = request.given.current.join(fix);
        if target.exists() && !request.force {
            return usage(outcome, format!("`{}` is there already; say `--force` to replace it", fix.display()));
        }
    }
    let path = request.file.to_string_lossy().into_owned();
    let project = project_around(&request.given)?;
    let definition = SourceDefinition {
        shown_base: request.given.current.clone(),
        stores: project.stores,
        ..SourceDefinition::new("file", pattern(&request.given.current, &request.file))
    };
    let (file, _) = match listed(&definition)?.as_slice() {
        [one] => one.clone(),
        many => return usage(outcome, format!("`{path}` means {} files; lint judges one at a time", many.len())),
    };
    let Some(header) = header(&file, tally)? else { return Ok(()) };
    tally.flush();
    if format.own_key.is_some() && request.key.is_none() {
        return usage(outcome, format!("`{}` has a key of its own: say which column with `--key`", format.name));
    }
    let known = request
        .known_accounts
        .as_ref()
        .map(|known| known_accounts(&request.given.current, known, &definition.stores))
        .transpose()?;
    let address = file.path().map_or_else(|| path.clone(), |path| path.to_string_lossy().into_owned());
    let wanted = Wanted {
        format,
        path: &address,
        key: request.key.as_deref(),
        attributes: project.file.and_then(|file| file.attributes),
        known: known.as_ref().map(|(path, column)| (path.as_str(), column.as_str())),
    };
    let identity = wanted.identity(&header);
    outcome.notes.extend(identity.notes.iter().cloned());
    if wanted.parents_are_elsewhere() && known.is_none() {
        outcome.notes.push("whether the parents exist is not judged: say `--known-accounts FILE`".to_owned());
    }
    let line = header.start.line - 1;
    for (code, column, field, message, loses) in &identity.found {
        tally.add(code, *loses, || LintFinding {
            line,
            column: column.clone(),
            field: *field,
            code,
            message: message.clone(),
            value: String::new(),
            written: None,
        });
    }
    tally.flush();
    let Some(text) = &identity.text else {
        outcome.notes.push("the rows were not judged: the header must be mended first".to_owned());
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(request.given.threads.max(1)).build()?;
    let dry = Dry {
        request,
        format,
        header: &header,
        identity: &identity,
        file: &file,
        stores: &definition.stores,
        watcher,
        stop,
    };
    // Libraries in between keep only the words of what a store said.
    runtime.block_on(dry.run(text, tally, outcome)).map_err(|failure| file.said().map_or(failure, Failure::from))
}

fn usage(outcome: &mut LintOutcome, message: String) -> Result<(), Failure> {
    outcome.problems.push(Diagnostic::error(&code::USAGE, message));
    outcome.exit = Some(Exit::Usage);
    Ok(())
}

/// A run that publishes nothing.
struct Dry<'a> {
    request: &'a LintRequest,
    format: &'static FormatSpec,
    header: &'a Header,
    identity: &'a Identity,
    file: &'a FileAt,
    stores: &'a Stores,
    watcher: &'a Arc<dyn Watcher>,
    stop: &'a Stop,
}

impl Dry<'_> {
    async fn run(&self, mapping: &str, tally: &mut Tally<'_>, outcome: &mut LintOutcome) -> Result<(), Failure> {
        let given = &self.request.given;
        let request = RunRequest { dry_run: true, evidence: false, ..RunRequest::of(given) };
        let run_id = format!("{NAME}-{}", std::process::id());
        let scratch = scratch_folder(&root_of(&request.current).join(".tanguero"), &run_id)?;
        let lock = Lock::take(&scratch.path, &run_id)?;
        let staging = Staging::begin(&lock, None, &run_id)?;
        let spill = staging.scratch()?;
        let engine = Engine::new(given.engine(&spill)).map_err(|error| Failure::engine(&error, None))?;
        let prepared = self.prepare(mapping, &request, &engine).await?;
        let none = BTreeSet::new();
        let mappings = Mappings {
            request: &request,
            engine: &engine,
            staging: &staging,
            spill: &spill,
            watcher: self.watcher,
            stop: self.stop,
            referred: &none,
            remembering: &Remembering::off(&scratch.path),
        };
        let finished = Turns::new(&mappings).next(&mappings, slice::from_ref(&prepared), &BTreeMap::new(), &none).await;
        if let Some(failure) = finished.failure {
            return Err(failure);
        }
        outcome.warnings = finished.report.warnings.clone();
        self.compare(&prepared, &finished, tally, outcome)?;
        if let Some(fix) = &self.request.fix {
            if tally.loses == 0 {
                let written = finished.outputs.first().expect("a mapping that was asked for writes a file");
                put(&written.path, &given.current.join(fix))?;
                outcome.fixed = Some(fix.clone());
            } else {
                let message = format!(
                    "`{}` was not written: {} findings are no matter of form, and writing would lose them",
                    fix.display(),
                    tally.loses
                );
                outcome.problems.push(Diagnostic::error(&code::FAIL_POLICY, message).help("cure them at their source"));
            }
        }
        Ok(())
    }

    async fn prepare(&self, text: &str, request: &RunRequest, engine: &Engine) -> Result<Prepared, Failure> {
        let shown = format!("{NAME}.yaml");
        let variables = Variables::new(BTreeMap::new(), BTreeMap::new(), request.as_of, None);
        let (mapping, found) = parse(&shown, text, &variables);
        if found.has_errors() {
            return Err(Failure::Mapping(found));
        }
        let file = MappingFile { name: NAME.to_owned(), shown, text: text.to_owned(), mapping, found, asked: true };
        let project = Project {
            root: request.current.clone(),
            file: None,
            names: Vec::new(),
            referred: Default::default(),
            stores: self.stores.clone(),
        };
        let around = Surrounding { project: &project, variables: &variables, request, engine, fetch: None };
        let mut prepared = prepare(&file, &around, &mut Texts::new()).await?;
        for column in &mut prepared.resolved.columns {
            if let Some(own) = self.identity.columns.iter().find(|own| own.target == column.name) {
                column.header.clone_from(&own.header);
            }
        }
        Ok(prepared)
    }

    fn compare(
        &self,
        prepared: &Prepared,
        finished: &Finished,
        tally: &mut Tally<'_>,
        outcome: &mut LintOutcome,
    ) -> Result<(), Failure> {
        let dialect = Dialect::default();
        let mut file = Tape::new(Box::new(text(self.file, kind_of(self.file).1, "utf-8")?), dialect);
        while file.rest().len() < self.header.start.length && !file.is_read() {
            file.more(self.header.start.length)?;
        }
        file.set_carriage_return(self.header.start.carriage_return);
        file.pass(self.header.start.length);
        let output = finished.outputs.first().expect("a mapping that was asked for writes a file");
        let mut written = own(&output.path)?;
        if let Some((_, whole)) = written.row()? {
            written.pass(whole);
        }
        let report = |ending: &str| {
            let staged = finished.reports.iter().find(|staged| staged.file.file.ends_with(ending));
            staged.map(|staged| Report::open(own(&staged.path)?)).transpose()
        };
        let columns = prepared.resolved.columns.iter().map(|column| {
            let Input::Field(field) = &column.input else { return None };
            let own = self.identity.columns.iter().find(|own| own.spelt == *field)?;
            let judge = Judge::new(&column.cell);
            Some(Compared { target: column.name.clone(), name: own.spelt.clone(), place: own.place, judge })
        });
        let comparison = Comparison {
            file,
            written,
            rejects: report(".rejects.csv")?,
            duplicates: report(".duplicates.csv")?,
            columns: columns.collect(),
            width: self.header.names.len(),
            tally,
        };
        outcome.records = Some(comparison.run()?);
        if outcome.records == Some(0) {
            outcome.notes.push(format!("the file has no record beside its header ({})", self.format.name));
        }
        Ok(())
    }
}

/// Copies `from` to `to`, which is never seen half written.
fn put(from: &Path, to: &Path) -> Result<(), Failure> {
    let name = to.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = to.with_file_name(format!(".{name}.tanguero"));
    std::fs::copy(from, &beside).and_then(|_| std::fs::rename(&beside, to)).inspect_err(|_| {
        // A leftover would only be in the way.
        let _ = std::fs::remove_file(&beside);
    })?;
    Ok(())
}
