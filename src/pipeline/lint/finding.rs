//! What `lint` finds, and how much of it is told.

use std::collections::BTreeMap;

use crate::diagnostic::Code;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintFinding {
    /// Physical line on which the record starts; the header's for the header.
    pub line: u64,
    /// The column as the file spells it; `record` for a record as a whole, `file` for all of it.
    pub column: String,
    /// Its place among the fields of the record, from 1; none for a record or the file.
    pub field: Option<usize>,
    /// From the register.
    pub code: &'static Code,
    /// The fact, in one line.
    pub message: String,
    /// The value as it stands.
    pub value: String,
    /// What a run would write instead, where it would write something.
    pub written: Option<String>,
}

/// Passes findings on, up to so many of each code, and counts all.
pub(super) struct Tally<'a> {
    tell: &'a mut dyn FnMut(&LintFinding),
    most: u64,
    counts: BTreeMap<&'static str, (u64, u64)>,
    /// Findings of the record at hand.
    pending: Vec<LintFinding>,
    /// Something was found that would be lost if the file were written anew.
    pub(super) loses: u64,
}

impl<'a> Tally<'a> {
    /// At most `most` findings of each code reach `tell`.
    pub(super) fn new(tell: &'a mut dyn FnMut(&LintFinding), most: u64) -> Self {
        Self { tell, most, counts: BTreeMap::new(), pending: Vec::new(), loses: 0 }
    }

    /// One more; what it takes to tell it is only asked for if it is told.
    pub(super) fn add(&mut self, code: &'static Code, loses: bool, finding: impl FnOnce() -> LintFinding) {
        let (all, told) = self.counts.entry(code.id).or_default();
        *all += 1;
        self.loses += u64::from(loses);
        if *told < self.most {
            *told += 1;
            self.pending.push(finding());
        }
    }

    /// The record is through: its findings are told, in the order of its fields.
    pub(super) fn flush(&mut self) {
        self.pending.sort_by_key(|finding| finding.field);
        self.pending.drain(..).for_each(|finding| (self.tell)(&finding));
    }

    /// By code: how many there are, and how many of them were told.
    pub(super) fn finish(mut self) -> BTreeMap<&'static str, (u64, u64)> {
        self.flush();
        self.counts
    }
}
