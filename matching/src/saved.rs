//! A book put down and taken up again: slots, generations and queues as they were.

use crate::book::{Book, key_of};
use crate::ladder::Level;
use crate::peaks::place;
use crate::resting::PARKED;
use crate::slab::{NIL, Slab};
use plimsoll_types::{Band, Price, Side};
use serde::{Deserialize, Serialize};

/// What a snapshot holds of a book: the slab whole, and each level's queue by price.
#[derive(Clone, Serialize, Deserialize)]
pub struct SavedBook {
    slab: Slab,
    bids: Vec<(i32, Level)>,
    asks: Vec<(i32, Level)>,
    market: [Level; 2],
    band: Option<Band>,
    reduce_only: u32,
    /// Slot, display and hidden lots of each iceberg.
    icebergs: Vec<(u32, u64, u64)>,
}

impl Book {
    /// Puts the book down. Cost: O(orders).
    pub fn save(&self) -> SavedBook {
        let icebergs = if self.peaks.live() == 0 { None } else { Some(self.slab.iter()) };
        let levels = |side: Side| {
            self.ladder(side).iter().map(|(key, level)| (key_of(side, key), *level)).collect()
        };
        SavedBook {
            slab: self.slab.clone(),
            bids: levels(Side::Buy),
            asks: levels(Side::Sell),
            market: self.market,
            band: self.band,
            reduce_only: self.reduce_only,
            icebergs: icebergs
                .into_iter()
                .flatten()
                .filter(|(_, order)| order.is_iceberg())
                .map(|(slot, _)| (slot, self.peaks.display(slot), self.peaks.hidden(slot)))
                .collect(),
        }
    }

    /// Takes a book up again, as saved; how it shares out a level is to be set again. Cost: O(orders).
    pub fn restore(saved: SavedBook) -> Book {
        let mut book = Book::new(saved.band, 0);
        book.slab = saved.slab;
        book.reduce_only = saved.reduce_only;
        book.market = saved.market;
        for (side, levels) in [(Side::Buy, saved.bids), (Side::Sell, saved.asks)] {
            for (price, level) in levels {
                *book.ladders[side as usize].open(key_of(side, price)) = level;
            }
        }
        for (slot, display, hidden) in saved.icebergs {
            let order = &book.slab[slot];
            book.peaks.put(slot, place(order.side(), order.price), display, hidden);
        }
        for (slot, order) in book.slab.iter() {
            book.parked += u32::from(order.price == PARKED);
            let next = book.slab.link(slot).next;
            if order.is_first() && (next == NIL || !book.slab[next].is_first()) {
                book.firsts.insert(place(order.side(), order.price), slot);
            }
        }
        book
    }

    /// Whether every saved order lies in the domain, so that taking it up cannot fail. For bytes from outside.
    pub fn is_sound(saved: &SavedBook) -> bool {
        let price = |ticks: i32| Price::new(i64::from(ticks)).is_some();
        let slots = saved.slab.slots() as u64;
        let level = |l: &Level| u64::from(l.head) < slots && u64::from(l.tail) < slots;
        saved.bids.iter().chain(&saved.asks).all(|(ticks, l)| price(*ticks) && level(l))
            && saved.slab.is_sound()
            && saved.market.iter().all(|l| l.head == NIL || level(l))
            && saved
                .icebergs
                .iter()
                .all(|&(slot, display, _)| u64::from(slot) < slots && display > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resting::NewResting;
    use plimsoll_types::Qty;

    #[test]
    fn a_book_taken_up_again_has_the_same_queues_and_handles() {
        let mut book = Book::new(None, 4);
        let first = book.rest(NewResting::plain(Side::Buy, Price::new(5), 1, Qty::new(2)));
        let second = book.rest(NewResting::plain(Side::Buy, Price::new(5), 2, Qty::new(2)));
        let ask = NewResting::plain(Side::Sell, Price::new(900_000), 3, Qty::new(2));
        book.rest(NewResting { reduce_only: true, ..ask });
        book.rest(NewResting::plain(Side::Sell, None, 4, Qty::new(1)));
        book.cancel(first);
        let saved = book.save();
        assert!(Book::is_sound(&saved));
        let mut again = Book::restore(saved);
        assert_eq!(again.audit(), Ok(()));
        assert_eq!(again.find(second), book.find(second));
        assert_eq!(again.find(first), None);
        assert_eq!(again.market_orders(Side::Sell), book.market_orders(Side::Sell));
        let next = book.rest(NewResting::plain(Side::Buy, Price::new(6), 5, Qty::new(1)));
        assert_eq!(again.rest(NewResting::plain(Side::Buy, Price::new(6), 5, Qty::new(1))), next);
    }
}
