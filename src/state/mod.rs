//! What earlier runs published, kept so that later ones can compare with it and fall back on it.
//!
//! In: the state folder, an environment, rows as they are written. Out: of each mapping and day a [`Published`] (counts, header,
//! checksums) and, where it is asked for, a [`Snapshot`]: a Parquet file with the last non-empty value of every attribute
//! of every key, sorted by the keys' hashes. The road of a run:
//!
//! 1. [`Memory::before`] gives what was published last before this `--as-of`; the same day's own is never looked at, so that
//!    a day can be run again.
//! 2. [`Sorter`] brings the rows that will be published into the order of a snapshot, in bounded memory;
//!    [`compare`] walks through both side by side, and [`SnapshotWriter`] writes the next snapshot on the way.
//! 3. [`Memory::stage`] keeps both hidden until the outputs stand; [`Staging::commit`] gives them their names. A run that
//!    was killed between the two is put right by the next one: see [`Memory::staged`].
//!
//! The state may lie in a store: [`Home`] tells where, [`Shelf`] is what is asked of one.
//!
//! Hashes of keys and rows come from the caller: this room compares them and knows no format.

mod compare;
mod entry;
mod error;
mod memory;
mod published;
mod reader;
mod shelf;
mod sorter;
mod staging;
#[cfg(test)]
mod tests;
mod writer;

pub use compare::{Pair, compare};
pub use entry::Entry;
pub use error::StateError;
pub use memory::Memory;
pub use published::{Published, PublishedFile, SnapshotFile};
pub use reader::{Snapshot, SnapshotRow, SnapshotRows};
pub use shelf::{Home, Shelf, ShelfLock};
pub use sorter::{Sorted, SortedRow, Sorter};
pub use staging::Staging;
pub use writer::SnapshotWriter;
