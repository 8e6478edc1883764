//! Writes CSV rows, and reads back the rows it wrote.
//!
//! A field is quoted if it holds `,` `;` `'` `"` CR or LF, or is the empty only field of a line.

use std::borrow::Cow;

use memchr::memchr;

use super::put::{WORD, put_field, room_for};

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

/// Rows in the making. A field takes the comma behind it along, and the line end takes the place of the last one. Memory
/// stands ready behind the rows, so that words are stored whole.
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

    /// Any field, in quotes if it needs them; not even asked of fields that are `bare`: made of bytes that never do. That the
    /// empty only field of a line needs them too, `end_row` sees.
    #[inline]
    pub fn field(&mut self, value: &[u8], bare: bool) {
        self.length += put_field(self.room(room_for(value.len())), value, bare);
    }

    /// Bytes as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.room(bytes.len() + WORD)[..bytes.len()].copy_from_slice(bytes);
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
            None => self.room(WORD)[..WORD].copy_from_slice(&bytes),
        }
        self.length += length;
    }

    /// Memory for `more` bytes.
    #[inline(always)]
    fn room(&mut self, more: usize) -> &mut [u8] {
        if self.bytes.len() - self.length < more {
            self.grow(more);
        }
        &mut self.bytes[self.length..]
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let room = (self.length + more).max(2 * self.bytes.len()).max(4 * WORD);
        self.bytes.resize(room, 0);
    }
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
