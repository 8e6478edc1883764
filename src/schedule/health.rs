//! The heartbeat: a small file that says that the daemon lives, what comes next and how the last runs ended.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schedule::kept::Ended;

/// The file of a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Of this layout: 1.
    pub version: u32,
    /// The process.
    pub pid: u32,
    /// When the process began, in UTC.
    pub since: String,
    /// When it wrote this, in UTC.
    pub beat: String,
    /// `waiting`, `running` or `stopping`.
    pub state: String,
    /// What is wrong with `tanguero.yaml`, if the schedules are those of before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Each schedule.
    pub schedules: Vec<Pulse>,
}

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pulse {
    /// Its name.
    pub name: String,
    /// When it fires, in words.
    pub cadence: String,
    /// Its next firing, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Since when it runs, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_since: Option<String>,
    /// How its last run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Ended>,
}

/// The name of the heartbeat in the folder of the schedules.
pub const HEARTBEAT: &str = "health.json";

impl Health {
    /// Reads a heartbeat.
    ///
    /// # Errors
    /// It is not there, or no heartbeat.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("no heartbeat at `{}`: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("`{}` is no heartbeat: {error}", path.display()))
    }

    /// Seconds since the last beat; a beat of the future counts by its distance, for clocks are set.
    pub fn age(&self, now: Timestamp) -> Option<i64> {
        let beat: Timestamp = self.beat.parse().ok()?;
        Some(now.duration_since(beat).as_secs().abs())
    }

    /// Writes it, whole or not at all; it need not survive a power cut.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string(self).expect("plain data") + "\n";
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let whole = path.with_file_name(format!(".{name}.new"));
        let written = std::fs::write(&whole, text).and_then(|()| std::fs::rename(&whole, path));
        written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
    }
}
