//! One act of publishing. A publish is a list of these, so that a test can stop it after any one of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::output::{OutputError, folder};

/// One act; between two of them the machine may stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes a small file and makes its content durable.
    Write(PathBuf, Vec<u8>),
    /// Makes a folder's names durable.
    Sync(PathBuf),
    /// Puts a whole file in place of another.
    Rename {
        /// Where it is staged.
        from: PathBuf,
        /// Where it belongs.
        to: PathBuf,
        /// Size and xxh3, which tell "already done" from "lost" when `from` is gone.
        content: Option<(u64, String)>,
    },
    /// Removes a file.
    Remove(PathBuf),
    /// Removes a staging folder.
    Discard(PathBuf),
}

impl Step {
    /// Does it, or finds it done.
    pub fn run(&self) -> Result<(), OutputError> {
        match self {
            Self::Write(path, bytes) => File::create(path)
                .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
                .map_err(OutputError::disk("write", path)),
            Self::Sync(path) => folder::sync(path),
            Self::Rename { from, to, content } => match fs::rename(from, to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let done = match content {
                        Some(content) => folder::fingerprint(to)?.as_ref() == Some(content),
                        None => to.exists(),
                    };
                    if done { Ok(()) } else { Err(OutputError::damaged(from, LOST)) }
                }
                result => result.map_err(OutputError::disk("put in place", to)),
            },
            Self::Remove(path) => {
                folder::unless_missing(fs::remove_file(path)).map_err(OutputError::disk("remove", path))
            }
            Self::Discard(path) => {
                folder::unless_missing(fs::remove_dir_all(path)).map_err(OutputError::disk("remove", path))
            }
        }
    }
}

const LOST: &str = "is gone before it was put in place, so the folder's set is neither old nor new: \
                    remove `.tanguero-journal` there and run again";

/// Puts a small file in place of another, whole or not at all.
///
/// # Errors
/// If the disk is full or fails.
pub fn replace(path: &Path, bytes: Vec<u8>) -> Result<(), OutputError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let whole = path.with_file_name(format!(".{name}.new"));
    Step::Write(whole.clone(), bytes).run()?;
    Step::Rename { from: whole, to: path.to_path_buf(), content: None }.run()
}

/// Does all of them, in order.
pub(crate) fn run(steps: &[Step]) -> Result<(), OutputError> {
    steps.iter().try_for_each(Step::run)
}
