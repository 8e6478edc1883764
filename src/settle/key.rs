//! Keys as hashes.
//!
//! 128 bits of xxh3 stand for a key's text everywhere: among four thousand million keys, the most a run can hold, the
//! chance that any two share a hash is below 3 in 10^20, far less than that of a memory fault. So no hit is verified.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128, xxh3_128_with_seed};

/// Stands for "no key" in a row's record.
pub(super) const NONE: u128 = 0;

/// Keys of several columns are seeded, so that none equals a key of one column by construction.
const COMPOSITE: u64 = 0x7461_6e67_7565_726f;

/// The hash of a key that is one text; never 0.
pub(super) fn hash_text(value: &[u8], ignores_case: bool, scratch: &mut Vec<u8>) -> u128 {
    if ignores_case && value.iter().any(u8::is_ascii_uppercase) {
        scratch.clear();
        scratch.extend(value.iter().map(u8::to_ascii_lowercase));
        return xxh3_128(scratch).max(1);
    }
    xxh3_128(value).max(1)
}

/// The hash of a key of several parts, each with whether its case is ignored; never 0.
pub(super) fn hash_parts<'a>(parts: impl Iterator<Item = (&'a [u8], bool)>, scratch: &mut Vec<u8>) -> u128 {
    scratch.clear();
    for (part, ignores_case) in parts {
        // Lengths in front: ("ab", "c") and ("a", "bc") must differ.
        let length = u32::try_from(part.len()).expect("a cell is shorter than 4 GiB: its offsets are 32 bits");
        scratch.extend_from_slice(&length.to_le_bytes());
        let start = scratch.len();
        scratch.extend_from_slice(part);
        if ignores_case {
            scratch[start..].make_ascii_lowercase();
        }
    }
    xxh3_128_with_seed(scratch, COMPOSITE).max(1)
}

/// The hash of a key whose columns have these texts, as `Beside::cells` wants it.
pub fn key_hash(parts: &[&[u8]], ignores_case: bool) -> u128 {
    let mut scratch = Vec::new();
    match parts {
        [part] => hash_text(part, ignores_case, &mut scratch),
        _ => hash_parts(parts.iter().map(|part| (*part, ignores_case)), &mut scratch),
    }
}

/// The hash of an encoded row, whatever its line ending: rows of one header are the same if their hashes are.
pub fn row_hash(row: &[u8]) -> u64 {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    xxh3_64(row.strip_suffix(b"\r").unwrap_or(row))
}

#[cfg(test)]
mod tests {
    use super::{key_hash, row_hash};

    #[test]
    fn a_row_is_the_same_with_either_line_ending() {
        assert_eq!(row_hash(b"A,\"x\r\"\r\n"), row_hash(b"A,\"x\r\"\n"));
        assert_ne!(row_hash(b"A,x"), row_hash(b"A,y"));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(key_hash(&[b"ab", b"c"], false), key_hash(&[b"a", b"bc"], false));
        assert_ne!(key_hash(&[b"ab", b""], false), key_hash(&[b"ab"], false));
        assert_ne!(key_hash(&[b"", b"ab"], false), key_hash(&[b"ab", b""], false));
    }

    #[test]
    fn case_counts_only_where_it_should() {
        assert_ne!(key_hash(&[b"AB"], false), key_hash(&[b"ab"], false));
        assert_eq!(key_hash(&[b"AB"], true), key_hash(&[b"ab"], false));
        assert_eq!(key_hash(&[b"AB", b"x"], true), key_hash(&[b"ab", b"X"], true));
    }
}
