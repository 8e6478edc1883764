//! Cuts unread bytes behind whole records, so that pieces can be decoded in parallel.

use memchr::{memchr, memchr_iter, memrchr2};

use super::dialect::{Dialect, line_end};
use super::fault::RecordFault;
use super::lanes::Kernel;
use super::parity::Parity;
use super::walk::{Step, Walk};

/// The sizes that govern the splitter; only tests use others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Most bytes of a regular piece, and of a careful one but for its last record.
    pub(super) largest_piece: usize,
    /// Below this many bytes at once the quick pass is not worth its while.
    pub(super) smallest_window: usize,
    /// Bytes that are split carefully after a stray quote before the quick pass is tried again.
    pub(super) careful_run: usize,
}

const SIZES: Sizes = Sizes { largest_piece: 1 << 20, smallest_window: 64 << 10, careful_run: 4 << 20 };

/// Whole records at the head of the unread bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// How many bytes; 0: no whole record yet, more bytes are needed.
    pub length: usize,
    /// Physical line of the first byte.
    pub first_line: u64,
    /// How the decoder has to read it.
    pub mode: Mode,
    /// Lines end in a lone CR.
    pub carriage_return: bool,
}

/// How a piece is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Its quotes are well-formed: counting them tells inside from outside.
    Regular,
    /// Its records are those listed here, found one by one.
    Careful(Vec<Mark>),
}

/// One record of a careful piece, or a blank line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// First byte in the piece.
    pub(super) start: usize,
    /// One past the last byte of the text, the line end not included.
    pub(super) end: usize,
    /// Physical line of the first byte.
    pub(super) line: u64,
    /// Why it cannot be read, as far as its bounds tell.
    pub(super) fault: Option<RecordFault>,
}

/// Splits the records of one file, first to last. What comes out does not depend on how the bytes come in.
#[derive(Debug, Clone)]
pub struct Splitter {
    dialect: Dialect,
    carriage_return: bool,
    kernel: Kernel,
    sizes: Sizes,
    /// Of the first unread byte.
    line: u64,
    parity: Parity,
    walk: Walk,
    /// Bytes to split carefully before the quick pass is tried again.
    careful: usize,
    /// The first unread bytes are the rest of a line that is over the limit of a record.
    skipping: bool,
}

impl Splitter {
    /// Starts at a record that begins on physical line `line`, in a file whose lines end in a lone CR if
    /// `carriage_return` (both as the header says). `dialect` must have passed [`Dialect::check`].
    pub fn new(dialect: &Dialect, line: u64, carriage_return: bool) -> Self {
        assert_eq!(dialect.check(), Ok(()), "a dialect is checked where it is declared");
        Self {
            dialect: dialect.clone(),
            carriage_return,
            kernel: Kernel::default(),
            sizes: SIZES,
            line,
            parity: Parity::new(),
            walk: Walk::new(dialect, carriage_return),
            careful: 0,
            skipping: false,
        }
    }

    #[cfg(test)]
    pub(super) fn with(mut self, kernel: Kernel, sizes: Option<Sizes>) -> Self {
        self.kernel = kernel;
        self.sizes = sizes.unwrap_or(SIZES);
        self
    }

    /// The next piece of `unread`: the bytes left by the last call, then any new ones. `end_of_input` says that no more
    /// will follow; then the length is 0 only if `unread` is empty.
    ///
    /// Looks at each byte about once, also where a record is longer than many chunks. A piece is seldom over 1 MiB, so a
    /// caller that holds more (a bad record can make it read `max_record` ahead, and some bytes) should call again with
    /// the rest before it reads on. Buffers up to `max_field` are quickest.
    pub fn split(&mut self, unread: &[u8], end_of_input: bool) -> Piece {
        if self.careful == 0 {
            match self.split_regular(unread, end_of_input) {
                Some(length) => return self.regular(unread, length),
                None => {
                    self.careful = self.sizes.careful_run;
                    self.walk.restart(0);
                }
            }
        }
        self.split_careful(unread, end_of_input)
    }

    /// The physical line of the first byte that no piece has yet.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The length of a regular piece; none if the bytes must be split carefully.
    fn split_regular(&mut self, unread: &[u8], end_of_input: bool) -> Option<usize> {
        let window = self.sizes.largest_piece.min(self.dialect.max_field).min(self.dialect.max_record);
        // Within the window no field and no record can be over its limit, so nothing but quotes need be looked at.
        let more = unread.len() > window;
        if self.dialect.own_escape().is_some() || more && window < self.sizes.smallest_window {
            return None;
        }
        let bytes = &unread[..unread.len().min(window)];
        let scanned = self.parity.scanned;
        self.parity.advance(self.kernel, bytes, &self.dialect, self.carriage_return);
        if self.parity.stray {
            return None;
        }
        if end_of_input && !more {
            return (!self.parity.is_inside()).then_some(bytes.len());
        }
        let length = self.last_record_end(bytes, scanned);
        (length > 0 || !more).then_some(length)
    }

    /// Where the last whole record ends. Up to `scanned` there is no such end: it would have been given away.
    fn last_record_end(&self, bytes: &[u8], scanned: usize) -> usize {
        let line_end = line_end(self.carriage_return);
        let mut inside = self.parity.is_inside();
        let mut end = bytes.len();
        let scanned = scanned.min(end);
        while let Some(found) = memrchr2(self.dialect.quote, line_end, &bytes[scanned..end]) {
            end = scanned + found;
            if bytes[end] == self.dialect.quote {
                inside = !inside;
            } else if !inside {
                return end + 1;
            }
        }
        0
    }

    fn regular(&mut self, unread: &[u8], length: usize) -> Piece {
        let first_line = self.line;
        if length > 0 {
            let left = &unread[length..self.parity.scanned];
            let lines = self.parity.lines - memchr_iter(line_end(self.carriage_return), left).count() as u64;
            self.line += lines;
            self.parity.give(length, lines);
        }
        Piece { length, first_line, mode: Mode::Regular, carriage_return: self.carriage_return }
    }

    fn split_careful(&mut self, unread: &[u8], end_of_input: bool) -> Piece {
        let first_line = self.line;
        let mut marks = Vec::new();
        let mut start = 0;
        while start < unread.len().min(self.sizes.largest_piece) {
            if self.skipping {
                let Some(found) = memchr(line_end(self.carriage_return), &unread[start..]) else {
                    start = unread.len();
                    break;
                };
                start += found + 1;
                self.line += 1;
                self.skipping = false;
                self.walk.restart(start);
                continue;
            }
            let line = self.line;
            let (end, next, fault) = match self.walk.step(unread, start, end_of_input) {
                Step::More => break,
                Step::Record { end, next, lines } => {
                    self.line += lines;
                    (end, next, None)
                }
                Step::Fault { fault, end, next } => {
                    self.line += 1;
                    (end, next, Some(fault))
                }
                Step::Cut { fault, end, next } => {
                    self.skipping = true;
                    (end, next, Some(fault))
                }
            };
            marks.push(Mark { start, end, line, fault });
            start = next;
        }
        self.walk.give(start);
        self.careful = self.careful.saturating_sub(start);
        if start > 0 && self.careful == 0 {
            if self.skipping || self.walk.is_followed(0) {
                self.careful = self.sizes.careful_run;
            } else {
                self.parity = Parity::new();
            }
        }
        Piece { length: start, first_line, mode: Mode::Careful(marks), carriage_return: self.carriage_return }
    }
}
