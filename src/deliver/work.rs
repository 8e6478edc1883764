//! The delivery itself: what is left to do, and doing it, one step after the other.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::deliver::memory::{Memory, TriggerState};
use crate::deliver::place::Place;
use crate::diagnostic::{Diagnostic, code};
use crate::output::{Delivery, DeliveryAnswer, OutputError, OutputFile, Problem, RemoteFolder, Staged};
use crate::store::scrub;
use crate::web::{self, Call, Method, Reason};

/// So often one file is tried at one place.
const TRIES: usize = 3;

/// An entry of `deliver:`.
#[derive(Debug)]
pub struct Entry {
    /// What its trigger is remembered by.
    pub key: String,
    /// Whose files; none: everybody's.
    pub mappings: Option<Vec<String>>,
    /// Where they go.
    pub places: Vec<Place>,
    /// What is called when they are there.
    pub trigger: Option<Trigger>,
}

/// A call that starts Totango's import.
pub struct Trigger {
    /// Its host, for people.
    pub shown: String,
    /// Whole.
    pub url: String,
    /// The header's name, in lower case, and its value.
    pub header: Option<(String, String)>,
    /// Otherwise it is `GET`.
    pub post: bool,
    /// Unencrypted is meant.
    pub allow_http: bool,
}

impl std::fmt::Debug for Trigger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trigger").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A file that stands in the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub mapping: String,
    /// The file.
    pub file: OutputFile,
}

/// A file whose bytes lie on this machine and do not change.
#[derive(Debug)]
pub struct Ready {
    /// Whose.
    pub mapping: String,
    /// The bytes.
    pub staged: Staged,
}

impl Entry {
    /// Whether files of `mapping` are meant.
    pub fn takes(&self, mapping: &str) -> bool {
        self.mappings.as_ref().is_none_or(|mappings| mappings.iter().any(|name| name == mapping))
    }
}

/// Which of `standing` has not arrived where `entry` wants it: positions in its places and in `standing`.
pub fn pending(entry: &Entry, standing: &[Standing], memory: &Memory) -> Vec<(usize, usize)> {
    let mut left = Vec::new();
    for (at, place) in entry.places.iter().enumerate() {
        let files = standing.iter().enumerate().filter(|(_, one)| entry.takes(&one.mapping));
        left.extend(files.filter(|(_, one)| !memory.has(&place.key, &one.file)).map(|(number, _)| (at, number)));
    }
    left
}

/// Whether the trigger of `entry` is to be called, and if it was: whether nobody knows how that ended.
pub fn owed(entry: &Entry, memory: &Memory) -> (bool, bool) {
    let state = entry.trigger.as_ref().and_then(|_| memory.trigger(&entry.key)).map(|kept| kept.state);
    (state == Some(TriggerState::Owed), matches!(state, Some(TriggerState::Unknown | TriggerState::Calling)))
}

/// What a delivery works with.
pub struct Delivering<'a> {
    /// All entries.
    pub entries: &'a [Entry],
    /// Files, in order.
    pub standing: &'a [Standing],
    /// The bytes of those that have not arrived everywhere.
    pub ready: &'a [Ready],
    /// What was done before.
    pub memory: &'a mut Memory,
    /// The run.
    pub run_id: &'a str,
    /// A wish to stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Triggers of which nobody knows how they ended are called again.
    pub call_again: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was done, and what not.
    pub steps: Vec<Delivery>,
    /// What failed.
    pub problems: Vec<Diagnostic>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
    /// It was stopped.
    pub interrupted: bool,
}

/// Delivers what is left to deliver. One place that fails keeps no other one waiting; a trigger is called when all its entry's
/// files have arrived.
///
/// # Errors
/// If it cannot be remembered what was done: nothing further is.
pub async fn deliver(mut work: Delivering<'_>) -> Result<Outcome, OutputError> {
    let mut outcome = Outcome::default();
    for entry in work.entries {
        let mut down: BTreeSet<usize> = BTreeSet::new();
        for (at, number) in pending(entry, work.standing, work.memory) {
            let place = &entry.places[at];
            let file = &work.standing[number].file;
            if outcome.interrupted || (work.stop)() {
                outcome.interrupted = true;
                outcome.steps.push(left(place, file));
                continue;
            }
            if down.contains(&at) {
                outcome.steps.push(left(place, file));
                continue;
            }
            let found = work.ready.iter().find(|ready| ready.staged.file == *file);
            let Some(ready) = found else {
                outcome.steps.push(left(place, file));
                continue;
            };
            let step = work.copy(place, &ready.mapping, &ready.staged).await?;
            if let Some(diagnostic) = step.1 {
                down.insert(at);
                outcome.problems.push(diagnostic);
            } else if !step.0.answer.is_good() {
                outcome.interrupted = true;
            }
            outcome.steps.push(step.0);
        }
        let complete = pending(entry, work.standing, work.memory).is_empty();
        if let Some(trigger) = &entry.trigger {
            work.trigger(entry, trigger, complete, &mut outcome).await?;
        }
    }
    Ok(outcome)
}

fn left(place: &Place, file: &OutputFile) -> Delivery {
    Delivery {
        place: scrub(&place.shown),
        file: file.file.clone(),
        bytes: file.bytes,
        xxh3: file.xxh3.clone(),
        answer: DeliveryAnswer::NotTried,
        ..Delivery::default()
    }
}

impl Delivering<'_> {
    /// One file to one place; the diagnostic if it failed.
    async fn copy(
        &mut self,
        place: &Place,
        mapping: &str,
        staged: &Staged,
    ) -> Result<(Delivery, Option<Diagnostic>), OutputError> {
        let began = Instant::now();
        let file = &staged.file;
        let mut step = left(place, file);
        let done = loop {
            step.tries += 1;
            match self.attempt(place, staged).await {
                Err(error) if error.is_transient() && step.tries < TRIES && !(self.stop)() => {
                    RemoteFolder::breathe(step.tries).await;
                }
                done => break done,
            }
        };
        step.seconds = began.elapsed().as_secs_f64();
        match done {
            Ok(answer) => {
                step.answer = answer;
                let owing: Vec<&str> = (self.entries.iter())
                    .filter(|entry| entry.trigger.is_some() && entry.takes(mapping))
                    .filter(|entry| entry.places.iter().any(|one| one.key == place.key))
                    .map(|entry| entry.key.as_str())
                    .collect();
                self.memory.arrived((&place.key, &scrub(&place.shown)), file, &owing, self.run_id)?;
                Ok((step, None))
            }
            Err(OutputError::Interrupted) => Ok((step, None)),
            Err(error) => {
                step.answer = DeliveryAnswer::Failed;
                let message = scrub(&format!("`{}` was not delivered to {}: {error}", file.file, place.shown));
                step.problem = Some(Problem { code: code::DELIVER_FAILED.id.to_owned(), message: message.clone() });
                let diagnostic = Diagnostic::error(&code::DELIVER_FAILED, message);
                let diagnostic = match &error {
                    OutputError::Store(store) if !store.is_transient() => diagnostic.help(store.help.clone()),
                    _ => diagnostic,
                };
                Ok((step, Some(diagnostic.help(code::DELIVER_FAILED.cure))))
            }
        }
    }

    async fn attempt(&mut self, place: &Place, staged: &Staged) -> Result<DeliveryAnswer, OutputError> {
        // Sent by a run that was killed before it could say so, or by somebody else: Totango has it already.
        if place.has(&staged.file).await? {
            return Ok(DeliveryAnswer::There);
        }
        let shown = scrub(&place.shown);
        let name = &staged.file.file;
        if let Some(id) = self.memory.left_open(&place.key, name) {
            place.close(name, &id).await?;
            self.memory.opened((&place.key, &shown), name, None)?;
        }
        let memory = Mutex::new(&mut *self.memory);
        let mut opened = |id: Option<&str>| {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.opened((&place.key, &shown), name, id)
        };
        place.put(staged, &mut opened, self.stop).await?;
        Ok(DeliveryAnswer::Delivered)
    }

    async fn trigger(
        &mut self,
        entry: &Entry,
        trigger: &Trigger,
        complete: bool,
        outcome: &mut Outcome,
    ) -> Result<(), OutputError> {
        let (owed, unknown) = owed(entry, self.memory);
        let what = format!("the trigger at {}", trigger.shown);
        let mut step = Delivery { place: what.clone(), answer: DeliveryAnswer::NotTried, ..Delivery::default() };
        if unknown && !self.call_again {
            let since = self.memory.trigger(&entry.key).map(|kept| kept.at.clone()).unwrap_or_default();
            let message = format!("whether {what} was taken at {since} is not known: it is not called again by itself");
            step.answer = DeliveryAnswer::Unknown;
            step.problem = Some(Problem { code: code::TRIGGER_OPEN.id.to_owned(), message: message.clone() });
            outcome.warnings.push(Diagnostic::warning(&code::TRIGGER_OPEN, message).help(code::TRIGGER_OPEN.cure));
            outcome.steps.push(step);
            return Ok(());
        }
        if !owed && !unknown {
            return Ok(());
        }
        if !complete || outcome.interrupted || (self.stop)() {
            outcome.steps.push(step);
            return Ok(());
        }
        let began = Instant::now();
        // Written before the call: whoever is killed in it leaves the doubt, not a second call.
        self.memory.called(&entry.key, TriggerState::Calling, self.run_id)?;
        let done = web::call(&trigger.call(what), &web::PATIENCE).await;
        step.seconds = began.elapsed().as_secs_f64();
        let state = match done {
            Ok(answer) => {
                (step.tries, step.status, step.answer) = (answer.tries, Some(answer.status), DeliveryAnswer::Answered);
                TriggerState::Answered
            }
            Err(error) => {
                let unknown = error.reason == Reason::Unknown;
                (step.tries, step.status) = (error.tries, error.status);
                step.answer = if unknown { DeliveryAnswer::Unknown } else { DeliveryAnswer::Failed };
                step.problem = Some(Problem { code: error.code().id.to_owned(), message: error.message.clone() });
                let again = if unknown {
                    "it is not called again by itself: look in Totango whether the import ran, else `tanguero deliver --call-again`"
                } else {
                    "the files have arrived; the next run or `tanguero deliver` calls it again"
                };
                let diagnostic = Diagnostic::error(error.code(), error.message.clone());
                outcome.problems.push(diagnostic.help(error.help.clone()).help(again));
                if unknown { TriggerState::Unknown } else { TriggerState::Owed }
            }
        };
        self.memory.called(&entry.key, state, self.run_id)?;
        outcome.steps.push(step);
        Ok(())
    }
}

impl Trigger {
    fn call(&self, what: String) -> Call {
        let headers = self.header.iter().map(|(name, value)| (named(name), value.clone())).collect();
        Call {
            what,
            method: if self.post { Method::Post } else { Method::Get },
            url: self.url.clone(),
            headers,
            body: Vec::new(),
            // Whatever its method, it starts an import.
            repeatable: false,
            allow_http: self.allow_http,
        }
    }
}

/// A header's name for as long as the process lasts: calls name theirs in the program's own text. Each is kept once.
fn named(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}
