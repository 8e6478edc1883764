//! `run.json`: what a run did, to which files, with every record accounted for.
//!
//! The documented names come first and in their documented order; what the contract leaves open follows. A file of a newer
//! program is read too: unknown names are passed over, absent ones are empty.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::output::{Delivery, Notification, Ordered, OutputError, Place, folder};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Of this layout: 1.
    pub version: u32,
    /// Sorts by time, e.g. `20261121T204135Z-3f9a`.
    pub run_id: String,
    /// The worst of its mappings'.
    pub status: Status,
    /// What "now" meant, `YYYY-MM-DD`.
    #[serde(default)]
    pub as_of: String,
    /// Every mapping of the run, in the order in which they ran.
    #[serde(default)]
    pub mappings: Vec<MappingReport>,
    /// The program's version.
    #[serde(default)]
    pub tanguero: String,
    /// When it began, in UTC.
    #[serde(default)]
    pub started: String,
    /// When it ended, in UTC.
    #[serde(default)]
    pub ended: String,
    /// Limits lifted by `--accept`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// Names of the variables that were set; never their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// The environment, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The output folder, relative to the project where it lies inside.
    #[serde(default)]
    pub output_folder: String,
    /// The reports folder likewise, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports_folder: Option<String>,
    /// What stands in the folder of other mappings, or of mappings that published nothing this time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
    /// What the store says of the objects that stand in the target; none in a local folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Object>,
    /// The process's exit code; none before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    /// What was delivered where, step by step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// Who was told of its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<Notification>,
}

/// What a store says of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// In which of the run's two folders.
    pub place: Place,
    /// Its name there.
    pub file: String,
    /// The store's name for its content.
    pub etag: String,
}

/// How a run, or a mapping in it, ended; from harmless to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The files would be those that stand there already.
    Unchanged,
    /// The files stand in the output folder.
    #[default]
    Published,
    /// Asked not to publish.
    DryRun,
    /// Not published because something it refers to was not.
    Held,
    /// The data was refused.
    Refused,
    /// The run, the disk or the engine failed.
    Failed,
    /// Stopped from outside.
    Interrupted,
    /// A word of a newer program.
    #[serde(other)]
    Unknown,
}

impl Status {
    /// Whether the mapping's files are those in the output folder.
    pub fn stands(self) -> bool {
        matches!(self, Self::Unchanged | Self::Published)
    }
}

/// One mapping of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MappingReport {
    /// Its name: the file's stem.
    pub mapping: String,
    /// Its Totango format.
    pub format: String,
    /// How it ended.
    pub status: Status,
    /// Where its records went.
    pub rows: Rows,
    /// Reasons of rejection, by code and column.
    pub rejects: Counts,
    /// Warnings, by code and column.
    pub warnings: Counts,
    /// Non-empty cells written, by column, in the order of the columns.
    pub fill: Ordered<u64>,
    /// Empty cells that took the value published last (`default: keep`), by column, over all rows read.
    #[serde(skip_serializing_if = "Ordered::is_empty")]
    pub kept: Ordered<u64>,
    /// The day of the publish it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<String>,
    /// Accounts that Totango does not have (`unknown_accounts`), whatever became of their rows; none if all are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_accounts: Option<u64>,
    /// Its Totango files.
    pub outputs: Vec<OutputFile>,
    /// The source files it read.
    pub files: Vec<SourceFile>,
    /// Time spent, by stage.
    pub seconds: Ordered<f64>,
    /// What a cluster did of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterReport>,
    /// Its rejects, duplicates and new accounts files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<OutputFile>,
    /// The header line of its files.
    pub columns: Vec<String>,
    /// Which of `columns`, from 0, make the key.
    pub key: Vec<usize>,
    /// Keys that differ in case alone are the same.
    #[serde(skip_serializing_if = "is_false")]
    pub key_ignores_case: bool,
    /// What a traceable query made of its sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<QuerySource>,
    /// Why it published nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What a cluster was asked for by one mapping.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterReport {
    /// Tasks that executors did; those of a query are not counted.
    pub tasks: u64,
    /// Tasks and queries that came to nothing and were asked for again.
    pub handed_in_again: u64,
    /// Bytes of results that arrived, unpacked.
    pub bytes: u64,
    /// How long it took, by stage: `cut` (where big files can be cut), `count`, `judge`, `query` (each time it was asked).
    pub seconds: Ordered<f64>,
    /// Seconds of work: of `executors` over all their slots; of this machine `fetching` (unpacking), `checking` and
    /// `taking in`, which is done by one thread at a time.
    pub work: Ordered<f64>,
}

/// Where source records went; for a query, its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rows {
    /// All of them.
    pub read: u64,
    /// Blank lines and footers.
    pub skipped: u64,
    /// `where` said no.
    pub filtered: u64,
    /// See the rejects file.
    pub rejected: u64,
    /// See the duplicates file.
    pub duplicate: u64,
    /// Folded into another record's row.
    pub merged: u64,
    /// Stand in the Totango file.
    pub written: u64,
    /// With `changes`: left out of it because Totango has them as they are.
    #[serde(skip_serializing_if = "is_zero")]
    pub unchanged: u64,
}

impl Rows {
    /// Whether every record is accounted for once.
    pub fn balances(&self) -> bool {
        let ends =
            [self.skipped, self.filtered, self.rejected, self.duplicate, self.merged, self.written, self.unchanged];
        ends.iter().try_fold(0_u64, |sum, end| sum.checked_add(*end)) == Some(self.read)
    }
}

/// Numbers by code, then by column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<String, BTreeMap<String, u64>>);

impl Counts {
    /// `count` more of `code` in `column`; none leaves no trace.
    pub fn add(&mut self, code: &str, column: &str, count: u64) {
        if count == 0 {
            return;
        }
        // Looked up before it is made: nearly always it is there, and rejects can be many.
        if let Some(known) = self.0.get_mut(code).and_then(|columns| columns.get_mut(column)) {
            *known += count;
        } else {
            self.0.entry(code.to_owned()).or_default().insert(column.to_owned(), count);
        }
    }
}

/// A file that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputFile {
    /// Its name in its folder.
    pub file: String,
    /// Its records, without the header.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// XXH3 (64 bits) of its bytes, 16 hexadecimal digits.
    pub xxh3: String,
}

/// A file that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceFile {
    /// Its path, relative to the project where it lies inside.
    pub file: String,
    /// Its records, readable or not.
    pub records: u64,
    /// Blank lines and footer records, which are no records.
    pub skipped: u64,
    /// Records that could not be read.
    pub unreadable: u64,
    /// The footer, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footer: Vec<String>,
}

/// What a traceable query made of one of its sources, in records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QuerySource {
    /// Its name.
    pub source: String,
    /// In at least one row of the query.
    pub used: u64,
    /// In none.
    pub dropped: u64,
    /// In more than one.
    pub multiplied: u64,
}

/// Why a mapping published nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Of the register.
    pub code: String,
    /// The fact, in one line.
    pub message: String,
}

/// Files of an earlier run that still stand in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Their mapping.
    pub mapping: String,
    /// The run that published them.
    pub run_id: String,
    /// What "now" meant to it.
    pub as_of: String,
    /// Its Totango files.
    pub outputs: Vec<OutputFile>,
    /// Its rejects and duplicates files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<OutputFile>,
    /// Where the latter are, if not in the output folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reports_folder: Option<String>,
}

impl RunReport {
    /// The text of `run.json`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("a report is plain data with text for names");
        text.push(b'\n');
        text
    }

    /// The `run.json` in `directory`, which has none before its first publish.
    ///
    /// # Errors
    /// If it cannot be read or is not ours: it is then not overwritten either.
    pub fn read(directory: &Path) -> Result<Option<Self>, OutputError> {
        let path = directory.join(folder::MANIFEST);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OutputError::disk("read", &path)(error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            OutputError::damaged(&path, format!("is no report of a tanguero run ({error}): move it away"))
        })
    }

    /// The report of `mapping`.
    pub fn mapping(&self, mapping: &str) -> Option<&MappingReport> {
        self.mappings.iter().find(|report| report.mapping == mapping)
    }

    /// Sets the run's status: the worst of its mappings'.
    pub fn settle_status(&mut self) {
        self.status = self.mappings.iter().map(|mapping| mapping.status).max().unwrap_or_default();
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}
