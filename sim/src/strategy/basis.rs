//! A basis trader in cross margin: two instruments that belong together, the dear one sold and the cheap one bought, until they are level.

use super::shipped::{instrument, short_of_margin, take, way};
use super::{Desk, Fill, Liquidation, LiquidationStep, Strategy, StrategyError, TimerId};
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{ExchangeSpec, InstrumentId, Ratio, Ts};

/// Binary places of the average.
const PLACES: u32 = 20;

/// Its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasisPlan {
    /// The leg that is traded first.
    pub first: InstrumentId,
    /// The leg that hedges it.
    pub second: InstrumentId,
    /// Lots of the first leg in a pair.
    pub lots: u64,
    /// Lots of the second leg in a pair.
    pub hedge: u64,
    /// Most pairs held.
    pub pairs: u64,
    /// Time between two looks, nanoseconds.
    pub every: Ts,
    /// How far back the usual difference is looked for, nanoseconds.
    pub window: Ts,
    /// How long it looks before it trades, nanoseconds.
    pub warmup: Ts,
    /// Ticks of the first leg by which a pair must be away from its usual worth to be opened.
    pub entry: i64,
    /// The same, to be closed.
    pub exit: i64,
    /// Ticks past the touch that it pays at most.
    pub through: i64,
    /// Share of its equity that margin may take before it opens no more.
    pub margin: Ratio,
}

impl BasisPlan {
    /// Takes its keys.
    ///
    /// Errors: what they may not be.
    pub fn read(section: &mut Section<'_>, exchange: &ExchangeSpec) -> Result<BasisPlan, Error> {
        let window = section.duration("window", Some("2m"))?;
        let warmup = section.has("warmup").then(|| section.duration("warmup", None)).transpose()?;
        let plan = BasisPlan {
            first: instrument(section, "first", exchange)?,
            second: instrument(section, "second", exchange)?,
            lots: section.whole("lots", Some(1), 1..1_000_001)? as u64,
            hedge: section.whole("hedge", Some(1), 1..1_000_001)? as u64,
            pairs: section.whole("pairs", Some(10), 1..1_000_001)? as u64,
            every: section.period("every", Some("1s"))?,
            window,
            warmup: warmup.unwrap_or(window),
            entry: section.whole("entry", None, 1..1_000_001)?,
            exit: section.whole("exit", Some(0), 0..1_000_001)?,
            through: section.whole("through", Some(2), 0..1_000_001)?,
            margin: section.share("margin", Some("0.7"), ["0", "1"])?,
        };
        if plan.first == plan.second {
            return Err(section.complaint("second", "another instrument than `first`", "the same"));
        }
        if plan.exit >= plan.entry {
            return Err(section.complaint("exit", "less than `entry`", "not less"));
        }
        if plan.window < plan.every {
            return Err(section.complaint("window", "at least `every`", "less"));
        }
        Ok(plan)
    }
}

/// The basis trader.
#[derive(Debug)]
pub struct Basis {
    plan: BasisPlan,
    /// A pair's usual worth, half money units with [`PLACES`] binary places.
    usual: Option<i128>,
    ready: Ts,
    liquidating: bool,
}

impl Basis {
    /// One that has not looked yet.
    pub fn new(plan: BasisPlan) -> Basis {
        Basis { plan, usual: None, ready: 0, liquidating: false }
    }

    /// How far a pair is from its usual worth, and what a tick of the first leg makes of it: both in half money units.
    fn away(&mut self, desk: &Desk) -> Option<(i128, i128)> {
        let plan = &self.plan;
        let leg = |instrument, lots: u64| {
            let middle = desk.quote(instrument)?.middle_twice()?;
            Some(desk.value(instrument, middle, i64::try_from(lots).ok()?).units())
        };
        let worth = (leg(plan.first, plan.lots)? - leg(plan.second, plan.hedge)?) << PLACES;
        let usual = self.usual.get_or_insert(worth);
        let away = (worth - *usual) >> PLACES;
        *usual += (worth - *usual) * i128::from(plan.every) / i128::from(plan.window);
        let tick = desk.value(plan.first, 2, plan.lots as i64).units();
        Some((away, tick))
    }

    /// Pairs to hold: one more when they are dear or cheap, none when they are level.
    fn goal(&self, desk: &Desk, away: i128, tick: i128) -> i64 {
        let plan = &self.plan;
        let held = desk.position(plan.first) / plan.lots as i64;
        let most = plan.pairs as i64;
        let beyond = |ticks: i64| away.abs() > i128::from(ticks) * tick;
        // Dear: sell the first leg. Cheap: buy it.
        let side = -away.signum() as i64;
        if beyond(plan.entry) && !short_of_margin(desk, plan.margin) {
            return (held + side).clamp(-most, most);
        }
        let crossed = held.signum() * side <= 0;
        if held != 0 && (crossed || !beyond(plan.exit)) { 0 } else { held }
    }

    /// Brings the second leg to what the first one needs.
    fn hedge(&self, desk: &mut Desk) -> bool {
        let plan = &self.plan;
        let needed = -desk.position(plan.first) * plan.hedge as i64 / plan.lots as i64;
        let held = desk.position(plan.second);
        let on_its_way = desk.orders().iter().any(|order| order.order.instrument == plan.second);
        if let (Some((side, lots)), false) = (way(held, needed), on_its_way || self.liquidating) {
            take(desk, plan.second, side, lots, plan.through);
        }
        held == needed
    }

    fn look(&mut self, desk: &mut Desk) {
        let Some((away, tick)) = self.away(desk) else { return };
        // A leg that hangs alone is hedged before anything else is begun.
        let hedged = self.hedge(desk);
        if !hedged || self.liquidating || desk.now() < self.ready || !desk.orders().is_empty() {
            return;
        }
        let goal = self.goal(desk, away, tick) * self.plan.lots as i64;
        if let Some((side, lots)) = way(desk.position(self.plan.first), goal) {
            take(desk, self.plan.first, side, lots, self.plan.through);
        }
    }
}

impl Strategy for Basis {
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        self.ready = desk.now() + self.plan.warmup;
        desk.set_timer(self.plan.every);
        Ok(())
    }

    fn on_timer(&mut self, desk: &mut Desk, _: TimerId) -> Result<(), StrategyError> {
        self.look(desk);
        desk.set_timer(self.plan.every);
        Ok(())
    }

    fn on_fill(&mut self, desk: &mut Desk, fill: &Fill) -> Result<(), StrategyError> {
        if fill.instrument == self.plan.first {
            self.hedge(desk);
        }
        Ok(())
    }

    fn on_liquidation(&mut self, _: &mut Desk, news: &Liquidation) -> Result<(), StrategyError> {
        if news.own {
            use LiquidationStep::{Closed, Restored, Waterfall};
            self.liquidating = !matches!(news.step, Restored | Closed | Waterfall);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::shipped::tests::{desk, quote, sent};
    use super::*;
    use plimsoll_types::{Money, Price, TradeKind};

    fn basis() -> Basis {
        Basis::new(BasisPlan {
            first: InstrumentId(0),
            second: InstrumentId(1),
            lots: 2,
            hedge: 2,
            pairs: 1,
            every: 1,
            window: 1000,
            warmup: 1000,
            entry: 10,
            exit: 2,
            through: 1,
            margin: Ratio::ONE,
        })
    }

    fn look(basis: &mut Basis, desk: &mut Desk, now: Ts, first: i64, second: i64) -> Vec<String> {
        desk.arrive(now);
        desk.heard_quote(&quote(0, now, first - 1, first + 1));
        desk.heard_quote(&quote(1, now, second - 1, second + 1));
        basis.on_timer(desk, TimerId(now)).expect("good");
        sent(desk)
    }

    fn fill(basis: &mut Basis, desk: &mut Desk, lots: u64) -> Vec<String> {
        let order = desk.orders()[0];
        let fill = Fill {
            ts: 0,
            token: Some(order.token),
            instrument: order.order.instrument,
            side: order.order.side,
            price: Price::clamped(1000),
            qty: plimsoll_types::Qty::new(lots),
            fee: Money::ZERO,
            maker: false,
            kind: TradeKind::Normal,
        };
        desk.heard_fill(&fill);
        basis.on_fill(desk, &fill).expect("good");
        sent(desk)
    }

    #[test]
    fn it_sells_the_dear_leg_hedges_with_the_other_and_closes_when_level() {
        let (mut basis, mut desk) = (basis(), desk(100_000_000));
        basis.on_start(&mut desk).expect("good");
        assert!(look(&mut basis, &mut desk, 1, 1000, 1000).is_empty());
        assert!(look(&mut basis, &mut desk, 2, 1050, 1000).is_empty(), "it has not seen enough");
        assert_eq!(look(&mut basis, &mut desk, 2000, 1050, 1000), ["sell 2 at 1048"]);
        assert_eq!(fill(&mut basis, &mut desk, 1), ["buy 1 at 1002"], "what is filled is hedged");
        assert!(
            look(&mut basis, &mut desk, 2001, 1050, 1000).is_empty(),
            "orders are on their way"
        );
        assert!(fill(&mut basis, &mut desk, 1).is_empty(), "the hedge is on its way");
        fill(&mut basis, &mut desk, 1);
        assert_eq!(look(&mut basis, &mut desk, 2002, 1050, 1000), ["buy 1 at 1002"]);
        fill(&mut basis, &mut desk, 1);
        assert!(look(&mut basis, &mut desk, 2003, 1050, 1000).is_empty(), "one pair is the most");
        assert_eq!(look(&mut basis, &mut desk, 2004, 1001, 1000), ["buy 2 at 1003"]);
        assert_eq!(fill(&mut basis, &mut desk, 2), ["sell 2 at 998"]);
        fill(&mut basis, &mut desk, 2);
        assert_eq!((desk.position(InstrumentId(0)), desk.position(InstrumentId(1))), (0, 0));
    }
}
