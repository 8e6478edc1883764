//! Where a project's state lies: in a folder of this machine, or on a shelf in a store with a working copy here.
//!
//! A shelf keeps whole objects under their names and nothing else: no renames, no locks of the system. What the memory needs of
//! it is little, because every object but the records has a name that no other run uses:
//!
//! - `published/<environment>/<mapping>/<day>.<run>.parquet` is a snapshot. It goes up under this name before anything is published;
//!   nobody looks at it until a record names it.
//! - `.staged-<run>.json` beside it is the record of what that run is about to publish. It goes up next; then the run publishes.
//! - `<day>.json` is the record that counts. It is written, whole, when the outputs stand; then the staged one goes.
//!
//! Whoever finds a staged record asks the target whether that run's files stand, and finishes or forgets it: on any machine,
//! for the working copy is never needed. What has a name of its own and the size its record tells is not fetched again. A lock
//! object keeps two runs from writing the memory of one mapping; readers take none.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::state::StateError;

/// A folder of a store, as the memory needs it. Every call waits for the store, within the store's own deadline.
pub trait Shelf: Debug + Send + Sync {
    /// The folder `name` in it.
    fn below(&self, name: &str) -> Arc<dyn Shelf>;

    /// Its URL as people may read it.
    fn shown(&self) -> String;

    /// Names of the folders in it.
    ///
    /// # Errors
    /// If the store does not answer.
    fn folders(&self) -> Result<Vec<String>, StateError>;

    /// Names of the objects in it.
    ///
    /// # Errors
    /// If the store does not answer.
    fn names(&self) -> Result<Vec<String>, StateError>;

    /// A small object; none if there is no such object.
    ///
    /// # Errors
    /// If the store does not answer.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError>;

    /// Puts a small object there, over whatever has the name, never seen in part.
    ///
    /// # Errors
    /// If the store does not take it.
    fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), StateError>;

    /// Sends a file of any size in parts, never seen in part.
    ///
    /// # Errors
    /// If it cannot be read, or the store does not take it.
    fn send(&self, name: &str, file: &Path) -> Result<(), StateError>;

    /// Fetches an object of `bytes` bytes into the local file `to`; false if there is none of this size.
    ///
    /// # Errors
    /// If the store does not answer, or the disk fails.
    fn fetch(&self, name: &str, bytes: u64, to: &Path) -> Result<bool, StateError>;

    /// Deletes an object; fine if there is none.
    ///
    /// # Errors
    /// If the store does not answer.
    fn remove(&self, name: &str) -> Result<(), StateError>;

    /// Takes the folder for `run_id`, and removes what a killed holder left half sent.
    ///
    /// # Errors
    /// At once if another run holds it; or if the store does not answer.
    fn lock(&self, run_id: &str) -> Result<Box<dyn ShelfLock>, StateError>;
}

/// The right to change a folder on a shelf; given back when dropped. It is renewed as long as the process lives.
pub trait ShelfLock: Debug + Send + Sync {
    /// Looks whether it is still held.
    ///
    /// # Errors
    /// If another run has taken it over, or the store does not answer.
    fn confirm(&self) -> Result<(), StateError>;
}

/// Where a project's state lies.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
    shelf: Option<Arc<dyn Shelf>>,
}

impl Home {
    /// In a folder of this machine.
    pub fn local(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), shelf: None }
    }

    /// On a shelf; `folder` is the working copy here, which may be lost.
    pub fn on(shelf: Arc<dyn Shelf>, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), shelf: Some(shelf) }
    }

    /// The folder of this machine: all of it, or the working copy.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The shelf, if it is on one.
    pub fn shelf(&self) -> Option<&Arc<dyn Shelf>> {
        self.shelf.as_ref()
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        self.shelf.as_ref().map_or_else(|| self.folder.display().to_string(), |shelf| shelf.shown())
    }
}

/// `name` as a folder on a shelf: what is no letter, digit, `.`, `_` or `-` by its number, since stores differ in what they take.
pub(super) fn spelt(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => out.push(char::from(byte)),
            other => out.push_str(&format!("={other:02X}")),
        }
    }
    out
}

/// The name that was [`spelt`] so; none if none was.
pub(super) fn unspelt(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_folder_of_its_own_and_comes_back() {
        for name in ["accounts", "env-prod", "Konten äöü", "a=b", "a/b", "x%2Fy", "", "…"] {
            let there = spelt(name);
            assert!(there.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-=".contains(&byte)), "{there}");
            assert_eq!(unspelt(&there).as_deref(), Some(name));
        }
        for never in ["=", "=4", "=zz", "=FF"] {
            assert_eq!(unspelt(never), None, "{never}");
        }
    }
}
