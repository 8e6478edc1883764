//! The staging folder: where files grow, unseen, until they are whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::output::journal::staging_folder;
use crate::output::{Lock, OutputError, OutputFile, Place, folder};

/// Names the other folders in which a run stages, for whoever has to clean up after it.
const NOTE: &str = "folders.json";

/// Where else a run stages.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    reports: PathBuf,
}

/// The staging folders of one run. Dropped without a publish, they are removed with all that is in them.
#[derive(Debug)]
pub struct Staging<'a> {
    lock: &'a Lock,
    run_id: String,
    reports: Option<PathBuf>,
    kept: bool,
}

impl<'a> Staging<'a> {
    /// Makes `.tanguero-<run>/` in the locked folder, and in `reports` if that is another one.
    ///
    /// # Errors
    /// If a folder cannot be made, the run has staged here before, or a killed run was not [recovered](crate::output::recover).
    pub fn begin(lock: &'a Lock, reports: Option<&Path>, run_id: &str) -> Result<Self, OutputError> {
        let output = lock.directory();
        let reports = match reports {
            Some(reports) => {
                folder::make(reports)?;
                Some(folder::absolute(reports)?).filter(|reports| reports != output)
            }
            None => None,
        };
        let journal = output.join(folder::JOURNAL);
        if journal.exists() {
            return Err(OutputError::damaged(&journal, "is of a killed run that was not finished"));
        }
        let make = |path: &Path| fs::create_dir(path).map_err(OutputError::disk("make the folder", path));
        let own = staging_folder(output, run_id);
        make(&own)?;
        // From here on a failure removes what was made.
        let staging = Self { lock, run_id: run_id.to_owned(), reports, kept: false };
        if let Some(reports) = &staging.reports {
            let note = own.join(NOTE);
            let text = serde_json::to_vec(&Note { reports: reports.clone() }).expect("a path of ours is text");
            crate::output::step::Step::Write(note, text).run()?;
            folder::sync(&own)?;
            make(&staging_folder(reports, run_id))?;
        }
        Ok(staging)
    }

    /// A new, empty file that will be called `name` in `place`.
    ///
    /// # Errors
    /// If it cannot be made, or the run has such a file already.
    pub fn create(&self, place: Place, name: &str) -> Result<StagedFile, OutputError> {
        let path = self.staged(place).join(name);
        if !folder::is_plain(name) || name == folder::MANIFEST {
            return Err(OutputError::damaged(&path, "is no name for an output"));
        }
        let file = File::create_new(&path).map_err(OutputError::disk("make", &path))?;
        Ok(StagedFile {
            place,
            name: name.to_owned(),
            path,
            file,
            hash: Xxh3::new(),
            bytes: 0,
            buffer: Vec::with_capacity(BUFFER),
        })
    }

    /// A folder for temporary files, on the disk of the output and gone with the staging folder.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn scratch(&self) -> Result<PathBuf, OutputError> {
        // No output can have this name.
        let path = self.staged(Place::Output).join(".scratch");
        folder::make(&path)?;
        Ok(path)
    }

    /// The output folder, absolute.
    pub fn output(&self) -> &Path {
        self.lock.directory()
    }

    /// The reports folder, absolute, if it is another one.
    pub fn reports(&self) -> Option<&Path> {
        self.reports.as_deref()
    }

    /// The run that stages.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Where files of `place` will stand.
    pub(crate) fn target(&self, place: Place) -> &Path {
        match (place, &self.reports) {
            (Place::Reports, Some(reports)) => reports,
            _ => self.output(),
        }
    }

    /// Where files of `place` stand until then.
    pub(crate) fn staged(&self, place: Place) -> PathBuf {
        staging_folder(self.target(place), &self.run_id)
    }

    /// Leaves the folders as they are: whoever finishes the publish needs them.
    pub(crate) fn leave(mut self) {
        self.keep();
    }

    /// From now on the journal owns the folders.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is removed by the next command on the folder.
            for place in [Place::Reports, Place::Output] {
                let _ = fs::remove_dir_all(self.staged(place));
            }
        }
    }
}

/// Every staging folder that a killed run left in or for `output`, in the order in which to remove them: the one that names
/// another comes after it, or that other would be forgotten.
pub(crate) fn left_behind(output: &Path) -> Result<Vec<PathBuf>, OutputError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(output)? {
            let entry = entry?;
            let name = entry.file_name();
            // The entry's own type: a link to a folder elsewhere is not ours to empty.
            if !entry.file_type()?.is_dir() || !name.as_encoded_bytes().starts_with(folder::HIDDEN.as_bytes()) {
                continue;
            }
            if let Ok(text) = fs::read(entry.path().join(NOTE))
                && let Ok(note) = serde_json::from_slice::<Note>(&text)
            {
                found.push(note.reports.join(&name));
            }
            found.push(entry.path());
        }
        Ok(found)
    };
    list().map_err(OutputError::disk("list", output))
}

const BUFFER: usize = 1 << 18;

/// A file in the staging folder, written from start to end.
pub struct StagedFile {
    place: Place,
    name: String,
    path: PathBuf,
    file: File,
    hash: Xxh3,
    bytes: u64,
    buffer: Vec<u8>,
}

impl StagedFile {
    /// Appends; small pieces are gathered.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Counts and hashes bytes that the caller itself writes, in this order, to [`Self::handle`].
    pub(crate) fn account(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// A second handle on the file, for a thread that writes.
    pub(crate) fn handle(&self) -> Result<File, OutputError> {
        self.file.try_clone().map_err(OutputError::disk("open", &self.path))
    }

    /// Where it stands until it is published.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it durable; `rows` are its records, without the header.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(mut self, rows: u64) -> Result<Staged, OutputError> {
        self.flush()?;
        self.file.sync_all().map_err(OutputError::disk("flush", &self.path))?;
        let file = OutputFile { file: self.name, rows, bytes: self.bytes, xxh3: folder::hex(&self.hash) };
        Ok(Staged { place: self.place, file, path: self.path })
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        let buffer = std::mem::take(&mut self.buffer);
        self.account(&buffer);
        self.file.write_all(&buffer).map_err(OutputError::disk("write", &self.path))?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }
}

/// A file that is whole and durable, and not yet published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// The folder it belongs in.
    pub place: Place,
    /// What `run.json` says of it.
    pub file: OutputFile,
    /// Where it stands now.
    pub path: PathBuf,
}
