//! What `--memory` leaves for rows, and how many threads it has room for.

use std::sync::Arc;

use crate::settle::Budget;

/// How far the process may go above `--memory`.
const ABOVE: u64 = 200_000_000;

/// What the process holds whatever it does: the program, its runtime, plans, and what the allocator keeps for what comes next.
const PROCESS: u64 = 120_000_000;

/// What a thread holds that judges rows: pieces of a file, their columns, rows on their way to disk.
const THREAD: u64 = 12_000_000;

/// From here on the engine has room for batches of rejected rows that wait until those before them are there.
const MERGES: u64 = 250_000_000;

/// Whether rows may be read by several threads and brought into order again.
pub(super) fn merges(memory: u64) -> bool {
    memory >= MERGES
}

/// As many of `wanted` threads as leave three quarters of `memory` to the rows; at least one.
pub fn threads_within(memory: u64, wanted: usize) -> usize {
    let room = (ABOVE - PROCESS + memory / 4) / THREAD;
    wanted.min(usize::try_from(room).unwrap_or(usize::MAX)).max(1)
}

/// What `memory` bytes leave where so many threads judge rows.
pub(super) fn budget(memory: u64, threads: usize) -> Arc<Budget> {
    let beside = (PROCESS + threads as u64 * THREAD).saturating_sub(ABOVE);
    Arc::new(Budget::new(memory).beside(beside))
}

#[cfg(test)]
mod tests {
    use super::{budget, threads_within};

    #[test]
    fn rows_have_three_quarters_at_least_and_all_of_it_where_threads_are_few() {
        for (memory, threads) in [(64_000_000, 8), (1_000_000_000, 27), (16_000_000_000, 128)] {
            assert_eq!(threads_within(memory, 128), threads);
            assert!(budget(memory, threads).free() >= memory / 4 * 3, "{memory}");
            assert_eq!(budget(memory, 6).free(), memory);
        }
        assert_eq!(threads_within(64_000_000, 2), 2);
    }
}
