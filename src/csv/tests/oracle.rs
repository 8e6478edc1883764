//! Against the `csv` crate, on files that both can read.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::RecordFault;
use super::naive::Settings;
use super::run::{Feed, read};

/// The `csv` crate takes a lone CR as a line end and forgives what stands behind a closing quote: neither is made here but
/// by chance.
pub(super) fn cases() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let plain = "[ a-zé0-9]{0,16}|[a-z]\"[a-z]?";
    let quoted = "(\"\"|[,\n;a-zé]|\r\n){0,14}".prop_map(|inner| format!("\"{inner}\""));
    let odd = "[\",a]{0,4}";
    let cell = prop_oneof![5 => plain, 3 => quoted, 1 => odd];
    let record = (prop::collection::vec(cell, 1..5), prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")])
        .prop_map(|(cells, end)| cells.join(",") + end);
    (prop::collection::vec(record, 0..12), 1_usize..5, any::<bool>()).prop_map(|(records, count, cut)| {
        let mut bytes = records.concat().into_bytes();
        if cut {
            bytes.pop();
        }
        (bytes, count)
    })
}

pub(super) fn check(bytes: &[u8], field_count: usize) -> Result<(), TestCaseError> {
    let ours = read(bytes, &Settings::new(field_count), Feed::PLAIN, || 50);
    let only_counts = ours.faults.iter().all(|(_, fault, _)| matches!(fault, RecordFault::FieldCount { .. }));
    if !only_counts {
        return Ok(());
    }
    let mut theirs = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let (mut rows, mut counts) = (Vec::new(), Vec::new());
    for record in theirs.byte_records() {
        let record = record.unwrap();
        if record.len() == field_count {
            let cells: Vec<_> = record.iter().map(|cell| (!cell.is_empty()).then(|| cell.to_vec())).collect();
            rows.push(cells);
        } else {
            counts.push(RecordFault::FieldCount { expected: field_count, found: record.len() });
        }
    }
    prop_assert_eq!(ours.rows.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>(), rows);
    prop_assert_eq!(ours.faults.into_iter().map(|(_, fault, _)| fault).collect::<Vec<_>>(), counts);
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]
    #[test]
    fn records_are_those_of_the_csv_crate((bytes, field_count) in cases()) {
        check(&bytes, field_count)?;
    }
}
