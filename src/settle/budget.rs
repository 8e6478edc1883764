//! How much memory rows may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mapping::DuplicatePolicy;
use crate::settle::error::Error;
use crate::settle::reasons::REASON_BYTES;
use crate::settle::record::link_columns;
use crate::settle::rules::Task;

/// Bytes that a run (or several, whose rows are judged at the same time) may hold for its rows: all sinks, and settling after them,
/// together; and what stays beside them.
#[derive(Debug)]
pub struct Budget {
    memory: u64,
    /// Of them those that are held whatever becomes of rows.
    held: AtomicU64,
    used: AtomicU64,
}

impl Budget {
    /// At most `memory` bytes.
    pub fn new(memory: u64) -> Self {
        Self { memory, held: AtomicU64::new(0), used: AtomicU64::new(0) }
    }

    /// The same, `bytes` of which are something else's.
    #[must_use]
    pub fn beside(self, bytes: u64) -> Self {
        Self { held: AtomicU64::new(bytes), ..self }
    }

    /// Takes `bytes` for good, for what rows are compared with or looked up in.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn hold(&self, bytes: u64, stage: &'static str) -> Result<(), Error> {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        self.check(self.used(), stage)
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Whether there are `bytes` more for `stage`, which takes them step by step.
    ///
    /// # Errors
    /// If there are not.
    pub fn ask(&self, bytes: u64, stage: &'static str) -> Result<(), Error> {
        self.check(self.used().saturating_add(bytes), stage)
    }

    /// Bytes that rows may take.
    pub(super) fn limit(&self) -> u64 {
        self.memory.saturating_sub(self.held.load(Ordering::Relaxed))
    }

    /// Bytes that nobody has taken.
    pub fn free(&self) -> u64 {
        self.limit().saturating_sub(self.used())
    }

    /// Bytes that rows take now.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether rows may take `bytes`.
    fn check(&self, bytes: u64, stage: &'static str) -> Result<(), Error> {
        let held = self.held.load(Ordering::Relaxed);
        match held.saturating_add(bytes) {
            needed if needed > self.memory => Err(Error::MemoryNeeded { stage, held, bytes, memory: self.memory }),
            _ => Ok(()),
        }
    }
}

/// What one holder has taken of a budget; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Lease {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0 }
    }

    /// An empty one of the same budget.
    pub(super) fn another(&self) -> Self {
        Self::new(&self.budget)
    }

    /// Takes `bytes` more for `stage`.
    pub(super) fn take(&mut self, bytes: u64, stage: &'static str) -> Result<(), Error> {
        let used = self.budget.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.bytes += bytes;
        self.budget.check(used, stage)
    }

    /// Whether there will be `bytes` more for `stage`, which takes them later, step by step.
    pub(super) fn ask(&self, bytes: u64, stage: &'static str) -> Result<(), Error> {
        self.budget.ask(bytes, stage)
    }

    /// Bytes that all have taken.
    pub(super) fn used(&self) -> u64 {
        self.budget.used()
    }

    /// Whether `bytes` more are more than there are.
    pub(super) fn is_short_of(&self, bytes: u64) -> bool {
        self.budget.used().saturating_add(bytes) > self.budget.limit()
    }

    /// Bytes that nobody has taken.
    pub(super) fn free(&self) -> u64 {
        self.budget.free()
    }

    /// Bytes of this one.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What was taken stays held for good.
    pub(super) fn keep(mut self) {
        self.budget.held.fetch_add(self.bytes, Ordering::Relaxed);
        self.shrink_to(0);
    }

    /// Gives back all but `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: u64) {
        let given = self.bytes.saturating_sub(bytes);
        self.budget.used.fetch_sub(given, Ordering::Relaxed);
        self.bytes -= given;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// Bytes that a row's record takes while rows are read.
pub fn record_bytes(task: &Task) -> u64 {
    let layout = &task.layout;
    let keyed = if layout.key.is_empty() { 0 } else { 16 };
    let parent = if layout.parent.is_some() { 16 } else { 0 };
    let order = if layout.order_by.is_some() { 16 } else { 0 };
    let lower = if task.watches_case() { 8 } else { 0 };
    8 + 4 + 1 + keyed + parent + order + lower + 16 * link_columns(layout) as u64
}

/// Bytes that are left free for what may be told of each row, where rows can go to disk instead: a reason, and where it began.
pub(super) const VERDICT_BYTES: u64 = REASON_BYTES as u64 + 4;

/// Bytes that `rows` rows take in memory while they are settled where their records lie on disk: a mark each, three bits for
/// what is known of parents, depth, and place by depth.
pub(super) fn settle_bytes_on_disk(task: &Task, rows: u64) -> u64 {
    let parents = if task.layout.parent.is_some() { 3 } else { 0 };
    let depth = if task.wants_depth() { 4 } else { 0 };
    let order = if task.rules.hierarchy.parents_first { 4 } else { 0 };
    rows * (1 + depth + order) + (rows * parents).div_ceil(8)
}

/// Bytes that a row takes while it is settled: its record, its place in the table of keys, its winner, its links, and one
/// column of hashes twice while they are brought into source order.
pub fn settle_bytes(task: &Task) -> u64 {
    let layout = &task.layout;
    let keyed = if layout.key.is_empty() { 0 } else { 12 + 4 };
    let parent = if layout.parent.is_some() { 4 + 1 } else { 0 };
    let depth = if task.wants_depth() { 8 } else { 0 };
    // The output that a row goes to, and how many of its key came before; a table for one foreign key after the other.
    let split = if task.rules.duplicates == DuplicatePolicy::Split { 8 } else { 0 };
    let foreign = if layout.foreign_keys.is_empty() { 0 } else { 12 + 4 };
    record_bytes(task) + (keyed + parent + depth + split + foreign).max(16)
}
