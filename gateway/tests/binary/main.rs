//! The binary protocol: the state machine in simulated time, and sockets.

mod bounds;
mod description;
mod house;
mod resume;
mod sessions;
mod sockets;
mod splits;
