//! Rules over several cells of one row, and what one cell refers to.

use datafusion::arrow::array::RecordBatch;

use crate::settle::amount::Amount;
use crate::settle::batch::Batch;
use crate::settle::error::Error;
use crate::settle::key::NONE;
use crate::settle::rules::Task;

/// A rule over several cells that a row breaks, or one that only folding asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BrokenRule {
    /// None of this group of `Layout::one_of` has a value. Code V420.
    OneOf(usize),
    /// This entry of `Layout::required_when` lacks its value. Code V421.
    RequiredWhen(usize),
    /// A number to be added has more than 27 digits before or 30 after its point. Code V411.
    TooLarge(usize),
    /// The same, of a pivot's value. Code V411.
    ValueTooLarge,
}

/// Every rule that a row with these cells breaks.
pub(super) fn broken_rules<'a>(task: &Task, cell: impl Fn(usize) -> &'a [u8]) -> Vec<BrokenRule> {
    let layout = &task.layout;
    let empty = |column: usize| cell(column).is_empty();
    let groups = layout.one_of.iter().enumerate();
    let groups = groups.filter(|(_, group)| group.iter().all(|column| empty(*column)));
    let pairs = layout.required_when.iter().enumerate();
    let pairs = pairs.filter(|(_, (column, when))| empty(*column) && !empty(*when));
    let numbers = layout.columns.iter().enumerate().filter(|(_, column)| task.adds() && column.is_number);
    let numbers = numbers.filter(|(index, _)| !empty(*index) && Amount::parse(cell(*index)).is_none());
    groups
        .map(|(index, _)| BrokenRule::OneOf(index))
        .chain(pairs.map(|(index, _)| BrokenRule::RequiredWhen(index)))
        .chain(numbers.map(|(index, _)| BrokenRule::TooLarge(index)))
        .collect()
}

/// Whether `broken_rules` can find anything at all.
pub(super) fn has_rules(task: &Task) -> bool {
    let layout = &task.layout;
    let adds_numbers = task.adds() && layout.columns.iter().any(|column| column.is_number);
    has_rules_but_sums(task) || adds_numbers
}

/// The same, where somebody else looks whether numbers can be added.
pub(super) fn has_rules_but_sums(task: &Task) -> bool {
    !task.layout.one_of.is_empty() || !task.layout.required_when.is_empty()
}

/// The rules that row `row` of a batch of the judging plan breaks: what the second look reports beside faulty cells.
pub fn rules_of_row(task: &Task, batch: &RecordBatch, row: usize) -> Result<Vec<BrokenRule>, Error> {
    if !has_rules(task) && !task.layout.pivots {
        return Ok(Vec::new());
    }
    // A batch is taken apart for all its rows: for one of them, of that row only.
    let row = batch.slice(row, 1);
    let batch = Batch::new(&row, &task.layout, &[])?;
    let mut broken = broken_rules(task, |column| batch.columns[column].get(0));
    if batch.pivot.as_ref().is_some_and(|[.., value]| value_is_too_large(value.get(0))) {
        broken.push(BrokenRule::ValueTooLarge);
    }
    Ok(broken)
}

/// Whether a pivot's value cannot be added safely.
pub(super) fn value_is_too_large(value: &[u8]) -> bool {
    !value.is_empty() && Amount::parse(value).is_none()
}

/// What `value` of reference `index` points to: the hash of a key of this very file (`NONE` if nothing is left to look
/// for there) and whether it dangles already now.
pub(super) fn judge_reference(task: &Task, index: usize, value: &[u8], scratch: &mut Vec<u8>) -> (u128, bool) {
    if value.is_empty() || task.known.references.get(index).is_some_and(|target| target.holds(value)) {
        (NONE, false)
    } else if task.layout.references[index].itself {
        (task.link_hash(value, scratch), false)
    } else {
        (NONE, true)
    }
}
