//! Comparing against a naive model, and the cases that a model does not think of.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use crate::compare::{ChangeKind, CompareError, Comparison, Table, TableDifference, compare};

struct Place(TempDir);

type Told = Vec<(ChangeKind, String, Vec<(String, String, String)>)>;

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, files: &[PathBuf]) -> Table {
        Table::open(files, self.0.path()).unwrap()
    }

    fn compare(
        &self,
        before: Option<&Table>,
        now: &Table,
        key: &[&str],
        ignores_case: bool,
    ) -> (TableDifference, Told) {
        let key: Vec<String> = key.iter().map(|name| (*name).to_owned()).collect();
        let comparison = Comparison {
            before,
            now,
            key: &key,
            key_ignores_case: ignores_case,
            memory: 64_000_000,
            threads: 2,
            scratch: self.0.path(),
            is_stopped: &|| false,
        };
        let mut told = Vec::new();
        let difference = compare(&comparison, &mut |change| {
            let cells = change.cells.iter();
            let cells = cells.map(|cell| (cell.column.to_owned(), cell.before.to_string(), cell.now.to_string()));
            told.push((change.kind, change.key.to_owned(), cells.collect()));
            Ok(())
        });
        (difference.unwrap(), told)
    }

    fn texts(&self, before: &str, now: &str, key: &[&str]) -> (TableDifference, Told) {
        let (one, other) = (self.write("before.csv", before), self.write("now.csv", now));
        self.compare(Some(&self.open(&[one])), &self.open(&[other]), key, false)
    }
}

fn cell(column: &str, before: &str, now: &str) -> (String, String, String) {
    (column.to_owned(), before.to_owned(), now.to_owned())
}

#[test]
fn rows_are_matched_by_key_and_told_in_the_order_of_the_new_table() {
    let (found, told) = Place::new().texts(
        "id,name,state\r\nA1,One,x\r\nA2,Two,x\r\nA3,Three,x\r\n",
        "id,name,state\r\nA4,Four,x\r\nA3,Drei,\r\nA1,One,x\r\n",
        &["id"],
    );
    assert_eq!(
        told,
        [
            (ChangeKind::Added, "A4".to_owned(), vec![]),
            (ChangeKind::Changed, "A3".to_owned(), vec![cell("name", "Three", "Drei"), cell("state", "x", "")]),
            (ChangeKind::Removed, "A2".to_owned(), vec![]),
        ]
    );
    assert_eq!((found.rows, found.same, found.changed), ((3, 3), 1, 1));
    assert_eq!((found.added.0, found.removed.0), (1, 1));
    let state = found.attributes.iter().find(|one| one.column == "state").unwrap();
    assert_eq!((state.changed, state.emptied, state.filled), (0, 1, 0));
    assert!(!found.is_none());
}

#[test]
fn quotes_line_ends_and_the_order_of_rows_are_no_differences() {
    let place = Place::new();
    let (found, told) = place.texts("id,name\r\nA1,One\r\nA2,Two\r\n", "id,name\n\"A2\",\"Two\"\n\nA1,One", &["id"]);
    assert!(found.is_none() && !found.identical && told.is_empty(), "{found:?}");
    assert_eq!(found.same, 2);
    let (found, _) = place.texts("id,name\r\nA1,One\r\n", "id,name\r\nA1,One\r\n", &["id"]);
    assert!(found.identical && found.is_none());
    assert_eq!((found.rows, found.same), ((1, 1), 1));
}

#[test]
fn columns_are_matched_by_name() {
    let (found, told) = Place::new().texts("id,old,both\nA1,o,b\nA2,o,b\n", "both,new,id\nb,n,A1\nc,n,A2\n", &["id"]);
    assert_eq!((found.header_added, found.header_removed), (vec!["new".to_owned()], vec!["old".to_owned()]));
    assert!(found.header_moved);
    assert_eq!(told, [(ChangeKind::Changed, "A2".to_owned(), vec![cell("both", "b", "c")])]);
    assert_eq!(found.same, 1);
}

#[test]
fn of_rows_with_one_key_the_last_counts() {
    let (found, told) = Place::new().texts("id,v\nA,1\nA,2\nB,1\n", "id,v\nB,1\nA,3\nA,2\n", &["id"]);
    assert!(told.is_empty() && found.is_none());
    assert_eq!((found.same, found.repeated), (2, (1, 1)));
}

#[test]
fn rows_without_a_key_are_the_same_if_all_their_cells_are() {
    let (found, told) = Place::new().texts("a,b\n1,2\n1,2\n3,4\n", "a,b\n1,2\n3,4\n3,4\n5,\"6\"\n", &[]);
    let rows: Vec<(ChangeKind, &str)> = told.iter().map(|(kind, key, _)| (*kind, key.as_str())).collect();
    let expected = [(ChangeKind::Added, "3|4"), (ChangeKind::Added, "5|6"), (ChangeKind::Removed, "1|2")];
    assert_eq!(rows, expected);
    assert_eq!((found.same, found.repeated), (2, (0, 0)));
}

#[test]
fn composite_keys_are_not_run_together_and_case_is_ignored_where_asked() {
    let place = Place::new();
    let (found, _) = place.texts("a,b,v\nx,yz,1\n", "a,b,v\nxy,z,1\n", &["a", "b"]);
    assert_eq!((found.added.1, found.removed.1), (vec!["xy|z".to_owned()], vec!["x|yz".to_owned()]));
    let (one, other) = (place.write("1.csv", "id,v\nAbc,1\n"), place.write("2.csv", "id,v\naBC,2\n"));
    let (found, told) = place.compare(Some(&place.open(&[one])), &place.open(&[other]), &["id"], true);
    assert_eq!((found.changed, found.added.0), (1, 0));
    assert_eq!(told[0].2, [cell("id", "Abc", "aBC"), cell("v", "1", "2")]);
}

#[test]
fn records_that_cannot_be_read_are_counted_and_the_others_compared() {
    let before = b"id,name\nA1,5\" pipe\nA2,One,more\nA3,Gr\xFC\nA4,x\n".to_vec();
    let place = Place::new();
    let (one, other) =
        (place.write("1.csv", before), place.write("2.csv", "id,name\nA1,6\" pipe\nA4,\"say \"\"x\"\"\"\n"));
    let (found, told) = place.compare(Some(&place.open(&[one])), &place.open(&[other]), &["id"], false);
    assert_eq!((found.unreadable, found.rows), ((2, 0), (2, 2)));
    let expected = [cell("name", "5\" pipe", "6\" pipe"), cell("name", "x", "say \"x\"")];
    assert_eq!(told.iter().flat_map(|(_, _, cells)| cells.clone()).collect::<Vec<_>>(), expected);
}

#[test]
fn parts_packed_files_marks_and_lone_crs_are_read() {
    let place = Place::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"id,v\nA,1\nB,2\n").unwrap();
    let packed = place.write("before.csv.gz", packed.finish().unwrap());
    let parts = [place.write("1.csv", "\u{feff}id,v\r\nB,2\r\n"), place.write("2.csv", "id,v\rA,3\r")];
    let (found, told) = place.compare(Some(&place.open(&[packed])), &place.open(&parts), &["id"], false);
    assert_eq!((found.same, found.changed), (1, 1));
    assert_eq!(told[0].2, [cell("v", "1", "3")]);
    let other = place.write("3.csv", "id,w\nC,1\n");
    let wrong = Table::open(&[parts[0].clone(), other], place.0.path()).unwrap_err();
    assert!(wrong.to_string().ends_with("has another header than the first part of its table"), "{wrong}");
    let empty = place.write("4.csv", "");
    assert!(matches!(Table::open(&[empty], place.0.path()), Err(CompareError::Header { .. })));
}

#[test]
fn without_a_table_before_every_row_is_new() {
    let place = Place::new();
    let now = place.write("now.csv", "id,v\nA,1\nB,2\n");
    let (found, _) = place.compare(None, &place.open(&[now]), &["id"], false);
    assert_eq!((found.rows, found.added.0, found.removed.0), ((0, 2), 2, 0));
    assert_eq!(found.header_added, ["id", "v"]);
}

#[test]
fn rows_longer_than_what_is_read_at_once_are_compared_whole() {
    let long = |end: &str| format!("id,v\nA,1\nB,\"{},{end}\"\nC,2\n", "x\n".repeat(200_000));
    let (found, told) = Place::new().texts(&long("one"), &long("two"), &["id"]);
    assert_eq!((found.same, found.changed), (2, 1));
    assert!(told[0].2[0].1.ends_with(",one") && told[0].2[0].2.ends_with(",two"));
}

/// A text that means `rows`; `style` says how it is written.
fn written(rows: &[(u8, String)], style: usize) -> String {
    let mut text = if style == 0 { "id,v\r\n".to_owned() } else { "id,v\n".to_owned() };
    for (id, value) in rows {
        let quoted = style == 2 || value.contains([',', '"', '\n']);
        let value = if quoted { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.clone() };
        text += &format!("K{id},{value}{}", if style == 0 { "\r\n" } else { "\n" });
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_differs_is_what_a_naive_model_says(
        before in prop::collection::vec((0_u8..40, "[ab,\"\n]{0,3}"), 0..60),
        now in prop::collection::vec((0_u8..40, "[ab,\"\n]{0,3}"), 0..60),
        styles in (0_usize..3, 0_usize..3),
    ) {
        let (found, told) = Place::new().texts(&written(&before, styles.0), &written(&now, styles.1), &["id"]);
        let last = |rows: &[(u8, String)]| rows.iter().cloned().collect::<BTreeMap<u8, String>>();
        let (old, new) = (last(&before), last(&now));
        let (mut changed, mut added, mut removed, mut same) = (0, 0, 0, 0);
        for (id, value) in &new {
            match old.get(id) {
                Some(other) if other == value => same += 1,
                Some(other) => {
                    changed += 1;
                    let expected = (ChangeKind::Changed, format!("K{id}"), vec![cell("v", other, value)]);
                    prop_assert!(found.identical || told.contains(&expected), "{:?} is not in {:?}", expected, told);
                }
                None => added += 1,
            }
        }
        removed += old.keys().filter(|id| !new.contains_key(id)).count() as u64;
        if !found.identical {
            prop_assert_eq!((found.same, found.changed, found.added.0, found.removed.0), (same, changed, added, removed));
        } else {
            prop_assert_eq!((changed, added, removed), (0, 0, 0));
        }
        prop_assert_eq!(found.rows, (before.len() as u64, now.len() as u64));
    }
}

#[test]
fn rows_that_were_gone_before_match_and_are_not_missed() {
    let place = Place::new();
    let before = place.write("before.csv", "id,name\nA1,One\nA2,Two\n");
    let gone = place.write("gone.csv", "id,name\nA7,Seven\nA8,Eight\nA9,Nine\n");
    let now = place.write("now.csv", "id,name\nA1,One\nA7,Seven\nA8,Acht\nA3,Three\n");
    let table = place.open(&[before]).with_gone(&[gone], place.0.path()).unwrap();
    let (found, told) = place.compare(Some(&table), &place.open(&[now]), &["id"], false);
    assert_eq!(
        told,
        [
            (ChangeKind::Changed, "A8".to_owned(), vec![cell("name", "Eight", "Acht")]),
            (ChangeKind::Added, "A3".to_owned(), vec![]),
            (ChangeKind::Removed, "A2".to_owned(), vec![]),
        ]
    );
    assert_eq!((found.rows, found.same, found.changed), ((2, 4), 2, 1));
    assert_eq!((found.added.0, found.removed.0), (1, 1));
}
