//! Writes a snapshot: a Parquet file of keys, hashes and values, sorted by the keys' hashes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, FixedSizeBinaryBuilder, RecordBatch, StringBuilder, UInt64Builder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use crate::state::{SnapshotFile, StateError};

/// Columns before the attributes: the key's hash, the row's hash, the day it was last published, which cells were filled.
pub(super) const OWN: [&str; 4] = ["key hash", "row hash", "seen", "filled"];
/// Rows gathered before they are encoded.
const BATCH: usize = 4096;
/// Rows of a row group.
const GROUP: usize = 1 << 17;
/// Bytes of a row group under way after which it is closed.
const GROUP_BYTES: usize = 32 << 20;

/// A snapshot being written. Rows must come in the order of their keys' hashes.
#[derive(Debug)]
pub struct SnapshotWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    keys: FixedSizeBinaryBuilder,
    rows: UInt64Builder,
    seen: StringBuilder,
    filled: BinaryBuilder,
    values: Vec<StringBuilder>,
    gathered: usize,
    written: u64,
    last: Option<u128>,
    mask: Vec<u8>,
}

impl SnapshotWriter {
    /// A snapshot at `path` with these attributes.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(path: &Path, columns: &[String]) -> Result<Self, StateError> {
        let file = File::create(path).map_err(StateError::disk("make", path))?;
        let [key, row, seen, filled] = OWN;
        let own = [
            Field::new(key, DataType::FixedSizeBinary(16), false),
            Field::new(row, DataType::UInt64, false),
            Field::new(seen, DataType::Utf8, false),
            Field::new(filled, DataType::Binary, false),
        ];
        let values = columns.iter().map(|name| Field::new(name, DataType::Utf8, true));
        let schema = Arc::new(Schema::new(own.into_iter().chain(values).collect::<Vec<Field>>()));
        let level = ZstdLevel::try_new(1).expect("1 is a level of zstd");
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|error| StateError::damaged(path, format!("cannot be begun: {error}")))?;
        Ok(Self {
            path: path.to_path_buf(),
            schema,
            writer,
            keys: FixedSizeBinaryBuilder::new(16),
            rows: UInt64Builder::new(),
            seen: StringBuilder::new(),
            filled: BinaryBuilder::new(),
            values: columns.iter().map(|_| StringBuilder::new()).collect(),
            gathered: 0,
            written: 0,
            last: None,
            mask: Vec::new(),
        })
    }

    /// One key: its hash, the hash of its row as last published, the day of that, and per attribute its last value that was
    /// not empty and whether the row last published had one.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn push<'v>(
        &mut self,
        key: u128,
        row: u64,
        seen: &str,
        cells: impl IntoIterator<Item = (Option<&'v str>, bool)>,
    ) -> Result<(), StateError> {
        debug_assert!(self.last.is_none_or(|last| last < key), "keys rise");
        self.last = Some(key);
        self.keys.append_value(key.to_be_bytes()).expect("a hash has 16 bytes");
        self.rows.append_value(row);
        self.seen.append_value(seen);
        self.mask.clear();
        self.mask.resize(self.values.len().div_ceil(8), 0);
        for (place, (builder, (value, filled))) in self.values.iter_mut().zip(cells).enumerate() {
            builder.append_option(value);
            self.mask[place / 8] |= u8::from(filled) << (place % 8);
        }
        self.filled.append_value(&self.mask);
        self.gathered += 1;
        self.written += 1;
        if self.gathered == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StateError> {
        if self.gathered == 0 {
            return Ok(());
        }
        self.gathered = 0;
        let own: [ArrayRef; 4] = [
            Arc::new(self.keys.finish()),
            Arc::new(self.rows.finish()),
            Arc::new(self.seen.finish()),
            Arc::new(self.filled.finish()),
        ];
        let values = self.values.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), own.into_iter().chain(values).collect());
        let failed = |problem: String| StateError::damaged(&self.path, format!("cannot be written: {problem}"));
        self.writer
            .write(&batch.map_err(|error| failed(error.to_string()))?)
            .map_err(|error| failed(error.to_string()))?;
        if self.writer.in_progress_size() > GROUP_BYTES {
            self.writer.flush().map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }

    /// Makes it whole and durable.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(mut self, keys_only: bool) -> Result<SnapshotFile, StateError> {
        self.flush()?;
        let file = self
            .writer
            .into_inner()
            .map_err(|error| StateError::damaged(&self.path, format!("cannot be written: {error}")))?;
        file.sync_all().map_err(StateError::disk("flush", &self.path))?;
        let bytes = file.metadata().map_err(StateError::disk("look at", &self.path))?.len();
        Ok(SnapshotFile { file: String::new(), keys: self.written, bytes, keys_only })
    }
}
