//! `tanguero history`: what every kept run did, from its evidence.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use serde::Serialize;

use crate::output::{Delivery, DeliveryAnswer, Problem, Rows, RunReport, Status};
use crate::pipeline::Unanswered;
use crate::pipeline::home::ProjectState;
use crate::project::{Options, load, named};

/// What is asked.
#[derive(Debug, Clone)]
pub struct HistoryRequest {
    /// One mapping only; none: all.
    pub mapping: Option<PathBuf>,
    /// The folder that relative paths start at.
    pub current: PathBuf,
    /// Runs of this environment only; none: all.
    pub environment: Option<String>,
    /// What variables in the project file may need.
    pub as_of: Date,
}

/// One mapping in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryLine {
    /// The run.
    pub run_id: String,
    /// When it began, in UTC.
    pub started: String,
    /// What "now" meant.
    pub as_of: String,
    /// The environment, if one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The mapping.
    pub mapping: String,
    /// How it ended.
    pub status: Status,
    /// Where its records went.
    pub rows: Rows,
    /// Limits that were lifted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// What became of the run's deliveries: `delivered`, `not delivered`, or `trigger not known`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<&'static str>,
    /// Why it published nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The lines of all kept runs, oldest first.
///
/// # Errors
/// A mapping that is not there, evidence that cannot be read.
pub fn history(request: &HistoryRequest) -> Result<Vec<HistoryLine>, Unanswered> {
    let options = Options { variables: BTreeMap::new(), environment: None, as_of: request.as_of };
    let paths: Vec<PathBuf> = request.mapping.iter().map(|mapping| named(mapping, &request.current)).collect();
    let loaded = load(&paths, &request.current, &options)?;
    let wanted = request.mapping.as_ref().and_then(|_| loaded.mappings.iter().find(|file| file.asked));
    let mut lines = Vec::new();
    for run in ProjectState::of(&loaded)?.runs()? {
        // A run that was killed before it could say anything has nothing to tell.
        let Some(report) = RunReport::read(&run)? else { continue };
        if request.environment.is_some() && report.environment != request.environment {
            continue;
        }
        let delivery = delivered(&report.deliveries);
        let (run_id, started, as_of) = (report.run_id, report.started, report.as_of);
        for mapping in report.mappings {
            if wanted.is_none_or(|wanted| wanted.name == mapping.mapping) {
                lines.push(HistoryLine {
                    run_id: run_id.clone(),
                    started: started.clone(),
                    as_of: as_of.clone(),
                    environment: report.environment.clone(),
                    mapping: mapping.mapping,
                    status: mapping.status,
                    rows: mapping.rows,
                    accepted: report.accepted.clone(),
                    delivery: delivery.filter(|_| mapping.status.stands()),
                    problem: mapping.problem,
                });
            }
        }
    }
    Ok(lines)
}

/// The worst of the steps; none if there was nothing to deliver.
fn delivered(steps: &[Delivery]) -> Option<&'static str> {
    let any = |answers: &[DeliveryAnswer]| steps.iter().any(|step| answers.contains(&step.answer));
    match steps {
        [] => None,
        _ if any(&[DeliveryAnswer::Failed, DeliveryAnswer::NotTried]) => Some("not delivered"),
        _ if any(&[DeliveryAnswer::Unknown]) => Some("trigger not known"),
        _ => Some("delivered"),
    }
}
