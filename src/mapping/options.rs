//! Column options: the same keys at a column, under `defaults` and in `by`.

use super::read::{Entry, Keys, Reader, Section};
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

const LOOKUP: Section = Section {
    what: "`lookup`",
    keys: &["in", "match", "take", "missing"],
    example: "{in: owners, match: id, take: full_name}",
};
const SEPARATOR: Section = Section { what: "`separator`", keys: &["in", "out"], example: "{in: \"|\", out: \";\"}" };
const DEFAULT: Section = Section { what: "`default`", keys: &["value"], example: "{value: Active}" };

/// `tag` columns: what no mark means.
pub(super) const ABSENT: &[(&str, bool)] = &[("leave", false), ("remove", true)];

/// The options among `keys`; keys that are none of them are left alone.
pub(super) fn options(reader: &mut Reader<'_>, keys: &Keys<'_>) -> ColumnOptions {
    let mut options = ColumnOptions {
        kind: keys.get("type").and_then(|entry| reader.word(entry, &types())),
        formats: keys.get("formats").and_then(|entry| reader.texts(entry, Reader::exact)),
        timezone: keys.get("timezone").and_then(|entry| reader.text(entry, Use::Text)),
        dst: keys.get("dst").and_then(|entry| reader.word(entry, DST)),
        decimal: keys.get("decimal").and_then(|entry| reader.word(entry, &[(".", '.'), (",", ',')])),
        map: keys.get("map").map(|entry| replacements(reader, entry)),
        lookup: keys.get("lookup").and_then(|entry| lookup(reader, entry)),
        values: keys.get("values").and_then(|entry| reader.texts(entry, Reader::exact)),
        default: keys.get("default").and_then(|entry| default(reader, entry)),
        on_error: keys.get("on_error").and_then(|entry| reader.word(entry, ON_ERROR)),
        quotes: keys.get("quotes").and_then(|entry| reader.word(entry, QUOTES)),
        html_text: keys.get("html").and_then(|entry| reader.word(entry, &[("text", true)])),
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
    let meaning = match said.value.as_str() {
        "empty" => Default_::Empty,
        "keep" => {
            reader.not_yet("default: keep", span, "this version keeps no record of earlier runs");
            Default_::Keep
        }
        "today" => Default_::Today,
        "reject" => Default_::Reject,
        other => {
            let help = format!("allowed: empty, keep, today, reject; a constant is written `{{value: {other}}}`");
            reader.bad_value(entry, other, "not one of the words", help);
            return None;
        }
    };
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
