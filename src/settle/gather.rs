//! The groups of a pivot: one per key, with one small cell per module and action that occurs in it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::mapping::Aggregate;
use crate::settle::amount::Amount;

/// What separates module and action in a header. Article AGG.
const SIGN: &[u8] = b"##";

/// One record of a pivot.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Of its key.
    pub(super) hash: u128,
    /// Its place in source order.
    pub(super) order: u64,
    /// Packed file and line.
    pub(super) position: u64,
    /// Its key's cells, encoded.
    pub(super) key: &'a [u8],
    pub(super) module: &'a [u8],
    pub(super) action: &'a [u8],
    pub(super) value: &'a [u8],
}

/// All records of one key.
#[derive(Debug)]
pub(super) struct Group {
    /// Place in source order of the last record.
    pub(super) order: u64,
    /// Position of the last record.
    pub(super) position: u64,
    /// Key cells of the last record, encoded.
    pub(super) key: Box<[u8]>,
    /// By pair.
    cells: Vec<Cell>,
}

/// One value: almost always a small whole number, in 16 bytes.
#[derive(Debug, Clone, Copy)]
struct Cell {
    pair: u32,
    /// 0 for `value`; else the number, from 1, of a wide amount.
    wide: u32,
    value: i64,
}

/// Groups by key.
#[derive(Debug)]
pub(super) struct Groups {
    aggregate: Aggregate,
    pub(super) groups: HashMap<u128, Group>,
    pairs: HashMap<Box<[u8]>, u32>,
    wide: Vec<Amount>,
    name: Vec<u8>,
    used: u64,
    told: u64,
}

impl Groups {
    pub(super) fn new(aggregate: Aggregate) -> Self {
        Self {
            aggregate,
            groups: HashMap::new(),
            pairs: HashMap::new(),
            wide: Vec::new(),
            name: Vec::new(),
            used: 0,
            told: 0,
        }
    }

    /// Bytes taken since the last question.
    pub(super) fn newly_used(&mut self) -> u64 {
        let newly = self.used - self.told;
        self.told = self.used;
        newly
    }

    /// One more record.
    pub(super) fn add(&mut self, record: Record<'_>) {
        let group = Group { order: record.order, position: record.position, key: Box::default(), cells: Vec::new() };
        let hash = record.hash;
        self.meet(hash, group, record.key);
        if let Some(amount) = Amount::parse(record.value) {
            self.name.clear();
            self.name.extend_from_slice(record.module);
            self.name.extend_from_slice(SIGN);
            self.name.extend_from_slice(record.action);
            let pair = self.pair();
            self.combine(hash, pair, amount);
        }
    }

    /// All records of `other`, whose orders count from `offset`.
    pub(super) fn join(&mut self, mut other: Self, offset: u64) {
        let mut pairs = vec![0; other.pairs.len()];
        for (name, pair) in other.pairs.drain() {
            self.name.clear();
            self.name.extend_from_slice(&name);
            pairs[pair as usize] = self.pair();
        }
        for (hash, mut group) in other.groups.drain() {
            let (cells, key) = (std::mem::take(&mut group.cells), std::mem::take(&mut group.key));
            group.order += offset;
            self.meet(hash, group, &key);
            for cell in cells {
                let amount = amount_of(&cell, &other.wide);
                self.combine(hash, pairs[cell.pair as usize], amount);
            }
        }
    }

    /// Makes sure of the group, and that it stands where its last record does.
    fn meet(&mut self, hash: u128, mut group: Group, key: &[u8]) {
        match self.groups.entry(hash) {
            Entry::Vacant(slot) => {
                group.key = key.into();
                self.used += (size_of::<(u128, Group)>() * 2 + key.len()) as u64;
                slot.insert(group);
            }
            Entry::Occupied(mut slot) => {
                let held = slot.get_mut();
                if group.order >= held.order {
                    (held.order, held.position) = (group.order, group.position);
                    if *held.key != *key {
                        // Keys whose case does not count.
                        held.key = key.into();
                    }
                }
            }
        }
    }

    /// The number of the pair in `name`.
    fn pair(&mut self) -> u32 {
        if let Some(pair) = self.pairs.get(self.name.as_slice()) {
            return *pair;
        }
        let pair = self.pairs.len() as u32;
        self.used += self.name.len() as u64 + 64;
        self.pairs.insert(self.name.as_slice().into(), pair);
        pair
    }

    fn combine(&mut self, hash: u128, pair: u32, amount: Amount) {
        let Some(group) = self.groups.get_mut(&hash) else { return };
        match group.cells.binary_search_by_key(&pair, |cell| cell.pair) {
            Err(at) => {
                let cell = store(pair, 0, amount, &mut self.wide);
                let before = group.cells.capacity();
                group.cells.insert(at, cell);
                self.used += ((group.cells.capacity() - before) * size_of::<Cell>()) as u64;
            }
            Ok(at) => {
                let cell = group.cells[at];
                let mut total = amount_of(&cell, &self.wide);
                match self.aggregate {
                    Aggregate::Sum | Aggregate::Count => total.add(&amount),
                    Aggregate::Max => total = total.max(amount),
                }
                group.cells[at] = store(pair, cell.wide, total, &mut self.wide);
            }
        }
    }

    /// Names of the pairs, by number.
    pub(super) fn names(&self) -> Vec<&[u8]> {
        let mut names = vec![&b""[..]; self.pairs.len()];
        for (name, pair) in &self.pairs {
            names[*pair as usize] = name;
        }
        names
    }

    /// Pairs and values of a group.
    pub(super) fn cells<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = (usize, Amount)> + 'a {
        group.cells.iter().map(|cell| (cell.pair as usize, amount_of(cell, &self.wide)))
    }
}

/// The module of a pair's name.
pub(super) fn module_of(name: &[u8]) -> &[u8] {
    let end = name.windows(SIGN.len()).position(|window| window == SIGN);
    &name[..end.unwrap_or(name.len())]
}

fn amount_of(cell: &Cell, wide: &[Amount]) -> Amount {
    if cell.wide == 0 { Amount::from_whole(cell.value) } else { wide[cell.wide as usize - 1] }
}

/// A cell with `amount`; `place` is where its wide amount stands already, if it has one.
fn store(pair: u32, place: u32, amount: Amount, wide: &mut Vec<Amount>) -> Cell {
    match (place, amount.as_whole()) {
        (0, Some(value)) => Cell { pair, wide: 0, value },
        (0, None) => {
            wide.push(amount);
            Cell { pair, wide: wide.len() as u32, value: 0 }
        }
        _ => {
            wide[place as usize - 1] = amount;
            Cell { pair, wide: place, value: 0 }
        }
    }
}
