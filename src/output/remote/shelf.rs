//! A folder of a store as the memory of earlier runs needs it: what publishing has, asked by threads that wait.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::output::remote::folder::{RemoteFolder, TRIES, pause};
use crate::output::remote::lock::{LIFE, RemoteLock};
use crate::output::remote::publish::AFTERWARDS;
use crate::output::remote::upload;
use crate::output::{OutputError, OutputFile, Place, Staged, folder};
use crate::state::{Shelf, ShelfLock, StateError};
use crate::store::wait;

/// What is put there at once and not in parts.
const SMALL: u64 = 1 << 20;

/// A shelf in a store.
#[derive(Debug, Clone)]
pub struct StoreShelf(RemoteFolder);

impl StoreShelf {
    /// The shelf in this folder; asks the store nothing.
    pub fn new(folder: RemoteFolder) -> Self {
        Self(folder)
    }

    /// Does `work` among the transfers.
    fn ask<T, F>(&self, work: impl FnOnce(RemoteFolder) -> F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, OutputError>> + Send + 'static,
    {
        wait(work(self.0.clone())).map_err(told)
    }
}

impl Shelf for StoreShelf {
    fn below(&self, name: &str) -> Arc<dyn Shelf> {
        Arc::new(Self(self.0.below(name)))
    }

    fn shown(&self) -> String {
        self.0.shown.clone()
    }

    fn folders(&self) -> Result<Vec<String>, StateError> {
        self.ask(|folder| async move { folder.folders().await })
    }

    fn names(&self) -> Result<Vec<String>, StateError> {
        self.ask(|folder| async move { folder.names().await })
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let name = name.to_owned();
        self.ask(|folder| async move { Ok(folder.read(&name).await?.map(|found| found.bytes)) })
    }

    fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), StateError> {
        let name = name.to_owned();
        self.ask(|folder| async move { folder.write_small(&name, bytes).await })
    }

    fn send(&self, name: &str, file: &Path) -> Result<(), StateError> {
        let (name, file) = (name.to_owned(), file.to_path_buf());
        self.ask(|folder| async move { folder.send_file(&name, &file).await })
    }

    fn fetch(&self, name: &str, bytes: u64, to: &Path) -> Result<bool, StateError> {
        let (name, to) = (name.to_owned(), to.to_path_buf());
        self.ask(move |folder| async move { folder.fetch_sized(&name, bytes, &to).await })
    }

    fn remove(&self, name: &str) -> Result<(), StateError> {
        let name = name.to_owned();
        self.ask(|folder| async move { folder.remove(&name).await })
    }

    fn lock(&self, run_id: &str) -> Result<Box<dyn ShelfLock>, StateError> {
        let run_id = run_id.to_owned();
        let lock = self.ask(|folder| async move {
            let (lock, _) = RemoteLock::take(&folder, &run_id, LIFE).await?;
            Ok(lock)
        })?;
        let held = StoreLock { lock: Arc::new(lock), limit: self.0.deadline.min(AFTERWARDS) };
        // From here on it is given back whatever happens.
        self.ask(|folder| async move { folder.clear_leftovers().await })?;
        Ok(Box::new(held))
    }
}

/// The lock object of a folder; deleted when dropped. What cannot be deleted expires.
#[derive(Debug)]
struct StoreLock {
    lock: Arc<RemoteLock>,
    /// Giving it back takes no longer.
    limit: Duration,
}

impl ShelfLock for StoreLock {
    fn confirm(&self) -> Result<(), StateError> {
        let lock = Arc::clone(&self.lock);
        wait(async move { lock.confirm().await }).map_err(told)
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        let (lock, limit) = (Arc::clone(&self.lock), self.limit);
        wait(async move {
            let _ = tokio::time::timeout(limit, lock.release()).await;
        });
    }
}

impl RemoteFolder {
    /// Puts a small object there, over whatever has the name. An answer that is lost is found by reading.
    pub(super) async fn write_small(&self, name: &str, bytes: Vec<u8>) -> Result<(), OutputError> {
        let began = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let partial = format!("{}{name}", folder::HIDDEN);
            let Err(error) = self.replace(name, bytes.clone(), &partial).await else { return Ok(()) };
            if !error.is_transient() {
                return Err(error);
            }
            match self.read(name).await {
                Ok(Some(found)) if found.bytes == bytes => return Ok(()),
                Ok(_) if tries < TRIES && began.elapsed() < self.deadline => pause(tries).await,
                _ => return Err(error),
            }
        }
    }

    /// Puts a local file of any size there, over whatever has the name.
    pub(super) async fn send_file(&self, name: &str, path: &Path) -> Result<(), OutputError> {
        let bytes = fs::metadata(path).map_err(OutputError::disk("look at", path))?.len();
        if bytes <= SMALL {
            let bytes = fs::read(path).map_err(OutputError::disk("read", path))?;
            return self.write_small(name, bytes).await;
        }
        let gone = || OutputError::damaged(path, "is gone: something removed it");
        let (bytes, xxh3) = folder::fingerprint(path)?.ok_or_else(gone)?;
        let file = OutputFile { file: name.to_owned(), rows: 0, bytes, xxh3 };
        let staged = Staged { place: Place::Output, file, path: path.to_path_buf() };
        self.put_file(&staged, &mut |_| Ok(()), &|| false).await
    }

    /// Fetches an object of `bytes` bytes into the local file `to`; false if there is none of this size.
    pub(super) async fn fetch_sized(&self, name: &str, bytes: u64, to: &Path) -> Result<bool, OutputError> {
        if self.look_at(name).await?.is_none_or(|meta| meta.size != bytes) {
            return Ok(false);
        }
        self.read_through(name, Some(to)).await?;
        Ok(fs::metadata(to).map_err(OutputError::disk("look at", to))?.len() == bytes)
    }

    /// Removes partial files and open uploads: in a folder that is all ours, whoever holds its lock knows that they are nobody's.
    async fn clear_leftovers(&self) -> Result<(), OutputError> {
        for name in self.hidden().await? {
            if name != folder::LOCK {
                self.remove(&name).await?;
            }
        }
        for left in self.uploads().await {
            let name = left.key.rsplit('/').next().unwrap_or_default();
            upload::abort(self, name, &left.id).await?;
        }
        Ok(())
    }
}

fn told(error: OutputError) -> StateError {
    match error {
        OutputError::Store(error) => error.into(),
        OutputError::Disk { action, path, source } => StateError::Disk { action, path, source },
        OutputError::LockLost { folder, by } => StateError::Shelf {
            code: &crate::diagnostic::code::LOCK_LOST,
            message: format!("the lock on `{folder}` was taken over{by}: nothing was published"),
        },
        error => StateError::Shelf { code: error.code(), message: error.to_string() },
    }
}
