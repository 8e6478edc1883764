//! `tanguero check`: what is wrong with mappings, and a line that counts it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::given::Given;
use crate::cli::say::Say;
use crate::diagnostic::{Diagnostic, Severity};
use crate::pipeline::{CheckOutcome, CheckRequest, Exit, check as judge};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Mapping files, or folders of them; without any: `mappings/` of the project.
    pub mappings: Vec<PathBuf>,
    #[command(flatten)]
    pub given: Given,
    /// Open no source: their columns are unknown then, and SQL is only parsed.
    #[arg(long)]
    pub offline: bool,
    /// A warning ends with exit 3, as an error does.
    #[arg(long)]
    pub strict: bool,
}

pub(super) fn check(arguments: &CheckArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let outcome = judge(&request);
    let shown = |one: &&Diagnostic| one.severity == Severity::Error || request.strict || !say.quiet;
    say.diagnostics(outcome.found.iter().filter(shown), &outcome.texts);
    if outcome.exit != Exit::Usage {
        say.line(&last_line(&outcome));
    }
    ExitCode::from(outcome.exit.code())
}

fn request(arguments: &CheckArguments) -> Result<CheckRequest, String> {
    Ok(CheckRequest {
        mappings: arguments.mappings.clone(),
        offline: arguments.offline,
        strict: arguments.strict,
        ..CheckRequest::new(arguments.given.situation()?)
    })
}

/// `13 mappings, 0 errors, 2 warnings`
fn last_line(outcome: &CheckOutcome) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    [
        count(outcome.mappings, "mapping"),
        count(outcome.count(Severity::Error), "error"),
        count(outcome.count(Severity::Warning), "warning"),
    ]
    .join(", ")
}
