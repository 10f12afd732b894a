//! Sections 7 and 8: a case opens, acts, ends; a settling.

use super::book::Order;
use super::plan::Target;
use super::policy::FirstStep;
use super::position::Leg;
use super::{Due, Model, account_id, instrument_id, to_qty};
use plimsoll_types::*;
use std::collections::BTreeMap;

/// What a case is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The target, and out of the tier that triggered it; 0 = flat below zero.
    Safe { trigger: u8 },
    /// No more than so many lots on a side, by order.
    Lots { instrument: usize, held: Side, keep: i128 },
    /// Nothing held: the fund's.
    Flat,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub account: usize,
    pub aim: Aim,
    /// The profile whose pacing it has.
    pub rules: usize,
    /// Its worst price, as in force.
    pub price: ProtectionPrice,
    /// The last plan shown, less what has traded since.
    pub plan: Vec<Target>,
    /// Number of the last batch.
    pub n: u32,
    /// What the last batch traded in.
    pub batch_in: usize,
    /// When the last batch went out.
    pub batch_at: Option<Ts>,
    pub parked: bool,
    /// What it parked for, and the phase and band then, with `locked = "roll"`.
    pub asleep: Option<(usize, Phase, Option<Band>)>,
    /// Lots traded since the last `checked`.
    pub unchecked: i128,
    /// The band when the resting batch went out.
    pub rested_under: Option<Band>,
    /// Whether the resting batch joined an auction.
    pub joined: bool,
    /// How far two steps have come.
    pub first_step: FirstStep,
    /// The event number from which others' trades count for a batch, by instrument; else from its opening.
    pub since: BTreeMap<usize, u64>,
    pub opened: u64,
}

impl Model {
    /// Section 8.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            let before = self.emitted();
            self.enter_stops();
            let open: Vec<u32> = self.cases.keys().copied().collect();
            for case in open {
                if self.cases.contains_key(&case) {
                    self.act(case);
                }
            }
            let accounts = 0..self.accounts.len();
            let breaches: Vec<usize> =
                accounts.filter(|&a| self.accounts[a].breach.is_some()).collect();
            for account in breaches {
                if let Some(trigger) = self.accounts[account].breach {
                    let fund = self.fund_account == Some(account);
                    if trigger == 0 && !fund && self.equity(account) >= 0 {
                        // The loss has come back since.
                        self.accounts[account].breach = None;
                        continue;
                    }
                    let aim = if fund { Aim::Flat } else { Aim::Safe { trigger } };
                    self.open_case(account, aim, ForcedReason::Funds);
                }
            }
            if self.emitted() == before {
                return;
            }
        }
        panic!("the settling does not end: {:#?}", self.last_events(8));
    }

    pub fn step(&mut self, case: u32, step: CaseStep) {
        let account = account_id(self.cases[&case].account);
        self.emit(EventKind::Case { account, case: CaseId(case), step });
    }

    /// How a case goes about.
    pub fn pacing(&self, case: u32) -> &Liquidation {
        &self.spec.profiles[self.cases[&case].rules].liquidation
    }

    pub fn open_case(&mut self, account: usize, aim: Aim, reason: ForcedReason) {
        self.cases_opened += 1;
        let number = self.cases_opened;
        let rules = match aim {
            Aim::Flat => self.fund_rules,
            Aim::Safe { .. } | Aim::Lots { .. } => self.accounts[account].profile,
        };
        let price = match (self.spec.profiles[rules].liquidation.price, aim) {
            (ProtectionPrice::Bankruptcy, Aim::Lots { .. } | Aim::Flat) => ProtectionPrice::Band,
            (price, _) => price,
        };
        let case = Case {
            account,
            aim,
            rules,
            price,
            plan: Vec::new(),
            n: 0,
            batch_in: 0,
            batch_at: None,
            parked: false,
            asleep: None,
            unchecked: 0,
            rested_under: None,
            joined: false,
            first_step: FirstStep::Undecided,
            since: BTreeMap::new(),
            opened: self.seq,
        };
        self.cases.insert(number, case);
        self.accounts[account].case = Some(number);
        self.accounts[account].breach = None;
        self.step(number, CaseStep::Triggered { reason });
        self.drop_call(account);
        let (owner, mut only) = self.orders_of(account);
        if let Aim::Lots { instrument, .. } = aim {
            only = Some(instrument);
        }
        self.cancel_where(owner, CancelReason::Liquidation, |_, instrument, _| {
            only.is_none_or(|only| only == instrument)
        });
        self.act(number);
    }

    pub fn end_case(&mut self, case: u32) {
        let Case { account, aim, .. } = self.cases[&case];
        self.accounts[account].case = None;
        self.cases.remove(&case);
        self.timers.retain(|(_, what)| *what != Due::Batch(case) && *what != Due::Cooldown(case));
        self.empty_pocket(account);
        if let Aim::Lots { .. } = aim {
            self.act_on_present_tier(account);
        }
    }

    /// Lots of the case's plan traded.
    pub fn plan_traded(&mut self, case: u32, instrument: usize, side: Side, qty: i128) {
        let case = self.cases.get_mut(&case).expect("it trades only while it is open");
        let meant = |target: &&mut Target| (target.instrument, target.side) == (instrument, side);
        if let Some(target) = case.plan.iter_mut().find(meant) {
            target.qty = (target.qty - qty).max(0);
        }
        case.plan.retain(|target| target.qty > 0);
        if let FirstStep::Going(left) = &mut case.first_step {
            if let Some(target) = left.iter_mut().find(meant) {
                target.qty = (target.qty - qty).max(0);
            }
            left.retain(|target| target.qty > 0);
        }
    }

    /// Lots of the case's batch traded, as taker or, resting, as maker.
    pub fn case_traded(&mut self, case: u32, instrument: usize, side: Side, qty: i128) {
        self.cases.get_mut(&case).expect("its batch trades only while it is open").unchecked += qty;
        self.plan_traded(case, instrument, side, qty);
    }

    pub fn checked(&mut self, case: u32) {
        let Case { account, n, unchecked, batch_in, .. } = self.cases[&case];
        let remaining = self.cases[&case].plan.iter().map(|target| target.qty).sum();
        let measure = self.measure(account);
        let step = CaseStep::Checked {
            n,
            instrument: instrument_id(batch_in),
            filled: to_qty(unchecked),
            remaining: to_qty(remaining),
            measure,
        };
        self.step(case, step);
        self.cases.get_mut(&case).expect("open").unchecked = 0;
    }

    /// Where the case's batch rests.
    pub fn resting(&self, case: u32) -> Option<(usize, Order)> {
        for (instrument, book) in self.books.iter().enumerate() {
            if let Some(order) = book.orders.iter().find(|order| order.case == Some(case)) {
                return Some((instrument, order.clone()));
            }
        }
        None
    }

    pub fn pull(&mut self, case: u32) {
        if let Some((instrument, order)) = self.resting(case) {
            self.cancel_open(instrument, order.entry, CancelReason::Liquidation);
        }
    }

    fn act(&mut self, number: u32) {
        let Case { account, aim, batch_at, unchecked, .. } = self.cases[&number];
        // A.
        if unchecked > 0 {
            self.saw("resting batch traded");
            self.checked(number);
        }
        // B.
        if self.accounts[account].positions.is_empty() {
            self.pull(number);
            return self.end_flat(number);
        }
        // A'.
        if self.backstop_falls(number) && self.take_over(number) {
            return self.saw("backstop takes over");
        }
        // C.
        if self.aim_met(number) {
            self.pull(number);
            self.step(number, CaseStep::Restored);
            self.end_case(number);
            if let Aim::Safe { .. } = aim {
                self.call_if_in_call_tier(account);
            }
            return;
        }
        // C'.
        if self.owes_beyond_the_fund(number) && self.finds_giver(number) {
            self.saw("deleveraging below zero");
            return self.deleverage(number);
        }
        // D.
        if let Some((instrument, order)) = self.resting(number) {
            if self.batch_stays(number, instrument, &order) {
                self.saw("resting batch stays");
            } else {
                self.saw("resting batch pulled");
                self.pull(number);
            }
            return;
        }
        self.end_first_step(number);
        // E.
        let interval = self.pacing(number).interval;
        if batch_at.is_some_and(|at| self.now < at + interval) {
            return;
        }
        // F.
        self.next_batch(number);
    }

    fn aim_met(&self, number: u32) -> bool {
        let Case { account, aim, .. } = self.cases[&number];
        match aim {
            Aim::Safe { trigger } => self.goal_met(account, trigger, self.standing(account)),
            Aim::Lots { .. } => self.lots_to_close(number) == 0,
            Aim::Flat => false,
        }
    }

    /// Lots that a case by order has still to close.
    pub fn lots_to_close(&self, number: u32) -> i128 {
        let Case { account, aim, .. } = self.cases[&number];
        let Aim::Lots { instrument, held, keep } = aim else { panic!("no case by order") };
        (self.accounts[account].lots_on(instrument, held) - keep).max(0)
    }

    /// The leg that a target closes.
    pub fn leg_of(&self, instrument: usize, side: Side) -> Leg {
        self.leg(instrument, side.opposite())
    }
}
