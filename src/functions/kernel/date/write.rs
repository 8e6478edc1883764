//! Writes days and moments; no calendar arithmetic where moving to UTC stays on or beside the same day.

use super::moment::{Moment, days_in_month};

/// Days from 1970-01-01 to the moment's day.
#[inline]
pub fn days_since_epoch(moment: &Moment) -> i64 {
    // Years counted from March, so that the leap day is a year's last; 400 years are 146,097 days.
    let (year, month) = (i64::from(moment.year), i64::from(moment.month));
    let year = year - i64::from(month <= 2);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(moment.day) - 1;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01; none outside the years 0 to 9999.
pub fn civil(days: i64) -> Option<(u16, u8, u8)> {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = u16::try_from(era * 400 + year_of_era + i64::from(month <= 2)).ok().filter(|year| *year <= 9999)?;
    Some((year, month as u8, day as u8))
}

/// `00` to `99`; a power of two long, so that an index needs a mask and no check.
const PAIRS: [[u8; 2]; 128] = {
    let mut pairs = [[b'0'; 2]; 128];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// Two digits of a number below 100.
#[inline]
fn pair(number: u32) -> [u8; 2] {
    PAIRS[(number % 128) as usize]
}

/// `YYYY-MM-DD`.
#[inline]
pub fn write_day(moment: &Moment) -> [u8; 10] {
    let [a, b] = pair(u32::from(moment.year / 100));
    let [c, d] = pair(u32::from(moment.year % 100));
    let [e, f] = pair(u32::from(moment.month));
    let [g, h] = pair(u32::from(moment.day));
    [a, b, c, d, b'-', e, f, b'-', g, h]
}

/// Bytes of a moment without a fraction as Totango reads it.
pub const MOMENT: usize = 22;

/// The value itself, which is an ISO moment of at least 19 bytes in UTC without a fraction.
#[inline(always)]
pub fn same(value: &[u8; 19]) -> [u8; MOMENT] {
    let mut text = *b"0000-00-00T00:00:00.0Z";
    text[..10].copy_from_slice(&value[..10]);
    text[11..19].copy_from_slice(&value[11..]);
    text
}

/// Appends `YYYY-MM-DDTHH:MM:SS.sZ`: `seconds` is the UTC second counted from the start of the moment's day.
/// It may lie in a neighbouring day.
#[inline]
pub fn write_utc(moment: &Moment, seconds: i64, side: &mut Vec<u8>) {
    let (mut day, mut of_day) = (*moment, seconds);
    while of_day < 0 {
        day = day_before(day);
        of_day += 86_400;
    }
    while of_day >= 86_400 {
        day = day_after(day);
        of_day -= 86_400;
    }
    let of_day = of_day as u32;
    let mut text = *b"0000-00-00T00:00:00.0Z\0\0";
    text[..10].copy_from_slice(&write_day(&day));
    text[11..13].copy_from_slice(&pair(of_day / 3600));
    text[14..16].copy_from_slice(&pair(of_day / 60 % 60));
    text[17..19].copy_from_slice(&pair(of_day % 60));
    if moment.fraction_digits == 0 {
        side.extend_from_slice(&text[..MOMENT]);
        return;
    }
    let end = write_fraction(moment, &mut text);
    side.extend_from_slice(&text[..end]);
}

fn write_fraction(moment: &Moment, text: &mut [u8; 24]) -> usize {
    let millis = moment.micros / 1000;
    let digits = [millis / 100, millis / 10 % 10, millis % 10];
    let end = 20 + usize::from(moment.fraction_digits.min(3));
    for (slot, digit) in text[20..end].iter_mut().zip(digits) {
        *slot = b'0' + digit as u8;
    }
    text[end] = b'Z';
    end + 1
}

fn day_before(day: Moment) -> Moment {
    match (day.month, day.day) {
        (1, 1) => Moment { year: day.year.saturating_sub(1), month: 12, day: 31, ..day },
        (month, 1) => Moment { month: month - 1, day: days_in_month(day.year, month - 1), ..day },
        (_, of_month) => Moment { day: of_month - 1, ..day },
    }
}

fn day_after(day: Moment) -> Moment {
    match (day.month, day.day) {
        (12, 31) => Moment { year: day.year + 1, month: 1, day: 1, ..day },
        (month, last) if last >= days_in_month(day.year, month) => Moment { month: month + 1, day: 1, ..day },
        (_, of_month) => Moment { day: of_month + 1, ..day },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_agrees_with_jiff_on_every_day_we_take() {
        let mut date = jiff::civil::date(1899, 12, 25);
        let mut days = jiff::civil::date(1970, 1, 1).until(date).unwrap().get_days();
        while date < jiff::civil::date(2201, 1, 5) {
            let figures = (date.year() as u16, date.month() as u8, date.day() as u8);
            assert_eq!(civil(i64::from(days)), Some(figures));
            let moment = Moment::day(figures.0, figures.1, figures.2).unwrap();
            assert_eq!(days_since_epoch(&moment), i64::from(days));
            assert_eq!(write_day(&moment), date.to_string().as_bytes());
            date = date.tomorrow().unwrap();
            let after = day_after(moment);
            assert_eq!(write_day(&after), date.to_string().as_bytes());
            assert_eq!(day_before(after), moment);
            days += 1;
        }
    }

    #[test]
    fn moving_to_utc_may_change_the_day_the_month_and_the_year() {
        let moment = Moment::day(2024, 12, 31).unwrap().at(23, 30, 0, None).unwrap();
        let mut side = Vec::new();
        write_utc(&moment, i64::from(moment.second) + 8 * 3600, &mut side);
        assert_eq!(side, b"2025-01-01T07:30:00.0Z");
    }
}
