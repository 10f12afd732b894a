//! Results of an order desk: 64 bytes each, and where they go: a buffer, a checksum, a ring to another thread.

use plimsoll_gateway::ring::Writer;
use plimsoll_types::Handle;

/// The handle of an order that never rested.
pub const NOBODY: Handle = Handle { slot: u32::MAX, generation: 0 };

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Says {
    /// An order has entered; after its trades, so that it can name the handle the rest stands under.
    Accepted,
    /// It traded with a resting order.
    Trade,
    /// An order is out: by its client, or what an immediate-or-cancel order left.
    Cancelled,
    /// An order was replaced; its handle is new.
    Replaced,
    /// The order that was named does not rest.
    Rejected,
}

/// One result: 64 bytes, one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Report {
    /// Number of the message it answers.
    pub message: u64,
    /// What happened.
    pub says: Says,
    /// Price of a trade, limit of an order; ticks, 0 = none.
    pub price: u32,
    /// Client's id of the order the message is about.
    pub id: u32,
    /// Its owner; 0 where it is not known.
    pub owner: u32,
    /// Its handle, where it rests or rested.
    pub handle: Handle,
    /// Lots that traded, rest, or are out.
    pub qty: u64,
    /// Slot of the resting order of a trade.
    pub maker_slot: u32,
    /// Its owner.
    pub maker_owner: u32,
    /// Its lots left.
    pub maker_left: u64,
    /// Client's id of the resting order of a trade, where the desk resolves ids.
    pub maker_id: u64,
}

const _: () = assert!(size_of::<Report>() == 64);

impl Report {
    /// Its eight words.
    #[inline]
    fn words(&self) -> [u64; 8] {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        [
            self.message,
            pair(self.price, self.says as u32),
            pair(self.owner, self.id),
            pair(self.handle.generation, self.handle.slot),
            self.qty,
            pair(self.maker_owner, self.maker_slot),
            self.maker_left,
            self.maker_id,
        ]
    }
}

/// Takes reports.
pub trait Out {
    /// Takes one.
    fn put(&mut self, report: Report);
}

/// Takes none.
pub struct Discard;

impl Out for Discard {
    #[inline]
    fn put(&mut self, _: Report) {}
}

/// Number and order-dependent sum of all reports: what two runs are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    /// Reports.
    pub reports: u64,
    /// Trades among them.
    pub trades: u64,
    /// Rejects among them.
    pub rejects: u64,
    /// Every bit of every report in its place.
    pub sum: u64,
}

impl Checksum {
    /// Folds one in. Cost: a few nanoseconds; the words are mixed side by side, one multiplication ties the reports together.
    #[inline]
    pub fn fold(&mut self, report: &Report) {
        let [a, b, c, d, e, f, g, h] = report.words();
        let left = (a ^ b.rotate_left(17)).wrapping_add(c.rotate_left(5) ^ d.rotate_left(31));
        let right = (e ^ f.rotate_left(23)).wrapping_add(g.rotate_left(11) ^ h.rotate_left(47));
        self.sum = (self.sum ^ left.wrapping_add(right.rotate_left(29)))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(27);
        self.reports += 1;
        self.trades += u64::from(report.says == Says::Trade);
        self.rejects += u64::from(report.says == Says::Rejected);
    }
}

impl Out for Checksum {
    #[inline]
    fn put(&mut self, report: Report) {
        self.fold(&report);
    }
}

/// Room for 1,024 reports, used over and over: 64 KiB, as a gateway's outgoing buffer would be.
pub struct Buffer {
    reports: Box<[Report; Buffer::ROOM]>,
    count: usize,
}

impl Buffer {
    const ROOM: usize = 1_024;

    /// An empty one.
    pub fn new() -> Buffer {
        Buffer { reports: Box::new([EMPTY; Buffer::ROOM]), count: 0 }
    }

    /// Number of all reports taken, and sum of the last ones.
    pub fn tail(&self) -> (usize, Checksum) {
        let mut tail = Checksum::default();
        for place in self.count.saturating_sub(Buffer::ROOM)..self.count {
            tail.fold(&self.reports[place % Buffer::ROOM]);
        }
        (self.count, tail)
    }
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer::new()
    }
}

/// A report that says nothing yet.
pub const EMPTY: Report = Report {
    message: 0,
    says: Says::Accepted,
    price: 0,
    id: 0,
    owner: 0,
    handle: NOBODY,
    qty: 0,
    maker_slot: 0,
    maker_owner: 0,
    maker_left: 0,
    maker_id: 0,
};

impl Out for Buffer {
    #[inline(always)]
    fn put(&mut self, report: Report) {
        self.reports[self.count % Buffer::ROOM] = report;
        self.count += 1;
    }
}

/// To both: what runs that keep nothing but the last reports are checked by.
impl Out for (Checksum, Buffer) {
    fn put(&mut self, report: Report) {
        self.0.put(report);
        self.1.put(report);
    }
}

/// To a second thread. A reader that is gone is found out by what it has not counted.
impl Out for Writer<Report> {
    #[inline(always)]
    fn put(&mut self, report: Report) {
        let _ = self.write(report);
    }
}
