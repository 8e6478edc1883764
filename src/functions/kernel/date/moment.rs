//! What a value says: a day, perhaps a time, perhaps an offset, as written in it.

/// A point of the calendar as read, before any time zone is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, exists in the month.
    pub day: u8,
    /// The value has a time of day.
    pub timed: bool,
    /// Digits of the fraction as read, at most 3; 0: none.
    pub fraction_digits: u8,
    /// Second of the day; 0 without a time.
    pub second: u32,
    /// The fraction in microseconds; further digits are cut.
    pub micros: u32,
    /// Seconds ahead of UTC, if the value says so.
    pub offset: Option<i32>,
}

/// Why a layout does not read a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// The text has another shape.
    Layout,
    /// The shape fits, the calendar or the clock has no such point.
    Calendar,
}

impl Moment {
    /// A day without a time, if the calendar has it.
    #[inline]
    pub fn day(year: u16, month: u8, day: u8) -> Result<Self, Miss> {
        if month.wrapping_sub(1) >= 12 || day.wrapping_sub(1) >= 28 && day.wrapping_sub(1) >= days_in_month(year, month)
        {
            return Err(Miss::Calendar);
        }
        Ok(Self { year, month, day, timed: false, fraction_digits: 0, second: 0, micros: 0, offset: None })
    }

    /// The same day at a time. A second of 60 is taken where a leap second can be (23:59 in UTC) and read as 59.
    #[inline]
    pub fn at(mut self, hour: u8, minute: u8, second: u8, offset: Option<i32>) -> Result<Self, Miss> {
        if hour > 23 || minute > 59 || second > 59 {
            return self.at_leap_second(hour, minute, second, offset);
        }
        self.timed = true;
        self.second = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
        self.offset = offset;
        Ok(self)
    }

    #[cold]
    fn at_leap_second(self, hour: u8, minute: u8, second: u8, offset: Option<i32>) -> Result<Self, Miss> {
        let local = i32::from(hour) * 3600 + i32::from(minute) * 60;
        let utc = (local - offset.unwrap_or(0)).rem_euclid(86_400);
        if second == 60 && hour < 24 && minute < 60 && utc == 23 * 3600 + 59 * 60 {
            return self.at(hour, minute, 59, offset);
        }
        Err(Miss::Calendar)
    }

    /// With the fraction whose digits are given.
    #[inline]
    pub fn with_fraction(mut self, digits: &[u8]) -> Self {
        let mut micros = 0;
        for place in 0..6 {
            micros = micros * 10 + digits.get(place).map_or(0, |digit| u32::from(digit & 15));
        }
        self.micros = micros;
        self.fraction_digits = digits.len().min(3) as u8;
        self
    }

    /// Its year is one of those taken; others are typing mistakes or placeholders.
    #[inline]
    pub fn is_taken(&self) -> bool {
        (1900..=2200).contains(&self.year)
    }

    /// Both say the same day, time, fraction and offset.
    pub fn same_meaning(&self, other: &Self) -> bool {
        Self { fraction_digits: 0, ..*self } == Self { fraction_digits: 0, ..*other }
    }
}

/// Days of `month` (1 to 12).
#[inline]
pub fn days_in_month(year: u16, month: u8) -> u8 {
    const DAYS: [u8; 16] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];
    DAYS[usize::from(month & 15)] + u8::from(month == 2 && is_leap(year))
}

/// Whether the year has 366 days.
#[inline]
pub fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}
