//! One big CSV file in ranges that begin with a record, found without anybody reading it from its start.
//!
//! Whoever looks at a range does not know whether it begins inside quotes, so both are tried: as a record, and as the rest of a
//! quoted field. Strung together, the answers tell where records begin and on which line. Where they do not (a fault makes
//! reading go back to an earlier line, a record reaches over its limit), the rest of the file stays one range.

use std::ops::Range;

use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

use crate::csv::{Dialect, Splitter, raw_record};
use crate::mapping::Compression;
use crate::source::content::Content;
use crate::source::csv_file::CsvFile;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::open::read;
use crate::source::opened::Source;
use crate::source::part::{Bytes, Part, Shape};
use crate::store::Stores;

/// Bytes in which the end of a range's last line is looked for at a time.
const STEP: u64 = 64 << 10;

/// A footer is looked for in the last megabyte: the last range must hold that.
const LEAST_WITH_FOOTER: u64 = 4 << 20;

/// What was found in a range of a file, between the line ends that it was widened to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RangeScan {
    bytes: Range<u64>,
    /// Line ends.
    lines: u64,
    /// If it begins with a record: bytes behind the last record that ends in it.
    outside: u64,
    /// If it begins inside quotes: bytes and lines before its first record, bytes behind the last that ends in it.
    inside: Option<(u64, u64, u64)>,
}

/// Where a file is looked at, before it is cut.
#[derive(Debug, Clone)]
pub struct Cuts {
    /// To be scanned, each by whoever has time.
    pub ranges: Vec<Range<u64>>,
    line: u64,
    /// Most bytes of a record that is sure not to be over a limit.
    limit: u64,
}

impl Source {
    /// How to cut the file of `part` into ranges of about `bytes`; none: it is not to be cut.
    pub fn cuts(&self, part: &Part, bytes: u64) -> Option<Cuts> {
        let Content::Csv(CsvFile { dialect, form, start: Some(start), origin: Some(origin), footer, .. }) =
            &*self.file_of(part).content
        else {
            return None;
        };
        let first = origin + start.length as u64;
        let bytes = if footer.is_some() { bytes.max(LEAST_WITH_FOOTER) } else { bytes.max(1) };
        let count = part.size().saturating_sub(first) / bytes;
        if count < 2 || start.carriage_return || form.compression != Compression::None {
            return None;
        }
        let mut ranges: Vec<Range<u64>> =
            (0..count).map(|number| first + number * bytes..first + (number + 1) * bytes).collect();
        if let Some(last) = ranges.last_mut() {
            last.end = part.size();
        }
        let limit = dialect.max_field.min(dialect.max_record) as u64;
        Some(Cuts { ranges, line: start.line, limit })
    }
}

impl Cuts {
    /// The parts of `part`, once all ranges were scanned.
    pub fn parts(&self, part: &Part, scans: &[RangeScan]) -> Vec<Part> {
        let Some(end) = self.ranges.last().map(|range| range.end) else { return vec![part.clone()] };
        let starts = self.starts(scans);
        let lines = self.line + scans.iter().map(|scan| scan.lines).sum::<u64>();
        let nexts = starts.iter().skip(1).copied().chain([(end, lines)]);
        starts
            .iter()
            .zip(nexts)
            .map(|((from, line), (to, next_line))| {
                part.with(Bytes { range: *from..to, line: *line, next_line, last: to == end })
            })
            .collect()
    }

    /// Where records begin for sure, and their lines.
    fn starts(&self, scans: &[RangeScan]) -> Vec<(u64, u64)> {
        let mut starts = Vec::new();
        let mut line = self.line;
        // Bytes of the record in whose midst the next range begins.
        let mut open = 0;
        // A line longer than a range leaves nothing of it.
        for scan in scans.iter().filter(|scan| !scan.bytes.is_empty()) {
            let inside = || scan.inside.filter(|(head, ..)| open + head <= self.limit);
            let next = if open == 0 { Some((0, 0, scan.outside)) } else { inside() };
            let Some((head, head_lines, tail)) = next else { break };
            starts.push((scan.bytes.start + head, line + head_lines));
            line += scan.lines;
            open = tail;
        }
        starts
    }
}

impl Shape {
    /// Scans one of the [`Cuts`] of the file of `part`.
    ///
    /// # Errors
    /// A file that is not there, has changed or cannot be read.
    pub fn scan(&self, part: &Part, range: Range<u64>, stores: &Stores) -> Result<RangeScan, SourceError> {
        let definition = SourceDefinition { stores: stores.clone(), ..self.definition().clone() };
        let listed = part.locate(&definition)?;
        let Content::Csv(file) = read(&definition, &listed)? else {
            return Err(SourceError::unreadable(&definition.name, part.shown(), "it is no CSV file"));
        };
        let failed = |error: std::io::Error| listed.input.unreadable(&definition.name, part.shown(), error);
        let first = file.origin.unwrap_or(0) + file.start.map_or(0, |start| start.length as u64);
        let size = part.size();
        let begins = range.start <= first;
        let mut text = listed.input.part(range.start, range.end - range.start).map_err(failed)?;
        // The line that the range ends in belongs to it.
        let mut end = range.end;
        while end < size && text.last() != Some(&b'\n') {
            let more = listed.input.part(end, STEP).map_err(failed)?;
            let length = memchr(b'\n', &more).map_or(more.len(), |at| at + 1);
            text.extend_from_slice(&more[..length]);
            end += length as u64;
        }
        // The line that it begins in belongs to the one before it, unless that ended just there.
        let from = match begins {
            true => 0,
            false if listed.input.part(range.start - 1, 1).map_err(failed)? == b"\n" => 0,
            false => memchr(b'\n', &text).map_or(text.len(), |at| at + 1),
        };
        Ok(scan(&text[from..], range.start + from as u64, end == size, &file.dialect))
    }
}

/// Scans `text`, whole lines of a file at `offset`, up to its end if `last`.
fn scan(text: &[u8], offset: u64, last: bool, dialect: &Dialect) -> RangeScan {
    let lines = |text: &[u8]| memchr_iter(b'\n', text).count() as u64;
    // What is open at the end of the file nobody has to go on with.
    let open = |text: &[u8]| if last { 0 } else { tail(text, dialect) };
    // A quote in front makes the rest of a quoted field a whole one.
    let quoted: Vec<u8> = std::iter::once(dialect.quote).chain(text.iter().copied()).collect();
    let record = raw_record(&quoted, dialect, false, false).filter(|record| record.fault.is_none());
    let inside = record.map(|record| {
        let head = record.next - 1;
        (head as u64, lines(&text[..head]), open(&text[head..]))
    });
    RangeScan { bytes: offset..offset + text.len() as u64, lines: lines(text), outside: open(text), inside }
}

/// Bytes behind the last record that ends in `text`, which begins with one.
fn tail(text: &[u8], dialect: &Dialect) -> u64 {
    let mut splitter = Splitter::new(dialect, 1, false);
    let mut from = 0;
    loop {
        match splitter.split(&text[from..], false).length {
            0 => return (text.len() - from) as u64,
            length => from += length,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::UInt64Type;
    use proptest::prelude::*;

    use super::*;
    use crate::source::{FileRegister, SourceDefinition, open};

    /// Records and faults with their lines, and how many records were skipped.
    type Read = (Vec<String>, u64);

    /// What `parts` of the source give.
    fn told(shape: &Shape, parts: &[Part]) -> Read {
        let mut told = Vec::new();
        let mut skipped = 0;
        for part in parts {
            let source = shape.open(part, &Stores::default()).unwrap();
            for batch in source.batches(&[3]) {
                let batch = batch.unwrap();
                told.extend(
                    batch.column(0).as_primitive::<UInt64Type>().values().iter().map(|line| format!("{line} good")),
                );
            }
            assert_eq!(part.disagrees(&source.account()), None);
            let report = &source.files()[0];
            skipped += report.skipped;
            let bad = source.unreadable();
            told.extend(bad.iter().map(|bad| format!("{} {}", bad.line, bad.code.id)));
            told.push(format!("records {}", report.records));
        }
        let records: u64 = told.iter().filter_map(|line| line.strip_prefix("records ")?.parse::<u64>().ok()).sum();
        told.retain(|line| !line.starts_with("records "));
        told.sort();
        told.push(format!("records {records}"));
        (told, skipped)
    }

    fn cut(text: &str, bytes: u64, max_field: Option<u64>) -> (usize, Read, Read) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        std::fs::write(&path, text).unwrap();
        let mut definition = SourceDefinition::new("data", path.to_str().unwrap());
        definition.empty_is_ok = true;
        definition.csv.max_field =
            max_field.map(|bytes| crate::yaml::Spanned::new(bytes, crate::yaml::Span::default()));
        let source = open(definition, &FileRegister::new(), SystemTime::now()).unwrap();
        let shape = source.shape().unwrap();
        let whole = source.parts();
        let parts = match source.cuts(&whole[0], bytes) {
            None => whole.clone(),
            Some(cuts) => {
                let scan = |range: &Range<u64>| shape.scan(&whole[0], range.clone(), &Stores::default()).unwrap();
                let scans: Vec<RangeScan> = cuts.ranges.iter().map(scan).collect();
                cuts.parts(&whole[0], &scans)
            }
        };
        (parts.len(), told(&shape, &parts), told(&shape, &whole))
    }

    #[test]
    fn a_file_with_line_ends_in_quotes_is_cut_between_records() {
        let record = "\"two\nlines, \"\"quoted\"\"\",\"\r\n\"\r\n";
        let text = format!("a,b\n{}", record.repeat(200));
        for bytes in [30, 64, 65, 500, 1000] {
            let (parts, cut, whole) = cut(&text, bytes, None);
            assert_eq!(cut, whole);
            assert!(parts > 2, "{parts} parts of {bytes} bytes");
        }
    }

    #[test]
    fn what_cannot_be_cut_stays_whole() {
        // Something behind a closing quote: reading goes on at the line after the one on which the record began.
        let text = format!("a,b\n{}1,\"x\n\"y,\n{}", "1,2\n".repeat(50), "3,4\n".repeat(50));
        let (_, cut_, whole) = cut(&text, 40, None);
        assert_eq!(cut_, whole);
        let text = format!("a,b\n1,\"{}\n{}", "x\n".repeat(100), "3,4\n".repeat(50));
        let (_, cut_, whole) = cut(&text, 40, Some(50));
        assert_eq!(cut_, whole);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_into_the_records_that_it_has(
            text in "([a-c,\"\n]|\r\n|\"\"|,\"|\",|\"\n|x,y\n){0,300}",
            bytes in 8_u64..90,
            limit in prop::option::of(6_u64..60),
        ) {
            let (_, cut, whole) = cut(&format!("a,b\n{text}"), bytes, limit);
            prop_assert_eq!(cut, whole);
        }
    }
}
