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
    /// Most ticks a lot, rounded down, that one batch lost against the mark it met.
    pub worst: i64,
}

/// All batches that traded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batches(pub [BatchClass; CLASSES]);

impl Batches {
    /// Takes a batch: lots it traded, and the sum over them of ticks worse than the mark.
    pub(super) fn push(&mut self, (lots, slippage): (u64, i64)) {
        if lots == 0 {
            return;
        }
        let class = &mut self.0[class(lots)];
        let a_lot = slippage.div_euclid(lots as i64);
        class.worst = if class.batches == 0 { a_lot } else { class.worst.max(a_lot) };
        class.batches += 1;
        class.lots += lots;
        class.slippage += slippage;
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

    #[test]
    fn a_batch_falls_into_the_class_of_its_lots() {
        let mut batches = Batches::default();
        for batch in [(1, 2), (2, 2), (3, 9), (4, -4), (5, 5), (0, 0)] {
            batches.push(batch);
        }
        let found: Vec<_> =
            batches.classes().map(|(a, b, c)| (a, b, c.batches, c.slippage)).collect();
        assert_eq!(found, [(1, 1, 1, 2), (2, 2, 1, 2), (3, 4, 2, 5), (5, 8, 1, 5)]);
        assert_eq!(batches.classes().nth(2).map(|(_, _, c)| (c.lots, c.worst)), Some((7, 3)));
    }
}
