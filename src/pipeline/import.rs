//! Rows that are taken for what a mapping published: an export of what Totango holds, or what a test gives.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use crate::csv::{LineEnding, RowBuffer, decode_row};
use crate::format::{self, FormatSpec};
use crate::pipeline::Unanswered;
use crate::pipeline::run::run_id;
use crate::project::MappingFile;
use crate::settle::{key_hash, row_hash};
use crate::state::{Memory, Pair, Published, SnapshotFile, SnapshotWriter, Sorter, Staging, StateError, compare};

/// Why a row was not taken, in words.
type Wrong = String;

/// Whose rows they are.
pub(super) struct Imported<'a> {
    pub mapping: &'a MappingFile,
    pub memory: &'a Memory,
    /// The environment whose memory it is.
    pub environment: Option<&'a str>,
    /// The first day whose runs see it.
    pub as_of: Date,
}

impl Imported<'_> {
    /// Nothing taken yet.
    ///
    /// # Errors
    /// A mapping that cannot be read, a state folder that cannot be written to.
    pub(super) fn begin(&self) -> Result<Import, Unanswered> {
        let file = self.mapping;
        let mapping = file.mapping.as_ref().ok_or_else(|| format!("`{}` cannot be read as a mapping", file.shown))?;
        let spec =
            format::find(&mapping.format.value).ok_or_else(|| format!("unknown format `{}`", mapping.format.value))?;
        let day = self.as_of.yesterday().map_err(|error| error.to_string())?.to_string();
        // No two imports have one name, on whatever machines.
        let run_id = format!("import-{}-{}", run_id(jiff::Timestamp::now()), std::process::id());
        let staging = self.memory.stage(&file.name, &run_id)?;
        let folder = staging.snapshot().parent().map(Path::to_path_buf).unwrap_or_default();
        let sorter = match spec.is_additive() || spec.key_per_foreign_key {
            true => None,
            false => Some(Sorter::new(&folder).map_err(|error| error.to_string())?),
        };
        let own = mapping.collection.as_ref().map(|collection| collection.key.value.clone());
        // Some formats have a part of their key in some files only.
        let is_mapped = |name: &&String| mapping.columns.iter().any(|column| column.name.value == **name);
        Ok(Import {
            published: Published {
                mapping: file.name.clone(),
                format: spec.name.clone(),
                as_of: day,
                run_id,
                environment: self.environment.map(str::to_owned),
                key_ignores_case: spec.key_ignores_case,
                ..Published::default()
            },
            staging,
            spec,
            key_names: spec.key.iter().filter(is_mapped).cloned().chain(own).collect(),
            places: Vec::new(),
            sorter,
            number: 0,
            row: RowBuffer::default(),
        })
    }
}

/// Rows being taken.
pub(super) struct Import {
    published: Published,
    staging: Staging,
    spec: &'static FormatSpec,
    /// Attributes that make the key.
    key_names: Vec<String>,
    /// Where each of the attributes stands in a row.
    places: Vec<usize>,
    /// None where rows have no last value: they add up, or have a key per cell.
    sorter: Option<Sorter>,
    number: u32,
    row: RowBuffer,
}

impl Import {
    /// Rows of the format replace one another by their key.
    pub(super) fn keeps_values(&self) -> bool {
        self.sorter.is_some()
    }

    /// The format's name.
    pub(super) fn format(&self) -> &str {
        &self.spec.name
    }

    /// Attributes by their API name, their display name, or as they are.
    pub(super) fn header(&mut self, fields: &[&str]) -> Result<(), Wrong> {
        let published = &mut self.published;
        for (place, field) in fields.iter().enumerate() {
            let field = field.trim_start_matches('\u{feff}').trim();
            let known =
                self.spec.columns.iter().find(|column| {
                    column.name.eq_ignore_ascii_case(field) || column.display.eq_ignore_ascii_case(field)
                });
            let name = known.map_or(field, |column| column.name.as_str());
            if !field.is_empty() && !published.columns.iter().any(|other| other == name) {
                self.places.push(place);
                published.columns.push(name.to_owned());
                published.headers.push(field.to_owned());
            }
        }
        published.fill = published.columns.iter().map(|name| (name.clone(), 0)).collect();
        for name in self.key_names.iter().filter(|_| self.sorter.is_some()) {
            let place = published.columns.iter().position(|column| column == name);
            published.key.push(place.ok_or_else(|| format!("there is no column `{name}`, which is part of the key"))?);
        }
        Ok(())
    }

    /// One row; one without a key is passed over.
    pub(super) fn row(&mut self, fields: &[&str]) -> Result<(), Wrong> {
        let cells: Vec<&str> =
            self.places.iter().map(|place| fields.get(*place).copied().unwrap_or_default().trim()).collect();
        let Some(sorter) = &mut self.sorter else {
            count(&mut self.published, cells.iter().copied());
            return Ok(());
        };
        let key: Vec<&[u8]> = self.published.key.iter().map(|place| cells[*place].as_bytes()).collect();
        if key.iter().any(|part| part.is_empty()) {
            return Ok(());
        }
        self.row.clear();
        self.row.row(&cells, LineEnding::Lf);
        let hash = key_hash(&key, self.published.key_ignores_case);
        sorter.push(hash, self.number, self.row.bytes()).map_err(|error| error.to_string())?;
        self.number += 1;
        Ok(())
    }

    /// Runs from the day on remember the rows; `from_export` tells them from what a run published.
    pub(super) fn finish(mut self, from_export: bool) -> Result<Published, Unanswered> {
        self.published.imported = from_export;
        self.published.snapshot = self.snapshot().map_err(|failed| failed.0)?;
        self.staging.record(&self.published)?;
        self.staging.commit()?;
        Ok(self.published)
    }

    fn snapshot(&mut self) -> Result<Option<SnapshotFile>, Failed> {
        let Some(sorter) = self.sorter.take() else { return Ok(None) };
        let published = &mut self.published;
        let mut writer = SnapshotWriter::create(&self.staging.snapshot(), &published.columns)?;
        compare::<Failed>(None, &mut sorter.finish(), |pair| {
            let Pair::New(new) = pair else { return Ok(()) };
            let cells: Vec<String> =
                decode_row(new.bytes).map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect();
            count(published, cells.iter().map(String::as_str));
            let cells =
                cells.iter().map(|cell| (Some(cell.as_str()).filter(|cell| !cell.is_empty()), !cell.is_empty()));
            Ok(writer.push(new.key, row_hash(new.bytes), &published.as_of, cells)?)
        })?;
        Ok(Some(writer.finish(false)?))
    }
}

/// One row more, and its cells that are not empty.
fn count<'c>(published: &mut Published, cells: impl Iterator<Item = &'c str>) {
    let Published { columns, fill, rows, .. } = published;
    *rows += 1;
    let filled = columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    let one_more = |fill: &mut BTreeMap<String, u64>, name: &String| *fill.entry(name.clone()).or_default() += 1;
    filled.for_each(|(name, _)| one_more(fill, name));
}

/// What stopped an import.
struct Failed(Wrong);

impl From<StateError> for Failed {
    fn from(error: StateError) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}
