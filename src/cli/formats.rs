//! `tanguero formats`: the catalogue on the screen.

use std::process::ExitCode;

use clap::Args;

use crate::cli::say::Say;
use crate::diagnostic::{Diagnostic, Texts, code, nearest};
use crate::format::{find, names, overview, screen};
use crate::pipeline::Exit;

/// Arguments of `formats`.
#[derive(Debug, Args)]
pub(super) struct FormatsArguments {
    /// One format in full: its columns, rules and limits, and a mapping to start from.
    pub name: Option<String>,
}

pub(super) fn formats(arguments: &FormatsArguments, say: &Say) -> ExitCode {
    let Some(name) = &arguments.name else {
        say.data(&overview());
        return ExitCode::SUCCESS;
    };
    if let Some(format) = find(name) {
        say.data(&screen(format));
        return ExitCode::SUCCESS;
    }
    let names: Vec<&str> = names().collect();
    let diagnostic = Diagnostic::error(&code::UNKNOWN_FORMAT, format!("unknown format `{name}`"));
    let diagnostic = match nearest(name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
        None => diagnostic.help(format!("formats: {}", names.join(", "))),
    };
    say.diagnostics([&diagnostic], &Texts::new());
    ExitCode::from(Exit::Usage.code())
}
