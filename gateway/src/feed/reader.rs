//! A reader of the feed over TCP, blocking: what a small client needs, and what the tests read with.

use super::fold::{Fold, FoldError};
use super::messages::{ControlMessage, FeedMessage, Refusal, Subscribe, channel};
use super::packet::Deframer;
use crate::binary::layout::Malformed;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use zerocopy::IntoBytes;

/// Why reading ends.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The connection broke: [`FeedReader::reconnect`] goes on where it was.
    Io(io::Error),
    /// The feed does not add up; a snapshot is needed, after a [`FoldError::Gap`] only what is missing.
    Fold(FoldError),
    /// The server will not send that; it does not break the connection.
    Refused(Option<Refusal>),
    /// The server has stopped: its session is over.
    Over,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Io(error) => error.fmt(f),
            ReadError::Fold(error) => error.fmt(f),
            ReadError::Refused(Some(reason)) => write!(f, "refused: {reason}"),
            ReadError::Refused(None) => f.write_str("refused"),
            ReadError::Over => f.write_str("the server has stopped"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

impl From<FoldError> for ReadError {
    fn from(error: FoldError) -> ReadError {
        ReadError::Fold(error)
    }
}

impl From<Malformed> for ReadError {
    fn from(error: Malformed) -> ReadError {
        ReadError::Fold(error.into())
    }
}

/// A connection, and the books as far as they have been told.
#[derive(Debug)]
pub struct FeedReader {
    address: SocketAddr,
    stream: TcpStream,
    deframer: Deframer,
    fold: Fold,
    replayed: bool,
}

impl FeedReader {
    /// Connects and asks for a snapshot and what follows it.
    pub fn connect(address: SocketAddr) -> io::Result<FeedReader> {
        FeedReader::resume(address, Fold::new())
    }

    /// Connects and asks for what follows what `fold` has heard.
    pub fn resume(address: SocketAddr, mut fold: Fold) -> io::Result<FeedReader> {
        let asked = fold.subscription();
        FeedReader::fill(address, fold, &asked)
    }

    /// Connects and asks for something else, such as what is missing between two datagrams.
    pub fn fill(address: SocketAddr, fold: Fold, request: &Subscribe) -> io::Result<FeedReader> {
        let mut reader = FeedReader::open(address)?;
        reader.fold = fold;
        reader.ask(request)?;
        Ok(reader)
    }

    /// Connects and asks for nothing yet.
    pub fn open(address: SocketAddr) -> io::Result<FeedReader> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let (deframer, fold) = (Deframer::default(), Fold::new());
        Ok(FeedReader { address, stream, deframer, fold, replayed: false })
    }

    /// Asks for something.
    pub fn ask(&mut self, request: &Subscribe) -> io::Result<()> {
        self.replayed = false;
        self.stream.write_all(request.as_bytes())
    }

    /// Connects anew after a broken connection and goes on where it broke.
    pub fn reconnect(&mut self) -> io::Result<()> {
        let fold = std::mem::take(&mut self.fold);
        *self = FeedReader::resume(self.address, fold)?;
        Ok(())
    }

    /// The books.
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Takes the books; the reader begins anew.
    pub fn take_fold(&mut self) -> Fold {
        std::mem::take(&mut self.fold)
    }

    /// Whether what was asked for up to a number has come.
    pub fn has_replayed(&self) -> bool {
        self.replayed
    }

    /// The connection, for its timeouts.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Waits for bytes and folds in what they bring; `each` sees every new message, its number (0 in a snapshot) and the books after it.
    ///
    /// Errors: [`ReadError`].
    pub fn read(
        &mut self,
        mut each: impl FnMut(u64, &FeedMessage, &Fold),
    ) -> Result<(), ReadError> {
        let mut bytes = [0; 1 << 14];
        let taken = self.stream.read(&mut bytes)?;
        if taken == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let (fold, replayed) = (&mut self.fold, &mut self.replayed);
        self.deframer.push(&bytes[..taken], |packet| {
            if packet.channel == channel::CONTROL {
                for message in packet.controls() {
                    match message? {
                        Some(ControlMessage::Refused(refused)) => {
                            return Err(ReadError::Refused(Refusal::of(refused.reason)));
                        }
                        Some(ControlMessage::SessionEnd(_)) => return Err(ReadError::Over),
                        Some(ControlMessage::ReplayEnd(_)) => *replayed = true,
                        Some(ControlMessage::Welcome(_) | ControlMessage::SnapshotEnd(_))
                        | None => {}
                    }
                }
            }
            fold.packet(&packet, &mut each)?;
            Ok(())
        })
    }
}
