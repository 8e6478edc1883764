//! Records of a CSV file one by one, in bounded memory, with the line on which each begins.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr2};

use crate::csv::{Dialect, RawRecord, raw_record};

/// Read at once.
const PIECE: usize = 1 << 18;

/// A CSV file in UTF-8 that is read from its start to its end.
pub(super) struct Tape {
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    at: usize,
    at_end: bool,
    dialect: Dialect,
    carriage_return: bool,
    line: u64,
}

impl Tape {
    /// `input` from its first byte.
    pub(super) fn new(input: Box<dyn Read + Send>, dialect: Dialect) -> Self {
        Self { input, bytes: Vec::new(), at: 0, at_end: false, dialect, carriage_return: false, line: 1 }
    }

    /// What is read and not yet passed.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// The line on which the rest begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Everything is read; the rest may still hold records.
    pub(super) fn is_read(&self) -> bool {
        self.at_end
    }

    /// Lines end in a lone CR from here on.
    pub(super) fn set_carriage_return(&mut self, carriage_return: bool) {
        self.carriage_return = carriage_return;
    }

    /// Reads more, at least `wanted` bytes if the file has them.
    pub(super) fn more(&mut self, wanted: usize) -> std::io::Result<()> {
        self.bytes.drain(..self.at);
        self.at = 0;
        let count = wanted.max(PIECE) as u64;
        let read = (&mut self.input).take(count).read_to_end(&mut self.bytes)?;
        self.at_end = (read as u64) < count;
        Ok(())
    }

    /// Passes `length` bytes.
    pub(super) fn pass(&mut self, length: usize) {
        let passed = &self.bytes[self.at..self.at + length];
        self.line += memchr_iter(self.line_end(), passed).count() as u64;
        self.at += length;
    }

    /// Whether the rest is `content` and then a line end, or the end of the file. If so, both are passed.
    pub(super) fn pass_line(&mut self, content: &[u8]) -> std::io::Result<bool> {
        if self.rest().len() < content.len() + 2 && !self.at_end {
            self.more(content.len() + 2)?;
        }
        let Some(behind) = self.rest().strip_prefix(content) else { return Ok(false) };
        let end = match behind {
            [] if self.at_end => 0,
            [b'\n', ..] if !self.carriage_return => 1,
            [b'\r', b'\n', ..] if !self.carriage_return => 2,
            [b'\r', ..] if self.carriage_return => 1,
            _ => return Ok(false),
        };
        self.pass(content.len() + end);
        Ok(true)
    }

    /// How many bytes the record at the start of the rest takes with its line end; none at the end.
    pub(super) fn record(&mut self) -> std::io::Result<Option<RawRecord<'_>>> {
        let mut wanted = PIECE;
        // Asked twice, since a borrow that is returned cannot be given up in between.
        while raw_record(self.rest(), &self.dialect, self.carriage_return, self.at_end).is_none() && !self.at_end {
            wanted = wanted.max(self.rest().len());
            self.more(wanted)?;
        }
        let Self { bytes, at, dialect, carriage_return, at_end, .. } = self;
        Ok(raw_record(&bytes[*at..], dialect, *carriage_return, *at_end))
    }

    /// The next row of a file that this program wrote, as its length without and with its line end; none at the end.
    pub(super) fn row(&mut self) -> std::io::Result<Option<(usize, usize)>> {
        loop {
            if let Some(end) = row_end(self.rest()) {
                let content = if self.rest()[..end].ends_with(b"\r") { end - 1 } else { end };
                return Ok(Some((content, end + 1)));
            }
            if self.at_end {
                return Ok(None);
            }
            self.more(self.rest().len())?;
        }
    }

    /// Passes what is left of a line.
    pub(super) fn pass_rest_of_line(&mut self) -> std::io::Result<()> {
        loop {
            let end = memchr(self.line_end(), self.rest());
            match end {
                Some(end) => {
                    self.pass(end + 1);
                    return Ok(());
                }
                None => self.pass(self.rest().len()),
            }
            if self.at_end {
                return Ok(());
            }
            self.more(0)?;
        }
    }

    fn line_end(&self) -> u8 {
        if self.carriage_return { b'\r' } else { b'\n' }
    }
}

/// Where the LF stands that ends the first row: the first one outside quotes.
fn row_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut inside = false;
    loop {
        let found = at + if inside { memchr(b'"', &bytes[at..])? } else { memchr2(b'"', b'\n', &bytes[at..])? };
        if bytes[found] == b'\n' {
            return Some(found);
        }
        inside = !inside;
        at = found + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(text: &'static str) -> Tape {
        Tape::new(Box::new(text.as_bytes()), Dialect::default())
    }

    #[test]
    fn rows_end_outside_quotes() {
        assert_eq!(row_end(b"a,b\r\nc"), Some(4));
        assert_eq!(row_end(b"\"a\n\"\"\n\",b\nc"), Some(9));
        assert_eq!(row_end(b"\"a\n"), None);
        let mut tape = tape("\"a\nb\",c\r\nd\r\n");
        assert_eq!(tape.row().unwrap(), Some((7, 9)));
        tape.pass(9);
        assert_eq!((tape.row().unwrap(), tape.line()), (Some((1, 3)), 3));
        tape.pass(3);
        assert_eq!(tape.row().unwrap(), None);
    }

    #[test]
    fn a_line_is_passed_only_whole() {
        let mut tape = tape("a,b\r\na,bc\na,b");
        assert!(tape.pass_line(b"a,b").unwrap());
        assert!(!tape.pass_line(b"a,b").unwrap());
        assert!(tape.pass_line(b"a,bc").unwrap());
        assert!(tape.pass_line(b"a,b").unwrap());
        assert_eq!(tape.record().unwrap(), None);
    }
}
