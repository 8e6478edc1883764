//! The rows of a mapping judged on a cluster, where the run has one and the mapping can travel.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::cluster::{Address, Driver, Error, Judged, Judging, LARGEST, Patience};
use crate::diagnostic::{Diagnostic, code};
use crate::functions::LookupTables;
use crate::pipeline::mapping::{Finished, Mappings};
use crate::pipeline::open::project_around;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::request::ClusterRequest;
use crate::pipeline::{Failure, Situation};
use crate::settle::{Budget, KeySet, KeySetBuilder, Sink, Task};
use crate::source::{Shape, Source};
use crate::store::Stores;
use crate::yaml::Span;

/// Times that a job may come to nothing before the run gives up.
const ATTEMPTS: u32 = 5;

/// Share of a job's largest size that lookup tables may have before they are packed.
const TABLES: usize = LARGEST * 2;

/// Rows that came back.
pub(super) struct Away {
    pub sinks: Vec<Sink>,
    /// Keys that `where` drops.
    pub filtered: KeySet,
}

impl Mappings<'_> {
    /// Has the rows judged by the cluster of the run; none where it has none, or the rows are better judged here: then
    /// a warning says why.
    pub(super) async fn judge_away(
        &self,
        (prepared, rows): (&Prepared, &Arc<Source>),
        (task, budget): (&Arc<Task>, &Arc<Budget>),
        tables: &LookupTables,
        finished: &mut Finished,
    ) -> Result<Option<Away>, Failure> {
        // The result of a query was staged here.
        let Some(cluster) = self.request.cluster.as_ref().filter(|_| prepared.query.is_none()) else { return Ok(None) };
        let here = |why: String| {
            let message = format!("the rows of `{}` are judged on this machine: {why}", prepared.file.name);
            Diagnostic::warning(&code::CLUSTER_HERE, message).help(code::CLUSTER_HERE.cure)
        };
        let (shape, judging) = match travelling((prepared, rows), task, tables) {
            Ok(job) => job,
            Err(why) => {
                finished.warnings.push(here(why));
                return Ok(None);
            }
        };
        let address = address(cluster)?;
        check_files(rows, cluster, &address)?;
        // Where there is no cluster nobody waits for one.
        address.check().await.map_err(|error| failure(error, None))?;
        let told = Mutex::new(Vec::new());
        let stop = || self.stop.is_asked();
        let tell = |what: String| told.lock().unwrap_or_else(PoisonError::into_inner).push(what);
        let driver = driver(cluster, &address, (&prepared.file.name, self.spill), (&stop, &tell));
        let sink = Sink::receiving(task, self.spill, budget)?;
        let advance = |records| self.watcher.advance(records);
        let way = (self.request.as_of, cluster.range);
        let judged = crate::cluster::judge(&driver, (rows, shape), judging, way, sink, &advance).await;
        finished.report.cluster = driver.spent.report();
        for what in told.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            finished.warnings.push(Diagnostic::warning(&code::CLUSTER_AGAIN, what).help(code::CLUSTER_AGAIN.cure));
        }
        let (path, span) = prepared.sql_place();
        let Judged { sink, filtered } = judged.map_err(|error| failure(error, Some((&path, span))))?;
        let mut keys = KeySetBuilder::new(task.layout.key_ignores_case);
        filtered.into_iter().for_each(|hash| keys.add_hash(hash));
        Ok(Some(Away { sinks: vec![sink], filtered: keys.build() }))
    }
}

/// What the rows' parts have in common and how they are judged, or why they are judged here.
fn travelling(
    (prepared, rows): (&Prepared, &Arc<Source>),
    task: &Task,
    tables: &LookupTables,
) -> Result<(Shape, Judging), String> {
    let resolved = &prepared.resolved;
    if task.known.kept.is_some() {
        return Err("`default: keep` fills them with what was published last".to_owned());
    }
    if task.layout.pivots && !task.layout.references.is_empty() {
        return Err("a pivot folds them while it looks up what they refer to".to_owned());
    }
    if prepared.compiled.aggregates.is_some() {
        return Err("columns beside a pivot are aggregates over all of them".to_owned());
    }
    let shape = rows.shape().map_err(|why| format!("the source `{}` {why}", rows.name()))?;
    let lookups = tables.pairs();
    let bytes: usize = lookups.iter().flat_map(|(_, pairs)| pairs).map(|(key, value)| key.len() + value.len()).sum();
    if bytes > TABLES {
        return Err(format!("{} MB of lookup tables are too much for every task", bytes / 1_000_000));
    }
    let judging = Judging {
        sql: prepared.compiled.judge.clone(),
        filtered: prepared.compiled.filtered.clone().filter(|_| resolved.key.len() == 1),
        table: crate::compile::table(resolved).to_owned(),
        layout: task.layout.clone(),
        rules: task.rules.clone(),
        parents: !task.known.accounts.is_empty(),
        lookups,
    };
    Ok((shape, judging))
}

/// Where the scheduler is.
pub(super) fn address(cluster: &ClusterRequest) -> Result<Address, Failure> {
    cluster.scheduler.parse().map_err(|why: String| Failure::World(Diagnostic::error(&code::USAGE, why)))
}

/// Files of this machine are not those of others.
pub(super) fn check_files(source: &Source, cluster: &ClusterRequest, address: &Address) -> Result<(), Failure> {
    match source.paths().next() {
        Some(path) if !cluster.shared_files && !address.is_loopback() => {
            let message = format!("{} is a file of this machine, and {address} is another", path.display());
            Err(Failure::World(Diagnostic::error(&code::CLUSTER_FILES, message).help(code::CLUSTER_FILES.cure)))
        }
        _ => Ok(()),
    }
}

/// The way to the cluster of `mapping`.
pub(super) fn driver<'d>(
    cluster: &ClusterRequest,
    address: &'d Address,
    (mapping, folder): (&str, &'d Path),
    (stop, tell): (&'d (dyn Fn() -> bool + Sync), &'d (dyn Fn(String) + Sync)),
) -> Driver<'d> {
    let patience = Patience { job: Duration::from_secs(cluster.patience), attempts: ATTEMPTS, pause: cluster.pause };
    Driver::new((address, mapping), folder, patience, (stop, tell))
}

/// A cluster's error as a failure; `sql` is where the user's SQL stands.
pub(super) fn failure(error: Error, sql: Option<(&str, Span)>) -> Failure {
    match error {
        Error::Interrupted => Failure::Interrupted,
        Error::Source(error) => error.into(),
        Error::Settle(error) => error.into(),
        Error::Engine(error) => Failure::engine(&error, sql),
        Error::Cluster(why) => {
            Failure::World(Diagnostic::error(&code::CLUSTER_FAILED, why).help(code::CLUSTER_FAILED.cure))
        }
    }
}

/// The stores as this process's own project and environment say they are spoken to.
///
/// # Errors
/// A project that is wrong.
pub fn stores_here(given: &Situation) -> Result<Stores, Failure> {
    Ok(project_around(given)?.stores)
}
