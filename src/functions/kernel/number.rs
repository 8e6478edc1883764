//! Numbers as people write them, to plain digits: no float ever touches them.
//!
//! Taken: one minus or a pair of brackets, one currency sign or code at either end, thousands in full groups of three, one
//! decimal sign. Not taken: plus, exponent, percent, `5.`, groups of other sizes (`12,5` is a fault, never 125).

use std::cmp::Ordering;

use crate::functions::fault;

use super::short::Short;
use super::{Made, Value, currency, grouped, scan, space};

/// The rules of one number column.
#[derive(Debug, Clone, Copy, Default)]
pub struct NumberRules {
    /// The decimal sign is a comma, the point separates thousands.
    pub decimal_comma: bool,
    /// A fraction of zeros is cut, any other is a fault.
    pub whole: bool,
    /// Smallest number allowed.
    pub min: Option<i64>,
}

/// Longest number of the short road.
const SHORT: usize = 32;

impl NumberRules {
    /// The number as plain digits, or why it is none.
    #[inline]
    pub fn normal<'v>(&self, value: &'v [u8], side: &mut Vec<u8>) -> Made<'v> {
        let bare = value.strip_prefix(b"$").unwrap_or(value);
        let mut text = [0; SHORT];
        match self.short(bare, &mut text) {
            Some(length) if length == value.len() && self.reaches(value) => Ok(Value::Part(value)),
            Some(length) if self.min.is_none() => {
                // Copying all of a fixed length and cutting costs less than copying just enough.
                let mark = side.len();
                side.extend_from_slice(&text);
                side.truncate(mark + length);
                Ok(Value::Side)
            }
            _ => self.parse(value, side),
        }
    }

    /// Whether a short value stays as it is: plain digits, not below the smallest number. False: it may yet.
    #[inline(always)]
    pub fn stands(&self, value: Short) -> bool {
        // Of plain digits only the number nought begins with one.
        value.is_number() && self.min.is_none_or(|min| min <= i64::from(value.parts().0 as u8 != b'0'))
    }

    /// What a short value as spreadsheets show it becomes; none: [`NumberRules::normal`] decides.
    #[inline(always)]
    pub fn plain(&self, value: Short) -> Option<Short> {
        if self.decimal_comma || self.min.is_some() { None } else { grouped::plain(value, self.whole) }
    }

    /// Plain digits are certainly not below the smallest number.
    #[inline]
    fn reaches(&self, plain: &[u8]) -> bool {
        let Some(min) = self.min else { return true };
        let sum = |sum: i64, digit: &u8| sum * 10 + i64::from(digit & 15);
        plain.len() <= 18 && scan::is_digits(plain) && plain.iter().fold(0, sum) >= min
    }

    /// The short road for `1,234.50` in an array: digits with ASCII groups and a fraction, nothing else. None: take the long
    /// one, which also says what is wrong. What is as long as it was has not changed: only what is dropped shortens it.
    #[inline]
    fn short(&self, value: &[u8], text: &mut [u8; SHORT]) -> Option<usize> {
        if value.len() > SHORT || self.decimal_comma || value.first() == Some(&b'0') && value.len() > 4 {
            return None;
        }
        let (mut length, mut run, mut grouped) = (0, 0, false);
        let mut rest = value.iter();
        for &byte in rest.by_ref() {
            if byte.is_ascii_digit() {
                text[length % SHORT] = byte;
                (length, run) = (length + 1, run + 1);
                continue;
            }
            if grouped && run != 3 || !(1..=3).contains(&run) && (byte == b',' || run == 0) {
                return None;
            }
            match byte {
                b',' => (grouped, run) = (true, 0),
                b'.' => return self.short_fraction(rest.as_slice(), length, text),
                _ => return None,
            }
        }
        (run == 3 || run > 0 && !grouped).then_some(length)
    }

    #[inline]
    fn short_fraction(&self, fraction: &[u8], length: usize, text: &mut [u8; SHORT]) -> Option<usize> {
        text[length % SHORT] = b'.';
        let mut zeros = true;
        for (at, &byte) in fraction.iter().enumerate() {
            if !byte.is_ascii_digit() {
                return None;
            }
            text[(length + 1 + at) % SHORT] = byte;
            zeros &= byte == b'0';
        }
        match self.whole {
            _ if fraction.is_empty() => None,
            true => zeros.then_some(length),
            false => Some(length + 1 + fraction.len()),
        }
    }

    fn parse<'v>(&self, value: &'v [u8], side: &mut Vec<u8>) -> Made<'v> {
        let (negative, digits) = match value {
            [b'0'..=b'9', .., b'0'..=b'9'] | [b'0'..=b'9'] => (false, value),
            [b'-', b'0'..=b'9', .., b'0'..=b'9'] | [b'-', b'0'..=b'9'] => (true, &value[1..]),
            [b'$', b'0'..=b'9', .., b'0'..=b'9'] | [b'$', b'0'..=b'9'] => (false, &value[1..]),
            _ => undress(value).ok_or(fault::NOT_A_NUMBER)?,
        };
        let mark = side.len();
        if negative {
            side.push(b'-');
        }
        self.digits(digits, side).ok_or(fault::NOT_A_NUMBER)?;
        if self.whole {
            cut_zero_fraction(side, mark)?;
        }
        if negative && side[mark + 1..].iter().all(|byte| matches!(byte, b'0' | b'.')) {
            side.remove(mark);
        }
        if self.min.is_some_and(|min| compare(&side[mark..], min) == Ordering::Less) {
            return Err(fault::NUMBER_RANGE);
        }
        if side[mark..] == *value {
            side.truncate(mark);
            return Ok(Value::Part(value));
        }
        Ok(Value::Side)
    }

    /// Appends the digits and the fraction of `value`; none if it is no number.
    #[inline]
    fn digits(&self, value: &[u8], side: &mut Vec<u8>) -> Option<()> {
        let (decimal, thousands) = if self.decimal_comma { (b',', b'.') } else { (b'.', b',') };
        let mut separator: &[u8] = &[];
        let (mut run, mut at) = (0, 0);
        while let Some(&byte) = value.get(at) {
            if byte.is_ascii_digit() {
                side.push(byte);
                run += 1;
                at += 1;
                continue;
            }
            if byte == decimal {
                break;
            }
            let found = if byte == thousands { &value[at..=at] } else { group_separator(&value[at..])? };
            let first = separator.is_empty();
            let full = if first { (1..=3).contains(&run) && value[0] != b'0' } else { run == 3 && separator == found };
            if !full {
                return None;
            }
            (separator, run, at) = (found, 0, at + found.len());
        }
        if !separator.is_empty() && run != 3 {
            return None;
        }
        let Some(fraction) = value.get(at + 1..) else { return (run > 0).then_some(()) };
        if run == 0 {
            side.push(b'0');
        }
        if fraction.is_empty() || !scan::is_digits(fraction) {
            return None;
        }
        side.push(b'.');
        side.extend_from_slice(fraction);
        Some(())
    }
}

/// The space, no-break spaces and apostrophes that may separate thousands.
#[cold]
fn group_separator(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b' ' | b'\'', ..] => Some(&value[..1]),
        [0xc2, 0xa0, ..] => Some(&value[..2]),
        [0xe2, 0x80, 0xaf | 0x89 | 0x99, ..] => Some(&value[..3]),
        _ => None,
    }
}

/// Takes off sign, brackets and currency: whether the number is negative, and what is left.
fn undress(value: &[u8]) -> Option<(bool, &[u8])> {
    let (mut negative, mut rest) = (false, value);
    let mut sign = |rest: &mut &'_ [u8]| {
        let inner = bracketed(rest).or_else(|| minus(rest));
        if let (Some(inner), false) = (inner, negative) {
            (negative, *rest) = (true, space::trim(inner));
        }
    };
    sign(&mut rest);
    if let Some(inner) = currency::strip(rest) {
        rest = space::trim(inner);
        sign(&mut rest);
    }
    Some((negative, rest)).filter(|(_, rest)| !rest.is_empty())
}

fn bracketed(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b'(', inner @ .., b')'] if !matches!(inner.first(), Some(b'-')) => Some(inner),
        _ => None,
    }
}

fn minus(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"-").or_else(|| value.strip_prefix("\u{2212}".as_bytes()))
}

/// `3.00` becomes `3`; `3.5` is a fault.
fn cut_zero_fraction(side: &mut Vec<u8>, mark: usize) -> Result<(), u8> {
    if let Some(point) = side[mark..].iter().position(|byte| *byte == b'.') {
        if side[mark + point + 1..].iter().any(|byte| *byte != b'0') {
            return Err(fault::NOT_WHOLE);
        }
        side.truncate(mark + point);
    }
    Ok(())
}

/// How plain digits (`-12.50`) compare with a whole number; exact for any length.
pub fn compare(number: &[u8], other: i64) -> Ordering {
    let other = other.to_string();
    let (negative, digits) = split_sign(number);
    let (other_negative, other_digits) = split_sign(other.as_bytes());
    match (negative, other_negative) {
        (false, true) => return Ordering::Greater,
        (true, false) => return Ordering::Less,
        _ => {}
    }
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let zeros = digits[..point].iter().take_while(|byte| **byte == b'0').count();
    let whole = &digits[zeros..point];
    let other_digits = if other_digits == b"0" { &[][..] } else { other_digits };
    let fraction = digits[point..].iter().any(|byte| !matches!(byte, b'.' | b'0'));
    let magnitude = (whole.len().cmp(&other_digits.len())).then_with(|| whole.cmp(other_digits)).then(if fraction {
        Ordering::Greater
    } else {
        Ordering::Equal
    });
    if negative { magnitude.reverse() } else { magnitude }
}

fn split_sign(number: &[u8]) -> (bool, &[u8]) {
    number.strip_prefix(b"-").map_or((false, number), |digits| (true, digits))
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
