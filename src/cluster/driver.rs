//! Has the items of a job done, a group at a time, and sees to it that each is done exactly once.
//!
//! Ballista is treated as something that stops: what does not come, comes twice, comes torn or comes too late is handed in again,
//! as a job of its own, until patience ends. Nothing is taken from it that has not been checked.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::poll_fn;

use crate::cluster::client::{Address, Client, Progress, fetch};
use crate::cluster::error::Error;
use crate::cluster::item::{Item, Taken};
use crate::cluster::job::Job;
use crate::cluster::message::{Arrive, Received, Whole, schema};
use crate::cluster::node::{JobExec, items};
use crate::cluster::pieces::Pieces;
use crate::cluster::spent::{Spending, Spent};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};

/// Most items of a job of the cluster: what is lost with an executor is done again, so it should not be much.
const GROUP: usize = 128;

/// Jobs at a time: while the result of one is fetched, the executors work on the next. A thread each.
const LANES: usize = 4;

/// How soon it is first asked how far a job is: many are short. Each time that is doubled, up to the other.
const POLL: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(80));

/// How long and how often a cluster is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A job that is not done by then is ended and handed in again; so is one whose result stops coming for as long.
    pub job: Duration,
    /// Times that something may be handed in in vain, one after the other.
    pub attempts: u32,
    /// A breath before the second attempt; before the others it is longer.
    pub pause: Duration,
}

/// How often somebody who waits for a result looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(200);

/// Jobs' way to one cluster.
pub struct Driver<'d> {
    address: &'d Address,
    /// What the jobs are called in the scheduler's logs.
    name: String,
    /// For results that are not yet taken.
    folder: &'d Path,
    pub(super) patience: Patience,
    /// Whether the end was asked for.
    stop: &'d (dyn Fn() -> bool + Sync),
    /// Told of what did not go well and is tried again.
    pub(super) tell: &'d (dyn Fn(String) + Sync),
    /// What it took.
    pub spent: Spent,
    /// A lane has failed, so that nobody wants what the others do.
    over: AtomicBool,
}

/// Sessions are told apart by it.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

/// Takes the number, the pieces and the end of an item.
type Take<'t> = &'t (dyn Fn(u32, &Pieces, Taken) -> Result<(), Error> + Sync);

/// Where results go: a piece as it arrives, an item as it is whole.
#[derive(Clone, Copy)]
pub(super) struct Taking<'t> {
    pub arrive: Arrive<'t>,
    pub take: Take<'t>,
}

impl<'t> Taking<'t> {
    /// Of items that send nothing but their end.
    pub fn ends(take: Take<'t>) -> Self {
        Self { arrive: &|piece| Ok(piece.to_vec()), take }
    }
}

/// The items that no lane has taken yet.
type Queue = VecDeque<Item>;

impl<'d> Driver<'d> {
    /// The way to the scheduler at `address` of jobs called `name`; what does not fit into memory lies in `folder`, `stop` says
    /// whether the end was asked for, `tell` is told of what is tried again.
    pub fn new(
        (address, name): (&'d Address, &str),
        folder: &'d Path,
        patience: Patience,
        (stop, tell): (&'d (dyn Fn() -> bool + Sync), &'d (dyn Fn(String) + Sync)),
    ) -> Self {
        let (spent, over) = (Spent::default(), AtomicBool::new(false));
        Self { address, name: name.to_owned(), folder, patience, stop, tell, spent, over }
    }

    /// Does all `all` of `job`. `taking` is given the result of each item, once, in no order.
    ///
    /// # Errors
    /// What is wrong with the data, or, when patience has ended, with the cluster.
    pub(super) async fn run(&self, job: &Arc<Job>, all: Vec<Item>, taking: Taking<'_>) -> Result<(), Error> {
        let packed: Arc<[u8]> = job.pack().map_err(Error::cluster)?.into();
        // Two rounds of every lane, so that there is something to overlap.
        let count = all.len();
        let size = (count / (2 * LANES)).clamp(1, GROUP);
        let queue = Mutex::new(Queue::from(all));
        let runtime = tokio::runtime::Handle::current();
        // A thread each: what arrives is unpacked and checked side by side.
        let lane = || {
            let done = runtime.block_on(self.lane(job, &packed, (&queue, size), taking));
            self.over.fetch_or(done.is_err(), Ordering::Relaxed);
            done
        };
        let done: Vec<Result<(), Error>> = tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let lanes: Vec<_> = (0..LANES.min(count)).map(|_| scope.spawn(lane)).collect();
                let join = |lane: ScopedJoinHandle<'_, _>| lane.join().unwrap_or_else(|panic| resume_unwind(panic));
                lanes.into_iter().map(join).collect()
            })
        });
        // Those that were stopped because of another one have nothing to say.
        let (stopped, failed): (Vec<Error>, Vec<Error>) =
            done.into_iter().filter_map(Result::err).partition(|error| matches!(error, Error::Interrupted));
        failed.into_iter().chain(stopped).next().map_or(Ok(()), Err)
    }

    async fn lane(
        &self,
        job: &Arc<Job>,
        packed: &Arc<[u8]>,
        (queue, size): (&Mutex<Queue>, usize),
        taking: Taking<'_>,
    ) -> Result<(), Error> {
        let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
        // Times in vain, one after the other.
        let mut vain = 0;
        loop {
            let group: Vec<Item> = {
                let mut waiting = lock();
                let count = waiting.len().min(size);
                waiting.drain(..count).collect()
            };
            if group.is_empty() {
                return Ok(());
            }
            let open = Mutex::new(group);
            let done = self.group(job, packed, &open, taking).await;
            let left = open.into_inner().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(()) => vain = 0,
                Err(error) if error.is_passing() => {
                    vain += 1;
                    if vain >= self.patience.attempts {
                        return Err(Error::cluster(format!("given up after {vain} attempts: {error}")));
                    }
                    (self.tell)(format!("{} tasks are handed in again: {error}", left.len()));
                    self.spent.again(left.len() as u64);
                    left.into_iter().rev().for_each(|item| lock().push_front(item));
                    self.pause(vain).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Longer each time: a lost executor is noticed only after a while.
    pub(super) async fn pause(&self, vain: u32) -> Result<(), Error> {
        let until = Instant::now() + self.patience.pause * 2_u32.pow(vain.min(4) - 1);
        while Instant::now() < until {
            self.check_stop()?;
            tokio::time::sleep(POLL.1).await;
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<(), Error> {
        if (self.stop)() || self.over.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// One job with the items of `open`, each of which leaves it as it is taken.
    async fn group(
        &self,
        job: &Arc<Job>,
        packed: &Arc<[u8]>,
        open: &Mutex<Vec<Item>>,
        taking: Taking<'_>,
    ) -> Result<(), Error> {
        let partitions: Vec<Vec<Item>> = {
            let open = open.lock().unwrap_or_else(PoisonError::into_inner);
            open.iter().map(|item| vec![item.clone()]).collect()
        };
        let plan = JobExec::new((Arc::clone(job), Arc::clone(packed)), schema(), items(&partitions)?, None);
        self.job(job.name(), Arc::new(plan), async |mut stream| {
            let mut received = Received::new(self.folder, taking.arrive);
            while let Some(batch) = self.next(&mut stream).await? {
                self.spent.arrived(&batch);
                for whole in self.spent.during(Spending::Checking, || received.take(&batch))? {
                    let place = {
                        let open = open.lock().unwrap_or_else(PoisonError::into_inner);
                        open.iter().position(|item| item.number == whole.item)
                    };
                    let twice = || Error::cluster(format!("task {} came twice", whole.item));
                    let place = place.ok_or_else(twice)?;
                    let Whole { item, pieces, result } = whole;
                    let end = result?;
                    self.spent.task(end.seconds);
                    self.spent.during(Spending::Checking, || (taking.take)(item, &pieces, end))?;
                    open.lock().unwrap_or_else(PoisonError::into_inner).swap_remove(place);
                }
            }
            if received.is_whole() { Ok(()) } else { Err(Error::cluster("a result ended in its midst")) }
        })
        .await?;
        match open.lock().unwrap_or_else(PoisonError::into_inner).len() {
            0 => Ok(()),
            left => Err(Error::cluster(format!("{left} tasks of a finished job gave nothing"))),
        }
    }

    /// Hands `plan` in, waits for it, and gives every partition of its result to `take`, in order.
    pub(super) async fn job(
        &self,
        kind: &str,
        plan: Arc<dyn ExecutionPlan>,
        mut take: impl AsyncFnMut(SendableRecordBatchStream) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.check_stop()?;
        self.address.check().await?;
        let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
        let session = format!("{}-{}-{number}", self.name, std::process::id());
        let mut client = Client::connect(self.address, &session).await?;
        let job = client.submit(&format!("{} {kind}", self.name), plan).await?;
        let done = async {
            for location in self.wait(&mut client, &job).await? {
                let stream = tokio::time::timeout(self.patience.job, fetch(location)).await;
                take(stream.map_err(|_| self.late("fetching a result"))??).await?;
            }
            Ok(())
        };
        let done = done.await;
        match &done {
            Ok(()) => client.clean(&job).await,
            Err(_) => client.cancel(&job).await,
        }
        done
    }

    async fn wait(
        &self,
        client: &mut Client,
        job: &str,
    ) -> Result<Vec<ballista_core::serde::protobuf::PartitionLocation>, Error> {
        let until = Instant::now() + self.patience.job;
        let mut poll = POLL.0;
        loop {
            self.check_stop()?;
            if let Progress::Done(partitions) = client.progress(job).await? {
                return Ok(partitions);
            }
            if Instant::now() > until {
                return Err(self.late(&format!("job {job}")));
            }
            tokio::time::sleep(poll).await;
            poll = (poll * 2).min(POLL.1);
        }
    }

    /// The next batch of a result.
    pub(super) async fn next(
        &self,
        stream: &mut SendableRecordBatchStream,
    ) -> Result<Option<datafusion::arrow::array::RecordBatch>, Error> {
        let until = Instant::now() + self.patience.job;
        loop {
            self.check_stop()?;
            let unpack =
                |context: &mut Context<'_>| self.spent.during(Spending::Fetching, || stream.poll_next_unpin(context));
            match tokio::time::timeout(TICK, poll_fn(unpack)).await {
                Ok(next) => {
                    return next.transpose().map_err(|error| Error::cluster(format!("a result broke off: {error}")));
                }
                Err(_) if Instant::now() > until => return Err(self.late("fetching a result")),
                Err(_) => {}
            }
        }
    }

    fn late(&self, what: &str) -> Error {
        Error::cluster(format!("{what} was not done in {} s", self.patience.job.as_secs()))
    }
}
