//! `tanguero state`: what is remembered of each mapping; to be shown, forgotten, thinned out, or begun from an export.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::csv::{LineEnding, RowBuffer, decode_row};
use crate::format;
use crate::output::each_record;
use crate::pipeline::folders::state_of;
use crate::project::{Loaded, MappingFile, Options, load, named};
use crate::settle::{key_hash, row_hash};
use crate::state::{Memory, Pair, Published, SnapshotWriter, Sorter, StateError, compare};

/// What is asked.
#[derive(Debug, Clone)]
pub struct StateRequest {
    /// The mapping; none: all of which anything is remembered.
    pub mapping: Option<PathBuf>,
    /// The folder that relative paths start at.
    pub current: PathBuf,
    /// The environment whose memory is meant.
    pub environment: Option<String>,
    /// The day.
    pub as_of: Date,
}

/// Why nothing was done, in words.
type Wrong = String;

struct Opened {
    loaded: Loaded,
    memory: Memory,
    mappings: Vec<String>,
}

impl StateRequest {
    fn open(&self) -> Result<Opened, Wrong> {
        let options = Options { variables: BTreeMap::new(), environment: self.environment.clone(), as_of: self.as_of };
        let paths: Vec<PathBuf> = self.mapping.iter().map(|mapping| named(mapping, &self.current)).collect();
        let loaded = load(&paths, &self.current, &options)?;
        let memory = Memory::new(&state_of(&loaded), self.environment.as_deref());
        let mappings = match self.mapping {
            Some(_) => loaded.mappings.iter().filter(|file| file.asked).map(|file| file.name.clone()).collect(),
            None => memory.mappings().map_err(words)?,
        };
        Ok(Opened { loaded, memory, mappings })
    }
}

/// Every day that is remembered, by mapping and day.
///
/// # Errors
/// A mapping that is not there, a record that cannot be read.
pub fn state_show(request: &StateRequest) -> Result<Vec<Published>, Wrong> {
    let opened = request.open()?;
    let mut all = Vec::new();
    for mapping in &opened.mappings {
        let entries = opened.memory.entries(mapping).map_err(words)?;
        all.extend(entries.into_iter().map(|entry| entry.published));
    }
    Ok(all)
}

/// Forgets everything; gives the mappings of which something was forgotten.
///
/// # Errors
/// As [`state_show`].
pub fn state_reset(request: &StateRequest) -> Result<Vec<String>, Wrong> {
    let opened = request.open()?;
    let mut forgotten = Vec::new();
    for mapping in opened.mappings {
        if opened.memory.reset(&mapping).map_err(words)? {
            forgotten.push(mapping);
        }
    }
    Ok(forgotten)
}

/// Forgets all but the newest `kept` days; gives how many days of each mapping were forgotten.
///
/// # Errors
/// As [`state_show`].
pub fn state_prune(request: &StateRequest, kept: usize) -> Result<Vec<(String, usize)>, Wrong> {
    let opened = request.open()?;
    let mut forgotten = Vec::new();
    for mapping in opened.mappings {
        let days = opened.memory.prune(&mapping, kept).map_err(words)?;
        forgotten.push((mapping, days));
    }
    Ok(forgotten)
}

/// Takes an export of what Totango holds now for what was published up to the day before `as_of`.
///
/// # Errors
/// A file without the key's columns, or that cannot be read.
pub fn state_import(request: &StateRequest, file: &Path) -> Result<Published, Wrong> {
    let opened = request.open()?;
    let asked = |mapping: &&MappingFile| mapping.asked;
    let mapping = opened.loaded.mappings.iter().find(asked).ok_or("no mapping was found")?;
    let day = request.as_of.yesterday().map_err(|error| error.to_string())?.to_string();
    let run_id = format!("import-{}", std::process::id());
    let mut staging = opened.memory.stage(&mapping.name, &run_id).map_err(words)?;
    let folder = staging.snapshot().parent().map(Path::to_path_buf).unwrap_or_default();

    let path = request.current.join(file);
    let mut import = Import::new(mapping, &folder)?;
    let mut failed = None;
    let read = each_record(&path, |line, fields| {
        if failed.is_none() {
            let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
            failed = if line == 1 { import.header(&fields) } else { import.row(&fields) }.err();
        }
    });
    if !read.map_err(|error| error.to_string())? {
        return Err(format!("`{}` is not there", path.display()));
    }
    failed.map_or(Ok(()), Err)?;
    let Import { columns, headers, key, ignores_case, sorter, format, .. } = import;
    let names: Vec<String> = columns.iter().map(|(_, name)| name.clone()).collect();
    let mut writer = SnapshotWriter::create(&staging.snapshot(), &names).map_err(words)?;
    let mut fill: BTreeMap<String, u64> = names.iter().map(|name| (name.clone(), 0)).collect();
    let mut rows = 0;
    compare::<Failed>(None, &mut sorter.finish(), |pair| {
        let Pair::New(new) = pair else { return Ok(()) };
        let cells: Vec<String> =
            decode_row(new.bytes).map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect();
        for (name, _) in names.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty()) {
            *fill.entry(name.clone()).or_default() += 1;
        }
        rows += 1;
        let cells = cells.iter().map(|cell| (Some(cell.as_str()).filter(|cell| !cell.is_empty()), !cell.is_empty()));
        Ok(writer.push(new.key, row_hash(new.bytes), &day, cells)?)
    })
    .map_err(|failed| failed.0)?;
    let published = Published {
        mapping: mapping.name.clone(),
        format,
        as_of: day,
        run_id,
        environment: request.environment.clone(),
        imported: true,
        rows,
        columns: names,
        headers,
        key,
        key_ignores_case: ignores_case,
        fill,
        snapshot: Some(writer.finish(false).map_err(words)?),
        ..Published::default()
    };
    staging.record(&published).map_err(words)?;
    staging.commit().map_err(words)?;
    Ok(published)
}

/// An export being read.
struct Import {
    format: String,
    spec: &'static format::FormatSpec,
    /// Attributes that make the key.
    key_names: Vec<String>,
    /// Place in the file and attribute.
    columns: Vec<(usize, String)>,
    headers: Vec<String>,
    /// Places among `columns`.
    key: Vec<usize>,
    ignores_case: bool,
    sorter: Sorter,
    number: u32,
    row: RowBuffer,
}

impl Import {
    fn new(file: &MappingFile, folder: &Path) -> Result<Self, Wrong> {
        let mapping = file.mapping.as_ref().ok_or_else(|| format!("`{}` cannot be read as a mapping", file.shown))?;
        let spec =
            format::find(&mapping.format.value).ok_or_else(|| format!("unknown format `{}`", mapping.format.value))?;
        if spec.is_additive() || spec.key_per_foreign_key {
            return Err(format!("rows of the format `{}` have no last value to remember", spec.name));
        }
        let own = mapping.collection.as_ref().map(|collection| collection.key.value.clone());
        Ok(Self {
            format: spec.name.clone(),
            spec,
            key_names: spec.key.iter().cloned().chain(own).collect(),
            columns: Vec::new(),
            headers: Vec::new(),
            key: Vec::new(),
            ignores_case: spec.key_ignores_case,
            sorter: Sorter::new(folder).map_err(|error| error.to_string())?,
            number: 0,
            row: RowBuffer::default(),
        })
    }

    /// Attributes by their API name, their display name, or as they are.
    fn header(&mut self, fields: &[&str]) -> Result<(), Wrong> {
        for (place, field) in fields.iter().enumerate() {
            let field = field.trim_start_matches('\u{feff}').trim();
            let known =
                self.spec.columns.iter().find(|column| {
                    column.name.eq_ignore_ascii_case(field) || column.display.eq_ignore_ascii_case(field)
                });
            let name = known.map_or(field, |column| column.name.as_str());
            if !field.is_empty() && !self.columns.iter().any(|(_, other)| other == name) {
                self.columns.push((place, name.to_owned()));
                self.headers.push(field.to_owned());
            }
        }
        let columns = &self.columns;
        let place = |name: &String| columns.iter().position(|(_, column)| column == name);
        for name in &self.key_names {
            self.key
                .push(place(name).ok_or_else(|| format!("the file has no column `{name}`, which is part of the key"))?);
        }
        Ok(())
    }

    fn row(&mut self, fields: &[&str]) -> Result<(), Wrong> {
        let cells: Vec<&str> =
            self.columns.iter().map(|(place, _)| fields.get(*place).copied().unwrap_or_default().trim()).collect();
        let key: Vec<&[u8]> = self.key.iter().map(|place| cells[*place].as_bytes()).collect();
        if key.iter().any(|part| part.is_empty()) {
            return Ok(());
        }
        self.row.clear();
        self.row.row(&cells, LineEnding::Lf);
        self.sorter
            .push(key_hash(&key, self.ignores_case), self.number, self.row.bytes())
            .map_err(|error| error.to_string())?;
        self.number += 1;
        Ok(())
    }
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

fn words(error: StateError) -> Wrong {
    error.to_string()
}
