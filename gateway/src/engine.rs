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
use std::collections::BTreeMap;

/// What the engine knows of a user of this run.
struct Seat {
    key: u64,
    limits: Limits,
}

/// The engine: one exchange, and what is remembered of its users.
pub struct Engine {
    exchange: Exchange,
    seats: Vec<Seat>,
    /// The seat of a key, for records.
    by_key: BTreeMap<u64, usize>,
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
        let by_key = seats.iter().enumerate().map(|(n, seat)| (seat.key, n)).collect();
        Engine { exchange, seats, by_key, remembered, others, number, keeps_log: false, told }
    }

    /// Has batches carry the commands themselves: for a journal, or for a follower.
    pub fn keep_log(&mut self) {
        self.keeps_log = true;
    }

    /// The exchange.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The exchange, and nothing else.
    pub fn into_exchange(self) -> Exchange {
        self.exchange
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
        let remembered = match self.by_key.get(&record.user) {
            Some(&seat) => &mut self.remembered[seat],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::{ANNA, MAKER, USER, engine, label, limit, send, spec, users};
    use plimsoll_types::{EventKind, Reject, Side};

    fn order(id: &str, side: Side) -> Command {
        Command::Order(limit(ANNA, id, side, 5000, 1))
    }

    #[test]
    fn a_number_not_above_the_last_one_is_a_copy() {
        let mut engine = engine(Limits::default());
        let first = send(&mut engine, 5, Once::Sequence(3), order("a", Side::Buy));
        assert_eq!((first.outcomes[0].answer, first.events.len()), (Answer::Done, 1));
        for number in [3, 1] {
            let copy = send(&mut engine, 6, Once::Sequence(number), order("b", Side::Buy));
            assert_eq!((copy.outcomes[0].answer, copy.events.len()), (Answer::Copy, 0));
            assert_eq!((copy.last, copy.outcomes[0].number), (1, 1));
        }
        let next = send(&mut engine, 7, Once::Sequence(9), order("b", Side::Buy));
        assert_eq!((next.outcomes[0].answer, next.outcomes[0].number), (Answer::Done, 2));
        assert_eq!((engine.number(), engine.last_sequence(USER)), (2, 9));
    }

    #[test]
    fn a_name_is_remembered_until_so_many_others_have_come() {
        let mut engine = engine(Limits::default());
        let mut send =
            |name| send(&mut engine, 1, Once::Token(name), Command::Time).outcomes[0].answer;
        assert_eq!([send(77), send(77)], [Answer::Done, Answer::Copy]);
        for name in 0..TOKENS as u64 - 1 {
            assert_eq!(send(1000 + name), Answer::Done);
        }
        assert_eq!(send(77), Answer::Copy);
        assert_eq!([send(78), send(77)], [Answer::Done, Answer::Done]);
    }

    #[test]
    fn the_engines_time_never_runs_back() {
        let mut engine = engine(Limits::default());
        send(&mut engine, 900, Once::Unmarked, Command::Time);
        let late = send(&mut engine, 400, Once::Unmarked, order("a", Side::Buy));
        assert_eq!((late.outcomes[0].received, late.outcomes[0].ts), (400, 900));
        assert_eq!(late.events[0].ts, 900);
    }

    #[test]
    fn records_make_an_equal_engine_that_knows_the_same_copies() {
        let mut live = engine(Limits {
            order_quantity: Some(plimsoll_types::Qty::new(5)),
            ..Limits::default()
        });
        live.keep_log();
        let (mut log, mut events) = (Vec::new(), Vec::new());
        let commands = [
            (Once::Sequence(1), Command::Order(limit(MAKER, "m", Side::Sell, 5000, 3))),
            (Once::Sequence(2), order("a", Side::Buy)),
            (Once::Sequence(2), order("b", Side::Buy)),
            (Once::Token(8), Command::Order(limit(ANNA, "c", Side::Buy, 5000, 6))),
            (
                Once::Unmarked,
                Command::OpenAccount { name: label("new"), profile: plimsoll_types::ProfileId(0) },
            ),
        ];
        for (n, (once, command)) in commands.into_iter().enumerate() {
            let batch = send(&mut live, n as u64, once, command);
            log.extend(batch.log);
            events.extend(batch.events);
            assert_eq!(batch.accounts.len(), usize::from(n == 4));
        }
        let guarded = events.iter().filter(|event| {
            matches!(event.kind, EventKind::Rejected { reason: Reject::OrderQuantity, .. })
        });
        assert_eq!((guarded.count(), live.number()), (1, 4));

        // Whoever replays has no limits and perhaps other users.
        let mut again =
            Engine::new(Exchange::new(spec()), &users(Limits::default())[1..], 0, Memory::new());
        let (mut rest, mut replayed) = (log.as_slice(), Vec::new());
        while let Some((record, after)) = Record::read(rest) {
            again.replay(&record, &mut replayed).expect("in place");
            rest = after;
        }
        assert!(rest.is_empty());
        assert_eq!(replayed, events);
        assert_eq!(again.exchange().state_hash(), live.exchange().state_hash());
        assert_eq!(again.memory(), live.memory());
        let last =
            Record { number: 4, ts: 9, user: 0, once: Once::Unmarked, command: Command::Time };
        assert_eq!(again.replay(&last, &mut replayed), Err(OutOfPlace { number: 4, now: 4 }));
    }
}
