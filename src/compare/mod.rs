//! Two CSV tables side by side: which rows are new, gone or changed, cell by cell.
//!
//! In: the files of two tables and the columns of their key. Out: a [`TableDifference`], and every single change to whoever
//! wants to hear of it, those of the new table in its order, then what is gone in the order of the old one.
//!
//! Rows are matched in three passes, so that memory depends neither on the size of the tables nor on how much they differ:
//!
//! 1. `scan` reads both tables side by side, cuts rows without looking into cells that are no key, and notes of each row 32
//!    bytes: a hash of its key, a hash of the row, its place. The notes go to disk, parted by the key's hash (`spill`).
//! 2. `pairs` sorts and matches one part after the other; rows with equal hashes are the same and never looked at again. What is
//!    left is written down by place.
//! 3. `cells` goes through that in order and lays the two rows side by side.
//!
//! This room knows no format, no mapping and no engine.

mod cells;
mod difference;
mod error;
mod pairs;
mod reader;
mod scan;
mod spill;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use difference::{AttributeDifference, CellChange, Change, ChangeKind, Sample, TableDifference};
pub use error::CompareError;
pub use table::Table;

use cells::Teller;
use pairs::Pairs;
use spill::Spill;
use table::Shape;

/// What is compared, and with which means.
pub struct Comparison<'a> {
    /// How it was; none if there was nothing.
    pub before: Option<&'a Table>,
    /// How it is.
    pub now: &'a Table,
    /// Header names of the key, in its order; none: rows have no key, and are the same if all their common cells are.
    pub key: &'a [String],
    /// Keys that differ in ASCII case alone are the same.
    pub key_ignores_case: bool,
    /// Bytes that may be held.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
    /// A folder for temporary files.
    pub scratch: &'a Path,
    /// Asked now and then: whether to give up.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
}

/// Compares; each change goes to `tell`.
///
/// # Errors
/// A file that cannot be read, a disk that fails, or an end asked for.
pub fn compare(
    comparison: &Comparison<'_>,
    tell: &mut dyn FnMut(&Change<'_>) -> Result<(), CompareError>,
) -> Result<TableDifference, CompareError> {
    let shape = Shape::of(comparison.before, comparison.now, comparison.key, comparison.key_ignores_case);
    let mut difference = TableDifference::of_headers(comparison.before, comparison.now);
    if let Some(before) = comparison.before {
        difference.identical = table::same_bytes(before, comparison.now)?;
    }
    let parts = spill::parts(comparison);
    let scanned = |table: Option<&Table>, places: &table::Places| match table {
        Some(table) => scan::scan(table, places, comparison, parts),
        None => Ok(scan::Scanned::empty(Spill::create(comparison.scratch, parts)?)),
    };
    let (before, now) = std::thread::scope(|scope| {
        let before = scope.spawn(|| scanned(comparison.before.filter(|_| !difference.identical), &shape.before));
        let now = scanned(Some(comparison.now), &shape.now);
        (before.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), now)
    });
    let (before, now) = (before?, now?);
    difference.unreadable = (before.unreadable, now.unreadable);
    difference.rows = (before.rows, now.rows);
    if difference.identical {
        difference.rows.0 = now.rows;
        difference.unreadable.0 = now.unreadable;
        difference.same = now.rows;
        return Ok(difference);
    }
    let pairs = Pairs::find(&before.notes, &now.notes, comparison, shape.has_key)?;
    difference.same = pairs.same;
    difference.repeated = pairs.repeated;
    drop((before.notes, now.notes));
    Teller::new(comparison, &shape, &mut difference).tell(pairs, tell)?;
    Ok(difference)
}
