//! A mapping's test file: rows that its sources are given, and what must come of them.

use jiff::civil::Date;

use super::Text;
use crate::yaml::{Span, Spanned};

/// `<mapping>.test.yaml`.
#[derive(Debug, Clone, Default)]
pub struct TestFile {
    /// Path of the file as diagnostics show it.
    pub path: String,
    /// What all cases share.
    pub shared: Circumstances,
    /// `cases:` in file order.
    pub cases: Vec<TestCase>,
}

/// What a mapping meets in a test instead of the world.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// `as_of:` the day that is "now".
    pub as_of: Option<Spanned<Date>>,
    /// `environment:` of the project.
    pub environment: Option<Text>,
    /// `variables:` by name.
    pub variables: Vec<(Text, Text)>,
    /// `sources:` by name.
    pub sources: Vec<GivenSource>,
    /// `mappings:` keys that other mappings are taken to have written.
    pub mappings: Vec<(Text, Vec<Text>)>,
    /// `published:` rows that an earlier run of the mapping is taken to have published, by attribute, at the key `published`.
    pub published: Option<Spanned<Vec<ExpectedRow>>>,
}

/// Rows that stand in for a source.
#[derive(Debug, Clone)]
pub struct GivenSource {
    /// The source's name.
    pub name: Text,
    /// Its rows.
    pub rows: GivenRows,
    /// `types:` of the columns that are no text, for Parquet and Arrow.
    pub types: Vec<(Text, GivenType)>,
}

/// The rows, in one of three forms.
#[derive(Debug, Clone)]
pub enum GivenRows {
    /// Records of named cells.
    Records(Vec<GivenRecord>),
    /// A file's content, as it would arrive.
    Content(Text),
    /// A file; the path.
    File(Text),
}

/// One record; a cell without text is empty.
#[derive(Debug, Clone)]
pub struct GivenRecord {
    /// Columns in the order of the file.
    pub cells: Vec<(Text, Option<String>)>,
    /// Where it stands.
    pub span: Span,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenType {
    /// Text, as all columns are unless said.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Floating numbers of 64 bits.
    Number,
    /// True and false.
    Boolean,
    /// Days.
    Date,
    /// Moments in microseconds, without a zone.
    Timestamp,
    /// Moments in microseconds, in UTC.
    TimestampUtc,
}

/// One entry of `cases:`.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// What it shows.
    pub name: Text,
    /// What it has of its own.
    pub given: Circumstances,
    /// `expect:`; none where it is still to be written.
    pub expect: Option<Expected>,
    /// The value of the case.
    pub span: Span,
}

/// What must come of the rows.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// From the key `expect` to the end of its value.
    pub span: Span,
    /// `rows:` of the output, in order; none: not looked at.
    pub rows: Option<Vec<ExpectedRow>>,
    /// `rejects:`, in order; none: there are none.
    pub rejects: Option<Vec<ExpectedRow>>,
    /// `duplicates:`, in order; none: there are none.
    pub duplicates: Option<Vec<ExpectedRow>>,
    /// `warnings:`, in order; none: not looked at.
    pub warnings: Option<Vec<ExpectedRow>>,
    /// `counts:` of `run.json` by name.
    pub counts: Vec<(Text, u64)>,
    /// `error:` codes that stop the run.
    pub error: Option<Vec<Text>>,
    /// `exit:` the code the process would end with.
    pub exit: Option<Spanned<u64>>,
}

/// Cells that a row must have; others are not looked at.
#[derive(Debug, Clone)]
pub struct ExpectedRow {
    /// By column, in the order of the file; an empty text is an empty cell.
    pub cells: Vec<(Text, String)>,
    /// Where it stands.
    pub span: Span,
}
