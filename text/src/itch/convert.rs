//! Messages of an ITCH file, one after another, as commands.

use super::messages::{Body, Message, Messages};
use super::survey::Survey;
use crate::recorded::lines::name;
use crate::recorded::{Book, Look, Miss, Reason, Script, Standing, Step, Tally, ToldBy};
use crate::r#where::Error;
use plimsoll_types::{Label, Phase, Price, Qty, Side};
use std::collections::HashMap;

/// Levels a side that are looked at after a message.
const DEPTH: usize = 10;

/// A conversion under way.
pub struct Conversion {
    books: Vec<Book>,
    /// By the stock's number of the day.
    places: HashMap<u16, usize>,
    script: Script,
}

impl Conversion {
    /// Of the stocks of a survey.
    pub fn new(survey: &Survey) -> Conversion {
        let places = survey.listings.keys().copied().zip(0..);
        Conversion {
            books: survey.listings.values().cloned().map(Book::new).collect(),
            places: places.collect(),
            script: Script::default(),
        }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        &self.script.tally
    }

    /// Carries out the next message; `None` at the end.
    ///
    /// Errors: as [`Messages::read`].
    pub fn next(&mut self, messages: &mut Messages<'_>) -> Result<Option<Step>, Error> {
        let Some(message) = messages.read()? else { return Ok(None) };
        if message.body == Body::Unknown {
            self.script.tally.add("messages_of_unknown_type", 1);
            return Ok(Some(Step::default()));
        }
        let Some(&place) = self.places.get(&message.stock) else {
            self.script.tally.add("messages_of_other_stocks", 1);
            return Ok(Some(Step::default()));
        };
        self.script.at(message.ts);
        let touched =
            Scribe { script: &mut self.script, book: &mut self.books[place] }.carry_out(&message);
        let look = touched.then(|| look(place, &self.books[place]));
        Ok(Some(self.script.take(look)))
    }
}

fn look(instrument: usize, book: &Book) -> Look {
    let level = |(price, qty)| (book.listing().ticks(price), Qty::new(qty));
    let best = |side| book.levels(side).take(DEPTH).map(level);
    Look {
        instrument,
        bids: best(Side::Buy).collect(),
        asks: best(Side::Sell).collect(),
        depth: DEPTH,
        orders: u32::try_from(book.len()).ok(),
        told_by: ToldBy::Messages,
    }
}

/// One message being carried out.
struct Scribe<'a> {
    script: &'a mut Script,
    book: &'a mut Book,
}

impl Scribe<'_> {
    /// Carries a message out; whether it is one about the displayed book.
    fn carry_out(&mut self, message: &Message) -> bool {
        let tally = &mut self.script.tally;
        match message.body {
            Body::Add { order, side, shares, price, .. } => {
                self.enter(label(order), side, price, shares);
            }
            Body::Executed { order, shares } => self.execute(message, order, shares, None),
            Body::ExecutedAt { order, shares, price, printed } => {
                self.script.tally.add("executions_with_price", 1);
                let cross = (!printed).then_some(Reason::Uncross);
                self.execute_at(message, (order, shares, price), cross);
            }
            Body::Cancel { order, shares } => self.cut(order, shares),
            Body::Delete { order } => self.cut(order, u64::MAX),
            Body::Replace { order, new, shares, price } => self.replace(order, new, price, shares),
            Body::State(state) => self.turn(state),
            Body::Hidden { shares } => {
                tally.add("hidden_executions", 1);
                tally.add("hidden_lots", shares);
                return false;
            }
            Body::Cross { shares, .. } => {
                tally.add("cross_trades", 1);
                tally.add("cross_lots", shares);
                return false;
            }
            Body::Broken => {
                tally.add("trades_broken_later", 1);
                return false;
            }
            Body::Listed(_) | Body::Aside | Body::Unknown => {
                tally.add("messages_beside_the_book", 1);
                return false;
            }
        }
        true
    }

    fn enter(&mut self, id: Label, side: Side, price: i64, shares: u64) {
        let listing = self.book.listing();
        let too_far = (price + listing.shift) / listing.tick > Price::MAX.ticks();
        if too_far || shares == 0 {
            let what = if too_far { "orders_too_far_away" } else { "orders_of_nothing" };
            return self.script.tally.add(what, 1);
        }
        if self.book.phase() == Phase::Continuous {
            self.book.clear_the_way(self.script, side, price);
        }
        self.book.enter(self.script, id, side, price, shares);
    }

    fn cut(&mut self, order: u64, shares: u64) {
        let id = label(order);
        if self.book.find(&id).is_none() {
            return self.script.tally.add("cancels_of_unknown_orders", 1);
        }
        self.book.cut(self.script, &id, shares);
    }

    fn replace(&mut self, order: u64, new: u64, price: i64, shares: u64) {
        let id = label(order);
        let Some(old) = self.book.find(&id) else {
            return self.script.tally.add("replaces_of_unknown_orders", 1);
        };
        self.script.tally.add("replaces_by_new_orders", 1);
        self.book.cancel(self.script, &id);
        self.enter(label(new), old.side, price, shares);
    }

    /// An execution at a price of its own, or in a cross.
    fn execute_at(
        &mut self,
        message: &Message,
        (order, shares, price): (u64, u64, i64),
        cross: Option<Reason>,
    ) {
        match cross {
            None => self.execute(message, order, shares, Some(price)),
            Some(reason) => {
                self.script.tally.add("executions", 1);
                let id = label(order);
                let miss = Miss { reason, place: message.place, order: Some(id), front: None };
                self.book.miss(self.script, miss, shares);
            }
        }
    }

    fn execute(&mut self, message: &Message, order: u64, shares: u64, price: Option<i64>) {
        self.script.tally.add("executions", 1);
        let (id, place) = (label(order), message.place);
        let price = price.or(self.book.find(&id).map(|order| order.price)).unwrap_or(0);
        match self.book.standing(&id, price, shares) {
            Standing::Front => self.book.execute(self.script, &id, shares, place),
            Standing::Shown(shown) => {
                let reason = Reason::HiddenQuantity;
                self.script.miss(Miss { reason, place, order: Some(id), front: None });
                self.book.execute_part(self.script, &id, shown, place);
            }
            Standing::Not(reason, front) => {
                let miss = Miss { reason, place, order: Some(id), front };
                self.book.miss(self.script, miss, shares);
            }
        }
    }

    fn turn(&mut self, state: u8) {
        let phase = if state == b'T' { Phase::Continuous } else { Phase::Auction };
        if phase == self.book.phase() {
            return;
        }
        self.script.tally.add("halt_messages", 1);
        if phase == Phase::Continuous {
            // The cross that ends a halt has messages of its own: what it left no longer crosses.
            self.book.uncross_by_cancels(self.script);
        }
        self.book.go(self.script, phase);
    }
}

/// An order's name in commands.
fn label(order: u64) -> Label {
    name(&order.to_string())
}
