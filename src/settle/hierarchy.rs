//! Parents: each must exist, none may be its own ancestor, and trees may be only so deep. Article HIER.
//!
//! Every row has at most one parent. Rows without a parent in the file are judged first. Then those that are parents and have
//! one: they are walked upwards from each one not settled yet until something known is met, and judged on the way back down:
//! each row once, parents before children, without recursion. A loop is met as a row that is already on the way. All others
//! hang below a row that is judged by then. So only rows in the middle of a tree are ever looked at out of order.

use std::io;
use std::ops::Range;

use crate::mapping::HierarchyPolicy;
use crate::settle::bits::Bits;
use crate::settle::budget::Lease;
use crate::settle::case::{Case, NoteKind};
use crate::settle::column::Column;
use crate::settle::error::Error;
use crate::settle::fate::Reason;
use crate::settle::key::NONE;
use crate::settle::record::flag;
use crate::settle::table::{GROUP, NO_ROW};

/// Rows on the way for which memory is taken at a time.
const WAY: usize = 1 << 16;

/// Bytes of a row on the way, and of the same as a member of a loop.
const WAY_BYTES: u64 = 4 + 4;

/// Judges the parents of all rows that are written so far.
pub(super) fn judge(case: &mut Case) -> Result<(), Error> {
    let Some(column) = case.task.layout.parent else { return Ok(()) };
    if case.task.wants_depth() {
        case.depth = vec![0; case.rows.count];
    }
    let links = parent_rows(case)?;
    let parents = std::mem::take(&mut case.rows.parent);
    let mut is_parent = Bits::new(case.rows.count);
    links.each::<Error>(|_, links| {
        links.iter().filter(|link| **link != NO_ROW).for_each(|link| is_parent.set(*link as usize, true));
        Ok(())
    })?;
    let (open, on_the_way) = (Bits::new(case.rows.count), Bits::new(case.rows.count));
    let lease = case.lease.another();
    let mut judge = Judge { case, links: &links, column, open, on_the_way, way: Vec::new(), lease, loops: false };
    let mut parent_of = parents.rising();
    links.each(|start, links| {
        for (row, link) in (start..).zip(links) {
            match judge.case.is_written(row) {
                true if *link == NO_ROW => judge.judge_row(row, NO_ROW, parent_of.get(row) != 0),
                true if is_parent.get(row) => judge.open.set(row, true),
                _ => {}
            }
        }
        judge.case.hold_verdicts()
    })?;
    let mut from = 0;
    while let Some(row) = judge.open.next_set(from) {
        judge.settle(row)?;
        from = row + 1;
    }
    judge.case.hold_verdicts()?;
    links.each(|start, links| {
        for (row, link) in (start..).zip(links).filter(|(row, link)| **link != NO_ROW && !is_parent.get(*row)) {
            if judge.case.is_written(row) {
                judge.judge_row(row, *link, true);
            }
        }
        judge.case.hold_verdicts()
    })?;
    let loops = judge.loops;
    links.check()?;
    parents.check()?;
    case.rows.parent = parents;
    if loops {
        case.links = links;
    }
    Ok(())
}

/// Per row the row of its parent in this file.
pub(super) fn parent_rows(case: &mut Case) -> io::Result<Column<u32>> {
    if let Some(links) = case.winners.links.take() {
        return Ok(links);
    }
    let case = &*case;
    let mut links = vec![NO_ROW; case.rows.count];
    let threads = if links.len() < 1 << 16 { 1 } else { case.task.rules.threads.max(1) };
    let part = links.len().div_ceil(threads).max(1);
    let link = |rows: Range<usize>, links: &mut [u32]| {
        let mut wanted = Vec::with_capacity(GROUP);
        let mut find = |wanted: &mut Vec<(usize, u128)>| {
            case.winners.find_each(&case.rows, wanted, |place, parent| links[place] = parent);
            wanted.clear();
        };
        for (place, row) in rows.enumerate().filter(|(_, row)| case.is_written(*row)) {
            match case.rows.parent.get(row) {
                NONE => {}
                parent => wanted.push((place, parent)),
            }
            if wanted.len() == GROUP {
                find(&mut wanted);
            }
        }
        find(&mut wanted);
    };
    // Threads wait for memory at the same time: that is what they are for here.
    std::thread::scope(|scope| {
        for (index, links) in links.chunks_mut(part).enumerate() {
            let rows = index * part..index * part + links.len();
            let link = &link;
            if threads == 1 { link(rows, links) } else { drop(scope.spawn(move || link(rows, links))) }
        }
    });
    Ok(Column::Memory(links))
}

struct Judge<'a> {
    case: &'a mut Case,
    links: &'a Column<u32>,
    column: usize,
    /// Rows with a parent that are parents, as long as they are not judged.
    open: Bits,
    on_the_way: Bits,
    /// Rows between the one settled now and its first settled ancestor, each the parent of the one before; reused.
    way: Vec<u32>,
    /// What the way took of the budget.
    lease: Lease,
    /// Loops were found that have more than one member.
    loops: bool,
}

impl Judge<'_> {
    /// Settles `start` and all its ancestors.
    fn settle(&mut self, start: usize) -> Result<(), Error> {
        let mut way = std::mem::take(&mut self.way);
        let mut row = start as u32;
        loop {
            self.open.set(row as usize, false);
            self.on_the_way.set(row as usize, true);
            way.push(row);
            if way.len() as u64 * WAY_BYTES > self.lease.bytes() && way.len() > WAY {
                self.lease.take(WAY as u64 * WAY_BYTES, "following parents")?;
            }
            row = self.links.get(row as usize);
            if self.on_the_way.get(row as usize) {
                let from = way.iter().rposition(|member| *member == row);
                let members = way.split_off(from.expect("a row on the way stands in it"));
                self.judge_loop(members);
                break;
            }
            if !self.open.get(row as usize) {
                break;
            }
        }
        while let Some(child) = way.pop() {
            self.judge_row(child as usize, row, true);
            self.on_the_way.set(child as usize, false);
            row = child;
        }
        self.way = way;
        self.case.hold_verdicts()
    }

    fn judge_loop(&mut self, mut members: Vec<u32>) {
        let first = members.iter().enumerate().min_by_key(|(_, row)| **row).map_or(0, |(index, _)| index);
        members.rotate_left(first);
        let reason = match (members.len(), members[0]) {
            (1, _) => Reason::ParentSelf,
            (length, first) => Reason::ParentLoop { first, length: length as u32 },
        };
        self.loops |= members.len() > 1;
        for row in members {
            self.on_the_way.set(row as usize, false);
            let policy = self.case.task.rules.hierarchy.cycles;
            self.apply(policy, row as usize, reason, "accounts are one another's parents");
        }
    }

    fn judge_row(&mut self, row: usize, parent: u32, has_parent: bool) {
        let known = self.case.rows.marks.flags(row) & flag::PARENT_KNOWN != 0;
        if !has_parent {
            self.set_depth(row, 1);
        } else if parent != NO_ROW && self.case.is_written(parent as usize) {
            let above = self.case.depth.get(parent as usize).copied().unwrap_or(0);
            self.set_depth(row, above.saturating_add(1));
        } else if known {
            self.set_depth(row, 2);
        } else {
            let policy = self.case.task.rules.hierarchy.missing_parent;
            let reason = match parent {
                NO_ROW => Reason::ParentMissing,
                _ => Reason::ParentRejected { parent, cause: self.case.cause(parent) },
            };
            self.apply(policy, row, reason, "parents are missing");
        }
    }

    fn set_depth(&mut self, row: usize, depth: u32) {
        let Some(slot) = self.case.depth.get_mut(row) else { return };
        *slot = depth;
        if self.case.task.rules.hierarchy.max_depth.is_some_and(|deepest| u64::from(depth) > deepest) {
            self.case.reject(row, Reason::TooDeep { depth });
        }
    }

    fn apply(&mut self, policy: HierarchyPolicy, row: usize, reason: Reason, refusal: &'static str) {
        match policy {
            HierarchyPolicy::Reject => self.case.reject(row, reason),
            HierarchyPolicy::Fail => {
                self.case.refuse("L702", refusal, row);
                self.case.reject(row, reason);
            }
            HierarchyPolicy::Detach => {
                self.case.note(row, self.column, NoteKind::Detached);
                self.set_depth(row, 1);
            }
        }
    }
}
