//! Counted dates: seconds or milliseconds since 1970, and the serial days of spreadsheets.

use super::moment::{Miss, Moment};
use super::write::civil;

/// Seconds since 1970, perhaps negative, perhaps with a fraction.
pub fn epoch_seconds(value: &[u8]) -> Result<Moment, Miss> {
    let (negative, whole, fraction) = split(value)?;
    // Before 1970 a fraction would have to be turned round; such values are nobody's timestamps.
    if negative && !fraction.is_empty() {
        return Err(Miss::Layout);
    }
    let seconds = if negative { -number(whole)? } else { number(whole)? };
    Ok(instant(seconds.div_euclid(86_400), seconds.rem_euclid(86_400), true)?.with_fraction(fraction))
}

/// Milliseconds since 1970, perhaps negative.
pub fn epoch_millis(value: &[u8]) -> Result<Moment, Miss> {
    let (negative, whole, fraction) = split(value)?;
    if !fraction.is_empty() {
        return Err(Miss::Layout);
    }
    let millis = if negative { -number(whole)? } else { number(whole)? };
    let (seconds, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let moment = instant(seconds.div_euclid(86_400), seconds.rem_euclid(86_400), true)?;
    if rest == 0 {
        return Ok(moment);
    }
    Ok(moment.with_fraction(format!("{rest:03}").as_bytes()))
}

/// Days since 1899-12-30, a fraction is the time of day (rounded to milliseconds, as spreadsheets do).
///
/// Spreadsheets count a 29 February 1900 that never was: day 60 is refused, the days before it are one less.
pub fn excel(value: &[u8]) -> Result<Moment, Miss> {
    let (negative, whole, fraction) = split(value)?;
    let days = number(whole)?;
    if negative || days > 3_000_000 {
        return Err(Miss::Layout);
    }
    if matches!(days, 0 | 60) {
        return Err(Miss::Calendar);
    }
    let from_epoch = days - 25_569 + i64::from(days < 60);
    if fraction.iter().all(|digit| *digit == b'0') {
        return instant(from_epoch, 0, false);
    }
    let digits = &fraction[..fraction.len().min(15)];
    let scale = 10i128.pow(digits.len() as u32);
    let part = digits.iter().fold(0, |sum, digit| sum * 10 + i128::from(digit & 15));
    let millis = ((part * 86_400_000 * 2 + scale) / (scale * 2)) as i64;
    let moment = instant(from_epoch + millis / 86_400_000, millis / 1000 % 86_400, true)?;
    let moment = Moment { offset: None, ..moment };
    Ok(if millis % 1000 == 0 { moment } else { moment.with_fraction(format!("{:03}", millis % 1000).as_bytes()) })
}

fn split(value: &[u8]) -> Result<(bool, &[u8], &[u8]), Miss> {
    let (negative, digits) = value.strip_prefix(b"-").map_or((false, value), |digits| (true, digits));
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = point.map_or((digits, &[][..]), |point| (&digits[..point], &digits[point + 1..]));
    let numeric = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if numeric(whole) && (point.is_none() || numeric(fraction)) {
        Ok((negative, whole, fraction))
    } else {
        Err(Miss::Layout)
    }
}

fn number(digits: &[u8]) -> Result<i64, Miss> {
    if digits.len() > 17 {
        return Err(Miss::Layout);
    }
    Ok(digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit & 15)))
}

fn instant(days: i64, second: i64, timed: bool) -> Result<Moment, Miss> {
    let (year, month, day) = civil(days).ok_or(Miss::Calendar)?;
    let moment = Moment::day(year, month, day)?;
    Ok(if timed { Moment { timed, second: second as u32, offset: Some(0), ..moment } } else { moment })
}
