//! What the daemon knows of the world: events, runs, the log, the clock and the disk, each behind a trait or a plain value.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::schedule::cadence::Firing;
use crate::schedule::health::Health;
use crate::schedule::kept::{Ended, Kept};
use crate::schedule::plan::Plan;

/// What happens while the daemon waits.
#[derive(Debug)]
pub enum Event {
    /// The run of a schedule ended.
    Ended {
        /// The schedule.
        name: String,
        /// How.
        ended: Ended,
        /// Because it was asked to.
        stopped: bool,
    },
    /// Somebody asks the daemon to end, with this signal.
    Signal(u8),
    /// Nothing, until the time was over.
    Nothing,
}

/// A run to begin.
#[derive(Debug, Clone)]
pub struct Job {
    /// The schedule.
    pub plan: Plan,
    /// Its firing.
    pub firing: Firing,
    /// The day of the run.
    pub as_of: Date,
    /// Firings before this one that nobody ran.
    pub missed: usize,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// For those who want to know more.
    Detail,
    /// For everybody.
    Plain,
    /// Even for those who want to hear less.
    Trouble,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Said {
    /// For whom.
    pub weight: Weight,
    /// For people.
    pub text: String,
    /// For machines.
    pub data: Value,
}

/// Everything outside the daemon: the clock, the runs, the disk, the log.
pub trait World {
    /// The time now.
    fn now(&mut self) -> Timestamp;
    /// The next event; [`Event::Nothing`] at `until` at the latest, or before.
    fn wait(&mut self, until: Timestamp) -> Event;
    /// Begins a run, whose end comes as an event.
    fn begin(&mut self, job: Job);
    /// Asks all runs to stop; their ends come as events.
    fn abandon(&mut self);
    /// The schedules, if their file changed since; or why they cannot be used.
    fn reread(&mut self) -> Option<Result<Vec<Plan>, String>>;
    /// Keeps what the next life of the daemon must know.
    ///
    /// # Errors
    /// The disk failed.
    fn keep(&mut self, kept: &Kept) -> Result<(), String>;
    /// Writes a line.
    fn tell(&mut self, said: Said);
    /// Shows that the daemon lives.
    fn beat(&mut self, health: Health);
}

/// What the daemon is told on its command line.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a run may go on after the first wish to end.
    pub grace: SignedDuration,
    /// Time between two heartbeats.
    pub beat: SignedDuration,
}

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// No run was cut short.
    Clean,
    /// A run was, by this signal; it published nothing.
    Abandoned(u8),
}
