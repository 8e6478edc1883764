//! The groups of a pivot: one per key, with one small cell per module and action that occurs in it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use crate::mapping::Aggregate;
use crate::settle::amount::Amount;

/// Cells looked at around the place where one should be.
const NEAR: usize = 8;

/// What separates module and action in a header. Article AGG.
const SIGN: &[u8] = b"##";

/// One record of a pivot.
#[derive(Debug)]
pub(super) struct Record {
    /// Of its key.
    pub(super) hash: u128,
    /// Its place in source order.
    pub(super) order: u64,
    /// Packed file and line.
    pub(super) position: u64,
    /// Its pair and what it adds there.
    pub(super) value: Option<(u32, Number)>,
}

/// A number to be added.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// A whole number.
    Small(i64),
    /// Any other.
    Wide(Amount),
}

/// Takes the hash of a key for what it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Taken(u64);

impl Hasher for Taken {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
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
    /// Keys of one hash may be spelt differently.
    ignores_case: bool,
    pub(super) groups: HashMap<u128, Group, BuildHasherDefault<Taken>>,
    pairs: HashMap<Box<[u8]>, u32>,
    wide: Vec<Amount>,
    name: Vec<u8>,
    used: u64,
    told: u64,
}

impl Groups {
    pub(super) fn new(aggregate: Aggregate, ignores_case: bool) -> Self {
        Self {
            aggregate,
            ignores_case,
            groups: HashMap::default(),
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

    /// Asks for what records with these keys will touch, so that the waits for memory overlap.
    pub(super) fn fetch(&self, hashes: &[u128]) {
        let groups = hashes.iter().filter_map(|hash| self.groups.get(hash));
        let touched = groups.map(|group| group.cells.get(group.cells.len() / 2).map_or(0, |cell| cell.pair));
        std::hint::black_box(touched.fold(0, |all, pair| all ^ pair));
    }

    /// One more record, whose key has these cells, encoded.
    pub(super) fn add<'k>(&mut self, record: Record, key: impl FnOnce() -> &'k [u8]) {
        let group = match self.groups.entry(record.hash) {
            Entry::Vacant(slot) => {
                let key = key();
                self.used += (size_of::<(u128, Group)>() * 2 + key.len()) as u64;
                let (order, position) = (record.order, record.position);
                slot.insert(Group { order, position, key: key.into(), cells: Vec::new() })
            }
            Entry::Occupied(slot) => {
                let held = slot.into_mut();
                if record.order >= held.order {
                    (held.order, held.position) = (record.order, record.position);
                    if self.ignores_case {
                        let key = key();
                        if *held.key != *key {
                            held.key = key.into();
                        }
                    }
                }
                held
            }
        };
        if let Some((pair, number)) = record.value {
            self.used += combine((self.aggregate, self.pairs.len()), group, pair, number, &mut self.wide);
        }
    }

    /// All records of `other`, whose orders count from `offset`.
    pub(super) fn join(&mut self, mut other: Self, offset: u64) {
        if self.groups.is_empty() && offset == 0 {
            *self = other;
            return;
        }
        let mut pairs = vec![0; other.pairs.len()];
        for (name, pair) in other.pairs.drain() {
            pairs[pair as usize] = self.named(&name);
        }
        for (hash, group) in other.groups.drain() {
            let (order, position) = (group.order + offset, group.position);
            self.add(Record { hash, order, position, value: None }, || &group.key);
            let Some(held) = self.groups.get_mut(&hash) else { continue };
            for cell in group.cells {
                let number = number_of(&cell, &other.wide);
                let pair = pairs[cell.pair as usize];
                self.used += combine((self.aggregate, self.pairs.len()), held, pair, number, &mut self.wide);
            }
        }
    }

    /// The number of the pair of `module` and `action`.
    pub(super) fn pair(&mut self, module: &[u8], action: &[u8]) -> u32 {
        let mut name = std::mem::take(&mut self.name);
        name.clear();
        name.extend_from_slice(module);
        name.extend_from_slice(SIGN);
        name.extend_from_slice(action);
        let pair = self.named(&name);
        self.name = name;
        pair
    }

    /// The number of the pair of this name.
    pub(super) fn named(&mut self, name: &[u8]) -> u32 {
        if let Some(pair) = self.pairs.get(name) {
            return *pair;
        }
        let pair = self.pairs.len() as u32;
        self.used += name.len() as u64 + 64;
        self.pairs.insert(name.into(), pair);
        pair
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
        group.cells.iter().map(|cell| (cell.pair as usize, number_of(cell, &self.wide).amount()))
    }
}

/// The module of a pair's name.
pub(super) fn module_of(name: &[u8]) -> &[u8] {
    let end = name.windows(SIGN.len()).position(|window| window == SIGN);
    &name[..end.unwrap_or(name.len())]
}

/// One more number in a cell of `group`, of so many pairs known; gives the bytes that this took.
fn combine(
    (aggregate, pairs): (Aggregate, usize),
    group: &mut Group,
    pair: u32,
    number: Number,
    wide: &mut Vec<Amount>,
) -> u64 {
    let at = match find(&group.cells, pair, pairs) {
        Ok(at) => at,
        Err(at) => {
            let before = group.cells.capacity();
            group.cells.insert(at, store(pair, 0, number, wide));
            return ((group.cells.capacity() - before) * size_of::<Cell>()) as u64;
        }
    };
    let cell = &mut group.cells[at];
    if let (0, Number::Small(value)) = (cell.wide, number) {
        let combined = match aggregate {
            Aggregate::Sum | Aggregate::Count => cell.value.checked_add(value),
            Aggregate::Max => Some(cell.value.max(value)),
        };
        if let Some(combined) = combined {
            cell.value = combined;
            return 0;
        }
    }
    let (mut total, amount) = (number_of(cell, wide).amount(), number.amount());
    match aggregate {
        Aggregate::Sum | Aggregate::Count => total.add(&amount),
        Aggregate::Max => total = total.max(amount),
    }
    *cell = store(pair, cell.wide, Number::of(total), wide);
    0
}

/// Where the cell of `pair` stands, or should. Cells are by pair, and a key that has many has nearly all: the search begins
/// where the cell should be, so that most end in the first line of memory that they touch.
fn find(cells: &[Cell], pair: u32, pairs: usize) -> Result<usize, usize> {
    let guess = (pair as usize * cells.len() / pairs.max(1)).min(cells.len());
    let before = cells[..guess].iter().rev().take(NEAR).take_while(|cell| cell.pair >= pair).count();
    let behind = cells[guess..].iter().take(NEAR).take_while(|cell| cell.pair < pair).count();
    if before == NEAR || behind == NEAR {
        return cells.binary_search_by_key(&pair, |cell| cell.pair);
    }
    let at = guess - before + behind;
    if cells.get(at).is_some_and(|cell| cell.pair == pair) { Ok(at) } else { Err(at) }
}

impl Number {
    /// `amount`, small if it can be.
    pub(super) fn of(amount: Amount) -> Self {
        amount.as_whole().map_or(Self::Wide(amount), Self::Small)
    }

    fn amount(self) -> Amount {
        match self {
            Self::Small(value) => Amount::from_whole(value),
            Self::Wide(amount) => amount,
        }
    }
}

fn number_of(cell: &Cell, wide: &[Amount]) -> Number {
    if cell.wide == 0 { Number::Small(cell.value) } else { Number::Wide(wide[cell.wide as usize - 1]) }
}

/// A cell with `number`; `place` is where its wide amount stands already, if it has one.
fn store(pair: u32, place: u32, number: Number, wide: &mut Vec<Amount>) -> Cell {
    match (place, number) {
        (0, Number::Small(value)) => Cell { pair, wide: 0, value },
        (0, Number::Wide(amount)) => {
            wide.push(amount);
            Cell { pair, wide: wide.len() as u32, value: 0 }
        }
        _ => {
            wide[place as usize - 1] = number.amount();
            Cell { pair, wide: place, value: 0 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, find};

    #[test]
    fn a_cell_is_found_wherever_the_search_begins() {
        for step in 1..5 {
            for length in 0..40 {
                let cells: Vec<Cell> =
                    (0..length).map(|index| Cell { pair: index * step + 1, wide: 0, value: 0 }).collect();
                for (pair, pairs) in (0..170).flat_map(|pair| (0..200).step_by(17).map(move |pairs| (pair, pairs))) {
                    assert_eq!(find(&cells, pair, pairs), cells.binary_search_by_key(&pair, |cell| cell.pair));
                }
            }
        }
    }
}
