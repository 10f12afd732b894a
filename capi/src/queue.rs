//! Events that wait for the caller: whole events inside, records or lines on the way out.

use crate::event::Event;
use crate::records::extra_records;
use plimsoll_types as engine;

/// Events that have been taken and still lie in front are thrown away when there are so many, and more than half of all.
const TIDY: usize = 1 << 10;

/// First in, first out.
#[derive(Default)]
pub(crate) struct Queue {
    events: Vec<engine::Event>,
    /// Events of the front that have been taken whole.
    taken: usize,
    /// Records of the next event that have been taken.
    records: usize,
}

impl Queue {
    /// The list commands append to.
    #[inline]
    pub(crate) fn list(&mut self) -> &mut Vec<engine::Event> {
        &mut self.events
    }

    /// Events that have not been taken whole.
    pub(crate) fn waiting(&self) -> usize {
        self.events.len() - self.taken
    }

    /// How many of the list's events there are now: those of a command are the ones after it.
    #[inline]
    pub(crate) fn mark(&self) -> usize {
        self.events.len()
    }

    /// The events appended since a [`Queue::mark`].
    #[inline]
    pub(crate) fn since(&self, mark: usize) -> &[engine::Event] {
        &self.events[mark..]
    }

    /// The next event that has not been taken whole.
    pub(crate) fn next(&self) -> Option<&engine::Event> {
        self.events.get(self.taken)
    }

    /// Hands out records until `put`, which is told the place, takes no more; how many it took.
    pub(crate) fn drain(&mut self, mut put: impl FnMut(usize, Event) -> bool) -> usize {
        let mut count = 0;
        while let Some(event) = self.events.get(self.taken) {
            let record = match self.records.checked_sub(1) {
                None => Some(Event::first(event)),
                Some(place) => Event::extra(event, place),
            };
            if let Some(record) = record {
                if !put(count, record) {
                    break;
                }
                count += 1;
                self.records += 1;
            }
            if self.records > extra_records(event) {
                self.advance();
            }
        }
        self.tidy();
        count
    }

    /// Takes the next event whole.
    pub(crate) fn advance(&mut self) {
        self.taken += 1;
        self.records = 0;
    }

    /// Forgets what has been taken, when it is worth it. Amortised O(1) an event.
    pub(crate) fn tidy(&mut self) {
        if self.taken == self.events.len() {
            self.events.clear();
            self.taken = 0;
        } else if self.taken >= TIDY && self.taken * 2 > self.events.len() {
            self.events.drain(..self.taken);
            self.taken = 0;
        }
    }

    /// Forgets everything that waits; how many events that were.
    pub(crate) fn discard(&mut self) -> usize {
        let waiting = self.waiting();
        self.taken = self.events.len();
        self.records = 0;
        self.tidy();
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::{
        AccountId, CaseId, CaseStep, InstrumentId, LiquidationTarget, Price, Qty, Side,
    };

    fn mark(seq: u64) -> engine::Event {
        let kind =
            engine::EventKind::Mark { instrument: InstrumentId(0), price: Price::clamped(7) };
        engine::Event { seq, ts: 0, kind }
    }

    #[test]
    fn a_plan_may_be_taken_in_two_gos() {
        let target =
            LiquidationTarget { instrument: InstrumentId(0), side: Side::Buy, qty: Qty::new(1) };
        let step = CaseStep::Planned { targets: vec![target; 3].into() };
        let kind = engine::EventKind::Case { account: AccountId(0), case: CaseId(1), step };
        let mut queue = Queue::default();
        queue.list().extend([engine::Event { seq: 1, ts: 0, kind }, mark(2)]);
        let mut seen = Vec::new();
        for room in [2, 0, 1, 9] {
            let before = seen.len();
            queue.drain(|place, event| {
                let fits = place < room;
                if fits {
                    seen.push((event.seq, event.n));
                }
                fits
            });
            assert!(seen.len() - before <= room);
        }
        assert_eq!(seen, [(1, 3), (1, 1), (1, 2), (1, 3), (2, 0)]);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn what_was_taken_is_thrown_away_and_nothing_else() {
        let mut queue = Queue::default();
        queue.list().extend((1..=3_000).map(mark));
        let mut next = 1;
        while queue.waiting() > 0 {
            queue.drain(|place, event| {
                assert_eq!(event.seq, next + place as u64);
                place < 7
            });
            next = queue.next().map_or(3_001, |event| event.seq);
            assert!(queue.events.len() <= 3_000 && queue.taken <= TIDY.max(queue.events.len()));
        }
        assert_eq!(next, 3_001);
        queue.list().push(mark(9));
        assert_eq!((queue.discard(), queue.waiting()), (1, 0));
    }
}
