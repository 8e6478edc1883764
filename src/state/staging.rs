//! What a run is about to publish, kept out of sight until its outputs stand.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::state::entry::{is_snapshot, parsed, read, there};
use crate::state::memory::{remove_snapshots, sync};
use crate::state::published::VERSION;
use crate::state::{Published, Shelf, StateError};

/// What a staging folder's name begins with, and that of a staged record on a shelf; the run's id follows.
pub(super) const STAGED: &str = ".staged-";
/// The record in a staging folder.
const RECORD: &str = "published.json";
/// The snapshot there.
const SNAPSHOT: &str = "snapshot.parquet";
/// The lock there.
const ALIVE: &str = "alive";

/// A record and perhaps a snapshot that do not count yet. Dropped before there is a record, they are removed.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    folder: PathBuf,
    /// Locked while its run lives; the system gives it back when the process dies. On a shelf the lock of the mapping says it.
    _alive: Option<File>,
    recorded: bool,
    /// That of the mapping, and the name of the staged record on it.
    shelf: Option<(Arc<dyn Shelf>, String)>,
}

impl Staging {
    /// A hidden folder in `target` for what `run_id` is about to publish.
    pub(super) fn begin(target: PathBuf, shelf: Option<Arc<dyn Shelf>>, run_id: &str) -> Result<Self, StateError> {
        let folder = target.join(format!("{STAGED}{run_id}"));
        fs::create_dir_all(&folder).map_err(StateError::disk("make the folder", &folder))?;
        let alive = alive(&folder)?;
        let alive = alive.ok_or_else(|| StateError::damaged(&folder, "is in use by a run of the same id"))?;
        let shelf = shelf.map(|shelf| (shelf, format!("{STAGED}{run_id}.json")));
        Ok(Self { target, folder, _alive: Some(alive), recorded: false, shelf })
    }

    /// What a killed run left in the folder `name` of `target`, with its record if it got so far; none while it lives.
    pub(super) fn left(target: &Path, name: &str) -> Result<Option<(Self, Option<Published>)>, StateError> {
        let folder = target.join(name);
        let Some(alive) = alive(&folder)? else { return Ok(None) };
        let staging = Self { folder, target: target.to_path_buf(), _alive: Some(alive), recorded: true, shelf: None };
        // Half a record is none: the run had not come to publishing.
        let record = read(&staging.folder.join(RECORD)).ok().flatten();
        Ok(Some((staging, record)))
    }

    /// What a killed run left on the shelf as `name`; its machine may be another one.
    pub(super) fn left_on(
        shelf: &Arc<dyn Shelf>,
        target: &Path,
        name: &str,
    ) -> Result<(Self, Option<Published>), StateError> {
        let folder = target.join(name.trim_end_matches(".json"));
        let record = shelf.read(name)?.map(|bytes| parsed(&bytes, &there(&**shelf, name))).transpose()?;
        let shelf = Some((Arc::clone(shelf), name.to_owned()));
        Ok((Self { target: target.to_path_buf(), folder, _alive: None, recorded: true, shelf }, record))
    }

    /// Where the snapshot is to be written.
    pub fn snapshot(&self) -> PathBuf {
        self.folder.join(SNAPSHOT)
    }

    /// Writes the record durably: from here on the next run can finish what this one began.
    ///
    /// # Errors
    /// If the disk is full or fails, or a store does not take it.
    pub fn record(&mut self, published: &Published) -> Result<(), StateError> {
        let path = self.folder.join(RECORD);
        let mut published = Published { version: VERSION, ..published.clone() };
        if let Some(snapshot) = &mut published.snapshot {
            snapshot.file = format!("{}.{}.parquet", published.as_of, published.run_id);
        }
        let text = serde_json::to_vec_pretty(&published).expect("a record is plain data");
        if let Some((shelf, name)) = &self.shelf {
            if let Some(snapshot) = &published.snapshot {
                shelf.send(&snapshot.file, &self.snapshot())?;
            }
            shelf.write(name, text)?;
            self.recorded = true;
            return Ok(());
        }
        File::create(&path)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .map_err(StateError::disk("write", &path))?;
        self.recorded = true;
        sync(&self.folder)
    }

    /// Gives what is staged its name: the outputs stand. May be done again after it was cut short.
    ///
    /// # Errors
    /// If the disk or the store fails, or the record is gone.
    pub fn commit(self) -> Result<(), StateError> {
        if let Some((shelf, name)) = &self.shelf {
            self.commit_on(&**shelf, name)?;
            return self.forget();
        }
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
        self.forget()
    }

    fn commit_on(&self, shelf: &dyn Shelf, name: &str) -> Result<(), StateError> {
        // Gone: a run that took over has seen to it.
        let Some(text) = shelf.read(name)? else { return Ok(()) };
        let published = parsed(&text, &there(shelf, name))?;
        shelf.write(&format!("{}.json", published.as_of), text)?;
        let own = published.snapshot.as_ref().map(|snapshot| snapshot.file.as_str());
        if let Some(own) = own {
            // The working copy, if it was made here; else it is fetched when it is wanted.
            let _ = fs::rename(self.snapshot(), self.target.join(own));
        }
        let of_day = |other: &String| is_snapshot(other, &published.as_of) && Some(other.as_str()) != own;
        for other in shelf.names()?.iter().filter(|other| of_day(other)) {
            shelf.remove(other)?;
        }
        shelf.remove(name)
    }

    /// Forgets what was staged.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn discard(self) -> Result<(), StateError> {
        if let Some((shelf, name)) = &self.shelf {
            if let Some(text) = shelf.read(name)?
                && let Ok(published) = parsed(&text, &there(&**shelf, name))
                && let Some(snapshot) = &published.snapshot
            {
                // A commit that was cut short may have named it already.
                let day = format!("{}.json", published.as_of);
                let stands = shelf.read(&day)?.and_then(|text| parsed(&text, &there(&**shelf, &day)).ok());
                if stands.is_none_or(|stands| stands.run_id != published.run_id) {
                    shelf.remove(&snapshot.file)?;
                }
            }
            shelf.remove(name)?;
        }
        self.forget()
    }

    fn forget(&self) -> Result<(), StateError> {
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
