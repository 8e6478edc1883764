//! From a resolved mapping to SQL text that a person can read.
//!
//! In: a [`Resolved`]. Out: a [`CompiledQuery`]: one target column per line, each with a comment naming the mapping line
//! it comes from. Names are always quoted, constants are literals, the user's SQL stands between brackets; so nothing
//! that a value or a name contains can change what the SQL means. This room is pure and knows no engine: that the user's
//! SQL is one expression is for `vet` to prove, before anything here is run.

mod layout;
mod select;

use crate::resolve::{Resolved, RowSource};

/// The table that the result of `from: {query: ...}` is registered as.
pub const QUERY_TABLE: &str = "query rows";

/// The SQL of one mapping that is planned before any row is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledQuery {
    /// Judges every row: `_file`, `_line`, one struct(value, fault) per target column, then what settling needs beside
    /// (the value `newest` compares; module, action and value of a pivot).
    pub judge: String,
    /// Keys of the rows that `where` dropped; none without `where`.
    pub filtered: Option<String>,
    /// A pivot's columns beside its key and its metrics: key structs, then one aggregate per column.
    pub aggregates: Option<String>,
}

/// The SQL of `resolved`. `text` is the mapping file, for line numbers.
pub fn compile(resolved: &Resolved, text: &str) -> CompiledQuery {
    select::Select::new(resolved, text).compile()
}

/// SQL that tells about the rejected rows: `_file`, `_line`, per judged struct its input as text and the struct again, then
/// every field of the source record. `fields` are the columns of the rows, in order.
pub fn report(resolved: &Resolved, text: &str, fields: &[String]) -> String {
    select::Select::new(resolved, text).report(fields)
}

/// The same for any rows, with their `let`s behind the fields and, last, whether `where` keeps them.
pub fn preview(resolved: &Resolved, text: &str, fields: &[String]) -> String {
    select::Select::new(resolved, text).preview(fields)
}

/// SQL over every row, kept or not: `_file`, `_line`, per key column its input as text and the struct.
pub fn keys(resolved: &Resolved, text: &str) -> String {
    select::Select::new(resolved, text).keys()
}

/// The table a mapping's rows are read from.
pub fn table(resolved: &Resolved) -> &str {
    match &resolved.from {
        RowSource::Source(name) => name,
        RowSource::Query(_) => QUERY_TABLE,
    }
}
