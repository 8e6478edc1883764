//! The verdict over all rows of a mapping, to be written out and reported.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::csv::decode_row;
use crate::mapping::DuplicatePolicy;
use crate::settle::case::{Case, REWRITTEN_BYTES};
use crate::settle::cells::RowCells;
use crate::settle::column::Column;
use crate::settle::deal::Room;
use crate::settle::error::Error;
use crate::settle::explain::{Explainer, key_text};
use crate::settle::fate::{Counts, Duplicate, Fate, Position, Reason, Refusal, Rejected};
use crate::settle::key::hash_text;
use crate::settle::key_set::{KeySet, KeySetBuilder};
use crate::settle::levels;
use crate::settle::rows::{Cursor, Extent, RowReader};
use crate::settle::rules::Task;
use crate::settle::tally::Warning;
use crate::settle::twins;
use crate::settle::winner::itself;

/// Bytes for each row of an account that is not known, while these are listed.
pub(super) const LISTED_BYTES: u64 = 40;

/// What became of every row.
#[derive(Debug)]
pub struct Settled {
    /// Headers of the output.
    pub header: Vec<String>,
    /// Headers that a pivot's rows would make, but for `top` or a fixed header.
    pub left_out: Vec<String>,
    /// Outputs that the rows make: 1, or more under `split`.
    pub passes: usize,
    /// Where the rows went.
    pub counts: Counts,
    /// Warnings by kind and column. Faults that pass are counted over all rows read, the others over written rows.
    pub warnings: Vec<Warning>,
    /// Policies that refuse the run.
    pub refusals: Vec<Refusal>,
    pub(super) case: Case,
    /// Rows in the order of the output, where that is not source order.
    order: Vec<u32>,
    /// Of the rows in the order of the output those that are left out of it, a bit each; empty: none.
    omitted: Vec<u64>,
}

impl Settled {
    pub(super) fn new(mut case: Case, room: Option<&Room<'_>>) -> Result<Self, Error> {
        case.reasons.finish();
        // What was only needed to find one row from another makes room for what is looked for now.
        case.winners.table = Default::default();
        case.rows.links = Vec::new();
        // Under `split` rows of one key stand in several outputs: they are one id, not twins.
        let first = |row: usize| case.is_written(row) && case.winners.pass.get(row).is_none_or(|pass| *pass == 0);
        let twins = if case.task.watches_case() { twins::count(&case.rows, room, first)? } else { 0 };
        if let Some(column) = case.task.layout.key.first() {
            case.tally.code("W903", *column, twins);
        }
        let level_type = case.task.layout.level_type.filter(|_| case.task.wants_depth());
        if let Some((column, place)) = level_type.and_then(|column| Some((column, case.task.layout.places()[column]?)))
        {
            let rows = levels::out_of_level(&case, place)?;
            case.tally.code("W913", column, rows);
        }
        let order = if case.task.rules.hierarchy.parents_first { by_depth(&case) } else { Vec::new() };
        let passes = case.winners.pass.iter().max().map_or(1, |last| *last as usize + 1);
        let mut settled = Self {
            header: case
                .pivoted
                .as_mut()
                .map_or_else(|| case.task.layout.header(), |made| std::mem::take(&mut made.header)),
            left_out: case.pivoted.as_mut().map(|made| std::mem::take(&mut made.left_out)).unwrap_or_default(),
            passes,
            counts: count(&case),
            warnings: case.tally.warnings(),
            refusals: case.refusals.values().cloned().collect(),
            case,
            order,
            omitted: Vec::new(),
        };
        settled.free();
        Ok(settled)
    }

    /// Drops what only settling needed.
    fn free(&mut self) {
        let case = &mut self.case;
        (case.rows.parent, case.rows.order) = (Column::default(), Column::default());
        case.rows.lower = Column::default();
        case.depth = Vec::new();
        case.leases.clear();
        let order = if self.order.is_empty() { 0 } else { 4 };
        let records = match case.rows.position.in_memory() {
            Some(_) => 8 + 4 + if case.rows.key.is_empty() { 0 } else { 16 + 4 },
            None => 0,
        };
        let links = if case.links.in_memory().is_some_and(|links| !links.is_empty()) { 4 } else { 0 };
        let rewritten = (case.rows.rewritten.len() * REWRITTEN_BYTES) as u64;
        case.lease.shrink_to(case.rows.count as u64 * (1 + records + order + links) + rewritten);
    }

    /// What was settled.
    pub fn task(&self) -> &Arc<Task> {
        &self.case.task
    }

    /// The temporary files that extents name. They have no names and go with this value.
    pub fn files(&self) -> &[File] {
        &self.case.files
    }

    /// The rows of output `pass` (from 0), one extent each, in order.
    pub fn rows(&self, pass: usize) -> impl Iterator<Item = Extent> + '_ {
        let mut cursor = Cursor::new(&self.case.rows);
        let in_order = self.order.iter().filter(move |row| self.pass_of(**row as usize) == pass);
        // Ordered by depth, rows rise within each.
        let (mut deeper, mut last) = (Cursor::new(&self.case.rows), 0);
        let in_order = in_order.map(move |row| {
            if *row < last {
                deeper = Cursor::new(&self.case.rows);
            }
            last = *row;
            deeper.extent(*row as usize)
        });
        let count = if self.order.is_empty() { self.case.rows.count } else { 0 };
        let wanted = (0..count).filter(move |row| self.case.is_written(*row) && self.pass_of(*row) == pass);
        let all = in_order.chain(wanted.map(move |row| cursor.extent(row)));
        all.enumerate().filter(|(number, _)| !self.is_omitted(*number)).map(|(_, extent)| extent)
    }

    /// Goes through the bytes of every row of the output, pass by pass, in order.
    ///
    /// # Errors
    /// If a temporary file fails, or what `take` gives.
    pub fn each_written<E: From<io::Error>>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut reader = RowReader::new(&self.case.files);
        (0..self.passes).flat_map(|pass| self.rows(pass)).try_for_each(|extent| take(reader.read(extent)?))
    }

    /// Leaves rows out of the output because Totango has them already: a bit each, in the order of the output. Only with one
    /// pass.
    pub fn omit(&mut self, rows: Vec<u64>) {
        let count: u64 = rows.iter().map(|bits| u64::from(bits.count_ones())).sum();
        self.counts.written -= count;
        self.counts.unchanged = count;
        self.omitted = rows;
    }

    fn is_omitted(&self, number: usize) -> bool {
        self.omitted.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// The same, with rows that lie one behind the other as one extent.
    pub fn extents(&self, pass: usize) -> Box<dyn Iterator<Item = Extent> + '_> {
        let marks = &self.case.rows.marks;
        if self.order.is_empty() && self.omitted.is_empty() && self.case.winners.pass.is_empty() {
            // All written rows in source order: whole stretches at once.
            let (mut cursor, mut at, mut end) = (Cursor::new(&self.case.rows), 0, 0);
            return Box::new(std::iter::from_fn(move || {
                if at == end {
                    std::ops::Range { start: at, end } = marks.next_written(at)?;
                }
                let extent = cursor.stretch(at, end);
                at += extent.rows as usize;
                Some(extent)
            }));
        }
        let mut rows = self.rows(pass).peekable();
        Box::new(std::iter::from_fn(move || {
            let mut extent = rows.next()?;
            while let Some(next) =
                rows.next_if(|next| next.file == extent.file && next.offset == extent.offset + extent.length)
            {
                extent.length += next.length;
                extent.rows += next.rows;
            }
            Some(extent)
        }))
    }

    fn pass_of(&self, row: usize) -> usize {
        self.case.winners.pass.get(row).map_or(0, |pass| *pass as usize)
    }

    /// Rows that are not written although no other row of their key was taken: each reason of each row, in source order.
    pub fn rejected(&self) -> impl Iterator<Item = Rejected> + '_ {
        (0..self.case.rows.count).flat_map(|row| self.reasons(row))
    }

    /// Why `row` is rejected; nothing if it is not.
    pub(super) fn reasons(&self, row: usize) -> Vec<Rejected> {
        let rejected = |reasons: Vec<Reason>| {
            let position = Position::unpack(self.case.rows.position.get(row));
            reasons.into_iter().map(|reason| Rejected { row, position, reason }).collect()
        };
        match self.fate(row) {
            Fate::RejectedKey | Fate::RejectedCells => rejected(vec![Reason::Cells]),
            Fate::RejectedReason => rejected(self.case.reasons.of(row)),
            Fate::Written | Fate::Duplicate | Fate::Merged => Vec::new(),
        }
    }

    /// Goes through the rows that are encoded and not written, in source order, and tells of each that lost to another row of
    /// its key, with that key. Gives the non-empty cells of the written rows, per column of `header`: those of all rows less
    /// what is left out here.
    ///
    /// # Errors
    /// If a temporary file fails, or what `tell` gives.
    pub fn leave_out<E: From<io::Error>>(
        &self,
        mut tell: impl FnMut(&Duplicate, &str) -> Result<(), E>,
    ) -> Result<Vec<u64>, E> {
        let case = &self.case;
        let mut filled = case.tally.filled.clone();
        let (mut reader, mut cursor) = (RowReader::new(&case.files), Cursor::new(&case.rows));
        let places = self.task().layout.places();
        let (mut winner, mut position) = (case.winners.winner.rising(), case.rows.position.rising());
        for (row, fate) in case.rows.marks.fates().enumerate() {
            if matches!(fate, Fate::Written | Fate::RejectedKey) {
                continue;
            }
            let cells = decode_row(reader.read(cursor.extent(row))?);
            for (filled, cell) in filled.iter_mut().zip(cells.clone()) {
                *filled -= u64::from(!cell.is_empty());
            }
            if fate == Fate::Duplicate {
                let cell = |place| cells.clone().nth(place).unwrap_or_default();
                let lost = self.duplicate(row, itself(row as u32, winner.get(row)), position.get(row));
                tell(&lost, &key_text(cell, &self.task().layout, &places))?;
            }
        }
        Ok(filled)
    }

    fn duplicate(&self, row: usize, winner: u32, position: u64) -> Duplicate {
        let case = &self.case;
        let winner_row = winner as usize;
        Duplicate {
            row,
            position: Position::unpack(position),
            winner_row,
            winner: Position::unpack(case.rows.position.get(winner_row)),
            winner_fate: if case.is_written(winner_row) { "written" } else { "rejected" },
            decided_by: self.decided_by(),
        }
    }

    /// Rows that lost to another row of their key, in source order.
    pub fn duplicates(&self) -> impl Iterator<Item = Duplicate> + '_ {
        let lost = (0..self.case.rows.count).filter(|row| self.fate(*row) == Fate::Duplicate);
        lost.map(|row| self.duplicate(row, self.case.winners.of(row as u32), self.case.rows.position.get(row)))
    }

    fn decided_by(&self) -> &'static str {
        let task = &self.case.task;
        if !task.layout.foreign_keys.is_empty() {
            return "equal";
        }
        match task.rules.duplicates {
            DuplicatePolicy::First => "first",
            DuplicatePolicy::Newest => "newest",
            DuplicatePolicy::Merge => "merge",
            DuplicatePolicy::Error => "error",
            _ => "last",
        }
    }

    /// Goes through the accounts that are not known, in source order, and tells of each once: the account, and where it
    /// stands first. Rows that lost to others, or are faulty for other reasons, tell of none.
    ///
    /// # Errors
    /// If a temporary file fails, or what `tell` gives.
    pub fn unknown_accounts<E: From<io::Error> + From<Error>>(
        &self,
        mut tell: impl FnMut(&str, Position) -> Result<(), E>,
    ) -> Result<(), E> {
        let case = &self.case;
        let Some(account) = case.task.layout.references.last().filter(|_| !case.unknown.is_empty()) else {
            return Ok(());
        };
        let Some(place) = case.task.layout.places().get(account.column).copied().flatten() else { return Ok(()) };
        let (mut reader, mut cursor) = (RowReader::new(&case.files), Cursor::new(&case.rows));
        let (mut cells, mut told, mut scratch) = (RowCells::new(), HashSet::new(), Vec::new());
        // An account that is the key stands in one written row, but for rows of a pivot and of several outputs.
        let layout = &case.task.layout;
        let splits = case.task.rules.duplicates == DuplicatePolicy::Split;
        let is_key = layout.key == [account.column] && !layout.pivots && !splits;
        let mut lease = case.lease.another();
        if !is_key {
            lease.take(case.unknown.len() as u64 * LISTED_BYTES, "listing new accounts")?;
        }
        for row in case.unknown.iter().map(|row| *row as usize) {
            cells.decode(reader.read(cursor.extent(row))?);
            let account = cells.get(place);
            if is_key || told.insert(hash_text(account, false, &mut scratch)) {
                tell(&String::from_utf8_lossy(account), Position::unpack(case.rows.position.get(row)))?;
            }
        }
        Ok(())
    }

    /// Whether all that was asked could be answered: what is kept on disk may become unreadable, and then an answer is wrong.
    /// To be asked before anything that was made of answers is published.
    ///
    /// # Errors
    /// What went wrong.
    pub fn check(&self) -> io::Result<()> {
        self.case.rows.check()?;
        self.case.winners.winner.check()?;
        self.case.links.check()?;
        self.case.reasons.check()
    }

    /// What became of `row`.
    pub fn fate(&self, row: usize) -> Fate {
        self.case.rows.marks.fate(row)
    }

    /// Tells keys and reasons in words.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer::new(self)
    }

    /// The keys that are written, for references of other files; of a composite key no other file can name one.
    ///
    /// # Errors
    /// If memory has no room for them.
    pub fn written_keys(&self) -> Result<KeySet, Error> {
        self.keys(|fate| fate == Fate::Written)
    }

    /// Keys of rows that were rejected.
    ///
    /// # Errors
    /// If memory has no room for them.
    pub fn rejected_keys(&self) -> Result<KeySet, Error> {
        self.keys(|fate| matches!(fate, Fate::RejectedCells | Fate::RejectedReason))
    }

    fn keys(&self, wanted: impl Fn(Fate) -> bool) -> Result<KeySet, Error> {
        let count = self.case.rows.marks.fates().filter(|fate| wanted(*fate)).count();
        // Whoever is given them reckons with them from then on.
        self.case.lease.another().take(16 * count as u64, "keys that others refer to")?;
        let (fates, has_keys) = (self.case.rows.marks.fates().enumerate(), !self.case.rows.key.is_empty());
        let mut key = self.case.rows.key.rising();
        let keys = fates.filter(|(_, fate)| has_keys && wanted(*fate)).map(|(row, _)| key.get(row));
        let mut all = Vec::with_capacity(if has_keys { count } else { 0 });
        all.extend(keys.filter(|key| *key != 0));
        Ok(KeySet::from_hashes(all, self.case.task.layout.key_ignores_case))
    }

    /// The values of a written column in the written rows.
    pub fn written_values(&self, column: usize, ignores_case: bool) -> io::Result<KeySet> {
        let mut builder = KeySetBuilder::new(ignores_case);
        if let Some(place) = self.case.task.layout.places().get(column).copied().flatten() {
            let mut reader = RowReader::new(&self.case.files);
            let mut cells = RowCells::new();
            for extent in (0..self.passes).flat_map(|pass| self.rows(pass)) {
                cells.decode(reader.read(extent)?);
                builder.add(cells.get(place));
            }
        }
        Ok(builder.build())
    }
}

/// Written rows by depth, then as in the source.
fn by_depth(case: &Case) -> Vec<u32> {
    let written = (0..case.rows.count).filter(|row| case.is_written(*row));
    let mut order = Vec::with_capacity(written.clone().count());
    order.extend(written.map(|row| row as u32));
    order.sort_unstable_by_key(|row| (case.depth.get(*row as usize).copied().unwrap_or(0), *row));
    order
}

fn count(case: &Case) -> Counts {
    let mut counts = Counts { read: case.tally.read, merged: case.tally.merged, ..Counts::default() };
    for fate in case.rows.marks.fates() {
        match fate {
            Fate::Written => counts.written += 1,
            Fate::Duplicate => counts.duplicate += 1,
            Fate::Merged => counts.merged += 1,
            Fate::RejectedKey | Fate::RejectedCells | Fate::RejectedReason => counts.rejected += 1,
        }
    }
    counts
}
