//! A fact of every row: in memory, or on disk where memory has no room for it.

use std::io;
use std::path::Path;

use crate::settle::stored::{BLOCK, Plain, Reader, Stored};

/// A value for each row, or none at all.
#[derive(Debug)]
pub(super) enum Column<T> {
    Memory(Vec<T>),
    Disk(Stored<T>),
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl<T: Plain> Column<T> {
    /// An empty one: on disk if there is a folder for it.
    pub(super) fn new(count: usize, directory: Option<&Path>) -> io::Result<Self> {
        match directory {
            None => Ok(Self::Memory(Vec::with_capacity(count))),
            Some(directory) => Stored::create(directory).map(Self::Disk),
        }
    }

    /// Appends `values`.
    pub(super) fn extend(&mut self, values: &[T]) -> io::Result<()> {
        match self {
            Self::Memory(all) => {
                all.extend_from_slice(values);
                Ok(())
            }
            Self::Disk(stored) => stored.extend(values),
        }
    }

    /// Appends `value` so many times.
    pub(super) fn fill(&mut self, count: usize, value: T) -> io::Result<()> {
        (0..count).try_for_each(|_| self.extend(&[value]))
    }

    /// All is there.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Disk(stored) => stored.finish(),
        }
    }

    /// How many rows it knows of.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Memory(values) => values.len(),
            Self::Disk(stored) => stored.len(),
        }
    }

    /// Whether it knows of no row.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All values, if they are in memory.
    pub(super) fn in_memory(&self) -> Option<&[T]> {
        match self {
            Self::Memory(values) => Some(values),
            Self::Disk(_) => None,
        }
    }

    /// Its values, where they are known to be in memory.
    pub(super) fn into_memory(self) -> Vec<T> {
        match self {
            Self::Memory(values) => values,
            Self::Disk(_) => Vec::new(),
        }
    }

    /// One more row.
    pub(super) fn push(&mut self, value: T) {
        match self {
            Self::Memory(values) => values.push(value),
            Self::Disk(stored) => stored.put(stored.len(), value),
        }
    }

    /// Another value for `row`.
    pub(super) fn set(&mut self, row: usize, value: T) {
        match self {
            Self::Memory(values) => values[row] = value,
            Self::Disk(stored) => stored.put(row, value),
        }
    }

    /// The value of `row`; where it lies on disk, one read. `check` tells of what failed.
    pub(super) fn get(&self, row: usize) -> T {
        match self {
            Self::Memory(values) => values[row],
            Self::Disk(stored) => stored.get(row),
        }
    }

    /// What went wrong since the last time.
    pub(super) fn check(&self) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Disk(stored) => stored.check(),
        }
    }

    /// Goes through all values in order, block by block, with each block's first row.
    pub(super) fn each<E: From<io::Error>>(
        &self,
        mut visit: impl FnMut(usize, &[T]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Memory(values) => {
                (0..).step_by(BLOCK).zip(values.chunks(BLOCK)).try_for_each(|(start, values)| visit(start, values))
            }
            Self::Disk(stored) => stored.each(visit),
        }
    }

    /// Values asked for in rising order.
    pub(super) fn rising(&self) -> Rising<'_, T> {
        match self {
            Self::Memory(values) => Rising::Memory(values),
            Self::Disk(stored) => Rising::Disk(stored.reader()),
        }
    }
}

/// Values of rows asked for in rising order: a read per block.
#[derive(Debug)]
pub(super) enum Rising<'a, T> {
    Memory(&'a [T]),
    Disk(Reader<'a, T>),
}

impl<T: Plain> Rising<'_, T> {
    /// The value of `row`.
    #[inline]
    pub(super) fn get(&mut self, row: usize) -> T {
        match self {
            Self::Memory(values) => values[row],
            Self::Disk(reader) => reader.get(row),
        }
    }
}
