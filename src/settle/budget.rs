//! How much memory rows may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::settle::error::Error;
use crate::settle::record::link_columns;
use crate::settle::rules::Task;

/// Bytes that all sinks of a run (of several, where their rows are judged at the same time), and settling after them, may hold together.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    /// Runs whose rows are judged at the same time.
    runs: u64,
    used: AtomicU64,
}

impl Budget {
    /// At most `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self::shared(limit, 1)
    }

    /// At most `limit` bytes for all of so many runs, whose rows are judged at the same time.
    pub fn shared(limit: u64, runs: usize) -> Self {
        Self { limit, runs: runs.max(1) as u64, used: AtomicU64::new(0) }
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Bytes that one run may hold without others being short.
    pub(super) fn part(&self) -> u64 {
        self.limit / self.runs
    }

    /// Bytes held now.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
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
        if used > self.budget.limit {
            return Err(Error::MemoryNeeded { stage, bytes: used });
        }
        Ok(())
    }

    /// Bytes that all have taken.
    pub(super) fn used(&self) -> u64 {
        self.budget.used()
    }

    /// Whether `bytes` more are more than there are.
    pub(super) fn is_short_of(&self, bytes: u64) -> bool {
        self.budget.used().saturating_add(bytes) > self.budget.limit
    }

    /// Bytes that nobody has taken.
    pub(super) fn free(&self) -> u64 {
        self.budget.limit.saturating_sub(self.budget.used())
    }

    /// Bytes of this one.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
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

/// Bytes that are left free for what may be told of each row, where rows can go to disk instead.
pub(super) const VERDICT_BYTES: u64 = 24;

/// Bytes that a row takes while it is settled where records lie on disk: its flags, its fate, a bit each for what is known
/// of parents, its depth and its place by depth.
pub(super) fn settle_bytes_on_disk(task: &Task) -> u64 {
    let depth = if task.wants_depth() { 4 } else { 0 };
    let order = if task.rules.hierarchy.parents_first { 4 } else { 0 };
    1 + 1 + 1 + depth + order
}

/// Bytes that a row takes while it is settled: its record, its place in the table of keys, its winner, its links, its
/// fate, and one column of hashes twice while they are brought into source order.
pub fn settle_bytes(task: &Task) -> u64 {
    let layout = &task.layout;
    let keyed = if layout.key.is_empty() { 0 } else { 12 + 4 };
    let parent = if layout.parent.is_some() { 4 + 1 } else { 0 };
    let depth = if task.wants_depth() { 8 } else { 0 };
    record_bytes(task) + (1 + keyed + parent + depth).max(16)
}
