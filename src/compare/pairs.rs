//! The second pass: which row of one table belongs to which of the other, and which of them must be looked at.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering as Memory};

use crate::compare::scan::{NOTE, Note, Place};
use crate::compare::spill::Spill;
use crate::compare::{CompareError, Comparison};

/// Bytes of a pair on disk.
const PAIR: usize = 16;

/// No row on this side; behind all places.
const NONE: u64 = u64::MAX;

/// Rows that belong together and may differ.
pub(super) struct Pairs {
    /// Each part in the order of the new table; rows that are gone stand last, in the order of the old one.
    found: Spill,
    /// Rows with equal hashes.
    pub same: u64,
    /// Rows whose key stands again further down, before and now.
    pub repeated: (u64, u64),
}

/// What one part adds to the figures.
#[derive(Default)]
struct Figures {
    same: u64,
    repeated: (u64, u64),
}

impl Pairs {
    /// Matches the rows behind two lists of notes.
    pub(super) fn find(
        before: &Spill,
        now: &Spill,
        comparison: &Comparison<'_>,
        has_key: bool,
    ) -> Result<Self, CompareError> {
        let parts = now.count();
        let (found, next) = (Mutex::new(Spill::create(comparison.scratch, parts)?), AtomicUsize::new(0));
        let work = || -> io::Result<Figures> {
            let mut figures = Figures::default();
            loop {
                let part = next.fetch_add(1, Memory::Relaxed);
                if part >= parts || (comparison.is_stopped)() {
                    return Ok(figures);
                }
                let mut pairs = Vec::new();
                let (old, new) = (notes(before, part)?, notes(now, part)?);
                matched(&old, &new, has_key, &mut pairs, &mut figures);
                drop((old, new));
                pairs.sort_unstable();
                let mut found = found.lock().unwrap_or_else(|poison| poison.into_inner());
                for (now, before) in pairs {
                    let mut bytes = [0; PAIR];
                    bytes[..8].copy_from_slice(&now.to_le_bytes());
                    bytes[8..].copy_from_slice(&before.to_le_bytes());
                    found.add(part, &bytes)?;
                }
            }
        };
        let all = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..comparison.threads.max(1)).map(|_| scope.spawn(work)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, io::Result<Figures>>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(join).collect::<io::Result<Vec<Figures>>>()
        });
        if (comparison.is_stopped)() {
            return Err(CompareError::Stopped);
        }
        let all = all.map_err(CompareError::file(comparison.scratch))?;
        let found = found.into_inner().unwrap_or_else(|poison| poison.into_inner());
        let sum = |of: fn(&Figures) -> u64| all.iter().map(of).sum();
        Ok(Self { found, same: sum(|one| one.same), repeated: (sum(|one| one.repeated.0), sum(|one| one.repeated.1)) })
    }

    /// All pairs, before and now, in the order in which they are told.
    pub(super) fn ordered(&self) -> io::Result<Ordered<'_>> {
        let mut ordered = Ordered { found: &self.found, runs: Vec::new(), heap: BinaryHeap::new() };
        for part in 0..self.found.count() {
            ordered.runs.push(Run { part, chunk: 0, bytes: Vec::new(), at: 0 });
            ordered.refill(part)?;
        }
        Ok(ordered)
    }
}

fn notes(spill: &Spill, part: usize) -> io::Result<Vec<Note>> {
    let bytes = spill.read(part)?;
    let (notes, _) = bytes.as_chunks::<NOTE>();
    let mut notes: Vec<Note> = notes.iter().map(Note::read).collect();
    notes.sort_unstable();
    Ok(notes)
}

/// Matches two sorted lists.
fn matched(old: &[Note], new: &[Note], has_key: bool, pairs: &mut Vec<(u64, u64)>, figures: &mut Figures) {
    let (mut old, mut new) = (old, new);
    loop {
        let order = match (old.first(), new.first()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.key.cmp(&other.key),
        };
        let (before, now) = match order {
            Ordering::Less => (group(&mut old), &[][..]),
            Ordering::Greater => (&[][..], group(&mut new)),
            Ordering::Equal => (group(&mut old), group(&mut new)),
        };
        if has_key {
            figures.repeated.0 += before.len().saturating_sub(1) as u64;
            figures.repeated.1 += now.len().saturating_sub(1) as u64;
            match (before.last(), now.last()) {
                (Some(one), Some(other)) if one.row == other.row => figures.same += 1,
                (one, other) => pairs.push((place(other), place(one))),
            }
        } else {
            let common = before.len().min(now.len());
            figures.same += common as u64;
            pairs.extend(now[common..].iter().map(|note| (note.place.0, NONE)));
            pairs.extend(before[common..].iter().map(|note| (NONE, note.place.0)));
        }
    }
}

fn place(note: Option<&Note>) -> u64 {
    note.map_or(NONE, |note| note.place.0)
}

/// Takes the notes off the list that have the key of the first.
fn group<'n>(notes: &mut &'n [Note]) -> &'n [Note] {
    let key = notes.first().map(|note| note.key);
    let length = notes.iter().position(|note| Some(note.key) != key).unwrap_or(notes.len());
    let (group, rest) = notes.split_at(length);
    *notes = rest;
    group
}

/// Goes through the pairs of all parts in one order.
pub(super) struct Ordered<'a> {
    found: &'a Spill,
    runs: Vec<Run>,
    heap: BinaryHeap<Reverse<(u64, u64, usize)>>,
}

struct Run {
    part: usize,
    chunk: usize,
    bytes: Vec<u8>,
    at: usize,
}

impl Ordered<'_> {
    /// The next rows that belong together: before, now.
    pub(super) fn next(&mut self) -> io::Result<Option<(Option<Place>, Option<Place>)>> {
        let Some(Reverse((now, before, run))) = self.heap.pop() else { return Ok(None) };
        self.refill(run)?;
        let place = |place: u64| (place != NONE).then_some(Place(place));
        Ok(Some((place(before), place(now))))
    }

    /// Puts the next pair of a run on the heap.
    fn refill(&mut self, number: usize) -> io::Result<()> {
        let run = &mut self.runs[number];
        if run.at == run.bytes.len() {
            if !self.found.chunk(run.part, run.chunk, &mut run.bytes)? {
                return Ok(());
            }
            (run.at, run.chunk) = (0, run.chunk + 1);
        }
        let pair = &run.bytes[run.at..run.at + PAIR];
        let number_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| pair[at + byte]));
        self.heap.push(Reverse((number_at(0), number_at(8), number)));
        run.at += PAIR;
        Ok(())
    }
}
