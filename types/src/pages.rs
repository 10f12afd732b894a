//! Large tables in memory that the system may back with pages of two megabytes.
//!
//! A table of a million accounts read at random misses the processor's list of small pages nearly every time: see docs/PERFORMANCE.md
//! for what large ones give. On systems that know no such advice tables are what they always are.

/// Tables under this size, bytes, are left as they are: so little is at home in the processor's list anyway.
const LARGE: usize = 4 << 20;

/// Makes room for `more` items, in memory that is advised; growth is by doubling, as a vector's own.
///
/// Cost: one comparison where there is room; else O(items) moved.
#[inline]
pub fn reserve<T>(items: &mut Vec<T>, more: usize) {
    if items.capacity() - items.len() < more {
        grow(items, more);
    }
}

#[cold]
#[inline(never)]
fn grow<T>(items: &mut Vec<T>, more: usize) {
    let wanted = (items.len() + more).max(items.capacity() * 2);
    if wanted.saturating_mul(size_of::<T>()) < LARGE {
        // Small enough for the vector's own way.
        return items.reserve(more);
    }
    // Fresh memory, advised before it is written: a system that has handed small pages out does not take them back.
    let mut roomy = with_capacity(wanted);
    roomy.append(items);
    *items = roomy;
}

/// An empty table with room for `items`, in memory that is advised.
pub fn with_capacity<T>(items: usize) -> Vec<T> {
    let table = Vec::with_capacity(items);
    advise(&table);
    table
}

/// Asks for large pages under a table's memory, where it is not written yet.
#[allow(unsafe_code)]
pub fn advise<T>(items: &Vec<T>) {
    let bytes = items.capacity().saturating_mul(size_of::<T>());
    if bytes < LARGE {
        return;
    }
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        const PAGE: usize = 1 << 12;
        // The system's number, the same on every architecture Rust's standard library has but Alpha and PA-RISC.
        const HUGEPAGE: i32 = 14;
        unsafe extern "C" {
            fn madvise(address: *mut std::ffi::c_void, length: usize, advice: i32) -> i32;
        }
        let first = items.as_ptr().addr().next_multiple_of(PAGE);
        let length = (items.as_ptr().addr() + bytes).saturating_sub(first) / PAGE * PAGE;
        // SAFETY: the advice changes how memory is backed and never what it holds. The range lies inside memory that
        // `items` owns. An address or advice the system does not like is an error code, which changes nothing.
        unsafe { madvise(items.as_ptr().with_addr(first).cast_mut().cast(), length, HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGE, advise, reserve};

    #[test]
    fn a_table_keeps_its_items_as_it_grows() {
        let mut items: Vec<u64> = Vec::new();
        let many = LARGE as u64;
        for item in 0..many {
            reserve(&mut items, 1);
            let room = items.capacity();
            items.push(item);
            assert_eq!(items.capacity(), room);
        }
        advise(&items);
        assert!(items.iter().copied().eq(0..many));
    }

    #[test]
    fn items_without_size_and_empty_tables_are_let_be() {
        let (mut nothing, empty): (Vec<()>, Vec<u8>) = (vec![(); 3], Vec::new());
        reserve(&mut nothing, 5);
        advise(&nothing);
        advise(&empty);
        assert_eq!(nothing.len(), 3);
    }
}
