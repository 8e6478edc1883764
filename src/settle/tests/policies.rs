//! One sentence of the product page each, on rows small enough to read.

use super::outcome::{TestRow, batch, columns, cut, outcome, output, row, settled};
use crate::mapping::{DuplicatePolicy, HierarchyPolicy, ReferenceMissing, UnknownPolicy};
use crate::settle::{
    Budget, Error, FaultSet, KeySetBuilder, Layout, LayoutReference, OrderKind, Rules, Sink, Target, Task, settle,
};
use std::sync::Arc;

fn task(names: &[&str], policy: DuplicatePolicy) -> Task {
    let mut layout = Layout::new(columns(names));
    layout.key = vec![0];
    layout.line_feed = true;
    layout.warnings = FaultSet::default().with(200);
    Task { layout, rules: Rules { duplicates: policy, ..Rules::default() }, known: Default::default() }
}

fn with_parents(policy: DuplicatePolicy) -> Task {
    let mut task = task(&["id", "parent"], policy);
    task.layout.parent = Some(1);
    task
}

fn faulty(mut row: TestRow, column: usize, fault: u8) -> TestRow {
    row.cells[column] = (String::new(), fault);
    row
}

fn keys(texts: &[&str]) -> Target {
    let mut builder = KeySetBuilder::new(false);
    texts.iter().for_each(|text| builder.add(text.as_bytes()));
    Target { allowed: vec![Arc::new(builder.build())], absent: Vec::new() }
}

#[test]
fn the_last_row_wins_at_its_own_place() {
    let rows = [row(2, &["a", "1"]), row(3, &["b", "2"]), row(4, &["a", "3"])];
    let last = outcome(&settled(&task(&["id", "v"], DuplicatePolicy::Last), &rows));
    assert_eq!(last.outputs, ["b,2\na,3\n"]);
    assert_eq!(last.duplicates, [(2, 4, "written".into(), "last".into())]);
    let first = outcome(&settled(&task(&["id", "v"], DuplicatePolicy::First), &rows));
    assert_eq!(first.outputs, ["a,1\nb,2\n"]);
    assert_eq!(first.duplicates, [(4, 2, "written".into(), "first".into())]);
}

#[test]
fn a_faulty_winner_is_not_replaced_unless_the_mapping_says_so() {
    let rows = [row(2, &["a", "1"]), row(3, &["a", "2"]), faulty(row(4, &["a", "x"]), 1, 7)];
    let mut task = task(&["id", "v"], DuplicatePolicy::Last);
    let strict = outcome(&settled(&task, &rows));
    assert_eq!(strict.outputs, [""]);
    assert_eq!(strict.rejected, [(4, String::new(), String::new())]);
    assert_eq!(strict.duplicates.len(), 2);
    assert_eq!(strict.duplicates[0].2, "rejected");
    task.rules.fallback_valid = true;
    let lenient = outcome(&settled(&task, &rows));
    assert_eq!(lenient.outputs, ["a,2\n"]);
    assert_eq!(lenient.rejected, [(4, String::new(), String::new())]);
    assert_eq!(lenient.duplicates, [(2, 3, "written".into(), "last".into())]);
}

#[test]
fn a_row_with_a_bad_key_takes_part_in_nothing_and_a_warning_lets_a_row_pass() {
    let rows = [row(2, &["a", "1"]), faulty(row(3, &["a", "2"]), 0, 7), faulty(row(4, &["b", "x"]), 1, 200)];
    let outcome = outcome(&settled(&task(&["id", "v"], DuplicatePolicy::Last), &rows));
    assert_eq!(outcome.outputs, ["a,1\nb,\n"]);
    assert_eq!(outcome.rejected, [(3, String::new(), String::new())]);
    assert_eq!(outcome.warnings, [("200".into(), 1, 1)]);
    assert_eq!(outcome.fill, [2, 1]);
}

#[test]
fn newest_compares_values_and_then_places() {
    let mut task = task(&["id", "v"], DuplicatePolicy::Newest);
    task.layout.order_by = Some(OrderKind::Date);
    let rows = [
        row(2, &["a", "1", "2024-03-01"]),
        row(3, &["a", "2", "2024-01-01"]),
        row(4, &["b", "3", ""]),
        row(5, &["b", "4", ""]),
        row(6, &["c", "5", "2024-01-01T00:00:00.5Z"]),
        row(7, &["c", "6", "2024-01-01"]),
        faulty(row(8, &["c", "7", "?"]), 2, 9),
    ];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["a,1\nb,4\nc,5\n"]);
    assert_eq!(outcome.rejected, [(8, String::new(), String::new())]);
}

#[test]
fn merge_takes_the_newest_value_of_each_column() {
    let task = task(&["id", "x", "y", "z"], DuplicatePolicy::Merge);
    let rows = [row(2, &["a", "1", "2", ""]), row(3, &["b", "9", "", ""]), row(4, &["a", "", "5", ""])];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["b,9,,\na,1,5,\n"]);
    assert_eq!(outcome.counts.merged, 1);
    assert_eq!(outcome.fill, [2, 2, 1, 0]);
}

#[test]
fn a_faulty_value_spoils_a_merged_row_only_if_it_is_the_newest_of_its_column() {
    let task = task(&["id", "x", "y"], DuplicatePolicy::Merge);
    let replaced = [faulty(row(2, &["a", "", "2"]), 1, 7), row(3, &["a", "1", ""])];
    assert_eq!(outcome(&settled(&task, &replaced)).outputs, ["a,1,2\n"]);
    let newest = [row(2, &["a", "1", "2"]), faulty(row(3, &["a", "", "3"]), 1, 7), row(4, &["a", "", "4"])];
    let spoiled = outcome(&settled(&task, &newest));
    assert_eq!(spoiled.outputs, [""]);
    assert_eq!(spoiled.rejected, [(3, String::new(), String::new())]);
    let lost = |line| (line, 3, "rejected".to_owned(), "merge".to_owned());
    assert_eq!(spoiled.duplicates, [lost(2), lost(4)]);
}

#[test]
fn rules_hold_for_the_merged_row_and_not_for_its_records() {
    let mut task = task(&["id", "x", "y"], DuplicatePolicy::Merge);
    task.layout.required_when = vec![(2, 1)];
    let rows = [row(2, &["a", "1", ""]), row(3, &["a", "", "2"]), row(4, &["b", "1", ""]), row(5, &["b", "2", ""])];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["a,1,2\n"]);
    assert_eq!(outcome.rejected, [(5, "V421".into(), String::new())]);
    assert_eq!(outcome.duplicates, [(4, 5, "rejected".into(), "merge".into())]);
}

#[test]
fn sum_adds_exactly_and_judges_each_record_first() {
    let task = task(&["id", "n#", "t"], DuplicatePolicy::Sum);
    let rows = [
        row(2, &["a", "0.1", "old"]),
        row(3, &["a", "0.2", ""]),
        faulty(row(4, &["a", "?", "new"]), 1, 7),
        row(5, &["b", "", ""]),
        row(6, &["b", "", "t"]),
        row(7, &["c", "10000000000000000000000000000", ""]),
    ];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["a,0.3,old\nb,,t\n"]);
    assert_eq!(outcome.rejected.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [4, 7]);
    assert_eq!(outcome.counts.merged, 2);
}

#[test]
fn split_sends_the_nth_row_of_a_key_to_the_nth_output() {
    let task = task(&["id", "v"], DuplicatePolicy::Split);
    let rows =
        [row(2, &["a", "1"]), row(3, &["b", "2"]), row(4, &["a", "3"]), row(5, &["a", "4"]), row(6, &["b", "5"])];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["a,1\nb,2\n", "a,3\nb,5\n", "a,4\n"]);
}

#[test]
fn two_rows_of_one_key_refuse_the_run_under_error() {
    let task = task(&["id", "v"], DuplicatePolicy::Error);
    let outcome = outcome(&settled(&task, &[row(2, &["a", "1"]), row(3, &["a", "2"])]));
    assert_eq!(outcome.refusals, [("K601".into(), 1, 2)]);
}

#[test]
fn a_rejected_parent_takes_its_children_along_and_the_cause_is_named() {
    let task = with_parents(DuplicatePolicy::Last);
    let rows =
        [row(2, &["c", "b"]), row(3, &["b", "a"]), row(4, &["a", "nobody"]), row(5, &["r", ""]), row(6, &["s", "r"])];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["r,\ns,r\n"]);
    let rejected = |line, code: &str, related: &str| (line, code.to_owned(), related.to_owned());
    assert_eq!(outcome.rejected, [rejected(2, "K604", "a"), rejected(3, "K604", "a"), rejected(4, "K603", "nobody")]);
}

#[test]
fn members_of_a_loop_are_treated_alike_and_the_loop_is_shown() {
    let mut task = with_parents(DuplicatePolicy::Last);
    let rows =
        [row(2, &["k", "b"]), row(3, &["b", "c"]), row(4, &["c", "a"]), row(5, &["a", "b"]), row(6, &["s", "s"])];
    let rejecting = settled(&task, &rows);
    let mut explainer = rejecting.explainer();
    let told: Vec<_> = rejecting.rejected().map(|rejected| explainer.explain(&rejected, None).unwrap()).collect();
    assert_eq!(
        told.iter().map(|told| told.code.unwrap().id).collect::<Vec<_>>(),
        ["K604", "K606", "K606", "K606", "K605"]
    );
    assert_eq!(told[2].message, "the parents form a loop: `b` -> `c` -> `a` -> `b`");
    task.rules.hierarchy.cycles = HierarchyPolicy::Detach;
    let detaching = outcome(&settled(&task, &rows));
    assert_eq!(detaching.outputs, ["k,b\nb,\nc,\na,\ns,\n"]);
    assert_eq!(detaching.warnings, [("W905".into(), 1, 4)]);
    assert_eq!(detaching.fill, [5, 1]);
    task.rules.hierarchy.cycles = HierarchyPolicy::Fail;
    assert_eq!(outcome(&settled(&task, &rows)).refusals, [("L702".into(), 4, 3)]);
}

#[test]
fn depth_is_limited_and_parents_may_come_first() {
    let mut task = with_parents(DuplicatePolicy::Last);
    task.known.accounts = keys(&["known"]);
    let rows =
        [row(2, &["c", "b"]), row(3, &["k", "known"]), row(4, &["b", "a"]), row(5, &["a", ""]), row(6, &["l", "k"])];
    task.rules.hierarchy.parents_first = true;
    assert_eq!(output(&settled(&task, &rows), 0), "a,\nk,known\nb,a\nc,b\nl,k\n");
    task.rules.hierarchy.max_depth = Some(2);
    let limited = outcome(&settled(&task, &rows));
    assert_eq!(limited.outputs, ["a,\nk,known\nb,a\n"]);
    assert_eq!(limited.rejected, [(2, "K607".into(), String::new()), (6, "K607".into(), String::new())]);
}

#[test]
fn references_are_rejected_emptied_or_passed() {
    let mut task = task(&["id", "owner", "t"], DuplicatePolicy::Last);
    task.layout.references = vec![LayoutReference { column: 1, itself: false }];
    task.known.references = vec![keys(&["ann"])];
    let rows = [row(2, &["a", "ann", "t"]), row(3, &["b", "bob", "t"]), row(4, &["c", "", "t"])];
    let run = |policy| {
        let mut task = task.clone();
        task.rules.references = vec![policy];
        outcome(&settled(&task, &rows))
    };
    let rejecting = run(ReferenceMissing::Reject);
    assert_eq!((rejecting.outputs[0].as_str(), rejecting.rejected[0].1.as_str()), ("a,ann,t\nc,,t\n", "K608"));
    let emptying = run(ReferenceMissing::Empty);
    assert_eq!((emptying.outputs[0].as_str(), emptying.fill), ("a,ann,t\nb,,t\nc,,t\n", vec![3, 1, 3]));
    assert_eq!(emptying.warnings, [("W907".into(), 1, 1)]);
    assert_eq!(run(ReferenceMissing::Warn).warnings, [("W906".into(), 1, 1)]);
    assert_eq!(run(ReferenceMissing::Fail).refusals, [("L702".into(), 1, 3)]);
}

#[test]
fn unknown_accounts_are_listed_whatever_becomes_of_their_rows() {
    let mut task = task(&["id", "account", "t"], DuplicatePolicy::Merge);
    task.layout.references =
        vec![LayoutReference { column: 2, itself: false }, LayoutReference { column: 1, itself: false }];
    task.rules.references = vec![ReferenceMissing::Warn];
    task.known.references = vec![keys(&["t"]), keys(&["ann"])];
    // The second row of `b` gives it a known account: what is merged is judged.
    let rows = [
        row(2, &["a", "ann", "t"]),
        row(3, &["b", "bob", "t"]),
        row(4, &["c", "cid", "x"]),
        row(5, &["b", "ann", "t"]),
        row(6, &["d", "cid", "t"]),
    ];
    let run = |policy| {
        let mut task = task.clone();
        task.rules.unknown_accounts = Some(policy);
        let settled = settled(&task, &rows);
        let mut listed = Vec::new();
        settled
            .unknown_accounts(|account, place| -> Result<(), Error> {
                listed.push((account.to_owned(), place.line));
                Ok(())
            })
            .unwrap();
        assert_eq!(listed, [("cid".to_owned(), 4)], "each once");
        outcome(&settled)
    };
    let whole = "a,ann,t\nc,cid,x\nb,ann,t\nd,cid,t\n";
    let allowing = run(UnknownPolicy::Allow);
    assert_eq!((allowing.outputs[0].as_str(), allowing.warnings.as_slice()), (whole, &[("W906".into(), 2, 1)][..]));
    let reporting = run(UnknownPolicy::Report);
    assert_eq!(reporting.outputs[0], whole);
    assert_eq!(reporting.warnings, [("W906".into(), 2, 1), ("W922".into(), 1, 2)]);
    let rejecting = run(UnknownPolicy::Reject);
    assert_eq!(rejecting.outputs[0], "a,ann,t\nb,ann,t\n");
    let rejected: Vec<(u64, &str)> = rejecting.rejected.iter().map(|(line, code, _)| (*line, code.as_str())).collect();
    assert_eq!(rejected, [(4, "K610"), (6, "K610")]);
}

#[test]
fn a_reference_into_the_file_itself_follows_rejections() {
    let mut task = task(&["mail", "boss"], DuplicatePolicy::Last);
    task.layout.key_ignores_case = true;
    task.layout.references = vec![LayoutReference { column: 1, itself: true }];
    task.rules.references = vec![ReferenceMissing::Reject];
    let rows =
        [row(2, &["a", "B"]), row(3, &["b", "c"]), row(4, &["c", "gone"]), row(5, &["x", "Y"]), row(6, &["y", "x"])];
    let outcome = outcome(&settled(&task, &rows));
    assert_eq!(outcome.outputs, ["x,Y\ny,x\n"]);
    let related: Vec<&str> = outcome.rejected.iter().map(|(.., related)| related.as_str()).collect();
    assert_eq!(related, ["c", "c", "gone"]);
}

#[test]
fn ids_that_differ_by_case_are_counted() {
    let mut task = task(&["id", "v"], DuplicatePolicy::Last);
    task.rules.case_twins = true;
    let rows = [
        row(2, &["Ab1", "1"]),
        row(3, &["aB1", "1"]),
        row(4, &["ab2", "1"]),
        row(5, &["7", ""]),
        row(6, &["ab2", "1"]),
    ];
    let settled = settled(&task, &rows);
    assert_eq!(outcome(&settled).warnings, [("W903".into(), 0, 2)]);
}

#[test]
fn keys_of_written_rows_serve_other_files() {
    let task = task(&["id", "v"], DuplicatePolicy::Last);
    let settled = settled(&task, &[row(2, &["a", "x"]), faulty(row(3, &["b", ""]), 1, 7)]);
    assert!(settled.written_keys().unwrap().holds(b"a") && !settled.written_keys().unwrap().holds(b"b"));
    assert!(settled.rejected_keys().unwrap().holds(b"b") && !settled.rejected_keys().unwrap().holds(b"a"));
    let values = settled.written_values(1, true).unwrap();
    assert!(values.holds(b"X") && values.len() == 1);
}

#[test]
fn too_many_rows_for_the_budget_are_an_error_that_names_the_stage() {
    let task = Arc::new(task(&["id", "v"], DuplicatePolicy::Last));
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<TestRow> = (0..100).map(|line| row(line, &["a", "b"])).collect();
    let reading = Arc::new(Budget::new(1000));
    let mut sink = Sink::all(&task, 1, folder.path(), &reading).unwrap().remove(0);
    let error = sink.push(&batch(&rows, 2)).unwrap_err().to_string();
    assert_eq!(error, "reading needs 1MB of memory or more, 0MB of it beside the rows; `--memory` is 1MB");
    drop(sink);
    assert_eq!(reading.used(), 0);
    // Rows that fold are not moved to disk.
    let task =
        Arc::new(Task { rules: Rules { duplicates: DuplicatePolicy::Merge, ..Rules::default() }, ..(*task).clone() });
    let settling = Arc::new(Budget::new(7_004_000));
    settling.hold(7_000_000, "known accounts").unwrap();
    let mut sink = Sink::all(&task, 1, folder.path(), &settling).unwrap().remove(0);
    sink.push(&batch(&rows, 2)).unwrap();
    let error = settle(&task, vec![sink], folder.path(), &settling).unwrap_err().to_string();
    assert_eq!(error, "settling needs 8MB of memory or more, 7MB of it beside the rows; `--memory` is 8MB");
}

#[test]
fn no_rows_and_no_sinks_are_an_empty_output() {
    let task = with_parents(DuplicatePolicy::Merge);
    for sinks in [0, 3] {
        let outcome = outcome(&if sinks == 0 {
            let folder = tempfile::tempdir().unwrap();
            settle(&Arc::new(task.clone()), Vec::new(), folder.path(), &Arc::new(Budget::unlimited())).unwrap()
        } else {
            cut(&task, &[], sinks, &[1]).unwrap()
        });
        assert_eq!((outcome.outputs, outcome.counts.read), (vec![String::new()], 0));
    }
}
