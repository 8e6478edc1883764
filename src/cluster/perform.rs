//! What an executor does with one item.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use tokio::runtime::Handle;

use crate::cluster::error::{Error, Trouble};
use crate::cluster::item::{Item, Taken};
use crate::cluster::job::{Job, Judging, Work};
use crate::cluster::message::{Piece, Sent};
use crate::engine::{Engine, EngineOptions};
use crate::functions::{self, LookupTables};
use crate::settle::{Known, Sink, Task, key_hash};
use crate::source::Source;
use crate::store::Stores;

/// Bytes of rows that are sent at a time.
const MESSAGE: usize = 1 << 20;

/// What an executor works with.
#[derive(Debug)]
pub(super) struct Means {
    /// By its own settings and environment.
    pub stores: Stores,
    /// Bytes for one task.
    pub memory: u64,
    /// For what does not fit into them.
    pub folder: PathBuf,
}

/// Takes a batch; false if nobody wants more.
type Send<'s> = &'s mut dyn FnMut(RecordBatch) -> bool;

/// Takes a piece; false likewise.
type Piecewise<'s> = &'s mut dyn FnMut(Vec<u8>) -> bool;

/// Does what `job` says with `item`. What is wrong with the data is part of the result; an error is that of this machine.
pub(super) fn perform(job: &Job, item: &Item, schema: &SchemaRef, means: &Means, send: Send<'_>) -> Result<()> {
    if let Work::Read(columns) = &job.work {
        return rows(job, item, columns, (schema, means), send)
            .map_err(|error| DataFusionError::Execution(Trouble::from(&error).to_text()));
    }
    let began = Instant::now();
    let mut sent = Sent::new(item.number);
    let result = match work(job, item, means, &mut |body| send(sent.piece(body))) {
        Err(Gone::Unwanted) => return Ok(()),
        Err(Gone::Failed(Error::Settle(crate::settle::Error::Spill(error)))) => return Err(error.into()),
        Err(Gone::Failed(error)) => Err(Trouble::from(&error)),
        Ok(taken) => Ok(Taken { seconds: began.elapsed().as_secs_f64(), ..taken }),
    };
    send(sent.end(result));
    Ok(())
}

/// Why an item ends early.
enum Gone {
    /// Nobody waits for it any more.
    Unwanted,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Gone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn work(job: &Job, item: &Item, means: &Means, send: Piecewise<'_>) -> Result<Taken, Gone> {
    if let (Work::Scan, Some(range)) = (&job.work, &item.range) {
        let scan = job.shape.scan(&item.part, range.clone(), &means.stores)?;
        return Ok(Taken { scan: Some(scan), ..Taken::default() });
    }
    let source = job.shape.open(&item.part, &means.stores)?;
    let totals = match &job.work {
        Work::Judge(judging) => Some(judge(job, judging, &source, means, send)?),
        _ => None,
    };
    source.complete()?;
    Ok(Taken { account: Some(source.account()), totals, ..Taken::default() })
}

/// Judges and encodes the rows of `source`.
fn judge(
    job: &Job,
    judging: &Judging,
    source: &Arc<Source>,
    means: &Means,
    send: Piecewise<'_>,
) -> Result<crate::settle::Totals, Gone> {
    let task = Task { layout: judging.layout.clone(), rules: judging.rules.clone(), known: Known::default() };
    let mut sink = Sink::travelling(&Arc::new(task), judging.parents)?;
    let session = session(job, judging, source, means)?;
    let mut stream = Handle::current().block_on(async { session.sql(&judging.sql).await?.execute_stream().await })?;
    while let Some(batch) = Handle::current().block_on(stream.next()) {
        sink.push(&batch?)?;
        if sink.waiting() >= MESSAGE {
            give(Piece::Rows(Box::new(sink.portion()?)), send)?;
        }
    }
    let portion = sink.portion()?;
    if portion.rows() > 0 {
        give(Piece::Rows(Box::new(portion)), send)?;
    }
    sink.folded().try_for_each(|sums| give(Piece::Sums(sums), send))?;
    if let Some(sql) = &judging.filtered {
        filtered(&session, sql, judging.layout.key_ignores_case, send)?;
    }
    Ok(sink.totals())
}

fn give(piece: Piece, send: Piecewise<'_>) -> Result<(), Gone> {
    if send(piece.to_bytes()) { Ok(()) } else { Err(Gone::Unwanted) }
}

/// Tells the keys of the rows that `where` drops.
fn filtered(session: &SessionContext, sql: &str, ignores_case: bool, send: Piecewise<'_>) -> Result<(), Gone> {
    let mut stream = Handle::current().block_on(async { session.sql(sql).await?.execute_stream().await })?;
    while let Some(batch) = Handle::current().block_on(stream.next()) {
        let batch = batch?;
        let values = batch.column(2).as_struct().column(0).as_string_view();
        let keys = values.iter().flatten().filter(|key| !key.is_empty());
        let hashes: Vec<u128> = keys.map(|key| key_hash(&[key.as_bytes()], ignores_case)).collect();
        if !hashes.is_empty() {
            give(Piece::Filtered(hashes), send)?;
        }
    }
    Ok(())
}

/// A session in which the judging SQL runs as it would at home, on one thread and in source order.
fn session(job: &Job, judging: &Judging, source: &Arc<Source>, means: &Means) -> Result<SessionContext, Error> {
    let engine =
        Engine::new(EngineOptions { threads: 1, memory: means.memory, spill: means.folder.clone(), as_of: job.as_of })?;
    let tables = Arc::new(LookupTables::new());
    for (key, pairs) in &judging.lookups {
        let pairs = pairs.iter().map(|(key, value)| (key, value));
        tables.insert(key.clone(), pairs).map_err(|clash| Error::cluster(format!("{clash:?}")))?;
    }
    let session = engine.ordered_session();
    functions::register(&session, tables);
    let table = datafusion::common::TableReference::bare(judging.table.clone());
    session.register_table(table, source.table())?;
    Ok(session)
}

/// Gives the rows of a part as they are.
fn rows(
    job: &Job,
    item: &Item,
    columns: &[usize],
    (schema, means): (&SchemaRef, &Means),
    send: Send<'_>,
) -> Result<(), Error> {
    let source = job.shape.open(&item.part, &means.stores)?;
    for batch in source.batches(columns) {
        let batch = batch?;
        let arrays = batch.columns().iter().map(own_bytes).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options).map_err(DataFusionError::from)?;
        if !send(batch) {
            return Ok(());
        }
    }
    Ok(())
}

/// Texts that point into a whole piece of a file would take all of it along.
fn own_bytes(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        _ => Arc::clone(array),
    }
}
