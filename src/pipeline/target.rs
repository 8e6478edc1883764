//! A target in a store: opened, judged, taken for a run; and what was found there, in words.

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::output::{
    Leftover, Lock, OutputError, PublishPlan, Remote, RemoteFolder, RemoteReports, RunReport, Staged, Staging,
};
use crate::pipeline::folders::{Folders, shown};
use crate::pipeline::{Failure, Stop};
use crate::project::Loaded;
use crate::store::{StoreError, Stores, is_url, without_user};

/// Takes the target of a run, if it is in a store.
pub(super) async fn take(folders: &Folders, loaded: &Loaded, run_id: &str) -> Result<Option<Remote>, Failure> {
    let misplaced = misplaced(folders, loaded);
    if misplaced.has_errors() {
        return Err(Failure::Mapping(misplaced));
    }
    let Some(url) = &folders.target else { return Ok(None) };
    let stores = &loaded.project.stores;
    let output = folder(stores, url)?;
    let reports = match (&folders.reports_url, &folders.reports) {
        (Some(url), _) => RemoteReports::Store(folder(stores, url)?),
        (None, Some(path)) => RemoteReports::Local(crate::output::made(path)?),
        (None, None) => return Ok(None),
    };
    Ok(Some(Remote::begin(output, reports, run_id).await?))
}

/// What `run.json` says of the target.
pub(super) async fn previous(remote: Option<&Remote>, lock: &Lock) -> Result<Option<RunReport>, Failure> {
    Ok(match remote {
        Some(remote) => remote.previous().await?,
        None => RunReport::read(lock.directory())?,
    })
}

/// Whether the files of a mapping are what it published last and what stands in the target now.
pub(super) async fn unchanged(
    remote: Option<&Remote>,
    staging: &Staging<'_>,
    previous: Option<&RunReport>,
    (mapping, files): (&str, &[Staged]),
) -> Result<bool, Failure> {
    Ok(match remote {
        Some(remote) => remote.unchanged(previous, mapping, files).await?,
        None => crate::output::unchanged(staging, previous, mapping, files)?,
    })
}

/// Makes the plan's files the target's set.
pub(super) async fn publish(
    remote: Option<&Remote>,
    staging: Staging<'_>,
    plan: PublishPlan,
    (previous, stop): (Option<&RunReport>, &Stop),
) -> Result<(), OutputError> {
    match remote {
        Some(remote) => remote.publish(staging, plan, previous, &|| stop.is_asked()).await,
        None => staging.publish(plan),
    }
}

/// The same, its error as a run's.
pub(super) fn folder(stores: &Stores, url: &str) -> Result<RemoteFolder, Failure> {
    Ok(folder_of(stores, url)?)
}

/// The folder of a store that `url` names; asks the store nothing.
pub(super) fn folder_of(stores: &Stores, url: &str) -> Result<RemoteFolder, StoreError> {
    let location = stores.open(url)?;
    Ok(RemoteFolder {
        store: location.store.clone(),
        way: location.way.clone(),
        prefix: location.path.clone(),
        kind: location.kind(),
        shown: location.shown(),
        deadline: location.patience().deadline,
    })
}

/// What is wrong with the places that `tanguero.yaml` and the command line name, before any store is asked.
pub(super) fn misplaced(folders: &Folders, loaded: &Loaded) -> Diagnostics {
    let mut found = Diagnostics::new();
    archives(folders, loaded, &mut found);
    let file = loaded.project.file.as_ref();
    let reports = file.and_then(|file| Some((file, file.reports.as_ref()?)));
    let at_reports = |diagnostic: Diagnostic, label: &str| match reports {
        Some((file, text)) => diagnostic.at(Place::new(&file.path, text.span), label),
        None => diagnostic,
    };
    let Some(target) = &folders.target else {
        if folders.reports_url.is_some() {
            let message = "the reports go to a store, and the outputs to a folder of this machine";
            let diagnostic = Diagnostic::error(&code::REPORTS_PLACE, message);
            found.push(at_reports(diagnostic, "in a store").help("name a local folder, or publish to a store as well"));
        }
        return found;
    };
    let shown = folders.shown_output().to_string_lossy().into_owned();
    if is_web(target) {
        let message = format!("nothing can be published to {shown}: web servers can only be read");
        found.push(Diagnostic::error(&code::STORE_SETTING, message).help(NO_WEB));
    }
    let Some(place) = folders.shown_reports() else {
        let message = format!("{shown} is a store, and `output.reports` is not set");
        let diagnostic = Diagnostic::error(&code::REPORTS_PLACE, message);
        let directory = file.and_then(|file| Some((file, file.directory.as_ref()?)));
        let diagnostic = match directory {
            Some((file, text)) if text.value == *target => {
                diagnostic.at(Place::new(&file.path, text.span), "what Totango pulls")
            }
            _ => diagnostic,
        };
        found.push(diagnostic.help("set it to a folder that Totango does not pull, e.g. `output: {reports: reports}`"));
        return found;
    };
    let place = place.to_string_lossy().into_owned();
    if place == shown || place.starts_with(&format!("{shown}/")) {
        let message = format!("the reports would lie in {shown}, which Totango pulls");
        let diagnostic = Diagnostic::error(&code::REPORTS_PLACE, message);
        found.push(at_reports(diagnostic, "inside the target").help("name a place outside it"));
    }
    found
}

/// Dated copies that would lie among what Totango pulls, or nowhere.
fn archives(folders: &Folders, loaded: &Loaded, found: &mut Diagnostics) {
    let output = folders.shown_output();
    for file in loaded.mappings.iter().filter(|file| file.asked) {
        let Some(to) = file.mapping.as_ref().and_then(|mapping| mapping.output.archive.as_ref()) else { continue };
        let place = Place::new(&file.shown, to.span);
        let folder = match is_url(&to.value) {
            true => without_user(&to.value).into(),
            false => loaded.project.root.join(&to.value),
        };
        if is_web(&to.value) {
            let message = format!("nothing can be archived in {}: web servers can only be read", folder.display());
            found.push(Diagnostic::error(&code::STORE_SETTING, message).at(place, "this archive").help(NO_WEB));
        } else if folder.starts_with(&output) {
            let message =
                format!("the copies would lie in {}, which Totango pulls", shown(&output, &loaded.project.root));
            let diagnostic = Diagnostic::error(&code::ARCHIVE_PLACE, message).at(place, "inside the output");
            found.push(diagnostic.help(code::ARCHIVE_PLACE.cure));
        }
    }
}

const NO_WEB: &str = "name a bucket (`s3://`, `gs://`, `az://`) or an SFTP folder";

fn is_web(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}

/// What was left in the target, in words.
pub(super) fn found(remote: &Remote) -> Vec<Diagnostic> {
    let say = |leftover: &Leftover| {
        let warn = |message: String| Diagnostic::warning(&code::UPLOADS_LEFT, message);
        match leftover {
            Leftover::Finished { run_id } => {
                warn(format!("run {run_id} was stopped while its files were put in place; that is finished now"))
            }
            Leftover::Removed { object, id, run_id } => {
                warn(format!("run {run_id} was stopped; its upload of {object} is removed ({id})"))
            }
            Leftover::Open { object, since, command } => {
                warn(format!("an upload of {object} is open since {since}, and not one of a run known here"))
                    .help(format!("if nobody is about to complete it: {command}"))
            }
            Leftover::ReportsElsewhere { run_id } => warn(format!(
                "the reports of run {run_id} lie on the machine it ran on; the reports folder has older ones"
            ))
            .help("they are in that machine's evidence"),
        }
    };
    remote.leftovers().iter().map(say).collect()
}
