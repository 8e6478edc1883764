//! The first pass: a note of each row of a table.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::memchr_iter;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::compare::reader::row_end;
use crate::compare::spill::Spill;
use crate::compare::table::{PIECE, Part, Places, Table};
use crate::compare::{CompareError, Comparison};
use crate::csv::{Dialect, Mode, Splitter, decode_row, raw_record};

/// A row in 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Note {
    /// Hash of its key.
    pub key: u128,
    /// Where it stands; notes are in the order of their key, then of their place.
    pub place: Place,
    /// Hash of its cells.
    pub row: u64,
}

/// Number of the part, offset in its file, and in the lowest bit whether the row has to be read with care, because quotes
/// around it are not well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub u64);

/// Bits of an offset: 16 TiB.
const OFFSET: u32 = 44;

impl Place {
    fn new(part: usize, offset: u64, careful: bool) -> Self {
        Self(((part as u64) << OFFSET | offset) << 1 | u64::from(careful))
    }

    pub(super) fn part(self) -> usize {
        (self.0 >> (OFFSET + 1)) as usize
    }

    pub(super) fn offset(self) -> u64 {
        (self.0 >> 1) & ((1 << OFFSET) - 1)
    }

    pub(super) fn is_careful(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Bytes of a note on disk.
pub(super) const NOTE: usize = 32;

impl Note {
    fn bytes(self) -> [u8; NOTE] {
        let mut bytes = [0; NOTE];
        bytes[..16].copy_from_slice(&self.key.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.place.0.to_le_bytes());
        bytes[24..].copy_from_slice(&self.row.to_le_bytes());
        bytes
    }

    pub(super) fn read(bytes: &[u8; NOTE]) -> Self {
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
        let key = u128::from(number(0)) | u128::from(number(8)) << 64;
        Self { key, place: Place(number(16)), row: number(24) }
    }
}

/// What a pass over a table found.
pub(super) struct Scanned {
    pub notes: Spill,
    pub rows: u64,
    pub unreadable: u64,
}

impl Scanned {
    /// Of a table without rows.
    pub(super) fn empty(notes: Spill) -> Self {
        Self { notes, rows: 0, unreadable: 0 }
    }
}

/// Reads `table` once; its notes go into `parts` parts.
pub(super) fn scan(
    table: &Table,
    places: &Places,
    comparison: &Comparison<'_>,
    parts: usize,
) -> Result<Scanned, CompareError> {
    let mut scan = Scan {
        table,
        places,
        width: table.header.len(),
        last: places
            .key
            .iter()
            .chain(places.columns.iter().filter(|_| !places.by_bytes))
            .max()
            .map_or(0, |last| last + 1),
        scanned: Scanned::empty(Spill::create(comparison.scratch, parts)?),
        text: Vec::new(),
        cells: Vec::new(),
        joined: Vec::new(),
    };
    for (number, part) in table.parts.iter().enumerate() {
        scan.part(part, number, comparison)?;
    }
    Ok(scan.scanned)
}

struct Scan<'a> {
    table: &'a Table,
    places: &'a Places,
    /// Fields of a row.
    width: usize,
    /// So many of them are looked at.
    last: usize,
    scanned: Scanned,
    /// Cells that had to be taken out of quotes.
    text: Vec<u8>,
    /// Where the first cells of a row stand.
    cells: Vec<Range<usize>>,
    /// What is hashed.
    joined: Vec<u8>,
}

impl Scan<'_> {
    fn part(&mut self, part: &Part, number: usize, comparison: &Comparison<'_>) -> Result<(), CompareError> {
        let wrong = || CompareError::file(&part.path);
        let mut file = File::open(&part.path).map_err(wrong())?;
        file.seek(SeekFrom::Start(part.start)).map_err(wrong())?;
        let dialect = Dialect::default();
        let mut splitter = Splitter::new(&dialect, part.line, part.carriage_return);
        let (mut unread, mut at, mut offset) = (Vec::with_capacity(2 * PIECE), 0, part.start);
        let mut at_end = false;
        loop {
            let piece = splitter.split(&unread[at..], at_end);
            if piece.length > 0 {
                let bytes = &unread[at..at + piece.length];
                let noted = match piece.mode {
                    Mode::Regular => self.regular(bytes, number, offset, part.carriage_return),
                    Mode::Careful(_) => self.careful(bytes, number, offset, &dialect, part.carriage_return),
                };
                noted.map_err(CompareError::file(comparison.scratch))?;
                at += piece.length;
                offset += piece.length as u64;
            } else if at_end {
                return Ok(());
            } else {
                if (comparison.is_stopped)() {
                    return Err(CompareError::Stopped);
                }
                unread.drain(..at);
                at = 0;
                let wanted = PIECE.max(unread.len()) as u64;
                let read = (&mut file).take(wanted).read_to_end(&mut unread).map_err(wrong())?;
                at_end = (read as u64) < wanted;
            }
        }
    }

    /// Rows whose quotes are well-formed.
    fn regular(&mut self, bytes: &[u8], part: usize, offset: u64, carriage_return: bool) -> io::Result<()> {
        let valid = std::str::from_utf8(bytes).is_ok();
        let mut start = 0;
        while start < bytes.len() {
            let rest = &bytes[start..];
            let (row, next, quoted) = match row_end(rest, carriage_return) {
                Some(end) => (&rest[..end.text], end.next, end.quoted),
                None => (rest, rest.len(), memchr::memchr(b'"', rest).is_some()),
            };
            if !row.is_empty() {
                let readable = valid || std::str::from_utf8(row).is_ok();
                if readable && self.cut_row(row, quoted) {
                    self.note(row, quoted, Place::new(part, offset + start as u64, false))?;
                } else {
                    self.scanned.unreadable += 1;
                }
            }
            start += next;
        }
        Ok(())
    }

    /// Rows that are found one by one.
    fn careful(
        &mut self,
        bytes: &[u8],
        part: usize,
        offset: u64,
        dialect: &Dialect,
        carriage_return: bool,
    ) -> io::Result<()> {
        let mut start = 0;
        while let Some(record) = raw_record(&bytes[start..], dialect, carriage_return, true) {
            if record.fault.is_some() || !record.bytes.is_empty() && record.fields.len() != self.width {
                self.scanned.unreadable += 1;
            } else if !record.bytes.is_empty() {
                self.text.clear();
                self.cells.clear();
                for field in record.fields.iter().take(self.last) {
                    let start = self.text.len();
                    self.text.extend_from_slice(field.as_bytes());
                    self.cells.push(start..self.text.len());
                }
                self.note(record.bytes, true, Place::new(part, offset + start as u64, true))?;
            }
            start += record.next;
        }
        Ok(())
    }

    /// Finds the cells of a row; whether it has as many as it should.
    fn cut_row(&mut self, row: &[u8], quoted: bool) -> bool {
        if quoted { self.cut_quoted(row) } else { self.cut(row) }
    }

    /// Finds the cells of a row without quotes; whether it has as many as it should.
    fn cut(&mut self, row: &[u8]) -> bool {
        self.cells.clear();
        let mut commas = memchr_iter(b',', row);
        let mut start = 0;
        while self.cells.len() < self.last {
            let end = commas.next();
            self.cells.push(start..end.unwrap_or(row.len()));
            match end {
                Some(end) => start = end + 1,
                None => return self.cells.len() == self.width,
            }
        }
        self.cells.len() + commas.count() + 1 == self.width
    }

    /// The same for any row.
    fn cut_quoted(&mut self, row: &[u8]) -> bool {
        self.text.clear();
        self.cells.clear();
        let mut count = 0;
        for field in decode_row(row) {
            if count < self.last {
                let start = self.text.len();
                self.text.extend_from_slice(&field);
                self.cells.push(start..self.text.len());
            }
            count += 1;
        }
        count == self.width
    }

    /// Notes a row whose cells were found, in `text` or in the row itself.
    fn note(&mut self, row: &[u8], in_text: bool, place: Place) -> io::Result<()> {
        let Self { places, text, cells, joined, .. } = self;
        let source: &[u8] = if in_text { text } else { row };
        let key = match places.key[..] {
            [only] if !places.ignores_case => xxh3_128(&source[cells[only].clone()]),
            _ => {
                join(joined, source, cells, &places.key, places.ignores_case);
                xxh3_128(joined)
            }
        };
        let row = if places.by_bytes {
            xxh3_64(row)
        } else {
            join(joined, source, cells, &places.columns, false);
            xxh3_64(joined)
        };
        self.scanned.rows += u64::from(self.table.counts(place.part()));
        let part = (key >> 96) as usize & (self.scanned.notes.count() - 1);
        self.scanned.notes.add(part, &Note { key, place, row }.bytes())
    }
}

/// The cells at `places`, each behind its length, so that no two lists of cells look alike.
fn join(joined: &mut Vec<u8>, source: &[u8], cells: &[Range<usize>], places: &[usize], ignores_case: bool) {
    joined.clear();
    for place in places {
        let cell = &source[cells[*place].clone()];
        joined.extend_from_slice(&(cell.len() as u64).to_le_bytes());
        let start = joined.len();
        joined.extend_from_slice(cell);
        if ignores_case {
            joined[start..].make_ascii_lowercase();
        }
    }
}
