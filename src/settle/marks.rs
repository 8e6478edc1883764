//! What a row must hold in memory wherever all else of it lies: its flags and its fate, in one byte.

use crate::settle::fate::Fate;

/// Bits of `flag`; what becomes of the row stands in the three above.
const FLAGS: u8 = 0b1_1111;

/// How far up those three are.
const FATE: u32 = FLAGS.count_ones();

/// A byte a row. A byte above `FLAGS` is a row that is not written.
#[derive(Debug, Default)]
pub(super) struct Marks {
    bytes: Vec<u8>,
}

impl Marks {
    /// Rows with these flags, all of them written so far.
    pub(super) fn new(flags: Vec<u8>) -> Self {
        Self { bytes: flags }
    }

    /// One more row.
    pub(super) fn push(&mut self, flags: u8) {
        self.bytes.push(flags);
    }

    #[inline]
    pub(super) fn flags(&self, row: usize) -> u8 {
        self.bytes[row] & FLAGS
    }

    pub(super) fn set_flags(&mut self, row: usize, flags: u8) {
        let byte = &mut self.bytes[row];
        *byte = *byte & !FLAGS | flags & FLAGS;
    }

    #[inline]
    pub(super) fn fate(&self, row: usize) -> Fate {
        fate_of(self.bytes[row])
    }

    pub(super) fn set_fate(&mut self, row: usize, fate: Fate) {
        let byte = &mut self.bytes[row];
        *byte = *byte & FLAGS | (fate as u8) << FATE;
    }

    #[inline]
    pub(super) fn is_written(&self, row: usize) -> bool {
        self.bytes[row] <= FLAGS
    }

    /// Fates of all rows, in order.
    pub(super) fn fates(&self) -> impl Iterator<Item = Fate> + '_ {
        self.bytes.iter().map(|byte| fate_of(*byte))
    }

    /// The next rows from `from` on that are written, all those that follow one another.
    pub(super) fn next_written(&self, from: usize) -> Option<std::ops::Range<usize>> {
        let start = from + self.bytes[from..].iter().position(|byte| *byte <= FLAGS)?;
        let length = self.bytes[start..].iter().position(|byte| *byte > FLAGS);
        Some(start..length.map_or(self.bytes.len(), |length| start + length))
    }
}

fn fate_of(byte: u8) -> Fate {
    match byte >> FATE {
        0 => Fate::Written,
        1 => Fate::RejectedKey,
        2 => Fate::RejectedCells,
        3 => Fate::RejectedReason,
        4 => Fate::Duplicate,
        _ => Fate::Merged,
    }
}

#[cfg(test)]
mod tests {
    use super::{FLAGS, Marks};
    use crate::settle::fate::Fate;

    #[test]
    fn flags_and_fate_stand_side_by_side() {
        let fates = [
            Fate::Written,
            Fate::RejectedKey,
            Fate::RejectedCells,
            Fate::RejectedReason,
            Fate::Duplicate,
            Fate::Merged,
        ];
        let mut marks = Marks::new(vec![FLAGS; fates.len()]);
        for (row, fate) in fates.into_iter().enumerate() {
            marks.set_fate(row, fate);
            marks.set_flags(row, row as u8);
            assert_eq!((marks.fate(row), marks.flags(row)), (fate, row as u8));
            assert_eq!(marks.is_written(row), fate == Fate::Written);
        }
        assert!(marks.fates().eq(fates));
    }

    #[test]
    fn written_rows_are_found_stretch_by_stretch() {
        let mut marks = Marks::new(vec![0; 6]);
        for row in [0, 3] {
            marks.set_fate(row, Fate::Duplicate);
        }
        assert_eq!(marks.next_written(0), Some(1..3));
        assert_eq!(marks.next_written(3), Some(4..6));
        assert_eq!(marks.next_written(6), None);
    }
}
