//! Section 4, matching: an order meets the book.

use super::book::{DayTrade, Order};
use super::listing::{Traded, TradedSide};
use super::pass::Pass;
use super::pocket::Move;
use super::position::Leg;
use super::{Model, NANO, account_id, instrument_id, nano, to_price, to_qty};
use plimsoll_types::*;

/// What a fill did to one side.
#[derive(Clone, Debug)]
struct Filled {
    holder: usize,
    fee: i128,
    /// What it did to a pocket's money.
    moves: Vec<Move>,
}

impl Model {
    /// Matches the taker until it is done or the book has nothing for it.
    pub fn match_taker(&mut self, taker: &mut Order, pass: &mut Pass) {
        let instrument = pass.instrument;
        let corridor = self.corridor(instrument);
        while taker.qty > 0 {
            let mut level = self.books[instrument].queue(taker.side.opposite());
            let Some(price) = level.first().map(|maker| maker.price) else { return };
            let price = price.expect("no market order rests in continuous trading");
            if !taker.admits(price) {
                return;
            }
            if corridor.is_some_and(|(low, high)| price < low || price > high) {
                pass.stopped = true;
                return;
            }
            level.retain(|maker| maker.price == Some(price));
            for (entry, allotted) in self.allot(instrument, &level, taker.qty) {
                if taker.qty > 0 && allotted > 0 {
                    self.meet(taker, entry, allotted, pass);
                }
            }
        }
    }

    /// How a level is shared out: who is met, in time order, for how many lots.
    fn allot(&mut self, instrument: usize, level: &[Order], wanted: i128) -> Vec<(u64, i128)> {
        let Allocation::ProRata { fifo } = self.books[instrument].spec.rules.allocation else {
            // By time: the first one, then the level is looked at anew.
            return vec![(level[0].entry, level[0].qty)];
        };
        let shown: i128 = level.iter().map(|maker| maker.shown).sum();
        if wanted >= shown {
            return level.iter().map(|maker| (maker.entry, maker.qty)).collect();
        }
        self.saw(if fifo == Ratio::ZERO { "pro rata" } else { "a share by time" });
        let mut given = vec![0; level.len()];
        let by_time = |given: &mut Vec<i128>, mut lots: i128| {
            for (maker, given) in level.iter().zip(given) {
                let more = lots.min(maker.shown - *given);
                *given += more;
                lots -= more;
            }
            assert_eq!(lots, 0, "the level shows more than is wanted");
        };
        let first = nano(fifo) * wanted / NANO;
        by_time(&mut given, first);
        let (left, all) = (wanted - first, shown - first);
        let by_share: Vec<i128> = level
            .iter()
            .zip(&given)
            .map(|(maker, given)| left * (maker.shown - given) / all)
            .collect();
        for (given, share) in given.iter_mut().zip(&by_share) {
            *given += share;
        }
        by_time(&mut given, left - by_share.iter().sum::<i128>());
        level.iter().zip(given).map(|(maker, given)| (maker.entry, given)).collect()
    }

    /// The taker meets a maker for so many lots.
    fn meet(&mut self, taker: &mut Order, entry: u64, allotted: i128, pass: &mut Pass) {
        let instrument = pass.instrument;
        let mut maker = self.books[instrument].order(entry).expect("it rests").clone();
        if maker.account == taker.account && taker.self_match != SelfMatch::None {
            return self.meet_own(instrument, taker, &maker, allotted);
        }
        if self.only_closes(&maker) {
            let can_give = self.can_give(instrument, &maker);
            self.cut_excess(instrument, &maker, can_give);
            match self.books[instrument].order(entry) {
                Some(cut) => maker = cut.clone(),
                None => return,
            }
        }
        let qty = allotted.min(maker.shown).min(taker.qty);
        let price = self.trade_price(instrument, &maker, taker);
        self.trade(&maker, taker, price, qty, TradeKind::Normal, pass);
        taker.take(qty);
        self.take_shown(instrument, entry, qty);
    }

    /// The maker's limit; or the middle one of both limits and the previous trade.
    fn trade_price(&mut self, instrument: usize, maker: &Order, taker: &Order) -> i128 {
        let book = &self.books[instrument];
        let limit = maker.price.expect("a maker in continuous trading has a price");
        if book.spec.rules.trade_price == TradePrice::Maker {
            return limit;
        }
        let Some(other) = taker.price.or(book.edge(taker.side)) else { return limit };
        let mut three = [limit, other, book.last_or_settled()];
        three.sort_unstable();
        if three[1] != limit {
            self.saw("trade off the maker's limit");
        }
        three[1]
    }

    /// What exceeds what a reduce-only order's position can give is cancelled when the order is met.
    pub fn cut_excess(&mut self, instrument: usize, order: &Order, can_give: i128) {
        if order.qty > can_give {
            self.saw("reduce-only excess at a fill");
            self.cancelled(instrument, order, order.qty - can_give, CancelReason::ReduceOnly);
            self.take_off(instrument, order.entry, order.qty - can_give);
        }
    }

    /// Lots leave a resting order, hidden ones first; an empty one leaves the book.
    pub fn take_off(&mut self, instrument: usize, entry: u64, qty: i128) {
        let order = self.books[instrument].order_mut(entry);
        if order.shown < order.qty {
            order.take(qty);
            self.saw("hidden lots taken off");
        } else {
            order.take(qty);
        }
        if self.books[instrument].order_mut(entry).qty == 0 {
            self.books[instrument].remove(entry);
        }
    }

    /// Lots that showed have traded; an iceberg whose peak is used up shows more, behind all others.
    fn take_shown(&mut self, instrument: usize, entry: u64, qty: i128) {
        self.entries += 1;
        let place = self.entries;
        let order = self.books[instrument].order_mut(entry);
        order.qty -= qty;
        order.shown -= qty;
        if order.qty == 0 {
            self.books[instrument].remove(entry);
        } else if order.shown == 0 {
            order.show();
            order.place = place;
            order.closes_first = false;
            let order = order.clone();
            self.emit(EventKind::Refilled {
                account: account_id(order.account),
                id: order.id,
                instrument: instrument_id(instrument),
                price: to_price(order.price.expect("an iceberg has a limit")),
                qty: to_qty(order.shown),
            });
        }
    }

    /// Lots of an order trade in an auction, hidden or not; what is left shows as much as it may.
    pub fn take_in_auction(&mut self, instrument: usize, entry: u64, qty: i128) {
        let order = self.books[instrument].order_mut(entry);
        order.qty -= qty;
        order.show();
        if order.qty == 0 {
            self.books[instrument].remove(entry);
        }
    }

    /// Self-match prevention at one maker of the taker's own account.
    fn meet_own(&mut self, instrument: usize, taker: &mut Order, maker: &Order, allotted: i128) {
        let reason = CancelReason::SelfMatch;
        let mode = taker.self_match;
        if matches!(mode, SelfMatch::CancelOldest | SelfMatch::CancelBoth) {
            self.cancel_open(instrument, maker.entry, reason);
        }
        if matches!(mode, SelfMatch::CancelNewest | SelfMatch::CancelBoth) {
            self.cancelled(instrument, taker, taker.qty, reason);
            taker.take(taker.qty);
        }
        if mode == SelfMatch::Decrement {
            let off = taker.qty.min(maker.qty).min(allotted);
            let mut left = maker.clone();
            left.take(off);
            self.take_off(instrument, maker.entry, off);
            self.decremented(instrument, &left, off);
            taker.take(off);
            self.decremented(instrument, taker, off);
        }
    }

    fn decremented(&mut self, instrument: usize, order: &Order, off: i128) {
        if order.qty == 0 {
            self.cancelled(instrument, order, off, CancelReason::SelfMatch);
        } else {
            self.replaced(instrument, order, true);
        }
    }

    /// Books one side's lots of a trade.
    fn fill(
        &mut self,
        order: &Order,
        taker: bool,
        price: i128,
        qty: i128,
        pass: &mut Pass,
    ) -> Filled {
        let instrument = pass.instrument;
        let holder = self.holder(order.account, instrument).expect("orders have a holder");
        for short in [false, true] {
            let leg = Leg { instrument, short };
            let held = self.accounts[holder].positions.get(&leg).map_or(0, |p| p.lots);
            pass.held.entry((holder, leg)).or_insert(held);
        }
        let before = (self.balance(holder), self.lots_held(holder, instrument));
        let realised = self.accounts[holder].realised;
        let (closed, fee) = self.book_order(order, taker, instrument, price, qty);
        let result = self.accounts[holder].realised - realised;
        let opened = qty - closed.lots();
        let moves = self.move_after_fill(holder, before, closed, result, price, opened);
        Filled { holder, fee, moves }
    }

    /// The event and both legs. Lots are taken off the orders by the caller.
    pub fn trade(
        &mut self,
        maker: &Order,
        taker: &Order,
        price: i128,
        qty: i128,
        kind: TradeKind,
        pass: &mut Pass,
    ) {
        let instrument = pass.instrument;
        let makers = self.fill(maker, false, price, qty, pass);
        let takers = self.fill(taker, true, price, qty, pass);
        let (maker_fee, taker_fee) = (Money::new(makers.fee), Money::new(takers.fee));
        let forced = maker.case.is_some() || taker.case.is_some();
        self.emit(EventKind::Trade {
            instrument: instrument_id(instrument),
            price: to_price(price),
            qty: to_qty(qty),
            maker: account_id(maker.account),
            maker_id: maker.id,
            taker: account_id(taker.account),
            taker_id: taker.id,
            side: taker.side,
            kind: if forced { TradeKind::Liquidation } else { kind },
            maker_fee,
            taker_fee,
        });
        if maker.account == taker.account {
            self.saw("trade with itself");
        }
        for order in [maker, taker] {
            if let Some(case) = order.case {
                self.case_traded(case, instrument, order.side, qty);
            }
        }
        let (seq, ts) = (self.seq, self.now);
        let traded = Traded {
            seq,
            instrument,
            price,
            qty,
            sides: [(makers.holder, maker), (takers.holder, taker)].map(|(holder, order)| {
                TradedSide {
                    holder,
                    side: order.side,
                    closes: self.closes(instrument, order).is_some(),
                }
            }),
            busted: false,
        };
        self.trades.push(traded);
        self.say_moves(makers.moves.into_iter().chain(takers.moves));
        let (maker, taker) = (maker.account, taker.account);
        let book = &mut self.books[instrument];
        book.last = Some(to_price(price));
        book.day.push(DayTrade { seq, ts, price, qty });
        book.past.push((ts, price));
        pass.traded.extend([maker, taker]);
        pass.prices.push(price);
        pass.last = Some(price);
        pass.filled += qty;
        if !forced || self.books[instrument].spec.liquidation_moves_mark {
            pass.mark = Some(price);
        }
    }
}
