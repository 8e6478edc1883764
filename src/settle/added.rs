//! Sums become rows: where memory has no room for them, and at the barrier.

use std::io;

use crate::settle::adding::{self, Sums};
use crate::settle::error::Error;
use crate::settle::key::{NONE, hash_parts, hash_text};
use crate::settle::order::OLDEST;
use crate::settle::record::{Records, link_columns};
use crate::settle::rules::Task;
use crate::settle::shard::Shard;
use crate::settle::spill::Spill;
use crate::settle::tally::Tally;
use crate::settle::twins::{Cases, lower_hash};

/// Sums whose rows are told of at once.
const BATCH: usize = 1024;

/// Bytes of a sum beside its own while it becomes a row.
pub(super) const SUM_BYTES: u64 = size_of::<Sum>() as u64;

/// Sums below which one thread does it all.
const SMALL: usize = 1 << 14;

/// Positions of sums that are looked at to cut them into parts of like size.
const SAMPLES: usize = 1 << 12;

/// Where rows go: a sink's files and records, or those of a part of the sums.
pub(super) struct Rows<'a> {
    pub(super) spill: &'a mut Spill,
    pub(super) records: &'a mut Records,
    pub(super) tally: &'a mut Tally,
    pub(super) cases: &'a mut Cases,
}

/// The rows of a part of the sums.
pub(super) struct Part {
    pub(super) spill: Spill,
    pub(super) records: Records,
    pub(super) tally: Tally,
    pub(super) cases: Cases,
}

/// A sum: the position of its last record, its shard, its number there.
type Sum = (u64, u32, u32);

/// Makes rows of all that `shard` holds.
pub(super) fn flush(task: &Task, shard: &Shard, rows: &mut Rows<'_>) -> Result<(), Error> {
    let mut sums: Vec<Sum> = (0..shard.count()).map(|key| (shard.position(key), 0, key as u32)).collect();
    sums.sort_unstable();
    rows.tally.merged += shard.merged();
    // Others of its key will follow.
    write(task, &[shard], &sums, true, rows)
}

/// Makes rows of all sums, in parts that follow one another in source order; each lies in a file that `spill` makes.
pub(super) fn finish(
    task: &Task,
    sums: &Sums,
    mut spill: impl FnMut() -> io::Result<Spill>,
) -> Result<Vec<Part>, Error> {
    // Where rows are known by one column others may refer to them; where some are rows already, they are to be found.
    let keyed = !sums.are_whole() || task.layout.has_plain_key();
    let shards = sums.shards();
    let shards: Vec<&Shard> = shards.iter().map(|shard| &**shard).collect();
    let count: usize = shards.iter().map(|shard| shard.count()).sum();
    if count == 0 {
        return Ok(Vec::new());
    }
    let threads = if count < SMALL { 1 } else { task.rules.threads.max(1) };
    let bounds = bounds(&shards, count, threads);
    let mut parts = Vec::new();
    for _ in 1..bounds.len() {
        parts.push(Part {
            spill: spill()?,
            records: Records::new(link_columns(&task.layout)),
            tally: Tally::new(&task.layout),
            cases: Cases::default(),
        });
    }
    let make = |part: &mut Part, bounds: &[u64]| {
        let mut sums: Vec<Sum> = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            let positions = (0..shard.count()).map(|key| (shard.position(key), key));
            let here = positions.filter(|(position, _)| (bounds[0]..bounds[1]).contains(position));
            sums.extend(here.map(|(position, key)| (position, number as u32, key as u32)));
        }
        sums.sort_unstable();
        let Part { spill, records, tally, cases } = part;
        write(task, &shards, &sums, keyed, &mut Rows { spill, records, tally, cases })
    };
    let make = &make;
    std::thread::scope(|scope| {
        let work = parts.iter_mut().zip(bounds.windows(2));
        let threads: Vec<_> = work.map(|(part, bounds)| scope.spawn(move || make(part, bounds))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("rows are made without panics"))
    })?;
    if let Some(part) = parts.first_mut() {
        part.tally.merged += shards.iter().map(|shard| shard.merged()).sum::<u64>();
    }
    Ok(parts)
}

/// Positions that cut the sums into `parts` of like size.
fn bounds(shards: &[&Shard], count: usize, parts: usize) -> Vec<u64> {
    let step = (count / SAMPLES).max(1);
    let mut samples: Vec<u64> = Vec::new();
    for shard in shards {
        samples.extend((0..shard.count()).step_by(step).map(|key| shard.position(key)));
    }
    samples.sort_unstable();
    let inner = (1..parts).map(|part| samples[part * samples.len() / parts]);
    let mut bounds: Vec<u64> = std::iter::once(0).chain(inner).chain([u64::MAX]).collect();
    bounds.dedup();
    bounds
}

fn write(task: &Task, shards: &[&Shard], sums: &[Sum], keyed: bool, rows: &mut Rows<'_>) -> Result<(), Error> {
    let layout = &task.layout;
    let (numbers, _) = adding::columns(task);
    let written = layout.columns.iter().enumerate().filter(|(_, column)| column.written);
    let shape: Vec<(Option<usize>, bool)> =
        written.map(|(index, column)| (numbers.iter().position(|number| *number == index), column.bare)).collect();
    let watches_case = task.watches_case();
    let (mut text, mut scratch, mut flags) = (Vec::new(), Vec::new(), Vec::new());
    let (mut positions, mut ends) = (Vec::new(), Vec::new());
    for sums in sums.chunks(BATCH) {
        let begin = rows.spill.length();
        positions.clear();
        ends.clear();
        for (position, shard, key) in sums {
            let (shard, key) = (shards[*shard as usize], *key as usize);
            let out = &mut rows.spill.buffer;
            let start = out.len();
            let mut cells = shard.cells(key);
            for ((number, bare), filled) in shape.iter().zip(&mut rows.tally.filled) {
                let cell = match number {
                    Some(number) => {
                        shard.number(key, *number, &mut text);
                        text.as_slice()
                    }
                    None => cells.next().unwrap_or_default(),
                };
                out.field(cell, *bare);
                *filled += u64::from(!cell.is_empty());
            }
            out.end_row(start, layout.line_ending());
            rows.spill.flush_if_large()?;
            positions.push(*position);
            ends.push(rows.spill.length());
            let cells = || shard.cells(key).take(layout.key.len());
            let hash = match keyed {
                true if layout.has_plain_key() => hash_text(cells().next().unwrap_or_default(), false, &mut scratch),
                true => hash_key(task, cells(), &mut scratch),
                false => NONE,
            };
            rows.records.key.push(hash);
            if watches_case {
                let key = cells().next().unwrap_or_default();
                rows.records.lower.push(lower_hash(key, rows.cases));
            }
            if layout.order_by.is_some() {
                rows.records.order.push(OLDEST);
            }
        }
        flags.resize(positions.len(), 0);
        rows.records.extend(&positions, &flags[..positions.len()], begin, &ends)?;
    }
    Ok(())
}

/// The hash of a key of several columns. Its cells come as they are written, and are hashed in the order of the key.
fn hash_key<'a>(task: &Task, cells: impl Iterator<Item = &'a [u8]>, scratch: &mut Vec<u8>) -> u128 {
    let (_, columns) = adding::columns(task);
    let cells: Vec<(usize, &[u8])> = columns.into_iter().zip(cells).collect();
    let cell = |column: &usize| cells.iter().find(|(index, _)| index == column).map_or(&b""[..], |(_, cell)| cell);
    hash_parts(task.layout.key.iter().map(|column| (cell(column), false)), scratch)
}
