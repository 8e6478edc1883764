//! Trees and loops of a size that recursion, or anything quadratic, would not survive.

use std::collections::HashMap;
use std::sync::Arc;

use super::outcome::{TestRow, batch, columns, row};
use crate::mapping::{DuplicatePolicy, ReferenceMissing};
use crate::settle::{Budget, Error, Layout, LayoutReference, Reason, Rejected, Rules, Settled, Sink, Task, settle};

/// Room for the rows of each test, but not for their records.
const LITTLE: u64 = 7_000_000;

fn run(task: Task, memory: u64, links: impl Iterator<Item = (String, String)>) -> Settled {
    let folder = tempfile::tempdir().unwrap();
    let (task, budget) = (Arc::new(task), Arc::new(Budget::new(memory)));
    let mut sink = Sink::all(&task, 1, folder.path(), &budget).unwrap().remove(0);
    let rows: Vec<TestRow> = links.zip(2..).map(|((id, parent), line)| row(line, &[&id, &parent])).collect();
    for rows in rows.chunks(2000) {
        sink.push(&batch(rows, 2)).unwrap();
    }
    settle(&task, vec![sink], folder.path(), &budget).unwrap()
}

fn task() -> Task {
    let mut layout = Layout::new(columns(&["id", "parent"]));
    (layout.key, layout.parent, layout.line_feed) = (vec![0], Some(1), true);
    Task {
        layout,
        rules: Rules { threads: 2, duplicates: DuplicatePolicy::Last, ..Rules::default() },
        known: Default::default(),
    }
}

#[test]
fn a_loop_of_two_hundred_thousand_accounts_is_one_loop() {
    let count = 200_000_u32;
    for memory in [u64::MAX, LITTLE] {
        let settled = run(task(), memory, (0..count).map(|id| (id.to_string(), ((id + 1) % count).to_string())));
        assert_eq!((settled.counts.rejected, settled.counts.written), (u64::from(count), 0));
        let last = settled.rejected().last().unwrap();
        let told = settled.explainer().explain(&last, None).unwrap();
        assert_eq!(told.code.unwrap().id, "K606");
        assert!(told.message.ends_with("`8` -> `9` -> … 199990 more … -> `0`"), "{}", told.message);
    }
}

#[test]
fn the_last_of_many_rows_of_a_key_wins_with_little_memory_too() {
    let (count, keys) = (200_000_u32, 70_000);
    for memory in [u64::MAX, LITTLE] {
        // Each account hangs below the one of half its number.
        let links = (0..count).map(|row| row.wrapping_mul(2_654_435_761) % keys);
        let parent = |id: u32| if id == 0 { String::new() } else { (id / 2).to_string() };
        let settled = run(task(), memory, links.clone().map(|id| (id.to_string(), parent(id))));
        let last: HashMap<u32, u64> = links.zip(2..).collect();
        assert_eq!(settled.counts.duplicate, u64::from(count) - last.len() as u64);
        // Who hangs below an account that is not there falls.
        let mut stands: Vec<bool> = (0..keys).map(|id| last.contains_key(&id)).collect();
        (1..keys as usize).for_each(|id| stands[id] &= stands[id / 2]);
        assert_eq!(settled.counts.written, stands.iter().filter(|stands| **stands).count() as u64);
        let duplicates: Vec<(u64, u64)> =
            settled.duplicates().map(|lost| (lost.position.line, lost.winner.line)).collect();
        assert_eq!(duplicates.len() as u64, settled.counts.duplicate);
        assert!(
            duplicates
                .iter()
                .all(|(lost, won)| { last[&((*lost as u32 - 2).wrapping_mul(2_654_435_761) % keys)] == *won })
        );
        settled.check().unwrap();
    }
}

#[test]
fn rows_that_are_all_rejected_take_no_more_memory_than_others_and_are_told_part_by_part() {
    let count = 200_000_u32;
    // Room for a part of the keys, but for no list of what is told of each row.
    let settled = run(task(), 4_500_000, (0..count).map(|id| (id.to_string(), "nobody".to_owned())));
    assert_eq!((settled.counts.rejected, settled.counts.written), (u64::from(count), 0));
    let (mut recall, mut parts, mut line) = (settled.recall().unwrap(), 0, 2);
    while let Some(places) = recall.part().unwrap() {
        parts += 1;
        for place in places {
            assert_eq!(place.1, line);
            assert!(matches!(recall.meet(place)[..], [Rejected { reason: Reason::ParentMissing, .. }]));
            assert!(recall.meet(place).is_empty(), "each row once");
            line += 1;
        }
    }
    assert!(parts > 1 && line == u64::from(count) + 2, "{parts} parts up to line {line}");
}

#[test]
fn more_rows_than_memory_has_room_for_even_on_disk_are_an_error_before_they_are_settled() {
    let folder = tempfile::tempdir().unwrap();
    let (task, budget) = (Arc::new(task()), Arc::new(Budget::new(1_000_000)));
    let mut sink = Sink::all(&task, 1, folder.path(), &budget).unwrap().remove(0);
    let rows: Vec<TestRow> = (0..100_000).map(|line| row(line, &["1", ""])).collect();
    rows.chunks(2000).for_each(|rows| sink.push(&batch(rows, 2)).unwrap());
    let error = settle(&task, vec![sink], folder.path(), &budget).unwrap_err();
    // Eleven bits a row, and 36 bytes for each of a part of 3.6 MB.
    assert!(matches!(error, Error::MemoryNeeded { stage: "settling", bytes: 3_737_500, .. }), "{error}");
}

#[test]
fn chains_of_ten_thousand_hang_together_in_either_order_and_fall_together() {
    let (chains, length) = (20, 10_000);
    for (upwards, memory) in [(true, u64::MAX), (false, u64::MAX), (true, LITTLE), (false, LITTLE)] {
        let id = |chain: u32, level: u32| format!("{chain}-{level}");
        // Chain 3 hangs on nobody; all others have a root.
        let parent = move |chain: u32, level: u32| match (level, chain) {
            (0, 3) => "nobody".to_owned(),
            (0, _) => String::new(),
            _ => id(chain, level - 1),
        };
        let links = (0..chains * length).map(move |number| {
            let (chain, level) = (number % chains, number / chains);
            let level = if upwards { length - 1 - level } else { level };
            (id(chain, level), parent(chain, level))
        });
        let mut task = task();
        task.rules.hierarchy.max_depth = Some(9_999);
        let settled = run(task, memory, links);
        assert_eq!(settled.counts.written, u64::from((chains - 1) * (length - 1)));
        let deepest = settled.rejected().filter(|rejected| {
            settled.explainer().explain(rejected, None).unwrap().code.is_some_and(|code| code.id == "K607")
        });
        assert_eq!(deepest.count(), chains as usize - 1);
    }
}

#[test]
fn a_reference_that_dangles_takes_a_chain_of_a_hundred_thousand_along() {
    let count = 100_000_u32;
    let mut task = task();
    task.layout.parent = None;
    task.layout.references = vec![LayoutReference { column: 1, itself: true }];
    task.rules.references = vec![ReferenceMissing::Reject];
    let settled = run(task, u64::MAX, (0..count).map(|id| (id.to_string(), (id + 1).to_string())));
    assert_eq!(settled.counts.rejected, u64::from(count));
    let first = settled.rejected().next().unwrap();
    assert_eq!(settled.explainer().explain(&first, None).unwrap().related, (count - 1).to_string());
}
