//! Whether a cell holds a byte that makes it need quotes, sixteen bytes at a time; plain text is copied while it is asked.
#![allow(unsafe_code)]

/// Bytes that make a field need quotes.
const SIGNS: [u8; 6] = *b",;'\"\r\n";

/// The first byte of U+0080 to U+00BF.
const UNCLEAR: u8 = 0xc2;

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

/// What is done to plain text while it is copied. Plain is text without control characters, and here without U+0080 to U+00BF,
/// some of which are such or white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copying {
    /// Nothing; text that would need quotes is not copied.
    AsItIs,
    /// Capitals become small letters; text that would need quotes, or is not ASCII, is not copied.
    Lower,
    /// Text goes between quotes, and may hold what needs them, but no double quote.
    Quoted,
    /// The same, and double quotes become single ones.
    Requoted,
}

impl Copying {
    /// How many quotes stand on either side.
    #[inline(always)]
    pub(super) fn quotes(self) -> usize {
        usize::from(matches!(self, Self::Quoted | Self::Requoted))
    }
}

/// Copies sixteen bytes to `out`; whether they were of plain text, and such as `copying` takes.
#[inline(always)]
pub(super) fn copy_plain(bytes: &[u8; 16], out: &mut [u8; 16], copying: Copying) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        sse2::copy_plain(bytes, out, copying)
    }
    #[cfg(not(target_arch = "x86_64"))]
    copy_plain_portable(bytes, out, copying)
}

/// The same of the text in one of Arrow's string views, of up to twelve bytes. What stands behind them in `out` is of no use.
#[inline(always)]
pub(super) fn copy_plain_view(view: &u128, out: &mut [u8; 16], copying: Copying) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        sse2::copy_plain_view(view, out, copying)
    }
    #[cfg(not(target_arch = "x86_64"))]
    copy_plain_portable(&filled(*view).to_le_bytes(), out, copying)
}

/// Fills the places behind a short text with a byte that no question minds.
const FILLERS: [u128; 16] = {
    let mut fillers = [0; 16];
    let mut length = 0;
    while length < 16 {
        fillers[length] = u128::from_ne_bytes([b'0'; 16]) << (8 * length);
        length += 1;
    }
    fillers
};

/// The text in a view, filled up.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn filled(view: u128) -> u128 {
    view >> 32 | FILLERS[view as u32 as usize % 16]
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8,
        _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128, _mm_srli_si128, _mm_storeu_si128, _mm_xor_si128,
    };

    use super::{Copying, FILLERS, UNCLEAR};

    // Not functions with the feature's attribute: those are not always compiled into their callers, where the loops are.
    #[inline(always)]
    pub(super) fn copy_plain(bytes: &[u8; 16], out: &mut [u8; 16], copying: Copying) -> bool {
        // SAFETY: SSE2 is part of every x86-64 processor. Sixteen bytes are read; the load does not ask for alignment.
        unsafe { copy(_mm_loadu_si128(bytes.as_ptr().cast()), out, copying) }
    }

    // The view is read where it lies: a number in two registers would go through memory.
    #[inline(always)]
    pub(super) fn copy_plain_view(view: &u128, out: &mut [u8; 16], copying: Copying) -> bool {
        let filler = std::ptr::from_ref(&FILLERS[*view as u32 as usize % 16]);
        // SAFETY: as above, twice.
        unsafe {
            let view = _mm_loadu_si128(std::ptr::from_ref(view).cast());
            copy(_mm_or_si128(_mm_srli_si128::<4>(view), _mm_loadu_si128(filler.cast())), out, copying)
        }
    }

    #[inline(always)]
    unsafe fn copy(text: __m128i, out: &mut [u8; 16], copying: Copying) -> bool {
        // SAFETY: as above; `out` has the sixteen bytes that are stored.
        unsafe {
            let all = |byte: u8| _mm_set1_epi8(byte.cast_signed());
            let control =
                _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(text, all(0x1f)), text), _mm_cmpeq_epi8(text, all(0x7f)));
            let unclear = _mm_or_si128(control, _mm_cmpeq_epi8(text, all(UNCLEAR)));
            let quotes = _mm_cmpeq_epi8(text, all(b'"'));
            let (made, odd) = match copying {
                Copying::Requoted => {
                    let changed = _mm_xor_si128(text, _mm_and_si128(quotes, all(b'"' ^ b'\'')));
                    (changed, _mm_setzero_si128())
                }
                Copying::Quoted => (text, quotes),
                Copying::AsItIs | Copying::Lower => {
                    let [comma, semicolon] = [_mm_cmpeq_epi8(text, all(b',')), _mm_cmpeq_epi8(text, all(b';'))];
                    let either = _mm_or_si128(quotes, _mm_cmpeq_epi8(text, all(b'\'')));
                    let odd = _mm_or_si128(either, _mm_or_si128(comma, semicolon));
                    let capital =
                        _mm_and_si128(_mm_cmpgt_epi8(text, all(b'A' - 1)), _mm_cmpgt_epi8(all(b'Z' + 1), text));
                    let lower = _mm_or_si128(text, _mm_and_si128(capital, all(0x20)));
                    (if copying == Copying::Lower { lower } else { text }, odd)
                }
            };
            _mm_storeu_si128(out.as_mut_ptr().cast(), made);
            let odd = if copying == Copying::Lower { _mm_or_si128(odd, text) } else { odd };
            _mm_movemask_epi8(_mm_or_si128(odd, unclear)) == 0
        }
    }
}

/// [`copy_plain`] on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn copy_plain_portable(bytes: &[u8; 16], out: &mut [u8; 16], copying: Copying) -> bool {
    *out = bytes.map(|byte| match copying {
        Copying::Lower => byte.to_ascii_lowercase(),
        Copying::Requoted if byte == b'"' => b'\'',
        _ => byte,
    });
    bytes.iter().all(|byte| {
        let fits = match copying {
            Copying::AsItIs | Copying::Lower => !SIGNS.contains(byte),
            Copying::Quoted => *byte != b'"',
            Copying::Requoted => true,
        };
        let is_ascii = matches!(byte, b' '..=b'~');
        fits && (is_ascii || copying != Copying::Lower && *byte >= 0x80 && *byte != UNCLEAR)
    })
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
                // Random bytes are hardly ever printable all.
                for bytes in [bytes, bytes.map(|byte| b' ' + byte % 95)] {
                    for copying in [Copying::AsItIs, Copying::Lower, Copying::Quoted, Copying::Requoted] {
                        let (mut made, mut expected) = ([0; 16], [0; 16]);
                        let good = copy_plain_portable(&bytes, &mut expected, copying);
                        prop_assert_eq!((copy_plain(&bytes, &mut made, copying), made), (good, expected));
                        let length = at.min(12);
                        let view = (u128::from_le_bytes(bytes) & ((1 << (8 * length)) - 1)) << 32 | length as u128;
                        let good = copy_plain_portable(&filled(view).to_le_bytes(), &mut expected, copying);
                        prop_assert_eq!((copy_plain_view(&view, &mut made, copying), made), (good, expected));
                    }
                }
            }
        }
    }
}
