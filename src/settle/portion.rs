//! Judged rows on their way from one process to another: encoded, with their narrow records, as bytes.

use std::ops::Range;

use crate::settle::asked::Hashes;
use crate::settle::error::Error;

/// Some judged rows of one part of a source, in source order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The rows' bytes, one behind the other; none once they are laid down.
    pub(super) text: Vec<u8>,
    /// Where they were laid down.
    pub(super) laid: Range<u64>,
    /// The length of each.
    pub(super) lengths: Vec<u32>,
    /// File and line of each, packed.
    pub(super) position: Vec<u64>,
    pub(super) flags: Vec<u8>,
    // Columns that the layout has no use for are empty.
    pub(super) key: Vec<u128>,
    pub(super) parent: Vec<u128>,
    pub(super) links: Vec<Vec<u128>>,
    pub(super) order: Vec<i128>,
    pub(super) lower: Vec<u64>,
    /// What is to be looked up where the keys are known.
    pub(super) asked: Vec<Vec<Hashes>>,
    /// (row of the portion, column) of faulty cells, where rows are merged cell by cell.
    pub(super) faulty: Vec<(u32, u32)>,
}

impl Portion {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.position.len()
    }

    /// File and line of each row, packed into one rising number.
    pub fn positions(&self) -> &[u64] {
        &self.position
    }

    /// As bytes behind `kind`.
    pub fn to_bytes(&self, kind: u8) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.text.len() + 128 * self.rows() + 64);
        bytes.push(kind);
        put_bytes(&mut bytes, &self.text);
        put(&mut bytes, &self.lengths, u32::to_le_bytes);
        put(&mut bytes, &self.position, u64::to_le_bytes);
        put_bytes(&mut bytes, &self.flags);
        put(&mut bytes, &self.key, u128::to_le_bytes);
        put(&mut bytes, &self.parent, u128::to_le_bytes);
        put(&mut bytes, &self.order, i128::to_le_bytes);
        put(&mut bytes, &self.lower, u64::to_le_bytes);
        put_bytes(&mut bytes, &[self.links.len() as u8, self.asked.len() as u8]);
        self.links.iter().for_each(|link| put(&mut bytes, link, u128::to_le_bytes));
        for hashes in &self.asked {
            put(&mut bytes, hashes, |(exact, lower)| {
                let mut both = [0; 32];
                both[..16].copy_from_slice(&exact.to_le_bytes());
                both[16..].copy_from_slice(&lower.to_le_bytes());
                both
            });
        }
        put(&mut bytes, &self.faulty, |(row, column)| (u64::from(row) << 32 | u64::from(column)).to_le_bytes());
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) gave, without the kind, in the rows' own bytes and the others.
    pub(super) fn split(mut bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
        Ok((take_bytes(&mut bytes)?, bytes))
    }

    /// The other bytes, with the place at which the rows' own were laid down.
    pub(super) fn laid(others: &[u8], place: Range<u64>) -> Vec<u8> {
        [&place.start.to_le_bytes(), &place.end.to_le_bytes(), others].concat()
    }

    /// From [`laid`](Self::laid).
    ///
    /// # Errors
    /// Bytes that are something else.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, Error> {
        let from = &mut bytes;
        let mut portion = Self {
            laid: take_number(from)?..take_number(from)?,
            lengths: take(from, u32::from_le_bytes)?,
            position: take(from, u64::from_le_bytes)?,
            flags: take_bytes(from)?.to_vec(),
            key: take(from, u128::from_le_bytes)?,
            parent: take(from, u128::from_le_bytes)?,
            order: take(from, i128::from_le_bytes)?,
            lower: take(from, u64::from_le_bytes)?,
            ..Self::default()
        };
        let [links, asked] = *take_bytes(from)? else { return Err(damaged()) };
        portion.links = (0..links).map(|_| take(from, u128::from_le_bytes)).collect::<Result<_, _>>()?;
        let both = |bytes: [u8; 32]| {
            let (exact, lower) = bytes.split_at(16);
            let hash = |half: &[u8]| u128::from_le_bytes(half.try_into().expect("half of 32 bytes"));
            (hash(exact), hash(lower))
        };
        portion.asked = (0..asked).map(|_| take(from, both)).collect::<Result<_, _>>()?;
        let place = |bytes| {
            let place = u64::from_le_bytes(bytes);
            ((place >> 32) as u32, place as u32)
        };
        portion.faulty = take(from, place)?;
        if from.is_empty() && portion.is_even() { Ok(portion) } else { Err(damaged()) }
    }

    /// Whether its columns are all there, or not at all.
    fn is_even(&self) -> bool {
        let rows = self.rows();
        let fits = |length: usize| length == 0 || length == rows;
        let length: u64 = self.lengths.iter().map(|length| u64::from(*length)).sum();
        let optional = [self.key.len(), self.parent.len(), self.order.len(), self.lower.len()];
        let listed = self.links.iter().map(Vec::len).chain(self.asked.iter().map(Vec::len));
        self.lengths.len() == rows
            && self.flags.len() == rows
            && self.laid.start.checked_add(length) == Some(self.laid.end)
            && optional.into_iter().chain(listed).all(fits)
            && self.faulty.iter().all(|(row, _)| (*row as usize) < rows)
    }
}

fn damaged() -> Error {
    Error::Batch("rows from another process arrived damaged".to_owned())
}

fn put<T: Copy, const N: usize>(bytes: &mut Vec<u8>, values: &[T], encode: impl Fn(T) -> [u8; N]) {
    bytes.extend_from_slice(&(values.len() as u64).to_le_bytes());
    values.iter().for_each(|value| bytes.extend_from_slice(&encode(*value)));
}

fn put_bytes(bytes: &mut Vec<u8>, values: &[u8]) {
    bytes.extend_from_slice(&(values.len() as u64).to_le_bytes());
    bytes.extend_from_slice(values);
}

fn take_number(bytes: &mut &[u8]) -> Result<u64, Error> {
    let (number, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*number))
}

fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], Error> {
    let length = usize::try_from(take_number(bytes)?).map_err(|_| damaged())?;
    let (values, rest) = bytes.split_at_checked(length).ok_or_else(damaged)?;
    *bytes = rest;
    Ok(values)
}

fn take<T, const N: usize>(bytes: &mut &[u8], decode: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Error> {
    let (count, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let length = u64::from_le_bytes(*count).checked_mul(N as u64).filter(|length| *length <= rest.len() as u64);
    let (values, rest) = rest.split_at(length.ok_or_else(damaged)? as usize);
    *bytes = rest;
    Ok(values.as_chunks::<N>().0.iter().map(|value| decode(*value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion() -> Portion {
        Portion {
            text: b"a,b\r\nccc\r\n".to_vec(),
            laid: 0..0,
            lengths: vec![5, 5],
            position: vec![1 << 40 | 2, 1 << 40 | 3],
            flags: vec![0, 5],
            key: vec![u128::MAX, 1],
            parent: vec![0, 7],
            links: vec![vec![1, 2], vec![3, 4]],
            order: vec![-1, i128::MAX],
            lower: Vec::new(),
            asked: vec![vec![(1, 2), (0, 0)]],
            faulty: vec![(1, 3)],
        }
    }

    /// The portion as it is kept once its rows' bytes lie at 7.
    fn kept(portion: &Portion) -> Vec<u8> {
        let bytes = portion.to_bytes(7);
        let (text, others) = Portion::split(&bytes[1..]).unwrap();
        assert_eq!(text, portion.text);
        Portion::laid(others, 7..7 + text.len() as u64)
    }

    #[test]
    fn rows_arrive_as_they_were_sent() {
        for portion in [Portion::default(), portion()] {
            let laid = 7..7 + portion.text.len() as u64;
            let arrived = Portion::from_bytes(&kept(&portion)).unwrap();
            assert_eq!(arrived, Portion { text: Vec::new(), laid, ..portion });
        }
    }

    #[test]
    fn what_was_cut_or_does_not_fit_together_is_refused() {
        for length in 0..8 {
            assert!(Portion::split(&portion().to_bytes(7)[1..=length]).is_err());
        }
        let bytes = kept(&portion());
        for length in 0..bytes.len() {
            assert!(Portion::from_bytes(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
        let uneven = Portion { flags: vec![0], ..portion() };
        assert!(Portion::from_bytes(&kept(&uneven)).is_err());
        let longer = Portion { lengths: vec![5, 6], ..portion() };
        assert!(Portion::from_bytes(&kept(&longer)).is_err());
        let outside = Portion { faulty: vec![(2, 0)], ..portion() };
        assert!(Portion::from_bytes(&kept(&outside)).is_err());
    }
}
