//! One record on its own, for a second look at it.

use std::borrow::Cow;

use memchr::memchr2_iter;

use super::dialect::{Dialect, line_end};
use super::fault::RecordFault;
use super::field::{content, fields};
use super::walk::{Step, Walk};

/// One record, read from its first byte on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// Its bytes without the line end; after a fault of [`RecordFault`]'s kind only those of its first line.
    pub bytes: &'a [u8],
    /// Where the next record starts. After a record over `max_record` this is within its line.
    pub next: usize,
    /// Its cells, unquoted and unescaped, the empty ones too; none if the record cannot be read.
    pub fields: Vec<Cow<'a, str>>,
    /// Why it cannot be read. Never a wrong field count: how many there should be is not known here.
    pub fault: Option<RecordFault>,
}

/// Reads the record at the start of `bytes`; a blank line is a record without bytes and fields. None: more bytes are
/// needed, which cannot be at the `end_of_input` unless `bytes` is empty. A record needs at most `max_record` and 8 bytes.
pub fn raw_record<'a>(
    bytes: &'a [u8],
    dialect: &Dialect,
    carriage_return: bool,
    end_of_input: bool,
) -> Option<RawRecord<'a>> {
    if bytes.is_empty() {
        return None;
    }
    let (fault, end, next) = match Walk::new(dialect, carriage_return).step(bytes, 0, end_of_input) {
        Step::More => return None,
        Step::Record { end, next, .. } => (None, end, next),
        Step::Fault { fault, end, next } | Step::Cut { fault, end, next } => (Some(fault), end, next),
    };
    let bytes = &bytes[..end];
    let bad = |fault| RawRecord { bytes, next, fields: Vec::new(), fault: Some(fault) };
    if let Some(fault) = fault {
        return Some(bad(fault));
    }
    let texts: Option<Vec<_>> = match bytes {
        [] => Some(Vec::new()),
        _ => fields(bytes, dialect).map(|place| text(content(bytes, place, dialect))).collect(),
    };
    Some(match texts {
        Some(fields) => RawRecord { bytes, next, fields, fault: None },
        None => bad(RecordFault::BadBytes),
    })
}

/// One past the line end of the record at the start of `bytes`, which stand in a piece of [`Mode::Regular`].
///
/// [`Mode::Regular`]: super::Mode::Regular
pub fn record_end(bytes: &[u8], dialect: &Dialect, carriage_return: bool) -> usize {
    let mut inside = false;
    for at in memchr2_iter(dialect.quote, line_end(carriage_return), bytes) {
        if bytes[at] == dialect.quote {
            inside = !inside;
        } else if !inside {
            return at + 1;
        }
    }
    bytes.len()
}

fn text(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => simdutf8::basic::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_from_its_first_byte() {
        let bytes = b"1,\"a \"\"b\"\"\nc\",,\xC3\xA9\r\n2,x\n";
        let record = raw_record(bytes, &Dialect::default(), false, false).unwrap();
        assert_eq!(record.fields, ["1", "a \"b\"\nc", "", "é"]);
        assert_eq!(&bytes[record.next..], b"2,x\n");
        assert_eq!(record.fault, None);
    }

    #[test]
    fn a_bad_record_is_its_first_line() {
        let read = |bytes: &'static [u8]| raw_record(bytes, &Dialect::default(), false, true).unwrap();
        let record = read(b"\"a\nb\"c,1\n");
        assert_eq!((record.bytes, record.next, record.fault), (&b"\"a"[..], 3, Some(RecordFault::AfterQuote)));
        assert_eq!(read(b"\"a\nb").fault, Some(RecordFault::OpenQuote));
        assert_eq!(read(b"a,\xFF\n").fault, Some(RecordFault::BadBytes));
        assert_eq!(raw_record(b"\"a\nb", &Dialect::default(), false, false), None);
    }

    #[test]
    fn the_end_of_a_regular_record_is_where_the_state_machine_finds_it() {
        for record in ["1,2\n", "\"a\nb\",\"c\"\"\n\"\"d\"\r\n", "\n", "a", "\"\"\n", "\"x\"\r\n"] {
            let bytes = [record, "2,\"y\"\n"].concat();
            let bytes = if record.ends_with('\n') { bytes.as_bytes() } else { record.as_bytes() };
            let read = raw_record(bytes, &Dialect::default(), false, true).unwrap();
            assert_eq!(record_end(bytes, &Dialect::default(), false), read.next, "{record:?}");
        }
        assert_eq!(record_end(b"\"a\rb\"\rc", &Dialect::default(), true), 6);
    }

    #[test]
    fn a_blank_line_is_a_record_of_nothing() {
        let record = raw_record(b"\r\na", &Dialect::default(), false, true).unwrap();
        assert_eq!((record.bytes, record.next, record.fields.len(), record.fault), (&b""[..], 2, 0, None));
    }
}
