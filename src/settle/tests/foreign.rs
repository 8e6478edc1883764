//! Foreign keys and pivots: rows whose keys are not the plain kind.

use std::sync::Arc;

use super::outcome::{Outcome, TestRow, columns, cut, outcome, row, settled};
use crate::mapping::{Aggregate, DuplicatePolicy, ReferenceMissing};
use crate::settle::{Error, KeySetBuilder, Layout, LayoutReference, Rules, Target, Task, key_hash};

fn foreign_keys() -> Task {
    let mut layout = Layout::new(columns(&["account_id", "zuora", "sf"]));
    (layout.key, layout.foreign_keys, layout.line_feed) = (vec![0, 1, 2], vec![1, 2], true);
    layout.one_of = vec![vec![1, 2]];
    Task { layout, rules: Rules::default(), known: Default::default() }
}

#[test]
fn one_foreign_key_for_two_accounts_rejects_both() {
    let rows = [
        row(2, &["a", "z1", ""]),
        row(3, &["b", "Z1", "s1"]),
        row(4, &["c", "", "s2"]),
        row(5, &["a", "", "s9"]),
        row(6, &["d", "z2", "z1"]),
    ];
    let outcome = outcome(&settled(&foreign_keys(), &rows));
    assert_eq!(outcome.outputs, ["c,,s2\na,,s9\nd,z2,z1\n"]);
    assert_eq!(outcome.rejected, [(2, "K602".into(), "b".into()), (3, "K602".into(), "a".into())]);
}

#[test]
fn equal_rows_are_duplicates_and_other_rows_of_one_account_are_not() {
    let rows =
        [row(2, &["a", "z1", ""]), row(3, &["a", "Z1", ""]), row(4, &["a", "z1", "s1"]), row(5, &["A", "", "s3"])];
    let outcome = outcome(&settled(&foreign_keys(), &rows));
    assert_eq!(outcome.outputs, ["a,Z1,\na,z1,s1\nA,,s3\n"]);
    assert_eq!(outcome.duplicates, [(2, 3, "written".into(), "equal".into())]);
}

#[test]
fn accounts_are_told_apart_by_case() {
    let rows = [row(2, &["a", "z1", ""]), row(3, &["A", "z1", ""])];
    assert_eq!(outcome(&settled(&foreign_keys(), &rows)).counts.rejected, 2);
}

fn pivoting(aggregate: Aggregate) -> Task {
    let mut layout = Layout::new(columns(&["account_id", "user_id"]));
    (layout.key, layout.pivots, layout.line_feed) = (vec![0, 1], true, true);
    let mut rules = Rules { duplicates: DuplicatePolicy::Last, ..Rules::default() };
    rules.pivot.aggregate = aggregate;
    Task { layout, rules, known: Default::default() }
}

fn events() -> Vec<TestRow> {
    let event = |line, cells: &[&str]| row(line, cells);
    vec![
        event(2, &["a", "u", "Reports", "View", "2"]),
        event(3, &["b", "", "Admin", "Log, in", "1"]),
        event(4, &["a", "u", "Reports", "Edit", "5"]),
        event(5, &["a", "u", "Reports", "View", "3.5"]),
        event(6, &["b", "", "Reports", "View", ""]),
    ]
}

#[test]
fn long_rows_become_wide_ones_at_the_place_of_their_last_record() {
    let run = |aggregate| {
        let settled = settled(&pivoting(aggregate), &events());
        (settled.header.join("|"), outcome(&settled))
    };
    let (header, sum) = run(Aggregate::Sum);
    assert_eq!(header, "account_id|user_id|Admin##Log, in|Reports##Edit|Reports##View");
    assert_eq!(sum.outputs, ["a,u,,5,5.5\nb,,1,,\n"]);
    assert_eq!((sum.counts.merged, sum.counts.written, sum.fill), (3, 2, vec![2, 1, 1, 1, 1]));
    assert_eq!(run(Aggregate::Max).1.outputs, ["a,u,,5,3.5\nb,,1,,\n"]);
}

#[test]
fn faulty_records_of_a_pivot_are_rejected_and_the_others_are_folded() {
    let mut task = pivoting(Aggregate::Sum);
    task.layout.references = vec![LayoutReference { column: 0, itself: false }];
    task.rules.references = vec![ReferenceMissing::Reject];
    let mut known = KeySetBuilder::new(false);
    known.add(b"a");
    task.known.references = vec![Target { allowed: vec![Arc::new(known.build())], absent: Vec::new() }];
    let mut rows = events();
    rows[2].cells[4] = (String::new(), 3);
    let first = outcome(&settled(&task, &rows));
    assert_eq!(first.outputs, ["a,u,5.5\n"]);
    let rejected: Vec<_> = first.rejected.iter().map(|(line, code, _)| (*line, code.as_str())).collect();
    assert_eq!(rejected, [(3, "K608"), (4, ""), (6, "K608")]);
    task.rules.references = vec![ReferenceMissing::Warn];
    let warned = outcome(&settled(&task, &rows));
    assert_eq!((warned.counts.written, warned.warnings), (2, vec![("W906".into(), 0, 1)]));
}

#[test]
fn columns_are_limited_fixed_filled_and_joined_by_others() {
    let mut task = pivoting(Aggregate::Sum);
    task.rules.pivot.top = Some(1);
    let top = settled(&task, &events());
    assert_eq!(top.header.join("|"), "account_id|user_id|Reports##Edit|Reports##View");
    assert_eq!(top.left_out, ["Admin##Log, in"]);
    task.rules.pivot.top_of_pairs = true;
    assert_eq!(settled(&task, &events()).header[2..], ["Reports##View"]);
    task.rules.pivot.top = None;
    task.rules.pivot.columns = Some(vec!["Z##z".into(), "Reports##Edit".into()]);
    task.rules.pivot.fill_zero = true;
    task.rules.pivot.beside.columns = vec!["Daily".into()];
    task.rules.pivot.beside.cells.insert(key_hash(&[b"b", b""], false), vec!["7".into()]);
    let fixed = settled(&task, &events());
    assert_eq!(fixed.header.join("|"), "account_id|user_id|Daily|Z##z|Reports##Edit");
    let fixed = outcome(&fixed);
    assert_eq!(fixed.outputs, ["a,u,,0,5\nb,,7,0,0\n"]);
    assert_eq!(fixed.fill, [2, 1, 1, 2, 2]);
}

#[test]
fn too_many_columns_are_counted() {
    let rows: Vec<TestRow> = (0..999).map(|line| row(line + 2, &["a", "", "M", &format!("{line}"), "1"])).collect();
    match cut(&pivoting(Aggregate::Sum), &rows, 2, &[100]) {
        Err(Error::TooManyColumns { columns }) => assert_eq!(columns, 1001),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pivot_does_not_depend_on_partitions() {
    let names = ["a", "b", "c"];
    let event = |line: u64| {
        let pick = |salt: u64| names[((line * 2_654_435_761 + salt) >> 7) as usize % names.len()];
        let value = ["1", "0.25", "-3", "9223372036854775807", ""][((line * 31) >> 2) as usize % 5];
        row(line, &[pick(1), pick(77), pick(1234), pick(99), value])
    };
    let rows: Vec<TestRow> = (2..400).map(event).collect();
    for aggregate in [Aggregate::Sum, Aggregate::Max] {
        let task = pivoting(aggregate);
        let all: Vec<Outcome> = [(1, 400), (2, 17), (8, 3)]
            .into_iter()
            .map(|(sinks, length)| outcome(&cut(&task, &rows, sinks, &[length, 1]).unwrap()))
            .collect();
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
    }
}
