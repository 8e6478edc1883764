//! `expect:` of a test's case: rows, rejects, duplicates, warnings, counts, or how the run fails.

use super::read::{Entry, Reader, Section, Takes, items, similar};
use super::test_file::cell;
use super::tree::{Expected, ExpectedRow, Text};
use crate::csv::{Dialect, raw_record};
use crate::diagnostic::{Diagnostic, code, excerpt, find_code, nearest, register};
use crate::yaml::{Span, Spanned, Value};

const EXPECT: Section = Section {
    what: "`expect`",
    keys: &[&[
        ("rows", Takes::Any),
        ("rejects", Takes::Any),
        ("duplicates", Takes::Any),
        ("warnings", Takes::Any),
        ("counts", Takes::Section(&COUNTS)),
        ("error", Takes::OneOrMore),
        ("exit", Takes::Number(0)),
    ]],
    required: &[],
    one_of: &[],
    example: "{rows: [{account_id: A1}]}",
};
const REJECT: Section = Section {
    what: "an expected reject",
    keys: &[&[
        ("code", Takes::Text),
        ("key", Takes::Text),
        ("column", Takes::Text),
        ("line", Takes::Text),
        ("value", Takes::Text),
        ("source_column", Takes::Text),
        ("message", Takes::Text),
        ("related", Takes::Text),
        ("file", Takes::Text),
    ]],
    required: &[],
    one_of: &[],
    example: "[{code: V405, key: A1}]",
};
const DUPLICATE: Section = Section {
    what: "an expected duplicate",
    keys: &[&[
        ("key", Takes::Text),
        ("line", Takes::Text),
        ("winner_line", Takes::Text),
        ("winner_fate", Takes::Text),
        ("decided_by", Takes::Text),
        ("file", Takes::Text),
        ("winner_file", Takes::Text),
    ]],
    required: &[],
    one_of: &[],
    example: "[{key: A1, line: 2}]",
};
const WARNING: Section = Section {
    what: "an expected warning",
    keys: &[&[("code", Takes::Text), ("column", Takes::Text), ("rows", Takes::Text)]],
    required: &[],
    one_of: &[],
    example: "[{code: W901, rows: 1}]",
};
static COUNTS: Section = Section {
    what: "`counts`",
    keys: &[&[
        ("read", Takes::Number(0)),
        ("skipped", Takes::Number(0)),
        ("filtered", Takes::Number(0)),
        ("rejected", Takes::Number(0)),
        ("duplicate", Takes::Number(0)),
        ("merged", Takes::Number(0)),
        ("written", Takes::Number(0)),
    ]],
    required: &[],
    one_of: &[],
    example: "{filtered: 1}",
};

/// `expect:`.
pub(super) fn expected(reader: &mut Reader<'_>, entry: Entry<'_>) -> Expected {
    let span = Span::new(entry.key.start, entry.node.span.end.max(entry.key.end));
    let nothing = Expected { span, ..Expected::default() };
    let Some(keys) = reader.keys(entry, &EXPECT) else { return nothing };
    let counts = keys.get("counts").and_then(|entry| reader.keys(entry, &COUNTS)).map(|counts| {
        let given = COUNTS.keys().filter_map(|(name, _)| counts.get(name));
        let pairs = given.filter_map(|entry| {
            let number = reader.number(entry, 0)?;
            Some((Spanned::new(entry.name.to_owned(), entry.key), number.value))
        });
        pairs.collect()
    });
    let error = keys.get("error").map(|entry| {
        let codes = reader.one_or_more(entry);
        codes.iter().for_each(|code| known_code(reader, code));
        codes
    });
    Expected {
        rows: keys.get("rows").and_then(|entry| rows(reader, entry)),
        rejects: keys.get("rejects").and_then(|entry| list(reader, entry, &REJECT, "code")),
        duplicates: keys.get("duplicates").and_then(|entry| list(reader, entry, &DUPLICATE, "key")),
        warnings: keys.get("warnings").and_then(|entry| list(reader, entry, &WARNING, "code")),
        counts: counts.unwrap_or_default(),
        error,
        exit: keys.get("exit").and_then(|entry| reader.number(entry, 0)),
        ..nothing
    }
}

/// Rows as a list of mappings, or as CSV with a header.
pub(super) fn rows(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Vec<ExpectedRow>> {
    match &entry.node.value {
        Value::Sequence(nodes) => {
            let rows = items(entry, nodes).filter_map(|item| {
                if !matches!(item.node.value, Value::Mapping(_)) {
                    let item = Entry { key: item.node.span, ..item };
                    reader.wrong_shape(item, "rows, each a mapping of columns to values", "[{account_id: A1}]");
                    return None;
                }
                let entries = reader.names(item, "[{account_id: A1}]");
                let cells = entries.into_iter().filter_map(|entry| named(reader, entry));
                Some(ExpectedRow { cells: cells.collect(), span: item.node.span })
            });
            Some(rows.collect())
        }
        Value::Scalar(_) => csv(reader, entry),
        _ => {
            reader.wrong_shape(entry, "a list of rows, or CSV with a header", "[{account_id: A1}]");
            None
        }
    }
}

fn named(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<(Text, String)> {
    let value = cell(reader, entry)?.unwrap_or_default();
    Some((Spanned::new(entry.name.to_owned(), entry.key), value))
}

/// CSV text; every row points at the whole of it.
fn csv(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Vec<ExpectedRow>> {
    let text = reader.verbatim(entry)?;
    let bytes = text.value.as_bytes();
    let (mut at, mut header, mut rows) = (0, Vec::<Text>::new(), Vec::new());
    while let Some(record) = raw_record(&bytes[at..], &Dialect::default(), false, true) {
        at += record.next;
        if record.bytes.is_empty() && record.fault.is_none() {
            continue;
        }
        if header.is_empty() && record.fault.is_none() {
            header = record.fields.iter().map(|name| Spanned::new(name.clone().into_owned(), text.span)).collect();
            continue;
        }
        if record.fault.is_some() || record.fields.len() != header.len() {
            let said = String::from_utf8_lossy(record.bytes).into_owned();
            let help = format!("each line needs as many fields as the header has: {}", header.len());
            reader.bad_value(entry, &said, "not a row of this header", help);
            return None;
        }
        let cells = header.iter().cloned().zip(record.fields.iter().map(|field| field.clone().into_owned()));
        rows.push(ExpectedRow { cells: cells.collect(), span: text.span });
    }
    Some(rows)
}

/// Items with known keys; a bare text stands for the key `main`.
fn list(reader: &mut Reader<'_>, entry: Entry<'_>, section: &Section, main: &str) -> Option<Vec<ExpectedRow>> {
    let Value::Sequence(nodes) = &entry.node.value else {
        reader.wrong_shape(entry, "a list", section.example);
        return None;
    };
    let rows = items(entry, nodes).filter_map(|item| {
        let span = item.node.span;
        let cells = match &item.node.value {
            Value::Scalar(scalar) => vec![(Spanned::new(main.to_owned(), span), scalar.text.clone())],
            _ => {
                let keys = reader.keys(Entry { key: span, ..item }, section)?;
                let given = section.keys().filter_map(|(key, _)| keys.get(key));
                given.filter_map(|entry| named(reader, entry)).collect()
            }
        };
        if main == "code" {
            let code = cells.iter().find(|(name, _)| name.value == main);
            code.into_iter().for_each(|(name, code)| known_code(reader, &Spanned::new(code.clone(), name.span)));
        }
        Some(ExpectedRow { cells, span })
    });
    Some(rows.collect())
}

fn known_code(reader: &mut Reader<'_>, code: &Text) {
    if find_code(&code.value).is_some() {
        return;
    }
    let message = format!("no code is called `{}`", excerpt(&code.value));
    let place = reader.place(reader.spot(code.span));
    let help = match nearest(&code.value, register().iter().map(|code| code.id)) {
        Some(near) => similar(near),
        None => "docs/codes.md lists them".to_owned(),
    };
    reader.report(Diagnostic::error(&code::BAD_VALUE, message).at(place, "not in the register").help(help));
}
