//! A table of faults: every kind at every kind of request, several at a time.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::proxy::{Fault, Verb};

/// A request, with what tells one use of a verb from another: part of its URL, and how many like it come before.
pub type Request = (Verb, &'static str, usize);

/// A cell of the table.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub verb: Verb,
    pub fault: Fault,
    /// Part of the URL it is about; the same verb serves several ends.
    pub only: &'static str,
    pub skip: usize,
    /// It goes on and on.
    pub lasting: bool,
}

const PASSING: &[Fault] = &[
    Fault::Refuse,
    Fault::ResetBefore,
    Fault::ResetMid,
    Fault::ResetAfter,
    Fault::Truncated,
    Fault::Stall,
    Fault::Status(500, "InternalError"),
    Fault::Status(503, "SlowDown"),
    Fault::Status(429, "TooManyRequests"),
    Fault::LostAnswer,
];

/// These do not pass by themselves, even if they come once.
pub const REFUSING: &[Fault] = &[Fault::Status(403, "AccessDenied"), Fault::Status(400, "ExpiredToken")];

impl Case {
    /// How many requests suffer.
    pub fn times(&self) -> usize {
        if self.lasting { usize::MAX } else { 1 }
    }
}

/// Every fault at each of `requests`.
pub fn cases(requests: &[Request]) -> Vec<Case> {
    let mut cases = Vec::new();
    for &(verb, only, skip) in requests {
        for &fault in PASSING {
            cases.push(Case { verb, fault, only, skip, lasting: false });
            cases.push(Case { verb, fault, only, skip, lasting: true });
        }
        for &fault in REFUSING {
            cases.push(Case { verb, fault, only, skip, lasting: true });
        }
        if verb == Verb::Complete {
            for lasting in [false, true] {
                cases.push(Case { verb, fault: Fault::ErrorIn200, only, skip, lasting });
            }
        }
    }
    cases
}

/// Judges all `cases`, `threads` at a time (most of the time they wait), by `judge`, which is told the number too; returns how many
/// ended how, and fails with what is wrong.
#[must_use]
pub fn judge_all<E: Ord + Debug + Copy + Send>(
    cases: &[Case],
    threads: usize,
    judge: impl Fn(Case, usize) -> Result<E, String> + Sync,
) -> String {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&case) = cases.get(number) else { return };
                    let ended = judge(case, number);
                    results.lock().unwrap().push((case, ended));
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    let mut counts: BTreeMap<(bool, Verb, E), usize> = BTreeMap::new();
    for (case, ended) in &results {
        if let Ok(ended) = ended {
            *counts.entry((case.lasting, case.verb, *ended)).or_default() += 1;
        }
    }
    let mut table = format!("{} cases\n", results.len());
    for ((lasting, verb, ended), count) in counts {
        let _ = writeln!(table, "{} {verb:?} {ended:?} {count}", if lasting { "lasting" } else { "passing" });
    }
    let wrong: Vec<&str> = results.iter().filter_map(|(_, ended)| ended.as_ref().err()).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), results.len(), wrong.concat());
    table
}
