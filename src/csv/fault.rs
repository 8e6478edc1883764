//! Why a record cannot be read.

use std::ops::Range;

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFault {
    /// Another number of fields than the header has.
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the record.
        found: usize,
    },
    /// Not UTF-8.
    BadBytes,
    /// Something stands after a closing quote.
    AfterQuote,
    /// The file ends inside quotes.
    OpenQuote,
    /// A quoted field is over `max_field`.
    FieldTooLarge,
    /// The record is over `max_record`.
    RecordTooLarge,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// Physical line on which it starts.
    pub line: u64,
    /// Its bytes in the piece, without the line end. After a wrong field count or bad bytes the whole record; after the
    /// other faults its first line, because reading resumes on the next one, cut at `max_record` bytes.
    pub range: Range<usize>,
    /// What is wrong.
    pub fault: RecordFault,
}
