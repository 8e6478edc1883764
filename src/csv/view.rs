//! Builds Arrow's string views straight from the separators of a piece.
//!
//! A view holds the length in its lowest 4 bytes; then up to 12 bytes of text, or the first 4, the number of a buffer and
//! an offset into it. Rows go through in groups of 64: their bytes and separators stay in the nearest cache while column
//! after column is built, and a group fills one word of validity.

use super::dialect::{Dialect, text_end};
use super::field::unescape;
use super::index::{Index, Place, each, place};
use super::lanes::put_view;
use super::rows::Column;

/// Longest text that stands in the view itself.
pub(super) const SHORT: usize = 12;

/// The piece's own bytes.
const PIECE: u32 = 0;

/// The text that had to be unescaped.
const SIDE: u32 = 1;

/// Bytes that must be readable from a field's start on, for the quick way: a quote and a word.
const REACH: usize = 17;

/// What the cells of a piece are built from.
pub(super) struct Cells<'a> {
    /// The piece, and whatever readable bytes lie behind it.
    pub(super) bytes: &'a [u8],
    /// Length of the piece.
    pub(super) length: usize,
    pub(super) dialect: &'a Dialect,
    pub(super) nulls: &'a Nulls,
    pub(super) index: &'a Index,
    /// Field that may end with a CR which belongs to the line end.
    pub(super) last_field: Option<usize>,
}

/// Spellings of NULL, as views where they are short.
#[derive(Debug, Clone, Default)]
pub(super) struct Nulls {
    short: Vec<u128>,
    long: Vec<Vec<u8>>,
}

impl Nulls {
    pub(super) fn new(spellings: &[Vec<u8>]) -> Self {
        let (short, long): (Vec<_>, Vec<_>) = spellings.iter().cloned().partition(|text| text.len() <= SHORT);
        Self { short: short.iter().map(|text| short_view(text)).collect(), long }
    }

    fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty()
    }

    #[inline]
    fn has(&self, view: u128, piece: &[u8], side: &[u8]) -> bool {
        let length = view as u32 as usize;
        if length <= SHORT {
            return self.short.contains(&view);
        }
        let buffer = if (view >> 64) as u32 == PIECE { piece } else { side };
        let offset = (view >> 96) as usize;
        self.long.iter().any(|text| text.len() == length && buffer[offset..].starts_with(text))
    }
}

impl Cells<'_> {
    /// Builds the columns of `wanted` fields from the rows of the index; none: a column of NULL.
    pub(super) fn build(&self, wanted: &[Option<usize>], columns: &mut Vec<Column>, side: &mut Vec<u8>) {
        let rows = self.index.rows.len();
        let words = rows.div_ceil(64);
        let mut built: Vec<(Column, Vec<u64>)> = wanted
            .iter()
            .map(|field| match field {
                Some(_) => (Column { views: Vec::with_capacity(rows), ..Column::default() }, Vec::with_capacity(words)),
                None => (Column { views: vec![0; rows], validity: None, null_count: rows }, vec![0; words]),
            })
            .collect();
        for group in self.index.rows.chunks(64) {
            for (field, (column, validity)) in wanted.iter().zip(&mut built) {
                if let Some(field) = *field {
                    let first = column.views.len();
                    column.views.resize(first + group.len(), 0);
                    let valid = self.group(group, field, &mut column.views[first..], side);
                    column.null_count += group.len() - valid.count_ones() as usize;
                    validity.push(valid);
                }
            }
        }
        columns.extend(built.into_iter().map(|(mut column, validity)| {
            column.validity = (column.null_count > 0).then_some(validity);
            column
        }));
    }

    /// Fills in the views of one field of up to 64 rows; gives their validity.
    fn group(&self, rows: &[u32], field: usize, views: &mut [u128], side: &mut Vec<u8>) -> u64 {
        let separators = self.index.from(field);
        let last = self.last_field == Some(field);
        let quick = Quick {
            bytes: self.bytes,
            limit: self.length.min(self.bytes.len().saturating_sub(REACH)) as u32,
            quote: self.dialect.quote,
        };
        let (mut valid, left) = match last {
            true => quick.group::<true>(separators, rows, views),
            false => quick.group::<false>(separators, rows, views),
        };
        each(left, |at| {
            let (at, bit) = (at as usize, 1 << at);
            let row = rows[at] as usize;
            views[at] = self.slow(place(separators[row], separators[row + 1]), last, side);
            valid = valid & !bit | if views[at] == 0 { 0 } else { bit };
        });
        if !self.nulls.is_empty() {
            for (at, view) in views.iter_mut().enumerate() {
                if self.nulls.has(*view, self.bytes, side) {
                    *view = 0;
                    valid &= !(1 << at);
                }
            }
        }
        valid
    }

    /// The view of any field.
    fn slow(&self, Place { start, mut end, escaped }: Place, last: bool, side: &mut Vec<u8>) -> u128 {
        if last {
            end = text_end(self.bytes, start, end, false);
        }
        let field = &self.bytes[start..end];
        let [first, inner @ .., _] = field else { return short_view(field) };
        if *first != self.dialect.quote {
            return view(field, PIECE, start);
        }
        if !escaped {
            return view(inner, PIECE, start + 1);
        }
        let offset = side.len();
        if offset == 0 {
            // Where one field is escaped many are: room for an eighth of the piece spares growing step by step.
            side.reserve(self.length / 8);
        }
        unescape(side, self.bytes, start + 1..end - 1, self.dialect);
        let view = view(&side[offset..], SIDE, offset);
        if side.len() - offset <= SHORT {
            side.truncate(offset);
        }
        view
    }
}

/// The quick way: no call, and no branch that depends on what the cells hold.
struct Quick<'a> {
    bytes: &'a [u8],
    /// Fields that end here or later are left to the slow way. Before the piece's end even an empty field is followed by
    /// a byte that is no quote.
    limit: u32,
    quote: u8,
}

impl Quick<'_> {
    /// The views of up to 64 rows. A bit per row: whether it is not empty; whether it is left to the slow way.
    #[inline(never)]
    fn group<const LAST: bool>(&self, separators: &[u32], rows: &[u32], views: &mut [u128]) -> (u64, u64) {
        let Self { bytes, limit, quote } = *self;
        let (mut valid, mut left) = (0, 0);
        for (at, (view, &row)) in views.iter_mut().zip(rows).enumerate() {
            let row = row as usize;
            let pair = separators.get(row..row + 2).and_then(|pair| pair.first_chunk::<2>());
            let &[before, behind] = pair.expect("a row has a separator before and behind each field");
            let Place { start, mut end, .. } = place(before, behind);
            // The mark of an escaped field makes it look further away than any limit.
            let (true, Some(text)) = (behind <= limit, bytes.get(start..start + REACH)) else {
                left |= 1 << at;
                continue;
            };
            if LAST {
                end = text_end(bytes, start, end, false);
            }
            let [text, behind_quote] = [text.first_chunk(), text.last_chunk()];
            let Some((text, behind_quote)) = text.zip(behind_quote) else { continue };
            let is_quoted = text[0] == quote;
            let quoted = usize::from(is_quoted);
            let length = end - start - 2 * quoted;
            put_view(view, if is_quoted { behind_quote } else { text }, length, start + quoted);
            valid |= u64::from(length != 0) << at;
        }
        (valid, left)
    }
}

fn view(text: &[u8], buffer: u32, offset: usize) -> u128 {
    match text.first_chunk::<4>() {
        Some(prefix) if text.len() > SHORT => {
            let prefix = u128::from(u32::from_le_bytes(*prefix));
            text.len() as u128 | prefix << 32 | u128::from(buffer) << 64 | (offset as u128) << 96
        }
        _ => short_view(text),
    }
}

/// The view of a text of up to 12 bytes.
fn short_view(text: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[4..4 + text.len()].copy_from_slice(text);
    u128::from_le_bytes(bytes) | text.len() as u128
}
