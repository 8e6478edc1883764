//! Takes the judged rows of one partition: encodes them at once, keeps a narrow record of each.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;

use crate::csv::Tile;
use crate::functions::{CellRules, CellWriter};
use crate::settle::added;
use crate::settle::adding::{Adding, Sums, can_add};
#[cfg(feature = "cluster")]
use crate::settle::asked::Asked;
use crate::settle::batch::{Batch, Cells};
use crate::settle::budget::{Budget, Lease, record_bytes, settle_bytes, settle_bytes_on_disk};
use crate::settle::error::Error;
use crate::settle::gather::Groups;
use crate::settle::judge::{broken_rules, has_rules, has_rules_but_sums, judge_reference};
use crate::settle::key::{NONE, hash_parts, hash_text};
use crate::settle::pairs::Pairs;
use crate::settle::record::{Records, flag, link_columns};
use crate::settle::rules::Task;
use crate::settle::spill::Spill;
use crate::settle::tally::Tally;
use crate::settle::twins::{Cases, lower_hash};
use crate::settle::write::Found;

/// The rows of one partition. Batches must come in the partition's own order; all else is settled afterwards.
#[derive(Debug)]
pub struct Sink {
    pub(super) task: Arc<Task>,
    pub(super) lease: Lease,
    pub(super) spill: Spill,
    directory: PathBuf,
    pub(super) records: Records,
    pub(super) tally: Tally,
    /// (row, column) of each faulty cell, kept only where rows are merged cell by cell.
    pub(super) faulty: Vec<(u32, u32)>,
    /// (row, column) of each cell filled with the value published last, kept likewise.
    pub(super) kept: Vec<(u32, u32)>,
    /// Cases of the letters in keys.
    pub(super) cases: Cases,
    /// Columns that stand in the output.
    pub(super) written: Vec<usize>,
    /// By column: what judges its cells while they are written.
    pub(super) late: Vec<Option<CellWriter>>,
    /// Rows being written.
    pub(super) tile: Tile,
    pub(super) found: Found,
    /// Rows of a pivot, folded.
    pub(super) groups: Groups,
    /// Rows of a pivot seen so far.
    pub(super) arrived: u64,
    pub(super) pairs: Pairs,
    has_rules: bool,
    /// Where rows are added while they are read.
    pub(super) adding: Option<Adding>,
    /// Where rows are judged for another process.
    #[cfg(feature = "cluster")]
    pub(super) asked: Option<Asked>,
    // Facts of the batch at hand, a row each; reused.
    pub(super) flags: Vec<u8>,
    pub(super) hashes: Vec<u128>,
    lower: Vec<u64>,
    pub(super) positions: Vec<u64>,
    pub(super) ends: Vec<u64>,
    pub(super) scratch: Vec<u8>,
}

impl Sink {
    /// The sinks of a run, one for each of `count` partitions; their temporary files lie in `directory`.
    pub fn all(task: &Arc<Task>, count: usize, directory: &Path, budget: &Arc<Budget>) -> Result<Vec<Self>, Error> {
        task.layout.check()?;
        let sums = can_add(task).then(|| Arc::new(Sums::new(task, budget)));
        let adding = |number| sums.as_ref().map(|sums| Adding::new(task, sums, number, count));
        (0..count)
            .map(|number| Self::new(task, adding(number), (Spill::create(directory)?, directory), budget))
            .collect()
    }

    pub(super) fn new(
        task: &Arc<Task>,
        adding: Option<Adding>,
        (spill, directory): (Spill, &Path),
        budget: &Arc<Budget>,
    ) -> Result<Self, Error> {
        let columns = task.layout.columns.iter().enumerate();
        Ok(Self {
            task: Arc::clone(task),
            lease: Lease::new(budget),
            directory: directory.to_owned(),
            spill,
            records: Records::new(link_columns(&task.layout)),
            tally: Tally::new(&task.layout),
            faulty: Vec::new(),
            kept: Vec::new(),
            written: columns.filter(|(_, column)| column.written).map(|(index, _)| index).collect(),
            late: task.layout.columns.iter().map(|_| None).collect(),
            tile: Tile::default(),
            found: Found::default(),
            groups: Groups::new(task.rules.pivot.aggregate, task.layout.key_ignores_case),
            arrived: 0,
            pairs: Pairs::default(),
            has_rules: if adding.is_some() { has_rules_but_sums(task) } else { has_rules(task) },
            adding,
            #[cfg(feature = "cluster")]
            asked: None,
            flags: Vec::new(),
            hashes: Vec::new(),
            lower: Vec::new(),
            cases: Cases::default(),
            positions: Vec::new(),
            ends: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// The plan's columns with rules come as they are read, and are judged by them while rows are written: see
    /// [`Task::may_judge_late`].
    pub fn judge_late(&mut self, rules: &[Option<Arc<CellRules>>]) {
        let writer = |rules: &Option<Arc<CellRules>>| rules.as_ref().map(|rules| CellWriter::new(Arc::clone(rules)));
        self.late = rules.iter().skip(2).take(self.late.len()).map(writer).collect();
    }

    /// Takes the rows of one batch.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let task = Arc::clone(&self.task);
        let batch = match &task.known.kept {
            Some(kept) => {
                let (first, folds) = (self.records.rows, task.folds());
                kept.fill(batch, &task.layout, |row, column| {
                    if folds {
                        self.kept.push((first + row as u32, column as u32));
                    }
                })?
            }
            None => Cow::Borrowed(batch),
        };
        let whole = &*batch;
        let batch = Batch::new(whole, &task.layout, &self.late)?;
        self.tally.read += batch.rows as u64;
        self.judge_cells(&task, &batch);
        self.judge_rows(&task, &batch);
        if let Some(adding) = &mut self.adding {
            adding.read(&batch, &mut self.flags);
        }
        if batch.pivot.is_some() {
            self.pivot(&task, &batch)?;
        } else if let Some(adding) = self.adding.take() {
            self.warn_of_flags(&task, &batch);
            let added = self.add(&task, whole, &batch, adding)?;
            self.adding = Some(added);
        } else {
            self.keep(&task, &batch)?;
            self.warn_of_flags(&task, &batch);
        }
        self.spill.flush_if_large()?;
        Ok(())
    }

    /// Keeps a record of each row, and its bytes.
    fn keep(&mut self, task: &Task, batch: &Batch<'_>) -> Result<(), Error> {
        self.make_room(task, batch.rows as u64)?;
        self.lease.take(batch.rows as u64 * record_bytes(task), "reading")?;
        self.hash_keys(task, batch);
        self.hash_links(task, batch);
        self.encode(task, batch)
    }

    /// Once memory has no room to settle `more` rows, records go to disk, from then on batch by batch.
    pub(super) fn make_room(&mut self, task: &Task, more: u64) -> Result<(), Error> {
        if !self.records.are_stored() {
            // Of all rows settling takes as much more as of these.
            let (settled, read) = (settle_bytes(task), record_bytes(task));
            let bytes = self.lease.used() / read * (settled - read) + more * settled;
            if !task.may_leave_memory() || !self.lease.is_short_of(bytes) {
                return Ok(());
            }
        }
        self.records.store(&self.directory)?;
        // What each row will need all the same: if that is too much, it is said as early as it is known.
        self.lease.shrink_to(settle_bytes_on_disk(task, self.records.rows.into()));
        Ok(())
    }

    /// Adds the rows without fault, keeps the others.
    fn add(
        &mut self,
        task: &Task,
        whole: &RecordBatch,
        batch: &Batch<'_>,
        mut adding: Adding,
    ) -> Result<Adding, Error> {
        Adding::refer(task, batch, &mut self.flags, &mut self.scratch);
        let (lease, spill, records) = (&mut self.lease, &mut self.spill, &mut self.records);
        let (tally, cases) = (&mut self.tally, &mut self.cases);
        adding.add(batch, &self.flags, |shard| {
            lease.take(shard.count() as u64 * record_bytes(task), "reading")?;
            added::flush(task, shard, &mut added::Rows { spill, records, tally, cases })
        })?;
        let rest: Vec<u32> = (0..batch.rows as u32).filter(|row| self.flags[*row as usize] != 0).collect();
        if !rest.is_empty() {
            self.flags.retain(|flags| *flags != 0);
            adding.sums.know(rest.len() as u64);
            let rest = take_record_batch(whole, &UInt32Array::from(rest));
            let rest = rest.map_err(|error| Error::Batch(error.to_string()))?;
            self.keep(task, &Batch::new(&rest, &task.layout, &self.late)?)?;
        }
        Ok(adding)
    }

    /// Column by column: almost always there is no fault in a whole column.
    fn judge_cells(&mut self, task: &Task, batch: &Batch<'_>) {
        self.flags.clear();
        self.flags.resize(batch.rows, 0);
        let merges = task.folds() && !task.adds();
        for (index, cells) in batch.columns.iter().enumerate().filter(|(_, cells)| cells.has_faults()) {
            let fault_flag = if task.layout.key.contains(&index) { flag::KEY } else { flag::CELL };
            let mut warnings = [0; 256];
            for (row, fault) in cells.faults.iter().enumerate().filter(|(_, fault)| **fault != 0) {
                if task.layout.warnings.contains(*fault) {
                    warnings[usize::from(*fault)] += 1;
                } else {
                    self.flags[row] |= fault_flag;
                    if merges {
                        self.faulty.push((self.records.rows + row as u32, index as u32));
                    }
                }
            }
            self.tally.faults(&warnings, index);
        }
        // Without a readable order the winner cannot be known: such a row does not compete.
        let order = batch.order.as_ref().and_then(|order| order.cells());
        for cells in order.into_iter().chain(batch.pivot.iter().flatten()).filter(|cells| cells.has_faults()) {
            for (flags, fault) in self.flags.iter_mut().zip(cells.faults) {
                if *fault != 0 && !task.layout.warnings.contains(*fault) {
                    *flags |= flag::KEY;
                }
            }
        }
    }

    fn judge_rows(&mut self, task: &Task, batch: &Batch<'_>) {
        if !self.has_rules {
            return;
        }
        for (row, flags) in self.flags.iter_mut().enumerate() {
            if !broken_rules(task, |column| batch.columns[column].get(row)).is_empty() {
                *flags |= flag::RULE;
            }
        }
    }

    /// Counts rows without fault in which a flag stands alone that another should stand beside.
    fn warn_of_flags(&mut self, task: &Task, batch: &Batch<'_>) {
        for (column, needs) in &task.layout.implies {
            let [column_cells, needs_cells] = [column, needs].map(|index| &batch.columns[*index]);
            let alone = |row: &usize| column_cells.get(*row) == b"yes" && needs_cells.get(*row) != b"yes";
            let rows = (0..batch.rows).filter(|row| self.flags[*row] & flag::FAULTY == 0).filter(alone).count();
            self.tally.code("W914", *needs, rows as u64);
        }
    }

    fn hash_keys(&mut self, task: &Task, batch: &Batch<'_>) {
        let layout = &task.layout;
        if layout.has_plain_key() {
            let cells = &batch.columns[layout.key[0]];
            let watches_case = task.watches_case();
            for (row, flags) in self.flags.iter_mut().enumerate() {
                let key = cells.get(row);
                if key.is_empty() {
                    *flags |= flag::KEY;
                }
                let good = *flags & flag::KEY == 0;
                let hash = if good { hash_text(key, layout.key_ignores_case, &mut self.scratch) } else { NONE };
                self.hashes.push(hash);
                if watches_case {
                    self.lower.push(if good { lower_hash(key, &mut self.cases) } else { 0 });
                }
            }
            self.records.lower.extend(&self.lower);
            self.lower.clear();
        } else if !layout.key.is_empty() {
            // Rows of foreign keys are duplicates only if all of them is equal; accounts are told apart by case.
            let whole = !layout.foreign_keys.is_empty();
            let parts: Vec<(&Cells<'_>, bool)> = if whole {
                let columns = self.written.iter();
                columns.map(|index| (&batch.columns[*index], layout.foreign_keys.contains(index))).collect()
            } else {
                layout.key.iter().map(|index| (&batch.columns[*index], layout.key_ignores_case)).collect()
            };
            for (row, flags) in self.flags.iter().enumerate() {
                let cells = parts.iter().map(|(cells, ignores_case)| (cells.get(row), *ignores_case));
                let good = flags & flag::KEY == 0;
                self.hashes.push(if good { hash_parts(cells, &mut self.scratch) } else { NONE });
            }
        }
        self.records.key.extend(&self.hashes);
        self.hashes.clear();
    }

    fn hash_links(&mut self, task: &Task, batch: &Batch<'_>) {
        let layout = &task.layout;
        #[cfg(feature = "cluster")]
        if let Some(asked) = &mut self.asked {
            asked.note(layout, batch, &mut self.scratch);
        }
        if let Some(parent) = layout.parent {
            let cells = &batch.columns[parent];
            for (row, flags) in self.flags.iter_mut().enumerate() {
                let value = cells.get(row);
                let hash = if value.is_empty() { NONE } else { task.link_hash(value, &mut self.scratch) };
                if hash != NONE && task.known.accounts.holds(value) {
                    *flags |= flag::PARENT_KNOWN;
                }
                self.hashes.push(hash);
            }
            self.records.parent.extend(&self.hashes);
            self.hashes.clear();
        }
        let mut link = 0;
        for (index, reference) in layout.references.iter().enumerate() {
            let cells = &batch.columns[reference.column];
            for (row, flags) in self.flags.iter_mut().enumerate() {
                let (hash, dangles) = judge_reference(task, index, cells.get(row), &mut self.scratch);
                *flags |= if dangles { flag::REFERENCE } else { 0 };
                if reference.itself {
                    self.records.links[link].push(hash);
                }
            }
            link += usize::from(reference.itself);
        }
        if !layout.foreign_keys.is_empty() {
            let account = std::iter::once((layout.key[0], false));
            let columns = account.chain(layout.foreign_keys.iter().map(|column| (*column, true)));
            for (place, (column, ignores_case)) in columns.enumerate() {
                for row in 0..batch.rows {
                    let value = batch.columns[column].get(row);
                    let good = !value.is_empty() && self.flags[row] & flag::KEY == 0;
                    let hash = if good { hash_text(value, ignores_case, &mut self.scratch) } else { NONE };
                    self.records.links[link + place].push(hash);
                }
            }
        }
    }
}
