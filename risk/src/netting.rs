//! The margins of an account's positions together.

use crate::account::PositionId;
use crate::ledger::Risk;
use plimsoll_types::AccountId;

/// The margins of an account as the lots of one position change. Units: money, by basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Around {
    others: [i128; 2],
}

impl Around {
    /// The account's margins where the position has `own` left.
    pub(crate) fn with(&self, own: [i128; 2]) -> [plimsoll_types::Money; 2] {
        std::array::from_fn(|basis| plimsoll_types::Money::new(self.others[basis] + own[basis]))
    }
}

impl Risk {
    /// What an account's other positions ask for around one of them, once those in `closed` are gone.
    pub(crate) fn around(
        &self,
        account: AccountId,
        position: PositionId,
        closed: &[PositionId],
    ) -> Around {
        let bases = self.lines(account).bases;
        let mut others = [0; 2];
        let held = self.held_ids(account).filter(|id| *id != position && !closed.contains(id));
        for held in held.filter(|&id| self.position(id).lots != 0) {
            let own = bases.map(|basis| self.margin_of(held, basis).units());
            others = [others[0] + own[0], others[1] + own[1]];
        }
        Around { others }
    }
}
