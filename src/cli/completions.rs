//! `tanguero completions`: what a shell needs to complete commands and flags.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::cli::arguments::Arguments;
use crate::cli::say::Say;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell to write for.
    pub shell: Shell,
}

pub(super) fn completions(arguments: &CompletionsArguments, say: &Say) -> ExitCode {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Arguments::command(), "tanguero", &mut script);
    say.data(&String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}
