//! The columns of a source: those of all its files, matched by name.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};

use crate::diagnostic::code;
use crate::resolve::{Field, FieldType, SourceSchema};
use crate::source::content::FileField;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::piece::Origin;
use crate::source::{FILE_COLUMN, LINE_COLUMN};

/// What the merging of one file's columns needs to know.
pub(super) struct FileColumns<'a> {
    /// The file as shown.
    pub shown: &'a str,
    /// Its columns; `None` where it is empty and has not even a header.
    pub fields: Option<Vec<FileField>>,
    /// The columns its folders speak of.
    pub partitions: Vec<(String, Option<String>)>,
    /// Its columns are those of its first lines only.
    pub open: bool,
}

/// The table of a source.
pub(super) struct Merged {
    /// Visible columns in plain words.
    pub columns: SourceSchema,
    /// Visible and hidden columns as the engine sees them.
    pub schema: SchemaRef,
    /// Per file, where each column of `schema` has its values from.
    pub origins: Vec<Vec<Origin>>,
}

/// The type in which values of a file's type are read: all kinds of text are one.
pub(super) fn readable_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => DataType::Utf8View,
        DataType::Dictionary(_, values) => readable_type(values),
        other => other.clone(),
    }
}

/// What values of this type are to a mapping.
pub(super) fn field_type(data_type: &DataType) -> FieldType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => FieldType::Text,
        DataType::Boolean => FieldType::Boolean,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => FieldType::Float,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            FieldType::Decimal
        }
        DataType::Date32 | DataType::Date64 => FieldType::Date,
        DataType::Timestamp(..) => FieldType::Timestamp,
        other if other.is_integer() => FieldType::Integer,
        _ => FieldType::Other,
    }
}

/// One type for values of two: the wider of two whole or two binary numbers, else text.
fn common_type(one: &DataType, other: &DataType) -> Option<DataType> {
    if one == other {
        return Some(one.clone());
    }
    if one.is_signed_integer() && other.is_signed_integer() {
        return Some(DataType::Int64);
    }
    if one.is_unsigned_integer() && other.is_unsigned_integer() {
        return Some(DataType::UInt64);
    }
    if one.is_floating() && other.is_floating() {
        return Some(DataType::Float64);
    }
    let text = DataType::Utf8View;
    (can_cast_types(one, &text) && can_cast_types(other, &text)).then_some(text)
}

/// Puts the columns of `files` together, in the order of the first file.
///
/// # Errors
/// A column called `_file` or `_line`; types that nothing can hold together.
pub(super) fn merge(definition: &SourceDefinition, files: &[FileColumns<'_>]) -> Result<Merged, SourceError> {
    let mut found: Vec<(FileField, usize)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        for field in file.fields.iter().flatten() {
            add(definition, files, &mut found, &mut places, field, number)?;
        }
    }
    // The columns of folders stand behind those of files, and give way to them.
    for (number, file) in files.iter().enumerate() {
        for (name, _) in &file.partitions {
            if !places.contains_key(name) {
                add(definition, files, &mut found, &mut places, &FileField::text(name), number)?;
            }
        }
    }
    let open = files.iter().any(|file| file.open) || files.iter().all(|file| file.fields.is_none());
    for name in definition.asked.iter().filter(|_| open) {
        if !places.contains_key(name) {
            add(definition, files, &mut found, &mut places, &FileField::text(name), 0)?;
        }
    }
    if files.iter().any(|file| file.open) {
        // Any line may bring a value that is no number.
        for (field, _) in &mut found {
            field.data_type = common_type(&field.data_type, &DataType::Utf8View).unwrap_or(DataType::Utf8View);
        }
    }
    Ok(assemble(files, &found, open, definition.missing_columns_empty))
}

fn add(
    definition: &SourceDefinition,
    files: &[FileColumns<'_>],
    found: &mut Vec<(FileField, usize)>,
    places: &mut HashMap<String, usize>,
    field: &FileField,
    number: usize,
) -> Result<(), SourceError> {
    let file = files[number].shown;
    if field.name == FILE_COLUMN || field.name == LINE_COLUMN {
        let fact = format!("a column is called `{}`, which is how tanguero traces records", field.name);
        return Err(SourceError::file(&code::HEADER, &definition.name, file, fact)
            .help("rename the column at its source, or give other names with `csv: {header: [...]}`"));
    }
    let Some(&place) = places.get(&field.name) else {
        places.insert(field.name.clone(), found.len());
        found.push((field.clone(), number));
        return Ok(());
    };
    let (known, first) = &mut found[place];
    known.duplicated |= field.duplicated;
    known.data_type = common_type(&known.data_type, &field.data_type).ok_or_else(|| {
        let fact = format!(
            "column `{}` is {} here and {} in {}",
            field.name, field.data_type, known.data_type, files[*first].shown
        );
        SourceError::file(&code::HEADER, &definition.name, file, fact)
    })?;
    Ok(())
}

/// Whether a file or folder has a column of that name, or there was nothing to be seen.
fn is_seen(files: &[FileColumns<'_>], name: &str) -> bool {
    let fields = || files.iter().flat_map(|file| file.fields.iter().flatten());
    let folders = files.iter().flat_map(|file| &file.partitions).any(|(folder, _)| folder == name);
    folders || fields().any(|field| field.name == name) || fields().next().is_none()
}

fn assemble(files: &[FileColumns<'_>], found: &[(FileField, usize)], open: bool, may_lack: bool) -> Merged {
    let mut missing: Vec<Vec<usize>> = vec![Vec::new(); found.len()];
    let mut origins = Vec::with_capacity(files.len());
    for (number, file) in files.iter().enumerate() {
        let own: HashMap<&str, usize> =
            file.fields.iter().flatten().enumerate().map(|(place, field)| (field.name.as_str(), place)).collect();
        let mut of_file: Vec<Origin> = found
            .iter()
            .enumerate()
            .map(|(column, (field, _))| match own.get(field.name.as_str()) {
                Some(&place) if !file.open => Origin::Field(place),
                Some(_) => Origin::Key(Arc::from(field.name.as_str())),
                None => match file.partitions.iter().find(|(name, _)| *name == field.name) {
                    Some((_, value)) => Origin::Constant(value.as_deref().map(Arc::from)),
                    None => {
                        // What its first lines lack a later line may have.
                        if file.fields.is_some() && !file.open && !may_lack {
                            missing[column].push(number);
                        }
                        if file.open { Origin::Key(Arc::from(field.name.as_str())) } else { Origin::Constant(None) }
                    }
                },
            })
            .collect();
        of_file.extend([Origin::File, Origin::Line]);
        origins.push(of_file);
    }
    let visible = found.iter().map(|(field, _)| ArrowField::new(&field.name, field.data_type.clone(), true));
    let hidden =
        [ArrowField::new(FILE_COLUMN, DataType::UInt32, false), ArrowField::new(LINE_COLUMN, DataType::UInt64, false)];
    let schema = Arc::new(Schema::new(visible.chain(hidden).collect::<Vec<_>>()));
    let fields = found.iter().zip(missing).map(|((field, _), missing_in)| Field {
        name: field.name.clone(),
        field_type: field_type(&field.data_type),
        duplicated: field.duplicated,
        missing_in,
        unseen: open && !is_seen(files, &field.name),
    });
    let columns = SourceSchema {
        fields: fields.collect(),
        files: files.iter().map(|file| file.shown.to_owned()).collect(),
        open,
    };
    Merged { columns, schema, origins }
}
