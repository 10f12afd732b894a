//! Packets: messages put together and taken apart again.

use super::messages::{ControlMessage, FeedMessage, Packet, channel};
use crate::binary::layout::{Head, Malformed, Message};
use zerocopy::{FromBytes, IntoBytes};

/// Most bytes of a packet: what fits an Ethernet frame with room for a tunnel's heads.
pub const PACKET_MAX: usize = 1400;
/// Bytes of a packet's head.
pub const PACKET_HEAD: usize = size_of::<Packet>();

/// Where a message's kind lies.
const KIND: usize = std::mem::offset_of!(Head, kind);

/// A packet's head for so many bytes of messages.
pub(super) fn packet_head(
    channel: u8,
    session: u64,
    sequence: u64,
    (count, bytes): (u16, usize),
) -> Packet {
    let length = ((PACKET_HEAD + bytes) as u16).into();
    Packet {
        head: Head { length, flags: channel, ..Packet::head() },
        session: session.into(),
        sequence: sequence.into(),
        count: count.into(),
    }
}

/// Puts messages into packets as they come.
#[derive(Debug)]
pub struct Packer {
    channel: u8,
    session: u64,
    /// Number of the next message; of a snapshot, of the last one in it.
    sequence: u64,
    /// Whole packets, then one that is being filled.
    bytes: Vec<u8>,
    /// Where the packet that is being filled begins.
    begin: usize,
    count: u16,
}

impl Packer {
    /// For the stream, from its first message.
    pub fn stream(session: u64) -> Packer {
        Packer::new(channel::STREAM, session, 1)
    }

    /// For a snapshot after message `sequence`.
    pub fn snapshot(session: u64, sequence: u64) -> Packer {
        Packer::new(channel::SNAPSHOT, session, sequence)
    }

    /// For control messages; `next` = number of the stream's next message.
    pub fn control(session: u64, next: u64) -> Packer {
        Packer::new(channel::CONTROL, session, next)
    }

    fn new(channel: u8, session: u64, sequence: u64) -> Packer {
        Packer { channel, session, sequence, bytes: Vec::new(), begin: 0, count: 0 }
    }

    /// Which run of the server it is.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// Number of the next message of the stream.
    pub fn next(&self) -> u64 {
        self.sequence
    }

    /// Adds a message. Cost: O(1), its bytes copied.
    #[inline]
    pub fn add<M: Message>(&mut self, message: M) {
        self.add_bytes(message.as_bytes());
    }

    pub(super) fn add_bytes(&mut self, message: &[u8]) {
        if self.bytes.len() + message.len() - self.begin > PACKET_MAX {
            self.close();
        }
        if self.count == 0 {
            self.begin = self.bytes.len();
            self.bytes.extend_from_slice(&[0; PACKET_HEAD]);
        }
        self.bytes.extend_from_slice(message);
        self.count += 1;
        self.sequence += u64::from(self.channel == channel::STREAM);
    }

    /// Ends the packet that is being filled.
    fn close(&mut self) {
        if self.count == 0 {
            return;
        }
        let first = match self.channel {
            channel::STREAM => self.sequence - u64::from(self.count),
            _ => self.sequence,
        };
        let bytes = self.bytes.len() - self.begin - PACKET_HEAD;
        let head = packet_head(self.channel, self.session, first, (self.count, bytes));
        self.bytes[self.begin..self.begin + PACKET_HEAD].copy_from_slice(head.as_bytes());
        (self.count, self.begin) = (0, self.bytes.len());
    }

    /// Takes the packets, the last one ended.
    pub fn take(&mut self) -> Vec<u8> {
        self.close();
        self.begin = 0;
        std::mem::take(&mut self.bytes)
    }
}

/// A packet as it came.
#[derive(Clone, Copy, Debug)]
pub struct PacketView<'a> {
    /// Its channel.
    pub channel: u8,
    /// The run of the server.
    pub session: u64,
    /// Number of its first message; see [`Packet`].
    pub sequence: u64,
    /// Messages in it.
    pub count: u16,
    /// All its bytes.
    pub bytes: &'a [u8],
}

impl<'a> PacketView<'a> {
    /// Reads a whole packet; of its messages, that their lengths fill it.
    ///
    /// Errors: [`Malformed`].
    pub fn read(bytes: &'a [u8]) -> Result<PacketView<'a>, Malformed> {
        let (packet, _) = Packet::ref_from_prefix(bytes).map_err(|_| Malformed)?;
        let length = usize::from(packet.head.length.get());
        if packet.head.kind != Packet::KIND || length != bytes.len() || length > PACKET_MAX {
            return Err(Malformed);
        }
        let view = PacketView {
            channel: packet.head.flags,
            session: packet.session.get(),
            sequence: packet.sequence.get(),
            count: packet.count.get(),
            bytes,
        };
        let (mut count, mut rest) = (0, view.body());
        while !rest.is_empty() {
            rest = split_message(rest)?.1;
            count += 1;
        }
        if count == view.count { Ok(view) } else { Err(Malformed) }
    }

    fn body(&self) -> &'a [u8] {
        &self.bytes[PACKET_HEAD..]
    }

    /// Its messages' bytes.
    pub fn raw(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.body();
        std::iter::from_fn(move || {
            let (message, after) = split_message(rest).ok()?;
            rest = after;
            Some(message)
        })
    }

    /// Its messages, of the stream or of a snapshot; `None` for one of a later version, to be passed over.
    ///
    /// Errors: [`Malformed`], for one that is not as long as its kind is.
    pub fn messages(
        &self,
    ) -> impl Iterator<Item = Result<Option<FeedMessage>, Malformed>> + use<'a> {
        self.raw().map(|bytes| match FeedMessage::length_of(bytes[KIND]) {
            Some(_) => FeedMessage::read(bytes).map(Some),
            None => Ok(None),
        })
    }

    /// The same of the control channel.
    pub fn controls(
        &self,
    ) -> impl Iterator<Item = Result<Option<ControlMessage>, Malformed>> + use<'a> {
        self.raw().map(|bytes| match ControlMessage::length_of(bytes[KIND]) {
            Some(_) => ControlMessage::read(bytes).map(Some),
            None => Ok(None),
        })
    }
}

/// The message that bytes begin with, and what follows it.
fn split_message(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let length = bytes.first_chunk::<2>().ok_or(Malformed)?;
    let length = usize::from(u16::from_le_bytes(*length));
    if length < size_of::<Head>() {
        return Err(Malformed);
    }
    bytes.split_at_checked(length).ok_or(Malformed)
}

/// What bytes begin with, and what follows it.
pub type Split<'a> = (&'a [u8], &'a [u8]);

/// The packet that bytes begin with; `None` where more must come first.
///
/// Errors: [`Malformed`], where no packet can begin so.
pub fn split_packet(bytes: &[u8]) -> Result<Option<Split<'_>>, Malformed> {
    let Some(length) = bytes.first_chunk::<2>() else { return Ok(None) };
    let length = usize::from(u16::from_le_bytes(*length));
    if !(PACKET_HEAD..=PACKET_MAX).contains(&length) {
        return Err(Malformed);
    }
    Ok(bytes.split_at_checked(length))
}

/// Takes packets out of a byte stream, however it is split. Keeps less than a packet.
#[derive(Debug, Default)]
pub struct Deframer {
    rest: Vec<u8>,
}

impl Deframer {
    /// Takes bytes as they come and hands out each packet that is whole.
    ///
    /// Errors: [`Malformed`], after which nothing more can be made of the stream; or what `each` says.
    pub fn push<E: From<Malformed>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(PacketView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut held = std::mem::take(&mut self.rest);
        held.extend_from_slice(bytes);
        let mut rest = held.as_slice();
        while let Some((packet, after)) = split_packet(rest)? {
            each(PacketView::read(packet)?)?;
            rest = after;
        }
        let used = held.len() - rest.len();
        held.drain(..used);
        self.rest = held;
        Ok(())
    }
}
