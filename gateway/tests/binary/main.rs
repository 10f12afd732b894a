//! The binary protocol: the state machine in simulated time, and sockets.

mod house;
mod sockets;
