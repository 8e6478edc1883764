//! The start of a file: preamble, kind of line end, header.

use std::collections::HashSet;

use memchr::{memchr, memchr2};

use super::dialect::{Dialect, line_end};
use super::fault::RecordFault;
use super::record::raw_record;

/// Where the records of a file begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Bytes before the first record.
    pub length: usize,
    /// Physical line, from 1, of the first record's first byte.
    pub line: u64,
    /// Lines end in a lone CR.
    pub carriage_return: bool,
}

/// The names of a file's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// One per field, as spelt; the second `Name` is `Name#2`.
    pub names: Vec<String>,
    /// Names as spelt that occur more than once, each once, in order.
    pub duplicates: Vec<String>,
    /// Where the records begin.
    pub start: Start,
}

/// Why a header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    /// More bytes are needed; never at the end of the input.
    Unfinished,
    /// There is nothing behind the preamble.
    Missing,
    /// It cannot be read.
    Record {
        /// Physical line on which it starts.
        line: u64,
        /// What is wrong.
        fault: RecordFault,
    },
}

/// Reads the header of a file from its first `bytes`, a byte order mark taken away: skips `preamble` physical lines, then
/// blank ones. `end_of_input`: `bytes` is the whole file.
///
/// # Errors
/// What is wrong with it, or that more bytes are needed: at most the preamble, `max_record` and 8.
pub fn read_header(bytes: &[u8], dialect: &Dialect, preamble: u64, end_of_input: bool) -> Result<Header, HeaderFault> {
    let mut start = read_start(bytes, dialect, preamble, end_of_input)?;
    loop {
        let rest = &bytes[start.length..];
        let nothing = if end_of_input { HeaderFault::Missing } else { HeaderFault::Unfinished };
        let record = raw_record(rest, dialect, start.carriage_return, end_of_input).ok_or(nothing)?;
        if let Some(fault) = record.fault {
            return Err(HeaderFault::Record { line: start.line, fault });
        }
        let lines = memchr::memchr_iter(line_end(start.carriage_return), &rest[..record.next]).count() as u64;
        start = Start { length: start.length + record.next, line: start.line + lines, ..start };
        if !record.bytes.is_empty() {
            let (names, duplicates) = distinct(record.fields.into_iter().map(String::from).collect());
            return Ok(Header { names, duplicates, start });
        }
    }
}

/// Where the records of a file without a header begin: behind `preamble` physical lines. Otherwise as [`read_header`].
///
/// # Errors
/// [`HeaderFault::Unfinished`], or [`HeaderFault::Missing`] if the file is no longer than the preamble.
pub fn read_start(bytes: &[u8], dialect: &Dialect, preamble: u64, end_of_input: bool) -> Result<Start, HeaderFault> {
    let nothing = if end_of_input { HeaderFault::Missing } else { HeaderFault::Unfinished };
    let first = if preamble > 0 { memchr2(b'\r', b'\n', bytes) } else { first_line_end(bytes, dialect) };
    let carriage_return = match first {
        Some(at) if bytes[at] == b'\r' => match bytes.get(at + 1) {
            Some(&next) => next != b'\n',
            None if end_of_input => true,
            None => return Err(HeaderFault::Unfinished),
        },
        Some(_) => false,
        // A first record over its limit is a fault of its own, of either kind of line end.
        None if end_of_input || bytes.len() > dialect.max_record + 2 => false,
        None => return Err(HeaderFault::Unfinished),
    };
    let mut length = 0;
    for _ in 0..preamble {
        length += memchr(line_end(carriage_return), &bytes[length..]).ok_or(nothing)? + 1;
    }
    if length == bytes.len() {
        return Err(nothing);
    }
    Ok(Start { length, line: preamble + 1, carriage_return })
}

/// The first CR or LF that is not inside quotes.
fn first_line_end(bytes: &[u8], dialect: &Dialect) -> Option<usize> {
    let mut inside = false;
    let mut may_open = true;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == dialect.quote {
            // A quote right behind a closing one is the second of a doubled pair.
            (inside, may_open) = if inside { (false, true) } else { (may_open, false) };
        } else if inside {
            at += usize::from(Some(byte) == dialect.own_escape());
        } else if matches!(byte, b'\r' | b'\n') {
            return Some(at);
        } else {
            may_open = byte == dialect.delimiter;
        }
        at += 1;
    }
    None
}

/// Numbers the second and further uses of a name, past numbers that are spelt out in the header already.
fn distinct(spelt: Vec<String>) -> (Vec<String>, Vec<String>) {
    let literal: HashSet<&str> = spelt.iter().map(String::as_str).collect();
    let mut used: HashSet<String> = HashSet::new();
    let mut duplicates = Vec::new();
    let mut names = Vec::with_capacity(spelt.len());
    for name in &spelt {
        let mut unique = name.clone();
        let mut number = 1;
        while used.contains(&unique) || number > 1 && literal.contains(unique.as_str()) {
            number += 1;
            unique = format!("{name}#{number}");
        }
        if number > 1 && !duplicates.contains(name) {
            duplicates.push(name.clone());
        }
        used.insert(unique.clone());
        names.push(unique);
    }
    (names, duplicates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str, preamble: u64) -> Result<Header, HeaderFault> {
        read_header(bytes.as_bytes(), &Dialect::default(), preamble, true)
    }

    #[test]
    fn the_header_stands_behind_preamble_and_blank_lines() {
        let header = read("Report \"x\nmade today\n\r\n\nId,\"Na\nme\"\r\n1,a\n", 2).unwrap();
        assert_eq!(header.names, ["Id", "Na\nme"]);
        assert_eq!(header.start, Start { length: 36, line: 7, carriage_return: false });
    }

    #[test]
    fn a_first_record_that_ends_in_a_lone_cr_makes_a_cr_file() {
        assert!(read("a,\"b\nc\"\r1,2\r", 0).unwrap().start.carriage_return);
        assert!(!read("a,\"b\rc\"\r\n1,2\r", 0).unwrap().start.carriage_return);
        assert!(!read("a,b\n1,2\r3,4\r", 0).unwrap().start.carriage_return);
        assert!(read("x\ra,b\r", 1).unwrap().start.carriage_return);
        let cut = read_header(b"a,b\r", &Dialect::default(), 0, false);
        assert_eq!(cut, Err(HeaderFault::Unfinished));
    }

    #[test]
    fn a_second_use_of_a_name_is_numbered() {
        let header = read("A,B,A,A#2,A,B\n", 0).unwrap();
        assert_eq!(header.names, ["A", "B", "A#3", "A#2", "A#4", "B#2"]);
        assert_eq!(header.duplicates, ["A", "B"]);
    }

    #[test]
    fn a_header_that_cannot_be_read_says_why() {
        assert_eq!(read("", 0), Err(HeaderFault::Missing));
        assert_eq!(read("\n\n", 0), Err(HeaderFault::Missing));
        assert_eq!(read("one line", 1), Err(HeaderFault::Missing));
        let fault = |line, fault| Err(HeaderFault::Record { line, fault });
        assert_eq!(read("x\n\"a\"b\n", 1), fault(2, RecordFault::AfterQuote));
        assert_eq!(read("\"a,b\n1,2\n", 0), fault(1, RecordFault::OpenQuote));
        let bytes = read_header(b"a,\xE9\n", &Dialect::default(), 0, true);
        assert_eq!(bytes, fault(1, RecordFault::BadBytes));
        assert_eq!(read_header(b"a,b", &Dialect::default(), 0, false), Err(HeaderFault::Unfinished));
    }

    #[test]
    fn records_without_a_header_begin_behind_the_preamble() {
        let start = read_start(b"# made today\n1,2\n", &Dialect::default(), 1, false);
        assert_eq!(start, Ok(Start { length: 13, line: 2, carriage_return: false }));
        assert_eq!(read_start(b"x\n", &Dialect::default(), 1, true), Err(HeaderFault::Missing));
    }
}
