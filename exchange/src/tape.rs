//! The last trades, kept so that they can be undone. Source: SEMANTICS 5.

use plimsoll_risk::PositionId;
use plimsoll_types::{Price, Qty, Side};
use serde::{Deserialize, Serialize};

/// A trade on the tape: 32 bytes, half a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Print {
    /// Number of its event.
    pub(crate) seq: u64,
    /// Lots (from bit 2), whether it is busted (bit 1), the taker's side (bit 0).
    word: u64,
    pub(crate) price: Price,
    pub(crate) maker: PositionId,
    pub(crate) taker: PositionId,
    /// Price of the trade before it in its market on its day that stands, ticks; 0 = none.
    pub(crate) before: u32,
}

impl Print {
    #[inline]
    pub(crate) fn new(
        seq: u64,
        (maker, taker): (PositionId, PositionId),
        side: Side,
        (price, qty): (Price, u64),
        before: u32,
    ) -> Print {
        Print { seq, word: qty << 2 | side as u64, price, maker, taker, before }
    }

    pub(crate) fn qty(&self) -> Qty {
        Qty::new(self.word >> 2)
    }

    /// The taker's side.
    pub(crate) fn side(&self) -> Side {
        if self.word & 1 == Side::Buy as u64 { Side::Buy } else { Side::Sell }
    }

    pub(crate) fn is_busted(&self) -> bool {
        self.word & 2 != 0
    }

    pub(crate) fn set_busted(&mut self) {
        self.word |= 2;
    }
}

/// Trades with room made at once, so that the order path does not allocate under the usual window.
const ROOM: usize = 1 << 16;

/// The last trades of the exchange, a ring.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    prints: Vec<Print>,
    /// Where the next goes.
    next: usize,
    window: usize,
}

impl Tape {
    /// A tape of at most `window` trades.
    pub(crate) fn new(window: u32) -> Tape {
        let window = window as usize;
        Tape { prints: Vec::with_capacity(window.min(ROOM)), next: 0, window }
    }

    /// Keeps a trade; the oldest goes where the tape is full. Cost: one store of 32 bytes.
    #[inline]
    pub(crate) fn push(&mut self, print: Print) {
        match self.prints.get_mut(self.next) {
            Some(oldest) => *oldest = print,
            None if self.window == 0 => return,
            None => self.prints.push(print),
        }
        self.next += 1;
        if self.next == self.window {
            self.next = 0;
        }
    }

    /// The trade of an event. Cost: O(log window).
    pub(crate) fn find(&mut self, seq: u64) -> Option<&mut Print> {
        let (new, old) = self.prints.split_at_mut(self.next);
        for part in [old, new] {
            if let Ok(place) = part.binary_search_by_key(&seq, |print| print.seq) {
                return Some(&mut part[place]);
            }
        }
        None
    }

    /// Number of the oldest trade on it; trades before that cannot be undone any more.
    #[inline]
    pub(crate) fn oldest(&self) -> u64 {
        let first = self.prints.get(self.next).or(self.prints.first());
        first.map_or(u64::MAX, |print| print.seq)
    }

    /// The first trade after `seq` that `is_it`. Cost: O(window).
    pub(crate) fn after(&mut self, seq: u64, is_it: impl Fn(&Print) -> bool) -> Option<&mut Print> {
        let (new, old) = self.prints.split_at_mut(self.next);
        old.iter_mut().chain(new).find(|print| print.seq > seq && is_it(print))
    }

    /// Oldest first, for snapshots.
    pub(crate) fn sorted(&self) -> Vec<Print> {
        let (new, old) = self.prints.split_at(self.next);
        old.iter().chain(new).copied().collect()
    }

    /// The tape of a snapshot.
    pub(crate) fn from_sorted(prints: Vec<Print>, window: u32) -> Tape {
        let mut tape = Tape::new(window);
        for print in prints {
            tape.push(print);
        }
        tape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(seq: u64) -> Print {
        let (maker, taker) = (PositionId(1), PositionId(2));
        Print::new(seq, (maker, taker), Side::Sell, (Price::clamped(7), (1 << 40) - 1), 9)
    }

    #[test]
    fn a_print_is_half_a_cache_line_and_loses_nothing() {
        assert_eq!(std::mem::size_of::<Print>(), 32);
        let mut print = print(3);
        assert_eq!((print.qty(), print.side(), print.is_busted()), (Qty::MAX, Side::Sell, false));
        print.set_busted();
        assert_eq!((print.qty(), print.side(), print.is_busted()), (Qty::MAX, Side::Sell, true));
    }

    #[test]
    fn the_oldest_goes_and_a_snapshot_brings_the_same_tape() {
        for window in 0..5u32 {
            let mut tape = Tape::new(window);
            for seq in (10..=80).step_by(10) {
                tape.push(print(seq));
                let kept = (seq / 10).min(u64::from(window));
                let first = if kept == 0 { u64::MAX } else { seq - (kept - 1) * 10 };
                assert_eq!(tape.oldest(), first, "window {window}, after {seq}");
                let all = tape.sorted();
                assert_eq!(all.len() as u64, kept);
                assert!(all.iter().all(|print| tape.find(print.seq) == Some(&mut print.clone())));
                assert_eq!(tape.find(seq + 1), None);
                assert_eq!(tape.find(first.wrapping_sub(10)), None);
                assert_eq!(Tape::from_sorted(all.clone(), window).sorted(), all);
            }
        }
        let mut tape = Tape::new(3);
        for seq in 1..=4 {
            tape.push(print(seq));
        }
        assert_eq!(tape.after(2, |_| true).map(|print| print.seq), Some(3));
        assert_eq!(tape.after(2, |print| print.seq > 3).map(|print| print.seq), Some(4));
        assert_eq!(tape.after(4, |_| true), None);
    }
}
