//! Time zones: a table of offsets from 1899 to 2201, made once from the rules that jiff bundles.
//!
//! The bundled rules, not those of the machine: the same input must give the same bytes everywhere.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

/// No offset, and no change of one, moves a local time further from UTC than this.
const MARGIN: i64 = 26 * 3600;
/// 1899-12-01, before the first date taken in any zone.
const FROM: i64 = -2_211_753_600;
/// 2201-02-01, after the last one.
const TO: i64 = 7_292_592_000;

/// Seconds of local time that share an entry of the quick table, as a power of two: some twelve days.
const STRETCH: u32 = 20;
/// Entries of the quick table.
const STRETCHES: usize = ((TO - FROM) >> STRETCH) as usize + 1;
/// An entry that a change of clocks is near: search.
const NEAR_CHANGE: i32 = i32::MIN;

/// A time zone as a table.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Seconds ahead of UTC for each stretch of local time without a change.
    quick: Box<[i32]>,
    /// The first second (UTC) of each stretch of constant offset; the last entry only ends the last stretch.
    starts: Vec<i64>,
    /// Seconds ahead of UTC in each stretch.
    ahead: Vec<i64>,
}

/// What a local time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// One moment: so many seconds ahead of UTC.
    One(i64),
    /// Two moments: clocks were set back.
    Twice {
        /// The smaller offset: the later moment.
        least: i64,
        /// The larger offset: the earlier moment.
        most: i64,
    },
    /// None: clocks were set forward.
    Never {
        /// The offset before the change.
        least: i64,
        /// The offset after it.
        most: i64,
        /// The moment of the change, in seconds since 1970.
        change: i64,
    },
}

impl Zone {
    /// The zone with this IANA name, whatever its case.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn load(name: &str) -> Result<Self, String> {
        let unknown = |_| format!("there is no time zone `{name}`; zones have names like `Europe/Berlin`");
        let zone = TimeZoneDatabase::bundled().get(name).map_err(unknown)?;
        let from = Timestamp::from_second(FROM).map_err(unknown)?;
        let ahead = vec![i64::from(zone.to_offset(from).seconds())];
        let mut table = Self { quick: Box::default(), starts: vec![i64::MIN / 2], ahead };
        for transition in zone.following(from) {
            let (start, ahead) = (transition.timestamp().as_second(), i64::from(transition.offset().seconds()));
            if start > TO {
                break;
            }
            if table.ahead.last() != Some(&ahead) {
                table.starts.push(start);
                table.ahead.push(ahead);
            }
        }
        table.starts.push(i64::MAX / 2);
        table.quick = (0..STRETCHES as i64).map(|stretch| table.of_stretch(FROM + (stretch << STRETCH))).collect();
        Ok(table)
    }

    /// The offset of the whole stretch that begins at `local`, if no change is near it.
    fn of_stretch(&self, local: i64) -> i32 {
        let at = self.starts.partition_point(|start| *start <= local - MARGIN).saturating_sub(1);
        let same = local + (1 << STRETCH) + MARGIN < self.starts[at + 1];
        if same { i32::try_from(self.ahead[at]).unwrap_or(NEAR_CHANGE) } else { NEAR_CHANGE }
    }

    /// What `local`, in seconds since 1970 by the zone's clocks, means.
    #[inline]
    pub fn resolve(&self, local: i64) -> Resolved {
        let stretch = usize::try_from((local - FROM) >> STRETCH).unwrap_or(usize::MAX);
        match self.quick.get(stretch) {
            Some(&ahead) if ahead != NEAR_CHANGE => Resolved::One(i64::from(ahead)),
            _ => self.search(local),
        }
    }

    /// The same for any time, near a change too.
    pub fn search(&self, local: i64) -> Resolved {
        let first = self.starts.partition_point(|start| *start <= local - MARGIN).saturating_sub(1);
        let mut found: Option<(i64, i64)> = None;
        let near = first..self.ahead.len();
        for at in near.clone().take_while(|at| self.starts[*at] <= local + MARGIN) {
            let (ahead, moment) = (self.ahead[at], local - self.ahead[at]);
            if (self.starts[at]..self.starts[at + 1]).contains(&moment) {
                found = Some(found.map_or((ahead, ahead), |(least, most)| (least.min(ahead), most.max(ahead))));
            }
        }
        match found {
            Some((least, most)) if least == most => Resolved::One(least),
            Some((least, most)) => Resolved::Twice { least, most },
            None => {
                // The last change that lies before `local` by the old offset is the one that skips it.
                let skips = |at: &usize| self.starts[*at] <= local - self.ahead[at - 1];
                let at = near.skip(1).take_while(skips).last().unwrap_or(first.max(1)).min(self.ahead.len() - 1);
                let (before, after) = (self.ahead[at.saturating_sub(1)], self.ahead[at]);
                Resolved::Never { least: before.min(after), most: before.max(after), change: self.starts[at] }
            }
        }
    }

    /// The first moment of a day, in seconds since 1970: midnight, or the end of the gap that swallowed it.
    pub fn start_of_day(&self, day: i64) -> i64 {
        let local = day * 86_400;
        match self.resolve(local) {
            Resolved::One(ahead) => local - ahead,
            Resolved::Twice { most, .. } => local - most,
            Resolved::Never { change, .. } => change,
        }
    }
}
