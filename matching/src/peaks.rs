//! What icebergs hide: a table beside the orders, by slot. Nobody pays for it who has none.

use plimsoll_types::Side;
use std::collections::BTreeMap;

/// A price of the book and the side that stands there.
pub(crate) type Place = (i32, bool);

/// The place of an order, `price` as its slot keeps it.
#[inline]
pub(crate) fn place(side: Side, price: i32) -> Place {
    (price, side == Side::Sell)
}

/// How much an iceberg shows at a time, and what it still hides. Units: lots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Peak {
    display: u64,
    hidden: u64,
    place: Place,
}

/// The table. A slot without iceberg holds zeros, or lies beyond its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peaks {
    table: Vec<Peak>,
    live: u32,
    /// Lots hidden at each place that hides any.
    sums: BTreeMap<Place, u64>,
}

impl Peaks {
    /// Icebergs there are, those that wait outside the levels among them.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Cost: O(log levels) where something is hidden; grows where a slot lies beyond the end.
    pub(crate) fn put(&mut self, slot: u32, place: Place, display: u64, hidden: u64) {
        let index = slot as usize;
        if index >= self.table.len() {
            self.table.resize(index + 1, Peak::default());
        }
        self.table[index] = Peak { display, hidden, place };
        self.live += 1;
        if hidden > 0 {
            *self.sums.entry(place).or_default() += hidden;
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        self.take(slot, u64::MAX);
        self.table[slot as usize] = Peak::default();
        self.live -= 1;
    }

    #[inline]
    pub(crate) fn hidden(&self, slot: u32) -> u64 {
        self.table[slot as usize].hidden
    }

    #[inline]
    pub(crate) fn display(&self, slot: u32) -> u64 {
        self.table[slot as usize].display
    }

    /// Lots hidden at a place.
    pub(crate) fn hidden_at(&self, place: Place) -> u64 {
        self.sums.get(&place).copied().unwrap_or(0)
    }

    /// Takes up to `by` lots off what a slot hides; the lots still to take elsewhere.
    pub(crate) fn take(&mut self, slot: u32, by: u64) -> u64 {
        let peak = &mut self.table[slot as usize];
        let taken = by.min(peak.hidden);
        peak.hidden -= taken;
        if taken > 0
            && let Some(sum) = self.sums.get_mut(&peak.place)
        {
            *sum -= taken;
            if *sum == 0 {
                self.sums.remove(&peak.place);
            }
        }
        by - taken
    }

    /// Moves so many lots out of what a slot hides that it shows as many as it may, where `shown` show already.
    ///
    /// Gives the lots moved: zero if nothing is hidden.
    pub(crate) fn show_more(&mut self, slot: u32, shown: u64) -> u64 {
        let Peak { display, hidden, .. } = self.table[slot as usize];
        let more = hidden.min(display - shown);
        self.take(slot, more);
        more
    }

    /// Every place that hides something, with the lots.
    pub(crate) fn sums(&self) -> &BTreeMap<Place, u64> {
        &self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = (100, true);

    #[test]
    fn peaks_come_out_until_nothing_is_hidden() {
        let mut peaks = Peaks::default();
        peaks.put(3, HERE, 10, 25);
        peaks.put(1, HERE, 10, 1);
        assert_eq!(peaks.hidden_at(HERE), 26);
        let shown: Vec<_> = (0..4).map(|_| peaks.show_more(3, 0)).collect();
        assert_eq!(shown, [10, 10, 5, 0]);
        assert_eq!(peaks.hidden_at(HERE), 1);
        peaks.remove(1);
        peaks.remove(3);
        assert_eq!((peaks.live(), peaks.hidden_at(HERE), peaks.sums.len()), (0, 0, 0));
        assert_eq!(peaks.table[3], Peak::default());
    }

    #[test]
    fn lots_come_off_what_is_hidden_first() {
        let mut peaks = Peaks::default();
        peaks.put(3, HERE, 10, 7);
        assert_eq!((peaks.take(3, 3), peaks.show_more(3, 8), peaks.hidden(3)), (0, 2, 2));
        assert_eq!((peaks.take(3, 3), peaks.show_more(3, 1), peaks.display(3)), (1, 0, 10));
    }
}
