//! Memory for long columns, in large pages where the system has them.
//!
//! Columns of a run are filled once from end to end, and tables are asked all over: in pages of 4 kB the first costs a fault
//! for each, the second a miss in the processor's own table for nearly every question.
#![allow(unsafe_code)]

/// An empty vector with room for `count` values.
pub(super) fn reserve<T>(count: usize) -> Vec<T> {
    let values: Vec<T> = Vec::with_capacity(count);
    #[cfg(target_os = "linux")]
    ask(values.as_ptr().addr(), values.capacity() * size_of::<T>());
    values
}

/// Asks for large pages within `length` bytes from `start` on. That there are none is no failure.
#[cfg(target_os = "linux")]
fn ask(start: usize, length: usize) {
    const LARGE: usize = 2 << 20;
    let (first, end) = (start.next_multiple_of(LARGE), (start + length) / LARGE * LARGE);
    if end > first {
        let pages = std::ptr::without_provenance_mut(first);
        // SAFETY: the range lies within a live allocation, and the advice changes nothing that can be read there.
        unsafe { libc::madvise(pages, end - first, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_column_is_an_empty_one() {
        for count in [0, 1, 1 << 10, 1 << 20] {
            let mut values: Vec<u64> = reserve(count);
            assert!(values.is_empty() && values.capacity() >= count);
            values.resize(count, 7);
            assert!(values.iter().all(|value| *value == 7));
        }
    }
}
