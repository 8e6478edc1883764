//! Random rows and policies: the same outcome as the plain model's, however the rows are cut.

use std::sync::Arc;

use proptest::prelude::*;

use super::model::{AMOUNT, BOSS, BY, ID, KNOWN_ACCOUNTS, KNOWN_BOSSES, KNOWN_REGIONS, NAME, PARENT, REGION, expected};
use super::outcome::{TestRow, columns, cut, cut_within, outcome};
use crate::mapping::{DuplicatePolicy, HierarchyPolicy, ReferenceMissing};
use crate::settle::{
    Budget, Error, FaultSet, HierarchyRules, KeySetBuilder, Known, Layout, LayoutReference, OrderKind, Rules, Target,
    Task,
};

/// A fault that rejects and one that warns.
const FAULTS: [u8; 2] = [7, 200];

fn keys(texts: &[&str]) -> Target {
    let mut builder = KeySetBuilder::new(false);
    texts.iter().for_each(|text| builder.add(text.as_bytes()));
    Target { allowed: vec![Arc::new(builder.build())], absent: Vec::new() }
}

fn rows(most: usize) -> impl Strategy<Value = Vec<TestRow>> {
    let id = prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g", "A", ""]);
    let parent = prop::sample::select(vec!["", "", "", "a", "b", "c", "d", "e", "f", "k", "x"]);
    let name = prop::sample::select(vec!["", "", "n", "it's"]);
    let amount = prop::sample::select(vec!["", "1", "2", "30"]);
    let boss = prop::sample::select(vec!["", "", "", "", "a", "b", "c", "q", "z"]);
    let region = prop::sample::select(vec!["", "", "eu", "us", "mars"]);
    let by = prop::sample::select(vec!["", "1", "2", "3"]);
    let fault = prop::option::weighted(0.2, (0..7_usize, prop::sample::select(FAULTS.to_vec())));
    let row = (id, parent, name, amount, boss, region, by, fault);
    prop::collection::vec(row, 0..most).prop_map(|rows| rows.into_iter().zip(2..).map(build).collect())
}

type Cells<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str, Option<(usize, u8)>);

fn build((cells, line): (Cells<'_>, u64)) -> TestRow {
    let (id, parent, name, amount, boss, region, by, fault) = cells;
    let mut cells: Vec<_> =
        [id, parent, name, amount, boss, region, by].into_iter().map(|text| (text.to_owned(), 0)).collect();
    if let Some((column, fault)) = fault {
        // As the functions do it: a faulty cell has no value.
        let text = if fault == FAULTS[0] { String::new() } else { cells[column].0.clone() };
        cells[column] = (text, fault);
    }
    TestRow { file: 0, line, cells }
}

fn policies() -> impl Strategy<Value = HierarchyRules> {
    use HierarchyPolicy::{Detach, Fail, Reject};
    let policy = || prop::sample::select(vec![Reject, Reject, Detach, Fail]);
    let deepest = prop::sample::select(vec![None, None, Some(1), Some(2), Some(3)]);
    (policy(), policy(), deepest, any::<bool>()).prop_map(|(missing_parent, cycles, max_depth, parents_first)| {
        HierarchyRules { missing_parent, cycles, max_depth, parents_first }
    })
}

fn task() -> impl Strategy<Value = Task> {
    use DuplicatePolicy::{Error, First, Last, Merge, Newest, Split, Sum};
    use ReferenceMissing::{Empty, Fail, Reject, Warn};
    let duplicates = prop::sample::select(vec![Last, First, Newest, Merge, Sum, Split, Error]);
    let missing = || prop::sample::select(vec![Reject, Reject, Empty, Warn, Fail]);
    let choice = (duplicates, any::<bool>(), any::<bool>(), policies(), missing(), missing(), 1..4_usize);
    choice.prop_map(|(duplicates, fallback, ignores_case, hierarchy, boss, region, threads)| {
        let mut layout = Layout::new(columns(&["id", "parent", "name", "amount#", "boss", "region"]));
        layout.key = vec![ID];
        layout.key_ignores_case = ignores_case;
        layout.parent = Some(PARENT);
        layout.references =
            vec![LayoutReference { column: BOSS, itself: true }, LayoutReference { column: REGION, itself: false }];
        layout.required_when = vec![(AMOUNT, NAME)];
        layout.line_feed = true;
        layout.order_by = Some(OrderKind::Number);
        layout.warnings = FaultSet::default().with(FAULTS[1]);
        let fallback_valid = fallback && matches!(duplicates, Last | First | Newest);
        let references = vec![boss, region];
        let rules = Rules { duplicates, fallback_valid, hierarchy, references, threads, ..Rules::default() };
        let known = Known {
            accounts: keys(KNOWN_ACCOUNTS),
            references: vec![keys(KNOWN_BOSSES), keys(KNOWN_REGIONS)],
            kept: None,
        };
        Task { layout, rules, known }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn settling_is_what_the_plain_model_says(task in task(), rows in rows(14), lengths in prop::collection::vec(1..6_usize, 1..4)) {
        let mut expected = expected(&task, &rows);
        // The model quotes nothing.
        expected.outputs.iter_mut().for_each(|output| *output = output.replace("it's", "\"it's\""));
        for sinks in [1, 2, 8] {
            let mut found = outcome(&cut(&task, &rows, sinks, &lengths).unwrap());
            found.refusals.sort();
            prop_assert_eq!(&found, &expected, "{} sinks", sinks);
        }
        prop_assert!(rows.iter().all(|row| row.cells.len() == BY + 1));
    }

    #[test]
    fn rows_that_memory_has_no_room_for_are_settled_like_others(mut task in task(), rows in rows(60), lengths in prop::collection::vec(1..6_usize, 1..4)) {
        task.layout.references.remove(0);
        task.rules.references.remove(0);
        task.known.references.remove(0);
        task.rules.case_twins = true;
        prop_assume!(task.may_leave_memory());
        for sinks in [1, 2, 8] {
            let found = cut(&task, &rows, sinks, &lengths).unwrap();
            // A batch must have room, and what is told of most rows.
            let budget = Budget::new(60 * rows.len() as u64 + 700 * sinks as u64);
            let again = match cut_within(&task, &rows, sinks, &lengths, budget) {
                Err(Error::MemoryNeeded { stage: "telling of single rows", .. }) => continue,
                again => again.unwrap(),
            };
            prop_assert_eq!(outcome(&again), outcome(&found), "{} sinks", sinks);
            again.check().unwrap();
        }
    }
}
