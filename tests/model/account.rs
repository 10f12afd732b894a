//! Section 3: accounts: cash, positions, fees, equity.

use super::book::Order;
use super::position::{Closed, Leg, Position, Which};
use super::{Model, NANO, nano, round_half_up, sign, ticks};
use plimsoll_types::*;
use std::collections::BTreeMap;

/// An outstanding margin call; no deadline = the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub tier: u8,
    pub deadline: Option<Ts>,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub name: Label,
    pub profile: usize,
    pub hedger: bool,
    /// Of a pocket: whose it is, and for what.
    pub pocket_of: Option<(usize, usize)>,
    pub cash: i128,
    /// Flat ones are absent.
    pub positions: BTreeMap<Leg, Position>,
    /// Instruments in which an order of it was ever accepted.
    pub ordered: std::collections::BTreeSet<usize>,
    pub realised: i128,
    pub fees: i128,
    /// Realised, realised by trade, and fees as of its last settlement event.
    pub settled: (i128, i128, i128),
    /// Margins of its own, initial and maintenance, by instrument.
    pub margins: BTreeMap<usize, (MarginRate, MarginRate)>,
    pub leverage: BTreeMap<usize, Ratio>,
    pub debt: i128,
    pub tier: u8,
    /// What the operator lets it do.
    pub operator: Permission,
    /// The strictest of all that applies, as last shown.
    pub permission: Permission,
    pub case: Option<u32>,
    pub call: Option<Call>,
    /// A new breach: the tier that triggers it, 0 for a flat account below zero.
    pub breach: Option<u8>,
}

impl Account {
    pub fn new(name: Label, profile: ProfileId) -> Account {
        Account {
            name,
            profile: profile.index(),
            hedger: false,
            pocket_of: None,
            cash: 0,
            positions: BTreeMap::new(),
            realised: 0,
            fees: 0,
            ordered: std::collections::BTreeSet::new(),
            settled: (0, 0, 0),
            margins: BTreeMap::new(),
            leverage: BTreeMap::new(),
            debt: 0,
            tier: 0,
            operator: Permission::Normal,
            permission: Permission::Normal,
            case: None,
            call: None,
            breach: None,
        }
    }

    /// Signed lots in an instrument, legs netted.
    pub fn lots(&self, instrument: usize) -> i128 {
        self.held_in(instrument).map(|(_, position)| position.lots).sum()
    }

    /// Positions in an instrument.
    pub fn held_in(&self, instrument: usize) -> impl Iterator<Item = (Leg, &Position)> {
        let all = self.positions.iter().map(|(leg, position)| (*leg, position));
        all.filter(move |(leg, _)| leg.instrument == instrument)
    }

    pub fn holds(&self, instrument: usize) -> bool {
        self.held_in(instrument).next().is_some()
    }

    /// Lots held on a side.
    pub fn lots_on(&self, instrument: usize, side: Side) -> i128 {
        let on_side = self.held_in(instrument).filter(|(_, position)| position.side() == side);
        on_side.map(|(_, position)| position.size()).sum()
    }

    /// Its realised result against opening prices.
    pub fn by_trade(&self) -> i128 {
        self.realised - self.positions.values().map(|position| position.gain).sum::<i128>()
    }

    /// Closes lots of a leg at a price.
    pub fn close(&mut self, leg: Leg, which: Which, price: i128, qty: i128, v: i128) -> Closed {
        if qty == 0 {
            return Closed::default();
        }
        let position = self.positions.get_mut(&leg).expect("it holds what it closes");
        let side = position.side();
        let closed = position.close(which, qty, v);
        let proceeds = sign(side) * qty * price * v;
        self.realised += proceeds - closed.released;
        self.cash += proceeds;
        if position.lots == 0 {
            let flat = (position.basis, position.gain, position.today_cost, position.carried);
            assert_eq!(flat, (0, 0, 0, 0), "a flat position has no cost");
            self.positions.remove(&leg);
        }
        closed
    }

    /// Opens lots of a leg at a price.
    pub fn open(&mut self, leg: Leg, side: Side, price: i128, qty: i128, v: i128, legs: bool) {
        if qty > 0 {
            self.positions.entry(leg).or_default().open(side, price, qty, v, legs);
            self.cash -= sign(side) * qty * price * v;
        }
    }
}

/// Share of the notional, half up, plus the amount a lot, of the fees that add up.
pub fn fee_of(fees: &[Fee], notional: i128, qty: i128) -> i128 {
    if qty == 0 {
        return 0;
    }
    let share: i128 = fees.iter().map(|fee| nano(fee.share)).sum();
    let per_lot: i128 = fees.iter().map(|fee| fee.per_lot.units()).sum();
    round_half_up(share * notional, NANO) + per_lot * qty
}

impl Model {
    pub fn has_legs(&self) -> bool {
        self.spec.position_mode == PositionMode::LongShort
    }

    /// The leg that an order of this side opens.
    pub fn leg(&self, instrument: usize, side: Side) -> Leg {
        Leg { instrument, short: self.has_legs() && side == Side::Sell }
    }

    /// Books lots of an order's side, without fees: what closes first, then what opens. `closes` says under long_short which
    /// lots it closes, if it closes; in net mode it closes what it can. Beyond that it opens.
    pub fn book_lots(
        &mut self,
        holder: usize,
        instrument: usize,
        side: Side,
        closes: Option<Which>,
        price: i128,
        qty: i128,
    ) -> Closed {
        let (v, legs) = (self.tick_value(instrument), self.has_legs());
        let from =
            if legs { self.leg(instrument, side.opposite()) } else { self.leg(instrument, side) };
        let which = if legs { closes } else { Some(Which::Any) };
        let account = &mut self.accounts[holder];
        let held = account.positions.get(&from).filter(|position| position.side() != side);
        let there = held.map_or(0, |position| which.map_or(0, |which| position.lots_of(which)));
        let closing = there.min(qty);
        let closed = account.close(from, which.unwrap_or(Which::Any), price, closing, v);
        let leg = Leg { instrument, short: legs && side == Side::Sell };
        account.open(leg, side, price, qty - closing, v, legs);
        closed
    }

    /// Which lots an order closes; `None` = in net mode what there is, under long_short it opens.
    pub fn closes(&self, instrument: usize, order: &Order) -> Option<Which> {
        let oldest = self.books[instrument].spec.risk.close_rule == CloseRule::OldestFirst;
        match order.offset {
            None | Some(Offset::Open) => None,
            Some(_) if oldest || order.case.is_some() => Some(Which::Any),
            Some(Offset::Close) => Some(Which::Carried),
            Some(Offset::CloseToday) => Some(Which::Today),
        }
    }

    /// Fee of lots closed: carried and today's are parts of their own where today's have a fee of their own.
    pub fn closing_fee(
        &self,
        instrument: usize,
        closed: Closed,
        price: i128,
        more: &[Fee],
    ) -> i128 {
        let fees = self.books[instrument].spec.fees;
        let v = self.tick_value(instrument);
        let of = |fee: Fee, qty: i128| {
            let all: Vec<Fee> = [fee].iter().chain(more).copied().collect();
            fee_of(&all, qty * price * v, qty)
        };
        match fees.close_today {
            None => of(fees.close, closed.lots()),
            Some(today) => of(fees.close, closed.carried) + of(today, closed.today),
        }
    }

    /// The fees that lie on a case's order beyond those of any order; the fund pays none.
    pub fn liquidation_fee(&self, instrument: usize, holder: usize) -> Fee {
        if self.fund_account == Some(holder) {
            return Fee::default();
        }
        self.books[instrument].spec.fees.liquidation
    }

    /// Books one order's leg of a trade, with its fees. What it closed, and the fee.
    pub fn book_order(
        &mut self,
        order: &Order,
        taker: bool,
        instrument: usize,
        price: i128,
        qty: i128,
    ) -> (Closed, i128) {
        let holder = self.holder(order.account, instrument).expect("orders have a holder");
        let closes = self.closes(instrument, order);
        let closed = self.book_lots(holder, instrument, order.side, closes, price, qty);
        let fees = self.books[instrument].spec.fees;
        let role = if taker { fees.taker } else { fees.maker };
        let forced = order.case.is_some();
        let extra = if forced { self.liquidation_fee(instrument, holder) } else { Fee::default() };
        let opened = qty - closed.lots();
        let notional = opened * price * self.tick_value(instrument);
        let fee = self.closing_fee(instrument, closed, price, &[role, extra])
            + fee_of(&[fees.open, role, extra], notional, opened);
        if closed.carried > 0 && closed.today > 0 && fees.close_today.is_some() {
            self.saw("a fill closes both kinds of lots");
        }
        self.pay_fee(holder, fee);
        (closed, fee)
    }

    /// A pocket's fees are its account's to pay.
    pub fn pay_fee(&mut self, holder: usize, fee: i128) {
        let owner = self.owner(holder);
        self.accounts[owner].cash -= fee;
        self.accounts[holder].fees += fee;
        self.fees += fee;
    }

    pub fn unlimited(&self, account: usize) -> bool {
        self.profile(account).unlimited
    }

    pub fn unrealised_in(&self, account: usize, leg: Leg) -> i128 {
        let position = &self.accounts[account].positions[&leg];
        position.lots * self.worth_of_lot(leg.instrument) - position.basis
    }

    /// A lot's worth at the mark.
    pub fn worth_of_lot(&self, instrument: usize) -> i128 {
        ticks(self.books[instrument].mark) * self.tick_value(instrument)
    }

    pub fn unrealised(&self, account: usize) -> i128 {
        self.accounts[account].positions.keys().map(|&leg| self.unrealised_in(account, leg)).sum()
    }

    pub fn balance(&self, account: usize) -> i128 {
        let account = &self.accounts[account];
        account.cash + account.positions.values().map(|position| position.basis).sum::<i128>()
    }

    pub fn equity(&self, account: usize) -> i128 {
        self.balance(account) + self.unrealised(account)
    }
}
