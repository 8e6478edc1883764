//! Sources that are services: their columns without asking, their rows fetched once a run.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::diagnostic::{Diagnostic, Place, Texts, code};
use crate::engine::Engine;
use crate::mapping::{SourceEntry, TotangoQuery, TotangoSource, TotangoSplit, TotangoToken};
use crate::pipeline::open::register;
use crate::pipeline::prepare::Preparing;
use crate::pipeline::{Failure, Stage, Stop, Watcher};
use crate::source::{FILE_COLUMN, FileRegister, LINE_COLUMN, SourceError, open_fetched};
use crate::sqltext::identifier;
use crate::store::Patience;
use crate::totango::{Clock, PullError, Query, RATE, Search, Split, TotangoError, World, Wrong, pull};
use crate::web::PATIENCE;
use crate::yaml::{Places, Span};

/// The table of what was fetched, as it came.
const FETCHED: &str = "fetched";

/// Its file.
const UNORDERED: &str = "unordered";

/// Fetches the rows of services, each search once.
pub(super) struct Fetch<'a> {
    engine: &'a Engine,
    folder: &'a Path,
    watcher: &'a Arc<dyn Watcher>,
    stop: &'a Stop,
    /// Files by what was asked for.
    files: Mutex<BTreeMap<String, PathBuf>>,
}

impl<'a> Fetch<'a> {
    /// Into `folder`, with `engine` for putting rows in order.
    pub fn new(engine: &'a Engine, folder: &'a Path, watcher: &'a Arc<dyn Watcher>, stop: &'a Stop) -> Self {
        Self { engine, folder, watcher, stop, files: Mutex::default() }
    }

    /// An Arrow file with everything that `search` finds, in its order; `name` and `mapping` are who wants it.
    async fn file(&self, search: &Search, name: &str, mapping: &str) -> Result<PathBuf, Failure> {
        let asked = format!("{} {:?} {:?}", search.url, search.query, search.split);
        let known = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if let Some(path) = known {
            return Ok(path);
        }
        let path = self.path("fetched");
        let mut rows = self.rows(search, name, mapping).await?;
        let mut writer = self.writer(&path, &rows.schema())?;
        while let Some(batch) = rows.next().await {
            self.stop.check()?;
            writer.write(&batch.map_err(engine)?).map_err(arrow)?;
        }
        writer.finish().map_err(arrow)?;
        // It is only in the way from here on.
        let _ = std::fs::remove_file(self.path(UNORDERED));
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, path.clone());
        Ok(path)
    }

    /// Everything that `search` finds: by id, then by all other columns, so that the order in which it came shows nowhere.
    pub async fn rows(&self, search: &Search, name: &str, mapping: &str) -> Result<SendableRecordBatchStream, Failure> {
        let path = self.path(UNORDERED);
        self.watcher.stage(mapping, Stage::Fetch);
        let schema = schema(&search.query);
        let mut writer = self.writer(&path, &schema)?;
        let world = Watching { fetch: self, told: Mutex::new(0) };
        let pulled = pull(search, &world, |rows| writer.write(&batch(&schema, &rows)?));
        pulled.map_err(|error| match error {
            PullError::Totango(error) => Failure::from(source_error(name, error)),
            PullError::Taker(error) => arrow(error),
            PullError::Stopped => Failure::Interrupted,
        })?;
        writer.finish().map_err(arrow)?;
        let session = self.engine.ordered_session();
        let fetched = open_fetched(&path, name, name, true, &FileRegister::new())?;
        register(&session, FETCHED, fetched.table())?;
        let columns: Vec<String> = search.query.columns().iter().map(|column| identifier(column)).collect();
        let columns = columns.join(", ");
        let sql = format!("select {columns} from {FETCHED} order by {columns}");
        session.sql(&sql).await.map_err(engine)?.execute_stream().await.map_err(engine)
    }

    fn path(&self, what: &str) -> PathBuf {
        let number = self.files.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.folder.join(format!("{what}-{number}.arrow"))
    }

    fn writer(&self, path: &Path, schema: &Schema) -> Result<FileWriter<BufWriter<File>>, Failure> {
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        FileWriter::try_new(file, schema).map_err(arrow)
    }
}

fn arrow(error: ArrowError) -> Failure {
    engine(error.into())
}

fn engine(error: datafusion::error::DataFusionError) -> Failure {
    Failure::engine(&error, None)
}

/// What a search is watched by.
struct Watching<'f, 'a> {
    fetch: &'f Fetch<'a>,
    told: Mutex<u64>,
}

impl World for Watching<'_, '_> {
    fn now(&self) -> Duration {
        Clock.now()
    }

    fn wait(&self, time: Duration) {
        Clock.wait(time);
    }

    fn is_stopped(&self) -> bool {
        self.fetch.stop.is_asked()
    }

    fn progress(&self, read: u64, _of: u64) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // What is read again was told of before.
        self.fetch.watcher.advance(read.saturating_sub(*told));
        *told = read.max(*told);
    }
}

/// The columns of a query's rows.
fn schema(query: &Query) -> SchemaRef {
    let columns = query.columns().iter().map(|name| Field::new(name, DataType::Utf8View, true));
    Arc::new(Schema::new(columns.collect::<Vec<Field>>()))
}

fn batch(schema: &SchemaRef, rows: &[Vec<Option<String>>]) -> Result<RecordBatch, ArrowError> {
    let column = |place: usize| rows.iter().map(|row| row[place].as_deref()).collect::<StringViewArray>();
    let columns = (0..schema.fields().len()).map(|place| Arc::new(column(place)) as ArrayRef).collect();
    RecordBatch::try_new(Arc::clone(schema), columns)
}

fn source_error(name: &str, error: TotangoError) -> SourceError {
    SourceError {
        code: error.code,
        source: name.to_owned(),
        file: None,
        message: error.message,
        help: Some(error.help),
    }
}

/// A query in the text of a file; what is wrong with it, at its place there.
pub(super) fn query(search: crate::mapping::TotangoSearch, path: &str, text: &str) -> Result<Query, Diagnostic> {
    Query::parse(search, text).map_err(|wrong| {
        let at = wrong.offset.unwrap_or_default();
        let end = text[at..].chars().next().map_or(at, |character| at + character.len_utf8());
        told(&wrong).at(Place::new(path, Span::new(at, end)), "here")
    })
}

fn told(wrong: &Wrong) -> Diagnostic {
    Diagnostic::error(&code::BAD_VALUE, wrong.message.clone()).help(wrong.help.clone())
}

impl Preparing<'_> {
    /// A search of Totango: its columns, which its query tells, and its rows if they are wanted.
    pub(super) async fn open_totango(
        &mut self,
        entry: &SourceEntry,
        totango: &TotangoSource,
        texts: &mut Texts,
    ) -> Result<(), Failure> {
        let name = &entry.name.value;
        let query = self.totango_query(name, totango, texts);
        let split = self.totango_split(name, totango);
        let (Some(query), Some(split)) = (query, split) else { return Ok(()) };
        let Some(fetch) = self.around.fetch else {
            let mut columns: Vec<Arc<Field>> = schema(&query).fields().iter().cloned().collect();
            columns.push(Arc::new(Field::new(FILE_COLUMN, DataType::UInt32, false)));
            columns.push(Arc::new(Field::new(LINE_COLUMN, DataType::UInt64, false)));
            let schema = Arc::new(Schema::new(columns));
            register(&self.session, name, Arc::new(EmptyTable::new(Arc::clone(&schema))))?;
            self.unfetched.insert(name.clone(), schema);
            return Ok(());
        };
        let token = match &totango.token {
            TotangoToken::Given(token) => token.clone(),
            TotangoToken::Unset(why) => {
                let message = format!("there is no token for Totango: {why}");
                let help =
                    "set the variable in the environment of the process; a token is made in Totango, by its user";
                let error = TotangoError { code: &code::VARIABLE, message, help: help.to_owned() };
                return Err(source_error(name, error).into());
            }
        };
        let seconds = |seconds: Option<u64>, unless| seconds.map_or(unless, Duration::from_secs);
        let patience = Patience {
            timeout: seconds(totango.timeout, PATIENCE.timeout),
            deadline: seconds(totango.deadline, PATIENCE.deadline),
            retries: totango.retries.map_or(PATIENCE.retries, |retries| retries as usize),
            ..PATIENCE
        };
        let rate = totango.rate.unwrap_or(RATE);
        let search = Search { query, url: totango.url.value.clone(), token, split, rate, patience };
        let path = fetch.file(&search, name, &self.mapping.name).await?;
        let shown = format!("totango:{}", totango.search.name());
        let source = open_fetched(&path, name, &shown, entry.empty_is_ok, &self.files)?;
        register(&self.session, name, source.table())?;
        self.sources.insert(name.clone(), source);
        Ok(())
    }

    fn totango_query(&mut self, name: &str, totango: &TotangoSource, texts: &mut Texts) -> Option<Query> {
        let read = match &totango.query {
            TotangoQuery::File(path) => {
                let text = self.totango_file(path, texts)?;
                query(totango.search, &path.value, &text)
            }
            TotangoQuery::Inline(text) => Query::parse(totango.search, &text.value).map_err(|wrong| {
                let path = self.places.get(name).map_or(self.file.shown.clone(), |place| place.path.clone());
                let written = texts.get(&path).unwrap_or_default();
                let span = wrong.offset.map_or(text.span, |at| Places::of(written, text).locate(at, 1));
                told(&wrong).at(Place::new(path, span), "here")
            }),
        };
        read.map_err(|diagnostic| self.found.push(diagnostic)).ok()
    }

    fn totango_file(&mut self, path: &crate::mapping::Text, texts: &mut Texts) -> Option<String> {
        match std::fs::read_to_string(self.around.project.root.join(&path.value)) {
            Ok(text) => {
                texts.insert(&path.value, &text);
                Some(text)
            }
            Err(error) => {
                self.unreadable_query(path, &error);
                None
            }
        }
    }

    /// `None` where it is wrong.
    fn totango_split(&mut self, name: &str, totango: &TotangoSource) -> Option<Option<Split>> {
        let Some(split) = &totango.split else { return Some(None) };
        match Split::new(&split.value) {
            Ok(split) => Some(Some(split)),
            Err(wrong) => {
                let path = self.places.get(name).map_or(self.file.shown.clone(), |place| place.path.clone());
                self.found.push(told(&wrong).at(Place::new(path, split.span), "divides the records"));
                None
            }
        }
    }
}

/// Filters that divide a search, as Totango generates them.
pub(super) fn parts(filters: &[String]) -> Result<Option<Split>, Wrong> {
    let text = |filter: &String| crate::mapping::Text::new(filter.clone(), Span::default());
    let filters: Vec<_> = filters.iter().map(text).collect();
    (!filters.is_empty()).then(|| Split::new(&TotangoSplit::Filters(filters))).transpose()
}
