//! `kind: totango`: a source that is a search of Totango.

use super::read::{Entry, Key, Keys, Reader, Section, Takes, words};
use super::sources::file;
use super::stores;
use super::tree::{Secrets, Text, TotangoPart, TotangoQuery, TotangoSearch, TotangoSource, TotangoSplit, TotangoToken};
use super::variables::Use;
use crate::diagnostic::{Diagnostic, code, excerpt};
use crate::yaml::{Spanned, Value};

/// Keys that only such a source has.
pub(super) const KEYS: &[Key] = &[
    ("search", Takes::Words(|| words(SEARCHES))),
    ("region", Takes::Words(|| words(REGIONS))),
    ("url", Takes::Text),
    ("token", Takes::Text),
    ("split", Takes::Section(&SPLIT)),
    ("rate", Takes::Number(1)),
    ("timeout", Takes::Age),
    ("deadline", Takes::Age),
    ("retries", Takes::Number(0)),
];
pub(super) const QUERY: Section = Section {
    what: "`query`",
    keys: &[&[("file", Takes::Text)]],
    required: &["file"],
    one_of: &[],
    example: "{file: queries/known.json}",
};
const SPLIT: Section = Section {
    what: "`split`",
    keys: &[&[
        ("type", Takes::Text),
        ("attribute", Takes::Text),
        ("term", Takes::Text),
        ("values", Takes::Spellings),
        ("from", Takes::Number(0)),
        ("to", Takes::Number(0)),
        ("filters", Takes::Texts),
    ]],
    required: &[],
    one_of: &["values", "from", "filters"],
    example: "{type: string_attribute, attribute: Region, values: [EMEA, AMER]}",
};

/// Keys of files, which a search has not.
const OF_FILES: &[&str] = &["path", "compression", "csv", "max_age", "missing_columns"];

const SEARCHES: &[(&str, TotangoSearch)] = &[("accounts", TotangoSearch::Accounts), ("users", TotangoSearch::Users)];

/// Hosts of the search API. Article "Search API (accounts and users)".
const REGIONS: &[(&str, &str)] = &[("us", "https://api.totango.com"), ("eu", "https://api-eu1.totango.com")];

/// Where the token is looked for unless said.
const TOKEN: &str = "${TOTANGO_TOKEN}";

/// The address of a region's service.
pub fn totango_url(region: &str) -> Option<&'static str> {
    REGIONS.iter().find(|(name, _)| *name == region).map(|(_, url)| *url)
}

/// Reports keys of a search in a source that is none.
pub(super) fn refuse_keys(reader: &mut Reader<'_>, keys: &Keys<'_>) {
    for (name, _) in KEYS {
        if let Some(entry) = keys.get(name) {
            not_here(reader, entry, "only a source of `kind: totango` has it");
        }
    }
}

fn not_here(reader: &mut Reader<'_>, entry: Entry<'_>, label: &str) {
    let place = reader.place(reader.spot(entry.key));
    let message = format!("`{}` has no meaning here", excerpt(entry.name));
    reader.report(Diagnostic::error(&code::UNKNOWN_KEY, message).at(place, label).help("leave it out"));
}

/// The source under `entry`, whose keys are `keys`.
pub(super) fn totango(reader: &mut Reader<'_>, entry: Entry<'_>, keys: &Keys<'_>) -> Option<TotangoSource> {
    for name in OF_FILES {
        if let Some(entry) = keys.get(name) {
            not_here(reader, entry, "a source of `kind: totango` is no file");
        }
    }
    let search = keys.get("search").and_then(|entry| reader.word(entry, SEARCHES));
    let url = address(reader, entry, keys);
    let mut secrets = Secrets::default();
    let token = token(reader, keys.get("token"), &mut secrets);
    let split = keys.get("split").and_then(|entry| split(reader, entry));
    let mut age = |key: &str| keys.get(key).and_then(|entry| reader.age(entry)).map(|age| age.value);
    let (timeout, deadline) = (age("timeout"), age("deadline"));
    let rate = keys.get("rate").and_then(|entry| reader.number(entry, 1)).map(|rate| rate.value);
    let retries = keys.get("retries").and_then(|entry| reader.number(entry, 0)).map(|count| count.value);
    let Some(entry) = keys.get("query") else {
        let place = reader.place(reader.spot(entry.key));
        let message = format!("source `{}` has no query", excerpt(entry.name));
        let help = "paste what \"Generate API endpoint\" of a segment gives below `query: |`, or name its file: \
                    `query: {file: queries/known.json}`";
        reader.report(Diagnostic::error(&code::ORIGIN, message).at(place, "what is searched for?").help(help));
        return None;
    };
    Some(TotangoSource {
        at: entry.key,
        search: search.map_or(TotangoSearch::Accounts, |word| word.value),
        query: query(reader, entry)?,
        url: url?,
        token: token?,
        split,
        rate,
        timeout,
        deadline,
        retries,
        secrets,
    })
}

fn query(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<TotangoQuery> {
    let Value::Mapping(entries) = &entry.node.value else {
        return reader.text(entry, Use::Text).map(TotangoQuery::Inline);
    };
    if entries.iter().any(|(key, _)| matches!(key.value.as_str(), "terms" | "fields")) {
        let help = "paste it below `query: |`, indented, so that it stays as Totango generated it";
        let place = reader.place(reader.spot(entry.node.span));
        let message = "`query` takes the search as text, not as a part of the mapping";
        reader.report(Diagnostic::error(&code::WRONG_SHAPE, message).at(place, "begins here").help(help));
        return None;
    }
    let keys = reader.keys(entry, &QUERY)?;
    let path = keys.required(reader, "file")?;
    file(reader, path, Use::Path).map(TotangoQuery::File)
}

/// Where Totango is.
fn address(reader: &mut Reader<'_>, source: Entry<'_>, keys: &Keys<'_>) -> Option<Text> {
    let Some(entry) = keys.get("url") else {
        let region = keys.get("region").and_then(|entry| reader.word(entry, REGIONS));
        let us = Spanned::new(REGIONS[0].1, source.key);
        let region = region.unwrap_or(us);
        return Some(Text::new(region.value.to_owned(), region.span));
    };
    if let Some(region) = keys.get("region") {
        not_here(reader, region, "`url` says already where Totango is");
    }
    let url = reader.text(entry, Use::Store)?;
    let address = url.value.trim().trim_end_matches('/');
    if !address.starts_with("https://") && !address.starts_with("http://") {
        reader.bad_value(entry, address, "no URL", "e.g. `https://api.totango.com`, without a path");
        return None;
    }
    Some(Text::new(address.to_owned(), url.span))
}

/// The token; a variable without a value is no mistake yet, because whoever only checks a mapping needs no token.
fn token(reader: &mut Reader<'_>, entry: Option<Entry<'_>>, secrets: &mut Secrets) -> Option<TotangoToken> {
    let written = match entry {
        Some(entry) => reader.verbatim(entry)?.value,
        None => TOKEN.to_owned(),
    };
    let (filled, faults) = reader.variables.fill(&written, Use::Store);
    if let Some(unset) = faults.iter().find(|fault| fault.unset) {
        return Some(TotangoToken::Unset(unset.message.clone()));
    }
    match entry {
        Some(entry) => stores::text(reader, entry, "token", &mut secrets.0).map(|text| TotangoToken::Given(text.value)),
        None => {
            secrets.0.push(filled.clone());
            Some(TotangoToken::Given(filled))
        }
    }
}

fn split(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Spanned<TotangoSplit>> {
    let keys = reader.keys(entry, &SPLIT)?;
    let spanned = |split| Some(Spanned::new(split, entry.key));
    let wanted = "`values`, `from` and `to`, or `filters`: one of them";
    match (keys.get("values"), keys.get("from"), keys.get("filters")) {
        (Some(values), None, None) => {
            let part = part(reader, entry, &keys)?;
            let values = reader.texts(values, Reader::spelling)?;
            spanned(TotangoSplit::Values { part, values })
        }
        (None, Some(from), None) => {
            let part = part(reader, entry, &keys)?;
            let from = reader.number(from, 0)?.value;
            let Some(to) = keys.get("to") else {
                reader.wrong_shape(entry, "`to` beside `from`", "");
                return None;
            };
            let end = reader.number(to, 0)?.value;
            if end < from {
                reader.bad_value(
                    to,
                    &end.to_string(),
                    "less than `from`",
                    "the range is from the least to the greatest",
                );
                return None;
            }
            spanned(TotangoSplit::Range { part, from, to: end })
        }
        (None, None, Some(filters)) => {
            for name in ["type", "attribute", "term"] {
                if let Some(entry) = keys.get(name) {
                    not_here(reader, entry, "`filters` are whole filters");
                }
            }
            let filters = reader.texts(filters, |reader, item| reader.text(item, Use::Text))?;
            spanned(TotangoSplit::Filters(filters))
        }
        _ => {
            reader.wrong_shape(entry, wanted, SPLIT.example);
            None
        }
    }
}

/// What `values` or a range belongs to.
fn part(reader: &mut Reader<'_>, entry: Entry<'_>, keys: &Keys<'_>) -> Option<TotangoPart> {
    let named = [("attribute", keys.get("attribute")), ("term", keys.get("term"))];
    let mut named = named.into_iter().filter_map(|(key, entry)| Some((key, entry?)));
    let (Some(kind), Some((key, name)), None) = (keys.get("type"), named.next(), named.next()) else {
        reader.wrong_shape(
            entry,
            "`type`, and `attribute` or `term`, as filters of the query have them",
            SPLIT.example,
        );
        return None;
    };
    Some(TotangoPart { kind: reader.text(kind, Use::Text)?, key, name: reader.text(name, Use::Text)? })
}
