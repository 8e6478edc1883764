//! The journal object: which open uploads make the new set, so that whoever comes next can finish it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::output::journal::Move;
use crate::output::remote::folder::RemoteFolder;
use crate::output::{OutputError, Place, Removal, folder};

/// A file whose parts are all there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Upload {
    pub place: Place,
    pub name: String,
    pub bytes: u64,
    pub xxh3: String,
    /// The store's name for the upload, or the partial file's.
    pub id: String,
    /// The store's names for its parts, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// What is left to do once a set is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RemoteJournal {
    pub version: u32,
    pub run_id: String,
    /// Where the reports go.
    pub reports: Destination,
    /// In the order in which they are completed.
    pub uploads: Vec<Upload>,
    /// Reports that go to a local folder.
    pub moves: Vec<Move>,
    pub removals: Vec<Removal>,
    /// The text of `run.json`, but for what the store says of the objects.
    pub manifest: String,
}

/// Where the reports of a run go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Destination {
    /// A folder of the machine the run is on.
    Local(PathBuf),
    /// A folder of a store, as people may read it.
    Store(String),
}

pub(super) const VERSION: u32 = 1;

impl RemoteJournal {
    /// The journal that a killed run left in `output`.
    pub async fn read(output: &RemoteFolder) -> Result<Option<Self>, OutputError> {
        let Some(found) = output.read(folder::JOURNAL).await? else { return Ok(None) };
        let damaged = |problem: String| {
            OutputError::damaged(
                output.object(folder::JOURNAL).as_ref(),
                format!("{problem}; the target's set is undecided: delete the object and run again"),
            )
        };
        let journal: Self =
            serde_json::from_slice(&found.bytes).map_err(|error| damaged(format!("is not a journal: {error}")))?;
        if journal.version != VERSION {
            return Err(damaged(format!("is of version {}, this is a program for {VERSION}", journal.version)));
        }
        let names = journal.uploads.iter().map(|upload| &upload.name);
        let names = names.chain(journal.moves.iter().map(|file| &file.name));
        let names = names.chain(journal.removals.iter().map(|file| &file.name)).chain([&journal.run_id]);
        if let Some(name) = names.into_iter().find(|name| !folder::is_plain(name)) {
            return Err(damaged(format!("names `{}`, which is no plain file name", name.escape_debug())));
        }
        Ok(Some(journal))
    }

    /// Its text.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a journal is plain data")
    }
}
