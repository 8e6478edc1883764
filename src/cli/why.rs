//! `tanguero why`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::given::today;
use crate::cli::say::Say;
use crate::pipeline::{WhyRequest, why as answer};

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    /// The mapping: its file, or its name if it lies in the project's `mappings/`.
    pub mapping: PathBuf,
    /// The record's key; the parts of a composite one joined by `|`.
    pub key: String,
    /// A run of the state folder instead of the last: its id, the day it was for, or `all` of them.
    #[arg(long, value_name = "ID|DATE|all")]
    pub run: Option<String>,
    /// Runs of this environment of tanguero.yaml only.
    #[arg(long, value_name = "NAME", env = "TANGUERO_ENV")]
    pub env: Option<String>,
}

/// Prints where the record ended; exit 1 if it was never seen.
pub(super) fn why(arguments: &WhyArguments, say: &Say) -> ExitCode {
    let request = WhyRequest {
        mapping: arguments.mapping.clone(),
        current: std::env::current_dir().unwrap_or_default(),
        key: arguments.key.clone(),
        run: arguments.run.clone(),
        environment: arguments.env.clone(),
        as_of: today(),
    };
    match answer(&request) {
        Ok((text, seen)) => {
            say.data(&text);
            ExitCode::from(u8::from(!seen))
        }
        Err(wrong) => say.unanswered(wrong),
    }
}
