//! Adds up the rows of a key while they are read, under `sum`: memory is taken by the key, not by the record.
//!
//! All sinks of a run add to the same sums, cut by the keys' hashes into shards with a lock each. Only rows that nothing can
//! be told of later are added here: without any fault, and each from a record of its own. All others, and sums that memory
//! has no room for, become rows like any other and are folded once all are there (see `fold`).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::xxh3_128;

use crate::settle::amount::{Amount, small};
use crate::settle::batch::{Batch, Cells};
use crate::settle::budget::{Budget, settle_bytes};
use crate::settle::error::Error;
use crate::settle::judge::judge_reference;
use crate::settle::record::{flag, position};
use crate::settle::rules::Task;
use crate::settle::shard::{NOTHING, Row, Shard, WIDE};

/// Shards. Many, so that sinks rarely wait for one another, and each grows by a small step.
const SHARDS: usize = 64;

/// Bytes that a shard may hold however little memory there is.
const LEAST: u64 = 1 << 12;

/// The sums of a run.
#[derive(Debug)]
pub(super) struct Sums {
    shards: Vec<Mutex<Shard>>,
    budget: Arc<Budget>,
    /// Rows that did not become sums, or no longer are.
    rows: AtomicU64,
    /// Sums became rows.
    flushed: AtomicBool,
    /// What a row takes that a sum becomes.
    row_bytes: u64,
}

/// One sink's way to the sums.
#[derive(Debug)]
pub(super) struct Adding {
    pub(super) sums: Arc<Sums>,
    /// Where this sink begins: sinks should not meet at the same shard.
    first: usize,
    keys: Vec<usize>,
    numbers: Vec<usize>,
    // Facts of the batch at hand; reused.
    /// By number, then by row.
    values: Vec<i64>,
    /// The rows that are added, shard by shard, and where each shard's end.
    rows: Vec<Row>,
    ends: Vec<usize>,
    hashed: Vec<(u8, Row)>,
    packed: Vec<u8>,
}

/// Whether rows can be added while they are read: what is written are keys and numbers, and no row can be rejected because of
/// another.
pub(super) fn can_add(task: &Task) -> bool {
    let layout = &task.layout;
    let is_key = |column: usize| layout.key.contains(&column);
    let mut columns = layout.columns.iter().enumerate().filter(|(_, column)| column.written);
    let mut references = layout.references.iter();
    task.adds()
        && layout.one_row_a_record
        && !layout.key_ignores_case
        && !layout.arrival_order
        && layout.parent.is_none()
        && layout.foreign_keys.is_empty()
        && task.known.kept.is_none()
        && columns.all(|(index, column)| column.is_number || is_key(index))
        && references.all(|reference| !reference.itself && is_key(reference.column))
}

/// The columns that are added, and the key's, each as they are written.
pub(super) fn columns(task: &Task) -> (Vec<usize>, Vec<usize>) {
    let written = (0..task.layout.columns.len()).filter(|index| task.layout.columns[*index].written);
    written.partition(|index| !task.layout.key.contains(index))
}

impl Sums {
    pub(super) fn new(task: &Task, budget: &Arc<Budget>) -> Self {
        let numbers = columns(task).0.len();
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new(numbers, budget))).collect();
        Self {
            shards,
            budget: Arc::clone(budget),
            rows: AtomicU64::new(0),
            flushed: AtomicBool::new(false),
            row_bytes: settle_bytes(task),
        }
    }

    /// All shards, when every sink has ended.
    pub(super) fn shards(&self) -> Vec<MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock).collect()
    }

    /// Keys held by all.
    pub(super) fn count(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).count() as u64).sum()
    }

    /// So many more rows are known.
    pub(super) fn know(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Whether nothing that was added became a row.
    pub(super) fn are_whole(&self) -> bool {
        !self.flushed.load(Ordering::Relaxed)
    }

    /// Bytes that a shard may hold: with what the sums become in the end, and the rows that others have become, all must fit.
    fn share(&self) -> u64 {
        let rows = self.rows.load(Ordering::Relaxed);
        let free = self.budget.limit().saturating_sub(rows.saturating_mul(self.row_bytes));
        (free / 2 / SHARDS as u64).max(LEAST)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Adding {
    /// For the sink with this number, of so many.
    pub(super) fn new(task: &Task, sums: &Arc<Sums>, number: usize, sinks: usize) -> Self {
        let (numbers, keys) = columns(task);
        Self {
            sums: Arc::clone(sums),
            first: number * SHARDS / sinks.max(1),
            keys,
            numbers,
            values: Vec::new(),
            rows: Vec::new(),
            ends: Vec::new(),
            hashed: Vec::new(),
            packed: Vec::new(),
        }
    }

    /// Reads the numbers of a batch; one that cannot be added breaks a rule.
    pub(super) fn read(&mut self, batch: &Batch<'_>, flags: &mut [u8]) {
        self.values.clear();
        for column in &self.numbers {
            let cells = &batch.columns[*column];
            for (row, flags) in flags.iter_mut().enumerate() {
                let value = small(cells.view(row)).unwrap_or_else(|| match cells.get(row) {
                    b"" => NOTHING,
                    text => match Amount::parse(text) {
                        Some(amount) => {
                            amount.as_whole().filter(|whole| whole.to_string().as_bytes() == text).unwrap_or(WIDE)
                        }
                        None => {
                            *flags |= flag::RULE;
                            NOTHING
                        }
                    },
                });
                self.values.push(value);
            }
        }
    }

    /// Flags the rows that cannot be added for what their key is or refers to.
    pub(super) fn refer(task: &Task, batch: &Batch<'_>, flags: &mut [u8], scratch: &mut Vec<u8>) {
        let layout = &task.layout;
        if layout.has_plain_key() {
            let cells = &batch.columns[layout.key[0]];
            let empty = flags.iter_mut().enumerate().filter(|(row, _)| cells.view(*row) == 0);
            empty.for_each(|(_, flags)| *flags |= flag::KEY);
        }
        for (index, reference) in layout.references.iter().enumerate() {
            let cells = &batch.columns[reference.column];
            for (row, flags) in flags.iter_mut().enumerate().filter(|(_, flags)| **flags == 0) {
                let dangles = judge_reference(task, index, cells.get(row), scratch).1;
                *flags |= if dangles { flag::REFERENCE } else { 0 };
            }
        }
    }

    /// Adds the rows of a batch that have no flag. `make` is given shards that hold more than memory has room for, and makes
    /// rows of what they hold.
    pub(super) fn add(
        &mut self,
        batch: &Batch<'_>,
        flags: &[u8],
        mut make: impl FnMut(&Shard) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.sort(batch, flags)?;
        let keys: Vec<&Cells<'_>> = self.keys.iter().map(|column| &batch.columns[*column]).collect();
        let numbers: Vec<&Cells<'_>> = self.numbers.iter().map(|column| &batch.columns[*column]).collect();
        let share = self.sums.share();
        for turn in 0..SHARDS {
            let number = (self.first + turn) % SHARDS;
            let start = if number == 0 { 0 } else { self.ends[number - 1] };
            let rows = &self.rows[start..self.ends[number]];
            if rows.is_empty() {
                continue;
            }
            let mut shard = lock(&self.sums.shards[number]);
            shard.add(rows, &keys, (&self.values, &numbers))?;
            if shard.bytes() > share {
                self.sums.know(shard.count() as u64);
                self.sums.flushed.store(true, Ordering::Relaxed);
                make(&shard)?;
                shard.clear();
            }
        }
        Ok(())
    }

    /// Brings the rows without flags into the order of their shards.
    fn sort(&mut self, batch: &Batch<'_>, flags: &[u8]) -> Result<(), Error> {
        let keys: Vec<&Cells<'_>> = self.keys.iter().map(|column| &batch.columns[*column]).collect();
        let mut counts = [0_usize; SHARDS];
        self.hashed.clear();
        for (row, _) in flags.iter().enumerate().filter(|(_, flags)| **flags == 0) {
            let hash = pack(&keys, row, &mut self.packed);
            let position = position(batch.files[row], batch.lines[row])?;
            let shard = (hash >> 122) as u8;
            counts[usize::from(shard)] += 1;
            self.hashed.push((shard, Row { hash, position, row: row as u32 }));
        }
        let mut next = [0_usize; SHARDS];
        self.ends.clear();
        let mut end = 0;
        for (next, count) in next.iter_mut().zip(counts) {
            *next = end;
            end += count;
            self.ends.push(end);
        }
        self.rows.resize(end, Row::default());
        for (shard, row) in &self.hashed {
            let place = &mut next[usize::from(*shard)];
            self.rows[*place] = *row;
            *place += 1;
        }
        Ok(())
    }
}

/// The hash of a row's key. Each cell begins with its length, so no two keys are packed alike.
#[inline]
fn pack(keys: &[&Cells<'_>], row: usize, packed: &mut Vec<u8>) -> u128 {
    packed.clear();
    for cells in keys {
        let view = cells.view(row);
        match view as u32 {
            // The text stands in the view behind its length.
            ..=12 => packed.extend_from_slice(&view.to_le_bytes()),
            length => {
                packed.extend_from_slice(&length.to_le_bytes());
                packed.extend_from_slice(cells.long(view));
            }
        }
    }
    xxh3_128(packed)
}
