//! After a publish: files are delivered, triggers called, people told.

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::output::{Evidence, Notification};
use crate::pipeline::deliver::{Carry, carry, failed, judge, standing_files};
use crate::pipeline::folders::Folders;
use crate::pipeline::home::ProjectState;
use crate::pipeline::notify;
use crate::pipeline::run::Running;
use crate::pipeline::{Exit, Failure};
use crate::project::Loaded;

impl Running<'_> {
    /// Whether anything leaves the output folder.
    fn goes_out(&self) -> bool {
        self.outward && self.request.outward && !self.request.dry_run
    }

    /// What is wrong with `deliver` and `notify` is told before anything is published.
    pub(super) fn judge_outward(&self, loaded: &Loaded, folders: &Folders) -> Result<(), Failure> {
        let found = if self.goes_out() { judge(loaded, folders, true) } else { Diagnostics::new() };
        if found.has_errors() { Err(Failure::Mapping(found)) } else { Ok(()) }
    }

    /// Delivers what stands in the output folder and has not arrived. The outputs stand whatever happens here.
    pub(super) async fn deliver(&mut self, loaded: &Loaded, folders: &Folders) {
        let stands = self.report.mappings.iter().any(|mapping| mapping.status.stands());
        let wanted = loaded.project.file.as_ref().is_some_and(|file| !file.deliver.is_empty());
        if !self.goes_out() || !wanted || !stands || self.outcome.exit == Exit::Interrupted {
            return;
        }
        let remember = self.request.evidence;
        let done = carry(Carry {
            loaded,
            folders,
            // What earlier runs published was delivered by them, if nobody remembers.
            standing: standing_files(&self.report, !remember),
            run_id: &self.run_id,
            remember,
            dry: false,
            call_again: false,
            stop: self.stop,
        });
        match done.await {
            Ok(done) => {
                self.report.deliveries = done.steps;
                self.outcome.warnings.extend(done.warnings);
                if !done.problems.is_empty() {
                    self.problem(None, done.problems, Exit::Store);
                }
                if done.interrupted {
                    let message = "interrupted before everything was delivered; the next run goes on";
                    self.problem(None, vec![Diagnostic::error(&code::WORLD, message)], Exit::Interrupted);
                }
            }
            Err(failure) => self.problem(None, failure.diagnostics(), failed(&failure)),
        }
    }

    /// Tells people how it ended, if it is of interest; a run is not worse for somebody who could not be told.
    pub(super) fn tell(&mut self, loaded: &Loaded, folders: &Folders, evidence: Option<&Evidence>) {
        if !self.goes_out() {
            return;
        }
        let knows = loaded.project.file.as_ref().is_some_and(|file| !file.notify.is_empty());
        // Whether the last night was bad; a store that does not say so is no reason not to tell of this one.
        let _ = ProjectState::of(loaded).map(|state| knows.then(|| state.bring_reports()));
        let Some(event) = notify::event(&self.outcome, &self.report, &folders.state) else { return };
        let (names, recipients) = notify::recipients(loaded, Some(event));
        if recipients.is_empty() {
            return;
        }
        let letter = notify::letter(&self.outcome, &self.report, loaded, event, evidence);
        for (name, told) in names.into_iter().zip(crate::deliver::tell(&recipients, &letter)) {
            if let Some(problem) = &told.problem {
                let message = format!("nobody was told by {name}: {}", problem.message);
                self.outcome
                    .warnings
                    .push(Diagnostic::warning(&code::NOTIFY_FAILED, message).help(code::NOTIFY_FAILED.cure));
            }
            self.report.notifications.push(Notification {
                target: name.to_owned(),
                event: event.name().to_owned(),
                told: told.problem.is_none(),
                seconds: told.seconds,
                problem: told.problem,
            });
        }
    }
}
