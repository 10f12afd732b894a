//! A level shared out in proportion to what its orders show, in part or whole. Source: SEMANTICS 4, allocation.

use crate::book::Book;
use crate::matcher::{Meeting, Taker};
use crate::sink::Sink;
use crate::slab::NIL;
use plimsoll_types::{Allocation, Price, Ratio};

/// Lots of `wanted` that go by time under an allocation.
pub(crate) fn by_time(allocation: Allocation, wanted: u64) -> u64 {
    match allocation {
        Allocation::Time => wanted,
        Allocation::ProRata { fifo } => {
            (u128::from(wanted) * u128::from(fifo.nano().unsigned_abs())
                / u128::from(Ratio::SCALE.unsigned_abs())) as u64
        }
    }
}

/// Shares `wanted` lots out among orders that show more: `shares` holds what each shows, in time order, and then what it gets.
///
/// First `fifo` lots go by time; of the rest each gets the part that it has in what is left to show, rounded down; what is still
/// left goes by time. Cost: O(orders).
pub(crate) fn allot<K>(shares: &mut [(K, u64)], shown: u64, wanted: u64, fifo: u64) {
    debug_assert!(fifo <= wanted && wanted < shown);
    let (rest, base) = (u128::from(wanted - fifo), u128::from(shown - fifo));
    let part = |shows: u64, time: &mut u64| {
        let first = shows.min(*time);
        *time -= first;
        (first, (rest * u128::from(shows - first) / base) as u64)
    };
    let mut time = fifo;
    let given: u64 = shares.iter().map(|&(_, shows)| part(shows, &mut time).1).sum();
    let (mut time, mut left) = (fifo, wanted - fifo - given);
    for (_, lots) in shares {
        let shows = *lots;
        let (first, proportional) = part(shows, &mut time);
        let more = (shows - first - proportional).min(left);
        left -= more;
        *lots = first + proportional + more;
    }
}

impl Book {
    /// Works off one level, in rounds, until it or the order is used up.
    ///
    /// A round over a level that shows no more than is wanted meets each of its orders in time order; one over a level that
    /// shows more shares the lots out and meets each order with lots allotted. What cannot trade, and peaks shown anew, are
    /// the next round's. Cost: O(orders of the level) a round.
    pub(crate) fn share_out<S: Sink>(
        &mut self,
        taker: &Taker,
        price: Price,
        mut at: Meeting,
        sink: &mut S,
    ) -> Meeting {
        let mut shares = std::mem::take(&mut self.shares);
        while at.left > 0 && at.level.head != NIL && at.stop.is_none() {
            shares.clear();
            let mut slot = at.level.head;
            while slot != NIL {
                shares.push((slot, self.slab[slot].qty()));
                slot = self.slab.link(slot).next;
            }
            let whole = at.left >= at.level.qty;
            if !whole {
                let fifo = by_time(self.allocation, at.left);
                allot(&mut shares, at.level.qty, at.left, fifo);
            }
            for &(slot, lots) in &shares {
                let lots = if whole { at.left } else { lots };
                if lots > 0 && at.stop.is_none() {
                    at = self.meet(slot, lots, taker, price, at, sink);
                }
            }
        }
        self.shares = shares;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(shows: &[u64], wanted: u64, fifo: u64) -> Vec<u64> {
        let mut shares: Vec<_> = shows.iter().map(|&lots| ((), lots)).collect();
        allot(&mut shares, shows.iter().sum(), wanted, fifo);
        shares.into_iter().map(|(_, lots)| lots).collect()
    }

    #[test]
    fn a_level_is_shared_by_what_each_shows_and_the_rest_goes_by_time() {
        // 10 of 100: 1.9, 5.0 and 3.1 lots; the one that rounding leaves goes by time.
        assert_eq!(shared(&[19, 50, 31], 10, 0), [2, 5, 3]);
        assert_eq!(shared(&[1, 1, 98], 2, 0), [1, 0, 1]);
    }

    #[test]
    fn the_share_by_time_comes_off_before_the_rest_is_weighed() {
        // 40 of 100, 15 by time: 15 of the first; then 25 x 5/85, 25 x 50/85, 25 x 30/85 = 1, 14, 8; two more by time.
        assert_eq!(shared(&[20, 50, 30], 40, 15), [18, 14, 8]);
        let half = Allocation::ProRata { fifo: Ratio::from_nano(400_000_000) };
        assert_eq!(by_time(half, 39), 15);
    }
}
