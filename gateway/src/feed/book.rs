//! A book as the feed tells it: every order in line, by price and side.

use super::messages::{Indicative, Listing};
use foldhash::fast::FixedState;
use plimsoll_types::Side;
use std::collections::{BTreeMap, HashMap};

/// No order.
const NIL: u32 = u32::MAX;

/// An order of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookOrder {
    /// The feed's number for it.
    pub order: u64,
    /// Lots that show.
    pub qty: u64,
    /// Ticks.
    pub price: u32,
    /// Which side.
    pub side: Side,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    order: BookOrder,
    next: u32,
    prev: u32,
}

/// A price of one side.
#[derive(Clone, Copy, Debug)]
struct Level {
    qty: u64,
    head: u32,
    tail: u32,
}

/// Something that the feed cannot have said of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inconsistent {
    /// An order that is not there.
    Unknown(u64),
    /// An order that is there already.
    Duplicate(u64),
    /// An order with no lots or without a price, or one before another of a different price.
    Misplaced(u64),
}

impl std::fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Inconsistent::Unknown(order) => write!(f, "order {order} is not in the book"),
            Inconsistent::Duplicate(order) => {
                write!(f, "order {order} is in the book already")
            }
            Inconsistent::Misplaced(order) => write!(f, "order {order} cannot stand so"),
        }
    }
}

/// An instrument and its book. Cost of every change: O(log levels).
#[derive(Clone, Debug)]
pub struct FeedBook {
    /// What it is.
    pub listing: Listing,
    /// Phase, as a number of the description's list.
    pub phase: u8,
    /// Limit-down and limit-up, ticks.
    pub band: Option<(u32, u32)>,
    /// What everybody may do, as a number of the description's list.
    pub permission: u8,
    /// Mark, ticks.
    pub mark: Option<u32>,
    /// Index, ticks.
    pub index: Option<u32>,
    /// Last settlement price, ticks.
    pub settlement: Option<u32>,
    /// Where a running auction would end.
    pub indicative: Option<Indicative>,
    /// Price of the last trade in the book, ticks.
    pub last: Option<u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    places: HashMap<u64, u32, FixedState>,
    /// By side.
    sides: [BTreeMap<u32, Level>; 2],
}

impl FeedBook {
    /// A book without orders.
    pub fn new(listing: Listing) -> FeedBook {
        FeedBook {
            listing,
            phase: 0,
            band: None,
            permission: 1,
            mark: None,
            index: None,
            settlement: None,
            indicative: None,
            last: None,
            slots: Vec::new(),
            free: Vec::new(),
            places: HashMap::with_hasher(FixedState::with_seed(0x6665_6564)),
            sides: [BTreeMap::new(), BTreeMap::new()],
        }
    }

    /// Orders in it.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it has no order.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Levels of a side from the best: price in ticks, lots.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (u32, u64)> {
        self.level_refs(side).map(|(price, level)| (price, level.qty))
    }

    /// Best price of a side in ticks, and the lots there.
    pub fn best(&self, side: Side) -> Option<(u32, u64)> {
        self.levels(side).next()
    }

    /// Orders of a side from the best price, each price in line.
    pub fn orders(&self, side: Side) -> impl Iterator<Item = BookOrder> {
        self.level_refs(side).flat_map(move |(_, level)| {
            let mut slot = level.head;
            std::iter::from_fn(move || {
                let found = self.slots.get(slot as usize)?;
                slot = found.next;
                Some(found.order)
            })
        })
    }

    /// An order by its number.
    pub fn order(&self, order: u64) -> Option<BookOrder> {
        self.places.get(&order).map(|&slot| self.slots[slot as usize].order)
    }

    fn level_refs(&self, side: Side) -> impl Iterator<Item = (u32, &Level)> {
        let levels = &self.sides[side as usize];
        let (bids, asks) = match side {
            Side::Buy => (Some(levels.iter().rev()), None),
            Side::Sell => (None, Some(levels.iter())),
        };
        let bids = bids.into_iter().flatten();
        bids.chain(asks.into_iter().flatten()).map(|(price, level)| (*price, level))
    }

    /// Adds an order behind the others at its price, or right before `before` where that is not 0.
    ///
    /// Errors: [`Inconsistent`]; nothing is changed.
    pub fn add(&mut self, order: BookOrder, before: u64) -> Result<(), Inconsistent> {
        if order.qty == 0 || order.price == 0 || order.order == 0 {
            return Err(Inconsistent::Misplaced(order.order));
        }
        if self.places.contains_key(&order.order) {
            return Err(Inconsistent::Duplicate(order.order));
        }
        let next = match before {
            0 => NIL,
            _ => self.place(before)?,
        };
        if next != NIL {
            let other = self.slots[next as usize].order;
            if (other.price, other.side) != (order.price, order.side) {
                return Err(Inconsistent::Misplaced(order.order));
            }
        }
        self.link(order, next);
        Ok(())
    }

    /// Links an order before the one in slot `next`, or at the end.
    fn link(&mut self, order: BookOrder, next: u32) {
        let level = self.sides[order.side as usize].entry(order.price).or_insert(Level {
            qty: 0,
            head: NIL,
            tail: NIL,
        });
        level.qty = level.qty.saturating_add(order.qty);
        let prev = if next == NIL { level.tail } else { self.slots[next as usize].prev };
        let filled = Slot { order, next, prev };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = filled;
                slot
            }
            None => {
                self.slots.push(filled);
                (self.slots.len() - 1) as u32
            }
        };
        match prev {
            NIL => level.head = slot,
            prev => self.slots[prev as usize].next = slot,
        }
        match next {
            NIL => level.tail = slot,
            next => self.slots[next as usize].prev = slot,
        }
        self.places.insert(order.order, slot);
    }

    fn place(&self, order: u64) -> Result<u32, Inconsistent> {
        self.places.get(&order).copied().ok_or(Inconsistent::Unknown(order))
    }

    /// Sets what an order shows, at its place; with none left it goes.
    ///
    /// Errors: [`Inconsistent::Unknown`].
    pub fn set(&mut self, order: u64, left: u64) -> Result<(), Inconsistent> {
        if left == 0 {
            return self.remove(order).map(|_| ());
        }
        let slot = self.place(order)?;
        let order = &mut self.slots[slot as usize].order;
        let qty = std::mem::replace(&mut order.qty, left);
        if let Some(level) = self.sides[order.side as usize].get_mut(&order.price) {
            level.qty = level.qty.saturating_sub(qty).saturating_add(left);
        }
        Ok(())
    }

    /// Takes an order out.
    ///
    /// Errors: [`Inconsistent::Unknown`].
    pub fn remove(&mut self, order: u64) -> Result<BookOrder, Inconsistent> {
        let slot = self.places.remove(&order).ok_or(Inconsistent::Unknown(order))?;
        let Slot { order, next, prev } = self.slots[slot as usize];
        if prev != NIL {
            self.slots[prev as usize].next = next;
        }
        if next != NIL {
            self.slots[next as usize].prev = prev;
        }
        self.free.push(slot);
        let levels = &mut self.sides[order.side as usize];
        if let Some(level) = levels.get_mut(&order.price) {
            level.qty = level.qty.saturating_sub(order.qty);
            if prev == NIL {
                level.head = next;
            }
            if next == NIL {
                level.tail = prev;
            }
            if level.head == NIL {
                levels.remove(&order.price);
            }
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::layout::Message;
    use zerocopy::FromZeros;

    fn book() -> FeedBook {
        FeedBook::new(Listing { head: Listing::head(), ..Listing::new_zeroed() })
    }

    fn bid(order: u64, price: u32, qty: u64) -> BookOrder {
        BookOrder { order, qty, price, side: Side::Buy }
    }

    fn line(book: &FeedBook) -> Vec<u64> {
        book.orders(Side::Buy).map(|order| order.order).collect()
    }

    #[test]
    fn orders_stand_in_line_and_before_whom_they_say() {
        let mut book = book();
        for order in [bid(1, 100, 5), bid(2, 100, 5), bid(3, 101, 1)] {
            book.add(order, 0).unwrap();
        }
        book.add(bid(4, 100, 2), 1).unwrap();
        book.add(bid(5, 100, 2), 2).unwrap();
        assert_eq!(line(&book), [3, 4, 1, 5, 2]);
        assert_eq!(book.levels(Side::Buy).collect::<Vec<_>>(), [(101, 1), (100, 14)]);
        book.remove(4).unwrap();
        book.set(2, 9).unwrap();
        book.set(3, 0).unwrap();
        assert_eq!((line(&book), book.best(Side::Buy)), (vec![1, 5, 2], Some((100, 16))));
        for order in [1, 2, 5] {
            book.remove(order).unwrap();
        }
        assert!(book.is_empty() && book.best(Side::Buy).is_none());
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let mut book = book();
        book.add(bid(1, 100, 5), 0).unwrap();
        assert_eq!(book.add(bid(1, 101, 5), 0), Err(Inconsistent::Duplicate(1)));
        assert_eq!(book.add(bid(2, 101, 5), 1), Err(Inconsistent::Misplaced(2)));
        assert_eq!(book.add(bid(2, 101, 0), 0), Err(Inconsistent::Misplaced(2)));
        assert_eq!(book.add(bid(2, 101, 5), 7), Err(Inconsistent::Unknown(7)));
        assert_eq!(book.set(2, 1), Err(Inconsistent::Unknown(2)));
        assert_eq!(book.remove(2), Err(Inconsistent::Unknown(2)));
        assert_eq!((line(&book), book.best(Side::Buy)), (vec![1], Some((100, 5))));
    }
}
