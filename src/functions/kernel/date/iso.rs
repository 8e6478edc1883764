//! The layout `iso`: `YYYY-MM-DD`, then perhaps `T` or a space, a time, a fraction, `Z` or an offset. Eight bytes at a step.

use super::moment::{Miss, Moment};

/// Reads the whole value or says why not.
#[inline]
pub fn read(value: &[u8]) -> Result<Moment, Miss> {
    let Some((head, rest)) = value.split_first_chunk::<10>() else { return Err(Miss::Layout) };
    let figures = figures(u64::from_le_bytes([head[0], head[1], head[2], head[3], head[4], head[5], head[6], head[7]]), DATE)?;
    let day = two_digits(head[8], head[9])?;
    let year = digit(figures, 0) * 1000 + digit(figures, 1) * 100 + digit(figures, 2) * 10 + digit(figures, 3);
    let date = Moment::day(year, (digit(figures, 5) * 10 + digit(figures, 6)) as u8, day);
    let Some((b'T' | b't' | b' ', rest)) = rest.split_first() else {
        return if rest.is_empty() { date } else { Err(Miss::Layout) };
    };
    let Some((time, rest)) = rest.split_first_chunk::<8>() else { return without_seconds(date, rest) };
    let Ok(figures) = self::figures(u64::from_le_bytes(*time), TIME) else {
        return without_seconds(date, &value[11..]);
    };
    let pair = |at: u32| (digit(figures, at) * 10 + digit(figures, at + 1)) as u8;
    let (fraction, rest) = match rest.split_first() {
        Some((b'.' | b',', rest)) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return Err(Miss::Layout);
            }
            rest.split_at(digits)
        }
        _ => rest.split_at(0),
    };
    let offset = offset(rest)?;
    let moment = date?.at(pair(0), pair(3), pair(6), offset)?;
    Ok(if fraction.is_empty() { moment } else { moment.with_fraction(fraction) })
}

/// `HH:MM` and perhaps an offset.
#[cold]
fn without_seconds(date: Result<Moment, Miss>, value: &[u8]) -> Result<Moment, Miss> {
    let Some(([a, b, b':', c, d], rest)) = value.split_first_chunk::<5>() else { return Err(Miss::Layout) };
    let (hour, minute) = (two_digits(*a, *b)?, two_digits(*c, *d)?);
    let offset = offset(rest)?;
    date?.at(hour, minute, 0, offset)
}

/// Nothing, `Z`, `+HH:MM`, `+HHMM` or `+HH`; seconds ahead of UTC.
#[inline]
pub fn offset(value: &[u8]) -> Result<Option<i32>, Miss> {
    let (sign, hours, minutes) = match *value {
        [] => return Ok(None),
        [b'Z' | b'z'] => return Ok(Some(0)),
        [sign, a, b, b':', c, d] | [sign, a, b, c, d] => (sign, two_digits(a, b)?, two_digits(c, d)?),
        [sign, a, b] => (sign, two_digits(a, b)?, 0),
        _ => return Err(Miss::Layout),
    };
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    match sign {
        _ if hours > 23 || minutes > 59 => Err(Miss::Calendar),
        b'+' => Ok(Some(seconds)),
        b'-' => Ok(Some(-seconds)),
        _ => Err(Miss::Layout),
    }
}

#[inline]
pub fn two_digits(tens: u8, ones: u8) -> Result<u8, Miss> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 { Err(Miss::Layout) } else { Ok(tens * 10 + ones) }
}

/// Eight bytes as a pattern wants them: digits where it has `0`, the same sign elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    pattern: u64,
    room: u64,
}

const DATE: Mask = Mask::new(*b"0000-00-");
const TIME: Mask = Mask::new(*b"00:00:00");

impl Mask {
    /// Digits where `pattern` has `0`, its own bytes elsewhere.
    pub const fn new(pattern: [u8; 8]) -> Self {
        let mut room = [0; 8];
        let mut at = 0;
        while at < 8 {
            // What may be added to a byte before its highest bit is set: a digit is at most 9, a sign's difference 0.
            room[at] = if pattern[at] == b'0' { 0x7f - 9 } else { 0x7f };
            at += 1;
        }
        Self { pattern: u64::from_le_bytes(pattern), room: u64::from_le_bytes(room) }
    }
}

/// The digits of eight bytes that fit the mask, each as a number in its byte.
#[inline]
pub fn figures(bytes: u64, mask: Mask) -> Result<u64, Miss> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let value = bytes ^ mask.pattern;
    let over = ((value & !HIGH_BITS) + mask.room) | value;
    if over & HIGH_BITS == 0 { Ok(value) } else { Err(Miss::Layout) }
}

/// The number in byte `at`.
#[inline]
pub fn digit(figures: u64, at: u32) -> u16 {
    (figures >> (8 * at)) as u8 as u16
}
