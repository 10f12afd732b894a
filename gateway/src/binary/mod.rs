//! Order entry in binary over TCP: fixed-size messages, a session with heartbeats and resend. docs/PROTOCOL.md draws it.
//!
//! What decides is a state machine without socket and clock ([`Sessions`]): bytes and time are arguments.

pub mod client;
pub mod codes;
mod compose;
mod decode;
mod encode;
mod encode_risk;
pub mod events;
mod face;
mod kept;
pub mod layout;
mod login;
pub mod messages;
mod past;
pub mod proof;
mod roster;
mod running;
mod server;
mod session;
mod sessions;
mod telling;

pub use past::Past;
pub use roster::Roster;
pub use running::{BinaryOutlet, Running, Way, start};
pub use server::{BinaryServer, Options, Waker};
pub use session::Stage;
use sessions::tag_of;
pub use sessions::{Rules, SecondLogin, SessionId, Sessions, Submit};
