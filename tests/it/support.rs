//! What the integration tests share: running a folder of mappings in a place of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanguero::diagnostic::{Renderer, Style};
use tanguero::pipeline::{RunOutcome, RunRequest, Stage, Stop, Watcher, run};

/// Nobody watches.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn stage(&self, _mapping: &str, _stage: Stage) {}
    fn advance(&self, _done: u64) {}
    fn finished(&self, _mapping: &str) {}
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A request for `mappings`, with a fixed day and everything else as a user would have it.
pub fn request(current: &Path, mappings: &[&str]) -> RunRequest {
    RunRequest {
        mappings: mappings.iter().map(PathBuf::from).collect(),
        started: "2026-11-21T03:00:00Z".parse().unwrap(),
        threads: 2,
        force: true,
        ..RunRequest::new(current.to_path_buf(), jiff::civil::date(2026, 11, 20))
    }
}

/// Runs `request` without anybody watching.
pub fn go(request: &RunRequest) -> RunOutcome {
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    run(request, &watcher, &Stop::default())
}

/// Everything the outcome has to say, as a terminal without colour shows it.
pub fn messages(outcome: &RunOutcome) -> String {
    let renderer = Renderer::new(Style::Plain, &outcome.texts);
    let problems = outcome.problems.iter().flat_map(|(_, found)| found);
    renderer.render(outcome.warnings.iter().chain(problems))
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below `folder`, by its relative path.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}
