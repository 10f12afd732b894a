//! A book put down and taken up again: slots, generations and queues as they were.

use crate::book::{Book, key_of};
use crate::ladder::Level;
use crate::slab::{NIL, Slab};
use plimsoll_types::{Band, Price, Side};
use serde::{Deserialize, Serialize};

/// What a snapshot holds of a book: the slab whole, and each level's queue by price.
#[derive(Clone, Serialize, Deserialize)]
pub struct SavedBook {
    slab: Slab,
    bids: Vec<(i32, Level)>,
    asks: Vec<(i32, Level)>,
    market_bids: Level,
    market_asks: Level,
    band: Option<Band>,
    reduce_only: u32,
}

impl Book {
    /// Puts the book down. Cost: O(orders).
    pub fn save(&self) -> SavedBook {
        let levels = |side: Side| {
            self.ladder(side).iter().map(|(key, level)| (key_of(side, key), *level)).collect()
        };
        SavedBook {
            slab: self.slab.clone(),
            bids: levels(Side::Buy),
            asks: levels(Side::Sell),
            market_bids: self.market_bids,
            market_asks: self.market_asks,
            band: self.band,
            reduce_only: self.reduce_only,
        }
    }

    /// Takes a book up again, as saved. Cost: O(orders).
    pub fn restore(saved: SavedBook) -> Book {
        let band = saved.band;
        Book::load(saved, band)
    }

    /// Takes a book up under a band that every order fits.
    pub(crate) fn load(saved: SavedBook, band: Option<Band>) -> Book {
        let mut book = Book::new(band, 0);
        book.slab = saved.slab;
        book.reduce_only = saved.reduce_only;
        book.market_bids = saved.market_bids;
        book.market_asks = saved.market_asks;
        for (price, level) in saved.bids.into_iter().rev() {
            *book.bids.open(price) = level;
        }
        for (price, level) in saved.asks.into_iter().rev() {
            *book.asks.open(-price) = level;
        }
        book
    }

    /// Whether every saved order lies in the domain, so that taking it up cannot fail. For bytes from outside.
    pub fn is_sound(saved: &SavedBook) -> bool {
        let price = |ticks: i32| Price::new(i64::from(ticks)).is_some();
        let slots = saved.slab.slots() as u64;
        let level = |l: &Level| u64::from(l.head) < slots && u64::from(l.tail) < slots;
        saved.bids.iter().chain(&saved.asks).all(|(ticks, l)| price(*ticks) && level(l))
            && [&saved.market_bids, &saved.market_asks].iter().all(|l| l.head == NIL || level(l))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Qty;

    #[test]
    fn a_book_taken_up_again_has_the_same_queues_and_handles() {
        let mut book = Book::new(None, 4);
        let first = book.rest(Side::Buy, Price::new(5), 1, Qty::new(2), false);
        let second = book.rest(Side::Buy, Price::new(5), 2, Qty::new(2), false);
        book.rest(Side::Sell, Price::new(900_000), 3, Qty::new(2), true);
        book.rest(Side::Sell, None, 4, Qty::new(1), false);
        book.cancel(first);
        let saved = book.save();
        assert!(Book::is_sound(&saved));
        let mut again = Book::restore(saved);
        assert_eq!(again.audit(), Ok(()));
        assert_eq!(again.find(second), book.find(second));
        assert_eq!(again.find(first), None);
        assert_eq!(again.market_orders(Side::Sell), book.market_orders(Side::Sell));
        let next = book.rest(Side::Buy, Price::new(6), 5, Qty::new(1), false);
        assert_eq!(again.rest(Side::Buy, Price::new(6), 5, Qty::new(1), false), next);
    }
}
