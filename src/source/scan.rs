//! One pass over the files of a source, shared by all its workers: they take pieces under a lock, in file order, and
//! decode them outside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use crate::diagnostic::code;
use crate::source::definition::SourceError;
use crate::source::ledger::{FileCount, Ledger};
use crate::source::opened::{Source, Wanted};
use crate::source::piece::{Piece, Pieces};

/// Records by file number and line, ascending, none twice.
pub(super) type Positions = Arc<[(u32, u64)]>;

/// A pass over the files.
pub(super) struct Scan {
    source: Arc<Source>,
    schema: SchemaRef,
    projection: Vec<usize>,
    wanted: Option<Positions>,
    queue: Mutex<Queue>,
}

struct Queue {
    /// The next file to open, by its place in the source.
    next: usize,
    open: Option<Box<dyn Pieces>>,
    /// Pieces taken and not yet done with.
    taken: usize,
    /// All files are read.
    ended: bool,
    failed: Option<SourceError>,
    /// Rows given, of a scan that wants certain records.
    given: usize,
    found: Ledger,
}

/// A piece and the file it is of.
pub(super) struct Taken {
    file: usize,
    piece: Box<dyn Piece>,
}

impl Scan {
    /// A pass that gives the columns `projection` of the table, of all records or of the `wanted` ones.
    pub fn new(source: Arc<Source>, projection: Vec<usize>, schema: SchemaRef, wanted: Option<Positions>) -> Self {
        let found = Ledger { files: vec![FileCount::default(); source.files.len()], unreadable: Vec::new() };
        let queue = Queue { next: 0, open: None, taken: 0, ended: false, failed: None, given: 0, found };
        Self { source, schema, projection, wanted, queue: Mutex::new(queue) }
    }

    /// The next piece, or `None` when all are taken.
    pub fn take(&self) -> Result<Option<Taken>, SourceError> {
        let mut queue = self.lock();
        if let Some(error) = &queue.failed {
            return Err(error.clone());
        }
        let taken = self.advance(&mut queue);
        settle(&mut queue, taken)
    }

    /// A piece is done with: it gave `rows` rows.
    pub fn done(&self, mut taken: Taken, rows: usize) -> Result<(), SourceError> {
        let tally = taken.piece.tally();
        let mut queue = self.lock();
        let file = &mut queue.found.files[taken.file];
        file.records += tally.records;
        file.skipped += tally.skipped;
        file.unreadable += tally.unreadable.len() as u64;
        // A second pass finds the same again: only the first keeps it.
        let mut kept = Ok(());
        if self.wanted.is_none() && !self.source.is_scanned() {
            kept = self.source.may_keep(tally.unreadable.len());
            queue.found.unreadable.extend(tally.unreadable);
        }
        queue.given += rows;
        queue.taken -= 1;
        let finished = kept.and_then(|()| self.finish(&mut queue));
        settle(&mut queue, finished)
    }

    /// A worker failed: the others need not go on.
    pub fn fail(&self, error: &SourceError) {
        self.lock().failed.get_or_insert_with(|| error.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, queue: &mut Queue) -> Result<Option<Taken>, SourceError> {
        loop {
            if let Some(open) = &mut queue.open {
                let file = queue.next - 1;
                if let Some(piece) = open.next()? {
                    queue.taken += 1;
                    return Ok(Some(Taken { file, piece }));
                }
                let ending = open.ending();
                let count = &mut queue.found.files[file];
                count.skipped += ending.skipped;
                count.footer = ending.footer;
                count.footer_missing = ending.footer_missing;
                count.index = ending.index.into();
                count.next_line = ending.next_line;
                queue.open = None;
            }
            let Some(file) = self.source.files.get(queue.next) else {
                if !queue.ended {
                    queue.ended = true;
                    self.source.check_unchanged()?;
                }
                self.finish(queue)?;
                return Ok(None);
            };
            queue.next += 1;
            let wanted = match &self.wanted {
                None => None,
                Some(wanted) if self.source.trace.is_some() => Some(Wanted::From(Arc::clone(wanted))),
                Some(wanted) => match wanted_of(wanted, file.number) {
                    lines if lines.is_empty() => continue,
                    lines => Some(Wanted::Lines(lines)),
                },
            };
            queue.open = Some(self.source.open_file(queue.next - 1, &self.projection, &self.schema, wanted)?);
        }
    }

    /// When nothing is left to be read or decoded: keeps what was found.
    fn finish(&self, queue: &mut Queue) -> Result<(), SourceError> {
        if !queue.ended || queue.taken > 0 || queue.failed.is_some() {
            return Ok(());
        }
        match &self.wanted {
            None => {
                self.source.keep(&mut queue.found);
                Ok(())
            }
            Some(wanted) if queue.given < wanted.len() && self.source.trace.is_none() => Err(SourceError::new(
                &code::SOURCE_CHANGED,
                &self.source.name,
                format!("{} of {} records are no longer there", wanted.len() - queue.given, wanted.len()),
            )),
            Some(_) => Ok(()),
        }
    }
}

/// A pass that is broken off leaves what it met.
impl Drop for Scan {
    fn drop(&mut self) {
        let queue = self.queue.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.wanted.is_none() && !queue.ended {
            let mut met = self.source.met.lock().unwrap_or_else(PoisonError::into_inner);
            *met = std::mem::take(&mut queue.found.unreadable);
        }
    }
}

/// Remembers an error, so that every worker stops with it.
fn settle<T>(queue: &mut Queue, result: Result<T, SourceError>) -> Result<T, SourceError> {
    if let Err(error) = &result {
        queue.failed.get_or_insert_with(|| error.clone());
    }
    result
}

/// The lines wanted of `file`.
pub(super) fn wanted_of(wanted: &[(u32, u64)], file: u32) -> Arc<[u64]> {
    let from = wanted.partition_point(|(other, _)| *other < file);
    let to = wanted.partition_point(|(other, _)| *other <= file);
    wanted[from..to].iter().map(|(_, line)| *line).collect()
}

/// One worker of a scan: its batches, rows ascending by file and line.
pub(super) struct Worker {
    scan: Arc<Scan>,
    taken: Option<Taken>,
    rows: usize,
    ended: bool,
}

impl Worker {
    /// One more worker of `scan`.
    pub fn new(scan: Arc<Scan>) -> Self {
        Self { scan, taken: None, rows: 0, ended: false }
    }

    /// What it reads.
    pub fn source(&self) -> &Arc<Source> {
        &self.scan.source
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        loop {
            if let Some(taken) = &mut self.taken {
                match taken.piece.next_batch()? {
                    Some(batch) => {
                        self.rows += batch.num_rows();
                        if batch.num_rows() > 0 {
                            return Ok(Some(batch));
                        }
                        continue;
                    }
                    None => {
                        if let Some(taken) = self.taken.take() {
                            self.scan.done(taken, std::mem::take(&mut self.rows))?;
                        }
                    }
                }
            }
            self.taken = self.scan.take()?;
            if self.taken.is_none() {
                return Ok(None);
            }
        }
    }
}

/// A piece that nobody wants the rest of has met what it has met.
impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            // What is wrong with the file is of no concern any more.
            let _ = self.scan.done(taken, 0);
        }
    }
}

impl Iterator for Worker {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance();
        if let Err(error) = &next {
            self.scan.fail(error);
        }
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}
