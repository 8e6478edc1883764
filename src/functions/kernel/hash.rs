//! The hash of short keys in maps that people's mappings fill: quick on a few bytes, the same in every run.

use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// For `HashMap` and `HashSet`.
pub type ShortHash = BuildHasherDefault<ShortHasher>;

/// Hashes each piece with what came before as the seed.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShortHasher(u64);

impl Hasher for ShortHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_usize(&mut self, length: usize) {
        self.0 = self.0.rotate_left(5) ^ length as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
