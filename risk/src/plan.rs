//! The least-lots plan: who closes what, and how much of it. Source: RULES 1.5, SEMANTICS 7.

use crate::account::PositionId;
use crate::case::{Case, Goal, Purpose};
use crate::formula::least::{Try, search};
use crate::ledger::Risk;
use crate::netting::Around;
use crate::pairs::Pair;
use crate::policy;
use crate::quote::{Liquidity, Quote};
use crate::select::select;
use crate::tiers::{Bases, Standing};
use plimsoll_types::{
    AccountId, Basis, InstrumentId, LiquidationTarget, Money, Price, Qty, ceil_div,
};
use std::convert::Infallible;

/// A position that a plan may close, with what the book offers for it.
pub(crate) struct Candidate {
    pub(crate) position: PositionId,
    pub(crate) instrument: InstrumentId,
    /// Signed lots held.
    held: i64,
    basis_cost: i128,
    /// The margin that counts by default.
    basis: Basis,
    /// Those that the account's lines ask for.
    bases: Bases,
    pub(crate) quote: Quote,
}

/// A stretch of lots that close at one price.
#[derive(Clone, Copy)]
struct Chunk {
    price: Price,
    lots: u64,
    /// Lots of the position that close before these.
    after: u64,
}

impl Candidate {
    /// Lots held, unsigned.
    pub(crate) fn lots(&self) -> u64 {
        self.held.unsigned_abs()
    }

    pub(crate) fn unrealised(&self, risk: &Risk) -> i128 {
        let contract = risk.contract(self.instrument);
        Money::of_lots(contract.mark, self.held, contract.tick_value).units() - self.basis_cost
    }

    /// Margin of the last `lots` of it, those before them closed, by the profile's basis.
    pub(crate) fn margin(&self, risk: &Risk, lots: u64) -> i128 {
        self.margin_by(risk, self.basis, lots)
    }

    fn margin_by(&self, risk: &Risk, basis: Basis, lots: u64) -> i128 {
        risk.margin_left(self.position, self.lots() - lots, basis).units()
    }

    /// Both margins of `lots` of it; one that nobody asks for is zero.
    pub(crate) fn margins(&self, risk: &Risk, lots: u64) -> [i128; 2] {
        self.bases.map(|basis| self.margin_by(risk, basis, lots))
    }

    fn target(&self, lots: u64) -> LiquidationTarget {
        let (instrument, side) = (self.instrument, self.quote.side);
        LiquidationTarget { instrument, side, qty: Qty::new(lots) }
    }

    /// Where its lots would close: level by level, the rest beyond the depth.
    fn chunks(&self) -> Vec<Chunk> {
        let mut left = self.lots();
        let mut chunks = Vec::new();
        for &(price, qty) in &self.quote.levels {
            let lots = qty.lots().min(left);
            if lots > 0 {
                chunks.push(Chunk { price, lots, after: self.lots() - left });
                left -= lots;
            }
        }
        if left > 0 {
            let after = self.lots() - left;
            chunks.push(Chunk { price: self.quote.beyond, lots: left, after });
        }
        chunks
    }

    /// What closing `lots` of a chunk adds to equity against the mark, fees included.
    fn result(&self, risk: &Risk, chunk: &Chunk, lots: u64) -> i128 {
        self.gain_a_lot(risk, chunk.price) * i128::from(lots)
            - risk.liquidation_fee(self.position, chunk.after, lots, chunk.price)
    }

    /// What closing the first `lots` of it adds to equity against the mark, fees included.
    pub(crate) fn closed(&self, risk: &Risk, lots: u64) -> i128 {
        let parts = self.chunks().into_iter().map(|chunk| {
            let part = lots.saturating_sub(chunk.after).min(chunk.lots);
            if part == 0 { 0 } else { self.result(risk, &chunk, part) }
        });
        parts.sum()
    }

    /// What closing one lot at `price` can bring at most.
    fn lot(&self, risk: &Risk, price: Price) -> Lot {
        Lot {
            margins: self.bases.map(|basis| risk.margin_a_lot_most(self.position, basis)),
            gain: self.gain_a_lot(risk, price),
            roundings: 4,
        }
    }

    /// The same of the lot that closes after so many, and how many close at that price or before.
    pub(crate) fn next(&self, risk: &Risk, lots: u64) -> (Lot, u64) {
        let chunks = self.chunks();
        let found = chunks.iter().find(|chunk| lots < chunk.after + chunk.lots);
        let price = found.map_or(self.quote.beyond, |chunk| chunk.price);
        (self.lot(risk, price), found.map_or(lots, |chunk| chunk.after + chunk.lots))
    }

    /// Gain of one lot closed at `price` against the mark, without fees.
    fn gain_a_lot(&self, risk: &Risk, price: Price) -> i128 {
        let contract = risk.contract(self.instrument);
        i128::from(self.held.signum())
            * i128::from(price.ticks() - contract.mark.ticks())
            * i128::from(contract.tick_value)
    }

    /// Cost of closing all of it: loss against the mark and fees.
    pub(crate) fn cost(&self, risk: &Risk) -> i128 {
        -self.chunks().iter().map(|chunk| self.result(risk, chunk, chunk.lots)).sum::<i128>()
    }
}

impl Risk {
    /// What a case closes next, by its policy, at the prices the books offer, with the mark held fixed.
    ///
    /// Cost: O(positions x levels), and a few tries a level under the policy least.
    pub fn plan<L: Liquidity>(&self, case: &Case, books: &L) -> Vec<LiquidationTarget> {
        if let Purpose::Lots { instrument, side, keep } = case.purpose {
            let lots = self.lots_to_close(case.account, instrument, side).saturating_sub(keep);
            return vec![LiquidationTarget { instrument, side, qty: Qty::new(lots) }];
        }
        policy::targets(self, case, &self.candidates(case, books))
    }

    /// An account's positions in the order in which its case closes them.
    pub(crate) fn candidates<L: Liquidity>(&self, case: &Case, books: &L) -> Vec<Candidate> {
        let profile = &self.profiles[case.rules.index()];
        let bases = self.lines(case.account).bases;
        let bounds = self.bounds_of(case);
        let mut candidates: Vec<Candidate> = bounds
            .into_iter()
            .map(|(id, bound)| {
                let position = self.position(id);
                let (instrument, side) = (position.instrument, position.closed_with());
                Candidate {
                    position: id,
                    instrument,
                    held: position.lots,
                    basis_cost: position.basis,
                    basis: profile.basis,
                    bases,
                    quote: Quote::read(self, books, instrument, side, bound),
                }
            })
            .collect();
        select(self, &profile.liquidation.select, &mut candidates);
        candidates
    }

    /// The least lots of positions in this order that meet a goal: each whole before the next, the last by the least lots
    /// that do; everything where nothing does.
    pub(crate) fn least_lots(
        &self,
        account: AccountId,
        goal: Goal,
        candidates: &[Candidate],
    ) -> Vec<LiquidationTarget> {
        let mut equity = self.standing(account).equity.units();
        let mut closed = Vec::with_capacity(candidates.len());
        let mut targets = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            if closed.contains(&candidate.position) {
                continue;
            }
            closed.push(candidate.position);
            let found = match Pair::of(self, candidate, candidates) {
                Some(pair) => {
                    closed.extend([pair.larger.position, pair.smaller.position]);
                    let around = self.around(account, pair.larger.position, &closed);
                    let found = self.least_of_pair(&pair, &goal, &around, &mut equity);
                    let lots = found.unwrap_or([pair.larger.lots(), pair.smaller.lots()]);
                    targets.push(pair.larger.target(lots[0]));
                    targets.extend((lots[1] > 0).then(|| pair.smaller.target(lots[1])));
                    found.is_some()
                }
                None => {
                    let around = self.around(account, candidate.position, &closed);
                    let found = self.least(candidate, &goal, &around, &mut equity);
                    targets.push(candidate.target(found.unwrap_or(candidate.lots())));
                    found.is_some()
                }
            };
            if found {
                break;
            }
        }
        targets
    }

    /// The least lots of one position that meet the goal; `equity` is moved past all of it where none do.
    fn least(
        &self,
        candidate: &Candidate,
        goal: &Goal,
        around: &Around,
        equity: &mut i128,
    ) -> Option<u64> {
        let mut closed = 0;
        for chunk in candidate.chunks() {
            let start = *equity;
            let left = candidate.lots() - closed;
            let Ok(found) = search(1, chunk.lots, |n| -> Result<Try, Infallible> {
                let after = Standing {
                    margins: around.with(candidate.margins(self, left - n)),
                    equity: Money::new(start + candidate.result(self, &chunk, n)),
                };
                if is_safe(goal, &after) {
                    return Ok(Try::Met);
                }
                let skip = candidate.lot(self, chunk.price).skip(goal, &after);
                Ok(skip.map_or(Try::Never, Try::NotBefore))
            });
            if let Some(n) = found {
                return Some(closed + n);
            }
            *equity += candidate.result(self, &chunk, chunk.lots);
            closed += chunk.lots;
            // A last lot that leaves no margin is its own case: met if equity is not below zero.
            let after = Standing { margins: around.with([0; 2]), equity: Money::new(*equity) };
            if closed == candidate.lots() && is_safe(goal, &after) {
                return Some(closed);
            }
        }
        None
    }
}

/// The most that one lot's closing brings an account, and how often money is rounded in a try.
#[derive(Clone, Copy)]
pub(crate) struct Lot {
    /// Margin released, by basis.
    margins: [i128; 2],
    /// Gain against the mark; a fee is at least nothing.
    gain: i128,
    roundings: i128,
}

impl Lot {
    /// Both closed together.
    pub(crate) fn and(self, other: Lot) -> Lot {
        let (a, b) = (self.margins, other.margins);
        Lot {
            margins: [a[0].saturating_add(b[0]), a[1].saturating_add(b[1])],
            gain: self.gain + other.gain,
            roundings: self.roundings + other.roundings,
        }
    }

    /// How many more lots of a chunk must at least be closed before the goal can be met; `None` = no number of them does.
    ///
    /// A lot brings the account closer to a line by at most its margin and its gain; roundings add less than a unit each.
    /// So the tries jump to the first lots that could do, instead of counting up to them.
    pub(crate) fn skip(&self, goal: &Goal, after: &Standing) -> Option<u64> {
        let (equity, gain) = (after.equity.units(), self.gain);
        let mut skip = 1;
        for line in std::iter::once(goal.target).chain(goal.release) {
            let margin = after.margin(line.basis).units();
            let margin_a_lot = self.margins[line.basis as usize];
            // Scaled down until products fit; rounded so that the way looks shorter than it is.
            let bits = 128 - margin.unsigned_abs().max(equity.unsigned_abs()).leading_zeros();
            let shift = bits.saturating_sub(70);
            let (m, e) = (i128::from(line.margin_weight), i128::from(line.equity_weight));
            let way = m * (margin >> shift) - e * ((equity >> shift) + 1);
            let step = if shift == 0 {
                m.saturating_mul(margin_a_lot).saturating_add(e.saturating_mul(gain))
            } else {
                let gain = e.saturating_mul((gain.max(0) >> shift) + 1);
                m.saturating_mul((margin_a_lot >> shift) + 1).saturating_add(gain)
            };
            // Of margin and fees, less than a unit each way at both ends.
            let noise = self.roundings * (m + e);
            let way = way - noise;
            if way <= 0 {
                continue;
            }
            if step <= 0 {
                return None;
            }
            skip = skip.max(u64::try_from(ceil_div(way, step)).unwrap_or(u64::MAX));
        }
        Some(skip)
    }
}

/// Whether an account that stands so would have met the goal by closing: without the margins it asks for, equity has to be there.
pub(crate) fn is_safe(goal: &Goal, after: &Standing) -> bool {
    let mut lines = std::iter::once(goal.target).chain(goal.release);
    if lines.all(|line| after.margin(line.basis) == Money::ZERO) {
        return after.equity >= Money::ZERO;
    }
    goal.is_met(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, tests::spec};
    use crate::ledger::tests::{fill, open, risk};
    use crate::quote::Worst;
    use plimsoll_types::*;

    /// Bids and asks of one instrument.
    struct Book {
        bids: Vec<(i64, u64)>,
        asks: Vec<(i64, u64)>,
    }

    impl Liquidity for Book {
        fn best(&self, _: InstrumentId, side: Side) -> Option<Price> {
            let levels = if side == Side::Buy { &self.bids } else { &self.asks };
            levels.first().map(|level| Price::clamped(level.0))
        }
        fn band(&self, _: InstrumentId) -> Option<Band> {
            None
        }
        fn walk(&self, _: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool) {
            let levels = if side == Side::Buy { &self.bids } else { &self.asks };
            for &(price, lots) in levels {
                if !each(Price::clamped(price), Qty::new(lots)) {
                    return;
                }
            }
        }
    }

    /// A case that the second tier of its profile opened.
    fn case(risk: &Risk, id: AccountId) -> Case {
        let rules = risk.account(id).profile();
        let price = risk.profile_of(id).liquidation.price;
        Case::new(CaseId(1), id, Purpose::Safe(risk.goal(id, 2)), (rules, price))
    }

    fn planned(risk: &Risk, id: AccountId, book: &Book) -> u64 {
        risk.plan(&case(risk, id), book).iter().map(|target| target.qty.lots()).sum()
    }

    #[test]
    fn rules_1_5_the_least_lots() {
        // 20 lots of margin 5,000 each: mark 1000 x 50 a tick x 10 %; a fee of 60 a lot; equity 90,000.
        for (target, lots) in [(1_000_000_000, 3), (900_000_000, 4), (800_000_000, 6)] {
            let mut risk = risk();
            let mut instrument = spec(50, 10);
            instrument.fees.close.per_lot = Money::new(60);
            risk.contracts = vec![Contract::new(&instrument)];
            risk.profiles[1].liquidation.target = Ratio::from_nano(target);
            risk.profiles[1].liquidation.price = ProtectionPrice::Band;
            risk.lines = risk.profiles.iter().map(crate::tiers::Lines::new).collect();
            let (id, position) = open(&mut risk, 90_000);
            risk.book(fill(position, Side::Buy, 1000, 20));
            let fees = risk.fees(id);
            risk.pay_in(id, fees);
            assert_eq!(risk.standing(id).margin(Basis::Initial), Money::new(100_000));
            assert_eq!(risk.standing(id).equity, Money::new(90_000));
            let book = Book { bids: vec![(1000, 100)], asks: vec![] };
            assert_eq!(planned(&risk, id, &book), lots, "{target}");
        }
    }

    #[test]
    fn jumping_finds_what_counting_up_finds() {
        let mut state = 3u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut partial = 0;
        for round in 0..20_000 {
            let mut risk = risk();
            let mut instrument = spec(1 + draw(9) as i64, 1 + draw(30) as i64);
            instrument.initial.share = Ratio::from_nano(1 + draw(300_000_000) as i64);
            instrument.initial.per_lot = Money::new(draw(3) as i128);
            instrument.fees.close.share = Ratio::from_nano(draw(10_000_000) as i64);
            instrument.fees.taker.per_lot = Money::new(draw(3) as i128);
            risk.contracts = vec![Contract::new(&instrument)];
            let measure = if draw(2) == 0 {
                MeasureKind::MarginOverEquity
            } else {
                MeasureKind::EquityOverMargin
            };
            let profile = &mut risk.profiles[1];
            profile.measure = measure;
            let target = 500_000_000 + draw(1_000_000_000) as i64;
            profile.liquidation.target = Ratio::from_nano(target);
            for tier in &mut profile.tiers {
                tier.release =
                    Ratio::from_nano(target + draw(3) as i64 * 100_000_000 - 100_000_000);
            }
            risk.lines = risk.profiles.iter().map(crate::tiers::Lines::new).collect();
            let lots = 1 + draw(60);
            let worth = risk.contracts[0].notional(Price::clamped(1000), lots);
            let (id, position) = open(&mut risk, worth * draw(400) as i128 / 1000);
            let side = if draw(2) == 0 { Side::Buy } else { Side::Sell };
            risk.book(fill(position, side, 1000, lots));
            let sign = side.sign();
            let levels: Vec<_> = (1..=draw(5) as i64)
                .map(|n| (1000 + sign * (2 - n * draw(8) as i64), 1 + draw(15)))
                .collect();
            let mut levels = levels;
            levels.sort_by_key(|level| -sign * level.0);
            levels.dedup_by_key(|level| level.0);
            let book = Book { bids: levels.clone(), asks: levels };
            let goal = risk.goal(id, 2);
            let quote = Quote::read(&risk, &book, InstrumentId(0), side.opposite(), Worst::Edge);
            let candidate = Candidate {
                position,
                instrument: InstrumentId(0),
                held: risk.position(position).lots,
                basis_cost: 0,
                basis: Basis::Initial,
                bases: Bases::One(Basis::Initial),
                quote,
            };
            let standing = risk.standing(id);
            let counted = (1..=lots).find(|&n| {
                let (mut left, mut equity) = (n, standing.equity.units());
                for chunk in candidate.chunks() {
                    let take = chunk.lots.min(left);
                    if take > 0 {
                        equity += candidate.result(&risk, &chunk, take);
                    }
                    left -= take;
                }
                let margins = candidate.margins(&risk, lots - n);
                let equity = Money::new(equity);
                is_safe(&goal, &Standing { margins: margins.map(Money::new), equity })
            });
            partial += u64::from(counted.is_some_and(|n| n < lots));
            assert_eq!(planned(&risk, id, &book), counted.unwrap_or(lots), "round {round}");
        }
        assert!(partial > 2_000, "{partial}");
    }
}
