//! Two outputs that are there already: files, output folders, what runs left as evidence.

use std::path::{Path, PathBuf};

use crate::compare::Table;
use crate::output::{MANIFEST, OutputFile, RunReport, find_run, fingerprint, standing};
use crate::pipeline::Stop;
use crate::pipeline::diff::key::{Key, Wanted};
use crate::pipeline::diff::{Compared, DiffOutcome, DiffRequest, Means, Tell, Wrong};
use crate::pipeline::folders::{shown, temporary_folder};
use crate::pipeline::home::ProjectState;
use crate::pipeline::remembered::remembered;
use crate::project::{load_project, root_of};
use crate::state::Memory;

/// A table of one side.
struct Found {
    /// The mapping's name, or the file's stem.
    name: String,
    files: Vec<PathBuf>,
    /// What people call it, if not by its files.
    shown: Option<String>,
    /// What a `run.json` says about its key.
    key: Option<Key>,
}

/// One side: a file is one table, a folder one for each mapping.
struct Side {
    tables: Vec<Found>,
    shown: String,
    is_file: bool,
}

/// Compares the tables of two sides, each with the one of the same name.
pub(super) fn compare_with(
    request: &DiffRequest,
    (before, now): (&Path, &Path),
    wanted: &Wanted<'_>,
    stop: &Stop,
    tell: Tell<'_>,
    outcome: &mut DiffOutcome,
) -> Result<(), Wrong> {
    let scratch = temporary_folder("diff")?;
    let mut open_side = |path: &Path, which: &str| match path.to_str().and_then(|text| text.strip_prefix("state:")) {
        Some(wanted) => snapshot_side(wanted, request, &scratch.path.join(which), &mut outcome.notes),
        None => side(path, request),
    };
    let (old, new) = (open_side(before, "before")?, open_side(now, "now")?);
    let means = Means { memory: request.given.memory, threads: request.given.threads, scratch: &scratch.path, stop };
    for (one, other) in together(&old, &new, &mut outcome.notes)? {
        let open = |found: &Found| Table::open(&found.files, &scratch.path);
        let (left, right) = (open(one)?, open(other)?);
        let shown = |found: &Found| found.shown.clone().unwrap_or_else(|| names(&found.files, &request.given.current));
        let file = shown(other);
        let known = other.key.clone().or_else(|| one.key.clone());
        let key = wanted.key(&right.header, known, &file).map_err(Wrong::Usage)?;
        let whole = key.columns.iter().all(|name| left.header.contains(name));
        if !whole {
            let missing = format!(
                "{}: the old side has not all of the key {}; rows are matched by all their cells",
                other.name,
                key.columns.join(", ")
            );
            outcome.notes.push(missing);
        }
        let table = means.tables(Some(&left), &right, &key, &mut |change| tell(&other.name, change))?;
        outcome.differences.push(Compared {
            name: other.name.clone(),
            before: shown(one),
            now: file.clone(),
            file,
            is_new: false,
            same_input: false,
            key: if whole { key.columns } else { Vec::new() },
            table,
            rejects: Vec::new(),
        });
    }
    Ok(())
}

/// Which table of one side goes with which of the other.
fn together<'s>(old: &'s Side, new: &'s Side, notes: &mut Vec<String>) -> Result<Vec<(&'s Found, &'s Found)>, Wrong> {
    // A file's name says less than that it was named.
    match (&old.tables[..], &new.tables[..]) {
        ([one], [other]) if old.is_file || new.is_file => return Ok(vec![(one, other)]),
        _ => {}
    }
    let mut pairs = Vec::new();
    let has = |side: &'s Side, found: &Found| {
        let file = found.files.first().and_then(|file| file.file_name());
        side.tables.iter().find(|other| {
            other.name == found.name
                || (old.is_file || new.is_file) && other.files.first().and_then(|other| other.file_name()) == file
        })
    };
    for table in &new.tables {
        match has(old, table) {
            Some(other) => pairs.push((other, table)),
            None => notes.push(format!("{}: only in {}", table.name, new.shown)),
        }
    }
    let gone = old.tables.iter().filter(|table| has(new, table).is_none());
    notes.extend(gone.map(|table| format!("{}: only in {}", table.name, old.shown)));
    if pairs.is_empty() {
        let list = |side: &Side| side.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("nothing to compare: {} has {}, {} has {}", old.shown, list(old), new.shown, list(new));
        return Err(Wrong::Usage(message));
    }
    if old.is_file || new.is_file {
        // One file was asked about; what else lies in the folder was not.
        notes.clear();
    }
    Ok(pairs)
}

fn names(files: &[PathBuf], current: &Path) -> String {
    match files {
        [] => "nothing".to_owned(),
        [one] => shown(one, current),
        [first, rest @ ..] => format!("{} and {} more parts", shown(first, current), rest.len()),
    }
}

fn side(path: &Path, request: &DiffRequest) -> Result<Side, Wrong> {
    let full = request.given.current.join(path);
    let as_typed = path.to_string_lossy().into_owned();
    if full.is_file() && full.file_name().is_none_or(|name| name != MANIFEST) {
        let stem = full.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let key = full.parent().and_then(|folder| key_beside(folder, &full));
        let found = Found { name: stem, files: vec![full], shown: None, key };
        return Ok(Side { tables: vec![found], shown: as_typed, is_file: true });
    }
    let folder = if full.is_dir() {
        full
    } else if full.is_file() {
        full.parent().map(Path::to_path_buf).unwrap_or_default()
    } else {
        let state = state_of(request)?;
        state.bring_reports()?;
        let run = find_run(state.home.folder(), Some(&as_typed)).map_err(|error| Wrong::Usage(error.to_string()))?;
        run.ok_or_else(|| {
            let runs = PathBuf::from(state.home.shown()).join("runs");
            Wrong::Usage(format!(
                "`{as_typed}` is no file, no folder, and no run kept in {}",
                shown(&runs, &request.given.current)
            ))
        })?
    };
    let report = RunReport::read(&folder).map_err(|error| Wrong::Usage(error.to_string()))?;
    let Some(report) = report else {
        return Err(Wrong::Usage(format!(
            "`{as_typed}` has no run.json: name a file, or a folder that a run published to"
        )));
    };
    let tables = tables(&report, &folder, &as_typed)?;
    if tables.is_empty() {
        return Err(Wrong::Usage(format!("the run of `{as_typed}` published nothing")));
    }
    Ok(Side { tables, shown: as_typed, is_file: false })
}

/// What is remembered of a mapping: `accounts`, or of one day `accounts@2026-11-20`.
fn snapshot_side(wanted: &str, request: &DiffRequest, scratch: &Path, notes: &mut Vec<String>) -> Result<Side, Wrong> {
    let (mapping, day) = wanted.split_once('@').map_or((wanted, None), |(mapping, day)| (mapping, Some(day)));
    let memory = Memory::of(&state_of(request)?.home, request.given.environment.as_deref());
    let entry = match day {
        Some(day) => memory.on(mapping, day)?,
        None => memory.last(mapping)?,
    };
    let Some(entry) = entry else {
        let days: Vec<String> = memory.entries(mapping)?.into_iter().map(|entry| entry.published.as_of).collect();
        let known = if days.is_empty() { "nothing".to_owned() } else { days.join(", ") };
        return Err(Wrong::Usage(format!("`state:{wanted}`: of `{mapping}` there is {known} in {}", memory.shown())));
    };
    std::fs::create_dir_all(scratch)?;
    let shown = format!("state:{mapping}@{}", entry.published.as_of);
    let Some(found) = remembered(&entry, None, scratch)? else {
        return Err(Wrong::Usage(format!(
            "`{shown}` has counts and no snapshot: `state: {{snapshot: always}}` in tanguero.yaml keeps one of every mapping"
        )));
    };
    if entry.published.snapshot.as_ref().is_some_and(|file| file.keys_only) {
        notes.push(format!("{shown} holds keys and no values"));
    }
    let table =
        Found { name: mapping.to_owned(), files: vec![found.rows], shown: Some(shown.clone()), key: Some(found.key) };
    Ok(Side { tables: vec![table], shown, is_file: true })
}

/// The tables a run's report speaks of: beside it, or, for evidence, in the run's output folder if they still are the same.
fn tables(report: &RunReport, folder: &Path, as_typed: &str) -> Result<Vec<Found>, Wrong> {
    let is_evidence = folder.file_name().is_some_and(|name| *name == *report.run_id);
    let output = if is_evidence { root_of(folder).join(&report.output_folder) } else { folder.to_path_buf() };
    let mut tables = Vec::new();
    for kept in standing(report).into_iter().filter(|kept| !kept.outputs.is_empty()) {
        if is_evidence && kept.run_id != report.run_id {
            continue;
        }
        for file in kept.outputs.iter().filter(|_| is_evidence) {
            still_there(&output, file, as_typed)?;
        }
        tables.push(Found {
            files: kept.outputs.iter().map(|file| output.join(&file.file)).collect(),
            shown: None,
            key: key_of(report, &kept.mapping),
            name: kept.mapping,
        });
    }
    Ok(tables)
}

fn still_there(output: &Path, file: &OutputFile, as_typed: &str) -> Result<(), Wrong> {
    let path = output.join(&file.file);
    let found = fingerprint(&path).map_err(|error| Wrong::Usage(error.to_string()))?;
    if found.is_some_and(|(bytes, xxh3)| (bytes, &xxh3) == (file.bytes, &file.xxh3)) {
        return Ok(());
    }
    let now = RunReport::read(output)
        .ok()
        .flatten()
        .map_or(String::new(), |now| format!(" (run {} of {})", now.run_id, now.as_of));
    Err(Wrong::Usage(format!(
        "what run `{as_typed}` published is gone: `{}` has other bytes now{now}; keep dated copies to compare them",
        path.display()
    )))
}

/// What the `run.json` in `folder` says about the key of `file`.
fn key_beside(folder: &Path, file: &Path) -> Option<Key> {
    let report = RunReport::read(folder).ok().flatten()?;
    let name = file.file_name()?.to_string_lossy();
    let kept = standing(&report).into_iter().find(|kept| kept.outputs.iter().any(|output| output.file == name))?;
    key_of(&report, &kept.mapping)
}

/// By header names.
fn key_of(report: &RunReport, mapping: &str) -> Option<Key> {
    let report = report.mapping(mapping).filter(|report| !report.columns.is_empty())?;
    let columns = report.key.iter().map(|place| report.columns.get(*place).cloned()).collect::<Option<_>>()?;
    Some(Key { columns, ignores_case: report.key_ignores_case })
}

/// The state of the project around the current folder.
fn state_of(request: &DiffRequest) -> Result<ProjectState, Wrong> {
    let loaded = load_project(&request.given.current, &request.given.options()).map_err(Wrong::Usage)?;
    Ok(ProjectState::of_project(&loaded.project)?)
}
