//! Where the memory lies: `<state>/published/<environment>/<mapping>/<day>.json`, a snapshot beside it where one was asked for.
//!
//! The record is the commit mark: a snapshot that no record names does not exist. Both are staged out of sight
//! while the outputs are published, so that the memory is never ahead of them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::state::entry::is_snapshot;
use crate::state::shelf::{spelt, unspelt};
use crate::state::staging::STAGED;
use crate::state::{Entry, Home, Published, Shelf, ShelfLock, Staging, StateError};

/// The memory of one environment.
#[derive(Debug, Clone)]
pub struct Memory {
    folder: PathBuf,
    shelf: Option<Arc<dyn Shelf>>,
}

impl Memory {
    /// The memory of `environment` in the state folder; nothing is made until something is kept.
    pub fn new(state: &Path, environment: Option<&str>) -> Self {
        Self::of(&Home::local(state), environment)
    }

    /// The memory of `environment`, wherever the state lies.
    pub fn of(home: &Home, environment: Option<&str>) -> Self {
        let name = environment.map_or_else(|| "default".to_owned(), |name| format!("env-{}", plain(name)));
        let shelf = home.shelf().map(|shelf| shelf.below("published").below(&spelt(&name)));
        Self { folder: home.folder().join("published").join(name), shelf }
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        self.shelf.as_ref().map_or_else(|| self.folder.display().to_string(), |shelf| shelf.shown())
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn shelf_of(&self, mapping: &str) -> Option<Arc<dyn Shelf>> {
        self.shelf.as_ref().map(|shelf| shelf.below(&spelt(mapping)))
    }

    /// Keeps other runs from writing the memory of `mapping`; none where the system's own locks do.
    ///
    /// # Errors
    /// At once if another run holds it; or if the store does not answer.
    pub fn claim(&self, mapping: &str, run_id: &str) -> Result<Option<Box<dyn ShelfLock>>, StateError> {
        self.shelf_of(mapping).map(|shelf| shelf.lock(run_id)).transpose()
    }

    /// Whether it lies on a shelf, where runs of other machines write too.
    pub fn is_shared(&self) -> bool {
        self.shelf.is_some()
    }

    /// Whether a run has staged something of `mapping` on the shelf; it may be under way.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn has_staged(&self, mapping: &str) -> Result<bool, StateError> {
        let names = self.shelf_of(mapping).map(|shelf| shelf.names()).transpose()?;
        Ok(names.iter().flatten().any(|name| name.starts_with(STAGED)))
    }

    /// Mappings of which anything is kept, by name.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn mappings(&self) -> Result<Vec<String>, StateError> {
        if let Some(shelf) = &self.shelf {
            let mut names: Vec<String> = shelf.folders()?.iter().filter_map(|name| unspelt(name)).collect();
            names.sort();
            return Ok(names);
        }
        let mut names = list(&self.folder)?;
        names.retain(|name| !name.starts_with('.') && self.folder.join(name).is_dir());
        Ok(names)
    }

    /// Every record of `mapping`, oldest day first.
    ///
    /// # Errors
    /// If a record cannot be read or is not ours.
    pub fn entries(&self, mapping: &str) -> Result<Vec<Entry>, StateError> {
        self.days(mapping)?.iter().map(|day| self.entry(mapping, day)).collect()
    }

    /// What was published last before the day `as_of` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn before(&self, mapping: &str, as_of: &str) -> Result<Option<Entry>, StateError> {
        let days = self.days(mapping)?;
        let day = days.iter().rfind(|day| day.as_str() < as_of);
        day.map(|day| self.entry(mapping, day)).transpose()
    }

    /// What was published on the day `as_of` itself.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn on(&self, mapping: &str, as_of: &str) -> Result<Option<Entry>, StateError> {
        let days = self.days(mapping)?;
        let day = days.iter().find(|day| day.as_str() == as_of);
        day.map(|day| self.entry(mapping, day)).transpose()
    }

    /// What was published last.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn last(&self, mapping: &str) -> Result<Option<Entry>, StateError> {
        let days = self.days(mapping)?;
        days.last().map(|day| self.entry(mapping, day)).transpose()
    }

    fn entry(&self, mapping: &str, day: &str) -> Result<Entry, StateError> {
        Entry::read(&self.folder.join(mapping), self.shelf_of(mapping), day)
    }

    fn days(&self, mapping: &str) -> Result<Vec<String>, StateError> {
        let names = match self.shelf_of(mapping) {
            Some(shelf) => shelf.names()?,
            None => list(&self.folder.join(mapping))?,
        };
        Ok(days_of(&names))
    }

    /// A hidden folder for what `run_id` is about to publish of `mapping`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn stage(&self, mapping: &str, run_id: &str) -> Result<Staging, StateError> {
        Staging::begin(self.folder.join(mapping), self.shelf_of(mapping), run_id)
    }

    /// What killed runs left staged of `mapping`, with the record of each that got so far. The caller knows whether the
    /// outputs of that run stand: if so it commits, else it discards. On a shelf only who has [claimed](Self::claim) the mapping
    /// may ask.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn staged(&self, mapping: &str) -> Result<Vec<(Staging, Option<Published>)>, StateError> {
        let target = self.folder.join(mapping);
        let mut found = Vec::new();
        if let Some(shelf) = self.shelf_of(mapping) {
            for name in shelf.names()?.iter().filter(|name| name.starts_with(STAGED)) {
                found.push(Staging::left_on(&shelf, &target, name)?);
            }
            return Ok(found);
        }
        for name in list(&target)?.into_iter().filter(|name| name.starts_with(STAGED)) {
            found.extend(Staging::left(&target, &name)?);
        }
        Ok(found)
    }

    /// Removes what nobody will ask for: on the shelf, snapshots whose run was killed before it said what it would publish; of
    /// the working copy, what the shelf has no more. Only who has [claimed](Self::claim) the mapping may ask; nothing is done
    /// while anything of it is staged.
    ///
    /// # Errors
    /// If the store or the disk fails.
    pub fn tidy(&self, mapping: &str) -> Result<(), StateError> {
        let Some(shelf) = self.shelf_of(mapping) else { return Ok(()) };
        let mut names = shelf.names()?;
        if names.iter().any(|name| name.starts_with(STAGED)) {
            return Ok(());
        }
        let days = days_of(&names);
        let mut surplus = Vec::new();
        for name in names.iter().filter(|name| name.ends_with(".parquet")) {
            let day = name.split('.').next().unwrap_or_default();
            let alone = names.iter().filter(|other| is_snapshot(other, day)).count() == 1;
            let known = days.iter().any(|known| known == day);
            let named =
                known && (alone || self.entry(mapping, day)?.published.snapshot.is_some_and(|own| own.file == *name));
            if !named {
                surplus.push(name.clone());
            }
        }
        for name in &surplus {
            shelf.remove(name)?;
        }
        names.retain(|name| !surplus.contains(name));
        let here = self.folder.join(mapping);
        // Other hidden files are being fetched by somebody who reads.
        let ours = |name: &&String| !name.starts_with('.') || name.starts_with(STAGED);
        for name in list(&here)?.iter().filter(ours).filter(|name| !names.contains(name)) {
            let path = here.join(name);
            let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            unless_missing(gone).map_err(StateError::disk("remove", &path))?;
        }
        Ok(())
    }

    /// Forgets all but the newest `kept` days of `mapping`; gives how many were forgotten.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn prune(&self, mapping: &str, kept: usize) -> Result<usize, StateError> {
        let days = self.days(mapping)?;
        let surplus = days.len().saturating_sub(kept);
        let shelf = self.shelf_of(mapping).filter(|_| surplus > 0);
        let names = shelf.as_ref().map(|shelf| shelf.names()).transpose()?.unwrap_or_default();
        let folder = self.folder.join(mapping);
        for day in &days[..surplus] {
            // The record first: without it the snapshot is nobody's.
            if let Some(shelf) = &shelf {
                shelf.remove(&format!("{day}.json"))?;
                names.iter().filter(|name| is_snapshot(name, day)).try_for_each(|name| shelf.remove(name))?;
            }
            remove(&folder.join(format!("{day}.json")))?;
            remove_snapshots(&folder, day, None)?;
        }
        Ok(surplus)
    }

    /// Forgets everything about `mapping`; false: there was nothing.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn reset(&self, mapping: &str) -> Result<bool, StateError> {
        let mut any = false;
        if let Some(shelf) = self.shelf_of(mapping) {
            let mut names = shelf.names()?;
            // Not the lock, which whoever asks for this holds.
            names.retain(|name| name.ends_with(".json") || name.ends_with(".parquet"));
            names.sort_by_key(|name| !name.ends_with(".json"));
            any = !names.is_empty();
            names.iter().try_for_each(|name| shelf.remove(name))?;
        }
        let folder = self.folder.join(mapping);
        match fs::remove_dir_all(&folder) {
            Ok(()) => Ok(any || self.shelf.is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(any),
            Err(error) => Err(StateError::disk("remove", &folder)(error)),
        }
    }
}

/// The days that names of records tell of, oldest first.
fn days_of(names: &[String]) -> Vec<String> {
    let plain = names.iter().filter(|name| !name.starts_with('.'));
    let mut days: Vec<String> = plain.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    days.sort();
    days
}

/// Names in `folder`, sorted; none if there is no such folder.
fn list(folder: &Path) -> Result<Vec<String>, StateError> {
    let all = || -> io::Result<Vec<String>> {
        let entries = fs::read_dir(folder)?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    };
    match all() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(StateError::disk("list", folder)),
    }
}

/// Removes the snapshots of `day` but for `own`.
pub(super) fn remove_snapshots(folder: &Path, day: &str, own: Option<&str>) -> Result<(), StateError> {
    let others =
        list(folder)?.into_iter().filter(|name| is_snapshot(name, day)).filter(|name| Some(name.as_str()) != own);
    others.into_iter().try_for_each(|name| remove(&folder.join(name)))
}

fn remove(path: &Path) -> Result<(), StateError> {
    unless_missing(fs::remove_file(path)).map_err(StateError::disk("remove", path))
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(super) fn sync(folder: &Path) -> Result<(), StateError> {
    File::open(folder).and_then(|handle| handle.sync_all()).map_err(StateError::disk("flush", folder))
}

/// An environment's name as a folder's: what is no letter, digit, `_` or `-` by its number.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
