//! The lock on a target in a store: an object that only one run can make, that lasts for a while and is renewed.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use object_store::{PutMode, UpdateVersion};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;

use crate::output::lock::LockHeld;
use crate::output::remote::claim::Claim;
use crate::output::remote::folder::{Found, RemoteFolder, pause};
use crate::output::remote::leftovers::OpenUpload;
use crate::output::{OutputError, folder};
use crate::store::{Reason, Way, reason};

/// How long a claim lasts that is not renewed; it is renewed three times in that time.
pub(super) const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// So often the race for a free target is run before somebody else is said to hold it.
const TRIES: u32 = 5;

/// The right to change a target. To be [released](RemoteLock::release); what is only dropped lasts until it expires.
#[derive(Debug)]
pub(super) struct RemoteLock {
    held: Arc<Held>,
    renewing: JoinHandle<()>,
}

#[derive(Debug)]
struct Held {
    folder: RemoteFolder,
    life: SignedDuration,
    now: Mutex<(Claim, UpdateVersion)>,
    /// Who has taken over, once that is found out.
    lost: Mutex<Option<OutputError>>,
    told: Notify,
}

impl RemoteLock {
    /// Takes the target for `run_id`; gives the claim of a dead run too, if that had to be taken over.
    pub async fn take(
        folder: &RemoteFolder,
        run_id: &str,
        life: SignedDuration,
    ) -> Result<(Self, Option<Claim>), OutputError> {
        let claim = Claim::new(run_id, life);
        let mut failure = None;
        for tries in 0..TRIES {
            if failure.is_some() {
                pause(tries).await;
            }
            let made = folder.put(folder::LOCK, claim.text(), PutMode::Create).await;
            let error = match made {
                Ok(version) => return Ok((Self::hold(folder, claim, version.into(), life), None)),
                Err(error) => error,
            };
            // Whatever the error: an answer may have been lost, and the object may be there.
            let Some(found) = folder.read(folder::LOCK).await? else {
                if matches!(error, object_store::Error::AlreadyExists { .. }) {
                    // Released between the two looks.
                    continue;
                }
                if reason(&error) != Reason::Transient {
                    return Err(folder.failed("taking the lock", folder::LOCK, &error));
                }
                failure = Some(error);
                continue;
            };
            failure = None;
            match serde_json::from_slice::<Claim>(&found.bytes) {
                Ok(there) if there.token == claim.token => {
                    return Ok((Self::hold(folder, claim, found.version, life), None));
                }
                Ok(there) if there.lasts() && !there.is_dead() => return Err(held_by(folder, Some(&there))),
                // Not written to the end: its maker may be about to, or was killed.
                Err(_) if Timestamp::now().as_second() - found.modified < life.as_secs() => {
                    return Err(held_by(folder, None));
                }
                there => {
                    if let Some(version) = take_over(folder, &claim, &found).await? {
                        return Ok((Self::hold(folder, claim, version, life), there.ok()));
                    }
                }
            }
        }
        Err(match failure {
            Some(error) => folder.failed("taking the lock", folder::LOCK, &error),
            None => held_by(folder, None),
        })
    }

    fn hold(folder: &RemoteFolder, claim: Claim, version: UpdateVersion, life: SignedDuration) -> Self {
        let held = Arc::new(Held {
            folder: folder.clone(),
            life,
            now: Mutex::new((claim, version)),
            lost: Mutex::default(),
            told: Notify::new(),
        });
        let own = Arc::clone(&held);
        let pause = life.unsigned_abs() / 3;
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                // What fails now is tried again; if it never succeeds, the look before the first completion finds out.
                if let Err(error @ OutputError::LockLost { .. }) = own.write(|claim| claim.extend(own.life)).await {
                    *own.lost.lock().await = Some(error);
                    own.told.notify_one();
                    return;
                }
            }
        });
        Self { held, renewing }
    }

    /// Names the uploads that are open, for whoever finds the lock of a dead run.
    ///
    /// # Errors
    /// If it cannot be written, or another run has taken over.
    pub async fn record(&self, uploads: Vec<OpenUpload>) -> Result<(), OutputError> {
        let life = self.held.life;
        self.held
            .write(|claim| {
                claim.uploads = uploads;
                claim.extend(life);
            })
            .await
    }

    /// Reads the lock again, and makes it last: the run is about to change the target.
    ///
    /// # Errors
    /// If another run has taken over, or the lock cannot be read.
    pub async fn confirm(&self) -> Result<(), OutputError> {
        let life = self.held.life;
        self.held.write(|claim| claim.extend(life)).await
    }

    /// Waits until another run has taken over; for as long as none has, for ever.
    pub async fn lost(&self) -> OutputError {
        loop {
            if let Some(error) = self.held.lost.lock().await.take() {
                return error;
            }
            self.held.told.notified().await;
        }
    }

    /// Whether the object is still there and this run's.
    pub async fn is_ours(&self) -> bool {
        let token = self.held.now.lock().await.0.token.clone();
        let found = self.held.folder.read(folder::LOCK).await;
        found.is_ok_and(|found| found.as_ref().and_then(token_of) == Some(token))
    }

    /// Says which uploads stay open when the lock is given back.
    pub async fn leave(&self, uploads: Vec<OpenUpload>) {
        self.held.now.lock().await.0.uploads = uploads;
    }

    /// Gives the target back. Where uploads are left, the object stays, expired, and tells the next command of them.
    ///
    /// # Errors
    /// If the object cannot be deleted; it then lasts until it expires.
    pub async fn release(&self) -> Result<(), OutputError> {
        self.renewing.abort();
        let now = self.held.now.lock().await;
        match self.held.folder.read(folder::LOCK).await? {
            Some(found) if token_of(&found).as_deref() == Some(now.0.token.as_str()) => {
                if now.0.uploads.is_empty() {
                    return self.held.folder.remove(folder::LOCK).await;
                }
                let mut claim = now.0.clone();
                claim.extend(SignedDuration::ZERO);
                overwrite(&self.held.folder, &claim, found.version).await.map(|_| ())
            }
            // Somebody else's by now, or gone.
            _ => Ok(()),
        }
    }
}

impl Drop for RemoteLock {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Held {
    /// Writes the claim again after `change`, if it still stands there.
    async fn write(&self, change: impl FnOnce(&mut Claim)) -> Result<(), OutputError> {
        let mut now = self.now.lock().await;
        let (claim, version) = &mut *now;
        let found = self.folder.read(folder::LOCK).await?;
        match &found {
            Some(found) if token_of(found).as_deref() == Some(claim.token.as_str()) => {
                *version = found.version.clone();
            }
            _ => return Err(self.lost(found.as_ref())),
        }
        let mut next = claim.clone();
        change(&mut next);
        match overwrite(&self.folder, &next, version.clone()).await? {
            Some(new) => {
                *now = (next, new);
                Ok(())
            }
            None => Err(self.lost(self.folder.read(folder::LOCK).await?.as_ref())),
        }
    }

    fn lost(&self, found: Option<&Found>) -> OutputError {
        let there = found.and_then(|found| serde_json::from_slice::<Claim>(&found.bytes).ok());
        OutputError::LockLost {
            folder: self.folder.shown.clone(),
            by: there.map(|claim| claim.holder).map_or_else(String::new, |holder| format!(" by {holder}")),
        }
    }
}

fn token_of(found: &Found) -> Option<String> {
    serde_json::from_slice::<Claim>(&found.bytes).ok().map(|claim| claim.token)
}

fn held_by(folder: &RemoteFolder, claim: Option<&Claim>) -> OutputError {
    let directory = PathBuf::from(&folder.shown);
    LockHeld { directory, holder: claim.map(|claim| claim.holder.clone()) }.into()
}

/// Puts `claim` in place of the version that was read; none if somebody was faster.
async fn overwrite(
    folder: &RemoteFolder,
    claim: &Claim,
    version: UpdateVersion,
) -> Result<Option<UpdateVersion>, OutputError> {
    if let Way::Rename(_) = &folder.way {
        let partial = format!("{}-{}", folder::LOCK, claim.token);
        folder.replace(folder::LOCK, claim.text(), &partial).await?;
        return Ok(Some(UpdateVersion { e_tag: None, version: None }));
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match folder.put(folder::LOCK, claim.text(), PutMode::Update(version.clone())).await {
            Ok(version) => return Ok(Some(version.into())),
            Err(error) => error,
        };
        match folder.read(folder::LOCK).await? {
            // The answer was lost, not the lock.
            Some(found) if found.bytes == claim.text() => return Ok(Some(found.version)),
            Some(found) if found.version == version && reason(&error) == Reason::Transient && tries < TRIES => {
                pause(tries).await;
            }
            _ if reason(&error) == Reason::Changed || reason(&error) == Reason::Missing => return Ok(None),
            _ => return Err(folder.failed("writing the lock", folder::LOCK, &error)),
        }
    }
}

/// Takes the lock of a dead run; none if somebody was faster.
async fn take_over(folder: &RemoteFolder, claim: &Claim, found: &Found) -> Result<Option<UpdateVersion>, OutputError> {
    let Way::Rename(server) = &folder.way else { return overwrite(folder, claim, found.version.clone()).await };
    // Of two runs that move the same file away, one does it.
    let aside = format!("{}-{}", folder::LOCK, claim.token);
    let moved = folder.within(server.rename(&folder.path(folder::LOCK), &folder.path(&aside))).await;
    match moved {
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        other => other.map_err(|error| folder.failed("taking the lock", folder::LOCK, &error))?,
    }
    let taken = folder.read(&aside).await?;
    if taken.is_none_or(|taken| taken.bytes != found.bytes) {
        // It was a new run's, made between the two looks: back with it.
        let back = folder.within(server.rename(&folder.path(&aside), &folder.path(folder::LOCK))).await;
        back.map_err(|error| folder.failed("giving back the lock", folder::LOCK, &error))?;
        return Ok(None);
    }
    let made = folder.put(folder::LOCK, claim.text(), PutMode::Create).await;
    folder.remove(&aside).await?;
    match made {
        Ok(version) => Ok(Some(version.into())),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(None),
        Err(error) => Err(folder.failed("taking the lock", folder::LOCK, &error)),
    }
}
