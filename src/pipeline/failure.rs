//! Why one mapping of a run published nothing.

use datafusion::error::DataFusionError;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::output::{OutputError, Problem, Status};
use crate::pipeline::Exit;
use crate::settle;
use crate::source::SourceError;
use crate::yaml::Span;

/// Why one mapping published nothing.
#[derive(Debug)]
pub enum Failure {
    /// It is wrong, or does not fit its sources.
    Mapping(Diagnostics),
    /// A source is missing, empty, old, or cannot be read.
    Source(SourceError),
    /// Its data was refused.
    Refused(Vec<Diagnostic>),
    /// Another mapping published nothing, and this one waits for it; why, in words.
    Held(String),
    /// The world failed.
    World(Diagnostic),
    /// Stopped from outside.
    Interrupted,
}

impl Failure {
    /// Its part in the process's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Mapping(_) => Exit::Mapping,
            Self::Source(error) if is_absence(error) => Exit::Source,
            Self::Source(error) if error.code.stage == crate::diagnostic::Stage::Mapping => Exit::Mapping,
            Self::Source(_) | Self::World(_) => Exit::Failed,
            Self::Refused(_) | Self::Held(_) => Exit::Refused,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// Its word in `run.json`.
    pub fn status(&self) -> Status {
        match self {
            Self::Refused(_) => Status::Refused,
            Self::Held(_) => Status::Held,
            Self::Interrupted => Status::Interrupted,
            Self::Mapping(_) | Self::Source(_) | Self::World(_) => Status::Failed,
        }
    }

    /// What there is to say about it.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Mapping(found) => found.iter().cloned().collect(),
            Self::Source(error) => vec![source(error)],
            Self::Refused(reasons) => reasons.clone(),
            Self::Held(why) => vec![Diagnostic::error(&code::FAIL_POLICY, format!("held: {why}"))],
            Self::World(diagnostic) => vec![diagnostic.clone()],
            Self::Interrupted => vec![Diagnostic::error(&code::WORLD, "interrupted")],
        }
    }

    /// The first of it, as `run.json` has it.
    pub(super) fn problem(&self) -> Option<Problem> {
        let found = self.diagnostics();
        found.first().map(|first| Problem { code: first.code.id.to_owned(), message: first.message.clone() })
    }

    /// An engine error while `what` ran; `sql` is where the user's SQL stands, if there is any.
    pub(super) fn engine(error: &DataFusionError, sql: Option<(&str, Span)>) -> Self {
        if let Some(error) = SourceError::inside(error) {
            return Self::Source(error.clone());
        }
        let root = error.find_root();
        if let DataFusionError::ResourcesExhausted(message) = root {
            return Self::World(
                Diagnostic::error(&code::MEMORY, format!("the engine ran out of memory: {}", first_line(message)))
                    .help("raise `--memory`; joins and windows cannot move to disk"),
            );
        }
        let message = first_line(&root.message()).to_owned();
        match (sql, root) {
            (Some((path, span)), DataFusionError::Execution(_) | DataFusionError::ArrowError(..)) => Self::World(
                Diagnostic::error(&code::SQL_RUNTIME, format!("the SQL failed on a row: {message}"))
                    .at(Place::new(path, span), "in this SQL")
                    .help(
                        "the forgiving functions `integer(x)`, `number(x)`, `date(x)` and `try_cast` give NULL instead",
                    ),
            ),
            _ => Self::World(Diagnostic::error(&code::WORLD, format!("the engine failed: {message}"))),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        let code = error.code();
        Self::World(Diagnostic::error(code, error.to_string()).help(code.cure))
    }
}

impl From<settle::Error> for Failure {
    fn from(error: settle::Error) -> Self {
        let code = match &error {
            settle::Error::MemoryNeeded { .. } => &code::MEMORY,
            settle::Error::TooManyColumns { .. } => &code::TOO_MANY_COLUMNS,
            _ => &code::WORLD,
        };
        let diagnostic = Diagnostic::error(code, error.to_string()).help(code.cure);
        match error {
            settle::Error::TooManyColumns { .. } => Self::Refused(vec![diagnostic]),
            _ => Self::World(diagnostic),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::World(Diagnostic::error(&code::WORLD, error.to_string()))
    }
}

fn is_absence(error: &SourceError) -> bool {
    [&code::SOURCE_MISSING, &code::SOURCE_EMPTY, &code::SOURCE_OLD].iter().any(|code| code.id == error.code.id)
}

fn source(error: &SourceError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.code, error.message.clone());
    match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic.help(error.code.cure),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
