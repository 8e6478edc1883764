//! Arrow IPC files: one piece is one record batch, rows are numbered from 1 through the file.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::convert::fb_to_schema;
use datafusion::arrow::ipc::reader::{FileDecoder, read_footer_length};
use datafusion::arrow::ipc::{Block, MetadataVersion, root_as_footer, root_as_message};

use crate::source::ahead::Ahead;
use crate::source::content::FileField;
use crate::source::definition::SourceError;
use crate::source::input::{FileAt, Places};
use crate::source::piece::{Piece, Pieces, Request, Tally};

/// Bytes at the end of the file: the footer's length and the magic word.
const TAIL: u64 = 10;

/// An Arrow IPC file whose footer is read.
#[derive(Debug)]
pub(super) struct ArrowFile {
    schema: SchemaRef,
    version: MetadataVersion,
    dictionaries: Vec<Block>,
    batches: Vec<Block>,
}

impl ArrowFile {
    /// Reads the footer of the file at `input`; `failed` makes an error out of what is wrong.
    pub fn read(input: &FileAt, failed: &dyn Fn(String) -> SourceError) -> Result<Self, SourceError> {
        let read = || Self::footer(input).map_err(|error| failed(error.to_string()));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
            .unwrap_or_else(|_| Err(failed("the Arrow footer is damaged".to_owned())))
    }

    fn footer(input: &FileAt) -> Result<Self, ArrowError> {
        let broken = |what: &str| ArrowError::ParseError(what.to_owned());
        let mut file = input.places()?;
        let size = file.size()?;
        let tail_at = size.checked_sub(TAIL).ok_or_else(|| broken("the file is too short for Arrow"))?;
        let mut tail = [0; TAIL as usize];
        tail.copy_from_slice(&file.read(tail_at, TAIL as usize)?);
        let length = read_footer_length(tail)?;
        let footer_at = tail_at.checked_sub(length as u64).ok_or_else(|| broken("the Arrow footer is damaged"))?;
        let footer = file.read(footer_at, length)?;
        let footer = root_as_footer(&footer).map_err(|error| ArrowError::ParseError(error.to_string()))?;
        let schema = footer.schema().ok_or_else(|| broken("the Arrow file has no schema"))?;
        let within = |blocks: Vec<Block>| {
            let good = blocks.iter().all(|block| {
                let end = i64::from(block.metaDataLength()).checked_add(block.bodyLength());
                let end = end.and_then(|length| length.checked_add(block.offset()));
                block.metaDataLength() >= 8
                    && block.bodyLength() >= 0
                    && block.offset() >= 0
                    && end.is_some_and(|end| end.unsigned_abs() <= size)
            });
            good.then_some(blocks).ok_or_else(|| broken("the Arrow footer points outside the file"))
        };
        Ok(Self {
            schema: Arc::new(fb_to_schema(schema)),
            version: footer.version(),
            dictionaries: within(
                footer.dictionaries().map(|blocks| blocks.iter().copied().collect()).unwrap_or_default(),
            )?,
            batches: within(footer.recordBatches().map(|blocks| blocks.iter().copied().collect()).unwrap_or_default())?,
        })
    }

    /// Its columns.
    pub fn fields(&self) -> Vec<FileField> {
        self.schema.fields().iter().map(|field| FileField::of(field)).collect()
    }

    /// Starts to read it.
    pub fn open(&self, input: &FileAt, request: Arc<Request>) -> Result<Box<dyn Pieces>, SourceError> {
        let mut file = input.places().map_err(|error| request.unreadable(error))?;
        let decoder = request.guard(|| {
            let mut decoder = FileDecoder::new(Arc::clone(&self.schema), self.version);
            for block in &self.dictionaries {
                let bytes = block_bytes(&mut file, block, true).map_err(|error| request.unreadable(error))?;
                decoder.read_dictionary(block, &bytes).map_err(|error| request.unreadable(error))?;
            }
            Ok(decoder.with_projection(request.fields()))
        })?;
        // All of an object is read in order; certain rows of it, and a local file, place by place.
        let ahead = match (&file, &request.wanted) {
            (Places::Object(object), None) => Some(Ahead::parts(object, self.batches.iter().map(range_of))),
            _ => None,
        };
        Ok(Box::new(Batches {
            file,
            ahead,
            decoder: Arc::new(decoder),
            blocks: self.batches.clone().into_iter(),
            next_row: 1,
            request,
        }))
    }
}

/// The bytes of a block, or of its description alone.
fn block_bytes(file: &mut Places, block: &Block, body: bool) -> std::io::Result<Buffer> {
    let length = i64::from(block.metaDataLength()) + if body { block.bodyLength() } else { 0 };
    file.read(block.offset().unsigned_abs(), length.unsigned_abs() as usize)
}

/// Where a block lies.
fn range_of(block: &Block) -> std::ops::Range<u64> {
    let from = block.offset().unsigned_abs();
    from..from + (i64::from(block.metaDataLength()) + block.bodyLength()).unsigned_abs()
}

/// The rows of a batch, as the description at the start of its `bytes` says.
fn rows_of(bytes: &[u8]) -> Result<u64, String> {
    // Older files have the length alone before the message, newer ones a marker before it.
    let prefix = if bytes.starts_with(&[0xFF; 4]) { 8 } else { 4 };
    let message = root_as_message(&bytes[prefix..]).map_err(|error| error.to_string())?;
    let rows = message.header_as_record_batch().map_or(0, |batch| batch.length());
    u64::try_from(rows).map_err(|error| error.to_string())
}

struct Batches {
    file: Places,
    ahead: Option<Ahead>,
    decoder: Arc<FileDecoder>,
    blocks: std::vec::IntoIter<Block>,
    next_row: u64,
    request: Arc<Request>,
}

impl Batches {
    /// Rows of a batch, and its bytes if they were fetched to know that.
    fn rows(&mut self, block: &Block) -> Result<(u64, Option<Buffer>), SourceError> {
        let (bytes, whole) = match &mut self.ahead {
            Some(ahead) => (ahead.next().map(Option::unwrap_or_default), true),
            None => (block_bytes(&mut self.file, block, false), false),
        };
        let bytes = bytes.map_err(|error| self.request.unreadable(error))?;
        let rows = rows_of(&bytes).map_err(|error| self.request.unreadable(error))?;
        Ok((rows, whole.then_some(bytes)))
    }
}

impl Pieces for Batches {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        while let Some(block) = self.blocks.next() {
            let (rows, bytes) = self.rows(&block)?;
            let first = self.next_row;
            self.next_row += rows;
            if self.request.wanted_between(first, first + rows).is_some_and(<[u64]>::is_empty) {
                continue;
            }
            let bytes = match bytes {
                Some(bytes) => bytes,
                None => block_bytes(&mut self.file, &block, true).map_err(|error| self.request.unreadable(error))?,
            };
            return Ok(Some(Box::new(Batch {
                block: Some((block, bytes)),
                decoder: Arc::clone(&self.decoder),
                first,
                rows,
                request: Arc::clone(&self.request),
            })));
        }
        Ok(None)
    }
}

struct Batch {
    block: Option<(Block, Buffer)>,
    decoder: Arc<FileDecoder>,
    first: u64,
    rows: u64,
    request: Arc<Request>,
}

impl Piece for Batch {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        let Some((block, bytes)) = self.block.take() else { return Ok(None) };
        self.request.guard(|| {
            let batch =
                self.decoder.read_record_batch(&block, &bytes).map_err(|error| self.request.unreadable(error))?;
            let Some(batch) = batch else { return Ok(None) };
            let numbers = (self.first..self.first + batch.num_rows() as u64).collect();
            self.request.batch(numbers, batch.columns()).map(Some)
        })
    }

    fn tally(&mut self) -> Tally {
        Tally { records: self.rows, ..Tally::default() }
    }
}
