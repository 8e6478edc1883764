//! What a run takes from earlier ones, and what it leaves to later ones.
//!
//! Before a mapping's rows are judged: what was published last before this `--as-of` ([`Past`]), with the values that
//! `default: keep` fills in and the header a pivot is pinned to. After they are settled: one walk through the rows and the
//! last snapshot side by side ([`compared`]), `limits` against the last figures ([`limits`]), and what is kept in turn
//! ([`Left`]), staged until the outputs stand.

mod claims;
mod compare;
mod heal;
mod limits;

pub(super) use compare::{Compared, compared};
pub(super) use heal::heal;
pub(super) use limits::limits;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::output::{MappingReport, RunReport};
use crate::pipeline::folders::{Folders, shown};
use crate::pipeline::home::ProjectState;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::remember::claims::Claims;
use crate::pipeline::{Failure, RunRequest};
use crate::project::Loaded;
use crate::resolve::Resolved;
use crate::settle::{Budget, Kept, KeptBuilder, KeySet, KeySetBuilder, Settled};
use crate::state::{Entry, Memory, Published, PublishedFile, Snapshot, Staging};

/// Days of each mapping that are remembered, unless the project says.
const DAYS: usize = 30;

/// How a run remembers.
#[derive(Debug)]
pub(super) struct Remembering {
    /// Of the run's environment.
    pub memory: Memory,
    /// Days of each mapping that are kept.
    pub days: usize,
    /// A snapshot of every mapping, asked for or not.
    always: bool,
    /// Mappings whose keys others want, or they themselves.
    referred: BTreeSet<String>,
    /// What earlier runs left counts.
    reads: bool,
    /// Something is left to later runs.
    pub writes: bool,
    environment: Option<String>,
    /// The URL of the target, if it is in a store, as people may read it.
    target: Option<PathBuf>,
    /// Where the run publishes, as it is on every machine.
    place: String,
    /// The memories that this run alone may write.
    claims: Claims,
}

impl Remembering {
    pub(super) fn new(request: &RunRequest, loaded: &Loaded, folders: &Folders) -> Result<Self, Failure> {
        let file = loaded.project.file.as_ref();
        let days = file.and_then(|file| file.days_kept).and_then(|days| usize::try_from(days).ok());
        let home = match &request.recall_from {
            Some(home) => home.clone(),
            None => ProjectState::of(loaded)?.home,
        };
        Ok(Self {
            memory: Memory::of(&home, request.environment.as_deref()),
            days: days.unwrap_or(DAYS),
            always: file.is_some_and(|file| file.snapshot_always),
            referred: loaded.project.referred.clone(),
            reads: request.recall,
            writes: request.evidence && !request.dry_run && request.recall_from.is_none(),
            environment: request.environment.clone(),
            target: folders.target.is_some().then(|| folders.shown_output()),
            place: place(request, loaded, folders),
            claims: Claims::default(),
        })
    }

    /// Nothing is read, nothing is left.
    pub(super) fn off(state: &Path) -> Self {
        let memory = Memory::new(state, None);
        Self {
            memory,
            days: DAYS,
            always: false,
            referred: BTreeSet::new(),
            reads: false,
            writes: false,
            environment: None,
            target: None,
            place: String::new(),
            claims: Claims::default(),
        }
    }

    /// What runs see of earlier ones is seen.
    pub(super) fn reads(&self) -> bool {
        self.reads
    }

    /// Every key that `mapping` published before the day `as_of`; none if nothing says so.
    pub(super) fn published_keys(&self, mapping: &str, as_of: &str) -> Result<Option<KeySet>, Failure> {
        let entry = if self.reads { self.memory.before(mapping, as_of)? } else { None };
        // What refers to a mapping has one value: a part of a key is no key.
        let Some(entry) = entry.filter(|entry| entry.published.key.len() == 1) else { return Ok(None) };
        let Some(snapshot) = entry.snapshot()? else { return Ok(None) };
        let mut keys = KeySetBuilder::new(entry.published.key_ignores_case);
        keys.reserve(usize::try_from(snapshot.keys()).unwrap_or_default());
        let mut rows = snapshot.rows(&[])?;
        while rows.advance()? {
            rows.row().iter().for_each(|row| keys.add_hash(row.key()));
        }
        Ok(Some(keys.build()))
    }
}

/// Where a run publishes, as it is on every machine; empty for a folder of the command line, which is most often a trial.
fn place(request: &RunRequest, loaded: &Loaded, folders: &Folders) -> String {
    match (&request.out, &folders.target) {
        (Some(_), None) => String::new(),
        _ => shown(&folders.shown_output(), &loaded.project.root),
    }
}

/// How much of the rows a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// There is none.
    Nothing,
    /// Keys alone.
    Keys,
    /// The last value of every attribute.
    Values,
}

/// What `resolved` wants to be remembered of itself.
fn depth(resolved: &Resolved, remembering: &Remembering) -> Depth {
    let memory = &resolved.memory;
    let format = resolved.format;
    if resolved.key.is_empty() || format.is_additive() || format.key_per_foreign_key {
        Depth::Nothing
    } else if remembering.always || !memory.keep.is_empty() || memory.changes || memory.cleared.is_some() {
        Depth::Values
    } else if memory.new_accounts.is_some() || remembering.referred.contains(&resolved.name) {
        Depth::Keys
    } else {
        Depth::Nothing
    }
}

/// What was published of one mapping before this day.
pub(super) struct Past {
    /// The last record.
    pub entry: Option<Entry>,
    /// Its snapshot, if this mapping has a use for it.
    snapshot: Option<Snapshot>,
    depth: Depth,
}

impl Past {
    pub(super) fn read(remembering: &Remembering, prepared: &Prepared, as_of: &str) -> Result<Self, Failure> {
        let resolved = &prepared.resolved;
        let depth = depth(resolved, remembering);
        if !remembering.reads {
            return Ok(Self { entry: None, snapshot: None, depth });
        }
        let entry = remembering.memory.before(&prepared.file.name, as_of)?;
        // Rows that were known by another key cannot be told apart by this one.
        let same_key = |entry: &&Entry| {
            let then = &entry.published;
            let names = then.key.iter().filter_map(|place| then.columns.get(*place)).map(String::as_str);
            names.eq(resolved.key.iter().map(|index| resolved.columns[*index].name.as_str()))
                && then.format == resolved.format.name
        };
        let snapshot = match entry.as_ref().filter(same_key) {
            Some(entry) if depth > Depth::Nothing => entry.snapshot()?,
            _ => None,
        };
        Ok(Self { entry, snapshot, depth })
    }

    /// Whether the rows are laid beside those published last.
    pub(super) fn compares(&self) -> bool {
        self.depth > Depth::Nothing
    }

    /// Values for the columns that keep them.
    pub(super) fn kept(
        &self,
        resolved: &Resolved,
        folder: &Path,
        budget: &Arc<Budget>,
    ) -> Result<Option<Arc<Kept>>, Failure> {
        let keep = &resolved.memory.keep;
        let Some(snapshot) = self.snapshot.as_ref().filter(|_| !keep.is_empty()) else { return Ok(None) };
        let place = |index: &usize| snapshot.columns().iter().position(|name| *name == resolved.columns[*index].name);
        let places: Vec<Option<usize>> = keep.iter().map(place).collect();
        let mut wanted: Vec<usize> = places.iter().copied().flatten().collect();
        wanted.sort_unstable();
        let read: Vec<Option<usize>> = places.iter().map(|place| wanted.binary_search(place.as_ref()?).ok()).collect();
        let mut builder = KeptBuilder::new(keep.clone(), folder, budget)?;
        let mut rows = snapshot.rows(&wanted)?;
        while rows.advance()? {
            let Some(row) = rows.row() else { break };
            let values = read.iter().map(|index| index.and_then(|index| row.value(index)).unwrap_or_default());
            builder.push(row.key(), values)?;
        }
        Ok(Some(Arc::new(builder.build()?)))
    }

    /// The pivoted columns of the header published last, if the mapping pins them.
    pub(super) fn pinned(&self, resolved: &Resolved) -> Option<Vec<String>> {
        let entry = self.entry.as_ref().filter(|_| resolved.memory.pinned)?;
        let pairs = entry.published.headers.iter().filter(|header| header.contains("##"));
        Some(pairs.cloned().collect())
    }
}

/// The attribute of each column of the output.
pub(super) fn attributes(resolved: &Resolved, settled: &Settled) -> Vec<String> {
    let name = |header: &String| {
        let column = resolved.columns.iter().find(|column| column.header == *header);
        column.map_or(header, |column| &column.name).clone()
    };
    settled.header.iter().map(name).collect()
}

/// What a mapping leaves to later runs.
pub(super) struct Left {
    staging: Staging,
    published: Published,
}

impl Left {
    pub(super) fn new(staging: Staging, published: Published) -> Self {
        Self { staging, published }
    }

    /// Writes down what is about to be published; from here on the next run can finish it.
    pub(super) fn record(&mut self, report: &MappingReport, run: &RunReport) -> Result<(), Failure> {
        let published = &mut self.published;
        published.run_id.clone_from(&run.run_id);
        published.outputs = report
            .outputs
            .iter()
            .map(|output| PublishedFile {
                file: output.file.clone(),
                rows: output.rows,
                bytes: output.bytes,
                xxh3: output.xxh3.clone(),
            })
            .collect();
        Ok(self.staging.record(published)?)
    }

    /// The outputs stand.
    pub(super) fn commit(self, remembering: &Remembering) -> Result<(), Failure> {
        let mapping = self.published.mapping.clone();
        self.staging.commit()?;
        remembering.memory.prune(&mapping, remembering.days)?;
        Ok(())
    }

    /// They do not.
    pub(super) fn discard(self) -> Result<(), Failure> {
        Ok(self.staging.discard()?)
    }
}

/// The record of what a mapping is about to publish, as far as it is known before.
pub(super) fn record(
    remembering: &Remembering,
    prepared: &Prepared,
    settled: &Settled,
    report: &MappingReport,
    (as_of, output): (&str, &Path),
) -> Published {
    let resolved = &prepared.resolved;
    let columns = attributes(resolved, settled);
    let is_key = |name: &String| resolved.key.iter().position(|index| resolved.columns[*index].name == *name);
    let mut key: Vec<(usize, usize)> =
        columns.iter().enumerate().filter_map(|(place, name)| Some((is_key(name)?, place))).collect();
    key.sort_unstable();
    Published {
        mapping: prepared.file.name.clone(),
        format: resolved.format.name.clone(),
        as_of: as_of.to_owned(),
        environment: remembering.environment.clone(),
        output_folder: remembering.target.clone().unwrap_or_else(|| output.to_path_buf()),
        place: remembering.place.clone(),
        rows: report.rows.written + report.rows.unchanged,
        key: key.into_iter().map(|(_, place)| place).collect(),
        key_ignores_case: resolved.format.key_ignores_case,
        fill: report.fill.0.iter().cloned().collect(),
        headers: settled.header.clone(),
        columns,
        ..Published::default()
    }
}
