//! Dated copies of what was published, in a local folder.

use std::fs;
use std::io;
use std::path::Path;

use crate::output::{OutputError, Staged, copy_file, folder, has_file};

/// Copies `files` into `folder`, each whole or not at all, and removes what an earlier publish of the day had there and this one
/// has not: names for which `is_ours`. Done again it changes nothing.
///
/// # Errors
/// If the disk is full or fails.
pub fn archive(to: &Path, files: &[Staged], is_ours: &dyn Fn(&str) -> bool) -> Result<(), OutputError> {
    folder::make(to)?;
    for staged in files {
        if !has_file(to, &staged.file)? {
            copy_file(staged, to)?;
        }
    }
    for name in names(to).map_err(OutputError::disk("list", to))? {
        if is_ours(&name) && files.iter().all(|staged| staged.file.file != name) {
            let path = to.join(name);
            folder::unless_missing(fs::remove_file(&path)).map_err(OutputError::disk("remove", &path))?;
        }
    }
    folder::sync(to)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
