//! What can go wrong with the memory of earlier runs.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Code;
use crate::store::StoreError;

/// Why the memory could not be read or written. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The disk or the operating system said no.
    #[error("cannot {action} `{path}`: {source}")]
    Disk {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not say what we once wrote.
    #[error("`{path}` {problem}; `tanguero state reset` forgets it, `tanguero state import` starts from an export")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A store did not do what was asked of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shelf cannot be used: another run holds it, or has taken it over.
    #[error("{message}")]
    Shelf {
        /// The code of the register.
        code: &'static Code,
        /// What is wrong.
        message: String,
    },
}

impl StateError {
    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Disk { action, path, source }
    }

    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), problem: problem.into() }
    }
}
