//! Patterns with directives that only jiff knows (`%G-W%V-%u`, `%U`, `%Q`): correct, not fast.

use jiff::civil::Time;
use jiff::fmt::strtime;
use jiff::tz::TimeZoneDatabase;

use super::moment::{Miss, Moment};

/// Whether jiff knows every directive of the pattern.
///
/// # Errors
/// What it says about the pattern.
pub fn check(pattern: &str) -> Result<(), String> {
    let sample = jiff::civil::date(2024, 5, 6).at(7, 8, 9, 10).in_tz("UTC").map_err(|error| error.to_string())?;
    let written =
        strtime::format(pattern, &sample).map_err(|error| format!("`{pattern}` is no date layout: {error}"))?;
    // Some directives (`%q`) can be written only.
    strtime::parse(pattern, &written).map(|_| ()).map_err(|error| format!("`{pattern}` cannot be read: {error}"))
}

/// Reads the whole value or says why not.
#[cold]
pub fn read(pattern: &str, value: &[u8]) -> Result<Moment, Miss> {
    let parts = strtime::parse(pattern, value).map_err(|_| Miss::Layout)?;
    let offset = if parts.iana_time_zone().is_some() {
        let zoned = parts.to_zoned_with(&TimeZoneDatabase::bundled()).map_err(|_| Miss::Calendar)?;
        Some(zoned.offset().seconds())
    } else {
        parts.offset().map(|offset| offset.seconds())
    };
    let date = parts.to_date().map_err(|_| Miss::Calendar)?;
    let year = u16::try_from(date.year()).map_err(|_| Miss::Calendar)?;
    let day = Moment::day(year, date.month().unsigned_abs(), date.day().unsigned_abs())?;
    if parts.hour().is_none() {
        return Ok(day);
    }
    let time = parts.to_time().unwrap_or(Time::midnight());
    let part = |figure: i8| figure.unsigned_abs();
    let moment = day.at(part(time.hour()), part(time.minute()), part(time.second()), offset)?;
    let nanos = time.subsec_nanosecond();
    Ok(if nanos == 0 { moment } else { moment.with_fraction(format!("{nanos:09}").trim_end_matches('0').as_bytes()) })
}
