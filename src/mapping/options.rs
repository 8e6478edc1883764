//! Column options: the same keys at a column, under `defaults` and in `by`.

use super::read::{Entry, Key, Keys, Reader, Section, Takes, words};
use super::tree::{
    Alphabet, Case, CellType, ColumnOptions, Default_, DstPolicy, Lookup, LookupMissing, OnError, QuotePolicy, Text,
};
use super::variables::Use;
use crate::yaml::{Spanned, Value};

/// The words for `type`.
pub(super) fn types() -> [(&'static str, CellType); 12] {
    CellType::ALL.map(|kind| (kind.name(), kind))
}

const DST: &[(&str, DstPolicy)] =
    &[("reject", DstPolicy::Reject), ("earlier", DstPolicy::Earlier), ("later", DstPolicy::Later)];
const DECIMAL: &[(&str, char)] = &[(".", '.'), (",", ',')];
const HTML: &[(&str, bool)] = &[("text", true)];
const ON_ERROR: &[(&str, OnError)] = &[("reject", OnError::Reject), ("empty", OnError::Empty), ("fail", OnError::Fail)];
const QUOTES: &[(&str, QuotePolicy)] = &[
    ("reject", QuotePolicy::Reject),
    ("replace", QuotePolicy::Replace),
    ("strip", QuotePolicy::Strip),
    ("double", QuotePolicy::Double),
];
const CASES: &[(&str, Case)] = &[("lower", Case::Lower), ("upper", Case::Upper)];
const ALPHABETS: &[(&str, Alphabet)] = &[("strict", Alphabet::Strict), ("lenient", Alphabet::Lenient)];
const LOOKUP_MISSING: &[(&str, LookupMissing)] =
    &[("reject", LookupMissing::Reject), ("empty", LookupMissing::Empty), ("pass", LookupMissing::Pass)];
/// Words for `default`; `keep` is refused in this version.
const DEFAULTS: &[(&str, Default_)] =
    &[("empty", Default_::Empty), ("keep", Default_::Keep), ("today", Default_::Today), ("reject", Default_::Reject)];

const LOOKUP: Section = Section {
    what: "`lookup`",
    keys: &[&[
        ("in", Takes::Text),
        ("match", Takes::Text),
        ("take", Takes::Text),
        ("missing", Takes::Words(|| words(LOOKUP_MISSING))),
    ]],
    required: &["in", "match", "take"],
    one_of: &[],
    example: "{in: owners, match: id, take: full_name}",
};
const SEPARATOR: Section = Section {
    what: "`separator`",
    keys: &[&[("in", Takes::Text), ("out", Takes::Text)]],
    required: &[],
    one_of: &[],
    example: "{in: \"|\", out: \";\"}",
};
const DEFAULT: Section = Section {
    what: "`default`",
    keys: &[&[("value", Takes::Text)]],
    required: &["value"],
    one_of: &[],
    example: "{value: Active}",
};

/// `type`.
pub(super) const TYPE: &[Key] = &[("type", Takes::Words(|| words(&types())))];

/// How dates and numbers are read.
pub(super) const READING: &[Key] = &[
    ("formats", Takes::Texts),
    ("timezone", Takes::Text),
    ("dst", Takes::Words(|| words(DST))),
    ("decimal", Takes::Words(|| words(DECIMAL))),
];

/// What else a cell goes through.
pub(super) const OPTIONS: &[Key] = &[
    ("map", Takes::Names(&Takes::Text)),
    ("lookup", Takes::Section(&LOOKUP)),
    ("values", Takes::Texts),
    ("default", Takes::WordsOr(|| words(DEFAULTS), &DEFAULT)),
    ("on_error", Takes::Words(|| words(ON_ERROR))),
    ("quotes", Takes::Words(|| words(QUOTES))),
    ("html", Takes::Words(|| words(HTML))),
    ("max_length", Takes::Number(1)),
    ("truncate", Takes::Flag),
    ("trim", Takes::Flag),
    ("separator", Takes::TextOr(&SEPARATOR)),
    ("case", Takes::Words(|| words(CASES))),
    ("alphabet", Takes::Words(|| words(ALPHABETS))),
    ("absent", Takes::Words(|| words(ABSENT))),
];

/// `tag` columns: what no mark means.
pub(super) const ABSENT: &[(&str, bool)] = &[("leave", false), ("remove", true)];

/// The options among `keys`; keys that are none of them are left alone.
pub(super) fn options(reader: &mut Reader<'_>, keys: &Keys<'_>) -> ColumnOptions {
    let mut options = ColumnOptions {
        kind: keys.get("type").and_then(|entry| reader.word(entry, &types())),
        formats: keys.get("formats").and_then(|entry| reader.texts(entry, Reader::exact)),
        timezone: keys.get("timezone").and_then(|entry| reader.text(entry, Use::Text)),
        dst: keys.get("dst").and_then(|entry| reader.word(entry, DST)),
        decimal: keys.get("decimal").and_then(|entry| reader.word(entry, DECIMAL)),
        map: keys.get("map").map(|entry| replacements(reader, entry)),
        lookup: keys.get("lookup").and_then(|entry| lookup(reader, entry)),
        values: keys.get("values").and_then(|entry| reader.texts(entry, Reader::exact)),
        default: keys.get("default").and_then(|entry| default(reader, entry)),
        on_error: keys.get("on_error").and_then(|entry| reader.word(entry, ON_ERROR)),
        quotes: keys.get("quotes").and_then(|entry| reader.word(entry, QUOTES)),
        html_text: keys.get("html").and_then(|entry| reader.word(entry, HTML)),
        max_length: keys.get("max_length").and_then(|entry| reader.number(entry, 1)),
        truncate: keys.get("truncate").and_then(|entry| reader.flag(entry)),
        trim: keys.get("trim").and_then(|entry| reader.flag(entry)),
        separator_in: None,
        separator_out: None,
        case: keys.get("case").and_then(|entry| reader.word(entry, CASES)),
        alphabet: keys.get("alphabet").and_then(|entry| reader.word(entry, ALPHABETS)),
        absent_remove: keys.get("absent").and_then(|entry| reader.word(entry, ABSENT)),
        custom: keys.get("custom").and_then(|entry| reader.flag(entry)),
        note: keys.get("note").and_then(|entry| reader.text(entry, Use::Text)),
    };
    if let Some(entry) = keys.get("separator") {
        (options.separator_in, options.separator_out) = separators(reader, entry);
    }
    options
}

fn replacements(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<(Text, Text)> {
    let entries = reader.names(entry, "{\"active\": Active}");
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(to) = reader.exact(entry) {
            all.push((Spanned::new(entry.name.to_owned(), entry.key), to));
        }
    }
    all
}

fn lookup(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Lookup> {
    let keys = reader.keys(entry, &LOOKUP)?;
    let mut required = |key| keys.required(reader, key).and_then(|entry| reader.text(entry, Use::Text));
    let (source, key, take) = (required("in"), required("match"), required("take"));
    let missing = keys.get("missing").and_then(|entry| reader.word(entry, LOOKUP_MISSING));
    let missing = missing.map(|word| word.value).unwrap_or_default();
    Some(Lookup { source: source?, key: key?, take: take?, missing, span: entry.node.span })
}

fn default(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Spanned<Default_>> {
    let span = entry.node.span;
    if matches!(entry.node.value, Value::Mapping(_)) {
        let keys = reader.keys(entry, &DEFAULT)?;
        let constant = keys.required(reader, "value").and_then(|entry| reader.exact(entry))?;
        return Some(Spanned::new(Default_::Value(constant.value), span));
    }
    let said = reader.text(entry, Use::Text)?;
    let Some((_, meaning)) = DEFAULTS.iter().find(|(word, _)| *word == said.value) else {
        let help =
            format!("allowed: {}; a constant is written `{{value: {}}}`", words(DEFAULTS).join(", "), said.value);
        reader.bad_value(entry, &said.value, "not one of the words", help);
        return None;
    };
    let meaning = meaning.clone();
    Some(Spanned::new(meaning, span))
}

fn separators(reader: &mut Reader<'_>, entry: Entry<'_>) -> (Option<Text>, Option<Text>) {
    if !matches!(entry.node.value, Value::Mapping(_)) {
        return (separator(reader, entry), None);
    }
    let Some(keys) = reader.keys(entry, &SEPARATOR) else { return (None, None) };
    let mut side = |key| keys.get(key).and_then(|entry| separator(reader, entry));
    (side("in"), side("out"))
}

/// What stands between elements of a list.
pub(super) fn separator(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Text> {
    let text = reader.text(entry, Use::Text)?;
    if text.value.is_empty() {
        reader.bad_value(entry, "", "nothing separates nothing", "e.g. `\"|\"`");
        return None;
    }
    Some(text)
}
