//! Opens a source: lists its files, learns their columns, puts these together.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use crate::diagnostic::code;
use crate::mapping::{Compression, SourceKind};
use crate::source::arrow_file::ArrowFile;
use crate::source::content::Content;
use crate::source::csv_file::CsvForm;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::kind;
use crate::source::list::{ListedFile, list};
use crate::source::merge::{FileColumns, merge};
use crate::source::ndjson::NdjsonFile;
use crate::source::opened::{Source, SourceFile};
use crate::source::parquet_file::ParquetFile;
use crate::source::partition;
use crate::source::register::FileRegister;
use crate::source::text::{TextForm, encoding};

/// Most bytes of a line of NDJSON, as of a record of CSV, unless said.
const MAX_RECORD: u64 = 16 << 20;

/// Lists the files that `definition` means, gives each its number in `register`, and reads their headers. `now` is what
/// their age is measured against.
///
/// # Errors
/// No file (S801); a file that is too old (S803), cannot be read (S804), or has no usable header (S806).
pub fn open(
    definition: SourceDefinition,
    register: &FileRegister,
    now: SystemTime,
) -> Result<Arc<Source>, SourceError> {
    let definition = &definition;
    let listed = list(definition)?;
    check_age(definition, &listed, now)?;
    let contents = listed.iter().map(|file| read(definition, file)).collect::<Result<Vec<_>, _>>()?;
    let columns: Vec<FileColumns<'_>> = listed
        .iter()
        .zip(&contents)
        .map(|(file, content)| FileColumns {
            shown: &file.shown,
            fields: content.fields(),
            partitions: partition::of_path(&file.shown),
            open: content.is_open(),
        })
        .collect();
    let merged = merge(definition, &columns)?;
    drop(columns);
    let files = listed
        .into_iter()
        .zip(contents)
        .zip(merged.origins)
        .map(|((file, content), origins)| SourceFile {
            number: register.add(file.shown.as_str()),
            input: file.input,
            shown: Arc::from(file.shown),
            stamp: file.stamp,
            content: Arc::new(content),
            origins,
        })
        .collect();
    let hidden = merged.schema.fields().len() - 2;
    Ok(Arc::new(Source {
        name: Arc::from(definition.name.as_str()),
        definition: Some(Arc::new(definition.clone())),
        files,
        schema: merged.schema,
        ordering: vec![hidden, hidden + 1],
        columns: merged.columns,
        trace: None,
        empty_is_ok: definition.empty_is_ok,
        piece_bytes: definition.piece_bytes.max(1),
        found: Mutex::new(None),
        met: Mutex::default(),
        allowance: Mutex::default(),
    }))
}

/// The newest file must not be older than `max_age`: then no new export has come.
fn check_age(definition: &SourceDefinition, files: &[ListedFile], now: SystemTime) -> Result<(), SourceError> {
    let Some(max_age) = definition.max_age else { return Ok(()) };
    let Some(newest) = files.iter().max_by_key(|file| file.stamp.modified) else { return Ok(()) };
    let age = now.duration_since(newest.stamp.modified).map_or(0, |age| age.as_secs());
    if age <= max_age {
        return Ok(());
    }
    let fact = format!("last written {} ago, `max_age` allows {}", duration(age), duration(max_age));
    Err(SourceError::file(&code::SOURCE_OLD, &definition.name, &newest.shown, fact))
}

/// Seconds in the two largest units that are needed.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut words = Vec::new();
    for (size, unit) in units {
        if left >= size && words.len() < 2 {
            words.push(format!("{} {unit}", left / size));
            left %= size;
        } else if !words.is_empty() {
            break;
        }
    }
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// Opens one file to learn its columns.
pub(super) fn read(definition: &SourceDefinition, file: &ListedFile) -> Result<Content, SourceError> {
    let failed = |why: String| file.input.unreadable(&definition.name, &file.shown, why);
    let (kind_of_name, compression_of_name) = kind::of_name(&file.input.name());
    let compression = definition.compression.unwrap_or(compression_of_name);
    let Some(kind) = definition.kind.or(kind_of_name) else {
        return Err(failed("its name does not tell what kind of file it is".to_owned())
            .help("say `kind: csv` (or tsv, parquet, ndjson, arrow)"));
    };
    match kind {
        SourceKind::Parquet | SourceKind::Arrow if compression != Compression::None => Err(failed(
            "Parquet and Arrow files are read from any place in them, which a compressed file has not".into(),
        )
        .help("decompress it first: both kinds compress their own columns")),
        SourceKind::Parquet => ParquetFile::read(&file.input, &failed).map(Content::Parquet),
        SourceKind::Arrow => ArrowFile::read(&file.input, &failed).map(Content::Arrow),
        SourceKind::Ndjson => {
            let form = text_form(definition, compression)?;
            let max_line = definition.csv.max_record.as_ref().map_or(MAX_RECORD, |limit| limit.value) as usize;
            NdjsonFile::read(&file.input, form, max_line, definition.piece_bytes)
                .map(Content::Ndjson)
                .map_err(|error| failed(error.to_string()))
        }
        SourceKind::Csv | SourceKind::Tsv => {
            let form = text_form(definition, compression)?;
            CsvForm::new(definition, kind)?
                .read(&definition.name, &file.input, &file.shown, form, definition.piece_bytes.max(1))
                .map(Content::Csv)
        }
    }
}

fn text_form(definition: &SourceDefinition, compression: Compression) -> Result<TextForm, SourceError> {
    let label = definition.csv.encoding.as_ref().map_or("utf-8", |label| label.value.as_str());
    let encoding = encoding(label).ok_or_else(|| {
        SourceError::new(&code::BAD_VALUE, &definition.name, format!("there is no encoding called `{label}`"))
            .help("labels are those of the WHATWG standard: utf-8, utf-16le, windows-1252, shift_jis, ...")
    })?;
    Ok(TextForm { compression, encoding })
}
