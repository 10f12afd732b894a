//! Cases that wait for something opposite in one book, and which of them its coming has woken.

use std::collections::BTreeSet;

/// Parked cases that would close in one instrument with one side.
///
/// A wake concerns them all, and is as good as putting each on the agenda; but the first to act often takes all that
/// came, and the others then have nothing to do. So a wake keeps no list: only how far a round of settling has come,
/// and each case is asked for when its turn comes, if there still is something for it. A wake costs O(1), a case
/// that acts O(log cases), whatever waits behind it.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    cases: BTreeSet<u32>,
    /// Woken cases still to come in this round have at most this number; 0 = none.
    until: u32,
    /// The same for the next round: those a wake came too late for.
    next_until: u32,
}

impl Parked {
    pub(crate) fn insert(&mut self, case: u32) {
        self.cases.insert(case);
    }

    pub(crate) fn remove(&mut self, case: u32) {
        self.cases.remove(&case);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Wakes all, where case `last` was the last to act in this round.
    pub(crate) fn wake(&mut self, last: u32) {
        (self.until, self.next_until) = (u32::MAX, last);
    }

    /// The next woken case behind `last`.
    pub(crate) fn next(&self, last: u32) -> Option<u32> {
        if self.until <= last {
            return None;
        }
        self.cases.range(last + 1..=self.until).next().copied()
    }

    /// Begins a round of settling; whether it has woken cases.
    pub(crate) fn begin_round(&mut self) -> bool {
        (self.until, self.next_until) = (self.next_until, 0);
        self.next(0).is_some()
    }

    /// Forgets who was woken.
    pub(crate) fn calm(&mut self) {
        (self.until, self.next_until) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(cases: &[u32]) -> Parked {
        Parked { cases: cases.iter().copied().collect(), ..Parked::default() }
    }

    #[test]
    fn nobody_acts_before_a_wake() {
        let mut parked = parked(&[2, 5]);
        assert_eq!(parked.next(0), None);
        assert!(!parked.begin_round());
    }

    #[test]
    fn those_before_the_last_to_act_have_their_turn_in_the_next_round() {
        let mut parked = parked(&[2, 5, 9]);
        parked.wake(5);
        assert_eq!((parked.next(5), parked.next(9)), (Some(9), None));
        assert!(parked.begin_round());
        assert_eq!((parked.next(0), parked.next(2), parked.next(5)), (Some(2), Some(5), None));
        assert!(!parked.begin_round());
    }

    #[test]
    fn a_second_wake_is_for_all_again() {
        let mut parked = parked(&[2, 5, 9]);
        parked.wake(0);
        parked.wake(2);
        assert_eq!((parked.next(2), parked.next(5), parked.next(9)), (Some(5), Some(9), None));
        assert!(parked.begin_round());
        assert_eq!((parked.next(0), parked.next(2)), (Some(2), None));
    }

    #[test]
    fn who_goes_on_or_comes_later_is_not_among_them() {
        let mut parked = parked(&[2, 5]);
        parked.wake(2);
        parked.remove(5);
        assert_eq!(parked.next(2), None);
        assert!(parked.begin_round());
        parked.insert(7);
        assert_eq!(parked.next(2), None);
        parked.calm();
        assert_eq!(parked.next(0), None);
    }
}
