//! What falls due later, oldest first, ties by the order in which they were set.

use plimsoll_types::{AccountId, Ts};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Alarm {
    /// A margin call's deadline; void unless the account's call has this serial.
    Call { account: AccountId, serial: u64 },
    /// A case may send its next batch; void if the case has ended.
    Batch { case: u32 },
}

/// The timers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Ts, u64, Alarm)>>,
    serial: u64,
}

impl Timers {
    /// The number the next timer set will have.
    pub(crate) fn next_serial(&self) -> u64 {
        self.serial + 1
    }

    pub(crate) fn set(&mut self, due: Ts, alarm: Alarm) {
        self.serial += 1;
        self.heap.push(Reverse((due, self.serial, alarm)));
    }

    /// The next alarm due at or before `now`, with its time.
    #[inline]
    pub(crate) fn pop_due(&mut self, now: Ts) -> Option<(Ts, Alarm)> {
        if self.heap.peek()?.0.0 > now {
            return None;
        }
        self.heap.pop().map(|Reverse((due, _, alarm))| (due, alarm))
    }

    /// The alarms in a canonical order, for snapshots.
    pub(crate) fn sorted(&self) -> Vec<(Ts, u64, Alarm)> {
        let mut all: Vec<_> = self.heap.iter().map(|Reverse(timer)| *timer).collect();
        all.sort_unstable();
        all
    }

    pub(crate) fn from_sorted(all: Vec<(Ts, u64, Alarm)>, serial: u64) -> Timers {
        Timers { heap: all.into_iter().map(Reverse).collect(), serial }
    }

    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_by_the_order_in_which_they_were_set() {
        let mut timers = Timers::default();
        for (due, case) in [(5, 9), (3, 1), (5, 2), (4, 7)] {
            timers.set(due, Alarm::Batch { case });
        }
        let mut order = Vec::new();
        while let Some((due, Alarm::Batch { case })) = timers.pop_due(5) {
            order.push((due, case));
        }
        assert_eq!(order, [(3, 1), (4, 7), (5, 9), (5, 2)]);
        timers.set(6, Alarm::Batch { case: 1 });
        assert_eq!(timers.pop_due(5), None);
    }
}
