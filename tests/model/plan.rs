//! Section 7: what a case closes, found by trying n = 1, 2, 3 ...

use super::margin::Positions;
use super::position::{Closed, Leg, Which};
use super::tiers::Standing;
use super::{Model, NANO, instrument_id, nano, sign, ticks, to_qty};
use plimsoll_types::*;
use std::cmp::Ordering;

/// One position a plan closes, wholly or in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub instrument: usize,
    pub side: Side,
    pub qty: i128,
}

impl Target {
    pub fn shown(&self) -> LiquidationTarget {
        LiquidationTarget {
            instrument: instrument_id(self.instrument),
            side: self.side,
            qty: to_qty(self.qty),
        }
    }
}

/// What a leg's closing orders would meet: levels from the best, and the price of what finds none.
#[derive(Clone, Debug)]
struct Walk {
    leg: Leg,
    levels: Vec<(i128, i128)>,
    beyond: i128,
}

impl Model {
    /// A price so many ticks worse for a taker, clipped to the band.
    pub fn moved(&self, instrument: usize, side: Side, from: i128, through: u32) -> i128 {
        let moved = from + sign(side) * i128::from(through);
        let moved = moved.clamp(ticks(Price::MIN), ticks(Price::MAX));
        self.clipped(instrument, moved)
    }

    fn clipped(&self, instrument: usize, price: i128) -> i128 {
        match self.books[instrument].band {
            Some(band) => price.clamp(ticks(band.down), ticks(band.up)),
            None => price,
        }
    }

    /// The worst price a batch may trade at; `None` = any.
    pub fn worst_price(&self, number: u32, instrument: usize, side: Side) -> Option<i128> {
        let book = &self.books[instrument];
        match self.cases[&number].price {
            ProtectionPrice::Band => book.edge(side),
            ProtectionPrice::TicksThrough(through) => {
                let best = self.levels_of_others(number, instrument, side.opposite()).first()?.0;
                Some(self.moved(instrument, side, best, through))
            }
            ProtectionPrice::Bankruptcy => {
                let leg = self.leg_of(instrument, side);
                let price = self.bankruptcy_price(self.cases[&number].account, leg);
                Some(self.clipped(instrument, price))
            }
        }
    }

    /// Levels without the case's own batch, which would be depth for closing the other leg; where orders gather without any case's.
    fn levels_of_others(&self, number: u32, instrument: usize, side: Side) -> Vec<(i128, i128)> {
        let book = &self.books[instrument];
        let gathers = book.phase.gathers();
        book.levels_but(side, |order| order.case == Some(number) || gathers && order.case.is_some())
    }

    /// Opposite levels inside the worst price.
    fn levels_inside(&self, number: u32, instrument: usize, side: Side) -> Vec<(i128, i128)> {
        let worst = self.worst_price(number, instrument, side);
        let mut levels = self.levels_of_others(number, instrument, side.opposite());
        levels.retain(|(price, _)| worst.is_none_or(|worst| sign(side) * (worst - price) >= 0));
        levels
    }

    pub fn depth(&self, number: u32, target: &Target) -> i128 {
        let levels = self.levels_inside(number, target.instrument, target.side);
        levels.iter().map(|(_, qty)| qty).sum()
    }

    /// What a leg's closing orders would meet.
    fn walk(&self, number: u32, leg: Leg) -> Walk {
        let position = &self.accounts[self.cases[&number].account].positions[&leg];
        let (instrument, side) = (leg.instrument, position.side().opposite());
        let book = &self.books[instrument];
        let levels = self.levels_inside(number, instrument, side);
        let nobody = self.levels_of_others(number, instrument, side.opposite()).is_empty();
        let beyond = match (levels.last(), self.worst_price(number, instrument, side)) {
            (_, Some(worst)) if !nobody => worst,
            (Some(deepest), None) => deepest.0,
            _ => book.edge(side).unwrap_or(ticks(book.mark)),
        };
        Walk { leg, levels, beyond }
    }

    /// What closing so many lots of a leg does to equity at the fixed mark: result against the mark less fees.
    fn result_of_closing(&self, number: u32, walk: &Walk, qty: i128) -> i128 {
        let (account, instrument) = (self.cases[&number].account, walk.leg.instrument);
        let position = &self.accounts[account].positions[&walk.leg];
        let side = position.side().opposite();
        let (mut left, mut carried) = (qty, position.carried);
        let mut result = 0;
        for (price, there) in walk.levels.iter().copied().chain([(walk.beyond, qty)]) {
            let here = there.min(left);
            left -= here;
            // Carried lots go first.
            let of_carried = here.min(carried);
            carried -= of_carried;
            let closed = Closed { carried: of_carried, today: here - of_carried, released: 0 };
            result += self.result_at(account, instrument, side, price, closed);
        }
        assert_eq!(left, 0);
        result
    }

    fn result_at(
        &self,
        account: usize,
        instrument: usize,
        side: Side,
        price: i128,
        closed: Closed,
    ) -> i128 {
        let mark = ticks(self.books[instrument].mark);
        let fee = self.forced_fee(account, instrument, closed, price);
        // Selling a long above the mark gains, buying a short back above it loses.
        -sign(side) * (price - mark) * closed.lots() * self.tick_value(instrument) - fee
    }

    /// What a case's taker pays for closing.
    pub fn forced_fee(
        &self,
        account: usize,
        instrument: usize,
        closed: Closed,
        price: i128,
    ) -> i128 {
        let taker = self.books[instrument].spec.fees.taker;
        let extra = self.liquidation_fee(instrument, account);
        self.closing_fee(instrument, closed, price, &[taker, extra])
    }

    /// The goal of a case; what has no margin meets its part of it.
    pub fn goal_met(&self, account: usize, trigger: u8, standing: Standing) -> bool {
        let target = nano(self.profile(account).liquidation.target);
        let (margin, equity) = (standing.margin(self.profile(account).basis), standing.equity);
        let at_target = margin == 0
            || match self.profile(account).measure {
                MeasureKind::MarginOverEquity => margin * NANO <= target * equity,
                MeasureKind::EquityOverMargin => equity * NANO >= target * margin,
            };
        at_target && (trigger == 0 || !self.holds(account, trigger, standing))
    }

    /// The same in a plan: without margin equity has to be there.
    fn met_by_plan(&self, account: usize, trigger: u8, standing: Standing) -> bool {
        let of_tier =
            if trigger == 0 { 0 } else { standing.margin(self.tier(account, trigger).basis) };
        if standing.margin(self.profile(account).basis) == 0 && of_tier == 0 {
            return standing.equity >= 0;
        }
        self.goal_met(account, trigger, standing)
    }

    /// The plan of policy "least".
    pub fn least(&self, number: u32, trigger: u8) -> Vec<Target> {
        let account = self.cases[&number].account;
        let mut plan: Vec<Target> = Vec::new();
        let mut equity = self.equity(account);
        let mut held: Positions = self.accounts[account].positions.clone();
        for leg in self.positions_in_order(number) {
            if !held.contains_key(&leg) {
                // Planned with the other leg.
                continue;
            }
            let pair = self.planned_together(&held, leg);
            let steps = held[&pair[0]].size();
            let walks: Vec<Walk> = pair.iter().map(|leg| self.walk(number, *leg)).collect();
            for step in 1..=steps {
                let given = pair.iter().map(|leg| (*leg, held[leg].size() - (steps - step)));
                let given: Vec<(Leg, i128)> = given.filter(|(_, n)| *n > 0).collect();
                let standing = self.standing_after(number, &held, equity, &given, &walks);
                let met = self.met_by_plan(account, trigger, standing);
                if !met && step < steps {
                    continue;
                }
                for (leg, n) in &given {
                    let (instrument, side) = (leg.instrument, held[leg].side().opposite());
                    plan.push(Target { instrument, side, qty: *n });
                }
                if met {
                    return plan;
                }
                equity = standing.equity;
            }
            held.retain(|leg, _| !pair.contains(leg));
        }
        plan
    }

    /// A leg with the other one where they net each other's margin, the larger first; else by itself.
    fn planned_together(&self, held: &Positions, leg: Leg) -> Vec<Leg> {
        let other = Leg { short: !leg.short, ..leg };
        let large_side = self.books[leg.instrument].spec.risk.large_side;
        match held.get(&other) {
            Some(there) if large_side && there.size() > held[&leg].size() => vec![other, leg],
            Some(_) if large_side => vec![leg, other],
            _ => vec![leg],
        }
    }

    /// Where the account would stand without these lots of its legs.
    fn standing_after(
        &self,
        number: u32,
        held: &Positions,
        equity: i128,
        given: &[(Leg, i128)],
        walks: &[Walk],
    ) -> Standing {
        let account = self.cases[&number].account;
        let (mut left, mut equity) = (held.clone(), equity);
        for ((leg, n), walk) in given.iter().zip(walks) {
            let position = left.get_mut(leg).expect("it is held");
            position.close(Which::Any, *n, self.tick_value(leg.instrument));
            equity += self.result_of_closing(number, walk, *n);
        }
        Standing {
            initial: self.margin_of(account, &left, Basis::Initial),
            maintenance: self.margin_of(account, &left, Basis::Maintenance),
            equity,
        }
    }

    /// Positions in `select` order; a stable sort leaves ties in instrument order, the long leg first.
    pub fn positions_in_order(&self, number: u32) -> Vec<Leg> {
        let account = self.cases[&number].account;
        let mut order: Vec<Leg> = self.accounts[account].positions.keys().copied().collect();
        let keys = &self.pacing(number).select;
        order.sort_by(|&a, &b| {
            let decided = keys.iter().map(|key| self.compare(number, key, a, b));
            decided.into_iter().find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
        order
    }

    /// Whether a key wants `a` before `b`.
    fn compare(&self, number: u32, key: &SelectKey, a: Leg, b: Leg) -> Ordering {
        let account = self.cases[&number].account;
        match key {
            SelectKey::LargestLoss => {
                self.unrealised_in(account, a).cmp(&self.unrealised_in(account, b))
            }
            SelectKey::LargestMargin => {
                self.margin_held(number, b).cmp(&self.margin_held(number, a))
            }
            SelectKey::MostLiquid => {
                let depth = |leg: Leg| {
                    let side = self.accounts[account].positions[&leg].side().opposite();
                    self.depth(number, &Target { instrument: leg.instrument, side, qty: 0 })
                };
                depth(b).cmp(&depth(a))
            }
            SelectKey::LargestRiskRelease => {
                let (cost_a, cost_b) = (self.cost_of_all(number, a), self.cost_of_all(number, b));
                match (cost_a, cost_b) {
                    (0, _) | (_, 0) => (cost_a != 0).cmp(&(cost_b != 0)),
                    // margin_a / cost_a > margin_b / cost_b puts a first.
                    _ => (self.margin_held(number, b) * cost_a)
                        .cmp(&(self.margin_held(number, a) * cost_b)),
                }
            }
            SelectKey::Symbols(listed) => {
                let place = |leg: Leg| {
                    let listed_at = listed.iter().position(|s| usize::from(*s) == leg.instrument);
                    listed_at.unwrap_or(listed.len())
                };
                place(a).cmp(&place(b))
            }
        }
    }

    /// A position's own margin, by the basis of the case's profile.
    fn margin_held(&self, number: u32, leg: Leg) -> i128 {
        let account = self.cases[&number].account;
        let basis = self.spec.profiles[self.cases[&number].rules].basis;
        self.position_margin(account, leg, &self.accounts[account].positions[&leg], basis)
    }

    fn cost_of_all(&self, number: u32, leg: Leg) -> i128 {
        let account = self.cases[&number].account;
        let held = self.accounts[account].positions[&leg].size();
        (-self.result_of_closing(number, &self.walk(number, leg), held)).max(0)
    }
}
