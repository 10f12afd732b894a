//! What clients hold net, and how far that is in profit or loss, for a forced reduction. Source: RULES 6.1 to 6.3, SEMANTICS 5.

use crate::account::PositionId;
use crate::ledger::Risk;
use crate::wide::at_least;
use plimsoll_types::{
    AccountId, InstrumentId, Money, Price, Ratio, Reduction, ReductionAverage, Side,
};
use std::collections::BTreeMap;

/// A client's net lots in an instrument.
#[derive(Clone, Copy, Debug)]
pub struct Stake {
    /// Whose.
    pub client: AccountId,
    /// Signed.
    pub lots: i64,
    /// The record of the side they are on.
    pub net: PositionId,
    /// The record of the other side, where there are two.
    pub other: Option<PositionId>,
    /// Result at the settlement price of the lots the average is taken of.
    result: Money,
    /// Their worth there, never below zero.
    worth: Money,
}

impl Stake {
    /// Which side the net lots are on.
    pub fn side(&self) -> Side {
        if self.lots > 0 { Side::Buy } else { Side::Sell }
    }

    /// Whether the unit loss is at least `share` of the settlement price, exactly. Source: RULES 6.1.
    pub fn loses(&self, share: Ratio) -> bool {
        at_least(Ratio::SCALE, -self.result.units(), share.nano(), self.worth.units())
    }

    /// Whether there is a unit profit of at least `share` of the settlement price, exactly.
    fn gains(&self, share: Ratio) -> bool {
        self.result > Money::ZERO
            && at_least(Ratio::SCALE, self.result.units(), share.nano(), self.worth.units())
    }
}

impl Risk {
    /// What every client holds net in an instrument, its pockets and legs together, in account order. Cost: O(holders x log holders).
    pub fn stakes(
        &self,
        instrument: InstrumentId,
        settlement: Price,
        average: ReductionAverage,
    ) -> Vec<Stake> {
        // [long, short]
        let mut held: BTreeMap<AccountId, [Option<PositionId>; 2]> = BTreeMap::new();
        for id in self.members(instrument) {
            let position = self.position(id);
            if position.lots != 0 {
                let sides = held.entry(position.owner).or_default();
                sides[usize::from(position.lots < 0)] = Some(id);
            }
        }
        let lots = |id: Option<PositionId>| id.map_or(0, |id| self.position(id).lots);
        let stake = |(client, [long, short]): (AccountId, [Option<PositionId>; 2])| {
            let net = lots(long) + lots(short);
            let (id, other) = if net > 0 { (long, short) } else { (short, long) };
            let id = id.filter(|_| net != 0)?;
            let (counted, opening) = match average {
                ReductionAverage::NetSide => (self.position(id).lots, self.opening_value(id)),
                ReductionAverage::Newest => {
                    (net, self.newest_opening_value(id, net.unsigned_abs()))
                }
            };
            let tick_value = self.contract(instrument).tick_value;
            let worth = Money::of_lots(settlement, counted, tick_value);
            let result = worth - opening;
            let worth = Money::new(worth.units().abs());
            Some(Stake { client, lots: net, net: id, other, result, worth })
        };
        held.into_iter().filter_map(stake).collect()
    }

    /// The tier in which a client gives, from 0; `None` = it does not. Source: RULES 6.3.
    ///
    /// Hedgers, where they have a tier, are in the one after the last.
    pub fn giving_tier(&self, stake: &Stake, rule: &Reduction) -> Option<usize> {
        match rule.hedge {
            Some(least) if self.is_hedger(stake.client) => {
                stake.gains(least).then_some(rule.tiers.len())
            }
            _ => rule.tiers.iter().position(|least| stake.gains(*least)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};

    fn percent(n: i64) -> Ratio {
        Ratio::from_nano(n * 10_000_000)
    }

    /// What an account that bought (sold) lots at these prices holds, as seen at 1000.
    fn stake(side: Side, fills: &[(i64, u64)]) -> Stake {
        let mut risk = risk();
        let (_, position) = open(&mut risk, 1_000_000);
        for &(price, lots) in fills {
            risk.book(fill(position, side, price, lots));
        }
        let stakes = risk.stakes(InstrumentId(0), Price::clamped(1000), ReductionAverage::NetSide);
        assert_eq!(stakes.len(), 1);
        stakes[0]
    }

    #[test]
    fn rules_6_1_a_loss_of_exactly_the_share_counts() {
        // Sold at 940 on average: a loss of 60, 6 %.
        assert!(stake(Side::Sell, &[(930, 1), (950, 1)]).loses(percent(6)));
        assert!(!stake(Side::Sell, &[(931, 1), (950, 1)]).loses(percent(6)));
        assert!(!stake(Side::Buy, &[(940, 2)]).loses(percent(6)), "a profit");
    }

    #[test]
    fn rules_6_3_tiers_are_taken_by_unit_profit() {
        let (_, _, hedger) = {
            let mut risk = risk();
            let (id, position) = open(&mut risk, 1_000_000);
            risk.book(fill(position, Side::Buy, 940, 1));
            risk.set_hedger(id, true);
            (id, position, risk)
        };
        let mut rule = Reduction {
            loss: percent(6),
            tiers: vec![percent(6), percent(3), Ratio::ZERO],
            hedge: Some(percent(6)),
            average: ReductionAverage::NetSide,
        };
        let mark = Price::clamped(1000);
        let tier = |risk: &Risk, stake: &Stake, rule: &Reduction| risk.giving_tier(stake, rule);
        let hedged = hedger.stakes(InstrumentId(0), mark, rule.average)[0];
        assert_eq!(tier(&hedger, &hedged, &rule), Some(3));
        rule.hedge = Some(percent(7));
        assert_eq!(tier(&hedger, &hedged, &rule), None, "a hedger gives nowhere else");
        rule.hedge = None;
        assert_eq!(tier(&hedger, &hedged, &rule), Some(0));
        let mut plain = risk();
        open(&mut plain, 0);
        for (price, expected) in [(940, Some(0)), (941, Some(1)), (970, Some(1)), (971, Some(2))] {
            assert_eq!(tier(&plain, &stake(Side::Buy, &[(price, 3)]), &rule), expected);
        }
        assert_eq!(tier(&plain, &stake(Side::Buy, &[(999, 1)]), &rule), Some(2));
        assert_eq!(tier(&plain, &stake(Side::Buy, &[(1000, 1)]), &rule), None, "no profit");
    }
}
