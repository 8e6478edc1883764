//! A query over sources as a job of many stages.
//!
//! Ballista may give rows twice when it loses an executor in a later stage. So a query is handed in twice, and its result is
//! taken only if both gave as many rows, and the same ones.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ballista_core::extension::SessionConfigExt;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::prelude::{SessionConfig, SessionContext};
use jiff::civil::Date;
use xxhash_rust::xxh3::xxh3_64;

use crate::cluster::driver::Driver;
use crate::cluster::error::Error;
use crate::cluster::judging::{count, parts};
use crate::cluster::read::AwayTable;
use crate::source::{Part, Shape, Source, source_of};

/// Partitions of a join or an aggregate.
const PARTITIONS: usize = 8;

/// A query whose sources executors can read.
pub struct AwayQuery {
    plan: LogicalPlan,
    /// By the names they have.
    sources: BTreeMap<String, (Arc<Source>, Shape)>,
}

/// What a result was, whatever the order of its rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hash: u64,
}

impl AwayQuery {
    /// The query with this plan.
    ///
    /// # Errors
    /// Why it must be run here, in words.
    pub fn new(plan: &LogicalPlan) -> Result<Self, String> {
        let mut sources = BTreeMap::new();
        let mut here = None;
        let walked = plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let table = source_as_provider(&scan.source)?;
                let found = source_of(table.as_ref()).ok_or_else(|| "it reads what lies here".to_owned());
                let shaped = found.and_then(|source| {
                    let shape = source.shape().map_err(|why| format!("the source `{}` {why}", source.name()))?;
                    Ok((source.name().to_owned(), (source, shape)))
                });
                match shaped {
                    Ok((name, source)) => drop(sources.insert(name, source)),
                    Err(why) => here = Some(why),
                }
            }
            Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
        });
        match (walked, here) {
            (Err(error), _) => Err(error.to_string()),
            (Ok(_), Some(why)) => Err(why),
            (Ok(_), None) => Ok(Self { plan: plan.clone(), sources }),
        }
    }

    /// Its sources.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.values().map(|(source, _)| source)
    }

    /// Puts its result into an Arrow file at `path`, and into its sources what a pass over them would have found.
    ///
    /// # Errors
    /// What is wrong with the data, or with the cluster.
    pub async fn run(self, driver: &Driver<'_>, path: &Path, (as_of, range): (Date, u64)) -> Result<(), Error> {
        let mut tables = BTreeMap::new();
        for (name, (source, shape)) in &self.sources {
            let parts = parts(driver, source, shape, (as_of, range)).await?;
            let began = Instant::now();
            if !source.is_scanned() {
                let accounts = count(driver, shape, as_of, &parts, |_: &Part| true).await?;
                source.keep_parts(parts.iter().zip(accounts.into_values()));
                driver.spent.stage("count", began);
            }
            let table = AwayTable::new(shape.clone(), parts, source.table().schema(), as_of);
            tables.insert(name.clone(), provider_as_source(Arc::new(table)));
        }
        let away = |node: LogicalPlan| match node {
            LogicalPlan::TableScan(scan) => {
                let source = source_of(source_as_provider(&scan.source)?.as_ref());
                let table = source.and_then(|source| tables.get(source.name()).cloned());
                let source = table.unwrap_or_else(|| Arc::clone(&scan.source));
                Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
            }
            other => Ok(Transformed::no(other)),
        };
        let logical = self.plan.transform_down_with_subqueries(away)?.data;
        let mut last = None;
        let mut began = Instant::now();
        for attempt in 1.. {
            let plan = physical(&logical).await?;
            let sum = result(driver, plan, path).await;
            began = driver.spent.stage("query", began);
            let sum = match sum {
                Ok(sum) => sum,
                Err(error) if error.is_passing() && attempt < driver.patience.attempts => {
                    (driver.tell)(format!("the query is handed in again: {error}"));
                    driver.spent.again(1);
                    driver.pause(attempt).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if last == Some(sum) {
                return Ok(());
            }
            if attempt > driver.patience.attempts {
                break;
            }
            if last.is_some() {
                (driver.tell)("the query is handed in again: two results of it differ".to_owned());
            }
            last = Some(sum);
        }
        Err(Error::cluster("the query gives other rows each time that it is handed in"))
    }
}

/// The plan, in stages of partitions.
async fn physical(plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>, Error> {
    let mut config = SessionConfig::new_with_ballista().with_target_partitions(PARTITIONS);
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let state = SessionContext::new_with_config(config).state();
    let plan = state.create_physical_plan(plan).await?;
    let partitions = plan.properties().output_partitioning().partition_count();
    Ok(if partitions > 1 { Arc::new(CoalescePartitionsExec::new(plan)) } else { plan })
}

/// Puts what `plan` gives into the file at `path`.
async fn result(driver: &Driver<'_>, plan: Arc<dyn ExecutionPlan>, path: &Path) -> Result<Sum, Error> {
    let schema = plan.schema();
    let here = |error: std::io::Error| Error::Engine(error.into());
    let arrow = |error: datafusion::arrow::error::ArrowError| Error::Engine(DataFusionError::from(error));
    let file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(here)?);
    let mut writer = FileWriter::try_new(file, &schema).map_err(arrow)?;
    let fields = schema.fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(arrow)?;
    let mut sum = Sum::default();
    driver
        .job("query", plan, async |mut stream| {
            while let Some(batch) = driver.next(&mut stream).await? {
                driver.spent.arrived(&batch);
                let batch = as_planned(&schema, &batch).map_err(arrow)?;
                add(&mut sum, &converter, &batch).map_err(arrow)?;
                writer.write(&batch).map_err(arrow)?;
            }
            Ok(())
        })
        .await?;
    writer.finish().map_err(arrow)?;
    Ok(sum)
}

/// Names and nullability on the way are the cluster's own.
fn as_planned(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, datafusion::arrow::error::ArrowError> {
    RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec())
}

fn add(
    sum: &mut Sum,
    converter: &RowConverter,
    batch: &RecordBatch,
) -> Result<(), datafusion::arrow::error::ArrowError> {
    let rows = converter.convert_columns(batch.columns())?;
    sum.rows += batch.num_rows() as u64;
    sum.hash = rows.iter().fold(sum.hash, |hash, row| hash.wrapping_add(xxh3_64(row.as_ref())));
    Ok(())
}
