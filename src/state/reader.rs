//! Reads a snapshot from start to end, in the order of the keys' hashes, a few thousand rows at a time.

use std::fs::File;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{
    Array, AsArray, BinaryArray, FixedSizeBinaryArray, RecordBatch, StringArray, UInt64Array,
};
use datafusion::arrow::datatypes::UInt64Type;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use crate::state::StateError;
use crate::state::writer::OWN;

/// Rows decoded at a time.
const BATCH: usize = 4096;

/// A snapshot whose footer is read.
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    columns: Vec<String>,
}

impl Snapshot {
    /// Opens the snapshot at `path`.
    ///
    /// # Errors
    /// If it is not there, damaged, or not one of ours.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let file = File::open(path).map_err(StateError::disk("read", path))?;
        let load = || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = std::panic::catch_unwind(std::panic::AssertUnwindSafe(load))
            .map_err(|_| StateError::damaged(path, "has a damaged footer"))?
            .map_err(|error| StateError::damaged(path, format!("is no snapshot: {error}")))?;
        let names: Vec<&String> = metadata.schema().fields().iter().map(|field| field.name()).collect();
        if names.len() < OWN.len() || names.iter().zip(OWN).any(|(name, own)| **name != own) {
            return Err(StateError::damaged(path, "is no snapshot of this program"));
        }
        let columns = names[OWN.len()..].iter().map(|name| (*name).clone()).collect();
        Ok(Self { path: path.to_path_buf(), metadata, columns })
    }

    /// Its attributes. Those that are no longer mapped come last.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Keys in it.
    pub fn keys(&self) -> u64 {
        self.metadata.metadata().file_metadata().num_rows().unsigned_abs()
    }

    /// Its rows, in the order of the keys' hashes, with the attributes at these places of [`Self::columns`] (in rising order).
    ///
    /// # Errors
    /// If the file cannot be opened again.
    pub fn rows(&self, wanted: &[usize]) -> Result<SnapshotRows, StateError> {
        let file = File::open(&self.path).map_err(StateError::disk("read", &self.path))?;
        let leaves = (0..OWN.len()).chain(wanted.iter().map(|place| OWN.len() + place));
        let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), leaves);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_projection(mask)
            .with_batch_size(BATCH)
            .build()
            .map_err(|error| StateError::damaged(&self.path, format!("cannot be read: {error}")))?;
        Ok(SnapshotRows { path: self.path.clone(), reader, places: wanted.to_vec(), batch: None, at: 0 })
    }

    /// Its rows with all attributes.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn all_rows(&self) -> Result<SnapshotRows, StateError> {
        self.rows(&(0..self.columns.len()).collect::<Vec<usize>>())
    }
}

/// The rows of a snapshot, one after the other.
pub struct SnapshotRows {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// The snapshot's column of each one read.
    places: Vec<usize>,
    batch: Option<Batch>,
    at: usize,
}

/// A batch taken apart.
#[derive(Debug)]
struct Batch {
    keys: FixedSizeBinaryArray,
    rows: UInt64Array,
    seen: StringArray,
    filled: BinaryArray,
    values: Vec<StringArray>,
}

/// One key of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotRow<'a> {
    batch: &'a Batch,
    places: &'a [usize],
    at: usize,
}

impl SnapshotRows {
    /// Goes to the next row; false at the end. To be called before the first too.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn advance(&mut self) -> Result<bool, StateError> {
        self.at += 1;
        while self.batch.as_ref().is_none_or(|batch| self.at >= batch.rows.len()) {
            let read = || self.reader.next();
            let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
            let damaged = |problem: String| StateError::damaged(&self.path, format!("cannot be read: {problem}"));
            match next.map_err(|_| damaged("it is damaged".to_owned()))? {
                None => {
                    self.batch = None;
                    return Ok(false);
                }
                Some(batch) => {
                    let batch = batch.map_err(|error| damaged(error.to_string()))?;
                    let batch = Batch::new(&batch).ok_or_else(|| damaged("a column has another type".to_owned()))?;
                    self.batch = Some(batch);
                    self.at = 0;
                }
            }
        }
        Ok(true)
    }

    /// The row at hand; none before the first and after the last.
    pub fn row(&self) -> Option<SnapshotRow<'_>> {
        self.batch.as_ref().map(|batch| SnapshotRow { batch, places: &self.places, at: self.at })
    }
}

impl Batch {
    fn new(batch: &RecordBatch) -> Option<Self> {
        let columns = batch.columns();
        let (own, values) = columns.split_at_checked(OWN.len())?;
        Some(Self {
            keys: own[0].as_fixed_size_binary_opt().filter(|keys| keys.value_length() == 16)?.clone(),
            rows: own[1].as_primitive_opt::<UInt64Type>()?.clone(),
            seen: own[2].as_string_opt::<i32>()?.clone(),
            filled: own[3].as_binary_opt::<i32>()?.clone(),
            values: values.iter().map(|array| array.as_string_opt::<i32>().cloned()).collect::<Option<_>>()?,
        })
    }
}

impl<'a> SnapshotRow<'a> {
    /// The key's hash.
    pub fn key(&self) -> u128 {
        u128::from_be_bytes(self.batch.keys.value(self.at).try_into().expect("the width was looked at"))
    }

    /// The hash of its row as last published.
    pub fn row_hash(&self) -> u64 {
        self.batch.rows.value(self.at)
    }

    /// The day it was last published, `YYYY-MM-DD`.
    pub fn seen(&self) -> &'a str {
        self.batch.seen.value(self.at)
    }

    /// The last value that was not empty, of the `index`th attribute that is read.
    pub fn value(&self, index: usize) -> Option<&'a str> {
        let values = &self.batch.values[index];
        values.is_valid(self.at).then(|| values.value(self.at))
    }

    /// Whether the row last published had a value there.
    pub fn is_filled(&self, index: usize) -> bool {
        let place = self.places[index];
        let mask = self.batch.filled.value(self.at);
        mask.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
    }
}
