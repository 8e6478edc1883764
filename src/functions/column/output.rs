//! Builds a column of judged cells from views: kept values cost 16 bytes, changed ones go to a buffer of our own.
#![allow(unsafe_code)]

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray, UInt8Array};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};

use crate::functions::cell::Verdict;
use crate::functions::kernel::Value;

/// A buffer is closed past this, so that offsets stay far from 32 bits.
const BUFFER_LIMIT: usize = 1 << 30;

/// A column being built beside the one it comes from.
pub struct Output<'a> {
    input: &'a StringViewArray,
    views: Vec<u128>,
    faults: Vec<u8>,
    valid: Vec<u64>,
    word: u64,
    empty: bool,
    closed: Vec<Buffer>,
    /// What is written of the values that change; a kernel appends here, then its row is pushed.
    pub side: Vec<u8>,
}

impl<'a> Output<'a> {
    /// Room for as many rows as `input` has.
    pub fn new(input: &'a StringViewArray) -> Self {
        let rows = input.len();
        Self {
            input,
            views: Vec::with_capacity(rows),
            faults: Vec::with_capacity(rows),
            valid: Vec::with_capacity(rows / 64 + 1),
            word: 0,
            empty: false,
            closed: Vec::new(),
            side: Vec::new(),
        }
    }

    /// The next row: `value` and its `view` as they were, what it became, and where its text began in `side`.
    #[inline(always)]
    pub fn push(&mut self, value: &[u8], view: u128, verdict: Verdict<'_>, mark: usize) {
        let row = self.views.len();
        let new = match verdict.value {
            Value::Part(part) if part.len() == value.len() => view,
            Value::Part(part) => part_view(value, view, part),
            Value::Side => self.side_view(mark),
            Value::Empty => {
                self.empty = true;
                0
            }
        };
        self.word |= u64::from(!matches!(verdict.value, Value::Empty)) << (row % 64);
        self.views.push(new);
        self.faults.push(verdict.fault);
        if row % 64 == 63 {
            self.valid.push(self.word);
            self.word = 0;
        }
    }

    #[inline]
    fn side_view(&mut self, mark: usize) -> u128 {
        let text = &self.side[mark..];
        if text.len() <= 12 {
            let view = inline_view(text);
            self.side.truncate(mark);
            return view;
        }
        let buffer = self.input.data_buffers().len() + self.closed.len();
        let view = long_view(text, buffer, mark);
        if self.side.len() > BUFFER_LIMIT {
            self.closed.push(Buffer::from_vec(std::mem::take(&mut self.side)));
        }
        view
    }

    /// The finished column.
    pub fn finish(mut self) -> ArrayRef {
        let rows = self.views.len();
        let nulls = self.empty.then(|| {
            self.valid.push(self.word);
            NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(self.valid), 0, rows))
        });
        let mut buffers = self.input.data_buffers().to_vec();
        buffers.append(&mut self.closed);
        if !self.side.is_empty() {
            buffers.push(Buffer::from_vec(self.side));
        }
        let values = build(self.views, buffers, nulls);
        super::judged_array(values, UInt8Array::new(ScalarBuffer::from(self.faults), None))
    }
}

#[cfg(debug_assertions)]
fn build(views: Vec<u128>, buffers: Vec<Buffer>, nulls: Option<NullBuffer>) -> StringViewArray {
    // The portable and checked road: tests and debug builds find out whether the proof below holds.
    StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls).expect("views are built within their buffers")
}

#[cfg(not(debug_assertions))]
fn build(views: Vec<u128>, buffers: Vec<Buffer>, nulls: Option<NullBuffer>) -> StringViewArray {
    // SAFETY: a view is one of four. A view of the input, whose buffers stand first and unchanged. A piece of such a view:
    // `part` is a slice of the value, so offset and length stay inside it, cut between characters. An inline view of at most
    // 12 bytes, zero beyond them. A view of text in one of our own buffers, which stand at the numbers `side_view` gave.
    // Text in our buffers is UTF-8: kernels append only whole characters (see `kernel`).
    unsafe { StringViewArray::new_unchecked(ScalarBuffer::from(views), buffers, nulls) }
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
