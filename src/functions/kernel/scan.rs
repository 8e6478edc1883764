//! Scans of short fields: which kinds of byte does a value hold? Calling out to a search routine costs more than the search.
//!
//! Two equal roads: SSE2 (part of every x86-64) and 64-bit words. Fields shorter than a register are loaded as overlapping
//! pieces, so that nothing beyond the value is ever read; a byte looked at twice changes no answer.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(any(test, not(target_arch = "x86_64")))]
mod words;

/// Set if the value holds a `"`.
pub const QUOTE: u8 = 1;
/// Set if it holds a byte below 0x20 (tab and line ends too) or 0x7f.
pub const CONTROL: u8 = 2;
/// Set if it holds a byte outside ASCII.
pub const HIGH: u8 = 4;
/// Set if it holds an ASCII capital.
pub const UPPER: u8 = 8;

/// Which of [`QUOTE`], [`CONTROL`], [`HIGH`], [`UPPER`] occur in `value`.
#[inline]
pub fn marks(value: &[u8]) -> u8 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
        unsafe { sse2::marks(value) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        words::marks(value)
    }
}

/// Whether `value`, of one byte or more, consists of printable ASCII without `"`, and has no space at either end.
#[inline]
pub fn is_plain(value: &[u8]) -> bool {
    if value.first() == Some(&b' ') || value.last() == Some(&b' ') {
        return false;
    }
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
        unsafe { sse2::is_plain(value) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        words::is_plain(value)
    }
}

/// Whether `value` consists of ASCII letters, digits, `_` and the bytes of `extra` only.
#[inline]
pub fn is_id(value: &[u8], extra: [u8; 4]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
        unsafe { sse2::is_id(value, extra) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        words::is_id(value, extra)
    }
}

/// Whether `value` consists of ASCII digits only.
#[inline]
pub fn is_digits(value: &[u8]) -> bool {
    let (pieces, rest) = value.as_chunks::<8>();
    let mut bad = 0;
    for piece in pieces {
        bad |= not_digits(u64::from_le_bytes(*piece));
    }
    if !rest.is_empty() {
        bad |= not_digits(if value.len() >= 8 { last_word(value) } else { short_word(rest) });
    }
    bad == 0
}

/// [`is_plain`] of sixteen bytes in one number, spaces at the ends allowed.
#[inline(always)]
pub(super) fn are_plain(bytes: u128) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
        unsafe { sse2::are_plain(bytes) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        words::is_plain(&bytes.to_le_bytes())
    }
}

/// [`is_id`] of sixteen bytes in one number.
#[inline(always)]
pub(super) fn are_id(bytes: u128, extra: [u8; 4]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
        unsafe { sse2::are_id(bytes, extra) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        words::is_id(&bytes.to_le_bytes(), extra)
    }
}

/// Appends `value` with `'` for each `"`, if it holds nothing but printable ASCII and no space at either end; of at least
/// sixteen bytes.
#[inline]
pub fn requote_plain(value: &[u8], side: &mut Vec<u8>) -> bool {
    if value.len() < 16 || value.first() == Some(&b' ') || value.last() == Some(&b' ') {
        return false;
    }
    let mark = side.len();
    side.extend_from_slice(value);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
    let plain = unsafe { sse2::requote_plain(value, &mut side[mark..]) };
    #[cfg(not(target_arch = "x86_64"))]
    let plain = words::requote_plain(value, &mut side[mark..]);
    if !plain {
        side.truncate(mark);
    }
    plain
}

/// Which of 16 bytes are what a number is made of, the first in the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberSigns {
    pub(super) digits: u32,
    pub(super) commas: u32,
    pub(super) points: u32,
}

/// See [`NumberSigns`].
#[inline(always)]
pub(super) fn number_signs(bytes: u128) -> NumberSigns {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 belongs to the x86-64 baseline, every such processor has it.
        unsafe { sse2::number_signs(bytes) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        words::number_signs(bytes)
    }
}

/// Non-zero if one of the eight bytes is not a digit.
#[inline]
pub(super) fn not_digits(word: u64) -> u64 {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let value = word ^ 0x3030_3030_3030_3030;
    ((value & !HIGH_BITS).wrapping_add(0x7676_7676_7676_7676) | value) & HIGH_BITS
}

/// The last eight bytes of a value of at least eight.
#[inline]
fn last_word(value: &[u8]) -> u64 {
    value.last_chunk::<8>().map_or(0, |piece| u64::from_le_bytes(*piece))
}

/// All bytes of a value of one to seven, some of them twice.
#[inline]
fn short_word(value: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    let (first, middle, last) = (value[0], value[value.len() / 2], value[value.len() - 1]);
    u64::from(u32::from_le_bytes([first, middle, last, last])) * 0x1_0000_0001
}

/// A value of one to fifteen bytes as two words that hold all of them, some twice.
#[inline]
fn short_pair(value: &[u8]) -> (u64, u64) {
    match value.first_chunk::<8>() {
        Some(first) => (u64::from_le_bytes(*first), last_word(value)),
        None => {
            let word = short_word(value);
            (word, word)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_roads_give_the_same_marks(value in proptest::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(marks(&value), words::marks(&value));
        }

        #[test]
        fn both_roads_judge_ids_alike(value in "[A-Za-z0-9_@.+-]{0,50}[ -~é]{0,1}[a-z0-9]{0,20}", extra in any::<[u8; 4]>()) {
            for extra in [extra, *b"-@._", *b"-_--"] {
                prop_assert_eq!(is_id(value.as_bytes(), extra), words::is_id(value.as_bytes(), extra));
            }
        }

        #[test]
        fn both_roads_requote_alike(value in "[ -~]{10,50}[\"é\n]{0,2}[ -~\"]{10,20}") {
            let (mut side, mut expected) = (b"before".to_vec(), value.clone().into_bytes());
            let plain = words::requote_plain(value.as_bytes(), &mut expected) && value.trim_ascii() == value;
            prop_assert_eq!(requote_plain(value.as_bytes(), &mut side), plain);
            prop_assert_eq!(&side[6..], if plain { &expected } else { &[][..] });
        }

        #[test]
        fn both_roads_see_the_signs_of_numbers(value in "[0-9.,$/:a ]{16}") {
            let bytes = u128::from_le_bytes(value.as_bytes().try_into().unwrap());
            prop_assert_eq!(number_signs(bytes), words::number_signs(bytes));
        }

        #[test]
        fn digits_are_digits(value in "[0-9]{0,30}[ -~]{0,1}[0-9]{0,20}") {
            prop_assert_eq!(is_digits(value.as_bytes()), value.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn one_odd_byte_is_seen_at_every_place_of_every_length() {
        for length in 1..40 {
            for place in 0..length {
                for odd in 0..=255u8 {
                    let mut value = vec![b'7'; length];
                    value[place] = odd;
                    assert_eq!(marks(&value), words::marks(&value), "{length} {place} {odd}");
                    assert_eq!(is_id(&value, *b"-@.."), words::is_id(&value, *b"-@.."), "{length} {place} {odd}");
                    assert_eq!(is_digits(&value), odd.is_ascii_digit(), "{length} {place} {odd}");
                    let plain = words::is_plain(&value) && value.trim_ascii() == value;
                    assert_eq!(is_plain(&value), plain, "{length} {place} {odd}");
                }
            }
        }
    }
}
