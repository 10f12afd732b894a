//! Sections 3, 3.1, 3.2: a position: what it cost, what it cost to open, which lots are carried.

use super::{round_half_up, sign};
use plimsoll_types::*;

/// A position's place: in net mode an account has one an instrument, under long_short a long and a short one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leg {
    pub instrument: usize,
    /// The short leg of long_short; a net position is `false` on either side.
    pub short: bool,
}

/// Which lots of a leg an order closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Carried,
    Today,
    /// The oldest first.
    Any,
}

/// Lots that came at one price, under long_short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lots {
    pub qty: i128,
    /// The price they were opened at.
    pub opened: i128,
    /// The price they cost: that, or the last settlement's.
    pub cost: i128,
    pub carried: bool,
}

/// Lots that a fill closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    pub carried: i128,
    pub today: i128,
    /// What they had cost, with the position's sign.
    pub released: i128,
}

impl Closed {
    pub fn lots(&self) -> i128 {
        self.carried + self.today
    }
}

/// Signed lots and what they cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub lots: i128,
    pub basis: i128,
    /// Cost now less cost at the opening prices.
    pub gain: i128,
    /// Lots held since before the last settlement, without sign.
    pub carried: i128,
    /// What today's lots cost, without sign.
    pub today_cost: i128,
    /// Under long_short every lot with its price, the oldest first.
    pub each: Vec<Lots>,
}

/// `amount x k / n`, half up on the absolute value.
fn part(amount: i128, k: i128, n: i128) -> i128 {
    round_half_up(amount.abs() * k, n) * amount.signum()
}

impl Position {
    pub fn side(&self) -> Side {
        if self.lots > 0 { Side::Buy } else { Side::Sell }
    }

    pub fn size(&self) -> i128 {
        self.lots.abs()
    }

    pub fn today(&self) -> i128 {
        self.size() - self.carried
    }

    /// What its lots cost at their opening prices, with its sign.
    pub fn opening_value(&self) -> i128 {
        self.basis - self.gain
    }

    pub fn lots_of(&self, which: Which) -> i128 {
        match which {
            Which::Carried => self.carried,
            Which::Today => self.today(),
            Which::Any => self.size(),
        }
    }

    /// Lots come at a price.
    pub fn open(&mut self, side: Side, price: i128, qty: i128, v: i128, legs: bool) {
        self.lots += sign(side) * qty;
        self.basis += sign(side) * qty * price * v;
        self.today_cost += qty * price * v;
        if legs {
            self.each.push(Lots { qty, opened: price, cost: price, carried: false });
        }
    }

    /// Lots go: under long_short the oldest of those meant, in net mode their share of everything, carried ones first.
    pub fn close(&mut self, which: Which, qty: i128, v: i128) -> Closed {
        assert!(qty <= self.lots_of(which));
        if self.each.is_empty() { self.close_share(qty) } else { self.close_oldest(which, qty, v) }
    }

    fn close_share(&mut self, qty: i128) -> Closed {
        let (n, side, today) = (self.size(), self.side(), self.today());
        let carried = qty.min(self.carried);
        let closed = Closed { carried, today: qty - carried, released: part(self.basis, qty, n) };
        self.basis -= closed.released;
        self.gain -= part(self.gain, qty, n);
        if closed.today > 0 {
            self.today_cost -= part(self.today_cost, closed.today, today);
        }
        self.carried -= carried;
        self.lots -= sign(side) * qty;
        closed
    }

    fn close_oldest(&mut self, which: Which, qty: i128, v: i128) -> Closed {
        let (side, mut left) = (self.side(), qty);
        let mut closed = Closed::default();
        for lots in &mut self.each {
            let meant = match which {
                Which::Carried => lots.carried,
                Which::Today => !lots.carried,
                Which::Any => true,
            };
            let here = if meant { left.min(lots.qty) } else { 0 };
            lots.qty -= here;
            left -= here;
            closed.released += sign(side) * here * lots.cost * v;
            if lots.carried {
                closed.carried += here;
            } else {
                closed.today += here;
            }
        }
        assert_eq!(left, 0);
        self.each.retain(|lots| lots.qty > 0);
        self.lots -= sign(side) * qty;
        self.add_up(side, v);
        closed
    }

    /// Every lot's cost becomes a price, every lot is carried. What that brings.
    pub fn settle(&mut self, price: i128, v: i128) -> i128 {
        let brought = self.lots * price * v - self.basis;
        self.basis += brought;
        self.gain += brought;
        self.carried = self.size();
        self.today_cost = 0;
        for lots in &mut self.each {
            (lots.cost, lots.carried) = (price, true);
        }
        brought
    }

    /// The sums under long_short, lot by lot.
    fn add_up(&mut self, side: Side, v: i128) {
        let sum = |of: &dyn Fn(&Lots) -> i128| self.each.iter().map(of).sum::<i128>();
        let basis = sum(&|lots| lots.qty * lots.cost) * v * sign(side);
        let gain = sum(&|lots| lots.qty * (lots.cost - lots.opened)) * v * sign(side);
        let carried = sum(&|lots| if lots.carried { lots.qty } else { 0 });
        let today = sum(&|lots| if lots.carried { 0 } else { lots.qty * lots.cost });
        (self.basis, self.gain, self.carried, self.today_cost) = (basis, gain, carried, today * v);
    }

    /// What the newest of its lots cost to open, without sign; in net mode all lots are alike.
    pub fn newest_opening_value(&self, qty: i128, v: i128) -> Option<i128> {
        if self.each.is_empty() {
            return None;
        }
        let (mut left, mut worth) = (qty, 0);
        for lots in self.each.iter().rev() {
            let here = left.min(lots.qty);
            left -= here;
            worth += here * lots.opened * v;
        }
        Some(worth)
    }
}
