//! The hand-off: one thread's events to one other, 32 at a time or when there is nothing more to do.
//!
//! Underneath lies `rtrb`, a single-producer single-consumer ring. Events gather beside it, on lines that stay in the writer's cache,
//! and are copied over by the batch. Writing each where it will be read looks cheaper and is not: a processor that keeps its
//! stores in order waits for such a line to come from the other core before it may finish what it stored since, so that the engine
//! pays the way between the cores once an event; a batch pays it about once. `plimsoll bench ring` and `bench core` measure it:
//! docs/PERFORMANCE.md, "Hand-off".

use std::fmt;

/// Events published at a time.
pub const BATCH: usize = 32;

/// Makes a ring that holds `capacity` events, at least two batches.
pub fn ring<T: Copy + Send>(capacity: usize) -> (Writer<T>, Reader<T>) {
    let (writer, reader) = rtrb::RingBuffer::new(capacity.max(2 * BATCH));
    (Writer { ring: writer, staged: Vec::with_capacity(BATCH) }, Reader { ring: reader })
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
    /// Events written and not published, fewer than [`BATCH`].
    staged: Vec<T>,
}

impl<T: Copy> Writer<T> {
    /// Writes an event behind the others; the reader sees it with its batch, or after [`Writer::flush`].
    ///
    /// Cost: O(1), no allocation. Where the ring is full it waits for the reader, spinning.
    /// Errors: [`Abandoned`] where the reader is gone, told once a batch; its events are forgotten.
    #[inline(always)]
    pub fn write(&mut self, event: T) -> Result<(), Abandoned> {
        self.staged.push(event);
        if self.staged.len() < BATCH {
            return Ok(());
        }
        self.flush()
    }

    /// Publishes what is written. To be called when input runs dry.
    ///
    /// Errors: as [`Writer::write`].
    #[inline(never)]
    pub fn flush(&mut self) -> Result<(), Abandoned> {
        let mut rest = self.ring.push_partial_slice(&self.staged).1;
        let mut polls = 0u32;
        while !rest.is_empty() && !self.ring.is_abandoned() {
            polls += 1;
            if polls.is_multiple_of(128) {
                // Two spinning threads on one core would wait for the scheduler to part them.
                std::thread::yield_now();
            }
            std::hint::spin_loop();
            rest = self.ring.push_partial_slice(rest).1;
        }
        let published = rest.is_empty();
        self.staged.clear();
        if published { Ok(()) } else { Err(Abandoned) }
    }
}

impl<T: Copy> Drop for Writer<T> {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.flush();
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
        let Ok(chunk) = self.ring.read_chunk(count) else { return 0 };
        let (first, rest) = chunk.as_slices();
        first.iter().for_each(&mut take);
        rest.iter().for_each(&mut take);
        chunk.commit_all();
        count
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
        assert_eq!(drained(&mut reader), [0u64; 0]);
        assert_eq!(writer.write(31), Ok(()));
        assert_eq!(drained(&mut reader), (0..32).collect::<Vec<_>>());
        assert_eq!(writer.write(32), Ok(()));
        assert_eq!(drained(&mut reader), [0u64; 0]);
        assert_eq!(writer.flush(), Ok(()));
        assert_eq!(writer.flush(), Ok(()));
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
    fn a_full_ring_says_when_nobody_will_read() {
        let (mut writer, reader) = ring::<u64>(64);
        for n in 0..64 {
            assert_eq!(writer.write(n), Ok(()));
        }
        drop(reader);
        let answers: Vec<_> = (64..97).map(|n| writer.write(n)).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        assert_eq!(answers[31], Err(Abandoned));
        assert_eq!(writer.staged, [96]);
    }

    #[test]
    fn whatever_the_rhythm_events_come_once_and_in_order() {
        let mut state = 5u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % n) as usize
        };
        for capacity in [64, 97, 1000] {
            let (mut writer, mut reader) = ring::<u64>(capacity);
            let (mut seen, mut next, mut published) = (Vec::new(), 0, 0);
            for _ in 0..5_000 {
                // Never more than there is room for: nobody reads meanwhile.
                for _ in 0..below((capacity - (next as usize - seen.len())) as u64 + 1) {
                    assert_eq!(writer.write(next), Ok(()));
                    next += 1;
                    if (next - published).is_multiple_of(BATCH as u64) {
                        published = next;
                    }
                }
                if below(3) == 0 {
                    assert_eq!(writer.flush(), Ok(()));
                    published = next;
                }
                let waiting = published as usize - seen.len();
                assert_eq!(reader.read(|event| seen.push(*event)), waiting.min(8 * BATCH));
            }
            assert!(seen.len() > 5_000 && seen.iter().copied().eq(0..seen.len() as u64));
        }
    }

    #[test]
    fn two_threads_see_every_event_once_and_in_order() {
        const EVENTS: u64 = 200_000;
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
                assert_eq!(writer.flush(), Ok(()));
            }
        }
        drop(writer);
        assert_eq!(reading.join().ok(), Some(EVENTS));
    }
}
