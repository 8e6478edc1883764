//! Rejected rows, found by the place of the source record they come from: a second look reads those records again, part by
//! part where memory has no room for all at a time.

use crate::settle::budget::Lease;
use crate::settle::error::Error;
use crate::settle::fate::{Fate, Position, Rejected};
use crate::settle::settled::{LISTED_BYTES, Settled};

/// Bytes for each row that comes from a record of a rejected one: place and number, whether it was met, and the record to read,
/// twice while it is handed on.
const ROW_BYTES: u64 = 16 + 1 + 16 + 16;

/// What memory is taken for.
const STAGE: &str = "telling of rejected rows";

/// Rows of a part, however little memory there is.
const LEAST: u64 = 1 << 14;

/// The rows that come from records of rejected rows.
#[derive(Debug)]
pub struct Recall<'a> {
    settled: &'a Settled,
    /// Each row comes from a later record than the one before: they can be looked at part by part.
    in_parts: bool,
    /// The first row that belongs to no part yet.
    next: u32,
    /// Rejected rows that belong to no part yet.
    left: u64,
    /// Place and number, by place; rows of one place as they came.
    rows: Vec<(u64, u32)>,
    /// Those that [`Recall::meet`] has given.
    met: Vec<bool>,
    lease: Lease,
}

impl Settled {
    /// Whether the budget has room for what is told of single rows, where each row comes from a record of its own.
    pub fn has_room_to_tell(&self) -> bool {
        let told = self.counts.rejected.min(LEAST) * ROW_BYTES + self.case.unknown.len() as u64 * LISTED_BYTES;
        !self.case.lease.is_short_of(told)
    }

    /// What a second look needs.
    ///
    /// # Errors
    /// If a temporary file fails.
    pub fn recall(&self) -> Result<Recall<'_>, Error> {
        let rows = &self.case.rows;
        Ok(Recall {
            settled: self,
            in_parts: rows.positions_rise()?,
            next: 0,
            left: (0..rows.count as u32).filter(|row| self.is_rejected(*row)).count() as u64,
            rows: Vec::new(),
            met: Vec::new(),
            lease: self.case.lease.another(),
        })
    }

    fn is_rejected(&self, row: u32) -> bool {
        matches!(self.fate(row as usize), Fate::RejectedKey | Fate::RejectedCells | Fate::RejectedReason)
    }
}

impl Recall<'_> {
    /// The records of the next part, to be read: file and line, ascending, each once; none at the end. What it needs is taken
    /// from the run's budget.
    ///
    /// # Errors
    /// If that is more than the budget allows, or a temporary file fails.
    pub fn part(&mut self) -> Result<Option<Vec<(u32, u64)>>, Error> {
        (self.rows, self.met) = (Vec::new(), Vec::new());
        self.lease.shrink_to(0);
        if self.left == 0 {
            return Ok(None);
        }
        let rows =
            if self.in_parts { self.left.min((self.lease.free() / 2 / ROW_BYTES).max(LEAST)) } else { self.left };
        self.lease.take(rows * ROW_BYTES, STAGE)?;
        self.left -= rows;
        let (settled, first) = (self.settled, self.next);
        let mut position = settled.case.rows.position.rising();
        let count = settled.case.rows.count as u32;
        self.rows.reserve_exact(rows as usize);
        let rejected = (first..count).filter(|row| settled.is_rejected(*row)).take(rows as usize);
        self.rows.extend(rejected.map(|row| (position.get(row as usize), row)));
        self.next = self.rows.last().map_or(count, |(_, row)| row + 1);
        if !self.in_parts {
            self.rows.sort_unstable();
            self.join_others()?;
        }
        self.met = vec![false; self.rows.len()];
        let mut places: Vec<(u32, u64)> = Vec::with_capacity(self.rows.len());
        places.extend(self.rows.iter().map(|(position, _)| {
            let Position { file, line } = Position::unpack(*position);
            (file, line)
        }));
        places.dedup();
        Ok(Some(places))
    }

    /// A query may give one record several rows, of which not all are rejected: to tell them apart all are needed.
    fn join_others(&mut self) -> Result<(), Error> {
        let case = &self.settled.case;
        if case.task.layout.pivots {
            return Ok(());
        }
        let of_rejected = |place: &(u64, u32)| self.rows.binary_search_by_key(&place.0, |row| row.0).is_ok();
        let mut position = case.rows.position.rising();
        let places = (0..case.rows.count as u32).map(|row| (position.get(row as usize), row));
        let mut all: Vec<(u64, u32)> = places.filter(of_rejected).collect();
        self.lease.take((all.len() - self.rows.len()) as u64 * ROW_BYTES, STAGE)?;
        all.sort_unstable();
        self.rows = all;
        Ok(())
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
        self.settled.reasons(self.rows[first + next].1 as usize)
    }
}
