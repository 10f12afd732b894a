//! Where an account stands against its lines, and what moves it from tier to tier.

use crate::case::Goal;
use crate::ledger::Risk;
use crate::line::Line;
use crate::wide::scale_down;
use plimsoll_types::{AccountId, Basis, Measure, MeasureKind, Money, Permission, Profile, Ratio};
use serde::{Deserialize, Serialize};

/// Margins and equity of an account at the marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The house's and the exchange's; one that no line of the account's profile asks for is left at zero.
    pub margins: [Money; 2],
    /// Equity.
    pub equity: Money,
}

impl Standing {
    /// The margin by a basis.
    #[inline]
    pub fn margin(&self, basis: Basis) -> Money {
        self.margins[basis as usize]
    }
}

/// Which margins a profile's lines ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Bases {
    One(Basis),
    Both,
}

impl Bases {
    /// One amount by each margin asked for, the other zero.
    #[inline]
    pub(crate) fn map<T: Default>(self, mut amount: impl FnMut(Basis) -> T) -> [T; 2] {
        match self {
            Bases::One(Basis::Initial) => [amount(Basis::Initial), T::default()],
            Bases::One(Basis::Maintenance) => [T::default(), amount(Basis::Maintenance)],
            Bases::Both => [amount(Basis::Initial), amount(Basis::Maintenance)],
        }
    }
}

/// A profile's thresholds as lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lines {
    pub(crate) at: Vec<Line>,
    pub(crate) release: Vec<Line>,
    pub(crate) target: Line,
    pub(crate) bases: Bases,
}

impl Lines {
    pub(crate) fn new(profile: &Profile) -> Lines {
        let line = |basis, ratio| Line::new(profile.measure, basis, ratio);
        let one = profile.tiers.iter().all(|tier| tier.basis == profile.basis);
        Lines {
            at: profile.tiers.iter().map(|tier| line(tier.basis, tier.at)).collect(),
            release: profile.tiers.iter().map(|tier| line(tier.basis, tier.release)).collect(),
            target: line(profile.basis, profile.liquidation.target),
            bases: if one { Bases::One(profile.basis) } else { Bases::Both },
        }
    }
}

impl Risk {
    /// Where an account stands now. Cost: O(its positions).
    pub fn standing(&self, account: AccountId) -> Standing {
        let bases = self.lines(account).bases;
        let mut standing = Standing { margins: [Money::ZERO; 2], equity: self.cash(account) };
        for id in self.held(account) {
            let position = self.position(id);
            let contract = self.contract(position.instrument);
            let mut add = |basis| {
                standing.margins[basis as usize] += self.margin_of(id, basis);
            };
            match bases {
                Bases::One(basis) => add(basis),
                Bases::Both => [Basis::Initial, Basis::Maintenance].into_iter().for_each(add),
            }
            standing.equity += Money::of_lots(contract.mark, position.lots, contract.tick_value);
        }
        let relief = self.relief(account, bases);
        standing.margins = [standing.margins[0] - relief[0], standing.margins[1] - relief[1]];
        standing
    }

    /// An account's equity alone, as in [`Risk::standing`]. Cost: O(its positions).
    pub fn equity(&self, account: AccountId) -> Money {
        let floating = self.held(account).map(|id| {
            let position = self.position(id);
            let contract = self.contract(position.instrument);
            Money::of_lots(contract.mark, position.lots, contract.tick_value)
        });
        self.cash(account) + floating.sum()
    }

    /// The tier an account at `standing` belongs to, coming from the one it is in. Source: SEMANTICS 6.
    pub fn next_tier(&self, account: AccountId, standing: Standing) -> u8 {
        let lines = self.lines(account);
        let present = usize::from(self.account(account).tier);
        let worst = (0..lines.at.len())
            .rev()
            .find(|&tier| lines.at[tier].is_reached(&standing))
            .map_or(0, |tier| tier + 1);
        if worst >= present {
            return worst as u8;
        }
        let held = (0..present).rev().find(|&tier| lines.release[tier].is_reached(&standing));
        held.map_or(0, |tier| tier + 1).max(worst) as u8
    }

    /// Whether tier `tier` (from 1) is still held at `standing`.
    pub fn is_held(&self, account: AccountId, tier: u8, standing: Standing) -> bool {
        let line = &self.lines(account).release[usize::from(tier) - 1];
        line.is_reached(&standing)
    }

    /// Whether an account stands at its first tier or worse, by `at`.
    pub fn is_at_first_tier(&self, account: AccountId, standing: Standing) -> bool {
        // Tiers of different margins are in no order of their own: any may be the first that is reached.
        self.lines(account).at.iter().any(|line| line.is_reached(&standing))
    }

    /// The margin that counts for a tier; for 0, which is none, the one that counts by default.
    pub fn basis_of(&self, account: AccountId, tier: u8) -> Basis {
        let profile = self.profile_of(account);
        let tier = usize::from(tier).checked_sub(1);
        tier.map_or(profile.basis, |tier| profile.tiers[tier].basis)
    }

    /// The measure as shown, of the margin that counts by default.
    pub fn measure(&self, account: AccountId, standing: Standing) -> Measure {
        self.measure_by(account, self.basis_of(account, 0), standing)
    }

    /// The measure of one of the margins.
    pub fn measure_by(&self, account: AccountId, basis: Basis, standing: Standing) -> Measure {
        let (margin, equity) = (standing.margin(basis), standing.equity);
        match self.profile_of(account).measure {
            MeasureKind::MarginOverEquity => Measure::of(margin, equity),
            MeasureKind::EquityOverMargin => Measure::of(equity, margin),
        }
    }

    /// The least deposit after which tier `tier` is no longer held, at least one unit. Source: SEMANTICS 6.
    pub fn shortfall(&self, account: AccountId, tier: u8, standing: Standing) -> Money {
        let profile = self.profile_of(account);
        let release = profile.tiers[usize::from(tier) - 1].release.nano();
        let margin = standing.margin(self.basis_of(account, tier)).units();
        let equity = standing.equity.units();
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
        let owes = self.debt(account) > Money::ZERO;
        let debt = if owes { Permission::Frozen } else { Permission::Normal };
        tier.max(self.account(account).marks.operator()).max(debt)
    }

    /// The goal of a case that tier `trigger` opens; 0 = the account was flat with a loss.
    pub fn goal(&self, account: AccountId, trigger: u8) -> Goal {
        let lines = self.lines(account);
        let release = usize::from(trigger).checked_sub(1).map(|tier| lines.release[tier]);
        Goal { target: lines.target, release }
    }
}
