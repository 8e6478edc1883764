//! One entry of `sources:` and how its files are read.

use serde::{Deserialize, Serialize};

use super::{Text, TotangoSource};
use crate::yaml::{Span, Spanned};

/// One entry of `sources:`.
#[derive(Debug, Clone)]
pub struct SourceEntry {
    /// Table name in SQL.
    pub name: Text,
    /// Where its rows are.
    pub origin: SourceOrigin,
    /// `kind:` from the file name unless said.
    pub kind: Option<Spanned<SourceKind>>,
    /// `compression:` from the file name unless said.
    pub compression: Option<Spanned<Compression>>,
    /// `csv:` options.
    pub csv: CsvOptions,
    /// `on_empty: ok` instead of the default `fail`.
    pub empty_is_ok: bool,
    /// `missing_columns: empty` instead of the default `fail`.
    pub missing_columns_empty: bool,
    /// `max_age:` in seconds.
    pub max_age: Option<Spanned<u64>>,
    /// The whole entry.
    pub span: Span,
}

/// Where a source's rows are.
#[derive(Debug, Clone)]
pub enum SourceOrigin {
    /// `path:` file, glob, directory or URL. Content of variables is already escaped against wildcards.
    Path(Text),
    /// `query:` a SQL file over other sources; the path.
    Query(Text),
    /// `kind: totango` what a search of Totango finds.
    Totango(Box<TotangoSource>),
}

impl SourceOrigin {
    /// Where it says what it is.
    pub fn span(&self) -> Span {
        match self {
            Self::Path(text) | Self::Query(text) => text.span,
            Self::Totango(totango) => totango.at,
        }
    }
}

/// `kind:` of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceKind {
    /// Comma (or `delimiter`) separated text.
    Csv,
    /// Tab separated text.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object per line.
    Ndjson,
    /// Arrow IPC file.
    Arrow,
}

/// `compression:` of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// As it is.
    None,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
    /// `.bz2`
    Bzip2,
    /// `.xz`
    Xz,
}

/// `csv:` options of a source; `None` means the default of `product.md` section 3.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CsvOptions {
    /// One byte; default `,` (TSV: tab).
    pub delimiter: Option<Spanned<u8>>,
    /// One byte; default `"`.
    pub quote: Option<Spanned<u8>>,
    /// One byte that escapes a quote inside quotes; default: the quote doubled.
    pub escape: Option<Spanned<u8>>,
    /// Label known to the WHATWG encoding standard; default `utf-8`.
    pub encoding: Option<Text>,
    /// Physical lines before the header; default 0.
    pub preamble: Option<Spanned<u64>>,
    /// How the end of the file is recognised as no record.
    pub footer: Option<Spanned<Footer>>,
    /// Column names of a file without a header.
    pub header: Option<Vec<Text>>,
    /// Spellings that mean NULL beside the empty cell.
    pub nulls: Vec<Text>,
    /// Bytes of one quoted field; default 1 MiB.
    pub max_field: Option<Spanned<u64>>,
    /// Bytes of one record; default 16 MiB.
    pub max_record: Option<Spanned<u64>>,
}

impl CsvOptions {
    /// Whether `other` says the same, wherever it stands.
    pub fn is_same(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &Option<Spanned<T>>, other: &Option<Spanned<T>>) -> bool {
            one.as_ref().map(|one| &one.value) == other.as_ref().map(|other| &other.value)
        }
        fn texts(all: &[Text]) -> impl Iterator<Item = &String> {
            all.iter().map(|text| &text.value)
        }
        let headers = match (&self.header, &other.header) {
            (Some(header), Some(other)) => texts(header).eq(texts(other)),
            (header, other) => header.is_none() && other.is_none(),
        };
        headers
            && same(&self.delimiter, &other.delimiter)
            && same(&self.quote, &other.quote)
            && same(&self.escape, &other.escape)
            && same(&self.encoding, &other.encoding)
            && same(&self.preamble, &other.preamble)
            && same(&self.footer, &other.footer)
            && same(&self.max_field, &other.max_field)
            && same(&self.max_record, &other.max_record)
            && texts(&self.nulls).eq(texts(&other.nulls))
    }
}

/// `footer:` of a CSV source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Footer {
    /// The lines a Salesforce report export appends.
    Salesforce,
    /// The last N non-blank records.
    Lines(u64),
    /// Trailing records whose raw text matches this regular expression.
    Match(String),
}
