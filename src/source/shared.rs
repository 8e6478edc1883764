//! One pass over files that several plans read: each piece is decoded once, with the columns that any of them wants, and
//! given to all of them before the next one is.
//!
//! The workers of the plans that stand at the same partition meet in a lane. Whoever comes last for the next batch
//! decodes it, so that no batch waits, none is held longer than it is looked at, and it is judged while it is still in the
//! processor's cache. A plan that ends early, or fails, leaves its lanes, and the others go on without it. No lane waits
//! for another, and a plan that reads here does nothing but pass rows on: nobody waits for somebody who waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef, UInt32Type};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ChildrenPropertiesMode, ExecutionPlan, ReplaceChildrenOptions};

use crate::source::definition::SourceError;
use crate::source::opened::{Source, SourceFile};
use crate::source::piece::Origin;
use crate::source::scan::{Scan, Worker};
use crate::source::table::SourceExec;

/// One plan's part in a pass. Dropped, the others read without it.
pub struct Share {
    pass: Arc<Pass>,
    source: Arc<Source>,
}

/// Whether a pass over `one` gives what a pass over `other` gives: the same files, read in the same way.
pub fn reads_same(one: &Source, other: &Source) -> bool {
    let (Some(definition), Some(others)) = (&one.definition, &other.definition) else { return false };
    let same = |(one, other): (&SourceFile, &SourceFile)| {
        one.stamp == other.stamp && one.shown == other.shown && one.input.is_same(&other.input)
    };
    definition.reads_like(others)
        && one.files.len() == other.files.len()
        && one.files.iter().zip(&other.files).all(same)
}

/// A pass that plans over `sources` share, which must all [read the same](reads_same); a share for each of them. The pass
/// begins when every share is used or dropped.
pub fn share(sources: &[Arc<Source>]) -> Vec<Share> {
    let state =
        State { undecided: sources.len(), readers: Vec::new(), lanes: Vec::new(), waiting: Vec::new(), takes: None };
    let pass = Arc::new(Pass { state: Mutex::new(state) });
    sources.iter().map(|source| Share { pass: Arc::clone(&pass), source: Arc::clone(source) }).collect()
}

impl Share {
    /// `plan` as a reader of the pass. A plan that does more than to pass on the rows of this source stays as it is, and
    /// reads alone: what it waits for is not known here.
    pub fn read_by(self, plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        self.reading(&plan).unwrap_or(plan)
    }

    fn reading(&self, plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
        if let Some(source) = plan.downcast_ref::<SourceExec>() {
            return Some(Arc::new(source.sharing(self)?));
        }
        let (true, [child]) = (plan.is::<ProjectionExec>() || plan.is::<FilterExec>(), &plan.children()[..]) else {
            return None;
        };
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        Arc::clone(plan).replace_children(vec![self.reading(child)?], options).ok()
    }

    /// Whether it is a share in a pass over `source`.
    pub(super) fn is_of(&self, source: &Arc<Source>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }

    /// Readers of the columns `projection` of the table, one for each partition.
    pub(super) fn readers(&self, projection: &[usize], schema: &SchemaRef, partitions: usize) -> Vec<Reader> {
        let mut state = self.pass.lock();
        let number = state.readers.len();
        state.readers.push(Wish { source: Arc::clone(&self.source), projection: projection.to_vec() });
        let lanes = partitions.max(state.lanes.len());
        state.lanes.resize_with(lanes, Lane::default);
        state.lanes.iter_mut().take(partitions).for_each(|lane| lane.readers += 1);
        let reader = |partition| Reader {
            pass: Arc::clone(&self.pass),
            number,
            partition,
            schema: Arc::clone(schema),
            seen: 0,
            asks: false,
        };
        (0..partitions).map(reader).collect()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut state = self.pass.lock();
        state.undecided -= 1;
        if state.undecided == 0 {
            state.waiting.drain(..).for_each(Waker::wake);
        }
    }
}

/// The pass itself.
struct Pass {
    state: Mutex<State>,
}

struct State {
    /// Shares that are neither used nor dropped.
    undecided: usize,
    readers: Vec<Wish>,
    lanes: Vec<Lane>,
    /// Who waits for the pass to begin.
    waiting: Vec<Waker>,
    /// Once the pass has begun: what each reader takes of a batch.
    takes: Option<Vec<Arc<[Take]>>>,
}

/// What one plan wants.
struct Wish {
    source: Arc<Source>,
    projection: Vec<usize>,
}

/// A column of one plan.
enum Take {
    /// That of the pass with this place.
    Column(usize),
    /// `_file`: its own numbers, by the file's place in the source, which the column of the pass with this place holds.
    File(usize, Arc<[u32]>),
}

/// The readers of one partition.
#[derive(Default)]
struct Lane {
    /// None before the pass begins, while somebody decodes, and at the end.
    worker: Option<Worker>,
    /// The batch at hand.
    batch: Option<Result<RecordBatch, SourceError>>,
    /// Batches so far.
    given: u64,
    ended: bool,
    /// Those who have not left.
    readers: usize,
    /// Those of them who are done with the batch at hand.
    asking: usize,
    waiting: Vec<Waker>,
}

impl Pass {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Broken off, it leaves to all what it met.
impl Drop for Pass {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let workers: Vec<Worker> = state.lanes.iter_mut().filter_map(|lane| lane.worker.take()).collect();
        let Some(source) = workers.first().map(|worker| Arc::clone(worker.source())) else { return };
        drop(workers);
        let met = source.met.lock().unwrap_or_else(PoisonError::into_inner);
        for reader in &state.readers {
            reader.source.met.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&met);
        }
    }
}

impl State {
    /// Puts a worker into every lane.
    fn begin(&mut self) {
        let Some(first) = self.readers.first() else { return };
        let mut columns: Vec<(FieldRef, Vec<Origin>)> = Vec::new();
        let mut takes = Vec::with_capacity(self.readers.len());
        for Wish { source, projection } in &self.readers {
            let numbers: Arc<[u32]> = source.files.iter().map(|file| file.number).collect();
            let take = |column: &usize| {
                let field = &source.schema.fields()[*column];
                let origins: Vec<Origin> = source.files.iter().map(|file| file.origins[*column].clone()).collect();
                let is_file = origins.contains(&Origin::File);
                let known = columns.iter().position(|(other, same)| other == field && *same == origins);
                let place = known.unwrap_or(columns.len());
                if known.is_none() {
                    columns.push((Arc::clone(field), origins));
                }
                if is_file { Take::File(place, Arc::clone(&numbers)) } else { Take::Column(place) }
            };
            takes.push(projection.iter().map(take).collect());
        }
        let all: Vec<usize> = (0..columns.len()).collect();
        let source = Arc::new(union(&first.source, columns));
        // All readers' rows have one budget: whichever is asked.
        let asked = Arc::clone(&first.source);
        source.keep_within(move |bytes| asked.allows(bytes));
        let scan = Arc::new(Scan::new(Arc::clone(&source), all, Arc::clone(&source.schema), None));
        for lane in &mut self.lanes {
            lane.worker = Some(Worker::new(Arc::clone(&scan)));
        }
        self.takes = Some(takes);
    }
}

/// A source of the files of `first` with these `columns`, each with where it comes from in every file. Its files' numbers are their places.
fn union(first: &Source, columns: Vec<(FieldRef, Vec<Origin>)>) -> Source {
    let files = first.files.iter().enumerate().map(|(place, file)| SourceFile {
        number: place as u32,
        origins: columns.iter().map(|(_, origins)| origins[place].clone()).collect(),
        ..file.clone()
    });
    Source {
        name: Arc::clone(&first.name),
        definition: None,
        files: files.collect(),
        schema: Arc::new(Schema::new(columns.iter().map(|(field, _)| Arc::clone(field)).collect::<Vec<FieldRef>>())),
        ordering: Vec::new(),
        columns: first.columns.clone(),
        trace: None,
        empty_is_ok: true,
        piece_bytes: first.piece_bytes,
        found: Mutex::new(None),
        met: Mutex::default(),
        allowance: Mutex::default(),
    }
}

/// One plan's reader of one partition. Dropped, it leaves the others alone.
pub(super) struct Reader {
    pass: Arc<Pass>,
    number: usize,
    partition: usize,
    schema: SchemaRef,
    /// Batches taken.
    seen: u64,
    /// It is done with the last of them.
    asks: bool,
}

impl Reader {
    /// The next batch; decodes it where all others are done with the last one, else whoever comes last wakes `waker`.
    pub fn next(&mut self, waker: &Waker) -> Poll<Option<Result<RecordBatch, SourceError>>> {
        let pass = Arc::clone(&self.pass);
        let mut state = pass.lock();
        if state.takes.is_none() {
            if state.undecided > 0 {
                state.waiting.push(waker.clone());
                return Poll::Pending;
            }
            state.begin();
        }
        loop {
            let lane = &mut state.lanes[self.partition];
            if self.seen < lane.given {
                (self.seen, self.asks) = (lane.given, false);
                let batch = lane.batch.clone();
                let takes = state.takes.as_ref().map(|takes| Arc::clone(&takes[self.number]));
                drop(state);
                return Poll::Ready(batch.zip(takes).map(|(batch, takes)| self.take(&batch?, &takes)));
            }
            if lane.ended {
                return Poll::Ready(None);
            }
            if !std::mem::replace(&mut self.asks, true) {
                lane.asking += 1;
            }
            let worker = if lane.asking == lane.readers { lane.worker.take() } else { None };
            let Some(mut worker) = worker else {
                lane.waiting.push(waker.clone());
                return Poll::Pending;
            };
            lane.batch = None;
            drop(state);
            let next = worker.next();
            state = pass.lock();
            match next {
                Some(batch) => state.lanes[self.partition].hand_out(batch, worker),
                None => state.end(self.partition, &worker),
            }
        }
    }

    /// This plan's columns of a batch.
    fn take(&self, batch: &RecordBatch, takes: &[Take]) -> Result<RecordBatch, SourceError> {
        let rows = batch.num_rows();
        let column = |take: &Take| match take {
            Take::Column(place) => Arc::clone(batch.column(*place)),
            Take::File(place, numbers) => {
                // A batch is of one file, and never empty.
                let file = batch.column(*place).as_primitive::<UInt32Type>().value(0);
                Arc::new(UInt32Array::from_value(numbers[file as usize], rows)) as ArrayRef
            }
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = takes.iter().map(column).collect();
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .expect("columns of the same fields"))
    }
}

impl Lane {
    fn hand_out(&mut self, batch: Result<RecordBatch, SourceError>, worker: Worker) {
        self.worker = Some(worker);
        self.batch = Some(batch);
        self.given += 1;
        self.asking = 0;
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl State {
    /// The last batch of a lane is given. What was found in the files is known when that of the last lane is.
    fn end(&mut self, partition: usize, worker: &Worker) {
        if let Some(found) = worker.source().found().as_ref() {
            self.readers.iter().for_each(|reader| reader.source.keep_same(found));
        }
        let lane = &mut self.lanes[partition];
        lane.ended = true;
        lane.waiting.drain(..).for_each(Waker::wake);
    }
}

/// Whoever is left may be the last now.
impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.pass.lock();
        let lane = &mut state.lanes[self.partition];
        lane.readers -= 1;
        // What was given since it asked answered all who had asked.
        if self.asks && self.seen == lane.given {
            lane.asking -= 1;
        }
        lane.waiting.drain(..).for_each(Waker::wake);
    }
}
