//! A book's call auction: what it would come to, and its end. Source: RULES 4, SEMANTICS 5.

use crate::auction::{AuctionPrice, AuctionSide, auction_price};
use crate::book::{Book, MARKET, key_of};
use crate::ladder::NO_KEY;
use crate::peaks::place;
use crate::sink::{Gone, Maker, Sink};
use crate::slab::NIL;
use plimsoll_types::{AuctionCandidates, Price, Side};

/// The levels that decide an auction, out of both sides' levels from the best.
///
/// Let p be the lowest limit at which supply reaches demand. Above p volume cannot grow, below it volume is supply, which only
/// falls further down; so the winner is among p, the limits next to it, and the ticks between. Walking in from the side that
/// has less so far finds p: while demand is at most supply, no price above the last bid taken can be p but the lowest of them; while it is more,
/// none below the last ask taken.
fn gather(
    bids: impl Iterator<Item = (i64, u128)>,
    market_bids: u128,
    asks: impl Iterator<Item = (i64, u128)>,
    market_asks: u128,
) -> (AuctionSide, AuctionSide) {
    let (mut bids, mut asks) = (bids.peekable(), asks.peekable());
    let mut demand = AuctionSide { market: market_bids, levels: Vec::new() };
    let mut supply = AuctionSide { market: market_asks, levels: Vec::new() };
    let (mut wanted, mut offered) = (market_bids, market_asks);
    let last = |side: &AuctionSide| side.levels.last().map(|level| level.0);
    loop {
        if wanted <= offered {
            let ask = last(&supply);
            let Some(bid) = bids.next_if(|bid| ask.is_none_or(|ask| bid.0 >= ask)) else { break };
            wanted += bid.1;
            demand.levels.push(bid);
        } else {
            let bid = last(&demand);
            let Some(ask) = asks.next_if(|ask| bid.is_none_or(|bid| ask.0 <= bid)) else { break };
            offered += ask.1;
            supply.levels.push(ask);
        }
    }
    // p is the last ask taken or the lowest limit above the last bid taken: two limits on either side of it are enough.
    demand.levels.extend(bids.take(3));
    supply.levels.extend(asks.take(3));
    (demand, supply)
}

impl Book {
    /// Where an auction would settle now. Icebergs count with all they have.
    ///
    /// Cost: O(levels that would trade), not O(levels): far ones are not looked at.
    pub fn indicative(
        &self,
        reference: Price,
        candidates: AuctionCandidates,
    ) -> Option<AuctionPrice> {
        let market = |side| u128::from(self.market_qty(side).lots()) + self.hidden_at(side, MARKET);
        if !self.is_crossed() && market(Side::Buy) + market(Side::Sell) == 0 {
            return None;
        }
        let (bids, asks) = (self.auction_levels(Side::Buy), self.auction_levels(Side::Sell));
        let (bids, asks) = gather(bids, market(Side::Buy), asks, market(Side::Sell));
        if bids.levels.is_empty() && asks.levels.is_empty() {
            // With market orders only, the reference is the price, and no trade may lie outside the band.
            let price = self.band.map_or(reference, |band| reference.clamp(band.down, band.up));
            return auction_price(&bids, &asks, Some(price.ticks()), candidates);
        }
        auction_price(&bids, &asks, Some(reference.ticks()), candidates)
    }

    fn auction_levels(&self, side: Side) -> impl Iterator<Item = (i64, u128)> {
        self.levels(side).map(move |(price, qty)| {
            let hidden = self.hidden_at(side, price.ticks() as i32);
            (price.ticks(), u128::from(qty.lots()) + hidden)
        })
    }

    /// Lots that icebergs hide at a price.
    #[inline]
    fn hidden_at(&self, side: Side, price: i32) -> u128 {
        let hides = self.peaks.live() > 0;
        if hides { u128::from(self.peaks.hidden_at(place(side, price))) } else { 0 }
    }

    /// Pairs everything that crosses at `price`: market orders first, then by price, then time, on both sides.
    ///
    /// Returns the lots traded. Cost: O(orders that trade).
    pub fn uncross<S: Sink>(&mut self, price: Price, sink: &mut S) -> u64 {
        let mut traded = 0;
        while let (Some(bid), Some(ask)) =
            (self.front(Side::Buy, price), self.front(Side::Sell, price))
        {
            if !self.trim_front(bid, sink) || !self.trim_front(ask, sink) {
                continue;
            }
            let open = (self.open(bid), self.open(ask));
            let qty = open.0.min(open.1);
            let maker =
                |slot: u32, open| Maker { slot, owner: self.slab[slot].owner, left: open - qty };
            sink.pair(maker(bid, open.0), maker(ask, open.1), price, qty);
            traded += qty;
            for slot in [bid, ask] {
                self.shorten_front(slot, qty);
                self.show_anew(slot);
            }
        }
        traded
    }

    /// The first order in line of a side that may trade at `price`.
    fn front(&self, side: Side, price: Price) -> Option<u32> {
        let market = self.market[side as usize].head;
        if market != NIL {
            return Some(market);
        }
        let ladder = self.ladder(side);
        let best = ladder.best();
        if best == NO_KEY || best < key_of(side, price.ticks() as i32) {
            return None;
        }
        ladder.peek(best).map(|level| level.head)
    }

    /// Cuts a reduce-only order to what its account can still reduce; false if nothing is left of it.
    fn trim_front<S: Sink>(&mut self, slot: u32, sink: &mut S) -> bool {
        let order = self.slab[slot];
        if !order.is_reduce_only() {
            return true;
        }
        let room = u64::try_from(sink.room(order.owner, order.side())).unwrap_or(0);
        let open = self.open(slot);
        if open <= room {
            return true;
        }
        let excess = open - room;
        let maker = Maker { slot, owner: order.owner, left: room };
        let price = Price::new(i64::from(order.price));
        sink.lost(maker, order.side(), price, excess, Gone::ReduceOnly);
        self.shorten_front(slot, excess);
        room > 0
    }

    /// Takes lots off an order at the front, what it hides first.
    fn shorten_front(&mut self, slot: u32, qty: u64) {
        if qty == self.open(slot) {
            self.remove(slot);
            return;
        }
        self.reduce(slot, plimsoll_types::Qty::new(qty));
    }

    /// Takes lots that traded outside the book off a resting order, as an auction does: what is left shows as much as it may, at its place.
    pub fn take_off(&mut self, slot: u32, qty: plimsoll_types::Qty) {
        self.shorten_front(slot, qty.lots());
        self.show_anew(slot);
    }

    /// An iceberg that traded in an auction shows as much of what is left as it may, at its place.
    fn show_anew(&mut self, slot: u32) {
        let order = self.slab[slot];
        if order.qty() == 0 || !order.is_iceberg() {
            return;
        }
        let more = self.peaks.show_more(slot, order.qty());
        self.slab[slot].show(order.qty() + more);
        self.level_mut(order.side(), order.price).qty += more;
    }

    /// Slots of a side's orders at market, in time order.
    pub fn market_orders(&self, side: Side) -> Vec<u32> {
        self.queue(side, None).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_near_the_crossing_decide_as_all_levels_do() {
        let mut state = 11u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut passed_over = 0;
        for _ in 0..100_000 {
            let reach = 2 + draw(40);
            let mut levels = |best_first: bool| {
                let mut prices: Vec<_> = (0..draw(16)).map(|_| 90 + draw(reach) as i64).collect();
                prices.sort_unstable();
                prices.dedup();
                if best_first {
                    prices.reverse();
                }
                prices.into_iter().map(|price| (price, u128::from(1 + draw(5)))).collect::<Vec<_>>()
            };
            let (bids, asks) = (levels(true), levels(false));
            let market = [draw(3) * draw(8), draw(3) * draw(8)].map(u128::from);
            let (near_bids, near_asks) =
                gather(bids.iter().copied(), market[0], asks.iter().copied(), market[1]);
            passed_over +=
                bids.len() + asks.len() - near_bids.levels.len() - near_asks.levels.len();
            let bids = AuctionSide { market: market[0], levels: bids };
            let asks = AuctionSide { market: market[1], levels: asks };
            let reference = Some(80 + draw(60) as i64);
            for candidates in [AuctionCandidates::Ticks, AuctionCandidates::Limits] {
                assert_eq!(
                    auction_price(&near_bids, &near_asks, reference, candidates),
                    auction_price(&bids, &asks, reference, candidates),
                    "{bids:?} {asks:?} {reference:?} {candidates:?}"
                );
            }
        }
        assert!(passed_over > 100_000, "{passed_over}");
    }
}
