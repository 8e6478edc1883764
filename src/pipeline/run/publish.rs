//! The end of a run: what is right is put in its place and remembered, all of it at once.

use crate::diagnostic::{Diagnostic, code};
use crate::output::{
    MappingReport, OutputError, PublishPlan, Remote, RunReport, Staged, Staging, Status, succeed, was_sent,
};
use crate::pipeline::remember::{Left, Remembering};
use crate::pipeline::run::Running;
use crate::pipeline::run::archive::{Held, Wish};
use crate::pipeline::{Exit, Failure, target};
use crate::project::Loaded;

/// A mapping that is settled and staged.
pub(super) struct Done {
    pub report: MappingReport,
    pub staged: Vec<Staged>,
    pub left: Option<Left>,
    /// Where a dated copy is wanted.
    pub archive: Option<Wish>,
    /// Totango adds its rows to what it has.
    pub adds_up: bool,
}

impl Running<'_> {
    /// Puts what is right in its place: all of it at once.
    pub(super) async fn publish(
        &mut self,
        loaded: &Loaded,
        staging: Staging<'_>,
        remote: Option<&Remote>,
        previous: Option<&RunReport>,
        finished: Vec<Done>,
        remembering: &Remembering,
    ) -> Result<(), Failure> {
        let mut finished = self.without_resends(&staging, remote, previous, finished).await?;
        let together = loaded.project.file.as_ref().is_some_and(|file| file.publish_together);
        let any_failed = self.outcome.exit != Exit::Good;
        let mut files = Vec::new();
        let mut left = Vec::new();
        let mut copies = Held::new();
        for Done { report, staged, left: leaves, archive, .. } in &mut finished {
            // Publishing takes the list.
            let held: Vec<Staged> = if archive.is_some() { staged.clone() } else { Vec::new() };
            report.status = if self.request.dry_run {
                self.set_aside(report, staged)?;
                Status::DryRun
            } else if together && any_failed {
                let failure =
                    Failure::Held("another mapping published nothing, and `publish: together` wants all".to_owned());
                report.problem = failure.problem();
                Status::Held
            } else if !self.request.force
                && target::unchanged(remote, &staging, previous, (&report.mapping, staged)).await?
            {
                Status::Unchanged
            } else {
                files.append(staged);
                Status::Published
            };
            if report.status.stands()
                && let Some(wish) = archive.take()
            {
                copies.hold(wish, report, &held, &staging)?;
            }
            if report.status.stands()
                && let Some(mut leaves) = leaves.take()
            {
                leaves.record(report, &self.report)?;
                left.push(leaves);
            }
        }
        self.report.mappings.splice(0..0, finished.into_iter().map(|done| done.report));
        let order: Vec<&str> = loaded.mappings.iter().map(|file| file.name.as_str()).collect();
        let place = |report: &MappingReport| order.iter().position(|name| *name == report.mapping);
        self.report.mappings.sort_by_key(place);
        let remove = succeed(previous, &mut self.report);
        self.report.settle_status();
        self.report.ended = jiff::Timestamp::now().to_string();
        let any_published = self.report.mappings.iter().any(|mapping| mapping.status == Status::Published);
        if let Err(failure) = remembering.confirm() {
            return Err(self.withdraw(previous, failure));
        }
        if any_published {
            // From here on an interruption would only leave to the next run what this one can finish.
            let plan = PublishPlan { files, remove, manifest: self.report.to_json() };
            if let Err(error) = target::publish(remote, staging, plan, (previous, self.stop)).await {
                // A set that is decided will stand: the next run finishes both. It also forgets what cannot be forgotten now.
                if !matches!(error, OutputError::Unfinished(_)) {
                    let _ = left.into_iter().try_for_each(Left::discard);
                }
                return Err(self.withdraw(previous, error.into()));
            }
        }
        for one in left {
            // The outputs stand whatever happens here; the next run remembers what this one could not.
            match one.commit(remembering) {
                // The others would wait for the same store in vain.
                Err(failure) if remembering.memory.is_shared() => {
                    self.failure(None, &late(remembering, &failure));
                    break;
                }
                Err(failure) => self.outcome.warnings.extend(failure.diagnostics()),
                Ok(()) => {}
            }
        }
        for (mapping, failure) in copies.copy(loaded, &self.report.run_id).await {
            self.failure(Some(&mapping), &failure);
        }
        Ok(())
    }

    /// Usage counts twice if it is sent twice: a day's second file with other bytes is refused, unless that is accepted.
    async fn without_resends(
        &mut self,
        staging: &Staging<'_>,
        remote: Option<&Remote>,
        previous: Option<&RunReport>,
        finished: Vec<Done>,
    ) -> Result<Vec<Done>, Failure> {
        let mut kept = Vec::new();
        for mut done in finished {
            let mapping = done.report.mapping.clone();
            let again = done.adds_up
                && !self.request.dry_run
                && was_sent(previous, &mapping, &done.report.format, &self.report.as_of);
            if !again || target::unchanged(remote, staging, previous, (&mapping, &done.staged)).await? {
                kept.push(done);
                continue;
            }
            let message = format!("the usage of {} was published already, with other rows", self.report.as_of);
            if self.request.accept.iter().any(|name| name == "resend") {
                done.report.warnings.add(code::USAGE_RESENT.id, "record", 1);
                let warning = Diagnostic::warning(&code::USAGE_RESENT, message).help(code::USAGE_RESENT.cure);
                self.outcome.warnings.push(warning);
                kept.push(done);
                continue;
            }
            let failure = Failure::Refused(vec![Diagnostic::error(&code::RESEND, message).help(code::RESEND.cure)]);
            (done.report.status, done.report.problem) = (failure.status(), failure.problem());
            done.report.outputs.clear();
            self.report.mappings.push(done.report);
            self.failure(Some(&mapping), &failure);
        }
        Ok(kept)
    }

    /// Keeps the Totango files of a dry run for whoever asked for it.
    fn set_aside(&self, report: &MappingReport, staged: &[Staged]) -> Result<(), Failure> {
        let Some(folder) = &self.request.set_aside else { return Ok(()) };
        for one in staged.iter().filter(|one| report.outputs.contains(&one.file)) {
            let target = folder.join(&one.file.file);
            // A second name costs nothing; across file systems it must be a copy.
            if std::fs::hard_link(&one.path, &target).is_err() {
                std::fs::copy(&one.path, &target)?;
            }
        }
        Ok(())
    }

    /// The report must not say that files stand where they could not be put.
    fn withdraw(&mut self, previous: Option<&RunReport>, failure: Failure) -> Failure {
        for report in self.report.mappings.iter_mut().filter(|report| report.status == Status::Published) {
            report.status = failure.status();
            report.problem = failure.problem();
            report.outputs.clear();
        }
        succeed(previous, &mut self.report);
        failure
    }
}

/// The outputs stand, and the store with the memory of them fails.
fn late(remembering: &Remembering, failure: &Failure) -> Failure {
    let because = failure.problem().map(|problem| problem.message).unwrap_or_default();
    let message =
        format!("the files are published, and not yet remembered in {}: {because}", remembering.memory.shown());
    Failure::World(Diagnostic::error(&code::MEMORY_LATE, message).help(code::MEMORY_LATE.cure))
}
