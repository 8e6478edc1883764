//! A frozen set of keys, 16 bytes each.

use crate::settle::key::hash_text;

/// Hashes below which none is looked for that stands there twice.
const SMALL: usize = 1 << 12;

/// Keys per bucket of the index, on average.
const BUCKET: usize = 8;

/// Keys, to be asked whether they hold a value. Sorted hashes with an index over their leading bits: two cache misses a
/// question and half a byte a key beside the hashes.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    ignores_case: bool,
    hashes: Vec<u128>,
    /// Where each bucket starts; one more than there are buckets.
    starts: Vec<u32>,
}

/// Collects keys for a `KeySet`.
#[derive(Debug, Default)]
pub struct KeySetBuilder {
    ignores_case: bool,
    hashes: Vec<u128>,
    scratch: Vec<u8>,
}

impl KeySetBuilder {
    /// Nothing yet. `ignores_case`: ASCII case does not count, neither here nor in questions.
    pub fn new(ignores_case: bool) -> Self {
        Self { ignores_case, ..Self::default() }
    }

    /// Makes room for so many more, no more than that.
    pub fn reserve(&mut self, keys: usize) {
        self.hashes.reserve_exact(keys);
    }

    /// One more key; empty ones are passed over.
    pub fn add(&mut self, key: &[u8]) {
        if !key.is_empty() {
            let hash = hash_text(key, self.ignores_case, &mut self.scratch);
            self.add_hash(hash);
        }
    }

    /// One more key, by its `key_hash` with the same `ignores_case`.
    pub fn add_hash(&mut self, hash: u128) {
        if self.hashes.len() == self.hashes.capacity() && self.hashes.len() >= SMALL {
            self.make_room();
        }
        self.hashes.push(hash);
    }

    /// Many values may be of few keys: more memory is taken only where most differ.
    #[cold]
    fn make_room(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if self.hashes.len() > self.hashes.capacity() / 2 {
            self.hashes.reserve(self.hashes.capacity());
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> u64 {
        size_of_val(&self.hashes[..]) as u64
    }

    /// The set.
    pub fn build(self) -> KeySet {
        KeySet::from_hashes(self.hashes, self.ignores_case)
    }
}

impl KeySet {
    /// From hashes made by `hash_text` with the same `ignores_case`.
    pub(super) fn from_hashes(mut hashes: Vec<u128>, ignores_case: bool) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        hashes.shrink_to_fit();
        let buckets = hashes.len() / BUCKET + 1;
        let mut starts = Vec::with_capacity(buckets + 1);
        let mut at = 0;
        for bucket in 0..buckets {
            while at < hashes.len() && bucket_of(hashes[at], buckets) < bucket {
                at += 1;
            }
            starts.push(u32::try_from(at).expect("a run holds fewer keys than rows, which 32 bits count"));
        }
        starts.push(u32::try_from(hashes.len()).expect("a run holds fewer keys than rows, which 32 bits count"));
        Self { ignores_case, hashes, starts }
    }

    /// Whether `key` is one of them; an empty key never is.
    pub fn holds(&self, key: &[u8]) -> bool {
        if key.is_empty() || self.hashes.is_empty() {
            return false;
        }
        // Keys longer than this are legal but rare; the stack serves the others.
        let mut small = [0; 128];
        let hash = match small.get_mut(..key.len()) {
            Some(lower) if self.ignores_case => {
                lower.copy_from_slice(key);
                lower.make_ascii_lowercase();
                hash_text(lower, false, &mut Vec::new())
            }
            _ => hash_text(key, self.ignores_case, &mut Vec::new()),
        };
        self.holds_hash(hash)
    }

    /// Whether the key with this hash is one of them.
    pub fn holds_hash(&self, hash: u128) -> bool {
        let bucket = bucket_of(hash, self.starts.len() - 1);
        let (from, to) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        self.hashes[from..to].binary_search(&hash).is_ok()
    }

    /// Whether it holds a key with these hashes, as it is written and in lower case.
    #[cfg(feature = "cluster")]
    pub(super) fn holds_either(&self, (exact, lower): (u128, u128)) -> bool {
        !self.is_empty() && self.holds_hash(if self.ignores_case { lower } else { exact })
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> u64 {
        (size_of_val(&self.hashes[..]) + size_of_val(&self.starts[..])) as u64
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// Buckets divide the range of hashes evenly, so the sorted hashes stand bucket by bucket.
fn bucket_of(hash: u128, buckets: usize) -> usize {
    let leading = hash >> 64;
    ((leading * buckets as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::KeySetBuilder;

    #[test]
    fn holds_what_was_added_and_nothing_else() {
        for count in [0, 1, 7, 8, 9, 1000, 5000] {
            let mut builder = KeySetBuilder::new(false);
            for number in 0..count {
                builder.add(format!("id-{number}").as_bytes());
                builder.add(format!("id-{}", number / 2).as_bytes());
            }
            let set = builder.build();
            assert_eq!(set.len(), count);
            for number in 0..count {
                assert!(set.holds(format!("id-{number}").as_bytes()), "{number} of {count}");
                assert!(!set.holds(format!("ID-{number}").as_bytes()));
            }
            assert!(!set.holds(format!("id-{count}").as_bytes()));
            assert!(!set.holds(b""));
        }
    }

    #[test]
    fn many_values_of_few_keys_take_little_memory() {
        let mut builder = KeySetBuilder::new(false);
        for number in 0..200_000 {
            builder.add(format!("id-{}", number % 3000).as_bytes());
        }
        assert!(builder.bytes() <= 16 * 8192, "{}", builder.bytes());
        assert_eq!(builder.build().len(), 3000);
    }

    #[test]
    fn case_is_ignored_on_both_sides() {
        let mut builder = KeySetBuilder::new(true);
        builder.add(b"Ann@Example.com");
        builder.add("Z".repeat(300).as_bytes());
        let set = builder.build();
        assert!(set.holds(b"aNN@example.COM"));
        assert!(set.holds("z".repeat(300).as_bytes()));
        assert!(!set.holds(b"bob@example.com"));
    }
}
