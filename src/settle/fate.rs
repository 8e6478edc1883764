//! What becomes of a row, and why.

use crate::diagnostic::Code;
use crate::settle::judge::BrokenRule;
use crate::settle::rules::Absence;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stands in the output.
    Written,
    /// Its key is faulty.
    RejectedKey,
    /// A cell is faulty, or a rule over its cells is broken.
    RejectedCells,
    /// Other rows are the reason: see `Reason`.
    RejectedReason,
    /// Another row of its key was taken.
    Duplicate,
    /// Its cells went into another row.
    Merged,
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of its file in the run's register.
    pub file: u32,
    /// Its line there.
    pub line: u64,
}

impl Position {
    pub(super) fn unpack(packed: u64) -> Self {
        Self { file: (packed >> 40) as u32, line: packed & ((1 << 40) - 1) }
    }
}

/// Why a row is rejected. Rows are named by their number in source order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its own cells: the second look tells (faults, and `rules_of_row`).
    Cells,
    /// A rule that the merged row breaks, though none of its records need.
    Merged(BrokenRule),
    /// The value of foreign key `column` is also that of row `other`, of another account. Code K602.
    KeyShared {
        /// The foreign key column.
        column: u32,
        /// The first row of another account.
        other: u32,
    },
    /// The parent is nowhere. Code K603.
    ParentMissing,
    /// The parent's row was rejected. Code K604.
    ParentRejected {
        /// The parent's row.
        parent: u32,
        /// The row with which it began.
        cause: u32,
    },
    /// It is its own parent. Code K605.
    ParentSelf,
    /// It is one of a loop of parents. Code K606.
    ParentLoop {
        /// The member that comes first in the source.
        first: u32,
        /// How many there are.
        length: u32,
    },
    /// It lies too deep. Code K607.
    TooDeep {
        /// Its depth; a root has 1.
        depth: u32,
    },
    /// Reference `reference` dangles. Code K608.
    ReferenceMissing {
        /// Number in `Layout::references`.
        reference: u32,
    },
    /// Reference `reference` points to a row of this file that was rejected. Code K608.
    ReferenceRejected {
        /// Number in `Layout::references`.
        reference: u32,
        /// The row with which it began.
        cause: u32,
    },
}

/// A row that is not written, with one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Its number in source order.
    pub row: usize,
    /// Where it comes from.
    pub position: Position,
    /// Why.
    pub reason: Reason,
}

/// A reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Code of the register; none for `Reason::Cells`, whose codes the second look finds.
    pub code: Option<&'static Code>,
    /// The column concerned, as the layout numbers it.
    pub column: Option<usize>,
    /// The cell as it would have been written.
    pub value: String,
    /// The fact.
    pub message: String,
    /// Key of the row with which it began; empty for none.
    pub related: String,
    /// Where that row comes from.
    pub related_position: Option<Position>,
    /// Why the value is not found, for a parent or a reference that is nowhere.
    pub absence: Option<Absence>,
}

/// A row that another row of its key won over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// Its number in source order.
    pub row: usize,
    /// Where it comes from.
    pub position: Position,
    /// The winner's number.
    pub winner_row: usize,
    /// Where the winner comes from.
    pub winner: Position,
    /// What became of the winner: `written` or `rejected`.
    pub winner_fate: &'static str,
    /// What decided: the policy (`last`, `first`, `newest`, `merge`, `error`), or `equal` for foreign keys.
    pub decided_by: &'static str,
}

/// A policy or limit that refuses the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Code of the register: `K601` or `L702`.
    pub code: &'static str,
    /// The fact.
    pub message: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them.
    pub first: Position,
}

/// Where the rows went; all of them together are those that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows that came in.
    pub read: u64,
    /// Rejected, for whatever reason.
    pub rejected: u64,
    /// Lost to another row of their key.
    pub duplicate: u64,
    /// Went into another row.
    pub merged: u64,
    /// Stand in the output.
    pub written: u64,
    /// Left out of it because they were published before as they are.
    pub unchanged: u64,
}
