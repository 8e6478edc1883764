//! `tanguero deliver`: what stands in the output folder goes where it has not arrived yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;

use crate::deliver::Outcome;
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::output::{Delivery, RunReport};
use crate::pipeline::deliver::{Carry, carry, judge, standing_files};
use crate::pipeline::folders::{Folders, shown};
use crate::pipeline::{Exit, Failure, RunRequest, Stop, target};
use crate::project::{Loaded, Options, load};

/// What is asked.
#[derive(Debug, Clone)]
pub struct DeliverRequest {
    /// The folder that relative paths start at; the project is around it.
    pub current: PathBuf,
    /// The output folder, if not the project's.
    pub out: Option<PathBuf>,
    /// What variables in the project file may need.
    pub as_of: Date,
    /// An environment of the project.
    pub environment: Option<String>,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Call triggers again of which nobody knows how they ended.
    pub call_again: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct DeliverOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// The output folder, if nothing was ever published to it.
    pub unpublished: Option<String>,
    /// What was done, or in a dry run would be.
    pub steps: Vec<Delivery>,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub texts: Texts,
}

/// Delivers what is owed, without running a mapping.
pub fn deliver(request: &DeliverRequest, stop: &Stop) -> DeliverOutcome {
    let options = Options {
        variables: request.variables.clone(),
        environment: request.environment.clone(),
        as_of: request.as_of,
    };
    let mut outcome = DeliverOutcome {
        exit: Exit::Good,
        unpublished: None,
        steps: Vec::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
        texts: Texts::new(),
    };
    let loaded = match load(&[], &request.current, &options) {
        Ok(loaded) => loaded,
        Err(message) => return outcome.ended(Exit::Usage, vec![Diagnostic::error(&code::USAGE, message)]),
    };
    outcome.texts.clone_from(&loaded.texts);
    let mut found = loaded.diagnostics.clone();
    if loaded.project.file.as_ref().is_none_or(|file| file.deliver.is_empty()) && !found.has_errors() {
        let message = "tanguero.yaml has no `deliver:`, so there is nowhere to deliver to";
        return outcome.ended(Exit::Usage, vec![Diagnostic::error(&code::USAGE, message)]);
    }
    let run = RunRequest { out: request.out.clone(), ..RunRequest::new(request.current.clone(), request.as_of) };
    let folders = Folders::new(&run, &loaded);
    found.extend(judge(&loaded, &folders, true));
    if found.has_errors() {
        return outcome.ended(Exit::Mapping, found.iter().cloned().collect());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(owed(request, &loaded, &folders, stop)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(None) => {
            outcome.unpublished = Some(shown(&folders.shown_output(), &loaded.project.root));
            outcome
        }
        Ok(Some(done)) => {
            let interrupted = done.interrupted;
            outcome.steps = done.steps;
            outcome.warnings = done.warnings;
            let exit = if done.problems.is_empty() { Exit::Good } else { Exit::Store };
            outcome.ended(if interrupted { Exit::Interrupted } else { exit }, done.problems)
        }
        Err(failure) => outcome.ended(failed(&failure), failure.diagnostics()),
    }
}

/// Its part in the process's exit code: whatever kept a file from arriving, the next run goes on.
pub(in crate::pipeline) fn failed(failure: &Failure) -> Exit {
    match failure {
        Failure::Interrupted => Exit::Interrupted,
        _ => Exit::Store,
    }
}

impl DeliverOutcome {
    fn ended(mut self, exit: Exit, problems: Vec<Diagnostic>) -> Self {
        self.exit = exit;
        self.problems = problems;
        self
    }
}

/// What was done; nothing if nothing is published.
async fn owed(
    request: &DeliverRequest,
    loaded: &Loaded,
    folders: &Folders,
    stop: &Stop,
) -> Result<Option<Outcome>, Failure> {
    let report = match &folders.target {
        Some(url) => target::folder_of(&loaded.project.stores, url)?.report().await?,
        None => RunReport::read(&folders.output)?,
    };
    let Some(report) = report else { return Ok(None) };
    carry(Carry {
        loaded,
        folders,
        standing: standing_files(&report, false),
        run_id: &report.run_id,
        remember: true,
        dry: request.dry_run,
        call_again: request.call_again,
        stop,
    })
    .await
    .map(Some)
}
