//! What a run says at its end, to whoever reads it: what lies in the folder now, and what to do next.

use crate::diagnostic::{Diagnostic, code};
use crate::output::{DeliveryAnswer, RunReport};
use crate::pipeline::{Exit, RunOutcome};

impl RunOutcome {
    /// What lies in the output folder now.
    pub fn folder_now(&self, report: &RunReport) -> String {
        let standing = report.mappings.iter().filter(|mapping| mapping.status.stands());
        let published: Vec<&str> = standing.map(|mapping| mapping.mapping.as_str()).collect();
        match (published.as_slice(), report.kept.as_slice()) {
            ([], []) => "nothing of these mappings, or what an earlier run left untouched".to_owned(),
            ([], kept) => format!("the files of run {} as of {}", kept[0].run_id, kept[0].as_of),
            (new, _) => format!("{} of this run; the others as they were", new.join(", ")),
        }
    }

    /// The first limit that refused the data.
    pub fn limit(&self) -> Option<&Diagnostic> {
        let problems = self.problems.iter().flat_map(|(_, found)| found);
        let mut limits = problems.filter(|one| one.code.id.starts_with("L7") && one.code.cure.contains("--accept"));
        limits.next()
    }

    /// What to do next.
    pub fn next_step(&self, report: &RunReport) -> &'static str {
        let undone = || report.deliveries.iter().filter(|step| !step.answer.is_good());
        let in_doubt = undone().any(|step| step.answer == DeliveryAnswer::Unknown);
        match (self.exit, self.limit().map(|limit| limit.code)) {
            (Exit::Mapping, _) => "correct the mapping at the places above, then run again",
            (Exit::Refused, Some(limit)) if limit.id == code::LIMIT_REJECTS.id => {
                "look at the rejects file in the evidence; accept once with `--accept rejects`, or cure the source"
            }
            (Exit::Refused, Some(limit)) => limit.cure,
            (Exit::Refused, None) => {
                "look at the reports in the evidence; cure the source, or choose another policy in the mapping"
            }
            (Exit::Source, _) => "see whether the export ran; then run again",
            (Exit::Interrupted, _) => "run again: nothing is half done",
            (Exit::Store, _) if in_doubt => {
                "look in Totango whether the import ran; if not, `tanguero deliver --call-again`"
            }
            (Exit::Store, _) if undone().next().is_some() => {
                "once the cause is cured, run again or `tanguero deliver`: what has arrived is not sent again"
            }
            (Exit::Good, _) => "",
            _ => "run again once the cause is cured: nothing is half done",
        }
    }
}
