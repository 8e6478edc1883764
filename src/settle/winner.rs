//! Which of several rows with one key is taken.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::mapping::DuplicatePolicy;
use crate::settle::case::Case;
use crate::settle::fate::Fate;
use crate::settle::key::NONE;
use crate::settle::record::flag;
use crate::settle::rows::Rows;
use crate::settle::rules::Rules;
use crate::settle::table::Table;

/// Winners and losers.
#[derive(Debug, Default)]
pub(super) struct Winners {
    /// From key to one of its rows; `winner[row]` leads on to the winner.
    pub(super) table: Table,
    /// Per row the row that won over it: a winner's is itself. Empty where rows have no key.
    pub(super) winner: Vec<u32>,
    /// Under `split` the output a row goes to, from 0; else empty.
    pub(super) pass: Vec<u32>,
    /// What becomes of each row, as far as keys and cells decide.
    pub(super) fate: Vec<Fate>,
}

impl Winners {
    /// The winner of the key with this hash.
    pub(super) fn find(&self, rows: &Rows, key: u128) -> Option<u32> {
        self.table.find(&rows.key, key).map(|row| self.winner[row as usize])
    }
}

/// Whether the cells of a row are without fault.
fn is_valid(flags: u8) -> bool {
    flags & (flag::CELL | flag::RULE) == 0
}

/// Chooses the winners of `rows`. Rows with a bad key take part in nothing; all others do, faulty or not, but under `sum`,
/// where each row is judged first.
pub(super) fn choose(rows: &mut Rows, rules: &Rules) -> Winners {
    let fate = rows.flags.iter().map(|flags| judge(*flags)).collect();
    if rows.key.is_empty() {
        return Winners { fate, ..Winners::default() };
    }
    if rules.duplicates == DuplicatePolicy::Sum {
        for (key, _) in rows.key.iter_mut().zip(&rows.flags).filter(|(_, flags)| !is_valid(**flags)) {
            *key = NONE;
        }
    }
    let mut winners = match rules.duplicates {
        DuplicatePolicy::Split => number_occurrences(rows, rules),
        _ => compete(rows, rules),
    };
    winners.fate = fate;
    settle_losers(rows, rules, &mut winners);
    winners
}

/// Rows that are settled among themselves already: none competes with another.
pub(super) fn take_all(rows: &Rows) -> Winners {
    let fate = rows.flags.iter().map(|flags| judge(*flags)).collect();
    Winners { fate, winner: (0..rows.count as u32).collect(), ..Winners::default() }
}

fn judge(flags: u8) -> Fate {
    if flags & flag::KEY != 0 {
        Fate::RejectedKey
    } else if is_valid(flags) {
        Fate::Written
    } else {
        Fate::RejectedCells
    }
}

/// Whether row `new` comes before `old` in the order of the policy alone, validity aside.
fn prefers(rows: &Rows, rules: &Rules, new: u32, old: u32) -> bool {
    let by_place = new > old;
    match rules.duplicates {
        DuplicatePolicy::First => !by_place,
        DuplicatePolicy::Newest if !rows.order.is_empty() => {
            let (new_order, old_order) = (rows.order[new as usize], rows.order[old as usize]);
            (new_order, by_place) > (old_order, !by_place)
        }
        _ => by_place,
    }
}

fn compete(rows: &Rows, rules: &Rules) -> Winners {
    let winner: Vec<AtomicU32> = (0..rows.count as u32).map(AtomicU32::new).collect();
    let table = Table::build(&rows.key, rules.threads, |new, old| {
        let valid = [new, old].map(|row| is_valid(rows.flags[row as usize]));
        let takes = match valid {
            [true, false] if rules.fallback_valid => true,
            [false, true] if rules.fallback_valid => false,
            _ => prefers(rows, rules, new, old),
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
    Winners { table, winner, ..Winners::default() }
}

/// The n-th row of a key goes to the n-th output: none loses. Children find the last valid one, because that is what
/// stands in Totango when all outputs are loaded.
fn number_occurrences(rows: &Rows, rules: &Rules) -> Winners {
    let pass: Vec<AtomicU32> = (0..rows.count).map(|_| AtomicU32::new(0)).collect();
    // Beside the holder of a key: how many of its rows came before the latest.
    let earlier: Vec<AtomicU32> = (0..rows.count).map(|_| AtomicU32::new(0)).collect();
    let table = Table::build(&rows.key, rules.threads, |new, old| {
        let occurrence = earlier[old as usize].load(Ordering::Relaxed) + 1;
        pass[new as usize].store(occurrence, Ordering::Relaxed);
        let takes = is_valid(rows.flags[new as usize]) || !is_valid(rows.flags[old as usize]);
        earlier[if takes { new } else { old } as usize].store(occurrence, Ordering::Relaxed);
        takes
    });
    let pass = pass.into_iter().map(AtomicU32::into_inner).collect();
    Winners { table, winner: (0..rows.count as u32).collect(), pass, ..Winners::default() }
}

fn settle_losers(rows: &Rows, rules: &Rules, winners: &mut Winners) {
    let folds = matches!(rules.duplicates, DuplicatePolicy::Merge | DuplicatePolicy::Sum);
    for row in 0..rows.count {
        let winner = winners.winner[row];
        if winner as usize == row || winners.fate[row] == Fate::RejectedKey {
            continue;
        }
        if folds {
            winners.fate[row] = Fate::Merged;
            continue;
        }
        // A faulty row that was preferred was judged and rejected before the next one had its chance.
        let tried = rules.fallback_valid
            && !is_valid(rows.flags[row])
            && (!is_valid(rows.flags[winner as usize]) || prefers(rows, rules, row as u32, winner));
        winners.fate[row] = if tried { Fate::RejectedCells } else { Fate::Duplicate };
    }
}

/// Under `error` two rows of one key refuse the run.
pub(super) fn refuse_duplicates(case: &mut Case) {
    if case.task.rules.duplicates != DuplicatePolicy::Error {
        return;
    }
    for row in 0..case.rows.count {
        if case.winners.fate[row] == Fate::Duplicate {
            case.refuse("K601", "the same key occurs twice", row);
        }
    }
}
