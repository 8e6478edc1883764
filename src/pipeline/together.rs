//! The mappings of a set in their turn. Those that follow one another and judge the rows of one source are judged in one pass
//! over it, then settled and written one after the other, as if each had read alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::future::join_all;

use crate::mapping::DuplicatePolicy;
use crate::pipeline::clock::Clock;
use crate::pipeline::known::MappingKeys;
use crate::pipeline::mapping::{Finished, Mappings, SettledRows};
use crate::pipeline::prepare::Prepared;
use crate::pipeline::ready::{JudgedRows, Known, Ready};
use crate::pipeline::{Failure, Watcher, room};
use crate::source::{Share, Source, reads_same, share};

/// Most mappings that are judged in one pass: what is known of all their rows is held until the last of them is settled.
const MOST: usize = 4;

/// A mapping on its way, with what it came to so far or why it came no further.
struct Going<'p, T> {
    prepared: &'p Prepared,
    finished: Finished,
    clock: Clock<'p>,
    came_to: Result<T, Failure>,
}

impl<'p> Going<'p, ()> {
    fn new(prepared: &'p Prepared, watcher: &'p Arc<dyn Watcher>) -> Self {
        let clock = Clock::new(watcher, &prepared.file.name);
        Self { prepared, finished: Finished::new(prepared), clock, came_to: Ok(()) }
    }
}

impl<'p, T> Going<'p, T> {
    /// One step further; then others have their turn.
    async fn then<U>(
        self,
        step: impl AsyncFnOnce(&'p Prepared, T, &mut Finished, &mut Clock<'p>) -> Result<U, Failure>,
    ) -> Going<'p, U> {
        let Self { prepared, mut finished, mut clock, came_to } = self;
        let came_to = match came_to {
            Ok(so_far) => step(prepared, so_far, &mut finished, &mut clock).await,
            Err(failure) => Err(failure),
        };
        clock.pause();
        Going { prepared, finished, clock, came_to }
    }

    fn is_short_of_memory(&self) -> bool {
        self.came_to.as_ref().err().is_some_and(Failure::is_short_of_memory)
    }
}

/// The mappings of a run in their turn.
pub(super) struct Turns<'p> {
    /// Judged in one pass with the one whose turn it was.
    waiting: VecDeque<Going<'p, JudgedRows>>,
    /// So many were judged in that pass.
    together: usize,
    /// Most that are judged in one pass.
    most: usize,
}

impl<'p> Turns<'p> {
    /// None had its turn yet. On a cluster each has executors to itself.
    pub(super) fn new(runner: &Mappings<'p>) -> Self {
        let most = if runner.request.cluster.is_some() { 1 } else { MOST };
        Self { waiting: VecDeque::new(), together: 1, most }
    }

    /// The turn of the first of `rest`, which are in the order of the set; `keys` are those of the mappings before it, and
    /// `failed` names those of them that published nothing.
    pub(super) async fn next(
        &mut self,
        runner: &Mappings<'p>,
        rest: &'p [Prepared],
        keys: &BTreeMap<String, MappingKeys>,
        failed: &BTreeSet<String>,
    ) -> Finished {
        if self.waiting.is_empty() {
            let group = group(rest, self.most, failed);
            self.together = group.len();
            self.waiting.extend(runner.judge_together(group, keys).await);
        }
        let going = self.waiting.pop_front().expect("a group has the first of the rest");
        let mut settled = runner.settle_going(going).await;
        if self.together > 1 && settled.is_short_of_memory() {
            // What memory has no room for beside others may have room alone.
            self.waiting.clear();
            (self.together, self.most) = (1, 1);
            let mut alone = runner.judge_together(&rest[..1], keys).await;
            settled = runner.settle_going(alone.remove(0)).await;
        }
        if settled.came_to.as_ref().is_ok_and(|rows| !rows.settled.has_room_to_tell()) {
            self.waiting.clear();
        }
        runner.write_going(settled).await
    }
}

/// The first of `rest` and those right behind it that judge the rows of the same source and wait for none of the group.
fn group<'p>(rest: &'p [Prepared], most: usize, failed: &BTreeSet<String>) -> &'p [Prepared] {
    let Some(first) = rest.first() else { return rest };
    let fits = |at: usize| {
        let (before, one) = (&rest[..at], &rest[at]);
        let referred = one.referred();
        let waits = |name: &String| failed.contains(name) || before.iter().any(|other| other.file.name == *name);
        let same = rows_of(first).zip(rows_of(one)).is_some_and(|(first, one)| reads_same(first, one));
        same && !referred.iter().any(waits)
    };
    let more = (1..rest.len().min(most)).take_while(|at| fits(*at)).count();
    &rest[..=more]
}

/// The source whose rows `prepared` judges; none where others may not judge them at the same time: where they are the result of a
/// query, or where what they become (sums, merged rows, a pivot) must stay in memory, which then is theirs alone.
fn rows_of(prepared: &Prepared) -> Option<&Arc<Source>> {
    let resolved = &prepared.resolved;
    let may_leave_memory = matches!(
        resolved.duplicates.policy,
        DuplicatePolicy::Last | DuplicatePolicy::First | DuplicatePolicy::Newest | DuplicatePolicy::Error
    );
    let may_share = prepared.query.is_none() && resolved.pivot.is_none() && may_leave_memory;
    may_share.then(|| prepared.sources.get(crate::compile::table(resolved))).flatten()
}

impl<'p> Mappings<'p> {
    /// Judges the rows of `group` in one pass.
    async fn judge_together(
        &self,
        group: &'p [Prepared],
        keys: &BTreeMap<String, MappingKeys>,
    ) -> Vec<Going<'p, JudgedRows>> {
        let budget = room::budget(self.request.memory, self.request.threads);
        let mut known: Vec<Going<'p, Known>> = Vec::with_capacity(group.len());
        for prepared in group {
            let going = Going::new(prepared, self.watcher);
            let know = async |prepared, (), finished: &mut _, clock: &mut _| {
                self.know(prepared, keys, &budget, (finished, clock)).await
            };
            known.push(going.then(know).await);
        }
        let mut ready: Vec<Going<'p, Ready>> = Vec::with_capacity(group.len());
        for going in known {
            let get_ready =
                async |prepared, known, _: &mut _, clock: &mut _| self.ready(prepared, known, &budget, clock).await;
            ready.push(going.then(get_ready).await);
        }
        let rows: Vec<Arc<Source>> =
            ready.iter().filter_map(|one| Some(Arc::clone(&one.came_to.as_ref().ok()?.known.rows))).collect();
        let mut shares = if rows.len() > 1 { share(&rows) } else { Vec::new() }.into_iter();
        let judged = ready.into_iter().map(|going| {
            let share: Option<Share> = if going.came_to.is_ok() { shares.next() } else { None };
            going.then(async |prepared, ready, finished: &mut _, clock: &mut _| {
                self.judge_rows(prepared, ready, share, finished, clock).await
            })
        });
        join_all(judged).await
    }

    async fn settle_going(&self, going: Going<'p, JudgedRows>) -> Going<'p, SettledRows> {
        let settle = async |prepared, judged, finished: &mut _, clock: &mut _| {
            self.settle_rows(prepared, judged, finished, clock).await
        };
        going.then(settle).await
    }

    async fn write_going(&self, going: Going<'p, SettledRows>) -> Finished {
        let write = async |prepared, settled, finished: &mut _, clock: &mut _| {
            self.write_rows(prepared, settled, finished, clock).await
        };
        let Going { prepared, mut finished, clock, came_to } = going.then(write).await;
        finished.failure = came_to.err().map(|failure| failure.located(&prepared.places));
        finished.report.seconds = clock.finish();
        self.watcher.finished(&prepared.file.name);
        finished
    }
}
