//! Writes CSV rows, and reads back the rows it wrote.
//!
//! A field is quoted if it holds `,` `;` `'` `"` CR or LF, or is the empty only field of a line. Most cells are short and
//! clean: they are tested 16 bytes at a time in place, because calling a search costs more than such a search takes.

use std::borrow::Cow;

use memchr::memchr;

use super::signs::has_sign;

/// Longest field that is copied 16 bytes at a time.
const SHORT: usize = 64;

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

/// Appends a field, in quotes if it needs them. That the empty only field of a line does too is the caller's to know; see
/// [`encode_row`].
#[inline]
pub fn encode_field(out: &mut Vec<u8>, value: &[u8]) {
    if value.is_empty() {
        return;
    }
    let start = out.len();
    let (chunks, rest) = value.as_chunks::<16>();
    if value.len() > SHORT {
        if chunks.iter().any(|chunk| has_sign(u128::from_le_bytes(*chunk))) || has_sign(pack(rest)) {
            return encode_quoted(out, value);
        }
        return out.extend_from_slice(value);
    }
    for chunk in chunks {
        if has_sign(u128::from_le_bytes(*chunk)) {
            out.truncate(start);
            return encode_quoted(out, value);
        }
        out.extend_from_slice(chunk);
    }
    if !rest.is_empty() {
        let packed = pack(rest);
        if has_sign(packed) {
            out.truncate(start);
            return encode_quoted(out, value);
        }
        // Sixteen bytes at once, the last of them cut off again, is one store instead of a call.
        out.extend_from_slice(&packed.to_le_bytes());
        out.truncate(start + value.len());
    }
}

/// The same for a field of up to 16 bytes in one number, the first in the lowest byte, zeros behind the last: as short
/// strings stand in Arrow's views.
#[inline]
pub fn encode_packed(out: &mut Vec<u8>, packed: u128, length: usize) {
    let bytes = packed.to_le_bytes();
    if has_sign(packed) {
        return encode_quoted(out, &bytes[..length]);
    }
    let start = out.len();
    out.extend_from_slice(&bytes);
    out.truncate(start + length);
}

/// Appends a row and its line end.
pub fn encode_row<T: AsRef<[u8]>>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = T>, ending: LineEnding) {
    let start = out.len();
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        encode_field(out, field.as_ref());
    }
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(ending.bytes());
}

/// The fields of one row that [`encode_row`] wrote, or that was put together from [`encode_field`] and commas, with its
/// line end or without. For such rows only: it does not judge.
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

#[cold]
fn encode_quoted(out: &mut Vec<u8>, value: &[u8]) {
    out.reserve(value.len() + 2);
    out.push(b'"');
    let mut rest = value;
    while let Some(found) = memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=found]);
        out.push(b'"');
        rest = &rest[found + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
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
