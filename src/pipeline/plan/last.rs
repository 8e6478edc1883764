//! What was published last: the snapshot of it, wherever it was published, else the files themselves, if they are still those
//! that the run left.

use std::path::{Path, PathBuf};

use crate::compare::Table;
use crate::diagnostic::{Diagnostic, code};
use crate::output::{Kept, OutputFile, RunReport, fingerprint, standing};
use crate::pipeline::folders::{Folders, shown};
use crate::pipeline::remembered::{Beside, remembered};
use crate::pipeline::{Failure, target};
use crate::project::Loaded;
use crate::state::{Entry, Memory, PublishedFile};
use crate::store::wait;

/// What was published last.
#[derive(Debug)]
pub struct Last {
    /// The run.
    pub run_id: String,
    /// What "now" meant to it.
    pub as_of: String,
    /// Its files, or its snapshot, as shown.
    pub shown: Vec<String>,
    /// The files to be read.
    files: Vec<PathBuf>,
    /// Rows that were published before that only.
    gone: Vec<PathBuf>,
    /// What its files were, if they are not those to be read.
    outputs: Vec<PublishedFile>,
}

/// Where it is looked for.
pub(super) struct Looking<'a> {
    pub folders: &'a Folders,
    pub loaded: &'a Loaded,
    /// `--out` says where.
    pub told_where: bool,
    pub memory: &'a Memory,
    pub mapping: &'a str,
    /// The file that would be published.
    pub beside: Beside<'a>,
    pub scratch: &'a Path,
}

impl Last {
    /// Its rows.
    pub(super) fn table(&self, scratch: &Path) -> Result<Table, Failure> {
        let table = Table::open(&self.files, scratch)?;
        Ok(if self.gone.is_empty() { table } else { table.with_gone(&self.gone, scratch)? })
    }

    /// Whether its files were these, byte for byte; none if they are there and can be compared themselves.
    pub(super) fn was(&self, outputs: &[OutputFile]) -> Option<bool> {
        let same = |(one, other): (&PublishedFile, &OutputFile)| {
            (&one.file, one.bytes, &one.xxh3) == (&other.file, other.bytes, &other.xxh3)
        };
        let as_many = self.outputs.len() == outputs.len();
        (!self.gone.is_empty()).then(|| as_many && self.outputs.iter().zip(outputs).all(same))
    }
}

impl Looking<'_> {
    /// None if nothing was published yet.
    pub(super) fn find(&self) -> Result<Option<Last>, Failure> {
        let entry = self.memory.last(self.mapping)?;
        let folder = match self.folders.target {
            Some(_) => self.folders.shown_output(),
            None => std::fs::canonicalize(&self.folders.output).unwrap_or_else(|_| self.folders.output.clone()),
        };
        let here = |entry: &Entry| !self.told_where || entry.published.output_folder == folder;
        let has_values = |entry: &Entry| entry.published.snapshot.as_ref().is_some_and(|file| !file.keys_only);
        let entry = entry.filter(|entry| here(entry) && has_values(entry));
        // A store is asked only where nothing is remembered.
        if self.folders.target.is_some() {
            return match entry {
                Some(entry) => self.of_snapshot(&entry),
                None => self.in_store(),
            };
        }
        let report = RunReport::read(&self.folders.output)?;
        let kept = report.as_ref().and_then(|report| self.kept(report));
        let is_newer = |kept: &Kept, entry: &Entry| {
            let then = &entry.published;
            kept.run_id != then.run_id
                && if then.imported { kept.as_of > then.as_of } else { kept.run_id > then.run_id }
        };
        match (entry, kept, report) {
            // Published without remembering.
            (Some(entry), Some(kept), Some(report)) if is_newer(&kept, &entry) => {
                self.in_folder(kept, &report).map(Some)
            }
            (Some(entry), ..) => self.of_snapshot(&entry),
            (None, Some(kept), Some(report)) => self.in_folder(kept, &report).map(Some),
            _ => Ok(None),
        }
    }

    fn kept(&self, report: &RunReport) -> Option<Kept> {
        standing(report).into_iter().find(|kept| kept.mapping == self.mapping && !kept.outputs.is_empty())
    }

    fn of_snapshot(&self, entry: &Entry) -> Result<Option<Last>, Failure> {
        let found = remembered(entry, Some(self.beside), self.scratch)?;
        let then = &entry.published;
        Ok(found.map(|found| Last {
            run_id: then.run_id.clone(),
            as_of: then.as_of.clone(),
            shown: vec![format!("state:{}@{}", self.mapping, then.as_of)],
            files: vec![found.rows],
            gone: vec![found.gone],
            outputs: then.outputs.clone(),
        }))
    }

    fn in_folder(&self, kept: Kept, report: &RunReport) -> Result<Last, Failure> {
        let root = &self.loaded.project.root;
        let mut last = self.opened(&kept, report)?;
        for file in &kept.outputs {
            let path = self.folders.output.join(&file.file);
            let found = fingerprint(&path)?;
            if found.is_none_or(|(bytes, xxh3)| (bytes, &xxh3) != (file.bytes, &file.xxh3)) {
                return Err(changed(&shown(&path, root), &kept.run_id));
            }
            last.shown.push(shown(&path, root));
            last.files.push(path);
        }
        Ok(last)
    }

    /// The files are fetched: rows are read by place.
    fn in_store(&self) -> Result<Option<Last>, Failure> {
        let Some(url) = &self.folders.target else { return Ok(None) };
        let folder = target::folder(&self.loaded.project.stores, url)?;
        let asked = folder.clone();
        let Some(report) = wait(async move { asked.report().await })? else { return Ok(None) };
        let Some(kept) = self.kept(&report) else { return Ok(None) };
        let mut last = self.opened(&kept, &report)?;
        for file in &kept.outputs {
            let path = self.scratch.join(format!("last-{}", file.file));
            let (asked, wanted, to) = (folder.clone(), file.clone(), path.clone());
            if !wait(async move { asked.fetch(&wanted, &to).await })? {
                return Err(changed(&folder.object(&file.file), &kept.run_id));
            }
            last.shown.push(folder.object(&file.file));
            last.files.push(path);
        }
        Ok(Some(last))
    }

    fn opened(&self, kept: &Kept, report: &RunReport) -> Result<Last, Failure> {
        let partial =
            report.mapping(self.mapping).is_some_and(|of| kept.run_id == report.run_id && of.rows.unchanged > 0);
        if partial {
            let message = format!(
                "run {} published new and changed rows alone, and nothing remembers the others: there is no snapshot",
                kept.run_id
            );
            let help = "publish once with `--state write`, or take an export of Totango: `tanguero state import`";
            return Err(Failure::World(Diagnostic::error(&code::NOT_COMPARED, message).help(help)));
        }
        Ok(Last {
            run_id: kept.run_id.clone(),
            as_of: kept.as_of.clone(),
            shown: Vec::new(),
            files: Vec::new(),
            gone: Vec::new(),
            outputs: Vec::new(),
        })
    }
}

fn changed(what: &str, run_id: &str) -> Failure {
    let message = format!(
        "`{what}` is not what run {run_id} published: it was changed or removed since, so nothing tells what Totango was given"
    );
    let help = "put the published file back, or compare by hand with `tanguero diff`; with `state: {snapshot: always}` the file is not needed";
    Failure::World(Diagnostic::error(&code::NOT_COMPARED, message).help(help))
}
