//! Rows beyond what memory has room for: dealt out by a hash into parts that fit, looked at part by part, and what was found
//! put into the order of rows again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::settle::budget::{Budget, Lease};
use crate::settle::column::Column;
use crate::settle::error::Error;
use crate::settle::stored::{Plain, Stored};
use crate::settle::table::NO_ROW;

/// Parts at most: each is a file that is written beside the others.
const PARTS: u64 = 64;

/// Memory for a part, however little there is.
const LEAST: u64 = 4 << 20;

/// Where rows go that memory has no room for, and what it has room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room<'a> {
    /// A folder for temporary files.
    pub(super) directory: &'a Path,
    /// Bytes of memory that a part should take.
    pub(super) bytes: u64,
    /// Where those of a larger one are taken from.
    pub(super) budget: &'a Arc<Budget>,
}

/// A hash, 0 for none.
pub(super) trait Hash: Plain {
    /// The part it belongs to.
    fn part(self, parts: usize) -> Option<usize>;
}

impl Hash for u128 {
    fn part(self, parts: usize) -> Option<usize> {
        (self != 0).then_some((((self >> 64) * parts as u128) >> 64) as usize)
    }
}

impl Hash for u64 {
    fn part(self, parts: usize) -> Option<usize> {
        (self != 0).then_some(((u128::from(self) * parts as u128) >> 64) as usize)
    }
}

impl Room<'_> {
    /// Into how many parts rows are dealt that take so many bytes each.
    pub(super) fn parts(&self, rows: usize, bytes: u64) -> usize {
        (rows as u64 * bytes).div_ceil(self.bytes.max(LEAST)).clamp(1, PARTS) as usize
    }

    /// The least memory that a part of so many rows will take that take so many bytes each, if keys fall evenly.
    pub(super) fn least(rows: u64, bytes: u64) -> u64 {
        (rows * bytes).div_ceil(PARTS).max(LEAST.min(rows * bytes))
    }

    /// Memory for a part: rows of one key are never parted.
    pub(super) fn hold(&self, bytes: u64) -> Result<Lease, Error> {
        let mut lease = Lease::new(self.budget);
        lease.take(bytes, "settling")?;
        Ok(lease)
    }

    /// Deals out the rows that are `wanted` and have a hash; rows of a part rise.
    pub(super) fn deal<T: Hash>(
        &self,
        column: &Column<T>,
        parts: usize,
        wanted: impl Fn(usize, T) -> bool,
    ) -> io::Result<Vec<Stored<(u32, T)>>> {
        let parts = (0..parts).map(|_| Stored::create(self.directory));
        let mut parts: Vec<Stored<(u32, T)>> = parts.collect::<io::Result<_>>()?;
        let count = parts.len();
        column.each::<io::Error>(|start, hashes| {
            for (row, hash) in (start..).zip(hashes).filter(|(row, hash)| wanted(*row, **hash)) {
                if let Some(part) = hash.part(count) {
                    parts[part].push((row as u32, *hash))?;
                }
            }
            Ok(())
        })?;
        parts.iter_mut().try_for_each(Stored::finish)?;
        Ok(parts)
    }
}

/// What was found of rows, part by part: another row.
#[derive(Debug)]
pub(super) struct Found {
    pairs: Stored<(u32, u32)>,
    /// The pairs of each part, rising.
    parts: Vec<Range<usize>>,
}

impl Found {
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        Ok(Self { pairs: Stored::create(directory)?, parts: Vec::new() })
    }

    /// What was found of `row`, which is higher than those before of the part.
    pub(super) fn push(&mut self, row: u32, other: u32) -> io::Result<()> {
        self.pairs.push((row, other))
    }

    /// The part has no more.
    pub(super) fn end_part(&mut self) {
        let start = self.parts.last().map_or(0, |part| part.end);
        self.parts.push(start..self.pairs.len());
    }

    /// A value for each of `count` rows: what was found of it, or `NO_ROW`.
    pub(super) fn spread(mut self, count: usize, directory: &Path) -> io::Result<Column<u32>> {
        self.pairs.finish()?;
        let mut parts: Vec<_> = self.parts.iter().map(|part| (self.pairs.reader(), part.clone())).collect();
        let mut heads = BinaryHeap::new();
        for (number, (reader, left)) in parts.iter_mut().enumerate() {
            heads.extend(left.next().map(|index| Reverse((reader.get(index), number))));
        }
        let mut column = Column::new(count, Some(directory))?;
        let mut next = 0;
        while let Some(Reverse(((row, other), number))) = heads.pop() {
            // A row out of turn is one that could not be read: `check` tells of it.
            let Some(gap) = (row as usize).checked_sub(next) else { break };
            column.fill(gap, NO_ROW)?;
            column.extend(&[other])?;
            next = row as usize + 1;
            let (reader, left) = &mut parts[number];
            heads.extend(left.next().map(|index| Reverse((reader.get(index), number))));
        }
        self.pairs.check()?;
        column.fill(count - next, NO_ROW)?;
        column.finish()?;
        Ok(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_part_by_part_comes_back_in_the_order_of_rows() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Arc::new(Budget::unlimited());
        let room = Room { directory: folder.path(), bytes: 0, budget: &budget };
        let count = 100_000_u32;
        let hash = |row: u32| xxhash_rust::xxh3::xxh3_128(&row.to_le_bytes());
        let column = Column::Memory((0..count).map(|row| if row % 7 == 0 { 0 } else { hash(row) }).collect());
        let parts = room.deal(&column, 5, |row, _| row % 11 != 0).unwrap();
        let mut found = Found::create(folder.path()).unwrap();
        for part in &parts {
            assert!(part.len() > 10_000, "evenly");
            part.each::<io::Error>(|_, rows| rows.iter().try_for_each(|(row, _)| found.push(*row, row * 2))).unwrap();
            found.end_part();
        }
        let column = found.spread(count as usize, folder.path()).unwrap();
        assert_eq!(column.len(), count as usize);
        let mut rising = column.rising();
        for row in 0..count {
            let expected = if row % 7 == 0 || row % 11 == 0 { NO_ROW } else { row * 2 };
            assert_eq!(rising.get(row as usize), expected, "{row}");
        }
        assert_eq!(column.get(12_345), 24_690);
    }
}
