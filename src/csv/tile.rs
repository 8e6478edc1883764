//! Rows in the making side by side, so that they can be written column by column: what a column needs is then looked up once
//! for all of them, and each field still goes to its place at once.

use super::encode::LineEnding;
use super::put::{put_field, room_for};

/// Most rows at a time.
pub const TILE_ROWS: usize = 64;

/// Bytes that all rows of a tile take, unless one of them needs more: small enough for the second-level cache.
const BYTES: usize = 128 << 10;

/// Bytes between rows that lie in one line of the cache. Rows are an odd number of them apart: were it a power of two, all
/// of them would compete for the same few places of the nearest cache.
const LINE: usize = 64;

/// A field had no room in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// How many bytes one of Arrow's string views stands for.
#[inline(always)]
pub fn view_length(view: u128) -> usize {
    view as u32 as usize
}

/// Some rows, each with as much room as the others.
#[derive(Debug, Default)]
pub struct Tile {
    bytes: Vec<u8>,
    /// Bytes from one row to the next.
    stride: usize,
    /// Where each row ends, counted from its start.
    ends: Vec<usize>,
}

impl Tile {
    /// For rows that may be no wider than most: what a wide one took is given back.
    pub fn reset(&mut self) {
        if self.bytes.len() > 2 * BYTES {
            self.bytes = Vec::new();
        }
        self.resize(BYTES / TILE_ROWS);
    }

    /// Begins `rows` rows, or as many as there is room for: at most [`TILE_ROWS`], at least one. Gives how many.
    pub fn begin(&mut self, rows: usize) -> usize {
        let rows = rows.min(TILE_ROWS).min(self.bytes.len() / self.stride);
        self.ends.clear();
        self.ends.resize(rows, 0);
        rows
    }

    /// After [`Full`]: rows get twice the room, so that fewer of them fit, or the memory grows for a single one. Begin anew.
    pub fn widen(&mut self) {
        self.resize(2 * self.stride);
    }

    fn resize(&mut self, room: usize) {
        self.stride = ((room / LINE) | 1) * LINE;
        let rows = (BYTES / room).max(1);
        self.bytes.resize(rows * self.stride, 0);
    }

    /// Appends a field to each row. `put` is given the number of a row, its view, and memory for a field of as many bytes as the view
    /// stands for, in quotes or not; it tells how much of it is written. Gives how many fields are not empty.
    ///
    /// # Errors
    /// A row has no room.
    #[inline(always)]
    pub fn column(
        &mut self,
        views: &[u128],
        mut put: impl FnMut(usize, &u128, &mut [u8]) -> Result<usize, Full>,
    ) -> Result<usize, Full> {
        let (mut filled, mut next) = (0, 0);
        for (row, (end, view)) in self.ends.iter_mut().zip(views).enumerate() {
            let from = next + *end;
            next += self.stride;
            let Some(out) = self.bytes.get_mut(from..next) else { return Err(Full) };
            if out.len() < room_for(view_length(*view)) {
                return Err(Full);
            }
            let written = put(row, view, out)?;
            *end += written;
            // More than the comma.
            filled += usize::from(written > 1);
        }
        Ok(filled)
    }

    /// A row as far as it is written: fields with a comma behind each.
    pub fn row(&self, row: usize) -> &[u8] {
        &self.bytes[row * self.stride..][..self.ends[row]]
    }

    /// A whole row, with its line end; for each row once.
    #[inline]
    pub fn finish(&mut self, row: usize, ending: LineEnding) -> &[u8] {
        let bytes = &mut self.bytes[row * self.stride..][..self.stride];
        // The line end takes the place of the last comma, and of the word for which every field leaves room behind it.
        let mut end = self.ends[row] - 1;
        if end == 0 {
            // The empty only field of a line.
            bytes[..2].copy_from_slice(b"\"\"");
            end = 2;
        }
        let ending = ending.bytes();
        bytes[end..end + ending.len()].copy_from_slice(ending);
        &bytes[..end + ending.len()]
    }
}

/// Puts a field of another length than was said before, if it has room.
///
/// # Errors
/// It has none.
#[inline]
pub fn put_checked(out: &mut [u8], value: &[u8], bare: bool) -> Result<usize, Full> {
    if out.len() < room_for(value.len()) { Err(Full) } else { Ok(put_field(out, value, bare)) }
}
