//! `tanguero guess`: a draft on stdout or in a file, what it rests on on stderr.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::given::here_and_now;
use crate::cli::say::Say;
use crate::cli::summary::here;
use crate::diagnostic::Texts;
use crate::pipeline::{Exit, GuessOutcome, GuessRequest, guess as draft};

/// Arguments of `guess`.
#[derive(Debug, Args)]
pub(super) struct GuessArguments {
    /// File, glob or folder: CSV, TSV, Parquet, NDJSON or Arrow.
    pub source: String,
    /// The Totango format [default: the one that suits best].
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// Write the draft here instead of to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Let `--out` replace a file.
    #[arg(long, requires = "out")]
    pub force: bool,
}

pub(super) fn guess(arguments: &GuessArguments, say: &Say) -> ExitCode {
    let given = match here_and_now() {
        Ok(given) => given,
        Err(message) => return say.usage(message),
    };
    let outcome = draft(&GuessRequest {
        source: arguments.source.clone(),
        format: arguments.format.clone(),
        out: arguments.out.clone(),
        force: arguments.force,
        given,
    });
    say.diagnostics(&outcome.problems, &Texts::new());
    if let Some(exit) = outcome.exit {
        if !say.quiet && !outcome.ranking.is_empty() {
            say.line(ranking(&outcome).trim_end());
        }
        return ExitCode::from(exit.code());
    }
    if arguments.out.is_none() {
        say.data(&outcome.text);
    }
    if !say.quiet {
        say.line(&summary(arguments, &outcome));
    }
    ExitCode::from(Exit::Good.code())
}

fn summary(arguments: &GuessArguments, outcome: &GuessOutcome) -> String {
    let mut text = ranking(outcome);
    let (all, used) = outcome.columns;
    text.push_str(&format!("drafted `{}`: {used} of {all} columns used", outcome.format));
    match outcome.questions {
        0 => {}
        1 => text.push_str("; 1 QUESTION to answer"),
        questions => text.push_str(&format!("; {questions} QUESTIONS to answer")),
    }
    if !outcome.missing.is_empty() {
        text.push_str(&format!("; MISSING: {}", outcome.missing.join(", ")));
    }
    if let Some(root) = &outcome.lonely {
        let root = here(root);
        text.push_str(&format!(
            "\nno `tanguero.yaml` is here, so `{root}` is the project and outputs go to `{root}/out`; an empty one here makes this folder the project"
        ));
    }
    if let Some(out) = &arguments.out {
        text.push_str(&format!("\nnext: look it through, then `tanguero run --dry-run {}`", out.display()));
    } else {
        text.push_str("\nnext: save it with `--out mappings/NAME.yaml`");
    }
    text
}

/// Every format with its score, and why.
fn ranking(outcome: &GuessOutcome) -> String {
    let width = outcome.ranking.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let line = |(name, score, why): &(String, f64, String)| format!("{name:<width$}  {score:>5.1}  {why}\n");
    outcome.ranking.iter().map(line).collect()
}
