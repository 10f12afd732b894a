//! Daily settlement: prices, profits, the next day's limits and margins. Source: RULES 2, 3; SEMANTICS 5.

use crate::day::Close;
use crate::exchange::Exchange;
use plimsoll_types::{
    AccountId, Band, CancelReason, EventKind, InstrumentId, Price, Ratio, Reject, Side,
};
use serde::{Deserialize, Serialize};

/// Where an instrument stands on its ladder of limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rung {
    /// One-sided days in a row.
    days: u32,
    /// In which direction.
    side: Option<Side>,
}

impl Rung {
    /// The next day's rung after a day that was one-sided or not.
    fn after(self, one_sided: Option<Side>) -> Rung {
        let days = match one_sided {
            None => 0,
            side if side == self.side => self.days.saturating_add(1),
            Some(_) => 1,
        };
        Rung { days, side: one_sided }
    }
}

/// What becomes of an instrument once it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Another day.
    NextDay,
    /// It expires: all orders go, positions are closed.
    Expiry,
}

impl Exchange {
    pub(crate) fn settle_day(
        &mut self,
        instrument: Option<InstrumentId>,
        price: Option<Price>,
    ) -> Result<(), Reject> {
        match instrument {
            Some(id) => {
                self.check_instrument(id)?;
                self.settle_instruments(&[id], instrument, price);
            }
            // A price is one instrument's.
            None if price.is_some() => return Err(Reject::UnknownSymbol),
            None => {
                let all: Vec<InstrumentId> =
                    self.markets.iter().filter(|market| !market.gone).map(|m| m.id).collect();
                self.settle_instruments(&all, None, None);
            }
        }
        Ok(())
    }

    /// Settles a day. `named` is the instrument of a settlement of one.
    pub(crate) fn settle_instruments(
        &mut self,
        instruments: &[InstrumentId],
        named: Option<InstrumentId>,
        given: Option<Price>,
    ) {
        let mut prices = vec![None; self.markets.len()];
        let mut limits = Vec::with_capacity(instruments.len());
        for &instrument in instruments {
            let (price, limit) = self.strike(instrument, given, Then::NextDay);
            prices[instrument.index()] = Some(price);
            limits.push(limit);
        }
        self.settle_accounts(&prices, named, Then::NextDay);
        for (&instrument, limit) in instruments.iter().zip(limits) {
            self.widen(instrument, limit);
            self.carry_out_announced(instrument);
        }
        for &instrument in instruments {
            self.trim_settled(instrument);
        }
        self.look();
    }

    /// Finds and announces a settlement price, which is the mark from now on; the next day's limit with it.
    pub(crate) fn strike(
        &mut self,
        instrument: InstrumentId,
        given: Option<Price>,
        then: Then,
    ) -> (Price, Option<Ratio>) {
        let one_sided = self.one_sided(instrument);
        let rules = &self.spec.instruments[instrument.index()].rules;
        let ladder = rules.limit_ladder;
        let price = given.unwrap_or_else(|| self.settlement_price(instrument));
        let announced = self.announced_limit(instrument);
        let market = &mut self.markets[instrument.index()];
        let regular = announced.or(market.price_limit);
        let mut limit = None;
        match then {
            Then::NextDay => {
                market.rung = market.rung.after(one_sided);
                let days = market.rung.days;
                limit = regular.map(|regular| ladder.map_or(regular, |l| l.limit(regular, days)));
                self.expire_day_orders(instrument);
            }
            Then::Expiry => {
                self.cancel_everything(instrument, CancelReason::Expired);
            }
        }
        self.log.emit(EventKind::Settled { instrument, price, one_sided, limit });
        self.risk.set_prev_settlement(instrument, price);
        self.risk.set_mark(instrument, price);
        self.log.emit(EventKind::Mark { instrument, price });
        let market = &mut self.markets[instrument.index()];
        market.prev_settlement = price;
        market.day.turn(self.log.seq);
        market.touch();
        (price, limit)
    }

    /// The price an instrument would settle at now.
    pub(crate) fn settlement_price(&self, instrument: InstrumentId) -> Price {
        let method = self.spec.instruments[instrument.index()].rules.settlement_price;
        let market = &self.markets[instrument.index()];
        market.day.price(method, self.log.now).unwrap_or(market.prev_settlement)
    }

    /// Settles the accounts' positions in the instruments that have a price here, in account order.
    ///
    /// Cost: O(holders, and accounts that something happened to since they were last settled).
    pub(crate) fn settle_accounts(
        &mut self,
        prices: &[Option<Price>],
        named: Option<InstrumentId>,
        then: Then,
    ) {
        for market in &self.markets {
            if prices[market.id.index()].is_some() {
                let holders = self.risk.stir_holders(market.id);
                self.log.events.reserve(holders);
            }
        }
        let expire = then == Then::Expiry;
        let mut next = self.risk.next_stirred(AccountId(0));
        while let Some(account) = next {
            if let Some((day, balance)) = self.risk.settle_account(account, prices, expire) {
                self.log.emit(EventKind::Settlement {
                    account,
                    instrument: named,
                    profit: day.profit,
                    profit_by_trade: day.by_trade,
                    fees: day.fees,
                    balance,
                });
            }
            if expire {
                self.sweep_pocket(account);
            }
            next = self.risk.next_stirred(AccountId(account.0 + 1));
        }
    }

    /// Sets the next day's margins and band. Source: RULES 3.2, 3.3.
    fn widen(&mut self, instrument: InstrumentId, limit: Option<Ratio>) {
        let rules = &self.spec.instruments[instrument.index()].rules;
        let market = &self.markets[instrument.index()];
        let (price, [mut initial, mut maintenance]) = (market.prev_settlement, market.regular);
        let Some(limit) = limit else { return };
        if let Some(ladder) = rules.limit_ladder {
            if market.rung.days > 0 {
                let least = limit.plus(ladder.margin_add).min(Ratio::MAX);
                for rate in [&mut initial, &mut maintenance] {
                    rate.share = rate.share.max(least);
                }
            }
            if self.risk.contract(instrument).margins() != [initial, maintenance] {
                self.put_margin(instrument, initial, maintenance);
            }
        }
        self.put_band(instrument, Band::around(price, limit));
    }

    /// Notes how a market closes: its book as it stands, before day orders go.
    pub(crate) fn note_close(&mut self, instrument: InstrumentId) {
        let one_sided = self.lone_side_at_close(instrument);
        let (at, oldest) = (self.log.now, self.tape.oldest());
        let market = &mut self.markets[instrument.index()];
        market.day.close = Some(Close { at, one_sided });
        if let Some(hour) = &mut market.day.hour {
            hour.close(oldest);
        }
    }

    /// The side that stood alone at its limit price when the market closed; where it has not closed today, as if it did now.
    fn one_sided(&self, instrument: InstrumentId) -> Option<Side> {
        match self.markets[instrument.index()].day.close {
            Some(close) => close.one_sided,
            None => self.lone_side_at_close(instrument),
        }
    }

    fn lone_side_at_close(&self, instrument: InstrumentId) -> Option<Side> {
        let window = self.spec.instruments[instrument.index()].rules.limit_ladder?.window;
        let market = &self.markets[instrument.index()];
        let (side, since) = market.alone_since(self.log.now)?;
        let long_enough = since.saturating_add(window) <= self.log.now;
        (long_enough && market.last == market.edge(side)).then_some(side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_another_direction_begins_anew() {
        let (up, down) = (Some(Side::Buy), Some(Side::Sell));
        let mut rung = Rung::default();
        let mut days = Vec::new();
        for day in [up, up, down, down, down, None, down, up] {
            rung = rung.after(day);
            days.push(rung.days);
        }
        assert_eq!(days, [1, 2, 1, 2, 3, 0, 1, 1]);
    }
}
