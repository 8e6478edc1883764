//! Lookup tables of a session: key to value, unique, held in memory. The pipeline fills them before a plan runs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::resolve::LookupSpec;

use super::kernel::hash::ShortHash;
use super::kernel::space;

/// Which table: a source, its key column, the column that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LookupKey {
    /// Source name.
    pub source: String,
    /// Key column.
    pub key: String,
    /// Value column.
    pub take: String,
}

impl LookupKey {
    /// The table a cell wants.
    pub fn of(spec: &LookupSpec) -> Self {
        Self { source: spec.source.clone(), key: spec.key.clone(), take: spec.take.clone() }
    }
}

/// Two rows of a table with one key and different values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupClash {
    /// The key, trimmed.
    pub key: String,
    /// Place of the first of the two in the pairs given, from 0, and its value.
    pub first: (usize, String),
    /// Place of the second, and its value.
    pub second: (usize, String),
}

/// One table. Keys are trimmed; values are as they are.
#[derive(Debug, Default)]
pub struct LookupTable {
    values: HashMap<Box<[u8]>, Box<[u8]>, ShortHash>,
}

impl LookupTable {
    /// The value for a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(space::trim(key)).map(AsRef::as_ref)
    }

    /// Every key, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().filter_map(|key| std::str::from_utf8(key).ok())
    }
}

/// The tables of a session.
#[derive(Debug, Default)]
pub struct LookupTables {
    tables: RwLock<HashMap<LookupKey, Arc<LookupTable>>>,
}

impl LookupTables {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills the table `name` from the rows of its source, in source order. Empty keys are skipped: an empty cell is never
    /// looked up. A table is filled before the first plan that uses it runs: functions keep what they have compiled.
    ///
    /// # Errors
    /// The first pair whose key was seen before with another value; then the table is not made.
    pub fn insert<K, V>(&self, name: LookupKey, pairs: impl IntoIterator<Item = (K, V)>) -> Result<(), LookupClash>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut table = LookupTable::default();
        // The place at which each key stood first, so that a clash can name both.
        let mut places: HashMap<Box<[u8]>, usize, ShortHash> = HashMap::default();
        for (at, (key, value)) in pairs.into_iter().enumerate() {
            let (key, value) = (key.as_ref().trim(), value.as_ref());
            if key.is_empty() {
                continue;
            }
            match table.values.entry(key.as_bytes().into()) {
                Entry::Vacant(entry) => {
                    places.insert(entry.key().clone(), at);
                    entry.insert(value.as_bytes().into());
                }
                Entry::Occupied(entry) if **entry.get() == *value.as_bytes() => {}
                Entry::Occupied(entry) => {
                    return Err(LookupClash {
                        key: key.to_owned(),
                        first: (
                            places.get(entry.key()).copied().unwrap_or(0),
                            String::from_utf8_lossy(entry.get()).into_owned(),
                        ),
                        second: (at, value.to_owned()),
                    });
                }
            }
        }
        self.tables.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(table));
        Ok(())
    }

    /// Bytes that they hold, about.
    pub fn bytes(&self) -> u64 {
        // Two pointers with their lengths, and the table's own byte.
        const ENTRY: usize = 2 * 16 + 1;
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = tables.values().flat_map(|table| &table.values);
        pairs.map(|(key, value)| (ENTRY + key.len() + value.len()) as u64).sum()
    }

    /// All tables with all their pairs, in order.
    #[cfg(feature = "cluster")]
    pub fn pairs(&self) -> Vec<(LookupKey, Vec<(String, String)>)> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut all: Vec<(LookupKey, Vec<(String, String)>)> = tables
            .iter()
            .map(|(name, table)| {
                let mut pairs: Vec<(String, String)> =
                    table.values.iter().map(|(key, value)| (text(key), text(value))).collect();
                pairs.sort_unstable();
                (name.clone(), pairs)
            })
            .collect();
        all.sort_unstable();
        all
    }

    /// The table a cell wants, if it was filled.
    pub fn get(&self, spec: &LookupSpec) -> Option<Arc<LookupTable>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(&LookupKey::of(spec)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> LookupKey {
        LookupKey { source: "owners".into(), key: "id".into(), take: "name".into() }
    }

    fn spec() -> LookupSpec {
        LookupSpec { source: "owners".into(), key: "id".into(), take: "name".into(), missing: Default::default() }
    }

    #[test]
    fn keys_are_compared_without_white_space_around_them() {
        let tables = LookupTables::new();
        assert!(tables.get(&spec()).is_none());
        tables.insert(name(), [(" 1 ", "Ann"), ("2", "Bob"), ("", "nobody"), ("1", "Ann")]).unwrap();
        let table = tables.get(&spec()).unwrap();
        assert_eq!(table.get(b"1\t"), Some(&b"Ann"[..]));
        assert_eq!(table.get(b"3"), None);
        assert_eq!(table.get(b""), None);
    }

    #[test]
    fn two_values_for_one_key_name_both_rows() {
        let clash =
            LookupTables::new().insert(name(), [("1", "Ann"), ("2", "Bob"), ("1", "Ann"), ("2 ", "Rob")]).unwrap_err();
        assert_eq!(clash, LookupClash { key: "2".into(), first: (1, "Bob".into()), second: (3, "Rob".into()) });
    }
}
