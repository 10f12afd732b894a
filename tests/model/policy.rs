//! Section 7: which lots a plan names, by policy.

use super::case::{Aim, Case};
use super::plan::Target;
use super::position::Leg;
use super::{Due, Model, NANO, lots, nano, round_up};
use plimsoll_types::*;

/// How far a case in two steps has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstStep {
    Undecided,
    /// What is left of the first step.
    Going(Vec<Target>),
    /// It waits until then.
    Cooling(Ts),
    /// Everything goes.
    Over,
}

impl Model {
    /// What a case closes.
    pub fn make_plan(&self, number: u32) -> Vec<Target> {
        let Case { account, aim, .. } = self.cases[&number];
        let trigger = match aim {
            Aim::Safe { trigger } => trigger,
            Aim::Flat => return self.share_of_all(number, Ratio::ONE),
            Aim::Lots { instrument, held, .. } => {
                let (side, qty) = (held.opposite(), self.lots_to_close(number));
                return vec![Target { instrument, side, qty }];
            }
        };
        match self.pacing(number).policy {
            Policy::Least => self.least(number, trigger),
            Policy::Full => self.share_of_all(number, Ratio::ONE),
            Policy::Fraction { fraction, full_below } => self.of_each(number, |_, held| {
                let all = held <= lots(full_below);
                if all { held } else { round_up(held * nano(fraction), NANO) }
            }),
            Policy::TwoStep { .. } => match &self.cases[&number].first_step {
                FirstStep::Going(left) => self.of_each(number, |leg, held| {
                    let leg_of =
                        |target: &&Target| self.leg_of(target.instrument, target.side) == leg;
                    let side = self.accounts[account].positions[&leg].side().opposite();
                    let target = left.iter().filter(|target| target.side == side).find(leg_of);
                    target.map_or(0, |target| target.qty.min(held))
                }),
                FirstStep::Undecided | FirstStep::Cooling(_) | FirstStep::Over => {
                    self.share_of_all(number, Ratio::ONE)
                }
            },
            Policy::Brackets { steps } => {
                self.of_each(number, |leg, held| self.lots_to_bracket(leg.instrument, held, steps))
            }
        }
    }

    /// Of each position so many lots, in `select` order.
    fn of_each(&self, number: u32, lots: impl Fn(Leg, i128) -> i128) -> Vec<Target> {
        let account = self.cases[&number].account;
        let mut plan = Vec::new();
        for leg in self.positions_in_order(number) {
            let position = &self.accounts[account].positions[&leg];
            let (side, qty) = (position.side().opposite(), lots(leg, position.size()));
            if qty > 0 {
                plan.push(Target { instrument: leg.instrument, side, qty });
            }
        }
        plan
    }

    /// A share of each position, rounded up.
    pub fn share_of_all(&self, number: u32, share: Ratio) -> Vec<Target> {
        self.of_each(number, |_, held| round_up(held * nano(share), NANO))
    }

    /// The least lots that bring a position so many brackets lower.
    fn lots_to_bracket(&self, instrument: usize, held: i128, steps: u32) -> i128 {
        if self.books[instrument].spec.risk.brackets.is_empty() {
            return held;
        }
        let bracket_of =
            |lots: i128| self.bracket(instrument, lots * self.worth_of_lot(instrument));
        let now = bracket_of(held);
        if now == 0 {
            return held;
        }
        let wanted = now.saturating_sub(steps as usize);
        (1..=held).find(|n| bracket_of(held - n) <= wanted).expect("nothing is in the first one")
    }

    /// Where the first step has traded whole, the pause begins.
    pub fn end_first_step(&mut self, number: u32) {
        let Case { account, first_step: FirstStep::Going(_), .. } = self.cases[&number] else {
            return;
        };
        if !self.make_plan(number).is_empty() {
            return;
        }
        assert!(!self.accounts[account].positions.is_empty());
        let Policy::TwoStep { cooldown, .. } = self.pacing(number).policy else {
            panic!("two steps")
        };
        let until = self.now + cooldown;
        if cooldown > 0 {
            self.timers.push((until, Due::Cooldown(number)));
        }
        self.saw("a first step ends");
        self.cases.get_mut(&number).expect("open").first_step = FirstStep::Cooling(until);
    }

    /// Whether it waits for its second step.
    pub fn cools_down(&mut self, number: u32) -> bool {
        let FirstStep::Cooling(until) = self.cases[&number].first_step else { return false };
        if self.now < until {
            return true;
        }
        self.saw("a second step");
        self.cases.get_mut(&number).expect("open").first_step = FirstStep::Over;
        false
    }
}
