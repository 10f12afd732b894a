//! Ctrl-C as a wish to stop: the run ends after the present command and keeps what it has.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C asks to stop; a second one stops at once.
pub fn listen() {
    // Where no handler can be set, Ctrl-C simply ends the program: events.jsonl then keeps its other name.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// Whether somebody asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
