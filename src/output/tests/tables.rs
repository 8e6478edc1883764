//! Spilt rows become the Totango file or its parts, byte for byte.

use std::fs::{self, File};
use std::io::Write;

use proptest::prelude::*;

use super::home;
use crate::output::{Lock, OutputError, Split, Staged, Staging, write_table};
use crate::settle::Extent;

/// Row `number`, whose length varies and who holds its own number.
fn row(number: usize, long: usize) -> Vec<u8> {
    let mut row = format!("{number},").into_bytes();
    row.resize(row.len() + number * 31 % long, b'x');
    row.extend_from_slice(b"\r\n");
    row
}

/// Writes the rows of each list to a spill file of its own; gives the files and where each row stands.
fn spill(folder: &std::path::Path, lists: &[Vec<Vec<u8>>]) -> (Vec<File>, Vec<Vec<Extent>>) {
    let mut files = Vec::new();
    let mut extents = Vec::new();
    for (number, rows) in lists.iter().enumerate() {
        let path = folder.join(format!("spill-{number}"));
        let mut file = File::create_new(&path).unwrap();
        let mut offset = 0;
        let mut list = Vec::new();
        for row in rows {
            file.write_all(row).unwrap();
            list.push(Extent { file: number, offset, length: row.len() as u64, rows: 1 });
            offset += row.len() as u64;
        }
        files.push(File::open(path).unwrap());
        extents.push(list);
    }
    (files, extents)
}

/// What the staged files hold, checked against their own size and hash.
fn texts(staged: &[Staged]) -> Vec<Vec<u8>> {
    let read = |staged: &Staged| {
        let bytes = fs::read(&staged.path).unwrap();
        assert_eq!(staged.file.bytes, bytes.len() as u64);
        assert_eq!(staged.file.xxh3, format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&bytes)));
        bytes
    };
    staged.iter().map(read).collect()
}

const HEADER: &[u8] = b"account_id,Notes\r\n";

#[test]
fn rows_with_gaps_stand_in_the_order_of_their_extents() {
    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    // Long enough for several pieces; one row larger than a piece.
    let mut first: Vec<_> = (0..20_000).map(|number| row(number, 400)).collect();
    first[7_000] = row(2_000_000, 3_000_000);
    let second: Vec<_> = (20_000..40_000).map(|number| row(number, 90)).collect();
    let (files, extents) = spill(home.path(), &[first.clone(), second.clone()]);
    let accepted = |number: usize| number % 17 != 3 && !(9_000..9_900).contains(&number);
    let mut wanted = Vec::new();
    let mut expected = HEADER.to_vec();
    let mut rows = 0;
    for (file, lines) in [(1, &second), (0, &first)] {
        for (number, row) in lines.iter().enumerate().filter(|(number, _)| accepted(*number)) {
            wanted.push(extents[file][number]);
            expected.extend_from_slice(row);
            rows += 1;
        }
    }
    // Backwards too.
    for number in (0..50).rev() {
        wanted.push(extents[0][number]);
        expected.extend_from_slice(&first[number]);
        rows += 1;
    }
    let staged = write_table(&staging, "accounts.csv", HEADER, &files, wanted, None).unwrap();
    assert_eq!((staged[0].file.file.as_str(), staged[0].file.rows), ("accounts.csv", rows));
    assert!(texts(&staged)[0] == expected);
}

#[test]
fn a_table_without_rows_is_its_header() {
    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    let staged = write_table(&staging, "accounts.csv", HEADER, &[], [], None).unwrap();
    assert_eq!(texts(&staged), [HEADER]);
    let split = Split { size: Some(100), rows: None };
    let staged = write_table(&staging, "users.csv", HEADER, &[], [], Some(split)).unwrap();
    assert_eq!(staged[0].file.file, "users.part-001.csv");
    assert_eq!(texts(&staged), [HEADER]);
}

#[test]
fn a_row_that_no_part_can_hold_is_named() {
    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    let rows = vec![b"1\r\n".to_vec(), b"22\r\n".to_vec(), b"333333\r\n".to_vec()];
    let (files, extents) = spill(home.path(), &[rows]);
    let split = Split { size: Some(25), rows: None };
    let error = write_table(&staging, "accounts.csv", HEADER, &files, extents[0].clone(), Some(split)).unwrap_err();
    assert!(matches!(error, OutputError::SplitTooSmall { row: 3, bytes: 26, size: 25, .. }), "{error}");
    assert_eq!(error.code().id, "L707");
}

#[test]
fn a_spill_that_became_shorter_is_an_error_not_a_hang() {
    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    let (files, _) = spill(home.path(), &[vec![row(1, 40)]]);
    let beyond = Extent { file: 0, offset: 0, length: 9 << 20, rows: 1 };
    let error = write_table(&staging, "accounts.csv", HEADER, &files, [beyond], None).unwrap_err();
    assert!(error.to_string().starts_with("cannot read back `spilled rows`"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn parts_are_full_and_together_they_are_the_table(
        count in 0_usize..200,
        gap in 2_usize..30,
        size in proptest::option::of(150_u64..900),
        rows in proptest::option::of(1_u64..40),
    ) {
        let home = home();
        let lock = Lock::take(home.path(), "run").unwrap();
        let staging = Staging::begin(&lock, None, "run").unwrap();
        let list: Vec<_> = (0..count).map(|number| row(number, 120)).collect();
        let (files, extents) = spill(home.path(), std::slice::from_ref(&list));
        // Some rows are not wanted: neither in a part nor counted.
        let (wanted, list): (Vec<_>, Vec<_>) =
            extents[0].iter().copied().zip(list).enumerate().filter(|(number, _)| number % gap != 1).map(|(_, pair)| pair).unzip();
        let count = list.len();
        let staged = write_table(&staging, "accounts.csv", HEADER, &files, wanted, Some(Split { size, rows })).unwrap();
        let mut expected = list.iter();
        let mut left = count;
        for (number, (part, text)) in staged.iter().zip(texts(&staged)).enumerate() {
            prop_assert_eq!(&part.file.file, &format!("accounts.part-{:03}.csv", number + 1));
            let taken: Vec<&Vec<u8>> = expected.by_ref().take(usize::try_from(part.file.rows).unwrap()).collect();
            let body: Vec<u8> = taken.into_iter().flatten().copied().collect();
            prop_assert_eq!([HEADER, &body].concat(), text);
            prop_assert!(size.is_none_or(|size| part.file.bytes <= size));
            prop_assert!(rows.is_none_or(|rows| part.file.rows <= rows));
            left -= usize::try_from(part.file.rows).unwrap();
            // The next row would not have fitted.
            if let Some(next) = list.get(count - left) {
                let over_size = size.is_some_and(|size| part.file.bytes + next.len() as u64 > size);
                prop_assert!(over_size || rows.is_some_and(|rows| part.file.rows == rows));
            }
        }
        prop_assert_eq!(left, 0);
    }
}
