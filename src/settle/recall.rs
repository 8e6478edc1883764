//! Rejected rows, found by the place of the source record they come from: a second look reads those records again.

use crate::settle::budget::Lease;
use crate::settle::error::Error;
use crate::settle::fate::{Fate, Position, Rejected};
use crate::settle::settled::{LISTED_BYTES, Settled};

/// Bytes for each row that comes from a record of a rejected one: place and number, the record to read, and whether it was met.
const ROW_BYTES: u64 = 16 + 16 + 1;

/// The rows that come from records of rejected rows.
#[derive(Debug)]
pub struct Recall<'a> {
    settled: &'a Settled,
    /// Place and number, by place; rows of one place as they came.
    rows: Vec<(u64, u32)>,
    /// Those that [`Recall::meet`] has given.
    met: Vec<bool>,
    _lease: Lease,
}

impl Settled {
    /// Whether the budget has room for what is told of single rows, where each row comes from a record of its own.
    pub fn has_room_to_tell(&self) -> bool {
        let told = self.counts.rejected * ROW_BYTES + self.case.unknown.len() as u64 * LISTED_BYTES;
        !self.case.lease.is_short_of(told)
    }

    /// What a second look needs, taken from the run's budget.
    ///
    /// # Errors
    /// If it is more than the budget allows.
    pub fn recall(&self) -> Result<Recall<'_>, Error> {
        let case = &self.case;
        let is_rejected = |row: &u32| {
            matches!(self.fate(*row as usize), Fate::RejectedKey | Fate::RejectedCells | Fate::RejectedReason)
        };
        let count = u32::try_from(case.rows.count).expect("settling numbers rows in 32 bits");
        let mut lease = case.lease.another();
        lease.take((0..count).filter(is_rejected).count() as u64 * ROW_BYTES, "telling of rejected rows")?;
        let mut position = case.rows.position.rising();
        let mut rows: Vec<(u64, u32)> =
            (0..count).filter(is_rejected).map(|row| (position.get(row as usize), row)).collect();
        rows.sort_unstable();
        // A query may give one record several rows, of which not all are rejected: to tell them apart all are needed.
        if !case.task.layout.pivots && !case.rows.positions_rise()? {
            let of_rejected = |place: &(u64, u32)| rows.binary_search_by_key(&place.0, |row| row.0).is_ok();
            let mut position = case.rows.position.rising();
            let places = (0..count).map(|row| (position.get(row as usize), row));
            let mut all: Vec<(u64, u32)> = places.filter(of_rejected).collect();
            lease.take((all.len() - rows.len()) as u64 * ROW_BYTES, "telling of rejected rows")?;
            all.sort_unstable();
            rows = all;
        }
        Ok(Recall { settled: self, met: vec![false; rows.len()], rows, _lease: lease })
    }
}

impl Recall<'_> {
    /// The records to read: file and line, ascending, each once.
    pub fn places(&self) -> Vec<(u32, u64)> {
        let mut places: Vec<(u32, u64)> = Vec::with_capacity(self.rows.len());
        places.extend(self.rows.iter().map(|(position, _)| {
            let Position { file, line } = Position::unpack(*position);
            (file, line)
        }));
        places.dedup();
        places
    }

    /// The next row of the record at `place`, if it is rejected: each reason of it. Rows of one record come in the order in
    /// which they came the first time.
    pub fn meet(&mut self, (file, line): (u32, u64)) -> Vec<Rejected> {
        let place = Position { file, line };
        let first = self.rows.partition_point(|(position, _)| Position::unpack(*position) < place);
        let here = self.rows[first..].iter().take_while(|(position, _)| Position::unpack(*position) == place);
        let next = here.zip(&self.met[first..]).position(|(_, met)| !met);
        let Some(next) = next else { return Vec::new() };
        self.met[first + next] = true;
        self.settled.reasons(self.rows[first + next].1 as usize).collect()
    }
}
