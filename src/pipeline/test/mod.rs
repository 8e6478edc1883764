//! `tanguero test`: a mapping's own tests, each a run of it whose sources are replaced by given rows.
//!
//! `find` lists test files; `given` and `stand_in` put a case's rows in the place of the sources; `observe` runs the mapping as
//! `tanguero run` would, and reads what it left; `compare` says what differs; `update` writes the difference into the file.

mod compare;
mod create;
mod find;
mod given;
mod observe;
mod stand_in;
mod update;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::{Date, date};

use crate::diagnostic::{Diagnostic, Stage, Texts, code};
use crate::pipeline::{PreviewRequest, Situation, Stop};

pub use compare::{CellDifference, Difference, Table};
use find::{Found, TestPlan};

/// "Now" of a case that names no day.
pub const DEFAULT_DAY: Date = date(2026, 1, 1);

/// What `tanguero test` is asked to do.
#[derive(Debug, Clone)]
pub struct TestRequest {
    /// Mappings, test files and folders; none: `mappings/` of the project.
    pub paths: Vec<PathBuf>,
    /// Write what comes out into the cases that fail.
    pub update: bool,
    /// So many cases run at once, each with this much memory. A case has a day, an environment and variables of its own.
    pub given: Situation,
}

/// How the tests went.
#[derive(Debug)]
pub struct TestOutcome {
    /// By test file, in byte order of their paths.
    pub files: Vec<TestedFile>,
    /// Mappings that have no tests, as shown.
    pub without: Vec<String>,
}

/// The cases of one test file.
#[derive(Debug)]
pub struct TestedFile {
    /// The mapping's name.
    pub mapping: String,
    /// The test file, as shown.
    pub shown: String,
    /// What is wrong with the test file itself; then none of its cases ran.
    pub mistakes: Vec<Diagnostic>,
    /// Its cases, in the order of the file.
    pub cases: Vec<TestedCase>,
    /// The texts that diagnostics point into.
    pub texts: Texts,
}

/// How one case went.
#[derive(Debug, Default)]
pub struct TestedCase {
    /// Its name.
    pub name: String,
    /// The line of the test file on which it begins.
    pub line: usize,
    /// What is wrong with what it gives or expects.
    pub mistakes: Vec<Diagnostic>,
    /// What the run said that was not expected.
    pub unexpected: Vec<Diagnostic>,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The test file now expects what came out.
    pub updated: bool,
}

impl TestedCase {
    /// Everything was as expected.
    pub fn passed(&self) -> bool {
        self.mistakes.is_empty() && self.differences.is_empty()
    }
}

/// Runs the tests of `request`.
///
/// # Errors
/// Wrong usage: a path that is not there, a mapping named without tests; the temporary folder cannot be used.
pub fn test(request: &TestRequest, stop: &Stop) -> Result<TestOutcome, String> {
    let Found { mut plans, without } = find::find(request)?;
    let jobs: Vec<(usize, usize)> = (0..plans.len())
        .flat_map(|plan| {
            (0..plans[plan].file.as_ref().map_or(0, |file| file.cases.len())).map(move |case| (plan, case))
        })
        .collect();
    let done: Mutex<Vec<(usize, usize, observe::Seen)>> = Mutex::new(Vec::with_capacity(jobs.len()));
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(&(plan, case)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.is_asked() {
                break;
            }
            let seen = observe::case(&plans[plan], case, request, stop);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((plan, case, seen));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..request.given.threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(plan, case, _)| (*plan, *case));
    let mut seen: Vec<Vec<observe::Seen>> = plans.iter().map(|_| Vec::new()).collect();
    done.into_iter().for_each(|(plan, _, one)| seen[plan].push(one));
    let mut files = Vec::with_capacity(plans.len());
    for (plan, seen) in plans.iter_mut().zip(seen) {
        files.push(finish(plan, seen, request.update)?);
    }
    Ok(TestOutcome { files, without })
}

/// Drafts the test file of `request.mapping` from its real sources, with what comes of `request.count` records; its path.
///
/// # Errors
/// In words: a file that is there already, a mapping that cannot run, a query whose rows have no records of their own.
pub fn create_test(request: &PreviewRequest, stop: &Stop) -> Result<PathBuf, String> {
    let path = create::draft(request, stop)?;
    let tests = TestRequest {
        paths: vec![path.clone()],
        update: true,
        given: Situation { threads: 1, ..request.given.clone() },
    };
    let outcome = test(&tests, stop)?;
    let case = outcome.files.first().and_then(|file| file.cases.first());
    match case.filter(|case| case.updated) {
        Some(_) => Ok(path),
        None => Err(format!("`{}` was drafted, but `tanguero test` has something to say about it", path.display())),
    }
}

/// Judges what the cases of one file gave, and updates the file.
fn finish(plan: &mut TestPlan, seen: Vec<observe::Seen>, update: bool) -> Result<TestedFile, String> {
    let mut texts = std::mem::take(&mut plan.texts);
    let cases = plan.file.iter().flat_map(|file| &file.cases);
    let mut tested = Vec::new();
    let mut rewritten = Vec::new();
    for (case, seen) in cases.zip(&seen) {
        let (line, _) = crate::diagnostic::line_and_column(&plan.text, case.name.span.start);
        let mut one = compare::judge(plan, case, seen);
        (one.name, one.line) = (case.name.value.clone(), line);
        // A mapping that is wrong is not what anybody expects.
        let sound =
            one.unexpected.iter().all(|found| found.code.stage == Stage::Run && found.code.id != code::WORLD.id);
        if let (true, false, true, Some(observed)) = (update, one.passed(), sound, &seen.observed) {
            rewritten.push((case, observed));
            one.updated = true;
        }
        texts.extend(seen.texts.clone());
        tested.push(one);
    }
    if !rewritten.is_empty() {
        let text = update::rewrite(&plan.text, &rewritten);
        update::replace(&plan.path, &text).map_err(|error| format!("`{}` cannot be written: {error}", plan.shown))?;
    }
    Ok(TestedFile {
        mapping: plan.name.clone(),
        shown: plan.shown.clone(),
        mistakes: std::mem::take(&mut plan.mistakes),
        cases: tested,
        texts,
    })
}
