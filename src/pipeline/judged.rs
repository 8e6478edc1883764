//! Judged rows as people are told about them: each cell as read and as written, what is wrong with it, the source record.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{UInt8Type, UInt32Type, UInt64Type};

use crate::functions::{LookupTables, explain, fault, text_of};
use crate::pipeline::{Failure, words};
use crate::resolve::{CellSpec, Input, Resolved};
use crate::settle::{Kept, Layout};

/// One of the judged structs.
pub(super) struct Judged<'a> {
    pub name: &'a str,
    pub source_column: &'a str,
    pub cell: &'a CellSpec,
    /// Where it comes from; none for parts of a pivot.
    pub input: Option<&'a Input>,
}

/// The judged structs, in the order in which the report's SQL has them.
pub(super) fn judged(resolved: &Resolved) -> Vec<Judged<'_>> {
    let columns = super::task::judged(resolved).into_iter().map(|index| &resolved.columns[index]);
    let mut all: Vec<Judged<'_>> = columns
        .map(|column| Judged {
            name: &column.name,
            source_column: column.source_column().unwrap_or_default(),
            cell: &column.cell,
            input: Some(&column.input),
        })
        .collect();
    if let Some(order) = &resolved.duplicates.order {
        let source_column = match &order.input {
            Input::Field(name) => name.as_str(),
            _ => "",
        };
        all.push(Judged { name: "duplicates.by", source_column, cell: &order.cell, input: Some(&order.input) });
    }
    if let Some(pivot) = &resolved.pivot {
        let names = ["pivot.module", "pivot.action", "pivot.value"];
        let parts = names.iter().zip(&pivot.cells);
        all.extend(parts.map(|(name, cell)| Judged { name, source_column: "", cell, input: None }));
    }
    all
}

impl Judged<'_> {
    /// What is wrong with this cell of a row; `names` are those of the batch's fields.
    pub fn message(
        &self,
        names: &[String],
        tables: &LookupTables,
        (batch, row): (&Batch, usize),
        found: u8,
        input: Option<&str>,
    ) -> String {
        let field = |name: &str| {
            let place = names.iter().position(|field| field == name)?;
            text_at(&batch.fields[place], row)
        };
        let before = self.input.and_then(|from| Some((words::judged_before(found, from, field)?, from)));
        match before {
            Some((text, from)) if found == fault::TAG_UNKNOWN => {
                explain(self.cell, tables, found, Some(&text)) + &words::near_tag(&text, from)
            }
            Some((text, _)) => explain(self.cell, tables, found, Some(&text)),
            None => explain(self.cell, tables, found, input),
        }
    }
}

/// One batch of the report's SQL, its inputs and fields as text.
pub(super) struct Batch {
    pub batch: RecordBatch,
    /// The same in the shape of the judging plan.
    pub judged: RecordBatch,
    pub inputs: Vec<StringViewArray>,
    pub fields: Vec<StringViewArray>,
    /// Row and column of each cell that keeps the value published last.
    kept: Vec<(usize, usize)>,
}

impl Batch {
    /// `judged` structs come first, then fields.
    pub fn new(batch: RecordBatch, judged: usize) -> Result<Self, Failure> {
        let arrow = |error: datafusion::arrow::error::ArrowError| Failure::engine(&error.into(), None);
        let text = |column: &ArrayRef| text_of(column).map_err(arrow);
        let structs = (0..judged).map(|number| 3 + 2 * number);
        let shape: Vec<usize> = [0, 1].into_iter().chain(structs).collect();
        Ok(Self {
            inputs: (0..judged).map(|number| text(batch.column(2 + 2 * number))).collect::<Result<_, _>>()?,
            fields: batch.columns()[2 + 2 * judged..].iter().map(text).collect::<Result<_, _>>()?,
            judged: batch.project(&shape).map_err(arrow)?,
            batch,
            kept: Vec::new(),
        })
    }

    /// Fills empty cells as they were filled when the rows were judged.
    pub fn keep(&mut self, kept: &Kept, layout: &Layout) -> Result<(), Failure> {
        let (filled, places) = kept.look(&self.judged, layout)?;
        if !places.is_empty() {
            self.judged = filled.into_owned();
        }
        self.kept = places;
        Ok(())
    }

    /// Whether the cell of the struct `number` keeps the value published last.
    pub fn is_kept(&self, number: usize, row: usize) -> bool {
        self.kept.contains(&(row, number))
    }

    /// File and line of a row.
    pub fn place(&self, row: usize) -> (u32, u64) {
        let file = self.batch.column(0).as_primitive::<UInt32Type>().value(row);
        (file, self.batch.column(1).as_primitive::<UInt64Type>().value(row))
    }

    /// The fault of the struct `number`.
    pub fn fault(&self, number: usize, row: usize) -> u8 {
        self.judged.column(2 + number).as_struct().column(1).as_primitive::<UInt8Type>().value(row)
    }

    /// The value of the struct `number`.
    pub fn value(&self, number: usize, row: usize) -> Option<&str> {
        text_at(self.judged.column(2 + number).as_struct().column(0).as_string_view(), row)
    }
}

/// The text of a cell; none if it is empty.
pub(super) fn text_at(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}
