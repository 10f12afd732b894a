//! The book recounted from its orders, in O(n): every link, sum and bit.

use crate::book::{Book, key_of};
use crate::ladder::{Level, NO_KEY};
use crate::peaks::place;
use crate::resting::PARKED;
use crate::slab::NIL;
use plimsoll_types::Side;
use std::collections::BTreeMap;

/// What a recount found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage(pub String);

impl Book {
    /// Recounts the book. Cost: O(orders + levels); for tests and debug runs.
    pub fn audit(&self) -> Result<(), Damage> {
        let mut live = 0;
        for side in [Side::Buy, Side::Sell] {
            let mut last = None;
            for (key, level) in self.ladder(side).iter() {
                if last.is_some_and(|last| key >= last) {
                    return Err(Damage(format!("{side:?} level {key} out of order")));
                }
                last = Some(key);
                live += self.audit_level(side, key_of(side, key), level)?;
            }
            let best = self.ladder(side).best();
            let first = self.ladder(side).iter().next().map_or(NO_KEY, |(key, _)| key);
            if best != first {
                return Err(Damage(format!("{side:?} best {best} but first {first}")));
            }
        }
        for (side, level) in [Side::Buy, Side::Sell].into_iter().zip(&self.market) {
            if level.head != NIL {
                live += self.audit_level(side, crate::book::MARKET, level)?;
            } else if level.qty != 0 || level.tail != NIL {
                return Err(Damage(format!("{side:?} market queue empty but counted")));
            }
        }
        if live != self.live() {
            return Err(Damage(format!("{live} orders linked, {} live", self.live())));
        }
        self.audit_tables()
    }

    /// What is kept beside the orders, counted anew from them.
    fn audit_tables(&self) -> Result<(), Damage> {
        let (mut parked, mut reduce_only, mut icebergs, mut lasts) = (0, 0, 0, 0);
        let mut sums = BTreeMap::new();
        for (slot, order) in self.slab.iter() {
            parked += u32::from(order.price == PARKED);
            reduce_only += u32::from(order.is_reduce_only());
            if order.is_iceberg() {
                icebergs += 1;
                let (display, hidden) = (self.peaks.display(slot), self.peaks.hidden(slot));
                let shown = order.qty();
                if hidden > 0 {
                    *sums.entry(place(order.side(), order.price)).or_insert(0) += hidden;
                }
                if display == 0
                    || order.price != PARKED && (shown > display || hidden > 0 && shown == 0)
                {
                    return Err(Damage(format!("iceberg {slot} shows {shown} of {display}")));
                }
            }
            let next = self.slab.link(slot).next;
            if order.is_first() && (next == NIL || !self.slab[next].is_first()) {
                lasts += 1;
                let place = place(order.side(), order.price);
                if self.firsts.get(&place) != Some(&slot) {
                    return Err(Damage(format!("{slot} is not known as the last that goes first")));
                }
            }
        }
        if sums != *self.peaks.sums() {
            return Err(Damage("sums of hidden lots".into()));
        }
        let counts = [
            (parked, self.parked, "parked"),
            (reduce_only, self.reduce_only, "reduce-only"),
            (icebergs, self.peaks.live(), "icebergs"),
            (lasts, self.firsts.len() as u32, "prices where some go first"),
        ];
        match counts.iter().find(|(found, kept, _)| found != kept) {
            Some((found, kept, what)) => Err(Damage(format!("{found} {what}, {kept} counted"))),
            None => Ok(()),
        }
    }

    fn audit_level(&self, side: Side, price: i32, level: &Level) -> Result<u32, Damage> {
        let damage = |what: &str| Err(Damage(format!("{side:?} level {price}: {what}")));
        let (mut slot, mut prev, mut qty, mut count) = (level.head, NIL, 0, 0);
        while slot != NIL {
            let order = &self.slab[slot];
            if self.slab.link(slot).prev != prev {
                return damage("broken link");
            }
            if order.price != price || order.side() != side || order.qty() == 0 {
                return damage("foreign order");
            }
            if self.band.is_some_and(|band| {
                price != crate::book::MARKET
                    && !(band.down.ticks() <= i64::from(price)
                        && i64::from(price) <= band.up.ticks())
            }) {
                return damage("outside the band");
            }
            if order.is_first() && prev != NIL && !self.slab[prev].is_first() {
                return damage("one that goes first behind one that does not");
            }
            qty += order.qty();
            count += 1;
            prev = slot;
            slot = self.slab.link(slot).next;
        }
        if level.tail != prev {
            return damage("tail is not the last");
        }
        if level.qty != qty || count == 0 {
            return damage("sum of lots");
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resting::NewResting;
    use plimsoll_types::{Price, Qty};

    #[test]
    fn planted_damage_is_found() {
        let plant = |harm: fn(&mut Book)| {
            let mut book = Book::new(None, 4);
            for owner in 0..3 {
                book.rest(NewResting::plain(Side::Buy, Price::new(10), owner, Qty::new(2)));
            }
            assert_eq!(book.audit(), Ok(()));
            harm(&mut book);
            book.audit()
        };
        assert!(plant(|book| book.slab.link_mut(1).prev = 2).is_err());
        assert!(plant(|book| book.slab[1].reduce(1)).is_err());
        assert!(plant(|book| book.slab[1].price = 11).is_err());
        assert!(plant(|book| book.ladders[0].level(10).tail = 1).is_err());
        assert!(plant(|book| book.ladders[0].level(10).qty += 1).is_err());
        assert!(plant(|book| book.market[1].qty = 1).is_err());
        assert!(plant(|book| book.slab.remove(2)).is_err());
    }

    #[test]
    fn planted_damage_beside_the_orders_is_found() {
        let plant = |harm: fn(&mut Book)| {
            let mut book = Book::new(None, 4);
            let plain = NewResting::plain(Side::Sell, Price::new(10), 1, Qty::new(9));
            book.rest(plain);
            book.rest(NewResting { display: Qty::new(2), ..plain });
            book.rest(NewResting { first: true, ..plain });
            book.rest(NewResting { first: true, ..plain });
            book.park(Side::Buy, 1, Qty::new(5), Qty::new(2), true);
            assert_eq!(book.audit(), Ok(()));
            harm(&mut book);
            book.audit()
        };
        assert!(plant(|book| book.parked = 0).is_err());
        assert!(plant(|book| book.reduce_only = 0).is_err());
        assert!(plant(|book| book.firsts.clear()).is_err());
        assert!(plant(|book| book.slab[2].no_longer_first()).is_err());
        assert!(plant(|book| book.peaks.remove(1)).is_err());
        assert!(plant(|book| book.slab[1].show(3)).is_err());
    }
}
