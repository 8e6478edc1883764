//! `tanguero why`: where a record ended in a run, read from what the run left.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::output::{Finding, RunReport, find_run, render, runs, why as findings};
use crate::project::{Options, load, mapping_path};

/// What is asked.
#[derive(Debug, Clone)]
pub struct WhyRequest {
    /// The mapping's file.
    pub mapping: PathBuf,
    /// The folder that relative paths start at.
    pub current: PathBuf,
    /// The record's key, parts joined by `|`.
    pub key: String,
    /// A run's id or day; none: the last one.
    pub run: Option<String>,
    /// What variables in the project file may need.
    pub as_of: Date,
}

/// The answer in words, and whether the key was seen at all.
///
/// # Errors
/// A mapping that is not there, a run that was not kept, evidence that cannot be read.
pub fn why(request: &WhyRequest) -> Result<(String, bool), String> {
    let options = Options { variables: std::collections::BTreeMap::new(), environment: None, as_of: request.as_of };
    let mapping = mapping_path(&request.mapping, &request.current);
    let loaded = load(&[mapping], &request.current, &options)?;
    let name = loaded.mappings.iter().find(|file| file.asked).map(|file| file.name.clone()).unwrap_or_default();
    let root = &loaded.project.root;
    let state = loaded.project.file.as_ref().and_then(|file| file.state.as_ref());
    let state = root.join(state.map_or(".tanguero", |state| &state.value));
    let run = match &request.run {
        Some(wanted) => find_run(&state, Some(wanted)).map_err(|error| error.to_string())?,
        None => last_run_of(&state, &name)?,
    };
    let run = run.ok_or_else(|| match &request.run {
        Some(wanted) => format!("no kept run is of `{wanted}`; the last 30 are in {}", state.join("runs").display()),
        None => format!("no run was kept in {}; `tanguero run` keeps them", state.display()),
    })?;
    let found = findings(&run, root, &name, &request.key).map_err(|error| error.to_string())?;
    let seen = !found.iter().any(|finding| matches!(finding, Finding::Nowhere { .. } | Finding::NotInRun { .. }));
    Ok((render(&found), seen))
}

/// The newest kept run that had the mapping; the newest of all if none had.
fn last_run_of(state: &Path, mapping: &str) -> Result<Option<PathBuf>, String> {
    let mut all = runs(state).map_err(|error| error.to_string())?;
    let has =
        |run: &PathBuf| RunReport::read(run).ok().flatten().is_some_and(|report| report.mapping(mapping).is_some());
    match all.iter().rev().find(|run| has(run)) {
        Some(run) => Ok(Some(run.clone())),
        None => Ok(all.pop()),
    }
}
