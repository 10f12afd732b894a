//! What falls due later, oldest first, ties by the order in which they were set.

use plimsoll_types::{AccountId, Handle, InstrumentId, Phase, Ts};
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
    /// A phase that comes by itself; void unless this is the market's phase serial still.
    Phase { instrument: InstrumentId, phase: Phase, serial: u64 },
    /// A side has stood at its limit price for long enough; void unless it is this timer that the market waits for.
    LimitState { instrument: InstrumentId, serial: u64 },
    /// Before the first command: calendars begin.
    Begin,
    /// A step of an instrument's calendar.
    Calendar { instrument: InstrumentId },
    /// An instrument expires; void if it has gone.
    Mature { instrument: InstrumentId },
    /// A dated order's time is over; void if it has gone.
    Expire { instrument: InstrumentId, handle: Handle },
    /// A scheduled change of terms takes effect; void if its instrument has gone.
    Schedule { number: u32 },
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

    /// Sets a timer that comes before all others of its moment, calendars first, among its like by instrument.
    pub(crate) fn set_first(&mut self, due: Ts, alarm: Alarm) {
        self.heap.push(Reverse((due, 0, alarm)));
    }

    /// When the next alarm falls due.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<Ts> {
        self.heap.peek().map(|Reverse((due, ..))| *due)
    }

    /// All alarms that fall due at `due`, the earliest time there is, in the order in which they were set.
    pub(crate) fn pop_at(&mut self, due: Ts) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        while self.next_due() == Some(due)
            && let Some(Reverse((_, _, alarm))) = self.heap.pop()
        {
            alarms.push(alarm);
        }
        alarms
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
        while let Some(due) = timers.next_due() {
            order.extend(timers.pop_at(due).into_iter().map(|alarm| (due, alarm)));
        }
        let batch = |due, case| (due, Alarm::Batch { case });
        assert_eq!(order, [batch(3, 1), batch(4, 7), batch(5, 9), batch(5, 2)]);
    }

    #[test]
    fn calendars_come_first_by_instrument() {
        let mut timers = Timers::default();
        let step = |n| Alarm::Calendar { instrument: InstrumentId(n) };
        timers.set(5, Alarm::Batch { case: 1 });
        timers.set_first(5, step(2));
        timers.set_first(5, step(1));
        assert_eq!(timers.pop_at(5), [step(1), step(2), Alarm::Batch { case: 1 }]);
    }
}
