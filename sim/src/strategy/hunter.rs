//! A liquidation hunter: counts the lots that liquidations sell or buy in public, and where the book is thin joins them, or fades them.

use super::shipped::{instrument, short_of_margin, take, way};
use super::{
    Desk, Liquidation, LiquidationStep, Order, Quote, Strategy, StrategyError, TimerId, TradePrint,
};
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_text::config::dom::DeValue;
use plimsoll_types::{ExchangeSpec, InstrumentId, Qty, Ratio, Side, TradeKind, Ts};

/// Parts of its window between two looks.
const LOOKS: u64 = 8;

/// What it does about a cascade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Trades with the liquidations and closes once they stop.
    Join,
    /// Waits some ticks away on the other side and closes on the way back.
    Fade,
}

/// Its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunterPlan {
    /// What it trades.
    pub instrument: InstrumentId,
    /// What it does.
    pub style: Style,
    /// How far back it counts, nanoseconds.
    pub window: Ts,
    /// Liquidated lots in the window that make a cascade.
    pub trigger: u64,
    /// Lots at the touch in the way of the cascade, above which it stays out.
    pub thin: u64,
    /// Lots it trades.
    pub lots: u64,
    /// Ticks from the touch at which a fader waits.
    pub distance: i64,
    /// Ticks of profit at which it closes.
    pub profit: i64,
    /// Ticks of loss at which it closes.
    pub stop: i64,
    /// Longest time it holds, nanoseconds.
    pub hold: Ts,
    /// Ticks past the touch that it pays at most.
    pub through: i64,
}

impl HunterPlan {
    /// Takes its keys.
    ///
    /// Errors: what they may not be.
    pub fn read(section: &mut Section<'_>, exchange: &ExchangeSpec) -> Result<HunterPlan, Error> {
        let style = section.optional("style", "\"join\" or \"fade\"", |value: &DeValue<'_>| {
            Some(match value.as_str()? {
                "join" => Style::Join,
                "fade" => Style::Fade,
                _ => return None,
            })
        })?;
        Ok(HunterPlan {
            instrument: instrument(section, "symbol", exchange)?,
            style: style.unwrap_or(Style::Join),
            window: section.duration("window", Some("10s"))?.max(LOOKS),
            trigger: section.whole("trigger", None, 1..1_000_000_001)? as u64,
            thin: section.whole("thin", Some(1_000_000), 1..1_000_000_001)? as u64,
            lots: section.whole("lots", None, 1..1_000_001)? as u64,
            distance: section.whole("distance", Some(10), 0..1_000_001)?,
            profit: section.whole("profit", Some(20), 1..1_000_001)?,
            stop: section.whole("stop", Some(20), 1..1_000_001)?,
            hold: section.duration("hold", Some("1m"))?,
            through: section.whole("through", Some(3), 0..1_000_001)?,
        })
    }
}

/// The liquidation hunter.
#[derive(Debug)]
pub struct Hunter {
    plan: HunterPlan,
    /// Signed lots of liquidations by part of the window, the present part first: below zero they sell.
    parts: [i64; LOOKS as usize],
    /// Twice the price at which it came in, and when.
    entered: Option<(i64, Ts)>,
    liquidating: bool,
}

impl Hunter {
    /// One that has heard nothing yet.
    pub fn new(plan: HunterPlan) -> Hunter {
        Hunter { plan, parts: [0; LOOKS as usize], entered: None, liquidating: false }
    }

    /// The side that liquidations are on, if there are enough of them.
    fn cascade(&self) -> Option<Side> {
        let lots: i64 = self.parts.iter().sum();
        let side = if lots < 0 { Side::Sell } else { Side::Buy };
        (lots.unsigned_abs() >= self.plan.trigger).then_some(side)
    }

    fn enter(&mut self, desk: &mut Desk, quote: &Quote) {
        let Some(side) = self.cascade() else {
            // What it laid out for a cascade goes when there is none.
            return desk.cancel_all();
        };
        if !desk.orders().is_empty() || short_of_margin(desk, Ratio::ONE) {
            return;
        }
        // A cascade that sells eats the bids.
        let in_its_way = match side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        };
        let Some((touch, _)) = in_its_way.filter(|way| way.1 <= Qty::new(self.plan.thin)) else {
            return;
        };
        let plan = &self.plan;
        match plan.style {
            Style::Join => drop(take(desk, plan.instrument, side, plan.lots, plan.through)),
            Style::Fade => {
                let price = touch.through(side, plan.distance);
                let order = Order::limit(plan.instrument, side.opposite(), price, plan.lots);
                desk.submit(order.post_only());
            }
        }
    }

    /// Closes on profit, loss or time; one who joined, also when the cascade is over.
    fn leave(&mut self, desk: &mut Desk, held: i64, middle: i64) {
        let plan = &self.plan;
        let (price, since) = *self.entered.get_or_insert((middle, desk.now()));
        let won = (middle - price) * held.signum();
        let over = plan.style == Style::Join && self.cascade().is_none();
        let late = desk.now() >= since.saturating_add(plan.hold);
        if !(over || late || won >= 2 * plan.profit || won <= -2 * plan.stop) {
            return;
        }
        match desk.orders().is_empty() {
            true => {
                let Some((side, lots)) = way(held, 0) else { return };
                take(desk, plan.instrument, side, lots, plan.through);
            }
            // The rest of a fader's order would open again what is being closed.
            false => desk.cancel_all(),
        }
    }

    fn look(&mut self, desk: &mut Desk) {
        let Some(quote) = desk.quote(self.plan.instrument) else { return };
        let Some(middle) = quote.middle_twice() else { return };
        if self.liquidating {
            return;
        }
        match desk.position(self.plan.instrument) {
            0 => {
                self.entered = None;
                self.enter(desk, &quote);
            }
            held => self.leave(desk, held, middle),
        }
    }
}

impl Strategy for Hunter {
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        desk.set_timer(self.plan.window / LOOKS);
        Ok(())
    }

    fn on_trade(&mut self, desk: &mut Desk, trade: &TradePrint) -> Result<(), StrategyError> {
        if trade.instrument == self.plan.instrument && trade.kind == TradeKind::Liquidation {
            self.parts[0] += trade.qty.signed(trade.side);
            self.look(desk);
        }
        Ok(())
    }

    fn on_timer(&mut self, desk: &mut Desk, _: TimerId) -> Result<(), StrategyError> {
        self.look(desk);
        self.parts.rotate_right(1);
        self.parts[0] = 0;
        desk.set_timer(self.plan.window / LOOKS);
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
    use super::super::Fill;
    use super::super::shipped::tests::{desk, quote, sent};
    use super::*;
    use plimsoll_types::{Money, Price};

    fn hunter(style: Style) -> Hunter {
        Hunter::new(HunterPlan {
            instrument: InstrumentId(0),
            style,
            window: 800,
            trigger: 20,
            thin: 10,
            lots: 4,
            distance: 10,
            profit: 20,
            stop: 20,
            hold: 100_000,
            through: 3,
        })
    }

    fn print(side: Side, lots: u64, kind: TradeKind) -> TradePrint {
        let price = Price::clamped(1000);
        TradePrint { ts: 0, instrument: InstrumentId(0), price, qty: Qty::new(lots), side, kind }
    }

    fn liquidated(hunter: &mut Hunter, desk: &mut Desk, lots: u64) -> Vec<String> {
        hunter.on_trade(desk, &print(Side::Sell, lots, TradeKind::Liquidation)).expect("good");
        sent(desk)
    }

    fn look(hunter: &mut Hunter, desk: &mut Desk, middle: i64) -> Vec<String> {
        desk.heard_quote(&quote(0, 0, middle - 1, middle + 1));
        hunter.on_timer(desk, TimerId(1)).expect("good");
        sent(desk)
    }

    fn fill(desk: &mut Desk) {
        let order = desk.orders()[0];
        desk.heard_fill(&Fill {
            ts: 0,
            token: Some(order.token),
            instrument: InstrumentId(0),
            side: order.order.side,
            price: Price::clamped(1000),
            qty: order.open,
            fee: Money::ZERO,
            maker: false,
            kind: TradeKind::Normal,
        });
    }

    #[test]
    fn it_joins_a_cascade_and_leaves_when_it_is_over() {
        let (mut hunter, mut desk) = (hunter(Style::Join), desk(100_000_000));
        assert!(look(&mut hunter, &mut desk, 1000).is_empty());
        hunter.on_trade(&mut desk, &print(Side::Sell, 500, TradeKind::Normal)).expect("good");
        assert!(liquidated(&mut hunter, &mut desk, 19).is_empty(), "not enough");
        assert_eq!(liquidated(&mut hunter, &mut desk, 1), ["sell 4 at 996"]);
        fill(&mut desk);
        for _ in 0..7 {
            assert!(look(&mut hunter, &mut desk, 995).is_empty(), "it goes on");
        }
        assert!(look(&mut hunter, &mut desk, 995).is_empty(), "the window is nearly over");
        assert_eq!(look(&mut hunter, &mut desk, 995), ["buy 4 at 999"]);
    }

    #[test]
    fn it_fades_a_cascade_and_leaves_with_its_profit() {
        let (mut hunter, mut desk) = (hunter(Style::Fade), desk(100_000_000));
        look(&mut hunter, &mut desk, 1000);
        assert_eq!(liquidated(&mut hunter, &mut desk, 25), ["buy 4 at 989"]);
        fill(&mut desk);
        assert!(look(&mut hunter, &mut desk, 990).is_empty());
        assert!(look(&mut hunter, &mut desk, 1009).is_empty());
        assert_eq!(look(&mut hunter, &mut desk, 1010), ["sell 4 at 1006"]);
    }

    #[test]
    fn a_deep_book_keeps_it_out() {
        let (mut hunter, mut desk) = (hunter(Style::Join), desk(100_000_000));
        let mut deep = quote(0, 0, 999, 1001);
        deep.bid = deep.bid.map(|(price, _)| (price, Qty::new(11)));
        desk.heard_quote(&deep);
        assert!(liquidated(&mut hunter, &mut desk, 100).is_empty());
    }
}
