//! Values of a fixed size in a temporary file, one after the other: appended, read in order or by number.

use std::fs::File;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::settle::spill::{temporary, within};

/// Values read or written at a time.
pub(super) const BLOCK: usize = 1 << 14;

/// A value that is kept as its bytes.
pub(super) trait Plain: Copy + Default {
    /// How many.
    const BYTES: usize;

    /// Appends its bytes to `out`.
    fn write(self, out: &mut Vec<u8>);

    /// The value with these `BYTES` bytes.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! plain {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            const BYTES: usize = size_of::<$number>();

            #[inline]
            fn write(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_ne_bytes());
            }

            #[inline]
            fn read(bytes: &[u8]) -> Self {
                bytes.try_into().map(Self::from_ne_bytes).unwrap_or_default()
            }
        }
    )*};
}

plain!(u8, u32, u64, u128, i128);

impl<A: Plain, B: Plain> Plain for (A, B) {
    const BYTES: usize = A::BYTES + B::BYTES;

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        let (first, second) = bytes.split_at(A::BYTES);
        (A::read(first), B::read(second))
    }
}

/// The values.
#[derive(Debug)]
pub(super) struct Stored<T> {
    file: File,
    directory: PathBuf,
    /// Values in the file.
    written: usize,
    /// Bytes of values not yet in the file.
    buffer: Vec<u8>,
    /// What went wrong where nobody could be told of it.
    failure: Mutex<Option<io::Error>>,
    values: PhantomData<T>,
}

impl<T: Plain> Stored<T> {
    /// None yet, in a file of `directory`.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        let file = temporary(directory)?;
        let (buffer, failure) = (Vec::new(), Mutex::new(None));
        Ok(Self { file, directory: directory.to_owned(), written: 0, buffer, failure, values: PhantomData })
    }

    /// So many, each of them zero bytes until it is `put`; those take no room on the disk.
    pub(super) fn sparse(count: usize, directory: &Path) -> io::Result<Self> {
        let mut stored = Self::create(directory)?;
        stored.file.set_len((count * T::BYTES) as u64).map_err(within(directory))?;
        stored.written = count;
        Ok(stored)
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.written + self.buffer.len() / T::BYTES
    }

    /// One more.
    #[inline]
    pub(super) fn push(&mut self, value: T) -> io::Result<()> {
        value.write(&mut self.buffer);
        if self.buffer.len() >= BLOCK * T::BYTES { self.finish() } else { Ok(()) }
    }

    /// All of `values`.
    pub(super) fn extend(&mut self, values: &[T]) -> io::Result<()> {
        values.iter().try_for_each(|value| self.push(*value))
    }

    /// Writes what is not in the file yet; only then values can be read.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer).map_err(within(&self.directory))?;
        self.written += self.buffer.len() / T::BYTES;
        // Few files are written at a time, many lie finished: those hold no memory.
        self.buffer = if self.buffer.len() < BLOCK * T::BYTES { Vec::new() } else { std::mem::take(&mut self.buffer) };
        self.buffer.clear();
        Ok(())
    }

    /// Sets `out` to `count` values from number `start` on, or as many as there are.
    pub(super) fn read(&self, start: usize, count: usize, out: &mut Vec<T>) -> io::Result<()> {
        out.clear();
        let count = count.min(self.written.saturating_sub(start));
        let mut bytes = vec![0; count * T::BYTES];
        self.file.read_exact_at(&mut bytes, (start * T::BYTES) as u64).map_err(within(&self.directory))?;
        out.extend(bytes.chunks_exact(T::BYTES).map(T::read));
        Ok(())
    }

    /// The value with this number; should the file fail, `check` tells of it.
    pub(super) fn get(&self, number: usize) -> T {
        let mut bytes = [0; 40];
        let bytes = &mut bytes[..T::BYTES];
        match self.file.read_exact_at(bytes, (number * T::BYTES) as u64) {
            Ok(()) => T::read(bytes),
            Err(error) => self.fail(error),
        }
    }

    /// Another value with this number, or one more; should the file fail, `check` tells of it.
    pub(super) fn put(&mut self, number: usize, value: T) {
        let mut bytes = Vec::with_capacity(T::BYTES);
        value.write(&mut bytes);
        match self.file.write_all_at(&bytes, (number * T::BYTES) as u64) {
            Ok(()) => self.written = self.written.max(number + 1),
            Err(error) => drop(self.fail(error)),
        }
    }

    /// Remembers that a value could not be had.
    fn fail(&self, error: io::Error) -> T {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(within(&self.directory)(error));
        T::default()
    }

    /// What went wrong in `get` and `put`, and in readers.
    pub(super) fn check(&self) -> io::Result<()> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// Goes through all values, block by block, with the number of each block's first.
    pub(super) fn each<E: From<io::Error>>(
        &self,
        mut visit: impl FnMut(usize, &[T]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut block = Vec::new();
        for start in (0..self.written).step_by(BLOCK) {
            self.read(start, BLOCK, &mut block)?;
            visit(start, &block)?;
        }
        Ok(())
    }

    /// Values asked for in rising order.
    pub(super) fn reader(&self) -> Reader<'_, T> {
        Reader { stored: self, start: 0, block: Vec::new() }
    }
}

/// Reads values block by block.
#[derive(Debug)]
pub(super) struct Reader<'a, T> {
    stored: &'a Stored<T>,
    start: usize,
    block: Vec<T>,
}

impl<T: Plain> Reader<'_, T> {
    /// The value with this number; should the file fail, `Stored::check` tells of it.
    pub(super) fn get(&mut self, number: usize) -> T {
        if number < self.start || number >= self.start + self.block.len() {
            self.start = number;
            if let Err(error) = self.stored.read(number, BLOCK, &mut self.block) {
                return self.stored.fail(error);
            }
        }
        self.block.get(number - self.start).copied().unwrap_or_default()
    }
}
