//! Lines counted, sixty-four bytes at a time.

use super::lanes::{Kernel, Lanes, Pass, last_block, run};

/// Where the line begins that is `count` lines behind the one that begins at `start`; the end of `text` if there is none.
pub fn skip_lines(text: &[u8], start: usize, count: u64) -> usize {
    let rest = &text[start.min(text.len())..];
    if count == 0 {
        return start;
    }
    run(Kernel::default(), Skip { text: rest, count }).map_or(text.len(), |length| start + length)
}

/// Looks for one past the line end number `count`, the first being 1.
struct Skip<'a> {
    text: &'a [u8],
    count: u64,
}

impl Pass for Skip<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Option<usize> {
        let (blocks, rest) = self.text.as_chunks::<64>();
        let mut left = self.count;
        for (at, block) in blocks.iter().enumerate() {
            let ends = lanes.equal(lanes.load(block), b'\n');
            let found = u64::from(ends.count_ones());
            if found >= left {
                return Some(at * 64 + nth(ends, left) + 1);
            }
            left -= found;
        }
        let (block, counts) = last_block(rest);
        let ends = lanes.equal(lanes.load(&block), b'\n') & counts;
        (u64::from(ends.count_ones()) >= left).then(|| blocks.len() * 64 + nth(ends, left) + 1)
    }
}

/// The place of set bit number `count`, the first being 1.
#[inline(always)]
fn nth(mut bits: u64, count: u64) -> usize {
    for _ in 1..count {
        bits &= bits - 1;
    }
    bits.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_many_lines_are_skipped_as_a_search_would(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
            start in 0_usize..300,
            count in 0_u64..80,
        ) {
            let start = start.min(text.len());
            let mut expected = start;
            for _ in 0..count {
                expected += text[expected..].iter().position(|byte| *byte == b'\n').map_or(text.len() - expected, |end| end + 1);
            }
            prop_assert_eq!(skip_lines(&text, start, count), expected);
            let rest = &text[start..];
            let portable = run(Kernel::Portable, Skip { text: rest, count: count.max(1) });
            prop_assert_eq!(portable, run(Kernel::Detected, Skip { text: rest, count: count.max(1) }));
        }
    }
}
