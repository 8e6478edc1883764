//! Parquet: one piece is one row group, rows are numbered from 1 through the file.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};

use crate::source::content::FileField;
use crate::source::definition::SourceError;
use crate::source::input::FileAt;
use crate::source::merge::readable_type;
use crate::source::object_parquet::{Chunks, ObjectChunks};
use crate::source::piece::{Piece, Pieces, Request, Tally};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 4096;

/// The same where only some rows are wanted. A batch holds every page that one of its rows lies in until it is complete:
/// few rows, few pages.
const WANTED_ROWS: usize = 256;

/// A Parquet file whose footer is read.
#[derive(Debug)]
pub(super) struct ParquetFile {
    metadata: ArrowReaderMetadata,
    /// Number of the first row of each row group.
    first_rows: Vec<u64>,
}

impl ParquetFile {
    /// Reads the footer of the file at `input`; `failed` makes an error out of what is wrong.
    pub fn read(input: &FileAt, failed: &dyn Fn(String) -> SourceError) -> Result<Self, SourceError> {
        let load = || match input {
            FileAt::Local(path) => ArrowReaderMetadata::load(&File::open(path)?, ArrowReaderOptions::new()),
            FileAt::Object(object) => {
                ArrowReaderMetadata::load(&ObjectChunks::footer(object)?, ArrowReaderOptions::new())
            }
        };
        let damaged = || failed("the Parquet footer is damaged".to_owned());
        let metadata = std::panic::catch_unwind(std::panic::AssertUnwindSafe(load))
            .map_err(|_| damaged())?
            .map_err(|error| failed(error.to_string()))?;
        let fields: Vec<Arc<Field>> = metadata
            .schema()
            .fields()
            .iter()
            .map(|field| match readable_type(field.data_type()) {
                DataType::Utf8View if *field.data_type() != DataType::Null => {
                    Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View))
                }
                _ => Arc::clone(field),
            })
            .collect();
        // Text as views from the start; where the reader cannot do that, batches are cast later.
        let views = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), views).unwrap_or(metadata);
        let mut next = 1;
        let mut first_rows = Vec::new();
        for group in metadata.metadata().row_groups() {
            first_rows.push(next);
            next += u64::try_from(group.num_rows()).map_err(|_| damaged())?;
        }
        Ok(Self { metadata, first_rows })
    }

    /// Its columns.
    pub fn fields(&self) -> Vec<FileField> {
        self.metadata.schema().fields().iter().map(|field| FileField::of(field)).collect()
    }

    /// Starts to read it.
    pub fn open(&self, input: &FileAt, request: Arc<Request>) -> Result<Box<dyn Pieces>, SourceError> {
        Ok(Box::new(RowGroups {
            input: input.clone(),
            metadata: self.metadata.clone(),
            first_rows: self.first_rows.clone(),
            next: 0,
            request,
        }))
    }
}

struct RowGroups {
    input: FileAt,
    metadata: ArrowReaderMetadata,
    first_rows: Vec<u64>,
    next: usize,
    request: Arc<Request>,
}

impl Pieces for RowGroups {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        while let Some(&first) = self.first_rows.get(self.next) {
            let group = self.next;
            self.next += 1;
            let rows = self.metadata.metadata().row_group(group).num_rows().unsigned_abs();
            let wanted = self.request.wanted_between(first, first + rows).map(<[u64]>::to_vec);
            if wanted.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            return Ok(Some(Box::new(RowGroup {
                input: self.input.clone(),
                metadata: self.metadata.clone(),
                group,
                rows,
                numbers: Numbers::new(first, wanted),
                request: Arc::clone(&self.request),
                reader: None,
            })));
        }
        Ok(None)
    }
}

/// The numbers of the rows that are read.
enum Numbers {
    All { next: u64 },
    Wanted { first: u64, rows: std::vec::IntoIter<u64> },
}

impl Numbers {
    fn new(first: u64, wanted: Option<Vec<u64>>) -> Self {
        match wanted {
            None => Self::All { next: first },
            Some(rows) => Self::Wanted { first, rows: rows.into_iter() },
        }
    }

    /// The next `count` of them.
    fn take(&mut self, count: usize) -> Vec<u64> {
        match self {
            Self::All { next } => {
                let numbers = (*next..*next + count as u64).collect();
                *next += count as u64;
                numbers
            }
            Self::Wanted { rows, .. } => rows.by_ref().take(count).collect(),
        }
    }

    /// How many are read at a time.
    fn at_a_time(&self) -> usize {
        match self {
            Self::All { .. } => BATCH_ROWS,
            Self::Wanted { .. } => WANTED_ROWS,
        }
    }

    /// How many are passed on at least, while there are more. Of single rows those of many pages: whoever asks for all
    /// of them in order can then read the next group meanwhile.
    fn at_once(&self) -> usize {
        match self {
            Self::All { .. } => 1,
            Self::Wanted { .. } => BATCH_ROWS,
        }
    }

    /// `columns` as they are passed on: of single rows the texts are copied, so that no page is held for a few of them.
    fn kept(&self, columns: &[ArrayRef]) -> Vec<ArrayRef> {
        let kept = |column: &ArrayRef| match (self, column.as_string_view_opt()) {
            (Self::Wanted { .. }, Some(texts)) => Arc::new(texts.gc()) as ArrayRef,
            _ => Arc::clone(column),
        };
        columns.iter().map(kept).collect()
    }

    /// Which rows of the group to read; `None`: all.
    fn selection(&self, total: u64) -> Option<RowSelection> {
        match self {
            Self::All { .. } => None,
            Self::Wanted { first, rows } => {
                let ranges = rows.as_slice().iter().map(|row| (row - first) as usize..(row - first) as usize + 1);
                Some(RowSelection::from_consecutive_ranges(ranges, total as usize))
            }
        }
    }
}

/// The columns of rows that follow one another.
fn joined(mut parts: Vec<Vec<ArrayRef>>) -> Result<Vec<ArrayRef>, ArrowError> {
    if parts.len() == 1 {
        return Ok(parts.swap_remove(0));
    }
    let width = parts.first().map_or(0, Vec::len);
    let column = |at: usize| parts.iter().map(move |part| part[at].as_ref()).collect::<Vec<&dyn Array>>();
    (0..width).map(|at| concat(&column(at))).collect()
}

struct RowGroup {
    input: FileAt,
    metadata: ArrowReaderMetadata,
    group: usize,
    rows: u64,
    numbers: Numbers,
    request: Arc<Request>,
    reader: Option<ParquetRecordBatchReader>,
}

impl RowGroup {
    fn reader(&self) -> Result<ParquetRecordBatchReader, SourceError> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), self.request.fields());
        let file = match &self.input {
            FileAt::Local(path) => File::open(path).map(Chunks::Local),
            FileAt::Object(object) => {
                let group = self.metadata.metadata().row_group(self.group);
                let columns = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
                let ranges = columns.map(|(_, column)| column.byte_range()).map(|(from, length)| from..from + length);
                ObjectChunks::group(object, ranges.collect()).map(Chunks::Object)
            }
        };
        let file = file.map_err(|error| self.request.unreadable(error))?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![self.group])
            .with_projection(mask)
            .with_batch_size(self.numbers.at_a_time());
        if let Some(selection) = self.numbers.selection(self.rows) {
            builder = builder.with_row_selection(selection);
        }
        builder.build().map_err(|error| self.request.unreadable(error))
    }
}

impl Piece for RowGroup {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        let request = Arc::clone(&self.request);
        request.guard(|| {
            if self.reader.is_none() {
                self.reader = Some(self.reader()?);
            }
            let (mut rows, mut parts) = (0, Vec::new());
            while rows < self.numbers.at_once()
                && let Some(batch) = self.reader.as_mut().and_then(Iterator::next)
            {
                let batch = batch.map_err(|error| self.request.unreadable(error))?;
                rows += batch.num_rows();
                parts.push(self.numbers.kept(batch.columns()));
            }
            if rows == 0 {
                return Ok(None);
            }
            let columns = joined(parts).map_err(|error| self.request.unreadable(error))?;
            self.request.batch(self.numbers.take(rows), &columns).map(Some)
        })
    }

    fn tally(&mut self) -> Tally {
        Tally { records: self.rows, ..Tally::default() }
    }
}
