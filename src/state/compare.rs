//! Walks through an old snapshot and new rows side by side: both are in the order of the keys' hashes.

use std::cmp::Ordering;
use std::io;

use crate::state::{SnapshotRow, SnapshotRows, Sorted, SortedRow, StateError};

/// What there is of one key.
#[derive(Debug, Clone, Copy)]
pub enum Pair<'a> {
    /// It was published before, and is not now.
    Old(SnapshotRow<'a>),
    /// It was never published before.
    New(SortedRow<'a>),
    /// Both.
    Both(SnapshotRow<'a>, SortedRow<'a>),
}

/// Calls `take` with every key of either side, in the order of the keys' hashes. Of several new rows of one key the last
/// counts: they would be published one after the other. `old`: none if nothing was published before.
///
/// # Errors
/// If a file fails, or what `take` gives.
pub fn compare<E: From<StateError> + From<io::Error>>(
    mut old: Option<SnapshotRows>,
    new: &mut Sorted,
    mut take: impl FnMut(Pair<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut held = Held::default();
    if let Some(old) = &mut old {
        old.advance()?;
    }
    held.next(new)?;
    loop {
        let before = old.as_ref().and_then(SnapshotRows::row);
        let now = held.row();
        let (uses_old, uses_new) = match (before, now) {
            (None, None) => return Ok(()),
            (Some(before), None) => {
                take(Pair::Old(before))?;
                (true, false)
            }
            (None, Some(now)) => {
                take(Pair::New(now))?;
                (false, true)
            }
            (Some(before), Some(now)) => match before.key().cmp(&now.key) {
                Ordering::Less => {
                    take(Pair::Old(before))?;
                    (true, false)
                }
                Ordering::Greater => {
                    take(Pair::New(now))?;
                    (false, true)
                }
                Ordering::Equal => {
                    take(Pair::Both(before, now))?;
                    (true, true)
                }
            },
        };
        if let Some(old) = old.as_mut().filter(|_| uses_old) {
            old.advance()?;
        }
        if uses_new {
            held.next(new)?;
        }
    }
}

/// The last row of a key, held while it is found out that it is the last.
#[derive(Default)]
struct Held {
    row: Option<(u128, u32)>,
    bytes: Vec<u8>,
    begun: bool,
}

impl Held {
    fn next(&mut self, rows: &mut Sorted) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            rows.advance()?;
        }
        self.row = None;
        while let Some(row) = rows.row() {
            if self.row.is_some_and(|(key, _)| key != row.key) {
                break;
            }
            self.row = Some((row.key, row.number));
            self.bytes.clear();
            self.bytes.extend_from_slice(row.bytes);
            rows.advance()?;
        }
        Ok(())
    }

    fn row(&self) -> Option<SortedRow<'_>> {
        self.row.map(|(key, number)| SortedRow { key, number, bytes: &self.bytes })
    }
}
