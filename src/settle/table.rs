//! Our own table from key to row: 8 bytes a slot, no key stored twice.

/// No row.
pub(super) const NO_ROW: u32 = u32::MAX;

const FREE: u64 = u64::MAX;

/// Rows looked at together: their slots are fetched in one go, so that the waits for memory overlap.
pub(super) const GROUP: usize = 32;

/// Rows below which one thread does it all.
const SMALL: usize = 1 << 16;

/// For each key the row that holds it. A slot is a 32 bit tag of the hash and a 32 bit row; the whole hash is compared in
/// the rows' own column. Regions of the table belong to ranges of the hash, so that threads share nothing.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<u64>,
    regions: usize,
}

impl Table {
    /// Enters rows 0, 1, … of `keys` in order, but those with key 0. `meet(row, holder)` is told of a row whose key is
    /// held by an earlier row, and says whether the newcomer takes its place; it runs on several threads, for different
    /// keys at a time.
    pub(super) fn build(keys: &[u128], threads: usize, meet: impl Fn(u32, u32) -> bool + Sync) -> Self {
        let regions = if keys.len() < SMALL { 1 } else { threads.clamp(1, 64) };
        // Two thirds full at most, if all keys differ and fall evenly; hashes do, to a fraction of a percent. Keys that
        // were made to fall unevenly may fill a region: then one region, which has room for all, takes its place.
        Self::fill(keys, regions, &meet)
            .or_else(|| Self::fill(keys, 1, &meet))
            .expect("one region has half as many slots again as there are keys")
    }

    fn fill(keys: &[u128], regions: usize, meet: &(impl Fn(u32, u32) -> bool + Sync)) -> Option<Self> {
        let length = (keys.len() + keys.len() / 2 + 16).div_ceil(regions);
        let mut table = Self { slots: vec![FREE; length * regions], regions };
        let mut parts = table.slots.chunks_mut(length).enumerate();
        let fits = if regions == 1 {
            parts.all(|(region, slots)| Region { keys, slots, region, regions, used: 0 }.fill(meet))
        } else {
            std::thread::scope(|scope| {
                let part = |(region, slots)| {
                    let region = Region { keys, slots, region, regions, used: 0 };
                    scope.spawn(move || region.fill(meet))
                };
                let threads: Vec<_> = parts.map(part).collect();
                threads.into_iter().all(|thread| thread.join().expect("filling a table cannot fail"))
            })
        };
        fits.then_some(table)
    }

    /// Asks for what finding each of `wanted`, some `GROUP` of them, will touch, so that the waits for memory overlap.
    pub(super) fn fetch(&self, keys: &[u128], wanted: impl Iterator<Item = u128>) {
        if self.slots.is_empty() {
            return;
        }
        let mut held = [FREE; GROUP];
        for (held, key) in held.iter_mut().zip(wanted) {
            let (slots, home) = self.home(key);
            *held = slots[home];
        }
        let holders = held.iter().filter(|held| **held != FREE).map(|held| keys[*held as u32 as usize]);
        std::hint::black_box(holders.fold(0, |all, key| all ^ key));
    }

    /// The slots of the region of `key`, and where among them it should be.
    fn home(&self, key: u128) -> (&[u64], usize) {
        let length = self.slots.len() / self.regions;
        let region = region_of(key, self.regions);
        (&self.slots[region * length..(region + 1) * length], home(key, self.regions, length))
    }

    /// The row that holds `key`.
    pub(super) fn find(&self, keys: &[u128], key: u128) -> Option<u32> {
        if self.slots.is_empty() || key == 0 {
            return None;
        }
        let (slots, mut slot) = self.home(key);
        loop {
            let held = slots[slot];
            if held == FREE {
                return None;
            }
            if (held >> 32) as u32 == tag(key) && keys[held as u32 as usize] == key {
                return Some(held as u32);
            }
            slot = if slot + 1 == slots.len() { 0 } else { slot + 1 };
        }
    }
}

/// The part of the table that one thread fills.
struct Region<'a> {
    keys: &'a [u128],
    slots: &'a mut [u64],
    region: usize,
    regions: usize,
    used: usize,
}

impl Region<'_> {
    /// Enters all rows whose keys belong here; false if there is no room.
    fn fill(mut self, meet: &impl Fn(u32, u32) -> bool) -> bool {
        let mut group = [(0_u32, 0_usize, FREE); GROUP];
        let mut grouped = 0;
        let room = self.slots.len() - GROUP.min(self.slots.len() / 8) - 1;
        for (row, key) in self.keys.iter().enumerate() {
            if *key == 0 || self.regions > 1 && region_of(*key, self.regions) != self.region {
                continue;
            }
            let home = home(*key, self.regions, self.slots.len());
            group[grouped] = (row as u32, home, self.slots[home]);
            grouped += 1;
            if grouped == GROUP {
                self.enter(&group, meet);
                grouped = 0;
                if self.used > room {
                    return false;
                }
            }
        }
        self.enter(&group[..grouped], meet);
        true
    }

    fn enter(&mut self, group: &[(u32, usize, u64)], meet: &impl Fn(u32, u32) -> bool) {
        let keys = self.keys;
        // The slots were read when the group was gathered: that is the prefetch. Their holders' keys come next.
        let fetched = group.iter().filter(|(_, _, held)| *held != FREE).map(|(_, _, held)| keys[*held as u32 as usize]);
        std::hint::black_box(fetched.fold(0, |all, key| all ^ key));
        for (row, home, _) in group {
            let key = keys[*row as usize];
            let mut slot = *home;
            loop {
                let held = self.slots[slot];
                if held == FREE {
                    self.slots[slot] = u64::from(tag(key)) << 32 | u64::from(*row);
                    self.used += 1;
                    break;
                }
                if (held >> 32) as u32 == tag(key) && keys[held as u32 as usize] == key {
                    if meet(*row, held as u32) {
                        self.slots[slot] = u64::from(tag(key)) << 32 | u64::from(*row);
                    }
                    break;
                }
                slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
            }
        }
    }
}

/// Low bits name the tag, the upper half the place: they are independent.
fn tag(key: u128) -> u32 {
    key as u32
}

fn scaled(key: u128, regions: usize) -> u128 {
    (key >> 64) * regions as u128
}

fn region_of(key: u128, regions: usize) -> usize {
    (scaled(key, regions) >> 64) as usize
}

fn home(key: u128, regions: usize, length: usize) -> usize {
    // One region takes other bits: it is where keys go that share those which choose the region.
    let within = if regions == 1 { (key >> 32) as u64 } else { scaled(key, regions) as u64 };
    ((u128::from(within) * length as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::Table;
    use crate::settle::key::key_hash;

    #[test]
    fn the_last_row_of_each_key_is_found_with_any_number_of_threads() {
        let count = 150_000_u32;
        let number = |row: u32| (u64::from(row).wrapping_mul(2_654_435_761)) % 90_000;
        let keys: Vec<u128> = (0..count).map(|row| key_hash(&[&number(row).to_le_bytes()], false)).collect();
        let mut expected = HashMap::new();
        for (row, key) in keys.iter().enumerate() {
            expected.insert(*key, row as u32);
        }
        for threads in [1, 2, 7] {
            let met = Mutex::new(0);
            let table = Table::build(&keys, threads, |row, holder| {
                assert!(row > holder && keys[row as usize] == keys[holder as usize]);
                *met.lock().unwrap() += 1;
                true
            });
            assert_eq!(met.into_inner().unwrap(), keys.len() - expected.len());
            for key in &keys {
                assert_eq!(table.find(&keys, *key), expected.get(key).copied());
            }
            assert_eq!(table.find(&keys, key_hash(&[b"nobody"], false)), None);
        }
    }

    #[test]
    fn keys_that_all_belong_to_one_thread_still_fit() {
        let keys: Vec<u128> = (0..100_000_u32).map(|number| key_hash(&[&number.to_le_bytes()], false) >> 3).collect();
        let table = Table::build(&keys, 8, |_, _| unreachable!("all keys differ"));
        assert!((0..keys.len()).step_by(997).all(|row| table.find(&keys, keys[row]) == Some(row as u32)));
    }

    #[test]
    fn tags_alone_decide_nothing() {
        // Same place, same tag, other keys.
        let keys: Vec<u128> = (0..100_u128).map(|number| 7 << 64 | number << 40 | 5).collect();
        let table = Table::build(&keys, 4, |_, _| unreachable!("all keys differ"));
        for (row, key) in keys.iter().enumerate() {
            assert_eq!(table.find(&keys, *key), Some(row as u32));
        }
    }
}
