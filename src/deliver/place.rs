//! A place that files are delivered to: a folder of this machine or of a store.

use std::path::PathBuf;

use crate::output::{OutputError, OutputFile, RemoteFolder, Staged, copy_file, has_file};

/// A place that files are delivered to.
#[derive(Debug, Clone)]
pub struct Place {
    /// What it is remembered by: it tells two places apart and holds no secret.
    pub key: String,
    /// As people may read it.
    pub shown: String,
    /// What it is.
    pub to: To,
}

/// What a place is.
#[derive(Debug, Clone)]
pub enum To {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder of a store.
    Store(RemoteFolder),
}

impl Place {
    /// Whether the file stands there, byte by byte.
    pub(super) async fn has(&self, file: &OutputFile) -> Result<bool, OutputError> {
        match &self.to {
            To::Folder(folder) => has_file(folder, file),
            To::Store(folder) => folder.has(file).await,
        }
    }

    /// Puts the file there, whole or not at all.
    pub(super) async fn put(
        &self,
        staged: &Staged,
        opened: &mut (dyn FnMut(Option<&str>) -> Result<(), OutputError> + Send),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), OutputError> {
        match &self.to {
            To::Folder(folder) => copy_file(staged, folder),
            To::Store(folder) => folder.put_file(staged, opened, stop).await,
        }
    }

    /// Closes what a killed process left open there; fine if it is closed.
    pub(super) async fn close(&self, name: &str, id: &str) -> Result<(), OutputError> {
        match &self.to {
            To::Folder(_) => Ok(()),
            To::Store(folder) => folder.close(name, id).await,
        }
    }
}
