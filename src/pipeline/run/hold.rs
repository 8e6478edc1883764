//! What a run holds while it works: its evidence, the locks on target and memory, its staging folder.

use std::path::Path;

use crate::diagnostic::{Diagnostic, code};
use crate::engine::{Engine, EngineOptions};
use crate::output::{Evidence, Lock, Remote, RunReport, Staging, recover};
use crate::pipeline::folders::{Folders, scratch_folder};
use crate::pipeline::home::ProjectState;
use crate::pipeline::remember::{Remembering, heal};
use crate::pipeline::run::{Running, Working};
use crate::pipeline::{Exit, Failure, target};
use crate::project::Loaded;

impl Running<'_> {
    /// Made before anything else: a run that cannot leave evidence does not publish.
    pub(super) fn evidence(&self, loaded: &Loaded, folders: &Folders) -> Result<Option<Evidence>, Failure> {
        if !self.request.evidence {
            return Ok(None);
        }
        let there = ProjectState::of(loaded)?.runs_there();
        Ok(Some(Evidence::begin(&folders.state, there, &self.run_id)?))
    }

    /// The last act of a run: what it says of itself stays.
    pub(super) fn leave(&mut self, evidence: &Evidence) {
        match evidence.finish(&self.report) {
            Ok(()) => self.outcome.evidence = Some(evidence.folder().to_path_buf()),
            Err(error) => return self.failure(None, &error.into()),
        }
        match evidence.send() {
            Ok(()) => self.outcome.evidence = Some(evidence.shown()),
            // One word about a store that does not answer is enough.
            Err(_) if self.outcome.exit == Exit::Store => {}
            Err(error) => self.failure(None, &error.into()),
        }
    }

    /// With the output folder to itself.
    pub(super) async fn locked(
        &mut self,
        loaded: &Loaded,
        folders: &Folders,
        evidence: Option<&Evidence>,
    ) -> Result<(), Failure> {
        self.judge_outward(loaded, folders)?;
        // A dry run leaves no trace in the output folder, not even for a moment.
        let scratch = if self.request.dry_run { Some(scratch_folder(&folders.state, &self.run_id)?) } else { None };
        let output = scratch.as_ref().map_or(&folders.output, |scratch| &scratch.path);
        let reports = if scratch.is_some() { None } else { folders.reports.as_deref() };
        let lock = Lock::take(output, &self.run_id)?;
        let mut remembering = Remembering::new(self.request, loaded, folders)?;
        remembering.claim(loaded, &self.run_id)?;
        let remote = match scratch {
            Some(_) => None,
            None => target::take(folders, loaded, &self.run_id).await?,
        };
        self.outcome.warnings.extend(remote.iter().flat_map(target::found));
        let result = self.held(loaded, evidence, &lock, reports, remote.as_ref(), &remembering).await;
        if let Some(remote) = remote {
            remote.release().await;
        }
        result
    }

    /// With the target to itself.
    async fn held(
        &mut self,
        loaded: &Loaded,
        evidence: Option<&Evidence>,
        lock: &Lock,
        reports: Option<&Path>,
        remote: Option<&Remote>,
        remembering: &Remembering,
    ) -> Result<(), Failure> {
        recover(lock)?;
        let previous = target::previous(remote, lock).await?;
        self.same_environment(previous.as_ref(), lock.directory())?;
        heal(remembering, loaded, previous.as_ref())?;
        let staging = Staging::begin(lock, reports, &self.run_id)?;
        let spill = staging.scratch()?;
        let engine = Engine::new(EngineOptions {
            threads: self.request.threads,
            memory: self.request.memory,
            spill: spill.clone(),
            as_of: self.request.as_of,
        })
        .map_err(|error| Failure::engine(&error, None))?;

        let working = Working { engine: &engine, staging: &staging, spill: &spill, remembering };
        let finished = self.mappings(loaded, &working, evidence).await;
        if self.stop.is_asked() {
            return Err(Failure::Interrupted);
        }
        self.publish(loaded, staging, remote, previous.as_ref(), finished, remembering).await
    }

    /// Two environments in one folder would overwrite each other's files.
    fn same_environment(&self, previous: Option<&RunReport>, output: &Path) -> Result<(), Failure> {
        let (then, now) =
            (previous.and_then(|previous| previous.environment.as_ref()), self.request.environment.as_ref());
        match (then, now) {
            (Some(then), Some(now)) if then != now => {
                let message = format!("`{}` holds the files of environment `{then}`, not `{now}`", output.display());
                let diagnostic = Diagnostic::error(&code::ENVIRONMENT, message).help(code::ENVIRONMENT.cure);
                Err(Failure::World(diagnostic))
            }
            _ => Ok(()),
        }
    }
}
