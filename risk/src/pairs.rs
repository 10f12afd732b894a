//! The two legs of an instrument in which only the larger side's margin counts. Source: SEMANTICS 7.
//!
//! Closing the smaller leg alone releases nothing, and closing the larger one only down to the smaller. So a least plan first takes the
//! lots of the larger leg beyond the smaller, then as many of each.

use crate::case::Goal;
use crate::ledger::Risk;
use crate::netting::Around;
use crate::plan::{Candidate, Lot, is_safe};
use crate::tiers::Standing;
use plimsoll_types::Money;

/// A long and a short leg.
pub(crate) struct Pair<'a> {
    pub(crate) larger: &'a Candidate,
    pub(crate) smaller: &'a Candidate,
}

impl<'a> Pair<'a> {
    /// The pair that a candidate makes with another, if the smaller of their margins does not count.
    pub(crate) fn of(
        risk: &Risk,
        candidate: &'a Candidate,
        candidates: &'a [Candidate],
    ) -> Option<Pair<'a>> {
        risk.contract(candidate.instrument).large_side.as_ref()?;
        let other = candidates.iter().find(|other| {
            other.instrument == candidate.instrument && other.position != candidate.position
        })?;
        let (larger, smaller) =
            if other.lots() > candidate.lots() { (other, candidate) } else { (candidate, other) };
        Some(Pair { larger, smaller })
    }

    /// Lots of [larger, smaller] closed after so many steps: each closes one of the larger leg, those beyond its excess one of both.
    fn lots(&self, steps: u64) -> [u64; 2] {
        let excess = self.larger.lots() - self.smaller.lots();
        [steps, steps.saturating_sub(excess)]
    }

    /// What so many steps add to equity.
    fn result(&self, risk: &Risk, steps: u64) -> i128 {
        let [larger, smaller] = self.lots(steps);
        self.larger.closed(risk, larger) + self.smaller.closed(risk, smaller)
    }

    /// The margins after so many steps.
    fn margins(&self, risk: &Risk, around: &Around, steps: u64) -> [Money; 2] {
        let [larger, smaller] = self.lots(steps);
        around.with_both(
            self.larger.margins(risk, self.larger.lots() - larger),
            self.smaller.margins(risk, self.smaller.lots() - smaller),
        )
    }

    /// What the step after so many can bring at most, and the last step of which that is true.
    fn next(&self, risk: &Risk, steps: u64) -> (Lot, u64) {
        let excess = self.larger.lots() - self.smaller.lots();
        let (lot, end) = self.larger.next(risk, steps);
        if steps < excess {
            return (lot, end.min(excess));
        }
        let (other, other_end) = self.smaller.next(risk, steps - excess);
        (lot.and(other), end.min(other_end + excess))
    }
}

impl Risk {
    /// The least steps of a pair that meet the goal, as lots of [larger, smaller]; `equity` is moved past both legs where none do.
    pub(crate) fn least_of_pair(
        &self,
        pair: &Pair<'_>,
        goal: &Goal,
        around: &Around,
        equity: &mut i128,
    ) -> Option<[u64; 2]> {
        let (start, all) = (*equity, pair.larger.lots());
        let meets = |steps| {
            let equity = Money::new(start + pair.result(self, steps));
            let after = Standing { margins: pair.margins(self, around, steps), equity };
            (is_safe(goal, &after), after)
        };
        let mut steps = 1;
        while steps < all {
            let (met, after) = meets(steps);
            if met {
                return Some(pair.lots(steps));
            }
            let (lot, end) = pair.next(self, steps - 1);
            let beyond = end.max(steps) + 1;
            steps = match lot.skip(goal, &after) {
                Some(skip) => steps.saturating_add(skip).min(beyond),
                None => beyond,
            };
        }
        // The step that leaves nothing is its own case: met without margin if equity is not below zero.
        if meets(all).0 {
            return Some(pair.lots(all));
        }
        *equity += pair.result(self, all);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Aim;
    use crate::bounds::tests::Draw;
    use crate::case::{Case, Purpose};
    use crate::contract::{Contract, tests::spec};
    use crate::ledger::tests::{fill, risk};
    use crate::quote::Liquidity;
    use plimsoll_types::*;

    const X: InstrumentId = InstrumentId(0);

    /// Levels of the one instrument: [bids, asks].
    struct Book([Vec<(i64, u64)>; 2]);

    impl Liquidity for Book {
        fn best(&self, _: InstrumentId, side: Side) -> Option<Price> {
            self.0[side as usize].first().map(|level| Price::clamped(level.0))
        }
        fn band(&self, _: InstrumentId) -> Option<Band> {
            None
        }
        fn walk(&self, _: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool) {
            for &(price, lots) in &self.0[side as usize] {
                if !each(Price::clamped(price), Qty::new(lots)) {
                    return;
                }
            }
        }
    }

    /// Ten a tick, 10 % margin of the larger leg, a mark of 1000; the profile's target as given.
    fn market(mut instrument: InstrumentSpec, target: i64, measure: MeasureKind) -> Risk {
        instrument.risk.large_side = true;
        let mut profiles = risk().profiles;
        profiles[1].measure = measure;
        profiles[1].liquidation.target = Ratio::from_nano(target);
        for tier in &mut profiles[1].tiers {
            tier.release = Ratio::from_nano(target);
        }
        let contracts = vec![Contract::new(&instrument)];
        let mode = PositionMode::LongShort;
        Risk::new(contracts, profiles, FloatingProfit::All, mode, Money::ZERO)
    }

    /// An account with both legs and that equity.
    fn hold(risk: &mut Risk, lots: [u64; 2], equity: i128) -> AccountId {
        let id = risk.open_account(Label::new("a").unwrap(), ProfileId(1));
        let first = risk.position_of(id, X);
        for (side, lots) in [Side::Buy, Side::Sell].into_iter().zip(lots) {
            let position = risk.leg_for(first, side, Aim::Open);
            risk.book(crate::Fill { position, aim: Aim::Open, ..fill(first, side, 1000, lots) });
        }
        let missing = Money::new(equity) - risk.standing(id).equity;
        risk.pay_in(id, missing);
        id
    }

    fn case(risk: &Risk, id: AccountId) -> Case {
        let rules = (ProfileId(1), risk.profiles[1].liquidation.price);
        Case::new(CaseId(1), id, Purpose::Safe(risk.goal(id, 0)), rules)
    }

    fn plan(risk: &Risk, id: AccountId, book: &Book) -> Vec<(Side, u64)> {
        let targets = risk.plan(&case(risk, id), book);
        targets.iter().map(|target| (target.side, target.qty.lots())).collect()
    }

    #[test]
    fn what_the_larger_leg_has_more_goes_first_and_then_pairs() {
        let book = Book([vec![(1000, 100)], vec![(1000, 100)]]);
        // 10 long, 6 short: margin 10,000. Each lot of the first four releases 1,000, then each pair does.
        for (equity, expected) in [
            (7_000, vec![(Side::Sell, 3)]),
            (6_000, vec![(Side::Sell, 4)]),
            (5_999, vec![(Side::Sell, 5), (Side::Buy, 1)]),
            (2_500, vec![(Side::Sell, 8), (Side::Buy, 4)]),
            (-1, vec![(Side::Sell, 10), (Side::Buy, 6)]),
        ] {
            let mut risk = market(spec(10, 10), 1_000_000_000, MeasureKind::MarginOverEquity);
            let id = hold(&mut risk, [10, 6], equity);
            assert_eq!(risk.margins(id)[0], Money::new(10_000));
            assert_eq!(plan(&risk, id, &book), expected, "{equity}");
        }
    }

    #[test]
    fn jumping_finds_what_counting_up_finds() {
        let mut draw = Draw(11);
        let (mut single, mut both) = (0, 0);
        for round in 0..4_000 {
            let mut instrument = spec(1 + draw.below(9) as i64, 10);
            instrument.initial.share = Ratio::from_nano(1 + draw.below(300_000_000) as i64);
            instrument.initial.per_lot = Money::new(draw.below(3).into());
            instrument.fees.close.share = Ratio::from_nano(draw.below(10_000_000) as i64);
            instrument.fees.taker.per_lot = Money::new(draw.below(3).into());
            let price = [MarginPrice::Mark, MarginPrice::Settlement, MarginPrice::Open];
            instrument.risk.margin_price = price[draw.below(3) as usize];
            let measure = match draw.one_in(2) {
                true => MeasureKind::MarginOverEquity,
                false => MeasureKind::EquityOverMargin,
            };
            let target = 500_000_000 + draw.below(1_000_000_000) as i64;
            let mut risk = market(instrument, target, measure);
            let lots = [1 + draw.below(30), 1 + draw.below(30)];
            let worth = risk.contract(X).notional(Price::clamped(1000), lots[0].max(lots[1]));
            let id = hold(&mut risk, lots, worth * i128::from(draw.below(400)) / 1000);
            let mut levels = |sign: i64| {
                let mut price = 1000;
                let count = draw.below(5);
                let level = |_| {
                    price -= sign * draw.below(8) as i64 + sign;
                    (price, 1 + draw.below(15))
                };
                (0..count).map(level).collect::<Vec<_>>()
            };
            let book = Book([levels(1), levels(-1)]);
            let case = case(&risk, id);
            let goal = risk.goal(id, 0);
            let candidates = risk.candidates(&case, &book);
            let pair = Pair::of(&risk, &candidates[0], &candidates).unwrap();
            let closed = [pair.smaller.position];
            let around = risk.around(id, pair.larger.position, &closed);
            let start = risk.standing(id).equity.units();
            let counted = (1..=pair.larger.lots()).find(|&steps| {
                let equity = Money::new(start + pair.result(&risk, steps));
                is_safe(&goal, &Standing { margins: pair.margins(&risk, &around, steps), equity })
            });
            let mut equity = start;
            let found = risk.least_of_pair(&pair, &goal, &around, &mut equity);
            assert_eq!(found, counted.map(|steps| pair.lots(steps)), "round {round}");
            match found {
                Some([_, 0]) => single += 1,
                Some([lots, _]) if lots < pair.larger.lots() => both += 1,
                _ => {}
            }
        }
        assert!(single > 200 && both > 200, "{single} {both}");
    }

    #[test]
    fn the_largest_amounts_there_are_fit() {
        let mut instrument = spec(1_000_000_000_000_000, 10);
        instrument.prev_settlement = Price::MAX;
        let bracket = |up_to, nano, deduct| Bracket {
            up_to,
            maintenance: Ratio::from_nano(nano),
            deduct: Money::new(deduct),
        };
        instrument.risk.brackets = vec![
            bracket(Money::new(1), 10_000_000, 0),
            bracket(Bracket::OPEN, 1_000_000_000, 990_000_000),
        ];
        let mut risk = market(instrument, 500_000_000, MeasureKind::MarginOverEquity);
        let lots = risk.contract(X).lots_max;
        let id = hold(&mut risk, [lots, lots - 1], 5);
        let most = MarginRate { share: Ratio::MAX, per_lot: Money::new(10_000_000_000) };
        let (margins, leverage) = (Some([most; 2]), Some(Ratio::ONE));
        risk.set_own(id, X, crate::Own { margins, leverage });
        risk.set_mark(X, Price::MAX);
        let mut found = Vec::new();
        risk.suspects(&mut found);
        assert_eq!(found, [id]);
        assert!(risk.margins(id)[0] > Money::new(10i128.pow(35)));
        let book = Book([vec![(1, 1_000)], vec![(Price::MAX.ticks(), 1_000)]]);
        assert_eq!(plan(&risk, id, &book), [(Side::Sell, lots), (Side::Buy, lots - 1)]);
        let ids: Vec<_> = risk.position_ids(id).collect();
        assert!(ids.iter().all(|&id| risk.liquidation_price(id).is_none()), "too large to solve");
    }
}
