//! What one target cell goes through: the plain data that the compiler writes into SQL and the functions read back.

use serde::{Deserialize, Serialize};

use crate::mapping::{Alphabet, Case, CellType, DstPolicy, LookupMissing, OnError, QuotePolicy};

/// Everything a cell function needs to know, with names and defaults already settled.
///
/// One cell goes through its steps in this order: `html`, `trim`, empty?, `lookup`, `map`, `kind`, fault?
/// `on_error`, empty? `default`, `values`, `quotes`, length. Serialised as JSON into a SQL literal; fields at their default
/// are left out, so that the SQL stays readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSpec {
    /// The normaliser; in SQL it is the function's name.
    #[serde(skip, default = "text")]
    pub kind: CellType,
    /// Strip HTML markup first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub html: bool,
    /// Keep white space at both ends.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep_space: bool,
    /// Look the value up in a table of the session.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lookup: Option<LookupSpec>,
    /// Exact replacements.
    #[serde(default, skip_serializing_if = "is_default")]
    pub map: Vec<(String, String)>,
    /// Replacements that ignore ASCII case (catalogue value maps: Practitioner -> Spark).
    #[serde(default, skip_serializing_if = "is_default")]
    pub map_any_case: Vec<(String, String)>,
    /// Date layouts, in order; empty: `iso`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub formats: Vec<String>,
    /// IANA zone of a date without offset; none: UTC.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timezone: Option<String>,
    /// IANA zone of the service: a day becomes its midnight.
    #[serde(default, skip_serializing_if = "is_default")]
    pub service_timezone: Option<String>,
    /// Clock changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dst: DstPolicy,
    /// The decimal sign is a comma.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decimal_comma: bool,
    /// Smallest number allowed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min: Option<i64>,
    /// How the source splits a list; none: as it is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub separator_in: Option<String>,
    /// How a list is written; none: `,`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub separator_out: Option<String>,
    /// Change of case.
    #[serde(default, skip_serializing_if = "is_default")]
    pub case: Option<Case>,
    /// Characters an id may hold beside letters, digits, `_` (catalogue), e.g. `-` or `-@.`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub id_extra: String,
    /// Alphabet asked for by the mapping (already applied to `id_extra`; shown in messages).
    #[serde(default, skip_serializing_if = "is_default")]
    pub alphabet: Option<Alphabet>,
    /// What true is written as, for flags (catalogue; default `yes`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub yes: Option<String>,
    /// What false is written as, for flags (catalogue; default `no`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub no: Option<String>,
    /// A false tag is written instead of left empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub absent_remove: bool,
    /// What a fault does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_error: OnError,
    /// What an empty cell becomes (`today` is already the day).
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Option<String>,
    /// An empty cell takes the value last published; that is done where rows are settled, so it is not in the SQL.
    #[serde(skip)]
    pub keep: bool,
    /// An empty cell is a fault (keys, `default: reject`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    /// Allowed values; empty: any.
    #[serde(default, skip_serializing_if = "is_default")]
    pub values: Vec<String>,
    /// What `"` inside text does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quotes: QuotePolicy,
    /// Most characters; none: any.
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_length: Option<u64>,
    /// Cut instead of reject.
    #[serde(default, skip_serializing_if = "is_default")]
    pub truncate: bool,
}

/// A lookup table of the session and what a missing key does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupSpec {
    /// Source name, e.g. `owners`.
    #[serde(rename = "in")]
    pub source: String,
    /// Key column.
    #[serde(rename = "match")]
    pub key: String,
    /// Value column.
    pub take: String,
    /// What a missing key does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missing: LookupMissing,
}

fn text() -> CellType {
    CellType::Text
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl CellSpec {
    /// A cell of `kind` with every option at its default.
    pub fn new(kind: CellType) -> Self {
        Self {
            kind,
            html: false,
            keep_space: false,
            lookup: None,
            map: Vec::new(),
            map_any_case: Vec::new(),
            formats: Vec::new(),
            timezone: None,
            service_timezone: None,
            dst: DstPolicy::Reject,
            decimal_comma: false,
            min: None,
            separator_in: None,
            separator_out: None,
            case: None,
            id_extra: String::new(),
            alphabet: None,
            yes: None,
            no: None,
            absent_remove: false,
            on_error: OnError::Reject,
            default: None,
            keep: false,
            required: false,
            values: Vec::new(),
            quotes: QuotePolicy::Reject,
            max_length: None,
            truncate: false,
        }
    }
}
