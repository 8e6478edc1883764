//! Uploads that nobody will complete: who left them, and what became of them.

use serde::{Deserialize, Serialize};

use crate::output::Place;

/// An upload that is open in a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenUpload {
    /// In which of the run's two folders.
    pub place: Place,
    /// The name that the file would have had.
    pub name: String,
    /// The store's name for the upload, or the partial file's.
    pub id: String,
}

/// What a command found that an earlier one had left in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// The set of a killed run was decided, and is put in place now.
    Finished {
        /// That run.
        run_id: String,
    },
    /// An upload of a killed run, removed now.
    Removed {
        /// The object it was for, as people may read it.
        object: String,
        /// The upload.
        id: String,
        /// The run that opened it.
        run_id: String,
    },
    /// An upload that may be somebody else's, or that could not be removed: it takes room until it is.
    Open {
        /// The object it is for, as people may read it.
        object: String,
        /// Since when, as the store says it.
        since: String,
        /// What removes it.
        command: String,
    },
    /// A killed run's reports lie on the machine it ran on: the reports folder has older ones.
    ReportsElsewhere {
        /// That run.
        run_id: String,
    },
}
