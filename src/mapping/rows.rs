//! `duplicates`, `hierarchy`, `references`, `unknown_accounts`: what concerns rows beside one another.

use super::columns::{BY, by};
use super::read::{Entry, Reader, Section, Takes, words};
use super::tree::{
    DuplicatePolicy, Duplicates, Hierarchy, HierarchyPolicy, Reference, ReferenceMissing, Text, UnknownAccounts,
    UnknownPolicy,
};
use crate::yaml::{Spanned, Value};

pub(super) const DUPLICATES: Section = Section {
    what: "`duplicates`",
    keys: &[&[
        ("policy", Takes::Words(|| words(POLICIES))),
        ("by", Takes::Section(&BY)),
        ("fallback", Takes::Words(|| words(FALLBACK))),
    ]],
    required: &["policy"],
    one_of: &[],
    example: "{policy: newest, by: {column: Modified, type: date}}",
};
pub(super) const HIERARCHY: Section = Section {
    what: "`hierarchy`",
    keys: &[&[
        ("missing_parent", Takes::Words(|| words(LINKS))),
        ("cycles", Takes::Words(|| words(LINKS))),
        ("max_depth", Takes::Number(1)),
        ("order", Takes::Words(|| words(ORDERS))),
        ("known_accounts", Takes::OneOrMore),
    ]],
    required: &[],
    one_of: &[],
    example: "{missing_parent: detach}",
};
pub(super) const REFERENCE: Section = Section {
    what: "a reference",
    keys: &[&[("in", Takes::OneOrMore), ("missing", Takes::Words(|| words(MISSING)))]],
    required: &["in"],
    one_of: &[],
    example: "{in: [accounts], missing: reject}",
};

pub(super) const UNKNOWN_ACCOUNTS: Section = Section {
    what: "`unknown_accounts`",
    keys: &[&[("in", Takes::OneOrMore), ("policy", Takes::Words(|| words(UNKNOWN)))]],
    required: &["in"],
    one_of: &[],
    example: "{in: [known.account_id], policy: reject}",
};

pub(super) const POLICIES: &[(&str, DuplicatePolicy)] = &[
    ("last", DuplicatePolicy::Last),
    ("first", DuplicatePolicy::First),
    ("newest", DuplicatePolicy::Newest),
    ("merge", DuplicatePolicy::Merge),
    ("sum", DuplicatePolicy::Sum),
    ("split", DuplicatePolicy::Split),
    ("error", DuplicatePolicy::Error),
];
const FALLBACK: &[(&str, ())] = &[("valid", ())];
const ORDERS: &[(&str, bool)] = &[("source", false), ("parents_first", true)];
const LINKS: &[(&str, HierarchyPolicy)] =
    &[("reject", HierarchyPolicy::Reject), ("detach", HierarchyPolicy::Detach), ("fail", HierarchyPolicy::Fail)];
const MISSING: &[(&str, ReferenceMissing)] = &[
    ("reject", ReferenceMissing::Reject),
    ("empty", ReferenceMissing::Empty),
    ("warn", ReferenceMissing::Warn),
    ("fail", ReferenceMissing::Fail),
];
const UNKNOWN: &[(&str, UnknownPolicy)] =
    &[("allow", UnknownPolicy::Allow), ("reject", UnknownPolicy::Reject), ("report", UnknownPolicy::Report)];

/// `duplicates:`, a word or a mapping.
pub(super) fn duplicates(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Duplicates> {
    if !matches!(entry.node.value, Value::Mapping(_)) {
        let policy = reader.word(entry, POLICIES)?;
        return Some(Duplicates { policy, by: None, fallback_valid: None });
    }
    let keys = reader.keys(entry, &DUPLICATES)?;
    let policy = keys.required(reader, "policy").and_then(|entry| reader.word(entry, POLICIES));
    let by = keys.get("by").and_then(|entry| by(reader, entry));
    let fallback = keys.get("fallback").and_then(|entry| reader.word(entry, FALLBACK));
    Some(Duplicates { policy: policy?, by, fallback_valid: fallback.map(|word| word.span) })
}

/// `hierarchy:`.
pub(super) fn hierarchy(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Hierarchy> {
    let keys = reader.keys(entry, &HIERARCHY)?;
    let mut policy = |key| keys.get(key).and_then(|entry| reader.word(entry, LINKS)).map(|word| word.value);
    let (missing_parent, cycles) = (policy("missing_parent"), policy("cycles"));
    let order = keys.get("order").and_then(|entry| reader.word(entry, ORDERS));
    Some(Hierarchy {
        missing_parent: missing_parent.unwrap_or_default(),
        cycles: cycles.unwrap_or_default(),
        max_depth: keys.get("max_depth").and_then(|entry| reader.number(entry, 1)),
        parents_first: order.is_some_and(|word| word.value),
        known_accounts: keys.get("known_accounts").map(|entry| reader.one_or_more(entry)).unwrap_or_default(),
        span: entry.key,
    })
}

/// `references:`.
pub(super) fn references(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<(Text, Reference)> {
    let entries = reader.names(entry, "{account_id: {in: [accounts]}}");
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(keys) = reader.keys(entry, &REFERENCE) else { continue };
        let targets = keys.required(reader, "in").map(|entry| reader.one_or_more(entry));
        let missing = keys.get("missing").and_then(|entry| reader.word(entry, MISSING));
        let missing = missing.unwrap_or(Spanned::new(ReferenceMissing::default(), entry.key));
        if let Some(targets) = targets {
            let name = Spanned::new(entry.name.to_owned(), entry.key);
            all.push((name, Reference { targets, missing, span: entry.node.span }));
        }
    }
    all
}

/// `unknown_accounts:`.
pub(super) fn unknown_accounts(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<UnknownAccounts> {
    let keys = reader.keys(entry, &UNKNOWN_ACCOUNTS)?;
    let targets = keys.required(reader, "in").map(|entry| reader.one_or_more(entry));
    let policy = keys.get("policy").and_then(|entry| reader.word(entry, UNKNOWN));
    let policy = policy.map(|word| word.value).unwrap_or_default();
    Some(UnknownAccounts { targets: targets?, policy, span: entry.key })
}
