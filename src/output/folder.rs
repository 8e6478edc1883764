//! Small certainties about folders: names of our own files, plain names, durable entries.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::output::OutputError;

/// What every hidden file of ours in an output folder begins with; sources never read such files.
pub(crate) const HIDDEN: &str = ".tanguero-";
/// Says which run holds the folder.
pub(crate) const LOCK: &str = ".tanguero-lock";
/// Says which renames and removals are under way.
pub(crate) const JOURNAL: &str = ".tanguero-journal";
/// The commit mark.
pub(crate) const MANIFEST: &str = "run.json";

/// Whether `name` is one file of a folder and can be nothing else: no separator, no `..`, nothing hidden.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

/// Makes the names in `folder` survive a power cut.
pub(crate) fn sync(folder: &Path) -> Result<(), OutputError> {
    File::open(folder).and_then(|handle| handle.sync_all()).map_err(OutputError::disk("flush", folder))
}

/// Makes `folder` and what leads to it.
pub(crate) fn make(folder: &Path) -> Result<(), OutputError> {
    fs::create_dir_all(folder).map_err(OutputError::disk("make the folder", folder))
}

/// `folder` in its one spelling, so that two spellings of one folder are seen to be one.
pub(crate) fn absolute(folder: &Path) -> Result<std::path::PathBuf, OutputError> {
    fs::canonicalize(folder).map_err(OutputError::disk("find the folder", folder))
}

/// `folder`, made if need be, in its one spelling.
pub(crate) fn made(folder: &Path) -> Result<std::path::PathBuf, OutputError> {
    make(folder)?;
    absolute(folder)
}

/// Fine if it is already so: a step that is done twice must not fail the second time.
pub(crate) fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Size and xxh3 of a file, as `run.json` writes it; none if there is no such file.
pub(crate) fn fingerprint(path: &Path) -> Result<Option<(u64, String)>, OutputError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OutputError::disk("read", path)(error)),
    };
    let mut hash = Xxh3::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let count = match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(Some((bytes, hex(&hash)))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(OutputError::disk("read", path)(error)),
        };
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
}

/// Sixteen hexadecimal digits, as `xxhsum -H3` prints them.
pub(crate) fn hex(hash: &Xxh3) -> String {
    format!("{:016x}", hash.digest())
}

/// A short name for a long one.
pub(crate) fn short(name: &str) -> String {
    format!("{:016x}", xxh3_64(name.trim_end_matches('/').as_bytes()))
}
