//! `output` and `limits`: what is written, and past what nothing is.

use super::read::{Entry, Reader, Section, Takes, words};
use super::sources;
use super::tree::{Limits, Output, RejectRecord, Text};
use super::variables::Use;

pub(super) const OUTPUT: Section = Section {
    what: "`output`",
    keys: &[&[
        ("file", Takes::Text),
        ("headers", Takes::Words(|| words(HEADERS))),
        ("line_ending", Takes::Words(|| words(LINE_ENDINGS))),
        ("split", Takes::Section(&SPLIT)),
        ("changes", Takes::Flag),
        ("rejects", Takes::Section(&REJECTS)),
        ("archive", Takes::Text),
    ]],
    required: &[],
    one_of: &[],
    example: "{file: accounts.csv}",
};
const SPLIT: Section = Section {
    what: "`split`",
    keys: &[&[("size", Takes::Size), ("rows", Takes::Number(1))]],
    required: &[],
    one_of: &[],
    example: "{size: 100MB}",
};
const REJECTS: Section = Section {
    what: "`rejects`",
    keys: &[&[("record", Takes::Words(|| words(RECORDS))), ("redact", Takes::Texts)]],
    required: &[],
    one_of: &[],
    example: "{record: key}",
};
pub(super) const LIMITS: Section = Section {
    what: "`limits`",
    keys: &[&[
        ("rejects", Takes::Amount),
        ("fewer_rows", Takes::Amount),
        ("emptier", Takes::Amount),
        ("cleared", Takes::Amount),
        ("new_accounts", Takes::Amount),
        ("headers", Takes::Words(|| words(DRIFT))),
    ]],
    required: &[],
    one_of: &[],
    example: "{rejects: 0.5%}",
};

const HEADERS: &[(&str, bool)] = &[("api", false), ("display", true)];
const LINE_ENDINGS: &[(&str, bool)] = &[("crlf", false), ("lf", true)];
const RECORDS: &[(&str, RejectRecord)] =
    &[("full", RejectRecord::Full), ("key", RejectRecord::Key), ("none", RejectRecord::None)];

const DRIFT: &[(&str, bool)] = &[("warn", false), ("fail", true)];

/// `output:`.
pub(super) fn output(reader: &mut Reader<'_>, entry: Entry<'_>) -> Output {
    let Some(keys) = reader.keys(entry, &OUTPUT) else { return Output::default() };
    let mut output =
        Output { file: keys.get("file").and_then(|entry| reader.text(entry, Use::Text)), ..Output::default() };
    let headers = keys.get("headers").and_then(|entry| reader.word(entry, HEADERS));
    output.display_headers = headers.is_some_and(|word| word.value);
    let ending = keys.get("line_ending").and_then(|entry| reader.word(entry, LINE_ENDINGS));
    output.line_feed = ending.is_some_and(|word| word.value);
    if let Some(keys) = keys.get("split").and_then(|entry| reader.keys(entry, &SPLIT)) {
        output.split_size = keys.get("size").and_then(|entry| reader.size(entry));
        output.split_rows = keys.get("rows").and_then(|entry| reader.number(entry, 1));
    }
    if let Some(keys) = keys.get("rejects").and_then(|entry| reader.keys(entry, &REJECTS)) {
        let record = keys.get("record").and_then(|entry| reader.word(entry, RECORDS));
        output.reject_record = record.map(|word| word.value).unwrap_or_default();
        let redact = keys.get("redact").and_then(|entry| reader.texts(entry, |r, e| r.text(e, Use::Text)));
        output.redact = redact.unwrap_or_default();
    }
    if let Some(entry) = keys.get("changes") {
        output.changes = reader.flag(entry).filter(|changes| changes.value).map(|_| entry.key);
    }
    if let Some(entry) = keys.get("archive") {
        output.archive = archive(reader, entry);
    }
    output
}

/// A folder or a URL that is another one for each day: copies of two days must not replace each other.
fn archive(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Text> {
    let to = sources::file(reader, entry, Use::Path)?;
    if entry.node.as_text().is_some_and(|text| text.contains("${as_of")) {
        return Some(to);
    }
    reader.bad_value(entry, &to.value, "no day in it", "copies are dated: `archive/${as_of}`");
    None
}

/// `limits:`.
pub(super) fn limits(reader: &mut Reader<'_>, entry: Entry<'_>) -> Limits {
    let Some(keys) = reader.keys(entry, &LIMITS) else { return Limits::default() };
    let mut amount = |key: &str| keys.get(key).and_then(|entry| reader.amount(entry));
    Limits {
        rejects: amount("rejects"),
        fewer_rows: amount("fewer_rows"),
        emptier: amount("emptier"),
        cleared: amount("cleared"),
        new_accounts: amount("new_accounts"),
        headers: keys.get("headers").and_then(|entry| reader.word(entry, DRIFT)),
    }
}
