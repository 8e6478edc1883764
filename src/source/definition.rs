//! What a source is told to be, and how opening or reading it can fail.

use std::fmt;
use std::path::{Path, PathBuf};

use datafusion::error::DataFusionError;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, code};
use crate::mapping::{Compression, CsvOptions, SourceKind};
use crate::store::{Reason, StoreError, Stores};

/// Bytes that one worker takes from a text file at a time: small enough for its columns to stay in the second-level cache.
pub const PIECE_BYTES: usize = 256 * 1024;

/// One entry of `sources:` with its variables filled in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceDefinition {
    /// Table name.
    pub name: String,
    /// Absolute path of a file or folder, a glob, or a URL of a store or file. A glob that ends in `/` means the folders it matches.
    pub pattern: String,
    /// From the file names unless said.
    pub kind: Option<SourceKind>,
    /// From the file names unless said.
    pub compression: Option<Compression>,
    /// Options of CSV and TSV files.
    pub csv: CsvOptions,
    /// No record in all files is no error.
    pub empty_is_ok: bool,
    /// A column that a file lacks is NULL in it.
    pub missing_columns_empty: bool,
    /// Oldest age of the newest file, in seconds.
    pub max_age: Option<u64>,
    /// Files inside this folder are shown relative to it.
    pub shown_base: PathBuf,
    /// Who reads what lies in a store.
    #[serde(skip)]
    pub stores: Stores,
    /// Columns the mapping names: in NDJSON, whose columns no header lists, and in empty files they are there in any case.
    pub asked: Vec<String>,
    /// Bytes a worker takes at a time; tests use tiny ones.
    pub piece_bytes: usize,
}

impl SourceDefinition {
    /// The source `name` in the files of `pattern`, every option at its default.
    pub fn new(name: impl Into<String>, pattern: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            pattern: pattern.into(),
            kind: None,
            compression: None,
            csv: CsvOptions::default(),
            empty_is_ok: false,
            missing_columns_empty: false,
            max_age: None,
            shown_base: PathBuf::new(),
            stores: Stores::default(),
            asked: Vec::new(),
            piece_bytes: PIECE_BYTES,
        }
    }

    /// Whether a file is read as `other` reads it, be it named anywhere.
    pub(super) fn reads_like(&self, other: &Self) -> bool {
        self.name == other.name
            && self.pattern == other.pattern
            && self.kind == other.kind
            && self.compression == other.compression
            && self.csv.is_same(&other.csv)
            && self.piece_bytes == other.piece_bytes
    }

    /// How `path` is named in reports and messages.
    pub(super) fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.shown_base).ok().filter(|rest| !rest.as_os_str().is_empty());
        match inside {
            Some(rest) if !self.shown_base.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
            _ => path.to_string_lossy().into_owned(),
        }
    }
}

/// Why a source cannot be opened or read on. Inside an engine error it is found again with [`SourceError::inside`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// From the register.
    pub code: &'static Code,
    /// The source's name.
    pub source: String,
    /// The file as shown, where it is one file's fault.
    pub file: Option<String>,
    /// The fact, with the file's name in it.
    pub message: String,
    /// The cure, where there is one better than the code's.
    pub help: Option<String>,
}

impl SourceError {
    /// `source` as a whole is at fault.
    pub(super) fn new(code: &'static Code, source: &str, message: impl Into<String>) -> Self {
        Self { code, source: source.to_owned(), file: None, message: message.into(), help: None }
    }

    /// One file is at fault: `message` is completed by its name.
    pub(super) fn file(code: &'static Code, source: &str, file: &str, message: impl fmt::Display) -> Self {
        Self {
            code,
            source: source.to_owned(),
            file: Some(file.to_owned()),
            message: format!("{file}: {message}"),
            help: None,
        }
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(source: &str, file: &str, why: impl fmt::Display) -> Self {
        Self::file(&code::SOURCE_UNREADABLE, source, file, why)
    }

    /// What a store did not do, for one `file` of it or for all.
    pub(super) fn store(source: &str, file: Option<&str>, error: &StoreError) -> Self {
        let code = match error.reason {
            Reason::Missing => &code::SOURCE_MISSING,
            Reason::Changed => &code::SOURCE_CHANGED,
            _ => error.code(),
        };
        let file = file.map(str::to_owned);
        Self { code, source: source.to_owned(), file, message: error.message.clone(), help: Some(error.help.clone()) }
    }

    /// With a cure.
    #[must_use]
    pub(super) fn help(mut self, cure: impl Into<String>) -> Self {
        self.help = Some(cure.into());
        self
    }

    /// The source error that made the engine stop, if it was one.
    pub fn inside(error: &DataFusionError) -> Option<&SourceError> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<SourceError>() {
                return Some(found);
            }
            cause = match error.downcast_ref::<DataFusionError>() {
                // The engine hides its own causes in some variants; these it shows.
                Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
                Some(DataFusionError::Context(_, inner)) => Some(inner.as_ref()),
                Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
                _ => error.source(),
            };
        }
        None
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "source `{}`: {}", self.source, self.message)
    }
}

impl std::error::Error for SourceError {}

impl From<SourceError> for DataFusionError {
    fn from(error: SourceError) -> Self {
        DataFusionError::External(Box::new(error))
    }
}
