//! All rows of a run in source order: a row's number from here on is its place in that order.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::settle::column::{Column, Rising};
use crate::settle::record::{Chunked, Records};
use crate::settle::spill::Window;
use crate::settle::stored::Plain;

/// A piece of a temporary file that holds whole rows, ready to be copied into the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Number of the file in `Settled::files`.
    pub file: usize,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Rows.
    pub rows: u64,
}

/// Rows that stand one after the other in source order and in one temporary file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Its first row.
    pub(super) first: u32,
    /// Temporary file.
    pub(super) file: u32,
    /// What `Rows::end` counts from.
    pub(super) base: u64,
    /// Where the first row starts, counted from `base`; the others start where the row before them ends.
    pub(super) start: u32,
}

impl Run {
    /// The row from `start` to `end`.
    fn extent(&self, start: u32, end: u32) -> Extent {
        // An end that could not be read is told of by `Rows::check`.
        let length = u64::from(end.saturating_sub(start));
        Extent { file: self.file as usize, offset: self.base + u64::from(start), length, rows: 1 }
    }
}

/// A row whose bytes were written anew: folded, or with a cell emptied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rewritten {
    pub(super) row: u32,
    pub(super) file: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The rows, a column per fact; columns that the layout has no use for are empty. See `Records`.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) count: usize,
    pub(super) position: Column<u64>,
    pub(super) key: Column<u128>,
    pub(super) parent: Column<u128>,
    pub(super) links: Vec<Vec<u128>>,
    pub(super) order: Column<i128>,
    pub(super) lower: Column<u64>,
    pub(super) end: Column<u32>,
    pub(super) flags: Vec<u8>,
    pub(super) runs: Vec<Run>,
    /// By row.
    pub(super) rewritten: Vec<Rewritten>,
}

/// A stretch of one sink's rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) sink: usize,
    pub(super) first: u32,
    pub(super) rows: u32,
}

impl Rows {
    /// The records of all sinks, brought into the order of `pieces`, one column after the other so that only one of
    /// them is held twice at any time; on disk if a folder is given, but for flags and links.
    pub(super) fn gather(mut records: Vec<Records>, pieces: &[Piece], disk: Option<&Path>) -> io::Result<Self> {
        let count = pieces.iter().map(|piece| piece.rows as usize).sum();
        let runs = runs(&records, pieces);
        macro_rules! column {
            ($field:ident, $disk:expr) => {{
                let taken: Vec<_> =
                    records.iter_mut().map(|record| std::mem::replace(&mut record.$field, Chunked::new())).collect();
                copy(&taken, pieces, count, $disk)?
            }};
        }
        let mut links = Vec::new();
        for link in 0..records.iter().map(|record| record.links.len()).max().unwrap_or(0) {
            let taken: Vec<_> =
                records.iter_mut().map(|record| std::mem::replace(&mut record.links[link], Chunked::new())).collect();
            links.push(copy(&taken, pieces, count, None)?.into_memory());
        }
        Ok(Self {
            count,
            position: column!(position, disk),
            key: column!(key, disk),
            parent: column!(parent, disk),
            order: column!(order, disk),
            lower: column!(lower, disk),
            end: column!(end, disk),
            flags: column!(flags, None).into_memory(),
            links,
            runs,
            rewritten: Vec::new(),
        })
    }

    /// What went wrong with columns on disk since the last time.
    pub(super) fn check(&self) -> io::Result<()> {
        self.position.check()?;
        self.key.check()?;
        self.parent.check()?;
        self.order.check()?;
        self.lower.check()?;
        self.end.check()
    }

    /// Whether each row comes from a later record than the one before.
    pub(super) fn positions_rise(&self) -> io::Result<bool> {
        let (mut rise, mut last) = (true, None);
        self.position.each::<io::Error>(|_, positions| {
            rise &= last.is_none_or(|last| positions.first().is_none_or(|first| *first > last));
            rise &= positions.windows(2).all(|pair| pair[0] < pair[1]);
            last = positions.last().copied().or(last);
            Ok(())
        })?;
        Ok(rise)
    }

    /// Where the bytes of `row` stand.
    pub(super) fn extent(&self, row: usize) -> Extent {
        let found = self.rewritten.binary_search_by_key(&row, |rewritten| rewritten.row as usize);
        if let Ok(index) = found {
            return self.rewritten[index].extent();
        }
        let run = &self.runs[self.runs.partition_point(|run| run.first as usize <= row) - 1];
        let start = if row == run.first as usize { run.start } else { self.end.get(row - 1) };
        run.extent(start, self.end.get(row))
    }

    /// From now on the rows of `rewritten` (rising) stand elsewhere.
    pub(super) fn rewrite(&mut self, rewritten: Vec<Rewritten>) {
        let mut older = std::mem::take(&mut self.rewritten);
        older.retain(|old| rewritten.binary_search_by_key(&old.row, |new| new.row).is_err());
        older.extend(rewritten);
        older.sort_unstable_by_key(|rewritten| rewritten.row);
        self.rewritten = older;
    }
}

impl Rewritten {
    fn extent(&self) -> Extent {
        Extent { file: self.file as usize, offset: self.offset, length: self.length, rows: 1 }
    }
}

/// Values copied at a time where they go to disk.
const BLOCK: usize = 1 << 14;

fn copy<T: Plain>(
    columns: &[Chunked<T>],
    pieces: &[Piece],
    count: usize,
    disk: Option<&Path>,
) -> io::Result<Column<T>> {
    if columns.iter().all(|column| column.is_empty()) {
        return Ok(Column::default());
    }
    let mut all = Column::new(count, disk)?;
    let mut values = Vec::new();
    for piece in pieces {
        let (column, mut from) = (&columns[piece.sink], piece.first as usize);
        let end = from + piece.rows as usize;
        match &mut all {
            Column::Memory(all) => column.copy(from, end - from, all)?,
            Column::Disk(_) => {
                while from < end {
                    values.clear();
                    column.copy(from, BLOCK.min(end - from), &mut values)?;
                    all.extend(&values)?;
                    from += values.len();
                }
            }
        }
    }
    all.finish()?;
    Ok(all)
}

/// Where each piece stands; cut where a block of its file ends, joined where two pieces follow each other.
fn runs(records: &[Records], pieces: &[Piece]) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut first, mut previous_end) = (0, None);
    for piece in pieces {
        let records = &records[piece.sink];
        let mut at = piece.first;
        let end = piece.first + piece.rows;
        while at < end {
            let index = records.blocks.partition_point(|block| block.first <= at) - 1;
            let block = &records.blocks[index];
            let until = records.blocks.get(index + 1).map_or(end, |next| next.first.min(end));
            if previous_end != Some((piece.sink, at)) || at == block.first {
                let start = records.start_in_block(at, block);
                runs.push(Run { first, file: piece.sink as u32, base: block.offset, start });
            }
            first += until - at;
            at = until;
            previous_end = Some((piece.sink, at));
        }
    }
    runs
}

/// Places of rows asked for in rising order: no search.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rows: &'a Rows,
    ends: Rising<'a, u32>,
    run: usize,
    rewritten: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rows: &'a Rows) -> Self {
        Self { rows, ends: rows.end.rising(), run: 0, rewritten: 0 }
    }

    /// Where `row`, not lower than any asked for before, stands.
    pub(super) fn extent(&mut self, row: usize) -> Extent {
        let rows = self.rows;
        while rows.rewritten.get(self.rewritten).is_some_and(|rewritten| (rewritten.row as usize) < row) {
            self.rewritten += 1;
        }
        if let Some(rewritten) = rows.rewritten.get(self.rewritten).filter(|rewritten| rewritten.row as usize == row) {
            return rewritten.extent();
        }
        while rows.runs.get(self.run + 1).is_some_and(|next| next.first as usize <= row) {
            self.run += 1;
        }
        let run = &rows.runs[self.run];
        let start = if row == run.first as usize { run.start } else { self.ends.get(row - 1) };
        run.extent(start, self.ends.get(row))
    }
}

/// Reads encoded rows.
#[derive(Debug)]
pub(super) struct RowReader<'a> {
    windows: Vec<Window<'a>>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { windows: files.iter().map(Window::new).collect() }
    }

    /// The bytes of one row, its line ending included.
    pub(super) fn read(&mut self, extent: Extent) -> io::Result<&[u8]> {
        let length = usize::try_from(extent.length).map_err(io::Error::other)?;
        self.windows[extent.file].read(extent.offset, length)
    }
}
