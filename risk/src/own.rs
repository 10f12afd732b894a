//! Margins that one account has of its own: a stricter broker's, its leverage's. Source: SEMANTICS 3.1.

use crate::account::Position;
use crate::contract::Contract;
use crate::ledger::Risk;
use crate::rate::Rate;
use plimsoll_types::{AccountId, Basis, InstrumentId, MarginRate, Money, Price, Ratio, ceil_div};
use serde::{Deserialize, Serialize};

/// An account's own margins in one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// [initial, maintenance] as its broker set them.
    pub margins: Option<[MarginRate; 2]>,
    /// Its leverage.
    pub leverage: Option<Ratio>,
}

/// They and what they make of the instrument's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InForce {
    own: Own,
    /// [initial, maintenance], the larger of the account's and the instrument's. Under brackets the maintenance share is the
    /// account's alone: the brackets count beside it.
    pub(crate) rates: [Rate; 2],
}

impl Own {
    /// The larger of these and the instrument's, share and per_lot each by itself.
    fn in_force(self, contract: &Contract) -> InForce {
        let [mut initial, mut maintenance] = contract.margins();
        if contract.has_brackets() {
            maintenance.share = Ratio::ZERO;
        }
        if let Some(margins) = self.margins {
            initial = larger(initial, margins[0]);
            maintenance = larger(maintenance, margins[1]);
        }
        if let Some(leverage) = self.leverage {
            initial.share = initial.share.max(share_of_leverage(leverage));
        }
        InForce { own: self, rates: [Rate::new(initial), Rate::new(maintenance)] }
    }
}

impl InForce {
    /// Margin on a notional of `lots` lots, rounded up once.
    pub(crate) fn margin(
        &self,
        contract: &Contract,
        basis: Basis,
        notional: i128,
        lots: u64,
    ) -> i128 {
        let own = self.rates[basis as usize].up(notional, lots);
        if basis == Basis::Maintenance && contract.has_brackets() {
            let per_lot = self.rates[1].per_lot * i128::from(lots);
            return own.max(contract.brackets.margin(notional) + per_lot);
        }
        own
    }
}

fn larger(a: MarginRate, b: MarginRate) -> MarginRate {
    MarginRate { share: a.share.max(b.share), per_lot: a.per_lot.max(b.per_lot) }
}

/// The share that a leverage of L asks for: ceil(10^9 / L) nano.
fn share_of_leverage(leverage: Ratio) -> Ratio {
    let one = i128::from(Ratio::SCALE);
    let nano = ceil_div(one * one, i128::from(leverage.nano().max(1)));
    Ratio::from_nano(i64::try_from(nano).unwrap_or(i64::MAX))
}

impl Risk {
    /// An account's own margins in an instrument, as they were asked for.
    pub fn own(&self, account: AccountId, instrument: InstrumentId) -> Own {
        self.own.get(&(account, instrument)).map_or(Own::default(), |found| found.own)
    }

    /// Sets them; the account, or who holds its position there, is to be looked at. Its orders' frozen amounts are the caller's to count anew.
    pub fn set_own(&mut self, account: AccountId, instrument: InstrumentId, own: Own) {
        let key = (account, instrument);
        if own == Own::default() {
            self.own.remove(&key);
        } else {
            self.own.insert(key, own.in_force(self.contract(instrument)));
        }
        let has = self.own.range((account, InstrumentId(0))..=(account, InstrumentId(u16::MAX)));
        self.accounts[account.index()].own = has.count() > 0;
        let positions: Vec<_> = self.position_ids(account).collect();
        for id in positions {
            let position = &mut self.positions[id.0 as usize];
            if position.instrument == instrument {
                position.own = own != Own::default();
                let holder = position.account;
                self.touch(holder);
            }
        }
    }

    /// The instrument's rates changed: so may those in force.
    pub(crate) fn refresh_own(&mut self, instrument: InstrumentId) {
        let contract = &self.contracts[instrument.index()];
        for (key, in_force) in &mut self.own {
            if key.1 == instrument {
                *in_force = in_force.own.in_force(contract);
            }
        }
    }

    /// Whether what is in force is what its account asked for makes of the instrument's rates, and each record knows of it.
    pub(crate) fn own_is_sound(&self) -> bool {
        let fresh = |(key, in_force): (&(AccountId, InstrumentId), &InForce)| {
            *in_force == in_force.own.in_force(self.contract(key.1)) && self.account(key.0).own
        };
        let known =
            |held: &Position| held.own == self.own.contains_key(&(held.owner, held.instrument));
        self.own.iter().all(fresh) && self.positions.iter().all(known)
    }

    /// Margin that lots of an account ask for on a notional, rounded up once.
    #[inline]
    pub(crate) fn margin_on(
        &self,
        position: &Position,
        basis: Basis,
        notional: i128,
        lots: u64,
    ) -> Money {
        let contract = self.contract(position.instrument);
        if position.own {
            return self.own_margin(position, basis, notional, lots);
        }
        contract.margin_on(basis, notional, lots)
    }

    /// The rate in force for a position whose owner has margins of its own there.
    pub(crate) fn own_rate(&self, position: &Position, basis: Basis) -> Option<&Rate> {
        let own = self.own.get(&(position.owner, position.instrument))?;
        Some(&own.rates[basis as usize])
    }

    #[cold]
    fn own_margin(&self, position: &Position, basis: Basis, notional: i128, lots: u64) -> Money {
        let contract = self.contract(position.instrument);
        match self.own.get(&(position.owner, position.instrument)) {
            Some(own) => Money::new(own.margin(contract, basis, notional, lots)),
            None => contract.margin_on(basis, notional, lots),
        }
    }

    /// What `lots` of an account ask for at a price beyond positions: orders, and lots that are about to open.
    #[inline]
    pub fn initial_margin(
        &self,
        account: AccountId,
        instrument: InstrumentId,
        price: Price,
        lots: u64,
    ) -> Money {
        let contract = self.contract(instrument);
        if self.account(account).own
            && let Some(own) = self.own.get(&(account, instrument))
        {
            let notional = contract.notional(price, lots);
            return Money::new(own.margin(contract, Basis::Initial, notional, lots));
        }
        contract.initial_margin(price, lots)
    }

    /// Margin and the larger possible fee that an order of an account with `lots` opening lots freezes at `price`. Source: SEMANTICS 4.
    #[inline]
    pub fn frozen(
        &self,
        account: AccountId,
        instrument: InstrumentId,
        price: Price,
        lots: u64,
    ) -> Money {
        if lots == 0 {
            return Money::ZERO;
        }
        let contract = self.contract(instrument);
        if !self.account(account).own
            && let Some(frozen) = contract.plainly_frozen(price, lots)
        {
            return Money::new(i128::from(frozen));
        }
        let margin = self.initial_margin(account, instrument, price, lots);
        margin + contract.opening_fee(price, lots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::PositionId;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Label, ProfileId, Side};

    const X: InstrumentId = InstrumentId(0);

    fn rate(percent: i64, per_lot: i128) -> MarginRate {
        MarginRate { share: Ratio::from_nano(percent * 10_000_000), per_lot: Money::new(per_lot) }
    }

    /// 10 lots of 10,000 each, 10 % initial and 5 % maintenance margin asked of everybody.
    fn holder() -> (Risk, AccountId, PositionId) {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 50_000);
        risk.book(fill(position, Side::Buy, 1000, 10));
        (risk, id, position)
    }

    fn margins(risk: &Risk, id: AccountId) -> [i128; 2] {
        risk.margins(id).map(Money::units)
    }

    #[test]
    fn rules_1_2_the_house_asks_one_account_for_more() {
        let (mut risk, id, position) = holder();
        let (other, held) = open(&mut risk, 50_000);
        risk.book(fill(held, Side::Sell, 1000, 10));
        risk.set_own(id, X, Own { margins: Some([rate(15, 3), rate(5, 0)]), leverage: None });
        assert_eq!(margins(&risk, id), [15_030, 5_000]);
        assert_eq!(margins(&risk, other), [10_000, 5_000]);
        let price = Price::clamped(1000);
        assert_eq!(risk.frozen(id, X, price, 2), Money::new(3_006));
        assert_eq!(risk.frozen(other, X, price, 2), Money::new(2_000));
        assert_eq!(risk.margin_left(position, 4, Basis::Initial), Money::new(9_018));
        risk.set_margin(X, rate(20, 1), rate(8, 0));
        assert_eq!(margins(&risk, id), [20_030, 8_000], "share and amount each by itself");
        risk.set_own(id, X, Own::default());
        assert_eq!(margins(&risk, id), [20_010, 8_000]);
        assert_eq!(risk.audit(), Ok(()));
    }

    #[test]
    fn leverage_sets_the_initial_share_alone() {
        let (mut risk, id, _) = holder();
        // 1/3, rounded up to a billionth.
        let leverage = Some(Ratio::from_nano(3 * Ratio::SCALE));
        risk.set_own(id, X, Own { margins: None, leverage });
        assert_eq!(margins(&risk, id), [33_334, 5_000]);
        risk.set_own(id, X, Own { margins: Some([rate(40, 0), rate(6, 0)]), leverage });
        assert_eq!(margins(&risk, id), [40_000, 6_000], "the larger of the two");
    }

    #[test]
    fn a_position_opened_later_knows_of_its_margins() {
        let mut risk = risk();
        let id = risk.open_account(Label::new("late").unwrap(), ProfileId(1));
        risk.set_own(id, X, Own { margins: Some([rate(15, 0); 2]), leverage: None });
        let position = risk.position_of(id, X);
        risk.book(fill(position, Side::Buy, 1000, 10));
        assert_eq!(margins(&risk, id), [15_000, 15_000]);
        assert!(risk.own_is_sound());
    }

    #[test]
    fn margins_in_force_that_nobody_asked_for_are_found() {
        let (mut risk, id, _) = holder();
        risk.set_own(id, X, Own { margins: Some([rate(15, 0); 2]), leverage: None });
        assert!(risk.own_is_sound());
        risk.contracts[0].set_margin(rate(30, 0), rate(30, 0));
        assert!(!risk.own_is_sound(), "the instrument's rates changed behind its back");
    }
}
