//! A random exchange as risk sees it, and what may happen to it: for tests.

use crate::account::{Aim, NIL, PositionId};
use crate::bounds::tests::Draw;
use crate::calm::Awaited;
use crate::contract::Contract;
use crate::ledger::Risk;
use crate::ledger::tests::fill;
use crate::own::Own;
use crate::trigger::boxes::Span;
use crate::trigger::portfolio::{self, between, half, label, mille, pick, profile, rate};
use plimsoll_types::*;

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A mark moves a tick or a few.
    Step,
    /// A mark jumps.
    Gap,
    /// Two marks move before anybody looks, one of them to and fro.
    Twice,
    Trade,
    /// A position is closed whole, or turned.
    Turn,
    Deposit,
    /// Money goes until an account stands just at a line, or a unit off.
    ToLine,
    Margin,
    Settle,
    Funding,
    Own,
    Profile,
    MoveMargin,
    Expire,
    Account,
    List,
    Case,
    Restore,
}

const KINDS: &[(Kind, u64)] = &[
    (Kind::Step, 40),
    (Kind::Gap, 5),
    (Kind::Twice, 5),
    (Kind::Trade, 24),
    (Kind::Turn, 4),
    (Kind::Deposit, 4),
    (Kind::ToLine, 8),
    (Kind::Margin, 2),
    (Kind::Settle, 2),
    (Kind::Funding, 2),
    (Kind::Own, 2),
    (Kind::Profile, 2),
    (Kind::MoveMargin, 2),
    (Kind::Expire, 1),
    (Kind::Account, 1),
    (Kind::List, 1),
    (Kind::Case, 3),
    (Kind::Restore, 1),
];

/// One change: its kind, and the seed of what is left to chance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    kind: Kind,
    chance: u64,
}

impl Op {
    pub(crate) fn any(draw: &mut Draw) -> Op {
        let total = KINDS.iter().map(|(_, weight)| weight).sum();
        let mut at = draw.below(total);
        let mut chosen = Kind::Step;
        for &(kind, weight) in KINDS {
            chosen = kind;
            if at < weight {
                break;
            }
            at -= weight;
        }
        Op { kind: chosen, chance: draw.below(1 << 31) }
    }
}

/// An exchange, and how often somebody changed tiers.
pub(crate) struct World {
    pub(crate) risk: Risk,
    pub(crate) crossed: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let mut draw = Draw(seed);
        let most = pick(&mut draw, &[1, 2, 3, 8, 12]);
        let count = 1 + draw.below(most);
        let contracts =
            (0..count).map(|_| Contract::new(&portfolio::instrument(&mut draw))).collect();
        let legs = draw.one_in(3);
        let mut profiles = vec![Profile::unlimited()];
        profiles.extend((0..3).map(|_| profile(&mut draw, !legs)));
        let mode = if legs { PositionMode::LongShort } else { PositionMode::Net };
        let risk = Risk::new(contracts, profiles, FloatingProfit::All, mode, Money::ZERO);
        let mut world = World { risk, crossed: 0 };
        for _ in 0..4 + draw.below(12) {
            world.open_account(&mut draw);
        }
        world
    }

    fn open_account(&mut self, draw: &mut Draw) {
        let name = label(&format!("a{}", self.risk.account_count()));
        let profile = ProfileId(if draw.one_in(12) { 0 } else { 1 + draw.below(3) as u16 });
        let id = self.risk.open_account(name, profile);
        let lot = self.lot(InstrumentId(draw.below(self.risk.contracts.len() as u64) as u16));
        self.risk.deposit(id, Money::new(1 + lot * i128::from(between(draw, 1, 60)) / 10));
    }

    /// What a lot is worth.
    fn lot(&self, instrument: InstrumentId) -> i128 {
        let contract = self.risk.contract(instrument);
        contract.notional(contract.mark, 1)
    }

    fn any_instrument(&self, draw: &mut Draw) -> InstrumentId {
        InstrumentId(draw.below(self.risk.contracts.len() as u64) as u16)
    }

    /// An account that is nobody's pocket.
    fn any_account(&self, draw: &mut Draw) -> AccountId {
        let id = AccountId(draw.below(self.risk.account_count() as u64) as u32);
        self.risk.owner_of(id)
    }

    fn mark(&self, instrument: InstrumentId) -> i64 {
        self.risk.contract(instrument).mark.ticks()
    }

    fn set_mark(&mut self, instrument: InstrumentId, ticks: i64) {
        self.risk.set_mark(instrument, Price::clamped(ticks));
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        let mut draw = Draw(op.chance);
        let draw = &mut draw;
        let (id, instrument) = (self.any_account(draw), self.any_instrument(draw));
        let mark = self.mark(instrument);
        match op.kind {
            Kind::Step => self.set_mark(instrument, mark + between(draw, -4, 4)),
            Kind::Gap => {
                let far = between(draw, -90, 200);
                self.set_mark(instrument, mark + mark.min(1 << 40) * far / 100);
            }
            Kind::Twice => {
                self.set_mark(instrument, mark + between(draw, -40, 40));
                self.set_mark(instrument, mark + between(draw, -1, 1));
                let other = self.any_instrument(draw);
                self.set_mark(other, self.mark(other) + between(draw, -9, 9));
            }
            Kind::Trade => self.trade(draw, id, instrument),
            Kind::Turn => self.turn(draw, id, instrument),
            Kind::Deposit => {
                let amount =
                    Money::new(1 + self.lot(instrument) * i128::from(draw.below(90)) / 100);
                if draw.one_in(2) {
                    self.risk.deposit(id, amount);
                } else {
                    self.risk.withdraw(id, amount);
                }
            }
            Kind::ToLine => self.bring_to_line(draw),
            Kind::Margin => {
                let initial = rate(draw);
                self.risk.set_margin(instrument, initial, half(initial));
            }
            Kind::Settle => self.settle(draw, instrument),
            Kind::Funding => {
                let rate = mille(between(draw, -20, 20));
                self.risk.pay_funding(instrument, rate);
            }
            Kind::Own => self.set_own(draw, id, instrument),
            Kind::Profile => self.give_profile(draw, id),
            Kind::MoveMargin => {
                let pocket = AccountId(draw.below(self.risk.account_count() as u64) as u32);
                let amount = self.lot(instrument) * i128::from(between(draw, -50, 50)) / 100;
                if self.risk.account(pocket).case().is_none() {
                    let _ = self.risk.move_margin(pocket, Money::new(amount));
                }
            }
            Kind::Expire => self.expire(instrument),
            Kind::Account => self.open_account(draw),
            Kind::List if self.risk.contracts.len() < 14 => {
                self.risk.add_contract(Contract::new(&portfolio::instrument(draw)));
            }
            Kind::List => {}
            Kind::Case => {
                let id = AccountId(draw.below(self.risk.account_count() as u64) as u32);
                let free = self.risk.account(id).case().is_none();
                self.risk.set_case(id, if free { 1 + id.0 } else { 0 });
                let tier = self.risk.account(id).tier();
                if free && !draw.one_in(3) && !self.risk.account(id).is_unlimited() {
                    let goal = (!draw.one_in(4)).then(|| self.risk.goal(id, tier));
                    let loss = draw.one_in(3);
                    self.risk.calm_case(id, Some(Awaited { goal, loss }));
                }
            }
            Kind::Restore => self.restore(),
        }
    }

    fn trade(&mut self, draw: &mut Draw, id: AccountId, instrument: InstrumentId) {
        let price = self.mark(instrument) + between(draw, -2, 2);
        let side = pick(draw, &[Side::Buy, Side::Sell]);
        let most = if draw.one_in(40) { 1 << 20 } else { 12 };
        let qty = 1 + draw.below(most);
        self.book(draw, id, instrument, side, price, qty);
    }

    /// Books a trade; of legs it opens or closes one.
    fn book(
        &mut self,
        draw: &mut Draw,
        id: AccountId,
        instrument: InstrumentId,
        side: Side,
        price: i64,
        qty: u64,
    ) {
        let first = self.risk.position_of(id, instrument);
        let mut fill = fill(first, side, Price::clamped(price).ticks(), qty);
        if self.risk.position(first).leg().is_leg() {
            let room = self.risk.position(self.risk.leg_for(first, side, Aim::Close)).room(side);
            fill.aim = if room > 0 && !draw.one_in(3) { Aim::Close } else { Aim::Open };
            fill.position = self.risk.leg_for(first, side, fill.aim);
            if fill.aim == Aim::Close {
                fill.qty = fill.qty.min(room);
            }
        }
        let held = self.risk.position(fill.position);
        let most = self.risk.contract(instrument).lots_max.min(1 << 24);
        if held.lots().unsigned_abs() + fill.qty <= most {
            self.risk.book(fill);
        }
    }

    /// Closes a position whole, or turns it round.
    fn turn(&mut self, draw: &mut Draw, id: AccountId, instrument: InstrumentId) {
        let Some(held) = self.risk.find_position(id, instrument) else { return };
        let lots = self.risk.position(held).lots();
        if lots != 0 {
            let side = self.risk.position(held).closed_with();
            let times = 1 + draw.below(2);
            let mark = self.mark(instrument);
            self.book(draw, id, instrument, side, mark, lots.unsigned_abs() * times);
        }
    }

    /// Leaves an account with just so much that its measure stands at a line, or a unit to one side.
    fn bring_to_line(&mut self, draw: &mut Draw) {
        let id = AccountId(draw.below(self.risk.account_count() as u64) as u32);
        if self.risk.account(id).is_unlimited() {
            return;
        }
        let standing = self.risk.standing(id);
        let lines = self.risk.lines(id);
        let all: Vec<_> = lines.at.iter().chain(&lines.release).copied().collect();
        let line = pick(draw, &all);
        let margin = standing.margin(line.basis).units();
        if margin == 0 || line.equity_weight == 0 {
            return;
        }
        let at = margin * i128::from(line.margin_weight) / i128::from(line.equity_weight);
        let wanted = at + i128::from(between(draw, -1, 1));
        self.risk.deposit(id, Money::new(wanted) - standing.equity);
    }

    fn settle(&mut self, draw: &mut Draw, instrument: InstrumentId) {
        let price = Price::clamped(self.mark(instrument) + between(draw, -9, 9));
        self.risk.set_prev_settlement(instrument, price);
        self.risk.set_mark(instrument, price);
        for id in self.all_in(instrument) {
            self.risk.settle_position(id, price);
        }
    }

    fn expire(&mut self, instrument: InstrumentId) {
        let price = self.risk.contract(instrument).mark;
        for id in self.all_in(instrument) {
            self.risk.close_position(id, price);
            let holder = self.risk.position(id).account();
            self.risk.sweep_pocket(holder);
        }
    }

    fn all_in(&self, instrument: InstrumentId) -> Vec<PositionId> {
        let all = self.risk.all_positions().iter().enumerate();
        all.filter(|(_, held)| held.instrument() == instrument && held.lots() != 0)
            .map(|(place, _)| PositionId(place as u32))
            .collect()
    }

    fn set_own(&mut self, draw: &mut Draw, id: AccountId, instrument: InstrumentId) {
        let margins = draw.one_in(2).then(|| {
            let initial = rate(draw);
            [initial, half(initial)]
        });
        let leverage = draw.one_in(2).then(|| mille(between(draw, 500, 20_000)));
        self.risk.set_own(id, instrument, Own { margins, leverage });
    }

    /// As the exchange does: of another margin mode only while nothing is held, pockets get their owner's.
    fn give_profile(&mut self, draw: &mut Draw, id: AccountId) {
        let new = ProfileId(draw.below(4) as u16);
        let mode = |profile: ProfileId, risk: &Risk| {
            let profile = &risk.profiles[profile.index()];
            (profile.margin_mode, profile.unlimited)
        };
        let same = mode(new, &self.risk) == mode(self.risk.account(id).profile(), &self.risk);
        let all: Vec<AccountId> = self.risk.pockets(id).chain([id]).collect();
        let in_case = all.iter().any(|id| self.risk.account(*id).case().is_some());
        let empty = self.risk.holds_nothing(id);
        if in_case || !same && !empty {
            return;
        }
        self.risk.set_profile(id, new);
        if empty {
            self.risk.rehome(id);
        }
        for pocket in all {
            if self.risk.owner_of(pocket) != pocket {
                self.risk.set_profile(pocket, new);
            }
        }
    }

    /// What a snapshot keeps, taken up again: cases are all restless then. A change that nobody has looked at is lost with one: it is taken between commands.
    fn restore(&mut self) {
        if !self.risk.is_quiet() {
            return;
        }
        for position in &mut self.risk.positions {
            (position.low, position.high) = (Span::NONE.low, Span::NONE.high);
        }
        self.risk.after_restore(Detector::Index);
    }

    /// Looks at whom the index names: exactly those whom a scan finds. Then the law.
    pub(crate) fn look(&mut self, step: u64) -> Result<(), String> {
        let risk = &mut self.risk;
        let all: Vec<AccountId> = (0..risk.account_count() as u32).map(AccountId).collect();
        let free = |risk: &Risk, id: AccountId| risk.account(id).case().is_none();
        let due: Vec<AccountId> =
            all.iter().copied().filter(|&id| free(risk, id) && risk.is_due(id)).collect();
        let calm: Vec<AccountId> = risk.watch.calm.accounts().collect();
        let news: Vec<AccountId> = calm.into_iter().filter(|&id| risk.is_news(id)).collect();
        let mut found = Vec::new();
        risk.suspects(&mut found);
        if let Some(id) = news.iter().find(|id| !found.contains(id)) {
            return Err(format!("the index does not name {id:?}, whose case has news"));
        }
        found.retain(|&id| free(risk, id));
        if found != due {
            return Err(format!("the index names {found:?}, a scan {due:?}"));
        }
        self.act(&due, &news);
        if step.is_multiple_of(2) {
            self.risk.audit_index().map_err(|wrong| self.tell(&wrong))?;
        }
        if step.is_multiple_of(4) {
            self.risk.audit_boxes(step).map_err(|wrong| self.tell(&wrong))?;
        }
        Ok(())
    }

    /// What a look does about those it finds: tiers are set, losses paid, cases that have met their goal end.
    fn act(&mut self, due: &[AccountId], news: &[AccountId]) {
        self.crossed += due.len() as u64 + news.len() as u64;
        for &id in due.iter().chain(news) {
            let risk = &mut self.risk;
            let tier = risk.next_tier(id, risk.standing(id));
            if tier != risk.account(id).tier() {
                risk.set_tier(id, tier);
            } else if risk.account(id).case().is_some() {
                risk.set_case(id, 0);
            } else {
                // Flat with a loss.
                let owed = risk.cash(id);
                risk.deposit(id, Money::ZERO - owed);
            }
        }
    }

    /// What is wrong, with what is held by whom it is wrong with.
    fn tell(&self, wrong: &super::audit::Unwatched) -> String {
        use super::audit::Unwatched::{
            Case, Ladder, Missed, Outside, Touched, Unfiled, Unlisted, Unproved,
        };
        let mut text = format!("{wrong:?}");
        let id = match *wrong {
            Outside(id, _)
            | Unfiled(id, ..)
            | Unproved(id, _)
            | Missed(id)
            | Case(id)
            | Touched(id) => id,
            Ladder(..) | Unlisted => return text,
        };
        text += &format!("\n    {:?}", self.risk.account(id));
        let mut next = self.risk.account(id).first;
        while next != NIL {
            let held = self.risk.position(PositionId(next));
            text += &format!("\n    {held:?}\n        {:?}", self.risk.contract(held.instrument));
            next = held.next;
        }
        text + &format!("\n    {:?}", self.risk.lines(id))
    }
}
