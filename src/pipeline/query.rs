//! Runs the query of `from` once, in its order, into a file that is then read like any other source.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::pipeline::{Failure, Stop};
use crate::source::{FILE_COLUMN, FileRegister, LINE_COLUMN, Source, open_staged};
use crate::vet::VettedQuery;
use crate::yaml::Span;

/// Columns of the table that the query's result becomes: its own, then the hidden ones.
pub(super) fn staged_schema(query: &VettedQuery) -> SchemaRef {
    let schema = query.plan.schema().as_arrow();
    let visible = schema.fields().iter().filter(|field| field.name() != FILE_COLUMN && field.name() != LINE_COLUMN);
    let mut fields: Vec<Arc<Field>> = visible.cloned().collect();
    fields.push(Arc::new(Field::new(FILE_COLUMN, DataType::UInt32, false)));
    fields.push(Arc::new(Field::new(LINE_COLUMN, DataType::UInt64, false)));
    Arc::new(Schema::new(fields))
}

/// Runs `query` in `session`, which knows its sources, and stages the result in `folder`.
///
/// The session must be an ordered one: a query's rows come in its own order, then by file and line, then by all columns.
pub(super) async fn stage(
    query: &VettedQuery,
    session: &SessionContext,
    folder: &Path,
    files: &FileRegister,
    place: (&str, Span),
    stop: &Stop,
) -> Result<Arc<Source>, Failure> {
    let engine = |error| Failure::engine(&error, Some(place));
    let frame = session.execute_logical_plan(query.plan.clone()).await.map_err(engine)?;
    let mut stream = frame.execute_stream().await.map_err(engine)?;
    let path = folder.join("query.arrow");
    let arrow = |error: datafusion::arrow::error::ArrowError| engine(error.into());
    let file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
    let mut writer = FileWriter::try_new(file, &stream.schema()).map_err(arrow)?;
    while let Some(batch) = stream.next().await {
        stop.check()?;
        writer.write(&batch.map_err(engine)?).map_err(arrow)?;
    }
    writer.finish().map_err(arrow)?;
    Ok(open_staged(&path, crate::compile::QUERY_TABLE, query.traceable, files)?)
}
