//! Published files go to the places that Totango pulls from, its import is triggered, people are told how a run ended.
//!
//! In: files that stand in an output folder, entries of `deliver:` and `notify:` with all variables filled in. Out: what was
//! done, step by step. Nothing is done twice: [`Memory`] knows what every place got and which trigger was called; a call whose
//! answer was lost is never repeated by itself. This room knows no mapping file and judges no row.

mod memory;
mod notify;
mod place;
#[cfg(test)]
mod tests;
mod work;

pub use memory::Memory;
pub use notify::{Letter, LetterCode, LetterMapping, LetterProblem, MailAccount, Recipient, Told, Way, tell};
pub use place::{Place, To};
pub use work::{Delivering, Entry, Outcome, Ready, Standing, Trigger, deliver, owed, pending};
