//! `tanguero why`.

use std::process::ExitCode;

use crate::cli::arguments::WhyArguments;
use crate::cli::say::Say;
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::pipeline::{WhyRequest, why as answer};

/// Prints where the record ended; exit 1 if it was never seen.
pub(super) fn why(arguments: &WhyArguments, say: &Say) -> ExitCode {
    let request = WhyRequest {
        mapping: arguments.mapping.clone(),
        current: std::env::current_dir().unwrap_or_default(),
        key: arguments.key.clone(),
        run: arguments.run.clone(),
        as_of: super::run::today(),
    };
    match answer(&request) {
        Ok((text, seen)) => {
            say.data(&text);
            ExitCode::from(u8::from(!seen))
        }
        Err(message) => {
            say.diagnostics([&Diagnostic::error(&code::USAGE, message)], &Texts::new());
            ExitCode::from(2)
        }
    }
}
