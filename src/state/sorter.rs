//! Brings rows into the order of their keys' hashes in bounded memory: they are dealt out by the leading bits of the hash, which
//! are evenly spread, so that each heap can be sorted by itself.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Heaps. 256 of them make one of 10 GB of rows 40 MB large.
const HEAPS: usize = 256;
/// Bytes of a heap gathered before they are written: 16 MB in all.
const PIECE: usize = 1 << 16;
/// Hash, number and length before each row.
const HEAD: usize = 16 + 4 + 4;

/// Takes rows in any order.
#[derive(Debug)]
pub struct Sorter {
    file: File,
    written: u64,
    heaps: Vec<Heap>,
}

#[derive(Debug, Default)]
struct Heap {
    gathered: Vec<u8>,
    /// Where its pieces lie in the file.
    pieces: Vec<(u64, usize)>,
    rows: usize,
}

/// Rows in the order of their keys' hashes, of one key in that of their numbers.
#[derive(Debug)]
pub struct Sorted {
    file: File,
    heaps: std::vec::IntoIter<Heap>,
    bytes: Vec<u8>,
    /// (hash, number, start of the row) of the heap at hand.
    order: Vec<(u128, u32, usize)>,
    at: usize,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct SortedRow<'a> {
    /// Its key's hash.
    pub key: u128,
    /// The number it was pushed with.
    pub number: u32,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Sorter {
    /// A sorter whose temporary file lies in `directory`; it has no name and goes when its owner does.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn new(directory: &Path) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("heaps-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = directory.join(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Self { file, written: 0, heaps: (0..HEAPS).map(|_| Heap::default()).collect() })
    }

    /// Takes the row `number` with the key's hash `key`.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn push(&mut self, key: u128, number: u32, bytes: &[u8]) -> io::Result<()> {
        let heap = &mut self.heaps[(key >> 120) as usize];
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        heap.gathered.extend_from_slice(&key.to_le_bytes());
        heap.gathered.extend_from_slice(&number.to_le_bytes());
        heap.gathered.extend_from_slice(&length.to_le_bytes());
        heap.gathered.extend_from_slice(bytes);
        heap.rows += 1;
        if heap.gathered.len() >= PIECE {
            self.file.write_all(&heap.gathered)?;
            heap.pieces.push((self.written, heap.gathered.len()));
            self.written += heap.gathered.len() as u64;
            heap.gathered.clear();
        }
        Ok(())
    }

    /// The rows in order.
    pub fn finish(self) -> Sorted {
        Sorted { file: self.file, heaps: self.heaps.into_iter(), bytes: Vec::new(), order: Vec::new(), at: 0 }
    }
}

impl Sorted {
    /// Goes to the next row; false at the end. To be called before the first too.
    ///
    /// # Errors
    /// If the temporary file fails.
    pub fn advance(&mut self) -> io::Result<bool> {
        self.at += 1;
        while self.at >= self.order.len() {
            let Some(heap) = self.heaps.next() else {
                self.order.clear();
                return Ok(false);
            };
            self.load(&heap)?;
            self.at = 0;
        }
        Ok(true)
    }

    fn load(&mut self, heap: &Heap) -> io::Result<()> {
        self.bytes.clear();
        for (offset, length) in &heap.pieces {
            let start = self.bytes.len();
            self.bytes.resize(start + length, 0);
            self.file.read_exact_at(&mut self.bytes[start..], *offset)?;
        }
        self.bytes.extend_from_slice(&heap.gathered);
        self.order.clear();
        self.order.reserve(heap.rows);
        let mut start = 0;
        while start < self.bytes.len() {
            let (key, number, length) = head(&self.bytes[start..]);
            self.order.push((key, number, start + HEAD));
            start += HEAD + length;
        }
        self.order.sort_unstable();
        Ok(())
    }

    /// The row at hand; none before the first and after the last.
    pub fn row(&self) -> Option<SortedRow<'_>> {
        let (key, number, start) = *self.order.get(self.at)?;
        let (_, _, length) = head(&self.bytes[start - HEAD..]);
        Some(SortedRow { key, number, bytes: &self.bytes[start..start + length] })
    }
}

fn head(bytes: &[u8]) -> (u128, u32, usize) {
    let (key, rest) = bytes.split_first_chunk::<16>().expect("every row has a head");
    let (number, rest) = rest.split_first_chunk::<4>().expect("every row has a head");
    let length = rest.first_chunk::<4>().expect("every row has a head");
    (u128::from_le_bytes(*key), u32::from_le_bytes(*number), u32::from_le_bytes(*length) as usize)
}
