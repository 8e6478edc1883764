//! Writes CSV rows, and reads back the rows it wrote.
//!
//! A field is quoted if it holds `,` `;` `'` `"` CR or LF, or is the empty only field of a line. Most cells are short and
//! clean: they are tested 16 bytes at a time in place, because calling a search costs more than such a search takes.

use std::borrow::Cow;

use memchr::memchr;

use super::signs::{equal, has_sign, needs_quotes};

/// Bytes tested and stored at once.
const WORD: usize = 16;

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnding {
    /// CR LF.
    #[default]
    CrLf,
    /// LF.
    Lf,
}

impl LineEnding {
    /// Its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

/// For each length the comma behind a short field.
const COMMAS: [u128; WORD] = {
    let mut commas = [0; WORD];
    let mut length = 0;
    while length < WORD {
        commas[length] = (b',' as u128) << (8 * length);
        length += 1;
    }
    commas
};

/// Rows in the making. A field takes the comma behind it along, and the line end takes the place of the last one. Memory
/// stands ready behind the rows, so that the hot loop stores sixteen bytes at once and asks nothing but whether a field needs
/// quotes, and not even that of fields that are `bare`: made of bytes that never do.
#[derive(Debug, Default)]
pub struct RowBuffer {
    /// Longer than what is written.
    bytes: Vec<u8>,
    length: usize,
}

impl RowBuffer {
    /// Bytes written.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What is written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Forgets what is written and keeps the memory.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// A field of up to 15 bytes in one number, the first in the lowest byte, zeros behind the last: as short strings stand
    /// in Arrow's views.
    #[inline(always)]
    pub fn short(&mut self, packed: u128, length: usize, bare: bool) {
        debug_assert!(!bare || !has_sign(packed), "what a bare column holds needs no quotes");
        if !bare && has_sign(packed) {
            return self.quoted(&packed.to_le_bytes()[..length]);
        }
        self.store((packed | COMMAS[length]).to_le_bytes(), length + 1);
    }

    /// Any field, in quotes if it needs them. That the empty only field of a line does too, `end_row` sees.
    #[inline]
    pub fn field(&mut self, value: &[u8], bare: bool) {
        let Some((first, last)) = value.first_chunk::<8>().zip(value.last_chunk::<8>()) else {
            return self.short(pack(value), value.len(), bare);
        };
        let length = value.len();
        let Some((front, back)) = value.first_chunk::<WORD>().zip(value.last_chunk::<WORD>()) else {
            let [first, last] = [*first, *last].map(u64::from_le_bytes);
            if !bare && has_sign(u128::from(first) | u128::from(last) << 64) {
                return self.quoted(value);
            }
            let out = self.room(length + 1);
            out[..8].copy_from_slice(&first.to_le_bytes());
            out[length - 8..length].copy_from_slice(&last.to_le_bytes());
            out[length] = b',';
            self.length += length + 1;
            return;
        };
        debug_assert!(!bare || !needs_quotes(value), "what a bare column holds needs no quotes");
        if length > 2 * WORD {
            return self.long(value, bare);
        }
        // Ids and moments are of this length: two stores that overlap, no loop.
        if !bare && (has_sign(u128::from_le_bytes(*front)) || has_sign(u128::from_le_bytes(*back))) {
            return self.quoted(value);
        }
        let out = self.room(length + 1);
        out[..WORD].copy_from_slice(front);
        out[length - WORD..length].copy_from_slice(back);
        out[length] = b',';
        self.length += length + 1;
    }

    #[inline(never)]
    fn long(&mut self, value: &[u8], bare: bool) {
        let signs = |chunk: &[u8; WORD]| has_sign(u128::from_le_bytes(*chunk));
        if !bare && (value.as_chunks().0.iter().any(signs) || value.last_chunk().is_some_and(signs)) {
            return self.quoted(value);
        }
        self.raw(value);
        self.comma();
    }

    /// Bytes as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// The comma behind a field that was written as it is.
    #[inline]
    pub fn comma(&mut self) {
        self.raw(b",");
    }

    /// A row and its line end.
    pub fn row<T: AsRef<[u8]>>(&mut self, fields: impl IntoIterator<Item = T>, ending: LineEnding) {
        let start = self.length;
        fields.into_iter().for_each(|field| self.field(field.as_ref(), false));
        self.end_row(start, ending);
    }

    /// The line end of the row that began at `start` and has a field at least.
    #[inline(always)]
    pub fn end_row(&mut self, start: usize, ending: LineEnding) {
        self.length -= 1;
        if self.length == start {
            // The empty only field of a line.
            self.raw(b"\"\"");
        }
        let ending = ending.bytes();
        let word = ending.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte));
        self.store(word.to_le_bytes(), ending.len());
    }

    /// Sixteen bytes at once, of which only `length` count, are one store instead of a call.
    #[inline(always)]
    fn store(&mut self, bytes: [u8; WORD], length: usize) {
        match self.bytes.get_mut(self.length..).and_then(|free| free.first_chunk_mut()) {
            Some(free) => *free = bytes,
            None => self.room(length)[..WORD].copy_from_slice(&bytes),
        }
        self.length += length;
    }

    /// Memory for `more` bytes and a word.
    #[inline(always)]
    fn room(&mut self, more: usize) -> &mut [u8] {
        if self.bytes.len() - self.length < more + WORD {
            self.grow(more + WORD);
        }
        &mut self.bytes[self.length..]
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let room = (self.length + more).max(2 * self.bytes.len()).max(4 * WORD);
        self.bytes.resize(room, 0);
    }

    /// In quotes, with every quote doubled.
    #[inline(never)]
    fn quoted(&mut self, value: &[u8]) {
        // Quotes around it, the comma, and every byte twice at most.
        let out = self.room(2 * value.len() + 3);
        out[0] = b'"';
        let mut to = 1;
        let (chunks, rest) = value.as_chunks::<WORD>();
        for chunk in chunks {
            to = double(out, to, u128::from_le_bytes(*chunk), WORD);
        }
        if !rest.is_empty() {
            // Where there are sixteen, the last ones are read and all but the rest shifted out.
            let last = value.last_chunk().map(|last| u128::from_le_bytes(*last) >> (8 * (WORD - rest.len())));
            to = double(out, to, last.unwrap_or_else(|| pack(rest)), rest.len());
        }
        out[to..to + 2].copy_from_slice(b"\",");
        self.length += to + 2;
    }
}

/// Writes `length` bytes to `out` from `to` on, every quote doubled; gives where they end. Sixteen bytes at a time are stored
/// whole, and stored again from behind each quote.
#[inline(always)]
fn double(out: &mut [u8], mut to: usize, mut packed: u128, mut length: usize) -> usize {
    let mut quotes = equal(packed, b'"');
    while quotes != 0 {
        let until = quotes.trailing_zeros() as usize + 1;
        out[to..to + WORD].copy_from_slice(&packed.to_le_bytes());
        out[to + until] = b'"';
        to += until + 1;
        // A shift by all bits is none at all.
        packed = packed.checked_shr(8 * until as u32).unwrap_or(0);
        quotes >>= until;
        length -= until;
    }
    out[to..to + WORD].copy_from_slice(&packed.to_le_bytes());
    to + length
}

/// The fields of one row of a [`RowBuffer`], with its line end or without. For such rows only: it does not judge.
pub fn decode_row(row: &[u8]) -> RowFields<'_> {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    RowFields { rest: Some(row.strip_suffix(b"\r").unwrap_or(row)) }
}

/// See [`decode_row`].
#[derive(Debug, Clone)]
pub struct RowFields<'a> {
    /// What is left; none behind the last field.
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for RowFields<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        let rest = self.rest?;
        let Some(inner) = rest.strip_prefix(b"\"") else {
            let end = memchr(b',', rest);
            self.rest = end.map(|end| &rest[end + 1..]);
            return Some(Cow::Borrowed(&rest[..end.unwrap_or(rest.len())]));
        };
        let mut text = Cow::Borrowed(&inner[..0]);
        let mut from = 0;
        loop {
            let end = memchr(b'"', &inner[from..]).map_or(inner.len(), |found| from + found);
            let doubled = inner.get(end + 1) == Some(&b'"');
            // Of a doubled quote the first is kept with the text before it.
            let part = &inner[from..if doubled { end + 1 } else { end }];
            if text.is_empty() {
                text = Cow::Borrowed(part);
            } else {
                text.to_mut().extend_from_slice(part);
            }
            if !doubled {
                self.rest = inner.get(end + 2..);
                return Some(text);
            }
            from = end + 2;
        }
    }
}

/// Up to 16 bytes as one number, the first in the lowest byte, zeros behind the last.
#[inline(always)]
fn pack(bytes: &[u8]) -> u128 {
    // The last bytes are read where they end, so first and last may overlap: the common ones are equal.
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let shift = 8 * (bytes.len() - 8);
        u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << shift
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let shift = 8 * (bytes.len() - 4);
        u128::from(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << shift)
    } else {
        bytes.iter().rev().fold(0, |packed, &byte| packed << 8 | u128::from(byte))
    }
}
