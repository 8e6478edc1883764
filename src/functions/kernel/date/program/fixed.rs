//! Patterns whose parts stand at known places, `%d.%m.%Y` or `%Y-%m-%d %H:%M:%S` and their like: read without running steps.

use super::super::iso::{self, Mask};
use super::super::moment::{Miss, Moment};
use super::{Part, Step};

/// Bytes of the date.
const DATE: usize = 10;

/// Ten bytes with the year, month and day at known places, then perhaps a byte and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fixed {
    low: Mask,
    high: Mask,
    year: u32,
    month: u32,
    day: u32,
    /// The byte before `HH:MM:SS`; none: a day only.
    before_time: Option<u8>,
}

impl Fixed {
    /// None if parts may stand elsewhere.
    pub(super) fn of(steps: &[Step]) -> Option<Self> {
        let mut pattern = [b'0'; 16];
        let (mut at, mut places) = (0, [None; 3]);
        let mut steps = steps.iter();
        while at < DATE {
            let (length, place) = match steps.next()? {
                Step::Byte(byte) if !byte.is_ascii_digit() => {
                    pattern[at] = *byte;
                    (1, None)
                }
                Step::Digits(_, 4, Part::Year) => (4, Some(0)),
                Step::Digits(_, 2, Part::Month) => (2, Some(1)),
                Step::Digits(_, 2, Part::Day) => (2, Some(2)),
                _ => return None,
            };
            if let Some(place) = place {
                places[place] = Some(at as u32);
            }
            at += length;
        }
        let before_time = match steps.as_slice() {
            [] => None,
            [
                before @ (Step::Byte(_) | Step::Space),
                Step::Digits(_, 2, Part::Hour),
                Step::Byte(b':'),
                Step::Digits(_, 2, Part::Minute),
                Step::Byte(b':'),
                Step::Digits(_, 2, Part::Second),
            ] => Some(if let Step::Byte(byte) = before { *byte } else { b' ' }),
            _ => return None,
        };
        let [year, month, day] = places;
        let [a, b, c, d, e, f, g, h, i, j, ..] = pattern;
        let (low, high) = (Mask::new([a, b, c, d, e, f, g, h]), Mask::new([i, j, 0, 0, 0, 0, 0, 0]));
        (at == DATE).then_some(Self { low, high, year: year?, month: month?, day: day?, before_time })
    }

    /// The value's meaning, or that no steps can read it. None: they may, or say what is wrong.
    #[inline]
    pub(super) fn read(&self, value: &[u8]) -> Option<Result<Moment, Miss>> {
        let (date, rest) = value.split_first_chunk::<DATE>()?;
        let [a, b, c, d, e, f, g, h, i, j] = *date;
        let low = iso::figures(u64::from_le_bytes([a, b, c, d, e, f, g, h]), self.low).ok()?;
        let high = iso::figures(u64::from_le_bytes([i, j, 0, 0, 0, 0, 0, 0]), self.high).ok()?;
        // The steps would take these ten bytes too: what follows them decides.
        let time = match (self.before_time, rest) {
            (None, []) => None,
            (Some(before), [byte, time @ ..]) if *byte == before => Some(<&[u8; 8]>::try_from(time).ok()?),
            (Some(b' '), [byte, ..]) if !byte.is_ascii_graphic() => return None,
            _ => return Some(Err(Miss::Layout)),
        };
        let mut digits = [0; 16];
        digits[..8].copy_from_slice(&low.to_le_bytes());
        digits[8..].copy_from_slice(&high.to_le_bytes());
        let pair = |at: u32| u16::from(digits[at as usize % 16]) * 10 + u16::from(digits[(at as usize + 1) % 16]);
        let year = pair(self.year) * 100 + pair(self.year + 2);
        let day = Moment::day(year, pair(self.month) as u8, pair(self.day) as u8).ok()?;
        let Some(time) = time else { return Some(Ok(day)) };
        let (hour, minute, second) = iso::clock(time)?;
        day.at(hour, minute, second, None).ok().map(Ok)
    }
}
