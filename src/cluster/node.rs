//! A job in a plan of the engine: every row of its input is an item, of which it gives the result.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::cluster::item::Item;
use crate::cluster::job::Job;
use crate::cluster::perform::{Means, perform};

/// Batches that wait for whoever writes them down.
const AHEAD: usize = 2;

/// Does a job's work.
pub(super) struct JobExec {
    pub job: Arc<Job>,
    /// The job as it travels.
    pub packed: Arc<[u8]>,
    input: Arc<dyn ExecutionPlan>,
    /// What an executor has; none where the plan is only passed on.
    means: Option<Arc<Means>>,
    properties: Arc<PlanProperties>,
}

impl JobExec {
    /// The job over the items of `input`, giving columns of `schema`.
    pub fn new(
        (job, packed): (Arc<Job>, Arc<[u8]>),
        schema: SchemaRef,
        input: Arc<dyn ExecutionPlan>,
        means: Option<Arc<Means>>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(input.properties().output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { job, packed, input, means, properties: Arc::new(properties) }
    }
}

/// The items as a table of the engine, a partition each list: such a table Ballista divides among tasks.
pub(super) fn items(partitions: &[Vec<Item>]) -> Result<Arc<dyn ExecutionPlan>> {
    let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("item", DataType::Utf8, false)]));
    let text = |item: &Item| serde_json::to_string(item).map_err(|error| DataFusionError::External(error.into()));
    let partitions = partitions
        .iter()
        .map(|items| {
            let texts = items.iter().map(text).collect::<Result<Vec<String>>>()?;
            let column = Arc::new(StringArray::from(texts));
            Ok(vec![RecordBatch::try_new(Arc::clone(&schema), vec![column])?])
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(MemorySourceConfig::try_new_exec(&partitions, schema, None)?)
}

fn items_of(batch: &RecordBatch) -> Result<Vec<Item>> {
    let texts = batch.column(0).as_string::<i32>();
    let item = |text: &str| serde_json::from_str(text).map_err(|error| DataFusionError::External(Box::new(error)));
    texts.iter().flatten().map(item).collect()
}

impl fmt::Debug for JobExec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JobExec").field("work", &self.job.name()).finish_non_exhaustive()
    }
}

impl DisplayAs for JobExec {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "JobExec: {}", self.job.name())
    }
}

impl ExecutionPlan for JobExec {
    fn name(&self) -> &str {
        "JobExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
        let [input] = children.as_slice() else { return internal_err!("a job has one list of items") };
        let job = (Arc::clone(&self.job), Arc::clone(&self.packed));
        Ok(Arc::new(Self::new(job, self.schema(), Arc::clone(input), self.means.clone())))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(means) = self.means.clone() else {
            return internal_err!("a job is done by executors, not where it is planned");
        };
        let mut input = self.input.execute(partition, context)?;
        let (job, schema) = (Arc::clone(&self.job), self.schema());
        let (sender, receiver) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            while let Some(batch) = input.next().await {
                let items = match batch.and_then(|batch| items_of(&batch)) {
                    Ok(items) => items,
                    Err(error) => return drop(sender.send(Err(error)).await),
                };
                for item in items {
                    let (job, means, sender_) = (Arc::clone(&job), Arc::clone(&means), sender.clone());
                    let schema = Arc::clone(&schema);
                    let done = tokio::task::spawn_blocking(move || {
                        perform(&job, &item, &schema, &means, &mut |batch| sender_.blocking_send(Ok(batch)).is_ok())
                    });
                    let error = match done.await {
                        Ok(Ok(())) => continue,
                        Ok(Err(error)) => error,
                        Err(error) => DataFusionError::Internal(format!("a task ended badly: {error}")),
                    };
                    return drop(sender.send(Err(error)).await);
                }
            }
        });
        let batches = stream::unfold(receiver, |mut receiver: mpsc::Receiver<Result<RecordBatch>>| async move {
            Some((receiver.recv().await?, receiver))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
