//! A mapping in which nothing is left to look up.

use crate::format::FormatSpec;
use crate::mapping::{
    Aggregate, Amount, DuplicatePolicy, HierarchyPolicy, ReferenceMissing, RejectRecord, Text, UnknownPolicy,
};
use crate::resolve::CellSpec;
use crate::yaml::{Span, Spanned};

/// What the compiler and the run need to know of a mapping.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The mapping's name: its file's stem.
    pub name: String,
    /// Its file, as diagnostics show it.
    pub path: String,
    /// Its Totango file.
    pub format: &'static FormatSpec,
    /// What the rows come from.
    pub from: RowSource,
    /// `let`, in order.
    pub lets: Vec<Let>,
    /// `where`.
    pub filter: Option<Text>,
    /// Target columns in file order.
    pub columns: Vec<TargetColumn>,
    /// Columns that together identify a row.
    pub key: Vec<usize>,
    /// The column `parent_id`, where the hierarchy is checked.
    pub parent: Option<usize>,
    /// Groups of which one column must have a value.
    pub one_of: Vec<Vec<usize>>,
    /// (column, when): `column` needs a value in rows in which `when` has one.
    pub required_when: Vec<(usize, usize)>,
    /// What happens to rows of one key.
    pub duplicates: Duplicates,
    /// Rules of the hierarchy.
    pub hierarchy: Hierarchy,
    /// Columns whose values must exist elsewhere.
    pub references: Vec<Reference>,
    /// Accounts that Totango does not have.
    pub unknown_accounts: Option<UnknownAccounts>,
    /// Long rows to wide columns.
    pub pivot: Option<Pivot>,
    /// `limits.rejects`.
    pub limits: Option<Amount>,
    /// What it asks of earlier runs.
    pub memory: Memory,
    /// The file.
    pub output: Output,
}

/// `from`.
#[derive(Debug, Clone)]
pub enum RowSource {
    /// A declared source.
    Source(String),
    /// A query: the path of its file, or its text.
    Query(Text),
}

/// One `let`.
#[derive(Debug, Clone)]
pub struct Let {
    /// Column name that it defines.
    pub name: String,
    /// Its expression.
    pub sql: Text,
}

/// One column of the Totango file.
#[derive(Debug, Clone)]
pub struct TargetColumn {
    /// API name, or the attribute as spelt.
    pub name: String,
    /// What the header line says.
    pub header: String,
    /// Where the value comes from.
    pub input: Input,
    /// What the value goes through.
    pub cell: CellSpec,
    /// An empty cell may delete a value in Totango and the mapping does not say that this is meant.
    pub warn_empty: bool,
    /// Where the mapping defines it.
    pub span: Span,
}

impl TargetColumn {
    /// The source column it is read from, where it is just one.
    pub fn source_column(&self) -> Option<&str> {
        match &self.input {
            Input::Field(name) | Input::Tag { field: name, .. } => Some(name),
            _ => None,
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Input {
    /// A column of the rows.
    Field(String),
    /// An expression over them.
    Sql(Text),
    /// A constant.
    Value(String),
    /// Text with columns in it.
    Template(Vec<Piece>),
    /// Whether a cell that lists tags names this one.
    Tag {
        /// The cell's column.
        field: String,
        /// What separates the tags in it.
        separator: String,
        /// The tag.
        tag: String,
        /// All tags allowed in the cell, on the one column that reports unknown ones.
        known: Option<Vec<String>>,
    },
}

impl Input {
    /// Columns of the rows (or `let`s) that it names outside SQL.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::Field(name) | Self::Tag { field: name, .. } => vec![name],
            Self::Template(pieces) => pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Field(name) => Some(name.as_str()),
                    Piece::Text(_) => None,
                })
                .collect(),
            Self::Sql(_) | Self::Value(_) => Vec::new(),
        }
    }
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// A column of the rows, or a `let`.
    Field(String),
}

/// What happens to rows of one key.
#[derive(Debug, Clone)]
pub struct Duplicates {
    /// The policy.
    pub policy: DuplicatePolicy,
    /// What `newest` compares.
    pub order: Option<Order>,
    /// A faulty winner gives way to the next valid row.
    pub fallback_valid: bool,
}

/// What `newest` compares.
#[derive(Debug, Clone)]
pub struct Order {
    /// Where the value comes from.
    pub input: Input,
    /// Its type and layouts.
    pub cell: CellSpec,
    /// Where the mapping says so.
    pub span: Span,
}

/// Rules of the hierarchy.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    /// A parent that is nowhere.
    pub missing_parent: HierarchyPolicy,
    /// Accounts that are one another's parents.
    pub cycles: HierarchyPolicy,
    /// Deepest level; a root has 1.
    pub max_depth: Option<u64>,
    /// Parents stand before their children in the file.
    pub parents_first: bool,
    /// Accounts that exist beside those of the file.
    pub known_accounts: Vec<Target>,
}

/// What a reference points into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A column of a source.
    Field {
        /// The source.
        source: String,
        /// Its column.
        field: String,
    },
    /// The keys that a mapping writes.
    Mapping(String),
}

/// A column whose values must exist elsewhere.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The column.
    pub column: usize,
    /// Where its values must exist: in any of these.
    pub targets: Vec<Target>,
    /// What happens to a value that does not.
    pub missing: ReferenceMissing,
}

/// `unknown_accounts:`.
#[derive(Debug, Clone)]
pub struct UnknownAccounts {
    /// The account's column.
    pub column: usize,
    /// Where known accounts are.
    pub targets: Vec<Target>,
    /// What happens to the others.
    pub policy: UnknownPolicy,
}

/// Long rows to wide columns.
#[derive(Debug, Clone)]
pub struct Pivot {
    /// SQL of the module.
    pub module: Text,
    /// SQL of the action.
    pub action: Text,
    /// SQL of the value; none: a row counts 1.
    pub value: Option<Text>,
    /// How values of one cell become one.
    pub aggregate: Aggregate,
    /// Keep the N largest.
    pub top: Option<u64>,
    /// N pairs instead of N modules.
    pub top_of_pairs: bool,
    /// A fixed header.
    pub columns: Option<Vec<String>>,
    /// An absent combination is 0 instead of empty.
    pub fill_zero: bool,
    /// Cell rules of module, action and value.
    pub cells: [CellSpec; 3],
}

/// What a mapping asks of earlier runs.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Columns whose empty cells take the value last published.
    pub keep: Vec<usize>,
    /// Only new and changed rows are written.
    pub changes: bool,
    /// The header of a pivot is the one published last.
    pub pinned: bool,
    /// Rows the file may have less than the one published last.
    pub fewer_rows: Option<Spanned<Amount>>,
    /// Filled cells a column may have less.
    pub emptier: Option<Spanned<Amount>>,
    /// Values published last that may now be empty.
    pub cleared: Option<Spanned<Amount>>,
    /// Keys that were never published before.
    pub new_accounts: Option<Spanned<Amount>>,
    /// Another header than the one published last: true refuses the run, false warns.
    pub headers: Option<Spanned<bool>>,
}

/// The file.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name, with extension.
    pub file: String,
    /// LF instead of CRLF.
    pub line_feed: bool,
    /// Most bytes of a part.
    pub split_size: Option<u64>,
    /// Most rows of a part.
    pub split_rows: Option<u64>,
    /// How much of a rejected record its report shows.
    pub reject_record: RejectRecord,
    /// Source columns hidden in reports.
    pub redact: Vec<String>,
}

impl Output {
    /// The file's name without `.csv`: what its reports are named after.
    pub fn stem(&self) -> &str {
        self.file.strip_suffix(".csv").unwrap_or(&self.file)
    }

    /// Whether `name` is that of the file, or of a part or pass of it.
    pub fn is_file(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.stem()).and_then(|rest| rest.strip_suffix(".csv"));
        name == self.file || rest.is_some_and(|rest| rest.starts_with(".part-") || rest.starts_with(".pass-"))
    }
}
