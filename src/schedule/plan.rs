//! What the project's schedules are, read from `tanguero.yaml`: when each fires, what it runs, where that goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::diagnostic::{Diagnostics, Texts};
use crate::mapping::ScheduleEntry;
use crate::pipeline::{output_folder, state_folder};
use crate::project::{LoadedProject, Options, load_project, named};
use crate::schedule::cadence::{Cadence, Firing};
use crate::schedule::words;

/// One schedule.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// When, in words; two with the same words fire at the same times.
    pub words: String,
    /// When.
    pub cadence: Cadence,
    /// The zone whose clock counts.
    pub zone: TimeZone,
    /// Mapping files and folders; none: all of the project's `mappings/`.
    pub mappings: Vec<PathBuf>,
    /// The environment of its runs.
    pub environment: Option<String>,
    /// Its runs are as of the day before.
    pub yesterday: bool,
    /// Where its runs publish to: two with the same output never run at once.
    pub output: String,
    /// As the file has it.
    pub entry: ScheduleEntry,
}

impl Plan {
    /// The day of `--as-of` for a firing: that of the plan, even where the run begins after midnight.
    pub fn as_of(&self, firing: &Firing) -> Date {
        let day = firing.planned.date();
        if self.yesterday { day.yesterday().unwrap_or(day) } else { day }
    }
}

/// A project's schedules.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// The project's folder.
    pub root: PathBuf,
    /// Its state folder.
    pub state: PathBuf,
    /// The schedules, in the order of the file.
    pub plans: Vec<Plan>,
}

/// Why the schedules cannot be used.
#[derive(Debug)]
pub enum Unusable {
    /// The file cannot be read.
    Unreadable(String),
    /// It has mistakes.
    Wrong(Diagnostics, Texts),
}

/// The schedules of the project around `current`, as they are on `today`.
///
/// # Errors
/// See [`Unusable`].
pub fn read(current: &Path, variables: &BTreeMap<String, String>, today: Date) -> Result<Schedules, Unusable> {
    let of = |environment: Option<&str>| -> Result<LoadedProject, Unusable> {
        let options =
            Options { variables: variables.clone(), environment: environment.map(str::to_owned), as_of: today };
        let loaded = load_project(current, &options).map_err(Unusable::Unreadable)?;
        if loaded.diagnostics.has_errors() {
            return Err(Unusable::Wrong(loaded.diagnostics, loaded.texts));
        }
        Ok(loaded)
    };
    let project = of(None)?.project;
    let entries = project.file.as_ref().map(|file| file.schedules.clone()).unwrap_or_default();
    let mut plans = Vec::with_capacity(entries.len());
    for entry in entries {
        let environment = entry.environment.as_ref().map(|text| text.value.clone());
        // An environment may have another output folder.
        let output = output_folder(&of(environment.as_deref())?.project);
        plans.push(Plan {
            name: entry.name.value.clone(),
            words: words::cadence(&entry),
            cadence: Cadence::new(&entry),
            zone: entry.zone.clone(),
            mappings: entry.mappings.iter().map(|name| named(Path::new(&name.value), &project.root)).collect(),
            environment,
            yesterday: entry.yesterday,
            output,
            entry,
        });
    }
    Ok(Schedules { state: state_folder(&project), root: project.root, plans })
}
