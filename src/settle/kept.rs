//! Values published last, by key: what `default: keep` fills empty cells with.
//!
//! Of each key 24 bytes stay in memory; the values lie in a temporary file, as rows of the kept columns, and are read for
//! those rows only that lack one.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringViewBuilder, StructArray};

use crate::csv::LineEnding;
use crate::settle::batch::Cells;
use crate::settle::budget::{Budget, Lease};
use crate::settle::cells::RowCells;
use crate::settle::error::Error;
use crate::settle::key::key_hash;
use crate::settle::layout::Layout;
use crate::settle::spill::Spill;

/// Bytes of a key in memory.
const ENTRY: u64 = 24;

/// Collects values, key by key in rising order of the keys' hashes.
#[derive(Debug)]
pub struct KeptBuilder {
    columns: Vec<usize>,
    hashes: Vec<u128>,
    ends: Vec<u64>,
    spill: Spill,
    lease: Lease,
}

/// Values by key.
#[derive(Debug)]
pub struct Kept {
    /// Columns that keep, as the layout numbers them.
    columns: Vec<usize>,
    /// Rising.
    hashes: Vec<u128>,
    /// Where the row of each key ends in the file; it starts where the one before it ends.
    ends: Vec<u64>,
    file: File,
    /// Cells that were filled, per column that keeps.
    filled: Vec<AtomicU64>,
}

impl KeptBuilder {
    /// Of the layout's `columns`; the temporary file lies in `directory`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(columns: Vec<usize>, directory: &Path, budget: &Arc<Budget>) -> Result<Self, Error> {
        let (spill, lease) = (Spill::create(directory)?, Lease::new(budget));
        Ok(Self { columns, hashes: Vec::new(), ends: Vec::new(), spill, lease })
    }

    /// The key with this hash, and a value (or an empty text) per column.
    ///
    /// # Errors
    /// If memory or disk run out.
    pub fn push<'v>(&mut self, key: u128, values: impl Iterator<Item = &'v str> + Clone) -> Result<(), Error> {
        if values.clone().all(str::is_empty) {
            return Ok(());
        }
        self.lease.take(ENTRY, "reading the values published last")?;
        self.spill.buffer.row(values, LineEnding::Lf);
        self.hashes.push(key);
        self.ends.push(self.spill.length());
        self.spill.flush_if_large()?;
        Ok(())
    }

    /// All of them, to be asked.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn build(self) -> Result<Kept, Error> {
        let filled = self.columns.iter().map(|_| AtomicU64::new(0)).collect();
        let Self { columns, hashes, ends, spill, lease } = self;
        lease.keep();
        Ok(Kept { columns, hashes, ends, file: spill.finish()?, filled })
    }
}

/// A batch with its empty cells filled, and the row and column of each of them.
type Looked<'b> = (Cow<'b, RecordBatch>, Vec<(usize, usize)>);

impl Kept {
    /// Columns that keep, each with how many cells were filled, over all rows read.
    pub fn filled(&self) -> impl Iterator<Item = (usize, u64)> {
        self.columns.iter().zip(&self.filled).map(|(column, filled)| (*column, filled.load(Ordering::Relaxed)))
    }

    /// Whether empty cells of the layout's `column` are filled.
    pub(super) fn keeps(&self, column: usize) -> bool {
        self.columns.contains(&column)
    }

    /// `batch` with its empty cells filled, and counted; `note` is told of each, by row and column.
    pub(super) fn fill<'b>(
        &self,
        batch: &'b RecordBatch,
        layout: &Layout,
        note: impl FnMut(usize, usize),
    ) -> Result<Cow<'b, RecordBatch>, Error> {
        let found = self.found(batch, layout, note)?;
        for (filled, found) in self.filled.iter().zip(&found) {
            filled.fetch_add(found.len() as u64, Ordering::Relaxed);
        }
        self.put(batch, layout, &found)
    }

    /// The same for rows that are looked at again, to be told of: nothing is counted. Gives the row and column of each cell too.
    ///
    /// # Errors
    /// If the temporary file fails, or the batch is of another shape.
    pub fn look<'b>(&self, batch: &'b RecordBatch, layout: &Layout) -> Result<Looked<'b>, Error> {
        let mut places = Vec::new();
        let found = self.found(batch, layout, |row, column| places.push((row, column)))?;
        Ok((self.put(batch, layout, &found)?, places))
    }

    /// What fills the empty cells: of each column that keeps, rows and values.
    fn found(
        &self,
        batch: &RecordBatch,
        layout: &Layout,
        mut note: impl FnMut(usize, usize),
    ) -> Result<Vec<Vec<(usize, String)>>, Error> {
        let cells = |column: usize| cells_of(batch, layout, column);
        let keys: Vec<Cells<'_>> = layout.key.iter().map(|column| cells(*column)).collect::<Result<_, _>>()?;
        let kept: Vec<Cells<'_>> = self.columns.iter().map(|column| cells(*column)).collect::<Result<_, _>>()?;
        let passes = |fault: u8| fault == 0 || layout.warnings.contains(fault);
        let lacks = |cells: &Cells<'_>, row: usize| cells.get(row).is_empty() && passes(cells.faults[row]);
        let mut found: Vec<Vec<(usize, String)>> = vec![Vec::new(); kept.len()];
        let mut values = RowCells::new();
        let mut bytes = Vec::new();
        for row in 0..batch.num_rows() {
            if !kept.iter().any(|cells| lacks(cells, row)) {
                continue;
            }
            if keys.iter().any(|cells| cells.get(row).is_empty() || !passes(cells.faults[row])) {
                continue;
            }
            let parts: Vec<&[u8]> = keys.iter().map(|cells| cells.get(row)).collect();
            if !self.read(key_hash(&parts, layout.key_ignores_case), &mut bytes)? {
                continue;
            }
            values.decode(&bytes);
            for (place, cells) in kept.iter().enumerate().filter(|(_, cells)| lacks(cells, row)) {
                let value = values.get(place);
                if !value.is_empty() {
                    debug_assert!(cells.get(row).is_empty());
                    found[place].push((row, String::from_utf8_lossy(value).into_owned()));
                    note(row, self.columns[place]);
                }
            }
        }
        Ok(found)
    }

    fn put<'b>(
        &self,
        batch: &'b RecordBatch,
        layout: &Layout,
        found: &[Vec<(usize, String)>],
    ) -> Result<Cow<'b, RecordBatch>, Error> {
        if found.iter().all(Vec::is_empty) {
            return Ok(Cow::Borrowed(batch));
        }
        let mut columns = batch.columns().to_vec();
        for (column, found) in self.columns.iter().zip(found).filter(|(_, found)| !found.is_empty()) {
            columns[2 + column] = filled_in(batch.column(2 + column), &cells_of(batch, layout, *column)?, found)?;
        }
        let filled = RecordBatch::try_new(batch.schema(), columns).map_err(|error| Error::Batch(error.to_string()))?;
        Ok(Cow::Owned(filled))
    }

    /// The row of the key with this hash, if there is one.
    fn read(&self, hash: u128, bytes: &mut Vec<u8>) -> io::Result<bool> {
        let Ok(place) = self.hashes.binary_search(&hash) else { return Ok(false) };
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        bytes.resize(usize::try_from(self.ends[place] - start).map_err(io::Error::other)?, 0);
        self.file.read_exact_at(bytes, start)?;
        Ok(true)
    }
}

/// The judged column `column`; the first two of a batch are the record's place.
fn cells_of<'b>(batch: &'b RecordBatch, layout: &Layout, column: usize) -> Result<Cells<'b>, Error> {
    let told = &layout.columns[column];
    Cells::new(batch.column(2 + column), &told.name, told.bare)
}

/// The struct column `array` with the values of `found` (rising rows) in their places.
fn filled_in(array: &ArrayRef, cells: &Cells<'_>, found: &[(usize, String)]) -> Result<ArrayRef, Error> {
    let unexpected = || Error::Batch(format!("a judged column is {}", array.data_type()));
    let pair = array.as_any().downcast_ref::<StructArray>().ok_or_else(unexpected)?;
    let mut values = StringViewBuilder::with_capacity(array.len());
    let mut found = found.iter().peekable();
    for row in 0..array.len() {
        match found.next_if(|(at, _)| *at == row) {
            Some((_, value)) => values.append_value(value),
            None if cells.get(row).is_empty() => values.append_null(),
            None => values.append_value(String::from_utf8_lossy(cells.get(row))),
        }
    }
    let faults = pair.columns().get(1).ok_or_else(unexpected)?;
    let columns: Vec<ArrayRef> = vec![Arc::new(values.finish()), Arc::clone(faults)];
    // A pair that was null as a whole has no value either, and no fault.
    StructArray::try_new(pair.fields().clone(), columns, None)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| Error::Batch(error.to_string()))
}
