//! A decided set is put in place: by the run that decided it, or by whoever comes after it was killed.

use std::collections::BTreeMap;
use std::path::Path;

use crate::output::journal::{Move, staging_folder};
use crate::output::remote::folder::RemoteFolder;
use crate::output::remote::journal::{Destination, RemoteJournal, Upload};
use crate::output::remote::publish::RemoteReports;
use crate::output::remote::upload;
use crate::output::step::Step;
use crate::output::{Object, OutputError, Place, folder};

/// Where the files of a journal go.
pub(super) struct Places<'a> {
    pub output: &'a RemoteFolder,
    pub reports: &'a RemoteReports,
}

impl<'a> Places<'a> {
    /// The store's folder for `place`; none for a local one.
    pub fn folder(&self, place: Place) -> Option<&'a RemoteFolder> {
        match (place, self.reports) {
            (Place::Output, _) => Some(self.output),
            (Place::Reports, RemoteReports::Store(folder)) => Some(folder),
            (Place::Reports, RemoteReports::Local(_)) => None,
        }
    }
}

/// What stands in the store now, for the next run to compare with.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub objects: BTreeMap<(Place, String), String>,
    /// Reports of the journal that lie on another machine.
    pub elsewhere: bool,
}

/// Completes the first upload. An error leaves everything as it was, unless the upload turns out to be completed.
pub(super) async fn first(
    journal: &RemoteJournal,
    places: &Places<'_>,
    standing: &mut Standing,
) -> Result<(), OutputError> {
    match journal.uploads.first() {
        Some(upload) => one(upload, places, standing).await,
        None => Ok(()),
    }
}

/// Does the rest of it; each step may be done again if it was done before. `run.json` comes after all files, removals come last.
pub(super) async fn rest(
    journal: &RemoteJournal,
    done: usize,
    places: &Places<'_>,
    mut standing: Standing,
) -> Result<Standing, OutputError> {
    for upload in journal.uploads.iter().skip(done) {
        one(upload, places, &mut standing).await?;
    }
    standing.elsewhere = !local_reports(journal, places.reports)?;
    let manifest = manifest(journal, &standing)?;
    places.output.replace(folder::MANIFEST, manifest, &format!("{}{}", folder::HIDDEN, journal.run_id)).await?;
    for file in &journal.removals {
        match (places.folder(file.place), places.reports) {
            (Some(folder), _) => folder.remove(&file.name).await?,
            (None, RemoteReports::Local(reports)) => Step::Remove(reports.join(&file.name)).run()?,
            (None, RemoteReports::Store(_)) => {}
        }
    }
    places.output.remove(folder::JOURNAL).await?;
    Ok(standing)
}

async fn one(upload: &Upload, places: &Places<'_>, standing: &mut Standing) -> Result<(), OutputError> {
    let Some(folder) = places.folder(upload.place) else { return Ok(()) };
    if let Some(tag) = upload::complete(folder, upload).await? {
        standing.objects.insert((upload.place, upload.name.clone()), tag);
    }
    Ok(())
}

/// Puts local reports in their place; false if they lie on the machine of the run that was killed.
fn local_reports(journal: &RemoteJournal, reports: &RemoteReports) -> Result<bool, OutputError> {
    let (RemoteReports::Local(here), Destination::Local(there)) = (reports, &journal.reports) else { return Ok(true) };
    if journal.moves.is_empty() {
        return Ok(true);
    }
    let staged = staging_folder(there, &journal.run_id);
    if here != there || !staged.is_dir() && !all_there(there, &journal.moves)? {
        return Ok(false);
    }
    for file in &journal.moves {
        let content = Some((file.bytes, file.xxh3.clone()));
        Step::Rename { from: staged.join(&file.name), to: there.join(&file.name), content }.run()?;
    }
    Step::Sync(there.clone()).run()?;
    Ok(true)
}

fn all_there(reports: &Path, moves: &[Move]) -> Result<bool, OutputError> {
    for file in moves {
        let found = folder::fingerprint(&reports.join(&file.name))?;
        if found.as_ref() != Some(&(file.bytes, file.xxh3.clone())) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The journal's `run.json`, with what the store says of its objects.
fn manifest(journal: &RemoteJournal, standing: &Standing) -> Result<Vec<u8>, OutputError> {
    let damaged = |error: serde_json::Error| {
        OutputError::damaged(folder::JOURNAL.as_ref(), format!("holds no `run.json`: {error}"))
    };
    let mut report: serde_json::Value = serde_json::from_str(&journal.manifest).map_err(damaged)?;
    let told =
        report.get("objects").cloned().map(serde_json::from_value::<Vec<Object>>).transpose().map_err(damaged)?;
    // Of files that an earlier run published and this one keeps, it is known already.
    let mut objects: BTreeMap<(Place, String), String> =
        told.unwrap_or_default().into_iter().map(|object| ((object.place, object.file), object.etag)).collect();
    objects.extend(standing.objects.clone());
    let list: Vec<Object> = objects.into_iter().map(|((place, file), etag)| Object { place, file, etag }).collect();
    if let Some(fields) = report.as_object_mut() {
        fields.insert("objects".to_owned(), serde_json::to_value(list).map_err(damaged)?);
    }
    let mut text = serde_json::to_vec_pretty(&report).map_err(damaged)?;
    text.push(b'\n');
    Ok(text)
}
