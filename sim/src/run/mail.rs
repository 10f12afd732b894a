//! What is on its way: commands to the exchange, messages to strategies, timers. First by arrival, then by dispatch.

use plimsoll_types::{Command, Ts};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::host::Message;

/// Something on its way.
#[derive(Debug)]
pub enum Letter {
    /// To the exchange.
    Command(Command),
    /// A command of the scenario's script, by place.
    Scripted(usize),
    /// To a strategy, by place.
    Message(usize, Message),
}

#[derive(Debug)]
struct Dated {
    ts: Ts,
    number: u64,
    letter: Letter,
}

impl PartialEq for Dated {
    fn eq(&self, other: &Dated) -> bool {
        (self.ts, self.number) == (other.ts, other.number)
    }
}

impl Eq for Dated {}

impl PartialOrd for Dated {
    fn partial_cmp(&self, other: &Dated) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dated {
    /// The heap gives the greatest first: the earliest is the greatest.
    fn cmp(&self, other: &Dated) -> Ordering {
        (other.ts, other.number).cmp(&(self.ts, self.number))
    }
}

/// The mail.
#[derive(Debug, Default)]
pub struct Mail {
    letters: BinaryHeap<Dated>,
    sent: u64,
}

impl Mail {
    /// Sends something that arrives at `ts`.
    pub fn send(&mut self, ts: Ts, letter: Letter) {
        self.sent += 1;
        self.letters.push(Dated { ts, number: self.sent, letter });
    }

    /// When the next arrives.
    pub fn next(&self) -> Option<Ts> {
        self.letters.peek().map(|dated| dated.ts)
    }

    /// The next, if it arrives by `now`.
    pub fn take(&mut self, now: Ts) -> Option<(Ts, Letter)> {
        if self.next()? > now {
            return None;
        }
        self.letters.pop().map(|dated| (dated.ts, dated.letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_arrive_by_time_then_in_the_order_they_were_sent() {
        let mut mail = Mail::default();
        for (ts, place) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            mail.send(ts, Letter::Scripted(place));
        }
        let mut order = Vec::new();
        while let Some((ts, Letter::Scripted(place))) = mail.take(4).or_else(|| mail.take(9)) {
            order.push((ts, place));
        }
        assert_eq!(order, [(3, 1), (3, 3), (5, 0), (5, 2)]);
    }
}
