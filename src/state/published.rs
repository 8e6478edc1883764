//! The record of one publish of one mapping: what later runs compare their figures with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What one mapping published on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Published {
    /// Of this layout: 1.
    pub version: u32,
    /// The mapping.
    pub mapping: String,
    /// Its Totango format.
    pub format: String,
    /// The day it was published for, `YYYY-MM-DD`.
    pub as_of: String,
    /// The run.
    pub run_id: String,
    /// The environment, if one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Not published by a run, but read from an export of what Totango holds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// Where the outputs stand, absolute or a URL; empty for an import.
    pub output_folder: PathBuf,
    /// The same as it is on every machine: a URL, or relative to the project where it lies inside. Empty: not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Rows that Totango was given or holds already: with `changes` the unchanged ones too.
    pub rows: u64,
    /// Attribute of each column, in the order of the file.
    pub columns: Vec<String>,
    /// The header line.
    pub headers: Vec<String>,
    /// Which of `columns`, from 0, make the key.
    pub key: Vec<usize>,
    /// Keys that differ in case alone are the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub key_ignores_case: bool,
    /// Non-empty cells by attribute.
    pub fill: BTreeMap<String, u64>,
    /// The Totango files.
    pub outputs: Vec<PublishedFile>,
    /// The snapshot, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotFile>,
}

/// A file as it was published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishedFile {
    /// Its name.
    pub file: String,
    /// Its records, without the header.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// XXH3 (64 bits) of its bytes, 16 hexadecimal digits.
    pub xxh3: String,
}

/// A snapshot beside its record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotFile {
    /// Its name.
    pub file: String,
    /// Keys in it, those that are no longer published included.
    pub keys: u64,
    /// Its size.
    pub bytes: u64,
    /// Only keys and hashes: enough for references and for counting new keys.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keys_only: bool,
}

/// Of this layout.
pub(super) const VERSION: u32 = 1;
