//! `tanguero notify`.

use std::process::ExitCode;

use clap::Args;

use crate::cli::given::Given;
use crate::cli::say::{MessageFormat, Say};
use crate::pipeline::{NotifyRequest, Situation, notify as tell};

/// Arguments of `notify`.
#[derive(Debug, Args)]
pub(super) struct NotifyArguments {
    #[command(flatten)]
    pub given: Given,
    /// Send a sample to everybody.
    #[arg(long)]
    pub test: bool,
}

/// Lists who is told of runs, and what came of the sample.
pub(super) fn notify(arguments: &NotifyArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let outcome = tell(&request);
    say.diagnostics(&outcome.problems, &outcome.texts);
    for (who, events, told) in &outcome.lines {
        let events: Vec<&str> = events.iter().map(|event| event.name()).collect();
        if say.format == MessageFormat::Json {
            let told = told.as_ref().map(|told| told.problem.is_none());
            let line = serde_json::json!({ "type": "recipient", "target": who, "on": events, "told": told });
            say.data(&crate::store::scrub(&format!("{line}\n")));
            continue;
        }
        let came = match told {
            None => String::new(),
            Some(told) if told.problem.is_none() => format!(": sample sent in {:.1} s", told.seconds),
            Some(_) => ": sample not sent".to_owned(),
        };
        say.data(&crate::store::scrub(&format!("{who} on {}{came}\n", events.join(", "))));
    }
    ExitCode::from(outcome.exit.code())
}

fn request(arguments: &NotifyArguments) -> Result<NotifyRequest, String> {
    let Situation { current, as_of, environment, variables, .. } = arguments.given.situation()?;
    Ok(NotifyRequest { current, as_of, environment, variables, test: arguments.test })
}
