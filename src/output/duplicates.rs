//! `<stem>.duplicates.csv`: one row per record that lost to another of its key.

use crate::output::sheet::Sheet;
use crate::output::{Disclosure, OutputError, Staged, Staging};

pub(crate) const COLUMNS: [&str; 7] =
    ["key", "file", "line", "winner_file", "winner_line", "winner_fate", "decided_by"];

/// One loser.
#[derive(Debug, Clone)]
pub struct Duplicate<'a> {
    /// Parts joined by `|`.
    pub key: &'a str,
    /// Its source file, as reports show it.
    pub file: &'a str,
    /// The line on which it starts.
    pub line: u64,
    /// The winner's source file.
    pub winner_file: &'a str,
    /// The line on which the winner starts.
    pub winner_line: u64,
    /// What became of the winner, e.g. `written` or `rejected`.
    pub winner_fate: &'a str,
    /// The policy, or what broke the tie.
    pub decided_by: &'a str,
}

/// Writes the duplicates file.
pub struct DuplicatesWriter<'a> {
    sheet: Sheet<'a>,
    disclosure: Disclosure,
}

impl<'a> DuplicatesWriter<'a> {
    /// For the output whose name without `.csv` is `stem`.
    pub fn new(staging: &'a Staging<'a>, stem: &str, disclosure: Disclosure) -> Self {
        Self { sheet: Sheet::new(staging, format!("{stem}.duplicates.csv"), &COLUMNS), disclosure }
    }

    /// One row.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn push(&mut self, duplicate: &Duplicate<'_>) -> Result<(), OutputError> {
        self.sheet.row(&[
            self.disclosure.key(duplicate.key).as_bytes(),
            duplicate.file.as_bytes(),
            duplicate.line.to_string().as_bytes(),
            duplicate.winner_file.as_bytes(),
            duplicate.winner_line.to_string().as_bytes(),
            duplicate.winner_fate.as_bytes(),
            duplicate.decided_by.as_bytes(),
        ])
    }

    /// Makes the file durable; none if nobody lost.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(self) -> Result<Option<Staged>, OutputError> {
        self.sheet.finish()
    }
}
