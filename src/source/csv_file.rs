//! CSV and TSV: how a file is written, and what its header says.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use regex::bytes::Regex;

use crate::csv::{Dialect, DialectFault, HeaderFault, RecordFault, Start, read_header, read_start};
use crate::diagnostic::{Code, code};
use crate::mapping::{Footer, SourceKind};
use crate::source::content::FileField;
use crate::source::csv_piece::Shared;
use crate::source::csv_read::{CsvRanges, CsvReader};
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::input::FileAt;
use crate::source::piece::{Ending, Mark, Piece, Pieces, Request};
use crate::source::text::{TextForm, TextReader};

/// Most columns of a header.
const MAX_COLUMNS: usize = 10_000;

/// Bytes in which a header is looked for first.
const HEAD_BYTES: usize = 16 * 1024;

/// How the end of a file is recognised as no record.
#[derive(Debug, Clone)]
pub(super) enum FooterRule {
    /// The lines that a Salesforce report appends.
    Salesforce,
    /// The last records, this many.
    Lines(u64),
    /// Records whose raw text matches.
    Match(Regex),
}

/// A CSV file whose header is read.
#[derive(Debug)]
pub(super) struct CsvFile {
    pub dialect: Dialect,
    pub form: TextForm,
    pub footer: Option<FooterRule>,
    pub names: Vec<String>,
    duplicates: Vec<String>,
    /// Where the records begin; `None` where there is nothing.
    pub start: Option<Start>,
    /// Bytes before its first text, where a byte of text is a byte of the file.
    #[cfg(feature = "cluster")]
    pub origin: Option<u64>,
    /// Only these bytes of the file are read, the first of them the first of a record.
    pub range: Option<Range<u64>>,
}

/// How all files of a CSV source are written.
#[derive(Debug, Clone)]
pub(super) struct CsvForm {
    dialect: Dialect,
    footer: Option<FooterRule>,
    preamble: u64,
    names: Option<Vec<String>>,
}

impl CsvForm {
    /// From the options of `definition`.
    ///
    /// # Errors
    /// Options that cannot be used together.
    pub fn new(definition: &SourceDefinition, kind: SourceKind) -> Result<Self, SourceError> {
        let csv = &definition.csv;
        let failed = |message: String| SourceError::new(&code::BAD_VALUE, &definition.name, message);
        let mut dialect = Dialect {
            nulls: csv.nulls.iter().map(|text| text.value.clone().into_bytes()).collect(),
            ..Dialect::default()
        };
        let byte_of_kind = if kind == SourceKind::Tsv { b'\t' } else { b',' };
        dialect.delimiter = csv.delimiter.as_ref().map_or(byte_of_kind, |byte| byte.value);
        dialect.quote = csv.quote.as_ref().map_or(dialect.quote, |byte| byte.value);
        dialect.escape = csv.escape.as_ref().map(|byte| byte.value);
        let limit = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        dialect.max_field = csv.max_field.as_ref().map_or(dialect.max_field, |bytes| limit(bytes.value));
        dialect.max_record = csv.max_record.as_ref().map_or(dialect.max_record, |bytes| limit(bytes.value));
        dialect.check().map_err(|fault| {
            failed(match fault {
                DialectFault::NotAscii(byte) => {
                    format!("`{}` cannot separate or quote: one ASCII character can, no line end", byte.escape_ascii())
                }
                DialectFault::SameByte(byte) => {
                    format!("`{}` cannot be the delimiter and the quote or escape at once", byte.escape_ascii())
                }
                DialectFault::Limit(_) => "`max_field` and `max_record` are between 1 byte and 1 GiB".to_owned(),
            })
        })?;
        let footer = match csv.footer.as_ref().map(|footer| &footer.value) {
            None => None,
            Some(Footer::Salesforce) => Some(FooterRule::Salesforce),
            Some(Footer::Lines(count)) => Some(FooterRule::Lines(*count)),
            Some(Footer::Match(pattern)) => Some(FooterRule::Match(
                Regex::new(pattern)
                    .map_err(|error| failed(format!("`footer: {{match: …}}` is no pattern: {error}")))?,
            )),
        };
        let names: Option<Vec<String>> =
            csv.header.as_ref().map(|names| names.iter().map(|name| name.value.clone()).collect());
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().flatten().find(|name| !seen.insert(name.as_str())) {
            return Err(failed(format!("`header` has the name `{twice}` twice")));
        }
        let preamble = csv.preamble.as_ref().map_or(0, |lines| lines.value);
        Ok(Self { dialect, footer, preamble, names })
    }

    /// Reads the header of the file at `input`, shown as `shown`.
    pub fn read(
        &self,
        source: &str,
        input: &FileAt,
        shown: &str,
        form: TextForm,
        piece_bytes: usize,
    ) -> Result<CsvFile, SourceError> {
        let failed = |error: std::io::Error| input.unreadable(source, shown, error);
        let mut reader = TextReader::open(input, form).map_err(failed)?;
        let mut head = Vec::new();
        // Most headers are short, and a source can have thousands of files.
        let mut wanted = HEAD_BYTES.min(piece_bytes);
        let (names, duplicates, start) = loop {
            let at_end = reader.read(&mut head, wanted).map_err(failed)? < wanted;
            wanted = piece_bytes;
            let found = match &self.names {
                Some(names) => read_start(&head, &self.dialect, self.preamble, at_end)
                    .map(|start| (names.clone(), Vec::new(), Some(start))),
                None => read_header(&head, &self.dialect, self.preamble, at_end)
                    .map(|header| (header.names, header.duplicates, Some(header.start))),
            };
            match found {
                Ok(found) => break found,
                Err(HeaderFault::Unfinished) => {}
                Err(HeaderFault::Missing) => break (self.names.clone().unwrap_or_default(), Vec::new(), None),
                Err(HeaderFault::Record { line, fault }) => {
                    let why = code_of(fault).title;
                    return Err(SourceError::file(
                        &code::HEADER,
                        source,
                        shown,
                        format!("line {line}, the header: {why}"),
                    ));
                }
            }
        };
        let unusable = match names.len() {
            count if count > MAX_COLUMNS => Some(format!("the header has {count} columns; 10,000 are the most")),
            _ if start.is_some() && names.iter().zip(1..).all(|(name, place)| blank(name, place)) => {
                Some("the header has no names".to_owned())
            }
            _ => None,
        };
        if let Some(fact) = unusable {
            return Err(SourceError::file(&code::HEADER, source, shown, fact));
        }
        let Self { dialect, footer, .. } = self.clone();
        Ok(CsvFile {
            dialect,
            form,
            footer,
            names,
            duplicates,
            start,
            #[cfg(feature = "cluster")]
            origin: reader.origin(),
            range: None,
        })
    }
}

/// Whether a header cell is blank; the second blank one is called `#2`.
fn blank(name: &str, place: usize) -> bool {
    name.trim().is_empty() || place > 1 && name.trim() == format!("#{place}")
}

impl CsvFile {
    /// Its columns; `None` where there is not even a header.
    pub fn fields(&self) -> Option<Vec<FileField>> {
        if self.start.is_none() && self.names.is_empty() {
            return None;
        }
        let field = |name: &String| FileField {
            name: name.clone(),
            data_type: DataType::Utf8View,
            duplicated: self.duplicates.contains(name),
        };
        Some(self.names.iter().map(field).collect())
    }

    /// Starts to read it; where its pieces are known, `index` says where they begin.
    pub fn open(
        &self,
        input: &FileAt,
        request: Arc<Request>,
        index: Arc<[Mark]>,
    ) -> Result<Box<dyn Pieces>, SourceError> {
        let shared = Arc::new(Shared::new(self, request));
        match self.start {
            Some(start) if shared.request.wanted.is_some() && !index.is_empty() => {
                Ok(Box::new(CsvRanges::new(input, start, index, shared)))
            }
            Some(start) => Ok(Box::new(CsvReader::open(input, self, start, shared)?)),
            None => Ok(Box::new(Nothing { footer_missing: self.footer.is_some() })),
        }
    }
}

/// A file without anything in it.
struct Nothing {
    footer_missing: bool,
}

impl Pieces for Nothing {
    fn next(&mut self) -> Result<Option<Box<dyn Piece>>, SourceError> {
        Ok(None)
    }

    fn ending(&mut self) -> Ending {
        Ending { footer_missing: self.footer_missing, ..Ending::default() }
    }
}

/// The register's code of a fault.
pub(super) fn code_of(fault: RecordFault) -> &'static Code {
    match fault {
        RecordFault::FieldCount { .. } => &code::FIELD_COUNT,
        RecordFault::BadBytes => &code::BAD_BYTES,
        RecordFault::AfterQuote => &code::AFTER_QUOTE,
        RecordFault::OpenQuote => &code::OPEN_QUOTE,
        RecordFault::FieldTooLarge => &code::FIELD_TOO_LARGE,
        RecordFault::RecordTooLarge => &code::RECORD_TOO_LARGE,
    }
}
