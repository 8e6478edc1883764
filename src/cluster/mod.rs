//! The work of a mapping on many machines: parts of its sources are read, judged and encoded by executors of a Ballista
//! cluster, and come back as rows that are settled here.
//!
//! In: a [`Job`] (what to do with a part) and its [`Item`]s (which parts). Out: what each item gave, each exactly once, whatever
//! happens to executors in between. A job is one stage without a shuffle, so that nothing of it is ever fetched twice; Ballista
//! is trusted with carrying it out, not with its result: every item says what it sent, and is only taken if all of it is there.
//! This room knows no mapping: it is told SQL, a shape of rows, a part of a source.

mod client;
mod codec;
mod driver;
mod error;
mod item;
mod job;
mod judging;
mod message;
mod node;
mod perform;
mod pieces;
mod process;
mod query;
mod read;
mod spent;
mod told;

pub use client::Address;
pub use driver::{Driver, Patience};
pub use error::Error;
pub use job::{Judging, LARGEST};
pub use judging::{Judged, judge};
pub use process::{ExecutorOptions, SchedulerOptions, executor, scheduler};
pub use query::AwayQuery;
