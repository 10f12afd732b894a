//! Accounts in a case that marks concern only where they meet its goal or move the account to another tier.

use crate::case::Goal;
use plimsoll_types::AccountId;

/// Most that can be told apart; whoever waits for something else is asked at every mark.
const KINDS_MAX: usize = 1 << 12;

/// What marks can do to a calm case, beside moving its account to another tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    /// They may meet its goal.
    pub goal: Option<Goal>,
    /// They may use up the account's equity, which then is to be known.
    pub loss: bool,
}

/// Which accounts' cases are calm, and what each waits for.
///
/// A falling market rings them by the ten thousand, each for a look at its goal: that is read by number, not looked up in a
/// tree. There are few to tell apart: one or two for each tier that liquidates. 2 bytes an account, up to the highest that
/// ever was in a case.
#[derive(Clone, Default)]
pub(crate) struct Calm {
    /// By account: 0 where it is not calm, else one more than the place of what it waits for.
    places: Vec<u16>,
    kinds: Vec<Awaited>,
}

impl Calm {
    /// Whether an account is in a calm case.
    #[inline]
    pub(crate) fn contains(&self, id: AccountId) -> bool {
        self.place(id) != 0
    }

    /// What an account's calm case waits for; nothing where it is not calm.
    #[inline]
    pub(crate) fn awaited(&self, id: AccountId) -> Awaited {
        let place = usize::from(self.place(id)).checked_sub(1);
        place.and_then(|place| self.kinds.get(place)).copied().unwrap_or_default()
    }

    /// Lists an account; whether there was room for one more kind.
    ///
    /// Cost: O(1), or O(kinds) where it waits for something else than before.
    #[must_use]
    pub(crate) fn insert(&mut self, id: AccountId, awaited: Awaited) -> bool {
        if self.contains(id) && self.awaited(id) == awaited {
            return true;
        }
        let known = self.kinds.iter().position(|listed| *listed == awaited);
        let place = known.unwrap_or(self.kinds.len());
        if place == KINDS_MAX {
            return false;
        }
        if known.is_none() {
            self.kinds.push(awaited);
        }
        if self.places.len() <= id.index() {
            self.places.resize(id.index() + 1, 0);
        }
        self.places[id.index()] = place as u16 + 1;
        true
    }

    pub(crate) fn remove(&mut self, id: AccountId) {
        if let Some(place) = self.places.get_mut(id.index()) {
            *place = 0;
        }
    }

    /// Every account listed, in account order. Cost: O(accounts).
    #[cfg(test)]
    pub(crate) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        let all = (0..self.places.len() as u32).map(AccountId);
        all.filter(|&id| self.contains(id))
    }

    #[inline]
    fn place(&self, id: AccountId) -> u16 {
        self.places.get(id.index()).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Line;
    use plimsoll_types::{Basis, MeasureKind, Ratio};

    fn goal(percent: i64) -> Awaited {
        let ratio = Ratio::from_nano(percent * 10_000_000);
        let target = Line::new(MeasureKind::MarginOverEquity, Basis::Initial, ratio);
        Awaited { goal: Some(Goal { target, release: None }), loss: false }
    }

    #[test]
    fn an_account_is_listed_with_what_it_waits_for_until_it_is_removed() {
        let mut calm = Calm::default();
        let [a, b] = [AccountId(7), AccountId(2)];
        assert!(!calm.contains(a));
        assert!(calm.insert(a, goal(90)) && calm.insert(b, Awaited::default()));
        assert_eq!((calm.awaited(a), calm.awaited(b)), (goal(90), Awaited::default()));
        assert!(calm.insert(a, goal(80)));
        assert_eq!(calm.awaited(a), goal(80));
        assert_eq!(calm.accounts().collect::<Vec<_>>(), [b, a]);
        calm.remove(a);
        calm.remove(AccountId(99));
        assert!(!calm.contains(a) && calm.contains(b));
        assert_eq!(calm.awaited(a), Awaited::default());
        assert!(calm.insert(a, Awaited { loss: true, ..goal(80) }));
        assert!(calm.awaited(a).loss);
    }

    #[test]
    fn who_finds_no_room_is_not_listed() {
        let mut calm = Calm::default();
        for percent in 1..=KINDS_MAX as i64 {
            assert!(calm.insert(AccountId(0), goal(percent)));
        }
        assert!(!calm.insert(AccountId(1), goal(KINDS_MAX as i64 + 1)));
        assert!(!calm.contains(AccountId(1)));
        assert!(calm.insert(AccountId(1), goal(5)));
    }
}
