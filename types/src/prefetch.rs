//! Asks the processor for a cache line before it is needed. With `pages.rs` the only unsafe code of the core crates.
//!
//! Inline risk is a matter of cache misses: see docs/PERFORMANCE.md for what looking ahead gives. On processors without the
//! instruction, and for an index that is out of range, nothing happens.

/// Asks for the first cache line of `slice[index]`; with `WHOLE`, for every line of it.
///
/// Cost: one instruction a line. Never reads the item, never panics.
#[inline(always)]
#[allow(unsafe_code)]
pub fn prefetch<T, const WHOLE: bool>(slice: &[T], index: usize) {
    let Some(item) = slice.get(index) else { return };
    let lines = if WHOLE { size_of::<T>().div_ceil(64) } else { 1 };
    for line in 0..lines {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a prefetch is a hint: it has no effect on memory and cannot fault, whatever the address. The address lies
        // inside `item` all the same. SSE, which has the instruction, is part of every x86_64.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast::<i8>().byte_add(64 * line));
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (item, line);
    }
}

#[cfg(test)]
mod tests {
    use super::prefetch;

    #[test]
    fn a_prefetch_changes_nothing_and_takes_any_index() {
        let items = [[7u64; 20]; 3];
        for index in [0, 2, 3, usize::MAX] {
            prefetch::<_, true>(&items, index);
            prefetch::<_, false>(&items, index);
        }
        prefetch::<u8, true>(&[], 0);
        assert_eq!(items, [[7; 20]; 3]);
    }
}
