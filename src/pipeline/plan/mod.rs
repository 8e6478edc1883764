//! `tanguero plan`: what publishing would do to Totango, before it is done.
//!
//! The mapping runs as a dry run does, limits and all; what it would publish is laid beside what was published last, by
//! `compare`. What an empty cell does is the catalogue's to say. Nothing is published and no evidence is kept.

mod condition;
mod effect;
mod last;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compare::{Change, Table, TableDifference};
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::format;
use crate::output::{MappingReport, Status};
use crate::pipeline::diff::{Key, Means, Wrong};
use crate::pipeline::folders::{Folders, temporary_folder};
use crate::pipeline::home::ProjectState;
use crate::pipeline::request::Unwatched;
use crate::pipeline::run::run_loaded;
use crate::pipeline::{Exit, RunRequest, Situation, Stop, Watcher};
use crate::project::{Loaded, MappingFile, load, named};
use crate::state::Memory;

pub use condition::{Condition, Measure};
pub use effect::{Effects, Emptied};
pub use last::Last;

use last::Looking;

/// What `tanguero plan` is asked to do.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// The mapping's file, or its name in the project's `mappings/`.
    pub mapping: PathBuf,
    /// The output folder; none: what the project says.
    pub out: Option<PathBuf>,
    /// Where, when and with what it works.
    pub given: Situation,
    /// Limits lifted.
    pub accept: Vec<String>,
    /// What the plan must not come to.
    pub fail_on: Vec<Condition>,
}

/// How planning ended.
#[derive(Debug)]
pub struct PlanOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// What is wrong, or forbidden by `--fail-on`.
    pub problems: Vec<Diagnostic>,
    /// Warnings about the mapping and its data.
    pub warnings: Vec<Diagnostic>,
    /// The texts that diagnostics point into.
    pub texts: Texts,
    /// What would happen; none if nothing would be published.
    pub plan: Option<Plan>,
}

/// What publishing would do.
#[derive(Debug)]
pub struct Plan {
    /// The mapping's name.
    pub mapping: String,
    /// Its file, as shown.
    pub file: String,
    /// New and changed rows alone would be written (`output.changes`).
    pub only_changes: bool,
    /// Its Totango format.
    pub format: &'static format::FormatSpec,
    /// What "now" means.
    pub as_of: String,
    /// What was published last; none: nothing, so that everything is new.
    pub last: Option<Last>,
    /// The run that would publish, with its ledger.
    pub report: MappingReport,
    /// What differs.
    pub table: TableDifference,
    /// What it means for Totango.
    pub effects: Effects,
}

/// Plans what `request` asks for; each change goes to `tell`.
pub fn plan(request: &PlanRequest, stop: &Stop, tell: &mut dyn FnMut(&Change<'_>) -> bool) -> PlanOutcome {
    let mut outcome =
        PlanOutcome { exit: Exit::Good, problems: Vec::new(), warnings: Vec::new(), texts: Texts::new(), plan: None };
    match foresee(request, stop, tell, &mut outcome) {
        Ok(plan) => outcome.plan = plan,
        Err(Wrong::Usage(message)) => {
            outcome.exit = Exit::Usage;
            outcome.problems.push(Diagnostic::error(&code::USAGE, message));
        }
        Err(Wrong::Failed(failure)) => {
            outcome.exit = failure.exit();
            outcome.problems.extend(failure.diagnostics());
        }
    }
    if let Some(plan) = &outcome.plan {
        for condition in &request.fail_on {
            if let Some(found) = condition.is_met(plan) {
                let message = format!("`--fail-on {condition}`: {found}");
                let refusal = Diagnostic::error(&code::PLAN_CONDITION, message).help(code::PLAN_CONDITION.cure);
                outcome.problems.push(refusal);
                outcome.exit = outcome.exit.max(Exit::Refused);
            }
        }
    }
    outcome
}

fn foresee(
    request: &PlanRequest,
    stop: &Stop,
    tell: &mut dyn FnMut(&Change<'_>) -> bool,
    outcome: &mut PlanOutcome,
) -> Result<Option<Plan>, Wrong> {
    let path = named(&request.mapping, &request.given.current);
    let loaded =
        load(std::slice::from_ref(&path), &request.given.current, &request.given.options()).map_err(Wrong::Usage)?;
    let (name, shown, only_changes) = one(&loaded, &path)?;
    let scratch = temporary_folder("plan")?;
    let run = RunRequest {
        out: request.out.clone(),
        dry_run: true,
        accept: request.accept.clone(),
        evidence: false,
        // What is left out because Totango has it is not gone.
        whole: true,
        set_aside: Some(scratch.path.clone()),
        ..RunRequest::of(&request.given)
    };
    let folders = Folders::new(&run, &loaded);
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let ended = run_loaded(&run, &loaded, BTreeMap::new(), &watcher, stop);
    stop.check()?;
    outcome.exit = ended.exit;
    outcome.texts = ended.texts;
    outcome.warnings = ended.warnings;
    outcome.problems.extend(ended.problems.into_iter().flat_map(|(_, found)| found));
    let report = ended.report.as_ref().and_then(|report| report.mapping(&name));
    let Some(report) = report.filter(|report| report.status == Status::DryRun).cloned() else { return Ok(None) };

    let means = Means { memory: request.given.memory, threads: request.given.threads, scratch: &scratch.path, stop };
    let files: Vec<PathBuf> = report.outputs.iter().map(|file| scratch.path.join(&file.file)).collect();
    let now = Table::open(&files, &scratch.path)?;
    let format = format::find(&report.format).expect("a mapping that ran is of a format");
    let looking = Looking {
        folders: &folders,
        loaded: &loaded,
        told_where: request.out.is_some(),
        memory: &Memory::of(&ProjectState::of(&loaded)?.home, request.given.environment.as_deref()),
        mapping: &name,
        beside: (&now.header, format),
        scratch: &scratch.path,
    };
    let last = looking.find()?;
    let before = last.as_ref().map(|last| last.table(&scratch.path)).transpose()?;
    let columns = report.key.iter().filter_map(|place| report.columns.get(*place).cloned()).collect();
    let key = Key { columns, ignores_case: report.key_ignores_case };
    let mut effects = Effects::new(format, &now.header);
    let mut table = means.tables(before.as_ref(), &now, &key, &mut |change| {
        effects.take(change);
        tell(change)
    })?;
    if let Some(was) = last.as_ref().and_then(|last| last.was(&report.outputs)) {
        table.identical = was && !only_changes;
    }
    Ok(Some(Plan {
        mapping: name,
        file: shown,
        only_changes,
        format,
        as_of: request.given.as_of.to_string(),
        last,
        report,
        table,
        effects,
    }))
}

/// The name of the one mapping that was asked for, its file as shown, and whether it writes changed rows alone.
fn one(loaded: &Loaded, path: &Path) -> Result<(String, String, bool), Wrong> {
    let asked: Vec<&MappingFile> = loaded.mappings.iter().filter(|file| file.asked).collect();
    let [file] = &asked[..] else {
        return Err(Wrong::Usage(format!("`{}` has {} mappings; plan takes one", path.display(), asked.len())));
    };
    let changes = file.mapping.as_ref().is_some_and(|mapping| mapping.output.changes.is_some());
    Ok((file.name.clone(), file.shown.clone(), changes))
}
