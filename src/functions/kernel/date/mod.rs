//! Dates: layouts tried in order, one meaning or a fault, written as Totango reads them.
//!
//! [`Dates`] is one column's rules, compiled once. Reading gives a [`Moment`] (the calendar's figures as written in the value);
//! two layouts that read a value differently make it ambiguous. Writing moves it to UTC: by the value's own offset, else by
//! the column's time zone, else it is UTC already. A day without a time stays a day, or becomes the service's midnight.

mod foreign;
mod iso;
mod layout;
mod moment;
mod names;
mod program;
mod serial;
mod write;
mod zone;

use crate::functions::fault;
use crate::mapping::DstPolicy;

use super::{Made, Value};
pub use layout::Layout;
pub use moment::{Miss, Moment};
pub use write::{civil, days_since_epoch, write_day, write_utc};
pub use zone::{Resolved, Zone};

/// First year taken.
pub const FIRST_YEAR: u16 = 1900;
/// Last year taken.
pub const LAST_YEAR: u16 = 2200;

/// One column's rules for dates.
#[derive(Debug, Clone)]
pub struct Dates {
    layouts: Vec<Layout>,
    /// For each layout the others that could also take a value it takes.
    rivals: Vec<Vec<usize>>,
    zone: Option<Zone>,
    service: Option<Zone>,
    dst: DstPolicy,
}

/// What helps with the next value: never part of the answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hint {
    /// The layout that took the last value.
    layout: usize,
    zone: usize,
    service: usize,
}

impl Dates {
    /// Layouts in order (none: `iso`), zones by IANA name.
    ///
    /// # Errors
    /// A layout or zone that nobody knows, in words for the mapping's author.
    pub fn new(
        formats: &[impl AsRef<str>],
        zone: Option<&str>,
        service: Option<&str>,
        dst: DstPolicy,
    ) -> Result<Self, String> {
        let mut layouts = formats.iter().map(|format| Layout::compile(format.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if layouts.is_empty() {
            layouts.push(Layout::iso());
        }
        let rivals = (0..layouts.len())
            .map(|this| (0..layouts.len()).filter(|&other| other != this && layouts[this].meets(&layouts[other])).collect())
            .collect();
        let zone = zone.filter(|name| *name != "UTC").map(Zone::load).transpose()?;
        Ok(Self { layouts, rivals, zone, service: service.map(Zone::load).transpose()?, dst })
    }

    /// The date in Totango's form, or why it is none.
    #[inline]
    pub fn normal<'v>(&self, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        let moment = self.read(value, hint)?;
        if !moment.timed {
            return self.day(&moment, value, hint, side);
        }
        write_utc(&moment, self.to_utc(&moment, hint)?, side);
        Ok(Value::Side)
    }

    /// The figures in the value, of the one meaning it has under the layouts.
    #[inline]
    pub fn read(&self, value: &[u8], hint: &mut Hint) -> Result<Moment, u8> {
        let sticky = hint.layout;
        if let Some(layout) = self.layouts.get(sticky)
            && self.rivals[sticky].is_empty()
            && let Ok(moment) = layout.read(value)
        {
            return in_range(moment);
        }
        self.read_all(value, hint)
    }

    fn read_all(&self, value: &[u8], hint: &mut Hint) -> Result<Moment, u8> {
        let mut impossible = false;
        for (at, layout) in self.layouts.iter().enumerate() {
            match layout.read(value) {
                Ok(moment) => {
                    hint.layout = at;
                    let differs = |other: &usize| {
                        self.layouts[*other].read(value).is_ok_and(|reading| !reading.same_meaning(&moment))
                    };
                    return if self.rivals[at].iter().any(differs) { Err(fault::AMBIGUOUS_DATE) } else { in_range(moment) };
                }
                Err(Miss::Calendar) => impossible = true,
                Err(Miss::Layout) => {}
            }
        }
        Err(if impossible { fault::IMPOSSIBLE_DATE } else { fault::NOT_A_DATE })
    }

    /// The layouts in order: for messages.
    pub fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// The column's clocks never showed this time: for messages.
    pub fn is_skipped(&self, moment: &Moment) -> bool {
        let local = days_since_epoch(moment) * 86_400 + i64::from(moment.second);
        self.zone.as_ref().is_some_and(|zone| matches!(zone.resolve(local, &mut 0), Resolved::Never { .. }))
    }

    /// The moment in UTC, as seconds from the start of the day it names; may lie outside that day.
    #[inline]
    fn to_utc(&self, moment: &Moment, hint: &mut Hint) -> Result<i64, u8> {
        let ahead = match (moment.offset, &self.zone) {
            (Some(ahead), _) => i64::from(ahead),
            (None, None) => 0,
            (None, Some(zone)) => {
                let local = days_since_epoch(moment) * 86_400 + i64::from(moment.second);
                match zone.resolve(local, &mut hint.zone) {
                    Resolved::One(ahead) => ahead,
                    Resolved::Twice { least, most } | Resolved::Never { least, most, .. } => match self.dst {
                        DstPolicy::Reject => return Err(fault::CLOCK_CHANGE),
                        DstPolicy::Earlier => most,
                        DstPolicy::Later => least,
                    },
                }
            }
        };
        Ok(i64::from(moment.second) - ahead)
    }

    /// The moment as microseconds since 1970 in UTC, for the SQL helper `timestamp`.
    pub fn to_micros(&self, moment: &Moment, hint: &mut Hint) -> Result<i64, u8> {
        let seconds = self.to_utc(moment, hint)?;
        Ok((days_since_epoch(moment) * 86_400 + seconds) * 1_000_000 + i64::from(moment.micros))
    }

    #[inline]
    fn day<'v>(&self, moment: &Moment, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        if let Some(service) = &self.service {
            let midnight = service.start_of_day(days_since_epoch(moment), &mut hint.service);
            let seconds = midnight - days_since_epoch(moment) * 86_400;
            write_utc(moment, seconds, side);
            return Ok(Value::Side);
        }
        let day = write_day(moment);
        if value == day {
            return Ok(Value::Part(value));
        }
        side.extend_from_slice(&day);
        Ok(Value::Side)
    }
}

#[inline]
fn in_range(moment: Moment) -> Result<Moment, u8> {
    if (FIRST_YEAR..=LAST_YEAR).contains(&moment.year) { Ok(moment) } else { Err(fault::DATE_RANGE) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_zone;
