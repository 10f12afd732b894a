//! As many engines as there can be. In a process of its own: the table is the process's.

mod rig;

use plimsoll_capi::calls::engines::plimsoll_book_new;
use plimsoll_capi::{BookOptions, Status};
use rig::{Engine, limit};

#[test]
fn there_is_a_last_engine_and_a_freed_one_makes_room() {
    let mut engines: Vec<Engine> = (0..4_096).map(|_| Engine::book(1, 2)).collect();
    let options = BookOptions { down: 1, up: 2, ..BookOptions::blank() };
    let mut handle = 55;
    // SAFETY: a live struct; a place for the handle.
    let status = unsafe { plimsoll_book_new(&options, &mut handle) };
    assert_eq!((status, handle), (Status::TooManyEngines, 55));
    engines[7].accept(&limit(1, 1, 1, 1));
    assert_eq!((engines[7].info().seq, engines[8].info().seq), (1, 0));
    let freed = engines.swap_remove(7).0;
    let new = Engine::book(1, 2);
    assert_ne!(new.0, freed);
    assert_eq!(new.info().seq, 0);
}
