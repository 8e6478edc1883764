//! The layout `iso`: `YYYY-MM-DD`, then perhaps `T` or a space, a time, a fraction, `Z` or an offset. Eight bytes at a step.

use super::moment::{Miss, Moment};

/// Reads the whole value or says why not.
#[inline]
pub fn read(value: &[u8]) -> Result<Moment, Miss> {
    let Some((head, rest)) = value.split_first_chunk::<8>() else { return Err(Miss::Layout) };
    let Some(([tens, ones], rest)) = rest.split_first_chunk::<2>() else { return Err(Miss::Layout) };
    let pairs = pairs(figures(u64::from_le_bytes(*head), DATE)?);
    let year = u16::from(byte(pairs, 0)) * 100 + u16::from(byte(pairs, 2));
    let date = Moment::day(year, byte(pairs, 5), two_digits(*tens, *ones)?);
    let Some((b'T' | b't' | b' ', rest)) = rest.split_first() else {
        return if rest.is_empty() { date } else { Err(Miss::Layout) };
    };
    let Some((time, tail)) = rest.split_first_chunk::<8>() else { return without_seconds(date, rest) };
    let Ok(figures) = figures(u64::from_le_bytes(*time), TIME) else { return without_seconds(date, rest) };
    let pairs = self::pairs(figures);
    let (fraction, zone) = match tail {
        [b'.' | b',', ..] => fraction(&tail[1..])?,
        _ => tail.split_at(0),
    };
    let moment = date?.at(byte(pairs, 0), byte(pairs, 3), byte(pairs, 6), offset(zone)?)?;
    Ok(if fraction.is_empty() { moment } else { moment.with_fraction(fraction) })
}

/// The short road for what is nearly in Totango's form already: a day, or a moment in UTC to the second. Some if the value is
/// one, with whether it has a time; `bare` takes a time without offset too. It may decline but never takes what [`read`]
/// would not.
#[inline]
pub fn is_plain(value: &[u8], bare: bool) -> Option<bool> {
    let (head, rest) = value.split_first_chunk::<8>()?;
    let ([tens, ones], rest) = rest.split_first_chunk::<2>()?;
    let date = pairs(figures(u64::from_le_bytes(*head), DATE).ok()?);
    let (century, month, day) = (byte(date, 0), byte(date, 5), two_digits(*tens, *ones).ok()?);
    if !(19..22).contains(&century) || !(1..=12).contains(&month) || !(1..=28).contains(&day) {
        return None;
    }
    let Some((b'T' | b' ', rest)) = rest.split_first() else { return rest.is_empty().then_some(false) };
    let (time, end) = rest.split_first_chunk::<8>()?;
    let time = pairs(figures(u64::from_le_bytes(*time), TIME).ok()?);
    let good = byte(time, 0) < 24 && byte(time, 3) < 60 && byte(time, 6) < 60;
    (good && (*end == *b"Z" || bare && end.is_empty())).then_some(true)
}

/// Hour, minute and second of `HH:MM:SS`, as they stand.
#[inline]
pub fn clock(time: &[u8; 8]) -> Option<(u8, u8, u8)> {
    let time = pairs(figures(u64::from_le_bytes(*time), TIME).ok()?);
    Some((byte(time, 0), byte(time, 3), byte(time, 6)))
}

/// The digits of a fraction, at least one, and what follows them.
fn fraction(value: &[u8]) -> Result<(&[u8], &[u8]), Miss> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 { Err(Miss::Layout) } else { Ok(value.split_at(digits)) }
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

/// From digits in bytes to two-digit numbers: byte `at` becomes digit `at` times ten plus the next one.
#[inline]
pub fn pairs(figures: u64) -> u64 {
    // At most 99 in each byte, so nothing carries over into the next one.
    figures * 10 + (figures >> 8)
}

/// Byte `at`.
#[inline]
pub fn byte(figures: u64, at: u32) -> u8 {
    (figures >> (8 * at)) as u8
}
