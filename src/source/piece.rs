//! What every kind of file is cut into: pieces, which one worker takes under a lock and decodes outside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array, UInt64Array,
    new_null_array,
};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, SchemaRef, UInt32Type, UInt64Type};
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, code};
use crate::source::definition::SourceError;
use crate::source::input::FileAt;
use crate::source::scan::Positions;

/// Where a column of the table has its values from, in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The file's own column.
    Field(usize),
    /// Whatever its records call by this name, where no header lists their columns.
    Key(Arc<str>),
    /// The same in every row: a partition's value, or NULL where the file lacks the column.
    Constant(Option<Arc<str>>),
    /// `_file`.
    File,
    /// `_line`.
    Line,
}

/// What a scan wants of one file.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The source's name, for errors.
    pub source: Arc<str>,
    /// The file as shown, for errors.
    pub shown: Arc<str>,
    /// Where its bytes are, for errors.
    pub input: FileAt,
    /// The file's place in the source.
    pub place: u32,
    /// The file's number in the run.
    pub file: u32,
    /// The columns wanted, in this order.
    pub schema: SchemaRef,
    /// Where each of them comes from.
    pub origins: Vec<Origin>,
    /// Only the records on these lines (rows with these numbers), ascending; none: all.
    pub wanted: Option<Arc<[u64]>>,
    /// Only the rows that come from these records, which two of the file's own columns tell.
    pub traced: Option<((usize, usize), Positions)>,
    /// Bytes of a piece of a text file.
    pub piece_bytes: usize,
}

impl Request {
    /// The file's own columns that are needed, ascending, none twice.
    pub fn fields(&self) -> Vec<usize> {
        let mut fields: Vec<usize> = self
            .origins
            .iter()
            .filter_map(|origin| match origin {
                Origin::Field(field) => Some(*field),
                _ => None,
            })
            .chain(self.traced.iter().flat_map(|((file, line), _)| [*file, *line]))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Which of the wanted lines lie in `first..end`; none: the file is wanted as a whole.
    pub fn wanted_between(&self, first: u64, end: u64) -> Option<&[u64]> {
        self.wanted.as_deref().map(|wanted| {
            let from = wanted.partition_point(|line| *line < first);
            let to = wanted.partition_point(|line| *line < end);
            &wanted[from..to]
        })
    }

    /// Whether no wanted line lies at `line` or behind it.
    pub fn is_past(&self, line: u64) -> bool {
        self.wanted.as_deref().is_some_and(|wanted| wanted.last().is_none_or(|last| *last < line))
    }

    /// Puts a batch together: `lines` of its rows, and `arrays` in the order of [`fields`](Self::fields).
    pub fn batch(&self, lines: Vec<u64>, arrays: &[ArrayRef]) -> Result<RecordBatch, SourceError> {
        let rows = lines.len();
        let fields = self.fields();
        let keep: Option<BooleanArray> = match (&self.wanted, &self.traced) {
            (Some(wanted), _) => Some(lines.iter().map(|line| Some(wanted.binary_search(line).is_ok())).collect()),
            (None, Some(((file, line), positions))) => {
                let of = |field, target| self.convert(&arrays[place(&fields, field)], target);
                let files = of(*file, &DataType::UInt32)?;
                let lines = of(*line, &DataType::UInt64)?;
                let pairs = files.as_primitive::<UInt32Type>().iter().zip(lines.as_primitive::<UInt64Type>());
                let is_wanted =
                    |(file, line): (Option<u32>, Option<u64>)| Some(positions.binary_search(&(file?, line?)).is_ok());
                Some(pairs.map(is_wanted).collect())
            }
            (None, None) => None,
        };
        let lines: ArrayRef = Arc::new(UInt64Array::from(lines));
        let columns = self
            .origins
            .iter()
            .zip(self.schema.fields())
            .map(|(origin, target)| match origin {
                Origin::Field(field) => {
                    let array = &arrays[place(&fields, *field)];
                    if !target.is_nullable() && array.null_count() > 0 {
                        return Err(self.untraced(target.name()));
                    }
                    self.convert(array, target.data_type())
                }
                Origin::Key(_) | Origin::Constant(None) => Ok(new_null_array(target.data_type(), rows)),
                Origin::Constant(Some(text)) => {
                    let array: StringViewArray = std::iter::repeat_n(Some(text.as_ref()), rows).collect();
                    self.convert(&(Arc::new(array) as ArrayRef), target.data_type())
                }
                Origin::File => Ok(Arc::new(UInt32Array::from_value(self.file, rows)) as ArrayRef),
                Origin::Line => Ok(Arc::clone(&lines)),
            })
            .collect::<Result<Vec<ArrayRef>, SourceError>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| self.unreadable(error))?;
        match keep {
            Some(keep) => filter_record_batch(&batch, &keep).map_err(|error| self.unreadable(error)),
            None => Ok(batch),
        }
    }

    /// Hidden columns are never NULL; a query can make them so, with an outer join.
    fn untraced(&self, column: &str) -> SourceError {
        let fact = format!("the query gives a row whose `{column}` is NULL");
        SourceError::new(&code::SQL_LINEAGE, &self.source, fact)
            .help("select `_file` and `_line` of the side of the join that every row has")
    }

    fn convert(&self, array: &ArrayRef, target: &DataType) -> Result<ArrayRef, SourceError> {
        if array.data_type() == target {
            return Ok(Arc::clone(array));
        }
        cast(array, target).map_err(|error| self.unreadable(error))
    }

    /// The file cannot be read on.
    pub fn unreadable(&self, why: impl std::fmt::Display) -> SourceError {
        self.input.unreadable(&self.source, &self.shown, why)
    }

    /// Runs foreign code over the file: libraries that assert what a damaged file does not keep must not end the run.
    pub fn guard<T>(&self, read: impl FnOnce() -> Result<T, SourceError>) -> Result<T, SourceError> {
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(self.unreadable("the file is damaged")))
    }
}

/// Where the array of `field` stands among those of `fields`.
fn place(fields: &[usize], field: usize) -> usize {
    fields.binary_search(&field).expect("every field of an origin is among the fields")
}

/// A record that cannot be read, in 24 bytes: a broken export may have millions of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Why.
    pub code: &'static Code,
    /// Its line.
    pub line: u64,
    /// The file's place in its source.
    pub file: u32,
    /// What the message needs beside the code, e.g. the number of fields found.
    pub detail: u32,
}

/// What reading a piece, or the end of a file, showed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Records, readable or not.
    pub records: u64,
    /// Blank lines and footer records.
    pub skipped: u64,
    /// Those of the records that cannot be read.
    pub unreadable: Vec<Fault>,
}

/// A file being read, by whoever holds the lock.
pub(super) trait Pieces: Send {
    /// The next piece, in file order.
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError>;

    /// After the last piece: what belongs to none of them.
    fn ending(&mut self) -> Ending {
        Ending::default()
    }
}

/// What the end of a file showed.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Footer records and what else no piece counted.
    pub skipped: u64,
    /// The first records of the footer, as they are written.
    pub footer: Vec<String>,
    /// A footer was expected and is not there.
    pub footer_missing: bool,
    /// Where the pieces of the file begin, where that allows to return to one.
    pub index: Vec<Mark>,
    /// The line behind the last byte, where lines are counted so.
    pub next_line: u64,
}

/// Where a piece begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Bytes of text before it.
    pub offset: u64,
    /// The line on which it begins.
    pub line: u64,
    /// A piece of a CSV file whose quotes are well-formed.
    pub regular: bool,
}

/// A piece of a file, to be decoded by whoever took it.
pub(super) trait Piece: Send {
    /// The next batch, rows ascending; after the last one `None`.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError>;

    /// After the last batch: what was found.
    fn tally(&mut self) -> Tally;

    /// The raw text of the wanted records that are unreadable, by line.
    fn raw(&mut self) -> Vec<(u64, Vec<u8>)> {
        Vec::new()
    }
}
