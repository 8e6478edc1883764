//! `tanguero pull`: what Totango has, as a file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, ValueEnum};

use crate::cli::given::{Means, current_folder, today};
use crate::cli::progress::Progress;
use crate::cli::run::listen;
use crate::cli::say::Say;
use crate::cli::summary::{here, thousands};
use crate::mapping::{TotangoSearch, totango_url};
use crate::pipeline::{Exit, PullRequest, Stop, Watcher, pull as fetch};

/// Arguments of `pull`.
#[derive(Debug, Args)]
pub(super) struct PullArguments {
    /// What is searched for.
    #[arg(value_enum)]
    pub what: What,
    /// The query, as "Generate API endpoint" of a segment gives it.
    #[arg(long, value_name = "FILE")]
    pub query: PathBuf,
    /// The file to write; it appears whole or not at all.
    #[arg(long, value_name = "FILE.csv|FILE.parquet")]
    pub out: PathBuf,
    /// Where the service is.
    #[arg(long, value_enum, default_value_t = Region::Us, conflicts_with = "url")]
    pub region: Region,
    /// Totango's address, where it is none of the regions'.
    #[arg(long, value_name = "URL", env = "TOTANGO_URL")]
    pub url: Option<String>,
    /// The variable of the environment that holds the token.
    #[arg(long, value_name = "VARIABLE", default_value = "TOTANGO_TOKEN")]
    pub token_from: String,
    /// A filter that divides more records than a search reaches, as JSON; one for each part.
    #[arg(long, value_name = "JSON")]
    pub part: Vec<String>,
    /// Calls a minute, at most: all that share the token have 100 together.
    #[arg(long, value_name = "CALLS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: u64,
    #[command(flatten)]
    pub means: Means,
}

/// What can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// Accounts.
    Accounts,
    /// Users.
    Users,
}

/// Totango's regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Region {
    /// United States.
    Us,
    /// European Union.
    Eu,
}

/// Pulls; exit 7 if Totango does not answer.
pub(super) fn pull(arguments: &PullArguments, say: &Say) -> ExitCode {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return say.usage(message),
    };
    let stop = Stop::default();
    let signal = listen(&stop);
    let progress: Arc<dyn Watcher> = Arc::new(Progress::new(say.terminal && !say.quiet));
    let outcome = fetch(&request, &progress, &stop);
    drop(progress);
    say.diagnostics(&outcome.problems, &outcome.texts);
    if let Some(rows) = outcome.rows {
        let what = if rows == 1 { request.search.name().trim_end_matches('s') } else { request.search.name() };
        say.line(&format!("{} {what} in {}", thousands(rows), here(&request.current.join(&request.out))));
    }
    match (outcome.exit, signal.load(Ordering::Relaxed)) {
        (Exit::Interrupted, 15) => ExitCode::from(143),
        (exit, _) => ExitCode::from(exit.code()),
    }
}

fn request(arguments: &PullArguments) -> Result<PullRequest, String> {
    let variable = &arguments.token_from;
    let token = std::env::var(variable).ok().filter(|token| !token.trim().is_empty());
    let token = token.ok_or_else(|| format!("there is no token for Totango: the variable `{variable}` is not set"))?;
    let region = match arguments.region {
        Region::Us => "us",
        Region::Eu => "eu",
    };
    let url = arguments.url.clone().or_else(|| totango_url(region).map(str::to_owned)).unwrap_or_default();
    Ok(PullRequest {
        search: match arguments.what {
            What::Accounts => TotangoSearch::Accounts,
            What::Users => TotangoSearch::Users,
        },
        query: arguments.query.clone(),
        out: arguments.out.clone(),
        current: current_folder()?,
        url: url.trim().trim_end_matches('/').to_owned(),
        token: token.trim().to_owned(),
        parts: arguments.part.clone(),
        rate: arguments.rate,
        as_of: today(),
        memory: arguments.means.memory()?,
        threads: arguments.means.threads(),
    })
}
