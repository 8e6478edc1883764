//! One finished file to another folder of this machine: whole, durable, never seen in part.

use std::fs::{self, File};
use std::path::Path;

use crate::output::step::{self, Step};
use crate::output::{OutputError, OutputFile, Staged, folder};

/// Puts a file into `target` under its own name.
///
/// # Errors
/// If the disk is full or fails; the file that was there is there still.
pub fn copy_file(staged: &Staged, target: &Path) -> Result<(), OutputError> {
    folder::make(target)?;
    let (partial, to) =
        (target.join(format!("{}copy-{}", folder::HIDDEN, staged.file.file)), target.join(&staged.file.file));
    let copied = copy(staged, &partial);
    if let Err(error) = copied {
        // The next delivery writes over what cannot be removed.
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    step::run(&[Step::Rename { from: partial, to, content: None }, Step::Sync(target.to_path_buf())])
}

fn copy(staged: &Staged, partial: &Path) -> Result<(), OutputError> {
    fs::copy(&staged.path, partial)
        .and_then(|_| File::options().write(true).open(partial)?.sync_all())
        .map_err(OutputError::disk("write", partial))?;
    if is_there(partial, &staged.file)? {
        return Ok(());
    }
    Err(OutputError::damaged(&staged.path, "is not what was published: something else writes there"))
}

/// Whether the file stands in `target`, byte by byte.
///
/// # Errors
/// If it cannot be read.
pub fn has_file(target: &Path, file: &OutputFile) -> Result<bool, OutputError> {
    is_there(&target.join(&file.file), file)
}

fn is_there(path: &Path, file: &OutputFile) -> Result<bool, OutputError> {
    match fs::metadata(path) {
        Ok(found) if found.len() == file.bytes => {
            Ok(folder::fingerprint(path)?.is_some_and(|(_, xxh3)| xxh3 == file.xxh3))
        }
        _ => Ok(false),
    }
}

/// Takes hold of a published file, so that a later publish does not change what is read: a second name for it in `folder`, or,
/// across file systems, a copy.
///
/// # Errors
/// If it cannot be read, or another run has replaced it.
pub fn hold_file(output: &Path, file: &OutputFile, held: &Path) -> Result<(), OutputError> {
    let path = output.join(&file.file);
    if fs::hard_link(&path, held).is_err() {
        fs::copy(&path, held).map_err(OutputError::disk("read", &path))?;
    }
    if is_there(held, file)? {
        return Ok(());
    }
    Err(OutputError::damaged(
        &path,
        "is not what was published: something else writes there, or another run has published",
    ))
}

/// Writes a small file of ours: whole or not at all, and durable.
///
/// # Errors
/// If the disk is full or fails.
pub fn put_whole(path: &Path, bytes: Vec<u8>) -> Result<(), OutputError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(OutputError::damaged(path, "is no name for a file"));
    };
    folder::make(parent)?;
    let whole = parent.join(format!(".{}.new", name.to_string_lossy()));
    let rename = Step::Rename { from: whole.clone(), to: path.to_path_buf(), content: None };
    step::run(&[Step::Write(whole, bytes), rename, Step::Sync(parent.to_path_buf())])
}
