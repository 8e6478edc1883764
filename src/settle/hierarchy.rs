//! Parents: each must exist, none may be its own ancestor, and trees may be only so deep. Article HIER.
//!
//! Every row has at most one parent, so the rows are walked upwards from each one not settled yet until something known
//! is met, and judged on the way back down: each row once, parents before children, without recursion. A loop is met as
//! a row that is already on the way.

use std::ops::Range;

use crate::mapping::HierarchyPolicy;
use crate::settle::case::{Case, NoteKind};
use crate::settle::fate::Reason;
use crate::settle::record::flag;
use crate::settle::table::NO_ROW;

/// Members of a loop that are shown.
const SHOWN: usize = 10;

/// Accounts that are one another's parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loop {
    /// The first members on the way up, starting from the one that comes first in the source.
    pub(super) shown: Vec<u32>,
    /// How many there are.
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnTheWay,
    Settled,
}

/// Judges the parents of all rows that are written so far.
pub(super) fn judge(case: &mut Case) {
    let Some(column) = case.task.layout.parent else { return };
    if case.task.wants_depth() {
        case.depth = vec![0; case.rows.count];
    }
    let links = parent_rows(case);
    let state = vec![State::New; links.len()];
    let mut judge = Judge { case, links, column, state, way: Vec::new() };
    for row in 0..judge.links.len() {
        judge.settle(row);
    }
}

/// Per row the row of its parent in this file.
pub(super) fn parent_rows(case: &Case) -> Vec<u32> {
    let mut links = vec![NO_ROW; case.rows.count];
    let threads = if links.len() < 1 << 16 { 1 } else { case.task.rules.threads.max(1) };
    let part = links.len().div_ceil(threads).max(1);
    let link = |rows: Range<usize>, links: &mut [u32]| {
        for (row, link) in rows.zip(links).filter(|(row, _)| case.is_written(*row)) {
            *link = case.winners.find(&case.rows, case.rows.parent[row]).unwrap_or(NO_ROW);
        }
    };
    // Threads wait for memory at the same time: that is what they are for here.
    std::thread::scope(|scope| {
        for (index, links) in links.chunks_mut(part).enumerate() {
            let rows = index * part..index * part + links.len();
            let link = &link;
            if threads == 1 { link(rows, links) } else { drop(scope.spawn(move || link(rows, links))) }
        }
    });
    links
}

struct Judge<'a> {
    case: &'a mut Case,
    links: Vec<u32>,
    column: usize,
    state: Vec<State>,
    /// Rows between the one settled now and its first settled ancestor; reused.
    way: Vec<usize>,
}

impl Judge<'_> {
    /// Settles `start` and all its ancestors.
    fn settle(&mut self, start: usize) {
        if self.state[start] != State::New || !self.case.is_written(start) {
            return;
        }
        let mut way = std::mem::take(&mut self.way);
        let mut row = start;
        loop {
            self.state[row] = State::OnTheWay;
            way.push(row);
            let next = self.links[row];
            if next == NO_ROW || self.state[next as usize] == State::Settled || !self.case.is_written(next as usize) {
                break;
            }
            if self.state[next as usize] == State::OnTheWay {
                let from = way.iter().rposition(|member| *member == next as usize);
                let members = way.split_off(from.expect("a row on the way stands in it"));
                self.judge_loop(members);
                break;
            }
            row = next as usize;
        }
        while let Some(row) = way.pop() {
            self.judge_row(row);
            self.state[row] = State::Settled;
        }
        self.way = way;
    }

    fn judge_loop(&mut self, mut members: Vec<usize>) {
        let first = members.iter().enumerate().min_by_key(|(_, row)| **row).map_or(0, |(index, _)| index);
        members.rotate_left(first);
        let number = self.case.loops.len() as u32;
        let shown = members.iter().take(SHOWN).map(|row| *row as u32).collect();
        self.case.loops.push(Loop { shown, length: members.len() });
        let reason = if members.len() == 1 { Reason::ParentSelf } else { Reason::ParentLoop { number } };
        for row in members {
            self.state[row] = State::Settled;
            let policy = self.case.task.rules.hierarchy.cycles;
            self.apply(policy, row, reason, "accounts are one another's parents");
        }
    }

    fn judge_row(&mut self, row: usize) {
        let parent = self.links[row];
        let known = self.case.rows.flags[row] & flag::PARENT_KNOWN != 0;
        if self.case.rows.parent[row] == 0 {
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
