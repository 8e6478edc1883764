//! What Totango has: its search API, read whole or not at all.
//!
//! In: a [`Search`], its query as Totango itself generates it, and the [`World`] it is made in. Out: rows of text, page by page, or
//! a [`TotangoError`]. A search gives 1,000 records a call and reaches 10,000 (article "Search API (accounts and users)"):
//! more are divided by filters, and the parts are added up against the whole. Records that change while they are paged are
//! read again; what cannot be read consistently is an error, never a shorter list. This room knows no file and no run.

mod answer;
mod error;
mod pace;
mod parts;
mod pull;
mod query;
#[cfg(test)]
mod tests;

pub use error::{PullError, TotangoError};
pub use pace::{Clock, World};
pub use pull::{Search, pull};
pub use query::{Query, Split, Wrong};

/// Records of one call, at most.
const PAGE: u64 = 1_000;

/// Records that one search reaches, at most.
pub const REACHED: u64 = 10_000;

/// Calls a minute for each token, at most.
pub const RATE: u64 = 100;
