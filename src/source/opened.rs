//! An opened source: its files, its columns, and what a pass over it found.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;

use crate::diagnostic::code;
use crate::resolve::SourceSchema;
use crate::source::content::Content;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::input::{FileAt, Held};
use crate::source::ledger::{FileReport, Ledger, Unreadable, message};
use crate::source::piece::{Fault, Mark, Origin, Pieces, Request};
use crate::source::scan::{Positions, Scan, Worker, wanted_of};
use crate::source::stamp::Stamp;
use crate::source::table::SourceTable;

/// A source whose files are listed and whose columns are known.
#[derive(Debug)]
pub struct Source {
    pub(super) name: Arc<str>,
    /// What it was told to be; none for what was staged.
    pub(super) definition: Option<Arc<SourceDefinition>>,
    pub(super) files: Vec<SourceFile>,
    /// The table's columns: the visible ones, then the hidden ones.
    pub(super) schema: SchemaRef,
    /// By which columns every partition ascends.
    pub(super) ordering: Vec<usize>,
    pub(super) columns: SourceSchema,
    /// The file's own columns that say which record a row comes from, in the result of a traceable query.
    pub(super) trace: Option<(usize, usize)>,
    pub(super) empty_is_ok: bool,
    pub(super) piece_bytes: usize,
    pub(super) found: Mutex<Option<Arc<Ledger>>>,
    /// Unreadable records that a pass met which was broken off.
    pub(super) met: Mutex<Vec<Fault>>,
    pub(super) allowance: Mutex<Allowance>,
}

/// Says whether so many bytes more may be held; who says nothing allows all.
#[derive(Default)]
pub(super) struct Allowance(Option<Box<dyn Fn(u64) -> bool + Send + Sync>>);

impl fmt::Debug for Allowance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Allowance" } else { "none" })
    }
}

/// One file of a source.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    /// Its number in the run.
    pub number: u32,
    pub input: FileAt,
    pub shown: Arc<str>,
    pub stamp: Stamp,
    pub content: Arc<Content>,
    /// Where the table's columns have their values from in this file.
    pub origins: Vec<Origin>,
}

/// Which records of a file are wanted.
pub(super) enum Wanted {
    /// Those on these lines, ascending.
    Lines(Arc<[u64]>),
    /// The rows that come from these records.
    From(Positions),
}

impl Wanted {
    fn lines(self) -> Option<Arc<[u64]>> {
        match self {
            Self::Lines(lines) => Some(lines),
            Self::From(_) => None,
        }
    }

    fn pairs(&self) -> Option<Positions> {
        match self {
            Self::Lines(_) => None,
            Self::From(positions) => Some(Arc::clone(positions)),
        }
    }
}

impl Source {
    /// The name it has in SQL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its visible columns over all files.
    pub fn schema(&self) -> SourceSchema {
        self.columns.clone()
    }

    /// The table: visible columns, then [`FILE_COLUMN`](crate::source::FILE_COLUMN) and
    /// [`LINE_COLUMN`](crate::source::LINE_COLUMN), which a `*` of the user must not include. Every partition ascends by
    /// these two. Engine errors of a scan hold a [`SourceError`].
    pub fn table(self: &Arc<Self>) -> Arc<dyn TableProvider> {
        Arc::new(SourceTable::new(Arc::clone(self), None))
    }

    /// The same table with the records at `positions` (file, line) only: ascending, none twice. Reads again no more of
    /// the files than it must.
    pub fn records(self: &Arc<Self>, positions: Vec<(u32, u64)>) -> Arc<dyn TableProvider> {
        Arc::new(SourceTable::new(Arc::clone(self), Some(positions.into())))
    }

    /// The raw text of unreadable records (file, line), ascending; what is no text in it is shown as `U+FFFD`.
    ///
    /// # Errors
    /// A file that changed or cannot be read.
    pub fn raw(self: &Arc<Self>, positions: &[(u32, u64)]) -> Result<Vec<(u32, u64, String)>, SourceError> {
        let mut found = Vec::with_capacity(positions.len());
        let no_columns: SchemaRef = Arc::new(datafusion::arrow::datatypes::Schema::empty());
        for (place, file) in self.files.iter().enumerate() {
            let lines = wanted_of(positions, file.number);
            if lines.is_empty() {
                continue;
            }
            let mut pieces = self.open_file(place, &[], &no_columns, Some(Wanted::Lines(lines)))?;
            while let Some(mut piece) = pieces.next()? {
                for (line, text) in piece.raw() {
                    found.push((file.number, line, String::from_utf8_lossy(&text).into_owned()));
                }
            }
        }
        self.check_unchanged()?;
        Ok(found)
    }

    /// Whether a pass over all records is complete: since then [`files`](Self::files) and
    /// [`unreadable`](Self::unreadable) tell what is in the files.
    pub fn is_scanned(&self) -> bool {
        self.found().is_some()
    }

    /// Reads what no query has read to its end, so that the account is complete.
    ///
    /// # Errors
    /// A file that changed or cannot be read.
    pub fn complete(self: &Arc<Self>) -> Result<(), SourceError> {
        if self.is_scanned() {
            return Ok(());
        }
        let no_columns: SchemaRef = Arc::new(datafusion::arrow::datatypes::Schema::empty());
        let scan = Arc::new(Scan::new(Arc::clone(self), Vec::new(), no_columns, None));
        Worker::new(scan).try_for_each(|batch| batch.map(drop))
    }

    /// Where its files are, those of this machine.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().filter_map(|file| match &file.input {
            FileAt::Local(path) => Some(path.as_path()),
            FileAt::Object(_) => None,
        })
    }

    /// The URLs of its objects in stores, as they are shown.
    pub fn urls(&self) -> impl Iterator<Item = String> {
        self.files.iter().filter_map(|file| match &file.input {
            FileAt::Local(_) => None,
            FileAt::Object(object) => Some(object.shown()),
        })
    }

    /// The account of every file; all zero before the first complete pass.
    pub fn files(&self) -> Vec<FileReport> {
        let found = self.found();
        let counts = found.as_ref().map(|ledger| &ledger.files);
        self.files
            .iter()
            .enumerate()
            .map(|(place, file)| {
                let count = counts.map(|counts| counts[place].clone()).unwrap_or_default();
                FileReport {
                    file: file.number,
                    shown: file.shown.to_string(),
                    records: count.records,
                    skipped: count.skipped,
                    unreadable: count.unreadable,
                    footer: count.footer,
                    footer_missing: count.footer_missing,
                }
            })
            .collect()
    }

    /// From now on each pass asks `allowance` before it keeps that a record cannot be read.
    pub fn keep_within(&self, allowance: impl Fn(u64) -> bool + Send + Sync + 'static) {
        *self.allowance.lock().unwrap_or_else(PoisonError::into_inner) = Allowance(Some(Box::new(allowance)));
    }

    /// Whether so many bytes more may be held.
    pub(super) fn allows(&self, bytes: u64) -> bool {
        let allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        allowance.0.as_ref().is_none_or(|allows| allows(bytes))
    }

    /// Whether so many more faults may be kept.
    pub(super) fn may_keep(&self, faults: usize) -> Result<(), SourceError> {
        if faults == 0 || self.allows((faults * size_of::<Fault>()) as u64) {
            return Ok(());
        }
        let fact = "so many records cannot be read that `--memory` has no room to tell of each";
        Err(SourceError::new(&code::MEMORY, &self.name, fact))
    }

    /// The record that cannot be read with this number, by file and line; none before the first complete pass.
    pub fn unreadable_at(&self, number: usize) -> Option<Unreadable> {
        Some(self.told(self.found().as_ref()?.unreadable.get(number)?))
    }

    /// Every record that cannot be read, by file and line; none before the first complete pass.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        let found = self.found();
        let faults = found.as_ref().map_or(&[][..], |ledger| &ledger.unreadable);
        faults.iter().map(|fault| self.told(fault)).collect()
    }

    /// The unreadable records that were met before a pass was broken off, by file and line; after a complete one, all.
    pub fn unreadable_so_far(&self) -> Vec<Unreadable> {
        if self.is_scanned() {
            return self.unreadable();
        }
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner).clone();
        met.sort_unstable_by_key(|fault| (fault.file, fault.line));
        met.iter().map(|fault| self.told(fault)).collect()
    }

    fn told(&self, fault: &Fault) -> Unreadable {
        let file = &self.files[fault.file as usize];
        Unreadable {
            file: file.number,
            line: fault.line,
            code: fault.code,
            message: message(fault, file.content.width(), file.content.encoding()),
        }
    }

    /// After a complete pass: whether there was anything at all.
    ///
    /// # Errors
    /// No record in all files, unless that is allowed.
    pub fn check_after_scan(&self) -> Result<(), SourceError> {
        let empty = self.found().as_ref().is_some_and(|ledger| ledger.files.iter().all(|count| count.records == 0));
        if !empty || self.empty_is_ok {
            return Ok(());
        }
        let fact = match self.files.as_slice() {
            [file] => format!("{} has no record", file.shown),
            files => format!("no record in all its {} files", files.len()),
        };
        Err(SourceError::new(&code::SOURCE_EMPTY, &self.name, fact))
    }

    /// Whether all files are still what they were when they were listed.
    pub(super) fn check_unchanged(&self) -> Result<(), SourceError> {
        self.files.iter().try_for_each(|file| self.check_file(file, Held::After))
    }

    fn check_file(&self, file: &SourceFile, when: Held) -> Result<(), SourceError> {
        match file.input.holds(&file.stamp, when) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SourceError::file(
                &code::SOURCE_CHANGED,
                &self.name,
                &file.shown,
                "the file changed while it was read",
            )),
            Err(error) => Err(SourceError::store(&self.name, Some(&file.shown), &error)),
        }
    }

    /// Opens a file to be read: all of it, or just what holds `wanted` lines.
    pub(super) fn open_file(
        &self,
        place: usize,
        projection: &[usize],
        schema: &SchemaRef,
        wanted: Option<Wanted>,
    ) -> Result<Box<dyn Pieces>, SourceError> {
        let file = &self.files[place];
        self.check_file(file, Held::Before)?;
        let index: Arc<[Mark]> = match (&wanted, self.found().as_ref()) {
            (Some(_), Some(found)) => Arc::clone(&found.files[place].index),
            _ => Arc::new([]),
        };
        let request = Request {
            source: Arc::clone(&self.name),
            shown: Arc::clone(&file.shown),
            input: file.input.clone(),
            place: place as u32,
            file: file.number,
            schema: Arc::clone(schema),
            origins: projection.iter().map(|column| file.origins[*column].clone()).collect(),
            traced: wanted.as_ref().and_then(|wanted| Some((self.trace?, wanted.pairs()?))),
            wanted: wanted.and_then(Wanted::lines),
            piece_bytes: self.piece_bytes,
        };
        file.content.open(&file.input, Arc::new(request), index)
    }

    /// Keeps what the first complete pass found.
    pub(super) fn keep(&self, found: &mut Ledger) {
        let mut kept = self.found();
        if kept.is_none() {
            let mut found = std::mem::take(found);
            found.unreadable.sort_unstable_by_key(|fault| (fault.file, fault.line));
            found.unreadable.shrink_to_fit();
            *kept = Some(Arc::new(found));
        }
    }

    /// Keeps what a complete pass over the same files found for another source.
    pub(super) fn keep_same(&self, found: &Arc<Ledger>) {
        self.found().get_or_insert_with(|| Arc::clone(found));
    }

    pub(super) fn found(&self) -> MutexGuard<'_, Option<Arc<Ledger>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
