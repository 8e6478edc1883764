//! Rows as they are written: some of a batch at a time, column by column, to the bytes of the output; then a narrow record of
//! each. Cells that nobody else looks at are judged here, on their way into the row.

use crate::csv::{Full, Tile, decode_row, put_field, put_short, view_length};
use crate::functions::Writing;
use crate::settle::batch::{Batch, Cells};
use crate::settle::error::Error;
use crate::settle::record::{flag, position};
use crate::settle::rules::Task;
use crate::settle::sink::Sink;
use crate::settle::tally::WarningKind;

/// A column on its way into rows.
enum Field<'a> {
    /// Judged already.
    Judged(&'a Cells<'a>),
    /// Judged now; of the layout's column with this number.
    Late(Writing<'a>, usize),
}

/// What is found while rows are written; reused.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By written column: how many cells are not empty.
    filled: Vec<usize>,
    /// Row, column and fault.
    faults: Vec<(usize, usize, u8)>,
}

impl Sink {
    /// The bytes of the output, and each row's record.
    pub(super) fn encode(&mut self, task: &Task, batch: &Batch<'_>) -> Result<(), Error> {
        let start = self.spill.length();
        self.positions.clear();
        self.ends.clear();
        let (mut late, mut tile) = (std::mem::take(&mut self.late), std::mem::take(&mut self.tile));
        let mut found = std::mem::take(&mut self.found);
        let mut fields: Vec<Field<'_>> = Vec::with_capacity(self.written.len());
        for ((column, writer), cells) in late.iter_mut().enumerate().zip(&batch.late) {
            match (writer, cells) {
                (Some(writer), Some(cells)) => fields.push(Field::Late(writer.of(cells), column)),
                _ if task.layout.columns[column].written => fields.push(Field::Judged(&batch.columns[column])),
                _ => {}
            }
        }
        tile.reset();
        let mut first = 0;
        while first < batch.rows {
            let rows = tile.begin(batch.rows - first);
            if found.write(&mut fields, first, &mut tile) == Err(Full) {
                tile.widen();
                continue;
            }
            self.take(task, &found, first, rows, &mut tile)?;
            first += rows;
        }
        drop(fields);
        (self.late, self.tile, self.found) = (late, tile, found);
        for row in 0..batch.rows {
            self.positions.push(position(batch.files[row], batch.lines[row])?);
        }
        self.records.extend(&self.positions, &self.flags, start, &self.ends)?;
        if let Some(order) = &batch.order {
            (0..batch.rows).for_each(|row| self.records.order.push(order.get(row)));
        }
        Ok(())
    }

    /// Takes what was found in some rows, and the rows. One without a good key was judged, but leaves nothing.
    fn take(&mut self, task: &Task, found: &Found, first: usize, rows: usize, tile: &mut Tile) -> Result<(), Error> {
        for &(row, column, fault) in &found.faults {
            if task.layout.warnings.contains(fault) {
                *self.tally.warnings.entry((WarningKind::Fault(fault), column)).or_default() += 1;
            } else {
                self.flags[first + row] |= flag::CELL;
            }
        }
        for (sum, filled) in self.tally.filled.iter_mut().zip(&found.filled) {
            *sum += *filled as u64;
        }
        let ending = task.layout.line_ending();
        for row in 0..rows {
            if self.flags[first + row] & flag::KEY == 0 {
                self.spill.buffer.raw(tile.finish(row, ending));
                self.spill.flush_if_large()?;
            } else {
                let fields = decode_row(tile.row(row));
                let counts = self.tally.filled.iter_mut().zip(fields).filter(|(_, field)| !field.is_empty());
                counts.for_each(|(sum, _)| *sum -= 1);
            }
            self.ends.push(self.spill.length());
        }
        Ok(())
    }

    /// Writes a row of judged cells.
    pub(super) fn encode_row(&mut self, task: &Task, columns: &[&Cells<'_>], row: usize) {
        let out = &mut self.spill.buffer;
        let start = out.len();
        for (cells, filled) in columns.iter().zip(&mut self.tally.filled) {
            let value = cells.get(row);
            out.field(value, cells.bare);
            *filled += u64::from(!value.is_empty());
        }
        out.end_row(start, task.layout.line_ending());
    }
}

impl Found {
    /// Writes `fields` of the rows from `first` on to the rows of `tile`.
    fn write(&mut self, fields: &mut [Field<'_>], first: usize, tile: &mut Tile) -> Result<(), Full> {
        let Self { filled, faults } = self;
        filled.clear();
        faults.clear();
        for field in fields {
            filled.push(match field {
                Field::Judged(cells) => cells.write(first, tile)?,
                Field::Late(writing, column) => {
                    writing.write(first, tile, |row, fault| faults.push((row, *column, fault)))?
                }
            });
        }
        Ok(())
    }
}

impl Cells<'_> {
    /// Writes the cells of the rows from `first` on; gives how many are not empty.
    fn write(&self, first: usize, tile: &mut Tile) -> Result<usize, Full> {
        tile.column(&self.views[first..], |_, view, out| {
            Ok(match view_length(*view) {
                length @ ..=12 => put_short(out, view >> 32, length, self.bare),
                _ => put_field(out, self.long(*view), self.bare),
            })
        })
    }
}
