//! Places for the orders that are in a recorded book: few numbers, given out again as orders go.

use plimsoll_types::Label;
use std::collections::HashMap;

/// An order in the recorded book.
#[derive(Clone, Copy)]
struct Place {
    slot: u32,
    open: u64,
    instrument: u16,
}

/// Who has which slot.
#[derive(Default)]
pub struct Slots {
    places: HashMap<Label, Place>,
    free: Vec<u32>,
    /// Slots ever given out.
    pub count: u32,
}

impl Slots {
    /// Gives an order that enters a slot; where its name is taken, the slot of the earlier one.
    pub fn enter(&mut self, order: Label, instrument: u16, open: u64) -> u32 {
        self.leave(&order);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.places.insert(order, Place { slot, open, instrument });
        slot
    }

    /// An order's slot.
    pub fn find(&self, order: &Label) -> Option<u32> {
        self.places.get(order).map(|place| place.slot)
    }

    /// An order leaves the book.
    pub fn leave(&mut self, order: &Label) {
        if let Some(place) = self.places.remove(order) {
            self.free.push(place.slot);
        }
    }

    /// An order has `open` lots from now on.
    pub fn change(&mut self, order: &Label, open: u64) {
        if let Some(place) = self.places.get_mut(order) {
            place.open = open;
        }
    }

    /// An order loses `lots`; one without any leaves the book.
    pub fn take(&mut self, order: &Label, lots: u64) {
        let Some(place) = self.places.get_mut(order) else { return };
        place.open = place.open.saturating_sub(lots);
        if place.open == 0 {
            self.leave(order);
        }
    }

    /// Every order of an instrument leaves the book.
    pub fn clear(&mut self, instrument: u16) {
        // By number, so that the order in which slots are given out again is the same in every run.
        let gone = self.places.extract_if(|_, place| place.instrument == instrument);
        let mut slots: Vec<u32> = gone.map(|(_, place)| place.slot).collect();
        slots.sort_unstable();
        self.free.append(&mut slots);
    }
}
