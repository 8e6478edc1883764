//! A sink whose rows are settled in another process, and that process's own sink, which takes them in.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::find_code;
use crate::settle::asked::{Asked, look_up};
use crate::settle::budget::{Budget, record_bytes};
use crate::settle::carried::{pieces, put_together};
use crate::settle::error::Error;
use crate::settle::gather::Groups;
use crate::settle::portion::Portion;
use crate::settle::record::{Records, link_columns};
use crate::settle::rules::Task;
use crate::settle::sink::Sink;
use crate::settle::spill::Spill;
use crate::settle::tally::WarningKind;
use crate::settle::twins::Cases;

/// What was counted over all rows of one part of a source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Rows that came in.
    pub read: u64,
    filled: Vec<u64>,
    /// Warnings by fault number or code, and column.
    warnings: Vec<(Option<u8>, Option<String>, usize, u64)>,
    cases: Cases,
}

impl Sink {
    /// Takes rows that are settled in another process: it knows nothing of what they refer to, and keeps them in memory
    /// until [`portion`](Self::portion) takes them away. `parents` says that some may be known where they are settled.
    ///
    /// # Errors
    /// Our own mistakes in building a task.
    pub fn travelling(task: &Arc<Task>, parents: bool) -> Result<Self, Error> {
        task.layout.check()?;
        let mut sink = Self::new(task, None, (Spill::travelling(), Path::new("")), &Arc::new(Budget::unlimited()))?;
        sink.asked = Some(Asked::new(&task.layout, parents));
        Ok(sink)
    }

    /// Bytes of rows that wait to be taken away.
    pub fn waiting(&self) -> usize {
        self.spill.buffer.len() + self.records.rows as usize * record_bytes(&self.task) as usize
    }

    /// The rows taken since the last call.
    ///
    /// # Errors
    /// None but where records lie on disk, which those of a travelling sink do not.
    pub fn portion(&mut self) -> Result<Portion, Error> {
        let empty = Records::new(link_columns(&self.task.layout));
        let records = std::mem::replace(&mut self.records, empty);
        let rows = records.rows as usize;
        let mut portion = Portion { text: self.spill.buffer.bytes().to_vec(), ..Portion::default() };
        self.spill.buffer.clear();
        let mut ends = Vec::with_capacity(rows);
        records.end.copy(0, rows, &mut ends)?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        portion.lengths = starts.zip(&ends).map(|(start, end)| end - start).collect();
        records.position.copy(0, rows, &mut portion.position)?;
        records.flags.copy(0, rows, &mut portion.flags)?;
        let there = |is_empty: bool| if is_empty { 0 } else { rows };
        records.key.copy(0, there(records.key.is_empty()), &mut portion.key)?;
        records.parent.copy(0, there(records.parent.is_empty()), &mut portion.parent)?;
        records.order.copy(0, there(records.order.is_empty()), &mut portion.order)?;
        records.lower.copy(0, there(records.lower.is_empty()), &mut portion.lower)?;
        for link in &records.links {
            let mut hashes = Vec::new();
            link.copy(0, there(link.is_empty()), &mut hashes)?;
            portion.links.push(hashes);
        }
        if let Some(asked) = &mut self.asked {
            portion.asked = asked.take();
        }
        portion.faulty = std::mem::take(&mut self.faulty);
        Ok(portion)
    }

    /// At the end: what was counted over all rows.
    pub fn totals(self) -> Totals {
        let code = |kind: &WarningKind| match kind {
            WarningKind::Fault(fault) => (Some(*fault), None),
            WarningKind::Code(code) => (None, Some((*code).to_owned())),
        };
        let warnings = self.tally.warnings.iter().map(|((kind, column), rows)| {
            let (fault, code) = code(kind);
            (fault, code, *column, *rows)
        });
        Totals {
            read: self.tally.read,
            filled: self.tally.filled.clone(),
            warnings: warnings.collect(),
            cases: self.cases,
        }
    }

    /// A sink that takes rows in which were judged elsewhere; its temporary file lies in `directory`.
    ///
    /// # Errors
    /// If that cannot be made.
    pub fn receiving(task: &Arc<Task>, directory: &Path, budget: &Arc<Budget>) -> Result<Self, Error> {
        task.layout.check()?;
        Self::new(task, None, (Spill::create(directory)?, directory), budget)
    }

    /// Lays down the encoded rows of what [`Portion::to_bytes`] gave, as they arrive; gives what is to be kept of it until the
    /// rows are [taken in](Self::take_in). Where they are not, their bytes lie in the temporary file for nothing.
    ///
    /// # Errors
    /// The disk is full or fails, or the bytes are something else.
    pub fn lay_down(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let (text, others) = Portion::split(bytes)?;
        Ok(Portion::laid(others, self.spill.lay_down(text)?))
    }

    /// Takes in rows that were judged elsewhere. Parts of a source may come in any order, the rows of one in theirs.
    ///
    /// # Errors
    /// If memory or disk run out, or the rows are of another layout.
    pub fn take_in(&mut self, mut portion: Portion) -> Result<(), Error> {
        let task = Arc::clone(&self.task);
        let links = link_columns(&task.layout);
        if portion.links.len() != links && portion.rows() > 0 {
            return Err(Error::Batch("rows of another layout".to_owned()));
        }
        self.make_room(&task, portion.rows() as u64)?;
        self.lease.take(portion.rows() as u64 * record_bytes(&task), "reading")?;
        if !task.layout.pivots {
            look_up(&task, &mut portion);
        }
        let (start, first) = (portion.laid.start, self.records.rows);
        let ends: Vec<u64> = portion
            .lengths
            .iter()
            .scan(start, |end, length| {
                *end += u64::from(*length);
                Some(*end)
            })
            .collect();
        let records = &mut self.records;
        // Those of other parts may lie between them and the last.
        records.begin_block(start);
        records.extend(&portion.position, &portion.flags, start, &ends)?;
        records.key.extend(&portion.key);
        records.parent.extend(&portion.parent);
        records.order.extend(&portion.order);
        records.lower.extend(&portion.lower);
        records.links.iter_mut().zip(&portion.links).for_each(|(link, more)| link.extend(more));
        self.faulty.extend(portion.faulty.iter().map(|(row, column)| (first + row, *column)));
        Ok(())
    }

    /// Takes in what was counted over the rows of one part.
    pub fn add_totals(&mut self, totals: Totals) {
        self.tally.read += totals.read;
        for (sum, more) in self.tally.filled.iter_mut().zip(&totals.filled) {
            *sum += more;
        }
        for (fault, code, column, rows) in totals.warnings {
            let code = code.and_then(|id| find_code(&id)).map(|code| WarningKind::Code(code.id));
            if let Some(kind) = fault.map(WarningKind::Fault).or(code) {
                *self.tally.warnings.entry((kind, column)).or_default() += rows;
            }
        }
        self.cases.join(totals.cases);
    }

    /// What a pivot folded, in pieces.
    pub fn folded(&self) -> impl Iterator<Item = Vec<u8>> {
        pieces(&self.groups)
    }

    /// Takes in a piece of what a pivot folded elsewhere.
    ///
    /// # Errors
    /// If memory runs out, or what arrived is damaged.
    pub fn take_in_folded(&mut self, piece: &[u8]) -> Result<(), Error> {
        let (rules, layout) = (&self.task.rules, &self.task.layout);
        let empty = Groups::new(rules.pivot.aggregate, layout.key_ignores_case);
        self.groups.join(put_together(piece, empty)?, 0);
        self.lease.take(self.groups.newly_used(), "pivoting")
    }
}
