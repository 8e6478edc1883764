//! The evidence of runs on a shelf: `<state>/runs/<run>/`, sent when a run has ended, fetched when somebody asks.
//!
//! `run.json` goes last and is removed first, so that a run that has one has all of its files. What could not be sent stays in
//! the working copy, marked, and goes with the next run of this machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use crate::output::evidence::{KEPT, runs_in};
use crate::output::remote::folder::RemoteFolder;
use crate::output::step::Step;
use crate::output::{OutputError, folder};
use crate::store::wait;

/// Stands in the evidence of a run until it is sent.
pub(in crate::output) const UNSENT: &str = ".unsent";

/// Small objects that are fetched side by side.
const AT_ONCE: usize = 8;

impl RemoteFolder {
    /// This being `<state>/runs`: sends what the runs in the folder `here` left and have not sent, and removes the oldest beyond
    /// those that are kept. Waits for the store.
    ///
    /// # Errors
    /// If a file cannot be read, or the store does not take it.
    pub fn send_runs(&self, here: &Path) -> Result<(), OutputError> {
        let (there, here) = (self.clone(), here.to_path_buf());
        wait(async move {
            for run in runs_in(&here)?.iter().filter(|run| run.join(UNSENT).exists()) {
                // Killed before it could say anything: there is nothing to tell.
                if run.join(folder::MANIFEST).is_file() {
                    there.below(&name_of(run)).send_run(run).await?;
                    Step::Remove(run.join(UNSENT)).run()?;
                }
            }
            there.remove_oldest().await
        })
    }

    async fn send_run(&self, run: &Path) -> Result<(), OutputError> {
        let mut names = names_in(run)?;
        names.retain(|name| name != UNSENT);
        names.sort_by_key(|name| name == folder::MANIFEST);
        for name in names {
            self.send_file(&name, &run.join(&name)).await?;
        }
        Ok(())
    }

    async fn remove_oldest(&self) -> Result<(), OutputError> {
        let mut runs = self.folders().await?;
        runs.retain(|name| is_run(name));
        runs.sort();
        runs.truncate(runs.len().saturating_sub(KEPT));
        for name in runs {
            let run = self.below(&name);
            run.remove(folder::MANIFEST).await?;
            for name in run.names().await? {
                run.remove(&name).await?;
            }
            run.remove_itself().await;
        }
        Ok(())
    }

    /// This being `<state>/runs`: brings what is missing in the folder `here`, and removes runs from it that are not kept any more.
    /// Waits for the store.
    ///
    /// # Errors
    /// If the store does not answer, or the disk fails.
    pub fn bring_reports(&self, here: &Path) -> Result<(), OutputError> {
        let (there, here) = (self.clone(), here.to_path_buf());
        wait(async move {
            let runs: BTreeSet<String> = there.folders().await?.into_iter().filter(|name| is_run(name)).collect();
            for run in runs_in(&here)? {
                if !runs.contains(&name_of(&run)) && !run.join(UNSENT).exists() {
                    Step::Discard(run).run()?;
                }
            }
            let missing: Vec<String> =
                runs.into_iter().filter(|name| !here.join(name).join(folder::MANIFEST).is_file()).collect();
            let bringing = stream::iter(missing).map(|name| {
                let (run, to) = (there.below(&name), here.join(&name));
                async move {
                    // One that has none yet, or no more, has nothing to tell.
                    let Some(found) = run.read(folder::MANIFEST).await? else { return Ok(()) };
                    folder::make(&to)?;
                    crate::output::step::replace(&to.join(folder::MANIFEST), found.bytes)
                }
            });
            bringing.buffer_unordered(AT_ONCE).try_collect().await
        })
    }

    /// This being `<state>/runs`: brings all there is of the run whose folder is `run`. Waits for the store.
    ///
    /// # Errors
    /// If the store does not answer, or the disk fails.
    pub fn bring_run(&self, run: &Path) -> Result<(), OutputError> {
        if run.join(UNSENT).exists() {
            return Ok(());
        }
        let (there, run) = (self.below(&name_of(run)), run.to_path_buf());
        wait(async move {
            for (name, bytes) in there.sizes().await?.into_iter().filter(|(name, _)| folder::is_plain(name)) {
                let to = run.join(&name);
                if fs::metadata(&to).is_ok_and(|found| found.len() == bytes) {
                    continue;
                }
                let partial = run.join(format!(".{name}.{}", std::process::id()));
                if there.fetch_sized(&name, bytes, &partial).await? {
                    Step::Rename { from: partial, to, content: None }.run()?;
                }
            }
            Ok(())
        })
    }
}

fn is_run(name: &str) -> bool {
    folder::is_plain(name) && name.starts_with(|first: char| first.is_ascii_digit())
}

fn name_of(run: &Path) -> String {
    run.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn names_in(run: &Path) -> Result<Vec<String>, OutputError> {
    let list = || -> std::io::Result<Vec<String>> {
        let entries = fs::read_dir(run)?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    };
    list().map_err(OutputError::disk("list", run))
}
