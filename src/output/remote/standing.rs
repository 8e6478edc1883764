//! What stands in a target: its `run.json`, and whether its objects are still those that it tells of.

use crate::output::previous::same_files;
use crate::output::remote::folder::RemoteFolder;
use crate::output::remote::publish::{Remote, RemoteReports};
use crate::output::{OutputError, RunReport, Staged, folder};

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
