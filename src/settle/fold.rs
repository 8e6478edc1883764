//! Makes one row out of all rows of a key: `merge` takes the newest non-empty value of each column, `sum` adds the number
//! columns.
//!
//! One pass over the rows that have company, in source order. Per key only the sums and the number of the row that each
//! other cell comes from are kept; when the last row of a key comes by, its row is put together and encoded again.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::settle::amount::Amount;
use crate::settle::case::Case;
use crate::settle::cells::RowCells;
use crate::settle::error::Error;
use crate::settle::fate::{Fate, Reason};
use crate::settle::judge::{BrokenRule, broken_rules, judge_reference};
use crate::settle::key::NONE;
use crate::settle::record::flag;
use crate::settle::rows::{Rewritten, RowReader, Rows};
use crate::settle::rules::Task;
use crate::settle::spill::Spill;
use crate::settle::table::NO_ROW;

/// What the keys with company have gathered so far.
struct Groups {
    /// Per row, for the last row of a key with company: the key's number.
    number: Vec<u32>,
    /// Columns whose newest value is taken: (column, place).
    texts: Vec<(usize, usize)>,
    /// Columns that are added: (column, place).
    sums: Vec<(usize, usize)>,
    /// Per key and text: the row whose cell is the newest.
    newest: Vec<u32>,
    /// Per key and sum: the sum, and whether there was anything to add.
    amounts: Vec<(Amount, bool)>,
}

/// What went wrong with folded rows.
#[derive(Default)]
struct Verdicts {
    /// Rows whose faulty cell was the newest of its column.
    spoilers: HashSet<u32>,
    /// By the last row of the key: the row that now stands for it.
    spoiled: HashMap<u32, u32>,
    broken: Vec<(u32, BrokenRule)>,
}

/// Folds, if the task says so.
pub(super) fn fold(case: &mut Case, directory: &Path) -> Result<(), Error> {
    let task = case.task.clone();
    if !task.folds() || case.rows.key.is_empty() {
        return Ok(());
    }
    let mut groups = Groups::new(case, &task)?;
    let mut spill = Spill::create(directory)?;
    let (mut reader, mut others) = (RowReader::new(&case.files), RowReader::new(&case.files));
    let (mut cells, mut other, mut folded) = (RowCells::new(), RowCells::new(), RowCells::new());
    let mut verdicts = Verdicts::default();
    let mut rewritten = Vec::new();
    let file = case.files.len() as u32;
    for row in 0..case.rows.count {
        let last = case.winners.of(row as u32);
        let number = groups.number[last as usize];
        if number == NO_ROW || case.rows.marks.fate(row) == Fate::RejectedKey {
            continue;
        }
        cells.decode(reader.read(case.rows.extent(row))?);
        groups.add(number as usize, row as u32, &cells, &case.faulty, &case.kept);
        if last as usize != row {
            continue;
        }
        let spoilers = groups.spoilers(number as usize, &case.faulty);
        if let Some(newest) = spoilers.iter().max() {
            verdicts.spoiled.insert(last, *newest);
            verdicts.spoilers.extend(spoilers);
            continue;
        }
        groups.put_together(number as usize, row as u32, &cells, &mut folded, |row, place, folded| {
            other.decode(others.read(case.rows.extent(row as usize))?);
            folded.push(other.get(place));
            Ok(())
        })?;
        case.rows.marks.set_fate(row, Fate::Written);
        if let Some(rule) = judge(&task, &mut case.rows, row, &folded) {
            verdicts.broken.push((last, rule));
        }
        for (place, filled) in case.tally.filled.iter_mut().enumerate() {
            *filled += u64::from(!folded.get(place).is_empty());
            *filled -= u64::from(!cells.get(place).is_empty());
        }
        let offset = spill.length();
        spill.buffer.row((0..folded.len()).map(|place| folded.get(place)), task.layout.line_ending());
        rewritten.push(Rewritten { row: last, file, offset, length: spill.length() - offset });
        spill.flush_if_large()?;
    }
    case.files.push(spill.finish()?);
    case.rows.rewrite(rewritten);
    verdicts.apply(case);
    Ok(())
}

/// At the end: rows that went into a row which is not written have not been merged into anything.
pub(super) fn follow(case: &mut Case) {
    if !case.task.folds() {
        return;
    }
    let adds = case.task.adds();
    let mut reasons: HashMap<u32, Vec<Reason>> = HashMap::new();
    if adds {
        for (row, reason) in case.reasons.listed() {
            reasons.entry(*row).or_default().push(*reason);
        }
    }
    for row in 0..case.rows.count {
        let last = case.winners.of(row as u32);
        if case.rows.marks.fate(row) != Fate::Merged || case.is_written(last as usize) {
            continue;
        }
        // Under `sum` every record is judged for itself: what holds for the sum holds for each.
        match reasons.get(&last) {
            Some(reasons) => reasons.iter().for_each(|reason| case.reject(row, *reason)),
            None => case.rows.marks.set_fate(row, Fate::Duplicate),
        }
    }
}

impl Groups {
    fn new(case: &mut Case, task: &Task) -> Result<Self, Error> {
        let mut number = vec![NO_ROW; case.rows.count];
        let mut count = 0;
        for (row, fate) in case.rows.marks.fates().enumerate() {
            let slot = &mut number[case.winners.of(row as u32) as usize];
            if fate == Fate::Merged && *slot == NO_ROW {
                *slot = count;
                count += 1;
            }
        }
        let places = task.layout.places();
        let is_key = |column: usize| task.layout.key.contains(&column);
        let adds = |column: usize| task.adds() && task.layout.columns[column].is_number;
        let free = places.iter().enumerate().filter_map(|(column, place)| place.map(|place| (column, place)));
        let free: Vec<(usize, usize)> = free.filter(|(column, _)| !is_key(*column)).collect();
        let texts: Vec<_> = free.iter().copied().filter(|(column, _)| !adds(*column)).collect();
        let sums: Vec<_> = free.iter().copied().filter(|(column, _)| adds(*column)).collect();
        let count = count as usize;
        let amount = size_of::<(Amount, bool)>();
        let bytes = 4 * number.len() + count * (4 * texts.len() + amount * sums.len());
        case.lease.take(bytes as u64, "folding")?;
        let (newest, amounts) =
            (vec![NO_ROW; count * texts.len()], vec![(Amount::default(), false); count * sums.len()]);
        Ok(Self { number, texts, sums, newest, amounts })
    }

    fn add(
        &mut self,
        number: usize,
        row: u32,
        cells: &RowCells,
        faulty: &HashSet<(u32, u32)>,
        kept: &HashSet<(u32, u32)>,
    ) {
        // What was published last gives way to every value of the rows themselves, older ones too.
        let is_own = |column: usize| kept.is_empty() || !kept.contains(&(row, column as u32));
        let newest = &mut self.newest[number * self.texts.len()..][..self.texts.len()];
        for (newest, (column, place)) in newest.iter_mut().zip(&self.texts) {
            // A faulty value is a value: what it should have been is unknown, so no older one may take its place.
            let own = !cells.get(*place).is_empty() && is_own(*column);
            if own || !faulty.is_empty() && faulty.contains(&(row, *column as u32)) {
                *newest = row;
            }
        }
        let amounts = &mut self.amounts[number * self.sums.len()..][..self.sums.len()];
        for ((sum, any), (column, place)) in amounts.iter_mut().zip(&self.sums) {
            // Cells that are no such number broke a rule and are not here; some are sums already (see `added`).
            if let Some(amount) = Amount::parse_sum(cells.get(*place)).filter(|_| is_own(*column)) {
                sum.add(&amount);
                *any = true;
            }
        }
    }

    /// Rows whose faulty cell is the newest of its column.
    fn spoilers(&self, number: usize, faulty: &HashSet<(u32, u32)>) -> Vec<u32> {
        if faulty.is_empty() {
            return Vec::new();
        }
        let newest = &self.newest[number * self.texts.len()..][..self.texts.len()];
        let pairs = newest.iter().zip(&self.texts).map(|(row, (column, _))| (*row, *column as u32));
        pairs.filter(|pair| faulty.contains(pair)).map(|(row, _)| row).collect()
    }

    /// Fills `folded` for the key whose last row is `row` with `cells`; `fetch` appends a cell of an earlier row.
    fn put_together(
        &self,
        number: usize,
        row: u32,
        cells: &RowCells,
        folded: &mut RowCells,
        mut fetch: impl FnMut(u32, usize, &mut RowCells) -> Result<(), Error>,
    ) -> Result<(), Error> {
        folded.clear();
        let (mut text, mut sum) = (0, 0);
        for place in 0..cells.len() {
            if self.texts.get(text).is_some_and(|(_, at)| *at == place) {
                match self.newest[number * self.texts.len() + text] {
                    // Empty, or filled with the value published last.
                    NO_ROW => folded.push(cells.get(place)),
                    newest if newest == row => folded.push(cells.get(place)),
                    newest => fetch(newest, place, folded)?,
                }
                text += 1;
            } else if self.sums.get(sum).is_some_and(|(_, at)| *at == place) {
                let (amount, any) = self.amounts[number * self.sums.len() + sum];
                match any {
                    true => folded.push(amount.text().as_bytes()),
                    false => folded.push(cells.get(place)),
                }
                sum += 1;
            } else {
                folded.push(cells.get(place));
            }
        }
        Ok(())
    }
}

/// Judges a folded row as a sink judges a row: its links, and under `merge` the rules over several cells.
fn judge(task: &Task, rows: &mut Rows, row: usize, folded: &RowCells) -> Option<BrokenRule> {
    let places = task.layout.places();
    let cell = |column: usize| places[column].map_or(&b""[..], |place| folded.get(place));
    let mut scratch = Vec::new();
    let mut flags = 0;
    if let Some(parent) = task.layout.parent {
        let value = cell(parent);
        rows.parent.set(row, if value.is_empty() { NONE } else { task.link_hash(value, &mut scratch) });
        flags |= if task.known.accounts.holds(value) { flag::PARENT_KNOWN } else { 0 };
    }
    let mut link = 0;
    for (index, reference) in task.layout.references.iter().enumerate() {
        let (hash, dangles) = judge_reference(task, index, cell(reference.column), &mut scratch);
        flags |= if dangles { flag::REFERENCE } else { 0 };
        if reference.itself {
            rows.links[link][row] = hash;
            link += 1;
        }
    }
    rows.marks.set_flags(row, flags);
    // A sum may be longer than what can be added again; that breaks no rule.
    broken_rules(task, cell).into_iter().find(|rule| !matches!(rule, BrokenRule::TooLarge(_)))
}

impl Verdicts {
    fn apply(self, case: &mut Case) {
        let broken: HashSet<u32> = self.broken.iter().map(|(row, _)| *row).collect();
        for row in 0..case.rows.count {
            if case.rows.marks.fate(row) == Fate::RejectedKey {
                continue;
            }
            let last = case.winners.of(row as u32);
            if let Some(stands_for) = self.spoiled.get(&last) {
                let spoils = self.spoilers.contains(&(row as u32));
                case.rows.marks.set_fate(row, if spoils { Fate::RejectedCells } else { Fate::Duplicate });
                case.winners.winner.set(row, *stands_for);
            } else if broken.contains(&last) && last as usize != row {
                case.rows.marks.set_fate(row, Fate::Duplicate);
            }
        }
        for (row, rule) in self.broken {
            case.reject(row as usize, Reason::Merged(rule));
        }
    }
}
