//! Builds a column of judged cells from views: kept values cost 16 bytes, changed ones go to a buffer of our own.
#![allow(unsafe_code)]

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray, UInt8Array};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};

use crate::functions::cell::Verdict;
use crate::functions::fault;
use crate::functions::kernel::Value;
use crate::functions::kernel::short::Short;

/// A buffer is closed past this, so that offsets stay far from 32 bits.
const BUFFER_LIMIT: usize = 1 << 30;

/// Room below which the buffer of new text grows, before a value has to make it grow.
const TIGHT: usize = 64;

/// What a cell became.
#[derive(Debug, Clone, Copy, Default)]
pub struct Made {
    view: u128,
    fault: u8,
    empty: bool,
}

/// A column being made from another: what is not told otherwise stays as it is, at no cost.
pub struct Output<'a> {
    input: &'a StringViewArray,
    /// Empty until the first view changes.
    views: Vec<u128>,
    /// Empty until the first cell becomes empty, or an empty one gets a value.
    valid: Vec<u64>,
    faults: Vec<u8>,
    closed: Vec<Buffer>,
    /// What is written of the values that change; a kernel appends here, then its row is put.
    pub side: Vec<u8>,
}

impl<'a> Output<'a> {
    /// Every cell of `input`, without a fault.
    pub fn new(input: &'a StringViewArray) -> Self {
        let faults = vec![fault::NONE; input.len()];
        Self { input, views: Vec::new(), valid: Vec::new(), faults, closed: Vec::new(), side: Vec::new() }
    }

    /// What became of a row: `value` and its `view` as they were, and where its new text began in `side`.
    #[inline]
    pub fn put(&mut self, row: usize, value: &[u8], view: u128, verdict: Verdict<'_>, mark: usize) -> Made {
        let made = match verdict.value {
            Value::Part(part) if part.len() == value.len() => view,
            Value::Part(part) => part_view(value, view, part),
            Value::Side => self.side_view(mark),
            Value::Empty => 0,
        };
        let made = Made { view: made, fault: verdict.fault, empty: verdict.value == Value::Empty };
        if value.is_empty() && !made.empty {
            self.set(row, made.view);
            self.set_valid(row, true);
        }
        self.put_made(row, view, made);
        made
    }

    /// A row with this view became this.
    #[inline]
    pub fn put_made(&mut self, row: usize, view: u128, made: Made) {
        if made.fault != fault::NONE {
            self.faults[row] = made.fault;
        }
        if made.view != view {
            self.set(row, made.view);
        }
        if made.empty {
            self.set_valid(row, false);
        }
    }

    /// A row became this.
    #[inline(always)]
    pub fn put_short(&mut self, row: usize, short: Short) {
        self.set(row, short.view());
    }

    /// A row became what was appended to `side` from `mark` on.
    #[inline(always)]
    pub fn put_side(&mut self, row: usize, mark: usize) {
        let view = self.side_view(mark);
        self.set(row, view);
    }

    #[inline(always)]
    fn set(&mut self, row: usize, view: u128) {
        if self.views.is_empty() {
            self.copy_views();
        }
        self.views[row] = view;
    }

    #[cold]
    fn copy_views(&mut self) {
        self.views = self.input.views().to_vec();
    }

    #[inline]
    fn set_valid(&mut self, row: usize, valid: bool) {
        if self.valid.is_empty() {
            if self.input.is_valid(row) == valid {
                return;
            }
            self.valid = validity(self.input);
        }
        let bit = 1 << (row % 64);
        let word = &mut self.valid[row / 64];
        *word = if valid { *word | bit } else { *word & !bit };
    }

    #[inline]
    fn side_view(&mut self, mark: usize) -> u128 {
        if self.side.capacity() - self.side.len() < TIGHT {
            self.widen();
        }
        let text = &self.side[mark..];
        if text.len() <= 12 {
            let view = inline_view(text);
            self.side.truncate(mark);
            return view;
        }
        let buffer = self.input.data_buffers().len() + self.closed.len();
        let view = long_view(text, buffer, mark);
        self.close_if_large();
        view
    }

    #[inline(always)]
    fn close_if_large(&mut self) {
        if self.side.len() > BUFFER_LIMIT {
            self.closed.push(Buffer::from_vec(std::mem::take(&mut self.side)));
        }
    }

    /// Room for as much again as the rows so far took, at least for a line each: few steps instead of many.
    #[cold]
    fn widen(&mut self) {
        self.side.reserve(self.side.len().max(32 * self.input.len()));
    }

    /// The finished column.
    pub fn finish(mut self) -> ArrayRef {
        let rows = self.input.len();
        let faults = UInt8Array::new(ScalarBuffer::from(self.faults), None);
        if self.views.is_empty() && self.valid.is_empty() {
            return super::judged_array(self.input.clone(), faults);
        }
        let nulls = match self.valid.is_empty() {
            true => self.input.nulls().cloned(),
            false => Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(self.valid), 0, rows))),
        };
        let mut buffers = self.input.data_buffers().to_vec();
        buffers.append(&mut self.closed);
        if !self.side.is_empty() {
            buffers.push(Buffer::from_vec(self.side));
        }
        let views = if self.views.is_empty() { self.input.views().clone() } else { ScalarBuffer::from(self.views) };
        super::judged_array(build(views, buffers, nulls.filter(|nulls| nulls.null_count() > 0)), faults)
    }
}

/// Which rows have a value, 64 to a word.
#[cold]
fn validity(input: &StringViewArray) -> Vec<u64> {
    match input.nulls() {
        Some(nulls) => nulls.inner().bit_chunks().iter_padded().collect(),
        None => vec![u64::MAX; input.len().div_ceil(64)],
    }
}

#[cfg(debug_assertions)]
fn build(views: ScalarBuffer<u128>, buffers: Vec<Buffer>, nulls: Option<NullBuffer>) -> StringViewArray {
    // The portable and checked road: tests and debug builds find out whether the proof below holds.
    StringViewArray::try_new(views, buffers, nulls).expect("views are built within their buffers")
}

#[cfg(not(debug_assertions))]
fn build(views: ScalarBuffer<u128>, buffers: Vec<Buffer>, nulls: Option<NullBuffer>) -> StringViewArray {
    // SAFETY: a view is one of four. A view of the input, whose buffers stand first and unchanged. A piece of such a view:
    // `part` is a slice of the value, so offset and length stay inside it, cut between characters. An inline view of at most
    // 12 bytes, zero beyond them. A view of text in one of our own buffers, which stand at the numbers `side_view` gave.
    // Text in our buffers is UTF-8: kernels append only whole characters (see `kernel`).
    unsafe { StringViewArray::new_unchecked(views, buffers, nulls) }
}

/// The view of `part`, a slice of the `value` that `view` stands for.
#[inline]
fn part_view(value: &[u8], view: u128, part: &[u8]) -> u128 {
    if part.len() <= 12 {
        return inline_view(part);
    }
    let start = part.as_ptr().addr() - value.as_ptr().addr();
    let (buffer, offset) = ((view >> 64) as u32, (view >> 96) as u32);
    long_view(part, buffer as usize, offset as usize + start)
}

#[inline]
fn long_view(text: &[u8], buffer: usize, offset: usize) -> u128 {
    let small = |number: usize| u128::from(u32::try_from(number).expect("buffers stay below 2 GiB and are few"));
    let prefix = text.first_chunk::<4>().map_or(0, |prefix| u32::from_le_bytes(*prefix));
    small(text.len()) | u128::from(prefix) << 32 | small(buffer) << 64 | small(offset) << 96
}

/// The view of at most 12 bytes, held in the view itself.
#[inline]
fn inline_view(text: &[u8]) -> u128 {
    let length = text.len();
    // The last four bytes overlap the first ones; shifted as 64 bits, because all 32 may have to go.
    let last = |most: usize| {
        let last = text.last_chunk::<4>().map_or(0, |last| u32::from_le_bytes(*last));
        u128::from(u64::from(last) >> (8 * (most - length)))
    };
    let bytes = if let Some(first) = text.first_chunk::<8>() {
        u128::from(u64::from_le_bytes(*first)) | last(12) << 64
    } else if let Some(first) = text.first_chunk::<4>() {
        u128::from(u32::from_le_bytes(*first)) | last(8) << 32
    } else {
        text.iter().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte))
    };
    length as u128 | bytes << 32
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::make_view;

    use super::*;

    #[test]
    fn inline_views_are_those_of_arrow() {
        for length in 0..=12 {
            for shift in 0..=255u8 {
                let text: Vec<u8> = (0..length).map(|at: u8| at.wrapping_mul(37).wrapping_add(shift)).collect();
                assert_eq!(inline_view(&text), make_view(&text, 0, 0), "{length}");
            }
        }
        let text = b"a text of more than twelve bytes";
        assert_eq!(long_view(text, 3, 77), make_view(text, 3, 77));
    }
}
