//! Trees and loops of a size that recursion, or anything quadratic, would not survive.

use std::sync::Arc;

use super::outcome::{TestRow, batch, columns, row};
use crate::mapping::{DuplicatePolicy, ReferenceMissing};
use crate::settle::{Budget, Layout, LayoutReference, Rules, Settled, Sink, Task, settle};

fn run(task: Task, links: impl Iterator<Item = (String, String)>) -> Settled {
    let folder = tempfile::tempdir().unwrap();
    let (task, budget) = (Arc::new(task), Arc::new(Budget::unlimited()));
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
    let settled = run(task(), (0..count).map(|id| (id.to_string(), ((id + 1) % count).to_string())));
    assert_eq!((settled.counts.rejected, settled.counts.written), (u64::from(count), 0));
    let last = settled.rejected().last().unwrap();
    let told = settled.explainer().explain(&last, None).unwrap();
    assert_eq!(told.code.unwrap().id, "K606");
    assert!(told.message.ends_with("`8` -> `9` -> … 199990 more … -> `0`"), "{}", told.message);
}

#[test]
fn chains_of_ten_thousand_hang_together_in_either_order_and_fall_together() {
    let (chains, length) = (20, 10_000);
    for upwards in [true, false] {
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
        let settled = run(task, links);
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
    let settled = run(task, (0..count).map(|id| (id.to_string(), (id + 1).to_string())));
    assert_eq!(settled.counts.rejected, u64::from(count));
    let first = settled.rejected().next().unwrap();
    assert_eq!(settled.explainer().explain(&first, None).unwrap().related, (count - 1).to_string());
}
