//! Patterns whose parts stand at known places, `%d.%m.%Y` or `%Y-%m-%d %H:%M:%S` and their like: read without running steps.

use super::super::iso::{self, Mask};
use super::super::moment::{Miss, Moment};
use super::{Part, Step};
use crate::functions::kernel::short::Short;

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

    /// Whatever it reads and `iso` reads too, both read alike: the same parts at the same places, and nothing after the seconds.
    pub(super) fn agrees_with_iso(&self) -> bool {
        let day = Mask::new(*b"0000-00-");
        let rest = Mask::new(*b"00\0\0\0\0\0\0");
        let places = (self.year, self.month, self.day) == (0, 5, 8);
        places && self.low == day && self.high == rest && matches!(self.before_time, None | Some(b'T' | b't' | b' '))
    }

    /// It reads no time.
    pub(super) fn is_day(&self) -> bool {
        self.before_time.is_none()
    }

    /// Of a pattern without a time: a day that is written in ten bytes, in Totango's form; none: the long road decides.
    #[inline(always)]
    pub(super) fn day(&self, value: Short) -> Option<Short> {
        let (text, DATE) = value.parts() else { return None };
        let low = iso::figures(text as u64, self.low).ok()?;
        let high = iso::figures((text >> 64) as u64, self.high).ok()?;
        let figures = u128::from(low) | u128::from(high) << 64;
        let pair = |at: u32| {
            let pair = (figures >> (8 * at)) as u16;
            (pair & 0xff) * 10 + (pair >> 8)
        };
        let year = pair(self.year) * 100 + pair(self.year + 2);
        let day = Moment::day(year, pair(self.month) as u8, pair(self.day) as u8).ok()?;
        let figures = |at: u32, count: u32| (text >> (8 * at)) & ((1 << (8 * count)) - 1);
        let dashes = u128::from(b'-') << 32 | u128::from(b'-') << 56;
        let text = figures(self.year, 4) | figures(self.month, 2) << 40 | figures(self.day, 2) << 64 | dashes;
        day.is_taken().then(|| Short::new(text, DATE))
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
