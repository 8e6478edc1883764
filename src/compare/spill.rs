//! Notes on disk, in parts: written a part's worth at a time, read back part by part.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::compare::{CompareError, Comparison, table};

/// Bytes of a part that are written at once.
const CHUNK: usize = 1 << 14;

/// Most and fewest parts.
const PARTS: (u64, u64) = (16, 1024);

/// A temporary file in parts. It has no name, so that nothing is left behind however the command ends.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    length: u64,
    parts: Vec<Chunks>,
}

#[derive(Debug, Default)]
struct Chunks {
    /// Not yet in the file.
    waiting: Vec<u8>,
    /// Where in the file, how long.
    written: Vec<(u64, usize)>,
}

/// Into how many parts the notes are split: two of them at a time must fit into a part of the memory.
pub(super) fn parts(comparison: &Comparison<'_>) -> usize {
    let bytes = comparison.now.bytes() + comparison.before.map_or(0, table::Table::bytes);
    // A row of ten bytes has a note of 32, and each thread holds a part of both sides.
    let notes = bytes.saturating_mul(4) / (comparison.memory / 8).max(1) * comparison.threads.max(1) as u64;
    notes.clamp(PARTS.0, PARTS.1).next_power_of_two() as usize
}

impl Spill {
    /// An empty one with `parts` parts, in `folder`.
    pub(super) fn create(folder: &Path, parts: usize) -> Result<Self, CompareError> {
        let make = || -> io::Result<File> {
            let (file, name) = table::fresh(folder, "notes")?;
            std::fs::remove_file(name)?;
            Ok(file)
        };
        let file = make().map_err(CompareError::file(folder))?;
        Ok(Self { file, length: 0, parts: (0..parts).map(|_| Chunks::default()).collect() })
    }

    /// How many parts there are.
    pub(super) fn count(&self) -> usize {
        self.parts.len()
    }

    /// Appends to a part.
    #[inline]
    pub(super) fn add(&mut self, part: usize, bytes: &[u8]) -> io::Result<()> {
        self.parts[part].waiting.extend_from_slice(bytes);
        if self.parts[part].waiting.len() >= CHUNK { self.flush(part) } else { Ok(()) }
    }

    fn flush(&mut self, part: usize) -> io::Result<()> {
        let chunks = &mut self.parts[part];
        self.file.write_all_at(&chunks.waiting, self.length)?;
        chunks.written.push((self.length, chunks.waiting.len()));
        self.length += chunks.waiting.len() as u64;
        chunks.waiting.clear();
        Ok(())
    }

    /// All bytes of a part.
    pub(super) fn read(&self, part: usize) -> io::Result<Vec<u8>> {
        let chunks = &self.parts[part];
        let length: usize = chunks.written.iter().map(|(_, length)| length).sum();
        let mut bytes = Vec::with_capacity(length + chunks.waiting.len());
        for (offset, length) in &chunks.written {
            let start = bytes.len();
            bytes.resize(start + length, 0);
            self.file.read_exact_at(&mut bytes[start..], *offset)?;
        }
        bytes.extend_from_slice(&chunks.waiting);
        Ok(bytes)
    }

    /// The chunk of a part with this number, in the order in which it was written; none behind the last.
    pub(super) fn chunk(&self, part: usize, number: usize, bytes: &mut Vec<u8>) -> io::Result<bool> {
        let chunks = &self.parts[part];
        bytes.clear();
        match chunks.written.get(number) {
            Some((offset, length)) => {
                bytes.resize(*length, 0);
                self.file.read_exact_at(bytes, *offset)?;
                Ok(true)
            }
            None if number == chunks.written.len() && !chunks.waiting.is_empty() => {
                bytes.extend_from_slice(&chunks.waiting);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
