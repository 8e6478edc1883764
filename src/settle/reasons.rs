//! Why rows are rejected because of others: a list in memory, or, where records lie on disk, a place for each row there.

use std::io;
use std::path::Path;

use crate::settle::fate::Reason;
use crate::settle::stored::Stored;

/// References that a row's place on disk can tell apart, a bit each.
pub(super) const REFERENCES: usize = 64;

/// Bytes of a reason in the list.
pub(super) const REASON_BYTES: usize = size_of::<(u32, Reason)>();

/// The kind of reason whose two numbers are bits, one for each reference that dangles.
const DANGLES: u32 = 6;

/// What a place on disk holds: which kind of reason, 0 for none, and two numbers.
type Place = ((u32, u32), u32);

/// The reasons.
#[derive(Debug)]
pub(super) enum Reasons {
    Memory {
        /// By row, once they are sorted.
        list: Vec<(u32, Reason)>,
        /// Of each row rejected because of another, one more than the row with which that began; empty if there is none.
        causes: Vec<u32>,
    },
    Disk(Stored<Place>),
}

impl Reasons {
    /// None yet of any of `count` rows; on disk if there is a folder for them.
    pub(super) fn new(count: usize, directory: Option<&Path>) -> io::Result<Self> {
        match directory {
            None => Ok(Self::Memory { list: Vec::new(), causes: Vec::new() }),
            Some(directory) => Stored::sparse(count, directory).map(Self::Disk),
        }
    }

    /// One more reason for `row`, of so many rows.
    pub(super) fn push(&mut self, row: u32, reason: Reason, count: usize) {
        match self {
            Self::Memory { list, causes } => {
                list.push((row, reason));
                if let Some(cause) = cause_of(reason) {
                    if causes.is_empty() {
                        *causes = vec![0; count];
                    }
                    let held = &mut causes[row as usize];
                    *held = if *held == 0 { cause + 1 } else { *held };
                }
            }
            Self::Disk(places) => {
                let before = match reason {
                    Reason::ReferenceMissing { .. } => places.get(row as usize),
                    _ => Place::default(),
                };
                places.put(row as usize, packed(reason, before));
            }
        }
    }

    /// The row with which the rejection of `row` began, if that was another.
    pub(super) fn cause(&self, row: u32) -> Option<u32> {
        match self {
            Self::Memory { causes, .. } => causes.get(row as usize)?.checked_sub(1),
            Self::Disk(places) => unpacked(places.get(row as usize)).into_iter().find_map(cause_of),
        }
    }

    /// All reasons are known.
    pub(super) fn finish(&mut self) {
        if let Self::Memory { list, causes } = self {
            list.sort_unstable();
            *causes = Vec::new();
        }
    }

    /// The reasons of a row that is rejected, once they are all known.
    pub(super) fn of(&self, row: usize) -> Vec<Reason> {
        match self {
            Self::Memory { list, .. } => {
                let first = list.partition_point(|(other, _)| (*other as usize) < row);
                let here = list[first..].iter().take_while(|(other, _)| *other as usize == row);
                here.map(|(_, reason)| *reason).collect()
            }
            Self::Disk(places) => unpacked(places.get(row)),
        }
    }

    /// Reasons that are in memory, as they were found.
    pub(super) fn listed(&self) -> &[(u32, Reason)] {
        match self {
            Self::Memory { list, .. } => list,
            Self::Disk(_) => &[],
        }
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Memory { list, causes } => list.len() * REASON_BYTES + size_of_val(&causes[..]),
            Self::Disk(_) => 0,
        }
    }

    /// What went wrong on disk since the last time.
    pub(super) fn check(&self) -> io::Result<()> {
        match self {
            Self::Memory { .. } => Ok(()),
            Self::Disk(places) => places.check(),
        }
    }
}

fn cause_of(reason: Reason) -> Option<u32> {
    match reason {
        Reason::ParentRejected { cause, .. } | Reason::ReferenceRejected { cause, .. } => Some(cause),
        _ => None,
    }
}

/// A row has one reason, but that several of its references may dangle: these are bits. `before` is what stood there.
fn packed(reason: Reason, before: Place) -> Place {
    match reason {
        Reason::ParentMissing => ((1, 0), 0),
        Reason::ParentRejected { parent, cause } => ((2, parent), cause),
        Reason::ParentSelf => ((3, 0), 0),
        Reason::ParentLoop { first, length } => ((4, first), length),
        Reason::TooDeep { depth } => ((5, depth), 0),
        Reason::ReferenceMissing { reference } => {
            let ((_, low), high) = before;
            let bit = 1_u64 << reference;
            ((DANGLES, low | bit as u32), high | (bit >> 32) as u32)
        }
        Reason::Cells | Reason::Merged(_) | Reason::KeyShared { .. } | Reason::ReferenceRejected { .. } => {
            unreachable!("rows that have such reasons stay in memory: see `Task::may_leave_memory`")
        }
    }
}

fn unpacked(((kind, first), second): Place) -> Vec<Reason> {
    match kind {
        1 => vec![Reason::ParentMissing],
        2 => vec![Reason::ParentRejected { parent: first, cause: second }],
        3 => vec![Reason::ParentSelf],
        4 => vec![Reason::ParentLoop { first, length: second }],
        5 => vec![Reason::TooDeep { depth: first }],
        DANGLES => {
            let bits = u64::from(first) | u64::from(second) << 32;
            let dangles = (0..REFERENCES as u32).filter(|reference| bits >> reference & 1 == 1);
            dangles.map(|reference| Reason::ReferenceMissing { reference }).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{REFERENCES, Reasons};
    use crate::settle::fate::Reason;

    #[test]
    fn reasons_are_told_the_same_from_memory_and_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let last = REFERENCES as u32 - 1;
        let told = [
            (7, Reason::ParentRejected { parent: 3, cause: 0 }),
            (3, Reason::ParentMissing),
            (5, Reason::ReferenceMissing { reference: 0 }),
            (5, Reason::ReferenceMissing { reference: last }),
            (9, Reason::ParentLoop { first: 2, length: 1_000_000 }),
            (8, Reason::ParentSelf),
            (0, Reason::TooDeep { depth: u32::MAX }),
        ];
        for directory in [None, Some(folder.path())] {
            let mut reasons = Reasons::new(10, directory).unwrap();
            told.iter().for_each(|(row, reason)| reasons.push(*row, *reason, 10));
            assert_eq!((reasons.cause(7), reasons.cause(3), reasons.cause(4)), (Some(0), None, None));
            reasons.finish();
            for row in 0..10 {
                let expected: Vec<Reason> =
                    told.iter().filter(|(other, _)| *other == row).map(|(_, reason)| *reason).collect();
                assert_eq!(reasons.of(row as usize), expected, "{row} {directory:?}");
            }
            reasons.check().unwrap();
        }
    }
}
