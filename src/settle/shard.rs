//! Sums by key: a table, a few words a key, and the keys' texts.

use std::collections::HashMap;
use std::sync::Arc;

use crate::settle::amount::Amount;
use crate::settle::batch::Cells;
use crate::settle::budget::{Budget, Lease};
use crate::settle::error::Error;

/// No record had a number so far.
pub(super) const NOTHING: i64 = i64::MIN;

/// The number stands elsewhere: it is long, has a fraction, or is not written as a sum would be.
pub(super) const WIDE: i64 = i64::MIN + 1;

/// Words of a key before its sums: its hash, the position of its last record, where its text begins.
const FIXED: usize = 4;

/// Rows looked at together, so that the waits for memory overlap.
const GROUP: usize = 16;

/// Bytes of a slot, times those that stand free beside it.
const SLOT_BYTES: u64 = 16;

/// A row to be added.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    pub(super) hash: u128,
    pub(super) position: u64,
    /// Its number in the batch.
    pub(super) row: u32,
}

/// The keys whose hashes begin alike.
#[derive(Debug)]
pub(super) struct Shard {
    numbers: usize,
    /// 0, or a tag of the hash over the key's number from 1. A power of two.
    slots: Vec<u64>,
    /// `FIXED` words and the sums of each key.
    words: Vec<u64>,
    /// The cells of the keys: lengths, seven bits a byte, and texts.
    texts: Vec<u8>,
    wide: HashMap<(u32, u32), Wide>,
    /// Records that were added.
    records: u64,
    bytes: u64,
    lease: Lease,
}

/// A sum that is no small whole number.
#[derive(Debug)]
struct Wide {
    amount: Amount,
    /// What the only record says, where a sum would say it otherwise.
    alone: Option<Box<[u8]>>,
}

impl Shard {
    pub(super) fn new(numbers: usize, budget: &Arc<Budget>) -> Self {
        Self {
            numbers,
            slots: Vec::new(),
            words: Vec::new(),
            texts: Vec::new(),
            wide: HashMap::new(),
            records: 0,
            bytes: 0,
            lease: Lease::new(budget),
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keys held.
    pub(super) fn count(&self) -> usize {
        self.words.len() / self.stride()
    }

    /// Records that went into those of others.
    pub(super) fn merged(&self) -> u64 {
        self.records - self.count() as u64
    }

    /// Forgets all keys.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0);
        self.words.clear();
        self.texts.clear();
        self.wide.clear();
        (self.records, self.bytes) = (0, 0);
        self.lease.shrink_to(0);
    }

    fn stride(&self) -> usize {
        FIXED + self.numbers
    }

    /// Adds `rows` of a batch with these cells as keys; `values` holds its numbers one column after the other, and `NOTHING`
    /// or `WIDE` where the cells of that column tell more.
    pub(super) fn add(
        &mut self,
        rows: &[Row],
        keys: &[&Cells<'_>],
        (values, numbers): (&[i64], &[&Cells<'_>]),
    ) -> Result<(), Error> {
        let before = self.bytes;
        let height = values.len().checked_div(numbers.len()).unwrap_or(0);
        for rows in rows.chunks(GROUP) {
            self.make_room(rows.len())?;
            self.fetch(rows);
            for row in rows {
                let (key, is_new) = self.meet(row, keys);
                for (number, cells) in numbers.iter().enumerate() {
                    let at = row.row as usize;
                    let value = values[number * height + at];
                    let slot = key * self.stride() + FIXED + number;
                    let held = self.words[slot] as i64;
                    // Both ways in one: a sum of two small numbers, and the first number of all.
                    let sum = if held == NOTHING { Some(value) } else { held.checked_add(value) };
                    match sum {
                        Some(sum) if value > WIDE && held != WIDE && sum > WIDE => self.words[slot] = sum as u64,
                        _ if value == NOTHING && held != WIDE => {}
                        _ => self.add_wide(slot, (key as u32, number as u32), value, cells.get(at), is_new),
                    }
                }
            }
            self.records += rows.len() as u64;
        }
        self.lease.take(self.bytes - before, "adding")
    }

    /// Room for `more` keys.
    fn make_room(&mut self, more: usize) -> Result<(), Error> {
        let count = self.count() + more;
        if count >= u32::MAX as usize {
            return Err(Error::TooLarge("a run takes at most four thousand million keys".to_owned()));
        }
        if count * 4 <= self.slots.len() * 3 {
            return Ok(());
        }
        self.slots = vec![0; (self.slots.len() * 2).max(64)];
        for key in 0..self.count() {
            let hash = self.hash(key);
            let mut slot = self.home(hash);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = filled(hash, key);
        }
        Ok(())
    }

    fn hash(&self, key: usize) -> u128 {
        let at = key * self.stride();
        u128::from(self.words[at]) | u128::from(self.words[at + 1]) << 64
    }

    fn home(&self, hash: u128) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// Asks for what adding `rows` will touch.
    fn fetch(&self, rows: &[Row]) {
        let mut held = [0_u64; GROUP];
        for (held, row) in held.iter_mut().zip(rows) {
            *held = self.slots[self.home(row.hash)];
        }
        let keys = held.iter().filter(|held| **held != 0);
        let words = keys.map(|held| self.words[(*held as u32 as usize - 1) * self.stride()]);
        std::hint::black_box(words.fold(0, |all, word| all ^ word));
    }

    /// The number of the row's key, and whether it is new.
    fn meet(&mut self, row: &Row, keys: &[&Cells<'_>]) -> (usize, bool) {
        let mut slot = self.home(row.hash);
        loop {
            let held = self.slots[slot];
            if held == 0 {
                break;
            }
            let key = held as u32 as usize - 1;
            if held >> 32 == tag(row.hash) && self.hash(key) == row.hash {
                let last = &mut self.words[key * (FIXED + self.numbers) + 2];
                *last = row.position.max(*last);
                return (key, false);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        let key = self.count();
        self.slots[slot] = filled(row.hash, key);
        let text = self.texts.len();
        self.words.extend([row.hash as u64, (row.hash >> 64) as u64, row.position, text as u64]);
        self.words.extend(std::iter::repeat_n(NOTHING as u64, self.numbers));
        for cells in keys {
            let cell = cells.get(row.row as usize);
            let mut length = cell.len();
            while length > 127 {
                self.texts.push(length as u8 | 128);
                length >>= 7;
            }
            self.texts.push(length as u8);
            self.texts.extend_from_slice(cell);
        }
        self.bytes += self.stride() as u64 * 8 + (self.texts.len() - text) as u64 + SLOT_BYTES;
        (key, true)
    }

    #[cold]
    fn add_wide(&mut self, slot: usize, place: (u32, u32), value: i64, text: &[u8], is_new: bool) {
        let mut amount = match value {
            NOTHING => Amount::default(),
            WIDE => Amount::parse(text).unwrap_or_default(),
            value => Amount::from_whole(value),
        };
        match self.words[slot] as i64 {
            WIDE => {
                if let Some(wide) = self.wide.get_mut(&place) {
                    wide.amount.add(&amount);
                    wide.alone = None;
                }
                return;
            }
            NOTHING => {}
            held => amount.add(&Amount::from_whole(held)),
        }
        let alone = (is_new && amount.text().as_bytes() != text).then(|| text.into());
        self.wide.insert(place, Wide { amount, alone });
        self.words[slot] = WIDE as u64;
        self.bytes += 2 * size_of::<((u32, u32), Wide)>() as u64;
    }

    /// The position of a key's last record.
    pub(super) fn position(&self, key: usize) -> u64 {
        self.words[key * self.stride() + 2]
    }

    /// The cells of a key.
    pub(super) fn cells(&self, key: usize) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.texts[self.words[key * self.stride() + 3] as usize..];
        std::iter::from_fn(move || {
            let (mut length, mut shift) = (0, 0);
            while let Some((byte, behind)) = rest.split_first() {
                rest = behind;
                length |= usize::from(byte & 127) << shift;
                shift += 7;
                if *byte < 128 {
                    break;
                }
            }
            let cell;
            (cell, rest) = rest.split_at_checked(length)?;
            Some(cell)
        })
    }

    /// A sum as it is written, in `text`.
    pub(super) fn number(&self, key: usize, number: usize, text: &mut Vec<u8>) {
        text.clear();
        match self.words[key * self.stride() + FIXED + number] as i64 {
            NOTHING => {}
            WIDE => {
                let Some(wide) = self.wide.get(&(key as u32, number as u32)) else { return };
                match &wide.alone {
                    Some(alone) => text.extend_from_slice(alone),
                    None => text.extend_from_slice(wide.amount.text().as_bytes()),
                }
            }
            small => digits(small, text),
        }
    }
}

/// Appends `number` in decimal digits.
fn digits(number: i64, text: &mut Vec<u8>) {
    let start = text.len();
    let mut left = number.unsigned_abs();
    loop {
        text.push(b'0' + (left % 10) as u8);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        text.push(b'-');
    }
    text[start..].reverse();
}

/// Bits that neither the shard nor the slot is chosen by.
fn tag(hash: u128) -> u64 {
    (hash >> 64) as u32 as u64
}

fn filled(hash: u128, key: usize) -> u64 {
    tag(hash) << 32 | (key as u64 + 1)
}
