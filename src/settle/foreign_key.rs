//! Foreign keys: one value may point to one account only. Article FK.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::settle::case::Case;
use crate::settle::fate::{Fate, Reason};
use crate::settle::table::{NO_ROW, Table};

/// Rejects every row with a foreign key that rows of another account have, too. Faulty rows count as well: which account
/// is meant is unknown all the same.
pub(super) fn judge(case: &mut Case) {
    let columns = case.task.layout.foreign_keys.clone();
    if columns.is_empty() {
        return;
    }
    let own = case.rows.links.len() - columns.len() - 1;
    let mut shared = Vec::new();
    for (index, column) in columns.into_iter().enumerate() {
        let mut values = std::mem::take(&mut case.rows.links[own + 1 + index]);
        let accounts = &case.rows.links[own];
        for (value, fate) in values.iter_mut().zip(case.rows.marks.fates()) {
            if matches!(fate, Fate::Duplicate | Fate::RejectedKey) {
                *value = 0;
            }
        }
        // Beside the first row of each value: the first row of another account with it.
        let others: Vec<AtomicU32> = (0..values.len()).map(|_| AtomicU32::new(NO_ROW)).collect();
        let table = Table::build(&values, case.task.rules.threads, |new, first| {
            if accounts[new as usize] != accounts[first as usize] {
                others[first as usize].fetch_min(new, Ordering::Relaxed);
            }
            false
        });
        for (row, value) in values.iter().enumerate() {
            let Some(first) = table.find(&values, *value) else { continue };
            let other = others[first as usize].load(Ordering::Relaxed);
            if other != NO_ROW && case.is_written(row) {
                let other = if accounts[row] == accounts[first as usize] { other } else { first };
                shared.push((row, Reason::KeyShared { column: column as u32, other }));
            }
        }
    }
    for (row, reason) in shared {
        case.reject(row, reason);
    }
}
