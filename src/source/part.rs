//! A source in parts, which other processes read: what they are told of it, and what they tell back.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use serde::{Deserialize, Serialize};

use crate::csv::Start;
use crate::diagnostic::{code, find_code};
use crate::resolve::SourceSchema;
use crate::source::content::Content;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::input::FileAt;
use crate::source::ledger::{FileCount, Ledger};
use crate::source::list::ListedFile;
use crate::source::object_list;
use crate::source::open::read;
use crate::source::opened::{Source, SourceFile};
use crate::source::piece::{Fault, Mark, Origin};
use crate::source::scan::{Scan, Worker};
use crate::source::stamp::Stamp;
use crate::store::Stores;

/// Why a source cannot be read by other processes, in words that go on after its name.
pub type Untold = &'static str;

/// What all parts of a source have in common. Holds no secret and no setting of a store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shape {
    definition: SourceDefinition,
    /// The table's columns, as an Arrow stream without a batch.
    schema: Vec<u8>,
    ordering: Vec<usize>,
}

/// A file, or a range of one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// The file's place in the source.
    place: u32,
    /// Its number in the run.
    file: u32,
    /// Its path or URL.
    address: String,
    shown: String,
    size: u64,
    /// When it was last written, since 1970.
    modified: Duration,
    /// Its version in its store.
    mark: Option<String>,
    /// Where the table's columns have their values from.
    origins: Vec<From>,
    /// Which of its bytes; none: all.
    bytes: Option<Bytes>,
}

/// Bytes of a CSV file that begin with a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bytes {
    pub range: Range<u64>,
    /// The line of the first.
    pub line: u64,
    /// The line behind the last.
    pub next_line: u64,
    /// They are the last of the file.
    pub last: bool,
}

/// [`Origin`] as it travels.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum From {
    Field(usize),
    Key(String),
    Constant(Option<String>),
    File,
    Line,
}

/// What a pass over a part found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    records: u64,
    skipped: u64,
    unreadable: u64,
    footer: Vec<String>,
    footer_missing: bool,
    index: Vec<Mark>,
    next_line: u64,
    /// Code, line and detail of each record that cannot be read.
    faults: Vec<(String, u64, u32)>,
}

impl Part {
    /// A path of a machine, if it is no URL.
    pub fn path(&self) -> Option<&str> {
        (!self.address.contains("://")).then_some(self.address.as_str())
    }

    /// The file as people are shown it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether it is a whole file.
    pub fn is_whole(&self) -> bool {
        self.bytes.is_none()
    }

    /// Its bytes as stored.
    pub fn size(&self) -> u64 {
        self.bytes.as_ref().map_or(self.size, |bytes| bytes.range.end - bytes.range.start)
    }

    /// What speaks against what a pass over it found, if anything: lines that were counted before are not those read.
    pub fn disagrees(&self, account: &Account) -> Option<String> {
        let bytes = self.bytes.as_ref()?;
        // A quote that is never closed ends with the file, whose last line may have no end.
        let good = account.next_line == bytes.next_line || bytes.last && account.next_line == bytes.next_line + 1;
        (!good).then(|| format!("{}: line {} instead of {}", self.shown, account.next_line, bytes.next_line))
    }

    /// Whether a row at this packed position (file in the upper 24 bits, line in the lower 40) can be of it.
    pub fn holds(&self, position: u64) -> bool {
        let (file, line) = (position >> 40, position & ((1 << 40) - 1));
        let inside = |bytes: &Bytes| bytes.line <= line && (bytes.last || line < bytes.next_line);
        file == u64::from(self.file) && self.bytes.as_ref().is_none_or(inside)
    }

    /// The part of the same file with these bytes only.
    pub(super) fn with(&self, bytes: Bytes) -> Self {
        Self { bytes: Some(bytes), ..self.clone() }
    }

    /// The file, as it was when it was listed.
    pub(super) fn locate(&self, definition: &SourceDefinition) -> Result<ListedFile, SourceError> {
        let listed = match self.path() {
            Some(path) => {
                let path = PathBuf::from(path);
                let unreadable = |error: std::io::Error| {
                    let missing = error.kind() == std::io::ErrorKind::NotFound;
                    let code = if missing { &code::SOURCE_MISSING } else { &code::SOURCE_UNREADABLE };
                    SourceError::file(
                        code,
                        &definition.name,
                        &self.shown,
                        format!("an executor cannot read it: {error}"),
                    )
                    .help("every executor must find the file at the same path: a shared file system, or a store")
                };
                let stamp = path.metadata().and_then(|metadata| Stamp::new(&metadata)).map_err(unreadable)?;
                ListedFile { input: FileAt::Local(path), shown: self.shown.clone(), stamp }
            }
            None => object_list::one(definition, &self.address)?,
        };
        let mark = match &listed.input {
            FileAt::Object(object) => object.mark().map(str::to_owned),
            FileAt::Local(_) => None,
        };
        let same = match (&self.mark, &mark) {
            (Some(then), Some(now)) => then == now,
            // Listings tell parts of a second that answers leave out.
            _ => since(listed.stamp.modified).as_secs() == self.modified.as_secs(),
        };
        if listed.stamp.size != self.size || !same {
            let fact = "the file changed while it was read, or an executor sees another one";
            return Err(SourceError::file(&code::SOURCE_CHANGED, &definition.name, &self.shown, fact));
        }
        Ok(ListedFile { shown: self.shown.clone(), ..listed })
    }
}

impl Shape {
    /// What the source was told to be, without its address.
    pub(super) fn definition(&self) -> &SourceDefinition {
        &self.definition
    }

    /// `part` as a source of its own. `stores` are those of this process.
    ///
    /// # Errors
    /// A file that is not there, has changed or cannot be read.
    pub fn open(&self, part: &Part, stores: &Stores) -> Result<Arc<Source>, SourceError> {
        let definition = SourceDefinition { stores: stores.clone(), ..self.definition.clone() };
        let damaged = || SourceError::new(&code::WORLD, &definition.name, "its columns arrived damaged");
        let schema = StreamReader::try_new(self.schema.as_slice(), None).map_err(|_| damaged())?.schema();
        let listed = part.locate(&definition)?;
        let mut content = read(&definition, &listed)?;
        if let (Content::Csv(file), Some(bytes)) = (&mut content, &part.bytes) {
            file.start = Some(Start { length: 0, line: bytes.line, carriage_return: false });
            file.range = Some(bytes.range.clone());
            file.footer = file.footer.take().filter(|_| bytes.last);
        }
        let origins: Vec<Origin> = part.origins.iter().map(Origin::from).collect();
        if origins.len() != schema.fields().len() {
            return Err(damaged());
        }
        Ok(Arc::new(Source {
            name: Arc::from(definition.name.as_str()),
            files: vec![SourceFile {
                number: part.file,
                input: listed.input,
                shown: Arc::from(listed.shown),
                stamp: listed.stamp,
                content: Arc::new(content),
                origins,
            }],
            schema,
            ordering: self.ordering.clone(),
            columns: SourceSchema::default(),
            trace: None,
            empty_is_ok: true,
            piece_bytes: definition.piece_bytes.max(1),
            definition: Some(Arc::new(definition)),
            found: Mutex::new(None),
            met: Mutex::default(),
            allowance: Mutex::default(),
        }))
    }
}

impl Source {
    /// What its parts have in common.
    ///
    /// # Errors
    /// Why it cannot be read by other processes.
    pub fn shape(&self) -> Result<Shape, Untold> {
        let definition = self.definition.as_ref().ok_or("is the result of a query, which lies here")?;
        let told = |file: &SourceFile| match &file.input {
            FileAt::Local(path) => path.to_str().is_some(),
            FileAt::Object(object) => object.is_told_by_url(),
        };
        // What was cut off an address, a user or a signature, may be a secret.
        let signed = definition.pattern.contains("://") && definition.pattern.contains(['?', '@']);
        if signed || !self.files.iter().all(told) {
            return Err("has an address that may hold a secret");
        }
        let mut writer =
            StreamWriter::try_new(Vec::new(), &self.schema).map_err(|_| "has columns that do not travel")?;
        writer.finish().map_err(|_| "has columns that do not travel")?;
        let schema = writer.into_inner().map_err(|_| "has columns that do not travel")?;
        let definition =
            SourceDefinition { pattern: String::new(), stores: Stores::default(), ..(**definition).clone() };
        Ok(Shape { definition, schema, ordering: self.ordering.clone() })
    }

    /// Its files, a part each.
    pub fn parts(&self) -> Vec<Part> {
        let part = |(place, file): (usize, &SourceFile)| Part {
            place: place as u32,
            file: file.number,
            address: match &file.input {
                FileAt::Local(path) => path.to_string_lossy().into_owned(),
                FileAt::Object(object) => object.shown(),
            },
            shown: file.shown.to_string(),
            size: file.stamp.size,
            modified: since(file.stamp.modified),
            mark: match &file.input {
                FileAt::Local(_) => None,
                FileAt::Object(object) => object.mark().map(str::to_owned),
            },
            origins: file.origins.iter().map(From::from).collect(),
            bytes: None,
        };
        self.files.iter().enumerate().map(part).collect()
    }

    /// The file that `part` is of.
    pub(super) fn file_of(&self, part: &Part) -> &SourceFile {
        &self.files[part.place as usize]
    }

    /// Its rows: these columns of the table.
    pub fn batches(self: &Arc<Self>, columns: &[usize]) -> impl Iterator<Item = Result<RecordBatch, SourceError>> {
        let fields: Vec<_> = columns.iter().map(|column| Arc::clone(&self.schema.fields()[*column])).collect();
        Worker::new(Arc::new(Scan::new(Arc::clone(self), columns.to_vec(), Arc::new(Schema::new(fields)), None)))
    }

    /// What a pass over it found.
    pub fn account(&self) -> Account {
        let found = self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = found.as_ref().and_then(|ledger| ledger.files.first().cloned()).unwrap_or_default();
        let faults = found.as_ref().map_or(&[][..], |ledger| &ledger.unreadable);
        let FileCount { records, skipped, unreadable, footer, footer_missing, index, next_line } = count;
        let faults = faults.iter().map(|fault| (fault.code.id.to_owned(), fault.line, fault.detail)).collect();
        Account { records, skipped, unreadable, footer, footer_missing, index: index.to_vec(), next_line, faults }
    }

    /// Keeps what passes over all its parts found, the parts of a file in their order: as if it had been read here.
    pub fn keep_parts<'a>(&self, parts: impl IntoIterator<Item = (&'a Part, Account)>) {
        let mut ledger = Ledger { files: vec![FileCount::default(); self.files.len()], unreadable: Vec::new() };
        let mut marks: Vec<Vec<Mark>> = vec![Vec::new(); self.files.len()];
        for (part, account) in parts {
            let place = part.place as usize;
            let file = &mut ledger.files[place];
            file.records += account.records;
            file.skipped += account.skipped;
            file.unreadable += account.unreadable;
            file.footer.extend(account.footer);
            file.footer_missing |= account.footer_missing;
            // The last mark of a part ends it; where another follows, its first one does.
            if marks[place].last().is_some_and(|mark| mark.line == u64::MAX) {
                marks[place].pop();
            }
            marks[place].extend(account.index);
            for (id, line, detail) in account.faults {
                let code = find_code(&id).unwrap_or(&code::FIELD_COUNT);
                ledger.unreadable.push(Fault { code, line, file: part.place, detail });
            }
        }
        for (file, marks) in ledger.files.iter_mut().zip(marks) {
            file.index = marks.into();
        }
        self.keep(&mut ledger);
    }
}

impl Account {
    /// Whether another pass found as many records of each kind.
    pub fn counts_like(&self, other: &Self) -> bool {
        let counts = |account: &Self| (account.records, account.skipped, account.unreadable);
        counts(self) == counts(other)
    }

    /// Records that can be read.
    pub fn readable(&self) -> u64 {
        self.records - self.unreadable
    }
}

fn since(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl std::convert::From<&Origin> for From {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Field(field) => Self::Field(*field),
            Origin::Key(key) => Self::Key(key.to_string()),
            Origin::Constant(text) => Self::Constant(text.as_deref().map(str::to_owned)),
            Origin::File => Self::File,
            Origin::Line => Self::Line,
        }
    }
}

impl std::convert::From<&From> for Origin {
    fn from(from: &From) -> Self {
        match from {
            From::Field(field) => Self::Field(*field),
            From::Key(key) => Self::Key(Arc::from(key.as_str())),
            From::Constant(text) => Self::Constant(text.as_deref().map(Arc::from)),
            From::File => Self::File,
            From::Line => Self::Line,
        }
    }
}
