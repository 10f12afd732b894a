//! What stands behind a handle: a whole exchange or a bare book, and the events that wait for its caller.

use crate::bare::Bare;
use crate::event::{Event, handle_in, handle_out};
use crate::layout::{Cancel, Order, Receipt, Replace};
use crate::orders;
use crate::queue::Queue;
use crate::status::{Fault, Status};
use crate::words::Reject;
use plimsoll_exchange::Exchange;
use plimsoll_text::{Error, Line, write_event};
use plimsoll_types::{
    self as types, AccountId, Command, EventKind, Handle, OrderId, OrderRef, Qty, Ts,
};

/// A kind of engine.
pub(crate) enum Kind {
    /// Accounts, margin, liquidation, everything.
    Exchange(Box<Exchange>),
    /// Matching alone.
    Bare(Box<Bare>),
}

/// An engine and its events.
pub(crate) struct Engine {
    pub(crate) kind: Kind,
    pub(crate) queue: Queue,
}

#[cold]
fn only_exchange() -> Fault {
    Fault::new(Status::WrongEngine, "a bare book has no accounts, no money and no command lines")
}

/// Turns an error of the text border into a fault, `name` standing for the file.
pub(crate) fn unreadable(name: &'static str) -> impl FnOnce(Error) -> Fault {
    move |error| {
        let status = if error.unsupported { Status::Unsupported } else { Status::BadText };
        let error = match error.line {
            Some(_) => error,
            None => error.in_file(name),
        };
        Fault::new(status, error.to_string())
    }
}

fn number_of(id: &OrderId) -> u64 {
    match id {
        OrderId::Number(number) => *number,
        _ => 0,
    }
}

/// Brings a command to the exchange. As with a line, one that is to be refused is read again after the timers due before it.
#[inline]
fn carry_out(
    exchange: &mut Exchange,
    queue: &mut Queue,
    ts: Ts,
    read: impl Fn(&Exchange) -> Result<Command, Fault>,
) -> Result<Receipt, Fault> {
    let mut command = read(exchange)?;
    let (first_seq, mark) = (exchange.seq() + 1, queue.mark());
    if matches!(command, Command::Refused { .. }) {
        exchange.apply(ts, &Command::Time, queue.list());
        command = read(exchange)?;
    }
    exchange.apply(ts, &command, queue.list());
    Ok(receipt(exchange, queue, first_seq, mark))
}

/// What the events since a mark say about the command itself.
#[inline]
fn receipt(exchange: &Exchange, queue: &Queue, first_seq: u64, mark: usize) -> Receipt {
    let mut receipt = Receipt { first_seq, last_seq: exchange.seq(), ..Receipt::blank() };
    for event in queue.since(mark) {
        match &event.kind {
            // A case's batch may be accepted on the way.
            EventKind::Accepted { id: OrderId::Liquidation { .. }, .. } => {}
            EventKind::Accepted { id, handle, .. } => {
                (receipt.order, receipt.number) = (handle_out(*handle), number_of(id));
                break;
            }
            EventKind::Rejected { reason, .. } => {
                receipt.reject = Reject::from(*reason) as u32;
                break;
            }
            _ => {}
        }
    }
    receipt
}

/// The order a replace by handle names, before it is carried out.
fn replaced_order(
    exchange: &Exchange,
    replace: &Replace,
) -> Option<(AccountId, OrderRef, OrderId)> {
    let account = orders::account(exchange, replace.account)?;
    let instrument = orders::instrument(exchange, replace.instrument)?;
    let order = OrderRef::Handle(instrument, handle_in(replace.order));
    exchange.open_order(account, &order).map(|open| (account, order, open.id))
}

/// The handle of an order after its replace: the new one that `replaced` tells, or the old one where that still names it; else 0.
fn handle_now(
    exchange: &Exchange,
    queue: &Queue,
    mark: usize,
    (account, old, id): (AccountId, OrderRef, &OrderId),
) -> u64 {
    let told = queue.since(mark).iter().find_map(|event| match event.kind {
        EventKind::Replaced { account: whose, id: which, handle, .. } => {
            handle.filter(|_| whose == account && which == *id)
        }
        _ => None,
    });
    let kept = || match old {
        OrderRef::Handle(_, handle) if exchange.open_order(account, &old).is_some() => Some(handle),
        _ => None,
    };
    handle_out(told.or_else(kept))
}

/// The receipt of a bare book's command, and its refusal written down.
fn bare_receipt(
    bare: &mut Bare,
    (first_seq, owner): (u64, u32),
    events: &mut Vec<types::Event>,
    done: Result<(u64, Option<Handle>), types::Reject>,
) -> Receipt {
    let mut receipt = Receipt { first_seq, ..Receipt::blank() };
    match done {
        Ok((number, handle)) => {
            (receipt.number, receipt.order) = (number, handle_out(handle));
        }
        Err(reason) => {
            receipt.reject = Reject::from(reason) as u32;
            bare.refuse(owner, None, reason, events);
        }
    }
    Receipt { last_seq: bare.seq, ..receipt }
}

impl Engine {
    /// A new engine with nothing to drain.
    pub(crate) fn new(kind: Kind) -> Engine {
        Engine { kind, queue: Queue::default() }
    }

    /// The exchange, where the engine is one.
    pub(crate) fn exchange(&self) -> Result<&Exchange, Fault> {
        match &self.kind {
            Kind::Exchange(exchange) => Ok(exchange),
            Kind::Bare(_) => Err(only_exchange()),
        }
    }

    /// Enters an order.
    #[inline]
    pub(crate) fn submit(&mut self, order: &Order) -> Result<Receipt, Fault> {
        match &mut self.kind {
            Kind::Exchange(exchange) => {
                let ts = orders::time(order.ts, exchange.now())?;
                carry_out(exchange, &mut self.queue, ts, |exchange| orders::order(exchange, order))
            }
            Kind::Bare(bare) => {
                let ts = orders::time(order.ts, bare.now)?;
                let entry = orders::entry(order)?;
                bare.now = ts;
                let (from, events) = ((bare.seq + 1, order.account), self.queue.list());
                let done = entry.and_then(|entry| bare.enter(&entry, events));
                Ok(bare_receipt(bare, from, events, done))
            }
        }
    }

    /// Cancels an order.
    #[inline]
    pub(crate) fn cancel(&mut self, cancel: &Cancel) -> Result<Receipt, Fault> {
        match &mut self.kind {
            Kind::Exchange(exchange) => {
                let ts = orders::time(cancel.ts, exchange.now())?;
                carry_out(exchange, &mut self.queue, ts, |exchange| {
                    orders::cancel(exchange, cancel)
                })
            }
            Kind::Bare(bare) => {
                let ts = orders::time(cancel.ts, bare.now)?;
                let Cancel { instrument, order, ref id, reserved, .. } = *cancel;
                let handle = orders::bare_handle(instrument, order, id, reserved)?;
                bare.now = ts;
                let (from, events) = ((bare.seq + 1, cancel.account), self.queue.list());
                let done = bare.cancel(cancel.account, handle, events).map(|()| (0, None));
                Ok(bare_receipt(bare, from, events, done))
            }
        }
    }

    /// Changes an order.
    #[inline]
    pub(crate) fn replace(&mut self, replace: &Replace) -> Result<Receipt, Fault> {
        match &mut self.kind {
            Kind::Exchange(exchange) => {
                let ts = orders::time(replace.ts, exchange.now())?;
                let old = replaced_order(exchange, replace);
                let mark = self.queue.mark();
                let read = |exchange: &Exchange| orders::replace(exchange, replace);
                let mut receipt = carry_out(exchange, &mut self.queue, ts, read)?;
                if let (0, Some((account, old, id))) = (receipt.reject, old) {
                    let order = handle_now(exchange, &self.queue, mark, (account, old, &id));
                    (receipt.order, receipt.number) = (order, number_of(&id));
                }
                Ok(receipt)
            }
            Kind::Bare(bare) => {
                let ts = orders::time(replace.ts, bare.now)?;
                let Replace { instrument, order, ref id, reserved, .. } = *replace;
                let handle = orders::bare_handle(instrument, order, id, reserved)?;
                bare.now = ts;
                let (from, events) = ((bare.seq + 1, replace.account), self.queue.list());
                let qty = Qty::new(replace.qty);
                let done = bare.replace(replace.account, handle, replace.price, qty, events);
                Ok(bare_receipt(bare, from, events, done))
            }
        }
    }

    /// Carries out one command line.
    pub(crate) fn line(&mut self, text: &[u8]) -> Result<Receipt, Fault> {
        let Kind::Exchange(exchange) = &mut self.kind else { return Err(only_exchange()) };
        let line = Line::read(text, exchange.spec()).map_err(unreadable("command"))?;
        orders::time(line.ts, exchange.now())?;
        let (first_seq, mark) = (exchange.seq() + 1, self.queue.mark());
        line.carry_out(exchange, self.queue.list());
        Ok(receipt(exchange, &self.queue, first_seq, mark))
    }

    /// Hands out waiting events as records; how many.
    pub(crate) fn drain(&mut self, put: impl FnMut(usize, Event) -> bool) -> usize {
        self.queue.drain(put)
    }

    /// Takes waiting events as whole lines, `room` bytes of them at most.
    ///
    /// Errors: [`Status::TooSmall`] where not even the first fits, with its length.
    pub(crate) fn drain_text(&mut self, room: usize) -> Result<Vec<u8>, (Fault, usize)> {
        let mut text = Vec::new();
        while let Some(event) = self.queue.next() {
            let before = text.len();
            match &self.kind {
                Kind::Exchange(exchange) => write_event(&mut text, exchange, event),
                Kind::Bare(_) => crate::bare_text::write_event(&mut text, event),
            }
            if text.len() > room {
                if before == 0 {
                    let fault = Fault::new(Status::TooSmall, "the next line is longer");
                    return Err((fault, text.len()));
                }
                text.truncate(before);
                break;
            }
            self.queue.advance();
        }
        self.queue.tidy();
        Ok(text)
    }
}
