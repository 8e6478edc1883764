//! Ids that differ only by ASCII case: Totango keeps them apart in some places and not in others. Article FAQWEB.

use std::io;

use serde::{Deserialize, Serialize};

use crate::settle::deal::Room;
use crate::settle::error::Error;
use crate::settle::rows::Rows;

/// Bytes of a hash by which twins meet.
const HASH_BYTES: u64 = 8;

/// Which cases the letters of some keys have: where all have one, no two of them are twins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cases {
    upper: bool,
    lower: bool,
}

impl Cases {
    /// Those of other keys too.
    pub(super) fn join(&mut self, other: Self) {
        self.upper |= other.upper;
        self.lower |= other.lower;
    }

    /// Whether two of the keys can differ by case only.
    pub(super) fn are_mixed(self) -> bool {
        self.upper && self.lower
    }
}

/// The hash by which `key` meets its twins; 0 for a key that can have none. Every row pays for it, so it is a plain one
/// that lowers the letters in passing.
pub(super) fn lower_hash(key: &[u8], cases: &mut Cases) -> u64 {
    let (mut uppers, mut lowers) = (0, 0);
    let mut hash = key.len() as u64;
    let mut take = |eight: u64| {
        let upper = within(eight, b'A', b'Z');
        uppers |= upper;
        lowers |= within(eight, b'a', b'z');
        // The bit that tells the cases apart is two places below a byte's highest.
        hash = mix(hash ^ (eight | upper >> 2));
    };
    let (words, rest) = key.as_chunks::<8>();
    words.iter().for_each(|word| take(u64::from_le_bytes(*word)));
    if !rest.is_empty() {
        // Where there are eight, the last ones are read and all but the rest shifted out.
        let last = key.last_chunk().map(|last| u64::from_le_bytes(*last) >> (8 * (8 - rest.len())));
        take(last.unwrap_or_else(|| rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))));
    }
    cases.upper |= uppers != 0;
    cases.lower |= lowers != 0;
    if uppers | lowers == 0 { 0 } else { mix(hash).max(1) }
}

/// One step of hashing: both halves of a product with an odd constant, as wyhash does it.
fn mix(value: u64) -> u64 {
    let product = u128::from(value ^ 0xa076_1d64_78bd_642f) * 0xe703_7ed1_a0b4_28db;
    (product >> 64) as u64 ^ product as u64
}

/// The highest bit of each of eight bytes that are ASCII and from `first` to `last`.
fn within(eight: u64, first: u8, last: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let low = eight & !HIGH;
    let from_first = low + ONES * u64::from(0x80 - first);
    let past_last = low + ONES * u64::from(0x7f - last);
    from_first & !past_last & !eight & HIGH
}

/// How many rows, of those that `is_written`, have a key with a twin among them. 64 bits decide: a warning about two ids that
/// are no twins needs 10^8 ids to have a chance of 3 in 10,000.
pub(super) fn count(rows: &Rows, room: Option<&Room<'_>>, is_written: impl Fn(usize) -> bool) -> Result<u64, Error> {
    let wanted = |row: usize, hash: u64| hash != 0 && is_written(row);
    let Some(room) = room else {
        let all = (0..).zip(rows.lower.in_memory().unwrap_or_default());
        return Ok(shared(all.filter(|(row, hash)| wanted(*row, **hash)).map(|(_, hash)| *hash).collect()));
    };
    let parts = room.parts(rows.lower.len(), HASH_BYTES);
    let mut twins = 0;
    for part in room.deal(&rows.lower, parts, wanted)? {
        let _lease = room.hold(part.len() as u64 * HASH_BYTES)?;
        let mut hashes = Vec::with_capacity(part.len());
        part.each::<io::Error>(|_, rows| {
            hashes.extend(rows.iter().map(|(_, hash)| *hash));
            Ok(())
        })?;
        twins += shared(hashes);
    }
    Ok(twins)
}

/// How many of `hashes` stand there more than once.
fn shared(mut hashes: Vec<u64>) -> u64 {
    hashes.sort_unstable();
    hashes.chunk_by(|one, other| one == other).map(|same| if same.len() > 1 { same.len() as u64 } else { 0 }).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cases, lower_hash};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_meet_if_they_differ_by_ascii_case_only(key in "[a-cA-C@\\[`{éÀ0-9]{0,90}", change in any::<u128>()) {
            let hash = |key: &str| lower_hash(key.as_bytes(), &mut Cases::default());
            let flip = |(index, character): (usize, char)| match change >> (index % 128) & 1 {
                1 if character.is_ascii_lowercase() => character.to_ascii_uppercase(),
                1 => character.to_ascii_lowercase(),
                _ => character,
            };
            let twin: String = key.chars().enumerate().map(flip).collect();
            prop_assert_eq!(hash(&key), hash(&twin));
            let mut cases = Cases::default();
            for one in [&key, &twin] {
                lower_hash(one.as_bytes(), &mut cases);
            }
            prop_assert!(key == twin || cases.are_mixed());
            prop_assert_eq!(hash(&key) == 0, !key.bytes().any(|byte| byte.is_ascii_alphabetic()));
            let other = format!("{key}a");
            prop_assert_ne!(hash(&key), hash(&other));
        }
    }
}
