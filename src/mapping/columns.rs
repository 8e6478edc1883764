//! `columns`, `defaults`, `let`: what the target columns are made of.

use super::options::{OPTIONS, READING, TYPE, options};
use super::read::{Entry, Keys, Reader, Section, Takes, listed, similar};
use super::tree::{By, CellType, Column, ColumnOptions, Origin, Text};
use super::variables::Use;
use crate::diagnostic::{Diagnostic, code, excerpt, nearest};
use crate::yaml::{Span, Spanned, Value};

/// Where a column's value comes from: exactly one.
const ORIGINS: &[&str] = &["column", "sql", "value", "template"];

pub(super) const COLUMN: Section = Section {
    what: "a column",
    keys: &[
        &[("column", Takes::Text), ("sql", Takes::Text), ("value", Takes::Text), ("template", Takes::Text)],
        TYPE,
        READING,
        OPTIONS,
        &[("custom", Takes::Flag), ("note", Takes::Text)],
    ],
    required: &[],
    one_of: ORIGINS,
    example: "{column: Status, type: list}",
};

/// What `defaults` may say for a type: everything that does not belong to one column alone.
pub(super) const BY_TYPE: Section = Section {
    what: "a type's defaults",
    keys: &[READING, OPTIONS],
    required: &[],
    one_of: &[],
    example: "{formats: [\"%m/%d/%Y\", iso]}",
};

/// Where the value that `newest` compares comes from.
const BY_ORIGINS: &[&str] = &["column", "sql"];

pub(super) const BY: Section = Section {
    what: "`by`",
    keys: &[&[("column", Takes::Text), ("sql", Takes::Text)], TYPE, READING],
    required: &[],
    one_of: BY_ORIGINS,
    example: "{column: Modified, type: date}",
};

/// `columns:`.
pub(super) fn columns(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<Column> {
    let entries = reader.names(entry, "{account_id: Id}");
    entries.into_iter().map(|entry| column(reader, entry)).collect()
}

/// One column; a faulty one keeps its name, so that nothing else is said to be missing.
fn column(reader: &mut Reader<'_>, entry: Entry<'_>) -> Column {
    let span = Span::new(entry.key.start, entry.node.span.end.max(entry.key.end));
    let name = Spanned::new(entry.name.to_owned(), entry.key);
    let unknown = Origin::Value(Spanned::new(String::new(), entry.key));
    let (origin, options) = match &entry.node.value {
        Value::Mapping(_) => match reader.keys(entry, &COLUMN) {
            Some(keys) => {
                let origin = origin(reader, &keys, entry, ORIGINS);
                (origin, options(reader, &keys))
            }
            None => (None, ColumnOptions::default()),
        },
        Value::Scalar(_) => (reader.text(entry, Use::Text).map(Origin::Field), ColumnOptions::default()),
        Value::Null | Value::Sequence(_) => {
            reader.wrong_shape(entry, "a source column or a mapping", COLUMN.example);
            (None, ColumnOptions::default())
        }
    };
    Column { name, origin: origin.unwrap_or(unknown), options, span }
}

/// The one key among `allowed` that says where the value comes from.
fn origin(reader: &mut Reader<'_>, keys: &Keys<'_>, owner: Entry<'_>, allowed: &[&str]) -> Option<Origin> {
    let given: Vec<(&str, Entry<'_>)> =
        allowed.iter().filter_map(|key| keys.get(key).map(|entry| (*key, entry))).collect();
    let list = listed(allowed.iter().copied());
    let name = excerpt(owner.name);
    let [(key, entry), others @ ..] = given.as_slice() else {
        let diagnostic = Diagnostic::error(&code::ORIGIN, format!("`{name}` has no origin"))
            .at(reader.place(reader.spot(owner.key)), "where does its value come from?");
        reader.report(diagnostic.help(format!("give one of {list}")));
        return None;
    };
    if let [second, rest @ ..] = others {
        let mut diagnostic = Diagnostic::error(&code::ORIGIN, format!("`{name}` has several origins"))
            .at(reader.place(second.1.key), "a second origin")
            .related(reader.place(entry.key), "the first");
        for (_, other) in rest {
            diagnostic = diagnostic.related(reader.place(other.key), "one more");
        }
        reader.report(diagnostic.help(format!("keep one of {list}")));
    }
    let entry = *entry;
    match *key {
        "column" => reader.text(entry, Use::Text).map(Origin::Field),
        "sql" => reader.text(entry, Use::Sql).map(Origin::Sql),
        "value" => reader.exact(entry).map(Origin::Value),
        _ => reader.text(entry, Use::Template).map(Origin::Template),
    }
}

/// `by:` of `duplicates`.
pub(super) fn by(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<By> {
    let keys = reader.keys(entry, &BY)?;
    let origin = origin(reader, &keys, entry, BY_ORIGINS)?;
    Some(By { origin, options: options(reader, &keys), span: entry.node.span })
}

/// `defaults:`.
pub(super) fn defaults(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<(Spanned<CellType>, ColumnOptions)> {
    let entries = reader.names(entry, "{text: {quotes: replace}}");
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let found = CellType::ALL.into_iter().find(|kind| kind.name() == entry.name);
        if found.is_none() {
            let names = CellType::ALL.map(CellType::name);
            let help = nearest(entry.name, names).map_or_else(|| format!("types: {}", listed(names)), similar);
            let place = reader.place(reader.spot(entry.key));
            let message = format!("unknown type `{}`", excerpt(entry.name));
            reader.report(Diagnostic::error(&code::UNKNOWN_KEY, message).at(place, "not a type").help(help));
        }
        let Some(keys) = reader.keys(entry, &BY_TYPE) else { continue };
        let options = options(reader, &keys);
        if let Some(kind) = found {
            all.push((Spanned::new(kind, entry.key), options));
        }
    }
    all
}

/// `let:`.
pub(super) fn lets(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<(Text, Text)> {
    let entries = reader.names(entry, "{crm_id: sf18(\"Id\")}");
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = reader.own_name(entry);
        if let Some(sql) = reader.text(entry, Use::Sql) {
            all.push((name, sql));
        }
    }
    all
}
