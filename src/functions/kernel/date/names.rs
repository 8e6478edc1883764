//! English month and weekday names, full or cut to three letters, in any case.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The month at the start of `value` (1 to 12) and what follows it.
pub fn month(value: &[u8]) -> Option<(u8, &[u8])> {
    name(value, &MONTHS)
}

/// The weekday at the start of `value` (Monday is 1) and what follows it.
pub fn weekday(value: &[u8]) -> Option<(u8, &[u8])> {
    name(value, &WEEKDAYS)
}

fn name<'v>(value: &'v [u8], names: &[&str]) -> Option<(u8, &'v [u8])> {
    let short = packed(value)?;
    let at = names.iter().position(|name| packed(name.as_bytes()) == Some(short))?;
    let full = names[at].len();
    let length = match value.get(..full) {
        Some(text) if text.eq_ignore_ascii_case(names[at].as_bytes()) => full,
        _ => 3,
    };
    Some((at as u8 + 1, &value[length..]))
}

/// The first three letters in lower case, as one number.
#[inline]
fn packed(value: &[u8]) -> Option<u32> {
    let letters = value.first_chunk::<3>()?.map(|letter| letter.to_ascii_lowercase());
    Some(u32::from_le_bytes([letters[0], letters[1], letters[2], 0]))
}
