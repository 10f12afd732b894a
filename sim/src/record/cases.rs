//! All cases of a run: totals are exact, and of those that ended the most telling ones are kept.

use super::case::{CaseEnd, CaseRecord};
use plimsoll_types::Money;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map;

/// Ended cases kept whole: the costliest, then the largest. Beyond, only totals.
pub const CASES_MAX: usize = 20_000;
/// How many more come together before the least are dropped, so that dropping is rare.
const SLACK: usize = CASES_MAX / 4;

/// What cases came to together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseTotals {
    /// How many.
    pub cases: u64,
    /// Of these, those that ever waited.
    pub ever_parked: u64,
    /// Those that went on after waiting.
    pub resumed: u64,
    /// Lots traded.
    pub lots: u64,
    /// Orders sent.
    pub batches: u64,
    /// Sum over lots of ticks worse than the mark their batch met.
    pub slippage: i64,
    /// Sum over lots of ticks worse than the mark at the case's beginning.
    pub shortfall: i64,
    /// What the fund paid.
    pub fund: Money,
    /// What clients owe.
    pub debt: Money,
}

impl CaseTotals {
    fn add(&mut self, case: &CaseRecord) {
        self.plus(&CaseTotals {
            cases: 1,
            ever_parked: u64::from(case.ever_parked()),
            resumed: u64::from(case.resumed > 0),
            lots: case.lots,
            batches: u64::from(case.batches),
            slippage: case.slippage,
            shortfall: case.shortfall,
            fund: case.fund,
            debt: case.debt,
        });
    }

    fn plus(&mut self, other: &CaseTotals) {
        self.cases += other.cases;
        self.ever_parked += other.ever_parked;
        self.resumed += other.resumed;
        self.lots += other.lots;
        self.batches += other.batches;
        self.slippage += other.slippage;
        self.shortfall += other.shortfall;
        self.fund += other.fund;
        self.debt += other.debt;
    }
}

/// The cases of a run by number: all open ones, and the most telling of the others.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    kept: BTreeMap<u32, CaseRecord>,
    /// Of those over, by end.
    over: [CaseTotals; CaseEnd::ALL.len()],
    /// Over and still kept.
    over_kept: usize,
    dropped: u64,
}

impl Cases {
    /// Takes a new case.
    pub(super) fn begin(&mut self, case: CaseRecord) {
        self.kept.insert(case.id.0, case);
    }

    /// A case that is kept, to be told more about.
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut CaseRecord> {
        self.kept.get_mut(&id)
    }

    /// Notes that a case is over. Cost: O(log cases), now and then a sweep.
    pub(super) fn over(&mut self, id: u32) {
        let Some(case) = self.kept.get(&id) else { return };
        self.over[case.end as usize].add(case);
        self.over_kept += 1;
        if self.over_kept > CASES_MAX + SLACK {
            self.drop_least();
        }
    }

    /// Money that came out of a case's end: the fund's and the debt.
    pub(super) fn pay(&mut self, id: u32, fund: Money, debt: Money) {
        let end = match self.kept.get_mut(&id) {
            Some(case) => {
                case.fund += fund;
                case.debt += debt;
                case.end
            }
            // Only the waterfall costs others money.
            None => CaseEnd::Waterfall,
        };
        if end.is_final() {
            self.over[end as usize].fund += fund;
            self.over[end as usize].debt += debt;
        }
    }

    fn drop_least(&mut self) {
        let over = self.kept.values().filter(|case| case.end.is_final());
        let mut order: Vec<_> = over
            .map(|case| (Reverse(case.fund + case.debt), Reverse(case.lots), case.id.0))
            .collect();
        order.sort_unstable();
        for (_, _, id) in order.drain(CASES_MAX.min(order.len())..) {
            self.kept.remove(&id);
            self.dropped += 1;
            self.over_kept -= 1;
        }
    }

    /// Those kept, by number.
    pub fn values(&self) -> btree_map::Values<'_, u32, CaseRecord> {
        self.kept.values()
    }

    pub(super) fn values_mut(&mut self) -> btree_map::ValuesMut<'_, u32, CaseRecord> {
        self.kept.values_mut()
    }

    /// One by its number, if it is kept.
    pub fn get(&self, id: u32) -> Option<&CaseRecord> {
        self.kept.get(&id)
    }

    /// How many there were.
    pub fn len(&self) -> u64 {
        self.kept.len() as u64 + self.dropped
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of those over are in the totals only.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What those with this end came to, dropped ones too.
    pub fn totals(&self, end: CaseEnd) -> CaseTotals {
        let mut sum = self.over[end as usize];
        if !end.is_final() {
            self.values().filter(|case| case.end == end).for_each(|case| sum.add(case));
        }
        sum
    }

    /// What all came to.
    pub fn all(&self) -> CaseTotals {
        let mut sum = CaseTotals::default();
        CaseEnd::ALL.iter().for_each(|&end| sum.plus(&self.totals(end)));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::{AccountId, Label, Price};

    #[test]
    fn totals_stay_exact_when_small_cases_are_dropped() {
        let mut cases = Cases::default();
        let many = (CASES_MAX + SLACK + 10) as u32;
        for id in 1..=many {
            let whose = (AccountId(0), Label::new("one").expect("short"));
            let mut case = CaseRecord::begun(id, whose, 0, Price::clamped(9), Money::new(1));
            case.lots = u64::from(id % 100);
            case.end = CaseEnd::Restored;
            cases.begin(case);
            cases.over(id);
        }
        assert_eq!(cases.len(), u64::from(many));
        assert!(cases.dropped() > 0 && cases.values().len() <= CASES_MAX + SLACK);
        let lots: u64 = (1..=many).map(|id| u64::from(id % 100)).sum();
        assert_eq!((cases.all().cases, cases.all().lots), (u64::from(many), lots));
        // The largest are all there.
        assert_eq!(
            cases.values().filter(|case| case.lots == 99).count(),
            (many as usize + 1) / 100
        );
        // Money that comes for one that is gone is not lost.
        let gone = (1..many).find(|&id| cases.get(id).is_none()).expect("one was dropped");
        cases.pay(gone, Money::new(5), Money::new(2));
        assert_eq!((cases.all().fund, cases.all().debt), (Money::new(5), Money::new(2)));
    }
}
