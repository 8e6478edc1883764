//! All rows of a run in source order: a row's number from here on is its place in that order.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::settle::column::{Column, Rising};
use crate::settle::marks::Marks;
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
    pub(super) marks: Marks,
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

/// Where a column is gathered.
#[derive(Debug, Clone, Copy)]
enum To<'a> {
    Memory { threads: usize },
    Disk(&'a Path),
}

/// Rows below which one thread gathers them.
const SMALL: usize = 1 << 16;

impl Rows {
    /// The records of all sinks, brought into the order of `pieces`, one column after the other so that only one of
    /// them is held twice at any time; in memory by `threads`, or, but for marks and links, on disk if a folder is given.
    pub(super) fn gather(
        mut records: Vec<Records>,
        pieces: &[Piece],
        disk: Option<&Path>,
        threads: usize,
    ) -> io::Result<Self> {
        let memory = To::Memory { threads };
        let to = disk.map_or(memory, To::Disk);
        let count = pieces.iter().map(|piece| piece.rows as usize).sum();
        let runs = runs(&records, pieces);
        macro_rules! column {
            ($field:ident, $to:expr) => {{
                let taken: Vec<_> =
                    records.iter_mut().map(|record| std::mem::replace(&mut record.$field, Chunked::new())).collect();
                copy(&taken, pieces, count, $to)?
            }};
        }
        let mut links = Vec::new();
        for link in 0..records.iter().map(|record| record.links.len()).max().unwrap_or(0) {
            let taken: Vec<_> =
                records.iter_mut().map(|record| std::mem::replace(&mut record.links[link], Chunked::new())).collect();
            links.push(copy(&taken, pieces, count, memory)?.into_memory());
        }
        Ok(Self {
            count,
            position: column!(position, to),
            key: column!(key, to),
            parent: column!(parent, to),
            order: column!(order, to),
            lower: column!(lower, to),
            end: column!(end, to),
            marks: Marks::new(column!(flags, memory).into_memory()),
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

fn copy<T: Plain + Send + Sync>(
    columns: &[Chunked<T>],
    pieces: &[Piece],
    count: usize,
    to: To<'_>,
) -> io::Result<Column<T>> {
    if columns.iter().all(|column| column.is_empty()) {
        return Ok(Column::default());
    }
    let directory = match to {
        To::Memory { threads } => return copy_to_memory(columns, pieces, count, threads).map(Column::Memory),
        To::Disk(directory) => directory,
    };
    let mut all = Column::new(count, Some(directory))?;
    let mut values = Vec::new();
    for piece in pieces {
        let (column, mut from) = (&columns[piece.sink], piece.first as usize);
        let end = from + piece.rows as usize;
        while from < end {
            values.clear();
            column.copy(from, BLOCK.min(end - from), &mut values)?;
            all.extend(&values)?;
            from += values.len();
        }
    }
    all.finish()?;
    Ok(all)
}

/// Each thread fills a part of the column: most of the time goes into memory that is touched for the first time.
fn copy_to_memory<T: Plain + Send + Sync>(
    columns: &[Chunked<T>],
    pieces: &[Piece],
    count: usize,
    threads: usize,
) -> io::Result<Vec<T>> {
    let mut all = vec![T::default(); count];
    let fill = |pieces: &[Piece], mut out: &mut [T]| {
        pieces.iter().try_for_each(|piece| {
            let these = out.split_off_mut(..piece.rows as usize).expect("the pieces have so many rows");
            columns[piece.sink].copy_to(piece.first as usize, these)
        })
    };
    if count < SMALL || threads < 2 {
        fill(pieces, &mut all)?;
        return Ok(all);
    }
    std::thread::scope(|scope| {
        let mut rest = all.as_mut_slice();
        let mut filling = Vec::new();
        for pieces in pieces.chunks(pieces.len().div_ceil(threads).max(1)) {
            let rows = pieces.iter().map(|piece| piece.rows as usize).sum();
            let part = rest.split_off_mut(..rows).expect("the pieces have so many rows");
            filling.push(scope.spawn(move || fill(pieces, part)));
        }
        filling.into_iter().try_for_each(|thread| thread.join().expect("values are copied without panics"))
    })?;
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
        self.stretch(row, row + 1)
    }

    /// The same of `row` and of as many rows before `behind` as stand one behind the other.
    pub(super) fn stretch(&mut self, row: usize, behind: usize) -> Extent {
        let rows = self.rows;
        while rows.rewritten.get(self.rewritten).is_some_and(|rewritten| (rewritten.row as usize) < row) {
            self.rewritten += 1;
        }
        let mut behind = behind;
        if let Some(rewritten) = rows.rewritten.get(self.rewritten) {
            if rewritten.row as usize == row {
                return rewritten.extent();
            }
            behind = behind.min(rewritten.row as usize);
        }
        while rows.runs.get(self.run + 1).is_some_and(|next| next.first as usize <= row) {
            self.run += 1;
        }
        let run = &rows.runs[self.run];
        behind = rows.runs.get(self.run + 1).map_or(behind, |next| behind.min(next.first as usize));
        let start = if row == run.first as usize { run.start } else { self.ends.get(row - 1) };
        let extent = run.extent(start, self.ends.get(behind - 1));
        Extent { rows: (behind - row) as u64, ..extent }
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
