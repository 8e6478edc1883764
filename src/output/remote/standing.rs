//! What stands in a target: its `run.json`, and whether its objects are still those that it tells of.

use std::path::Path;

use crate::output::previous::{is_kept, same_files};
use crate::output::remote::folder::RemoteFolder;
use crate::output::remote::journal::RemoteJournal;
use crate::output::remote::publish::{Remote, RemoteReports};
use crate::output::{OutputError, OutputFile, RunReport, Staged, folder};

impl RemoteFolder {
    /// The `run.json` in the folder, which has none before its first publish.
    ///
    /// # Errors
    /// If it cannot be read or is not ours.
    pub async fn report(&self) -> Result<Option<RunReport>, OutputError> {
        let Some(found) = self.read(folder::MANIFEST).await? else { return Ok(None) };
        serde_json::from_slice(&found.bytes).map(Some).map_err(|error| {
            let object = self.object(folder::MANIFEST);
            OutputError::damaged(object.as_ref(), format!("is no report of a tanguero run ({error}): move it away"))
        })
    }

    /// Whether the files that `run_id` published of `mapping` stand in the folder, or will once its journal is followed.
    ///
    /// # Errors
    /// If the folder's `run.json` or journal cannot be read.
    pub async fn stands(&self, mapping: &str, run_id: &str) -> Result<bool, OutputError> {
        if RemoteJournal::read(self).await?.is_some_and(|journal| journal.run_id == run_id) {
            return Ok(true);
        }
        Ok(self.report().await?.is_some_and(|report| is_kept(&report, mapping, run_id)))
    }

    /// Writes the object to the local file `to`; false if it is not there, or not what `run.json` says of it.
    ///
    /// # Errors
    /// If the store does not answer, or the disk fails.
    pub async fn fetch(&self, file: &OutputFile, to: &Path) -> Result<bool, OutputError> {
        let stands = self.look_at(&file.file).await?.is_some_and(|meta| meta.size == file.bytes);
        if !stands {
            return Ok(false);
        }
        let found = self.read_through(&file.file, Some(to)).await?;
        Ok(found == file.xxh3)
    }
}

impl Remote {
    /// The `run.json` in the target, which has none before its first publish.
    ///
    /// # Errors
    /// If it cannot be read or is not ours: it is then not overwritten either.
    pub async fn previous(&self) -> Result<Option<RunReport>, OutputError> {
        self.output.report().await
    }

    /// Whether `files` are, name by name and byte by byte, what `mapping` published last and what stands in the target now.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn unchanged(
        &self,
        previous: Option<&RunReport>,
        mapping: &str,
        files: &[Staged],
    ) -> Result<bool, OutputError> {
        let Some(previous) = previous.filter(|previous| same_files(previous, mapping, files)) else { return Ok(false) };
        for staged in files {
            let stands = match self.places().folder(staged.place) {
                Some(folder) => stands(folder, previous, staged).await?,
                None => match &self.reports {
                    RemoteReports::Local(reports) => {
                        let found = folder::fingerprint(&reports.join(&staged.file.file))?;
                        found == Some((staged.file.bytes, staged.file.xxh3.clone()))
                    }
                    RemoteReports::Store(_) => false,
                },
            };
            if !stands {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether the object is the one that was published: by the store's own name for its content, where it has one and `run.json`
/// tells it; else all of it is read.
async fn stands(folder: &RemoteFolder, previous: &RunReport, staged: &Staged) -> Result<bool, OutputError> {
    let name = &staged.file.file;
    let Some(meta) = folder.look_at(name).await? else { return Ok(false) };
    if meta.size != staged.file.bytes {
        return Ok(false);
    }
    let told = previous.objects.iter().find(|object| object.place == staged.place && object.file == *name);
    match (told, meta.e_tag) {
        (Some(told), Some(tag)) => Ok(told.etag == tag),
        _ => folder.holds(name, staged.file.bytes, &staged.file.xxh3).await,
    }
}
