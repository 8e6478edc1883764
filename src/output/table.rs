//! The Totango file itself: encoded rows, copied from where they were spilt to where they are staged.
//!
//! Nothing is encoded here. One thread reads large pieces and hashes, another writes; both are bound by the kernel's copying.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use crate::output::split::Parts;
use crate::output::{OutputError, Place, Split, Staged, StagedFile, Staging};
use crate::settle::Extent;

/// Writes `header` and the rows of `extents`, in their order, to `file`; or with `split` to numbered parts
/// `<stem>.part-001.csv`, each with the header, the first one there also without rows. To be split, extents must be of one
/// row each. `spills` are the files that extents number.
///
/// # Errors
/// If a file fails, or [`OutputError::SplitTooSmall`].
pub fn write_table(
    staging: &Staging<'_>,
    file: &str,
    header: &[u8],
    spills: &[File],
    extents: impl IntoIterator<Item = Extent>,
    split: Option<Split>,
) -> Result<Vec<Staged>, OutputError> {
    let Some(split) = split else {
        let mut staged = staging.create(Place::Output, file)?;
        let rows = fill(&mut staged, header, spills, &mut extents.into_iter())?;
        return Ok(vec![staged.finish(rows)?]);
    };
    let stem = file.strip_suffix(".csv").unwrap_or(file);
    let mut parts = Parts::new(file, split, header, extents.into_iter());
    let mut written = Vec::new();
    while let Some((number, extents)) = parts.next_part()? {
        let mut staged = staging.create(Place::Output, &format!("{stem}.part-{number:03}.csv"))?;
        let rows = fill(&mut staged, header, spills, &mut extents.into_iter())?;
        written.push(staged.finish(rows)?);
    }
    Ok(written)
}

/// Read at once. Larger pieces leave the processor's cache between reading, hashing and writing.
const PIECE: usize = 1 << 20;
/// Rejected rows between two extents that are read along rather than paid for with a system call.
const GAP: u64 = 16 << 10;
/// Written bytes after which the disk is set to work, so that the last flush finds little left to do.
const FLUSH: usize = 32 << 20;
/// Pieces under way between the two threads.
const AHEAD: usize = 4;

/// Copies header and rows; gives the number of rows.
fn fill(
    staged: &mut StagedFile,
    header: &[u8],
    spills: &[File],
    extents: &mut dyn Iterator<Item = Extent>,
) -> Result<u64, OutputError> {
    let path = staged.path().to_path_buf();
    let mut out = staged.handle()?;
    let flushed = staged.handle()?;
    let (full, to_write) = sync_channel::<Piece>(AHEAD);
    let (empty, to_fill) = channel::<Piece>();
    thread::scope(|scope| {
        let (much, to_flush) = sync_channel::<()>(1);
        let flusher = scope.spawn(move || to_flush.into_iter().try_for_each(|()| flushed.sync_data()));
        let writer = scope.spawn(move || -> io::Result<()> {
            let mut unflushed = 0;
            for piece in to_write {
                out.write_all(piece.filled())?;
                unflushed += piece.length;
                if unflushed >= FLUSH {
                    // Full: the disk is at it already. Closed: the flusher has an error to tell.
                    let _ = much.try_send(());
                    unflushed = 0;
                }
                // The reader may be done and want no more of them.
                let _ = empty.send(piece);
            }
            Ok(())
        });
        let read = Reader { staged, spills, full, to_fill, made: 1, piece: Piece::new() }.run(header, extents);
        // The reader has closed its end, so the writer stops. If both failed, the writer's error is the cause.
        writer.join().expect("the writer does not panic").map_err(OutputError::disk("write", &path))?;
        // The system tells of a failed flush once: who hears it must pass it on.
        flusher.join().expect("the flusher does not panic").map_err(OutputError::disk("flush", &path))?;
        read
    })
}

/// A buffer, and how much of it holds bytes.
struct Piece {
    bytes: Vec<u8>,
    length: usize,
}

impl Piece {
    /// Its room is the system's until bytes come: most tables are far smaller.
    fn new() -> Self {
        Self { bytes: Vec::with_capacity(PIECE), length: 0 }
    }

    /// The next `count` bytes, to be filled; zeroed only where no byte ever was.
    fn behind(&mut self, count: usize) -> &mut [u8] {
        let end = self.length + count;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.length..end]
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn room(&self) -> usize {
        PIECE - self.length
    }
}

/// The reading side.
struct Reader<'a> {
    staged: &'a mut StagedFile,
    spills: &'a [File],
    full: SyncSender<Piece>,
    to_fill: Receiver<Piece>,
    made: usize,
    piece: Piece,
}

impl Reader<'_> {
    fn run(mut self, header: &[u8], extents: &mut dyn Iterator<Item = Extent>) -> Result<u64, OutputError> {
        for bytes in header.chunks(PIECE) {
            self.make_room(bytes.len())?;
            self.piece.behind(bytes.len()).copy_from_slice(bytes);
            self.piece.length += bytes.len();
        }
        let mut rows = 0;
        let mut group: Vec<Extent> = Vec::new();
        for extent in extents {
            rows += extent.rows;
            let fits = |first: &Extent| extent.offset + extent.length - first.offset <= PIECE as u64;
            let alone = group.len() == 1;
            let first = group.first().copied();
            match (first, group.last_mut()) {
                (Some(first), Some(last)) if gap(last, &extent) == Some(0) && (alone || fits(&first)) => {
                    last.length += extent.length;
                }
                (Some(first), Some(last)) if gap(last, &extent).is_some_and(|gap| gap <= GAP) && fits(&first) => {
                    group.push(extent);
                }
                _ => {
                    self.copy(&group)?;
                    group.clear();
                    group.push(extent);
                }
            }
        }
        self.copy(&group)?;
        self.staged.account(self.piece.filled());
        self.hand_over(Piece { bytes: Vec::new(), length: 0 })?;
        Ok(rows)
    }

    fn copy(&mut self, group: &[Extent]) -> Result<(), OutputError> {
        match group {
            [] => Ok(()),
            [extent] => self.copy_long(extent),
            [first, .., last] => {
                let span = within_piece(last.offset + last.length - first.offset);
                self.make_room(span)?;
                self.read(first.file, first.offset, span)?;
                let start = self.piece.length;
                for extent in group {
                    let from = start + within_piece(extent.offset - first.offset);
                    let length = within_piece(extent.length);
                    self.piece.bytes.copy_within(from..from + length, self.piece.length);
                    self.piece.length += length;
                }
                Ok(())
            }
        }
    }

    /// Copies one extent of any length.
    fn copy_long(&mut self, extent: &Extent) -> Result<(), OutputError> {
        let mut done = 0;
        while done < extent.length {
            self.make_room(1)?;
            let count =
                usize::try_from(extent.length - done).map_or(self.piece.room(), |left| left.min(self.piece.room()));
            self.read(extent.file, extent.offset + done, count)?;
            self.piece.length += count;
            done += count as u64;
        }
        Ok(())
    }

    /// Reads behind what the piece holds.
    fn read(&mut self, file: usize, offset: u64, count: usize) -> Result<(), OutputError> {
        self.spills[file]
            .read_exact_at(self.piece.behind(count), offset)
            .map_err(OutputError::disk("read back", Path::new("spilled rows")))
    }

    fn make_room(&mut self, count: usize) -> Result<(), OutputError> {
        if self.piece.room() < count { self.send() } else { Ok(()) }
    }

    /// Hands the piece to the writer and takes up an empty one.
    fn send(&mut self) -> Result<(), OutputError> {
        self.staged.account(self.piece.filled());
        let next = match self.to_fill.try_recv() {
            Ok(written) => written,
            Err(_) if self.made <= AHEAD => {
                self.made += 1;
                Piece::new()
            }
            Err(_) => self.to_fill.recv().map_err(|_| self.stopped())?,
        };
        self.hand_over(next)
    }

    fn hand_over(&mut self, next: Piece) -> Result<(), OutputError> {
        let piece = mem::replace(&mut self.piece, next);
        self.piece.length = 0;
        self.full.send(piece).map_err(|_| self.stopped())
    }

    /// No one at the other end: the writer failed, and its own error is the one that is shown.
    fn stopped(&self) -> OutputError {
        OutputError::disk("write", self.staged.path())(ErrorKind::BrokenPipe.into())
    }
}

/// Bytes between two extents of one file, if the second comes behind the first.
fn gap(first: &Extent, second: &Extent) -> Option<u64> {
    let end = first.offset + first.length;
    if first.file == second.file { second.offset.checked_sub(end) } else { None }
}

fn within_piece(length: u64) -> usize {
    usize::try_from(length).expect("a group of extents is no longer than a piece")
}
