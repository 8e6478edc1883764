//! The state of a mapping's rows while they are settled: each stage takes it and leaves its verdicts in it.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::settle::barrier::Barrier;
use crate::settle::budget::Lease;
use crate::settle::cells::RowCells;
use crate::settle::column::Column;
use crate::settle::error::Error;
use crate::settle::fate::{Fate, Position, Reason, Refusal};
use crate::settle::pivot::Pivoted;
use crate::settle::reasons::Reasons;
use crate::settle::rows::{Cursor, Rewritten, RowReader, Rows};
use crate::settle::rules::Task;
use crate::settle::spill::Spill;
use crate::settle::tally::Tally;
use crate::settle::winner::Winners;

/// What a note becomes: a row that was written anew.
pub(super) const REWRITTEN_BYTES: usize = size_of::<Rewritten>();

/// What is known so far.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) task: Arc<Task>,
    pub(super) rows: Rows,
    pub(super) files: Vec<File>,
    pub(super) winners: Winners,
    /// Reasons of the rows whose fate is `RejectedReason`.
    pub(super) reasons: Reasons,
    /// What else is to be done with rows or counted, if they are written in the end.
    pub(super) notes: Vec<Note>,
    /// Rows of accounts that are not known, whatever becomes of them.
    pub(super) unknown: Vec<u32>,
    pub(super) refusals: BTreeMap<&'static str, Refusal>,
    /// Per row the row of its parent, where there are loops to be told of; else empty.
    pub(super) links: Column<u32>,
    /// Depth in the hierarchy, where it is asked for.
    pub(super) depth: Vec<u32>,
    pub(super) tally: Tally,
    /// What a pivot made.
    pub(super) pivoted: Option<Pivoted>,
    /// (row, column) of faulty cells, where rows are merged cell by cell.
    pub(super) faulty: HashSet<(u32, u32)>,
    /// (row, column) of cells filled with the value published last, likewise.
    pub(super) kept: HashSet<(u32, u32)>,
    /// What settling took of the budget.
    pub(super) lease: Lease,
    /// What verdicts on single rows took of it.
    pub(super) verdicts: Lease,
    /// What the sinks took of it.
    pub(super) leases: Vec<Lease>,
}

/// A verdict that leaves the row in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Note {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) kind: NoteKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoteKind {
    /// The parent's cell is emptied.
    Detached,
    /// A dangling reference is emptied.
    Emptied,
    /// A dangling reference passes.
    Warned,
    /// An account that is not known passes.
    New,
}

impl Case {
    pub(super) fn new(task: &Arc<Task>, barrier: Barrier, winners: Winners, lease: Lease, reasons: Reasons) -> Self {
        Self {
            task: Arc::clone(task),
            rows: barrier.rows,
            files: barrier.files,
            faulty: barrier.faulty,
            kept: barrier.kept,
            winners,
            reasons,
            notes: Vec::new(),
            unknown: Vec::new(),
            refusals: BTreeMap::new(),
            links: Column::default(),
            depth: Vec::new(),
            tally: barrier.tally,
            pivoted: None,
            verdicts: lease.another(),
            lease,
            leases: barrier.leases,
        }
    }

    pub(super) fn is_written(&self, row: usize) -> bool {
        self.rows.marks.is_written(row)
    }

    /// Rejects `row`, or adds a reason.
    pub(super) fn reject(&mut self, row: usize, reason: Reason) {
        self.rows.marks.set_fate(row, Fate::RejectedReason);
        self.reasons.push(row as u32, reason, self.rows.count);
    }

    /// The row with which the rejection of `row` began.
    pub(super) fn cause(&self, row: u32) -> u32 {
        self.reasons.cause(row).unwrap_or(row)
    }

    /// Notes that a policy refuses the run because of `row`; `message` says what all such rows have in common.
    pub(super) fn refuse(&mut self, code: &'static str, message: &'static str, row: usize) {
        let position = Position::unpack(self.rows.position.get(row));
        let refusal = Refusal { code, message: message.to_owned(), rows: 0, first: position };
        let refusal = self.refusals.entry(message).or_insert(refusal);
        refusal.rows += 1;
        refusal.first = refusal.first.min(position);
    }

    pub(super) fn note(&mut self, row: usize, column: usize, kind: NoteKind) {
        self.notes.push(Note { row: row as u32, column: column as u32, kind });
    }

    /// Takes from the budget what is known of single rows by now.
    pub(super) fn hold_verdicts(&mut self) -> Result<(), Error> {
        let notes = self.notes.len() * (size_of::<Note>() + REWRITTEN_BYTES);
        let held = self.reasons.bytes() + notes + self.unknown.len() * 4;
        self.verdicts.shrink_to(held as u64);
        let more = held as u64 - self.verdicts.bytes();
        self.verdicts.take(more, "telling of single rows")
    }

    /// Counts the notes of rows that are written in the end, and writes those with cells to be emptied anew. Rows
    /// rejected meanwhile keep their bytes: reports show them.
    pub(super) fn follow_notes(&mut self, directory: &Path) -> Result<(), Error> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.retain(|note| self.is_written(note.row as usize));
        notes.sort_unstable();
        notes.dedup();
        for note in &notes {
            let code = match note.kind {
                NoteKind::Detached => "W905",
                NoteKind::Emptied => "W907",
                NoteKind::Warned => "W906",
                NoteKind::New => "W922",
            };
            self.tally.code(code, note.column as usize, 1);
        }
        notes.retain(|note| !matches!(note.kind, NoteKind::Warned | NoteKind::New));
        if notes.is_empty() {
            return Ok(());
        }
        let places = self.task.layout.places();
        let mut spill = Spill::create(directory)?;
        let file = self.files.len() as u32;
        let mut rewritten = Vec::new();
        let mut cells = RowCells::new();
        let (mut reader, mut cursor) = (RowReader::new(&self.files), Cursor::new(&self.rows));
        for group in notes.chunk_by(|one, other| one.row == other.row) {
            let row = group[0].row;
            cells.decode(reader.read(cursor.extent(row as usize))?);
            let is_blank = |place: usize| group.iter().any(|note| places[note.column as usize] == Some(place));
            for place in (0..cells.len()).filter(|place| is_blank(*place) && !cells.get(*place).is_empty()) {
                self.tally.filled[place] -= 1;
            }
            let texts = (0..cells.len()).map(|place| if is_blank(place) { b"" } else { cells.get(place) });
            let offset = spill.length();
            spill.buffer.row(texts, self.task.layout.line_ending());
            rewritten.push(Rewritten { row, file, offset, length: spill.length() - offset });
            spill.flush_if_large()?;
        }
        self.files.push(spill.finish()?);
        self.rows.rewrite(rewritten);
        Ok(())
    }
}
