//! `tanguero why`: where a record ended in a run, read from what the run left.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::output::{Finding, RunReport, find_run, render, why as findings};
use crate::pipeline::Unanswered;
use crate::pipeline::home::ProjectState;
use crate::project::{Options, load, named};
use crate::settle::key_hash;
use crate::state::{Memory, StateError};

/// What is asked.
#[derive(Debug, Clone)]
pub struct WhyRequest {
    /// The mapping's file.
    pub mapping: PathBuf,
    /// The folder that relative paths start at.
    pub current: PathBuf,
    /// The record's key, parts joined by `|`.
    pub key: String,
    /// A run's id or day, or `all`; none: the last one.
    pub run: Option<String>,
    /// Runs of this environment only; none: all.
    pub environment: Option<String>,
    /// What variables in the project file may need.
    pub as_of: Date,
}

/// The answer in words, and whether the key was seen at all.
///
/// # Errors
/// A mapping that is not there, a run that was not kept, evidence that cannot be read.
pub fn why(request: &WhyRequest) -> Result<(String, bool), Unanswered> {
    let environment = request.environment.clone();
    let options = Options { variables: std::collections::BTreeMap::new(), environment, as_of: request.as_of };
    let mapping = named(&request.mapping, &request.current);
    let loaded = load(&[mapping], &request.current, &options)?;
    let name = loaded.mappings.iter().find(|file| file.asked).map(|file| file.name.clone()).unwrap_or_default();
    let state = ProjectState::of(&loaded)?;
    let asking = Asking {
        root: &loaded.project.root,
        state: &state,
        mapping: &name,
        key: &request.key,
        environment: request.environment.as_deref(),
    };
    if request.run.as_deref() == Some("all") {
        return asking.every_run();
    }
    let run = match &request.run {
        Some(wanted) => run_of(&state, wanted, request.environment.as_deref())?,
        None => last_run_of(&state, &name, request.environment.as_deref())?,
    };
    let run = run.ok_or_else(|| match &request.run {
        Some(wanted) => format!("no kept run is of `{wanted}`; the last 30 are in {}/runs", state.home.shown()),
        None => format!("no run was kept in {}; `tanguero run` keeps them", state.home.shown()),
    })?;
    let found = asking.findings(&run)?;
    Ok((render(&found), seen(&found)))
}

fn seen(found: &[Finding]) -> bool {
    !found.iter().any(|finding| matches!(finding, Finding::Nowhere { .. } | Finding::NotInRun { .. }))
}

/// A key whose end is asked for.
struct Asking<'a> {
    root: &'a Path,
    state: &'a ProjectState,
    mapping: &'a str,
    key: &'a str,
    environment: Option<&'a str>,
}

/// Whether a run is one of `environment`; any is if none is asked for.
fn is_of(report: &RunReport, environment: Option<&str>) -> bool {
    environment.is_none() || report.environment.as_deref() == environment
}

impl Asking<'_> {
    /// Every kept run that had the mapping, oldest first.
    fn every_run(&self) -> Result<(String, bool), Unanswered> {
        let (mut text, mut any) = (String::new(), false);
        for run in self.state.runs()? {
            let Some(report) = RunReport::read(&run)? else { continue };
            if report.mapping(self.mapping).is_none() || !is_of(&report, self.environment) {
                continue;
            }
            let found = self.findings(&run)?;
            any |= seen(&found);
            let blank = if text.is_empty() { "" } else { "\n" };
            text += &format!("{blank}run {} as of {}\n{}", report.run_id, report.as_of, render(&found));
        }
        if text.is_empty() {
            return Err(format!("no run of `{}` was kept in {}", self.mapping, self.state.home.shown()).into());
        }
        Ok((text, any))
    }

    /// What a run left of the key; where its files are replaced, or left the row out as unchanged, what is remembered.
    fn findings(&self, run: &Path) -> Result<Vec<Finding>, Unanswered> {
        self.state.bring_run(run)?;
        let mut found = findings(run, self.root, self.mapping, self.key)?;
        if seen(&found) {
            return Ok(found);
        }
        let report = RunReport::read(run)?;
        if let Some(report) = report.filter(|report| report.mapping(self.mapping).is_some_and(|of| of.status.stands()))
            && let Some(remembered) = self.remembered(&report)?
        {
            found.retain(|finding| !matches!(finding, Finding::Nowhere { .. } | Finding::Superseded { .. }));
            found.push(remembered);
        }
        Ok(found)
    }

    /// What the snapshot of a run says of the key, if it was among the rows of that run.
    fn remembered(&self, report: &RunReport) -> Result<Option<Finding>, StateError> {
        let memory = Memory::of(&self.state.home, report.environment.as_deref());
        let entry = memory.on(self.mapping, &report.as_of)?;
        let Some(entry) = entry.filter(|entry| entry.published.run_id == report.run_id) else { return Ok(None) };
        let Some(snapshot) = entry.snapshot()? else { return Ok(None) };
        let parts: Vec<&[u8]> = match entry.published.key.len() {
            1 => vec![self.key.as_bytes()],
            _ => self.key.split('|').map(str::as_bytes).collect(),
        };
        let hash = key_hash(&parts, entry.published.key_ignores_case);
        let mut rows = snapshot.all_rows()?;
        while rows.advance()? {
            let Some(row) = rows.row().filter(|row| row.key() == hash) else { continue };
            let filled = |place: &usize| row.is_filled(*place);
            let value = |place: usize| row.value(place).unwrap_or_default().to_owned();
            let fields = snapshot.columns().iter().enumerate();
            let fields = fields.filter(|(place, _)| filled(place)).map(|(place, name)| (name.clone(), value(place)));
            let was_there = row.seen() == report.as_of;
            return Ok(was_there.then(|| Finding::Remembered { as_of: report.as_of.clone(), fields: fields.collect() }));
        }
        Ok(None)
    }
}

/// The newest kept run of a day (its `--as-of`, else the day on which it began), or of an id.
fn run_of(state: &ProjectState, wanted: &str, environment: Option<&str>) -> Result<Option<PathBuf>, Unanswered> {
    let all = state.runs()?;
    let is_it = |report: RunReport| report.as_of == wanted && is_of(&report, environment);
    let as_of = |run: &&PathBuf| RunReport::read(run).ok().flatten().is_some_and(is_it);
    match all.iter().rev().find(as_of) {
        Some(run) => Ok(Some(run.clone())),
        None => Ok(find_run(state.home.folder(), Some(wanted))?),
    }
}

/// The newest kept run that had the mapping; the newest of all if none had.
fn last_run_of(state: &ProjectState, mapping: &str, environment: Option<&str>) -> Result<Option<PathBuf>, Unanswered> {
    let mut all = state.runs()?;
    let is_it = |report: RunReport| report.mapping(mapping).is_some() && is_of(&report, environment);
    let has = |run: &PathBuf| RunReport::read(run).ok().flatten().is_some_and(is_it);
    match all.iter().rev().find(|run| has(run)) {
        Some(run) => Ok(Some(run.clone())),
        // Of an environment only its own runs tell.
        None => Ok(all.pop().filter(|_| environment.is_none())),
    }
}
