//! Snapshots as files: written, read back, compared.

use std::convert::Infallible;

use super::write;
use crate::state::{Pair, Snapshot, Sorter, StateError, compare};

#[test]
fn what_is_written_is_read_back_in_order_and_by_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let rows: Vec<(u128, u64, Vec<String>)> = (0..10_000_u64)
        .map(|n| (u128::from(n) << 100, n, vec![format!("A{n}"), String::new(), format!("x{n}")]))
        .collect();
    let mut writer = crate::state::SnapshotWriter::create(&path, &["a", "b", "c"].map(str::to_owned)).unwrap();
    for (key, hash, values) in &rows {
        let cells = values.iter().map(|value| (Some(value.as_str()).filter(|v| !v.is_empty()), !value.is_empty()));
        writer.push(*key, *hash, "2026-11-20", cells).unwrap();
    }
    let written = writer.finish(false).unwrap();
    assert_eq!(written.keys, 10_000);
    assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());

    let snapshot = Snapshot::open(&path).unwrap();
    assert_eq!((snapshot.columns().join(","), snapshot.keys()), ("a,b,c".to_owned(), 10_000));
    let mut read = snapshot.rows(&[1, 2]).unwrap();
    let mut count = 0;
    while read.advance().unwrap() {
        let row = read.row().unwrap();
        let (key, hash, values) = &rows[count];
        assert_eq!((row.key(), row.row_hash(), row.seen()), (*key, *hash, "2026-11-20"));
        assert_eq!((row.value(0), row.value(1)), (None, Some(values[2].as_str())));
        assert_eq!((row.is_filled(0), row.is_filled(1)), (false, true));
        count += 1;
    }
    assert_eq!(count, 10_000);
    assert!(read.row().is_none());
}

#[test]
fn a_file_that_is_no_snapshot_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    std::fs::write(&path, "PAR1 but not really PAR1").unwrap();
    let error = Snapshot::open(&path).unwrap_err();
    assert!(matches!(&error, StateError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("a.parquet"), "{error}");
}

#[test]
fn rows_are_sorted_by_hash_and_number_whatever_their_amount() {
    let folder = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::new(folder.path()).unwrap();
    let hash = |n: u32| u128::from(n % 5_000).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834);
    for number in 0..20_000_u32 {
        sorter
            .push(hash(number), number, format!("row {number} {}", "x".repeat(number as usize % 300)).as_bytes())
            .unwrap();
    }
    let mut sorted = sorter.finish();
    let (mut last, mut count) = (None, 0);
    while sorted.advance().unwrap() {
        let row = sorted.row().unwrap();
        assert_eq!(row.key, hash(row.number));
        assert!(row.bytes.starts_with(format!("row {} ", row.number).as_bytes()));
        assert!(last < Some((row.key, row.number)), "in order");
        last = Some((row.key, row.number));
        count += 1;
    }
    assert_eq!(count, 20_000);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "the temporary file has no name");
}

/// What a comparison may fail with here: nothing of its own.
#[derive(Debug)]
struct Failed;

impl From<StateError> for Failed {
    fn from(_: StateError) -> Self {
        Self
    }
}

impl From<std::io::Error> for Failed {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

impl From<Infallible> for Failed {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[test]
fn every_key_of_either_side_comes_once_and_the_last_row_of_a_key_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &["id"], &[(1, 10, &["one"]), (5 << 120, 50, &["five"]), (9 << 120, 90, &["nine"])]);
    let mut sorter = Sorter::new(folder.path()).unwrap();
    for (key, number, text) in [(5 << 120, 1, "first"), (2, 0, "two"), (5 << 120, 2, "second"), (9 << 120, 3, "nine")] {
        sorter.push(key, number, text.as_bytes()).unwrap();
    }
    let mut told = Vec::new();
    let old = Snapshot::open(&path).unwrap().all_rows().unwrap();
    compare::<Failed>(Some(old), &mut sorter.finish(), |pair| {
        told.push(match pair {
            Pair::Old(old) => format!("old {}", old.value(0).unwrap()),
            Pair::New(new) => format!("new {}", String::from_utf8_lossy(new.bytes)),
            Pair::Both(old, new) => {
                format!("both {} {} {}", old.value(0).unwrap(), new.number, String::from_utf8_lossy(new.bytes))
            }
        });
        Ok(())
    })
    .unwrap();
    assert_eq!(told, ["old one", "new two", "both five 2 second", "both nine 3 nine"]);
}
