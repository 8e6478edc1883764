//! Free text on its way into rows: what is done to plain text is known before the first cell.

use crate::csv::{Copying, put_plain, put_plain_view};
use crate::functions::cell::{Cell, Normal, TextRules};
use crate::functions::kernel::date::Hint;
use crate::functions::kernel::{Made, Value};
use crate::mapping::{Case, QuotePolicy};

/// Plain text that becomes small letters, or whose double quotes become single ones.
pub struct PlainText<'r, const LOWER: bool, const REQUOTE: bool>(pub &'r TextRules);

/// Which kind of plain text a column holds.
pub enum Kind {
    /// As it is; text with double quotes takes the long road.
    Kept,
    /// As it is; double quotes become single ones.
    Requoted,
    /// In small letters; text that needs quotes takes the long road.
    Lower,
    /// All text takes the long road.
    Other,
}

impl Kind {
    /// That of a column with these rules.
    pub fn of(rules: &TextRules) -> Self {
        match (rules.is_key(), rules.case()) {
            (true, _) | (_, Some(Case::Upper)) => Self::Other,
            (false, Some(Case::Lower)) => Self::Lower,
            (false, None) if rules.quotes() == QuotePolicy::Replace => Self::Requoted,
            (false, None) => Self::Kept,
        }
    }
}

impl<const LOWER: bool, const REQUOTE: bool> PlainText<'_, LOWER, REQUOTE> {
    /// Puts text by `put`: without quotes, else between them.
    #[inline(always)]
    fn put(mut put: impl FnMut(Copying) -> usize) -> usize {
        let (bare, quoted) = match (LOWER, REQUOTE) {
            (true, _) => (Copying::Lower, None),
            (_, true) => (Copying::AsItIs, Some(Copying::Requoted)),
            _ => (Copying::AsItIs, Some(Copying::Quoted)),
        };
        match (put(bare), quoted) {
            (0, Some(quoted)) => put(quoted),
            (written, _) => written,
        }
    }
}

impl<const LOWER: bool, const REQUOTE: bool> Normal for PlainText<'_, LOWER, REQUOTE> {
    #[inline(always)]
    fn put_short(&self, view: &u128, _: bool, out: &mut [u8]) -> usize {
        Self::put(|copying| put_plain_view(out, view, copying))
    }

    #[inline(always)]
    fn put_long(&self, value: &[u8], _: bool, out: &mut [u8]) -> usize {
        Self::put(|copying| put_plain(out, value, copying))
    }

    fn normal<'v>(&self, cell: &Cell, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Made<'v> {
        self.0.normal(cell, value, hint, side)
    }

    fn quick<'v>(&self, cell: &Cell, value: &'v [u8], hint: &mut Hint, side: &mut Vec<u8>) -> Option<Value<'v>> {
        self.0.quick(cell, value, hint, side)
    }
}
