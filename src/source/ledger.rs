//! What a complete pass over a source found: the same however often, and by how many workers, it is read.

use std::sync::Arc;

use crate::diagnostic::{Code, code};
use crate::source::piece::{Fault, Mark};

/// One file's part in the account of the run. Records and skipped ones together are what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The file's number in the run.
    pub file: u32,
    /// As reports name it.
    pub shown: String,
    /// Its records, readable or not.
    pub records: u64,
    /// Blank lines and footer records; they are no records.
    pub skipped: u64,
    /// Those of the records that cannot be read.
    pub unreadable: u64,
    /// The first lines of its footer, cut where they are long.
    pub footer: Vec<String>,
    /// A footer was expected and is not there.
    pub footer_missing: bool,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file's number in the run.
    pub file: u32,
    /// The physical line on which it begins.
    pub line: u64,
    /// D501 to D507.
    pub code: &'static Code,
    /// What is wrong with this one.
    pub message: String,
}

/// What was found in the files of a source.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By place in the source.
    pub files: Vec<FileCount>,
    /// By file and line, once it is complete.
    pub unreadable: Vec<Fault>,
}

/// Counts of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileCount {
    pub records: u64,
    pub skipped: u64,
    pub unreadable: u64,
    pub footer: Vec<String>,
    pub footer_missing: bool,
    /// Where its pieces begin, where one can return to them.
    pub index: Arc<[Mark]>,
    /// The line behind its last byte, in CSV; only looked at where a file is read in ranges.
    pub next_line: u64,
}

/// What is wrong with a record of a file whose header has `expected` columns and that is read as `encoding`.
pub(super) fn message(fault: &Fault, expected: usize, encoding: &str) -> String {
    let fact = fault.code.title;
    if *fault.code == code::FIELD_COUNT {
        let fields = if fault.detail == 1 { "field" } else { "fields" };
        let guess = if fault.detail == 1 { ": looks like a report's footer" } else { "" };
        return format!("{} {fields}, the header has {expected}{guess}", fault.detail);
    }
    if *fault.code == code::NOT_JSON {
        return format!("{fact}: the mistake is at byte {}", fault.detail);
    }
    if *fault.code == code::BAD_BYTES {
        let (byte, character) = (fault.detail & 0xff, fault.detail >> 8);
        return match encoding {
            "UTF-8" => format!("character {character} (byte {byte:02X}) is not {encoding}"),
            _ => format!("character {character} means nothing in {encoding}"),
        };
    }
    fact.to_owned()
}

/// What [`message`] needs of a record that is not UTF-8: its first bad byte, and above it the number of the character that it
/// should begin, from 1.
pub(super) fn bad_byte(record: &[u8]) -> u32 {
    let Err(error) = std::str::from_utf8(record) else { return 0 };
    let (text, rest) = record.split_at(error.valid_up_to());
    let character = String::from_utf8_lossy(text).chars().count() + 1;
    let byte = rest.first().copied().unwrap_or_default();
    u32::try_from(character << 8).unwrap_or(u32::MAX << 8) | u32::from(byte)
}
