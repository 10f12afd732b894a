//! Accounts and their equity by tier over time.

use super::by_account::ByAccount;
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Money, ProfileId, Ts};

/// Points kept; when there are more, every second goes.
pub const POINTS_MAX: usize = 160;
/// Accounts whose equity is looked at for one point; of more, every n-th.
const LOOKED_MAX: usize = 2_000;

/// How it stood at one moment; places are tiers, 0 = normal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierPoint {
    /// When.
    pub ts: Ts,
    /// Accounts (isolated positions above "normal" count for themselves).
    pub counts: Vec<u64>,
    /// Equity of the accounts looked at: every n-th, see [`Tiers::every_account`].
    pub equity: Vec<Money>,
}

/// The tiers of all accounts with a margin.
#[derive(Clone, Debug, Default)]
pub struct Tiers {
    followed: Vec<AccountId>,
    now: ByAccount<u8>,
    worst: ByAccount<u8>,
    /// Accounts in each tier above normal.
    counts: Vec<u64>,
    /// By time.
    pub points: Vec<TierPoint>,
    every: u64,
    seen: u64,
}

impl Tiers {
    /// An account was opened: those with a margin are followed.
    pub(super) fn opened(&mut self, account: AccountId, profile: ProfileId) {
        if profile != ProfileId::UNLIMITED {
            self.followed.push(account);
        }
    }

    /// An account (or an isolated position of `owner`) changed its tier.
    pub(super) fn tier(&mut self, account: AccountId, owner: AccountId, to: u8) {
        let from = std::mem::replace(self.now.entry(account), to);
        self.counts.resize(self.counts.len().max(usize::from(to.max(from)) + 1), 0);
        // Places of tier 0 are not counted: they are all the others.
        if from > 0 {
            self.counts[usize::from(from)] -= 1;
        }
        if to > 0 {
            self.counts[usize::from(to)] += 1;
        }
        let worst = self.worst.entry(owner);
        *worst = (*worst).max(to);
    }

    /// The worst tier an account has reached; 0 = normal.
    pub fn worst(&self, account: AccountId) -> u8 {
        self.worst.get(&account).copied().unwrap_or(0)
    }

    /// Equity is that of every so-many-th account.
    pub fn every_account(&self) -> usize {
        self.followed.len().div_ceil(LOOKED_MAX).max(1)
    }

    /// Takes a point, if this sample is to be kept. Cost: O(accounts looked at) then, O(1) otherwise.
    pub fn sample(&mut self, exchange: &Exchange, ts: Ts) {
        self.every = self.every.max(1);
        let due = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        if !due {
            return;
        }
        let mut counts = self.counts.clone();
        counts.resize(counts.len().max(1), 0);
        counts[0] = (self.followed.len() as u64).saturating_sub(counts[1..].iter().sum());
        let mut equity = vec![Money::ZERO; counts.len()];
        for &account in self.followed.iter().step_by(self.every_account()) {
            let tier = self.now.get(&account).copied().unwrap_or(0);
            equity[usize::from(tier)] += exchange.equity(account);
        }
        if self.points.len() >= POINTS_MAX {
            let mut n = 0;
            self.points.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every *= 2;
        }
        self.points.push(TierPoint { ts, counts, equity });
    }
}
