//! Section 5: funding, the index, the mark that follows it.

use super::entry::Checked;
use super::waterfall::share_out;
use super::{
    Model, NANO, account_id, instrument_id, lots, nano, round_half_up, round_up, ticks, to_price,
};
use plimsoll_types::*;

const HOUR: i128 = 3_600_000_000_000;

impl Model {
    /// Command `index`.
    pub fn set_index(&mut self, instrument: InstrumentId, price: Price) -> Checked {
        let index = self.known_instrument(instrument)?;
        let now = self.now;
        self.books[index].indices.push((now, ticks(price)));
        self.emit(EventKind::Index { instrument, price });
        if let MarkSource::Index { .. } = self.books[index].spec.mark {
            self.mark_by_index(index);
        }
        Ok(())
    }

    /// The index, or the last price as far as it lies near it.
    pub fn mark_by_index(&mut self, instrument: usize) {
        let book = &self.books[instrument];
        let MarkSource::Index { cap } = book.spec.mark else { return };
        let Some(&(_, index)) = book.indices.last() else { return };
        let mark = match (cap, book.last) {
            (Some(cap), Some(last)) => {
                let low = round_up(index * (NANO - nano(cap)).max(0), NANO);
                let high = index * (NANO + nano(cap)) / NANO;
                ticks(last).clamp(low, high).clamp(ticks(Price::MIN), ticks(Price::MAX))
            }
            _ => index,
        };
        if mark != index {
            self.saw("mark off the index");
        }
        self.set_mark(instrument, to_price(mark));
    }

    /// The average index of the last hour, else the last index.
    pub fn average_index(&self, instrument: usize) -> Option<Price> {
        let indices = &self.books[instrument].indices;
        let since = i128::from(self.now) - HOUR;
        let recent: Vec<i128> =
            indices.iter().filter(|(at, _)| i128::from(*at) > since).map(|(_, p)| *p).collect();
        if recent.is_empty() {
            return indices.last().map(|(_, price)| to_price(*price));
        }
        Some(to_price(round_half_up(recent.iter().sum(), recent.len() as i128)))
    }

    /// What so many lots of a side of the visible book are worth together, ticks.
    fn impact_worth(&self, instrument: usize, side: Side, wanted: i128) -> Option<i128> {
        let (mut left, mut worth) = (wanted, 0);
        for (price, there) in self.books[instrument].levels(side) {
            let here = there.min(left);
            left -= here;
            worth += here * price;
        }
        (left == 0).then_some(worth)
    }

    /// The rate by premium, in billionths.
    fn funding_rate(&self, instrument: usize) -> Option<i128> {
        let book = &self.books[instrument];
        let rule = book.spec.risk.funding?;
        let index = book.indices.last()?.1;
        let impact = lots(rule.impact);
        let bid = self.impact_worth(instrument, Side::Buy, impact)?;
        let ask = self.impact_worth(instrument, Side::Sell, impact)?;
        let above = (bid - index * impact).max(0);
        let below = (index * impact - ask).max(0);
        // Division of integers goes towards zero.
        let premium = (above - below) * NANO / (index * impact);
        let clamp = nano(rule.clamp);
        Some(premium + (nano(rule.interest) - premium).clamp(-clamp, clamp))
    }

    /// Command `funding`.
    pub fn fund_positions(&mut self, instrument: InstrumentId, rate: Option<Ratio>) -> Checked {
        let index = self.known_instrument(instrument)?;
        if self.books[index].spec.kind != InstrumentKind::Perpetual {
            return Err(Reject::NotApplicable);
        }
        let rate = match rate {
            Some(rate) => nano(rate),
            None => {
                let found = self.funding_rate(index).ok_or(Reject::NotApplicable)?;
                self.saw("funding by premium");
                found
            }
        };
        if rate.abs() > NANO {
            return Err(Reject::NotApplicable);
        }
        let mut amounts: Vec<(usize, i128)> = Vec::new();
        let mut receivers: Vec<(usize, i128)> = Vec::new();
        for account in 0..self.accounts.len() {
            let held = self.accounts[account].lots(index);
            // In billionths of a money unit.
            let due = rate * held * self.worth_of_lot(index);
            if due > 0 {
                amounts.push((account, -round_up(due, NANO)));
            } else if due < 0 {
                receivers.push((account, held.abs()));
            }
        }
        let paid: i128 = amounts.iter().map(|(_, amount)| -amount).sum();
        if paid == 0 {
            self.saw("nobody pays funding");
            return Ok(());
        }
        let weights: Vec<i128> = receivers.iter().map(|(_, held)| *held).collect();
        let shares = share_out(paid, &weights);
        amounts.extend(receivers.iter().zip(shares).map(|((account, _), share)| (*account, share)));
        amounts.sort_unstable();
        for (account, amount) in amounts {
            self.accounts[account].cash += amount;
            if amount != 0 {
                let (account, amount) = (account_id(account), Money::new(amount));
                self.emit(EventKind::Funding { account, instrument: instrument_id(index), amount });
            }
        }
        Ok(())
    }
}
