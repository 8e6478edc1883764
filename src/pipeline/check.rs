//! `tanguero check`: everything that is wrong with mappings, found without reading a row.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Texts, code};
use crate::engine::Engine;
use crate::pipeline::deliver;
use crate::pipeline::folders::Folders;
use crate::pipeline::prepare::{Look, Surrounding, judge};
use crate::pipeline::set::beside_one_another;
use crate::pipeline::{Exit, Failure, RunRequest, Situation, target};
use crate::project::{Loaded, load};

/// What is to be checked.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// Mapping files and folders; none: `mappings/` of the project.
    pub mappings: Vec<PathBuf>,
    /// Where, when and with what it works.
    pub given: Situation,
    /// Read nothing but mappings, the project's file and query files: the columns of sources are unknown.
    pub offline: bool,
    /// A warning is as bad as an error.
    pub strict: bool,
}

impl CheckRequest {
    /// A check of the project's `mappings/`.
    pub fn new(given: Situation) -> Self {
        Self { mappings: Vec::new(), given, offline: false, strict: false }
    }
}

/// What was found.
#[derive(Debug)]
pub struct CheckOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// All of it: the project's file first, then mapping by mapping in file order, then what concerns several.
    pub found: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub texts: Texts,
    /// Mappings that were asked for.
    pub mappings: usize,
}

impl CheckOutcome {
    /// How many of what was found are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|one| one.severity == severity).count()
    }
}

/// Judges the mappings of `request`, all of them and all that is wrong with each.
pub fn check(request: &CheckRequest) -> CheckOutcome {
    let mut outcome = CheckOutcome { exit: Exit::Good, found: Vec::new(), texts: Texts::new(), mappings: 0 };
    match load(&request.mappings, &request.given.current, &request.given.options()) {
        Ok(loaded) => {
            outcome.texts.clone_from(&loaded.texts);
            outcome.mappings = loaded.mappings.iter().filter(|file| file.asked).count();
            if let Err(failure) = all(request, &loaded, &mut outcome) {
                outcome.add(failure.diagnostics(), failure.exit());
            }
        }
        Err(message) => outcome.add(vec![Diagnostic::error(&code::USAGE, message)], Exit::Usage),
    }
    if request.strict && !outcome.found.is_empty() {
        outcome.exit = outcome.exit.max(Exit::Mapping);
    }
    outcome
}

impl CheckOutcome {
    fn add(&mut self, found: Vec<Diagnostic>, exit: Exit) {
        self.found.extend(found);
        self.exit = self.exit.max(exit);
    }
}

fn all(request: &CheckRequest, loaded: &Loaded, outcome: &mut CheckOutcome) -> Result<(), Failure> {
    let project: Vec<Diagnostic> = loaded.diagnostics.iter().cloned().collect();
    outcome.add(project, if loaded.diagnostics.has_errors() { Exit::Mapping } else { Exit::Good });
    let run = RunRequest { mappings: request.mappings.clone(), ..RunRequest::of(&request.given) };
    // No rows, no spill files: the folder is only named.
    let engine =
        Engine::new(request.given.engine(&std::env::temp_dir())).map_err(|error| Failure::engine(&error, None))?;
    let around = Surrounding {
        project: &loaded.project,
        variables: &loaded.variables,
        request: &run,
        engine: &engine,
        fetch: None,
    };
    let look = if request.offline { Look::Offline } else { Look::Headers };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut prepared = Vec::new();
    for file in &loaded.mappings {
        let mut judged = runtime.block_on(judge(file, &around, look, &mut outcome.texts));
        let mut found = file.found.clone();
        found.extend(std::mem::take(&mut judged.found));
        let mut exit = if found.has_errors() { Exit::Mapping } else { Exit::Good };
        for absent in &judged.absent {
            exit = exit.max(absent.exit());
            absent.diagnostics().into_iter().for_each(|one| found.push(one));
        }
        prepared.extend(judged.prepared);
        outcome.add(in_file_order(found), exit);
    }
    let folders = Folders::new(&run, loaded);
    let mut places = target::misplaced(&folders, loaded);
    places.extend(deliver::judge(loaded, &folders, !request.offline));
    let exit = if places.has_errors() { Exit::Mapping } else { Exit::Good };
    outcome.add(in_file_order(places), exit);
    let set = beside_one_another(loaded.mappings.iter(), &prepared, &folders);
    let exit = if set.is_empty() { Exit::Good } else { Exit::Mapping };
    outcome.add(set, exit);
    Ok(())
}

fn in_file_order(mut found: Diagnostics) -> Vec<Diagnostic> {
    found.sort();
    found.iter().cloned().collect()
}
