//! Writes a case's rows into a file that takes the place of a source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::FileWriter;

use crate::diagnostic::{Diagnostic, Place, code, excerpt, nearest};
use crate::mapping::{
    Compression, CsvOptions, GivenRecord, GivenRows, GivenSource, GivenType, Mapping, SourceEntry, SourceKind,
    SourceOrigin, Text,
};
use crate::pipeline::test::given::Asked;
use crate::source::kind_of_name;
use crate::yaml::{Span, Spanned};

/// One source to be replaced.
pub(super) struct StandIn<'a> {
    /// The test file, as shown.
    pub test: &'a str,
    /// Where the file is written.
    pub folder: &'a Path,
    /// The source as declared.
    pub entry: &'a SourceEntry,
    /// What the mapping wants of it.
    pub asked: &'a Asked,
}

impl StandIn<'_> {
    /// The entry that reads what is given; none, and told of, where that cannot be.
    pub fn make(&self, given: &GivenSource, root: &Path, found: &mut Vec<Diagnostic>) -> Option<SourceEntry> {
        let before = found.len();
        let kind = self.kind();
        let typed = matches!(kind, None | Some(SourceKind::Parquet | SourceKind::Arrow));
        if let (Some((name, _)), false) =
            (given.types.iter().find(|(_, kind)| *kind != GivenType::Text), typed && is_records(given))
        {
            let message = format!("column `{}` can only be text here", excerpt(&name.value));
            let help = "types are for records of Parquet and Arrow sources and of queries; CSV and NDJSON hold text";
            found.push(self.wrong(message, name.span).help(help));
        }
        let entry = match &given.rows {
            GivenRows::File(path) => {
                if !root.join(&path.value).is_file() {
                    found.push(
                        self.wrong(format!("no file is at `{}`", path.value), path.span)
                            .help("relative to the project"),
                    );
                }
                let query = !matches!(self.entry.origin, SourceOrigin::Path(_));
                let origin = SourceOrigin::Path(path.clone());
                SourceEntry {
                    origin,
                    max_age: None,
                    kind: self.entry.kind.clone().filter(|_| !query),
                    ..self.entry.clone()
                }
            }
            GivenRows::Content(text) => {
                if matches!(kind, Some(SourceKind::Parquet | SourceKind::Arrow)) {
                    let message = format!("source `{}` is no text file", self.entry.name.value);
                    found.push(self.wrong(message, text.span).help("give its rows as a list of records, or a `file`"));
                    return None;
                }
                let csv = CsvOptions { encoding: None, ..self.entry.csv.clone() };
                self.entry(kind.unwrap_or(SourceKind::Csv), csv, self.write(text.value.as_bytes(), text.span, found)?)
            }
            GivenRows::Records(records) => {
                let bytes = self.arrow(given, records, found)?;
                self.entry(SourceKind::Arrow, CsvOptions::default(), self.write(&bytes, given.name.span, found)?)
            }
        };
        (found.len() == before).then_some(entry)
    }

    fn kind(&self) -> Option<SourceKind> {
        match &self.entry.origin {
            SourceOrigin::Query(_) | SourceOrigin::Totango(_) => None,
            SourceOrigin::Path(path) => {
                let name = Path::new(&path.value).file_name().unwrap_or_default();
                self.entry.kind.as_ref().map(|kind| kind.value).or(kind_of_name(name).0)
            }
        }
    }

    fn entry(&self, kind: SourceKind, csv: CsvOptions, path: String) -> SourceEntry {
        SourceEntry {
            origin: SourceOrigin::Path(Text::new(path, self.entry.span)),
            kind: Some(Spanned::new(kind, self.entry.span)),
            compression: Some(Spanned::new(Compression::None, self.entry.span)),
            csv,
            max_age: None,
            ..self.entry.clone()
        }
    }

    /// The path of a file with these bytes, named as the source is.
    fn write(&self, bytes: &[u8], span: Span, found: &mut Vec<Diagnostic>) -> Option<String> {
        let path = self.folder.join(&self.entry.name.value);
        if let Err(error) = fs::write(&path, bytes) {
            found.push(self.wrong(format!("`{}` cannot be written: {error}", path.display()), span));
            return None;
        }
        Some(path.to_string_lossy().into_owned())
    }

    /// Records as an Arrow file: the n-th is line n, and columns have the types they are given.
    fn arrow(&self, given: &GivenSource, records: &[GivenRecord], found: &mut Vec<Diagnostic>) -> Option<Vec<u8>> {
        let mut names: Vec<&str> = Vec::new();
        let spelt = records.iter().flat_map(|record| record.cells.iter().map(|(name, _)| name));
        for name in spelt.chain(given.types.iter().map(|(name, _)| name)) {
            if !names.contains(&name.value.as_str()) {
                names.push(&name.value);
                self.misspelt(name, records, found);
            }
        }
        let wanted: Vec<&str> =
            self.asked.fields.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
        names.extend(wanted);
        let mut fields = Vec::with_capacity(names.len());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(names.len());
        for name in names {
            let kind =
                given.types.iter().find(|(typed, _)| typed.value == name).map_or(GivenType::Text, |(_, kind)| *kind);
            let cells = records.iter().map(|record| self.cell(record, name));
            let text: ArrayRef = Arc::new(cells.collect::<StringArray>());
            fields.push(Field::new(name, data_type(kind), true));
            match cast_with_options(&text, &data_type(kind), &CastOptions { safe: false, ..CastOptions::default() }) {
                Ok(column) => columns.push(column),
                Err(error) => found.push(self.not_of_type(name, kind, records, &error)),
            }
        }
        if columns.len() < fields.len() {
            return None;
        }
        if fields.is_empty() {
            // A source of which no column is known is still a source.
            fields.push(Field::new("nothing", DataType::Utf8, true));
            columns.push(Arc::new((0..records.len()).map(|_| None::<&str>).collect::<StringArray>()));
        }
        let write = || {
            let schema = Arc::new(Schema::new(fields));
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
            let mut writer = FileWriter::try_new(Vec::new(), &schema)?;
            writer.write(&batch)?;
            writer.finish()?;
            writer.into_inner()
        };
        write().map_err(|error: ArrowError| found.push(self.wrong(error.to_string(), given.name.span))).ok()
    }

    /// A cell as the source would read it.
    fn cell<'r>(&self, record: &'r GivenRecord, name: &str) -> Option<&'r str> {
        let (_, text) = record.cells.iter().find(|(own, _)| own.value == name)?;
        let text = text.as_deref()?;
        let is_null = self.entry.csv.nulls.iter().any(|spelling| spelling.value == text);
        (!is_null).then_some(text)
    }

    /// A column that nothing reads, where one of nearly this name is read and not given.
    fn misspelt(&self, name: &Text, records: &[GivenRecord], found: &mut Vec<Diagnostic>) {
        if self.asked.open || self.asked.fields.contains(&name.value) {
            return;
        }
        let given =
            |field: &&String| records.iter().any(|record| record.cells.iter().any(|(own, _)| own.value == **field));
        let lacking = self.asked.fields.iter().filter(|field| !given(field)).map(String::as_str);
        if let Some(near) = nearest(&name.value, lacking) {
            let message =
                format!("the mapping reads no column `{}` of `{}`", excerpt(&name.value), self.entry.name.value);
            let place = Place::new(self.test, name.span);
            let diagnostic = Diagnostic::error(&code::GIVEN_UNREAD, message).at(place, "not read");
            found.push(diagnostic.help(format!("`{near}` has a similar name")));
        }
    }

    fn not_of_type(&self, name: &str, kind: GivenType, records: &[GivenRecord], error: &ArrowError) -> Diagnostic {
        let cells = records.iter().flat_map(|record| &record.cells).filter(|(own, _)| own.value == name);
        let bad = |text: &&str| {
            let one: ArrayRef = Arc::new(StringArray::from(vec![*text]));
            cast_with_options(&one, &data_type(kind), &CastOptions { safe: false, ..CastOptions::default() }).is_err()
        };
        let first = cells.filter_map(|(own, text)| Some((own.span, text.as_deref().filter(bad)?))).next();
        let (span, text) = first.unwrap_or((self.entry.span, ""));
        let message = format!("`{}` of column `{name}` is not of its type: {}", excerpt(text), first_line(error));
        self.wrong(message, span).help(code::BAD_GIVEN.cure)
    }

    fn wrong(&self, message: String, span: Span) -> Diagnostic {
        Diagnostic::error(&code::BAD_GIVEN, message).at(Place::new(self.test, span), "")
    }
}

fn first_line(error: &ArrowError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn is_records(given: &GivenSource) -> bool {
    matches!(given.rows, GivenRows::Records(_))
}

fn data_type(kind: GivenType) -> DataType {
    match kind {
        GivenType::Text => DataType::Utf8,
        GivenType::Integer => DataType::Int64,
        GivenType::Number => DataType::Float64,
        GivenType::Boolean => DataType::Boolean,
        GivenType::Date => DataType::Date32,
        GivenType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        GivenType::TimestampUtc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// Names in quotes in a mapping's row-wise SQL, beside those of its columns; one too many is an empty column too many.
pub(super) fn quoted_names(mapping: &Mapping) -> BTreeSet<String> {
    let pivot = mapping.pivot.iter().flat_map(|pivot| [Some(&pivot.module), Some(&pivot.action), pivot.value.as_ref()]);
    let sql = mapping.filter.iter().chain(mapping.lets.iter().map(|(_, sql)| sql)).chain(pivot.flatten());
    sql.flat_map(|sql| sql.value.split('"').skip(1).step_by(2).map(str::to_owned)).collect()
}
