//! What can go wrong between finished bytes and a published folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, code};
use crate::output::lock::LockHeld;
use crate::store::StoreError;

/// Why an output could not be written or put in place. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
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
    /// The new set is decided, but something failed before all of it was in its place.
    #[error("{0}; the new set is not all in its place yet: the next run or check of this folder puts it there")]
    Unfinished(Box<OutputError>),
    /// Another run works on the folder.
    #[error(transparent)]
    Locked(#[from] LockHeld),
    /// A store did not do what was asked of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another run has taken the target over, or its lock was deleted.
    #[error("the lock on `{folder}` was taken over{by} while this run prepared its files: nothing was published")]
    LockLost {
        /// The target.
        folder: String,
        /// Who has it now, with a leading ` by `; empty if nobody.
        by: String,
    },
    /// Nothing was published, and uploads could not be aborted either.
    #[error("{because}; uploads stay open until the next run on this target, or until: {}", commands.join("; "))]
    StillOpen {
        /// Why nothing was published.
        because: Box<OutputError>,
        /// What removes the uploads.
        commands: Vec<String>,
    },
    /// Stopped from outside before anything was decided.
    #[error("interrupted")]
    Interrupted,
    /// One row alone is larger than a part may be.
    #[error(
        "row {row} of `{file}` takes {bytes} bytes with the header, more than `split.size` of {size}: raise `split.size`"
    )]
    SplitTooSmall {
        /// The output's name.
        file: String,
        /// Its row, from 1.
        row: u64,
        /// What a part with only this row would take.
        bytes: u64,
        /// What a part may take.
        size: u64,
    },
    /// A file of ours does not say what we once wrote.
    #[error("`{path}` {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and the cure.
        problem: String,
    },
}

impl OutputError {
    /// Its entry in the register of codes.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Disk { .. } | Self::Damaged { .. } => &code::PUBLISH_FAILED,
            Self::Unfinished(error) => error.code(),
            Self::Locked(_) => &code::LOCKED,
            Self::Store(error) => error.code(),
            Self::LockLost { .. } => &code::LOCK_LOST,
            Self::StillOpen { because, .. } => because.code(),
            Self::Interrupted => &code::WORLD,
            Self::SplitTooSmall { .. } => &code::SPLIT_TOO_SMALL,
        }
    }

    /// Whether the network or a store failed, and another run may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Unfinished(error) | Self::StillOpen { because: error, .. } => error.is_transient(),
            _ => false,
        }
    }

    /// For `map_err`: `action` on `path` failed.
    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Disk { action, path, source }
    }

    /// `path` is not as we left it.
    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), problem: problem.into() }
    }
}
