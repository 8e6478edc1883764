//! Reads and judges the rows: one sink per partition, all at once.

use std::path::Path;
use std::sync::Arc;

use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use tokio::task::JoinSet;

use crate::functions::{Unjudged, take_out};
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Failure, Stop, Watcher};
use crate::settle::{Budget, Sink, Task};
use crate::source::Share;
use crate::yaml::Span;

/// What judging needs beside the rows.
pub(super) struct Judging<'a> {
    pub task: &'a Arc<Task>,
    /// What the rows' records may take.
    pub budget: &'a Arc<Budget>,
    /// For the temporary files of encoded rows.
    pub folder: &'a Path,
    /// Where errors of the user's SQL are shown.
    pub place: (String, Span),
    pub stop: &'a Stop,
    pub watcher: &'a Arc<dyn Watcher>,
    /// The mapping's part in a pass over the source that others judge too.
    pub share: Option<Share>,
}

/// Judges the rows of `prepared` and gives every partition's to a sink of its own; the sinks come back in partition order.
pub(super) async fn judge(
    session: &SessionContext,
    prepared: &Prepared,
    judging: Judging<'_>,
) -> Result<Vec<Sink>, Failure> {
    let Judging { task, budget, folder, place, stop, watcher, share } = judging;
    let failed = |error: datafusion::error::DataFusionError| Failure::engine(&error, Some((&place.0, place.1)));
    let plan = prepared.judging_plan(session).await.map_err(failed)?;
    let plan = match share {
        Some(share) => share.read_by(plan),
        None => plan,
    };
    let Unjudged { plan, rules } = take_out(plan, |column| task.may_judge_late(column)).map_err(failed)?;
    let streams = execute_stream_partitioned(plan, session.task_ctx()).map_err(failed)?;
    let mut workers = JoinSet::new();
    let partitions = streams.len();
    let sinks = Sink::all(task, partitions, folder, budget)?;
    for (number, (mut stream, mut sink)) in streams.into_iter().zip(sinks).enumerate() {
        sink.judge_late(&rules);
        let (stop, watcher, place) = (stop.clone(), Arc::clone(watcher), place.clone());
        workers.spawn(async move {
            while let Some(batch) = stream.next().await {
                stop.check()?;
                let batch = batch.map_err(|error| Failure::engine(&error, Some((&place.0, place.1))))?;
                sink.push(&batch)?;
                watcher.advance(batch.num_rows() as u64);
            }
            Ok::<(usize, Sink), Failure>((number, sink))
        });
    }
    let mut sinks: Vec<Option<Sink>> = (0..partitions).map(|_| None).collect();
    while let Some(done) = workers.join_next().await {
        match done {
            Ok(result) => {
                let (number, sink) = result?;
                sinks[number] = Some(sink);
            }
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Err(Failure::Interrupted),
        }
    }
    Ok(sinks.into_iter().map(|sink| sink.expect("every worker has ended")).collect())
}
