//! How a CSV file is written: delimiter, escape, preamble, footer, whether it has a header. From its text in UTF-8.

use std::collections::BTreeMap;

use crate::csv::{Dialect, footer_lines, raw_record, salesforce_footer};
use crate::diagnostic::excerpt;
use crate::guess::encoding::Label;

/// Records that are looked at.
const RECORDS: usize = 500;

/// Most records of a footer that is told from the data by its width.
const FOOTER: usize = 8;

/// Most records above a header that have its width.
const PADDED: usize = 20;

/// How a file is written, with the evidence.
#[derive(Debug, Clone)]
pub struct Form {
    /// Its encoding.
    pub encoding: Label,
    /// Delimiter, quote, escape.
    pub dialect: Dialect,
    /// The delimiter that the file's name speaks of.
    pub default: u8,
    /// Lines before the header.
    pub preamble: u64,
    /// Names of the columns; made up where the file has no header.
    pub names: Vec<String>,
    /// The file has no header.
    pub headless: bool,
    /// The footer.
    pub footer: Option<FooterGuess>,
    /// Lines end in a lone CR.
    pub carriage_return: bool,
    /// So many of so many records have as many fields as the header.
    pub regular: (usize, usize),
    /// The first line above the header.
    pub above: String,
}

/// A footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FooterGuess {
    /// The lines of a Salesforce report.
    Salesforce,
    /// So many records; the first of them.
    Lines(usize, String),
}

/// What one way of reading makes of the text.
struct Reading {
    dialect: Dialect,
    /// Of each record that is not blank: where it starts, and its fields; none where it cannot be read.
    records: Vec<(usize, Option<Vec<String>>)>,
    /// The commonest number of fields.
    width: usize,
    score: f64,
}

/// Judges the text that begins with `head`, which is all of it if `whole`; `tail` is its end, where that is known. `default` is
/// what the file's name says of its delimiter. None if there is no text.
pub fn sniff(head: &[u8], whole: bool, tail: Option<&[u8]>, default: u8, encoding: Label) -> Option<Form> {
    let carriage_return = memchr::memchr2(b'\r', b'\n', head).is_some_and(|at| {
        head[at] == b'\r' && head.get(at + 1).is_some_and(|next| *next != b'\n') && !head.contains(&b'\n')
    });
    let mut delimiters = vec![default];
    delimiters.extend([b',', b';', b'\t', b'|'].into_iter().filter(|byte| *byte != default));
    let readings = delimiters.into_iter().flat_map(|delimiter| {
        let plain = Dialect { delimiter, ..Dialect::default() };
        let escaped = Dialect { escape: Some(b'\\'), ..plain.clone() };
        let backslash = memchr::memmem::find(head, b"\\\"").is_some();
        std::iter::once(plain).chain(backslash.then_some(escaped))
    });
    let best = readings.map(|dialect| read(head, whole, dialect, carriage_return)).reduce(|best, next| {
        // Of equals the one before stays: what the name says, commas, no escape.
        if next.score > best.score * 1.02 { next } else { best }
    })?;
    let width = best.width;
    let is_regular = |fields: &Option<Vec<String>>| fields.as_ref().is_some_and(|fields| fields.len() == width);
    let first = best.records.iter().position(|(_, fields)| is_regular(fields))?;
    let first = first + padded(&best.records[first..], is_regular);
    let (start, header) = best.records.get(first)?;
    let spelt = header.clone()?;
    let line_end = if carriage_return { b'\r' } else { b'\n' };
    let preamble = if first == 0 { 0 } else { memchr::memchr_iter(line_end, &head[..*start]).count() as u64 };
    let above = match first {
        0 => String::new(),
        _ => String::from_utf8_lossy(head).lines().map(str::trim).find(|line| !line.is_empty()).map(excerpt)?,
    };
    let headless = is_data(&spelt, best.records.get(first + 1).and_then(|(_, fields)| fields.as_ref()));
    let names = if headless { (1..=width).map(|place| format!("column_{place}")).collect() } else { spelt };
    let data = &best.records[first + usize::from(!headless)..];
    let regular = (data.iter().filter(|(_, fields)| is_regular(fields)).count(), data.len());
    let footer = tail.and_then(|tail| footer(tail, whole.then_some(data.len()), &best.dialect, carriage_return, width));
    Some(Form {
        encoding,
        footer,
        dialect: best.dialect,
        default,
        preamble,
        names,
        headless,
        carriage_return,
        regular,
        above,
    })
}

/// Records in front of the header that a spreadsheet filled up with delimiters: titles, of which most fields are empty, above the
/// first record that names every column.
fn padded(records: &[(usize, Option<Vec<String>>)], is_regular: impl Fn(&Option<Vec<String>>) -> bool) -> usize {
    let filled = |fields: &[String]| fields.iter().filter(|field| !field.trim().is_empty()).count();
    let is_title = |(_, fields): &&(usize, Option<Vec<String>>)| {
        is_regular(fields) && fields.as_ref().is_some_and(|fields| filled(fields) * 2 < fields.len())
    };
    let titles = records.iter().take(PADDED).take_while(is_title).count();
    let names_all =
        records.get(titles).filter(|(_, fields)| is_regular(fields)).and_then(|(_, fields)| fields.as_ref());
    let next = records.get(titles + 1).and_then(|(_, fields)| fields.as_ref());
    match names_all {
        Some(header) if filled(header) == header.len() && !is_data(header, next) => titles,
        _ => 0,
    }
}

fn read(head: &[u8], whole: bool, dialect: Dialect, carriage_return: bool) -> Reading {
    let mut records: Vec<(usize, Option<Vec<String>>)> = Vec::new();
    let mut at = 0;
    while records.len() < RECORDS
        && let Some(record) = raw_record(&head[at..], &dialect, carriage_return, whole)
    {
        if record.fault.is_some() {
            records.push((at, None));
        } else if !record.bytes.is_empty() {
            let fields = record.fields.iter().map(|field| field.clone().into_owned()).collect();
            records.push((at, Some(fields)));
        }
        at += record.next;
    }
    // A text cut in its first record gives at least its line.
    if records.is_empty() && !head.is_empty() {
        let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        if let Some(record) = raw_record(line, &dialect, carriage_return, true) {
            records.push((0, Some(record.fields.iter().map(|field| field.clone().into_owned()).collect())));
        }
    }
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for fields in records.iter().filter_map(|(_, fields)| fields.as_ref()) {
        *widths.entry(fields.len()).or_default() += 1;
    }
    // A single field is what every wrong delimiter gives: it counts only where there is nothing else.
    let count = |width: usize, times: usize| if width == 1 { times as f64 / 4.0 } else { times as f64 };
    let common = widths.iter().max_by(|(a, n), (b, m)| count(**a, **n).total_cmp(&count(**b, **m)).then(a.cmp(b)));
    let (width, times) = common.map_or((1, 0), |(width, times)| (*width, *times));
    let share = times as f64 / records.len().max(1) as f64;
    let score = if width == 1 { 0.1 } else { share * share * (1.0 + (width as f64).ln()) };
    Reading { dialect, records, width, score }
}

/// Whether what stands where a header should is a record: it has values that no header has, and looks like the next one.
fn is_data(header: &[String], next: Option<&Vec<String>>) -> bool {
    let is_value = |text: &String| {
        let text = text.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        // Years and weeks are names of columns too.
        text.len() > 4 && digits * 2 > text.len() || text.contains('@') && text.contains('.')
    };
    let values = header.iter().filter(|text| is_value(text)).count();
    let alike = next.is_some_and(|next| {
        header.iter().zip(next).filter(|(a, b)| is_value(a) == is_value(b)).count() == header.len()
    });
    values > 0 && alike && values * 4 >= header.len()
}

/// What stands at the end and is no record. `records`: so many there are in all, if that is known.
fn footer(
    tail: &[u8],
    records: Option<usize>,
    dialect: &Dialect,
    carriage_return: bool,
    width: usize,
) -> Option<FooterGuess> {
    if salesforce_footer(tail, dialect, carriage_return).is_some() {
        return Some(FooterGuess::Salesforce);
    }
    if width == 1 {
        return None;
    }
    let fields = |text: &[u8]| raw_record(text, dialect, carriage_return, true).map(|record| record.fields.len());
    let mut found = None;
    for count in 1..=FOOTER + 1 {
        let footer = footer_lines(tail, count as u64, dialect, carriage_return)?;
        let text = &tail[footer.start..];
        if footer.records < count as u64 || footer.start == 0 || fields(text) == Some(width) {
            break;
        }
        if count > FOOTER {
            return None;
        }
        let line = String::from_utf8_lossy(text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default())
            .into_owned();
        found = Some((count, line));
    }
    let (count, line) = found?;
    // A short file whose records are ragged has no footer.
    if records.is_some_and(|records| records < count * 2) {
        return None;
    }
    Some(FooterGuess::Lines(count, excerpt(line.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        sniff(text.as_bytes(), true, Some(text.as_bytes()), b',', Label::Utf8).unwrap()
    }

    #[test]
    fn the_delimiter_is_the_one_that_gives_regular_records() {
        let german = form("Nr;Betrag;Name\n1;1.234,50;A, B\n2;99,00;C\n3;12,10;\"D;E\"\n");
        assert_eq!((german.dialect.delimiter, german.names.len(), german.regular), (b';', 3, (3, 3)));
        assert_eq!(form("a\tb\n1,5\t2\n").dialect.delimiter, b'\t');
        assert_eq!(form("a|b|c\n1|2|3\n").dialect.delimiter, b'|');
        assert_eq!(form("only\n1\n2\n").dialect.delimiter, b',');
        assert_eq!(form("a,b\n").names, ["a", "b"]);
    }

    #[test]
    fn lines_above_the_header_and_below_the_data_are_found() {
        let report = form("Report, of today\n\nId,Name,City\n1,A,x\n2,B,y\n3,C,z\nTotal: 3\n");
        assert_eq!((report.preamble, report.names), (2, vec!["Id".to_owned(), "Name".to_owned(), "City".to_owned()]));
        assert_eq!(report.footer, Some(FooterGuess::Lines(1, "Total: 3".to_owned())));
        let padded = form("Key accounts;;\nof today;;\n;;\nId;Name;City\n1;A;x\n2;;\n;Total;\n");
        assert_eq!((padded.preamble, padded.names), (3, vec!["Id".to_owned(), "Name".to_owned(), "City".to_owned()]));
        assert_eq!(form("Id,,\n1,,x\n2,A,x\n3,B,y\n").preamble, 0, "a header with holes is one all the same");
        assert_eq!(form("Id,Name,\n1,,\n2,A,x\n").preamble, 0);
        let crm = form(
            "Id,Name\n1,A\n2,B\n\n\"Report\"\n\"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.\"\n",
        );
        assert_eq!((crm.footer, crm.preamble), (Some(FooterGuess::Salesforce), 0));
        assert_eq!(form("a,b\n1,2\n3,4\n").footer, None);
    }

    #[test]
    fn a_file_without_a_header_gets_names() {
        let bare = form("1001,Acme,a@acme.example.com,2026-01-02\n1002,Borg,b@borg.example.com,2026-01-03\n");
        assert!(bare.headless);
        assert_eq!(bare.names[3], "column_4");
        assert!(!form("Id,2025,2026\nA,1000,2000\n").headless);
    }

    #[test]
    fn quotes_behind_backslashes_are_noticed() {
        let escaped = form("a,b\n1,\"x \\\"y\\\" z\"\n2,\"p, \\\"q\\\", r\"\n");
        assert_eq!((escaped.dialect.escape, escaped.regular), (Some(b'\\'), (2, 2)));
    }
}
