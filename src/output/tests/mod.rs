//! Tests of the room as a whole: folders before and after.

mod killing;
mod locking;
mod publishing;
mod reports;
mod stopping;
mod tables;
mod tracing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::output::{Lock, MappingReport, OutputFile, Place, PublishPlan, RunReport, Staged, Staging, Status, succeed};

/// A folder in memory where there is one: these tests flush thousands of files.
fn home() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Names and contents of a folder, hidden ones too.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let entries = entries.map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let text =
                if entry.path().is_dir() { "a folder".into() } else { fs::read_to_string(entry.path()).unwrap() };
            (name, text)
        })
        .collect()
}

fn stage(staging: &Staging<'_>, place: Place, name: &str, text: &str) -> Staged {
    let mut file = staging.create(place, name).unwrap();
    file.append(text.as_bytes()).unwrap();
    file.finish(1).unwrap()
}

pub(in crate::output) fn run_report(run_id: &str, apart: bool) -> RunReport {
    RunReport {
        version: 1,
        run_id: run_id.into(),
        status: Status::Published,
        as_of: "2026-11-21".into(),
        mappings: Vec::new(),
        tanguero: "0.1.0".into(),
        started: String::new(),
        ended: String::new(),
        accepted: Vec::new(),
        variables: Vec::new(),
        environment: None,
        output_folder: "out".into(),
        reports_folder: apart.then(|| "reports".into()),
        kept: Vec::new(),
        objects: Vec::new(),
        exit: None,
        deliveries: Vec::new(),
        notifications: Vec::new(),
    }
}

pub(in crate::output) fn mapping_report(mapping: &str, status: Status, staged: &[Staged]) -> MappingReport {
    let of = |place| -> Vec<OutputFile> {
        staged.iter().filter(|file| file.place == place).map(|file| file.file.clone()).collect()
    };
    MappingReport {
        mapping: mapping.into(),
        format: "accounts".into(),
        status,
        outputs: of(Place::Output),
        reports: of(Place::Reports),
        ..MappingReport::default()
    }
}

/// A plan that publishes `files`, given by mapping, as a run of its own would.
fn plan(staging: &Staging<'_>, files: &[(&str, Vec<Staged>)]) -> PublishPlan {
    let previous = RunReport::read(staging.output()).unwrap();
    let mut report = run_report(staging.run_id(), staging.reports().is_some());
    report.mappings = files.iter().map(|(mapping, files)| mapping_report(mapping, Status::Published, files)).collect();
    let remove = succeed(previous.as_ref(), &mut report);
    let files = files.iter().flat_map(|(_, files)| files.clone()).collect();
    PublishPlan { files, remove, manifest: report.to_json() }
}

/// Locks, stages (place, name, text) and publishes, all for the mapping `accounts`.
fn publish(output: &Path, reports: Option<&Path>, run_id: &str, files: &[(Place, &str, &str)]) {
    let lock = Lock::take(output, run_id).unwrap();
    let staging = Staging::begin(&lock, reports, run_id).unwrap();
    let staged = files.iter().map(|(place, name, text)| stage(&staging, *place, name, text)).collect();
    let plan = plan(&staging, &[("accounts", staged)]);
    staging.publish(plan).unwrap();
}
