//! Cash and positions: an account on one cache line, a position on two.

use plimsoll_types::{AccountId, CaseId, InstrumentId, Money, Permission, ProfileId, Side};
use serde::{Deserialize, Serialize};

/// A position record's place in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionId(pub u32);

/// Which lots of an instrument a position record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Leg {
    /// All: one signed number.
    Net,
    /// Bought ones, never below zero.
    Long,
    /// Sold ones, never above zero.
    Short,
}

impl Leg {
    /// Whether the account's other lots in the instrument stand in a record of their own.
    #[inline]
    pub fn is_leg(self) -> bool {
        self != Leg::Net
    }
}

/// What an order does to the position it is booked on. Source: RULES 2.3, SEMANTICS 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// Closes what it can and opens the rest.
    Net,
    /// Adds lots to a leg.
    Open,
    /// Takes lots off a leg, the oldest first.
    Close,
    /// Takes carried lots off a leg, the oldest first.
    CloseCarried,
    /// Takes today's lots off a leg, the oldest of them first.
    CloseToday,
}

impl Aim {
    /// Whether all its lots close lots of a leg.
    #[inline]
    pub fn closes(self) -> bool {
        matches!(self, Aim::Close | Aim::CloseCarried | Aim::CloseToday)
    }

    /// Whether it means today's lots alone.
    #[inline]
    pub fn is_today(self) -> bool {
        self == Aim::CloseToday
    }
}

/// No record.
pub(crate) const NIL: u32 = u32::MAX;

/// An account: one cache line. What few accounts have (a debt, an owner, results of days gone by) stands in tables beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Account {
    /// Deposits less everything paid, with both legs of every trade: equity = cash + positions at the mark.
    pub(crate) cash: i128,
    /// Margin and fees of open orders.
    pub(crate) frozen: i128,
    /// Deposits - withdrawals - debts repaid + what the house paid.
    pub(crate) paid_in: i128,
    /// First of its position records, by instrument.
    pub(crate) first: u32,
    /// The open case it is in; 0 = none.
    pub(crate) case: u32,
    pub(crate) profile: ProfileId,
    /// 0 = normal.
    pub(crate) tier: u8,
    /// What it may do now.
    pub(crate) permission: Permission,
    pub(crate) unlimited: bool,
    /// It has margins of its own somewhere.
    pub(crate) own: bool,
    /// On the list of accounts to look at after this pass.
    #[serde(skip)]
    pub(crate) touched: bool,
    /// What is asked for now and then.
    pub(crate) marks: Marks,
}

/// Small facts of an account that few commands ask for, in a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Marks(u8);

impl Serialize for Marks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0 & !Marks::STIRRED.0)
    }
}

impl Marks {
    /// A hedger: no position limit, last in a forced reduction.
    pub(crate) const HEDGER: Marks = Marks(1 << 2);
    /// A pocket of another account.
    pub(crate) const POCKET: Marks = Marks(1 << 3);
    /// It owes the house.
    pub(crate) const DEBTOR: Marks = Marks(1 << 4);
    /// Its results may have changed since it was last settled; a cache, left out of snapshots.
    pub(crate) const STIRRED: Marks = Marks(1 << 5);
    /// Bits of what the operator lets it do.
    const OPERATOR: u8 = 0b11;

    #[inline]
    pub(crate) fn has(self, mark: Marks) -> bool {
        self.0 & mark.0 != 0
    }

    pub(crate) fn set(&mut self, mark: Marks, on: bool) {
        self.0 = if on { self.0 | mark.0 } else { self.0 & !mark.0 };
    }

    /// What the operator lets it do.
    pub(crate) fn operator(self) -> Permission {
        match self.0 & Marks::OPERATOR {
            0 => Permission::Normal,
            1 => Permission::CloseOnly,
            _ => Permission::Frozen,
        }
    }

    pub(crate) fn set_operator(&mut self, permission: Permission) {
        let bits = match permission {
            Permission::Normal => 0,
            Permission::CloseOnly => 1,
            Permission::Frozen => 2,
        };
        self.0 = self.0 & !Marks::OPERATOR | bits;
    }
}

impl Account {
    /// The open case the account is in.
    pub fn case(&self) -> Option<CaseId> {
        (self.case != 0).then_some(CaseId(self.case))
    }

    /// Its tier: 0 = normal.
    pub fn tier(&self) -> u8 {
        self.tier
    }

    /// What it may do now.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// Its profile.
    pub fn profile(&self) -> ProfileId {
        self.profile
    }

    /// Whether it trades without margin.
    pub fn is_unlimited(&self) -> bool {
        self.unlimited
    }

    /// Margin and fees of its open orders.
    pub fn frozen(&self) -> Money {
        Money::new(self.frozen)
    }
}

/// What one account has and has on order in one instrument. Made at its first order there, kept for good.
///
/// Two cache lines: what it holds, then what it has on order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(128))]
pub struct Position {
    /// Cost of the lots held, signed like them.
    pub(crate) basis: i128,
    /// Signed lots.
    pub(crate) lots: i64,
    /// Of these, without sign: held since before the last settlement.
    pub(crate) carried: u64,
    /// Basis less cost at opening prices, of the lots held: what settlements have made of them. Zero where `costs` keeps it.
    pub(crate) gain: i64,
    pub(crate) account: AccountId,
    /// The account's next record.
    pub(crate) next: u32,
    /// The marks between which nothing can happen to its account, both included, ticks; `low > high` = not armed. A cache,
    /// left out of snapshots.
    #[serde(skip, default = "unarmed_low")]
    pub(crate) low: i32,
    #[serde(skip, default = "unarmed_high")]
    pub(crate) high: i32,
    /// Its record of further costs; [`NIL`] where basis and gain say all.
    pub(crate) costs: u32,
    pub(crate) instrument: InstrumentId,
    pub(crate) leg: Leg,
    /// Its owner has margins of its own here.
    pub(crate) own: bool,
    /// Lots that resting buys and sells promise to close.
    pub(crate) promised: [u64; 2],
    /// Lots of resting buys and sells.
    pub(crate) open: [u64; 2],
    /// Fees paid in this instrument so far.
    pub(crate) fees: i128,
    /// First and last of its resting orders, for whoever keeps them; [`Position::NO_ORDER`] = none.
    pub orders: (u32, u32),
    /// Resting orders that may only reduce.
    pub(crate) reduce_only: u32,
    /// Whose orders trade it: the account itself, or the one this isolated position is a pocket of.
    pub(crate) owner: AccountId,
}

/// Lowest mark of the box of a position that is not watched yet.
pub(crate) fn unarmed_low() -> i32 {
    i32::MAX
}

/// Highest mark of the box of a position that is not watched yet.
pub(crate) fn unarmed_high() -> i32 {
    i32::MIN
}

impl Position {
    /// No resting order.
    pub const NO_ORDER: u32 = u32::MAX;

    /// Who holds it: whose money covers it.
    #[inline]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Whose orders trade it. Another than the holder where the position is isolated.
    #[inline]
    pub fn owner(&self) -> AccountId {
        self.owner
    }

    /// In what.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// Which lots of the instrument it holds.
    #[inline]
    pub fn leg(&self) -> Leg {
        self.leg
    }

    /// Signed lots: above zero long, below short.
    #[inline]
    pub fn lots(&self) -> i64 {
        self.lots
    }

    /// Of the lots held, without sign, those held since before the last settlement. Closing uses them up first.
    #[inline]
    pub fn carried(&self) -> u64 {
        self.carried
    }

    /// Lots an order on `side` could close, whatever other orders promise; below zero where it would open.
    #[inline]
    pub fn closable(&self, side: Side) -> i64 {
        -side.sign() * self.lots
    }

    /// Side of the orders that close it. Of a position without lots: buys.
    #[inline]
    pub fn closed_with(&self) -> Side {
        if self.lots > 0 { Side::Sell } else { Side::Buy }
    }

    /// Lots of resting orders on `side`.
    pub fn open(&self, side: Side) -> u64 {
        self.open[side as usize]
    }

    /// Lots that resting orders on `side` promise to close.
    pub fn promised(&self, side: Side) -> u64 {
        self.promised[side as usize]
    }

    /// Lots an order on `side` could close: zero where it would open.
    #[inline]
    pub fn room(&self, side: Side) -> u64 {
        u64::try_from(self.closable(side)).unwrap_or(0)
    }

    /// Of a leg's lots, those opened since the last settlement.
    #[inline]
    pub fn today(&self) -> u64 {
        self.lots.unsigned_abs() - self.carried
    }

    /// The side whose orders close lots of a leg; `None` in net mode, where that depends on what is held.
    #[inline]
    pub fn closing_side(&self) -> Option<Side> {
        match self.leg {
            Leg::Net => None,
            Leg::Long => Some(Side::Sell),
            Leg::Short => Some(Side::Buy),
        }
    }

    /// Lots of a leg that orders with this aim may take between them.
    pub fn givable(&self, aim: Aim) -> u64 {
        match aim {
            Aim::Net | Aim::Open => 0,
            Aim::Close => self.lots.unsigned_abs(),
            Aim::CloseCarried => self.carried,
            Aim::CloseToday => self.today(),
        }
    }

    /// Whether it has resting orders that must be cut where the position comes to give less.
    #[inline]
    pub fn has_reducing_orders(&self) -> bool {
        self.reduce_only > 0 || self.closing_side().is_some_and(|side| self.open(side) > 0)
    }

    /// Whether it has resting orders.
    #[inline]
    pub fn has_orders(&self) -> bool {
        self.orders.0 != Position::NO_ORDER
    }

    /// Resting orders that may only reduce.
    #[inline]
    pub fn reduce_only_orders(&self) -> u32 {
        self.reduce_only
    }

    /// Cost of the lots held, signed like them.
    pub fn basis(&self) -> Money {
        Money::new(self.basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Costs;
    use std::mem::{align_of, size_of};

    /// What an account with one net position costs, margin counted at the mark; docs/ARCHITECTURE.md has the table.
    #[test]
    fn records_have_the_size_that_is_stated() {
        assert_eq!((size_of::<Account>(), align_of::<Account>()), (64, 64));
        assert_eq!((size_of::<Position>(), align_of::<Position>()), (128, 128));
        assert_eq!(size_of::<Costs>(), 64);
    }

    #[test]
    fn what_it_holds_is_on_the_first_line_and_what_it_has_on_order_on_the_second() {
        use std::mem::offset_of;
        assert_eq!(offset_of!(Position, own), 63);
        assert_eq!(offset_of!(Position, promised), 64);
    }

    #[test]
    fn marks_do_not_touch_each_other() {
        let mut marks = Marks::default();
        for permission in [Permission::Frozen, Permission::CloseOnly, Permission::Normal] {
            marks.set(Marks::POCKET, true);
            marks.set_operator(permission);
            marks.set(Marks::HEDGER, true);
            marks.set(Marks::HEDGER, false);
            assert_eq!(marks.operator(), permission);
            assert!(marks.has(Marks::POCKET) && !marks.has(Marks::HEDGER));
        }
    }
}
