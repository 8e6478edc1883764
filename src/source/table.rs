//! A source as a table of the engine: only the columns asked for are made, each worker is a partition.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;

use async_trait::async_trait;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Statistics, internal_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream, StatisticsArgs,
};
use futures::stream;

use crate::source::opened::Source;
use crate::source::scan::{Positions, Scan, Worker};
use crate::source::shared::{Reader, Share};

/// A source, or certain records of it.
#[derive(Debug)]
pub(super) struct SourceTable {
    source: Arc<Source>,
    wanted: Option<Positions>,
}

impl SourceTable {
    /// All records of `source`, or the `wanted` ones.
    pub fn new(source: Arc<Source>, wanted: Option<Positions>) -> Self {
        Self { source, wanted }
    }
}

/// The source that `table` is, with all its records.
#[cfg(feature = "cluster")]
pub fn source_of(table: &dyn TableProvider) -> Option<Arc<Source>> {
    let table = table.downcast_ref::<SourceTable>()?;
    table.wanted.is_none().then(|| Arc::clone(&table.source))
}

#[async_trait]
impl TableProvider for SourceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.source.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.source.schema.fields().len()).collect(),
        };
        let partitions = state.config().target_partitions().max(1);
        Ok(Arc::new(SourceExec::new(Arc::clone(&self.source), projection, self.wanted.clone(), partitions)?))
    }
}

/// Reads a source with several workers.
pub(super) struct SourceExec {
    source: Arc<Source>,
    projection: Vec<usize>,
    wanted: Option<Positions>,
    properties: Arc<PlanProperties>,
    way: Way,
}

/// How the rows come.
enum Way {
    /// From passes of its own.
    Alone(Mutex<Passes>),
    /// From one that others share, by partition; each of them is run once.
    Sharing(Mutex<Vec<Option<Reader>>>),
}

/// A plan may be run several times: the n-th time that a partition is run it works on the n-th pass over the files, so
/// that no pass finds the files already read by another.
#[derive(Default)]
struct Passes {
    /// How often each partition was run.
    runs: Vec<usize>,
    /// Passes by number, each until all its partitions have joined it.
    open: Vec<(usize, Arc<Scan>, usize)>,
}

impl SourceExec {
    fn new(source: Arc<Source>, projection: Vec<usize>, wanted: Option<Positions>, partitions: usize) -> Result<Self> {
        let schema: SchemaRef = Arc::new(Schema::new(
            projection.iter().map(|column| Arc::clone(&source.schema.fields()[*column])).collect::<Vec<_>>(),
        ));
        let ordering = source
            .ordering
            .iter()
            .map_while(|column| {
                let place = projection.iter().position(|projected| projected == column)?;
                let column = Column::new(schema.field(place).name(), place);
                Some(PhysicalSortExpr::new(Arc::new(column), SortOptions::default()))
            })
            .collect::<Vec<_>>();
        let equivalence = EquivalenceProperties::new_with_orderings(schema, LexOrdering::new(ordering));
        let properties = PlanProperties::new(
            equivalence,
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        let way = Way::Alone(Mutex::new(Passes { runs: vec![0; partitions], open: Vec::new() }));
        Ok(Self { source, projection, wanted, properties: Arc::new(properties), way })
    }

    /// The same rows from a pass that others share; none where that is over another source.
    pub fn sharing(&self, share: &Share) -> Option<Self> {
        if self.wanted.is_some() || !share.is_of(&self.source) {
            return None;
        }
        let partitions = self.properties.partitioning.partition_count();
        let readers = share.readers(&self.projection, &self.schema(), partitions);
        Some(Self {
            source: Arc::clone(&self.source),
            projection: self.projection.clone(),
            wanted: None,
            properties: Arc::clone(&self.properties),
            way: Way::Sharing(Mutex::new(readers.into_iter().map(Some).collect())),
        })
    }

    /// The pass of its own that a partition works on when it is run once more.
    fn join(&self, passes: &Mutex<Passes>, partition: usize) -> Arc<Scan> {
        let mut passes = passes.lock().unwrap_or_else(PoisonError::into_inner);
        let number = passes.runs[partition];
        passes.runs[partition] += 1;
        let place = match passes.open.iter().position(|(other, ..)| *other == number) {
            Some(place) => place,
            None => {
                let scan =
                    Scan::new(Arc::clone(&self.source), self.projection.clone(), self.schema(), self.wanted.clone());
                passes.open.push((number, Arc::new(scan), 0));
                passes.open.len() - 1
            }
        };
        let partitions = passes.runs.len();
        let (_, scan, joined) = &mut passes.open[place];
        *joined += 1;
        let scan = Arc::clone(scan);
        if *joined == partitions {
            passes.open.swap_remove(place);
        }
        scan
    }
}

impl fmt::Debug for SourceExec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SourceExec").field("source", &self.source.name).finish_non_exhaustive()
    }
}

impl DisplayAs for SourceExec {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter) -> fmt::Result {
        let schema = self.schema();
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(formatter, "SourceExec: {}, columns=[{}]", self.source.name, columns.join(", "))?;
        match &self.wanted {
            Some(wanted) => write!(formatter, ", records={}", wanted.len()),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for SourceExec {
    fn name(&self) -> &str {
        "SourceExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.is_empty() {
            true => Ok(self),
            false => internal_err!("a source has no children"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let stream: SendableRecordBatchStream = match &self.way {
            Way::Alone(passes) => {
                let batches =
                    Worker::new(self.join(passes, partition)).map(|batch| batch.map_err(DataFusionError::from));
                Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::iter(batches)))
            }
            Way::Sharing(readers) => {
                let reader = readers.lock().unwrap_or_else(PoisonError::into_inner)[partition].take();
                let Some(mut reader) = reader else { return internal_err!("a shared pass is read once") };
                let next = move |context: &mut Context<'_>| {
                    reader.next(context.waker()).map(|batch| batch.map(|batch| batch.map_err(DataFusionError::from)))
                };
                Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::poll_fn(next)))
            }
        };
        Ok(make_cooperative(stream))
    }

    /// The size of the files is enough for a join to hold the smaller side in memory.
    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let bytes = self.source.files.iter().map(|file| file.stamp.size as usize).sum::<usize>();
        let shares = args.partition().map_or(1, |_| self.properties.partitioning.partition_count());
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.total_byte_size = Precision::Inexact(bytes / shares);
        Ok(Arc::new(statistics))
    }
}
