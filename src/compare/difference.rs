//! What two tables differ in.

use std::borrow::Cow;

use crate::compare::Table;

/// Keys and cells that are named as examples.
const NAMED: usize = 5;

/// What two tables differ in.
#[derive(Debug, Default, Clone)]
pub struct TableDifference {
    /// The files have the same bytes.
    pub identical: bool,
    /// Columns that are new.
    pub header_added: Vec<String>,
    /// Columns that are gone.
    pub header_removed: Vec<String>,
    /// The columns of both stand in another order.
    pub header_moved: bool,
    /// Attributes of which values differ, in the order of the new header.
    pub attributes: Vec<AttributeDifference>,
    /// Rows that could be read, before and now.
    pub rows: (u64, u64),
    /// Rows whose key is new, and the first of their keys.
    pub added: (u64, Vec<String>),
    /// Rows whose key is gone, and the first of their keys.
    pub removed: (u64, Vec<String>),
    /// Rows of both with a difference.
    pub changed: u64,
    /// Rows of both without one, in the columns of both.
    pub same: u64,
    /// Rows whose key stands again further down, before and now: the last one counts, and these are compared with nothing.
    pub repeated: (u64, u64),
    /// Records that cannot be read, before and now; they are compared with nothing.
    pub unreadable: (u64, u64),
}

/// How the values of an attribute differ, in rows of both.
#[derive(Debug, Clone, Default)]
pub struct AttributeDifference {
    /// Its column.
    pub column: String,
    /// Another value than before.
    pub changed: u64,
    /// A value before, none now.
    pub emptied: u64,
    /// None before, a value now.
    pub filled: u64,
    /// The first of them.
    pub samples: Vec<Sample>,
}

/// One cell that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The row's key, parts joined by `|`.
    pub key: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub now: String,
}

/// One row that differs.
#[derive(Debug)]
pub struct Change<'a> {
    /// How.
    pub kind: ChangeKind,
    /// Its key, parts joined by `|`; all its cells where rows have no key.
    pub key: &'a str,
    /// The cells that differ; none but for changed rows.
    pub cells: &'a [CellChange<'a>],
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Its key is new.
    Added,
    /// Its key is gone.
    Removed,
    /// It has other values.
    Changed,
}

impl ChangeKind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One cell of a changed row.
#[derive(Debug)]
pub struct CellChange<'a> {
    /// Its column.
    pub column: &'a str,
    /// What it was.
    pub before: Cow<'a, str>,
    /// What it is.
    pub now: Cow<'a, str>,
    /// Which of the columns of both.
    pub(super) place: usize,
}

impl TableDifference {
    /// The part of it that headers tell.
    pub(super) fn of_headers(before: Option<&Table>, now: &Table) -> Self {
        let (old, new): (&[String], &[String]) = (before.map_or(&[], |table| &table.header), &now.header);
        let both: Vec<&String> = new.iter().filter(|name| old.contains(name)).collect();
        let old_order: Vec<&String> = old.iter().filter(|name| new.contains(name)).collect();
        Self {
            header_added: new.iter().filter(|name| !old.contains(name)).cloned().collect(),
            header_removed: old.iter().filter(|name| !new.contains(name)).cloned().collect(),
            header_moved: both != old_order,
            ..Self::default()
        }
    }

    /// Nothing differs but, perhaps, the order of rows and the way they are written.
    pub fn is_none(&self) -> bool {
        self.header_added.is_empty()
            && self.header_removed.is_empty()
            && !self.header_moved
            && self.changed + self.added.0 + self.removed.0 == 0
            && self.unreadable == (0, 0)
    }

    /// Takes up one change; `attributes` has an entry for each column of both.
    pub(super) fn count(&mut self, change: &Change<'_>, attributes: &mut [AttributeDifference]) {
        let note = |rows: &mut (u64, Vec<String>)| {
            rows.0 += 1;
            if rows.1.len() < NAMED {
                rows.1.push(change.key.to_owned());
            }
        };
        match change.kind {
            ChangeKind::Added => note(&mut self.added),
            ChangeKind::Removed => note(&mut self.removed),
            ChangeKind::Changed => self.changed += 1,
        }
        for cell in change.cells {
            let attribute = &mut attributes[cell.place];
            match (cell.before.is_empty(), cell.now.is_empty()) {
                (false, false) => attribute.changed += 1,
                (false, true) => attribute.emptied += 1,
                _ => attribute.filled += 1,
            }
            if attribute.samples.len() < NAMED {
                let (before, now) = (cell.before.clone().into_owned(), cell.now.clone().into_owned());
                attribute.samples.push(Sample { key: change.key.to_owned(), before, now });
            }
        }
    }
}
