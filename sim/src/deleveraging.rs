//! What deleveraging took from those who won, and what it needed: the measure of the studies of 2025-10-10.
//!
//! Deleveraging trades with less than five seconds between them are a wave. *Needed* is what a wave's closings
//! transferred: |mark - price| x quantity, each at its own moment. *Taken* is what the winners lack at the wave's last trade
//! against having been left alone on the same prices; a winner who lacks nothing counts as zero, not below it. Source: arXiv 2512.01112
//! (its tables: a gap of five seconds, a horizon of none).

use crate::scenario::reader::SECOND;
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Event, EventKind, InstrumentId, Money, Price, TradeKind, Ts};
use std::collections::BTreeMap;

/// Longest pause inside a wave.
const GAP: Ts = 5 * SECOND;

/// A run of deleveraging trades. Units: money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Its first trade.
    pub from: Ts,
    /// Its last.
    pub to: Ts,
    /// What the closings transferred.
    pub needed: Money,
    /// What winners lack at its end.
    pub taken: Money,
    /// Worth of what was closed, at the marks.
    pub notional: Money,
    /// Winners it closed.
    pub winners: usize,
    /// Most that one winner lacks.
    pub largest: Money,
}

/// A wave that goes on: what each winner would still hold, by account and instrument.
#[derive(Debug, Default)]
struct Open {
    from: Ts,
    to: Ts,
    needed: i128,
    notional: i128,
    /// Mark and tick value of each instrument at its last trade.
    marks: BTreeMap<InstrumentId, (Price, i64)>,
    /// Signed lots taken, and what they went for, signed.
    given: BTreeMap<(AccountId, InstrumentId), (i64, i128)>,
}

/// Collects the waves of a run from its events.
#[derive(Debug, Default)]
pub struct Waves {
    /// Mark and tick value of each instrument.
    marks: BTreeMap<InstrumentId, (Price, i64)>,
    open: Option<Open>,
    waves: Vec<Wave>,
}

impl Waves {
    /// Takes note of a command's events, in order.
    pub fn note(&mut self, exchange: &Exchange, events: &[Event]) {
        for event in events {
            if self.open.as_ref().is_some_and(|open| event.ts >= open.to + GAP) {
                self.close();
            }
            match event.kind {
                EventKind::Mark { instrument, price } => {
                    let spec = &exchange.spec().instruments[instrument.index()];
                    let mark = (price, spec.tick_value);
                    self.marks.insert(instrument, mark);
                    // A mark of the same moment is still the wave's; a later one only if the wave goes on.
                    if let Some(open) = self.open.as_mut().filter(|open| open.to == event.ts) {
                        open.marks.insert(instrument, mark);
                    }
                }
                EventKind::Trade {
                    instrument,
                    price,
                    qty,
                    maker,
                    side,
                    kind: TradeKind::Deleverage,
                    ..
                } => {
                    let lots = qty.signed(side);
                    self.trade(exchange, event.ts, instrument, (price, lots), maker);
                }
                _ => {}
            }
        }
    }

    fn trade(
        &mut self,
        exchange: &Exchange,
        ts: Ts,
        instrument: InstrumentId,
        (price, lots): (Price, i64),
        winner: AccountId,
    ) {
        let spec = &exchange.spec().instruments[instrument.index()];
        let first = (spec.prev_settlement, spec.tick_value);
        let (mark, tick_value) = *self.marks.entry(instrument).or_insert(first);
        let worth = |price| Money::of_lots(price, lots, tick_value).units();
        let open = self.open.get_or_insert_with(|| Open { from: ts, ..Open::default() });
        open.to = ts;
        open.marks.clone_from(&self.marks);
        open.needed += (worth(mark) - worth(price)).abs();
        open.notional += worth(mark).abs();
        // The winner held what the loser sold to it, with the other sign: it bought -lots back at this price.
        let given = open.given.entry((winner, instrument)).or_default();
        given.0 += lots;
        given.1 += worth(price);
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut winners: BTreeMap<AccountId, i128> = BTreeMap::new();
        for (&(winner, instrument), &(lots, paid)) in &open.given {
            let (mark, tick_value) = open.marks[&instrument];
            let now = Money::of_lots(mark, lots, tick_value).units();
            *winners.entry(winner).or_default() += now - paid;
        }
        let lacks = || winners.values().map(|&lack| lack.max(0));
        self.waves.push(Wave {
            from: open.from,
            to: open.to,
            needed: Money::new(open.needed),
            taken: Money::new(lacks().sum()),
            notional: Money::new(open.notional),
            winners: winners.len(),
            largest: Money::new(lacks().max().unwrap_or(0)),
        });
    }

    /// The waves of the whole run.
    pub fn finish(mut self) -> Vec<Wave> {
        self.close();
        self.waves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use plimsoll_types::{OrderId, Qty, Side};

    #[test]
    fn winners_lack_what_the_price_still_moved_and_waves_end_after_five_seconds() {
        let exchange = Exchange::new(Scenario::built_in().expect("good").exchange);
        let instrument = InstrumentId(0);
        let mark = |ts, ticks| Event {
            seq: 1,
            ts: ts * SECOND,
            kind: EventKind::Mark { instrument, price: Price::clamped(ticks) },
        };
        // A bankrupt long sells to a short who buys back: 10 lots of 20 a tick.
        let trade = |ts, winner, ticks| Event {
            seq: 1,
            ts: ts * SECOND,
            kind: EventKind::Trade {
                instrument,
                price: Price::clamped(ticks),
                qty: Qty::new(10),
                maker: AccountId(winner),
                maker_id: OrderId::Liquidation { case: 1, n: 1 },
                taker: AccountId(9),
                taker_id: OrderId::Liquidation { case: 1, n: 1 },
                side: Side::Sell,
                kind: TradeKind::Deleverage,
                maker_fee: Money::ZERO,
                taker_fee: Money::ZERO,
            },
        };
        let mut waves = Waves::default();
        waves.note(&exchange, &[mark(1, 1_000), trade(1, 3, 1_005), mark(2, 990)]);
        waves.note(&exchange, &[trade(4, 4, 985), mark(4, 980), mark(5, 970)]);
        waves.note(&exchange, &[trade(9, 5, 1_000), mark(9, 1_100)]);
        let waves = waves.finish();
        let a_tick = exchange.spec().instruments[0].tick_value as i128 * 10;
        assert_eq!(waves.len(), 2);
        // 5 ticks at the first, 5 at the second, whatever the sign; at the moment of the last trade the mark goes to 980.
        assert_eq!(waves[0].needed.units(), 10 * a_tick);
        assert_eq!(waves[0].taken.units(), (25 + 5) * a_tick);
        assert_eq!((waves[0].winners, waves[0].largest.units()), (2, 25 * a_tick));
        // Who was closed before the price came back lacks nothing.
        assert_eq!((waves[1].needed.units(), waves[1].taken.units()), (30 * a_tick, 0));
    }
}
