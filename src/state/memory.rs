//! Where the memory lies: `<state>/published/<environment>/<mapping>/<day>.json`, a snapshot beside it where one was asked for.
//!
//! The record is the commit mark: a snapshot that no record names does not exist. Both are staged in a hidden folder
//! while the outputs are published, so that the memory is never ahead of them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::state::published::VERSION;
use crate::state::{Published, Snapshot, StateError};

/// What a staging folder's name begins with; the run's id follows.
const STAGED: &str = ".staged-";
/// The record in a staging folder.
const RECORD: &str = "published.json";
/// The snapshot there.
const SNAPSHOT: &str = "snapshot.parquet";
/// The lock there.
const ALIVE: &str = "alive";

/// The memory of one environment.
#[derive(Debug, Clone)]
pub struct Memory {
    folder: PathBuf,
}

/// What was published of a mapping for one day.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The record.
    pub published: Published,
    folder: PathBuf,
}

/// A record and perhaps a snapshot that do not count yet. Dropped before there is a record, they are removed.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    folder: PathBuf,
    /// Locked while its run lives; the system gives it back when the process dies.
    _alive: File,
    recorded: bool,
}

impl Memory {
    /// The memory of `environment` in the state folder; nothing is made until something is kept.
    pub fn new(state: &Path, environment: Option<&str>) -> Self {
        let name = environment.map_or_else(|| "default".to_owned(), |name| format!("env-{}", plain(name)));
        Self { folder: state.join("published").join(name) }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Mappings of which anything is kept, by name.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn mappings(&self) -> Result<Vec<String>, StateError> {
        let mut names = list(&self.folder)?;
        names.retain(|name| !name.starts_with('.') && self.folder.join(name).is_dir());
        Ok(names)
    }

    /// Every record of `mapping`, oldest day first.
    ///
    /// # Errors
    /// If a record cannot be read or is not ours.
    pub fn entries(&self, mapping: &str) -> Result<Vec<Entry>, StateError> {
        let folder = self.folder.join(mapping);
        self.days(mapping)?.iter().map(|day| Entry::read(&folder, day)).collect()
    }

    /// What was published last before the day `as_of` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn before(&self, mapping: &str, as_of: &str) -> Result<Option<Entry>, StateError> {
        let days = self.days(mapping)?;
        let day = days.iter().rfind(|day| day.as_str() < as_of);
        day.map(|day| Entry::read(&self.folder.join(mapping), day)).transpose()
    }

    /// What was published on the day `as_of` itself.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn on(&self, mapping: &str, as_of: &str) -> Result<Option<Entry>, StateError> {
        let days = self.days(mapping)?;
        let day = days.iter().find(|day| day.as_str() == as_of);
        day.map(|day| Entry::read(&self.folder.join(mapping), day)).transpose()
    }

    /// What was published last.
    ///
    /// # Errors
    /// As [`Self::entries`].
    pub fn last(&self, mapping: &str) -> Result<Option<Entry>, StateError> {
        let days = self.days(mapping)?;
        days.last().map(|day| Entry::read(&self.folder.join(mapping), day)).transpose()
    }

    fn days(&self, mapping: &str) -> Result<Vec<String>, StateError> {
        let names = list(&self.folder.join(mapping))?;
        let days = names.into_iter().filter(|name| !name.starts_with('.'));
        Ok(days.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect())
    }

    /// A hidden folder for what `run_id` is about to publish of `mapping`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn stage(&self, mapping: &str, run_id: &str) -> Result<Staging, StateError> {
        let target = self.folder.join(mapping);
        let folder = target.join(format!("{STAGED}{run_id}"));
        fs::create_dir_all(&folder).map_err(StateError::disk("make the folder", &folder))?;
        let alive = Self::alive(&folder)?;
        let alive = alive.ok_or_else(|| StateError::damaged(&folder, "is in use by a run of the same id"))?;
        Ok(Staging { target, folder, _alive: alive, recorded: false })
    }

    /// The lock that shows that the run which staged in `folder` lives; none if it does.
    fn alive(folder: &Path) -> Result<Option<File>, StateError> {
        let path = folder.join(ALIVE);
        let open = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(StateError::disk("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StateError::disk("lock", &path)(error)),
        }
    }

    /// What killed runs left staged, with the record of each that got so far. The caller knows whether the outputs of that
    /// run stand: if so it commits, else it discards.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn staged(&self) -> Result<Vec<(Staging, Option<Published>)>, StateError> {
        let mut found = Vec::new();
        for mapping in self.mappings()? {
            let target = self.folder.join(mapping);
            for name in list(&target)?.into_iter().filter(|name| name.starts_with(STAGED)) {
                let folder = target.join(name);
                let Some(alive) = Self::alive(&folder)? else { continue };
                let staging = Staging { folder, target: target.clone(), _alive: alive, recorded: true };
                // Half a record is none: the run had not come to publishing.
                let record = read(&staging.folder.join(RECORD)).ok().flatten();
                found.push((staging, record));
            }
        }
        Ok(found)
    }

    /// Forgets all but the newest `kept` days of `mapping`; gives how many were forgotten.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn prune(&self, mapping: &str, kept: usize) -> Result<usize, StateError> {
        let days = self.days(mapping)?;
        let surplus = days.len().saturating_sub(kept);
        for day in &days[..surplus] {
            let folder = self.folder.join(mapping);
            // The record first: without it the snapshot is nobody's.
            remove(&folder.join(format!("{day}.json")))?;
            remove_snapshots(&folder, day, None)?;
        }
        Ok(surplus)
    }

    /// Forgets everything about `mapping`; false: there was nothing.
    ///
    /// # Errors
    /// If its folder cannot be removed.
    pub fn reset(&self, mapping: &str) -> Result<bool, StateError> {
        let folder = self.folder.join(mapping);
        match fs::remove_dir_all(&folder) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StateError::disk("remove", &folder)(error)),
        }
    }
}

impl Entry {
    fn read(folder: &Path, day: &str) -> Result<Self, StateError> {
        let path = folder.join(format!("{day}.json"));
        let published = read(&path)?.ok_or_else(|| StateError::damaged(&path, "is gone"))?;
        Ok(Self { published, folder: folder.to_path_buf() })
    }

    /// The snapshot of that day, if one was asked for.
    ///
    /// # Errors
    /// If it is gone or cannot be read.
    pub fn snapshot(&self) -> Result<Option<Snapshot>, StateError> {
        let path = |file: &crate::state::SnapshotFile| self.folder.join(&file.file);
        self.published.snapshot.as_ref().map(|file| Snapshot::open(&path(file))).transpose()
    }

    /// Where it lies.
    pub fn snapshot_path(&self) -> Option<PathBuf> {
        self.published.snapshot.as_ref().map(|file| self.folder.join(&file.file))
    }
}

impl Staging {
    /// Where the snapshot is to be written.
    pub fn snapshot(&self) -> PathBuf {
        self.folder.join(SNAPSHOT)
    }

    /// Writes the record durably: from here on the next run can finish what this one began.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn record(&mut self, published: &Published) -> Result<(), StateError> {
        let path = self.folder.join(RECORD);
        let mut published = Published { version: VERSION, ..published.clone() };
        if let Some(snapshot) = &mut published.snapshot {
            snapshot.file = format!("{}.{}.parquet", published.as_of, published.run_id);
        }
        let text = serde_json::to_vec_pretty(&published).expect("a record is plain data");
        File::create(&path)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .map_err(StateError::disk("write", &path))?;
        self.recorded = true;
        sync(&self.folder)
    }

    /// Gives the staged files their names: the outputs stand. May be done again after it was cut short.
    ///
    /// # Errors
    /// If the disk fails, or the record is gone.
    pub fn commit(self) -> Result<(), StateError> {
        let path = self.folder.join(RECORD);
        let published = read(&path)?.ok_or_else(|| StateError::damaged(&path, "is gone before it was put in place"))?;
        if let Some(snapshot) = &published.snapshot {
            let (from, to) = (self.snapshot(), self.target.join(&snapshot.file));
            match fs::rename(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && to.is_file() => {}
                result => result.map_err(StateError::disk("put in place", &to))?,
            }
        }
        let to = self.target.join(format!("{}.json", published.as_of));
        fs::rename(&path, &to).map_err(StateError::disk("put in place", &to))?;
        sync(&self.target)?;
        let own = published.snapshot.as_ref().map(|snapshot| snapshot.file.as_str());
        remove_snapshots(&self.target, &published.as_of, own)?;
        self.discard()
    }

    /// Forgets what was staged.
    ///
    /// # Errors
    /// If the folder cannot be removed.
    pub fn discard(self) -> Result<(), StateError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StateError::disk("remove", &self.folder)(error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.recorded {
            // What cannot be removed now is removed by the next run.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
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

fn read(path: &Path) -> Result<Option<Published>, StateError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::disk("read", path)(error)),
    };
    let published: Published = serde_json::from_slice(&bytes)
        .map_err(|error| StateError::damaged(path, format!("is no record of a publish: {error}")))?;
    let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    let names = published.snapshot.iter().map(|snapshot| snapshot.file.as_str()).chain([published.as_of.as_str()]);
    if published.version != VERSION || !names.into_iter().all(plain) {
        return Err(StateError::damaged(path, "is of another version of tanguero"));
    }
    Ok(Some(published))
}

/// Removes the snapshots of `day` but for `own`.
fn remove_snapshots(folder: &Path, day: &str, own: Option<&str>) -> Result<(), StateError> {
    let of_day = |name: &String| {
        let rest = name.strip_prefix(day).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest.ends_with(".parquet"))
    };
    let others = list(folder)?.into_iter().filter(of_day).filter(|name| Some(name.as_str()) != own);
    others.into_iter().try_for_each(|name| remove(&folder.join(name)))
}

fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StateError::disk("remove", path)(error)),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), StateError> {
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
