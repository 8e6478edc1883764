//! Sixty-four bytes at a time: which of them equal a byte, and which lie between quotes.
//!
//! A pass over bytes is written once, against [`Lanes`]; it runs on AVX2 where the processor has it and on plain 64-bit
//! arithmetic elsewhere. All `unsafe` of the reader is in this file.
#![allow(unsafe_code)]

use super::view::SHORT;

/// Answers about a block of 64 bytes, one bit per byte, the first byte in the lowest bit.
pub(super) trait Lanes: Copy {
    /// The block as the processor holds it.
    type Block: Copy;
    /// Takes 64 bytes up.
    fn load(self, bytes: &[u8; 64]) -> Self::Block;
    /// Which bytes equal `byte`.
    fn equal(self, block: Self::Block, byte: u8) -> u64;
    /// Bit i: the parity of the bits 0 to i. Of quotes: the opening quote and what it encloses.
    fn prefix_xor(self, bits: u64) -> u64;
}

/// A loop over bytes that any kind of lanes can run. `run` must be `#[inline(always)]`, so that it is compiled for the
/// processor feature of the caller.
pub(super) trait Pass {
    /// What it finds.
    type Output;
    /// Runs over the bytes.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Which lanes to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kernel {
    /// The fastest this processor has.
    #[default]
    Detected,
    /// Plain arithmetic, on any processor: the tests hold the fast one against it.
    #[cfg_attr(not(test), expect(dead_code, reason = "asked for by tests only"))]
    Portable,
}

/// Runs `pass` on the lanes that `kernel` names.
pub(super) fn run<P: Pass>(kernel: Kernel, pass: P) -> P::Output {
    #[cfg(target_arch = "x86_64")]
    if kernel == Kernel::Detected
        && let Some(lanes) = avx2::Avx2::detect()
    {
        return avx2::run(lanes, pass);
    }
    let _ = kernel;
    pass.run(Portable)
}

/// Which bytes of a view are text, by its length; of a longer one the first 4 bytes.
const TEXT: [u128; SHORT + 2] = {
    let mut masks = [0xffff_ffff_u128 << 32; SHORT + 2];
    let mut length = 0;
    while length <= SHORT {
        masks[length] = ((1 << (8 * length)) - 1) << 32;
        length += 1;
    }
    masks
};

/// The view of `length` bytes that begin with `text` and lie at `offset` of buffer 0.
#[inline(always)]
pub(super) fn put_view(view: &mut u128, text: &[u8; 16], length: usize, offset: usize) {
    let mask = &TEXT[length.min(SHORT + 1)];
    // All ones for a long text.
    let long = ((SHORT as i64 - length as i64) >> 63) as u32;
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_and_si128, _mm_loadu_si128, _mm_or_si128, _mm_set_epi32, _mm_slli_si128, _mm_storeu_si128,
        };
        // SAFETY: SSE2 is part of every x86-64 processor. `text`, `mask` and `view` are sixteen bytes each; no load and no store
        // asks for alignment.
        unsafe {
            let text = _mm_slli_si128::<4>(_mm_loadu_si128(text.as_ptr().cast()));
            let text = _mm_and_si128(text, _mm_loadu_si128(std::ptr::from_ref(mask).cast()));
            let rest = _mm_set_epi32((offset as u32 & long).cast_signed(), 0, 0, (length as u32).cast_signed());
            _mm_storeu_si128(std::ptr::from_mut(view).cast(), _mm_or_si128(text, rest));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        *view = view_of(text, mask, (length as u32, offset as u32 & long));
    }
}

/// The same on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn view_of(text: &[u8; 16], mask: &u128, (length, offset): (u32, u32)) -> u128 {
    u128::from_le_bytes(*text) << 32 & mask | u128::from(length) | u128::from(offset) << 96
}

/// The last, shorter block of `bytes`, filled up with zeros, and a mask of the bits that count.
pub(super) fn last_block(rest: &[u8]) -> ([u8; 64], u64) {
    let mut block = [0; 64];
    block[..rest.len()].copy_from_slice(rest);
    (block, (1 << rest.len()) - 1)
}

/// Plain 64-bit arithmetic.
#[derive(Clone, Copy)]
struct Portable;

impl Lanes for Portable {
    type Block = [u64; 8];

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> [u64; 8] {
        let (words, _) = bytes.as_chunks::<8>();
        std::array::from_fn(|at| u64::from_le_bytes(words[at]))
    }

    #[inline(always)]
    fn equal(self, block: [u64; 8], byte: u8) -> u64 {
        const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        let pattern = u64::from_ne_bytes([byte; 8]);
        let mut bits = 0;
        for (at, word) in block.into_iter().enumerate() {
            let other = word ^ pattern;
            // The top bit of each byte that is zero in `other`, exactly: no carry crosses a byte.
            let zero = !(((other & LOW) + LOW) | other | LOW);
            // Gathers the eight top bits into one byte.
            bits |= ((zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
        }
        bits
    }

    #[inline(always)]
    fn prefix_xor(self, bits: u64) -> u64 {
        let mut parity = bits;
        for shift in [1, 2, 4, 8, 16, 32] {
            parity ^= parity << shift;
        }
        parity
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
    };

    use super::{Lanes, Pass};

    /// Proof that the processor has AVX2, carry-less multiplication and the bit counting of its time.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(());

    impl Avx2 {
        pub(super) fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("pclmulqdq")
                && is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("lzcnt"))
            .then_some(Self(()))
        }
    }

    pub(super) fn run<P: Pass>(lanes: Avx2, pass: P) -> P::Output {
        #[target_feature(enable = "avx2,pclmulqdq,popcnt,bmi1,lzcnt")]
        fn with_features<P: Pass>(lanes: Avx2, pass: P) -> P::Output {
            pass.run(lanes)
        }
        // SAFETY: an `Avx2` is made by `detect` only, which asked for each of these features.
        unsafe { with_features(lanes, pass) }
    }

    impl Lanes for Avx2 {
        type Block = (__m256i, __m256i);

        #[inline(always)]
        fn load(self, bytes: &[u8; 64]) -> Self::Block {
            #[target_feature(enable = "avx2")]
            #[inline]
            fn load(bytes: &[u8; 64]) -> (__m256i, __m256i) {
                // SAFETY: both loads lie within the 64 bytes; neither asks for alignment.
                unsafe {
                    (_mm256_loadu_si256(bytes.as_ptr().cast()), _mm256_loadu_si256(bytes.as_ptr().add(32).cast()))
                }
            }
            // SAFETY: an `Avx2` is made by `detect` only.
            unsafe { load(bytes) }
        }

        #[inline(always)]
        fn equal(self, block: Self::Block, byte: u8) -> u64 {
            #[target_feature(enable = "avx2")]
            #[inline]
            fn equal((low, high): (__m256i, __m256i), byte: u8) -> u64 {
                let pattern = _mm256_set1_epi8(byte.cast_signed());
                let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern)).cast_unsigned();
                let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern)).cast_unsigned();
                u64::from(low) | u64::from(high) << 32
            }
            // SAFETY: an `Avx2` is made by `detect` only.
            unsafe { equal(block, byte) }
        }

        #[inline(always)]
        fn prefix_xor(self, bits: u64) -> u64 {
            #[target_feature(enable = "pclmulqdq")]
            #[inline]
            fn prefix_xor(bits: u64) -> u64 {
                let product = _mm_clmulepi64_si128(_mm_set_epi64x(0, bits.cast_signed()), _mm_set1_epi8(-1), 0);
                _mm_cvtsi128_si64(product).cast_unsigned()
            }
            // SAFETY: an `Avx2` is made by `detect` only.
            unsafe { prefix_xor(bits) }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Ask([u8; 64], u8, u64);

    impl Pass for Ask {
        type Output = (u64, u64);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> (u64, u64) {
            (lanes.equal(lanes.load(&self.0), self.1), lanes.prefix_xor(self.2))
        }
    }

    proptest! {
        #[test]
        fn both_roads_make_the_same_views(text: [u8; 16], length in 0..20_usize, offset: u16) {
            let mut view = 0;
            put_view(&mut view, &text, length, offset.into());
            let offset = if length > SHORT { u32::from(offset) } else { 0 };
            prop_assert_eq!(view, view_of(&text, &TEXT[length.min(SHORT + 1)], (length as u32, offset)));
        }

        #[test]
        fn fast_and_portable_lanes_say_what_a_loop_says(bytes in proptest::array::uniform32(any::<[u8; 2]>()), byte: u8, bits: u64) {
            let block: [u8; 64] = std::array::from_fn(|at| bytes[at / 2][at % 2]);
            for byte in [byte, block[17], 0, 0x80] {
                let mut equal = 0;
                let mut parity = 0;
                let mut inside = 0;
                for (at, &other) in block.iter().enumerate() {
                    equal |= u64::from(other == byte) << at;
                    inside ^= bits >> at & 1;
                    parity |= inside << at;
                }
                for kernel in [Kernel::Detected, Kernel::Portable] {
                    prop_assert_eq!(run(kernel, Ask(block, byte, bits)), (equal, parity));
                }
            }
        }
    }
}
