//! `tanguero deliver`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::given::Given;
use crate::cli::run::listen;
use crate::cli::say::{MessageFormat, Say};
use crate::cli::summary;
use crate::output::Delivery;
use crate::pipeline::{DeliverRequest, Exit, Situation, Stop, deliver as carry_out};

/// Arguments of `deliver`.
#[derive(Debug, Args)]
pub(super) struct DeliverArguments {
    /// Folder the files were published to [default: the project's output.directory, else out].
    #[arg(long, value_name = "FOLDER", env = "TANGUERO_OUT")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub given: Given,
    /// List what has not arrived; send nothing, call nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Call triggers again of which nobody knows whether they were taken.
    #[arg(long)]
    pub call_again: bool,
}

/// Delivers what is owed; a line each on stdout in a dry run, else on stderr.
pub(super) fn deliver(arguments: &DeliverArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let stop = Stop::default();
    let signal = listen(&stop);
    let outcome = carry_out(&request, &stop);
    say.diagnostics(&outcome.warnings, &outcome.texts);
    say.diagnostics(&outcome.problems, &outcome.texts);
    let lines = summary::deliveries(&outcome.steps);
    if say.format == MessageFormat::Json {
        outcome.steps.iter().for_each(|step| say.data(&object(step)));
    } else if arguments.dry_run {
        if !lines.is_empty() {
            say.data(&format!("{lines}\n"));
        }
    } else if !say.quiet && !lines.is_empty() {
        say.line(&lines);
    }
    if let Some(folder) = &outcome.unpublished {
        say.line(&format!("nothing is published in {folder} yet: `tanguero run` does that, and delivers"));
    } else if outcome.exit == Exit::Good && outcome.steps.is_empty() {
        say.line("everything that is published has arrived");
    }
    match (outcome.exit, signal.load(std::sync::atomic::Ordering::Relaxed)) {
        (Exit::Interrupted, number) if number > 0 => ExitCode::from(128 + number),
        (exit, _) => ExitCode::from(exit.code()),
    }
}

/// A step for programs: a line.
fn object(step: &Delivery) -> String {
    let mut object = serde_json::json!({ "type": "delivery" });
    if let (Some(fields), Ok(serde_json::Value::Object(step))) = (object.as_object_mut(), serde_json::to_value(step)) {
        fields.extend(step);
    }
    format!("{object}\n")
}

fn request(arguments: &DeliverArguments) -> Result<DeliverRequest, String> {
    let Situation { current, as_of, environment, variables, .. } = arguments.given.situation()?;
    Ok(DeliverRequest {
        current,
        out: arguments.out.clone(),
        as_of,
        environment,
        variables,
        dry_run: arguments.dry_run,
        call_again: arguments.call_again,
    })
}
