//! One target column, where its value comes from and its options.

use super::Text;
use crate::yaml::{Span, Spanned};

/// One target column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The target attribute, as spelt.
    pub name: Text,
    /// Where its value comes from.
    pub origin: Origin,
    /// Options given at the column itself.
    pub options: ColumnOptions,
    /// Key and value.
    pub span: Span,
}

/// Where a value comes from: exactly one.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A bare string or `column:`: a source column, spelt exactly.
    Field(Text),
    /// `sql:` one expression.
    Sql(Text),
    /// `value:` a constant.
    Value(Text),
    /// `template:` text with `{Source Column}` (or a `let` name) parts.
    Template(Text),
}

/// `type:` of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellType {
    /// Free text.
    Text,
    /// A record id: letters, digits, `_`, `-` (and what the alphabet adds).
    Id,
    /// An e-mail address.
    Email,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// A decimal number that may carry one currency sign.
    Currency,
    /// A day or a moment.
    Date,
    /// One of predefined options.
    List,
    /// Several predefined options.
    MultiList,
    /// yes or no.
    Flag,
    /// `tag##x`: yes, no or leave alone.
    Tag,
    /// The record's id in another system; Totango stores it in lower case.
    ForeignKey,
}

impl CellType {
    /// Every type, in the order of the documentation.
    pub const ALL: [CellType; 12] = [
        Self::Text,
        Self::Id,
        Self::Email,
        Self::Integer,
        Self::Number,
        Self::Currency,
        Self::Date,
        Self::List,
        Self::MultiList,
        Self::Flag,
        Self::Tag,
        Self::ForeignKey,
    ];

    /// Its name in mappings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Id => "id",
            Self::Email => "email",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Currency => "currency",
            Self::Date => "date",
            Self::List => "list",
            Self::MultiList => "multi_list",
            Self::Flag => "flag",
            Self::Tag => "tag",
            Self::ForeignKey => "foreign_key",
        }
    }
}

impl std::fmt::Display for CellType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Options of a column; `None` (or empty) is "not said here".
#[derive(Debug, Clone, Default)]
pub struct ColumnOptions {
    /// `type:`
    pub kind: Option<Spanned<CellType>>,
    /// `formats:` of a date.
    pub formats: Option<Vec<Text>>,
    /// `timezone:` of a date without offset.
    pub timezone: Option<Text>,
    /// `dst:` reject | earlier | later.
    pub dst: Option<Spanned<DstPolicy>>,
    /// `decimal:` `.` or `,`.
    pub decimal: Option<Spanned<char>>,
    /// `map:` exact replacements, in file order.
    pub map: Option<Vec<(Text, Text)>>,
    /// `lookup:`
    pub lookup: Option<Lookup>,
    /// `values:` what Totango accepts.
    pub values: Option<Vec<Text>>,
    /// `default:` what an empty cell becomes.
    pub default: Option<Spanned<Default_>>,
    /// `on_error:`
    pub on_error: Option<Spanned<OnError>>,
    /// `quotes:`
    pub quotes: Option<Spanned<QuotePolicy>>,
    /// `html: text` strips markup.
    pub html_text: Option<Spanned<bool>>,
    /// `max_length:` in characters.
    pub max_length: Option<Spanned<u64>>,
    /// `truncate: true` cuts instead of rejecting.
    pub truncate: Option<Spanned<bool>>,
    /// `trim: false` keeps white space.
    pub trim: Option<Spanned<bool>>,
    /// `separator:` how the source splits a list.
    pub separator_in: Option<Text>,
    /// `separator: {out: }` how it is written.
    pub separator_out: Option<Text>,
    /// `case:` lower | upper.
    pub case: Option<Spanned<Case>>,
    /// `alphabet:` strict | lenient.
    pub alphabet: Option<Spanned<Alphabet>>,
    /// `absent:` of a tag: leave | remove.
    pub absent_remove: Option<Spanned<bool>>,
    /// `custom: true`: an attribute the catalogue need not know.
    pub custom: Option<Spanned<bool>>,
    /// `note:` free text.
    pub note: Option<Text>,
}

/// `default:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default_ {
    /// Stays empty on purpose.
    Empty,
    /// The last non-empty value published for this key.
    Keep,
    /// A constant.
    Value(String),
    /// The `--as-of` day.
    Today,
    /// An empty cell rejects the record.
    Reject,
}

/// `on_error:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The record is rejected.
    #[default]
    Reject,
    /// The cell becomes empty; counted.
    Empty,
    /// The run is refused.
    Fail,
}

/// `quotes:` what happens to `"` inside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotePolicy {
    /// A fault.
    #[default]
    Reject,
    /// `"` becomes `'`.
    Replace,
    /// `"` is removed.
    Strip,
    /// `"` stays and is doubled in the file.
    Double,
}

/// `dst:` a local time that a clock change makes ambiguous or skips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DstPolicy {
    /// A fault.
    #[default]
    Reject,
    /// The earlier moment.
    Earlier,
    /// The later moment.
    Later,
}

/// `case:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// To lower case.
    Lower,
    /// To upper case.
    Upper,
}

/// `alphabet:` of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Account ids without `-`.
    Strict,
    /// User ids with `+`.
    Lenient,
}

/// `lookup: {in, match, take, missing}`.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// `in:` a source.
    pub source: Text,
    /// `match:` its key column.
    pub key: Text,
    /// `take:` its value column.
    pub take: Text,
    /// `missing:`
    pub missing: LookupMissing,
    /// The whole entry.
    pub span: Span,
}

/// `missing:` of a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupMissing {
    /// A fault.
    #[default]
    Reject,
    /// The cell becomes empty.
    Empty,
    /// The value passes as it is.
    Pass,
}
