//! NDJSON: one JSON object per line; its top-level keys are columns of text, numbers as they are spelt.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewBuilder};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::error::ArrowError;

use crate::diagnostic::{Code, code};
use crate::source::content::FileField;
use crate::source::definition::SourceError;
use crate::source::input::{FileAt, Stretches};
use crate::source::json::{Object, Value, keys};
use crate::source::ledger::bad_byte;
use crate::source::lines::LineReader;
use crate::source::piece::{Ending, Fault, Mark, Origin, Piece, Pieces, Request, Tally};
use crate::source::text::TextForm;

/// Lines looked at to learn the keys.
const SAMPLE_LINES: usize = 1000;

/// Bytes looked at for the same, so that long lines cost no more than short ones.
const SAMPLE_BYTES: usize = 1 << 20;

/// A file of JSON lines.
#[derive(Debug)]
pub(super) struct NdjsonFile {
    form: TextForm,
    max_line: usize,
    keys: Vec<String>,
}

impl NdjsonFile {
    /// Learns the keys of the file at `input` from its first 1,000 lines, or its first 1 MiB.
    pub fn read(input: &FileAt, form: TextForm, max_line: usize, piece_bytes: usize) -> std::io::Result<Self> {
        let mut reader = LineReader::open(input, form, piece_bytes, max_line)?;
        let mut found: Vec<String> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        let mut left = SAMPLE_LINES;
        let mut bytes = 0;
        while left > 0 && bytes < SAMPLE_BYTES {
            let Some(lines) = reader.next()? else { break };
            bytes += lines.bytes.len();
            for line in lines.bytes.split(|byte| *byte == b'\n').take(left) {
                left -= 1;
                let Ok(text) = str::from_utf8(line) else { continue };
                for key in keys(text).unwrap_or_default() {
                    if seen.insert(key.clone()) {
                        found.push(key);
                    }
                }
            }
        }
        Ok(Self { form, max_line, keys: found })
    }

    /// The keys found.
    pub fn fields(&self) -> Vec<FileField> {
        self.keys.iter().map(FileField::text).collect()
    }

    /// Starts to read it.
    pub fn open(
        &self,
        input: &FileAt,
        request: Arc<Request>,
        index: Arc<[Mark]>,
    ) -> Result<Box<dyn Pieces>, SourceError> {
        // From here on a key is a field like any other.
        let mut keys: Vec<Arc<str>> = Vec::new();
        let mut of_keys = request.as_ref().clone();
        for origin in &mut of_keys.origins {
            if let Origin::Key(key) = origin {
                keys.push(Arc::clone(key));
                *origin = Origin::Field(keys.len() - 1);
            }
        }
        let shared = Arc::new(Shared { object: Object::new(keys), request: of_keys, max_line: self.max_line });
        if shared.request.wanted.is_some() && !index.is_empty() {
            return Ok(Box::new(IndexedPieces::new(input, &index, shared)));
        }
        let reader = LineReader::open(input, self.form, shared.request.piece_bytes, self.max_line)
            .map_err(|error| shared.request.unreadable(error))?;
        Ok(Box::new(LinePieces { reader, shared }))
    }
}

/// What all pieces of a pass over one file need.
struct Shared {
    object: Object,
    request: Request,
    max_line: usize,
}

/// The file from its start.
struct LinePieces {
    reader: LineReader,
    shared: Arc<Shared>,
}

impl Pieces for LinePieces {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        loop {
            let lines = self.reader.next().map_err(|error| self.shared.request.unreadable(error))?;
            let Some(lines) = lines else { return Ok(None) };
            if self.shared.request.is_past(lines.first) {
                return Ok(None);
            }
            let end = lines.first + lines.bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            if !self.shared.request.wanted_between(lines.first, end).is_some_and(<[u64]>::is_empty) {
                return Ok(Some(Box::new(LinePiece::new(
                    Buffer::from_vec(lines.bytes),
                    lines.first,
                    lines.cut,
                    &self.shared,
                ))));
            }
        }
    }

    fn ending(&mut self) -> Ending {
        Ending { index: self.reader.index(), ..Ending::default() }
    }
}

/// Only the pieces that hold wanted lines.
struct IndexedPieces {
    stretches: Stretches,
    /// First line of each, and whether it is a line that is cut off.
    lines: std::vec::IntoIter<(u64, bool)>,
    shared: Arc<Shared>,
}

impl IndexedPieces {
    fn new(input: &FileAt, index: &[Mark], shared: Arc<Shared>) -> Self {
        let (mut ranges, mut lines) = (Vec::new(), Vec::new());
        for (at, pair) in index.windows(2).enumerate() {
            let (from, to) = (pair[0], pair[1]);
            // The last line of the file may lack its LF, so that the end has the same number.
            let end = if at + 2 == index.len() { u64::MAX } else { to.line };
            if shared.request.wanted_between(from.line, end).is_some_and(<[u64]>::is_empty) {
                continue;
            }
            // A longer piece is one line over the limit: its beginning is enough.
            let most = (shared.max_line + 3) as u64;
            let length = to.offset - from.offset;
            let cut = length > most + shared.request.piece_bytes as u64;
            ranges.push(from.offset..from.offset + if cut { most } else { length });
            lines.push((from.line, cut));
        }
        Self { stretches: Stretches::new(input, ranges), lines: lines.into_iter(), shared }
    }
}

impl Pieces for IndexedPieces {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        let Some((first, cut)) = self.lines.next() else { return Ok(None) };
        let bytes = self.stretches.next(0).map_err(|error| self.shared.request.unreadable(error))?;
        Ok(Some(Box::new(LinePiece::new(bytes, first, cut, &self.shared))))
    }
}

struct LinePiece {
    bytes: Buffer,
    first: u64,
    cut: bool,
    given: bool,
    shared: Arc<Shared>,
    tally: Tally,
}

impl LinePiece {
    fn new(bytes: Buffer, first: u64, cut: bool, shared: &Arc<Shared>) -> Self {
        Self { bytes, first, cut, given: false, shared: Arc::clone(shared), tally: Tally::default() }
    }

    /// The values of a line, or why it has none.
    fn read<'a>(&self, line: &'a [u8], values: &mut Vec<Value<'a>>) -> Result<(), (&'static Code, u32)> {
        if self.cut || line.len() > self.shared.max_line {
            return Err((&code::RECORD_TOO_LARGE, 0));
        }
        let text = simdutf8::basic::from_utf8(line).map_err(|_| (&code::BAD_BYTES, bad_byte(line)))?;
        self.shared.object.read(text, values).map_err(|place| (&code::NOT_JSON, place))
    }
}

/// The lines of `bytes` with their numbers, blank ones as empty.
fn numbered(bytes: &[u8], first: u64) -> impl Iterator<Item = (u64, &[u8])> {
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    (first..).zip(whole.split(|byte| *byte == b'\n')).map(|(number, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (number, if line.iter().all(u8::is_ascii_whitespace) { &[][..] } else { line })
    })
}

impl Piece for LinePiece {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        let bytes = self.bytes.clone();
        let mut columns = Columns::new(self.shared.object.width(), &bytes);
        let mut numbers = Vec::new();
        let mut values = Vec::new();
        for (number, line) in numbered(&bytes, self.first) {
            if line.is_empty() {
                self.tally.skipped += 1;
                continue;
            }
            self.tally.records += 1;
            match self.read(line, &mut values) {
                Ok(()) => {
                    numbers.push(number);
                    columns.push(&values).map_err(|error| self.shared.request.unreadable(error))?;
                }
                Err((code, detail)) => {
                    let file = self.shared.request.place;
                    self.tally.unreadable.push(Fault { code, line: number, file, detail });
                }
            }
        }
        self.shared.request.batch(numbers, &columns.finish()).map(Some)
    }

    fn tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn raw(&mut self) -> Vec<(u64, Vec<u8>)> {
        let wanted = self.shared.request.wanted.as_deref().unwrap_or_default();
        numbered(&self.bytes, self.first)
            .filter(|(number, line)| !line.is_empty() && wanted.binary_search(number).is_ok())
            .map(|(number, line)| (number, line[..line.len().min(self.shared.max_line)].to_vec()))
            .collect()
    }
}

/// Columns whose values stay where they are in the piece.
struct Columns {
    base: usize,
    builders: Vec<StringViewBuilder>,
    blocks: Vec<u32>,
}

impl Columns {
    fn new(width: usize, bytes: &Buffer) -> Self {
        let mut builders: Vec<StringViewBuilder> = (0..width).map(|_| StringViewBuilder::new()).collect();
        let blocks = builders.iter_mut().map(|builder| builder.append_block(bytes.clone())).collect();
        Self { base: bytes.as_ptr() as usize, builders, blocks }
    }

    /// One more row. Borrowed values lie in the bytes given to [`new`](Self::new).
    fn push(&mut self, values: &[Value<'_>]) -> Result<(), ArrowError> {
        for ((builder, block), value) in self.builders.iter_mut().zip(&self.blocks).zip(values) {
            match value {
                Value::Null => builder.append_null(),
                Value::Owned(text) => builder.append_value(text),
                Value::Borrowed(text) => {
                    let offset = text.as_ptr() as usize - self.base;
                    // A piece is far below 4 GiB: its lines are limited.
                    builder.try_append_view(*block, offset as u32, text.len() as u32)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        self.builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect()
    }
}
