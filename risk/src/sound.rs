//! Whether tables read from a snapshot hang together: nothing points beyond an end or in a circle.

use crate::account::NIL;
use crate::ledger::Risk;
use plimsoll_types::Price;

impl Risk {
    /// Whether every number that stands for an account, a record, an instrument, a profile or a tier names one that is
    /// there, and lists of records come to an end. To be asked before anything else of a ledger from outside. Cost: O(accounts + positions).
    pub fn is_sound(&self, instruments: usize) -> bool {
        let marks = Price::MIN.ticks()..=Price::MAX.ticks();
        let contracts = self.contracts.len() == instruments
            && self.contracts.iter().all(|contract| {
                contract.tick_value > 0
                    && marks.contains(&contract.mark.ticks())
                    && marks.contains(&contract.prev_settlement.ticks())
            });
        let profiles = self.lines.len() == self.profiles.len();
        contracts
            && profiles
            && self.names.len() == self.accounts.len()
            && self.accounts_are_sound()
            && self.records_are_sound()
    }

    fn accounts_are_sound(&self) -> bool {
        self.accounts.iter().all(|account| {
            let lines = self.lines.get(account.profile.index());
            let first = account.first == NIL || (account.first as usize) < self.positions.len();
            first && lines.is_some_and(|lines| usize::from(account.tier) <= lines.at.len())
        })
    }

    fn records_are_sound(&self) -> bool {
        let accounts = self.accounts.len();
        self.positions.iter().all(|held| {
            let placed = held.account.index() < accounts
                && held.owner.index() < accounts
                && held.instrument.index() < self.contracts.len()
                && (held.costs == NIL || (held.costs as usize) < self.costs.len());
            // A list goes on with a later instrument or leg, so that it ends.
            let next = match self.positions.get(held.next as usize) {
                Some(next) => (next.instrument, next.leg) > (held.instrument, held.leg),
                None => held.next == NIL,
            };
            placed && next
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{InstrumentId, ProfileId, Side};

    #[test]
    fn what_points_nowhere_is_found() {
        let spoilt = |spoil: fn(&mut crate::Risk)| {
            let mut risk = risk();
            let (_, position) = open(&mut risk, 100_000);
            risk.book(fill(position, Side::Buy, 1000, 3));
            assert!(risk.is_sound(1));
            spoil(&mut risk);
            risk.is_sound(1)
        };
        assert!(!spoilt(|r| r.positions[0].next = 0), "a circle");
        assert!(!spoilt(|r| r.positions[0].next = 7));
        assert!(!spoilt(|r| r.positions[0].costs = 0));
        assert!(!spoilt(|r| r.positions[0].instrument = InstrumentId(1)));
        assert!(!spoilt(|r| r.positions[0].owner.0 = 1));
        assert!(!spoilt(|r| r.accounts[0].first = 1));
        assert!(!spoilt(|r| r.accounts[0].profile = ProfileId(2)));
        assert!(!spoilt(|r| r.accounts[0].tier = 3));
        assert!(!spoilt(|r| r.contracts[0].tick_value = 0));
        assert!(!spoilt(|r| r.accounts.clear()));
        assert!(!risk().is_sound(2));
    }
}
