//! The text columns of a small query, row by row: lookup tables, keys of sources.

use datafusion::arrow::array::Array;
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::functions::text_of;
use crate::pipeline::Failure;

/// Gives every row of `sql` to `take`, each column as text; empty cells are `None`.
pub(super) async fn texts(
    session: &SessionContext,
    sql: &str,
    mut take: impl FnMut(&[Option<&str>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let engine = |error| Failure::engine(&error, None);
    let mut stream = session.sql(sql).await.map_err(engine)?.execute_stream().await.map_err(engine)?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(engine)?;
        let columns = batch.columns().iter().map(text_of).collect::<Result<Vec<_>, _>>();
        let columns = columns.map_err(|error| engine(error.into()))?;
        let mut row = Vec::with_capacity(columns.len());
        for index in 0..batch.num_rows() {
            row.clear();
            row.extend(columns.iter().map(|column| column.is_valid(index).then(|| column.value(index))));
            take(&row)?;
        }
    }
    Ok(())
}
