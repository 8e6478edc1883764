//! One finished file to a folder of a store: what delivering needs of the machinery of publishing.

use crate::output::remote::folder::{RemoteFolder, TRIES, pause};
use crate::output::remote::publish::asked;
use crate::output::remote::upload;
use crate::output::{OutputError, OutputFile, Staged};

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

    /// Before the next try of something that failed for a reason that passes.
    pub async fn breathe(tries: usize) {
        pause(u32::try_from(tries).unwrap_or(TRIES).min(TRIES)).await;
    }
}
