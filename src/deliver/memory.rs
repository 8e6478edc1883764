//! What was delivered where: `<state>/deliveries.json`, written anew, whole, after every step, wherever the state lies.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::output::{OutputError, OutputFile, put_whole};
use crate::state::{Home, StateError};

/// Its name in the state folder.
const FILE: &str = "deliveries.json";

/// Of this layout.
const VERSION: u32 = 1;

/// What was delivered where, and which triggers were called.
#[derive(Debug, Default)]
pub struct Memory {
    /// None: nothing is kept.
    home: Option<Home>,
    kept: Kept,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    version: u32,
    /// By the place's key.
    places: BTreeMap<String, PlaceKept>,
    /// By the entry's key.
    triggers: BTreeMap<String, TriggerKept>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct PlaceKept {
    place: String,
    /// By name.
    files: BTreeMap<String, FileKept>,
    /// Uploads that were begun and not ended, by the file's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    open: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct FileKept {
    bytes: u64,
    xxh3: String,
    run_id: String,
    at: String,
}

/// A trigger's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TriggerKept {
    /// How far it is.
    pub state: TriggerState,
    /// The run that brought it there.
    pub run_id: String,
    /// When, in UTC.
    pub at: String,
}

/// How far a trigger is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TriggerState {
    /// Files arrived since it was called last.
    #[default]
    Owed,
    /// It is being called; who reads this later cannot know how that ended.
    Calling,
    /// It was called, and how that ended is not known.
    Unknown,
    /// It said yes.
    Answered,
}

impl Memory {
    /// A memory that ends with the process.
    pub fn none() -> Self {
        Self::default()
    }

    /// What the state has; empty if nothing was delivered yet.
    ///
    /// # Errors
    /// If it is there and cannot be read: going on could deliver everything again.
    pub fn read(home: &Home) -> Result<Self, OutputError> {
        let path = path_in(home);
        let bytes = match home.shelf() {
            Some(shelf) => shelf.read(FILE).map_err(told)?,
            None => match fs::read(&path) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(OutputError::Disk { action: "read", path, source: error }),
            },
        };
        let home = Some(home.clone());
        let Some(bytes) = bytes else {
            return Ok(Self { home, kept: Kept { version: VERSION, ..Kept::default() } });
        };
        let cure = "remove it to deliver everything again";
        let damaged = |problem: String| OutputError::Damaged { path: path.clone(), problem };
        let mut kept: Kept = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("does not say what was delivered ({error}): {cure}")))?;
        if kept.version != VERSION {
            return Err(damaged(format!("is of version {}, this is a program for {VERSION}: {cure}", kept.version)));
        }
        for trigger in kept.triggers.values_mut().filter(|trigger| trigger.state == TriggerState::Calling) {
            trigger.state = TriggerState::Unknown;
        }
        Ok(Self { home, kept })
    }

    /// Whether the place got exactly this file.
    pub fn has(&self, place: &str, file: &OutputFile) -> bool {
        let known = self.kept.places.get(place).and_then(|place| place.files.get(&file.file));
        known.is_some_and(|known| known.bytes == file.bytes && known.xxh3 == file.xxh3)
    }

    /// The place has the file now, and so the triggers of `entries` are owed.
    pub(super) fn arrived(
        &mut self,
        (place, shown): (&str, &str),
        file: &OutputFile,
        entries: &[&str],
        run_id: &str,
    ) -> Result<(), OutputError> {
        let place = self.place(place, shown);
        let kept = FileKept { bytes: file.bytes, xxh3: file.xxh3.clone(), run_id: run_id.to_owned(), at: now() };
        place.files.insert(file.file.clone(), kept);
        for entry in entries {
            self.note(entry, TriggerState::Owed, run_id);
        }
        self.write()
    }

    /// An upload was opened for a file, or is closed again.
    pub(super) fn opened(
        &mut self,
        (place, shown): (&str, &str),
        file: &str,
        id: Option<&str>,
    ) -> Result<(), OutputError> {
        let open = &mut self.place(place, shown).open;
        match id {
            Some(id) => open.insert(file.to_owned(), id.to_owned()),
            None => open.remove(file),
        };
        self.write()
    }

    /// The upload that was opened for a file and not closed.
    pub(super) fn left_open(&self, place: &str, file: &str) -> Option<String> {
        self.kept.places.get(place).and_then(|place| place.open.get(file)).cloned()
    }

    /// How far the trigger of an entry is; none if no file of it ever arrived.
    pub(super) fn trigger(&self, entry: &str) -> Option<&TriggerKept> {
        self.kept.triggers.get(entry)
    }

    /// The trigger of an entry is this far now.
    pub(super) fn called(&mut self, entry: &str, state: TriggerState, run_id: &str) -> Result<(), OutputError> {
        self.note(entry, state, run_id);
        self.write()
    }

    fn note(&mut self, entry: &str, state: TriggerState, run_id: &str) {
        let kept = TriggerKept { state, run_id: run_id.to_owned(), at: now() };
        self.kept.triggers.insert(entry.to_owned(), kept);
    }

    fn place(&mut self, key: &str, shown: &str) -> &mut PlaceKept {
        let place = self.kept.places.entry(key.to_owned()).or_default();
        shown.clone_into(&mut place.place);
        place
    }

    fn write(&self) -> Result<(), OutputError> {
        let Some(home) = &self.home else { return Ok(()) };
        let mut text = serde_json::to_vec_pretty(&self.kept).expect("a memory is plain data");
        text.push(b'\n');
        match home.shelf() {
            Some(shelf) => shelf.write(FILE, text).map_err(told),
            None => put_whole(&path_in(home), text),
        }
    }
}

/// The file, or the object, for messages too.
fn path_in(home: &Home) -> PathBuf {
    match home.shelf() {
        Some(shelf) => format!("{}/{FILE}", shelf.shown().trim_end_matches('/')).into(),
        None => home.folder().join(FILE),
    }
}

fn told(error: StateError) -> OutputError {
    match error {
        StateError::Store(error) => error.into(),
        error => OutputError::Damaged { path: FILE.into(), problem: format!("cannot be used: {error}") },
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
