//! A text file as pieces of whole lines.

use std::io;

use memchr::{memchr, memchr_iter, memrchr};

use crate::source::input::FileAt;
use crate::source::piece::Mark;
use crate::source::text::{TextForm, TextReader};

/// Some whole lines.
#[derive(Debug)]
pub(super) struct Lines {
    /// Their bytes, line ends included; the last line of the file may have none.
    pub bytes: Vec<u8>,
    /// The number of the first.
    pub first: u64,
    /// It is one line only, whose end is cut off because it is over the limit.
    pub cut: bool,
}

/// Reads a file line by line, a piece at a time.
pub(super) struct LineReader {
    reader: TextReader,
    carry: Vec<u8>,
    at_end: bool,
    /// The rest of a line over the limit is still to be passed over.
    cutting: bool,
    /// Where the next piece begins.
    at: Mark,
    piece_bytes: usize,
    max_line: usize,
    index: Vec<Mark>,
}

impl LineReader {
    /// The lines of `file` from its start.
    pub fn open(file: &FileAt, form: TextForm, piece_bytes: usize, max_line: usize) -> io::Result<Self> {
        let reader = TextReader::open(file, form)?;
        Ok(Self {
            at: Mark { offset: reader.origin().unwrap_or(0), line: 1, regular: false },
            reader,
            carry: Vec::new(),
            at_end: false,
            cutting: false,
            piece_bytes: piece_bytes.max(1),
            max_line,
            index: Vec::new(),
        })
    }

    /// At the end: where its pieces began and the last one ended, if one can return there.
    pub fn index(&mut self) -> Vec<Mark> {
        let mut index = std::mem::take(&mut self.index);
        match self.reader.origin() {
            Some(_) => index.push(self.at),
            None => index.clear(),
        }
        index
    }

    /// The next lines, or `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Lines>> {
        if self.cutting {
            self.skip_line()?;
        }
        let mut bytes = std::mem::take(&mut self.carry);
        let mut searched = 0;
        loop {
            if let Some(place) = memrchr(b'\n', &bytes[searched..]) {
                self.carry = bytes.split_off(searched + place + 1);
                return Ok(Some(self.give(bytes, false)));
            }
            searched = bytes.len();
            if self.at_end {
                return Ok(if bytes.is_empty() { None } else { Some(self.give(bytes, false)) });
            }
            // One byte more than allowed, so that a line of the allowed length with CR and LF still passes.
            if bytes.len() > self.max_line + 2 {
                let over = bytes.split_off(self.max_line).len();
                let lines = self.give(bytes, true);
                self.at.offset += over as u64;
                self.cutting = true;
                return Ok(Some(lines));
            }
            self.at_end = self.reader.read(&mut bytes, self.piece_bytes)? < self.piece_bytes;
        }
    }

    fn give(&mut self, bytes: Vec<u8>, cut: bool) -> Lines {
        let first = self.at.line;
        self.index.push(self.at);
        self.at.offset += bytes.len() as u64;
        self.at.line += memchr_iter(b'\n', &bytes).count() as u64;
        Lines { bytes, first, cut }
    }

    /// Passes over the rest of a line that is over the limit.
    fn skip_line(&mut self) -> io::Result<()> {
        self.cutting = false;
        let mut rest = Vec::new();
        while !self.at_end {
            rest.clear();
            let count = self.reader.read(&mut rest, self.piece_bytes)?;
            self.at_end = count < self.piece_bytes;
            if let Some(place) = memchr(b'\n', &rest) {
                self.carry = rest.split_off(place + 1);
                self.at.offset += place as u64 + 1;
                self.at.line += 1;
                return Ok(());
            }
            self.at.offset += count as u64;
        }
        Ok(())
    }
}
