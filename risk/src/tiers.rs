//! Where an account stands against its lines, and what moves it from tier to tier.

use crate::case::Goal;
use crate::ledger::Risk;
use crate::line::Line;
use crate::wide::scale_down;
use plimsoll_types::{AccountId, Basis, Measure, MeasureKind, Money, Permission, Profile, Ratio};
use serde::{Deserialize, Serialize};

/// Margin (by the profile's basis) and equity of an account at the marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The margin that the measure uses.
    pub margin: Money,
    /// Equity.
    pub equity: Money,
}

/// A profile's thresholds as lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lines {
    pub(crate) at: Vec<Line>,
    pub(crate) release: Vec<Line>,
    pub(crate) target: Line,
}

impl Lines {
    pub(crate) fn new(profile: &Profile) -> Lines {
        let line = |ratio| Line::new(profile.measure, ratio);
        Lines {
            at: profile.tiers.iter().map(|tier| line(tier.at)).collect(),
            release: profile.tiers.iter().map(|tier| line(tier.release)).collect(),
            target: line(profile.liquidation.target),
        }
    }
}

impl Risk {
    /// Where an account stands now. Cost: O(its positions).
    pub fn standing(&self, account: AccountId) -> Standing {
        let basis = self.profile_of(account).basis;
        let mut standing = Standing { margin: Money::ZERO, equity: self.cash(account) };
        for position in self.positions(account).filter(|position| position.lots != 0) {
            let contract = self.contract(position.instrument);
            let lots = position.lots.unsigned_abs();
            standing.margin += match basis {
                Basis::Initial => contract.initial_margin(contract.mark, lots),
                Basis::Maintenance => contract.maintenance_margin(contract.mark, lots),
            };
            standing.equity += Money::of_lots(contract.mark, position.lots, contract.tick_value);
        }
        standing
    }

    /// The tier an account at `standing` belongs to, coming from the one it is in. Source: SEMANTICS 6.
    pub fn next_tier(&self, account: AccountId, standing: Standing) -> u8 {
        let Standing { margin, equity } = standing;
        let lines = self.lines(account);
        let present = usize::from(self.account(account).tier);
        let worst = (0..lines.at.len())
            .rev()
            .find(|&tier| lines.at[tier].is_reached(margin, equity))
            .map_or(0, |tier| tier + 1);
        if worst >= present {
            return worst as u8;
        }
        let held = (0..present).rev().find(|&tier| lines.release[tier].is_reached(margin, equity));
        held.map_or(0, |tier| tier + 1).max(worst) as u8
    }

    /// Whether tier `tier` (from 1) is still held at `standing`.
    pub fn is_held(&self, account: AccountId, tier: u8, standing: Standing) -> bool {
        let line = &self.lines(account).release[usize::from(tier) - 1];
        line.is_reached(standing.margin, standing.equity)
    }

    /// Whether an account stands at its first tier or worse, by `at`.
    pub fn is_at_first_tier(&self, account: AccountId, standing: Standing) -> bool {
        let first = self.lines(account).at.first();
        first.is_some_and(|line| line.is_reached(standing.margin, standing.equity))
    }

    /// The measure as shown.
    pub fn measure(&self, account: AccountId, standing: Standing) -> Measure {
        match self.profile_of(account).measure {
            MeasureKind::MarginOverEquity => Measure::of(standing.margin, standing.equity),
            MeasureKind::EquityOverMargin => Measure::of(standing.equity, standing.margin),
        }
    }

    /// The least deposit after which tier `tier` is no longer held, at least one unit. Source: SEMANTICS 6.
    pub fn shortfall(&self, account: AccountId, tier: u8, standing: Standing) -> Money {
        let profile = self.profile_of(account);
        let release = profile.tiers[usize::from(tier) - 1].release.nano();
        let (margin, equity) = (standing.margin.units(), standing.equity.units());
        let border = match profile.measure {
            // Not held: M < r (E + D), so D > M / r - E.
            MeasureKind::MarginOverEquity if release > 0 => {
                scale_down(margin, Ratio::SCALE, release)
            }
            MeasureKind::MarginOverEquity => 0,
            // Not held: E + D > r M.
            MeasureKind::EquityOverMargin => scale_down(margin, release, Ratio::SCALE),
        };
        // Equity must also rise above zero.
        Money::new((border.max(0) - equity + 1).max(1))
    }

    /// What an account's tier leaves it of its rights: tiers it has passed count too.
    pub fn rights(&self, account: AccountId) -> Permission {
        let tiers = &self.profile_of(account).tiers[..usize::from(self.account(account).tier)];
        let tier = if tiers.iter().any(|tier| tier.close_only) {
            Permission::CloseOnly
        } else {
            Permission::Normal
        };
        let cold = self.cold(account);
        let debt = if cold.debt > Money::ZERO { Permission::Frozen } else { Permission::Normal };
        tier.max(cold.operator).max(debt)
    }

    /// The goal of a case that tier `trigger` opens; 0 = the account was flat with a loss.
    pub fn goal(&self, account: AccountId, trigger: u8) -> Goal {
        let lines = self.lines(account);
        let release = usize::from(trigger).checked_sub(1).map(|tier| lines.release[tier]);
        Goal { target: lines.target, release }
    }
}
