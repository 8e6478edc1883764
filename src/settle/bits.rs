//! A bit for each row.

/// The bits, all 0 at first.
#[derive(Debug)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// For rows 0 to `count`.
    pub(super) fn new(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)] }
    }

    pub(super) fn get(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    pub(super) fn set(&mut self, row: usize, bit: bool) {
        let word = &mut self.words[row / 64];
        *word = *word & !(1 << (row % 64)) | u64::from(bit) << (row % 64);
    }

    /// The rows whose bit is 1, as long as nobody changes it.
    pub(super) fn next_set(&self, from: usize) -> Option<usize> {
        let mut index = from / 64;
        let mut word = self.words.get(index)? & u64::MAX << (from % 64);
        while word == 0 {
            index += 1;
            word = *self.words.get(index)?;
        }
        Some(index * 64 + word.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn bits_are_found_in_order() {
        let mut bits = Bits::new(200);
        for row in [0, 63, 64, 130, 199] {
            bits.set(row, true);
        }
        bits.set(64, false);
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(row) = bits.next_set(from) {
            found.push(row);
            from = row + 1;
        }
        assert_eq!(found, [0, 63, 130, 199]);
        assert!(bits.get(63) && !bits.get(64));
    }
}
