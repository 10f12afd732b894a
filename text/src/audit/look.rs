//! What the books say at one moment.

use super::account::{Flows, worth};
use super::book::Books;
use super::terms::Leg;

/// What an account with its isolated positions has and how it came by it. Units: money units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Money, with positions at cost.
    pub balance: i128,
    /// Result of open positions at the mark.
    pub unrealised: i128,
    /// Result of closed lots and of settlements, before fees.
    pub realised: i128,
    /// The same, counted from opening prices.
    pub by_trade: i128,
    /// Paid for trades.
    pub fees: i128,
    /// Owed to the house.
    pub debt: i128,
    /// What moved without trades.
    pub flows: Flows,
}

impl Books {
    /// Result of one position at the mark; zero where that or its worth is unknown.
    pub fn unrealised(&self, holder: usize, key: (usize, Leg)) -> i128 {
        let instrument = &self.terms.instruments[key.0];
        let position = self.accounts[holder].positions.get(&key);
        match (position, instrument.value, instrument.mark) {
            (Some(position), Some(value), Some(mark)) => {
                // Past all bounds only in a record that no exchange wrote.
                worth(mark, position.lots, value).unwrap_or_default() - position.basis
            }
            _ => 0,
        }
    }

    /// One account or one isolated position by itself.
    pub fn standing_of(&self, holder: usize) -> Standing {
        let account = &self.accounts[holder];
        let unrealised = account.positions.keys().map(|key| self.unrealised(holder, *key)).sum();
        Standing {
            balance: account.balance(),
            unrealised,
            realised: account.realised,
            by_trade: account.by_trade(),
            fees: account.fees,
            debt: account.debt,
            flows: account.flows,
        }
    }

    /// An account with its isolated positions. Cost: O(its positions).
    pub fn standing(&self, owner: usize) -> Standing {
        let mut all = Standing::default();
        for holder in self.holders(owner) {
            let one = self.standing_of(holder);
            all.balance += one.balance;
            all.unrealised += one.unrealised;
            all.realised += one.realised;
            all.by_trade += one.by_trade;
            all.fees += one.fees;
            all.debt += one.debt;
            let (sum, flows) = (&mut all.flows, one.flows);
            sum.deposits += flows.deposits;
            sum.withdrawals += flows.withdrawals;
            sum.funding += flows.funding;
            sum.moved += flows.moved;
            sum.covered += flows.covered;
            sum.borne += flows.borne;
        }
        all
    }

    /// Accounts that are no isolated position, in order.
    pub fn owners(&self) -> impl Iterator<Item = usize> {
        (0..self.accounts.len()).filter(|&place| self.accounts[place].isolated.is_none())
    }

    /// What conservation leaves over: sum(balance + unrealised) + fund + fees - (deposits - withdrawals + written off).
    ///
    /// Zero, to the unit, or the record is not whole. Source: SEMANTICS 9.
    pub fn imbalance(&self) -> i128 {
        let house = &self.house;
        let equity = (0..self.accounts.len()).map(|holder| self.standing_of(holder));
        let equity: i128 = equity.map(|standing| standing.balance + standing.unrealised).sum();
        equity + house.fund + house.fees - (house.deposits - house.withdrawals + house.written_off)
    }

    /// Lots bought and lots sold that are held in an instrument, and by how many accounts.
    pub fn held(&self, instrument: usize) -> ([i128; 2], usize) {
        let legs = (instrument, Leg::Net)..=(instrument, Leg::Short);
        let (mut lots, mut holders) = ([0, 0], 0);
        for account in &self.accounts {
            let before = lots;
            for (_, position) in account.positions.range(legs.clone()) {
                lots[usize::from(position.lots < 0)] += i128::from(position.lots.abs());
            }
            holders += usize::from(lots != before);
        }
        (lots, holders)
    }
}
