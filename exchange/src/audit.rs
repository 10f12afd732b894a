//! The exchange recounted: money, positions, books. Source: SEMANTICS 3.

use crate::exchange::Exchange;
use crate::orders::Role;
use plimsoll_risk::{Aim, PositionId, Unwatched};
use plimsoll_types::{AccountId, Money, Phase, Side, invariant};

impl Exchange {
    /// Money conserved, longs equal shorts, books whole: always in small exchanges, now and then in large ones.
    #[cfg(debug_assertions)]
    pub(crate) fn audit_now_and_then(&mut self) {
        let size = self.risk.account_count()
            + self.markets.iter().map(|market| market.book.live() as usize).sum::<usize>();
        // A recount costs in proportion to its size: with many orders, every so many entries.
        if size <= 512 {
            self.audit();
            if self.log.seq.is_multiple_of(8) {
                let watch = self.audit_watch(self.log.seq);
                invariant!(watch.is_ok(), "{watch:?}");
            }
        } else if self.arrivals > 0 && self.arrivals.is_multiple_of(50_000) {
            self.audit_in_place();
        }
    }

    /// Recounts everything and stops on the first broken invariant. Cost: O(accounts + orders).
    pub fn audit(&self) {
        self.recount_orders();
        self.audit_in_place();
    }

    /// Holds the trigger index against its law: boxes hold the marks, their ends are filed, marks inside them drawn from `seed` change no tier.
    ///
    /// Cost: O(accounts x marks tried x positions). Errors: [`Unwatched`], the first that was found.
    pub fn audit_watch(&mut self, seed: u64) -> Result<(), Unwatched> {
        self.risk.audit_index()?;
        self.risk.audit_boxes(seed)
    }

    /// Recounts what needs no table of its own: money, positions, books.
    fn audit_in_place(&self) {
        let money = self.risk.audit();
        invariant!(money.is_ok(), "{money:?}");
        for market in &self.markets {
            invariant!(
                !market.gone || market.book.live() == 0 && !self.risk.has_holders(market.id),
                "somebody has something left in an instrument that is no longer traded"
            );
            let book = market.book.audit();
            invariant!(
                book.is_ok(),
                "{}: {book:?}",
                self.spec.instruments[market.id.index()].symbol
            );
            invariant!(
                market.phase != Phase::Continuous || !market.book.is_crossed(),
                "a crossed book in continuous trading"
            );
        }
    }

    /// What resting orders have on order, promise and freeze, added up anew. Cost: O(slots + positions).
    fn recount_orders(&self) {
        let mut counts = vec![Count::default(); self.risk.all_positions().len()];
        let mut frozen = vec![Money::ZERO; self.risk.account_count()];
        for market in &self.markets {
            for slot in market.records.by_entry(|record| record.role != Role::Stop) {
                let (record, order) = (&market.records[slot], market.book.resting(slot));
                let (lots, side) = (order.qty.lots(), order.side as usize);
                let count = &mut counts[record.position.0 as usize];
                count.open[side] += lots;
                count.promised[side] += lots - record.opens;
                count.today += if record.aim.is_today() { lots } else { 0 };
                frozen[self.risk.position(record.position).owner().index()] += record.frozen;
            }
        }
        for (place, count) in counts.into_iter().enumerate() {
            let id = PositionId(place as u32);
            let held = self.risk.position(id);
            let sides = [Side::Buy, Side::Sell];
            let counted = Count {
                open: sides.map(|side| held.open(side)),
                promised: sides.map(|side| held.promised(side)),
                today: self.risk.promised_today(id),
            };
            invariant!(counted == count, "{held:?} says {counted:?}, its orders {count:?}");
            let kept = held.closing_side().is_none_or(|side| {
                held.promised(side) <= held.givable(Aim::Close) && count.today <= held.today()
            });
            invariant!(kept, "orders promise more lots than a leg has: {held:?}");
        }
        for (index, frozen) in frozen.into_iter().enumerate() {
            let account = self.risk.account(AccountId(index as u32));
            invariant!(account.frozen() == frozen, "account {index} has not frozen {frozen:?}");
        }
    }
}

/// What the orders of a position add up to, by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    open: [u64; 2],
    promised: [u64; 2],
    today: u64,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use plimsoll_types::*;

    /// One instrument, one account without margin.
    pub(crate) fn spec() -> ExchangeSpec {
        let label = |text| Label::new(text).expect("a short text");
        let step = Step { mantissa: 1, decimals: 0 };
        let instrument = InstrumentSpec {
            symbol: label("RB"),
            kind: InstrumentKind::Future,
            tick_size: step,
            lot_size: step,
            multiplier: step,
            tick_value: 1,
            prev_settlement: Price::clamped(100),
            band: None,
            initial: MarginRate::default(),
            maintenance: MarginRate::default(),
            mark: MarkSource::Last,
            liquidation_moves_mark: true,
            fees: Fees::default(),
            phase: Phase::Continuous,
            auction_candidates: AuctionCandidates::Ticks,
            market_remainder: MarketRemainder::Cancel,
            rules: TradingRules::default(),
            risk: RiskRules::default(),
        };
        ExchangeSpec {
            currency: label("CNY"),
            money_decimals: 0,
            position_mode: PositionMode::Net,
            floating_profit: FloatingProfit::All,
            insurance_fund: Money::ZERO,
            bust_window: 0,
            detector: plimsoll_types::Detector::Index,
            calendars: Vec::new(),
            instruments: vec![instrument],
            profiles: vec![Profile::unlimited()],
            accounts: vec![AccountSpec {
                name: label("A"),
                profile: ProfileId(0),
                deposit: Money::ZERO,
                hedger: false,
                margins: Vec::new(),
            }],
            schedules: Vec::new(),
        }
    }

    /// The same with one resting order.
    fn exchange() -> Exchange {
        let mut exchange = Exchange::new(spec());
        let (price, qty) = (Price::clamped(100), Qty::new(1));
        let order = NewOrder::limit(AccountId(0), InstrumentId(0), Side::Buy, price, qty);
        exchange.apply(1, &Command::Order(order), &mut Vec::new());
        exchange
    }

    #[test]
    #[should_panic(expected = "no longer traded")]
    fn an_order_left_in_an_instrument_that_has_gone_is_found() {
        let mut exchange = exchange();
        exchange.audit();
        exchange.markets[0].gone = true;
        exchange.audit();
    }

    #[test]
    #[should_panic(expected = "its orders")]
    fn a_lot_promised_without_being_counted_is_found() {
        let mut exchange = exchange();
        let slot = exchange.markets[0].records.by_entry(|_| true)[0];
        exchange.markets[0].records[slot].opens = 0;
        exchange.audit();
    }

    #[test]
    #[should_panic(expected = "has not frozen")]
    fn money_frozen_for_nothing_is_found() {
        let mut exchange = exchange();
        exchange.risk.freeze(AccountId(0), Money::new(1));
        exchange.audit();
    }

    #[test]
    #[should_panic(expected = "crossed")]
    fn a_crossed_book_in_continuous_trading_is_found() {
        let mut exchange = exchange();
        exchange.markets[0].phase = Phase::Auction;
        let (price, qty) = (Price::clamped(99), Qty::new(1));
        let order = NewOrder::limit(AccountId(0), InstrumentId(0), Side::Sell, price, qty);
        exchange.apply(2, &Command::Order(order), &mut Vec::new());
        exchange.markets[0].phase = Phase::Continuous;
        exchange.audit();
    }
}
