//! One instrument's triggers in buckets by tick: a mark that moves empties the buckets it passes.
//!
//! A position is filed under the ticks just outside its box. Moving a trigger files it anew and leaves the old entry behind: no
//! neighbour is touched. An entry counts only while it says what its position says; what does not is dropped when its
//! bucket is emptied or has grown to twice what counted in it.

use super::bits::Bits;
use super::chunks::{Chunks, NIL};
use crate::account::Position;
use plimsoll_types::prefetch::prefetch;

/// Ticks a page covers.
const PAGE: usize = 1024;
/// Entries up to which a bucket is never tidied.
const FEW: u32 = 128;

/// The entries of one tick.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    head: u32,
    len: u32,
    /// Length at which it is tidied.
    limit: u32,
}

const EMPTY: Bucket = Bucket { head: NIL, len: 0, limit: FEW };

/// The buckets of a run of ticks.
#[derive(Clone, Debug)]
struct Page {
    buckets: Box<[Bucket; PAGE]>,
    filled: [u64; PAGE / 64],
    /// Buckets that are not empty.
    live: u32,
}

/// The triggers of one instrument.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    /// By run of ticks; [`NIL`] = all its buckets are empty.
    places: Vec<u32>,
    used: Bits,
    pages: Vec<Page>,
    spare: Vec<u32>,
    chunks: Chunks,
    /// For tidying.
    kept: Vec<u32>,
}

impl Ladder {
    pub(crate) fn new() -> Ladder {
        Ladder {
            places: Vec::new(),
            used: Bits::default(),
            pages: Vec::new(),
            spare: Vec::new(),
            chunks: Chunks::new(),
            kept: Vec::new(),
        }
    }

    /// Files a position under a tick. Cost: O(1), amortised; nothing of the position's present place is touched.
    #[inline]
    pub(crate) fn file(&mut self, tick: i32, position: u32, positions: &[Position]) {
        let (run, at) = (tick as usize / PAGE, tick as usize % PAGE);
        let place = match self.places.get(run) {
            Some(&place) if place != NIL => place,
            _ => self.open_page(run),
        };
        let page = &mut self.pages[place as usize];
        let bucket = &mut page.buckets[at];
        if bucket.head == NIL {
            page.filled[at / 64] |= 1 << (at % 64);
            page.live += 1;
        }
        bucket.head = self.chunks.push(bucket.head, position);
        bucket.len += 1;
        if bucket.len >= bucket.limit {
            self.tidy(place, at, tick, positions);
        }
    }

    #[cold]
    fn open_page(&mut self, run: usize) -> u32 {
        if run >= self.places.len() {
            self.places.resize(run + 1, NIL);
            self.used.grow(run + 1);
        }
        let place = self.spare.pop().unwrap_or_else(|| {
            let buckets = Box::new([EMPTY; PAGE]);
            self.pages.push(Page { buckets, filled: [0; PAGE / 64], live: 0 });
            self.pages.len() as u32 - 1
        });
        self.places[run] = place;
        self.used.set(run);
        place
    }

    /// Drops what no longer counts in a bucket, and what stands in it twice.
    #[cold]
    fn tidy(&mut self, place: u32, at: usize, tick: i32, positions: &[Position]) {
        let mut kept = std::mem::take(&mut self.kept);
        let mut next = self.pages[place as usize].buckets[at].head;
        while next != NIL {
            kept.extend_from_slice(self.chunks.get(next).entries());
            next = self.chunks.free(next);
        }
        for &entry in &kept {
            prefetch::<_, false>(positions, entry as usize);
        }
        kept.retain(|&entry| positions[entry as usize].rings_at(tick));
        kept.sort_unstable();
        kept.dedup();
        let mut head = NIL;
        for &entry in &kept {
            head = self.chunks.push(head, entry);
        }
        let len = kept.len() as u32;
        self.pages[place as usize].buckets[at] = Bucket { head, len, limit: (2 * len).max(FEW) };
        if head == NIL {
            self.close_bucket(place, at, tick as usize / PAGE);
        }
        kept.clear();
        self.kept = kept;
    }

    /// An emptied bucket; its page goes when it was the last.
    fn close_bucket(&mut self, place: u32, at: usize, run: usize) {
        let page = &mut self.pages[place as usize];
        page.buckets[at] = EMPTY;
        page.filled[at / 64] &= !(1 << (at % 64));
        page.live -= 1;
        if page.live == 0 {
            self.places[run] = NIL;
            self.used.clear(run);
            self.spare.push(place);
        }
    }

    /// The least tick from `from` on whose bucket holds something.
    #[inline]
    fn next(&self, from: usize) -> Option<usize> {
        let mut run = from / PAGE;
        let place = *self.places.get(run)?;
        if place != NIL
            && let Some(at) = self.pages[place as usize].next(from % PAGE)
        {
            return Some(run * PAGE + at);
        }
        run = self.used.next(run + 1)?;
        let at = self.pages[self.places[run] as usize].next(0)?;
        Some(run * PAGE + at)
    }

    /// The same, of ticks as marks are counted.
    #[inline]
    pub(crate) fn next_filled(&self, from: i64) -> Option<i64> {
        Some(self.next(from as usize)? as i64)
    }

    /// Empties a bucket and hands on every position whose trigger was there. Cost: O(entries in it).
    pub(crate) fn empty(&mut self, tick: i64, positions: &[Position], rung: &mut Vec<u32>) {
        let (run, at) = (tick as usize / PAGE, tick as usize % PAGE);
        let place = self.places[run];
        let mut next = self.pages[place as usize].buckets[at].head;
        let begin = rung.len();
        while next != NIL {
            let chunk = self.chunks.get(next);
            for &entry in chunk.entries() {
                prefetch::<_, false>(positions, entry as usize);
            }
            rung.extend_from_slice(chunk.entries());
            next = self.chunks.free(next);
        }
        self.close_bucket(place, at, run);
        // What moved on left its entry behind.
        let mut kept = begin;
        for place in begin..rung.len() {
            let entry = rung[place];
            if positions[entry as usize].rings_at(tick as i32) {
                rung[kept] = entry;
                kept += 1;
            }
        }
        rung.truncate(kept);
    }

    /// Every entry, those that no longer count among them: by tick, then by position.
    pub(crate) fn entries(&self) -> Vec<(i32, u32)> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(tick) = self.next(from) {
            let page = &self.pages[self.places[tick / PAGE] as usize];
            let mut next = page.buckets[tick % PAGE].head;
            while next != NIL {
                let chunk = self.chunks.get(next);
                found.extend(chunk.entries().iter().map(|&entry| (tick as i32, entry)));
                next = chunk.next();
            }
            from = tick + 1;
        }
        found.sort_unstable();
        found
    }

    /// Whether pages, buckets, counts and bits tell the same; what does not.
    pub(crate) fn audit(&self) -> Result<(), &'static str> {
        let (mut open, mut from) = (0, 0);
        while let Some(run) = self.used.next(from) {
            match self.places.get(run) {
                Some(&place) if place != NIL && !self.spare.contains(&place) => open += 1,
                _ => return Err("a page is marked open and is not, or is spare"),
            }
            from = run + 1;
        }
        if open + self.spare.len() != self.pages.len() {
            return Err("a page is neither marked open nor spare");
        }
        for &place in &self.spare {
            if self.pages[place as usize].live != 0 {
                return Err("a spare page holds something");
            }
        }
        self.pages.iter().try_for_each(|page| self.audit_page(page))
    }

    fn audit_page(&self, page: &Page) -> Result<(), &'static str> {
        let mut live = 0;
        for (at, bucket) in page.buckets.iter().enumerate() {
            let (mut len, mut next) = (0, bucket.head);
            while next != NIL {
                let chunk = self.chunks.get(next);
                len += chunk.entries().len() as u32;
                next = chunk.next();
            }
            if len != bucket.len {
                return Err("a bucket holds more or less than it says");
            }
            if (page.filled[at / 64] >> (at % 64) & 1 == 1) != (len > 0) {
                return Err(
                    "a bucket holds something and is not marked so, or the other way round",
                );
            }
            live += u32::from(len > 0);
        }
        if live == page.live { Ok(()) } else { Err("a page counts its buckets wrong") }
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.bytes()
            + self.pages.len() * (size_of::<Page>() + PAGE * size_of::<Bucket>())
            + self.places.capacity() * 4
    }
}

impl Page {
    /// The first bucket from `from` on that holds something.
    #[inline]
    fn next(&self, from: usize) -> Option<usize> {
        let mut word = from / 64;
        let mut found = self.filled[word] & (u64::MAX << (from % 64));
        loop {
            if found != 0 {
                return Some(word * 64 + found.trailing_zeros() as usize);
            }
            word += 1;
            found = *self.filled.get(word)?;
        }
    }
}
