//! Puts one field, and the comma behind it, at the head of some bytes; every function gives how many it wrote.
//!
//! A field is quoted if it holds `,` `;` `'` `"` CR or LF. Most cells are short and clean: they are tested and stored sixteen bytes
//! at a time, because calling a search costs more than such a search takes. What is stored beyond the field is overwritten by
//! what comes next.

use super::signs::{Copying, copy_plain, copy_plain_view, equal, has_sign, needs_quotes};

/// Bytes tested and stored at once.
pub(super) const WORD: usize = 16;

/// Bytes that must be there to put a field of `length` bytes, whatever they are, and a word behind it.
#[inline(always)]
pub(super) const fn room_for(length: usize) -> usize {
    // Every byte is a quote to be doubled; two quotes around them and the comma.
    2 * length + 3 + WORD
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

/// An empty field.
#[inline(always)]
pub fn put_empty(out: &mut [u8]) -> usize {
    out[0] = b',';
    1
}

/// A field of up to 15 bytes in one number, the first in the lowest byte, zeros behind the last: as short strings stand in
/// Arrow's views. `bare`: its bytes are such as never need quotes.
#[inline(always)]
pub fn put_short(out: &mut [u8], packed: u128, length: usize, bare: bool) -> usize {
    debug_assert!(!bare || !has_sign(packed), "what a bare column holds needs no quotes");
    if !bare && has_sign(packed) {
        return quoted(out, &packed.to_le_bytes()[..length]);
    }
    out[..WORD].copy_from_slice(&(packed | COMMAS[length]).to_le_bytes());
    length + 1
}

/// Any field, in quotes if it needs them.
#[inline]
pub fn put_field(out: &mut [u8], value: &[u8], bare: bool) -> usize {
    let length = value.len();
    let Some((first, last)) = value.first_chunk::<8>().zip(value.last_chunk::<8>()) else {
        return put_short(out, pack(value), length, bare);
    };
    let Some((front, back)) = value.first_chunk::<WORD>().zip(value.last_chunk::<WORD>()) else {
        let [front, back] = [*first, *last].map(u64::from_le_bytes);
        if !bare && has_sign(u128::from(front) | u128::from(back) << 64) {
            return quoted(out, value);
        }
        out[..8].copy_from_slice(first);
        out[length - 8..length].copy_from_slice(last);
        out[length] = b',';
        return length + 1;
    };
    debug_assert!(!bare || !needs_quotes(value), "what a bare column holds needs no quotes");
    if length > 2 * WORD {
        return long(out, value, bare);
    }
    // Ids and moments are of this length: two stores that overlap, no loop.
    if !bare && (has_sign(u128::from_le_bytes(*front)) || has_sign(u128::from_le_bytes(*back))) {
        return quoted(out, value);
    }
    out[..WORD].copy_from_slice(front);
    out[length - WORD..length].copy_from_slice(back);
    out[length] = b',';
    length + 1
}

#[inline(never)]
fn long(out: &mut [u8], value: &[u8], bare: bool) -> usize {
    let signs = |chunk: &[u8; WORD]| has_sign(u128::from_le_bytes(*chunk));
    if !bare && (value.as_chunks().0.iter().any(signs) || value.last_chunk().is_some_and(signs)) {
        return quoted(out, value);
    }
    out[..value.len()].copy_from_slice(value);
    out[value.len()] = b',';
    value.len() + 1
}

/// A field of more than twelve bytes of plain text without white space at either end, copied while it is asked whether it is
/// one. 0: it may be none, or is none that `copying` takes.
#[inline(always)]
pub fn put_plain(out: &mut [u8], value: &[u8], copying: Copying) -> usize {
    let (length, quotes) = (value.len(), copying.quotes());
    let text = &mut out[quotes..quotes + length + WORD];
    let mut good = !may_be_space(value);
    match value.last_chunk::<WORD>() {
        Some(last) => {
            // Some bytes twice, unless the length is a multiple.
            let mut at = 0;
            while at + WORD < length {
                good &= copy_word(&value[at..], &mut text[at..], copying);
                at += WORD;
            }
            good &= copy_word(last, &mut text[length - WORD..], copying);
        }
        None => {
            let mut word = [b'0'; WORD];
            word[..length].copy_from_slice(value);
            good &= copy_word(&word, text, copying);
        }
    }
    if good { end_plain(out, length, quotes) } else { 0 }
}

/// Whether a character at an end of plain text may be white space: a space, or one of three bytes.
#[inline(always)]
fn may_be_space(value: &[u8]) -> bool {
    let of_three = 0xe1..=0xe3;
    match value {
        [first, .., last] if *last < 0x80 => *first == b' ' || of_three.contains(first) || *last == b' ',
        [first, .., before, _, _] => *first == b' ' || of_three.contains(first) || of_three.contains(before),
        _ => true,
    }
}

#[inline(always)]
fn copy_word(from: &[u8], to: &mut [u8], copying: Copying) -> bool {
    from.first_chunk().zip(to.first_chunk_mut()).is_some_and(|(from, to)| copy_plain(from, to, copying))
}

/// The same of the text in one of Arrow's string views, of one to twelve bytes.
#[inline(always)]
pub fn put_plain_view(out: &mut [u8], view: &u128, copying: Copying) -> usize {
    let (length, quotes) = (*view as u32 as usize, copying.quotes());
    let Some(to) = out[quotes..].first_chunk_mut::<WORD>() else { return 0 };
    let good = copy_plain_view(view, to, copying);
    // Of a character outside ASCII at an end the long road tells whether it is white space.
    let is_clear = |byte: u8| byte != b' ' && byte < 0x80;
    let good = good && is_clear(to[0]) && is_clear(to[(length - 1) % WORD]);
    if good { end_plain(out, length, quotes) } else { 0 }
}

/// What stands behind a plain field, and before it, where `quotes` is one.
#[inline(always)]
fn end_plain(out: &mut [u8], length: usize, quotes: usize) -> usize {
    if quotes == 1 {
        out[0] = b'"';
        out[length + 1] = b'"';
    }
    out[length + 2 * quotes] = b',';
    length + 2 * quotes + 1
}

/// In quotes, with every quote doubled.
#[inline(never)]
fn quoted(out: &mut [u8], value: &[u8]) -> usize {
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
    to + 2
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
