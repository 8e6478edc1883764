//! `tanguero explain`: what a mapping becomes, or what a code means.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::cli::given::Given;
use crate::cli::say::Say;
use crate::diagnostic::{Diagnostic, Texts, code, code_entry, find_code, near_codes};
use crate::pipeline::{CheckRequest, Exit, View, explain as shown};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A mapping (its file, or its name if it lies in the project's `mappings/`), or a code: R204.
    #[arg(value_name = "MAPPING|CODE")]
    pub what: String,
    #[command(flatten)]
    pub given: Given,
    /// The engine's logical and physical plan instead of the SQL.
    #[arg(long, conflicts_with = "lineage")]
    pub plan: bool,
    /// Which source columns feed which target column.
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub lineage: Option<Form>,
}

/// How lineage is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// A table.
    Text,
    /// A flow chart in Mermaid, as Markdown pages show it.
    Mermaid,
}

pub(super) fn explain(arguments: &ExplainArguments, say: &Say) -> ExitCode {
    if is_code(&arguments.what) {
        return code(&arguments.what, say);
    }
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return refused(say, Diagnostic::error(&code::USAGE, message)),
    };
    let view = match (arguments.plan, arguments.lineage) {
        (true, _) => View::Plan,
        (_, Some(Form::Text)) => View::Lineage,
        (_, Some(Form::Mermaid)) => View::Mermaid,
        _ => View::Sql,
    };
    match shown(&request, view) {
        Ok(text) => {
            say.data(&text);
            ExitCode::SUCCESS
        }
        Err(why) => {
            say.diagnostics(&why.found, &why.texts);
            ExitCode::from(why.exit.code())
        }
    }
}

fn request(arguments: &ExplainArguments) -> Result<CheckRequest, String> {
    Ok(CheckRequest {
        mappings: vec![PathBuf::from(&arguments.what)],
        ..CheckRequest::new(arguments.given.situation()?)
    })
}

/// A letter and three digits, and no file of that name.
fn is_code(what: &str) -> bool {
    let mut letters = what.bytes();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    begins && what.len() == 4 && letters.all(|digit| digit.is_ascii_digit()) && !PathBuf::from(what).exists()
}

fn code(id: &str, say: &Say) -> ExitCode {
    if let Some(code) = find_code(id) {
        say.data(&code_entry(code));
        return ExitCode::SUCCESS;
    }
    let mut diagnostic = Diagnostic::error(&code::USAGE, format!("no code is called `{id}`"));
    for near in near_codes(id) {
        diagnostic = diagnostic.help(format!("{}: {}", near.id, near.title));
    }
    refused(say, diagnostic.help("all of them stand in docs/codes.md"))
}

fn refused(say: &Say, diagnostic: Diagnostic) -> ExitCode {
    say.diagnostics([&diagnostic], &Texts::new());
    ExitCode::from(Exit::Usage.code())
}
