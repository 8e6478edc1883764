//! Ids that differ only by ASCII case: Totango keeps them apart in some places and not in others. Article FAQWEB.

use xxhash_rust::xxh3::xxh3_128;

use crate::settle::rows::Rows;

/// The hash by which `key`, whose own hash is `hash`, meets its twins; 0 for a key that can have none.
pub(super) fn lower_hash(key: &[u8], hash: u128, scratch: &mut Vec<u8>) -> u64 {
    let (mut upper, mut letter) = (0_u8, 0_u8);
    for byte in key {
        upper |= u8::from(byte.is_ascii_uppercase());
        letter |= u8::from(byte.is_ascii_alphabetic());
    }
    if letter == 0 {
        return 0;
    }
    if upper == 0 {
        // Lower case already: its own hash is what its twins' hash will be.
        return hash as u64;
    }
    scratch.clear();
    scratch.extend(key.iter().map(u8::to_ascii_lowercase));
    xxh3_128(scratch) as u64
}

/// Rows, of those that `is_written`, whose key has a twin among them, in source order. 64 bits decide: a warning about
/// two ids that are no twins needs 10^8 ids to have a chance of 3 in 10,000.
pub(super) fn find(rows: &Rows, is_written: impl Fn(usize) -> bool) -> Vec<u32> {
    let hash_of = |row: usize| (is_written(row) && rows.lower[row] != 0).then(|| rows.lower[row]);
    let mut hashes: Vec<u64> = (0..rows.lower.len()).filter_map(hash_of).collect();
    hashes.sort_unstable();
    let mut shared: Vec<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    drop(hashes);
    shared.dedup();
    if shared.is_empty() {
        return Vec::new();
    }
    let has_twin = |row: &usize| hash_of(*row).is_some_and(|hash| shared.binary_search(&hash).is_ok());
    (0..rows.lower.len()).filter(has_twin).map(|row| row as u32).collect()
}
