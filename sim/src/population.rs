//! The leveraged accounts: who they are, how they came in, and what they do when the market turns against them.

pub mod answer;
pub mod draw;
pub mod enter;
pub mod history;
pub mod plan;
pub mod preset;
pub mod read;
pub mod survival;

pub use draw::Client;
