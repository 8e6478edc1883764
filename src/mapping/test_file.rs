//! A mapping's test file, `<mapping>.test.yaml`: cases, and the rows each gives to the mapping's sources.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::read::{Entry, Reader, Section, Takes, items};
use super::test_expect::expected;
use super::tree::{Circumstances, GivenRecord, GivenRows, GivenSource, GivenType, TestCase, TestFile, Text};
use super::variables::Variables;
use super::{file, sources};
use crate::diagnostic::{Diagnostic, Diagnostics, code, excerpt};
use crate::mapping::variables::Use;
use crate::yaml::{Spanned, Value};

const FILE: Section = Section {
    what: "a test file",
    keys: &[&[
        ("as_of", Takes::Text),
        ("environment", Takes::Text),
        ("variables", Takes::Names(&Takes::Text)),
        ("sources", Takes::Any),
        ("mappings", Takes::Any),
        ("published", Takes::Any),
        ("cases", Takes::Any),
    ]],
    required: &["cases"],
    one_of: &[],
    example: "cases:",
};
const CASE: Section = Section {
    what: "a case",
    keys: &[&[
        ("as_of", Takes::Text),
        ("environment", Takes::Text),
        ("variables", Takes::Names(&Takes::Text)),
        ("sources", Takes::Any),
        ("mappings", Takes::Any),
        ("published", Takes::Any),
        ("expect", Takes::Any),
    ]],
    required: &[],
    one_of: &[],
    example: "{sources: {crm: [{Id: A1}]}, expect: {rows: [{account_id: A1}]}}",
};
const SOURCE: Section = Section {
    what: "a given source",
    keys: &[&[("rows", Takes::Any), ("file", Takes::Text), ("types", Takes::Names(&Takes::Text))]],
    required: &[],
    one_of: &[],
    example: "{rows: [{Id: A1, Seats: 3}]}",
};
const TYPES: &[(&str, GivenType)] = &[
    ("text", GivenType::Text),
    ("integer", GivenType::Integer),
    ("number", GivenType::Number),
    ("boolean", GivenType::Boolean),
    ("date", GivenType::Date),
    ("timestamp", GivenType::Timestamp),
    ("timestamp_utc", GivenType::TimestampUtc),
];

/// Reads a test file, shown as `path` in diagnostics. Variables are not filled in: rows are data.
pub fn parse_test(path: &str, text: &str) -> (Option<TestFile>, Diagnostics) {
    let none = Variables::new(BTreeMap::new(), BTreeMap::new(), Date::ZERO, None);
    let mut reader = Reader::new(path, text, &none);
    let Some(node) = file::document(&mut reader) else { return (None, reader.found) };
    let Some(keys) = file::whole(&mut reader, &node, &FILE) else { return (None, reader.found) };
    let shared = circumstances(&mut reader, |key| keys.get(key));
    let cases = keys.required(&mut reader, "cases").map(|entry| cases(&mut reader, entry));
    reader.found.sort();
    (cases.map(|cases| TestFile { path: path.to_owned(), shared, cases }), reader.found)
}

fn cases(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<TestCase> {
    let entries = reader.names(entry, "{a good row: {...}}");
    if entries.is_empty() && matches!(entry.node.value, Value::Mapping(_)) {
        reader.bad_value(entry, "", "no case", "each case has a name: `a good row: {sources: ..., expect: ...}`");
    }
    entries.into_iter().filter_map(|entry| case(reader, entry)).collect()
}

fn case(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<TestCase> {
    let keys = reader.keys(entry, &CASE)?;
    let given = circumstances(reader, |key| keys.get(key));
    let expect = keys.get("expect").map(|entry| expected(reader, entry));
    Some(TestCase { name: Spanned::new(entry.name.to_owned(), entry.key), given, expect, span: entry.node.span })
}

fn circumstances<'n>(reader: &mut Reader<'_>, get: impl Fn(&str) -> Option<Entry<'n>>) -> Circumstances {
    let variables = get("variables").map(|entry| {
        let entries = reader.names(entry, "{export_day: 2026-11-20}");
        let pairs = entries.into_iter().filter_map(|entry| Some((reader.own_name(entry), reader.verbatim(entry)?)));
        pairs.collect()
    });
    let given = get("sources").map(|entry| {
        let entries = reader.names(entry, "{crm: [{Id: A1, Name: One}]}");
        entries.into_iter().filter_map(|entry| source(reader, entry)).collect()
    });
    let mappings = get("mappings").map(|entry| {
        let entries = reader.names(entry, "{accounts: [A1, A2]}");
        let keys = entries.into_iter().filter_map(|entry| Some((name(entry), reader.texts(entry, Reader::verbatim)?)));
        keys.collect()
    });
    let published = get("published").and_then(|entry| {
        let rows = super::test_expect::rows(reader, entry)?;
        Some(Spanned::new(rows, entry.key))
    });
    Circumstances {
        published,
        as_of: get("as_of").and_then(|entry| day(reader, entry)),
        environment: get("environment").and_then(|entry| reader.verbatim(entry)),
        variables: variables.unwrap_or_default(),
        sources: given.unwrap_or_default(),
        mappings: mappings.unwrap_or_default(),
    }
}

fn name(entry: Entry<'_>) -> Text {
    Spanned::new(entry.name.to_owned(), entry.key)
}

fn day(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Spanned<Date>> {
    let said = reader.verbatim(entry)?;
    match said.value.parse() {
        Ok(day) => Some(Spanned::new(day, said.span)),
        Err(_) => {
            reader.bad_value(entry, &said.value, "no day", "a day `YYYY-MM-DD`: tests never run as of today");
            None
        }
    }
}

fn source(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<GivenSource> {
    let name = name(entry);
    let Value::Mapping(_) = &entry.node.value else {
        let rows = rows(reader, entry)?;
        return Some(GivenSource { name, rows, types: Vec::new() });
    };
    let keys = reader.keys(entry, &SOURCE)?;
    let types = keys.get("types").map(|entry| {
        let entries = reader.names(entry, "{seconds: integer}");
        let pairs = entries.into_iter().filter_map(|entry| {
            let word = reader.word(entry, TYPES)?;
            Some((self::name(entry), word.value))
        });
        pairs.collect()
    });
    let rows = match (keys.get("rows"), keys.get("file")) {
        (Some(given), None) => rows(reader, given)?,
        (None, Some(path)) => GivenRows::File(sources::file(reader, path, Use::Text)?),
        (given, _) => {
            let (fact, label) = match given {
                Some(_) => ("two origins", "`rows` and `file`"),
                None => ("no rows", "where are its rows?"),
            };
            let message = format!("source `{}` has {fact}", excerpt(entry.name));
            let place = reader.place(reader.spot(entry.key));
            reader.report(Diagnostic::error(&code::ORIGIN, message).at(place, label).help("give `rows` or `file`"));
            return None;
        }
    };
    Some(GivenSource { name, rows, types: types.unwrap_or_default() })
}

fn rows(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<GivenRows> {
    match &entry.node.value {
        Value::Sequence(nodes) => {
            let records = items(entry, nodes).filter_map(|item| record(reader, item));
            Some(GivenRows::Records(records.collect()))
        }
        Value::Scalar(_) => reader.verbatim(entry).map(GivenRows::Content),
        _ => {
            reader.wrong_shape(entry, "a list of records, or a file's content as text", "[{Id: A1, Name: One}]");
            None
        }
    }
}

fn record(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<GivenRecord> {
    let Value::Mapping(_) = &entry.node.value else {
        let entry = Entry { key: entry.node.span, ..entry };
        reader.wrong_shape(entry, "records, each a mapping of columns to values", "[{Id: A1, Name: One}]");
        return None;
    };
    let entries = reader.names(entry, "[{Id: A1, Name: One}]");
    let cells = entries.into_iter().filter_map(|entry| Some((name(entry), cell(reader, entry)?)));
    Some(GivenRecord { cells: cells.collect(), span: entry.node.span })
}

/// A cell's text as written; none where nothing is written, or nothing in quotes.
pub(super) fn cell(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Option<String>> {
    match &entry.node.value {
        Value::Null => Some(None),
        Value::Scalar(scalar) => Some(Some(scalar.text.clone()).filter(|text| !text.is_empty())),
        _ => {
            reader.wrong_shape(entry, "text", "");
            None
        }
    }
}
