//! A source as a table of a query that runs on the cluster: executors read its parts.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::cluster::item::Item;
use crate::cluster::job::{Job, Work};
use crate::cluster::node::{JobExec, items};
use crate::source::{Part, Shape};

/// A source whose parts are read by executors.
#[derive(Debug)]
pub struct AwayTable {
    shape: Shape,
    parts: Vec<Part>,
    schema: SchemaRef,
    as_of: jiff::civil::Date,
}

impl AwayTable {
    /// The source of this shape and these parts; `schema` are its columns.
    pub fn new(shape: Shape, parts: Vec<Part>, schema: SchemaRef, as_of: jiff::civil::Date) -> Self {
        Self { shape, parts, schema, as_of }
    }
}

#[async_trait]
impl TableProvider for AwayTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
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
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let fields: Vec<_> = columns.iter().map(|column| Arc::clone(&self.schema.fields()[*column])).collect();
        let job = Job { shape: self.shape.clone(), as_of: self.as_of, work: Work::Read(columns) };
        let packed = job.pack().map_err(|error| DataFusionError::External(Box::new(error)))?;
        let count = state.config().target_partitions().clamp(1, self.parts.len().max(1));
        let mut partitions: Vec<Vec<Item>> = vec![Vec::new(); count];
        for (number, part) in self.parts.iter().enumerate() {
            let item = Item { number: number as u32, part: part.clone(), range: None };
            partitions[number % count].push(item);
        }
        let job = (Arc::new(job), packed.into());
        Ok(Arc::new(JobExec::new(job, Arc::new(Schema::new(fields)), items(&partitions)?, None)))
    }
}
