//! What has arrived of an item and is not taken yet: few bytes in memory, many in a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cluster::error::Error;
use crate::cluster::message::Piece;
use crate::settle;

/// Bytes that are kept in memory.
const IN_MEMORY: usize = 8 << 20;

/// Pieces of one item, in order.
#[derive(Debug)]
pub(super) struct Pieces {
    folder: PathBuf,
    held: Vec<Vec<u8>>,
    held_bytes: usize,
    /// Those before the ones held, and where each ends in it.
    file: Option<File>,
    ends: Vec<u64>,
}

impl Pieces {
    /// None yet; a file would lie in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), held: Vec::new(), held_bytes: 0, file: None, ends: Vec::new() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len() + self.held.len()
    }

    /// One more.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn push(&mut self, piece: Vec<u8>) -> Result<(), Error> {
        self.held_bytes += piece.len();
        self.held.push(piece);
        if self.held_bytes > IN_MEMORY { self.lay_down().map_err(failed) } else { Ok(()) }
    }

    fn lay_down(&mut self) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(nameless(&self.folder)?),
        };
        for piece in self.held.drain(..) {
            file.write_all(&piece)?;
            self.ends.push(self.ends.last().copied().unwrap_or(0) + piece.len() as u64);
        }
        self.held_bytes = 0;
        Ok(())
    }

    /// All of them, from the first; as often as wanted.
    pub fn iter(&self) -> impl Iterator<Item = Result<Piece, Error>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let laid = starts.zip(&self.ends).map(|(start, end)| {
            let mut bytes = vec![0; (end - start) as usize];
            if let Some(file) = &self.file {
                file.read_exact_at(&mut bytes, start).map_err(failed)?;
            }
            Piece::from_bytes(&bytes)
        });
        laid.chain(self.held.iter().map(|piece| Piece::from_bytes(piece)))
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::Settle(settle::Error::Spill(error))
}

/// A file whose name is removed at once, so that nothing is left behind however the run ends.
fn nameless(folder: &Path) -> std::io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("arrived-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_in_order_from_memory_and_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for (count, length, in_file) in [(5_u8, 1 << 10, false), (25, 1 << 20, true)] {
            let mut pieces = Pieces::new(folder.path());
            for number in 0..count {
                pieces.push(Piece::Sums(vec![number; length]).to_bytes()).unwrap();
            }
            assert_eq!((pieces.len(), pieces.file.is_some()), (usize::from(count), in_file));
            for _ in 0..2 {
                for (number, piece) in (0..).zip(pieces.iter()) {
                    let Piece::Sums(sums) = piece.unwrap() else { panic!("another kind") };
                    assert!(sums == vec![number; length]);
                }
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error_of_this_machine() {
        let mut pieces = Pieces::new(Path::new("/there/is/no/such/folder"));
        let error = (0..9).find_map(|_| pieces.push(vec![0; 1 << 20]).err()).unwrap();
        assert!(matches!(error, Error::Settle(settle::Error::Spill(_))));
    }
}
