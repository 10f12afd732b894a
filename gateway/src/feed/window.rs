//! The last packets of the stream, for those who are behind: bounded by bytes, the oldest go first.

use super::messages::channel;
use super::packet::{PacketView, packet_head};
use std::collections::VecDeque;
use std::sync::Arc;
use zerocopy::IntoBytes;

/// A packet that can be had again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Number of its first message.
    pub(super) first: u64,
    /// Messages in it.
    pub(super) count: u16,
    pub(super) bytes: Arc<[u8]>,
}

impl Kept {
    /// Number of its last message.
    pub(super) fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }
}

/// The window. Memory: its bound, and a packet.
#[derive(Debug)]
pub(super) struct Window {
    packets: VecDeque<Kept>,
    /// Packets that have been dropped: the number of the first one kept.
    dropped: u64,
    bytes: usize,
    bytes_max: usize,
    /// Number of the next message.
    next: u64,
}

/// What a packet counts beyond its bytes.
const OVERHEAD: usize = size_of::<Kept>() + 16;

impl Window {
    /// Of the stream from message 1; keeps at least the last packet, however small the bound.
    pub(super) fn new(bytes_max: usize) -> Window {
        Window { packets: VecDeque::new(), dropped: 0, bytes: 0, bytes_max, next: 1 }
    }

    /// Adds the stream's next packet.
    pub(super) fn push(&mut self, packet: &PacketView<'_>) {
        self.next = packet.sequence + u64::from(packet.count);
        self.bytes += packet.bytes.len() + OVERHEAD;
        self.packets.push_back(Kept {
            first: packet.sequence,
            count: packet.count,
            bytes: packet.bytes.into(),
        });
        while self.bytes > self.bytes_max && self.packets.len() > 1 {
            if let Some(old) = self.packets.pop_front() {
                self.bytes -= old.bytes.len() + OVERHEAD;
                self.dropped += 1;
            }
        }
    }

    /// Number of the next message.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Number of the oldest message that is kept; the next one's where none is.
    pub(super) fn oldest(&self) -> u64 {
        self.packets.front().map_or(self.next, |packet| packet.first)
    }

    /// Number of the packet after the last one, counted from the stream's first.
    pub(super) fn end(&self) -> u64 {
        self.dropped + self.packets.len() as u64
    }

    /// A packet by its number; `None` for one that is gone or not there yet.
    pub(super) fn packet(&self, number: u64) -> Option<&Kept> {
        let place = number.checked_sub(self.dropped)?;
        self.packets.get(usize::try_from(place).ok()?)
    }

    /// Whether the packet of a number has gone.
    pub(super) fn has_dropped(&self, number: u64) -> bool {
        number < self.dropped
    }

    /// Number of the packet that has message `sequence`, which is kept or the next one.
    pub(super) fn packet_of(&self, sequence: u64) -> u64 {
        let before = self.packets.partition_point(|packet| packet.last() < sequence);
        self.dropped + before as u64
    }

    /// Messages kept behind `sequence`.
    pub(super) fn behind(&self, sequence: u64) -> u64 {
        self.next.saturating_sub(sequence + 1)
    }
}

/// The end of a packet, from message `from` on, as a packet.
pub(super) fn tail_of(packet: &Kept, from: u64) -> Vec<u8> {
    let Ok(view) = PacketView::read(&packet.bytes) else { return Vec::new() };
    let skipped = from.saturating_sub(packet.first) as usize;
    let messages: Vec<&[u8]> = view.raw().skip(skipped).collect();
    let bytes = messages.iter().map(|message| message.len()).sum();
    let sizes = (messages.len() as u16, bytes);
    let mut tail = packet_head(channel::STREAM, view.session, from, sizes).as_bytes().to_vec();
    messages.iter().for_each(|message| tail.extend_from_slice(message));
    tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::layout::Message;
    use crate::feed::messages::Whole;
    use crate::feed::packet::{Packer, split_packet};

    /// Packets of three messages.
    fn stream(messages: u64) -> Vec<u8> {
        let (mut packer, mut bytes) = (Packer::stream(7), Vec::new());
        for n in 0..messages {
            packer.add(Whole { head: Whole::head(), ts: n.into(), command: n.into() });
            if n % 3 == 2 {
                bytes.extend_from_slice(&packer.take());
            }
        }
        bytes
    }

    #[test]
    fn the_oldest_packets_go_and_the_rest_is_found_by_number() {
        let bytes = stream(30);
        let mut window = Window::new(3 * (OVERHEAD + 100));
        let mut rest = bytes.as_slice();
        while let Some((packet, after)) = split_packet(rest).unwrap() {
            window.push(&PacketView::read(packet).unwrap());
            rest = after;
        }
        assert_eq!((window.oldest(), window.next(), window.end()), (22, 31, 10));
        assert!(window.has_dropped(6) && !window.has_dropped(7));
        assert!(window.packet(6).is_none() && window.packet(10).is_none());
        for (message, packet) in [(22, 7), (24, 7), (25, 8), (30, 9), (31, 10)] {
            assert_eq!(window.packet_of(message), packet, "{message}");
        }
        assert_eq!(window.behind(28), 2);
    }

    #[test]
    fn a_packet_can_begin_in_its_midst() {
        let bytes = stream(3);
        let whole = PacketView::read(&bytes).unwrap();
        let kept = Kept { first: 1, count: 3, bytes: bytes.as_slice().into() };
        let tail = tail_of(&kept, 3);
        let tail = PacketView::read(&tail).unwrap();
        assert_eq!((tail.sequence, tail.count, tail.session), (3, 1, 7));
        assert_eq!(tail.raw().last(), whole.raw().last());
    }
}
