//! Decoded columns as Arrow arrays, without a copy and without checking every cell once more.
#![allow(unsafe_code)]

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewArray};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};

use crate::csv::Column;

/// The arrays of `columns`, each of `rows` cells, that [`Decoder::decode`](crate::csv::Decoder::decode) made from `bytes`,
/// with `side` as its side buffer.
pub(super) fn text_arrays(columns: Vec<Column>, bytes: &Buffer, side: Vec<u8>, rows: usize) -> Vec<ArrayRef> {
    let buffers: Arc<[Buffer]> = match side.is_empty() {
        true => Arc::new([bytes.clone()]),
        false => Arc::new([bytes.clone(), Buffer::from_vec(side)]),
    };
    columns.into_iter().map(|column| text_array(column, &buffers, rows)).collect()
}

fn text_array(column: Column, buffers: &Arc<[Buffer]>, rows: usize) -> ArrayRef {
    assert_eq!(column.views.len(), rows, "every column has a cell in every row");
    let nulls = column.validity.map(|bits| {
        let words = bits.into_iter().map(u64::to_le).collect::<Vec<u64>>();
        NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(words), 0, rows))
    });
    let views = ScalarBuffer::from(column.views);
    let array = if cfg!(debug_assertions) {
        StringViewArray::try_new(views, Arc::clone(buffers), nulls).expect("the decoder makes valid views")
    } else {
        // SAFETY: the decoder promises valid UTF-8 in every cell, views inside buffer 0 (the piece) and 1 (the side buffer),
        // prefixes and zero padding as Arrow wants them; the views' number and that of the bits were checked above. Debug
        // builds, and so the tests, go the checked way instead.
        unsafe { StringViewArray::new_unchecked(views, Arc::clone(buffers), nulls) }
    };
    Arc::new(array)
}
