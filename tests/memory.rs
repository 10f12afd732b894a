//! What an account with one position takes, everything counted: a counting allocator adds up what is asked for.

use plimsoll::exchange::Exchange;
use plimsoll::population;
use plimsoll::types::{Command, Price};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Adds up the bytes the system allocator has lent out.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system allocator unchanged; counting touches no memory it manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        BYTES.fetch_add(size, Ordering::Relaxed);
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ACCOUNTS: u32 = 100_000;

/// Bytes an account that `make` leaves in use, beyond what an exchange without accounts takes.
fn bytes_of(make: impl FnOnce() -> Exchange) -> (Exchange, usize) {
    let before = BYTES.load(Ordering::Relaxed);
    let empty = Exchange::new(population::spec());
    let fixed = BYTES.load(Ordering::Relaxed) - before;
    drop(empty);
    let before = BYTES.load(Ordering::Relaxed);
    let exchange = make();
    let taken = BYTES.load(Ordering::Relaxed) - before - fixed;
    (exchange, taken.div_ceil(ACCOUNTS as usize))
}

/// See docs/ARCHITECTURE.md, "What an account takes", for the parts.
#[test]
fn an_account_with_one_position_takes_at_most_256_bytes() {
    let (exchange, opened) = bytes_of(|| population::exchange(ACCOUNTS));
    assert!(opened <= 256, "opened by commands, room made for them: {opened}");
    let (snapshot, hash) = (exchange.snapshot(), exchange.state_hash());
    drop(exchange);
    let restore = || Exchange::restore(population::spec(), &snapshot).expect("its own snapshot");
    let (mut exchange, restored) = bytes_of(restore);
    assert!(restored <= 256, "taken up again: {restored}");
    assert_eq!(exchange.state_hash(), hash);
    // What the first settlement adds: the results each account had, in 24 bytes, and no more at the next.
    for change in [1, 2] {
        let price = Some(Price::clamped(population::PRICE + change));
        let settle = Command::Settle { instrument: Some(population::INSTRUMENT), price };
        let before = BYTES.load(Ordering::Relaxed);
        exchange.apply(1, &settle, &mut Vec::new());
        let more = BYTES.load(Ordering::Relaxed) - before;
        let settled = restored + more.div_ceil(ACCOUNTS as usize);
        assert!(settled <= restored + 24 + 8, "settled: {settled}");
        println!("{opened} opened, {restored} restored, {settled} settled");
    }
}
