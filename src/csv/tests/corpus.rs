//! Cases that nobody here wrote, and line numbers on a file large enough for many pieces.

use std::path::{Path, PathBuf};

use super::super::{Dialect, read_header};
use super::naive::Settings;
use super::run::{Feed, read};

/// The folder of foreign test data, which stands beside the project and is not committed.
fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/csv-spectrum/csvs")
}

#[test]
fn csv_spectrum_reads_as_the_csv_crate_reads_it() {
    let Ok(folder) = std::fs::read_dir(corpus()) else {
        eprintln!("SKIPPED: the csv-spectrum corpus is not at {}", corpus().display());
        return;
    };
    let mut files = 0;
    for entry in folder {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let header = read_header(&bytes, &Dialect::default(), 0, true).unwrap();
        let mut theirs = csv::Reader::from_reader(bytes.as_slice());
        let names: Vec<_> = theirs.headers().unwrap().iter().map(String::from).collect();
        assert_eq!(header.names, names, "{}", path.display());
        let records = &bytes[header.start.length..];
        let settings = Settings { carriage_return: header.start.carriage_return, ..Settings::new(names.len()) };
        let ours = read(records, &settings, Feed::PLAIN, || 7);
        let rows: Vec<Vec<_>> = theirs
            .byte_records()
            .map(|record| record.unwrap().iter().map(|cell| (!cell.is_empty()).then(|| cell.to_vec())).collect())
            .collect();
        assert!(ours.faults.is_empty(), "{}", path.display());
        assert_eq!(ours.rows.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), rows, "{}", path.display());
        files += 1;
    }
    assert!(files >= 12);
}

/// A file whose records know their own line: all line ends are counted by hand as it is made.
fn numbered(records: u64, stray: bool) -> (Vec<u8>, Vec<u64>) {
    let mut bytes = Vec::new();
    let mut lines = Vec::new();
    let mut line = 1;
    for record in 0..records {
        match record % 7 {
            3 => {
                lines.push(line);
                bytes.extend_from_slice(format!("\"{line}\",\"two\nlines, \"\"{record}\"\"\"\r\n").as_bytes());
                line += 2;
            }
            5 => {
                bytes.push(b'\n');
                line += 1;
            }
            _ => {
                lines.push(line);
                let text = if stray && record % 20_001 == 1 { "5\" pipe" } else { "plain" };
                bytes.extend_from_slice(format!("{line},{text} {record}\n").as_bytes());
                line += 1;
            }
        }
    }
    (bytes, lines)
}

#[test]
fn each_record_is_on_the_line_it_says() {
    for stray in [false, true] {
        let (bytes, lines) = numbered(70_000, stray);
        for feed in [Feed::PLAIN, Feed { eager: true, ..Feed::PLAIN }] {
            let reading = read(&bytes, &Settings::new(2), feed, || 100_007);
            assert!(reading.faults.is_empty());
            assert_eq!(reading.rows.len(), lines.len());
            for ((line, cells), expected) in reading.rows.iter().zip(&lines) {
                assert_eq!(line, expected);
                assert_eq!(cells[0].as_deref(), Some(expected.to_string().as_bytes()));
            }
        }
    }
}

#[test]
fn lines_without_their_outer_quotes_do_not_take_forever() {
    // Each line leads into the quotes of all that follow: followed anew from each, this would take hours.
    let bytes = b"a\",\"b\",\"c\n".repeat(100_000);
    let reading = read(&bytes, &Settings::new(3), Feed::PLAIN, || 100_000);
    assert_eq!(reading.faults.len(), 100_000 - reading.rows.len());
    assert!(reading.faults.len() > 99_000);
    // And where the file is longer than a record may be.
    let dialect = Dialect { max_record: 256 << 10, ..Dialect::default() };
    let bytes = b"x\",\"\n".repeat(300_000);
    let reading = read(&bytes, &Settings { dialect, ..Settings::new(2) }, Feed::PLAIN, || 100_000);
    assert!(reading.rows.is_empty());
    assert_eq!(reading.faults.len(), 300_000);
}
