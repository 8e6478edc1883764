//! Sixteen bytes at a time, on every x86-64 processor.

use std::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_min_epu8,
    _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128, _mm_storeu_si128, _mm_sub_epi8,
    _mm_xor_si128,
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

/// `out` is as long as `value`, which has sixteen bytes at least.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn requote_plain(value: &[u8], out: &mut [u8]) -> bool {
    let mut good = splat(0xff);
    let mut requote = |bytes: &[u8; 16], out: &mut [u8; 16]| {
        let word = u128::from_le_bytes(*bytes);
        let bytes = whole(word);
        let quotes = _mm_cmpeq_epi8(bytes, splat(b'"'));
        good = _mm_and_si128(good, _mm_or_si128(quotes, of_plain(bytes)));
        let changed = _mm_and_si128(quotes, splat(b'"' ^ b'\''));
        let changed = _mm_xor_si128(bytes, changed);
        // SAFETY: `out` has the sixteen bytes that are stored; the store needs no alignment.
        unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), changed) };
    };
    let (chunks, _) = value.as_chunks::<16>();
    for (chunk, out) in chunks.iter().zip(out.as_chunks_mut::<16>().0) {
        requote(chunk, out);
    }
    if let (Some(last), Some(out)) = (value.last_chunk(), out.last_chunk_mut()) {
        requote(last, out);
    }
    _mm_movemask_epi8(good) == 0xffff
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
