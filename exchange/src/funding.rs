//! Funding of perpetuals: at a rate given, or by what the book's premium says. Source: RULES 5.6, SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_risk::formula::funding;
use plimsoll_types::{EventKind, InstrumentId, InstrumentKind, Qty, Ratio, Reject, Side};

impl Exchange {
    /// Moves funding between those who hold a perpetual.
    pub(crate) fn fund_positions(
        &mut self,
        instrument: InstrumentId,
        rate: Option<Ratio>,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        if self.spec.instruments[instrument.index()].kind != InstrumentKind::Perpetual {
            return Err(Reject::NotApplicable);
        }
        let rate = match rate {
            Some(rate) => rate.nano(),
            None => self.funding_rate(instrument).ok_or(Reject::NotApplicable)?,
        };
        if rate.unsigned_abs() > Ratio::ONE.nano().unsigned_abs() {
            return Err(Reject::NotApplicable);
        }
        let paid = self.risk.pay_funding(instrument, Ratio::from_nano(rate));
        self.log.events.reserve(paid.len());
        for (account, amount) in paid {
            self.log.emit(EventKind::Funding { account, instrument, amount });
        }
        self.look();
        Ok(())
    }

    /// The rate by premium, 10^-9; `None` without a rule for it, an index, or depth for the impact.
    fn funding_rate(&self, instrument: InstrumentId) -> Option<i64> {
        let rule = self.spec.instruments[instrument.index()].risk.funding?;
        let index = self.markets[instrument.index()].index.last()?;
        let impact = i128::from(rule.impact.lots());
        let bid = self.price_sum(instrument, Side::Buy, rule.impact)?;
        let ask = self.price_sum(instrument, Side::Sell, rule.impact)?;
        // All three times the impact's lots, so that no average is rounded.
        let premium = funding::premium(bid, ask, i128::from(index.ticks()) * impact)?;
        Some(funding::rate(premium, rule.interest.nano(), rule.clamp.nano()))
    }

    /// Sum of price x lots over the best `wanted` lots shown on a side; `None` where it shows fewer.
    fn price_sum(&self, instrument: InstrumentId, side: Side, wanted: Qty) -> Option<i128> {
        let (mut left, mut sum) = (wanted, 0);
        for (price, qty) in self.markets[instrument.index()].book.levels(side) {
            let part = qty.min(left);
            sum += i128::from(price.ticks()) * i128::from(part.lots());
            left -= part;
            if left.is_zero() {
                return Some(sum);
            }
        }
        None
    }
}
