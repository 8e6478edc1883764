//! What a cluster was asked for, and where the time went.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};

use crate::output::{ClusterReport, Ordered};

/// Counted while jobs run; lanes of a job count side by side.
#[derive(Debug, Default)]
pub struct Spent {
    tasks: AtomicU64,
    again: AtomicU64,
    bytes: AtomicU64,
    executors: AtomicU64,
    fetching: AtomicU64,
    checking: AtomicU64,
    taking: AtomicU64,
    stages: Mutex<Vec<(&'static str, Duration)>>,
}

/// Something that takes this machine's time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spending {
    /// A result is unpacked; not: it is waited for.
    Fetching,
    /// What has arrived is hashed and checked; what is taken in meanwhile counts too.
    Checking,
    /// It is taken in, by one at a time.
    Taking,
}

impl Spent {
    /// A task is done, which took an executor so long.
    pub(super) fn task(&self, seconds: f64) {
        self.tasks.fetch_add(1, Ordering::Relaxed);
        self.executors.fetch_add(nanoseconds(Duration::from_secs_f64(seconds.max(0.0))), Ordering::Relaxed);
    }

    /// So many tasks are handed in again.
    pub(super) fn again(&self, tasks: u64) {
        self.again.fetch_add(tasks, Ordering::Relaxed);
    }

    /// Some of a result has arrived.
    pub(super) fn arrived(&self, batch: &RecordBatch) {
        let bytes = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_default() as u64;
        self.bytes.fetch_add(batch.columns().iter().map(bytes).sum(), Ordering::Relaxed);
    }

    /// Does `work`, and counts how long it takes.
    pub(super) fn during<T>(&self, kind: Spending, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        let sum = match kind {
            Spending::Fetching => &self.fetching,
            Spending::Checking => &self.checking,
            Spending::Taking => &self.taking,
        };
        sum.fetch_add(nanoseconds(began.elapsed()), Ordering::Relaxed);
        done
    }

    /// The stage `name` began at `began` and is over; the next begins now.
    pub(super) fn stage(&self, name: &'static str, began: Instant) -> Instant {
        let now = Instant::now();
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).push((name, now - began));
        now
    }

    /// All of it; none where nothing was asked for.
    pub fn report(&self) -> Option<ClusterReport> {
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        if stages.is_empty() {
            return None;
        }
        let checking = count(&self.checking).saturating_sub(count(&self.taking));
        let sums = [("executors", count(&self.executors)), ("fetching", count(&self.fetching)), ("checking", checking)];
        let sums = sums.into_iter().chain([("taking in", count(&self.taking))]);
        let sums: Vec<(&str, Duration)> = sums.map(|(name, sum)| (name, Duration::from_nanos(sum))).collect();
        let seconds = |(name, took): &(&str, Duration)| ((*name).to_owned(), (took.as_secs_f64() * 1e3).round() / 1e3);
        Some(ClusterReport {
            tasks: count(&self.tasks),
            handed_in_again: count(&self.again),
            bytes: count(&self.bytes),
            seconds: Ordered(stages.iter().map(seconds).collect()),
            work: Ordered(sums.iter().map(seconds).collect()),
        })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::UInt64Array;

    use super::*;

    #[test]
    fn what_lanes_count_side_by_side_is_summed() {
        let spent = Spent::default();
        assert_eq!(spent.report(), None);
        let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(0..100));
        let batch = RecordBatch::try_from_iter([("numbers", numbers.slice(7, 5))]).unwrap();
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    spent.task(0.25);
                    spent.arrived(&batch);
                    spent.during(Spending::Checking, || {
                        std::thread::sleep(Duration::from_millis(10));
                        spent.during(Spending::Taking, || std::thread::sleep(Duration::from_millis(20)));
                    });
                });
            }
        });
        spent.again(3);
        spent.stage("judge", began);
        let report = spent.report().unwrap();
        assert_eq!((report.tasks, report.handed_in_again, report.bytes), (4, 3, 4 * 40));
        assert_eq!(report.work.get("executors"), Some(&1.0));
        let work = |name: &str| *report.work.get(name).unwrap();
        assert!(work("taking in") >= 0.08 && work("checking") >= 0.04 && work("fetching") == 0.0);
        assert!(*report.seconds.get("judge").unwrap() >= 0.03);
    }
}
