//! Splitting: which rows go into which numbered part.

use std::iter::Peekable;

use crate::output::OutputError;
use crate::settle::Extent;

/// `output.split`: what a part may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Most bytes, header included.
    pub size: Option<u64>,
    /// Most rows.
    pub rows: Option<u64>,
}

/// Deals rows out to parts; each part is filled before the next begins.
pub(crate) struct Parts<'a, I: Iterator<Item = Extent>> {
    file: &'a str,
    split: Split,
    /// Bytes of the header, which every part repeats.
    header: u64,
    rows: Peekable<I>,
    parts: usize,
    dealt: u64,
}

impl<'a, I: Iterator<Item = Extent>> Parts<'a, I> {
    pub fn new(file: &'a str, split: Split, header: &[u8], rows: I) -> Self {
        Self { file, split, header: header.len() as u64, rows: rows.peekable(), parts: 0, dealt: 0 }
    }

    /// Number, from 1, and rows of the next part, neighbours joined. There is always a first part, if need be without rows.
    pub fn next_part(&mut self) -> Result<Option<(usize, Vec<Extent>)>, OutputError> {
        let mut part: Vec<Extent> = Vec::new();
        let (mut bytes, mut rows) = (self.header, 0);
        while let Some(next) = self.rows.peek().copied() {
            if !self.fits(bytes + next.length, rows + next.rows) {
                if part.is_empty() {
                    return Err(OutputError::SplitTooSmall {
                        file: self.file.to_owned(),
                        row: self.dealt + 1,
                        bytes: bytes + next.length,
                        size: self.split.size.unwrap_or_default(),
                    });
                }
                break;
            }
            self.rows.next();
            bytes += next.length;
            rows += next.rows;
            match part.last_mut() {
                Some(last) if last.file == next.file && last.offset + last.length == next.offset => {
                    last.length += next.length;
                    last.rows += next.rows;
                }
                _ => part.push(next),
            }
        }
        self.dealt += rows;
        let is_part = rows > 0 || self.parts == 0;
        self.parts += 1;
        Ok(is_part.then_some((self.parts, part)))
    }

    fn fits(&self, bytes: u64, rows: u64) -> bool {
        // A limit of no row at all would never end.
        self.split.size.is_none_or(|most| bytes <= most) && self.split.rows.is_none_or(|most| rows <= most.max(1))
    }
}
