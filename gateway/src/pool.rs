//! Batches used again: an allocation less for every few commands, and none that one thread makes and another gives back.

use crate::batch::Batch;
use std::collections::VecDeque;
use std::sync::Arc;

/// Batches kept for use again.
const KEPT: usize = 256;

/// Events from which on a batch is given back to the system: a cascade is rare, and its memory is not kept.
const LARGE: usize = 4096;

/// Batches that are out, the oldest first. One that nobody holds any more is used again.
#[derive(Default)]
pub(crate) struct Pool {
    out: VecDeque<Arc<Batch>>,
}

impl Pool {
    /// An empty batch that nobody else holds.
    #[inline]
    pub(crate) fn take(&mut self) -> Arc<Batch> {
        if let Some(front) = self.out.front_mut()
            && let Some(batch) = Arc::get_mut(front)
        {
            batch.clear();
            let fits = batch.events.capacity() < LARGE && batch.log.capacity() < LARGE * 64;
            if let Some(batch) = self.out.pop_front()
                && fits
            {
                return batch;
            }
        }
        Arc::new(Batch::default())
    }

    /// Remembers a batch that has been handed on. Where somebody holds many for long, the oldest are theirs.
    #[inline]
    pub(crate) fn lend(&mut self, batch: Arc<Batch>) {
        if self.out.len() == KEPT {
            self.out.pop_front();
        }
        self.out.push_back(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_used_again_only_when_nobody_holds_it() {
        let mut pool = Pool::default();
        let first = pool.take();
        let held = first.clone();
        let place = Arc::as_ptr(&first);
        pool.lend(first);
        assert_ne!(Arc::as_ptr(&pool.take()), place, "it is still held");
        drop(held);
        assert_eq!(Arc::as_ptr(&pool.take()), place);
    }

    #[test]
    fn batches_that_others_keep_are_not_kept_twice() {
        let mut pool = Pool::default();
        let kept: Vec<_> = (0..3 * KEPT)
            .map(|_| {
                let batch = pool.take();
                pool.lend(batch.clone());
                batch
            })
            .collect();
        assert_eq!(pool.out.len(), KEPT);
        assert_eq!(kept.iter().filter(|batch| Arc::strong_count(batch) == 1).count(), 2 * KEPT);
    }
}
