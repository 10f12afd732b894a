//! What icebergs hide: a table beside the orders, by slot. Nobody pays for it who has none.

/// How much an iceberg shows at a time, and what it still hides. Units: lots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Peak {
    display: u64,
    hidden: u64,
}

/// The table. A slot without iceberg holds zeros, or lies beyond its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peaks {
    table: Vec<Peak>,
    live: u32,
}

impl Peaks {
    /// Icebergs there are, those that wait outside the levels among them.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Cost: O(1); grows where a slot lies beyond the end.
    pub(crate) fn put(&mut self, slot: u32, display: u64, hidden: u64) {
        let slot = slot as usize;
        if slot >= self.table.len() {
            self.table.resize(slot + 1, Peak::default());
        }
        self.table[slot] = Peak { display, hidden };
        self.live += 1;
    }

    pub(crate) fn remove(&mut self, slot: u32) {
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

    /// Takes up to `by` lots off what a slot hides; the lots still to take elsewhere.
    pub(crate) fn take(&mut self, slot: u32, by: u64) -> u64 {
        let hidden = &mut self.table[slot as usize].hidden;
        let taken = by.min(*hidden);
        *hidden -= taken;
        by - taken
    }

    /// Moves the next peak out of what a slot hides: its lots, zero if nothing is hidden.
    pub(crate) fn refill(&mut self, slot: u32) -> u64 {
        let peak = &mut self.table[slot as usize];
        let shown = peak.hidden.min(peak.display);
        peak.hidden -= shown;
        shown
    }

    /// Moves so many lots out of what a slot hides that it shows as many as it may, where `shown` show already.
    pub(crate) fn show_more(&mut self, slot: u32, shown: u64) -> u64 {
        let peak = &mut self.table[slot as usize];
        let more = peak.hidden.min(peak.display - shown);
        peak.hidden -= more;
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_come_out_until_nothing_is_hidden() {
        let mut peaks = Peaks::default();
        peaks.put(3, 10, 25);
        assert_eq!(
            (peaks.refill(3), peaks.refill(3), peaks.refill(3), peaks.refill(3)),
            (10, 10, 5, 0)
        );
        peaks.remove(3);
        assert_eq!(peaks.live(), 0);
        peaks.put(3, 10, 7);
        assert_eq!((peaks.take(3, 3), peaks.show_more(3, 8), peaks.hidden(3)), (0, 2, 2));
        assert_eq!((peaks.take(3, 3), peaks.show_more(3, 1), peaks.display(3)), (1, 0, 10));
        peaks.remove(3);
        assert_eq!(peaks.table[3], Peak::default());
    }
}
