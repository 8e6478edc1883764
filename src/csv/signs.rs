//! Whether a cell holds a byte that makes it need quotes, sixteen bytes at a time.
#![allow(unsafe_code)]

/// Bytes that make a field need quotes.
const SIGNS: [u8; 6] = *b",;'\"\r\n";

/// Whether a field needs quotes.
pub fn needs_quotes(value: &[u8]) -> bool {
    value.iter().any(|byte| SIGNS.contains(byte))
}

/// Whether one of 16 bytes makes a field need quotes.
#[inline(always)]
pub(super) fn has_sign(bytes: u128) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { with_sse2(bytes) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    portable(bytes)
}

/// Which of 16 bytes are `wanted`, the first in the lowest bit.
#[inline(always)]
pub(super) fn equal(bytes: u128, wanted: u8) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { equal_with_sse2(bytes, wanted) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    equal_portable(bytes, wanted)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn equal_with_sse2(bytes: u128, wanted: u8) -> u32 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let bytes = _mm_set_epi64x((bytes >> 64) as i64, bytes as i64);
    _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted.cast_signed()))).cast_unsigned()
}

/// [`equal`] on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn equal_portable(bytes: u128, wanted: u8) -> u32 {
    bytes.to_le_bytes().iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(*byte == wanted) << at)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn with_sse2(bytes: u128) -> bool {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};
    let bytes = _mm_set_epi64x((bytes >> 64) as i64, bytes as i64);
    let [a, b, c, d, e, f] = SIGNS.map(u8::cast_signed);
    let first = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(a)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b)));
    let second = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(d)));
    let third = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(e)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(f)));
    _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(first, second), third)) != 0
}

/// [`has_sign`] on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn portable(bytes: u128) -> bool {
    const LOW: u128 = u128::from_ne_bytes([0x01; 16]);
    SIGNS.iter().any(|&sign| {
        let other = bytes ^ u128::from_ne_bytes([sign; 16]);
        // Whether some byte of `other` is zero.
        other.wrapping_sub(LOW) & !other & (LOW << 7) != 0
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_paths_say_what_a_loop_says(mut bytes: [u8; 16], at in 0_usize..16, byte in 0_u8..64) {
            for byte in [byte, bytes[at], byte | 0x80] {
                bytes[at] = byte;
                let expected = bytes.iter().any(|byte| SIGNS.contains(byte));
                prop_assert_eq!(has_sign(u128::from_le_bytes(bytes)), expected);
                prop_assert_eq!(portable(u128::from_le_bytes(bytes)), expected);
                let packed = u128::from_le_bytes(bytes);
                prop_assert_eq!(equal(packed, byte), equal_portable(packed, byte));
                prop_assert!(equal(packed, byte) >> at & 1 == 1 || bytes[at] != byte);
            }
        }
    }
}
