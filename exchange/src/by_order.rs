//! Forced liquidation by order of the exchange. Source: RULES 7.7, SEMANTICS 7.

use crate::cases::Opening;
use crate::exchange::Exchange;
use plimsoll_risk::{Position, Purpose, Standing};
use plimsoll_types::{AccountId, ForcedReason, InstrumentId, ProtectionPrice, Qty, Reject, Side};

impl Exchange {
    /// Closes lots of one account, or of everybody above the position limit.
    pub(crate) fn liquidate(
        &mut self,
        account: Option<AccountId>,
        instrument: InstrumentId,
        qty: Option<Qty>,
        reason: ForcedReason,
    ) -> Result<(), Reject> {
        if let Some(account) = account {
            self.check_account(account)?;
        }
        self.check_instrument(instrument)?;
        match qty {
            Some(qty) if qty.is_zero() => return Err(Reject::QuantityNotPositive),
            Some(qty) if qty > Qty::MAX => return Err(Reject::QuantityTooLarge),
            _ => {}
        }
        match account {
            Some(account) => {
                let holder = self.holder(account, instrument);
                let lots = self.lots_by_order(holder, instrument, qty);
                if self.risk.account(holder).is_unlimited() || lots == 0 {
                    return Err(Reject::NotApplicable);
                }
                if self.risk.account(holder).case().is_some() {
                    return Err(Reject::Liquidation);
                }
                self.open_by_order(holder, instrument, lots, reason);
            }
            None => {
                let limit = self.position_limit(instrument).ok_or(Reject::NotApplicable)?;
                for holder in self.above_limit(instrument, limit) {
                    let lots = self.lots_by_order(holder, instrument, qty);
                    let above = self.larger_leg(holder, instrument).0 > limit;
                    if above && self.risk.account(holder).case().is_none() {
                        self.open_by_order(holder, instrument, lots, reason);
                    }
                }
            }
        }
        Ok(())
    }

    fn position_limit(&self, instrument: InstrumentId) -> Option<u64> {
        self.spec.instruments[instrument.index()].risk.position_limit.map(Qty::lots)
    }

    /// Lots of an account's position, or of its larger leg, and the side that closes them.
    fn larger_leg(&self, account: AccountId, instrument: InstrumentId) -> (u64, Side) {
        let held = self.risk.positions(account).filter(|held| held.instrument() == instrument);
        let lots = |held: &Position| (held.lots().unsigned_abs(), held.lots() > 0);
        held.max_by_key(|held| lots(held))
            .map_or((0, Side::Sell), |held| (held.lots().unsigned_abs(), held.closed_with()))
    }

    /// How many lots an order closes: so many, at most what is held; else what exceeds the limit; else all.
    fn lots_by_order(&self, account: AccountId, instrument: InstrumentId, qty: Option<Qty>) -> u64 {
        let (held, _) = self.larger_leg(account, instrument);
        match (qty, self.position_limit(instrument)) {
            (Some(qty), _) => qty.lots().min(held),
            (None, Some(limit)) => held.saturating_sub(limit),
            (None, None) => held,
        }
    }

    /// Who holds more than the limit and is in no case, largest excess first, ties by account. Cost: O(those who ever had an order there).
    fn above_limit(&self, instrument: InstrumentId, limit: u64) -> Vec<AccountId> {
        let ids = self.risk.members(instrument).map(|id| self.risk.position(id).account());
        let mut above: Vec<(std::cmp::Reverse<u64>, AccountId)> = ids
            .filter(|&id| {
                let account = self.risk.account(id);
                let hedger = self.risk.is_hedger(self.risk.owner_of(id));
                !hedger && !account.is_unlimited() && account.case().is_none()
            })
            .map(|id| (std::cmp::Reverse(self.larger_leg(id, instrument).0), id))
            .filter(|(lots, _)| lots.0 > limit)
            .collect();
        above.sort_unstable();
        // Once for two legs.
        above.dedup();
        above.into_iter().map(|(_, id)| id).collect()
    }

    fn open_by_order(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        lots: u64,
        reason: ForcedReason,
    ) {
        let (held, side) = self.larger_leg(account, instrument);
        let rules = self.risk.account(account).profile();
        let price = match self.risk.rules(rules).price {
            ProtectionPrice::Bankruptcy => ProtectionPrice::Band,
            price => price,
        };
        let purpose = Purpose::Lots { instrument, side, keep: held - lots };
        let opening = Opening { account, reason, purpose, rules, price };
        self.open_case(opening, |market, _| market.id == instrument);
    }

    /// What an account's tier asks for as if it had just been reached: the end of a case that was not about that.
    pub(crate) fn act_on_tier(&mut self, account: AccountId, tier: u8, standing: Standing) {
        if let Some(place) = usize::from(tier).checked_sub(1) {
            let action = self.risk.profile_of(account).tiers[place].action;
            self.act_on(account, tier, action, standing);
        }
    }
}
