//! A book with an order desk before it: messages in, one 64-byte report for every result out.
//!
//! What the challenge's scenarios and the hand-off are measured with.

use crate::report::{EMPTY, NOBODY, Out, Report, Says};
use plimsoll_matching::{Book, Gone, Maker, NewResting, Sink, Taker};
use plimsoll_types::{Handle, Price, Qty, SelfMatch, Side};

/// What becomes of what does not trade at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tif {
    /// It rests.
    Gtc,
    /// It is cancelled.
    Ioc,
}

/// One message. An order is named twice: by its client's id, and by the handle it has when the message's turn comes.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// A new order.
    Order {
        /// The client's id: dense, in order of arrival.
        id: u32,
        /// Who.
        owner: u32,
        /// Side.
        side: Side,
        /// Rests or not.
        tif: Tif,
        /// Limit.
        price: Price,
        /// Lots.
        qty: u32,
    },
    /// Takes an order out.
    Cancel {
        /// The client's id.
        id: u32,
        /// The exchange's handle.
        handle: Handle,
    },
    /// Changes an order; it loses its place and may trade.
    Replace {
        /// The client's id.
        id: u32,
        /// The exchange's handle.
        handle: Handle,
        /// New limit.
        price: Price,
        /// New open quantity.
        qty: u32,
    },
}

const _: () = assert!(size_of::<Message>() <= 24);

impl Message {
    /// The client's id of the order it is about.
    pub fn id(&self) -> u32 {
        match *self {
            Message::Order { id, .. }
            | Message::Cancel { id, .. }
            | Message::Replace { id, .. } => id,
        }
    }

    /// Names its order by handle.
    pub fn name(&mut self, by: Handle) {
        match self {
            Message::Order { .. } => {}
            Message::Cancel { handle, .. } | Message::Replace { handle, .. } => *handle = by,
        }
    }
}

/// How a message names its order.
pub trait Naming {
    /// The handle of the order with a client's id, or the one in the message.
    fn handle(&self, id: u32, handle: Handle) -> Handle;
    /// An order rests.
    fn rests(&mut self, id: u32, handle: Handle);
    /// The client's id of the resting order in a slot.
    fn id(&self, slot: u32) -> u64;
}

/// By the exchange's handle: nothing to look up.
pub struct ByHandle;

impl Naming for ByHandle {
    #[inline]
    fn handle(&self, _: u32, handle: Handle) -> Handle {
        handle
    }
    #[inline]
    fn rests(&mut self, _: u32, _: Handle) {}
    #[inline]
    fn id(&self, _: u32) -> u64 {
        0
    }
}

/// By the client's id: a session's ids are dense, so a table does. Slots carry the id back for the reports of trades.
pub struct ById {
    handles: Vec<Handle>,
    ids: Vec<u32>,
}

impl ById {
    /// Tables for `orders` client ids.
    pub fn new(orders: usize) -> ById {
        ById { handles: vec![NOBODY; orders], ids: Vec::new() }
    }
}

impl Naming for ById {
    #[inline]
    fn handle(&self, id: u32, _: Handle) -> Handle {
        self.handles.get(id as usize).copied().unwrap_or(NOBODY)
    }
    #[inline]
    fn rests(&mut self, id: u32, handle: Handle) {
        if let Some(known) = self.handles.get_mut(id as usize) {
            *known = handle;
        }
        let slot = handle.slot as usize;
        if slot >= self.ids.len() {
            self.ids.resize(slot + 1, 0);
        }
        self.ids[slot] = id;
    }
    #[inline]
    fn id(&self, slot: u32) -> u64 {
        self.ids.get(slot as usize).copied().map_or(0, u64::from)
    }
}

/// A book, how orders are named, and where results go.
pub struct Desk<N, O> {
    /// The book.
    pub book: Book,
    /// How orders are named.
    pub naming: N,
    /// Where results go.
    pub out: O,
    /// Messages carried out.
    pub messages: u64,
}

/// Whom reports are about: an order as its message names it.
#[derive(Clone, Copy)]
struct About {
    message: u64,
    id: u32,
    owner: u32,
    handle: Handle,
}

impl About {
    /// A report that says nothing yet but this.
    #[inline(always)]
    fn report(self) -> Report {
        let About { message, id, owner, handle } = self;
        Report { message, id, owner, handle, ..EMPTY }
    }
}

/// Writes a report for every fill of one incoming order.
struct Fills<'a, N, O> {
    naming: &'a N,
    out: &'a mut O,
    about: About,
}

impl<N: Naming, O: Out> Sink for Fills<'_, N, O> {
    fn room(&mut self, _: u32, _: Side) -> i64 {
        0
    }
    #[inline]
    fn fill(&mut self, maker: Maker, price: Price, qty: u64) {
        self.out.put(Report {
            says: Says::Trade,
            price: price.ticks() as u32,
            qty,
            maker_slot: maker.slot,
            maker_owner: maker.owner,
            maker_left: maker.left,
            maker_id: self.naming.id(maker.slot),
            ..self.about.report()
        });
    }
    fn refilled(&mut self, _: Maker, _: Side, _: Price, _: u64) {}
    fn pair(&mut self, _: Maker, _: Maker, _: Price, _: u64) {}
    fn lost(&mut self, _: Maker, _: Side, _: Option<Price>, _: u64, _: Gone) {}
    fn decremented(&mut self, _: u64, _: u64) {}
}

impl<N: Naming, O: Out> Desk<N, O> {
    /// A desk before an empty or filled book.
    pub fn new(book: Book, naming: N, out: O) -> Desk<N, O> {
        Desk { book, naming, out, messages: 0 }
    }

    /// Carries out one message and reports what came of it. An order that comes to rest answers with its handle.
    #[inline]
    pub fn carry_out(&mut self, message: &Message) -> Option<Handle> {
        let number = self.messages;
        self.messages += 1;
        match *message {
            Message::Order { id, owner, side, tif, price, qty } => {
                let about = About { message: number, id, owner, handle: NOBODY };
                self.enter(about, side, price, qty, tif, Says::Accepted)
            }
            Message::Cancel { id, handle } => {
                let handle = self.naming.handle(id, handle);
                let answer = About { message: number, id, owner: 0, handle }.report();
                self.out.put(match self.book.cancel(handle) {
                    Some(gone) => Report {
                        says: Says::Cancelled,
                        owner: gone.owner,
                        price: gone.price.map_or(0, |price| price.ticks() as u32),
                        qty: gone.qty.lots(),
                        ..answer
                    },
                    None => Report { says: Says::Rejected, ..answer },
                });
                None
            }
            Message::Replace { id, handle, price, qty } => {
                let handle = self.naming.handle(id, handle);
                let about = About { message: number, id, owner: 0, handle };
                let Some(old) = self.book.cancel(handle) else {
                    self.out.put(Report { says: Says::Rejected, ..about.report() });
                    return None;
                };
                let about = About { owner: old.owner, ..about };
                self.enter(about, old.side, price, qty, Tif::Gtc, Says::Replaced)
            }
        }
    }

    #[inline(always)]
    fn enter(
        &mut self,
        about: About,
        side: Side,
        price: Price,
        qty: u32,
        tif: Tif,
        says: Says,
    ) -> Option<Handle> {
        let taker = Taker {
            owner: about.owner,
            side,
            limit: Some(price),
            qty: Qty::new(u64::from(qty)),
            self_match: SelfMatch::None,
        };
        let mut fills = Fills { naming: &self.naming, out: &mut self.out, about };
        let left = self.book.take(&taker, &mut fills).left;
        let answer = Report {
            says,
            price: price.ticks() as u32,
            ..About { handle: NOBODY, ..about }.report()
        };
        if left.is_zero() {
            self.out.put(answer);
            return None;
        }
        if tif == Tif::Ioc {
            self.out.put(answer);
            self.out.put(Report { says: Says::Cancelled, qty: left.lots(), ..answer });
            return None;
        }
        let rests = self.book.rest(NewResting::plain(side, Some(price), about.owner, left));
        self.naming.rests(about.id, rests);
        self.out.put(Report { handle: rests, qty: left.lots(), ..answer });
        Some(rests)
    }
}
