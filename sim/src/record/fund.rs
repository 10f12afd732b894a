//! The insurance fund over a run.

use plimsoll_types::Money;

/// What the exchange calls the account that holds what the fund has taken over.
pub const FUND: &str = "$fund";

/// The insurance fund over the run.
#[derive(Clone, Copy, Debug)]
pub struct FundRecord {
    /// At the start.
    pub start: Money,
    /// Now.
    pub now: Money,
    /// Least.
    pub min: Money,
    /// All that came in: from positions it took over, and paid in by command.
    pub taken_in: Money,
    /// All that it paid out. Always: start + taken in - paid out = now.
    pub paid: Money,
}

impl FundRecord {
    /// A fund that begins with so much.
    pub fn new(start: Money) -> FundRecord {
        FundRecord { start, now: start, min: start, taken_in: Money::ZERO, paid: Money::ZERO }
    }

    /// Takes note of a change and the balance after it.
    pub(super) fn change(&mut self, change: Money, balance: Money) {
        self.now = balance;
        self.min = self.min.min(balance);
        self.taken_in += change.max(Money::ZERO);
        self.paid += (-change).max(Money::ZERO);
    }
}
