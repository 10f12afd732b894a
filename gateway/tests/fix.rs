//! FIX over real sockets: raw bytes against a server that has nothing else.

#[path = "fix/mutants.rs"]
mod mutants;
#[path = "fix/orders.rs"]
mod orders;
#[path = "fix/queries.rs"]
mod queries;
#[path = "fix/quickfix.rs"]
mod quickfix;
#[path = "fix/rig.rs"]
mod rig;
#[path = "fix/session.rs"]
mod session;
