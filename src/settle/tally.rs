//! What is counted while rows pass: warnings and filled cells.

use std::collections::BTreeMap;

use crate::settle::layout::Layout;

/// Counts of one sink, or of all together.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Rows that came in.
    pub(super) read: u64,
    /// Of them those that went into others before they had a record.
    pub(super) merged: u64,
    /// Non-empty cells per written column, of every row that was encoded.
    pub(super) filled: Vec<u64>,
    /// Warnings by kind and column.
    pub(super) warnings: BTreeMap<(WarningKind, usize), u64>,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A cell's fault that lets the row pass, by number.
    Fault(u8),
    /// A code of the register that settling itself raises: `W903`, `W905`, `W906`, `W907`, `W913`, `W914`, `W922`.
    Code(&'static str),
}

/// One kind of warning in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// The column, as the layout numbers it.
    pub column: usize,
    /// How many rows have it.
    pub rows: u64,
}

impl Tally {
    pub(super) fn new(layout: &Layout) -> Self {
        let written = layout.columns.iter().filter(|column| column.written).count();
        Self { filled: vec![0; written], ..Self::default() }
    }

    /// As many more rows with each fault in `column`.
    pub(super) fn faults(&mut self, rows: &[u64; 256], column: usize) {
        for (fault, rows) in (0..=u8::MAX).zip(rows).filter(|(_, rows)| **rows > 0) {
            *self.warnings.entry((WarningKind::Fault(fault), column)).or_default() += rows;
        }
    }

    /// `rows` more rows with `code` in `column`.
    pub(super) fn code(&mut self, code: &'static str, column: usize, rows: u64) {
        if rows > 0 {
            *self.warnings.entry((WarningKind::Code(code), column)).or_default() += rows;
        }
    }

    /// All that `other` counted too.
    pub(super) fn join(&mut self, other: &Self) {
        self.read += other.read;
        self.merged += other.merged;
        self.filled.resize(self.filled.len().max(other.filled.len()), 0);
        for (sum, more) in self.filled.iter_mut().zip(&other.filled) {
            *sum += more;
        }
        for (key, more) in &other.warnings {
            *self.warnings.entry(*key).or_default() += more;
        }
    }

    /// The warnings, by kind and column.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let warnings = self.warnings.iter();
        warnings.map(|((kind, column), rows)| Warning { kind: *kind, column: *column, rows: *rows }).collect()
    }
}
