//! How a CSV file is written: delimiter, quotes, spellings of NULL, limits.

/// The largest limit that can be asked for: positions in a piece are kept in 31 bits.
const LARGEST: usize = 1 << 30;

/// How one CSV file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Between two fields.
    pub delimiter: u8,
    /// Around a field that holds delimiters, line ends or quotes; doubled inside one.
    pub quote: u8,
    /// Inside quotes, the byte after this one is data. None: only doubled quotes.
    pub escape: Option<u8>,
    /// Cells that mean NULL beside the empty one, quoted or not.
    pub nulls: Vec<Vec<u8>>,
    /// Most bytes between the quotes of one field, as written.
    pub max_field: usize,
    /// Most bytes of one record, without its line end.
    pub max_record: usize,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', escape: None, nulls: Vec::new(), max_field: 1 << 20, max_record: 16 << 20 }
    }
}

/// Why a dialect cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialectFault {
    /// Delimiter, quote or escape is no ASCII character, or is CR, LF or NUL.
    NotAscii(u8),
    /// The delimiter is also the quote or the escape.
    SameByte(u8),
    /// `max_field` or `max_record` is 0 or over 1 GiB.
    Limit(usize),
}

impl Dialect {
    /// What makes it unusable, if anything.
    ///
    /// # Errors
    /// The first fault found. Splitter and decoder ask for a dialect that passed: with a delimiter above ASCII a cell
    /// could begin in the middle of a character.
    pub fn check(&self) -> Result<(), DialectFault> {
        for byte in [Some(self.delimiter), Some(self.quote), self.escape].into_iter().flatten() {
            if !byte.is_ascii() || matches!(byte, b'\r' | b'\n' | 0) {
                return Err(DialectFault::NotAscii(byte));
            }
        }
        if self.delimiter == self.quote || self.escape == Some(self.delimiter) {
            return Err(DialectFault::SameByte(self.delimiter));
        }
        match [self.max_field, self.max_record].into_iter().find(|limit| !(1..=LARGEST).contains(limit)) {
            Some(limit) => Err(DialectFault::Limit(limit)),
            None => Ok(()),
        }
    }

    /// The escape, where it is another byte than the quote: doubling is always understood.
    pub(super) fn own_escape(&self) -> Option<u8> {
        self.escape.filter(|&escape| escape != self.quote)
    }
}

/// The byte that ends a line: LF, or CR in a file of lone CRs.
pub(super) fn line_end(carriage_return: bool) -> u8 {
    if carriage_return { b'\r' } else { b'\n' }
}

/// Where the text of a line ends whose last byte stands before `end`: a CR before LF belongs to the line end.
pub(super) fn text_end(bytes: &[u8], start: usize, end: usize, carriage_return: bool) -> usize {
    if !carriage_return && end > start && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_that_would_cut_characters_is_refused() {
        let bad = Dialect { delimiter: 0xA7, ..Dialect::default() };
        assert_eq!(bad.check(), Err(DialectFault::NotAscii(0xA7)));
        let bad = Dialect { quote: b',', ..Dialect::default() };
        assert_eq!(bad.check(), Err(DialectFault::SameByte(b',')));
        let bad = Dialect { max_field: 0, ..Dialect::default() };
        assert_eq!(bad.check(), Err(DialectFault::Limit(0)));
        let good = Dialect { escape: Some(b'"'), delimiter: b'\t', ..Dialect::default() };
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.own_escape(), None);
    }
}
