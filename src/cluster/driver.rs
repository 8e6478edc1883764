//! Has the items of a job done, a group at a time, and sees to it that each is done exactly once.
//!
//! Ballista is treated as something that stops: what does not come, comes twice, comes torn or comes too late is handed in again,
//! as a job of its own, until patience ends. Nothing is taken from it that has not been checked.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::cluster::client::{Address, Client, Progress, fetch};
use crate::cluster::error::Error;
use crate::cluster::item::{Item, Taken};
use crate::cluster::job::Job;
use crate::cluster::message::{Received, Whole, schema};
use crate::cluster::node::{JobExec, items};
use crate::cluster::pieces::Pieces;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};

/// Items of a job of the cluster: what is lost with an executor is done again, so it should not be much.
const GROUP: usize = 32;

/// Jobs at a time: while the result of one is fetched, the executors work on the next.
const LANES: usize = 2;

/// How often it is asked how far a job is.
const POLL: Duration = Duration::from_millis(50);

/// A breath before the second attempt.
const PAUSE: Duration = Duration::from_secs(2);

/// How long and how often a cluster is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A job that is not done by then is ended and handed in again; so is one whose result stops coming for as long.
    pub job: Duration,
    /// Times that something may be handed in in vain, one after the other.
    pub attempts: u32,
}

/// Jobs' way to one cluster.
pub struct Driver<'d> {
    /// Its scheduler.
    pub address: &'d Address,
    /// What the jobs are called in the scheduler's logs.
    pub name: String,
    /// For results that are not yet taken.
    pub folder: &'d Path,
    /// How long it is waited for.
    pub patience: Patience,
    /// Whether the end was asked for.
    pub stop: &'d (dyn Fn() -> bool + Sync),
    /// Told of what did not go well and is tried again.
    pub tell: &'d (dyn Fn(String) + Sync),
}

/// Sessions are told apart by it.
static SESSIONS: AtomicU64 = AtomicU64::new(0);

/// Takes the number, the pieces and the end of an item.
pub(super) type Take<'t> = &'t (dyn Fn(u32, &Pieces, Taken) -> Result<(), Error> + Sync);

/// The items that no lane has taken yet.
type Queue = VecDeque<Item>;

impl Driver<'_> {
    /// Does all `all` of `job`. `take` is given the result of each item, once, in no order.
    ///
    /// # Errors
    /// What is wrong with the data, or, when patience has ended, with the cluster.
    pub(super) async fn run(&self, job: &Arc<Job>, all: Vec<Item>, take: Take<'_>) -> Result<(), Error> {
        let packed: Arc<[u8]> = job.pack().map_err(Error::cluster)?.into();
        let queue = Mutex::new(Queue::from(all));
        let lanes = (0..LANES).map(|_| self.lane(job, &packed, &queue, take));
        futures::future::try_join_all(lanes).await.map(drop)
    }

    async fn lane(
        &self,
        job: &Arc<Job>,
        packed: &Arc<[u8]>,
        queue: &Mutex<Queue>,
        take: Take<'_>,
    ) -> Result<(), Error> {
        let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
        // Times in vain, one after the other.
        let mut vain = 0;
        loop {
            let group: Vec<Item> = {
                let mut waiting = lock();
                let count = waiting.len().min(GROUP);
                waiting.drain(..count).collect()
            };
            if group.is_empty() {
                return Ok(());
            }
            let open = Mutex::new(group);
            let done = self.group(job, packed, &open, take).await;
            let left = open.into_inner().unwrap_or_else(PoisonError::into_inner);
            match done {
                Ok(()) => vain = 0,
                Err(error) if error.is_passing() => {
                    vain += 1;
                    if vain >= self.patience.attempts {
                        return Err(Error::cluster(format!("given up after {vain} attempts: {error}")));
                    }
                    (self.tell)(format!("{} tasks are handed in again: {error}", left.len()));
                    left.into_iter().rev().for_each(|item| lock().push_front(item));
                    self.pause(vain).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Longer each time: a lost executor is noticed only after a while.
    pub(super) async fn pause(&self, vain: u32) -> Result<(), Error> {
        let until = Instant::now() + PAUSE * 2_u32.pow(vain.min(4) - 1);
        while Instant::now() < until {
            self.check_stop()?;
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    fn check_stop(&self) -> Result<(), Error> {
        if (self.stop)() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// One job with the items of `open`, each of which leaves it as it is taken.
    async fn group(
        &self,
        job: &Arc<Job>,
        packed: &Arc<[u8]>,
        open: &Mutex<Vec<Item>>,
        take: Take<'_>,
    ) -> Result<(), Error> {
        let partitions: Vec<Vec<Item>> = {
            let open = open.lock().unwrap_or_else(PoisonError::into_inner);
            open.iter().map(|item| vec![item.clone()]).collect()
        };
        let plan = JobExec::new((Arc::clone(job), Arc::clone(packed)), schema(), items(&partitions)?, None);
        self.job(job.name(), Arc::new(plan), async |mut stream| {
            let mut received = Received::new(self.folder);
            while let Some(batch) = self.next(&mut stream).await? {
                for whole in received.take(&batch)? {
                    let place = {
                        let open = open.lock().unwrap_or_else(PoisonError::into_inner);
                        open.iter().position(|item| item.number == whole.item)
                    };
                    let twice = || Error::cluster(format!("task {} came twice", whole.item));
                    let place = place.ok_or_else(twice)?;
                    let Whole { item, pieces, result } = whole;
                    take(item, &pieces, result?)?;
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
        loop {
            self.check_stop()?;
            if let Progress::Done(partitions) = client.progress(job).await? {
                return Ok(partitions);
            }
            if Instant::now() > until {
                return Err(self.late(&format!("job {job}")));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The next batch of a result.
    pub(super) async fn next(
        &self,
        stream: &mut SendableRecordBatchStream,
    ) -> Result<Option<datafusion::arrow::array::RecordBatch>, Error> {
        self.check_stop()?;
        let next = tokio::time::timeout(self.patience.job, stream.next()).await;
        let next = next.map_err(|_| self.late("fetching a result"))?;
        next.transpose().map_err(|error| Error::cluster(format!("a result broke off: {error}")))
    }

    fn late(&self, what: &str) -> Error {
        Error::cluster(format!("{what} was not done in {} s", self.patience.job.as_secs()))
    }
}
