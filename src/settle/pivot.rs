//! Long rows to wide ones: the groups of all partitions become rows, their pairs become columns. Article AGG.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::settle::amount::Amount;
use crate::settle::barrier::Barrier;
use crate::settle::cells::RowCells;
use crate::settle::error::Error;
use crate::settle::gather::{Group, Groups, module_of};
use crate::settle::judge::judge_reference;
use crate::settle::record::flag;
use crate::settle::rows::Rewritten;
use crate::settle::rules::{PivotRules, Task};
use crate::settle::spill::Spill;

/// Columns that Totango takes. Articles OLDPREP, AGG.
const MOST_COLUMNS: usize = 1000;

/// Partitions' orders are kept apart by these bits, where arrival is the order.
const SINK_BITS: u32 = 40;

/// What a pivot made beside rows.
#[derive(Debug, Default)]
pub(super) struct Pivoted {
    /// All headers.
    pub(super) header: Vec<String>,
    /// Pairs that have no column, because of `top` or a fixed header.
    pub(super) left_out: Vec<String>,
}

/// Appends the pivoted rows to those of the barrier, which cannot be written. Within each kind rows are in source order.
pub(super) fn pivot(task: &Task, barrier: &mut Barrier, directory: &Path) -> Result<Pivoted, Error> {
    let rules = &task.rules.pivot;
    let mut groups = Groups::new(rules.aggregate, task.layout.key_ignores_case);
    for (sink, more) in std::mem::take(&mut barrier.groups).into_iter().enumerate() {
        let offset = if task.layout.arrival_order { (sink as u64) << SINK_BITS } else { 0 };
        groups.join(more, offset);
    }
    let names = groups.names();
    let (columns, left_out) = columns(rules, &groups, &names);
    let mut header = task.layout.header();
    let keys = header.len();
    header.extend(rules.beside.columns.iter().cloned());
    header.extend(columns.iter().map(|name| String::from_utf8_lossy(name).into_owned()));
    if header.len() > MOST_COLUMNS {
        return Err(Error::TooManyColumns { columns: header.len() });
    }
    barrier.tally.merged = barrier.tally.read - barrier.rows.count as u64 - groups.groups.len() as u64;
    let numbered: HashMap<&[u8], usize> = columns.iter().enumerate().map(|(index, name)| (*name, index)).collect();
    let place_of: Vec<Option<usize>> = names.iter().map(|name| numbered.get(name).copied()).collect();
    barrier.tally.filled.resize(header.len(), 0);
    let mut writer = Writer {
        task,
        spill: Spill::create(directory)?,
        file: barrier.files.len() as u32,
        width: columns.len(),
        keys,
        place_of,
        rewritten: Vec::new(),
        cells: RowCells::new(),
    };
    let mut order: Vec<(&u128, &Group)> = groups.groups.iter().collect();
    order.sort_unstable_by_key(|(hash, group)| (group.order, **hash));
    for (hash, group) in order {
        writer.write(*hash, group, &groups, barrier)?;
    }
    let Writer { spill, rewritten, .. } = writer;
    barrier.files.push(spill.finish()?);
    barrier.rows.rewrite(rewritten);
    let left_out = left_out.into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    Ok(Pivoted { header, left_out })
}

/// The pairs that become columns, in order, and those that do not.
fn columns<'a>(rules: &'a PivotRules, groups: &Groups, names: &[&'a [u8]]) -> (Vec<&'a [u8]>, Vec<&'a [u8]>) {
    let mut found = names.to_vec();
    found.sort_unstable();
    if let Some(fixed) = &rules.columns {
        let fixed: Vec<&[u8]> = fixed.iter().map(String::as_bytes).collect();
        found.retain(|name| !fixed.contains(name));
        return (fixed, found);
    }
    let Some(top) = rules.top else { return (found, Vec::new()) };
    let title = |name: &'a [u8]| if rules.top_of_pairs { name } else { module_of(name) };
    let mut totals: BTreeMap<&[u8], Amount> = BTreeMap::new();
    for group in groups.groups.values() {
        for (pair, amount) in groups.cells(group) {
            totals.entry(title(names[pair])).or_default().add(&amount);
        }
    }
    let mut ranked: Vec<(&[u8], Amount)> = totals.into_iter().collect();
    // Stable: equal totals stay in the order of names.
    ranked.sort_by_key(|(_, total)| Reverse(total.value()));
    ranked.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    found.into_iter().partition(|name| ranked.iter().any(|(kept, _)| *kept == title(name)))
}

/// Writes pivoted rows.
struct Writer<'a> {
    task: &'a Task,
    spill: Spill,
    file: u32,
    /// Columns made of pairs.
    width: usize,
    /// Columns of the key.
    keys: usize,
    /// By pair.
    place_of: Vec<Option<usize>>,
    rewritten: Vec<Rewritten>,
    cells: RowCells,
}

impl Writer<'_> {
    fn write(&mut self, hash: u128, group: &Group, groups: &Groups, barrier: &mut Barrier) -> Result<(), Error> {
        let rules = &self.task.rules.pivot;
        let (rows, filled) = (&mut barrier.rows, &mut barrier.tally.filled);
        self.cells.decode(&group.key);
        let offset = self.spill.length();
        let out = &mut self.spill.buffer;
        let start = out.len();
        out.raw(&group.key);
        out.comma();
        for (place, filled) in filled.iter_mut().enumerate().take(self.keys) {
            *filled += u64::from(!self.cells.get(place).is_empty());
        }
        let beside = rules.beside.cells.get(&hash);
        for index in 0..rules.beside.columns.len() {
            let cell = beside.and_then(|cells| cells.get(index)).map_or("", String::as_str);
            out.field(cell.as_bytes(), false);
            filled[self.keys + index] += u64::from(!cell.is_empty());
        }
        let first = self.keys + rules.beside.columns.len();
        let mut values = vec![None; self.width];
        for (pair, amount) in groups.cells(group) {
            if let Some(place) = self.place_of[pair] {
                values[place] = Some(amount);
            }
        }
        for (place, value) in values.into_iter().enumerate() {
            let value = value.or_else(|| rules.fill_zero.then(Amount::default));
            if let Some(amount) = value {
                out.raw(amount.text().as_bytes());
                filled[first + place] += 1;
            }
            out.comma();
        }
        out.end_row(start, self.task.layout.line_ending());
        let length = self.spill.length() - offset;
        self.rewritten.push(Rewritten { row: rows.count as u32, file: self.file, offset, length });
        let mut flags = 0;
        for (index, reference) in self.task.layout.references.iter().enumerate() {
            let value = self.cells.get(reference.column);
            flags |= if judge_reference(self.task, index, value, &mut Vec::new()).1 { flag::REFERENCE } else { 0 };
        }
        rows.position.push(group.position);
        rows.key.push(hash);
        rows.marks.push(flags);
        let last = rows.end.len().checked_sub(1).map_or(0, |last| rows.end.get(last));
        rows.end.push(last);
        rows.count += 1;
        self.spill.flush_if_large()?;
        Ok(())
    }
}
