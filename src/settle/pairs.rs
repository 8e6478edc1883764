//! Folds the rows of a pivot while they are read.

use crate::csv::RowBuffer;
use crate::mapping::{ReferenceMissing, UnknownPolicy};
use crate::settle::amount::{Amount, small};
use crate::settle::batch::{Batch, Cells};
use crate::settle::budget::record_bytes;
use crate::settle::error::Error;
use crate::settle::gather::{Groups, Number, Record};
use crate::settle::judge::judge_reference;
use crate::settle::key::{NONE, hash_parts, hash_text};
use crate::settle::record::{flag, position};
use crate::settle::rules::Task;
use crate::settle::sink::Sink;

/// Pairs remembered; a power of two.
const PAIRS: usize = 512;

/// Rows looked at together.
const GROUP: usize = 16;

/// Numbers of pairs by the views of module and action: within a batch, views that are the same are the same text.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    found: Vec<(u128, u128, u32)>,
}

impl Pairs {
    /// For another batch.
    fn clear(&mut self) {
        self.found.clear();
        self.found.resize(PAIRS, (0, 0, 0));
    }

    /// The number of the pair of `row`, in which both are told.
    fn number(&mut self, groups: &mut Groups, module: &Cells<'_>, action: &Cells<'_>, row: usize) -> u32 {
        let views = (module.view(row), action.view(row));
        let mixed = (views.0 ^ views.1.rotate_left(41)) as u64 ^ (views.0 >> 64 ^ views.1 >> 75) as u64;
        let place = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PAIRS.ilog2());
        let found = &mut self.found[place as usize];
        if (found.0, found.1) != views {
            *found = (views.0, views.1, groups.pair(module.get(row), action.get(row)));
        }
        found.2
    }
}

/// The number in a cell, none in an empty one.
///
/// # Errors
/// If it is too long to be added.
fn number(cells: &Cells<'_>, row: usize) -> Result<Option<Number>, ()> {
    let view = cells.view(row);
    match small(view) {
        Some(value) => Ok(Some(Number::Small(value))),
        None if view == 0 => Ok(None),
        None => Amount::parse(cells.get(row)).map(|amount| Some(Number::of(amount))).ok_or(()),
    }
}

impl Sink {
    fn hash_pivoted(&mut self, task: &Task, columns: &[&Cells<'_>], rows: usize) {
        let ignores_case = task.layout.key_ignores_case;
        self.hashes.clear();
        for row in 0..rows {
            self.hashes.push(match columns {
                [only] => hash_text(only.get(row), ignores_case, &mut self.scratch),
                _ => hash_parts(columns.iter().map(|cells| (cells.get(row), ignores_case)), &mut self.scratch),
            });
        }
    }

    /// Folds the rows of a pivot; only those that cannot be written get a record.
    pub(super) fn pivot(&mut self, task: &Task, batch: &Batch<'_>) -> Result<(), Error> {
        let Some([module, action, value]) = &batch.pivot else { return Ok(()) };
        let columns: Vec<&Cells<'_>> = batch.columns.iter().collect();
        let mut key = RowBuffer::default();
        self.pairs.clear();
        self.hash_pivoted(task, &columns, batch.rows);
        for row in 0..batch.rows {
            if row % GROUP == 0 {
                self.groups.fetch(&self.hashes[row..batch.rows.min(row + GROUP)]);
            }
            let mut flags = self.flags[row];
            let parts = columns.iter().map(|cells| cells.get(row));
            if module.view(row) == 0 || action.view(row) == 0 {
                flags |= flag::KEY;
            }
            let number = number(value, row).unwrap_or_else(|()| {
                flags |= flag::RULE;
                None
            });
            for (index, reference) in task.layout.references.iter().enumerate() {
                let dangles = judge_reference(task, index, columns[reference.column].get(row), &mut self.scratch).1;
                let rejects = match task.unknown_account(index) {
                    Some(policy) => policy == UnknownPolicy::Reject,
                    None => matches!(
                        task.rules.references.get(index).copied().unwrap_or_default(),
                        ReferenceMissing::Reject | ReferenceMissing::Fail
                    ),
                };
                flags |= if dangles && rejects { flag::REFERENCE } else { 0 };
            }
            let place = position(batch.files[row], batch.lines[row])?;
            let hash = self.hashes[row];
            if flags == 0 {
                let order = if task.layout.arrival_order { self.arrived } else { place };
                let value = number.map(|number| (self.pairs.number(&mut self.groups, module, action, row), number));
                self.groups.add(Record { hash, order, position: place, value }, || {
                    key.clear();
                    parts.for_each(|part| key.field(part, false));
                    key.bytes().strip_suffix(b",").expect("a comma stands behind each field")
                });
            } else {
                let start = self.spill.length();
                if flags & flag::KEY == 0 {
                    self.encode_row(task, &columns, row);
                }
                self.records.extend(&[place], &[flags], start, &[self.spill.length()])?;
                self.records.key.push(if flags & flag::KEY == 0 { hash } else { NONE });
                self.lease.take(record_bytes(task), "reading")?;
            }
            self.arrived += 1;
        }
        self.hashes.clear();
        self.lease.take(self.groups.newly_used(), "pivoting")
    }
}
