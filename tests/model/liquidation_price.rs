//! Section 9: whether a liquidation price is of the right size.

use super::position::Leg;
use super::{Model, NANO, nano, ticks};
use plimsoll_types::*;

impl Model {
    /// Whether the account would stand at a tier if one mark were at `price` and the rest as it is. The position's own
    /// margin is not rounded here: a price is wanted to the tick, not to the money unit.
    fn stands_at_price(&self, account: usize, leg: Leg, tier: &Tier, price: i128) -> bool {
        let position = &self.accounts[account].positions[&leg];
        let v = self.tick_value(leg.instrument);
        let rate = self.rate(account, leg.instrument, tier.basis);
        let at_mark = self.books[leg.instrument].spec.risk.margin_price == MarginPrice::Mark;
        let held = self.position_margin(account, leg, position, tier.basis);
        let others = self.margin(account, tier.basis) - held;
        // In billionths of a money unit.
        let own = if at_mark {
            rate.per_lot.units() * position.size() * NANO
                + nano(rate.share) * position.size() * price * v
        } else {
            held * NANO
        };
        let margin = others * NANO + own;
        let mark = ticks(self.books[leg.instrument].mark);
        let equity = self.equity(account) + position.lots * (price - mark) * v;
        margin > 0
            && match self.profile(account).measure {
                MeasureKind::MarginOverEquity => margin >= nano(tier.at) * equity,
                MeasureKind::EquityOverMargin => equity * NANO * NANO <= nano(tier.at) * margin,
            }
    }

    /// Whether the first liquidating tier begins at this price, to the tick: a long's account stands in it a tick lower and
    /// not a tick higher, a short's the other way round.
    pub fn fits_liquidation_price(&self, account: usize, leg: Leg, price: Option<Price>) -> bool {
        let first = self.profile(account).tiers.iter().find(|tier| tier.action.liquidates());
        let Some(tier) = first else { return price.is_none() };
        let spec = &self.books[leg.instrument].spec;
        let position = &self.accounts[account].positions[&leg];
        if self.position_margin(account, leg, position, tier.basis) == 0 {
            // Without margin nothing is reached: no price means anything.
            return true;
        }
        if self.tick_value(leg.instrument) > 1_000_000 {
            // The ends of the domain would pass 128 bits here.
            return true;
        }
        let bracketed = tier.basis == Basis::Maintenance && !spec.risk.brackets.is_empty();
        if bracketed || spec.risk.large_side {
            // Its margin has corners: there may be several such prices.
            return true;
        }
        let long = position.lots > 0;
        let stands = |at: i128| self.stands_at_price(account, leg, tier, at);
        let (lowest, highest) = (ticks(Price::MIN), ticks(Price::MAX));
        match price.map(ticks) {
            // The boundary lies outside the domain of prices; or a long's margin grows faster with the price than its equity
            // may bear, so that the tier lies above, and a fall leads away from it.
            None => {
                let share = nano(self.rate(account, leg.instrument, tier.basis).share);
                let faster = match self.profile(account).measure {
                    MeasureKind::MarginOverEquity => share > nano(tier.at),
                    MeasureKind::EquityOverMargin => share * nano(tier.at) > NANO * NANO,
                };
                long && faster || stands(lowest) == stands(highest)
            }
            Some(at) if long => {
                (at == lowest || stands(at - 1)) && (at == highest || !stands(at + 1))
            }
            Some(at) => (at == lowest || !stands(at - 1)) && (at == highest || stands(at + 1)),
        }
    }
}
