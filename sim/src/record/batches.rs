//! Slippage against batch size: batches in classes of 1, 2, 3 to 4, 5 to 8, ... lots traded.

/// Classes: the last takes everything from 2^22 lots.
pub const CLASSES: usize = 24;

/// Batches of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchClass {
    /// How many.
    pub batches: u64,
    /// Lots they traded.
    pub lots: u64,
    /// Sum over lots of ticks worse than the mark the batch met.
    pub slippage: i64,
    /// Most ticks that one of these lots traded worse than the mark its batch met.
    pub worst: i64,
}

/// What one batch traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Lots.
    pub lots: u64,
    /// Sum over them of ticks worse than the mark it met.
    pub slippage: i64,
    /// Most ticks of one lot.
    pub worst: i64,
}

impl Batch {
    /// Takes lots that traded so many ticks worse than the mark.
    pub fn fill(&mut self, lots: u64, ticks: i64) {
        self.worst = if self.lots == 0 { ticks } else { self.worst.max(ticks) };
        self.lots += lots;
        self.slippage += ticks * lots as i64;
    }
}

/// All batches that traded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batches(pub [BatchClass; CLASSES]);

impl Batches {
    /// Takes a batch, if it traded.
    pub(super) fn push(&mut self, batch: Batch) {
        if batch.lots == 0 {
            return;
        }
        let class = &mut self.0[class(batch.lots)];
        class.worst = if class.batches == 0 { batch.worst } else { class.worst.max(batch.worst) };
        class.batches += 1;
        class.lots += batch.lots;
        class.slippage += batch.slippage;
    }

    /// The classes that have batches: fewest lots, most lots, what is in it.
    pub fn classes(&self) -> impl Iterator<Item = (u64, u64, BatchClass)> + '_ {
        let filled = |(_, class): &(usize, &BatchClass)| class.batches > 0;
        self.0.iter().enumerate().filter(filled).map(|(n, class)| (least(n), 1 << n, *class))
    }
}

/// 1, 2, 3-4, 5-8, ...: the class whose upper end is the next power of two.
fn class(lots: u64) -> usize {
    (lots.next_power_of_two().trailing_zeros() as usize).min(CLASSES - 1)
}

fn least(class: usize) -> u64 {
    if class == 0 { 1 } else { (1 << (class - 1)) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(fills: &[(u64, i64)]) -> Batch {
        let mut batch = Batch::default();
        fills.iter().for_each(|&(lots, ticks)| batch.fill(lots, ticks));
        batch
    }

    #[test]
    fn a_batch_falls_into_the_class_of_its_lots() {
        let mut batches = Batches::default();
        let fills: [&[(u64, i64)]; 6] =
            [&[(1, 2)], &[(2, 1)], &[(2, 3), (1, 3)], &[(4, -1)], &[(5, 1)], &[]];
        fills.iter().for_each(|fills| batches.push(batch(fills)));
        let found: Vec<_> =
            batches.classes().map(|(a, b, c)| (a, b, c.batches, c.slippage)).collect();
        assert_eq!(found, [(1, 1, 1, 2), (2, 2, 1, 2), (3, 4, 2, 5), (5, 8, 1, 5)]);
        assert_eq!(batches.classes().nth(2).map(|(_, _, c)| (c.lots, c.worst)), Some((7, 3)));
    }

    #[test]
    fn the_worst_lot_is_never_better_than_the_mean() {
        let mut batches = Batches::default();
        // 3 ticks and 2: 2.5 a lot, which rounded down to 2 would pass for the worst. All better than the mark: -4 and -1.
        batches.push(batch(&[(1, 3), (1, 2)]));
        batches.push(batch(&[(3, -4), (1, -1)]));
        let found: Vec<_> =
            batches.classes().map(|(_, _, c)| (c.slippage, c.lots, c.worst)).collect();
        assert_eq!(found, [(5, 2, 3), (-13, 4, -1)]);
        assert!(found.iter().all(|&(sum, lots, worst)| worst * lots as i64 >= sum));
    }
}
