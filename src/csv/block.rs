//! Lays out a block of rows column by column: what a column is like is asked once, not cell by cell.
//!
//! The first pass over the columns tells how long each row becomes, the second puts each field at its place. Fields of up to
//! 12 bytes are stored sixteen bytes at once, together with the comma behind them, into what stands there already: the
//! start of the next row may.

use super::encode::{LineEnding, RowBuffer};
use super::signs::{has_sign, has_signs, needs_quotes};

/// Bytes stored at once.
const WORD: usize = 16;

/// Longest text that stands in a view itself.
const SHORT: usize = 12;

/// A column of texts, as Arrow's string views.
pub trait Texts {
    /// A view for each row: the length in its lowest 32 bits, behind it up to 12 bytes of text, zeros behind those.
    fn views(&self) -> &[u128];
    /// The text of a view of more than 12 bytes.
    fn long(&self, view: u128) -> &[u8];
    /// No text of the column needs quotes.
    fn is_bare(&self) -> bool;
}

/// For each length of a short field the comma behind it.
const COMMAS: [u128; WORD] = {
    let mut commas = [0; WORD];
    let mut length = 0;
    while length < WORD {
        commas[length] = (b',' as u128) << (8 * length);
        length += 1;
    }
    commas
};

/// For each length of a short field the bytes behind its comma.
const BEHIND: [u128; WORD] = {
    let mut behind = [0; WORD];
    let mut length = 0;
    while length < WORD - 1 {
        behind[length] = u128::MAX << (8 * (length + 1));
        length += 1;
    }
    behind
};

/// A field that stands in quotes.
#[derive(Debug, Clone, Copy)]
struct Quoted {
    /// Place of its row in the block.
    place: u32,
    /// Bytes, comma included, that it takes of the quoted text.
    length: u32,
}

/// Memory for laying out a block of rows, kept from block to block.
#[derive(Debug, Default)]
pub struct Block {
    /// Of each row at first its length, then where its next field goes, at last where it ends.
    at: Vec<usize>,
    /// Fields in quotes, column by column.
    quoted: Vec<Quoted>,
    /// Of each column the number of quoted fields up to its end.
    seams: Vec<usize>,
    /// The quoted fields, each with the comma behind it.
    text: RowBuffer,
}

impl Block {
    /// Appends `rows` of `columns`, at least one, to `out`, and adds to `filled` the fields of each column that are not empty.
    /// Gives where each row ends, counted from the first one's start.
    pub fn write<T: Texts>(
        &mut self,
        columns: &[&T],
        rows: &[u32],
        ending: LineEnding,
        out: &mut RowBuffer,
        filled: &mut [u64],
    ) -> &[usize] {
        self.at.clear();
        self.at.resize(rows.len(), 0);
        self.quoted.clear();
        self.seams.clear();
        self.text.clear();
        for (column, filled) in columns.iter().zip(filled) {
            *filled += match column.is_bare() && columns.len() > 1 {
                true => self.measure_bare(*column, rows),
                // The empty only field of a line is quoted.
                false => self.measure(*column, rows, columns.len() == 1),
            };
            self.seams.push(self.quoted.len());
        }
        // The line end takes the place of the last comma.
        let (ending, mut end) = (ending.bytes(), 0);
        for at in &mut self.at {
            let length = std::mem::replace(at, end);
            end += length + ending.len() - 1;
        }
        let target = out.append(end);
        let (mut from, mut text) = (0, self.text.bytes());
        for (column, seam) in columns.iter().zip(&self.seams) {
            text = place(*column, rows, &mut self.at, &self.quoted[from..*seam], text, target);
            from = *seam;
        }
        for at in &mut self.at {
            target[*at - 1..][..ending.len()].copy_from_slice(ending);
            *at += ending.len() - 1;
        }
        &self.at
    }

    /// Adds the lengths of a column's fields to the rows'; gives how many are not empty.
    fn measure_bare<T: Texts>(&mut self, column: &T, rows: &[u32]) -> u64 {
        let (views, mut filled) = (column.views(), 0);
        for (length, &row) in self.at.iter_mut().zip(rows) {
            let view = views[row as usize];
            debug_assert!(
                !needs_quotes(text(column, view, &mut [0; WORD])),
                "what a bare column holds needs no quotes"
            );
            *length += view as u32 as usize + 1;
            filled += u64::from(view != 0);
        }
        filled
    }

    /// The same where fields may need quotes; the empty ones do too if `only` they stand in a line.
    fn measure<T: Texts>(&mut self, column: &T, rows: &[u32], only: bool) -> u64 {
        let (views, mut filled) = (column.views(), 0);
        for (place, &row) in rows.iter().enumerate() {
            let view = views[row as usize];
            let length = view as u32 as usize;
            filled += u64::from(view != 0);
            let signs = if length <= SHORT { has_sign(view >> 32) } else { has_signs(column.long(view)) };
            self.at[place] += match signs || (only && length == 0) {
                true => self.quote(place, text(column, view, &mut [0; WORD])),
                false => length + 1,
            };
        }
        filled
    }

    /// Notes a field that needs quotes; gives its length with them and the comma.
    #[inline(never)]
    fn quote(&mut self, place: usize, value: &[u8]) -> usize {
        let start = self.text.len();
        self.text.quoted(value);
        let length = self.text.len() - start;
        self.quoted.push(Quoted { place: place as u32, length: length as u32 });
        length
    }
}

/// Puts the fields of a column at their places; gives what is left of the quoted text.
fn place<'a, T: Texts>(
    column: &T,
    rows: &[u32],
    at: &mut [usize],
    quoted: &[Quoted],
    mut quotes: &'a [u8],
    target: &mut [u8],
) -> &'a [u8] {
    let views = column.views();
    let mut quoted = quoted.iter();
    let mut next = quoted.next();
    for (place, (at, &row)) in at.iter_mut().zip(rows).enumerate() {
        let view = views[row as usize];
        let length = view as u32 as usize;
        if let Some(field) = next.filter(|field| field.place as usize == place) {
            let (these, rest) = quotes.split_at(field.length as usize);
            target[*at..][..these.len()].copy_from_slice(these);
            *at += these.len();
            (next, quotes) = (quoted.next(), rest);
            continue;
        }
        let free = &mut target[*at..];
        if length <= SHORT {
            let word = free.first_chunk_mut::<WORD>().expect("a word is free behind the last row");
            let kept = u128::from_le_bytes(*word) & BEHIND[length];
            *word = (kept | view >> 32 | COMMAS[length]).to_le_bytes();
        } else {
            long(column.long(view), free);
        }
        *at += length + 1;
    }
    quotes
}

/// Puts a field of more than 12 bytes and its comma down, and not a byte more.
#[inline(always)]
fn long(value: &[u8], free: &mut [u8]) {
    let (free, length) = (&mut free[..=value.len()], value.len());
    free[length] = b',';
    // Most are keys and moments: two stores that overlap, no loop.
    if (WORD..=2 * WORD).contains(&length) {
        *free.first_chunk_mut::<WORD>().expect("long enough") = *value.first_chunk().expect("long enough");
        let last = value.last_chunk::<WORD>().expect("long enough");
        free[length - WORD..length].copy_from_slice(last);
    } else if length < WORD {
        let (first, last) = value.first_chunk::<8>().zip(value.last_chunk::<8>()).expect("longer than a short one");
        free[..8].copy_from_slice(first);
        free[length - 8..length].copy_from_slice(last);
    } else {
        free[..length].copy_from_slice(value);
    }
}

/// The text of a view; `word` holds it where it is short.
fn text<'a, T: Texts>(column: &'a T, view: u128, word: &'a mut [u8; WORD]) -> &'a [u8] {
    match view as u32 as usize {
        length @ ..=SHORT => {
            *word = (view >> 32).to_le_bytes();
            &word[..length]
        }
        _ => column.long(view),
    }
}
