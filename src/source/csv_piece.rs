//! A piece of a CSV file, decoded into the columns wanted.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::buffer::Buffer;

use crate::csv::{self, BadRecord, Decoder, Dialect, RecordFault, Rows};
use crate::source::csv_file::{CsvFile, code_of};
use crate::source::definition::SourceError;
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

    fn fault(&self, bad: &BadRecord) -> Fault {
        let detail = match bad.fault {
            RecordFault::FieldCount { found, .. } => u32::try_from(found).unwrap_or(u32::MAX),
            _ => 0,
        };
        Fault { code: code_of(bad.fault), line: bad.line, file: self.shared.request.place, detail }
    }
}

impl Piece for CsvPiece {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
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
