//! The hand-off: one thread's events to one other, published 32 at a time or when there is nothing more to do.
//!
//! Underneath lies `rtrb`, a single-producer single-consumer ring. Publishing every event by itself makes the two cores pass
//! the ring's index back and forth; so events are written where they will be read, and the index moves once a batch.
//! `plimsoll bench ring` compares this with `rtrb` and `ArrayQueue` as they are: docs/PERFORMANCE.md, "Hand-off".
//!
//! The only unsafe code of this crate: rtrb's safe calls publish what they write, or copy it once more (3 to 5 ns an event).

use rtrb::chunks::ChunkError;
use std::fmt;

/// Events published at a time.
pub const BATCH: usize = 32;

/// Makes a ring that holds `capacity` events, at least two batches.
pub fn ring<T: Copy + Send>(capacity: usize) -> (Writer<T>, Reader<T>) {
    let (writer, reader) = rtrb::RingBuffer::new(capacity.max(2 * BATCH));
    (Writer { ring: writer, pending: 0 }, Reader { ring: reader })
}

/// The reader is gone: nobody will ever see the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of the ring is gone")
    }
}

impl std::error::Error for Abandoned {}

/// The end that writes. What it has written is published when it is dropped.
pub struct Writer<T: Copy> {
    ring: rtrb::Producer<T>,
    /// Events written behind the last published one, fewer than [`BATCH`].
    pending: usize,
}

impl<T: Copy> Writer<T> {
    /// Writes an event behind the others; the reader sees it with its batch, or after [`Writer::flush`].
    ///
    /// Cost: O(1), no allocation. Where the ring is full it publishes what it has and waits for the reader, spinning.
    /// Errors: [`Abandoned`] where the ring is full and the reader is gone.
    #[inline(always)]
    pub fn write(&mut self, event: T) -> Result<(), Abandoned> {
        if !self.put(event) {
            return self.wait(event);
        }
        Ok(())
    }

    /// Publishes what is written. To be called when input runs dry.
    #[inline]
    pub fn flush(&mut self) {
        self.publish();
    }

    /// Writes the event into the slot behind the pending ones; false where there is none.
    #[inline(always)]
    fn put(&mut self, event: T) -> bool {
        let Ok(mut chunk) = self.ring.write_chunk_uninit(self.pending + 1) else { return false };
        let (first, rest) = chunk.as_mut_slices();
        let Some(slot) = rest.last_mut().or(first.last_mut()) else { return false };
        slot.write(event);
        self.pending += 1;
        if self.pending == BATCH {
            self.publish();
        }
        true
    }

    /// Publishes the pending events.
    #[inline]
    #[allow(unsafe_code)]
    fn publish(&mut self) {
        // As many slots were free when the last of them was written, and the reader only frees more.
        if let Ok(chunk) = self.ring.write_chunk_uninit(self.pending) {
            // SAFETY: every slot of this chunk is initialised. A chunk begins at the producer's tail, which moves only
            // where a chunk is committed, here; since the last time, `put` has written slots tail, tail + 1, .. tail +
            // pending - 1 and counted each. Slots from the tail on are the producer's alone: the consumer reads up to the
            // published tail, and a chunk that is dropped uncommitted leaves its slots as they are (rtrb 0.4.1, whose
            // version Cargo.toml fixes for this reason). `T` is `Copy`: nothing is dropped twice.
            unsafe { chunk.commit_all() };
            self.pending = 0;
        }
    }

    #[cold]
    #[inline(never)]
    fn wait(&mut self, event: T) -> Result<(), Abandoned> {
        self.flush();
        loop {
            for _ in 0..128 {
                if self.put(event) {
                    return Ok(());
                }
                std::hint::spin_loop();
            }
            if self.ring.is_abandoned() {
                return Err(Abandoned);
            }
            // Two spinning threads on one core would wait for the scheduler to part them.
            std::thread::yield_now();
        }
    }
}

impl<T: Copy> Drop for Writer<T> {
    fn drop(&mut self) {
        self.flush();
    }
}

/// The end that reads.
pub struct Reader<T: Copy> {
    ring: rtrb::Consumer<T>,
}

impl<T: Copy> Reader<T> {
    /// Most events read before their slots are given back.
    const CHUNK: usize = 8 * BATCH;

    /// Hands what is published to `take`, in order, where it lies; gives their number, 0 where there is nothing now.
    ///
    /// Cost: O(events), no allocation, never waits.
    #[inline]
    pub fn read(&mut self, mut take: impl FnMut(&T)) -> usize {
        let count = self.ring.slots().min(Self::CHUNK);
        if count == 0 {
            return 0;
        }
        match self.ring.read_chunk(count) {
            Ok(chunk) => {
                let (first, rest) = chunk.as_slices();
                first.iter().for_each(&mut take);
                rest.iter().for_each(&mut take);
                chunk.commit_all();
                count
            }
            Err(ChunkError::TooFewSlots(_)) => 0,
        }
    }

    /// Whether everything has been read and nothing more will come.
    pub fn is_closed(&self) -> bool {
        // In this order: what was written before the writer went is seen.
        self.ring.is_abandoned() && self.ring.slots() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(reader: &mut Reader<u64>) -> Vec<u64> {
        let mut events = Vec::new();
        while reader.read(|event| events.push(*event)) > 0 {}
        events
    }

    #[test]
    fn nothing_is_seen_before_its_batch_is_full_or_flushed() {
        let (mut writer, mut reader) = ring::<u64>(64);
        for n in 0..31 {
            assert_eq!(writer.write(n), Ok(()));
        }
        assert_eq!(drained(&mut reader), []);
        assert_eq!(writer.write(31), Ok(()));
        assert_eq!(drained(&mut reader), (0..32).collect::<Vec<_>>());
        assert_eq!(writer.write(32), Ok(()));
        assert_eq!(drained(&mut reader), []);
        writer.flush();
        writer.flush();
        assert_eq!(drained(&mut reader), [32]);
    }

    #[test]
    fn a_writer_that_goes_leaves_what_it_has_written() {
        let (mut writer, mut reader) = ring::<u64>(64);
        assert_eq!(writer.write(7), Ok(()));
        assert!(!reader.is_closed());
        drop(writer);
        assert!(!reader.is_closed());
        assert_eq!(drained(&mut reader), [7]);
        assert!(reader.is_closed());
    }

    #[test]
    fn a_full_ring_publishes_and_says_when_nobody_reads() {
        let (mut writer, mut reader) = ring::<u64>(70);
        for n in 0..70 {
            assert_eq!(writer.write(n), Ok(()));
        }
        // 64 are published; the other six go out because the ring is full.
        assert_eq!(reader.ring.slots(), 64);
        assert_eq!(drained(&mut reader).len(), 64);
        for n in 70..134 {
            assert_eq!(writer.write(n), Ok(()));
        }
        drop(reader);
        assert_eq!(writer.write(134), Err(Abandoned));
    }

    /// The same events through rtrb's safe calls alone, batch by batch.
    fn safe_twin(capacity: usize, steps: &[(usize, bool, usize)]) -> Vec<u64> {
        let (mut writer, mut reader) = rtrb::RingBuffer::<u64>::new(capacity);
        let (mut staged, mut seen, mut next) = (Vec::new(), Vec::new(), 0);
        for &(writes, flush, reads) in steps {
            for _ in 0..writes {
                staged.push(next);
                next += 1;
                if staged.len() == BATCH {
                    assert!(writer.push_entire_slice(&staged).is_ok());
                    staged.clear();
                }
            }
            if flush {
                assert!(writer.push_entire_slice(&staged).is_ok());
                staged.clear();
            }
            assert_eq!(reader.slots().min(Reader::<u64>::CHUNK), reads);
            let mut into = vec![0; reads];
            seen.extend_from_slice(reader.pop_partial_slice(&mut into).0);
        }
        seen
    }

    #[test]
    fn the_ring_shows_what_its_safe_twin_shows() {
        let mut state = 5u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % n) as usize
        };
        for capacity in [64, 97, 1000] {
            let (mut writer, mut reader) = ring::<u64>(capacity);
            let (mut steps, mut seen, mut next, mut inside) = (Vec::new(), Vec::new(), 0, 0);
            for _ in 0..if cfg!(miri) { 100 } else { 5_000 } {
                let writes = below((capacity - inside) as u64 + 1);
                let flush = below(3) == 0;
                for _ in 0..writes {
                    assert_eq!(writer.write(next), Ok(()));
                    next += 1;
                }
                if flush {
                    writer.flush();
                }
                let reads = reader.read(|event| seen.push(*event));
                inside = inside + writes - reads;
                steps.push((writes, flush, reads));
            }
            assert_eq!(seen, safe_twin(capacity, &steps));
            assert!(seen.len() > 1_000 && seen.iter().copied().eq(0..seen.len() as u64));
        }
    }

    #[test]
    fn two_threads_see_every_event_once_and_in_order() {
        const EVENTS: u64 = if cfg!(miri) { 3_000 } else { 200_000 };
        let (mut writer, mut reader) = ring::<[u64; 8]>(256);
        let reading = std::thread::spawn(move || {
            let mut next = 0;
            while !reader.is_closed() {
                let read = reader.read(|event| {
                    assert_eq!(*event, [next; 8]);
                    next += 1;
                });
                if read == 0 {
                    std::thread::yield_now();
                }
            }
            next
        });
        for n in 0..EVENTS {
            assert_eq!(writer.write([n; 8]), Ok(()));
            if n % 1_009 == 0 {
                writer.flush();
            }
        }
        drop(writer);
        assert_eq!(reading.join().ok(), Some(EVENTS));
    }
}
