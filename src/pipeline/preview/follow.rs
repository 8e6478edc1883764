//! Where the records of a key end: a run that publishes nothing, and what `why` reads from it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::output::{Finding, render, why};
use crate::pipeline::folders::keep_to;
use crate::pipeline::home::ProjectState;
use crate::pipeline::preview::{Following, Opened, Preview, PreviewFate};
use crate::pipeline::request::Unwatched;
use crate::pipeline::run::run_loaded;
use crate::pipeline::{Failure, RunRequest, Stop, Watcher};
use crate::project::Loaded;

/// Runs the mapping into `folder` and tells what becomes of `key`.
pub(super) fn run(
    request: &RunRequest,
    mut loaded: Loaded,
    opened: &Opened,
    preview: &Preview,
    key: &str,
    folder: &Path,
    stop: &Stop,
) -> Result<Following, Failure> {
    let root = loaded.project.root.clone();
    let recall_from = Some(ProjectState::of(&loaded)?.home);
    keep_to(folder, &mut loaded);
    let request = RunRequest { out: Some(folder.join("out")), recall_from, ..request.clone() };
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let outcome = run_loaded(&request, &loaded, BTreeMap::new(), &watcher, stop);
    stop.check()?;
    let Some(evidence) = outcome.evidence.filter(|_| outcome.report.is_some()) else {
        let first = outcome.problems.into_iter().flat_map(|(_, found)| found).next();
        return Err(first.map_or(Failure::Interrupted, Failure::World));
    };
    let mut found = why(&evidence, &root, &opened.prepared.resolved.name, &written_key(opened, preview, key))?;
    let everywhere_filtered = preview.records.iter().all(|record| record.fate == PreviewFate::Filtered);
    if everywhere_filtered && !preview.records.is_empty() {
        found.retain(|finding| !matches!(finding, Finding::Nowhere { .. }));
    }
    let seen = !preview.records.is_empty() || !found.iter().any(|finding| matches!(finding, Finding::Nowhere { .. }));
    Ok(Following { key: key.to_owned(), told: render(&found), seen })
}

/// The key as it is written: reports know it so.
fn written_key(opened: &Opened, preview: &Preview, key: &str) -> String {
    let resolved = &opened.prepared.resolved;
    let parts = |pick: fn(&crate::pipeline::PreviewCell) -> Option<&String>| {
        let record = preview.records.iter().find(|record| record.fate != PreviewFate::Filtered)?;
        let part = |index: &usize| {
            let name = &resolved.columns[*index].name;
            pick(record.cells.iter().find(|cell| cell.column == *name)?).cloned()
        };
        resolved.key.iter().map(part).collect::<Option<Vec<String>>>()
    };
    parts(|cell| cell.written.as_ref()).map_or_else(|| key.to_owned(), |parts| parts.join("|"))
}
