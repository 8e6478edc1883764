//! When a schedule fires next: pure and exact, through every change of the clocks.
//!
//! Two kinds. A time of day (`daily`, `workdays`, `weekly`, `monthly`, a crontab without `*` in minute and hour) happens once on each
//! of its days: where clocks are set forward over it, at the first moment after the gap; where they are set back over it, the
//! first time. What goes round the clock (`hourly`, a crontab with `*` there) happens as often as the clock shows it. `N minutes`
//! are counted from the beginning of each day, evenly, whatever the clocks do meanwhile.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::mapping::{Every, MonthDay, ScheduleEntry};

/// Days to look ahead for a day of the month or week.
const DAYS: usize = 40;
/// Changes of the clocks, and times that fall into one, that are passed over at most: years of them.
const PATIENCE: usize = 2_000;

/// One firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firing {
    /// The moment.
    pub at: Timestamp,
    /// What the zone's clock shows then; in a gap: what it should have shown.
    pub planned: DateTime,
}

/// When a schedule fires.
#[derive(Debug, Clone)]
pub struct Cadence {
    every: Every,
    zone: TimeZone,
}

impl Cadence {
    /// Of an entry of `schedule:`.
    pub fn new(entry: &ScheduleEntry) -> Self {
        Self { every: entry.every.clone(), zone: entry.zone.clone() }
    }

    /// The first firing after `after`; none if there is no more, which is so only at the end of the calendar.
    pub fn next_after(&self, after: Timestamp) -> Option<Firing> {
        match &self.every {
            Every::Minutes(minutes) => self.evenly(*minutes, after),
            Every::Hour(_) => self.round_the_clock(after),
            Every::Cron(cron) if cron.follows_clock() => self.round_the_clock(after),
            _ => self.once_a_day(after),
        }
    }

    /// All firings after `after` up to `until`, `most` of them.
    pub fn between(&self, after: Timestamp, until: Timestamp, most: usize) -> Vec<Firing> {
        let mut found: Vec<Firing> = Vec::new();
        while found.len() < most {
            let last = found.last().map_or(after, |firing| firing.at);
            match self.next_after(last) {
                Some(next) if next.at <= until => found.push(next),
                _ => break,
            }
        }
        found
    }

    /// Steps of so many minutes from the beginning of each day.
    fn evenly(&self, minutes: i64, after: Timestamp) -> Option<Firing> {
        let now = after.to_zoned(self.zone.clone());
        let begins = now.start_of_day().ok()?.timestamp();
        let ends = now.tomorrow().ok()?.start_of_day().ok()?.timestamp();
        let step = minutes * 60;
        let passed = after.duration_since(begins).as_secs();
        let next = begins.checked_add(SignedDuration::from_secs((passed / step + 1) * step)).ok()?;
        let at = next.min(ends);
        Some(Firing { at, planned: self.zone.to_datetime(at) })
    }

    /// As often as the zone's clock shows it: between two changes the clock goes evenly.
    fn round_the_clock(&self, after: Timestamp) -> Option<Firing> {
        let mut from = after;
        // The moment of a change may be a firing itself.
        let mut inclusive = false;
        for _ in 0..PATIENCE {
            let offset = self.zone.to_offset(from);
            let shown = offset.to_datetime(from);
            let start = if inclusive { shown.checked_sub(1.nanosecond()).ok()? } else { shown };
            let planned = self.next_shown(start)?;
            let at = offset.to_timestamp(planned).ok()?;
            match self.zone.following(from).next() {
                Some(change) if change.timestamp() <= at => (from, inclusive) = (change.timestamp(), true),
                _ => return Some(Firing { at, planned }),
            }
        }
        None
    }

    /// Once for each day and time that are meant.
    fn once_a_day(&self, after: Timestamp) -> Option<Firing> {
        let mut planned = self.zone.to_datetime(after);
        for _ in 0..PATIENCE {
            planned = self.next_shown(planned)?;
            match self.moment(planned) {
                Some(at) if at > after => return Some(Firing { at, planned }),
                _ => {}
            }
        }
        None
    }

    /// The moment at which a time of day happens; none if the whole day is left out, as where a country crosses the date line.
    fn moment(&self, planned: DateTime) -> Option<Timestamp> {
        let found = self.zone.to_ambiguous_timestamp(planned);
        match found.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(planned).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(planned).ok(),
            AmbiguousOffset::Gap { before, after } if is_day(before, after) => None,
            AmbiguousOffset::Gap { before, .. } => {
                let inside = before.to_timestamp(planned).ok()?.checked_add(1.nanosecond()).ok()?;
                self.zone.preceding(inside).next().map(|change| change.timestamp())
            }
        }
    }

    /// The first time after `after` that is meant, on a clock that is never changed.
    fn next_shown(&self, after: DateTime) -> Option<DateTime> {
        match &self.every {
            Every::Cron(cron) => cron.next(after),
            Every::Hour(minute) => {
                let this = after.date().at(after.hour(), *minute, 0, 0);
                if this > after { Some(this) } else { this.checked_add(1.hour()).ok() }
            }
            Every::Day(at) => on_a_day(after, *at, |_| true),
            Every::Workday(at) => {
                on_a_day(after, *at, |day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
            }
            Every::Week(weekday, at) => on_a_day(after, *at, |day| day.weekday() == *weekday),
            Every::Month(MonthDay::Number(number), at) => on_a_day(after, *at, |day| day.day() == *number),
            Every::Month(MonthDay::Last, at) => on_a_day(after, *at, |day| day == day.last_of_month()),
            Every::Minutes(_) => None,
        }
    }
}

fn is_day(before: Offset, after: Offset) -> bool {
    after.seconds() - before.seconds() >= 24 * 3_600
}

fn on_a_day(after: DateTime, at: Time, meant: impl Fn(Date) -> bool) -> Option<DateTime> {
    let mut day = after.date();
    for _ in 0..DAYS {
        let planned = day.to_datetime(at);
        if planned > after && meant(day) {
            return Some(planned);
        }
        day = day.tomorrow().ok()?;
    }
    None
}
