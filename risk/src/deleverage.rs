//! Who gives lots in a deleveraging, and how many. Source: RULES 5.5, SEMANTICS 7.

use crate::account::{Position, PositionId};
use crate::formula::deleverage::{leverage, pro_rata, profit_share, rank, score, take};
use crate::ledger::Risk;
use plimsoll_types::{DeleverageRank, Money, Ratio};

impl Risk {
    /// Who gives how many lots so that `position` can be closed without a book, in the order in which they give; what finds no
    /// giver is left over.
    ///
    /// Givers are all holders of opposite lots but the fund and the pockets of the same account. Cost: O(holders of the instrument).
    pub fn givers(&self, position: PositionId, order: DeleverageRank) -> Vec<(PositionId, u64)> {
        let closed = self.position(position);
        let opposite = |held: &Position| {
            (held.lots > 0) != (closed.lots > 0)
                && held.lots != 0
                && held.owner != closed.owner
                && Some(held.account) != self.fund_account
        };
        let members = self.members(closed.instrument);
        let mut holders: Vec<PositionId> =
            members.filter(|&id| opposite(self.position(id))).collect();
        holders.sort_by_key(|&id| self.position(id).account);
        let lots = |&id: &PositionId| self.position(id).lots.unsigned_abs();
        let held: Vec<u64> = holders.iter().map(lots).collect();
        let wanted = closed.lots.unsigned_abs();
        let taken = match order {
            DeleverageRank::ProRata => pro_rata(wanted, &held),
            DeleverageRank::ProfitLeverage | DeleverageRank::ProfitShare => {
                let scores: Vec<i128> =
                    holders.iter().map(|&id| self.score_of(id, order)).collect();
                take(wanted, rank(&scores).into_iter().map(|index| (index, held[index])))
            }
        };
        taken.given.into_iter().map(|(index, lots)| (holders[index], lots)).collect()
    }

    /// Where a position stands in the queue of givers: higher gives first.
    fn score_of(&self, id: PositionId, order: DeleverageRank) -> i128 {
        let position = self.position(id);
        let contract = self.contract(position.instrument);
        let worth = Money::of_lots(contract.mark, position.lots, contract.tick_value);
        let opening = self.opening_value(id).units();
        let share = profit_share(worth.units() - opening, opening);
        if order == DeleverageRank::ProfitShare {
            return share;
        }
        let times = if self.account(position.account).unlimited {
            i128::from(Ratio::SCALE)
        } else {
            let equity = self.standing(position.account).equity.units();
            leverage(worth.units().unsigned_abs(), equity)
        };
        score(share, times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{InstrumentId, Price, Side};

    #[test]
    fn rules_5_5_winners_by_leverage_before_losers() {
        let mut risk = risk();
        let (bankrupt, short) = open(&mut risk, 1_000);
        risk.book_free(fill(short, Side::Sell, 1000, 20));
        // Lots, opening price and deposit: a loser, a winner, the same winner with less money.
        let longs =
            [(10, 1100, 90_000), (10, 900, 90_000), (10, 900, 20_000)].map(|(n, at, money)| {
                let (id, position) = open(&mut risk, money);
                risk.book_free(fill(position, Side::Buy, at, n));
                (id, position)
            });
        let given = |risk: &Risk, order| risk.givers(short, order);
        let [loser, rich, poor] = longs.map(|(_, position)| position);
        use DeleverageRank::{ProRata, ProfitLeverage, ProfitShare};
        assert_eq!(given(&risk, ProfitLeverage), [(poor, 10), (rich, 10)]);
        assert_eq!(given(&risk, ProfitShare), [(rich, 10), (poor, 10)], "ties by account");
        assert_eq!(given(&risk, ProRata), [(loser, 7), (rich, 7), (poor, 6)]);
        risk.set_mark(InstrumentId(0), Price::clamped(800));
        assert_eq!(given(&risk, ProfitShare)[0], (rich, 10), "the smaller loss first");
        risk.fund_account = Some(longs[1].0);
        assert_eq!(given(&risk, ProfitLeverage), [(poor, 10), (loser, 10)]);
        assert_eq!(risk.position(short).account(), bankrupt);
    }
}
