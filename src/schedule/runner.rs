//! A firing as a run: what `tanguero run` would be asked, and what came of it in a few words.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::diagnostic::{Severity, escape};
use crate::output::RunReport;
use crate::pipeline::{Exit, RunOutcome, RunRequest, Stop, Unwatched, Watcher, run};

use crate::schedule::kept::Ended;
use crate::schedule::live::Runner;
use crate::schedule::plan::Plan;
use crate::schedule::words::utc;
use crate::schedule::world::Job;
use crate::store::scrub;

/// Runs mappings as `tanguero run` does.
#[derive(Debug, Clone)]
pub struct Runs {
    /// The project's folder.
    pub root: PathBuf,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Bytes each run may hold.
    pub memory: u64,
    /// Threads of each run.
    pub threads: usize,
}

impl Runs {
    /// What a run of `plan` is asked to do.
    pub fn request(&self, plan: &Plan, as_of: Date, started: Timestamp) -> RunRequest {
        RunRequest {
            mappings: plan.mappings.clone(),
            started,
            environment: plan.environment.clone(),
            variables: self.variables.clone(),
            memory: self.memory,
            threads: self.threads,
            ..RunRequest::new(self.root.clone(), as_of)
        }
    }
}

impl Runner for Runs {
    fn run(&self, job: &Job, started: Timestamp, stop: &Stop) -> (Ended, bool) {
        let request = self.request(&job.plan, job.as_of, started);
        let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
        let outcome = run(&request, &watcher, stop);
        let report = outcome.report.as_ref();
        let status = report.and_then(|report| serde_json::to_value(report.status).ok());
        let ended = Ended {
            run_id: report.map_or_else(|| "none".to_owned(), |report| report.run_id.clone()),
            firing: utc(job.firing.at),
            began: utc(started),
            ended: utc(Timestamp::now()),
            status: status.as_ref().and_then(|status| status.as_str()).unwrap_or("failed").to_owned(),
            exit: outcome.exit.code(),
            words: scrub(&in_words(&outcome)),
        };
        (ended, outcome.exit == Exit::Interrupted && stop.is_asked())
    }
}

/// One line: the rows, or what stopped it.
fn in_words(outcome: &RunOutcome) -> String {
    let Some(report) = &outcome.report else { return format!("failed: {}", stopped_by(outcome)) };
    let status = serde_json::to_value(report.status).ok();
    let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or("failed").replace('_', " ");
    match outcome.exit {
        Exit::Good => format!("{status}, {}", rows(report)),
        _ => format!("{status}: {}", stopped_by(outcome)),
    }
}

fn rows(report: &RunReport) -> String {
    let written: u64 = report.mappings.iter().map(|mapping| mapping.rows.written).sum();
    let rejected: u64 = report.mappings.iter().map(|mapping| mapping.rows.rejected).sum();
    format!("{written} {} written, {rejected} rejected", if written == 1 { "row" } else { "rows" })
}

fn stopped_by(outcome: &RunOutcome) -> String {
    let problems = outcome.problems.iter().flat_map(|(name, found)| found.iter().map(move |one| (name, one)));
    let mut errors = problems.filter(|(_, one)| one.severity == Severity::Error);
    let Some((name, first)) = errors.next() else { return "an unknown cause".to_owned() };
    let who = name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let more = match errors.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{who}{} [{}]{more}", escape(&first.message), first.code.id)
}
