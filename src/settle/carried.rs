//! What a pivot folded in another process, as bytes.

use crate::settle::amount::Amount;
use crate::settle::error::Error;
use crate::settle::gather::{Group, Groups, Number, Record};

/// Keys of a piece.
const KEYS: usize = 4096;

/// `groups` as bytes, some thousand keys a piece.
pub(super) fn pieces(groups: &Groups) -> impl Iterator<Item = Vec<u8>> {
    let mut all: Vec<(&u128, &Group)> = groups.groups.iter().collect();
    all.sort_unstable_by_key(|(_, group)| group.order);
    let pieces: Vec<Vec<u8>> = all.chunks(KEYS).map(|keys| piece(groups, keys)).collect();
    pieces.into_iter()
}

fn piece(groups: &Groups, keys: &[(&u128, &Group)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let names = groups.names();
    number(&mut bytes, names.len());
    names.iter().for_each(|name| text(&mut bytes, name));
    number(&mut bytes, keys.len());
    for (hash, group) in keys {
        bytes.extend_from_slice(&hash.to_le_bytes());
        bytes.extend_from_slice(&group.order.to_le_bytes());
        bytes.extend_from_slice(&group.position.to_le_bytes());
        text(&mut bytes, &group.key);
        number(&mut bytes, groups.cells(group).count());
        for (pair, amount) in groups.cells(group) {
            number(&mut bytes, pair);
            text(&mut bytes, amount.text().as_bytes());
        }
    }
    bytes
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&(number as u32).to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    number(bytes, text.len());
    bytes.extend_from_slice(text);
}

/// The groups of one of [`pieces`], put into `groups`, which are empty.
pub(super) fn put_together(bytes: &[u8], mut groups: Groups) -> Result<Groups, Error> {
    let damaged = || Error::Batch("a pivot's sums arrived damaged".to_owned());
    let mut rest = Rest(bytes);
    let names = rest.number().ok_or_else(damaged)?;
    for _ in 0..names {
        groups.named(rest.text().ok_or_else(damaged)?);
    }
    for _ in 0..rest.number().ok_or_else(damaged)? {
        rest.group(names, &mut groups).ok_or_else(damaged)?;
    }
    if rest.0.is_empty() { Ok(groups) } else { Err(damaged()) }
}

/// Bytes that are not yet read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (text, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(text)
    }

    fn group(&mut self, names: u32, groups: &mut Groups) -> Option<()> {
        let hash = self.bytes().map(u128::from_le_bytes)?;
        let order = self.bytes().map(u64::from_le_bytes)?;
        let position = self.bytes().map(u64::from_le_bytes)?;
        let key = self.text()?;
        groups.add(Record { hash, order, position, value: None }, || key);
        for _ in 0..self.number()? {
            let pair = self.number().filter(|pair| *pair < names)?;
            let amount = Amount::parse_sum(self.text()?)?;
            let value = Some((pair, Number::of(amount)));
            groups.add(Record { hash, order, position, value }, || key);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Aggregate;

    fn groups() -> Groups {
        let mut groups = Groups::new(Aggregate::Sum, false);
        let numbers = [(1_u128, 10, "7"), (2, 11, "0.5"), (1, 12, "-3"), (1, 13, "123456789012345678901.25")];
        for (hash, order, amount) in numbers {
            let pair = groups.pair(b"Mails", if order % 2 == 0 { b"Open" } else { b"Send" });
            let value = Some((pair, Number::of(Amount::parse(amount.as_bytes()).unwrap())));
            groups.add(Record { hash, order, position: order, value }, || b"acme");
        }
        groups
    }

    fn told(groups: &Groups) -> Vec<String> {
        let names: Vec<String> = groups.names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let mut told = Vec::new();
        for (hash, group) in &groups.groups {
            for (pair, amount) in groups.cells(group) {
                let (order, text) = (group.order, amount.text());
                told.push(format!("{hash} {order} {} {text:?}", names[pair]));
            }
        }
        told.sort();
        told
    }

    #[test]
    fn sums_arrive_as_they_were_sent() {
        let sent = groups();
        let piece = pieces(&sent).next().unwrap();
        let arrived = put_together(&piece, Groups::new(Aggregate::Sum, false)).unwrap();
        assert_eq!(told(&arrived), told(&sent));
        assert_eq!(told(&sent).len(), 3);
    }

    #[test]
    fn what_was_cut_is_refused() {
        let piece = pieces(&groups()).next().unwrap();
        for length in 0..piece.len() {
            let empty = Groups::new(Aggregate::Sum, false);
            assert!(put_together(&piece[..length], empty).is_err(), "{length} of {} bytes", piece.len());
        }
    }
}
