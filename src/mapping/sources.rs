//! `sources` and `from`: where rows come from.

use super::read::{Entry, Keys, Reader, Section, Takes, words};
use super::totango;
use super::tree::{Compression, CsvOptions, Footer, From, SourceEntry, SourceKind, SourceOrigin, Text};
use super::variables::Use;
use crate::diagnostic::{Diagnostic, code, excerpt};
use crate::yaml::{Spanned, Value};

pub(super) const SOURCE: Section = Section {
    what: "a source",
    keys: &[
        &[
            ("path", Takes::Text),
            ("query", Takes::TextOr(&totango::QUERY)),
            ("kind", Takes::Words(|| words(KINDS))),
            ("compression", Takes::Words(|| words(COMPRESSIONS))),
            ("csv", Takes::Section(&CSV)),
            ("on_empty", Takes::Words(|| words(ON_EMPTY))),
            ("max_age", Takes::Age),
            ("missing_columns", Takes::Words(|| words(MISSING_COLUMNS))),
        ],
        totango::KEYS,
    ],
    required: &[],
    one_of: &["path", "query"],
    example: "{path: data/crm_*.csv}",
};
const CSV: Section = Section {
    what: "`csv`",
    keys: &[&[
        ("delimiter", Takes::Text),
        ("quote", Takes::Text),
        ("escape", Takes::Text),
        ("encoding", Takes::Text),
        ("preamble", Takes::Number(0)),
        ("footer", Takes::WordsOr(|| words(FOOTERS), &FOOTER)),
        ("header", Takes::Spellings),
        ("nulls", Takes::Spellings),
        ("max_field", Takes::Size),
        ("max_record", Takes::Size),
    ]],
    required: &[],
    one_of: &[],
    example: "{delimiter: \";\"}",
};
const FOOTER: Section = Section {
    what: "`footer`",
    keys: &[&[("lines", Takes::Number(1)), ("match", Takes::Text)]],
    required: &[],
    one_of: &["lines", "match"],
    example: "{lines: 5}",
};
pub(super) const FROM: Section = Section {
    what: "`from`",
    keys: &[&[("query", Takes::Text), ("sql", Takes::Text)]],
    required: &[],
    one_of: &["query", "sql"],
    example: "{query: queries/accounts.sql}",
};

const ON_EMPTY: &[(&str, bool)] = &[("fail", false), ("ok", true)];
const MISSING_COLUMNS: &[(&str, bool)] = &[("fail", false), ("empty", true)];
const FOOTERS: &[(&str, ())] = &[("salesforce", ())];
const KINDS: &[(&str, Option<SourceKind>)] = &[
    ("csv", Some(SourceKind::Csv)),
    ("tsv", Some(SourceKind::Tsv)),
    ("parquet", Some(SourceKind::Parquet)),
    ("ndjson", Some(SourceKind::Ndjson)),
    ("arrow", Some(SourceKind::Arrow)),
    ("totango", None),
];
const COMPRESSIONS: &[(&str, Compression)] = &[
    ("none", Compression::None),
    ("gzip", Compression::Gzip),
    ("gz", Compression::Gzip),
    ("zstd", Compression::Zstd),
    ("zst", Compression::Zstd),
    ("bzip2", Compression::Bzip2),
    ("bz2", Compression::Bzip2),
    ("xz", Compression::Xz),
];

/// `sources:`.
pub(super) fn sources(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<SourceEntry> {
    let entries = reader.names(entry, "{crm: {path: data/crm_*.csv}}");
    entries.into_iter().filter_map(|entry| source(reader, entry)).collect()
}

fn source(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<SourceEntry> {
    let name = reader.own_name(entry);
    let keys = reader.keys(entry, &SOURCE)?;
    let kind = keys.get("kind").and_then(|entry| reader.word(entry, KINDS));
    let is_totango = kind.as_ref().is_some_and(|word| word.value.is_none());
    let origin = if is_totango {
        totango::totango(reader, entry, &keys).map(|totango| SourceOrigin::Totango(Box::new(totango)))
    } else {
        totango::refuse_keys(reader, &keys);
        origin(reader, entry, &keys)
    };
    let kind = kind.and_then(|word| word.value.map(|kind| Spanned::new(kind, word.span)));
    let compression = keys.get("compression").and_then(|entry| reader.word(entry, COMPRESSIONS));
    let csv = keys.get("csv").map(|entry| csv(reader, entry)).unwrap_or_default();
    let empty_is_ok = keys.get("on_empty").and_then(|entry| reader.word(entry, ON_EMPTY));
    let missing = keys.get("missing_columns").and_then(|entry| reader.word(entry, MISSING_COLUMNS));
    let max_age = keys.get("max_age").and_then(|entry| reader.age(entry));
    Some(SourceEntry {
        name,
        origin: origin.unwrap_or(SourceOrigin::Path(Spanned::new(String::new(), entry.key))),
        kind,
        compression,
        csv,
        empty_is_ok: empty_is_ok.is_some_and(|word| word.value),
        missing_columns_empty: missing.is_some_and(|word| word.value),
        max_age,
        span: entry.node.span,
    })
}

/// Files, or a query over other sources.
fn origin(reader: &mut Reader<'_>, entry: Entry<'_>, keys: &Keys<'_>) -> Option<SourceOrigin> {
    match (keys.get("path"), keys.get("query")) {
        (Some(path), other) => {
            if let Some(query) = other {
                let diagnostic =
                    Diagnostic::error(&code::ORIGIN, format!("source `{}` has two origins", excerpt(entry.name)))
                        .at(reader.place(query.key), "a second origin")
                        .related(reader.place(path.key), "the first")
                        .help("keep `path` or `query`");
                reader.report(diagnostic);
            }
            file(reader, path, Use::SourcePath).map(SourceOrigin::Path)
        }
        (None, Some(query)) => file(reader, query, Use::Path).map(SourceOrigin::Query),
        (None, None) => {
            let place = reader.place(reader.spot(entry.key));
            let diagnostic =
                Diagnostic::error(&code::ORIGIN, format!("source `{}` has no origin", excerpt(entry.name)));
            reader.report(diagnostic.at(place, "where are its rows?").help("give `path` or `query`"));
            None
        }
    }
}

/// The path of a file (or, for sources, a glob or URL).
pub(super) fn file(reader: &mut Reader<'_>, entry: Entry<'_>, used: Use) -> Option<Text> {
    let path = reader.text(entry, used)?;
    if path.value.trim().is_empty() {
        reader.bad_value(entry, &path.value, "no path", "relative to the project's folder, e.g. `data/crm.csv`");
        return None;
    }
    Some(path)
}

fn csv(reader: &mut Reader<'_>, entry: Entry<'_>) -> CsvOptions {
    let Some(keys) = reader.keys(entry, &CSV) else { return CsvOptions::default() };
    let options = CsvOptions {
        delimiter: keys.get("delimiter").and_then(|entry| byte(reader, entry)),
        quote: keys.get("quote").and_then(|entry| byte(reader, entry)),
        escape: keys.get("escape").and_then(|entry| byte(reader, entry)),
        encoding: keys.get("encoding").and_then(|entry| reader.text(entry, Use::Text)),
        preamble: keys.get("preamble").and_then(|entry| reader.number(entry, 0)),
        footer: keys.get("footer").and_then(|entry| footer(reader, entry)),
        header: keys.get("header").and_then(|entry| reader.texts(entry, Reader::spelling)),
        nulls: keys.get("nulls").and_then(|entry| reader.texts(entry, Reader::spelling)).unwrap_or_default(),
        max_field: keys.get("max_field").and_then(|entry| reader.size(entry)),
        max_record: keys.get("max_record").and_then(|entry| reader.size(entry)),
    };
    if let (Some(delimiter), Some(entry)) = (&options.delimiter, keys.get("delimiter"))
        && delimiter.value == options.quote.as_ref().map_or(b'"', |quote| quote.value)
    {
        let said = char::from(delimiter.value).to_string();
        reader.bad_value(entry, &said, "the quote too", "`delimiter` and `quote` must differ");
    }
    options
}

/// One ASCII character that cannot be part of a name or end a line.
fn byte(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Spanned<u8>> {
    let text = reader.text(entry, Use::Text)?;
    match text.value.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\r' | b'\n' | 0) => {
            Some(Spanned::new(*byte, text.span))
        }
        _ => {
            let help = "one ASCII character, neither letter nor digit; a tab is written `\"\\t\"`";
            reader.bad_value(entry, &text.value, "not one such character", help);
            None
        }
    }
}

fn footer(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<Spanned<Footer>> {
    let span = entry.node.span;
    if !matches!(entry.node.value, Value::Mapping(_)) {
        let word = reader.word(entry, FOOTERS)?;
        return Some(Spanned::new(Footer::Salesforce, word.span));
    }
    let keys = reader.keys(entry, &FOOTER)?;
    let footer = match (keys.get("lines"), keys.get("match")) {
        (Some(lines), None) => Footer::Lines(reader.number(lines, 1)?.value),
        (None, Some(pattern)) => Footer::Match(reader.text(pattern, Use::Text)?.value),
        _ => {
            reader.wrong_shape(entry, "`lines` or `match`, one of them", FOOTER.example);
            return None;
        }
    };
    Some(Spanned::new(footer, span))
}

/// `from:`.
pub(super) fn from(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<From> {
    if matches!(entry.node.value, Value::Scalar(_)) {
        return reader.text(entry, Use::Text).map(From::Source);
    }
    if matches!(entry.node.value, Value::Mapping(_)) {
        let keys = reader.keys(entry, &FROM)?;
        match (keys.get("query"), keys.get("sql")) {
            (Some(query), None) => return file(reader, query, Use::Path).map(From::Query),
            (None, Some(sql)) => {
                let before = reader.found.iter().count();
                let sql = reader.text(sql, Use::Sql);
                return sql.filter(|_| reader.found.iter().count() == before).map(From::Sql);
            }
            _ => {}
        }
    }
    reader.wrong_shape(entry, "a source, or one of `query` and `sql`", FROM.example);
    None
}
