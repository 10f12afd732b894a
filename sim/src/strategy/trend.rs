//! A trend follower with leverage: buys what rises, adds while it goes on, turns when it turns; nothing keeps it from being liquidated.

use super::shipped::{instrument, lots_at, take, way};
use super::{Desk, Liquidation, LiquidationStep, Strategy, StrategyError, TimerId};
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{ExchangeSpec, InstrumentId, Ratio, Ts};

/// Binary places of an average, so that slow ones do not stand still.
const PLACES: u32 = 20;

/// Its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendPlan {
    /// What it trades.
    pub instrument: InstrumentId,
    /// Time between two looks, nanoseconds.
    pub every: Ts,
    /// How far back its fast average looks, nanoseconds.
    pub fast: Ts,
    /// How far back its slow average looks, nanoseconds.
    pub slow: Ts,
    /// Ticks the fast average must be away from the slow one.
    pub threshold: i64,
    /// Notional over equity once it is all in.
    pub leverage: Ratio,
    /// Entries until it is all in.
    pub steps: u64,
    /// Ticks the price must go its way before the next entry.
    pub step: i64,
    /// Ticks past the touch that it pays at most.
    pub through: i64,
}

impl TrendPlan {
    /// Takes its keys.
    ///
    /// Errors: what they may not be.
    pub fn read(section: &mut Section<'_>, exchange: &ExchangeSpec) -> Result<TrendPlan, Error> {
        let plan = TrendPlan {
            instrument: instrument(section, "symbol", exchange)?,
            every: section.period("every", Some("1s"))?,
            fast: section.duration("fast", Some("10s"))?,
            slow: section.duration("slow", Some("1m"))?,
            threshold: section.whole("threshold", Some(5), 0..1_000_001)?,
            leverage: section.share("leverage", Some("5"), ["0.1", "1000"])?,
            steps: section.whole("steps", Some(3), 1..1001)? as u64,
            step: section.whole("step", Some(10), 0..1_000_001)?,
            through: section.whole("through", Some(2), 0..1_000_001)?,
        };
        if plan.fast < plan.every {
            return Err(section.complaint("fast", "at least `every`", "less"));
        }
        if plan.slow <= plan.fast {
            return Err(section.complaint("slow", "more than `fast`", "not more"));
        }
        Ok(plan)
    }
}

/// The trend follower.
#[derive(Debug)]
pub struct Trend {
    plan: TrendPlan,
    /// Fast and slow average of the middle, in half ticks with [`PLACES`] binary places.
    averages: Option<[i128; 2]>,
    /// When the slow average has seen enough.
    ready: Ts,
    /// Entries so far into the present position.
    entries: u64,
    /// Twice the middle at the last entry.
    entered: i64,
    /// The account is being liquidated: orders would be refused.
    liquidating: bool,
}

impl Trend {
    /// One that has not looked yet.
    pub fn new(plan: TrendPlan) -> Trend {
        Trend { plan, averages: None, ready: 0, entries: 0, entered: 0, liquidating: false }
    }

    /// Which way it goes: +1 up, -1 down, 0 neither.
    fn signal(&mut self, middle_twice: i64) -> i64 {
        let seen = i128::from(middle_twice) << PLACES;
        let averages = self.averages.get_or_insert([seen; 2]);
        for (average, window) in averages.iter_mut().zip([self.plan.fast, self.plan.slow]) {
            *average += (seen - *average) * i128::from(self.plan.every) / i128::from(window);
        }
        let apart = averages[0] - averages[1];
        match apart.abs() > i128::from(2 * self.plan.threshold) << PLACES {
            true => apart.signum() as i64,
            false => 0,
        }
    }

    fn look(&mut self, desk: &mut Desk) {
        let instrument = self.plan.instrument;
        let Some(middle) = desk.quote(instrument).and_then(|quote| quote.middle_twice()) else {
            return;
        };
        let signal = self.signal(middle);
        // One order at a time: what the last one came to is known before the next goes out.
        if desk.now() < self.ready || self.liquidating || !desk.orders().is_empty() {
            return;
        }
        let held = desk.position(instrument);
        if held == 0 {
            self.entries = 0;
        }
        if held * signal < 0 {
            let Some((side, lots)) = way(held, 0) else { return };
            take(desk, instrument, side, lots, self.plan.through);
            self.entries = 0;
            return;
        }
        let gone = (middle - self.entered) * signal;
        let next = self.entries == 0 || gone >= 2 * self.plan.step;
        if signal == 0 || self.entries >= self.plan.steps || !next {
            return;
        }
        // Sized by the equity of the moment: profits that are not taken yet carry the next entry.
        let full = lots_at(desk, instrument, self.plan.leverage);
        let goal = i64::try_from(full * (self.entries + 1) / self.plan.steps).unwrap_or(i64::MAX);
        if goal > held.abs()
            && let Some((side, lots)) = way(held, goal * signal)
            && take(desk, instrument, side, lots, self.plan.through).is_some()
        {
            self.entries += 1;
            self.entered = middle;
        }
    }
}

impl Strategy for Trend {
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        self.ready = desk.now() + self.plan.slow;
        desk.set_timer(self.plan.every);
        Ok(())
    }

    fn on_timer(&mut self, desk: &mut Desk, _: TimerId) -> Result<(), StrategyError> {
        self.look(desk);
        desk.set_timer(self.plan.every);
        Ok(())
    }

    fn on_liquidation(&mut self, desk: &mut Desk, news: &Liquidation) -> Result<(), StrategyError> {
        if news.own {
            use LiquidationStep::{Closed, Restored, Waterfall};
            self.liquidating = !matches!(news.step, Restored | Closed | Waterfall);
            // After that it waits for a fresh trend, instead of buying back what was just sold for it.
            self.ready = desk.now() + self.plan.slow;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fill;
    use super::super::shipped::tests::{desk, quote, sent};
    use super::*;
    use crate::strategy::{OrderState, OrderUpdate};
    use plimsoll_types::{CancelReason, Money, Price, Qty, Side, TradeKind};

    fn trend() -> Trend {
        Trend::new(TrendPlan {
            instrument: InstrumentId(0),
            every: 1,
            fast: 2,
            slow: 10,
            threshold: 3,
            leverage: Ratio::from_nano(6 * Ratio::SCALE),
            steps: 3,
            step: 20,
            through: 2,
        })
    }

    /// A look at a price; what it sends trades at once.
    fn look(trend: &mut Trend, desk: &mut Desk, now: Ts, price: i64) -> Vec<String> {
        desk.arrive(now);
        desk.heard_quote(&quote(0, now, price - 1, price + 1));
        trend.on_timer(desk, TimerId(now)).expect("good");
        let orders = desk.orders().to_vec();
        for order in orders {
            desk.heard_fill(&Fill {
                ts: now,
                token: Some(order.token),
                instrument: InstrumentId(0),
                side: order.order.side,
                price: Price::clamped(price),
                qty: order.open,
                fee: Money::ZERO,
                maker: false,
                kind: TradeKind::Normal,
            });
        }
        sent(desk)
    }

    #[test]
    fn it_enters_adds_on_the_way_and_turns() {
        // A lot at 25,000 ticks is worth 500,000.00: six times 600,000.00 are seven lots, two the first time.
        let (mut trend, mut desk) = (trend(), desk(60_000_000));
        trend.on_start(&mut desk).expect("good");
        for now in 1..20 {
            assert!(look(&mut trend, &mut desk, now, 25_000).is_empty(), "nothing moves");
        }
        assert_eq!(look(&mut trend, &mut desk, 20, 25_010), ["buy 2 at 25013"]);
        assert!(look(&mut trend, &mut desk, 21, 25_020).is_empty(), "not far enough");
        let more = look(&mut trend, &mut desk, 22, 25_030);
        assert!(more.is_empty() || more == ["buy 2 at 25033"], "{more:?}");
        let mut turned = Vec::new();
        for now in 23..60 {
            turned.extend(look(&mut trend, &mut desk, now, 25_030 - (now as i64 - 22) * 10));
        }
        assert!(turned[0].starts_with("sell") && turned[1].starts_with("sell"), "{turned:?}");
        assert!(desk.position(InstrumentId(0)) < 0);
    }

    #[test]
    fn one_order_at_a_time_and_none_while_it_is_liquidated() {
        let (mut trend, mut desk) = (trend(), desk(60_000_000));
        trend.on_start(&mut desk).expect("good");
        let step = |own, step| Liquidation { ts: 0, case: 1, own, step };
        for now in 1..12 {
            look(&mut trend, &mut desk, now, 25_000);
        }
        trend.on_liquidation(&mut desk, &step(true, LiquidationStep::Triggered)).expect("good");
        assert!(look(&mut trend, &mut desk, 40, 25_100).is_empty());
        trend.on_liquidation(&mut desk, &step(true, LiquidationStep::Restored)).expect("good");
        assert!(look(&mut trend, &mut desk, 41, 25_150).is_empty(), "it waits for a fresh trend");
        assert_eq!(look(&mut trend, &mut desk, 60, 25_200).len(), 1);
    }

    #[test]
    fn a_kill_is_not_a_position() {
        let (mut trend, mut desk) = (trend(), desk(60_000_000));
        trend.on_start(&mut desk).expect("good");
        for now in 1..20 {
            look(&mut trend, &mut desk, now, 25_000);
        }
        desk.arrive(20);
        desk.heard_quote(&quote(0, 20, 25_009, 25_011));
        trend.on_timer(&mut desk, TimerId(20)).expect("good");
        let (token, qty) = (desk.orders()[0].token, desk.orders()[0].open);
        let reason = CancelReason::Client;
        let state = OrderState::Cancelled { qty, reason };
        desk.heard_order(&OrderUpdate { ts: 20, token: Some(token), state });
        sent(&mut desk);
        assert_eq!((qty, desk.position(InstrumentId(0))), (Qty::new(2), 0));
        assert_eq!(look(&mut trend, &mut desk, 21, 25_011), ["buy 2 at 25014"]);
        let long = desk.orders().iter().all(|order| order.order.side == Side::Buy);
        assert!(long);
    }
}
