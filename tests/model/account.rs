//! Section 3: cash, positions, margins, fees.

use super::book::Order;
use super::{Model, NANO, nano, round_half_up, round_up, sign, ticks};
use plimsoll_types::*;
use std::collections::BTreeMap;

/// Signed lots and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub lots: i128,
    pub basis: i128,
    /// Lots held since before the last settlement, without sign.
    pub carried: i128,
}

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
    pub cash: i128,
    /// By instrument; flat ones are absent.
    pub positions: BTreeMap<usize, Position>,
    pub realised: i128,
    pub fees: i128,
    /// Both as of its last settlement event.
    pub settled_realised: i128,
    pub settled_fees: i128,
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
            cash: 0,
            positions: BTreeMap::new(),
            realised: 0,
            fees: 0,
            settled_realised: 0,
            settled_fees: 0,
            debt: 0,
            tier: 0,
            operator: Permission::Normal,
            permission: Permission::Normal,
            case: None,
            call: None,
            breach: None,
        }
    }

    pub fn lots(&self, instrument: usize) -> i128 {
        self.positions.get(&instrument).map_or(0, |position| position.lots)
    }

    /// What the position can give to an order of this side without opening.
    pub fn can_give(&self, instrument: usize, side: Side) -> i128 {
        (-sign(side) * self.lots(instrument)).max(0)
    }

    /// Of what the position can give to this side, how much is carried.
    pub fn carried_to_give(&self, instrument: usize, side: Side) -> i128 {
        match self.can_give(instrument, side) {
            0 => 0,
            _ => self.positions[&instrument].carried,
        }
    }

    /// One leg of a trade in the position, without fees: closes first, then opens. Gives the lots closed.
    pub fn book(&mut self, instrument: usize, side: Side, price: i128, qty: i128, v: i128) -> i128 {
        let mut position = self.positions.remove(&instrument).unwrap_or_default();
        let closing = if position.lots * sign(side) < 0 { qty.min(position.lots.abs()) } else { 0 };
        if closing > 0 {
            // Basis x k / n, half up on the absolute value; then the sign comes back.
            let released = round_half_up(position.basis.abs() * closing, position.lots.abs())
                * position.basis.signum();
            let proceeds = -sign(side) * closing * price * v;
            self.realised += proceeds - released;
            position.basis -= released;
            position.lots += sign(side) * closing;
            position.carried -= position.carried.min(closing);
        }
        let opening = qty - closing;
        position.basis += sign(side) * opening * price * v;
        position.lots += sign(side) * opening;
        self.cash -= sign(side) * qty * price * v;
        if position.lots != 0 {
            self.positions.insert(instrument, position);
        } else {
            assert_eq!(position.basis, 0, "a flat position has no cost");
        }
        closing
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

/// ceil(share x notional) + per lot.
pub fn margin_of(rate: MarginRate, notional: i128, qty: i128) -> i128 {
    round_up(nano(rate.share) * notional, NANO) + rate.per_lot.units() * qty
}

impl Model {
    /// Books one order's leg of a trade, with its fees.
    pub fn book_leg(
        &mut self,
        order: &Order,
        taker: bool,
        instrument: usize,
        price: i128,
        qty: i128,
    ) -> i128 {
        let account = order.account;
        let v = self.tick_value(instrument);
        let fees = self.books[instrument].spec.fees;
        let closing = self.accounts[account].book(instrument, order.side, price, qty, v);
        let role = if taker { fees.taker } else { fees.maker };
        let liquidation = if order.case.is_some() { fees.liquidation } else { Fee::default() };
        let mut fee = 0;
        for (part, part_fee) in [(closing, fees.close), (qty - closing, fees.open)] {
            fee += fee_of(&[part_fee, role, liquidation], part * price * v, part);
        }
        self.accounts[account].cash -= fee;
        self.accounts[account].fees += fee;
        self.fees += fee;
        fee
    }

    pub fn unlimited(&self, account: usize) -> bool {
        self.profile(account).unlimited
    }

    pub fn unrealised_in(&self, account: usize, instrument: usize) -> i128 {
        let position = self.accounts[account].positions[&instrument];
        position.lots * ticks(self.books[instrument].mark) * self.tick_value(instrument)
            - position.basis
    }

    pub fn unrealised(&self, account: usize) -> i128 {
        self.accounts[account].positions.keys().map(|&i| self.unrealised_in(account, i)).sum()
    }

    pub fn balance(&self, account: usize) -> i128 {
        let account = &self.accounts[account];
        account.cash + account.positions.values().map(|position| position.basis).sum::<i128>()
    }

    pub fn equity(&self, account: usize) -> i128 {
        self.balance(account) + self.unrealised(account)
    }

    /// Margin of so many lots at the mark.
    pub fn margin_of_lots(&self, basis: Basis, instrument: usize, qty: i128) -> i128 {
        let book = &self.books[instrument];
        let rate = match basis {
            Basis::Initial => book.initial,
            Basis::Maintenance => book.maintenance,
        };
        margin_of(rate, qty * ticks(book.mark) * self.tick_value(instrument), qty)
    }

    /// Margin of all positions under a basis.
    pub fn margin(&self, account: usize, basis: Basis) -> i128 {
        if self.unlimited(account) {
            return 0;
        }
        let positions = &self.accounts[account].positions;
        positions.iter().map(|(&i, p)| self.margin_of_lots(basis, i, p.lots.abs())).sum()
    }

    /// The margin the account's measure uses.
    pub fn measured_margin(&self, account: usize) -> i128 {
        self.margin(account, self.profile(account).basis)
    }

    pub fn measure(&self, account: usize) -> Measure {
        let margin = Money::new(self.measured_margin(account));
        let equity = Money::new(self.equity(account));
        match self.profile(account).measure {
            MeasureKind::MarginOverEquity => Measure::of(margin, equity),
            MeasureKind::EquityOverMargin => Measure::of(equity, margin),
        }
    }

    /// F(o): what an opening part of so many lots at a price freezes.
    pub fn freezes(&self, instrument: usize, price: i128, opening: i128) -> i128 {
        if opening == 0 {
            return 0;
        }
        let fees = self.books[instrument].spec.fees;
        let notional = opening * price * self.tick_value(instrument);
        let maker = fee_of(&[fees.open, fees.maker], notional, opening);
        let taker = fee_of(&[fees.open, fees.taker], notional, opening);
        margin_of(self.books[instrument].initial, notional, opening) + maker.max(taker)
    }

    pub fn frozen(&self, account: usize) -> i128 {
        if self.unlimited(account) {
            return 0;
        }
        let mut sum = 0;
        for (instrument, book) in self.books.iter().enumerate() {
            for order in book.orders.iter().filter(|order| order.account == account) {
                sum +=
                    self.freezes(instrument, order.freeze_price, self.opening(instrument, order));
            }
        }
        sum
    }

    pub fn available(&self, account: usize) -> i128 {
        let floating = self.unrealised(account);
        let counted = match self.spec.floating_profit {
            FloatingProfit::All => floating,
            FloatingProfit::OnlyLost => floating.min(0),
            FloatingProfit::OnlyGain => floating.max(0),
            FloatingProfit::None => 0,
        };
        self.balance(account) + counted
            - self.margin(account, Basis::Initial)
            - self.frozen(account)
    }

    /// Lots of its orders on the side that come before an entry; of all of them where there is none.
    pub fn ahead(&self, account: usize, instrument: usize, side: Side, entry: Option<u64>) -> i128 {
        let orders = self.books[instrument].orders.iter();
        let own = orders.filter(|o| o.account == account && o.side == side);
        own.filter(|o| entry.is_none_or(|entry| o.entry < entry)).map(|o| o.qty).sum()
    }

    /// Lots of a resting order that would open: beyond what its position can give once those before it have theirs.
    pub fn opening(&self, instrument: usize, order: &Order) -> i128 {
        let ahead = self.ahead(order.account, instrument, order.side, Some(order.entry));
        let free = self.accounts[order.account].can_give(instrument, order.side) - ahead;
        order.qty - order.qty.min(free.max(0))
    }
}
