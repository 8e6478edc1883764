//! Decodes one piece into columns.

use super::dialect::{Dialect, line_end, text_end};
use super::fault::{BadRecord, RecordFault};
use super::field::fields;
use super::index::Index;
use super::lanes::Kernel;
use super::rows::Rows;
use super::split::{Mark, Mode, Piece};
use super::view::{Cells, Nulls};

/// Decodes the pieces of one file. Each worker has its own.
#[derive(Debug)]
pub struct Decoder {
    dialect: Dialect,
    nulls: Nulls,
    field_count: usize,
    wanted: Vec<Option<usize>>,
    kernel: Kernel,
    index: Index,
}

impl Decoder {
    /// For a file whose records have `field_count` fields. `wanted` says for each output column which field it is;
    /// None: the file lacks it, so all its cells are NULL. `dialect` must have passed [`Dialect::check`].
    pub fn new(dialect: &Dialect, field_count: usize, wanted: &[Option<usize>]) -> Self {
        assert_eq!(dialect.check(), Ok(()), "a dialect is checked where it is declared");
        assert!(wanted.iter().flatten().all(|&field| field < field_count), "a wanted field is one of the file's");
        Self {
            dialect: dialect.clone(),
            nulls: Nulls::new(&dialect.nulls),
            field_count,
            wanted: wanted.to_vec(),
            kernel: Kernel::default(),
            index: Index::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn with_kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// Replaces what is in `out` by the records of `piece`.
    ///
    /// `bytes` begins with the piece and may be longer: what lies behind it is never part of a cell, but with 16 more
    /// bytes of any kind the last cells are built as quickly as the others. Offsets in views count from its start.
    pub fn decode(&mut self, bytes: &[u8], piece: &Piece, out: &mut Rows) {
        out.clear();
        let text = &bytes[..piece.length];
        let valid = simdutf8::basic::from_utf8(text).is_ok();
        let last_field = match &piece.mode {
            Mode::Regular => {
                self.index.scan(self.kernel, text, &self.dialect, piece.carriage_return);
                if !self.take_even_rows(text, piece, valid, out) {
                    self.take_rows(text, piece, valid, out);
                }
                self.field_count.checked_sub(1).filter(|_| !piece.carriage_return)
            }
            Mode::Careful(marks) => {
                self.index.clear(0);
                for mark in marks {
                    self.take_mark(text, mark, valid, out);
                }
                None
            }
        };
        let cells = Cells {
            bytes,
            length: piece.length,
            dialect: &self.dialect,
            nulls: &self.nulls,
            index: &self.index,
            last_field,
        };
        cells.build(&self.wanted, &mut out.columns, &mut out.side);
    }

    /// Takes all records of a regular piece at once, if each has the right number of fields and there is no blank line.
    fn take_even_rows(&mut self, text: &[u8], piece: &Piece, valid: bool, out: &mut Rows) -> bool {
        let index = &mut self.index;
        let fields = self.field_count;
        if !valid || fields < 2 || index.count != index.ends * fields {
            return false;
        }
        let line_end = line_end(piece.carriage_return);
        let ends_line = |separator: usize| text.get(index.behind(separator) - 1).is_none_or(|&byte| byte == line_end);
        // There are as many line ends as records, so if each record ends with one, none is elsewhere.
        if !(1..=index.ends).all(|record| ends_line(record * fields)) {
            return false;
        }
        index.rows.extend((0..index.ends).map(|record| (record * fields) as u32));
        let mut inner = index.inner_lines.iter().peekable();
        let mut inside = 0;
        out.lines.extend((0_u64..).zip(&index.rows).map(|(record, &row)| {
            let start = index.behind(row as usize);
            while inner.next_if(|&&at| (at as usize) < start).is_some() {
                inside += 1;
            }
            piece.first_line + record + inside
        }));
        true
    }

    /// Takes the records of a regular piece one by one.
    fn take_rows(&mut self, text: &[u8], piece: &Piece, valid: bool, out: &mut Rows) {
        let line_end = line_end(piece.carriage_return);
        let mut line = piece.first_line;
        let mut inner = 0;
        let mut first = 0;
        for last in 0..self.index.count {
            let end = self.index.behind(last + 1) - 1;
            if text.get(end).is_some_and(|&byte| byte != line_end) {
                continue;
            }
            let start = self.index.behind(first);
            let mark = Mark { start, end: text_end(text, start, end, piece.carriage_return), line, fault: None };
            if self.is_readable(text, &mark, last + 1 - first, valid, out) {
                self.index.rows.push(first as u32);
                out.lines.push(line);
            }
            line += 1;
            while self.index.inner_lines.get(inner).is_some_and(|&at| (at as usize) < end) {
                inner += 1;
                line += 1;
            }
            first = last + 1;
        }
    }

    /// Takes one record of a careful piece.
    fn take_mark(&mut self, text: &[u8], mark: &Mark, valid: bool, out: &mut Rows) {
        if let Some(fault) = mark.fault {
            out.faults.push(BadRecord { line: mark.line, range: mark.start..mark.end, fault });
            return;
        }
        let first = self.index.count;
        // The start of the record takes the place of the separator before it.
        if first > 0 || mark.start > 0 {
            self.index.push(mark.start, false);
        }
        let first = self.index.count;
        for place in fields(&text[mark.start..mark.end], &self.dialect) {
            self.index.push(mark.start + place.end + 1, place.escaped);
        }
        if self.is_readable(text, mark, self.index.count - first, valid, out) {
            self.index.rows.push(first as u32);
            out.lines.push(mark.line);
        }
    }

    /// Whether a record of `found` fields can be read; counts it as blank or bad if not.
    fn is_readable(&self, text: &[u8], mark: &Mark, found: usize, valid: bool, out: &mut Rows) -> bool {
        let range = mark.start..mark.end;
        if range.is_empty() {
            out.blank += 1;
            return false;
        }
        let fault = if found != self.field_count {
            RecordFault::FieldCount { expected: self.field_count, found }
        } else if !valid && simdutf8::basic::from_utf8(&text[range.clone()]).is_err() {
            RecordFault::BadBytes
        } else {
            return true;
        };
        out.faults.push(BadRecord { line: mark.line, range, fault });
        false
    }
}
