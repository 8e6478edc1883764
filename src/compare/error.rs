//! Why two tables cannot be compared.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why two tables cannot be compared.
#[derive(Debug)]
pub enum CompareError {
    /// A file cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file has no header that can be read, or another one than the first part of its table.
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong, in words.
        message: String,
    },
    /// The end was asked for.
    Stopped,
}

impl CompareError {
    /// An error of the system at `path`.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }
}

impl fmt::Display for CompareError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(formatter, "`{}`: {source}", path.display()),
            Self::Header { path, message } => write!(formatter, "`{}`: {message}", path.display()),
            Self::Stopped => write!(formatter, "interrupted"),
        }
    }
}

impl std::error::Error for CompareError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Header { .. } | Self::Stopped => None,
        }
    }
}
