//! The record of one mapping and day, and the snapshot that it names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::state::published::VERSION;
use crate::state::{Published, Shelf, Snapshot, SnapshotFile, StateError};

/// What was published of a mapping for one day.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The record.
    pub published: Published,
    folder: PathBuf,
    shelf: Option<Arc<dyn Shelf>>,
}

impl Entry {
    /// The record of `day`; `folder` and `shelf` are those of its mapping.
    pub(super) fn read(folder: &Path, shelf: Option<Arc<dyn Shelf>>, day: &str) -> Result<Self, StateError> {
        let name = format!("{day}.json");
        let found = match &shelf {
            Some(shelf) => shelf.read(&name)?.map(|bytes| parsed(&bytes, &there(&**shelf, &name))).transpose()?,
            None => read(&folder.join(&name))?,
        };
        let path = shelf.as_ref().map_or_else(|| folder.join(&name), |shelf| there(&**shelf, &name));
        let published = found.ok_or_else(|| StateError::damaged(&path, "is gone"))?;
        Ok(Self { published, folder: folder.to_path_buf(), shelf })
    }

    /// The snapshot of that day, if one was asked for. From a shelf it is fetched once.
    ///
    /// # Errors
    /// If it is gone or cannot be read.
    pub fn snapshot(&self) -> Result<Option<Snapshot>, StateError> {
        let Some(file) = &self.published.snapshot else { return Ok(None) };
        let path = self.folder.join(&file.file);
        if let Some(shelf) = &self.shelf {
            fetched(&**shelf, file, &path)?;
        }
        Snapshot::open(&path).map(Some)
    }
}

/// Sees to it that the snapshot lies at `path`: no two have one name.
fn fetched(shelf: &dyn Shelf, file: &SnapshotFile, path: &Path) -> Result<(), StateError> {
    if fs::metadata(path).is_ok_and(|found| found.len() == file.bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(StateError::disk("make the folder", folder))?;
    let partial = folder.join(format!(".{}.{}", file.file, std::process::id()));
    let done = shelf.fetch(&file.file, file.bytes, &partial);
    if !matches!(done, Ok(true)) {
        // A leftover takes room and means nothing.
        let _ = fs::remove_file(&partial);
    }
    if !done? {
        let problem = "is gone, or is not what its record says: where another run has just replaced it, run again";
        return Err(StateError::damaged(&there(shelf, &file.file), problem));
    }
    fs::rename(&partial, path).map_err(StateError::disk("put in place", path))
}

/// An object on a shelf, for messages.
pub(super) fn there(shelf: &dyn Shelf, name: &str) -> PathBuf {
    PathBuf::from(format!("{}/{name}", shelf.shown().trim_end_matches('/')))
}

/// The record at `path`; none if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Published>, StateError> {
    match fs::read(path) {
        Ok(bytes) => parsed(&bytes, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::disk("read", path)(error)),
    }
}

/// A record's text, from `path`.
pub(super) fn parsed(bytes: &[u8], path: &Path) -> Result<Published, StateError> {
    let published: Published = serde_json::from_slice(bytes)
        .map_err(|error| StateError::damaged(path, format!("is no record of a publish: {error}")))?;
    let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    let names = published.snapshot.iter().map(|snapshot| snapshot.file.as_str()).chain([published.as_of.as_str()]);
    if published.version != VERSION || !names.into_iter().all(plain) {
        return Err(StateError::damaged(path, "is of another version of tanguero"));
    }
    Ok(published)
}

/// Whether `name` is a snapshot of `day`.
pub(super) fn is_snapshot(name: &str, day: &str) -> bool {
    let rest = name.strip_prefix(day).and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| rest.ends_with(".parquet"))
}
