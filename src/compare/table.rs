//! The files of a table, their header, and which of its columns count.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::compare::CompareError;
use crate::csv::{Dialect, HeaderFault, read_header};
use crate::mapping::Compression;
use crate::source::{FileAt, kind_of, text};

/// Read at once.
pub(super) const PIECE: usize = 1 << 20;

/// A CSV table: one file, or several parts with the same header.
#[derive(Debug)]
pub struct Table {
    /// Its columns; the second `Name` is `Name#2`.
    pub header: Vec<String>,
    pub(super) parts: Vec<Part>,
    /// Parts from this one on hold rows that were gone from the table before.
    gone: Option<usize>,
}

/// One file of a table, plain UTF-8.
#[derive(Debug)]
pub(super) struct Part {
    pub path: PathBuf,
    /// Where the records begin.
    pub start: u64,
    pub line: u64,
    pub carriage_return: bool,
}

impl Table {
    /// Reads the headers of `files`. Those that are packed or not in UTF-8 are written plainly into `scratch` first, since rows
    /// are read again by place.
    ///
    /// # Errors
    /// A file that cannot be read, or has no header, or another than the first.
    pub fn open(files: &[PathBuf], scratch: &Path) -> Result<Self, CompareError> {
        let mut table = Self { header: Vec::new(), parts: Vec::new(), gone: None };
        files.iter().try_for_each(|path| table.add(path, scratch))?;
        Ok(table)
    }

    /// With `files` of rows that were gone from the table before: one that comes back is no new row, one that does not is not
    /// missed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_gone(mut self, files: &[PathBuf], scratch: &Path) -> Result<Self, CompareError> {
        self.gone = Some(self.parts.len());
        files.iter().try_for_each(|path| self.add(path, scratch))?;
        Ok(self)
    }

    fn add(&mut self, path: &Path, scratch: &Path) -> Result<(), CompareError> {
        let plain = plain(path, scratch)?;
        let (header, part) = part(path, plain)?;
        if self.parts.is_empty() {
            self.header = header;
        } else if self.header != header {
            let message = "has another header than the first part of its table".to_owned();
            return Err(CompareError::Header { path: path.to_path_buf(), message });
        }
        self.parts.push(part);
        Ok(())
    }

    /// Whether the rows of this part count as rows of the table.
    pub(super) fn counts(&self, part: usize) -> bool {
        self.gone.is_none_or(|gone| part < gone)
    }

    /// Bytes of all its files.
    pub(super) fn bytes(&self) -> u64 {
        let size = |part: &Part| part.path.metadata().map_or(0, |metadata| metadata.len());
        self.parts.iter().map(size).sum()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|other| other == name)
    }
}

/// `path`, or a plain copy of it.
fn plain(path: &Path, scratch: &Path) -> Result<PathBuf, CompareError> {
    let mut mark = Vec::new();
    let read = File::open(path).and_then(|file| file.take(3).read_to_end(&mut mark));
    read.map_err(CompareError::file(path))?;
    let marked =
        mark.starts_with(&[0xEF, 0xBB, 0xBF]) || mark.starts_with(&[0xFF, 0xFE]) || mark.starts_with(&[0xFE, 0xFF]);
    let file = FileAt::Local(path.to_path_buf());
    let compression = kind_of(&file).1;
    if compression == Compression::None && !marked {
        return Ok(path.to_path_buf());
    }
    let copy = || -> io::Result<PathBuf> {
        let (mut copy, name) = fresh(scratch, "plain")?;
        io::copy(&mut text(&file, compression, "utf-8")?, &mut copy)?;
        copy.flush()?;
        Ok(name)
    };
    copy().map_err(CompareError::file(path))
}

/// A new file in `scratch`.
pub(super) fn fresh(scratch: &Path, what: &str) -> io::Result<(File, PathBuf)> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = scratch.join(format!("{what}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
    let file = File::options().read(true).write(true).create_new(true).open(&name)?;
    Ok((file, name))
}

/// The header of the file at `plain`, which people know as `path`.
fn part(path: &Path, plain: PathBuf) -> Result<(Vec<String>, Part), CompareError> {
    let mut file = File::open(&plain).map_err(CompareError::file(path))?;
    let mut bytes = Vec::new();
    loop {
        let wanted = bytes.len().max(1 << 16) as u64;
        let read = (&mut file).take(wanted).read_to_end(&mut bytes).map_err(CompareError::file(path))?;
        let at_end = (read as u64) < wanted;
        let message = match read_header(&bytes, &Dialect::default(), 0, at_end) {
            Ok(header) => {
                let start = header.start;
                let part = Part {
                    path: plain,
                    start: start.length as u64,
                    line: start.line,
                    carriage_return: start.carriage_return,
                };
                return Ok((header.names, part));
            }
            Err(HeaderFault::Unfinished) => continue,
            Err(HeaderFault::Missing) => "is empty: a CSV file has a header".to_owned(),
            Err(HeaderFault::Record { line, .. }) => format!("line {line} is no header that can be read"),
        };
        return Err(CompareError::Header { path: path.to_path_buf(), message });
    }
}

/// Whether both tables have the same bytes, file by file.
pub(super) fn same_bytes(one: &Table, other: &Table) -> Result<bool, CompareError> {
    if one.parts.len() != other.parts.len() || one.bytes() != other.bytes() {
        return Ok(false);
    }
    for (one, other) in one.parts.iter().zip(&other.parts) {
        if !same_files(&one.path, &other.path)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn same_files(one: &Path, other: &Path) -> Result<bool, CompareError> {
    let open = |path: &Path| File::open(path).map_err(CompareError::file(path));
    let (mut left, mut right) = (open(one)?, open(other)?);
    let (mut some, mut more) = (Vec::new(), Vec::new());
    loop {
        some.clear();
        more.clear();
        (&mut left).take(PIECE as u64).read_to_end(&mut some).map_err(CompareError::file(one))?;
        (&mut right).take(PIECE as u64).read_to_end(&mut more).map_err(CompareError::file(other))?;
        if some != more {
            return Ok(false);
        }
        if some.is_empty() {
            return Ok(true);
        }
    }
}

/// Which cells count, in both tables.
#[derive(Debug)]
pub(super) struct Shape {
    /// Columns of both, in the order of the new table.
    pub(super) columns: Vec<String>,
    /// In the old table.
    pub(super) before: Places,
    /// In the new table.
    pub(super) now: Places,
    /// Rows are told apart by something else than all their cells.
    pub(super) has_key: bool,
}

/// Which cells of a table count.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// Of the key, in its order.
    pub key: Vec<usize>,
    /// Of the columns of both.
    pub columns: Vec<usize>,
    /// All columns stand at the same places in both tables: rows with equal bytes are equal.
    pub by_bytes: bool,
    pub ignores_case: bool,
}

impl Shape {
    /// How rows of `before` and `now` are compared. If not both have the whole key, rows have none.
    pub(super) fn of(before: Option<&Table>, now: &Table, key: &[String], ignores_case: bool) -> Self {
        let old = before.unwrap_or(now);
        let columns: Vec<String> = now.header.iter().filter(|name| old.place(name).is_some()).cloned().collect();
        let has_key = !key.is_empty() && key.iter().all(|name| columns.contains(name));
        let key = if has_key { key } else { &columns[..] };
        let places = |table: &Table, names: &[String]| names.iter().filter_map(|name| table.place(name)).collect();
        let of = |table: &Table| Places {
            key: places(table, key),
            columns: places(table, &columns),
            by_bytes: old.header == now.header,
            ignores_case: ignores_case && has_key,
        };
        Self { before: of(old), now: of(now), has_key, columns }
    }
}
