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
        Ok(self.rest().starts_with(content) && self.pass_to_line_end(content.len()))
    }

    /// As [`Tape::pass_line`], for a record of `width` fields of which some stand in quotes that `content` goes without.
    pub(super) fn pass_quoted_line(&mut self, content: &[u8], width: usize) -> std::io::Result<bool> {
        let longest = content.len() + 2 * width + 2;
        if self.rest().len() < longest && !self.at_end {
            self.more(longest)?;
        }
        Ok(match length_with_quotes(self.rest(), content) {
            Some(length) => self.pass_to_line_end(length),
            None => false,
        })
    }

    /// Whether the line ends behind `length` bytes. If so, they and the line end are passed.
    fn pass_to_line_end(&mut self, length: usize) -> bool {
        let end = match &self.rest()[length..] {
            [] if self.at_end => 0,
            [b'\n', ..] if !self.carriage_return => 1,
            [b'\r', b'\n', ..] if !self.carriage_return => 2,
            [b'\r', ..] if self.carriage_return => 1,
            _ => return false,
        };
        self.pass(length + end);
        true
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

/// How many bytes at the start of `file` hold the values of `written`, a row of ours: the same but for quotes around fields that
/// need none. None if a value, or the number of fields, is another.
fn length_with_quotes(file: &[u8], written: &[u8]) -> Option<usize> {
    let (mut at, mut own) = (0, 0);
    loop {
        let (rest, own_rest) = (&file[at..], &written[own..]);
        let (length, own_length) = match (rest.first() == Some(&b'"'), own_rest.first() == Some(&b'"')) {
            // Without quotes of ours there is nothing inside that needs them, a quote least of all.
            (true, false) => {
                let inside = memchr(b'"', &rest[1..])?;
                (own_rest.starts_with(&rest[1..=inside])).then_some((inside + 2, inside))?
            }
            (true, true) => {
                let length = quoted_length(own_rest)?;
                rest.starts_with(&own_rest[..length]).then_some((length, length))?
            }
            (false, false) => {
                let length = memchr(b',', own_rest).unwrap_or(own_rest.len());
                rest.starts_with(&own_rest[..length]).then_some((length, length))?
            }
            (false, true) => return None,
        };
        (at, own) = (at + length, own + own_length);
        match (written.get(own), file.get(at)) {
            (None, _) => return Some(at),
            (Some(b','), Some(b',')) => (at, own) = (at + 1, own + 1),
            _ => return None,
        }
    }
}

/// The length of the field in quotes at the start of `bytes`, with its quotes.
fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr(b'"', bytes.get(at..)?)? + 1;
        match bytes.get(at) {
            Some(b'"') => at += 1,
            _ => return Some(at),
        }
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
    fn quotes_that_need_not_be_are_passed_over() {
        let same = |file: &str, written: &str| length_with_quotes(file.as_bytes(), written.as_bytes());
        assert_eq!(same("\"a\",\"\",c\r\n", "a,,c"), Some(8));
        assert_eq!(same("\"a\",\"b;\"\"c\",\"\"", "a,\"b;\"\"c\","), Some(14));
        assert_eq!(same("\"\",\"\"\n", ","), Some(5));
        assert_eq!(same("\"a\"\n", "ab"), None);
        assert_eq!(same("\"ab\"\n", "a"), None, "a value that is longer in the file");
        assert_eq!(same("\"a\",b\n", "a"), Some(3), "what stands behind is the line end's to judge");
        assert_eq!(same("it's,b\n", "\"it's\",b"), None, "quotes that are missing are found");
        assert_eq!(same("\"a\"x,b\n", "a,b"), None);
        assert_eq!(same("\"a", "a"), None);
        let mut tape = tape("\"a\",\"\"\r\n\"a\",b,c\r\n");
        assert!(tape.pass_quoted_line(b"a,", 2).unwrap());
        assert!(!tape.pass_quoted_line(b"a,b", 2).unwrap());
        assert_eq!(tape.line(), 2);
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
