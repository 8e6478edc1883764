//! Rows of a table read by place; quick when places rise.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use memchr::{memchr, memchr2};

use crate::compare::CompareError;
use crate::compare::scan::Place;
use crate::compare::table::Table;
use crate::csv::{Dialect, decode_row, raw_record};

/// Read at once where rows are read one after the other.
const WINDOW: usize = 1 << 18;

/// Read at once anywhere else.
const GLANCE: usize = 1 << 12;

/// Where a row ends.
pub(super) struct RowEnd {
    /// Its text does.
    pub text: usize,
    /// The next one begins.
    pub next: usize,
    /// It has quotes.
    pub quoted: bool,
}

/// Where the first row of `bytes` ends, if its line end is among them. Its quotes are well-formed.
pub(super) fn row_end(bytes: &[u8], carriage_return: bool) -> Option<RowEnd> {
    let end = if carriage_return { b'\r' } else { b'\n' };
    let (mut at, mut inside, mut quoted) = (0, false, false);
    loop {
        let rest = &bytes[at..];
        let found = at + if inside { memchr(b'"', rest)? } else { memchr2(b'"', end, rest)? };
        if bytes[found] == end {
            let cut = !carriage_return && bytes[..found].ends_with(b"\r");
            return Some(RowEnd { text: found - usize::from(cut), next: found + 1, quoted });
        }
        (inside, quoted) = (!inside, true);
        at = found + 1;
    }
}

/// Reads rows of one table.
pub(super) struct RowReader<'t> {
    table: &'t Table,
    file: Option<(usize, File, u64)>,
    /// Where in the file the bytes at hand begin.
    start: u64,
    bytes: Vec<u8>,
}

impl<'t> RowReader<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self { table, file: None, start: 0, bytes: Vec::new() }
    }

    /// The cells of the row at `place`.
    pub(super) fn cells(&mut self, place: Place) -> Result<Vec<Cow<'_, str>>, CompareError> {
        let table = self.table;
        let part = &table.parts[place.part()];
        let found = self.find(place, part.carriage_return).map_err(CompareError::file(&part.path))?;
        let row = &self.bytes[found];
        let cells = if place.is_careful() {
            let record = raw_record(row, &Dialect::default(), part.carriage_return, true);
            record.map(|record| record.fields).unwrap_or_default()
        } else {
            decode_row(row).map(text).collect()
        };
        if cells.len() == self.table.header.len() {
            return Ok(cells);
        }
        let changed = io::Error::new(io::ErrorKind::InvalidData, "it changed while it was read");
        Err(CompareError::file(&part.path)(changed))
    }

    /// Where among the bytes at hand the row stands.
    fn find(&mut self, place: Place, carriage_return: bool) -> io::Result<std::ops::Range<usize>> {
        if self.file.as_ref().is_none_or(|(part, ..)| *part != place.part()) {
            let file = File::open(&self.table.parts[place.part()].path)?;
            let length = file.metadata()?.len();
            self.file = Some((place.part(), file, length));
            (self.start, self.bytes) = (0, Vec::new());
        }
        let (_, file, length) = self.file.as_ref().expect("a file was opened");
        let offset = place.offset();
        let mut wanted = 0;
        loop {
            let end = self.start + self.bytes.len() as u64;
            if offset >= self.start && offset < end {
                let from = (offset - self.start) as usize;
                let rest = &self.bytes[from..];
                let at_end = end >= *length;
                let row = if place.is_careful() {
                    raw_record(rest, &Dialect::default(), carriage_return, at_end).map(|record| record.next)
                } else {
                    row_end(rest, carriage_return).map(|row| row.text).or(at_end.then_some(rest.len()))
                };
                if let Some(row) = row {
                    return Ok(from..from + row);
                }
                wanted = 2 * rest.len();
            } else if offset >= *length {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read"));
            }
            // A step backwards or far ahead is a lone question.
            let near = offset >= self.start && offset <= end + WINDOW as u64;
            let most = usize::try_from(length - offset).unwrap_or(usize::MAX);
            let size = wanted.max(if near { WINDOW } else { GLANCE }).min(most);
            self.bytes.resize(size, 0);
            // Whatever happens, the bytes at hand are not those of another place.
            self.start = offset;
            file.read_exact_at(&mut self.bytes, offset).inspect_err(|_| self.bytes.clear())?;
        }
    }
}

fn text(cell: Cow<'_, [u8]>) -> Cow<'_, str> {
    match cell {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}
