//! Sections 3, 3.1: margins of positions and orders, what is frozen, what is available.

use super::account::fee_of;
use super::book::Order;
use super::position::{Leg, Position};
use super::{Model, NANO, nano, round_up};
use plimsoll_types::*;
use std::collections::BTreeMap;

/// Positions as they are, or as they would be.
pub type Positions = BTreeMap<Leg, Position>;

/// The larger of both, part by part.
fn larger(a: MarginRate, b: MarginRate) -> MarginRate {
    MarginRate { share: a.share.max(b.share), per_lot: a.per_lot.max(b.per_lot) }
}

/// `n / d` rounded up; `n` may be negative.
fn ceil_signed(n: i128, d: i128) -> i128 {
    -(-n).div_euclid(d)
}

impl Model {
    /// An account's margin rate in an instrument: the instrument's or its own, and its leverage's.
    pub fn rate(&self, account: usize, instrument: usize, basis: Basis) -> MarginRate {
        let book = &self.books[instrument];
        let owner = &self.accounts[self.owner(account)];
        let own = owner.margins.get(&instrument).copied().unwrap_or_default();
        if basis == Basis::Maintenance {
            return larger(book.maintenance, own.1);
        }
        let mut rate = larger(book.initial, own.0);
        if let Some(leverage) = owner.leverage.get(&instrument) {
            let least = round_up(NANO * NANO, nano(*leverage));
            rate.share = rate.share.max(Ratio::from_nano(least as i64));
        }
        rate
    }

    /// What a position's margin share is taken of.
    fn notional(&self, leg: Leg, position: &Position) -> i128 {
        let book = &self.books[leg.instrument];
        let v = self.tick_value(leg.instrument);
        match book.spec.risk.margin_price {
            MarginPrice::Mark => position.size() * self.worth_of_lot(leg.instrument),
            MarginPrice::Settlement => {
                position.carried * super::ticks(book.prev_settlement) * v + position.today_cost
            }
            MarginPrice::Open => position.opening_value().abs(),
        }
    }

    /// The first bracket that covers a notional, from 0.
    pub fn bracket(&self, instrument: usize, notional: i128) -> usize {
        let brackets = &self.books[instrument].spec.risk.brackets;
        let found = brackets.iter().position(|bracket| notional <= bracket.up_to.units());
        found.expect("the last bracket is open")
    }

    /// A position's margin by itself.
    pub fn position_margin(
        &self,
        account: usize,
        leg: Leg,
        position: &Position,
        basis: Basis,
    ) -> i128 {
        if position.lots == 0 {
            return 0;
        }
        let instrument = leg.instrument;
        let (n, rate) = (self.notional(leg, position), self.rate(account, instrument, basis));
        let per_lots = rate.per_lot.units() * position.size();
        let brackets = &self.books[instrument].spec.risk.brackets;
        if basis == Basis::Initial || brackets.is_empty() {
            return round_up(nano(rate.share) * n, NANO) + per_lots;
        }
        let bracket = brackets[self.bracket(instrument, n)];
        let owner = &self.accounts[self.owner(account)];
        let own = owner.margins.get(&instrument).copied().unwrap_or_default().1;
        let whole = nano(bracket.maintenance) * n - bracket.deduct.units() * NANO;
        let share = ceil_signed(whole, NANO).max(round_up(nano(own.share) * n, NANO));
        (share + per_lots).max(0)
    }

    /// Margin of an account's positions, as they are or would be.
    pub fn margin_of(&self, account: usize, positions: &Positions, basis: Basis) -> i128 {
        if self.unlimited(account) {
            return 0;
        }
        let mut sum = 0;
        // Per product the larger of longs and shorts.
        let mut sides: BTreeMap<Label, (i128, i128)> = BTreeMap::new();
        for (leg, position) in positions {
            let margin = self.position_margin(account, *leg, position, basis);
            let spec = &self.books[leg.instrument].spec;
            if !spec.risk.large_side {
                sum += margin;
                continue;
            }
            let (long, short) = sides.entry(spec.risk.product.unwrap_or(spec.symbol)).or_default();
            *(if position.lots > 0 { long } else { short }) += margin;
        }
        sum + sides.values().map(|(long, short)| long.max(short)).sum::<i128>()
    }

    /// Margin of all positions under a basis.
    pub fn margin(&self, account: usize, basis: Basis) -> i128 {
        self.margin_of(account, &self.accounts[account].positions, basis)
    }

    /// The margin the account's measure uses.
    pub fn measured_margin(&self, account: usize) -> i128 {
        self.margin(account, self.profile(account).basis)
    }

    pub fn measure_with(&self, account: usize, margin: i128) -> Measure {
        let (margin, equity) = (Money::new(margin), Money::new(self.equity(account)));
        match self.profile(account).measure {
            MeasureKind::MarginOverEquity => Measure::of(margin, equity),
            MeasureKind::EquityOverMargin => Measure::of(equity, margin),
        }
    }

    pub fn measure(&self, account: usize) -> Measure {
        self.measure_with(account, self.measured_margin(account))
    }

    /// F(o): what an opening part of so many lots at a price freezes.
    pub fn freezes(&self, account: usize, instrument: usize, price: i128, opening: i128) -> i128 {
        if opening == 0 {
            return 0;
        }
        let fees = self.books[instrument].spec.fees;
        let notional = opening * price * self.tick_value(instrument);
        let maker = fee_of(&[fees.open, fees.maker], notional, opening);
        let taker = fee_of(&[fees.open, fees.taker], notional, opening);
        self.initial_of(account, instrument, notional, opening) + maker.max(taker)
    }

    /// Initial margin of lots at a price.
    pub fn initial_of(&self, account: usize, instrument: usize, notional: i128, qty: i128) -> i128 {
        let rate = self.rate(account, instrument, Basis::Initial);
        round_up(nano(rate.share) * notional, NANO) + rate.per_lot.units() * qty
    }

    pub fn frozen(&self, account: usize) -> i128 {
        if self.unlimited(account) {
            return 0;
        }
        let mut sum = 0;
        for (instrument, book) in self.books.iter().enumerate() {
            for order in book.orders.iter().filter(|order| order.account == account) {
                let opening = self.opening(instrument, order);
                sum += self.freezes(account, instrument, order.freeze_price, opening);
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

    /// Lots of its orders on the side that come before an entry; of all of them where there is none. Under long_short those
    /// that an order closing the same lots has before it.
    pub fn ahead(&self, account: usize, instrument: usize, side: Side, entry: Option<u64>) -> i128 {
        let orders = self.books[instrument].orders.iter();
        let own = orders.filter(|o| o.account == account && o.side == side);
        own.filter(|o| entry.is_none_or(|entry| o.entry < entry)).map(|o| o.qty).sum()
    }

    /// Lots that orders on a side promise of those meant, under long_short.
    pub fn promised(&self, like: &Order, instrument: usize, but: Option<u64>) -> i128 {
        let which = self.closes(instrument, like);
        let orders = self.books[instrument].orders.iter();
        let own = orders.filter(|o| o.account == like.account && o.side == like.side);
        let same = own.filter(|o| self.closes(instrument, o) == which && Some(o.entry) != but);
        same.map(|o| o.qty).sum()
    }

    /// Lots its position can give to an order: under long_short those it means, nothing to one that opens.
    pub fn can_give(&self, instrument: usize, order: &Order) -> i128 {
        let Some(holder) = self.holder(order.account, instrument) else { return 0 };
        if !self.has_legs() {
            return (-super::sign(order.side) * self.accounts[holder].lots(instrument)).max(0);
        }
        let leg = self.leg(instrument, order.side.opposite());
        let position = self.accounts[holder].positions.get(&leg);
        let which = self.closes(instrument, order);
        position.map_or(0, |position| which.map_or(0, |which| position.lots_of(which)))
    }

    /// Lots of a resting order that would open: under long_short all or none; else those beyond what its position can give
    /// once the orders before it have theirs.
    pub fn opening(&self, instrument: usize, order: &Order) -> i128 {
        if self.has_legs() {
            return if order.offset == Some(Offset::Open) { order.qty } else { 0 };
        }
        let ahead = self.ahead(order.account, instrument, order.side, Some(order.entry));
        let free = self.can_give(instrument, order) - ahead;
        order.qty - order.qty.min(free.max(0))
    }

    /// Lots on order that would open, on a side.
    pub fn opening_on(&self, account: usize, instrument: usize, side: Side) -> i128 {
        let orders = self.books[instrument].orders.iter();
        let own = orders.filter(|o| o.account == account && o.side == side);
        own.map(|order| self.opening(instrument, order)).sum()
    }

    /// Whether an order may only ever close.
    pub fn only_closes(&self, order: &Order) -> bool {
        if self.has_legs() { order.offset != Some(Offset::Open) } else { order.reduce_only }
    }
}
