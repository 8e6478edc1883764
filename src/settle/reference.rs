//! Values that must exist elsewhere, or as keys of this very file: there a rejected row takes along those that refer to it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::mapping::{HierarchyPolicy, ReferenceMissing, UnknownPolicy};
use crate::settle::budget::Lease;
use crate::settle::case::{Case, NoteKind};
use crate::settle::cells::RowCells;
use crate::settle::error::Error;
use crate::settle::fate::Reason;
use crate::settle::hierarchy::parent_rows;
use crate::settle::judge::judge_reference;
use crate::settle::record::flag;
use crate::settle::rows::{Cursor, RowReader};
use crate::settle::table::NO_ROW;

/// Rows that are told of at a time.
const TOLD: usize = 1 << 16;

/// Stands for the parent among the numbers of references.
const PARENT: u32 = u32::MAX;

/// A row of this file that another refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    target: u32,
    row: u32,
    /// Number in `Layout::references`, or `PARENT`.
    reference: u32,
}

/// Judges all references of the rows that are written so far.
pub(super) fn judge(case: &mut Case) -> Result<(), Error> {
    if !case.task.layout.references.is_empty() {
        judge_elsewhere(case)?;
        judge_itself(case)?;
    }
    Ok(())
}

/// After the hierarchy: rows it rejected (their reasons stand behind the first `settled` ones) are no targets any more.
pub(super) fn judge_again(case: &mut Case, settled: usize) -> Result<(), Error> {
    if case.reasons.listed().len() == settled || !case.task.layout.references.iter().any(|reference| reference.itself) {
        return Ok(());
    }
    let mut edges = own_edges(case)?;
    let detached = case.notes.iter().filter(|note| note.kind == NoteKind::Detached);
    let detached: HashSet<u32> = detached.map(|note| note.row).collect();
    // A file that refers to itself has all its rows in memory.
    let links = parent_rows(case)?.into_memory();
    for (row, target) in links.into_iter().enumerate().filter(|(_, target)| *target != NO_ROW) {
        if case.rows.marks.flags(row) & flag::PARENT_KNOWN == 0 && !detached.contains(&(row as u32)) {
            edges.push(Edge { target, row: row as u32, reference: PARENT })?;
        }
    }
    cascade(case, edges, settled);
    Ok(())
}

/// References to other files: the flag says that one dangles, the row's bytes say which.
fn judge_elsewhere(case: &mut Case) -> Result<(), Error> {
    let task = Arc::clone(&case.task);
    let places = task.layout.places();
    let (mut cells, mut scratch, mut found) = (RowCells::new(), Vec::new(), Vec::new());
    let mut from = 0;
    while from < case.rows.count {
        {
            let (mut reader, mut cursor) = (RowReader::new(&case.files), Cursor::new(&case.rows));
            while from < case.rows.count && found.len() < TOLD {
                let row = from;
                from += 1;
                if !case.is_written(row) || case.rows.marks.flags(row) & flag::REFERENCE == 0 {
                    continue;
                }
                cells.decode(reader.read(cursor.extent(row))?);
                for (index, reference) in task.layout.references.iter().enumerate() {
                    let value = places[reference.column].map_or(&b""[..], |place| cells.get(place));
                    if judge_reference(&task, index, value, &mut scratch).1 {
                        found.push((row, index as u32));
                    }
                }
            }
        }
        for (row, reference) in found.drain(..) {
            apply(case, row, reference, Reason::ReferenceMissing { reference });
        }
        case.hold_verdicts()?;
    }
    Ok(())
}

/// References to this file's own keys, first as they stand, then as rows fall.
fn judge_itself(case: &mut Case) -> Result<(), Error> {
    let mut dangling = Listed::new(case);
    for (link, reference) in own_references(case) {
        for row in 0..case.rows.count {
            let hash = case.rows.links[link][row];
            if hash == 0 || !case.is_written(row) {
                continue;
            }
            match case.winners.find(&case.rows, hash) {
                None => dangling.push((row as u32, reference, NO_ROW))?,
                Some(target) if !case.is_written(target as usize) => dangling.push((row as u32, reference, target))?,
                Some(_) => {}
            }
        }
    }
    let before = case.reasons.listed().len();
    for (row, reference, target) in dangling.sorted() {
        let reason = match target {
            NO_ROW => Reason::ReferenceMissing { reference },
            target => Reason::ReferenceRejected { reference, cause: case.cause(target) },
        };
        apply(case, row as usize, reference, reason);
    }
    drop(dangling);
    case.hold_verdicts()?;
    if case.reasons.listed().len() > before {
        let edges = own_edges(case)?;
        cascade(case, edges, before);
    }
    Ok(())
}

/// A list of what is told of single rows, taken from the budget while it grows.
struct Listed<T> {
    all: Vec<T>,
    lease: Lease,
}

impl<T: Copy + Ord> Listed<T> {
    fn new(case: &Case) -> Self {
        Self { all: Vec::new(), lease: case.lease.another() }
    }

    fn push(&mut self, one: T) -> Result<(), Error> {
        if self.all.len().is_multiple_of(TOLD) {
            self.lease.take((TOLD * size_of::<T>()) as u64, "references within the file")?;
        }
        self.all.push(one);
        Ok(())
    }

    fn sorted(&mut self) -> Vec<T> {
        self.all.sort_unstable();
        std::mem::take(&mut self.all)
    }
}

/// (column of links, number of the reference) of the references into this file.
fn own_references(case: &Case) -> Vec<(usize, u32)> {
    let own = case.task.layout.references.iter().enumerate().filter(|(_, reference)| reference.itself);
    own.enumerate().map(|(link, (index, _))| (link, index as u32)).collect()
}

/// References of written rows to rows of this file, by target.
fn own_edges(case: &Case) -> Result<Listed<Edge>, Error> {
    let mut edges = Listed::new(case);
    for (link, reference) in own_references(case) {
        for row in (0..case.rows.count).filter(|row| case.is_written(*row)) {
            if let Some(target) = case.winners.find(&case.rows, case.rows.links[link][row]) {
                edges.push(Edge { target, row: row as u32, reference })?;
            }
        }
    }
    Ok(edges)
}

/// Follows rejections to the rows that refer to the rejected ones, until nothing changes: each row is rejected once, each
/// edge looked at once. Begins with the rows whose reasons stand behind the first `settled` ones.
fn cascade(case: &mut Case, mut listed: Listed<Edge>, settled: usize) {
    let edges = listed.sorted();
    let mut fallen: Vec<u32> = case.reasons.listed()[settled..].iter().map(|(row, _)| *row).collect();
    fallen.sort_unstable();
    fallen.dedup();
    let mut queue = VecDeque::from(fallen);
    while let Some(target) = queue.pop_front() {
        let cause = case.cause(target);
        let from = edges.partition_point(|edge| edge.target < target);
        for edge in edges[from..].iter().take_while(|edge| edge.target == target) {
            let row = edge.row as usize;
            if !case.is_written(row) {
                continue;
            }
            if edge.reference == PARENT {
                lose_parent(case, row, Reason::ParentRejected { parent: target, cause });
            } else {
                apply(case, row, edge.reference, Reason::ReferenceRejected { reference: edge.reference, cause });
            }
            if !case.is_written(row) {
                queue.push_back(edge.row);
            }
        }
    }
}

fn apply(case: &mut Case, row: usize, reference: u32, reason: Reason) {
    let index = reference as usize;
    let column = case.task.layout.references[index].column;
    if let Some(policy) = case.task.unknown_account(index) {
        case.unknown.push(row as u32);
        match policy {
            UnknownPolicy::Allow => {}
            UnknownPolicy::Reject => case.reject(row, reason),
            UnknownPolicy::Report => case.note(row, column, NoteKind::New),
        }
        return;
    }
    match case.task.rules.references.get(index).copied().unwrap_or_default() {
        ReferenceMissing::Reject => case.reject(row, reason),
        ReferenceMissing::Fail => {
            case.refuse("L702", "values refer to nothing", row);
            case.reject(row, reason);
        }
        ReferenceMissing::Empty => case.note(row, column, NoteKind::Emptied),
        ReferenceMissing::Warn => case.note(row, column, NoteKind::Warned),
    }
}

fn lose_parent(case: &mut Case, row: usize, reason: Reason) {
    match (case.task.rules.hierarchy.missing_parent, case.task.layout.parent) {
        (HierarchyPolicy::Detach, Some(column)) => case.note(row, column, NoteKind::Detached),
        (HierarchyPolicy::Fail, _) => {
            case.refuse("L702", "parents are missing", row);
            case.reject(row, reason);
        }
        _ => case.reject(row, reason),
    }
}
