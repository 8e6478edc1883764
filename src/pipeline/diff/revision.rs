//! What a changed mapping changes: the mapping as it was and as it stands, both run on the same input.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compare::Table;
use crate::diagnostic::{Diagnostic, Severity};
use crate::output::MappingReport;
use crate::pipeline::diff::{Compared, DiffOutcome, DiffRequest, Key, Means, Tell, Wrong, base, temporary_folder};
use crate::pipeline::folders::keep_to;
use crate::pipeline::request::Unwatched;
use crate::pipeline::run::run_loaded;
use crate::pipeline::{RunRequest, Stop, Watcher};
use crate::project::{Loaded, load, named};

/// Compares what `mapping` makes with what it made in `revision`.
pub(super) fn compare_with(
    request: &DiffRequest,
    mapping: &Path,
    revision: &str,
    stop: &Stop,
    tell: Tell<'_>,
    outcome: &mut DiffOutcome,
) -> Result<(), Wrong> {
    let path = named(mapping, &request.given.current);
    let (current, options) = (&request.given.current, request.given.options());
    let now = load(std::slice::from_ref(&path), current, &options).map_err(Wrong::Usage)?;
    let scratch = temporary_folder("diff")?;
    let tree = scratch.path.join("tree");
    let base = base::fetch(&path, revision, &tree).map_err(Wrong::Usage)?;
    let before = match &base.mapping {
        None => None,
        Some(mapping) => {
            let mut before = load(std::slice::from_ref(mapping), current, &options).map_err(Wrong::Usage)?;
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
        Some(before) => made(before, "before", &format!("as of {revision}"))?,
        None => Some(Made::default()),
    };
    let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
    let means = Means { memory: request.given.memory, threads: request.given.threads, scratch: &scratch.path, stop };
    let before = if base.mapping.is_some() { Some(Table::open(&old.files(), &scratch.path)?) } else { None };
    let now = Table::open(&new.files(), &scratch.path)?;
    let mut key = new.key();
    // Under another key each row would be a new one.
    if before.is_some() && old.key().columns.iter().collect::<BTreeSet<_>>() != key.columns.iter().collect() {
        key = Key::default();
    }
    let table = means.tables(before.as_ref(), &now, &key, &mut |change| tell(&name, change))?;
    outcome.differences.push(Compared {
        name,
        file: shown,
        before: base.revision,
        now: "as it stands".to_owned(),
        is_new: base.mapping.is_none(),
        same_input: true,
        key: key.columns,
        table,
        rejects: rejects(&old.report, &new.report),
    });
    Ok(())
}

/// What one run made.
#[derive(Default)]
struct Made {
    report: MappingReport,
    folder: PathBuf,
}

impl Made {
    fn files(&self) -> Vec<PathBuf> {
        self.report.outputs.iter().map(|file| self.folder.join(&file.file)).collect()
    }

    fn key(&self) -> Key {
        let columns = self.report.key.iter().filter_map(|place| self.report.columns.get(*place).cloned());
        Key { columns: columns.collect(), ignores_case: self.report.key_ignores_case }
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
        force: true,
        evidence: false,
        accept: vec!["rejects".to_owned()],
        ..RunRequest::of(&request.given)
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
