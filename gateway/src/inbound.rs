//! What a session hands to the engine.

use plimsoll_types::{Command, Ts};
use serde::{Deserialize, Serialize};

/// A user, numbered by place in the table of users the server was started with; 0 is the server itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u32);

impl UserId {
    /// The server itself: timers, administration.
    pub const SERVER: UserId = UserId(0);

    /// The number as an index into the table.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a message that comes a second time is recognised, so that it is carried out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Once {
    /// It is not: every copy is a message of its own.
    Unmarked,
    /// The user numbers its messages, rising; a number not above its last one is a copy. Numbers may be left out.
    Sequence(u64),
    /// The user names its messages; a name among its last [`crate::users::TOKENS`] is a copy.
    Token(u64),
}

/// A command on its way to the engine.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// When its last byte came in, nanoseconds of [`crate::clock::Clock`].
    pub received: Ts,
    /// Whose it is. The session has proved it and has seen that the account is the user's.
    pub user: UserId,
    /// How a copy is recognised.
    pub once: Once,
    /// For the sender alone: comes back with the answer, is not kept.
    pub tag: u64,
    /// What is asked for.
    pub command: Command,
}

/// The engine's queue is full. The message was not taken and may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;
