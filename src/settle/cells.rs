//! One encoded row, taken apart again.

use crate::csv::decode_row;

/// The cells of a row; reused from row to row, so that nothing is allocated.
#[derive(Debug, Default)]
pub(super) struct RowCells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl RowCells {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes the encoded `row` apart, with or without its line ending.
    pub(super) fn decode(&mut self, row: &[u8]) {
        self.clear();
        for cell in decode_row(row) {
            self.push(&cell);
        }
    }

    /// No cells.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// One more cell.
    pub(super) fn push(&mut self, cell: &[u8]) {
        self.text.extend_from_slice(cell);
        self.ends.push(self.text.len());
    }

    /// The cell at `place`; empty past the last.
    pub(super) fn get(&self, place: usize) -> &[u8] {
        let end = self.ends.get(place).copied().unwrap_or(self.text.len());
        let start = if place == 0 { 0 } else { self.ends.get(place - 1).copied().unwrap_or(end) };
        &self.text[start..end]
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}
