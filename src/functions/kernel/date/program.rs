//! A strftime pattern compiled to a small program that must take the whole value.
//!
//! `%m` and its like take one or two digits where something else follows, and exactly two where digits follow at once:
//! `%Y%m%d` never guesses where the month ends. White space in the pattern takes any run of white space.

use super::iso;
use super::layout::{Next, Start};
use super::moment::{Miss, Moment};
use super::names;
use crate::functions::kernel::short::Short;
use crate::functions::kernel::space;

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    steps: Vec<Step>,
    fixed: Option<Fixed>,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// This very byte.
    Byte(u8),
    /// One or more white-space characters.
    Space,
    /// Digits that make up a part of the date or time: fewest, most, where they go.
    Digits(u8, u8, Part),
    /// A month's name.
    Month,
    /// A weekday's name.
    Weekday,
    /// `AM` or `PM`.
    Half,
    /// Digits of a fraction: fewest, most.
    Fraction(u8, u8),
    /// A point and digits of a fraction, or nothing.
    PointFraction,
    /// `Z` or an offset.
    Offset,
    /// `UTC`, `GMT` or `Z`.
    ZoneName,
}

/// Where digits go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    Month,
    Day,
    DayOfYear,
    Hour,
    HalfDayHour,
    Minute,
    Second,
}

/// What the steps have found.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    year: u16,
    month: u8,
    day: u8,
    day_of_year: u16,
    hour: u8,
    minute: u8,
    second: u8,
    weekday: u8,
    afternoon: Option<bool>,
    offset: Option<i32>,
}

impl Program {
    /// Compiles a pattern; none if it holds a directive that only jiff knows.
    ///
    /// # Errors
    /// The pattern cannot give a date, in words for the mapping's author.
    pub fn compile(pattern: &str) -> Result<Option<Self>, String> {
        let Some(mut steps) = steps(pattern) else { return Ok(None) };
        tighten(&mut steps);
        check(pattern, &steps)?;
        let fixed = Fixed::of(&steps);
        Ok(Some(Self { steps, fixed }))
    }

    /// Whatever it reads and `iso` reads too, both read alike.
    pub fn agrees_with_iso(&self) -> bool {
        self.fixed.is_some_and(|fixed| fixed.agrees_with_iso())
    }

    /// It reads days in ten bytes, each part at its place.
    pub fn is_day(&self) -> bool {
        self.fixed.is_some_and(|fixed| fixed.is_day())
    }

    /// A short value that is a day, in Totango's form; none: [`Program::read`] decides.
    #[inline(always)]
    pub fn day(&self, value: Short) -> Option<Short> {
        self.fixed.as_ref()?.day(value)
    }

    /// Reads the whole value or says why not.
    #[inline]
    pub fn read(&self, value: &[u8]) -> Result<Moment, Miss> {
        if let Some(fixed) = &self.fixed
            && let Some(read) = fixed.read(value)
        {
            return read;
        }
        self.run(value)
    }

    /// The same, step by step.
    pub fn run(&self, value: &[u8]) -> Result<Moment, Miss> {
        let (mut found, mut rest, mut fraction, mut timed) = (Found::default(), value, &[][..], false);
        for step in &self.steps {
            match *step {
                Step::Byte(byte) => {
                    let Some((first, after)) = rest.split_first() else { return Err(Miss::Layout) };
                    if *first != byte {
                        return Err(Miss::Layout);
                    }
                    rest = after;
                }
                Step::Digits(least, most, part) => {
                    let number;
                    (number, rest) = digits(rest, least, most)?;
                    timed |= matches!(part, Part::Hour | Part::HalfDayHour);
                    found.put(part, number);
                }
                Step::Space => {
                    let after = space::trim_start(rest);
                    if after.len() == rest.len() {
                        return Err(Miss::Layout);
                    }
                    rest = after;
                }
                Step::Month => (found.month, rest) = names::month(rest).ok_or(Miss::Layout)?,
                Step::Weekday => (found.weekday, rest) = names::weekday(rest).ok_or(Miss::Layout)?,
                Step::Half => {
                    let Some(([letter, b'M' | b'm'], after)) = rest.split_first_chunk::<2>() else {
                        return Err(Miss::Layout);
                    };
                    found.afternoon = match letter {
                        b'A' | b'a' => Some(false),
                        b'P' | b'p' => Some(true),
                        _ => return Err(Miss::Layout),
                    };
                    rest = after;
                }
                Step::Fraction(least, most) => (fraction, rest) = run_of_digits(rest, least, most)?,
                Step::PointFraction => {
                    if let Some(after) = rest.strip_prefix(b".") {
                        (fraction, rest) = run_of_digits(after, 1, u8::MAX)?;
                    }
                }
                Step::Offset => {
                    let length = offset_length(rest);
                    found.offset = iso::offset(&rest[..length])?;
                    if found.offset.is_none() {
                        return Err(Miss::Layout);
                    }
                    rest = &rest[length..];
                }
                Step::ZoneName => {
                    let name = rest
                        .get(..3)
                        .filter(|name| name.eq_ignore_ascii_case(b"UTC") || name.eq_ignore_ascii_case(b"GMT"));
                    let length = name.map_or(1, <[u8]>::len);
                    if name.is_none() && !matches!(rest, [b'Z' | b'z', ..]) {
                        return Err(Miss::Layout);
                    }
                    found.offset = Some(0);
                    rest = &rest[length..];
                }
            }
        }
        if rest.is_empty() { found.moment(timed, fraction) } else { Err(Miss::Layout) }
    }

    /// How a value starts that this pattern can take.
    pub fn start(&self) -> Start {
        let mut digits = (0, 0);
        for step in &self.steps {
            match step {
                Step::Digits(least, most, _) | Step::Fraction(least, most) => {
                    digits = (digits.0 + usize::from(*least), digits.1 + usize::from(*most));
                }
                Step::Byte(byte) if !byte.is_ascii_digit() => return Start { digits, next: Some(Next::Byte(*byte)) },
                Step::Byte(_) => digits = (digits.0 + 1, digits.1 + 1),
                _ => return Start { digits, next: None },
            }
        }
        Start { digits, next: Some(Next::EndOrPoint) }
    }
}

impl Found {
    fn put(&mut self, part: Part, number: u16) {
        let small = number as u8;
        match part {
            Part::Year => self.year = number,
            Part::ShortYear => self.year = if number < 69 { 2000 + number } else { 1900 + number },
            Part::Month => self.month = small,
            Part::Day => self.day = small,
            Part::DayOfYear => self.day_of_year = number,
            Part::Hour | Part::HalfDayHour => self.hour = small,
            Part::Minute => self.minute = small,
            Part::Second => self.second = small,
        }
    }

    fn moment(self, timed: bool, fraction: &[u8]) -> Result<Moment, Miss> {
        let day = if self.day_of_year > 0 || self.month == 0 && self.day == 0 {
            nth_day(self.year, self.day_of_year)?
        } else {
            Moment::day(self.year, self.month, self.day)?
        };
        // 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
        if self.weekday > 0 && (super::days_since_epoch(&day) + 3).rem_euclid(7) + 1 != i64::from(self.weekday) {
            return Err(Miss::Calendar);
        }
        if !timed {
            return Ok(day);
        }
        let hour = match self.afternoon {
            Some(_) if self.hour == 0 || self.hour > 12 => return Err(Miss::Calendar),
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let moment = day.at(hour, self.minute, self.second, self.offset)?;
        Ok(if fraction.is_empty() { moment } else { moment.with_fraction(fraction) })
    }
}

fn nth_day(year: u16, mut day: u16) -> Result<Moment, Miss> {
    for month in 1..=12 {
        let days = u16::from(super::moment::days_in_month(year, month));
        if day <= days {
            return Moment::day(year, month, day as u8);
        }
        day -= days;
    }
    Err(Miss::Calendar)
}

#[inline]
fn digits(value: &[u8], least: u8, most: u8) -> Result<(u16, &[u8]), Miss> {
    let (digits, rest) = run_of_digits(value, least, most)?;
    Ok((digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit & 15)), rest))
}

#[inline]
fn run_of_digits(value: &[u8], least: u8, most: u8) -> Result<(&[u8], &[u8]), Miss> {
    let length = value.iter().take(usize::from(most)).take_while(|byte| byte.is_ascii_digit()).count();
    if length < usize::from(least) { Err(Miss::Layout) } else { Ok(value.split_at(length)) }
}

/// Bytes of the offset at the start of `value`.
fn offset_length(value: &[u8]) -> usize {
    match value {
        [b'+' | b'-', rest @ ..] => {
            1 + rest.iter().take(5).take_while(|byte| byte.is_ascii_digit() || **byte == b':').count()
        }
        [b'Z' | b'z', ..] => 1,
        _ => 0,
    }
}

mod fixed;
mod parse;
use fixed::Fixed;
use parse::{check, steps, tighten};
