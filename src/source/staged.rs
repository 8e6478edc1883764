//! The result of a query, written to an Arrow file in its final order, as a source like any other.

use std::path::Path;
use std::sync::{Arc, Mutex};

use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema};

use crate::diagnostic::code;
use crate::resolve::{Field, SourceSchema};
use crate::source::arrow_file::ArrowFile;
use crate::source::content::Content;
use crate::source::definition::{PIECE_BYTES, SourceError};
use crate::source::input::FileAt;
use crate::source::merge::field_type;
use crate::source::opened::{Source, SourceFile};
use crate::source::piece::Origin;
use crate::source::register::FileRegister;
use crate::source::stamp::Stamp;
use crate::source::{FILE_COLUMN, LINE_COLUMN};

/// Opens the Arrow file at `path`, which holds the result of the query `name`.
///
/// A `traceable` one has the hidden columns among its own: they are the source records its rows come from, and
/// [`Source::records`] finds rows by them. The rows of another one are numbered from 1 and belong to a file of their own
/// in `register`, shown as `name`. Rows come in the order of the file, the number of partitions set aside.
///
/// # Errors
/// The file cannot be read; while it is scanned: a traceable row without `_file` or `_line`.
pub fn open_staged(
    path: &Path,
    name: &str,
    traceable: bool,
    register: &FileRegister,
) -> Result<Arc<Source>, SourceError> {
    staged(path, (name, name), traceable, true, register)
}

/// Opens the Arrow file at `path`, which holds what was fetched for the source `name` and is shown as `shown`; none of it
/// at all is an error unless `empty_is_ok`.
///
/// # Errors
/// The file cannot be read.
pub fn open_fetched(
    path: &Path,
    name: &str,
    shown: &str,
    empty_is_ok: bool,
    register: &FileRegister,
) -> Result<Arc<Source>, SourceError> {
    staged(path, (name, shown), false, empty_is_ok, register)
}

fn staged(
    path: &Path,
    (name, shown): (&str, &str),
    traceable: bool,
    empty_is_ok: bool,
    register: &FileRegister,
) -> Result<Arc<Source>, SourceError> {
    let failed = |why: String| SourceError::unreadable(name, shown, why);
    let stamp =
        path.metadata().and_then(|metadata| Stamp::new(&metadata)).map_err(|error| failed(error.to_string()))?;
    let input = FileAt::Local(path.to_owned());
    let file = ArrowFile::read(&input, &failed)?;
    let fields = file.fields();
    let place = |wanted: &str| fields.iter().position(|field| field.name == wanted);
    let trace = match (place(FILE_COLUMN), place(LINE_COLUMN)) {
        (Some(file), Some(line)) if traceable => Some((file, line)),
        _ if traceable => {
            return Err(SourceError::new(&code::SQL_LINEAGE, name, "the query does not give `_file` and `_line`"));
        }
        _ => None,
    };
    let is_visible = |name: &str| !is_hidden(name);
    let visible: Vec<usize> = (0..fields.len()).filter(|place| is_visible(&fields[*place].name)).collect();
    let mut columns: Vec<ArrowField> = visible
        .iter()
        .map(|place| ArrowField::new(&fields[*place].name, fields[*place].data_type.clone(), true))
        .collect();
    columns.push(ArrowField::new(FILE_COLUMN, DataType::UInt32, false));
    columns.push(ArrowField::new(LINE_COLUMN, DataType::UInt64, false));
    let mut origins: Vec<Origin> = visible.iter().map(|place| Origin::Field(*place)).collect();
    origins.extend(match trace {
        Some((file, line)) => [Origin::Field(file), Origin::Field(line)],
        None => [Origin::File, Origin::Line],
    });
    let schema = Arc::new(Schema::new(columns));
    Ok(Arc::new(Source {
        name: Arc::from(name),
        definition: None,
        files: vec![SourceFile {
            number: if trace.is_some() { u32::MAX } else { register.add(shown) },
            input,
            shown: Arc::from(shown),
            stamp,
            content: Arc::new(Content::Arrow(file)),
            origins,
        }],
        ordering: if trace.is_some() { Vec::new() } else { vec![visible.len(), visible.len() + 1] },
        columns: SourceSchema { files: vec![shown.to_owned()], ..schema_of(&schema) },
        schema,
        trace,
        empty_is_ok,
        piece_bytes: PIECE_BYTES,
        found: Mutex::new(None),
        met: Mutex::default(),
        allowance: Mutex::default(),
    }))
}

/// The visible columns of a table of the engine, in plain words.
pub fn schema_of(schema: &Schema) -> SourceSchema {
    let visible = schema.fields().iter().filter(|field| !is_hidden(field.name()));
    let fields = visible.map(|field| Field {
        name: field.name().clone(),
        field_type: field_type(field.data_type()),
        duplicated: false,
        missing_in: Vec::new(),
        unseen: false,
    });
    SourceSchema { fields: fields.collect(), files: Vec::new(), open: false }
}

fn is_hidden(name: &str) -> bool {
    name == FILE_COLUMN || name == LINE_COLUMN
}
