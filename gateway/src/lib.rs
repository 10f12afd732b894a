//! The gateway: bytes in, bytes out, and nothing that was acknowledged is ever lost.
//!
//! Sessions decode and check; one engine thread stamps, records and carries out; a journal makes it durable; then, and only then,
//! batches of outcomes go out to the sessions, to market data and to a follower that readers look at.
//!
//! Invariant: no margin rule and no matching rule here; whatever is let through is the exchange's to judge.

pub mod auth;
pub mod batch;
pub mod binary;
pub mod clock;
pub mod config;
pub mod engine;
pub mod feed;
#[cfg(feature = "fix")]
pub mod fix;
pub mod follower;
pub mod guards;
#[cfg(test)]
pub(crate) mod house;
#[cfg(feature = "http")]
pub mod http;
pub mod inbound;
pub mod intake;
pub mod journal;
pub mod one_thread;
pub mod pipeline;
mod pool;
pub mod record;
pub mod recorder;
pub mod ring;
pub mod server;
pub mod store;
pub mod throttle;
pub mod users;
pub mod wait;

pub use batch::{Answer, Batch, Durability, NewAccount, Outcome};
pub use clock::Clock;
pub use engine::{Engine, OutOfPlace};
pub use follower::{Follower, FollowerOutlet, Listener};
pub use inbound::{Busy, Inbound, Once, UserId};
pub use intake::{Intake, Lane};
pub use one_thread::{Face, NoFace, OneThread};
pub use pipeline::{Outlet, Pipeline, PipelineError, Threads};
pub use record::Record;
pub use recorder::{Recorder, RecorderError};
pub use ring::{Abandoned, Reader, Writer, ring};
pub use server::{Plan, Server, ServerError};
pub use throttle::{Throttle, Wait};
pub use users::{Limits, Memory, Reach, Remembered, Scopes, User};
pub use wait::{Bell, WaitStrategy};
