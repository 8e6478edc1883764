//! What a file holds: one variant per kind, each knowing its columns and how to cut itself into pieces.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};

use crate::source::arrow_file::ArrowFile;
use crate::source::csv_file::CsvFile;
use crate::source::definition::SourceError;
use crate::source::input::FileAt;
use crate::source::merge::readable_type;
use crate::source::ndjson::NdjsonFile;
use crate::source::parquet_file::ParquetFile;
use crate::source::piece::{Mark, Pieces, Request};

/// A file, opened once to learn its columns.
#[derive(Debug)]
pub(super) enum Content {
    /// CSV or TSV.
    Csv(CsvFile),
    /// One JSON object per line.
    Ndjson(NdjsonFile),
    /// Apache Parquet.
    Parquet(ParquetFile),
    /// Arrow IPC.
    Arrow(ArrowFile),
}

/// A column of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileField {
    /// As spelt, `Name#2` for the second of one name.
    pub name: String,
    /// What its values are.
    pub data_type: DataType,
    /// The header has the name twice.
    pub duplicated: bool,
}

impl FileField {
    /// A column of text.
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: DataType::Utf8View, duplicated: false }
    }

    /// A column of a typed file.
    pub fn of(field: &Field) -> Self {
        Self { name: field.name().clone(), data_type: readable_type(field.data_type()), duplicated: false }
    }
}

impl Content {
    /// Its columns, in file order; `None` where the file is empty and has not even a header.
    pub fn fields(&self) -> Option<Vec<FileField>> {
        match self {
            Self::Csv(file) => file.fields(),
            Self::Ndjson(file) => Some(file.fields()),
            Self::Parquet(file) => Some(file.fields()),
            Self::Arrow(file) => Some(file.fields()),
        }
    }

    /// Whether [`fields`](Self::fields) are those of its first lines only.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Ndjson(_))
    }

    /// Number of columns of a CSV header.
    pub fn width(&self) -> usize {
        match self {
            Self::Csv(file) => file.names.len(),
            _ => 0,
        }
    }

    /// What its text is read as.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Csv(file) => file.form.encoding.name(),
            _ => "UTF-8",
        }
    }

    /// Starts to read the file at `input`; where its pieces are known, `index` says where they begin.
    pub fn open(
        &self,
        input: &FileAt,
        request: Arc<Request>,
        index: Arc<[Mark]>,
    ) -> Result<Box<dyn Pieces>, SourceError> {
        match self {
            Self::Csv(file) => file.open(input, request, index),
            Self::Ndjson(file) => file.open(input, request, index),
            Self::Parquet(file) => file.open(input, request),
            Self::Arrow(file) => file.open(input, request),
        }
    }
}
