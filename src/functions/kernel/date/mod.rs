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

use super::short::Short;
use super::{Made, Value};
pub use layout::Layout;
pub use moment::{Miss, Moment};
use write::same;
pub use write::{MOMENT, civil, days_since_epoch, write_day, write_utc};
pub use zone::{Resolved, Zone};

/// One column's rules for dates.
#[derive(Debug, Clone)]
pub struct Dates {
    layouts: Vec<Layout>,
    /// For each layout the others that could also take a value it takes.
    rivals: Vec<Vec<usize>>,
    /// `iso` is among them and has no rivals, so that it may be tried first.
    iso_alone: bool,
    /// The first layout of days in ten bytes that has no rivals.
    day_alone: Option<usize>,
    zone: Option<Zone>,
    service: Option<Zone>,
    dst: DstPolicy,
}

/// What helps with the next value: never part of the answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hint {
    /// The layout that took the last value.
    layout: usize,
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
        let mut layouts =
            formats.iter().map(|format| Layout::compile(format.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if layouts.is_empty() {
            layouts.push(Layout::iso());
        }
        let rivals: Vec<Vec<usize>> = (0..layouts.len())
            .map(|this| {
                (0..layouts.len()).filter(|&other| other != this && layouts[this].meets(&layouts[other])).collect()
            })
            .collect();
        let zone = zone.filter(|name| *name != "UTC").map(Zone::load).transpose()?;
        let iso_alone = layouts.iter().zip(&rivals).any(|(layout, rivals)| layout.is_iso() && rivals.is_empty());
        let day_alone = (0..layouts.len()).find(|&at| layouts[at].is_day() && rivals[at].is_empty());
        Ok(Self { layouts, rivals, iso_alone, day_alone, zone, service: service.map(Zone::load).transpose()?, dst })
    }

    /// Whether the value is a day in Totango's form already.
    #[inline]
    pub fn stands(&self, value: Short) -> bool {
        self.iso_alone && self.service.is_none() && iso::is_plain(value.bytes().as_slice(), false) == Some(false)
    }

    /// The day in Totango's form that a short value is; none: [`Dates::normal`] decides.
    #[inline(always)]
    pub fn day(&self, value: Short) -> Option<Short> {
        if self.service.is_some() { None } else { self.layouts[self.day_alone?].day(value) }
    }

    /// The moment in Totango's form that is one already but for a fraction, in UTC; none: [`Dates::normal`] decides.
    #[inline(always)]
    pub fn moment(&self, value: &[u8]) -> Option<[u8; MOMENT]> {
        let moment = value.first_chunk::<19>()?;
        let is_one = self.iso_alone && iso::is_plain(value, self.zone.is_none()) == Some(true);
        is_one.then(|| same(moment))
    }

    /// The date in Totango's form, or why it is none.
    #[inline]
    pub fn normal<'v>(&self, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        if self.iso_alone {
            if let Some(moment) = self.moment(value) {
                side.extend_from_slice(&moment);
                return Ok(Value::Side);
            }
            if self.service.is_none() && iso::is_plain(value, false) == Some(false) {
                return Ok(Value::Part(value));
            }
        }
        let moment = match iso::read(value) {
            Ok(moment) if self.iso_alone => in_range(moment)?,
            _ => self.read(value, hint)?,
        };
        if moment.timed {
            write_utc(&moment, self.to_utc(&moment)?, side);
            return Ok(Value::Side);
        }
        if let Some(service) = &self.service {
            let day = days_since_epoch(&moment);
            write_utc(&moment, service.start_of_day(day) - day * 86_400, side);
            return Ok(Value::Side);
        }
        let day = write_day(&moment);
        if *value == day {
            return Ok(Value::Part(value));
        }
        side.extend_from_slice(&day);
        Ok(Value::Side)
    }

    /// The figures in the value, of the one meaning it has under the layouts.
    #[inline]
    pub fn read(&self, value: &[u8], hint: &mut Hint) -> Result<Moment, u8> {
        // No rival may stand before it: of layouts that agree the first one decides how many digits a fraction has.
        if let (Some(layout), Some(rivals)) = (self.layouts.get(hint.layout), self.rivals.get(hint.layout))
            && rivals.first().is_none_or(|first| *first > hint.layout)
            && let Ok(moment) = layout.read(value)
        {
            return self.unless_ambiguous(value, hint.layout, moment);
        }
        self.read_all(value, hint)
    }

    #[inline]
    fn unless_ambiguous(&self, value: &[u8], layout: usize, moment: Moment) -> Result<Moment, u8> {
        let differs =
            |other: &usize| self.layouts[*other].read(value).is_ok_and(|reading| !reading.same_meaning(&moment));
        if self.rivals[layout].iter().any(differs) { Err(fault::AMBIGUOUS_DATE) } else { in_range(moment) }
    }

    #[inline(never)]
    fn read_all(&self, value: &[u8], hint: &mut Hint) -> Result<Moment, u8> {
        let mut impossible = false;
        for (at, layout) in self.layouts.iter().enumerate() {
            match layout.read(value) {
                Ok(moment) => {
                    hint.layout = at;
                    return self.unless_ambiguous(value, at, moment);
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
        self.zone.as_ref().is_some_and(|zone| matches!(zone.resolve(local), Resolved::Never { .. }))
    }

    /// The moment in UTC, as seconds from the start of the day it names; may lie outside that day.
    #[inline]
    fn to_utc(&self, moment: &Moment) -> Result<i64, u8> {
        let ahead = match (moment.offset, &self.zone) {
            (Some(ahead), _) => i64::from(ahead),
            (None, None) => 0,
            (None, Some(zone)) => {
                let local = days_since_epoch(moment) * 86_400 + i64::from(moment.second);
                match zone.resolve(local) {
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
    pub fn to_micros(&self, moment: &Moment) -> Result<i64, u8> {
        let seconds = self.to_utc(moment)?;
        Ok((days_since_epoch(moment) * 86_400 + seconds) * 1_000_000 + i64::from(moment.micros))
    }
}

fn in_range(moment: Moment) -> Result<Moment, u8> {
    if moment.is_taken() { Ok(moment) } else { Err(fault::DATE_RANGE) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_zone;
