//! The corridor: what each command does, from files to files.
//!
//! In: a request of the command line (or of a program that uses the library). Out: an outcome with everything there is to
//! tell; nothing is printed here. `run` goes: load, prepare each mapping, order the set, then for each mapping judge,
//! settle, write, report; publish at the end, all at once. `check` and `explain` stop before the
//! first row; `why` reads what a run left. `test` runs mappings on given rows; `preview` judges the first records, or follows one through everything; `diff` compares two outputs, or what two versions of a mapping make;
//! `plan` says what publishing would do to Totango; `lint` runs a file's identity mapping and lays the outcome beside the file; `guess` drafts a mapping and prepares it as
//! `run` would.

mod account;
mod asked;
#[cfg(feature = "cluster")]
mod away;
#[cfg(feature = "cluster")]
mod away_query;
mod beside;
mod check;
mod clash;
mod clock;
mod column;
mod deliver;
mod diff;
mod distinct;
mod explain;
mod failure;
mod fetch;
mod folders;
mod guess;
mod history;
mod home;
mod import;
mod init;
mod judge;
mod judged;
mod known;
mod lineage;
mod lineage_text;
mod lint;
mod lookups;
mod mapping;
mod notify;
mod open;
mod order;
mod plan;
mod planning;
mod prepare;
mod preview;
mod pull;
mod query;
mod ready;
mod remember;
mod remembered;
mod reports;
mod request;
mod room;
mod run;
mod session;
mod set;
mod state;
mod target;
mod task;
mod test;
mod together;
mod why;
mod words;

#[cfg(feature = "cluster")]
pub use away::stores_here;
pub use check::{CheckOutcome, CheckRequest, check};
pub use deliver::{DeliverOutcome, DeliverRequest, deliver};
pub use diff::{Compared, DiffOutcome, DiffRequest, DiffSides, Tell, diff};
pub use explain::{Unexplained, View, explain};
pub use failure::{Failure, Unanswered};
pub use folders::{output_folder, state_folder};
pub use guess::{GuessOutcome, GuessRequest, guess};
pub use history::{HistoryLine, HistoryRequest, history};
pub use init::init;
pub use lint::{LintFinding, LintOutcome, LintRequest, lint};
pub use notify::{NotifyOutcome, NotifyRequest, notify};
pub use plan::{Condition, Effects, Emptied, Last, Measure, Plan, PlanOutcome, PlanRequest, plan};
pub use preview::{
    CellFault, Following, Preview, PreviewCell, PreviewFate, PreviewOutcome, PreviewRecord, PreviewRequest, preview,
};
pub use pull::{PullOutcome, PullRequest, pull};
pub use request::{ClusterRequest, Exit, LIMITS, RunRequest, Situation, Stage, Stop, Unwatched, Watcher};
pub use room::threads_within;
pub use run::{RunOutcome, run};
pub use state::{StateRequest, state_import, state_prune, state_reset, state_show};
pub use test::{
    CellDifference, DEFAULT_DAY, Difference, Table, TestOutcome, TestRequest, TestedCase, TestedFile, create_test, test,
};
pub use why::{WhyRequest, why};
