//! How near a line an account could come for any marks in its boxes, whatever shape its margin has.
//!
//! The trigger index asks this only of accounts whose margin is more than one rate of each notional: brackets, margins of their own, products
//! in which one side counts, tiers of both margins. Margin is never falling and convex in a mark, so that its way to a
//! line is greatest at an end of a box; what lies between needs no look.

use crate::account::PositionId;
use crate::case::Goal;
use crate::ledger::Risk;
use crate::line::Line;
use plimsoll_types::{AccountId, Basis, Label, MarginPrice};

/// The end of a way: the most an account can be past a line, or the least.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Most,
    Least,
}

impl Risk {
    /// Whether an account could change its tier for some marks in its boxes. May err towards yes. Cost: O(its positions squared).
    #[inline(never)]
    pub(crate) fn could_cross(&self, id: AccountId) -> bool {
        let lines = &self.lines[self.account(id).profile.index()];
        let tier = usize::from(self.account(id).tier);
        if self.held(id).next().is_none() {
            return tier != 0 || self.account(id).cash < 0;
        }
        let worse = |line: &Line| self.way(id, line, End::Most).is_none_or(|way| way >= 0);
        let better = |line: &Line| {
            !self.surely_margined(id, line.basis)
                || self.way(id, line, End::Least).is_none_or(|way| way < 0)
        };
        lines.at[tier..].iter().any(worse) || tier > 0 && better(&lines.release[tier - 1])
    }

    /// Whether an account could meet a goal for some marks in its boxes. May err towards yes.
    pub(crate) fn could_meet(&self, id: AccountId, goal: &Goal) -> bool {
        let stands = |line: &Line, least: i128| {
            self.surely_margined(id, line.basis)
                && self.way(id, line, End::Least).is_some_and(|way| way >= least)
        };
        // It is not met while the target is passed, or the tier that asked for the case is held.
        !stands(&goal.target, 1) && !goal.release.is_some_and(|line| stands(&line, 0))
    }

    /// Whether an account could have no equity left for some marks in its boxes. May err towards yes.
    pub(crate) fn could_lose_all(&self, id: AccountId) -> bool {
        self.way(id, &Line::LOSS, End::Most).is_none_or(|way| way >= 0)
    }

    /// Whether some position asks for margin at every mark in its box.
    fn surely_margined(&self, id: AccountId, basis: Basis) -> bool {
        self.held(id).any(|held| self.margin_at(held, basis, self.ends_of(held)[0]) > 0)
    }

    /// A bound of `margin_weight x M - equity_weight x E` over its boxes; `None` where it passes 128 bits.
    fn way(&self, id: AccountId, line: &Line, end: End) -> Option<i128> {
        let equity_weight = i128::from(line.equity_weight);
        let mut way = self.account(id).cash.checked_mul(equity_weight)?.checked_neg()?;
        for held in self.held(id) {
            let Some(product) = self.product(held) else {
                way = way.checked_add(self.step(held, line, end, true)?)?;
                continue;
            };
            let before = self.held(id).take_while(|&before| before != held);
            if before.into_iter().any(|before| self.product(before) == Some(product)) {
                continue;
            }
            // The larger side counts: the way with it is the longer of the two.
            let long = self.side_way(id, product, line, end, 1)?;
            let short = self.side_way(id, product, line, end, -1)?;
            way = way.checked_add(long.max(short))?;
        }
        Some(way)
    }

    /// The part of a product, where the margin of its positions of one sign counts.
    fn side_way(
        &self,
        id: AccountId,
        product: &Label,
        line: &Line,
        end: End,
        sign: i64,
    ) -> Option<i128> {
        let mut way = 0i128;
        for held in self.held(id).filter(|&held| self.product(held) == Some(product)) {
            let counts = self.position(held).lots.signum() == sign;
            way = way.checked_add(self.step(held, line, end, counts)?)?;
        }
        Some(way)
    }

    /// The part of one position.
    fn step(&self, held: PositionId, line: &Line, end: End, counts: bool) -> Option<i128> {
        let position = self.position(held);
        let tick_value = i128::from(self.contract(position.instrument).tick_value);
        let (m, e) = (i128::from(line.margin_weight), i128::from(line.equity_weight));
        let [low, high] = self.ends_of(held);
        let margin = |ticks| match counts {
            true => m.checked_mul(self.margin_at(held, line.basis, ticks)),
            false => Some(0),
        };
        let equity = |ticks: i64| {
            e.checked_mul((i128::from(ticks) * tick_value).checked_mul(i128::from(position.lots))?)
        };
        match end {
            End::Most => {
                let at = |ticks| margin(ticks)?.checked_sub(equity(ticks)?);
                // Margin is rounded up, by less than a unit.
                at(low)?.max(at(high)?).checked_add(m)
            }
            End::Least => margin(low)?.checked_sub(equity(low)?.max(equity(high)?)),
        }
    }

    /// The ends of a position's box.
    fn ends_of(&self, held: PositionId) -> [i64; 2] {
        let position = self.position(held);
        [position.low, position.high].map(i64::from)
    }

    /// Margin of a position if the mark were there.
    fn margin_at(&self, held: PositionId, basis: Basis, ticks: i64) -> i128 {
        let position = self.position(held);
        let contract = self.contract(position.instrument);
        if contract.margin_price != MarginPrice::Mark {
            return self.margin_of(held, basis).units();
        }
        let lots = position.lots.unsigned_abs();
        let notional = i128::from(ticks) * i128::from(contract.tick_value) * i128::from(lots);
        self.margin_on(position, basis, notional, lots).units()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::account::Aim;
    use crate::contract::{Contract, tests::spec};
    use crate::ledger::tests::{fill, risk};
    use crate::own::Own;
    use plimsoll_types::{
        Action, Bracket, FloatingProfit, InstrumentId, Label, MarginRate, MeasureKind, Money,
        PositionMode, Price, ProfileId, Ratio, Side,
    };

    pub(crate) struct Draw(pub(crate) u64);

    impl Draw {
        pub(crate) fn below(&mut self, n: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }

        pub(crate) fn one_in(&mut self, n: u64) -> bool {
            self.below(n) == 0
        }
    }

    /// Which rules an exchange plays by, beyond plain rates.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct Rules {
        brackets: bool,
        margin_price: Option<MarginPrice>,
        large_side: bool,
        own: bool,
        both_bases: bool,
        legs: bool,
    }

    impl Rules {
        fn mode(self) -> PositionMode {
            if self.legs { PositionMode::LongShort } else { PositionMode::Net }
        }

        /// One of the 96 combinations.
        pub(crate) fn of(seed: u64) -> Rules {
            let prices = [None, Some(MarginPrice::Settlement), Some(MarginPrice::Open)];
            let bit = |n: u64| seed >> n & 1 == 1;
            Rules {
                brackets: bit(0),
                large_side: bit(1),
                own: bit(2),
                both_bases: bit(3),
                margin_price: prices[(seed / 16 % 3) as usize],
                legs: seed / 48 % 2 == 1,
            }
        }
    }

    /// Three instruments worth 10 a tick at a mark of 1000; the first two of one product.
    pub(crate) fn exchange(rules: Rules, draw: &mut Draw) -> Risk {
        let mut profiles = risk().profiles;
        let instrument = |index: usize| {
            let mut spec = spec(10, 10 + index as i64);
            spec.risk.product = Some(Label::new(if index < 2 { "rb" } else { "cu" }).unwrap());
            spec.risk.large_side = rules.large_side;
            spec.risk.margin_price = rules.margin_price.unwrap_or(MarginPrice::Mark);
            if rules.brackets {
                let bracket = |up_to, nano: i64, deduct| Bracket {
                    up_to: Money::new(up_to),
                    maintenance: Ratio::from_nano(nano),
                    deduct: Money::new(deduct),
                };
                // 60,000 x 0.03 = 1,800; 200,000 x 0.05 + 1,800 = 11,800.
                spec.risk.brackets = vec![
                    bracket(60_000, 20_000_000, 0),
                    bracket(200_000, 50_000_000, 1_800),
                    bracket(i128::MAX, 100_000_000, 11_800),
                ];
            }
            Contract::new(&spec)
        };
        let profile = &mut profiles[1];
        if rules.brackets || draw.one_in(2) {
            profile.basis = Basis::Maintenance;
        }
        if draw.one_in(3) {
            profile.measure = MeasureKind::EquityOverMargin;
            profile.tiers.reverse();
            profile.tiers[0].action = Action::Notify;
            profile.tiers[1].action = Action::Liquidate;
        }
        for (index, tier) in profile.tiers.iter_mut().enumerate() {
            tier.basis = profile.basis;
            if rules.both_bases && index == 1 {
                tier.basis = match profile.basis {
                    Basis::Initial => Basis::Maintenance,
                    Basis::Maintenance => Basis::Initial,
                };
            }
        }
        let contracts = (0..3).map(instrument).collect();
        Risk::new(contracts, profiles, FloatingProfit::All, rules.mode(), Money::ZERO)
    }

    pub(crate) fn populate(risk: &mut Risk, rules: Rules, draw: &mut Draw) {
        for index in 0..60 {
            let name = Label::new(&format!("a{index}")).unwrap();
            let id = risk.open_account(name, ProfileId(1));
            risk.deposit(id, Money::new(2_000 + i128::from(draw.below(60_000))));
            if rules.own && draw.one_in(2) {
                let share = Ratio::from_nano(30_000_000 + draw.below(300_000_000) as i64);
                let rate = MarginRate { share, per_lot: Money::new(draw.below(50).into()) };
                let leverage = draw.one_in(2).then(|| Ratio::from_nano(4_000_000_000));
                let margins = draw.one_in(2).then_some([rate; 2]);
                let instrument = InstrumentId(draw.below(3) as u16);
                risk.set_own(id, instrument, Own { margins, leverage });
            }
        }
    }

    /// An account buys or sells at random; of its legs, where it has legs, it opens or closes one. Which record that was.
    pub(crate) fn trade(
        risk: &mut Risk,
        draw: &mut Draw,
        id: AccountId,
        instrument: InstrumentId,
        price: i64,
    ) -> PositionId {
        let first = risk.position_of(id, instrument);
        let side = if draw.one_in(2) { Side::Buy } else { Side::Sell };
        let mut fill = fill(first, side, price, 1 + draw.below(12));
        if risk.position(first).leg().is_leg() {
            let room = risk.position(risk.leg_for(first, side, Aim::Close)).room(side);
            fill.aim = if room > 0 && draw.one_in(2) { Aim::Close } else { Aim::Open };
            fill.position = risk.leg_for(first, side, fill.aim);
            if fill.aim == Aim::Close {
                fill.qty = fill.qty.min(room);
            }
        }
        risk.book(fill);
        fill.position
    }

    /// Walks at random, looks at whom the watch names; accounts whose tier changed, and boxes drawn.
    fn walk(rules: Rules, seed: u64) -> (usize, u64) {
        let mut draw = Draw(seed);
        let mut risk = exchange(rules, &mut draw);
        populate(&mut risk, rules, &mut draw);
        let (mut marks, mut found) = ([1000i64; 3], Vec::new());
        let mut crossed = 0;
        for step in 0..1_000 {
            let instrument = InstrumentId(draw.below(3) as u16);
            let mark = &mut marks[instrument.index()];
            if draw.one_in(3) {
                let id = AccountId(draw.below(60) as u32);
                trade(&mut risk, &mut draw, id, instrument, *mark);
            }
            let jump = if draw.one_in(200) { 300 } else { 4 };
            *mark = (*mark + draw.below(2 * jump + 1) as i64 - jump as i64).clamp(200, 5_000);
            risk.set_mark(instrument, Price::clamped(*mark));
            let due: Vec<AccountId> =
                (0..60).map(AccountId).filter(|&id| risk.is_due(id)).collect();
            risk.suspects(&mut found);
            assert_eq!(found, due, "seed {seed}, step {step}, {rules:?}");
            crossed += due.len();
            for id in due {
                let tier = risk.next_tier(id, risk.standing(id));
                risk.set_tier(id, tier);
            }
        }
        assert!(risk.own_is_sound());
        (crossed, risk.watch_counts().drawn)
    }

    #[test]
    fn no_crossing_is_missed_under_any_rules() {
        for seed in 0..96 {
            let rules = Rules::of(seed);
            let (crossed, drawn) = walk(rules, seed);
            assert!(crossed > 30, "{rules:?}: {crossed}");
            assert!(drawn < 1_000 * 60 / 2, "the index draws too often: {rules:?} {drawn}");
        }
    }
}
