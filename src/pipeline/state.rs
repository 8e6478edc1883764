//! `tanguero state`: what is remembered of each mapping; to be shown, forgotten, thinned out, or begun from an export.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::output::each_record;
use crate::pipeline::Unanswered;
use crate::pipeline::home::ProjectState;
use crate::pipeline::import::Imported;
use crate::pipeline::run::run_id;
use crate::project::{Loaded, MappingFile, Options, load, named};
use crate::state::{Memory, Published};

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

struct Opened {
    loaded: Loaded,
    memory: Memory,
    mappings: Vec<String>,
}

impl StateRequest {
    fn open(&self) -> Result<Opened, Unanswered> {
        let options = Options { variables: BTreeMap::new(), environment: self.environment.clone(), as_of: self.as_of };
        let paths: Vec<PathBuf> = self.mapping.iter().map(|mapping| named(mapping, &self.current)).collect();
        let loaded = load(&paths, &self.current, &options)?;
        let memory = Memory::of(&ProjectState::of(&loaded)?.home, self.environment.as_deref());
        let mappings = match self.mapping {
            Some(_) => loaded.mappings.iter().filter(|file| file.asked).map(|file| file.name.clone()).collect(),
            None => memory.mappings()?,
        };
        Ok(Opened { loaded, memory, mappings })
    }

    /// The name under which a shelf's lock is taken.
    fn id(&self) -> String {
        run_id(jiff::Timestamp::now())
    }
}

/// Every day that is remembered, by mapping and day.
///
/// # Errors
/// A mapping that is not there, a record that cannot be read.
pub fn state_show(request: &StateRequest) -> Result<Vec<Published>, Unanswered> {
    let opened = request.open()?;
    let mut all = Vec::new();
    for mapping in &opened.mappings {
        let entries = opened.memory.entries(mapping)?;
        all.extend(entries.into_iter().map(|entry| entry.published));
    }
    Ok(all)
}

/// Forgets everything; gives the mappings of which something was forgotten.
///
/// # Errors
/// As [`state_show`].
pub fn state_reset(request: &StateRequest) -> Result<Vec<String>, Unanswered> {
    let opened = request.open()?;
    let mut forgotten = Vec::new();
    for mapping in opened.mappings {
        let _claim = opened.memory.claim(&mapping, &request.id())?;
        if opened.memory.reset(&mapping)? {
            forgotten.push(mapping);
        }
    }
    Ok(forgotten)
}

/// Forgets all but the newest `kept` days; gives how many days of each mapping were forgotten.
///
/// # Errors
/// As [`state_show`].
pub fn state_prune(request: &StateRequest, kept: usize) -> Result<Vec<(String, usize)>, Unanswered> {
    let opened = request.open()?;
    let mut forgotten = Vec::new();
    for mapping in opened.mappings {
        let _claim = opened.memory.claim(&mapping, &request.id())?;
        let days = opened.memory.prune(&mapping, kept)?;
        forgotten.push((mapping, days));
    }
    Ok(forgotten)
}

/// Takes an export of what Totango holds now for what was published up to the day before `as_of`.
///
/// # Errors
/// A file without the key's columns, or that cannot be read.
pub fn state_import(request: &StateRequest, file: &Path) -> Result<Published, Unanswered> {
    let opened = request.open()?;
    let asked = |mapping: &&MappingFile| mapping.asked;
    let mapping = opened.loaded.mappings.iter().find(asked).ok_or("no mapping was found")?;
    let path = request.current.join(file);
    let _claim = opened.memory.claim(&mapping.name, &request.id())?;
    let imported =
        Imported { mapping, memory: &opened.memory, environment: request.environment.as_deref(), as_of: request.as_of };
    let mut import = imported.begin()?;
    if !import.keeps_values() {
        return Err(format!("rows of the format `{}` have no last value to remember", import.format()).into());
    }
    let mut failed = None;
    let read = each_record(&path, |line, fields| {
        if failed.is_none() {
            let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
            failed = if line == 1 { import.header(&fields) } else { import.row(&fields) }.err();
        }
    });
    if !read.map_err(|error| error.to_string())? {
        return Err(format!("`{}` is not there", path.display()).into());
    }
    failed.map_or(Ok(()), Err)?;
    import.finish(true)
}
