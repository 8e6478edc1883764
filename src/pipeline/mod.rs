//! The corridor: what each command does, from files to files.
//!
//! In: a request of the command line (or of a program that uses the library). Out: an outcome with everything there is to
//! tell; nothing is printed here. `run` goes: load, prepare each mapping, order the set, then for each mapping judge,
//! settle, write, report; publish at the end, all at once. `why` reads what a run left. `test` runs mappings on given rows;
//! `preview` judges the first records, or follows one through everything; `diff` compares what two versions of a mapping make;
//! `lint` runs a file's identity mapping and lays the outcome beside the file; `guess` drafts a mapping and prepares it as
//! `run` would.

mod account;
mod asked;
mod beside;
mod clash;
mod column;
mod diff;
mod failure;
mod folders;
mod guess;
mod init;
mod judge;
mod judged;
mod known;
mod lint;
mod lookups;
mod mapping;
mod opened;
mod order;
mod plan;
mod prepare;
mod preview;
mod query;
mod reports;
mod request;
mod run;
mod task;
mod test;
mod why;
mod words;

pub use diff::{AttributeDifference, DiffOutcome, DiffRequest, MappingDifference, TableDifference, diff};
pub use failure::Failure;
pub use guess::{GuessOutcome, GuessRequest, guess};
pub use init::init;
pub use lint::{LintFinding, LintOutcome, LintRequest, lint};
pub use preview::{
    CellFault, Following, Preview, PreviewCell, PreviewFate, PreviewOutcome, PreviewRecord, PreviewRequest, preview,
};
pub use request::{Exit, RunRequest, Stage, Stop, Watcher};
pub use run::{RunOutcome, run};
pub use test::{
    CellDifference, DEFAULT_DAY, Difference, Table, TestOutcome, TestRequest, TestedCase, TestedFile, create_test, test,
};
pub use why::{WhyRequest, why};
