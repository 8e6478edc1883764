//! Which of several rows with one key is taken.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::mapping::DuplicatePolicy;
use crate::settle::case::Case;
use crate::settle::column::Column;
use crate::settle::deal::{Found, Room};
use crate::settle::error::Error;
use crate::settle::fate::Fate;
use crate::settle::key::NONE;
use crate::settle::record::flag;
use crate::settle::rows::Rows;
use crate::settle::rules::Rules;
use crate::settle::table::{NO_ROW, Table};

/// Winners and losers.
#[derive(Debug, Default)]
pub(super) struct Winners {
    /// From key to one of its rows; `winner[row]` leads on to the winner.
    pub(super) table: Table,
    /// Per row the row that won over it: see `of`. Empty where rows have no key.
    pub(super) winner: Column<u32>,
    /// Per row the row of its parent's key, or `NO_ROW`, where that had to be found along with the winners.
    pub(super) links: Option<Column<u32>>,
    /// Under `split` the output a row goes to, from 0; else empty.
    pub(super) pass: Vec<u32>,
}

impl Winners {
    /// The winner of the key with this hash.
    pub(super) fn find(&self, rows: &Rows, key: u128) -> Option<u32> {
        let row = self.table.find(rows.key.in_memory()?, key)?;
        Some(self.of(row))
    }

    /// The same for each (place, hash) of `wanted`, some `GROUP` of them, whose waits for memory overlap; `found` is told the
    /// place and the winner.
    pub(super) fn find_each(&self, rows: &Rows, wanted: &[(usize, u128)], mut found: impl FnMut(usize, u32)) {
        let Some(keys) = rows.key.in_memory() else { return };
        self.table.fetch(keys, wanted.iter().map(|(_, key)| *key));
        for (place, key) in wanted {
            if let Some(row) = self.table.find(keys, *key) {
                found(*place, self.of(row));
            }
        }
    }

    /// The row that won over `row`; a winner's is itself.
    pub(super) fn of(&self, row: u32) -> u32 {
        if self.winner.is_empty() { row } else { itself(row, self.winner.get(row as usize)) }
    }
}

/// On disk `NO_ROW` stands for the row itself.
pub(super) fn itself(row: u32, winner: u32) -> u32 {
    if winner == NO_ROW { row } else { winner }
}

/// Whether the cells of a row are without fault.
fn is_valid(flags: u8) -> bool {
    flags & (flag::CELL | flag::RULE) == 0
}

/// Chooses the winners of `rows`, which lie on disk if there is `room` to say where. Rows with a bad key take part in
/// nothing; all others do, faulty or not, but under `sum`, where each row is judged first.
pub(super) fn choose(rows: &mut Rows, rules: &Rules, room: Option<&Room<'_>>) -> Result<Winners, Error> {
    judge(rows);
    if rows.key.is_empty() {
        return Ok(Winners::default());
    }
    if rules.duplicates == DuplicatePolicy::Sum {
        for row in (0..rows.count).filter(|row| !is_valid(rows.marks.flags(*row))) {
            rows.key.set(row, NONE);
        }
    }
    let winners = match (rules.duplicates, room) {
        (DuplicatePolicy::Split, _) => number_occurrences(rows, rules),
        (_, Some(room)) => compete_in_parts(rows, rules, room)?,
        (_, None) => compete(rows, rules),
    };
    settle_losers(rows, rules, &winners);
    winners.winner.check()?;
    rows.order.check()?;
    Ok(winners)
}

/// Rows that are settled among themselves already: none competes with another.
pub(super) fn take_all(rows: &mut Rows) -> Winners {
    judge(rows);
    Winners { winner: Column::Memory((0..rows.count as u32).collect()), ..Winners::default() }
}

/// What becomes of each row as far as its key and its cells decide.
fn judge(rows: &mut Rows) {
    for row in 0..rows.count {
        match rows.marks.flags(row) {
            flags if flags & flag::KEY != 0 => rows.marks.set_fate(row, Fate::RejectedKey),
            flags if is_valid(flags) => {}
            _ => rows.marks.set_fate(row, Fate::RejectedCells),
        }
    }
}

/// Whether row `new` comes before `old` in the order of the policy alone, validity aside.
fn prefers(rows: &Rows, rules: &Rules, new: u32, old: u32) -> bool {
    let by_place = new > old;
    match rules.duplicates {
        DuplicatePolicy::First => !by_place,
        DuplicatePolicy::Newest if !rows.order.is_empty() => {
            let (new_order, old_order) = (rows.order.get(new as usize), rows.order.get(old as usize));
            (new_order, by_place) > (old_order, !by_place)
        }
        _ => by_place,
    }
}

fn compete(rows: &Rows, rules: &Rules) -> Winners {
    let (table, winner) = lead(rows, rules, rows.key.in_memory().unwrap_or_default(), rules.threads, |row| row);
    Winners { table, winner: Column::Memory(winner), ..Winners::default() }
}

/// Lets rows compete whose keys are `keys`, `row` giving each one's number among all rows: a table from each key to its winner,
/// and the place of the winner for each.
fn lead(
    rows: &Rows,
    rules: &Rules,
    keys: &[u128],
    threads: usize,
    row: impl Fn(u32) -> u32 + Sync,
) -> (Table, Vec<u32>) {
    let winner: Vec<AtomicU32> = (0..keys.len() as u32).map(AtomicU32::new).collect();
    let table = Table::build(keys, threads, |new, old| {
        let pair = [new, old].map(&row);
        let takes = match pair.map(|row| is_valid(rows.marks.flags(row as usize))) {
            [true, false] if rules.fallback_valid => true,
            [false, true] if rules.fallback_valid => false,
            _ => prefers(rows, rules, pair[0], pair[1]),
        };
        let (loser, better) = if takes { (old, new) } else { (new, old) };
        winner[loser as usize].store(better, Ordering::Relaxed);
        takes
    });
    let mut winner: Vec<u32> = winner.into_iter().map(AtomicU32::into_inner).collect();
    // Each loser points to the row that beat it, which may have been beaten later: lead all to the end of their chain.
    for row in 0..winner.len() {
        let mut end = row;
        while winner[end] as usize != end {
            end = winner[end] as usize;
        }
        let mut at = row;
        while at != end {
            at = std::mem::replace(&mut winner[at], end as u32) as usize;
        }
    }
    (table, winner)
}

/// Bytes that a row of a part takes: its number, its key, its place in the table, its winner.
pub(super) const PART_BYTES: u64 = 4 + 16 + 12 + 4;

/// The same where memory has no room for all keys at a time. Who refers to a key is looked for while its part is at hand.
fn compete_in_parts(rows: &Rows, rules: &Rules, room: &Room<'_>) -> Result<Winners, Error> {
    let count = room.parts(rows.count, PART_BYTES);
    let parts = room.deal(&rows.key, count, |_, _| true)?;
    let has_parents = !rows.parent.is_empty();
    let children = has_parents.then(|| room.deal(&rows.parent, count, |_, _| true)).transpose()?;
    let mut children = children.into_iter().flatten();
    let (mut losers, mut links) = (Found::create(room.directory)?, Found::create(room.directory)?);
    for part in parts {
        let _lease = room.hold(part.len() as u64 * PART_BYTES)?;
        let (mut numbers, mut keys) = (Vec::with_capacity(part.len()), Vec::with_capacity(part.len()));
        part.each::<io::Error>(|_, block| {
            numbers.extend(block.iter().map(|(row, _)| *row));
            keys.extend(block.iter().map(|(_, key)| *key));
            Ok(())
        })?;
        drop(part);
        // Keys of a part share the bits by which threads would divide them.
        let (table, winner) = lead(rows, rules, &keys, 1, |place| numbers[place as usize]);
        for (place, winner) in winner.iter().enumerate().filter(|(place, winner)| *place != **winner as usize) {
            losers.push(numbers[place], numbers[*winner as usize])?;
        }
        losers.end_part();
        if let Some(children) = children.next() {
            children.each::<io::Error>(|_, block| {
                let found = |(row, key): &(u32, u128)| Some((*row, numbers[table.find(&keys, *key)? as usize]));
                block.iter().filter_map(found).try_for_each(|(row, parent)| links.push(row, parent))
            })?;
        }
        links.end_part();
    }
    let winner = losers.spread(rows.count, room.directory)?;
    let links = has_parents.then(|| links.spread(rows.count, room.directory)).transpose()?;
    Ok(Winners { winner, links, ..Winners::default() })
}

/// The n-th row of a key goes to the n-th output: none loses. Children find the last valid one, because that is what
/// stands in Totango when all outputs are loaded.
fn number_occurrences(rows: &Rows, rules: &Rules) -> Winners {
    let pass: Vec<AtomicU32> = (0..rows.count).map(|_| AtomicU32::new(0)).collect();
    // Beside the holder of a key: how many of its rows came before the latest.
    let earlier: Vec<AtomicU32> = (0..rows.count).map(|_| AtomicU32::new(0)).collect();
    let table = Table::build(rows.key.in_memory().unwrap_or_default(), rules.threads, |new, old| {
        let occurrence = earlier[old as usize].load(Ordering::Relaxed) + 1;
        pass[new as usize].store(occurrence, Ordering::Relaxed);
        let takes = is_valid(rows.marks.flags(new as usize)) || !is_valid(rows.marks.flags(old as usize));
        earlier[if takes { new } else { old } as usize].store(occurrence, Ordering::Relaxed);
        takes
    });
    let pass = pass.into_iter().map(AtomicU32::into_inner).collect();
    let winner = Column::Memory((0..rows.count as u32).collect());
    Winners { table, winner, pass, ..Winners::default() }
}

fn settle_losers(rows: &mut Rows, rules: &Rules, winners: &Winners) {
    let folds = matches!(rules.duplicates, DuplicatePolicy::Merge | DuplicatePolicy::Sum);
    let mut led = winners.winner.rising();
    for row in 0..rows.count {
        let winner = itself(row as u32, led.get(row));
        if winner as usize == row || rows.marks.fate(row) == Fate::RejectedKey {
            continue;
        }
        if folds {
            rows.marks.set_fate(row, Fate::Merged);
            continue;
        }
        // A faulty row that was preferred was judged and rejected before the next one had its chance.
        let tried = rules.fallback_valid
            && !is_valid(rows.marks.flags(row))
            && (!is_valid(rows.marks.flags(winner as usize)) || prefers(rows, rules, row as u32, winner));
        rows.marks.set_fate(row, if tried { Fate::RejectedCells } else { Fate::Duplicate });
    }
}

/// Under `error` two rows of one key refuse the run.
pub(super) fn refuse_duplicates(case: &mut Case) {
    if case.task.rules.duplicates != DuplicatePolicy::Error {
        return;
    }
    for row in 0..case.rows.count {
        if case.rows.marks.fate(row) == Fate::Duplicate {
            case.refuse("K601", "the same key occurs twice", row);
        }
    }
}
