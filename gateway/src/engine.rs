//! The exchange as a server has it: commands carried out once, guarded, numbered, recorded. No clock, no thread, no file.
//!
//! The same records in, the same events and the same memory out: the live engine, recovery, `replay --journal` and the
//! follower that readers look at are all this.

use crate::batch::{Answer, Batch, NewAccount, Outcome};
use crate::guards;
use crate::inbound::{Inbound, Once, UserId};
use crate::record::Record;
use crate::users::{Limits, Memory, Remembered, TOKENS, User};
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Command, Event, InstrumentId, Ts};

/// What the engine knows of a user of this run.
struct Seat {
    key: u64,
    limits: Limits,
}

/// The engine: one exchange, and what is remembered of its users.
pub struct Engine {
    exchange: Exchange,
    seats: Vec<Seat>,
    /// By seat.
    remembered: Vec<Remembered>,
    /// Of those who have no seat in this run.
    others: Memory,
    /// Number of the last command.
    number: u64,
    /// Whether batches carry the commands themselves.
    keeps_log: bool,
    /// Accounts and instruments that batches have told of.
    told: (usize, usize),
}

impl Engine {
    /// An engine over `exchange`, which has carried out `number` commands; `memory` is what it remembers of whom.
    ///
    /// Users get their seats in order, from 1; seat 0 is the server's own, without limits.
    pub fn new(exchange: Exchange, users: &[User], number: u64, memory: Memory) -> Engine {
        let told = (exchange.account_count(), exchange.spec().instruments.len());
        let mut others = memory;
        let own = Seat { key: 0, limits: Limits::default() };
        let named = users.iter().map(|user| Seat { key: user.key(), limits: user.limits });
        let seats: Vec<Seat> = std::iter::once(own).chain(named).collect();
        let remembered =
            seats.iter().map(|seat| others.remove(&seat.key).unwrap_or_default()).collect();
        Engine { exchange, seats, remembered, others, number, keeps_log: false, told }
    }

    /// Has batches carry the commands themselves: for a journal, or for a follower.
    pub fn keep_log(&mut self) {
        self.keeps_log = true;
    }

    /// The exchange.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Number of the last command.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What is remembered of everybody.
    pub fn memory(&self) -> Memory {
        let seated = self.seats.iter().zip(&self.remembered);
        let mut memory = self.others.clone();
        memory.extend(
            seated
                .filter(|(_, remembered)| **remembered != Remembered::default())
                .map(|(seat, remembered)| (seat.key, remembered.clone())),
        );
        memory
    }

    /// Number of a user's last message: what a client goes on from.
    pub fn last_sequence(&self, user: UserId) -> u64 {
        self.remembered[user.index()].sequence
    }

    /// Carries a message out, unless it is a copy of one that was, and adds what came of it to `batch`.
    ///
    /// A command that the user's limits do not allow becomes [`Command::Refused`]: it is recorded and numbered as any other. Time
    /// is the message's, or that of the last command if it lies before it.
    /// Cost: that of [`Exchange::apply`] and some twenty nanoseconds.
    #[inline]
    pub fn carry_out(&mut self, inbound: &Inbound, batch: &mut Batch) {
        let ts = inbound.received.max(self.exchange.now());
        let answer = if self.remembered[inbound.user.index()].admits(inbound.once, ts) {
            let limits = &self.seats[inbound.user.index()].limits;
            match guards::check(limits, &self.exchange, &inbound.command) {
                Ok(()) => self.apply(inbound, ts, &inbound.command, batch),
                Err(reason) => {
                    let refused = guards::refused(&self.exchange, &inbound.command, reason);
                    self.apply(inbound, ts, &refused, batch);
                }
            }
            Answer::Done
        } else {
            Answer::Copy
        };
        batch.last = self.number;
        batch.outcomes.push(Outcome {
            user: inbound.user,
            tag: inbound.tag,
            received: inbound.received,
            ts,
            number: self.number,
            answer,
            events_end: batch.events.len() as u32,
        });
    }

    #[inline]
    fn apply(&mut self, inbound: &Inbound, ts: Ts, command: &Command, batch: &mut Batch) {
        self.number += 1;
        if self.keeps_log {
            let user = self.seats[inbound.user.index()].key;
            Record::write(&mut batch.log, self.number, ts, user, inbound.once, command);
        }
        self.exchange.apply(ts, command, &mut batch.events);
        let there = (self.exchange.account_count(), self.exchange.spec().instruments.len());
        if there != self.told {
            self.tell(there, batch);
        }
    }

    /// Carries out what the journal has, or the live engine's batches: as it was then, without limits, since they were looked at then.
    ///
    /// Errors: [`OutOfPlace`], where it does not follow the last; nothing is changed.
    pub fn replay(&mut self, record: &Record, events: &mut Vec<Event>) -> Result<(), OutOfPlace> {
        let now = self.exchange.now();
        if record.number != self.number + 1 || record.ts < now {
            return Err(OutOfPlace { number: self.number, now });
        }
        let seat = self.seats.iter().position(|seat| seat.key == record.user);
        let remembered = match seat {
            Some(seat) => &mut self.remembered[seat],
            None => self.others.entry(record.user).or_default(),
        };
        remembered.admits(record.once, record.ts);
        self.number = record.number;
        self.exchange.apply(record.ts, &record.command, events);
        Ok(())
    }

    /// Tells of accounts and instruments that have come into being. Rare, so kept away from orders.
    #[cold]
    #[inline(never)]
    fn tell(&mut self, there: (usize, usize), batch: &mut Batch) {
        let exchange = &self.exchange;
        batch.accounts.extend((self.told.0..there.0).map(|n| {
            let account = AccountId(n as u32);
            let owner = exchange.owner(account);
            NewAccount { account, owner, name: exchange.account_name(owner) }
        }));
        let listed = exchange.spec().instruments.iter().enumerate().skip(self.told.1);
        batch.instruments.extend(listed.map(|(n, spec)| (InstrumentId(n as u16), spec.clone())));
        self.told = there;
    }
}

/// A record that does not follow the last one carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfPlace {
    /// Number of the last command.
    pub number: u64,
    /// Its time.
    pub now: Ts,
}

impl Remembered {
    /// Whether a message is no copy of an earlier one; then it is remembered.
    ///
    /// Cost: O(1) by sequence, O([`TOKENS`]) by name.
    #[inline]
    fn admits(&mut self, once: Once, ts: Ts) -> bool {
        match once {
            Once::Unmarked => {}
            Once::Sequence(number) if number <= self.sequence => return false,
            Once::Sequence(number) => self.sequence = number,
            Once::Token(name) => {
                if self.tokens.contains(&name) {
                    return false;
                }
                if self.tokens.len() == TOKENS {
                    self.tokens.pop_front();
                }
                self.tokens.push_back(name);
            }
        }
        self.last = ts;
        true
    }
}
