//! The narrow record of each row, kept in memory as long as there is room, while the row itself lies in the spill file.

use std::io;
use std::path::Path;

use crate::settle::error::Error;
use crate::settle::layout::Layout;
use crate::settle::stored::{Plain, Stored};

/// What is known of a row from its cells alone; bits of `flags`.
pub(super) mod flag {
    /// A key cell is faulty or empty: the row takes part in nothing.
    pub(crate) const KEY: u8 = 1;
    /// Another cell is faulty.
    pub(crate) const CELL: u8 = 2;
    /// A rule over several cells is broken.
    pub(crate) const RULE: u8 = 4;
    /// A reference to other files dangles.
    pub(crate) const REFERENCE: u8 = 8;
    /// The row is rejected, whatever other rows there are.
    pub(crate) const FAULTY: u8 = KEY | CELL | RULE;
    /// The parent is one of the known accounts.
    pub(crate) const PARENT_KNOWN: u8 = 16;
}

/// Bytes of a chunk: so large that the allocator gives it back to the system at once, because all columns grow side by side
/// and the gaps that one leaves in the heap are too small for what comes after.
const CHUNK: usize = 4 << 20;

/// Values that the chunk has room for that is kept where the others went to disk.
const LEFT: usize = 1 << 14;

/// Bytes after which a new block starts, so that ends within a block fit 32 bits.
const BLOCK: u64 = 1 << 31;

/// A growing column that is never copied to grow: doubling would cost three times its memory. Its values can be moved to
/// disk.
#[derive(Debug)]
pub(super) struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    /// The values before those.
    stored: Option<Stored<T>>,
}

impl<T: Plain> Chunked<T> {
    /// Values per chunk.
    const VALUES: usize = CHUNK / size_of::<T>();

    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), stored: None }
    }

    pub(super) fn push(&mut self, value: T) {
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < Self::VALUES => chunk.push(value),
            _ => {
                // The first chunk grows by itself: small inputs stay small.
                let mut chunk = Vec::with_capacity(if self.is_empty() { 0 } else { Self::VALUES });
                chunk.push(value);
                self.chunks.push(chunk);
            }
        }
    }

    /// All of `values`, in order.
    pub(super) fn extend(&mut self, mut values: &[T]) {
        while let Some(first) = values.first() {
            let room = match self.chunks.last() {
                Some(chunk) if chunk.len() < Self::VALUES => Self::VALUES - chunk.len(),
                _ => {
                    self.push(*first);
                    values = &values[1..];
                    Self::VALUES - 1
                }
            };
            let (these, rest) = values.split_at(room.min(values.len()));
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.extend_from_slice(these);
            }
            values = rest;
        }
    }

    /// Moves all values to disk.
    pub(super) fn store(&mut self, directory: &Path) -> io::Result<()> {
        if self.chunks.is_empty() {
            return Ok(());
        }
        let stored = match &mut self.stored {
            Some(stored) => stored,
            None => self.stored.insert(Stored::create(directory)?),
        };
        self.chunks.iter().try_for_each(|chunk| stored.extend(chunk))?;
        stored.finish()?;
        // One is kept for what comes next.
        self.chunks.truncate(1);
        for chunk in &mut self.chunks {
            chunk.clear();
            chunk.shrink_to(LEFT);
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.stored.is_none()
    }

    pub(super) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    fn stored_values(&self) -> usize {
        self.stored.as_ref().map_or(0, Stored::len)
    }

    pub(super) fn get(&self, index: usize) -> T {
        match index.checked_sub(self.stored_values()) {
            Some(index) => self.chunks[index / Self::VALUES][index % Self::VALUES],
            None => self.stored.as_ref().map_or_else(T::default, |stored| stored.get(index)),
        }
    }

    /// Appends `length` values from `start` on to `out`.
    pub(super) fn copy(&self, start: usize, length: usize, out: &mut Vec<T>) -> io::Result<()> {
        let end = out.len();
        out.resize(end + length, T::default());
        self.copy_to(start, &mut out[end..])
    }

    /// Fills `out` with the values from `start` on.
    pub(super) fn copy_to(&self, start: usize, mut out: &mut [T]) -> io::Result<()> {
        let stored_values = self.stored_values();
        let mut at = start;
        if let Some(stored) = self.stored.as_ref().filter(|_| at < stored_values) {
            let mut values = Vec::new();
            stored.read(at, out.len().min(stored_values - at), &mut values)?;
            let (these, rest) = out.split_at_mut(values.len());
            these.copy_from_slice(&values);
            (at, out) = (at + values.len(), rest);
        }
        while !out.is_empty() {
            let index = at - stored_values;
            let chunk = &self.chunks[index / Self::VALUES];
            let from = index % Self::VALUES;
            let (these, rest) = out.split_at_mut(out.len().min(chunk.len() - from));
            these.copy_from_slice(&chunk[from..from + these.len()]);
            (at, out) = (at + these.len(), rest);
        }
        // Positions were asked for one by one before.
        self.stored.as_ref().map_or(Ok(()), Stored::check)
    }
}

/// Where a block of rows starts in the spill file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Its first row.
    pub(super) first: u32,
    /// Where that row starts.
    pub(super) offset: u64,
}

/// The rows of one sink, a column per fact. Columns that the layout has no use for stay empty.
#[derive(Debug)]
pub(super) struct Records {
    /// How many rows.
    pub(super) rows: u32,
    /// File in the upper 24 bits, line in the lower 40.
    pub(super) position: Chunked<u64>,
    /// Hash of the key; 0 for a row without a good key.
    pub(super) key: Chunked<u128>,
    /// Hash of the parent's key; 0 for none.
    pub(super) parent: Chunked<u128>,
    /// Hashes of references into the file itself, then of foreign keys; 0 for none.
    pub(super) links: Vec<Chunked<u128>>,
    /// What `newest` compares.
    pub(super) order: Chunked<i128>,
    /// Hash of the key in lower case; 0 for keys without letters.
    pub(super) lower: Chunked<u64>,
    /// Where the row ends, counted from its block's start.
    pub(super) end: Chunked<u32>,
    /// Bits of `flag`.
    pub(super) flags: Chunked<u8>,
    /// Blocks of the spill file.
    pub(super) blocks: Vec<Block>,
    /// First rows of the stretches in which positions rise.
    pub(super) stretches: Vec<u32>,
    /// Reused from batch to batch.
    relative: Vec<u32>,
}

impl Records {
    pub(super) fn new(links: usize) -> Self {
        Self {
            rows: 0,
            position: Chunked::new(),
            key: Chunked::new(),
            parent: Chunked::new(),
            links: (0..links).map(|_| Chunked::new()).collect(),
            order: Chunked::new(),
            lower: Chunked::new(),
            end: Chunked::new(),
            flags: Chunked::new(),
            blocks: Vec::new(),
            stretches: Vec::new(),
            relative: Vec::new(),
        }
    }

    /// More rows: where they come from, their flags, and where each ends in the spill file; the first begins at `start`.
    pub(super) fn extend(&mut self, positions: &[u64], flags: &[u8], start: u64, ends: &[u64]) -> Result<(), Error> {
        let (Some(first), Some(last)) = (positions.first(), ends.last()) else { return Ok(()) };
        let too_many = || Error::TooLarge("a run takes at most four thousand million rows".to_owned());
        let before = self.rows;
        let more = u32::try_from(positions.len()).map_err(|_| too_many())?;
        self.rows = before.checked_add(more).filter(|rows| *rows < u32::MAX).ok_or_else(too_many)?;
        if before == 0 || *first < self.position.get(before as usize - 1) {
            self.stretches.push(before);
        }
        let falls = positions.windows(2).enumerate().filter(|(_, pair)| pair[1] < pair[0]);
        self.stretches.extend(falls.map(|(index, _)| before + index as u32 + 1));
        self.position.extend(positions);
        self.flags.extend(flags);
        if self.blocks.last().is_some_and(|block| last - block.offset <= BLOCK) {
            let offset = self.blocks.last().map_or(0, |block| block.offset);
            self.relative.clear();
            self.relative.extend(ends.iter().map(|end| (end - offset) as u32));
            self.end.extend(&self.relative);
            return Ok(());
        }
        let mut start = start;
        for (row, end) in (before..).zip(ends) {
            if self.blocks.last().is_none_or(|block| end - block.offset > BLOCK) {
                self.blocks.push(Block { first: row, offset: start });
            }
            let offset = self.blocks.last().map_or(0, |block| block.offset);
            let too_long = |_| Error::TooLarge("a row is longer than 4 GiB".to_owned());
            self.end.push(u32::try_from(end - offset).map_err(too_long)?);
            start = *end;
        }
        Ok(())
    }

    /// The next row begins at `offset` of the spill file, wherever the last one ended.
    #[cfg(feature = "cluster")]
    pub(super) fn begin_block(&mut self, offset: u64) {
        self.blocks.push(Block { first: self.rows, offset });
    }

    /// Moves all columns to disk but the links: no row that has any may leave memory.
    pub(super) fn store(&mut self, directory: &Path) -> io::Result<()> {
        self.position.store(directory)?;
        self.key.store(directory)?;
        self.parent.store(directory)?;
        self.order.store(directory)?;
        self.lower.store(directory)?;
        self.end.store(directory)?;
        self.flags.store(directory)
    }

    /// Whether some of it lies on disk.
    pub(super) fn are_stored(&self) -> bool {
        self.position.is_stored()
    }

    /// Where `row` starts, counted from the start of its block `block`.
    pub(super) fn start_in_block(&self, row: u32, block: &Block) -> u32 {
        if row == block.first { 0 } else { self.end.get(row as usize - 1) }
    }
}

/// How many link columns a row of `layout` has.
pub(super) fn link_columns(layout: &Layout) -> usize {
    let own = layout.references.iter().filter(|reference| reference.itself).count();
    // The account that a foreign key points to stands in front of the foreign keys.
    let foreign = if layout.foreign_keys.is_empty() { 0 } else { 1 + layout.foreign_keys.len() };
    own + foreign
}

/// The packed position of a line; checked, because a wrong position would be a wrong report.
pub(super) fn position(file: u32, line: u64) -> Result<u64, Error> {
    if file >= 1 << 24 || line >= 1 << 40 {
        return Err(Error::TooLarge(format!("file number {file}, line {line} is beyond what a run can number")));
    }
    Ok(u64::from(file) << 40 | line)
}
