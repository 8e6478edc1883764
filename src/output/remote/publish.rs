//! A run's hold on a target in a store, and the publish itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use object_store::PutMode;

use crate::output::journal::Move;
use crate::output::remote::finish::{self, Places, Standing};
use crate::output::remote::folder::RemoteFolder;
use crate::output::remote::journal::{self, Destination, RemoteJournal, Upload};
use crate::output::remote::leftovers::{Leftover, OpenUpload};
use crate::output::remote::lock::{LIFE, RemoteLock};
use crate::output::remote::upload::{self, Opened};
use crate::output::{Object, OutputError, Place, PublishPlan, Removal, RunReport, Staged, Staging, folder};

/// How often a wish to stop is looked for while a store works.
const LOOK: Duration = Duration::from_millis(50);

/// What is tidied up when all is said takes no longer: where it fails, the next command does it.
pub(super) const AFTERWARDS: Duration = Duration::from_secs(15);

/// Where the reports of a run that publishes to a store go.
#[derive(Debug, Clone)]
pub enum RemoteReports {
    /// To a local folder.
    Local(PathBuf),
    /// To a store.
    Store(RemoteFolder),
}

/// The right to change a target in a store. To be [released](Remote::release).
#[derive(Debug)]
pub struct Remote {
    pub(super) output: RemoteFolder,
    pub(super) reports: RemoteReports,
    run_id: String,
    pub(super) lock: RemoteLock,
    leftovers: Vec<Leftover>,
    /// Uploads of others, or of unknown runs.
    foreign: BTreeSet<String>,
}

impl Remote {
    /// Takes the lock on `output` for `run_id`, and puts right what a killed run left there.
    ///
    /// To be called before [`recover`](crate::output::recover) empties the local staging folders: reports of a killed run may lie there.
    ///
    /// # Errors
    /// [`OutputError::Locked`] at once if another run holds it; or if the store does not answer.
    pub async fn begin(output: RemoteFolder, reports: RemoteReports, run_id: &str) -> Result<Self, OutputError> {
        let (lock, dead) = RemoteLock::take(&output, run_id, LIFE).await?;
        let mut remote =
            Self { output, reports, run_id: run_id.to_owned(), lock, leftovers: Vec::new(), foreign: BTreeSet::new() };
        let dead = dead.map(|claim| (claim.holder.run_id, claim.uploads)).unwrap_or_default();
        match remote.put_right(dead).await {
            Ok(()) => Ok(remote),
            Err(error) => {
                remote.release().await;
                Err(error)
            }
        }
    }

    /// What an earlier run had left in the target.
    pub fn leftovers(&self) -> &[Leftover] {
        &self.leftovers
    }

    /// Gives the target back. A lock that cannot be deleted expires by itself.
    pub async fn release(self) {
        let _ = tokio::time::timeout(self.output.deadline.min(AFTERWARDS), self.lock.release()).await;
    }

    pub(super) fn places(&self) -> Places<'_> {
        Places { output: &self.output, reports: &self.reports }
    }

    async fn put_right(&mut self, (run_id, uploads): (String, Vec<OpenUpload>)) -> Result<(), OutputError> {
        if let Some(journal) = RemoteJournal::read(&self.output).await? {
            self.same_reports(&journal)?;
            let finished = finish::rest(&journal, 0, &self.places(), Standing::default()).await;
            let standing = finished.map_err(|error| self.cannot_follow(error))?;
            self.leftovers.push(Leftover::Finished { run_id: journal.run_id.clone() });
            if standing.elsewhere {
                self.leftovers.push(Leftover::ReportsElsewhere { run_id: journal.run_id });
            }
        } else {
            for upload in uploads {
                let Some(folder) = self.places().folder(upload.place) else { continue };
                upload::abort(folder, &upload.name, &upload.id).await?;
                let object = folder.object(&upload.name);
                self.leftovers.push(Leftover::Removed { object, id: upload.id, run_id: run_id.clone() });
            }
        }
        self.hidden_files().await?;
        for folder in self.folders() {
            for upload in folder.uploads().await {
                let name = upload.key.rsplit('/').next().unwrap_or_default();
                self.leftovers.push(Leftover::Open {
                    object: folder.object(name),
                    command: folder.removal(name, &upload.id),
                    since: upload.since,
                });
                self.foreign.insert(upload.id);
            }
        }
        Ok(())
    }

    /// Parts that the store has dropped meanwhile cannot be completed: somebody has to say that they may be forgotten.
    fn cannot_follow(&self, error: OutputError) -> OutputError {
        if error.is_transient() {
            return error;
        }
        let journal = self.output.object(folder::JOURNAL);
        let cure = "if that lasts, delete the object and run again: that run makes the set whole";
        OutputError::damaged(journal.as_ref(), format!("cannot be followed: {error}; {cure}"))
    }

    /// The folders of the run that lie in a store.
    fn folders(&self) -> Vec<RemoteFolder> {
        let folders = [Some(&self.output), self.places().folder(Place::Reports)];
        folders.into_iter().flatten().cloned().collect()
    }

    /// Removes uploads that the store opened for this run without being heard: the lock keeps every other run out, so what is
    /// open on its names, was not there before and is not known is its own.
    async fn forgotten(&self, names: &[OpenUpload]) {
        let _ = tokio::time::timeout(self.output.deadline.min(AFTERWARDS), self.close_unknown(names)).await;
    }

    async fn close_unknown(&self, names: &[OpenUpload]) {
        // Where another run has taken over, what is open is that run's.
        if !self.lock.is_ours().await {
            return;
        }
        for folder in self.folders() {
            for upload in folder.uploads().await {
                let name = upload.key.rsplit('/').next().unwrap_or_default();
                let own = names.iter().any(|one| one.name == name) && names.iter().all(|one| one.id != upload.id);
                if own && !self.foreign.contains(&upload.id) {
                    // What stays is shown by the next command.
                    let _ = upload::abort(&folder, name, &upload.id).await;
                }
            }
        }
    }

    /// The reports of a killed run must go where that run wanted them.
    fn same_reports(&self, journal: &RemoteJournal) -> Result<(), OutputError> {
        let here = self.destination();
        let uploads = journal.uploads.iter().any(|upload| upload.place == Place::Reports);
        let other = here != journal.reports && uploads;
        match (&journal.reports, other) {
            (Destination::Store(there), true) => Err(OutputError::damaged(
                self.output.object(folder::JOURNAL).as_ref(),
                format!(
                    "is of run {}, whose reports go to {there}: run once with that as `output.reports`, so that it can be finished",
                    journal.run_id
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Hidden files that nobody needs any more: the lock keeps everybody else out.
    async fn hidden_files(&mut self) -> Result<(), OutputError> {
        let mut removed = Vec::new();
        for folder in self.folders() {
            for name in folder.hidden().await? {
                if name == folder::LOCK || name == folder::JOURNAL {
                    continue;
                }
                folder.remove(&name).await?;
                let run_id = name.trim_start_matches(folder::HIDDEN).to_owned();
                removed.push(Leftover::Removed { object: folder.object(&name), id: name, run_id });
            }
        }
        self.leftovers.extend(removed);
        Ok(())
    }

    fn destination(&self) -> Destination {
        match &self.reports {
            RemoteReports::Local(folder) => Destination::Local(folder.clone()),
            RemoteReports::Store(folder) => Destination::Store(folder.shown.clone()),
        }
    }

    /// Makes the plan's files the target's set: all of them, or, whatever stops the machine, after the next command all or none.
    ///
    /// # Errors
    /// Before the first upload is completed: nothing has changed and nothing is left. Later [`OutputError::Unfinished`]: the
    /// journal stays, and the next command on the target finishes.
    pub async fn publish(
        &self,
        staging: Staging<'_>,
        plan: PublishPlan,
        previous: Option<&RunReport>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), OutputError> {
        let (remote, local) = self.divide(&plan.files);
        let names: Vec<OpenUpload> = remote
            .iter()
            .map(|(_, staged)| OpenUpload { place: staged.place, name: staged.file.file.clone(), id: String::new() })
            .collect();
        // Not broken off: an upload whose name is not known stays.
        let opened = match upload::open(remote, &self.run_id).await {
            Ok(opened) => opened,
            Err(error) => {
                self.forgotten(&names).await;
                return Err(error);
            }
        };
        let result = self.with(&opened, &local, staging, plan, previous, stop).await;
        self.forgotten(&opened.iter().map(Opened::note).collect::<Vec<_>>()).await;
        result
    }

    async fn with(
        &self,
        opened: &[Opened],
        local: &[Move],
        staging: Staging<'_>,
        plan: PublishPlan,
        previous: Option<&RunReport>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), OutputError> {
        let decided = async {
            self.lock.record(opened.iter().map(Opened::note).collect()).await?;
            let uploads = tokio::select! {
                biased;
                () = asked(stop) => return Err(OutputError::Interrupted),
                lost = self.lock.lost() => return Err(lost),
                sent = upload::send(opened) => sent?,
            };
            // The last look before anything changes: another run may have taken over while the machine slept.
            self.lock.confirm().await?;
            Ok(self.journal(uploads, local, plan.remove.clone(), &plan.manifest, previous))
        };
        let journal = match decided.await {
            Ok(journal) => journal,
            Err(error) => return Err(self.back_out(opened, error).await),
        };
        if let Err(error) = self.decide(&journal).await {
            return Err(self.withdraw(opened, error).await);
        }
        let mut standing = Standing::default();
        if let Err(error) = finish::first(&journal, &self.places(), &mut standing).await {
            return Err(self.undecide(&journal, opened, staging, error).await);
        }
        let done = journal.uploads.len().min(1);
        let rest = finish::rest(&journal, done, &self.places(), standing).await;
        // What is still open now, the journal tells.
        self.lock.leave(Vec::new()).await;
        match rest {
            Ok(_) => Ok(()),
            Err(error) => {
                staging.leave();
                Err(OutputError::Unfinished(Box::new(error)))
            }
        }
    }

    /// Files that go to a store, data first, and reports that go to a local folder.
    pub(super) fn divide(&self, files: &[Staged]) -> (Vec<(RemoteFolder, Staged)>, Vec<Move>) {
        let (mut remote, mut local) = (Vec::new(), Vec::new());
        for place in [Place::Output, Place::Reports] {
            for staged in files.iter().filter(|staged| staged.place == place) {
                match self.places().folder(place) {
                    Some(folder) => remote.push((folder.clone(), staged.clone())),
                    None => local.push(Move {
                        place,
                        name: staged.file.file.clone(),
                        bytes: staged.file.bytes,
                        xxh3: staged.file.xxh3.clone(),
                    }),
                }
            }
        }
        (remote, local)
    }

    pub(super) fn journal(
        &self,
        uploads: Vec<Upload>,
        local: &[Move],
        removals: Vec<Removal>,
        manifest: &[u8],
        previous: Option<&RunReport>,
    ) -> RemoteJournal {
        let gone = |object: &Object| {
            removals.iter().any(|file| file.place == object.place && file.name == object.file)
                || uploads.iter().any(|upload| upload.place == object.place && upload.name == object.file)
        };
        let known = previous.map(|previous| previous.objects.as_slice()).unwrap_or_default();
        let kept: Vec<Object> = known.iter().filter(|object| !gone(object)).cloned().collect();
        let mut report: serde_json::Value = serde_json::from_slice(manifest).expect("a report of ours is JSON");
        if let Some(fields) = report.as_object_mut() {
            fields.insert("objects".to_owned(), serde_json::to_value(kept).expect("names are plain data"));
        }
        RemoteJournal {
            version: journal::VERSION,
            run_id: self.run_id.clone(),
            reports: self.destination(),
            uploads,
            moves: local.to_vec(),
            removals,
            manifest: report.to_string(),
        }
    }

    /// Puts the journal there. An answer that is lost is found by reading.
    pub(super) async fn decide(&self, journal: &RemoteJournal) -> Result<(), OutputError> {
        let text = journal.text();
        let Err(error) = self.output.put(folder::JOURNAL, text.clone(), PutMode::Overwrite).await else {
            return Ok(());
        };
        match self.output.read(folder::JOURNAL).await {
            Ok(Some(found)) if found.bytes == text => Ok(()),
            _ => Err(self.output.failed("writing the journal", folder::JOURNAL, &error)),
        }
    }

    /// Leaves the old set and nothing else.
    async fn back_out(&self, opened: &[Opened], error: OutputError) -> OutputError {
        let left = upload::abort_all(opened).await;
        self.left_open(opened, left, error).await
    }

    /// The same, once the journal may be there: it must not find its uploads gone.
    async fn withdraw(&self, opened: &[Opened], error: OutputError) -> OutputError {
        match self.output.remove(folder::JOURNAL).await {
            Ok(()) => self.back_out(opened, error).await,
            Err(_) => self.left_open(opened, opened.iter().map(Opened::note).collect(), error).await,
        }
    }

    async fn left_open(&self, opened: &[Opened], left: Vec<OpenUpload>, error: OutputError) -> OutputError {
        let still = opened.iter().filter(|one| left.contains(&one.note()));
        let commands: Vec<String> = still.map(|one| one.folder.removal(&one.staged.file.file, &one.id)).collect();
        // The lock tells the next command of those that stay.
        self.lock.leave(left).await;
        if commands.is_empty() { error } else { OutputError::StillOpen { because: Box::new(error), commands } }
    }

    /// The first completion failed: if it is certain that it has not happened and will not, there is a way back.
    async fn undecide(
        &self,
        journal: &RemoteJournal,
        opened: &[Opened],
        staging: Staging<'_>,
        error: OutputError,
    ) -> OutputError {
        if let (Some(upload), Some(one)) = (journal.uploads.first(), opened.first()) {
            let undone = async {
                let closed = upload::abort(&one.folder, &upload.name, &upload.id).await;
                let stands = one.folder.holds(&upload.name, upload.bytes, &upload.xxh3).await;
                closed.is_ok() && matches!(stands, Ok(false))
            };
            if !tokio::time::timeout(self.output.deadline, undone).await.unwrap_or(false) {
                self.lock.leave(Vec::new()).await;
                staging.leave();
                return OutputError::Unfinished(Box::new(error));
            }
        }
        self.withdraw(opened, error).await
    }
}

pub(super) async fn asked(stop: &(dyn Fn() -> bool + Sync)) {
    while !stop() {
        tokio::time::sleep(LOOK).await;
    }
}
