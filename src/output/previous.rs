//! What an earlier publish left in the folder: what this one replaces, removes, keeps, or finds unchanged.

use std::collections::BTreeSet;
use std::path::Path;

use crate::output::journal::Journal;
use crate::output::{Kept, OutputError, OutputFile, Place, Removal, RunReport, Staged, Staging, Status, folder};

/// What stands in the folder, mapping by mapping, says its `run.json`.
pub(crate) fn standing(previous: &RunReport) -> Vec<Kept> {
    let own = previous.mappings.iter().filter(|mapping| mapping.status.stands()).map(|mapping| Kept {
        mapping: mapping.mapping.clone(),
        run_id: previous.run_id.clone(),
        as_of: previous.as_of.clone(),
        outputs: mapping.outputs.clone(),
        reports: mapping.reports.clone(),
        reports_folder: previous.reports_folder.clone(),
    });
    own.chain(previous.kept.iter().cloned()).collect()
}

/// Whether the files that `run_id` published of `mapping` stand in `folder`, or will once its journal is followed.
///
/// # Errors
/// If the folder's `run.json` or journal cannot be read.
pub fn stands(folder: &Path, mapping: &str, run_id: &str) -> Result<bool, OutputError> {
    if Journal::read(folder)?.is_some_and(|journal| journal.run_id == run_id) {
        return Ok(true);
    }
    Ok(RunReport::read(folder)?.is_some_and(|report| is_kept(&report, mapping, run_id)))
}

/// Whether a folder's `run.json` says that the files which `run_id` published of `mapping` stand there.
pub(crate) fn is_kept(report: &RunReport, mapping: &str, run_id: &str) -> bool {
    standing(report).iter().any(|kept| kept.mapping == mapping && kept.run_id == run_id)
}

/// Whether the folder holds what an earlier run published of `mapping`, as `format`, for the day `as_of`.
pub fn was_sent(previous: Option<&RunReport>, mapping: &str, format: &str, as_of: &str) -> bool {
    previous.is_some_and(|previous| {
        let is_other = previous.mapping(mapping).is_some_and(|report| report.format != format);
        !is_other
            && standing(previous)
                .iter()
                .any(|kept| kept.mapping == mapping && kept.as_of == as_of && !kept.outputs.is_empty())
    })
}

/// Fills in `current.kept`, and says which files its publish must remove.
///
/// A mapping that publishes loses what it published last and does not publish now. One that does not publish, or is not in
/// this run, keeps its files; what another mapping overwrites is no longer its own.
pub fn succeed(previous: Option<&RunReport>, current: &mut RunReport) -> Vec<Removal> {
    let new: BTreeSet<Removal> = current
        .mappings
        .iter()
        .filter(|mapping| mapping.status.stands())
        .flat_map(|mapping| places(&mapping.outputs, &mapping.reports, current.reports_folder.is_some()))
        .collect();
    let mut remove = BTreeSet::new();
    let mut kept = Vec::new();
    for mut old in previous.map(standing).unwrap_or_default() {
        match current.mapping(&old.mapping).map(|mapping| mapping.status) {
            Some(Status::Published) => {
                // Reports in a third folder are out of this run's reach.
                if old.reports_folder.is_some() && old.reports_folder != current.reports_folder {
                    old.reports.clear();
                }
                remove.extend(places(&old.outputs, &old.reports, old.reports_folder.is_some()));
            }
            Some(Status::Unchanged) => {}
            _ => {
                let overwritten = |place, file: &OutputFile| new.contains(&Removal { place, name: file.file.clone() });
                let reports = if old.reports_folder.is_some() { Place::Reports } else { Place::Output };
                old.outputs.retain(|file| !overwritten(Place::Output, file));
                if old.reports_folder == current.reports_folder || old.reports_folder.is_none() {
                    old.reports.retain(|file| !overwritten(reports, file));
                }
                if !(old.outputs.is_empty() && old.reports.is_empty()) {
                    kept.push(old);
                }
            }
        }
    }
    let others: BTreeSet<Removal> =
        kept.iter().flat_map(|kept| places(&kept.outputs, &kept.reports, kept.reports_folder.is_some())).collect();
    current.kept = kept;
    remove.retain(|file| folder::is_plain(&file.name) && !new.contains(file) && !others.contains(file));
    remove.into_iter().collect()
}

fn places(outputs: &[OutputFile], reports: &[OutputFile], apart: bool) -> Vec<Removal> {
    let reports_place = if apart { Place::Reports } else { Place::Output };
    let at = |place| move |file: &OutputFile| Removal { place, name: file.file.clone() };
    outputs.iter().map(at(Place::Output)).chain(reports.iter().map(at(reports_place))).collect()
}

/// Whether `files` are, name by name and byte by byte, what `mapping` published last and what stands in the folder now.
///
/// # Errors
/// If a file that stands there cannot be read.
pub fn unchanged(
    staging: &Staging<'_>,
    previous: Option<&RunReport>,
    mapping: &str,
    files: &[Staged],
) -> Result<bool, OutputError> {
    if !previous.is_some_and(|previous| same_files(previous, mapping, files)) {
        return Ok(false);
    }
    for Staged { place, file, .. } in files {
        let found = folder::fingerprint(&staging.target(*place).join(&file.file))?;
        if found.is_none_or(|(bytes, xxh3)| (bytes, &xxh3) != (file.bytes, &file.xxh3)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `files` are, name by name and byte by byte, what `previous` says `mapping` published last.
pub(crate) fn same_files(previous: &RunReport, mapping: &str, files: &[Staged]) -> bool {
    let Some(old) = standing(previous).into_iter().find(|old| old.mapping == mapping) else {
        return false;
    };
    let of = |place: Place| {
        let mut list: Vec<&OutputFile> =
            files.iter().filter(|file| file.place == place).map(|file| &file.file).collect();
        list.sort();
        list
    };
    let sorted = |files: &'_ [OutputFile]| {
        let mut list = files.to_vec();
        list.sort();
        list
    };
    let same = |old: &[OutputFile], new: Vec<&OutputFile>| sorted(old).iter().eq(new);
    same(&old.outputs, of(Place::Output)) && same(&old.reports, of(Place::Reports))
}
