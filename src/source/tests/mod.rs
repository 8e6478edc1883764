//! The room's tests: small files in a temporary folder, read through a session of the engine.

mod columns;
mod cuts;
mod encoding;
mod footer;
mod kinds;
mod ledger;
mod listing;
mod second_look;
mod staged;
mod text;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::physical_plan::{ExecutionPlanProperties, execute_stream_partitioned};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use tempfile::TempDir;

use crate::source::{FileRegister, PIECE_BYTES, Source, SourceDefinition, SourceError};

/// A folder that goes away with the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The source `t` in the files of `pattern`, relative to the folder.
    fn definition(&self, pattern: &str) -> SourceDefinition {
        let pattern =
            if pattern.contains("://") { pattern.to_owned() } else { format!("{}/{pattern}", self.path().display()) };
        SourceDefinition { shown_base: self.path().to_owned(), ..SourceDefinition::new("t", pattern) }
    }

    fn open(&self, pattern: &str) -> Arc<Source> {
        open(self.definition(pattern)).unwrap()
    }

    fn error(&self, pattern: &str) -> SourceError {
        open(self.definition(pattern)).unwrap_err()
    }
}

fn open(definition: SourceDefinition) -> std::result::Result<Arc<Source>, SourceError> {
    super::open(definition, &FileRegister::new(), SystemTime::now())
}

fn session(partitions: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false);
    SessionContext::new_with_config(config)
}

/// The rows of a query over `table`, cells as text.
async fn query(table: Arc<dyn TableProvider>, partitions: usize, sql: &str) -> Result<Vec<Vec<String>>> {
    let context = session(partitions);
    context.register_table("t", table)?;
    Ok(cells(&context.sql(sql).await?.collect().await?))
}

fn cells(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|array| ArrayFormatter::try_new(array, &options).unwrap()).collect();
        rows.extend(
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<String>>()),
        );
    }
    rows
}

/// Rows as one text each, cells joined by `|`.
fn joined(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().map(|row| row.join("|")).collect()
}

/// All rows with all columns, by file and line. Also sees to it that every partition ascends.
async fn all(table: Arc<dyn TableProvider>, partitions: usize) -> Result<Vec<String>> {
    let context = session(partitions);
    context.register_table("t", table)?;
    let frame = context.sql("select * from t").await?;
    let width = frame.schema().fields().len();
    let plan = frame.create_physical_plan().await?;
    assert_eq!(plan.output_partitioning().partition_count(), partitions);
    let mut rows: Vec<(u32, u64, String)> = Vec::new();
    for stream in execute_stream_partitioned(plan, context.task_ctx())? {
        let batches: Vec<RecordBatch> = stream.try_collect().await?;
        let own: Vec<(u32, u64, String)> = cells(&batches)
            .iter()
            .map(|row| (row[width - 2].parse().unwrap(), row[width - 1].parse().unwrap(), row.join("|")))
            .collect();
        assert!(own.is_sorted(), "a partition does not ascend: {own:?}");
        rows.extend(own);
    }
    rows.sort();
    Ok(rows.into_iter().map(|(_, _, text)| text).collect())
}

/// What [`all`] gives whatever the number of partitions and the size of pieces.
async fn everywhere(definition: SourceDefinition) -> Vec<String> {
    let mut first: Option<(Vec<String>, String)> = None;
    for piece_bytes in [1, 17, PIECE_BYTES] {
        for partitions in [1, 2, 8] {
            let source = open(SourceDefinition { piece_bytes, ..definition.clone() }).unwrap();
            let rows = all(source.table(), partitions).await.unwrap();
            let account = format!("{:?} {:?}", source.files(), source.unreadable());
            match &first {
                Some((other, their_account)) => {
                    assert_eq!(&rows, other, "pieces of {piece_bytes}, {partitions} partitions");
                    assert_eq!(&account, their_account, "pieces of {piece_bytes}, {partitions} partitions");
                }
                None => first = Some((rows, account)),
            }
            check_second_look(&source, first.as_ref().map_or(&[], |(rows, _)| rows), partitions).await;
        }
    }
    first.unwrap().0
}

/// Every second record, read again, is what it was.
async fn check_second_look(source: &Arc<Source>, rows: &[String], partitions: usize) {
    let expected: Vec<String> = rows.iter().step_by(2).cloned().collect();
    let positions: Vec<(u32, u64)> = expected
        .iter()
        .map(|row| {
            let mut cells = row.rsplit('|');
            let line = cells.next().unwrap().parse().unwrap();
            (cells.next().unwrap().parse().unwrap(), line)
        })
        .collect();
    let again = all(source.records(positions), partitions).await.unwrap();
    assert_eq!(again, expected, "second look with {partitions} partitions");
}

/// Records, skipped and unreadable of the only file.
fn account(source: &Arc<Source>) -> (u64, u64, u64) {
    source.complete().unwrap();
    let files = source.files();
    assert_eq!(files.len(), 1);
    (files[0].records, files[0].skipped, files[0].unreadable)
}

/// Code and line of each unreadable record.
fn faults(source: &Arc<Source>) -> Vec<(&'static str, u64)> {
    source.complete().unwrap();
    source.unreadable().iter().map(|record| (record.code.id, record.line)).collect()
}
