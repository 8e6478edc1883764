//! How many cells of each column hold something in the rows that are written.

use std::ops::Range;

use crate::settle::case::Case;
use crate::settle::cells::RowCells;
use crate::settle::error::Error;
use crate::settle::fate::Fate;
use crate::settle::rows::{Cursor, RowReader};

/// Rows below which a second thread is not worth its start.
const FEW: usize = 1 << 16;

/// Non-empty cells of the written rows: all that were counted less those of rows not written, or counted anew, whatever
/// decodes fewer rows.
pub(super) fn fill(case: &Case) -> Result<Vec<u64>, Error> {
    let rows = case.rows.count;
    let encoded = (0..rows).filter(|row| is_encoded(case, *row)).count();
    let written = (0..rows).filter(|row| case.is_written(*row)).count();
    let subtract = encoded - written <= written;
    let wanted = |row: &usize| is_encoded(case, *row) && case.is_written(*row) != subtract;
    let threads = if rows < FEW { 1 } else { case.task.rules.threads.max(1) };
    let part = rows.div_ceil(threads).max(1);
    let parts = std::thread::scope(|scope| {
        let count = |start: usize| move || count(case, start..(start + part).min(rows), wanted);
        let threads: Vec<_> = (0..rows).step_by(part).map(|start| scope.spawn(count(start))).collect();
        threads.into_iter().map(|thread| thread.join().expect("counting does not panic")).collect::<Vec<_>>()
    });
    let mut fill = if subtract { case.tally.filled.clone() } else { vec![0; case.tally.filled.len()] };
    for counts in parts {
        for (sum, count) in fill.iter_mut().zip(counts?) {
            if subtract { *sum -= count } else { *sum += count }
        }
    }
    Ok(fill)
}

fn is_encoded(case: &Case, row: usize) -> bool {
    case.winners.fate[row] != Fate::RejectedKey
}

/// Non-empty cells of the `wanted` among `rows`.
fn count(case: &Case, rows: Range<usize>, wanted: impl Fn(&usize) -> bool) -> Result<Vec<u64>, Error> {
    let mut counts = vec![0; case.tally.filled.len()];
    let (mut reader, mut cursor) = (RowReader::new(&case.files), Cursor::new(&case.rows));
    let mut cells = RowCells::new();
    for row in rows.filter(wanted) {
        cells.decode(reader.read(cursor.extent(row))?);
        for (place, count) in counts.iter_mut().enumerate() {
            *count += u64::from(!cells.get(place).is_empty());
        }
    }
    Ok(counts)
}
