//! A piece of a CSV file, decoded into the columns wanted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::buffer::Buffer;

use crate::csv::{self, BadRecord, Decoder, Dialect, RecordFault, Rows};
use crate::source::csv_file::{CsvFile, code_of};
use crate::source::definition::SourceError;
use crate::source::ledger::bad_byte;
use crate::source::piece::{Fault, Piece, Request, Tally};
use crate::source::view::text_arrays;

/// What all pieces of a pass over one file need.
pub(super) struct Shared {
    pub request: Arc<Request>,
    pub dialect: Dialect,
    width: usize,
    fields: Vec<Option<usize>>,
    /// Decoders that no worker uses now: each holds memory worth keeping.
    idle: Mutex<Vec<Decoder>>,
}

impl Shared {
    /// For a pass over `file`.
    pub fn new(file: &CsvFile, request: Arc<Request>) -> Self {
        let fields = request.fields().into_iter().map(Some).collect();
        Self { dialect: file.dialect.clone(), width: file.names.len(), fields, request, idle: Mutex::default() }
    }

    fn decode(&self, bytes: &[u8], piece: &csv::Piece) -> Rows {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let decoder = idle().pop();
        let mut decoder = decoder.unwrap_or_else(|| Decoder::new(&self.dialect, self.width, &self.fields));
        let mut rows = Rows::default();
        decoder.decode(bytes, piece, &mut rows);
        idle().push(decoder);
        rows
    }
}

/// Some whole records.
pub(super) struct CsvPiece {
    /// Begins with the piece.
    bytes: Buffer,
    piece: csv::Piece,
    shared: Arc<Shared>,
    given: bool,
    tally: Tally,
}

impl CsvPiece {
    /// The records at the head of `bytes`.
    pub fn new(bytes: Buffer, piece: csv::Piece, shared: &Arc<Shared>) -> Self {
        Self { bytes, piece, shared: Arc::clone(shared), given: false, tally: Tally::default() }
    }

    /// Adds the records that are wanted to `picked`: a second look at a few records of a piece costs a count of its line
    /// ends. False where lines are not counted so, or where all records are wanted.
    pub fn pick(&self, picked: &mut Picked) -> bool {
        let regular = self.piece.mode == csv::Mode::Regular && !self.piece.carriage_return;
        let text = &self.bytes[..self.piece.length];
        let wanted = self.shared.request.wanted_between(self.piece.first_line, u64::MAX).filter(|_| regular);
        let Some(wanted) = wanted else { return false };
        let (mut line, mut start) = (self.piece.first_line, 0);
        for &next in wanted {
            start = csv::skip_lines(text, start, next - line);
            line = next;
            if start >= text.len() {
                break;
            }
            let end = start + csv::record_end(&text[start..], &self.shared.dialect, false);
            picked.records.extend_from_slice(&text[start..end]);
            if !picked.records.ends_with(b"\n") {
                picked.records.push(b'\n');
            }
            picked.lines.push(next);
        }
        true
    }

    fn fault(&self, bad: &BadRecord) -> Fault {
        let detail = match bad.fault {
            RecordFault::FieldCount { found, .. } => u32::try_from(found).unwrap_or(u32::MAX),
            RecordFault::BadBytes => bad_byte(&self.bytes[bad.range.clone()]),
            _ => 0,
        };
        Fault { code: code_of(bad.fault), line: bad.line, file: self.shared.request.place, detail }
    }
}

/// Wanted records of some pieces of one file, one behind the other.
#[derive(Default)]
pub(super) struct Picked {
    records: Vec<u8>,
    /// Where each record stands in the file.
    lines: Vec<u64>,
}

impl Picked {
    /// None if they are not read as the records they were taken for.
    fn decode(self, shared: &Shared) -> Result<Option<RecordBatch>, SourceError> {
        let Self { records, lines } = self;
        let length = records.len();
        let piece = csv::Piece { length, first_line: 1, mode: csv::Mode::Regular, carriage_return: false };
        let rows = shared.decode(&records, &piece);
        if rows.lines.len() != lines.len() {
            return Ok(None);
        }
        let Rows { columns, side, .. } = rows;
        let arrays: Vec<ArrayRef> = text_arrays(columns, &Buffer::from_vec(records), side, lines.len());
        shared.request.batch(lines, &arrays).map(Some)
    }
}

/// Pieces of which only few records are wanted, read as one.
pub(super) struct PickedPieces {
    picked: Option<Picked>,
    /// Read one by one where that fails.
    pieces: VecDeque<CsvPiece>,
    shared: Arc<Shared>,
}

impl PickedPieces {
    /// Records of `pieces`.
    pub fn new(picked: Picked, pieces: VecDeque<CsvPiece>, shared: &Arc<Shared>) -> Self {
        Self { picked: Some(picked), pieces, shared: Arc::clone(shared) }
    }
}

impl Piece for PickedPieces {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if let Some(picked) = self.picked.take()
            && let Some(batch) = picked.decode(&self.shared)?
        {
            self.pieces.clear();
            return Ok(Some(batch));
        }
        while let Some(piece) = self.pieces.front_mut() {
            match piece.next_batch()? {
                Some(batch) => return Ok(Some(batch)),
                None => drop(self.pieces.pop_front()),
            }
        }
        Ok(None)
    }

    fn tally(&mut self) -> Tally {
        // A second look counts nothing.
        Tally::default()
    }

    fn raw(&mut self) -> Vec<(u64, Vec<u8>)> {
        self.pieces.iter_mut().flat_map(Piece::raw).collect()
    }
}

impl Piece for CsvPiece {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        let mut picked = Picked::default();
        if self.pick(&mut picked)
            && let Some(batch) = picked.decode(&self.shared)?
        {
            return Ok(Some(batch));
        }
        let rows = self.shared.decode(&self.bytes, &self.piece);
        self.tally = Tally {
            records: (rows.lines.len() + rows.faults.len()) as u64,
            skipped: rows.blank,
            unreadable: rows.faults.iter().map(|bad| self.fault(bad)).collect(),
        };
        let Rows { columns, side, lines, .. } = rows;
        let arrays: Vec<ArrayRef> = text_arrays(columns, &self.bytes, side, lines.len());
        self.shared.request.batch(lines, &arrays).map(Some)
    }

    fn tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn raw(&mut self) -> Vec<(u64, Vec<u8>)> {
        let wanted = self.shared.request.wanted.as_deref().unwrap_or_default();
        let rows = self.shared.decode(&self.bytes, &self.piece);
        rows.faults
            .into_iter()
            .filter(|bad| wanted.binary_search(&bad.line).is_ok())
            .map(|bad| (bad.line, self.bytes[bad.range].to_vec()))
            .collect()
    }
}
