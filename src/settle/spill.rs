//! Temporary files of encoded rows: written in large pieces, read back by place.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::csv::RowBuffer;

/// Bytes gathered before a write.
const PIECE: usize = 1 << 18;

/// Bytes read at once when rows are read one after the other.
const WINDOW: usize = 1 << 18;

/// A temporary file being written.
#[derive(Debug)]
pub(super) struct Spill {
    /// None: its bytes are taken away before they are many.
    file: Option<File>,
    /// Where it was made, for errors: its name is gone.
    directory: PathBuf,
    /// Bytes in the file.
    written: u64,
    /// Bytes not yet in the file.
    pub(super) buffer: RowBuffer,
}

impl Spill {
    /// An empty file in `directory`.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        let file = temporary(directory)?;
        Ok(Self { file: Some(file), directory: directory.to_owned(), written: 0, buffer: RowBuffer::default() })
    }

    /// No file: the bytes stay in the buffer until they are taken.
    #[cfg(feature = "cluster")]
    pub(super) fn travelling() -> Self {
        Self { file: None, directory: PathBuf::new(), written: 0, buffer: RowBuffer::default() }
    }

    /// Bytes so far, in the file and in the buffer.
    pub(super) fn length(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes the buffer if it is large.
    #[inline]
    pub(super) fn flush_if_large(&mut self) -> io::Result<()> {
        if self.buffer.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(self.buffer.bytes()).map_err(within(&self.directory))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Appends `rows` to the file, past the buffer; gives their place.
    #[cfg(feature = "cluster")]
    pub(super) fn lay_down(&mut self, rows: &[u8]) -> io::Result<std::ops::Range<u64>> {
        self.flush()?;
        let start = self.written;
        if let Some(file) = &mut self.file {
            file.write_all(rows).map_err(within(&self.directory))?;
            self.written += rows.len() as u64;
        }
        Ok(start..self.written)
    }

    /// The whole file, ready to be read.
    pub(super) fn finish(mut self) -> io::Result<File> {
        self.flush()?;
        self.file.ok_or_else(|| io::Error::other("rows that travel lie in no file"))
    }
}

/// An empty file in `directory` whose name is gone already: nothing is left behind however the run ends.
pub(super) fn temporary(directory: &Path) -> io::Result<File> {
    // Names meet no other of this process, nor of another one at work in the same folder.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = directory.join(format!("rows-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(within(directory))?;
    std::fs::remove_file(&path).map_err(within(directory))?;
    Ok(file)
}

/// Says in which folder something failed: a full disk is helped by another `TMPDIR` or by room there.
pub(super) fn within(directory: &Path) -> impl Fn(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("in `{}`: {error}", directory.display()))
}

/// Reads rows of one finished file; fast when they are asked for in rising order.
#[derive(Debug)]
pub(super) struct Window<'a> {
    file: &'a File,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        Self { file, start: 0, bytes: Vec::new() }
    }

    /// The bytes at `offset`.
    pub(super) fn read(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let end = self.start + self.bytes.len() as u64;
        if offset < self.start || offset + length as u64 > end {
            self.fill(offset, length)?;
        }
        let from = usize::try_from(offset - self.start).expect("the window was filled around the offset");
        Ok(&self.bytes[from..from + length])
    }

    fn fill(&mut self, offset: u64, length: usize) -> io::Result<()> {
        // A step backwards or far ahead is a lone question: reading a whole window for it would be waste.
        let is_next = offset >= self.start && offset <= self.start + (self.bytes.len() + WINDOW) as u64;
        self.bytes.resize(if is_next { length.max(WINDOW) } else { length }, 0);
        let mut filled = 0;
        while filled < self.bytes.len() {
            match self.file.read_at(&mut self.bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.bytes.clear();
                    return Err(error);
                }
            }
        }
        self.bytes.truncate(filled);
        self.start = offset;
        if filled < length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was used"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_folder() {
        let folder = std::env::temp_dir().join("there-is-no-such-folder");
        let error = Spill::create(&folder).unwrap_err();
        assert!(error.to_string().contains("there-is-no-such-folder"), "{error}");
        let mut full = Spill {
            file: Some(OpenOptions::new().write(true).open("/dev/full").unwrap()),
            directory: folder,
            written: 0,
            buffer: RowBuffer::default(),
        };
        full.buffer.raw(b"row");
        let error = full.finish().unwrap_err();
        assert!(error.to_string().starts_with("in `") && error.kind() == io::ErrorKind::StorageFull, "{error}");
    }
}
