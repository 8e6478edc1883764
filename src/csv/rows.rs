//! Decoded records, column by column, laid out as Arrow's string views are.

use super::fault::BadRecord;

/// The records of one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// One per wanted column, all as long as `lines`.
    pub columns: Vec<Column>,
    /// Buffer 1 of every column's views: the text of cells that had to be unescaped.
    pub side: Vec<u8>,
    /// Physical line on which each readable record starts, ascending.
    pub lines: Vec<u64>,
    /// Records that cannot be read, in their order.
    pub faults: Vec<BadRecord>,
    /// Blank lines, which are skipped.
    pub blank: u64,
}

/// One column of cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// Arrow's byte views, over valid UTF-8: length, then up to 12 bytes of text, or its first 4, buffer and offset.
    /// Buffer 0 is the piece itself, buffer 1 is [`Rows::side`]. The view of a NULL is 0.
    pub views: Vec<u128>,
    /// A bit per cell, set unless it is NULL, the first cell in the lowest bit. None: no cell is NULL.
    pub validity: Option<Vec<u64>>,
    /// How many cells are NULL.
    pub null_count: usize,
}

impl Rows {
    /// Empties everything and keeps the memory of what was not taken out.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.side.clear();
        self.lines.clear();
        self.faults.clear();
        self.blank = 0;
    }

    /// The text of a cell; `piece` is what was decoded. None: NULL.
    #[cfg(test)]
    pub(super) fn cell(&self, piece: &[u8], column: usize, row: usize) -> Option<Vec<u8>> {
        let column = &self.columns[column];
        if column.validity.as_ref().is_some_and(|bits| bits[row / 64] >> (row % 64) & 1 == 0) {
            assert_eq!(column.views[row], 0);
            return None;
        }
        let view = column.views[row].to_le_bytes();
        let number = |at: usize| u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]) as usize;
        let length = number(0);
        if length <= 12 {
            assert!(view[4 + length..].iter().all(|&byte| byte == 0), "bytes behind a short text are zero");
            return Some(view[4..4 + length].to_vec());
        }
        let buffer = [piece, &self.side][number(8)];
        let text = buffer[number(12)..][..length].to_vec();
        assert_eq!(view[4..8], text[..4]);
        Some(text)
    }
}
