//! The lock on an output folder: one run at a time, and the second is told who holds it.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::output::{OutputError, folder};

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// When it took the lock, in UTC.
    pub since: String,
    /// Its run.
    pub run_id: String,
}

impl Holder {
    /// This process, from now on.
    pub(crate) fn this(run_id: &str) -> Self {
        let since = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { pid: std::process::id(), host: host(), since, run_id: run_id.to_owned() }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, since, run_id } = self;
        write!(out, "run {run_id}, process {pid} on {host}, since {since}")
    }
}

/// Another run works on the folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LockHeld {
    /// The folder.
    pub directory: PathBuf,
    /// Who, unless it has not yet said so.
    pub holder: Option<Holder>,
}

impl fmt::Display for LockHeld {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "another run holds `{}`", self.directory.display())?;
        if let Some(holder) = &self.holder {
            write!(out, ": {holder}")?;
        }
        Ok(())
    }
}

/// The right to change one output folder; given back when dropped, or by the system when the process dies.
///
/// What counts is the system's lock on the file, not that the file is there: a killed run leaves the file and loses the
/// lock, so the next run takes it over. The file's text only serves to tell others who it is.
#[derive(Debug)]
pub struct Lock {
    directory: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the folder for `run_id`; the folder is made if need be.
    ///
    /// # Errors
    /// [`OutputError::Locked`] at once if another run, or this one, holds it.
    pub fn take(directory: &Path, run_id: &str) -> Result<Self, OutputError> {
        folder::make(directory)?;
        let directory = folder::absolute(directory)?;
        let path = directory.join(folder::LOCK);
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                // A link left here by somebody else must not have its target overwritten.
                .custom_flags(libc::O_NOFOLLOW)
                .open(&path)
                .map_err(OutputError::disk("open", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = holder_of(file);
                    return Err(LockHeld { directory, holder }.into());
                }
                Err(TryLockError::Error(error)) => return Err(OutputError::disk("lock", &path)(error)),
            }
            // The file that was opened may have been removed by its holder before the lock came free.
            if !is_at(&file, &path).map_err(OutputError::disk("look at", &path))? {
                continue;
            }
            let mut lock = Self { directory, file };
            lock.sign(run_id).map_err(OutputError::disk("write", &path))?;
            return Ok(lock);
        }
    }

    /// The folder, absolute.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn sign(&mut self, run_id: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(serde_json::to_string(&Holder::this(run_id))?.as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while still locked: whoever opened this file meanwhile sees that its name is gone and tries again.
        // If somebody removed it by hand, another run's may stand there. A failure leaves a file that locks nothing.
        let path = self.directory.join(folder::LOCK);
        if is_at(&self.file, &path).unwrap_or(false) {
            let _ = fs::remove_file(path);
        }
        let _ = self.file.unlock();
    }
}

/// The holder's own words; it may be about to write them.
fn holder_of(mut file: File) -> Option<Holder> {
    for _ in 0..20 {
        let mut text = String::new();
        io::Seek::rewind(&mut file).ok()?;
        file.read_to_string(&mut text).ok()?;
        if let Ok(holder) = serde_json::from_str(&text) {
            return Some(holder);
        }
        thread::sleep(Duration::from_millis(10));
    }
    None
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let here = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| fs::read_to_string("/etc/hostname"))
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}
