//! Messages of a LOBSTER recording, one after another, as commands.

use super::sight::{self, Difference, Reach, Unseens, is_rest};
use super::{Kind, Message, Recording};
use crate::recorded::{Book, Look, Miss, Reason, Script, Standing, Step, Tally, ToldBy};
use plimsoll_types::{Label, Phase, Price, Qty, Side};
use std::collections::HashSet;

/// A conversion under way.
///
/// The book before the first message is the first row with that message undone. A level that comes into sight later,
/// where the last row did not reach, is taken from its row: what is missing there is entered, what is too much is
/// cancelled. Where later messages name such orders they enter under those names, in the order of their ids; the rest
/// of a level is one order without a name. Levels that were in sight all along are never touched for a row's sake,
/// unless messages and row contradict each other, which is counted ([`ToldBy::Neither`]).
/// Hidden executions and crosses meet no order of the book: they are counted.
#[derive(Clone, Debug)]
pub struct Conversion<'a> {
    recording: &'a Recording,
    at: usize,
    book: Book,
    script: Script,
    unseens: Unseens,
    /// Orders that entered by what a row shows.
    placed: HashSet<Label>,
    /// How far bids and asks could be seen in the last row.
    reach: [Reach; 2],
}

impl<'a> Conversion<'a> {
    pub(super) fn new(recording: &'a Recording) -> Conversion<'a> {
        Conversion {
            recording,
            at: 0,
            book: Book::new(recording.listing.clone()),
            script: Script::default(),
            unseens: Unseens::of(&recording.messages),
            placed: HashSet::new(),
            reach: [Reach::All; 2],
        }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        &self.script.tally
    }

    /// How many messages have been taken.
    pub fn position(&self) -> usize {
        self.at
    }

    fn begin(&mut self, first: &Message) {
        let Some((row, depth)) = sight::row(&self.recording.book, 0) else { return };
        for side in [Side::Buy, Side::Sell] {
            let levels = sight::before_first(row, first, side);
            // A full row shows nothing beyond its last level, whether or not the message undone had opened one.
            self.reach[side as usize] = match row.side(side).len() >= depth {
                true => Reach::of(&levels, 0),
                false => Reach::All,
            };
            for (price, qty) in levels {
                self.fill(side, price, qty, "orders_before_recording");
            }
        }
    }

    /// Enters orders without a message that make up `qty` at a price.
    fn fill(&mut self, side: Side, price: i64, qty: u64, what: &'static str) {
        for (id, qty) in self.unseens.place(self.at, side, price, qty) {
            self.script.tally.add(what, 1);
            self.placed.insert(id);
            self.book.enter(&mut self.script, id, side, price, qty);
        }
    }

    fn carry_out(&mut self, message: &Message) {
        let place = self.at as u64 + 1;
        let (script, book) = (&mut self.script, &mut self.book);
        match message.kind {
            Kind::Add => {
                if book.phase() == Phase::Continuous {
                    book.clear_the_way(script, message.side, message.price);
                }
                book.enter(script, message.order(), message.side, message.price, message.qty);
            }
            Kind::Cancel | Kind::Delete => self.cancel(message),
            Kind::Execution => self.execute(message, place),
            Kind::Hidden => {
                script.tally.add("hidden_executions", 1);
                script.tally.add("hidden_lots", message.qty);
            }
            Kind::Cross => script.tally.add("cross_trades", 1),
            Kind::Halt => {
                script.tally.add("halt_messages", 1);
                let phase = match message.price {
                    -1 => Phase::Halted,
                    0 => Phase::Auction,
                    _ => Phase::Continuous,
                };
                if phase == Phase::Continuous {
                    // The cross that ends a halt is a message of its own: what it left no longer crosses.
                    book.uncross_by_cancels(script);
                }
                book.go(script, phase);
            }
        }
    }

    fn cancel(&mut self, message: &Message) {
        let id = message.order();
        let known = self.book.find(&id).map(|_| id);
        let Some(id) = known.or_else(|| self.rest(message)) else {
            self.script.tally.add("cancels_of_unknown_orders", 1);
            return;
        };
        if known.is_none() {
            self.script.tally.add("cancels_resolved_against_rests", 1);
        }
        self.book.cut(&mut self.script, &id, message.qty);
    }

    fn execute(&mut self, message: &Message, place: u64) {
        let (script, book, qty) = (&mut self.script, &mut self.book, message.qty);
        let id = message.order();
        script.tally.add("executions", 1);
        match book.standing(&id, message.price, qty) {
            Standing::Front => {
                if self.placed.contains(&id) {
                    script.tally.add("executions_of_placed_orders", 1);
                }
                book.execute(script, &id, qty, place);
            }
            Standing::Shown(shown) => {
                let miss =
                    Miss { reason: Reason::HiddenQuantity, place, order: Some(id), front: None };
                script.miss(miss);
                book.execute_part(script, &id, shown, place);
            }
            Standing::Not(Reason::UnknownOrder, _) => self.execute_rest(message, place),
            Standing::Not(reason, front) => {
                let miss = Miss { reason, place, order: Some(id), front };
                book.miss(script, miss, qty);
            }
        }
    }

    /// An execution of an order that is not there: of the order without a name at its price, where there is one.
    fn execute_rest(&mut self, message: &Message, place: u64) {
        let rest = self.rest(message);
        let (script, book) = (&mut self.script, &mut self.book);
        let reason = rest.map_or(Reason::UnknownOrder, |_| Reason::Placeholder);
        script.miss(Miss { reason, place, order: Some(message.order()), front: None });
        let Some(rest) = rest else { return };
        match book.standing(&rest, message.price, message.qty) {
            Standing::Not(..) => book.cut(script, &rest, message.qty),
            _ => book.execute_part(script, &rest, message.qty, place),
        }
    }

    /// The order without a name at a message's price.
    fn rest(&self, message: &Message) -> Option<Label> {
        self.book.queue(message.side, message.price).find(is_rest)
    }

    /// Follows the row after the message where it shows what no message said.
    fn look(&mut self) -> Option<Look> {
        let (row, depth) = sight::row(&self.recording.book, self.at)?;
        let mut told_by = ToldBy::Messages;
        for side in [Side::Buy, Side::Sell] {
            let theirs = row.side(side);
            let (before, now) = (self.reach[side as usize], Reach::of(theirs, depth));
            for difference in sight::differences(self.book.levels(side), theirs, side, now) {
                let known = before.holds(side, difference.price);
                told_by = told_by.max(if known { ToldBy::Neither } else { ToldBy::Sight });
                self.adjust(side, difference);
            }
            self.reach[side as usize] = now;
        }
        let listing = self.book.listing();
        let level = |(price, qty): &(i64, u64)| (listing.ticks(*price), Qty::new(*qty));
        let levels = |side| -> Vec<(Price, Qty)> { row.side(side).iter().map(level).collect() };
        let (bids, asks) = (levels(Side::Buy), levels(Side::Sell));
        Some(Look { instrument: 0, bids, asks, depth, orders: None, told_by })
    }

    fn adjust(&mut self, side: Side, difference: Difference) {
        let Difference { price, ours, theirs } = difference;
        if theirs > ours {
            self.fill(side, price, theirs - ours, "orders_come_into_sight");
            return;
        }
        // Who went is not known: those without a name first, then the last to enter.
        let mut queue: Vec<Label> = self.book.queue(side, price).collect();
        queue.reverse();
        queue.sort_by_key(|id| !is_rest(id));
        let mut surplus = ours - theirs;
        for id in queue {
            let open = self.book.find(&id).map_or(0, |order| order.qty);
            let gone = open.min(surplus);
            if gone == 0 {
                break;
            }
            self.script.tally.add("orders_gone_out_of_sight", 1);
            self.book.cut(&mut self.script, &id, gone);
            surplus -= gone;
        }
    }
}

impl Iterator for Conversion<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let message = *self.recording.messages.get(self.at)?;
        self.script.at(message.ts);
        if self.at == 0 {
            self.begin(&message);
        }
        self.carry_out(&message);
        let look = self.look();
        self.at += 1;
        Some(self.script.take(look))
    }
}
