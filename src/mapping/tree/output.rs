//! Limits past which nothing is published, and how the output is written.

use super::Text;
use crate::yaml::{Span, Spanned};

/// `limits:`.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// `rejects:`
    pub rejects: Option<Spanned<Amount>>,
    /// Limits against the last published run (`fewer_rows`, `emptier`, `cleared`, `new_accounts`, `headers`): their keys.
    pub needs_history: Vec<Text>,
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
    /// `archive:`
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
