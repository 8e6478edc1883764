//! `<stem>.rejects.csv`: one row per reason why a record was not written.

use crate::diagnostic::{Code, Severity};
use crate::mapping::RejectRecord;
use crate::output::record::{self, HIDDEN_VALUE};
use crate::output::sheet::Sheet;
use crate::output::{Counts, OutputError, Record, Staged, Staging};

pub(crate) const COLUMNS: [&str; 11] =
    ["code", "severity", "column", "source_column", "value", "message", "key", "file", "line", "related", "record"];

/// One reason.
#[derive(Debug, Clone)]
pub struct Reject<'a> {
    /// Of the register.
    pub code: &'static Code,
    /// Errors reject; a warning stands beside them.
    pub severity: Severity,
    /// The target column, or `record`.
    pub column: &'a str,
    /// The source column it is read from, where it is just one.
    pub source_column: &'a str,
    /// As read.
    pub value: &'a str,
    /// The fact and the cure.
    pub message: &'a str,
    /// Parts joined by `|`.
    pub key: &'a str,
    /// The source file, as reports show it.
    pub file: &'a str,
    /// The line on which the record starts.
    pub line: u64,
    /// The key of the root cause, if that is another record.
    pub related: &'a str,
    /// The source record.
    pub record: Record<'a>,
}

/// How much of the source data the report may show.
#[derive(Debug, Clone, Default)]
pub struct Disclosure {
    /// `record:`
    pub record: RejectRecord,
    /// Source columns of which no value is shown.
    pub redact: Vec<String>,
    /// Source columns of the key: all that `record: key` shows.
    pub key_columns: Vec<String>,
}

impl Disclosure {
    /// The key itself must not be shown.
    pub(crate) fn hides_key(&self) -> bool {
        self.key_columns.iter().any(|column| self.redact.contains(column))
    }

    /// A key, if it may be shown.
    pub(crate) fn key<'a>(&self, key: &'a str) -> &'a str {
        if key.is_empty() || !self.hides_key() { key } else { HIDDEN_VALUE }
    }
}

/// Writes the rejects file. Rows of one record must follow one another.
pub struct RejectsWriter<'a> {
    sheet: Sheet<'a>,
    disclosure: Disclosure,
    counts: Counts,
    last: Option<(String, u64)>,
    json: Vec<u8>,
}

/// A finished rejects file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectsFile {
    /// None if there was nothing to reject.
    pub staged: Option<Staged>,
    /// Its rows by code and column.
    pub counts: Counts,
}

impl<'a> RejectsWriter<'a> {
    /// For the output whose name without `.csv` is `stem`.
    pub fn new(staging: &'a Staging<'a>, stem: &str, disclosure: Disclosure) -> Self {
        let sheet = Sheet::new(staging, format!("{stem}.rejects.csv"), &COLUMNS);
        Self { sheet, disclosure, counts: Counts::default(), last: None, json: Vec::new() }
    }

    /// One row. The record is shown in its first row only.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn push(&mut self, reject: &Reject<'_>) -> Result<(), OutputError> {
        self.json.clear();
        let same = self.last.as_ref().is_some_and(|(file, line)| (file.as_str(), *line) == (reject.file, reject.line));
        if !same {
            self.last = Some((reject.file.to_owned(), reject.line));
            record::write(&mut self.json, &reject.record, &self.disclosure);
        }
        let redact = &self.disclosure.redact;
        // What SQL or a template made may hold what must not be shown.
        let composed = reject.source_column.is_empty() && !reject.value.is_empty() && !redact.is_empty();
        let hidden = composed || redact.iter().any(|column| column == reject.source_column);
        let value = if hidden && !reject.value.is_empty() { HIDDEN_VALUE } else { reject.value };
        // A message quotes the value it is about, or other records by their keys.
        let message = if hidden || self.disclosure.hides_key() { reject.code.title } else { reject.message };
        let severity = match reject.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        self.counts.add(reject.code.id, reject.column, 1);
        self.sheet.row(&[
            reject.code.id.as_bytes(),
            severity.as_bytes(),
            reject.column.as_bytes(),
            reject.source_column.as_bytes(),
            value.as_bytes(),
            message.as_bytes(),
            self.disclosure.key(reject.key).as_bytes(),
            reject.file.as_bytes(),
            reject.line.to_string().as_bytes(),
            self.disclosure.key(reject.related).as_bytes(),
            &self.json,
        ])
    }

    /// Makes the file durable.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(self) -> Result<RejectsFile, OutputError> {
        Ok(RejectsFile { staged: self.sheet.finish()?, counts: self.counts })
    }
}
