//! A socket with what was read and is no message yet, and what is to be written.

use super::frame::Framer;
use crate::inbound::UserId;
use mio::net::TcpStream;
use plimsoll_types::Ts;
use std::io::{ErrorKind, Read, Write};

/// Bytes read of one connection before the others have their turn.
const TURN: usize = 16 * 1024;

/// A connection.
#[derive(Debug)]
pub struct Connection {
    /// The socket.
    pub stream: TcpStream,
    /// What came.
    pub framer: Framer,
    /// What is to be written.
    pub out: Vec<u8>,
    /// Whose, once it is logged on.
    pub user: Option<UserId>,
    /// When it came.
    pub opened: Ts,
    /// There may be more to read.
    pub readable: bool,
    /// What is to be written goes out, then it ends.
    pub ending: bool,
}

/// How a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It goes on.
    Alive,
    /// The other side is gone.
    Gone,
}

impl Connection {
    /// One that nothing was read from.
    pub fn new(stream: TcpStream, now: Ts) -> Connection {
        Connection {
            stream,
            framer: Framer::default(),
            out: Vec::new(),
            user: None,
            opened: now,
            readable: true,
            ending: false,
        }
    }

    /// Reads what is there, for one turn.
    pub fn read(&mut self) -> Health {
        let mut bytes = [0; TURN];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Health::Gone,
                Ok(count) => {
                    self.framer.push(&bytes[..count]);
                    return Health::Alive;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    return Health::Alive;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Health::Gone,
            }
        }
    }

    /// Writes what the socket takes.
    pub fn write(&mut self) -> Health {
        let mut written = 0;
        let health = loop {
            if written == self.out.len() {
                break Health::Alive;
            }
            match self.stream.write(&self.out[written..]) {
                Ok(0) => break Health::Gone,
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Health::Alive,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break Health::Gone,
            }
        };
        self.out.drain(..written);
        health
    }
}
