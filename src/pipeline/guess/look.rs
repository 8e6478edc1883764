//! Takes a sample of a source: of a CSV file from its start, its middle and its end; of other kinds the first records.

use std::io::Read;

use crate::csv::{Dialect, footer_lines, raw_record, salesforce_footer};
use crate::diagnostic::{Diagnostic, code};
use crate::guess::{FooterGuess, Form, Label, Sample, label_of, sniff};
use crate::mapping::{Compression, SourceKind};
use crate::pipeline::Failure;
use crate::source::{FileAt, decode, decompressed};

/// Bytes of a file's start that are read, and of its middle and end.
const HEAD: u64 = 2 << 20;
const SLICE: u64 = 256 << 10;

/// Records taken from the start, and from the middle and the end each.
pub(super) const FIRST: usize = 1_000;
const MORE: usize = 200;

/// A sample, and for CSV how the file is written.
pub(super) struct Look {
    pub sample: Sample,
    pub form: Option<Form>,
}

/// A CSV file; what its `kind` says of the delimiter holds unless the text says otherwise.
pub(super) fn csv(file: &FileAt, shown: &str, compression: Compression, kind: SourceKind) -> Result<Look, Failure> {
    let failed = |error: std::io::Error| file.said().map_or_else(|| error.into(), Failure::from);
    let mut head = Vec::new();
    decompressed(file, compression).and_then(|bytes| bytes.take(HEAD).read_to_end(&mut head)).map_err(failed)?;
    let whole = (head.len() as u64) < HEAD;
    let parts = if whole || compression != Compression::None { Vec::new() } else { slices(file).map_err(failed)? };
    let others: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let encoding = label_of(&head, &others);
    let text = |part: &[u8]| decode(part, label(encoding, &head)).unwrap_or_default();
    let (mut start, parts) = (text(&head), parts.iter().map(|part| text(part)).collect::<Vec<_>>());
    // A character that the cut broke is no part of the text.
    if !whole {
        start.truncate(start.rfind(['\n', '\r']).map_or(start.len(), |end| end + 1));
    }
    let default = if kind == SourceKind::Tsv { b'\t' } else { b',' };
    let tail = if whole { Some(start.as_bytes()) } else { parts.last().map(String::as_bytes) };
    let Some(form) = sniff(start.as_bytes(), whole, tail, default, encoding) else {
        let message = format!("`{shown}` has no header to go by: it is empty, or no text");
        return Err(Failure::World(Diagnostic::error(&code::HEADER, message).help(code::HEADER.cure)));
    };
    let mut rows = Rows::new(&form);
    rows.take(behind_header(&start, &form), whole, FIRST, whole);
    let complete = whole && rows.records < FIRST;
    let first = rows.records;
    let mut which = match (complete, first) {
        (true, 1) => "its only record".to_owned(),
        (true, all) => format!("all its {} records", grouped(all)),
        (false, first) => format!("its first {} records", grouped(first)),
    };
    if first == 0 {
        which = "its header; it has no records".to_owned();
    }
    let last = parts.len().saturating_sub(1);
    for (place, part) in parts.iter().enumerate() {
        // The first line of a part began before it.
        let from = part.find(['\n', '\r']).map_or(part.len(), |end| end + 1);
        rows.take(
            &part.as_bytes()[from..],
            place == last,
            if place == last { usize::MAX } else { MORE },
            place == last,
        );
        rows.keep_last(first + MORE * (place + 1), MORE);
    }
    if rows.records > first {
        which += &format!(" and {} from its middle and its end", grouped(rows.records - first));
    }
    let mut names = Vec::new();
    let mut duplicated = Vec::new();
    for name in &form.names {
        let twice = form.names.iter().filter(|other| *other == name).count() > 1;
        if twice && !duplicated.contains(name) {
            duplicated.push(name.clone());
        }
        names.push(name.clone());
    }
    let sample = Sample { whole: complete, which, ..Sample::new(&names, &duplicated, rows.columns) };
    Ok(Look { sample, form: Some(form) })
}

/// `1234` as `1,234`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    match digits.len() {
        4.. => format!("{},{}", &digits[..digits.len() - 3], &digits[digits.len() - 3..]),
        _ => digits,
    }
}

/// The label to decode parts with: a mark says for all of them what it says at the start.
fn label(encoding: Label, head: &[u8]) -> &'static str {
    match encoding {
        Label::MarkedUtf16 if head.starts_with(&[0xFE, 0xFF]) => "utf-16be",
        Label::MarkedUtf16 => "utf-16le",
        other => other.option().unwrap_or("utf-8"),
    }
}

/// A part of the middle, and the end.
fn slices(file: &FileAt) -> std::io::Result<Vec<Vec<u8>>> {
    let size = file.size()?;
    // Even places, so that no character of UTF-16 is cut.
    let places = [size / 2, size.saturating_sub(SLICE)].map(|at| at / 2 * 2);
    places.into_iter().map(|at| file.part(at, SLICE)).collect()
}

/// What stands behind the header.
fn behind_header<'t>(text: &'t str, form: &Form) -> &'t [u8] {
    let bytes = text.as_bytes();
    let found = match form.headless {
        true => crate::csv::read_start(bytes, &form.dialect, form.preamble, true).map(|start| start.length),
        false => crate::csv::read_header(bytes, &form.dialect, form.preamble, true).map(|header| header.start.length),
    };
    found.map_or(&[][..], |length| &bytes[length..])
}

/// Records in the making of a sample.
struct Rows<'f> {
    form: &'f Form,
    columns: Vec<Vec<Option<String>>>,
    records: usize,
}

impl<'f> Rows<'f> {
    fn new(form: &'f Form) -> Self {
        Self { form, columns: vec![Vec::new(); form.names.len()], records: 0 }
    }

    /// Of more than `most` records the last so many stay, without touching those before.
    fn keep_last(&mut self, most: usize, last: usize) {
        if self.records > most {
            let from = most - last;
            let to = self.records - last;
            self.columns.iter_mut().for_each(|column| drop(column.drain(from..to)));
            self.records = most;
        }
    }

    /// Takes up to `most` records of `text`; at the `end` of the file its footer is left out.
    fn take(&mut self, text: &[u8], end: bool, most: usize, whole: bool) {
        let Form { dialect, footer, carriage_return, .. } = self.form;
        let text = if end { without_footer(text, footer.as_ref(), dialect, *carriage_return) } else { text };
        let (mut at, mut taken) = (0, 0);
        while taken < most
            && let Some(record) = raw_record(&text[at..], dialect, *carriage_return, whole)
        {
            at += record.next;
            if record.fields.len() != self.columns.len() {
                continue;
            }
            for (column, field) in self.columns.iter_mut().zip(record.fields) {
                column.push(Some(field.into_owned()));
            }
            taken += 1;
        }
        self.records += taken;
    }
}

fn without_footer<'t>(text: &'t [u8], footer: Option<&FooterGuess>, dialect: &Dialect, returns: bool) -> &'t [u8] {
    let found = match footer {
        Some(FooterGuess::Salesforce) => salesforce_footer(text, dialect, returns),
        Some(FooterGuess::Lines(count, _)) => footer_lines(text, *count as u64, dialect, returns),
        None => None,
    };
    found.map_or(text, |footer| &text[..footer.start])
}
