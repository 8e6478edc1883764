//! What a key takes: said once per key, for the JSON Schema; the reader's own functions ask for the same.

use super::Section;

/// A key and what it takes.
pub(in crate::mapping) type Key = (&'static str, Takes);

/// The shape of a key's value.
#[derive(Clone, Copy)]
pub(in crate::mapping) enum Takes {
    /// A scalar.
    Text,
    /// A scalar that looks like this regular expression.
    Shape(&'static str),
    /// A list of scalars.
    Texts,
    /// A list of scalars among which `null` is a word.
    Spellings,
    /// A scalar or a list of them.
    OneOrMore,
    /// `true` or `false`.
    Flag,
    /// A whole number of at least this.
    Number(u64),
    /// Bytes with a unit.
    Size,
    /// An age with its unit.
    Age,
    /// A count or a share.
    Amount,
    /// One of these.
    Words(fn() -> Vec<&'static str>),
    /// A mapping with fixed keys.
    Section(&'static Section),
    /// A list of some of these.
    WordList(fn() -> Vec<&'static str>),
    /// A mapping with fixed keys, or a list of such.
    SectionOrMore(&'static Section),
    /// One of these, or a mapping with fixed keys.
    WordsOr(fn() -> Vec<&'static str>, &'static Section),
    /// A scalar, or a mapping with fixed keys.
    TextOr(&'static Section),
    /// The author's own names, free ones, each with such a value.
    Names(&'static Takes),
    /// The author's own names, such as SQL can use, each with such a value.
    SqlNames(&'static Takes),
    /// The names of types, each with the options of columns of that type.
    Types,
    /// The name of a format.
    Format,
    /// Target columns: names of the format or custom ones, each a scalar or a column's mapping.
    Columns,
    /// Rows of a test, in one of several forms.
    Any,
}

/// The words of a table.
pub(in crate::mapping) fn words<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}
