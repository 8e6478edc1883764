//! The schedules of a project: when they fire, a daemon that keeps them, definitions for those who have a scheduler.
//!
//! In: `schedule:` of `tanguero.yaml`. Out: firings ([`Cadence`], pure), runs of the pipeline at those moments ([`keep`]: no two of one
//! output at once, missed ones caught up with once, a heartbeat, a clean end), and text for other schedulers ([`export`]). Time, runs
//! and disks reach the daemon through [`World`] only.

mod cadence;
mod daemon;
mod export;
mod health;
mod kept;
mod live;
mod plan;
mod runner;
mod supervisor;
#[cfg(test)]
mod tests_cadence;
#[cfg(test)]
mod tests_daemon;
mod words;
mod world;

pub use cadence::{Cadence, Firing};
pub use daemon::keep;
pub use export::{Exported, Target, export};
pub use health::{HEARTBEAT, Health, Pulse};
pub use kept::{Begun, Ended, Kept, Last, folder};
pub use live::{Live, Runner, Surroundings};
pub use plan::{Plan, Schedules, Unusable, read};
pub use runner::Runs;
pub use supervisor::Supervisor;
pub use words::{length, local, utc};
pub use world::{End, Event, Job, Said, Settings, Weight, World};
