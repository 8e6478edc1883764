//! Where the partitions meet: all rows in source order, all temporary files finished.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::settle::added::{self, Part};
use crate::settle::budget::Lease;
use crate::settle::error::Error;
use crate::settle::gather::Groups;
use crate::settle::merge::source_order;
use crate::settle::record::Chunked;
use crate::settle::rows::{Piece, Rows};
use crate::settle::rules::Task;
use crate::settle::sink::Sink;
use crate::settle::spill::Spill;
use crate::settle::tally::Tally;
use crate::settle::twins::Cases;

/// What all sinks of a run hold together.
#[derive(Debug)]
pub(super) struct Barrier {
    pub(super) rows: Rows,
    pub(super) files: Vec<File>,
    pub(super) tally: Tally,
    /// (row, column) of faulty cells, where rows are merged cell by cell.
    pub(super) faulty: HashSet<(u32, u32)>,
    /// (row, column) of cells filled with the value published last, likewise.
    pub(super) kept: HashSet<(u32, u32)>,
    pub(super) leases: Vec<Lease>,
    /// Rows of a pivot, by sink.
    pub(super) groups: Vec<Groups>,
}

/// Brings the sinks together; the rows' records on disk, if they are `to_disk`.
pub(super) fn open(task: &Task, sinks: Vec<Sink>, directory: &Path, to_disk: bool) -> Result<Barrier, Error> {
    let mut tally = Tally::new(&task.layout);
    let (mut files, mut records, mut faulty, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut leases, mut groups) = (Vec::new(), Vec::new());
    let mut cases = Cases::default();
    let sums = sinks.iter().find_map(|sink| Some(Arc::clone(&sink.adding.as_ref()?.sums)));
    for sink in sinks {
        cases.join(sink.cases);
        tally.join(&sink.tally);
        files.push(sink.spill.finish()?);
        records.push(sink.records);
        faulty.push(sink.faulty);
        kept.push(sink.kept);
        leases.push(sink.lease);
        groups.push(sink.groups);
    }
    if let Some(sums) = sums {
        for Part { spill, records: more, tally: told, cases: seen } in
            added::finish(task, &sums, || Spill::create(directory))?
        {
            cases.join(seen);
            tally.join(&told);
            files.push(spill.finish()?);
            records.push(more);
            faulty.push(Vec::new());
            kept.push(Vec::new());
        }
    }
    if !cases.are_mixed() {
        // Keys in one case have no twins: nothing is left to be looked for.
        records.iter_mut().for_each(|records| records.lower = Chunked::new());
    }
    let rows: u64 = records.iter().map(|records| u64::from(records.rows)).sum();
    if rows >= u64::from(u32::MAX) {
        return Err(Error::TooLarge("a run takes at most four thousand million rows".to_owned()));
    }
    let pieces = source_order(&records, task.layout.arrival_order);
    let faulty = renumber(&faulty, &pieces);
    let kept = renumber(&kept, &pieces);
    let rows = Rows::gather(records, &pieces, to_disk.then_some(directory), task.rules.threads)?;
    Ok(Barrier { rows, files, tally, faulty, kept, leases, groups })
}

/// (row, column) pairs of each sink, with the rows' numbers in source order.
fn renumber(faulty: &[Vec<(u32, u32)>], pieces: &[Piece]) -> HashSet<(u32, u32)> {
    let mut numbered = HashSet::new();
    let mut row = 0;
    for piece in pieces {
        // A sink's own rows rise as they were pushed.
        let from = faulty[piece.sink].partition_point(|(local, _)| *local < piece.first);
        let to = faulty[piece.sink].partition_point(|(local, _)| *local < piece.first + piece.rows);
        let pairs = faulty[piece.sink].get(from..to).unwrap_or_default();
        numbered.extend(pairs.iter().map(|(local, column)| (row + local - piece.first, *column)));
        row += piece.rows;
    }
    numbered
}
