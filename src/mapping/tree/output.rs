//! Limits past which nothing is published, and how the output is written.

use super::Text;
use crate::yaml::{Span, Spanned};

/// `limits:`.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// `rejects:`
    pub rejects: Option<Spanned<Amount>>,
    /// `fewer_rows`: rows the file may have less than the one published last.
    pub fewer_rows: Option<Spanned<Amount>>,
    /// `emptier`: filled cells a column may have less.
    pub emptier: Option<Spanned<Amount>>,
    /// `cleared`: values published last that may now be empty.
    pub cleared: Option<Spanned<Amount>>,
    /// `new_accounts`: keys that were never published before.
    pub new_accounts: Option<Spanned<Amount>>,
    /// `headers`: another header than the one published last; true refuses the run, false warns.
    pub headers: Option<Spanned<bool>>,
}

/// A count or a share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A number of records.
    Count(u64),
    /// A share in percent.
    Percent(f64),
}

/// `output:`.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// `file:` name of the CSV file.
    pub file: Option<Text>,
    /// `headers: display`.
    pub display_headers: bool,
    /// `line_ending: lf`.
    pub line_feed: bool,
    /// `split: {size: }` in bytes.
    pub split_size: Option<Spanned<u64>>,
    /// `split: {rows: }`.
    pub split_rows: Option<Spanned<u64>>,
    /// `changes: true`.
    pub changes: Option<Span>,
    /// `rejects: {record: }`
    pub reject_record: RejectRecord,
    /// `rejects: {redact: [..]}` source columns hidden in reports.
    pub redact: Vec<Text>,
    /// `archive:` folder or URL that gets a dated copy of what is published.
    pub archive: Option<Text>,
}

/// How much of a rejected record its report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RejectRecord {
    /// The whole source record as JSON.
    #[default]
    Full,
    /// Only its key.
    Key,
    /// Nothing.
    None,
}
