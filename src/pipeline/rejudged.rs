//! Rejected records, read and judged again: what they were made of beside what they became.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{UInt8Type, UInt32Type, UInt64Type};

use crate::functions::text_of;
use crate::pipeline::Failure;

/// One batch of the report's SQL, its inputs and fields as text.
pub(super) struct Batch {
    pub(super) batch: RecordBatch,
    /// The same in the shape of the judging plan.
    pub(super) judged: RecordBatch,
    pub(super) inputs: Vec<StringViewArray>,
    pub(super) fields: Vec<StringViewArray>,
}

impl Batch {
    pub(super) fn new(batch: RecordBatch, judged: usize) -> Result<Self, Failure> {
        let arrow = |error: datafusion::arrow::error::ArrowError| Failure::engine(&error.into(), None);
        let text = |column: &ArrayRef| text_of(column).map_err(arrow);
        let structs = (0..judged).map(|number| 3 + 2 * number);
        let shape: Vec<usize> = [0, 1].into_iter().chain(structs).collect();
        Ok(Self {
            inputs: (0..judged).map(|number| text(batch.column(2 + 2 * number))).collect::<Result<_, _>>()?,
            fields: batch.columns()[2 + 2 * judged..].iter().map(text).collect::<Result<_, _>>()?,
            judged: batch.project(&shape).map_err(arrow)?,
            batch,
        })
    }

    pub(super) fn place(&self, row: usize) -> (u32, u64) {
        let file = self.batch.column(0).as_primitive::<UInt32Type>().value(row);
        (file, self.batch.column(1).as_primitive::<UInt64Type>().value(row))
    }

    /// What a judged cell became; empty for none.
    pub(super) fn value(&self, number: usize, row: usize) -> &str {
        let values = self.judged.column(2 + number).as_struct().column(0).as_string_view();
        text_at(values, row).unwrap_or_default()
    }

    pub(super) fn fault(&self, number: usize, row: usize) -> u8 {
        self.judged.column(2 + number).as_struct().column(1).as_primitive::<UInt8Type>().value(row)
    }
}

/// The text of a cell; none for NULL.
pub(super) fn text_at(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}
