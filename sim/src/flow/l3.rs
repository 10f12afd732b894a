//! A recorded market order by order, replayed as background orders that everybody else's orders really meet.
//!
//! Orders of the recording come from one account; an execution, of which a recording may name the resting order only,
//! comes from a second one as an order that takes so much at that order's price. Nobody's hand is held: where somebody
//! else stood before the named order, he is filled in its stead, and the order stays. What has gone already is not
//! cancelled again. All of this is counted ([`Replayed`]), and at every sample the book is compared with the recorded one.

mod rows;

use super::replayed::{Replayed, Touch};
use super::{Agent, World};
use crate::l3::Row;
use plimsoll_exchange::Exchange;
use plimsoll_text::recorded::Action;
use plimsoll_types::{
    AccountId, Command, Event, EventKind, Handle, InstrumentId, NewOrder, OrderId, OrderKind,
    OrderRef, Phase, Price, Qty, SelfMatch, TimeInForce, Ts,
};
pub use rows::{Playing, Rows};
use std::collections::VecDeque;

/// Commands sent in one go at most.
const BATCH: usize = 1024;

/// An instrument of the file that is played, and where.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Where its orders go.
    pub instrument: InstrumentId,
    /// The phase in which its day begins.
    pub phase: Phase,
    /// The best of the recorded book now, where the file has it.
    touch: Option<Touch>,
}

/// What stands in a slot.
#[derive(Clone, Copy, Debug)]
enum Slot {
    /// Nothing of ours.
    Empty,
    /// An order that has been sent and not been heard of.
    Sent,
    /// An order: its handle and its number in events.
    Standing(Handle, u64),
}

/// A command that has been sent, until it is heard of.
#[derive(Clone, Copy, Debug)]
enum Sent {
    Add(u32),
    Take,
    /// How many lots of which order: its number, or its slot while that is not known.
    Execute(Option<u64>, Option<u32>, u64),
    /// The slot of the order.
    Change(u32),
}

/// An execution under way.
#[derive(Clone, Copy, Debug)]
struct Execution {
    order: Option<u64>,
    /// Lots that have not met the order meant.
    left: u64,
}

/// Replays a recording.
pub struct Player {
    rows: Rows,
    /// By instrument of the file; `None` for one that is not played.
    parts: Vec<Option<Part>>,
    /// The account of recorded orders, and the one of executions.
    accounts: [AccountId; 2],
    slots: Vec<Slot>,
    sent: VecDeque<Sent>,
    execution: Option<Execution>,
    /// The last order that takes what it can: its rest goes without having been asked to.
    taking: Option<u64>,
    sample_at: Ts,
    sample_every: Ts,
    replayed: Replayed,
}

impl Player {
    /// Plays these instruments of a recording.
    pub fn new(rows: Rows, parts: Vec<Option<Part>>, sample_every: Ts) -> Player {
        Player {
            slots: vec![Slot::Empty; rows.slots()],
            sample_at: rows.times().0,
            sample_every: sample_every.max(1),
            rows,
            parts,
            accounts: [AccountId(0); 2],
            sent: VecDeque::new(),
            execution: None,
            taking: None,
            replayed: Replayed::default(),
        }
    }

    /// Gives it its accounts: that of recorded orders, and that of executions.
    pub fn assign(&mut self, recorded: AccountId, taker: AccountId) {
        self.accounts = [recorded, taker];
    }

    /// When it begins and ends, all its days together.
    pub fn times(&self) -> (Ts, Ts) {
        self.rows.times()
    }

    fn part(&self, row: &Row) -> Option<&Part> {
        self.parts.get(usize::from(row.instrument))?.as_ref()
    }

    /// Begins a day: an empty book, in the phase in which days begin.
    fn begin(&mut self, exchange: &Exchange, out: &mut Vec<Command>) {
        self.slots.fill(Slot::Empty);
        let account = self.accounts[0];
        for part in self.parts.iter_mut().flatten() {
            let instrument = part.instrument;
            part.touch = None;
            if exchange.open_orders(instrument) > 0 {
                let instrument = Some(instrument);
                out.push(Command::CancelAll { account, instrument, side: None });
            }
            if exchange.market(instrument).is_some_and(|market| market.phase != part.phase) {
                out.push(Command::Phase { instrument, phase: part.phase });
            }
        }
    }

    /// Compares the books, once everything before this moment has been carried out.
    fn sample(&mut self, exchange: &Exchange, now: Ts) {
        for part in self.parts.iter().flatten() {
            if let Some(recorded) = part.touch {
                self.replayed.drift.sample(recorded, Touch::of(exchange, part.instrument));
            }
        }
        let passed = (now - self.sample_at) / self.sample_every;
        self.sample_at += (passed + 1) * self.sample_every;
    }

    /// Turns a row into its command; false where it has to wait until what was sent has been carried out.
    fn play(&mut self, exchange: &Exchange, row: &Row, part: Part, out: &mut Outbox<'_>) -> bool {
        let order = |player: &Player, who: usize, tif| NewOrder {
            account: player.accounts[who],
            qty: row.qty,
            tif,
            kind: row.price.map_or(OrderKind::Market(None), OrderKind::Limit),
            self_match: SelfMatch::None,
            ..NewOrder::limit(
                player.accounts[who],
                part.instrument,
                row.side.unwrap_or(plimsoll_types::Side::Buy),
                Price::MIN,
                row.qty,
            )
        };
        match row.action {
            Action::Add => {
                let slot = row.slot.unwrap_or(0);
                self.slots[slot as usize] = Slot::Sent;
                self.sent.push_back(Sent::Add(slot));
                out.push(Command::Order(order(self, 0, TimeInForce::Gtc)));
            }
            Action::Take => {
                self.sent.push_back(Sent::Take);
                out.push(Command::Order(order(self, 0, TimeInForce::Ioc)));
            }
            Action::Execute => {
                let taker = order(self, 1, TimeInForce::Ioc);
                // Its slot may have another order by the time this is heard of.
                let named = row.slot.and_then(|slot| self.number(slot));
                self.sent.push_back(Sent::Execute(named, row.slot, row.qty.lots()));
                out.push(Command::Order(NewOrder { side: taker.side.opposite(), ..taker }));
            }
            Action::Cancel | Action::Reduce | Action::Replace => {
                return self.change(exchange, row, part, out);
            }
            Action::Phase => {
                if let Some(phase) = row.phase {
                    out.push(Command::Phase { instrument: part.instrument, phase });
                }
            }
            Action::Clear => {
                let (account, instrument) = (self.accounts[0], Some(part.instrument));
                out.push(Command::CancelAll { account, instrument, side: None });
            }
        }
        true
    }

    /// A row about an order that stands, if it does.
    fn change(&mut self, exchange: &Exchange, row: &Row, part: Part, out: &mut Outbox<'_>) -> bool {
        if out.is_ahead {
            return false;
        }
        let place = row.slot.unwrap_or(0);
        let slot = &mut self.slots[place as usize];
        let Slot::Standing(handle, _) = *slot else {
            self.replayed.cancels_gone += 1;
            return true;
        };
        let Some(standing) = exchange.standing(part.instrument, handle) else {
            self.replayed.cancels_gone += 1;
            *slot = Slot::Empty;
            return true;
        };
        let (account, order) = (self.accounts[0], OrderRef::Handle(part.instrument, handle));
        let (price, qty) = match row.action {
            Action::Reduce => (standing.price, standing.open.saturating_sub(row.qty)),
            Action::Replace => (row.price, row.qty),
            _ => (None, Qty::ZERO),
        };
        self.sent.push_back(Sent::Change(place));
        match price.filter(|_| qty > Qty::ZERO) {
            Some(price) => {
                out.push(Command::Replace { account, order, price, qty, trigger: None });
            }
            None => {
                *slot = Slot::Empty;
                out.push_quiet(Command::Cancel { account, order });
            }
        }
        true
    }

    /// The number of the order in a slot, once it is known.
    fn number(&self, slot: u32) -> Option<u64> {
        match self.slots[slot as usize] {
            Slot::Standing(_, number) => Some(number),
            _ => None,
        }
    }

    fn hear_order(&mut self, id: OrderId, handle: Option<Handle>) {
        let OrderId::Number(number) = id else { return };
        match self.sent.pop_front() {
            Some(Sent::Add(slot)) => {
                let standing = handle.map(|handle| Slot::Standing(handle, number));
                self.slots[slot as usize] = standing.unwrap_or(Slot::Empty);
            }
            Some(Sent::Execute(named, slot, lots)) => {
                let order = named.or_else(|| self.number(slot?));
                self.replayed.executions += 1;
                self.replayed.execution_lots += lots;
                self.execution = Some(Execution { order, left: lots });
            }
            Some(Sent::Take) => self.taking = Some(number),
            _ => {}
        }
    }

    /// A trade of the taker's account.
    fn hear_execution(&mut self, maker: OrderId, lots: u64) {
        let Some(execution) = &mut self.execution else { return };
        if execution.order.is_some_and(|number| maker == OrderId::Number(number)) {
            execution.left = execution.left.saturating_sub(lots);
            self.replayed.executions_met += u64::from(execution.left == 0);
        } else {
            self.replayed.lots_met_others += lots;
        }
    }
}

/// Commands on their way out.
struct Outbox<'a> {
    commands: &'a mut Vec<Command>,
    /// Whether something was sent that may change orders in the book, so that nobody knows how they stand.
    is_ahead: bool,
}

impl Outbox<'_> {
    fn push(&mut self, command: Command) {
        self.is_ahead = true;
        self.commands.push(command);
    }

    /// Adds a command that changes its own order only.
    fn push_quiet(&mut self, command: Command) {
        self.commands.push(command);
    }
}

impl Agent for Player {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        // Nothing of it travels: what was sent has been carried out.
        self.sent.clear();
        if world.now >= self.sample_at {
            self.sample(world.exchange, world.now);
        }
        if self.rows.turn() {
            self.begin(world.exchange, out);
            return Some(world.now);
        }
        let mut out = Outbox { commands: out, is_ahead: false };
        loop {
            let row = match self.rows.peek() {
                Ok(Some(row)) => *row,
                Ok(None) => return None,
                Err(error) => {
                    self.replayed.broken = Some(error.to_string());
                    return None;
                }
            };
            if row.ts > world.now || self.rows.is_at_turn() {
                return Some(row.ts.max(world.now));
            }
            if let Some(part) = self.part(&row).copied() {
                if out.commands.len() >= BATCH || !self.play(world.exchange, &row, part, &mut out) {
                    return Some(world.now);
                }
                self.replayed.rows += 1;
                if let Some(Some(part)) = self.parts.get_mut(usize::from(row.instrument)) {
                    part.touch = row.touch;
                }
            }
            self.rows.advance();
        }
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        match event.kind {
            EventKind::Accepted { id, handle, .. } => self.hear_order(id, handle),
            EventKind::Trade { maker_id, taker, qty, .. } if taker == self.accounts[1] => {
                self.hear_execution(maker_id, qty.lots());
            }
            EventKind::Cancelled { account, qty, .. } if account == self.accounts[1] => {
                self.replayed.lots_missed += qty.lots();
            }
            EventKind::Replaced { id: OrderId::Number(number), handle, kept_priority, .. } => {
                // Whoever goes to the back has another handle, or none if he has traded whole.
                if let Some(Sent::Change(slot)) = self.sent.pop_front()
                    && !kept_priority
                {
                    let standing = handle.map(|handle| Slot::Standing(handle, number));
                    self.slots[slot as usize] = standing.unwrap_or(Slot::Empty);
                }
            }
            EventKind::Cancelled { id, .. }
                if self.taking.is_none_or(|taking| id != OrderId::Number(taking)) =>
            {
                if let Some(Sent::Change(_)) = self.sent.front() {
                    self.sent.pop_front();
                }
            }
            EventKind::Rejected { .. } => {
                self.replayed.rejected += 1;
                if let Some(Sent::Add(slot)) = self.sent.pop_front() {
                    self.slots[slot as usize] = Slot::Empty;
                }
            }
            _ => {}
        }
        None
    }

    fn replayed(&self) -> Option<&Replayed> {
        Some(&self.replayed)
    }
}
