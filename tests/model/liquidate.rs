//! Section 7: cases by order of the exchange.

use super::case::Aim;
use super::entry::Checked;
use super::{Model, lots};
use plimsoll_types::*;

impl Model {
    /// The side of which an account holds more there, and how much; the long one of two alike.
    fn larger_side(&self, holder: usize, instrument: usize) -> Option<(Side, i128)> {
        let account = &self.accounts[holder];
        let (long, short) =
            (account.lots_on(instrument, Side::Buy), account.lots_on(instrument, Side::Sell));
        match (long, short) {
            (0, 0) => None,
            (long, short) if long >= short => Some((Side::Buy, long)),
            (_, short) => Some((Side::Sell, short)),
        }
    }

    /// Lots above the position limit, on the larger side.
    fn excess(&self, holder: usize, instrument: usize) -> Option<(Side, i128)> {
        let limit = lots(self.books[instrument].spec.risk.position_limit?);
        let (side, held) = self.larger_side(holder, instrument)?;
        (held > limit).then_some((side, held - limit))
    }

    /// Command `liquidate`.
    pub fn liquidate(
        &mut self,
        account: Option<AccountId>,
        instrument: InstrumentId,
        qty: Option<Qty>,
        reason: ForcedReason,
    ) -> Checked {
        let owner = account.map(|account| self.known_account(account)).transpose()?;
        let index = self.known_instrument(instrument)?;
        if let Some(qty) = qty {
            Self::check_qty(qty)?;
        }
        let Some(owner) = owner else { return self.liquidate_excesses(index, reason) };
        let holder = self.holder(owner, index).ok_or(Reject::NotApplicable)?;
        let (side, held) = self.larger_side(holder, index).ok_or(Reject::NotApplicable)?;
        if self.unlimited(holder) {
            return Err(Reject::NotApplicable);
        }
        let limited = self.books[index].spec.risk.position_limit.is_some();
        let wanted = match qty {
            Some(qty) => lots(qty).min(held),
            None if limited => {
                self.excess(holder, index).map(|(_, excess)| excess).ok_or(Reject::NotApplicable)?
            }
            None => held,
        };
        if self.in_case(owner, index) {
            return Err(Reject::Liquidation);
        }
        self.open_case(
            holder,
            Aim::Lots { instrument: index, held: side, keep: held - wanted },
            reason,
        );
        Ok(())
    }

    /// Everybody's above the limit, the largest excess first; each is counted anew when its turn comes.
    fn liquidate_excesses(&mut self, index: usize, reason: ForcedReason) -> Checked {
        if self.books[index].spec.risk.position_limit.is_none() {
            return Err(Reject::NotApplicable);
        }
        let mut found: Vec<(i128, usize)> = Vec::new();
        for holder in 0..self.accounts.len() {
            let spared = self.accounts[holder].hedger || self.unlimited(holder);
            if let Some((_, excess)) = self.excess(holder, index)
                && !spared
                && !self.in_case(self.owner(holder), index)
            {
                found.push((-excess, holder));
            }
        }
        found.sort_unstable();
        if found.len() > 1 {
            self.saw("several accounts above the limit");
        }
        for (_, holder) in found {
            if let Some((held, excess)) = self.excess(holder, index) {
                let keep = self.accounts[holder].lots_on(index, held) - excess;
                self.open_case(holder, Aim::Lots { instrument: index, held, keep }, reason);
            }
        }
        Ok(())
    }
}
