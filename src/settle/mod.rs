//! Which rows are written: one per key, without faults, under parents and beside targets that exist.
//!
//! In: batches of judged rows, one [`Sink`] per partition of the judging plan, each in source order. Out: a [`Settled`]:
//! the rows of the output as pieces of temporary files that hold them encoded, and what became of all others, and why.
//! This room knows neither SQL nor formats nor where files go. A row lies encoded on disk from the moment it is judged;
//! a record of some 30 to 80 bytes stays in memory, or goes to disk too where there is no room. Rows are known by hashes of their
//! keys (see `key`), and from the barrier on by their number in source order, so nothing here depends on threads, batches or
//! partitions.

mod added;
mod adding;
mod amount;
#[cfg(feature = "cluster")]
mod asked;
mod barrier;
mod batch;
mod bits;
mod budget;
#[cfg(feature = "cluster")]
mod carried;
mod case;
mod cells;
mod column;
mod deal;
mod error;
mod explain;
mod fate;
mod fold;
mod foreign_key;
mod gather;
mod hierarchy;
mod judge;
mod kept;
mod key;
mod key_set;
mod layout;
mod levels;
mod marks;
mod merge;
mod order;
mod pairs;
mod pivot;
#[cfg(feature = "cluster")]
mod portion;
mod reasons;
mod recall;
mod record;
mod reference;
mod rows;
mod rules;
mod settled;
mod shard;
mod sink;
mod spill;
mod stored;
mod table;
mod tally;
#[cfg(test)]
mod tests;
#[cfg(feature = "cluster")]
mod travel;
mod twins;
mod winner;
mod write;

use std::path::Path;
use std::sync::Arc;

pub use budget::{Budget, record_bytes, settle_bytes};
pub use error::Error;
pub use explain::{Explainer, rule_in_words};
pub use fate::{Counts, Duplicate, Explanation, Fate, Position, Reason, Refusal, Rejected};
pub use judge::{BrokenRule, rules_of_row};
pub use kept::{Kept, KeptBuilder};
pub use key::{key_hash, row_hash};
pub use key_set::{KeySet, KeySetBuilder};
pub use layout::{FaultSet, Layout, LayoutColumn, LayoutReference, OrderKind};
#[cfg(feature = "cluster")]
pub use portion::Portion;
pub use recall::Recall;
pub use rows::Extent;
pub use rules::{Absence, Beside, HierarchyRules, Known, PivotRules, Rules, Target, Task};
pub use settled::Settled;
pub use sink::Sink;
pub use tally::{Warning, WarningKind};
#[cfg(feature = "cluster")]
pub use travel::Totals;

use budget::{Lease, VERDICT_BYTES, settle_bytes_on_disk};
use case::Case;
use deal::Room;
use reasons::Reasons;

/// Settles all rows that the sinks of one run took. `directory` takes further temporary files.
pub fn settle(task: &Arc<Task>, sinks: Vec<Sink>, directory: &Path, budget: &Arc<Budget>) -> Result<Settled, Error> {
    task.layout.check()?;
    let mut lease = Lease::new(budget);
    let rows: u64 = sinks.iter().map(|sink| u64::from(sink.records.rows)).sum();
    let more = rows * (settle_bytes(task) - record_bytes(task));
    let are_stored = sinks.iter().any(|sink| sink.records.are_stored());
    // What will be told of single rows is not known yet.
    let to_disk = are_stored || task.may_leave_memory() && lease.is_short_of(more + rows * VERDICT_BYTES);
    if to_disk {
        let held: u64 = sinks.iter().map(|sink| sink.lease.bytes()).sum();
        let needed = settle_bytes_on_disk(task, rows) + Room::least(rows, winner::PART_BYTES);
        lease.ask(needed.saturating_sub(held), "settling")?;
    } else {
        lease.take(more, "settling")?;
    }
    let sums = sinks.iter().find_map(|sink| Some(sink.adding.as_ref()?.sums.count())).unwrap_or(0);
    lease.take(sums * (settle_bytes(task) + added::SUM_BYTES), "settling")?;
    let mut barrier = barrier::open(task, sinks, directory, to_disk)?;
    if to_disk {
        barrier.leases.clear();
        lease.take(settle_bytes_on_disk(task, rows), "settling")?;
    }
    let reasons = Reasons::new(barrier.rows.count, to_disk.then_some(directory))?;
    let room = Room { directory, bytes: lease.free() / 2, budget };
    let room = to_disk.then_some(&room);
    let mut case = if task.layout.pivots {
        let pivoted = pivot::pivot(task, &mut barrier, directory)?;
        let winners = winner::take_all(&mut barrier.rows);
        Case { pivoted: Some(pivoted), ..Case::new(task, barrier, winners, lease, reasons) }
    } else {
        let winners = winner::choose(&mut barrier.rows, &task.rules, room)?;
        Case::new(task, barrier, winners, lease, reasons)
    };
    fold::fold(&mut case, directory)?;
    winner::refuse_duplicates(&mut case);
    foreign_key::judge(&mut case);
    reference::judge(&mut case)?;
    case.hold_verdicts()?;
    let before = case.reasons.listed().len();
    hierarchy::judge(&mut case)?;
    reference::judge_again(&mut case, before)?;
    fold::follow(&mut case);
    case.hold_verdicts()?;
    case.follow_notes(directory)?;
    // What was told of single rows left less room than there was.
    let room = room.map(|room| Room { bytes: case.lease.free() / 2, ..*room });
    let settled = Settled::new(case, room.as_ref())?;
    settled.check()?;
    Ok(settled)
}
