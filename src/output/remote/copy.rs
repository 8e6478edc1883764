//! One finished file to a folder of a store, and one back: what delivering needs of the machinery of publishing.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use futures::StreamExt;
use object_store::ObjectStoreExt;
use xxhash_rust::xxh3::Xxh3;

use crate::output::remote::folder::{RemoteFolder, TRIES, pause};
use crate::output::remote::publish::asked;
use crate::output::remote::upload;
use crate::output::{OutputError, OutputFile, RunReport, Staged, folder};

/// In the name of partial files. The same in every delivery: what a killed one left, the next one writes over.
const DELIVERED: &str = "deliver";

impl RemoteFolder {
    /// Puts a file there under its own name, never seen in part, and looks at it there.
    ///
    /// `opened` hears the store's name for the upload before anything is sent, and none when it is closed: who keeps it can
    /// [close](Self::close) what a killed process left.
    ///
    /// # Errors
    /// If the store fails, or the wish to stop comes first; the file that was there is there still.
    pub async fn put_file(
        &self,
        staged: &Staged,
        opened: &mut (dyn FnMut(Option<&str>) -> Result<(), OutputError> + Send),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), OutputError> {
        let open = upload::open(vec![(self.clone(), staged.clone())], DELIVERED).await?;
        let sent = async {
            opened(open.first().map(|one| one.id.as_str()))?;
            tokio::select! {
                biased;
                () = asked(stop) => Err(OutputError::Interrupted),
                sent = upload::send(&open) => sent,
            }
        };
        let uploads = match sent.await {
            Ok(uploads) => uploads,
            Err(error) => {
                if upload::abort_all(&open).await.is_empty() {
                    opened(None)?;
                }
                return Err(error);
            }
        };
        for one in &uploads {
            if let Err(error) = upload::complete(self, one).await {
                if upload::abort_all(&open).await.is_empty() {
                    opened(None)?;
                }
                return Err(error);
            }
        }
        opened(None)
    }

    /// Closes an upload that a killed process left open; fine if it is closed.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn close(&self, name: &str, id: &str) -> Result<(), OutputError> {
        upload::abort(self, name, id).await
    }

    /// Whether the file stands there, byte by byte. Reads it if its size fits.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn has(&self, file: &OutputFile) -> Result<bool, OutputError> {
        self.holds(&file.file, file.bytes, &file.xxh3).await
    }

    /// Copies the file to `target` on this machine.
    ///
    /// # Errors
    /// If the store or the disk fails, or the object is not the file that is meant.
    pub async fn fetch(&self, file: &OutputFile, target: &Path) -> Result<(), OutputError> {
        let path = self.path(&file.file);
        let read = async || -> Result<Result<String, OutputError>, object_store::Error> {
            let mut stream = self.store.get(&path).await?.into_stream();
            let mut hash = Xxh3::new();
            let mut copy = match File::create(target) {
                Ok(copy) => copy,
                Err(error) => return Ok(Err(OutputError::disk("write", target)(error))),
            };
            while let Some(piece) = stream.next().await.transpose()? {
                hash.update(&piece);
                if let Err(error) = copy.write_all(&piece) {
                    return Ok(Err(OutputError::disk("write", target)(error)));
                }
            }
            Ok(Ok(folder::hex(&hash)))
        };
        let mut tries = 0;
        let found = loop {
            tries += 1;
            match read().await {
                Ok(found) => break found?,
                Err(error) if tries < TRIES && crate::store::reason(&error) == crate::store::Reason::Transient => {
                    pause(tries).await;
                }
                Err(error) => return Err(self.failed("reading", &file.file, &error)),
            }
        };
        if found != file.xxh3 {
            let object = self.object(&file.file);
            return Err(OutputError::damaged(
                object.as_ref(),
                "is not what was published: something else writes there",
            ));
        }
        Ok(())
    }

    /// The `run.json` there; none before the first publish.
    ///
    /// # Errors
    /// If it cannot be read or is not ours: it is then not overwritten either.
    pub async fn report(&self) -> Result<Option<RunReport>, OutputError> {
        let Some(found) = self.read(folder::MANIFEST).await? else { return Ok(None) };
        serde_json::from_slice(&found.bytes).map(Some).map_err(|error| {
            let object = self.object(folder::MANIFEST);
            OutputError::damaged(object.as_ref(), format!("is no report of a tanguero run ({error}): move it away"))
        })
    }

    /// Before the next try of something that failed for a reason that passes.
    pub async fn breathe(tries: usize) {
        pause(u32::try_from(tries).unwrap_or(TRIES).min(TRIES)).await;
    }
}
