//! The strategies that come with the program, and what they share.

use super::basis::{Basis, BasisPlan};
use super::hunter::{Hunter, HunterPlan};
use super::maker::{Maker, MakerPlan};
use super::trend::{Trend, TrendPlan};
use super::{Desk, Order, OrderToken, Strategy};
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_text::config::dom::DeValue;
use plimsoll_types::{ExchangeSpec, InstrumentId, Ratio, Side};

/// Names of the kinds, as complaints show them.
const KINDS: &str = "\"maker\", \"trend\", \"basis\" or \"hunter\"";

/// One of the strategies that come with the program, and its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shipped {
    /// Quotes both sides.
    Maker(MakerPlan),
    /// Follows the price, with leverage.
    Trend(TrendPlan),
    /// Trades two instruments against each other.
    Basis(BasisPlan),
    /// Trades around other people's liquidations.
    Hunter(HunterPlan),
}

impl Shipped {
    /// Takes `kind` and the keys of that kind.
    ///
    /// Errors: an unknown kind, and what its keys may not be.
    pub fn read(section: &mut Section<'_>, exchange: &ExchangeSpec) -> Result<Shipped, Error> {
        let kind = section.required("kind", KINDS, DeValue::as_str)?;
        Ok(match kind {
            "maker" => Shipped::Maker(MakerPlan::read(section, exchange)?),
            "trend" => Shipped::Trend(TrendPlan::read(section, exchange)?),
            "basis" => Shipped::Basis(BasisPlan::read(section, exchange)?),
            "hunter" => Shipped::Hunter(HunterPlan::read(section, exchange)?),
            other => return Err(section.complaint("kind", KINDS, &format!("\"{other}\""))),
        })
    }

    /// A fresh one, ready to start.
    pub fn make(&self) -> Box<dyn Strategy> {
        match self {
            Shipped::Maker(plan) => Box::new(Maker::new(plan.clone())),
            Shipped::Trend(plan) => Box::new(Trend::new(plan.clone())),
            Shipped::Basis(plan) => Box::new(Basis::new(plan.clone())),
            Shipped::Hunter(plan) => Box::new(Hunter::new(plan.clone())),
        }
    }

    /// What people call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Shipped::Maker(_) => "maker",
            Shipped::Trend(_) => "trend",
            Shipped::Basis(_) => "basis",
            Shipped::Hunter(_) => "hunter",
        }
    }
}

/// The instrument that a key names; the first one where it is absent.
pub(crate) fn instrument(
    section: &mut Section<'_>,
    key: &'static str,
    exchange: &ExchangeSpec,
) -> Result<InstrumentId, Error> {
    let Some(symbol) = section.optional(key, "a symbol in quotes", DeValue::as_str)? else {
        return Ok(InstrumentId(0));
    };
    let known = exchange.instruments.iter().position(|spec| spec.symbol.as_str() == symbol);
    let found = known.and_then(|place| u16::try_from(place).ok()).map(InstrumentId);
    found.ok_or_else(|| section.complaint(key, "the symbol of an instrument", symbol))
}

/// Takes up to `lots` at once, at most `through` ticks past the touch; `None` where nobody stands on the other side.
pub(crate) fn take(
    desk: &mut Desk,
    instrument: InstrumentId,
    side: Side,
    lots: u64,
    through: i64,
) -> Option<OrderToken> {
    let quote = desk.quote(instrument)?;
    let (touch, _) = match side {
        Side::Buy => quote.ask?,
        Side::Sell => quote.bid?,
    };
    let worst = touch.through(side, through);
    (lots > 0).then(|| desk.submit(Order::limit(instrument, side, worst, lots).immediate()))
}

/// The side that brings a position of `from` lots to `to`, and by how many lots; `None` where it is there.
pub(crate) fn way(from: i64, to: i64) -> Option<(Side, u64)> {
    let side = if to > from { Side::Buy } else { Side::Sell };
    (to != from).then(|| (side, to.abs_diff(from)))
}

/// Whether margin of the open positions takes more than `share` of the equity.
pub(crate) fn short_of_margin(desk: &Desk, share: Ratio) -> bool {
    let account = desk.account();
    let (margin, equity) = (account.margin.units(), account.equity.units());
    margin > 0 && margin * i128::from(Ratio::SCALE) > equity * i128::from(share.nano())
}

/// Lots whose notional at the mark is `leverage` times the equity, as last heard; none without equity or mark.
pub(crate) fn lots_at(desk: &Desk, instrument: InstrumentId, leverage: Ratio) -> u64 {
    let Some(quote) = desk.quote(instrument) else { return 0 };
    let lot = desk.value(instrument, quote.mark.ticks(), 1);
    let equity = desk.account().equity.units().max(0);
    let worth = equity * i128::from(leverage.nano()) / i128::from(Ratio::SCALE);
    if lot.units() <= 0 { 0 } else { u64::try_from(worth / lot.units()).unwrap_or(u64::MAX) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::desk::Action;
    use super::super::{AccountStatus, Quote};
    use super::*;
    use crate::prng::Prng;
    use plimsoll_types::{
        AccountId, Command, Measure, Money, NewOrder, OrderKind, Permission, Price, Qty, Ts,
    };

    /// A desk with so much money, units, over the instruments of the built-in scenario, twice.
    pub(crate) fn desk(equity: i128) -> Desk {
        let mut instruments = crate::Scenario::built_in().expect("good").exchange.instruments;
        let mut second = instruments[0].clone();
        second.symbol = plimsoll_types::Label::new("IY").expect("short");
        instruments.push(second);
        Desk::new(status(equity, 0), AccountId(0), &instruments, Prng::new(1, "test", 0))
    }

    /// An account's money: equity and margin, units.
    pub(crate) fn status(equity: i128, margin: i128) -> AccountStatus {
        AccountStatus {
            ts: 0,
            equity: Money::new(equity),
            balance: Money::new(equity),
            margin: Money::new(margin),
            maintenance: Money::new(margin),
            available: Money::new(equity - margin),
            measure: Measure(None),
            tier: 0,
            permission: Permission::Normal,
            fees: Money::ZERO,
            debt: Money::ZERO,
        }
    }

    /// A quote with ten lots a side.
    pub(crate) fn quote(instrument: u16, ts: Ts, bid: i64, ask: i64) -> Quote {
        let side = |ticks| Some((Price::clamped(ticks), Qty::new(10)));
        Quote {
            ts,
            instrument: InstrumentId(instrument),
            bid: side(bid),
            ask: side(ask),
            mark: Price::clamped((bid + ask) / 2),
        }
    }

    /// What it sent since the last look: side, ticks, lots of orders; cancels count as a word.
    pub(crate) fn sent(desk: &mut Desk) -> Vec<String> {
        let words = |action| match action {
            Action::Send(Command::Order(NewOrder { side, qty, kind, .. })) => {
                let price = match kind {
                    OrderKind::Limit(price) => price.ticks().to_string(),
                    OrderKind::Market(_) => "market".to_owned(),
                };
                Some(format!("{} {} at {price}", side.as_str(), qty.lots()))
            }
            Action::Send(Command::Cancel { .. }) => Some("cancel".to_owned()),
            Action::Send(Command::Replace { price, qty, .. }) => {
                Some(format!("replace {} at {}", qty.lots(), price.ticks()))
            }
            _ => None,
        };
        desk.actions.drain(..).filter_map(words).collect()
    }

    #[test]
    fn size_follows_equity_and_leverage() {
        let mut desk = desk(100_000_000);
        desk.heard_quote(&quote(0, 0, 24_999, 25_001));
        // A lot is worth 25,000 ticks x 20.00; a million at four times the equity holds eight of them.
        let four = Ratio::from_nano(4 * Ratio::SCALE);
        assert_eq!(lots_at(&desk, InstrumentId(0), four), 8);
        assert_eq!(lots_at(&desk, InstrumentId(1), four), 0, "nothing quoted there");
        desk.heard_account(&status(-5, 0));
        assert_eq!(lots_at(&desk, InstrumentId(0), four), 0);
    }

    #[test]
    fn the_way_to_a_position_is_a_side_and_lots() {
        assert_eq!(way(-3, 4), Some((Side::Buy, 7)));
        assert_eq!(way(4, 0), Some((Side::Sell, 4)));
        assert_eq!(way(2, 2), None);
    }

    #[test]
    fn margin_is_short_above_its_share() {
        let mut desk = desk(100);
        let half = Ratio::from_nano(Ratio::SCALE / 2);
        assert!(!short_of_margin(&desk, half));
        desk.heard_account(&status(100, 50));
        assert!(!short_of_margin(&desk, half));
        desk.heard_account(&status(100, 51));
        assert!(short_of_margin(&desk, half));
        desk.heard_account(&status(-1, 1));
        assert!(short_of_margin(&desk, half));
    }
}
