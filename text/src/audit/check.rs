//! What events say an amount came to, against what the books make of it.

/// Most disagreements that are kept; the others are counted.
const KEPT_MAX: usize = 100;

/// What is compared as the record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// `balance` of a deposit or withdrawal.
    Balance,
    /// `profit`, `profit_by_trade`, `fees` and `balance` of a settlement.
    Settlement,
    /// `equity` of a tier change.
    Equity,
    /// `balance` of the insurance fund.
    Fund,
}

impl Check {
    /// Every check.
    pub const ALL: [Check; 4] = [Check::Balance, Check::Settlement, Check::Equity, Check::Fund];

    /// What it compares, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Check::Balance => "balances after deposits and withdrawals",
            Check::Settlement => "profit, fees and balance at settlements",
            Check::Equity => "equity at tier changes",
            Check::Fund => "the fund's balance",
        }
    }

    /// Its key in machine-readable output.
    pub fn key(self) -> &'static str {
        match self {
            Check::Balance => "balances",
            Check::Settlement => "settlements",
            Check::Equity => "equities",
            Check::Fund => "fund",
        }
    }
}

/// An event that says another amount than the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The event's number.
    pub seq: u64,
    /// Which amount, of whom.
    pub what: String,
    /// What the event says, money units.
    pub event: i128,
    /// What the events before it add up to.
    pub books: i128,
}

/// What was compared, and what did not agree.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    counts: [(u64, u64); Check::ALL.len()],
    /// The first disagreements, in order.
    pub findings: Vec<Finding>,
}

impl Checks {
    pub(super) fn add(&mut self, check: Check, amounts: &[Finding]) {
        let (all, wrong) = &mut self.counts[check as usize];
        *all += 1;
        let odd = amounts.iter().filter(|amount| amount.event != amount.books);
        *wrong += u64::from(odd.clone().next().is_some());
        let room = KEPT_MAX - self.findings.len();
        self.findings.extend(odd.take(room).cloned());
    }

    /// How many events were compared, and how many of them disagree.
    pub fn count(&self, check: Check) -> (u64, u64) {
        self.counts[check as usize]
    }

    /// Whether every event agreed.
    pub fn agree(&self) -> bool {
        self.counts.iter().all(|(_, wrong)| *wrong == 0)
    }
}
