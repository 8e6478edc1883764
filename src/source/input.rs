//! Where the bytes of a file are: on this machine, or in a store.
//!
//! Everything that decodes a file goes through here. A local file is read with the system's own calls, as it always was;
//! an object is read in parts, several ahead.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::buffer::Buffer;

use crate::diagnostic::code;
use crate::source::ahead::{ObjectReader, Scattered};
use crate::source::definition::SourceError;
use crate::source::object::Object;
use crate::source::stamp::Stamp;
use crate::store::StoreError;

/// A file's bytes.
#[derive(Debug, Clone)]
pub enum FileAt {
    /// A file of this machine.
    Local(PathBuf),
    /// An object of a store.
    #[expect(private_interfaces, reason = "others pass it on; what an object is only this room knows")]
    Object(Arc<Object>),
}

impl FileAt {
    /// The file's own name.
    pub fn name(&self) -> OsString {
        match self {
            Self::Local(path) => path.file_name().unwrap_or_default().to_owned(),
            Self::Object(object) => object.name().into(),
        }
    }

    /// Its path, if it is of this machine.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Local(path) => Some(path),
            Self::Object(_) => None,
        }
    }

    /// Its bytes from the first on.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self.open_at(0)
    }

    /// Its bytes from `offset` on.
    pub(super) fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Local(path) => {
                let mut file = File::open(path)?;
                if offset > 0 {
                    file.seek(SeekFrom::Start(offset))?;
                }
                Ok(Box::new(file))
            }
            Self::Object(object) => Ok(Box::new(ObjectReader::new(object, offset))),
        }
    }

    /// Bytes of the whole file, as stored.
    ///
    /// # Errors
    /// It is gone.
    pub fn size(&self) -> io::Result<u64> {
        self.places()?.size()
    }

    /// Up to `length` bytes from `offset` on, fewer at the end of the file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn part(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut places = self.places()?;
        let length = length.min(places.size()?.saturating_sub(offset));
        Ok(places.read(offset, usize::try_from(length).unwrap_or(usize::MAX))?.to_vec())
    }

    /// To read here and there in it.
    pub(super) fn places(&self) -> io::Result<Places> {
        match self {
            Self::Local(path) => Ok(Places::Local(File::open(path)?)),
            Self::Object(object) => Ok(Places::Object(Arc::clone(object))),
        }
    }

    /// Whether it is still what it was when it was listed.
    ///
    /// # Errors
    /// A store that does not answer.
    pub(super) fn holds(&self, stamp: &Stamp, when: Held) -> Result<bool, StoreError> {
        match self {
            Self::Local(path) => Ok(stamp.holds(path)),
            // Every part that is read is asked for by its version.
            Self::Object(object) if object.is_conditional() || when == Held::Before => Ok(true),
            Self::Object(object) => object.is_unchanged(),
        }
    }

    /// What its store said when it failed, if it did.
    pub fn said(&self) -> Option<StoreError> {
        match self {
            Self::Local(_) => None,
            Self::Object(object) => object.failure(),
        }
    }

    /// Whether `other` is the same file in the same version, where both were listed with the same stamp.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Local(path), Self::Local(other)) => path == other,
            (Self::Object(object), Self::Object(other)) => {
                object.shown() == other.shown() && object.mark() == other.mark()
            }
            _ => false,
        }
    }

    /// An error of reading it: what the store said, if it said something, else `why`.
    pub(super) fn unreadable(&self, source: &str, shown: &str, why: impl std::fmt::Display) -> SourceError {
        match self.said() {
            Some(error) => SourceError::store(source, Some(shown), &error),
            None => SourceError::file(&code::SOURCE_UNREADABLE, source, shown, why),
        }
    }
}

/// When it is asked whether a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Before it is read.
    Before,
    /// After all was read.
    After,
}

/// A file that is read here and there.
#[derive(Debug)]
pub(super) enum Places {
    /// Of this machine.
    Local(File),
    /// Of a store.
    Object(Arc<Object>),
}

impl Places {
    /// Bytes of the whole file.
    pub fn size(&self) -> io::Result<u64> {
        match self {
            Self::Local(file) => Ok(file.metadata()?.len()),
            Self::Object(object) => Ok(object.stamp().size),
        }
    }

    /// The `length` bytes at `offset`.
    pub fn read(&mut self, offset: u64, length: usize) -> io::Result<Buffer> {
        match self {
            Self::Local(file) => {
                let mut bytes = vec![0; length];
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)?;
                Ok(Buffer::from_vec(bytes))
            }
            Self::Object(object) if offset + length as u64 > object.stamp().size => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than its footer says"))
            }
            Self::Object(object) => object.read(offset..offset + length as u64),
        }
    }
}

/// Certain stretches of a file, in order.
#[derive(Debug)]
pub(super) enum Stretches {
    /// Of a file of this machine, opened when the first is read.
    Local(PathBuf, Option<File>, std::vec::IntoIter<Range<u64>>),
    /// Of an object, several under way.
    Object(Scattered),
}

impl Stretches {
    /// `ranges` of `input`.
    pub fn new(input: &FileAt, ranges: Vec<Range<u64>>) -> Self {
        match input {
            FileAt::Local(path) => Self::Local(path.clone(), None, ranges.into_iter()),
            FileAt::Object(object) => Self::Object(Scattered::new(object, ranges)),
        }
    }

    /// The next one; of a local file with `slack` readable bytes behind it.
    pub fn next(&mut self, slack: usize) -> io::Result<Buffer> {
        match self {
            Self::Local(path, open, ranges) => {
                let range = ranges.next().unwrap_or(0..0);
                if open.is_none() {
                    *open = Some(File::open(path)?);
                }
                let Some(file) = open else { return Ok(Buffer::default()) };
                let length = range.end - range.start;
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX).saturating_add(slack));
                file.seek(SeekFrom::Start(range.start))?;
                file.take(length).read_to_end(&mut bytes)?;
                Ok(Buffer::from_vec(bytes))
            }
            Self::Object(scattered) => scattered.next(),
        }
    }
}
