//! `tags`, `pivot`, `collection`: one entry that makes many columns, or names what they belong to.

use super::options::{ABSENT, separator};
use super::read::{Entry, Reader, Section, Takes, words};
use super::tree::{Aggregate, Collection, Pivot, Tags};
use super::variables::Use;
use crate::yaml::{Spanned, Value};

pub(super) const TAGS: Section = Section {
    what: "`tags`",
    keys: &[&[
        ("column", Takes::Text),
        ("by", Takes::Text),
        ("known", Takes::Texts),
        ("unknown", Takes::Words(|| words(UNKNOWN))),
        ("absent", Takes::Words(|| words(ABSENT))),
    ]],
    required: &["column", "known"],
    one_of: &[],
    example: "{column: Labels, by: \"|\", known: [vip, beta]}",
};
pub(super) const PIVOT: Section = Section {
    what: "`pivot`",
    keys: &[&[
        ("module", Takes::Text),
        ("action", Takes::Text),
        ("value", Takes::Text),
        ("aggregate", Takes::Words(|| words(AGGREGATES))),
        ("top", Takes::Section(&TOP)),
        ("columns", Takes::Texts),
        ("fill", Takes::Words(|| words(FILL))),
    ]],
    required: &["module", "action"],
    one_of: &[],
    example: "{module: \"\\\"Module\\\"\", action: \"\\\"Action\\\"\"}",
};
const TOP: Section = Section {
    what: "`top`",
    keys: &[&[("n", Takes::Number(1)), ("of", Takes::Words(|| words(OF)))]],
    required: &["n"],
    one_of: &[],
    example: "{n: 50, of: module}",
};
pub(super) const COLLECTION: Section = Section {
    what: "`collection`",
    keys: &[&[("name", Takes::Text), ("key", Takes::Text)]],
    required: &["name", "key"],
    one_of: &[],
    example: "{name: Invoices, key: invoice_id}",
};

const AGGREGATES: &[(&str, Aggregate)] =
    &[("sum", Aggregate::Sum), ("count", Aggregate::Count), ("max", Aggregate::Max)];
const UNKNOWN: &[(&str, bool)] = &[("reject", false), ("ignore", true)];
const OF: &[(&str, bool)] = &[("module", false), ("pair", true)];
const FILL: &[(&str, ())] = &[("0", ())];

/// `tags:`.
pub(super) fn tags(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Tags> {
    let keys = reader.keys(entry, &TAGS)?;
    let column = keys.required(reader, "column").and_then(|entry| reader.text(entry, Use::Text));
    let known = keys.required(reader, "known").and_then(|entry| reader.texts(entry, Reader::exact));
    let by = keys.get("by").and_then(|entry| separator(reader, entry));
    let unknown = keys.get("unknown").and_then(|entry| reader.word(entry, UNKNOWN));
    let absent = keys.get("absent").and_then(|entry| reader.word(entry, ABSENT));
    Some(Tags {
        column: column?,
        separator: by.unwrap_or(Spanned::new(",".to_owned(), entry.key)),
        known: known?,
        ignore_unknown: unknown.is_some_and(|word| word.value),
        absent_remove: absent.is_some_and(|word| word.value),
        span: entry.node.span,
    })
}

/// `pivot:`.
pub(super) fn pivot(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Pivot> {
    let keys = reader.keys(entry, &PIVOT)?;
    let module = keys.required(reader, "module").and_then(|entry| reader.text(entry, Use::Sql));
    let action = keys.required(reader, "action").and_then(|entry| reader.text(entry, Use::Sql));
    let value = keys.get("value").and_then(|entry| reader.text(entry, Use::Sql));
    let aggregate = keys.get("aggregate").and_then(|entry| reader.word(entry, AGGREGATES));
    let (top, top_of_pairs) = keys.get("top").map(|entry| top(reader, entry)).unwrap_or_default();
    let (mut columns, mut pinned) = (None, None);
    if let Some(entry) = keys.get("columns") {
        if matches!(entry.node.value, Value::Scalar(_)) {
            pinned = reader.word(entry, &[("pinned", ())]).map(|word| word.span);
        } else {
            columns = reader.texts(entry, Reader::exact);
        }
    }
    let fill = keys.get("fill").and_then(|entry| reader.word(entry, FILL));
    Some(Pivot {
        module: module?,
        action: action?,
        value,
        aggregate: aggregate.map(|word| word.value).unwrap_or_default(),
        top,
        top_of_pairs,
        columns,
        pinned,
        fill_zero: fill.is_some(),
        span: entry.node.span,
    })
}

fn top(reader: &mut Reader<'_>, entry: Entry<'_>) -> (Option<Spanned<u64>>, bool) {
    let Some(keys) = reader.keys(entry, &TOP) else { return (None, false) };
    let number = keys.required(reader, "n").and_then(|entry| reader.number(entry, 1));
    let of = keys.get("of").and_then(|entry| reader.word(entry, OF));
    (number, of.is_some_and(|word| word.value))
}

/// `collection:`.
pub(super) fn collection(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Collection> {
    let keys = reader.keys(entry, &COLLECTION)?;
    let name = keys.required(reader, "name").and_then(|entry| reader.text(entry, Use::Text));
    let key = keys.required(reader, "key").and_then(|entry| reader.text(entry, Use::Text));
    Some(Collection { name: name?, key: key? })
}
