//! Scans of short fields: which kinds of byte does a value hold? Calling out to a search routine costs more than the search.
//!
//! Two equal roads: SSE2 (part of every x86-64) and 64-bit words. Fields shorter than a register are loaded as overlapping
//! pieces, so that nothing beyond the value is ever read; a byte looked at twice changes no answer.
#![allow(unsafe_code)]

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

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_min_epu8,
        _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128, _mm_sub_epi8,
    };

    use super::{CONTROL, HIGH, NumberSigns, QUOTE, UPPER, short_pair};

    #[inline]
    #[target_feature(enable = "sse2")]
    fn splat(byte: u8) -> __m128i {
        _mm_set1_epi8(byte.cast_signed())
    }

    /// 0xff where a byte is at most `most`.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn at_most(bytes: __m128i, most: u8) -> __m128i {
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, splat(most)), bytes)
    }

    /// Calls `look` with all bytes of a non-empty value, 16 at a time, some of them twice.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn each(value: &[u8], mut look: impl FnMut(__m128i)) {
        if value.len() < 16 {
            let (low, high) = short_pair(value);
            look(_mm_set_epi64x(high.cast_signed(), low.cast_signed()));
            return;
        }
        let last = value.len() - 16;
        let mut at = 0;
        while at < last {
            // SAFETY: `at < last = len - 16`, so 16 bytes from `at` lie inside `value`; the load needs no alignment.
            look(unsafe { _mm_loadu_si128(value.as_ptr().add(at).cast()) });
            at += 16;
        }
        // SAFETY: `last = len - 16`, so the last 16 bytes of `value` are read.
        look(unsafe { _mm_loadu_si128(value.as_ptr().add(last).cast()) });
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn marks(value: &[u8]) -> u8 {
        if value.is_empty() {
            return 0;
        }
        let zero = _mm_setzero_si128();
        let (mut quote, mut control, mut high, mut upper) = (zero, zero, zero, zero);
        each(value, |bytes| {
            quote = _mm_or_si128(quote, _mm_cmpeq_epi8(bytes, splat(b'"')));
            control = _mm_or_si128(control, at_most(bytes, 0x1f));
            control = _mm_or_si128(control, _mm_cmpeq_epi8(bytes, splat(0x7f)));
            high = _mm_or_si128(high, bytes);
            upper = _mm_or_si128(upper, at_most(_mm_sub_epi8(bytes, splat(b'A')), 25));
        });
        let set = |bytes: __m128i, mark: u8| if _mm_movemask_epi8(bytes) == 0 { 0 } else { mark };
        set(quote, QUOTE) | set(control, CONTROL) | set(high, HIGH) | set(upper, UPPER)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn is_id(value: &[u8], extra: [u8; 4]) -> bool {
        if value.is_empty() {
            return true;
        }
        let mut good = splat(0xff);
        each(value, |bytes| good = _mm_and_si128(good, of_id(bytes, extra)));
        _mm_movemask_epi8(good) == 0xffff
    }

    /// 0xff where a byte may stand in an id.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn of_id(bytes: __m128i, extra: [u8; 4]) -> __m128i {
        let [one, two, three, four] = extra.map(|byte| splat(byte));
        let letter = at_most(_mm_sub_epi8(_mm_or_si128(bytes, splat(0x20)), splat(b'a')), 25);
        let digit = at_most(_mm_sub_epi8(bytes, splat(b'0')), 9);
        let first = _mm_or_si128(_mm_cmpeq_epi8(bytes, one), _mm_cmpeq_epi8(bytes, two));
        let second = _mm_or_si128(_mm_cmpeq_epi8(bytes, three), _mm_cmpeq_epi8(bytes, four));
        let line = _mm_cmpeq_epi8(bytes, splat(b'_'));
        _mm_or_si128(_mm_or_si128(letter, digit), _mm_or_si128(_mm_or_si128(first, second), line))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn whole(bytes: u128) -> __m128i {
        _mm_set_epi64x((bytes >> 64) as i64, bytes as i64)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn number_signs(bytes: u128) -> NumberSigns {
        let bytes = whole(bytes);
        let bits = |bytes: __m128i| _mm_movemask_epi8(bytes).cast_unsigned();
        NumberSigns {
            digits: bits(at_most(_mm_sub_epi8(bytes, splat(b'0')), 9)),
            commas: bits(_mm_cmpeq_epi8(bytes, splat(b','))),
            points: bits(_mm_cmpeq_epi8(bytes, splat(b'.'))),
        }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn are_id(bytes: u128, extra: [u8; 4]) -> bool {
        _mm_movemask_epi8(of_id(whole(bytes), extra)) == 0xffff
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn are_plain(bytes: u128) -> bool {
        _mm_movemask_epi8(of_plain(whole(bytes))) == 0xffff
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn is_plain(value: &[u8]) -> bool {
        if value.is_empty() {
            return true;
        }
        let mut good = splat(0xff);
        each(value, |bytes| good = _mm_and_si128(good, of_plain(bytes)));
        _mm_movemask_epi8(good) == 0xffff
    }

    /// 0xff where a byte is printable ASCII and no `"`.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn of_plain(bytes: __m128i) -> __m128i {
        // Signed, so that bytes outside ASCII are below zero.
        let printable = _mm_cmpgt_epi8(bytes, splat(0x1f));
        let other = _mm_or_si128(_mm_cmpeq_epi8(bytes, splat(b'"')), _mm_cmpeq_epi8(bytes, splat(0x7f)));
        _mm_andnot_si128(other, printable)
    }
}

/// The same answers without SSE2; built for tests too.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod words {
    use super::{CONTROL, HIGH, NumberSigns, QUOTE, UPPER};

    pub(super) fn marks(value: &[u8]) -> u8 {
        value.iter().fold(0, |marks, byte| {
            marks
                | match byte {
                    b'"' => QUOTE,
                    0..=0x1f | 0x7f => CONTROL,
                    0x80.. => HIGH,
                    b'A'..=b'Z' => UPPER,
                    _ => 0,
                }
        })
    }

    pub(super) fn is_plain(value: &[u8]) -> bool {
        value.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'"')
    }

    pub(super) fn number_signs(bytes: u128) -> NumberSigns {
        let bits = |test: fn(&u8) -> bool| {
            bytes.to_le_bytes().iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(test(byte)) << at)
        };
        NumberSigns {
            digits: bits(u8::is_ascii_digit),
            commas: bits(|byte| *byte == b','),
            points: bits(|byte| *byte == b'.'),
        }
    }

    pub(super) fn is_id(value: &[u8], extra: [u8; 4]) -> bool {
        value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || extra.contains(byte))
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
