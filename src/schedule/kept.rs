//! What is kept of the schedules between two lives of the daemon: which firing of each was the last, and how it ended.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::output::replace;

/// The file `<state>/schedule/last.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Of this layout: 1.
    pub version: u32,
    /// By name.
    pub schedules: BTreeMap<String, Last>,
}

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Last {
    /// When it fires, in words: another cadence begins anew.
    pub cadence: String,
    /// Up to this moment, in UTC, every firing was begun, or caught up with.
    pub until: String,
    /// A run that was begun for `until` and has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// How the last run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

impl Last {
    /// [`Last::until`] as a moment.
    pub fn until(&self) -> Option<Timestamp> {
        self.until.parse().ok()
    }
}

/// A run under way, or one that was killed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Begun {
    /// When, in UTC.
    pub at: String,
    /// So often the process died during it.
    pub died: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ended {
    /// The run.
    pub run_id: String,
    /// The firing, in UTC.
    pub firing: String,
    /// When it began, in UTC.
    pub began: String,
    /// When it ended, in UTC.
    pub ended: String,
    /// Its status, as in `run.json`.
    pub status: String,
    /// What `tanguero run` would have ended with.
    pub exit: u8,
    /// In a few words: rows, or what stopped it.
    pub words: String,
}

/// The folder of the schedules' own files.
pub fn folder(state: &Path) -> PathBuf {
    state.join("schedule")
}

impl Kept {
    /// What was kept; nothing if nobody ever kept the schedules.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn read(state: &Path) -> Result<Self, String> {
        let path = folder(state).join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("`{}` cannot be read: {error}", path.display())),
        };
        serde_json::from_str(&text).map_err(|error| {
            format!("`{}` is damaged ({error}): remove it, and the schedules begin anew", path.display())
        })
    }

    /// Keeps it, whole or not at all.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, state: &Path) -> Result<(), String> {
        let mut text = serde_json::to_vec_pretty(self).expect("plain data");
        text.push(b'\n');
        replace(&folder(state).join(FILE), text).map_err(|error| error.to_string())
    }
}

const FILE: &str = "last.json";
