//! A snapshot as a table, so that others can be laid beside it as beside any file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::csv::{LineEnding, RowBuffer};
use crate::format::FormatSpec;
use crate::pipeline::Failure;
use crate::pipeline::diff::Key;
use crate::state::{Entry, Snapshot};

/// What a snapshot says, written down.
pub(super) struct Remembered {
    /// The rows of its day, each as it was published.
    pub rows: PathBuf,
    /// Rows that were published before that day only.
    pub gone: PathBuf,
    /// By header names.
    pub key: Key,
}

/// The header of the file that is to be laid beside it, and its format.
pub(super) type Beside<'a> = (&'a [String], &'a FormatSpec);

/// Writes the snapshot of `entry` into `scratch`; none if it has none. An import has the columns of whatever export it was: of
/// those only the ones `beside` has too are written, under its names.
pub(super) fn remembered(
    entry: &Entry,
    beside: Option<Beside<'_>>,
    scratch: &Path,
) -> Result<Option<Remembered>, Failure> {
    let Some(snapshot) = entry.snapshot()? else { return Ok(None) };
    let columns = columns(entry, &snapshot, beside);
    let mut wanted: Vec<usize> = columns.iter().map(|(_, place)| *place).collect();
    wanted.sort_unstable();
    let read: Vec<usize> = columns.iter().filter_map(|(_, place)| wanted.binary_search(place).ok()).collect();

    let [rows, gone] = ["rows", "gone"].map(|what| scratch.join(format!("{what}-{}.csv", entry.published.as_of)));
    let mut header = RowBuffer::default();
    header.row(columns.iter().map(|(name, _)| name), LineEnding::Lf);
    let mut files = Vec::new();
    for path in [&rows, &gone] {
        let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        file.write_all(header.bytes())?;
        files.push(file);
    }
    let mut row = RowBuffer::default();
    let mut all = snapshot.rows(&wanted)?;
    while all.advance()? {
        let Some(found) = all.row() else { break };
        let value = |index: &usize| found.value(*index).filter(|_| found.is_filled(*index)).unwrap_or_default();
        row.clear();
        row.row(read.iter().map(value), LineEnding::Lf);
        let was_there = found.seen() == entry.published.as_of;
        files[usize::from(!was_there)].write_all(row.bytes())?;
    }
    files.iter_mut().try_for_each(Write::flush)?;
    let names = entry.published.key.iter().filter_map(|place| entry.published.columns.get(*place));
    let header_of = |attribute: &String| {
        let place = snapshot.columns().iter().position(|name| name == attribute)?;
        columns.iter().find(|(_, other)| *other == place).map(|(name, _)| name.clone())
    };
    let key = Key { columns: names.filter_map(header_of).collect(), ignores_case: entry.published.key_ignores_case };
    Ok(Some(Remembered { rows, gone, key }))
}

/// Header name and place in the snapshot of each column that was published.
fn columns(entry: &Entry, snapshot: &Snapshot, beside: Option<Beside<'_>>) -> Vec<(String, usize)> {
    let published = &entry.published;
    let place = |attribute: &String| snapshot.columns().iter().position(|name| name == attribute);
    let as_now = |attribute: &String, (header, format): Beside<'_>| {
        let is_it =
            |name: &&String| *name == attribute || format.recognise(name).is_some_and(|spec| spec.name == *attribute);
        header.iter().find(is_it).cloned()
    };
    let name = |attribute: &String, header: &String| match beside.filter(|_| published.imported) {
        Some(beside) => as_now(attribute, beside),
        None => Some(header.clone()),
    };
    let both = published.columns.iter().zip(&published.headers);
    both.filter_map(|(attribute, header)| Some((name(attribute, header)?, place(attribute)?))).collect()
}
