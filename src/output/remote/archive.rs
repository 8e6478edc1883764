//! Dated copies of what was published, in a store.

use crate::output::remote::folder::RemoteFolder;
use crate::output::remote::upload;
use crate::output::{OutputError, Staged};

impl RemoteFolder {
    /// Sends copies of `files`, each whole or not at all, and deletes what an earlier publish of the day had there and this one
    /// has not: names for which `is_ours`. Done again it changes nothing.
    ///
    /// # Errors
    /// If the store does not answer or refuses; no upload stays open.
    pub async fn archive(
        &self,
        files: &[Staged],
        run_id: &str,
        is_ours: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), OutputError> {
        let wanted = files.iter().map(|staged| (self.clone(), staged.clone())).collect();
        let opened = upload::open(wanted, run_id).await?;
        let sent = async {
            for one in upload::send(&opened).await? {
                upload::complete(self, &one).await?;
            }
            Ok(())
        };
        if let Err(error) = sent.await {
            // Those that are completed have no upload any more.
            let left = upload::abort_all(&opened).await;
            let commands: Vec<String> = left.iter().map(|one| self.removal(&one.name, &one.id)).collect();
            return Err(match commands.is_empty() {
                true => error,
                false => OutputError::StillOpen { because: Box::new(error), commands },
            });
        }
        for name in self.names().await? {
            if is_ours(&name) && files.iter().all(|staged| staged.file.file != name) {
                self.remove(&name).await?;
            }
        }
        Ok(())
    }
}
