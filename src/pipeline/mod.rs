//! The corridor: what each command does, from files to files.
//!
//! In: a request of the command line (or of a program that uses the library). Out: an outcome with everything there is to
//! tell; nothing is printed here. `run` goes: load, prepare each mapping, order the set, then for each mapping judge,
//! settle, write, report; publish at the end, all at once. `check` and `explain` stop before the first row; `why` reads what a run
//! left.

mod account;
mod asked;
mod beside;
mod check;
mod clash;
mod column;
mod explain;
mod failure;
mod folders;
mod judge;
mod known;
mod lineage;
mod lineage_text;
mod lookups;
mod mapping;
mod open;
mod order;
mod plan;
mod prepare;
mod query;
mod reports;
mod request;
mod run;
mod set;
mod task;
mod why;
mod words;

pub use check::{CheckOutcome, CheckRequest, check};
pub use explain::{Unexplained, View, explain};
pub use failure::Failure;
pub use request::{Exit, RunRequest, Stage, Stop, Watcher};
pub use run::{RunOutcome, run};
pub use why::{WhyRequest, why};
