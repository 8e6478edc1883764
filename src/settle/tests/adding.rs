//! Rows that are added while they are read come to what they come to when each is kept and all are folded in the end.

use std::sync::Arc;

use proptest::prelude::*;

use super::outcome::{TestRow, batch, columns, cut, cut_within, outcome, row, settled};
use crate::mapping::{DuplicatePolicy, ReferenceMissing};
use crate::settle::{
    BrokenRule, Budget, Error, FaultSet, KeySetBuilder, Known, Layout, LayoutReference, OrderKind, Rules, Target, Task,
    record_bytes, rules_of_row, settle_bytes,
};

/// A fault that rejects and one that warns.
const FAULTS: [u8; 2] = [7, 200];

/// Spellings of numbers: as sums are written, and otherwise; some too long to be added.
const NUMBERS: [&str; 14] = [
    "",
    "0",
    "1",
    "2",
    "40",
    "007",
    "-3",
    "-0",
    "1.50",
    "0.25",
    "999999999999",
    "9223372036854775807",
    "999999999999999999999999999",
    "10000000000000000000000000000",
];

fn task(key: Vec<usize>) -> Task {
    let mut layout = Layout::new(columns(&["times#", "id", "kind", "minutes#"]));
    layout.columns[0].bare = true;
    // Else a column that is only judged.
    layout.columns[2].written = key.contains(&2);
    (layout.key, layout.line_feed, layout.one_row_a_record) = (key, true, true);
    layout.warnings = FaultSet::default().with(FAULTS[1]);
    let rules = Rules { duplicates: DuplicatePolicy::Sum, case_twins: true, threads: 2, ..Rules::default() };
    Task { layout, rules, known: Known::default() }
}

fn tasks() -> impl Strategy<Value = Task> {
    use ReferenceMissing::{Empty, Fail, Reject, Warn};
    let missing = prop::option::of(prop::sample::select(vec![Reject, Empty, Warn, Fail]));
    (any::<bool>(), missing, any::<bool>(), any::<bool>()).prop_map(|(plain, missing, ordered, rule)| {
        let mut task = task(if plain { vec![1] } else { vec![2, 1] });
        if let Some(missing) = missing {
            let mut known = KeySetBuilder::new(false);
            ["a", "B", "it's"].iter().for_each(|text| known.add(text.as_bytes()));
            task.layout.references = vec![LayoutReference { column: 1, itself: false }];
            task.rules.references = vec![missing];
            task.known.references = vec![Target { allowed: vec![Arc::new(known.build())], absent: Vec::new() }];
        }
        task.layout.order_by = ordered.then_some(OrderKind::Number);
        task.layout.required_when = if rule { vec![(3, 0)] } else { Vec::new() };
        task
    })
}

fn rows() -> impl Strategy<Value = Vec<TestRow>> {
    let id = prop::sample::select(vec!["a", "b", "B", "it's", "a longer id, quoted", "", "c"]);
    let kind = prop::sample::select(vec!["", "k", "a kind of some length"]);
    let number = || prop::sample::select(NUMBERS.to_vec());
    let fault = prop::option::weighted(0.1, (0..5_usize, prop::sample::select(FAULTS.to_vec())));
    let row = (number(), id, kind, number(), fault).prop_map(|(times, id, kind, minutes, fault)| {
        let mut row = row(0, &[times, id, kind, minutes, "1"]);
        if let Some((column, fault)) = fault {
            // As the functions do it: a faulty cell has no value.
            row.cells[column].1 = fault;
            if fault == FAULTS[0] {
                row.cells[column].0.clear();
            }
        }
        row
    });
    let numbered = |rows: Vec<TestRow>| rows.into_iter().zip(2..).map(|(row, line)| TestRow { line, ..row }).collect();
    prop::collection::vec(row, 0..40).prop_map(numbered)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_while_reading_is_folding_in_the_end(task in tasks(), rows in rows(), lengths in prop::collection::vec(1..9_usize, 1..4)) {
        let mut rows = rows;
        rows.iter_mut().for_each(|row| row.cells.truncate(4 + usize::from(task.layout.order_by.is_some())));
        let mut folding = task.clone();
        folding.layout.one_row_a_record = false;
        let expected = outcome(&cut(&folding, &rows, 1, &[5]).unwrap());
        for sinks in [1, 2, 8] {
            prop_assert_eq!(&outcome(&cut(&task, &rows, sinks, &lengths).unwrap()), &expected, "{} sinks", sinks);
        }
    }
}

#[test]
fn a_number_that_is_too_long_is_told_by_the_second_look() {
    let task = task(vec![1]);
    let long = row(2, &[NUMBERS[13], "a", "", "1"]);
    assert_eq!(outcome(&settled(&task, std::slice::from_ref(&long))).counts.rejected, 1);
    assert_eq!(rules_of_row(&task, &batch(&[long], 4), 0).unwrap(), [BrokenRule::TooLarge(0)]);
}

/// Rows with `keys` different keys of this length, each of them `rounds` times.
fn many(keys: u64, rounds: u64, length: usize) -> Vec<TestRow> {
    let id = |number: u64| format!("{:0>length$}", number * 7 % keys);
    let number = |line: u64| ["1", "2.5", "007", ""][(line / 3 % 4) as usize];
    (0..keys * rounds).map(|line| row(line + 2, &[number(line), &id(line), "", "3"])).collect()
}

#[test]
fn sums_that_memory_has_no_room_for_become_rows_and_are_folded_in_the_end() {
    for key in [vec![1], vec![2, 1]] {
        let task = task(key);
        let rows = many(2_003, 3, 900);
        let expected = cut(&task, &rows, 2, &[1000]).unwrap();
        assert_eq!((expected.counts.written, expected.counts.merged), (2_003, 4_006));
        // Room for a row of each record and for folding, but not for the sums of all keys beside them.
        let budget = || Budget::new(rows.len() as u64 * settle_bytes(&task) + 300_000);
        let folded = cut_within(&task, &rows, 3, &[700], budget()).unwrap();
        assert!(folded.case.rows.count > 3_000, "{} rows: sums became rows", folded.case.rows.count);
        assert_eq!(folded.counts, expected.counts);
        assert!(outcome(&folded) == outcome(&expected));
    }
}

#[test]
fn many_records_of_few_keys_need_little_memory() {
    let task = task(vec![2, 1]);
    let rows = many(500, 100, 90);
    let budget = || Budget::new(rows.len() as u64 * record_bytes(&task) / 4);
    let added = cut_within(&task, &rows, 2, &[1000], budget()).unwrap();
    assert_eq!((added.counts.written, added.counts.merged), (500, 49_500));
    let mut folding = task.clone();
    folding.layout.one_row_a_record = false;
    let refused = cut_within(&folding, &rows, 2, &[1000], budget()).unwrap_err();
    assert!(matches!(refused, Error::MemoryNeeded { .. }), "{refused}");
}

#[test]
fn parts_made_side_by_side_follow_one_another() {
    let mut task = task(vec![1]);
    let rows = many(20_011, 1, 20);
    task.rules.threads = 1;
    let one = outcome(&cut(&task, &rows, 1, &[4096]).unwrap());
    task.rules.threads = 5;
    assert!(outcome(&cut(&task, &rows, 4, &[777]).unwrap()) == one);
}
