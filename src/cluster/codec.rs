//! How jobs travel inside plans: beside what Ballista's own plans are made of.

use std::fmt;
use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::internal_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use crate::cluster::job::Job;
use crate::cluster::node::JobExec;
use crate::cluster::perform::Means;

/// What a job's bytes begin with. No plan of Ballista's does.
const SIGN: &[u8] = b"\0tanguero job 1\0";

/// Writes and reads plans with jobs in them.
pub(super) struct JobCodec {
    means: Option<Arc<Means>>,
    others: BallistaPhysicalExtensionCodec,
}

impl JobCodec {
    /// For executors, which have `means`, or for those who only pass plans on.
    pub fn new(means: Option<Arc<Means>>) -> Self {
        Self { means, others: BallistaPhysicalExtensionCodec::default() }
    }
}

impl fmt::Debug for JobCodec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JobCodec")
    }
}

impl PhysicalExtensionCodec for JobCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(bytes) = bytes.strip_prefix(SIGN) else {
            return self.others.try_decode(bytes, inputs, context, converter);
        };
        let (Some((length, rest)), [input]) = (bytes.split_first_chunk(), inputs) else {
            return internal_err!("a job arrived damaged");
        };
        let Some((schema, packed)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize) else {
            return internal_err!("a job arrived damaged");
        };
        let schema = StreamReader::try_new(schema, None)?.schema();
        let job = Job::unpack(packed).map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Arc::new(JobExec::new((Arc::new(job), packed.into()), schema, Arc::clone(input), self.means.clone())))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(job) = node.downcast_ref::<JobExec>() else {
            return self.others.try_encode(node, bytes, converter);
        };
        let schema = schema_bytes(&job.schema())?;
        bytes.extend_from_slice(SIGN);
        bytes.extend_from_slice(&(schema.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&schema);
        bytes.extend_from_slice(&job.packed);
        Ok(())
    }
}

fn schema_bytes(schema: &SchemaRef) -> Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}
