//! What concerns many columns or many rows: tags, pivot, duplicates, hierarchy, references.

use serde::{Deserialize, Serialize};

use super::{ColumnOptions, Origin, Text};
use crate::yaml::{Span, Spanned};

/// `tags:`.
#[derive(Debug, Clone)]
pub struct Tags {
    /// `column:` the source column that lists them.
    pub column: Text,
    /// `by:` the separator.
    pub separator: Text,
    /// `known:` the tags, one target column `tag##x` each.
    pub known: Vec<Text>,
    /// `unknown: ignore` instead of the default `reject`.
    pub ignore_unknown: bool,
    /// `absent: remove` instead of the default `leave`.
    pub absent_remove: bool,
    /// The whole entry.
    pub span: Span,
}

/// `pivot:`.
#[derive(Debug, Clone)]
pub struct Pivot {
    /// `module:` SQL expression.
    pub module: Text,
    /// `action:` SQL expression.
    pub action: Text,
    /// `value:` SQL expression; none: every row counts 1.
    pub value: Option<Text>,
    /// `aggregate:`
    pub aggregate: Aggregate,
    /// `top: {n}`: keep the N largest.
    pub top: Option<Spanned<u64>>,
    /// `top: {of: pair}` instead of the default `module`.
    pub top_of_pairs: bool,
    /// `columns: [..]` a fixed header.
    pub columns: Option<Vec<Text>>,
    /// `columns: pinned`.
    pub pinned: Option<Span>,
    /// `fill: 0`.
    pub fill_zero: bool,
    /// The whole entry.
    pub span: Span,
}

/// `aggregate:` of a pivot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Aggregate {
    /// Values are added.
    #[default]
    Sum,
    /// Rows are counted.
    Count,
    /// The largest value.
    Max,
}

/// `duplicates:`.
#[derive(Debug, Clone)]
pub struct Duplicates {
    /// The policy.
    pub policy: Spanned<DuplicatePolicy>,
    /// `by:` of `newest`.
    pub by: Option<By>,
    /// `fallback: valid`.
    pub fallback_valid: Option<Span>,
}

/// The seven policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DuplicatePolicy {
    /// The last record in source order wins.
    Last,
    /// The first one.
    First,
    /// The one with the greatest `by` value; empty is oldest, ties by source order.
    Newest,
    /// The newest non-empty value per column.
    Merge,
    /// Number columns are added.
    Sum,
    /// The n-th occurrence goes to the n-th file.
    Split,
    /// The run is refused.
    Error,
}

/// `by: {column, type, formats} | {sql}`.
#[derive(Debug, Clone)]
pub struct By {
    /// Field or Sql.
    pub origin: Origin,
    /// `type:` and `formats:`.
    pub options: ColumnOptions,
    /// The whole entry.
    pub span: Span,
}

/// `hierarchy:`.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    /// `missing_parent:`
    pub missing_parent: HierarchyPolicy,
    /// `cycles:`
    pub cycles: HierarchyPolicy,
    /// `max_depth:`; a root has depth 1.
    pub max_depth: Option<Spanned<u64>>,
    /// `order: parents_first` instead of the default `source`.
    pub parents_first: bool,
    /// `known_accounts:` `<source>.<column>` or mapping names.
    pub known_accounts: Vec<Text>,
    /// The key `hierarchy`.
    pub span: Span,
}

/// What happens to a faulty link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum HierarchyPolicy {
    /// The record is rejected.
    #[default]
    Reject,
    /// The record is written without its parent.
    Detach,
    /// The run is refused.
    Fail,
}

/// One entry of `references:`.
#[derive(Debug, Clone)]
pub struct Reference {
    /// `in:` `<source>.<column>` or mapping names.
    pub targets: Vec<Text>,
    /// `missing:`
    pub missing: Spanned<ReferenceMissing>,
    /// The whole entry.
    pub span: Span,
}

/// `missing:` of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReferenceMissing {
    /// The record is rejected.
    #[default]
    Reject,
    /// The cell becomes empty.
    Empty,
    /// Counted as a warning.
    Warn,
    /// The run is refused.
    Fail,
}

/// `unknown_accounts:`.
#[derive(Debug, Clone)]
pub struct UnknownAccounts {
    /// `in:` where known accounts are: `<source>.<column>` or mapping names.
    pub targets: Vec<Text>,
    /// `policy:`
    pub policy: UnknownPolicy,
    /// The key `unknown_accounts`.
    pub span: Span,
}

/// What happens to rows of accounts that are not known; all of these are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UnknownPolicy {
    /// They are written.
    #[default]
    Allow,
    /// They are rejected.
    Reject,
    /// They are written, and counted as a warning.
    Report,
}
