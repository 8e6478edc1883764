//! Parquet in a store: its footer with one request, then nothing but the columns that are asked for.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::buffer::Buffer;
use datafusion::parquet::errors::Result;
use datafusion::parquet::file::reader::{ChunkReader, Length};

use crate::source::ahead::Scattered;
use crate::source::object::Object;

/// The library's type of bytes, which no other name here leads to.
type Bytes = <object_store::PutPayload as IntoIterator>::Item;

/// Bytes of the end that are fetched to find the footer in them: most footers are shorter.
const FOOTER: u64 = 64 << 10;

/// Bytes of one row group that are held at a time.
const HELD: u64 = 32 << 20;

/// The least that is fetched of a column at a time, and the most.
const LEAST: u64 = 256 << 10;
const MOST: u64 = 8 << 20;

/// A Parquet file that pages are read from.
#[derive(Debug)]
pub(super) enum Chunks {
    /// Of this machine.
    Local(File),
    /// Of a store.
    Object(ObjectChunks),
}

/// Parts of an object: of each column the one that is being read.
#[derive(Debug)]
pub(super) struct ObjectChunks {
    object: Arc<Object>,
    columns: Vec<Range<u64>>,
    /// Bytes of a column that are fetched at a time.
    window: u64,
    /// By column: what was fetched of it last, and where that begins.
    held: Mutex<Vec<(u64, Buffer)>>,
}

impl ObjectChunks {
    /// The end of the file.
    pub fn footer(object: &Arc<Object>) -> io::Result<Self> {
        let end = object.stamp().size;
        let start = end.saturating_sub(FOOTER);
        let all = start..end;
        let tail = object.read(all.clone())?;
        Ok(Self {
            object: Arc::clone(object),
            columns: vec![all],
            window: end - start,
            held: Mutex::new(vec![(start, tail)]),
        })
    }

    /// The `columns` of a row group, each where it lies.
    pub fn group(object: &Arc<Object>, mut columns: Vec<Range<u64>>) -> io::Result<Self> {
        columns.sort_by_key(|range| range.start);
        let count = columns.len().max(1) as u64;
        let total: u64 = columns.iter().map(|range| range.end - range.start).sum();
        let window = if total <= HELD { HELD } else { (HELD / count).clamp(LEAST, MOST) };
        let size = object.stamp().size;
        if columns.iter().any(|range| range.end > size) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than its footer says"));
        }
        let beginnings = columns.iter().map(|range| range.start..range.end.min(range.start + window)).collect();
        let mut parts = Scattered::new(object, beginnings);
        let held = columns.iter().map(|range| Ok((range.start, parts.next()?)));
        let held = held.collect::<io::Result<_>>()?;
        Ok(Self { object: Arc::clone(object), columns, window, held: Mutex::new(held) })
    }

    fn bytes(&self, start: u64, length: usize) -> io::Result<Buffer> {
        let end = start + length as u64;
        if end > self.object.stamp().size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than its footer says"));
        }
        let Some(column) = self.columns.iter().position(|range| range.contains(&start)) else {
            return self.object.read(start..end);
        };
        let inside = |(from, held): &(u64, Buffer)| {
            let ok = start >= *from && end <= *from + held.len() as u64;
            ok.then(|| held.slice_with_length((start - from) as usize, length))
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = held.get(column).and_then(inside) {
            return Ok(bytes);
        }
        let until = end.max((start + self.window).min(self.columns[column].end));
        let bytes = self.object.read(start..until)?;
        let part = bytes.slice_with_length(0, length);
        if let Some(place) = held.get_mut(column) {
            *place = (start, bytes);
        }
        Ok(part)
    }
}

impl Length for ObjectChunks {
    fn len(&self) -> u64 {
        self.object.stamp().size
    }
}

impl ChunkReader for ObjectChunks {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        // A page's header is read so: its length is not known before.
        let end = self.columns.iter().find(|range| range.contains(&start)).map_or(self.len(), |range| range.end);
        let length = (end - start).min(LEAST);
        let bytes = self.bytes(start, usize::try_from(length).unwrap_or(usize::MAX))?;
        Ok(Box::new(Stretch { bytes, at: 0 }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        Ok(Bytes::from_owner(Held(self.bytes(start, length)?)))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Self::Local(file) => Length::len(file),
            Self::Object(object) => object.len(),
        }
    }
}

impl ChunkReader for Chunks {
    type T = Either;

    fn get_read(&self, start: u64) -> Result<Either> {
        Ok(match self {
            Self::Local(file) => Either::Local(file.get_read(start)?),
            Self::Object(object) => Either::Object(object.get_read(start)?),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self {
            Self::Local(file) => file.get_bytes(start, length),
            Self::Object(object) => object.get_bytes(start, length),
        }
    }
}

/// What reads a page's header.
pub(super) enum Either {
    /// From a file.
    Local(BufReader<File>),
    /// From a part of an object.
    Object(Box<dyn Read + Send>),
}

impl Read for Either {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(reader) => reader.read(into),
            Self::Object(reader) => reader.read(into),
        }
    }
}

struct Held(Buffer);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

struct Stretch {
    bytes: Buffer,
    at: usize,
}

impl Read for Stretch {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = into.len().min(rest.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
