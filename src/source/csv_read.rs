//! Cuts a CSV file into pieces: from its start, or only where wanted records are.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::buffer::Buffer;
use memchr::memchr_iter;

use crate::csv::{self, Splitter, Start, footer_lines, footer_match, salesforce_footer};
use crate::source::csv_file::{CsvFile, FooterRule};
use crate::source::csv_piece::{CsvPiece, Picked, PickedPieces, Shared};
use crate::source::definition::SourceError;
use crate::source::input::{FileAt, Stretches};
use crate::source::piece::{Ending, Mark, Piece, Pieces};
use crate::source::text::TextReader;

/// Bytes at the end of a file in which its footer is looked for.
const FOOTER_BYTES: usize = 1 << 20;

/// Lines of a footer that are kept, and characters of each.
const FOOTER_LINES: usize = 16;
const FOOTER_CHARACTERS: usize = 200;

/// Pieces whose wanted records are read as one.
const TOGETHER: usize = 16;

/// Readable bytes behind a piece, so that its last cells are built as quickly as the others.
const SLACK: usize = 64;

/// Bytes that are read and not yet cut.
#[derive(Default)]
struct Unread {
    /// Read on to while they hold no whole record.
    growing: Vec<u8>,
    /// Bytes of which pieces are given away, and where the rest begins; empty while others grow.
    shared: (Buffer, usize),
}

impl Unread {
    fn rest(&self) -> &[u8] {
        let (bytes, from) = &self.shared;
        if self.growing.is_empty() { &bytes[*from..] } else { &self.growing }
    }

    /// The rest, to be read on to.
    fn grow(&mut self, more: usize) -> &mut Vec<u8> {
        if self.growing.is_empty() {
            let (bytes, from) = std::mem::take(&mut self.shared);
            let mut growing = Vec::with_capacity(bytes.len() - from + more + SLACK);
            growing.extend_from_slice(&bytes[from..]);
            self.growing = growing;
        }
        &mut self.growing
    }

    /// Gives the first `length` bytes away; what follows them stays readable behind them.
    fn give(&mut self, length: usize) -> Buffer {
        if !self.growing.is_empty() {
            self.shared = (Buffer::from_vec(std::mem::take(&mut self.growing)), 0);
        }
        let (bytes, from) = &mut self.shared;
        let piece = bytes.slice(*from);
        *from += length;
        piece
    }
}

/// A piece and where it begins.
struct Cut {
    at: Mark,
    bytes: Buffer,
    piece: csv::Piece,
}

impl Cut {
    fn text(&self) -> &[u8] {
        &self.bytes[..self.piece.length]
    }
}

/// Reads a file from its start.
pub(super) struct CsvReader {
    reader: TextReader,
    splitter: Splitter,
    unread: Unread,
    at_end: bool,
    /// Where the next piece begins: its byte in the file, if that means anything.
    offset: u64,
    start: Start,
    /// Pieces held back because the footer may be in them.
    held: VecDeque<Cut>,
    held_bytes: usize,
    footer: Option<FooterRule>,
    /// The end of the last piece given is the end of a record.
    whole: bool,
    ending: Ending,
    shared: Arc<Shared>,
}

impl CsvReader {
    /// Opens the file at `input` where its records start.
    pub fn open(input: &FileAt, file: &CsvFile, start: Start, shared: Arc<Shared>) -> Result<Self, SourceError> {
        let failed = |error: std::io::Error| shared.request.unreadable(error);
        let (reader, offset, at_end) = match &file.range {
            Some(range) => (TextReader::part(input, range.clone()).map_err(failed)?, range.start, false),
            None => {
                let mut reader = TextReader::open(input, file.form).map_err(failed)?;
                let at_end = reader.read(&mut Vec::new(), start.length).map_err(failed)? < start.length;
                let offset = reader.origin().unwrap_or(0) + start.length as u64;
                (reader, offset, at_end)
            }
        };
        Ok(Self {
            splitter: Splitter::new(&file.dialect, start.line, start.carriage_return),
            unread: Unread::default(),
            at_end,
            offset,
            reader,
            start,
            held: VecDeque::new(),
            held_bytes: 0,
            footer: file.footer.clone(),
            whole: true,
            ending: Ending::default(),
            shared,
        })
    }

    /// The next piece as it comes.
    fn cut(&mut self) -> Result<Option<Cut>, SourceError> {
        loop {
            let rest = self.unread.rest();
            if rest.is_empty() && self.at_end {
                return Ok(None);
            }
            let piece = self.splitter.split(rest, self.at_end);
            if piece.length > 0 {
                let at = mark(self.offset, &piece);
                self.offset += piece.length as u64;
                return Ok(Some(Cut { at, bytes: self.unread.give(piece.length), piece }));
            }
            let want = self.shared.request.piece_bytes;
            let read = self.reader.read(self.unread.grow(want), want);
            self.at_end = read.map_err(|error| self.shared.request.unreadable(error))? < want;
        }
    }

    /// The next piece that is surely data.
    fn cut_data(&mut self) -> Result<Option<Cut>, SourceError> {
        let Some(rule) = &self.footer else {
            return match self.held.pop_front() {
                Some(held) => Ok(Some(held)),
                None => self.cut(),
            };
        };
        let rule = rule.clone();
        while self.held_bytes - self.held.front().map_or(0, |cut| cut.piece.length) < FOOTER_BYTES {
            match self.cut()? {
                Some(cut) => {
                    self.held_bytes += cut.piece.length;
                    self.held.push_back(cut);
                }
                None => {
                    self.footer = None;
                    self.take_footer(&rule);
                    return Ok(self.held.pop_front());
                }
            }
        }
        let first = self.held.pop_front();
        self.held_bytes -= first.as_ref().map_or(0, |cut| cut.piece.length);
        Ok(first)
    }

    /// At the end of the file: cuts the footer off what is held back.
    fn take_footer(&mut self, rule: &FooterRule) {
        // A line over the limit may go on here: its rest is no record.
        let mut kept = VecDeque::new();
        let mut whole = self.whole;
        while !whole && let Some(cut) = self.held.pop_front() {
            whole = self.ends_line(&cut);
            kept.push_back(cut);
        }
        if let Some(first) = self.held.front().map(|cut| cut.at) {
            let tail: Vec<u8> = self.held.iter().flat_map(Cut::text).copied().collect();
            let (dialect, returns) = (&self.shared.dialect, self.start.carriage_return);
            let footer = match rule {
                FooterRule::Salesforce => salesforce_footer(&tail, dialect, returns),
                FooterRule::Lines(count) => {
                    let footer = footer_lines(&tail, *count, dialect, returns);
                    footer.filter(|footer| footer.records == *count)
                }
                FooterRule::Match(pattern) => footer_match(&tail, pattern, dialect, returns),
            };
            self.ending.footer_missing = footer.is_none();
            if let Some(footer) = footer {
                self.ending.skipped = footer.records + footer.blank;
                self.ending.footer = self.shown_footer(&tail[footer.start..]);
                kept.extend(self.cut_again(&tail[..footer.start], first));
                self.offset = first.offset + footer.start as u64;
                self.held = kept;
                return;
            }
        } else {
            self.ending.footer_missing = true;
        }
        kept.append(&mut self.held);
        self.held = kept;
    }

    fn cut_again(&self, data: &[u8], first: Mark) -> Vec<Cut> {
        let mut splitter = Splitter::new(&self.shared.dialect, first.line, self.start.carriage_return);
        let bytes = Buffer::from_slice_ref(data);
        let mut cuts = Vec::new();
        let mut from = 0;
        while from < data.len() {
            let piece = splitter.split(&data[from..], true);
            let at = mark(first.offset + from as u64, &piece);
            from += piece.length;
            cuts.push(Cut { at, bytes: bytes.slice(from - piece.length), piece });
        }
        cuts
    }

    /// What a report about the file shows of its footer.
    fn shown_footer(&self, footer: &[u8]) -> Vec<String> {
        let lines = footer.split(|byte| *byte == line_end(self.start)).map(<[u8]>::trim_ascii);
        let lines = lines.filter(|line| !line.is_empty()).take(FOOTER_LINES);
        lines.map(|line| String::from_utf8_lossy(line).chars().take(FOOTER_CHARACTERS).collect()).collect()
    }

    fn ends_line(&self, cut: &Cut) -> bool {
        cut.text().last() == Some(&line_end(self.start))
    }
}

fn mark(offset: u64, piece: &csv::Piece) -> Mark {
    Mark { offset, line: piece.first_line, regular: piece.mode == csv::Mode::Regular }
}

fn line_end(start: Start) -> u8 {
    if start.carriage_return { b'\r' } else { b'\n' }
}

impl Pieces for CsvReader {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        while let Some(cut) = self.cut_data()? {
            if self.shared.request.is_past(cut.at.line) {
                return Ok(None);
            }
            // One can return only to where a record begins.
            if self.whole {
                self.ending.index.push(cut.at);
            }
            self.whole = self.ends_line(&cut);
            let request = &self.shared.request;
            if request.wanted.is_some() {
                let lines = memchr_iter(line_end(self.start), cut.text()).count() as u64;
                if request.wanted_between(cut.at.line, cut.at.line + lines.max(1)).is_some_and(<[u64]>::is_empty) {
                    continue;
                }
            }
            return Ok(Some(Box::new(CsvPiece::new(cut.bytes, cut.piece, &self.shared))));
        }
        Ok(None)
    }

    fn ending(&mut self) -> Ending {
        let mut ending = std::mem::take(&mut self.ending);
        match self.reader.origin() {
            // The line is that of no record: nothing follows.
            Some(_) => ending.index.push(Mark { offset: self.offset, line: u64::MAX, regular: false }),
            None => ending.index.clear(),
        }
        ending.next_line = self.splitter.line();
        ending
    }
}

/// Reads only what holds wanted records.
pub(super) struct CsvRanges {
    stretches: Stretches,
    start: Start,
    /// The marks at which the stretches begin.
    marks: std::vec::IntoIter<Mark>,
    ready: VecDeque<CsvPiece>,
    shared: Arc<Shared>,
}

impl CsvRanges {
    /// For a file whose pieces begin where `index` says and end at its last mark.
    pub fn new(input: &FileAt, start: Start, index: Arc<[Mark]>, shared: Arc<Shared>) -> Self {
        let is_wanted =
            |from: &Mark, to: &Mark| !shared.request.wanted_between(from.line, to.line).is_some_and(<[u64]>::is_empty);
        let pairs = index.windows(2).filter(|pair| is_wanted(&pair[0], &pair[1]));
        let (marks, ranges): (Vec<Mark>, Vec<_>) = pairs.map(|pair| (pair[0], pair[0].offset..pair[1].offset)).unzip();
        let stretches = Stretches::new(input, ranges);
        Self { stretches, start, marks: marks.into_iter(), ready: VecDeque::new(), shared }
    }
}

impl CsvRanges {
    /// The next piece that holds wanted records, alone.
    fn next_piece(&mut self) -> Result<Option<CsvPiece>, SourceError> {
        while self.ready.is_empty() {
            let Some(from) = self.marks.next() else { return Ok(None) };
            let bytes = self.stretches.next(SLACK).map_err(|error| self.shared.request.unreadable(error))?;
            let (first_line, carriage_return) = (from.line, self.start.carriage_return);
            if from.regular {
                // It was found so when it was cut the first time; that the file is still the same is asked at the end.
                let piece = csv::Piece { length: bytes.len(), first_line, mode: csv::Mode::Regular, carriage_return };
                self.ready.push_back(CsvPiece::new(bytes, piece, &self.shared));
                continue;
            }
            let mut splitter = Splitter::new(&self.shared.dialect, first_line, carriage_return);
            let mut at = 0;
            while at < bytes.len() {
                let piece = splitter.split(&bytes[at..], true);
                at += piece.length;
                self.ready.push_back(CsvPiece::new(bytes.slice(at - piece.length), piece, &self.shared));
            }
        }
        Ok(self.ready.pop_front())
    }
}

impl Pieces for CsvRanges {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        // The records of one piece are few: a batch of its own for each would cost more than they do.
        let (mut picked, mut pieces) = (Picked::default(), VecDeque::new());
        while pieces.len() < TOGETHER
            && let Some(piece) = self.next_piece()?
        {
            if !piece.pick(&mut picked) {
                if pieces.is_empty() {
                    return Ok(Some(Box::new(piece)));
                }
                self.ready.push_front(piece);
                break;
            }
            pieces.push_back(piece);
        }
        let some = !pieces.is_empty();
        Ok(some.then(|| Box::new(PickedPieces::new(picked, pieces, &self.shared)) as Box<dyn Piece>))
    }
}
