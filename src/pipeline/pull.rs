//! `tanguero pull`: everything that a search finds in Totango, as a file of its own.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::Array;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt;
use jiff::civil::Date;

use crate::csv::{LineEnding, RowBuffer};
use crate::diagnostic::{Diagnostic, Diagnostics, Texts, code};
use crate::engine::{Engine, EngineOptions};
use crate::functions::text_of;
use crate::mapping::{SourceKind, TotangoSearch};
use crate::pipeline::fetch::{Fetch, parts, query};
use crate::pipeline::folders::temporary_folder;
use crate::pipeline::{Exit, Failure, Stop, Watcher};
use crate::source::kind_of_name;
use crate::store::keep_secret;
use crate::totango::Search;
use crate::web::PATIENCE;

/// What is to be pulled.
#[derive(Clone)]
pub struct PullRequest {
    /// What is searched for.
    pub search: TotangoSearch,
    /// The file of the query.
    pub query: PathBuf,
    /// The file to be written: `.csv` or `.parquet`.
    pub out: PathBuf,
    /// The folder that relative paths start at.
    pub current: PathBuf,
    /// Totango's address.
    pub url: String,
    /// The token; never shown.
    pub token: String,
    /// Filters that divide more records than a search reaches, a JSON object each.
    pub parts: Vec<String>,
    /// Calls a minute, at most.
    pub rate: u64,
    /// What "now" means.
    pub as_of: Date,
    /// Bytes that may be held.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct PullOutcome {
    /// The process's exit.
    pub exit: Exit,
    /// Rows of the file; none if there is no file.
    pub rows: Option<u64>,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub texts: Texts,
}

/// Pulls; the file appears whole or not at all.
pub fn pull(request: &PullRequest, watcher: &Arc<dyn Watcher>, stop: &Stop) -> PullOutcome {
    keep_secret(&request.token);
    let mut texts = Texts::new();
    match run(request, watcher, stop, &mut texts) {
        Ok(rows) => PullOutcome { exit: Exit::Good, rows: Some(rows), problems: Vec::new(), texts },
        Err(failure) => PullOutcome { exit: failure.exit(), rows: None, problems: failure.diagnostics(), texts },
    }
}

fn wrong(diagnostic: Diagnostic) -> Failure {
    let mut found = Diagnostics::new();
    found.push(diagnostic);
    Failure::Mapping(found)
}

fn run(request: &PullRequest, watcher: &Arc<dyn Watcher>, stop: &Stop, texts: &mut Texts) -> Result<u64, Failure> {
    let target = request.current.join(&request.out);
    let kind = match kind_of_name(target.file_name().unwrap_or_default()) {
        (Some(kind @ (SourceKind::Csv | SourceKind::Parquet)), crate::mapping::Compression::None) => kind,
        _ => {
            let message = format!("`{}` is neither `.csv` nor `.parquet`", request.out.display());
            return Err(wrong(Diagnostic::error(&code::BAD_VALUE, message).help("name the file with one of the two")));
        }
    };
    let shown = request.query.display().to_string();
    let text = fs::read_to_string(request.current.join(&request.query)).map_err(|error| {
        let message = format!("the query `{shown}` cannot be read: {error}");
        wrong(Diagnostic::error(&code::UNKNOWN_SOURCE, message).help("paths start at the current folder"))
    })?;
    texts.insert(&shown, &text);
    let query = query(request.search, &shown, &text).map_err(wrong)?;
    let split = parts(&request.parts).map_err(|why| {
        wrong(Diagnostic::error(&code::BAD_VALUE, format!("`--part`: {}", why.message)).help(why.help))
    })?;
    let search = Search {
        query,
        url: request.url.clone(),
        token: request.token.clone(),
        split,
        rate: request.rate,
        patience: PATIENCE,
    };
    let scratch = temporary_folder("pull")?;
    let options = EngineOptions {
        threads: request.threads,
        memory: request.memory,
        spill: scratch.path.clone(),
        as_of: request.as_of,
    };
    let engine = Engine::new(options).map_err(|error| Failure::engine(&error, None))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(request.threads.max(1)).build()?;
    let fetch = Fetch::new(&engine, &scratch.path, watcher, stop);
    let name = request.search.name();
    runtime.block_on(async {
        let rows = fetch.rows(&search, name, name).await?;
        written(&target, async |file| match kind {
            SourceKind::Parquet => parquet(rows, file, stop).await,
            _ => csv(rows, file, stop).await,
        })
        .await
    })
}

/// Puts what `write` writes in the place of `target`, once it is whole.
async fn written(target: &Path, write: impl AsyncFnOnce(File) -> Result<(File, u64), Failure>) -> Result<u64, Failure> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let own = target.with_file_name(format!(".tanguero-{}-{name}", std::process::id()));
    let failed = |what: &str, error: std::io::Error| {
        Failure::World(Diagnostic::error(&code::WORLD, format!("{what} `{}`: {error}", target.display())))
    };
    let result = async {
        let file = File::create(&own).map_err(|error| failed("cannot write", error))?;
        let (file, rows) = write(file).await?;
        file.sync_all().map_err(|error| failed("cannot write", error))?;
        fs::rename(&own, target).map_err(|error| failed("cannot put in place", error))?;
        Ok(rows)
    };
    let result = result.await;
    if result.is_err() {
        // What cannot be removed is only a leftover.
        let _ = fs::remove_file(&own);
    }
    result
}

async fn csv(mut rows: SendableRecordBatchStream, file: File, stop: &Stop) -> Result<(File, u64), Failure> {
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let mut line = RowBuffer::default();
    let header: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    line.row(&header, LineEnding::CrLf);
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        stop.check()?;
        let engine = |error| Failure::engine(&error, None);
        let batch = batch.map_err(engine)?;
        let columns = batch.columns().iter().map(text_of).collect::<Result<Vec<_>, _>>();
        let columns = columns.map_err(|error| engine(error.into()))?;
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| if column.is_valid(row) { column.value(row) } else { "" });
            line.row(cells, LineEnding::CrLf);
            out.write_all(line.bytes())?;
            line.clear();
        }
        count += batch.num_rows() as u64;
    }
    out.write_all(line.bytes())?;
    Ok((out.into_inner().map_err(|error| error.into_error())?, count))
}

async fn parquet(mut rows: SendableRecordBatchStream, file: File, stop: &Stop) -> Result<(File, u64), Failure> {
    let level = ZstdLevel::try_new(3).expect("levels go to 22");
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let failed = |error: datafusion::parquet::errors::ParquetError| Failure::engine(&error.into(), None);
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).map_err(failed)?;
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        stop.check()?;
        let batch = batch.map_err(|error| Failure::engine(&error, None))?;
        count += batch.num_rows() as u64;
        writer.write(&batch).map_err(failed)?;
    }
    Ok((writer.into_inner().map_err(failed)?, count))
}
