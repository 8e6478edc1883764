//! Why one mapping of a run published nothing.

use std::collections::BTreeMap;

use datafusion::error::DataFusionError;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Stage, code};
use crate::output::{OutputError, Problem, Status};
use crate::pipeline::Exit;
use crate::settle;
use crate::source::SourceError;
use crate::state::StateError;
use crate::store::StoreError;
use crate::yaml::Span;

/// Why one mapping published nothing.
#[derive(Debug)]
pub enum Failure {
    /// It is wrong, or does not fit its sources.
    Mapping(Diagnostics),
    /// Sources that are missing, empty, old, or cannot be read, each with where the mapping says what its files are.
    Source(Vec<(SourceError, Option<Place>)>),
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
            Self::Source(errors) => errors.iter().map(|(error, _)| source_exit(error)).max().unwrap_or(Exit::Failed),
            Self::World(diagnostic) => world_exit(diagnostic.code),
            Self::Refused(_) | Self::Held(_) => Exit::Refused,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// Whether more memory would have helped.
    pub(super) fn is_short_of_memory(&self) -> bool {
        matches!(self, Self::World(diagnostic) if diagnostic.code.id == code::MEMORY.id)
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
            Self::Source(errors) => errors.iter().map(|(error, place)| source(error, place.as_ref())).collect(),
            Self::Refused(reasons) => reasons.clone(),
            Self::Held(why) => vec![Diagnostic::error(&code::FAIL_POLICY, format!("held: {why}"))],
            Self::World(diagnostic) => vec![diagnostic.clone()],
            Self::Interrupted => vec![Diagnostic::error(&code::WORLD, "interrupted")],
        }
    }

    /// With the places at which the mapping says what the files of its sources are.
    #[must_use]
    pub(super) fn located(mut self, places: &BTreeMap<String, Place>) -> Self {
        if let Self::Source(errors) = &mut self {
            for (error, place) in errors {
                *place = place.take().or_else(|| places.get(&error.source).cloned());
            }
        }
        self
    }

    /// One failure of several: all sources that are at fault, or what the world did.
    pub(super) fn first_of(failures: Vec<Failure>) -> Self {
        let mut sources = Vec::new();
        for failure in failures {
            match failure {
                Self::Source(errors) => sources.extend(errors),
                other => return other,
            }
        }
        Self::Source(sources)
    }

    /// The first of it, as `run.json` has it.
    pub(super) fn problem(&self) -> Option<Problem> {
        let found = self.diagnostics();
        found.first().map(|first| Problem { code: first.code.id.to_owned(), message: first.message.clone() })
    }

    /// An engine error while `what` ran; `sql` is where the user's SQL stands, if there is any.
    pub(super) fn engine(error: &DataFusionError, sql: Option<(&str, Span)>) -> Self {
        if let Some(error) = SourceError::inside(error) {
            return error.clone().into();
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
        Self::Source(vec![(error, None)])
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::World(Diagnostic::error(error.code(), error.message).help(error.help))
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        let code = error.code();
        match error {
            OutputError::Interrupted => Self::Interrupted,
            OutputError::Store(error) => error.into(),
            error => Self::World(Diagnostic::error(code, error.to_string()).help(code.cure)),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let code = match error {
            StateError::Store(error) => return error.into(),
            StateError::Shelf { code, .. } => code,
            _ => &code::STATE,
        };
        Self::World(Diagnostic::error(code, error.to_string()).help(code.cure))
    }
}

/// Why a question about earlier runs has no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// What was typed cannot be done, in words.
    Usage(String),
    /// The memory, the evidence or a store failed.
    Failed(Failure),
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(message) => out.write_str(message),
            Self::Failed(failure) => {
                out.write_str(&failure.problem().map_or_else(|| "interrupted".to_owned(), |problem| problem.message))
            }
        }
    }
}

impl std::error::Error for Unanswered {}

impl From<String> for Unanswered {
    fn from(message: String) -> Self {
        Self::Usage(message)
    }
}

impl From<&str> for Unanswered {
    fn from(message: &str) -> Self {
        Self::Usage(message.to_owned())
    }
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StateError> for Unanswered {
    fn from(error: StateError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OutputError> for Unanswered {
    fn from(error: OutputError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
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

fn source_exit(error: &SourceError) -> Exit {
    let absent = [&code::SOURCE_MISSING, &code::SOURCE_EMPTY, &code::SOURCE_OLD];
    match error.code.stage {
        _ if absent.iter().any(|code| code.id == error.code.id) => Exit::Source,
        Stage::Mapping => Exit::Mapping,
        _ => world_exit(error.code),
    }
}

/// Stores, services and networks that failed.
static CALLED: [&Code; 9] = [
    &code::CLUSTER_FAILED,
    &code::STORE_FAILED,
    &code::ARCHIVE_FAILED,
    &code::MEMORY_LATE,
    &code::WEB_DENIED,
    &code::WEB_FAILED,
    &code::WEB_REFUSED,
    &code::WEB_UNKNOWN,
    &code::TOTANGO_UNSTEADY,
];

fn world_exit(code: &Code) -> Exit {
    match code.id {
        id if CALLED.iter().any(|code| code.id == id) => Exit::Store,
        id if [code::STORE_SETTING.id, code::WEB_ADDRESS.id].contains(&id) => Exit::Mapping,
        _ => Exit::Failed,
    }
}

fn source(error: &SourceError, place: Option<&Place>) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.code, error.message.clone());
    let diagnostic = match place {
        Some(place) => diagnostic.at(place.clone(), format!("source `{}`", error.source)),
        None => diagnostic,
    };
    match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic.help(error.code.cure),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
