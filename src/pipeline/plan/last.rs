//! What was published last, if its files are still those that the run left.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, code};
use crate::output::{RunReport, fingerprint, standing};
use crate::pipeline::Failure;
use crate::pipeline::folders::{Folders, shown};

/// What was published last.
#[derive(Debug)]
pub struct Last {
    /// The run.
    pub run_id: String,
    /// What "now" meant to it.
    pub as_of: String,
    /// Its files, as shown.
    pub shown: Vec<String>,
    /// Its files.
    pub(super) files: Vec<PathBuf>,
}

/// What stands in the output folder of `mapping`, says its `run.json`; none if nothing was published yet.
pub(super) fn find(folders: &Folders, mapping: &str, root: &Path) -> Result<Option<Last>, Failure> {
    let Some(report) = RunReport::read(&folders.output)? else { return Ok(None) };
    let Some(kept) = standing(&report).into_iter().find(|kept| kept.mapping == mapping && !kept.outputs.is_empty())
    else {
        return Ok(None);
    };
    let mut last = Last { run_id: kept.run_id, as_of: kept.as_of, shown: Vec::new(), files: Vec::new() };
    for file in &kept.outputs {
        let path = folders.output.join(&file.file);
        let found = fingerprint(&path)?;
        if found.is_none_or(|(bytes, xxh3)| (bytes, &xxh3) != (file.bytes, &file.xxh3)) {
            let message = format!(
                "`{}` is not what run {} published: it was changed or removed since, so nothing tells what Totango was given",
                shown(&path, root),
                last.run_id
            );
            let help = "put the published file back, or compare by hand with `tanguero diff`";
            return Err(Failure::World(Diagnostic::error(&code::NOT_COMPARED, message).help(help)));
        }
        last.shown.push(shown(&path, root));
        last.files.push(path);
    }
    Ok(Some(last))
}
