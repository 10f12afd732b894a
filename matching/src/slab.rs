//! Resting orders: 16 bytes each and 8 of links beside them, linked by 32-bit indices, slots used again.

use plimsoll_types::pages;
use plimsoll_types::prefetch::prefetch;
use plimsoll_types::{Handle, Side};
use serde::{Deserialize, Serialize};

/// No order.
pub(crate) const NIL: u32 = u32::MAX;

const QTY_BITS: u32 = 40;
const QTY_MASK: u64 = (1 << QTY_BITS) - 1;
const GENERATION_BITS: u32 = 20;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;
const SIDE_SHIFT: u32 = 60;
const SELL: u64 = 1 << SIDE_SHIFT;
const REDUCE_ONLY: u64 = 1 << 61;
const ICEBERG: u64 = 1 << 62;
const FIRST: u64 = 1 << 63;

/// A resting order's neighbours in the queue at its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) next: u32,
    pub(crate) prev: u32,
}

/// A resting order: 16 bytes and 8 of links, because a deep book pays for every byte.
///
/// The links stand in an array of their own: an order that comes or goes writes its neighbours' links and nothing else of them, and
/// eight links share a cache line.
///
/// `word` packs the lots that show (40 bits), the slot's generation (20 bits), the side and three flags: reduce-only, iceberg
/// (what is hidden stands in the book's table of peaks), first (goes before those at its price that are not).
/// A slot whose lots are zero is free; its `next` links the free ones.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) price: i32,
    pub(crate) owner: u32,
    word: u64,
}

impl Order {
    /// Lots that show.
    #[inline]
    pub(crate) fn qty(&self) -> u64 {
        self.word & QTY_MASK
    }

    /// Shows so many lots from now on.
    #[inline]
    pub(crate) fn show(&mut self, qty: u64) {
        debug_assert!(0 < qty && qty <= QTY_MASK);
        self.word = self.word & !QTY_MASK | qty;
    }

    /// Takes lots off. `by` must not exceed [`Order::qty`].
    #[inline]
    pub(crate) fn reduce(&mut self, by: u64) {
        debug_assert!(by <= self.qty());
        self.word -= by;
    }

    #[inline]
    pub(crate) fn side(&self) -> Side {
        if self.word & SELL == 0 { Side::Buy } else { Side::Sell }
    }

    #[inline]
    pub(crate) fn is_reduce_only(&self) -> bool {
        self.word & REDUCE_ONLY != 0
    }

    #[inline]
    pub(crate) fn is_iceberg(&self) -> bool {
        self.word & ICEBERG != 0
    }

    #[inline]
    pub(crate) fn is_first(&self) -> bool {
        self.word & FIRST != 0
    }

    /// Makes it stand in line as it came.
    pub(crate) fn no_longer_first(&mut self) {
        self.word &= !FIRST;
    }

    /// Whether it is neither reduce-only nor an iceberg nor first: all that needs no second look.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.word & (REDUCE_ONLY | ICEBERG | FIRST) == 0
    }

    #[inline]
    pub(crate) fn generation(&self) -> u32 {
        (self.word >> QTY_BITS & GENERATION_MASK) as u32
    }
}

/// What a new resting order is made of.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) side: Side,
    pub(crate) price: i32,
    pub(crate) owner: u32,
    /// Lots that show.
    pub(crate) qty: u64,
    pub(crate) reduce_only: bool,
    pub(crate) iceberg: bool,
    pub(crate) first: bool,
}

/// The array and its free list.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Slab {
    orders: Vec<Order>,
    links: Vec<Link>,
    free: u32,
    live: u32,
}

impl Slab {
    pub(crate) fn with_capacity(orders: usize) -> Slab {
        let (links, free) = (pages::with_capacity(orders), NIL);
        Slab { orders: pages::with_capacity(orders), links, free, live: 0 }
    }

    /// Puts an order into a free slot, unlinked. Cost: O(1), allocates only where the array grows.
    pub(crate) fn insert(&mut self, draft: Draft) -> Handle {
        let flags = if draft.reduce_only { REDUCE_ONLY } else { 0 }
            | if draft.iceberg { ICEBERG } else { 0 }
            | if draft.first { FIRST } else { 0 };
        let handle = self.insert_plain(draft.side, draft.price, draft.owner, draft.qty, NIL);
        self.orders[handle.slot as usize].word |= flags;
        handle
    }

    /// Puts an order of which nothing but its lots need be known into a free slot, behind `prev`.
    #[inline]
    pub(crate) fn insert_plain(
        &mut self,
        side: Side,
        price: i32,
        owner: u32,
        qty: u64,
        prev: u32,
    ) -> Handle {
        debug_assert!(0 < qty && qty <= QTY_MASK);
        let word = (side as u64) << SIDE_SHIFT | qty;
        let link = Link { next: NIL, prev };
        self.live += 1;
        let slot = self.free;
        let Some(free) = self.links.get_mut(slot as usize) else {
            return self.grow(Order { price, owner, word }, link);
        };
        self.free = std::mem::replace(free, link).next;
        let order = &mut self.orders[slot as usize];
        let generation = order.word & (GENERATION_MASK << QTY_BITS);
        *order = Order { price, owner, word: word | generation };
        Handle { slot, generation: (generation >> QTY_BITS) as u32 }
    }

    /// Puts an order into a slot never used before.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, order: Order, link: Link) -> Handle {
        let slot = self.orders.len() as u32;
        self.orders.push(order);
        self.links.push(link);
        Handle { slot, generation: 0 }
    }

    /// Frees a slot; its next order will carry the next generation.
    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) {
        let order = &mut self.orders[slot as usize];
        order.word = order.word.wrapping_add(1 << QTY_BITS) & (GENERATION_MASK << QTY_BITS);
        self.links[slot as usize].next = std::mem::replace(&mut self.free, slot);
        self.live -= 1;
    }

    /// The slot of a live order, or `None` for a stale or foreign handle.
    #[inline]
    pub(crate) fn find(&self, handle: Handle) -> Option<u32> {
        let order = self.orders.get(handle.slot as usize)?;
        (order.qty() != 0 && order.generation() == handle.generation).then_some(handle.slot)
    }

    #[inline]
    pub(crate) fn handle(&self, slot: u32) -> Handle {
        Handle { slot, generation: self.orders[slot as usize].generation() }
    }

    /// Asks for an order's cache line; with `AROUND`, reads it and asks for its neighbours'.
    #[inline]
    pub(crate) fn foresee<const AROUND: bool>(&self, slot: u32) {
        // A slot beyond the end becomes the last: a branch on it would be a guess at what kind of command it is.
        let last = self.links.len().wrapping_sub(1);
        let slot = last.min(slot as usize);
        if !AROUND {
            prefetch::<_, false>(&self.orders, slot);
            prefetch::<_, false>(&self.links, slot);
        } else if let Some(link) = self.links.get(slot) {
            prefetch::<_, false>(&self.links, last.min(link.prev as usize));
            prefetch::<_, false>(&self.links, last.min(link.next as usize));
        }
    }

    #[inline]
    pub(crate) fn link(&self, slot: u32) -> Link {
        self.links[slot as usize]
    }

    #[inline]
    pub(crate) fn link_mut(&mut self, slot: u32) -> &mut Link {
        &mut self.links[slot as usize]
    }

    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Whether every slot a 32-bit link can name is in use.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.free == NIL && self.orders.len() >= NIL as usize
    }

    /// Whether every link names a slot. For bytes from outside.
    pub(crate) fn is_sound(&self) -> bool {
        let names = |slot: u32| slot == NIL || (slot as usize) < self.orders.len();
        self.links.len() == self.orders.len()
            && names(self.free)
            && self.links.iter().all(|link| names(link.next) && names(link.prev))
    }

    pub(crate) fn slots(&self) -> usize {
        self.orders.len()
    }

    /// Every slot that is in use, with its order. Cost: O(slots).
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Order)> {
        let used = |(_, order): &(u32, &Order)| order.qty() != 0;
        self.orders.iter().enumerate().map(|(slot, order)| (slot as u32, order)).filter(used)
    }
}

impl std::ops::Index<u32> for Slab {
    type Output = Order;
    #[inline]
    fn index(&self, slot: u32) -> &Order {
        &self.orders[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Slab {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Order {
        &mut self.orders[slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(qty: u64) -> Draft {
        let (reduce_only, iceberg, first) = (true, false, true);
        Draft { side: Side::Sell, price: 7, owner: 3, qty, reduce_only, iceberg, first }
    }

    #[test]
    fn an_order_is_24_bytes() {
        assert_eq!((size_of::<Order>(), size_of::<Link>()), (16, 8));
    }

    #[test]
    fn a_slot_used_again_does_not_answer_to_its_old_handle() {
        let mut slab = Slab::with_capacity(4);
        let old = slab.insert(draft(5));
        let slot = old.slot;
        assert_eq!(slab.find(old), Some(slot));
        slab.remove(slot);
        assert_eq!(slab.find(old), None);
        let new = slab.insert(draft(6));
        assert_eq!((new.slot, new), (slot, slab.handle(slot)));
        assert_eq!((slab.find(old), slab.find(new)), (None, Some(slot)));
        assert_eq!(slab.find(Handle { slot: 99, generation: 0 }), None);
    }

    #[test]
    fn the_packed_word_keeps_its_parts_apart() {
        let mut slab = Slab::with_capacity(1);
        let slot = slab.insert(draft(QTY_MASK)).slot;
        slab[slot].reduce(QTY_MASK - 1);
        let order = slab[slot];
        assert_eq!((order.qty(), order.side(), order.is_reduce_only()), (1, Side::Sell, true));
        assert_eq!((order.is_iceberg(), order.is_first(), order.is_plain()), (false, true, false));
        assert_eq!(order.generation(), 0);
    }
}
