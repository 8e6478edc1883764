//! Views of cells without a value: Arrow lets anything stand there; 0 says it without asking anything else.

use std::borrow::Cow;

use datafusion::arrow::buffer::NullBuffer;

/// The views, 0 where there is no value: nearly always they are so already.
pub fn clean_views<'a>(views: &'a [u128], nulls: Option<&NullBuffer>) -> Cow<'a, [u128]> {
    let Some(nulls) = nulls else { return Cow::Borrowed(views) };
    // Sixty-four rows at a time, without a branch in them: what stands in rows without a value, nearly always nothing.
    let mut stray = 0;
    for (valid, views) in nulls.inner().bit_chunks().iter_padded().zip(views.chunks(64)) {
        if valid != u64::MAX {
            let masks = (0..64).map(|bit| u128::from(valid >> bit & 1).wrapping_sub(1));
            stray = views.iter().zip(masks).fold(stray, |stray, (view, mask)| stray | view & mask);
        }
    }
    if stray == 0 {
        return Cow::Borrowed(views);
    }
    Cow::Owned(views.iter().enumerate().map(|(row, view)| if nulls.is_null(row) { 0 } else { *view }).collect())
}
