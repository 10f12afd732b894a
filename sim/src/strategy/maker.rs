//! A market maker: one quote a side around the middle, moved against its inventory; takes stale quotes away and stops when margin is short.

use super::shipped::{instrument, short_of_margin};
use super::{
    AccountStatus, Desk, Liquidation, LiquidationStep, MarginCall, Order, OrderToken, OrderUpdate,
    Quote, Strategy, StrategyError, TimerId,
};
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{ExchangeSpec, InstrumentId, Price, Ratio, Side, Ts};

/// Its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakerPlan {
    /// What it quotes.
    pub instrument: InstrumentId,
    /// Distance of each quote from the middle, ticks.
    pub spread: i64,
    /// Lots a quote.
    pub lots: u64,
    /// Largest position, lots.
    pub limit: u64,
    /// Lots held that move both quotes by one tick against the position.
    pub skew: u64,
    /// Ticks a quote may be away from where it should be before it is moved.
    pub requote: i64,
    /// Without news for so long it takes its quotes away, nanoseconds.
    pub stale: Ts,
    /// Share of its equity that margin may take; above it only quotes what reduces.
    pub margin: Ratio,
}

impl MakerPlan {
    /// Takes its keys.
    ///
    /// Errors: what they may not be.
    pub fn read(section: &mut Section<'_>, exchange: &ExchangeSpec) -> Result<MakerPlan, Error> {
        Ok(MakerPlan {
            instrument: instrument(section, "symbol", exchange)?,
            spread: section.whole("spread", Some(3), 1..100_001)?,
            lots: section.whole("lots", None, 1..1_000_001)? as u64,
            limit: section.whole("limit", None, 1..1_000_000_001)? as u64,
            skew: section.whole("skew", Some(10), 1..1_000_000_001)? as u64,
            requote: section.whole("requote", Some(1), 1..100_001)?,
            stale: section.duration("stale", Some("2s"))?.max(1),
            margin: section.share("margin", Some("0.6"), ["0", "1"])?,
        })
    }
}

/// The own quote of a side.
#[derive(Debug, Default)]
struct OwnQuote {
    token: Option<OrderToken>,
    /// A change is on its way; nothing more is asked until the answer is here.
    waits: bool,
}

/// The market maker.
#[derive(Debug)]
pub struct Maker {
    plan: MakerPlan,
    bid: OwnQuote,
    ask: OwnQuote,
    /// The last quote of its instrument arrived then.
    heard: Ts,
    /// Called for margin, or liquidated: only quotes what reduces until its account is normal again.
    in_trouble: bool,
}

impl Maker {
    /// One that has not quoted yet.
    pub fn new(plan: MakerPlan) -> Maker {
        let (bid, ask) = (OwnQuote::default(), OwnQuote::default());
        Maker { plan, bid, ask, heard: 0, in_trouble: false }
    }

    /// Where and how much it wants to quote on a side.
    fn wanted(&self, desk: &Desk, quote: &Quote, side: Side) -> Option<(Price, u64)> {
        let held = desk.position(self.plan.instrument);
        // Twice the price, so that a middle between two ticks is a whole number.
        let skew = held.saturating_mul(2) / self.plan.skew as i64;
        let fair = quote.middle_twice()?.saturating_sub(skew);
        let ticks = match side {
            Side::Buy => (fair - 2 * self.plan.spread).div_euclid(2),
            Side::Sell => (fair + 2 * self.plan.spread + 1).div_euclid(2),
        };
        let toward = held * side.sign();
        let room = i64::try_from(self.plan.limit).unwrap_or(i64::MAX).saturating_sub(toward);
        let careful = self.in_trouble || short_of_margin(desk, self.plan.margin);
        let room = if careful { -toward } else { room };
        let lots = self.plan.lots.min(u64::try_from(room).unwrap_or(0));
        (lots > 0).then(|| (Price::clamped(ticks), lots))
    }

    fn quote(&mut self, desk: &mut Desk, quote: &Quote) {
        for side in [Side::Buy, Side::Sell] {
            let wanted = self.wanted(desk, quote, side);
            let Maker { plan, bid, ask, .. } = self;
            let own = match side {
                Side::Buy => bid,
                Side::Sell => ask,
            };
            let standing = own.token.and_then(|token| desk.order(token).copied());
            match (standing, wanted) {
                (None, Some((price, lots))) => {
                    let order = Order::limit(plan.instrument, side, price, lots).post_only();
                    *own = OwnQuote { token: Some(desk.submit(order)), waits: true };
                }
                (Some(order), None) => desk.cancel(order.token),
                (Some(order), Some((price, lots))) if !own.waits && !order.cancelling => {
                    let stands = order.order.price.map_or(0, Price::ticks);
                    let away = (stands - price.ticks()).abs() >= plan.requote;
                    // A quote is filled up again once half of it is gone.
                    if away || 2 * order.open.lots() <= lots {
                        desk.replace(order.token, price, lots);
                        own.waits = true;
                    }
                }
                _ => {}
            }
        }
    }
}

impl Strategy for Maker {
    fn on_start(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        desk.set_timer(self.plan.stale);
        Ok(())
    }

    fn on_quote(&mut self, desk: &mut Desk, quote: &Quote) -> Result<(), StrategyError> {
        if quote.instrument == self.plan.instrument {
            self.heard = desk.now();
            match quote.middle_twice() {
                Some(_) => self.quote(desk, quote),
                // Nobody stands on one side: there is no middle to quote around.
                None => desk.cancel_all(),
            }
        }
        Ok(())
    }

    fn on_order(&mut self, _: &mut Desk, update: &OrderUpdate) -> Result<(), StrategyError> {
        for own in [&mut self.bid, &mut self.ask] {
            if own.token.is_some() && own.token == update.token {
                own.waits = false;
            }
        }
        Ok(())
    }

    fn on_timer(&mut self, desk: &mut Desk, _: TimerId) -> Result<(), StrategyError> {
        if desk.now() >= self.heard + self.plan.stale {
            desk.cancel_all();
        }
        desk.set_timer(self.plan.stale);
        Ok(())
    }

    fn on_margin_call(&mut self, desk: &mut Desk, _: &MarginCall) -> Result<(), StrategyError> {
        self.in_trouble = true;
        desk.cancel_all();
        Ok(())
    }

    fn on_liquidation(&mut self, _: &mut Desk, news: &Liquidation) -> Result<(), StrategyError> {
        self.in_trouble |= news.own && news.step == LiquidationStep::Triggered;
        Ok(())
    }

    fn on_account(&mut self, _: &mut Desk, status: &AccountStatus) -> Result<(), StrategyError> {
        self.in_trouble &= status.tier > 0;
        Ok(())
    }

    fn on_stop(&mut self, desk: &mut Desk) -> Result<(), StrategyError> {
        desk.cancel_all();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::shipped::tests::{desk, quote, sent, status};
    use super::super::{Fill, OrderState};
    use super::*;
    use plimsoll_types::{Money, Qty, TradeKind};

    fn maker() -> Maker {
        Maker::new(MakerPlan {
            instrument: InstrumentId(0),
            spread: 3,
            lots: 5,
            limit: 8,
            skew: 2,
            requote: 2,
            stale: 1000,
            margin: Ratio::from_nano(Ratio::SCALE / 2),
        })
    }

    fn hear(maker: &mut Maker, desk: &mut Desk, bid: i64, ask: i64) -> Vec<String> {
        let news = quote(0, 0, bid, ask);
        desk.heard_quote(&news);
        maker.on_quote(desk, &news).expect("good");
        sent(desk)
    }

    fn accept(maker: &mut Maker, desk: &mut Desk) {
        let tokens: Vec<OrderToken> = desk.orders().iter().map(|order| order.token).collect();
        for token in tokens {
            let update = OrderUpdate { ts: 0, token: Some(token), state: OrderState::Accepted };
            desk.heard_order(&update);
            maker.on_order(desk, &update).expect("good");
        }
    }

    fn fill(desk: &mut Desk, side: Side, lots: u64) {
        let token = desk.orders().iter().find(|order| order.order.side == side).map(|o| o.token);
        desk.heard_fill(&Fill {
            ts: 0,
            token,
            instrument: InstrumentId(0),
            side,
            price: Price::clamped(1000),
            qty: Qty::new(lots),
            fee: Money::ZERO,
            maker: true,
            kind: TradeKind::Normal,
        });
    }

    #[test]
    fn it_quotes_both_sides_and_follows_the_middle() {
        let (mut maker, mut desk) = (maker(), desk(1_000_000));
        assert_eq!(hear(&mut maker, &mut desk, 999, 1002), ["buy 5 at 997", "sell 5 at 1004"]);
        assert!(hear(&mut maker, &mut desk, 1009, 1012).is_empty(), "the answer is awaited");
        accept(&mut maker, &mut desk);
        assert!(hear(&mut maker, &mut desk, 1000, 1002).is_empty(), "near enough");
        let moved = hear(&mut maker, &mut desk, 1009, 1012);
        assert_eq!(moved, ["replace 5 at 1007", "replace 5 at 1014"]);
    }

    #[test]
    fn inventory_moves_its_quotes_and_its_limit_holds() {
        let (mut maker, mut desk) = (maker(), desk(1_000_000));
        hear(&mut maker, &mut desk, 999, 1001);
        fill(&mut desk, Side::Buy, 5);
        // Five lots long at one tick for two: 2.5 ticks lower, and room for three more.
        assert_eq!(hear(&mut maker, &mut desk, 999, 1001), ["buy 3 at 994"]);
        accept(&mut maker, &mut desk);
        assert_eq!(hear(&mut maker, &mut desk, 999, 1001), ["replace 5 at 1001"]);
    }

    #[test]
    fn short_of_margin_it_quotes_only_what_reduces() {
        let (mut maker, mut desk) = (maker(), desk(100));
        hear(&mut maker, &mut desk, 999, 1001);
        fill(&mut desk, Side::Sell, 5);
        desk.heard_account(&status(100, 80));
        assert_eq!(hear(&mut maker, &mut desk, 999, 1001), Vec::<String>::new());
        accept(&mut maker, &mut desk);
        assert_eq!(hear(&mut maker, &mut desk, 999, 1001), ["replace 5 at 999"]);
        fill(&mut desk, Side::Buy, 5);
        assert_eq!(hear(&mut maker, &mut desk, 999, 1001), Vec::<String>::new());
    }

    #[test]
    fn without_news_or_a_side_it_takes_its_quotes_away() {
        let (mut maker, mut desk) = (maker(), desk(1_000_000));
        hear(&mut maker, &mut desk, 999, 1001);
        desk.arrive(999);
        maker.on_timer(&mut desk, TimerId(1)).expect("good");
        assert!(sent(&mut desk).is_empty());
        desk.arrive(1000);
        maker.on_timer(&mut desk, TimerId(2)).expect("good");
        assert_eq!(sent(&mut desk), ["cancel", "cancel"]);
    }
}
