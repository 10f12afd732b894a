//! Events of a DBN recording, one after another, as commands.

use super::{Action, Entry, Recording};
use crate::recorded::lines::name;
use crate::recorded::{Book, Fill, Look, Miss, Reason, Script, Standing, Step, Tally, ToldBy};
use plimsoll_types::{Label, Phase, Qty, Side};
use std::collections::{HashMap, HashSet};

/// Levels a side that are looked at after an event.
const DEPTH: usize = 10;

/// A conversion under way: a step an event.
///
/// Fills come before the changes of the book that they make, and within one trade in no order that binds: icebergs
/// stand in it where their last peak did. So of the fills that a trade tells, the one whose order stands at the front
/// goes first. Where none does and the order in front is cancelled by the same event without a fill, it is cancelled
/// first: that is self-match prevention at work. A filled order that a modify brings back above what was left of it is
/// an iceberg that shows its next peak: it enters anew, at the back.
/// An order that crosses without trading tells of an auction; it lasts to the next trade. A trade without a taker's
/// side is its uncross.
#[derive(Clone, Debug)]
pub struct Conversion<'a> {
    recording: &'a Recording,
    at: usize,
    books: Vec<Book>,
    /// The event each book is in.
    events: Vec<Vec<Entry>>,
    /// Books whose last event the file leaves open, to be taken as ended.
    open: usize,
    script: Script,
}

/// What is left of a fill.
struct Left {
    order: Label,
    price: i64,
    qty: u64,
    place: u64,
    /// Whether it was counted as missed already.
    missed: bool,
}

impl<'a> Conversion<'a> {
    pub(super) fn new(recording: &'a Recording) -> Conversion<'a> {
        Conversion {
            recording,
            at: 0,
            books: recording.books.iter().cloned().map(Book::new).collect(),
            events: vec![Vec::new(); recording.books.len()],
            open: 0,
            script: Script::new(recording.tally.clone()),
        }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        &self.script.tally
    }

    /// How many records of the recording have been taken.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next event that is whole: its book.
    fn gather(&mut self) -> Option<usize> {
        while let Some(entry) = self.recording.entries.get(self.at) {
            self.at += 1;
            let book = usize::from(entry.book);
            self.events[book].push(*entry);
            if entry.last {
                return Some(book);
            }
        }
        while self.open < self.events.len() {
            let book = self.open;
            self.open += 1;
            if !self.events[book].is_empty() {
                self.script.tally.add("events_without_end", 1);
                return Some(book);
            }
        }
        None
    }

    fn look(&self, instrument: usize) -> Look {
        let book = &self.books[instrument];
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
}

impl Iterator for Conversion<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let book = self.gather()?;
        let mut entries = std::mem::take(&mut self.events[book]);
        let mut event = Event {
            prefix: &self.recording.prefixes[book],
            book: &mut self.books[book],
            script: &mut self.script,
            entries: &entries,
            filled: HashSet::new(),
            ahead: HashMap::new(),
            cancelled: HashSet::new(),
        };
        event.carry_out();
        entries.clear();
        self.events[book] = entries;
        let look = self.look(book);
        Some(self.script.take(Some(look)))
    }
}

/// One event being carried out.
struct Event<'e> {
    prefix: &'e str,
    book: &'e mut Book,
    script: &'e mut Script,
    entries: &'e [Entry],
    /// Orders that this event filled, the taker's own reports among them.
    filled: HashSet<Label>,
    /// What fills took off an order that no change has told yet.
    ahead: HashMap<Label, u64>,
    /// Orders cancelled before their record's turn.
    cancelled: HashSet<Label>,
}

impl Event<'_> {
    fn carry_out(&mut self) {
        self.script.tally.add("events", 1);
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            self.script.at(entry.ts);
            let is_fill = |entry: &&Entry| entry.action == Action::Fill;
            let fills = match entry.action {
                Action::Trade => &self.entries[at + 1..],
                Action::Fill => &self.entries[at..],
                _ => &[],
            };
            let fills = &fills[..fills.iter().take_while(is_fill).count()];
            match entry.action {
                Action::Trade => self.trade(Some(entry), fills),
                Action::Fill => self.trade(None, fills),
                _ => self.change(entry),
            }
            let first = usize::from(entry.action != Action::Fill);
            at += first + fills.len();
        }
    }

    fn id(&self, entry: &Entry) -> Label {
        id(self.prefix, entry)
    }

    /// A trade as the taker's side tells it, and the fills that belong to it.
    fn trade(&mut self, trade: Option<&Entry>, fills: &[Entry]) {
        self.script.tally.add("trades", u64::from(trade.is_some()));
        self.filled.extend(fills.iter().map(|fill| id(self.prefix, fill)));
        let taker = trade.and_then(|trade| trade.side);
        if self.book.phase() == Phase::Auction {
            if let Some(trade) = trade.filter(|trade| trade.side.is_none()) {
                return self.uncross(trade, fills);
            }
            self.book.uncross_by_cancels(self.script);
            self.book.go(self.script, Phase::Continuous);
        }
        // The taker's own fill is the same execution, seen from its side.
        let resting = |fill: &&Entry| fill.side.is_none() || fill.side != taker;
        let left: Vec<Left> = fills
            .iter()
            .filter(resting)
            .map(|fill| Left {
                order: self.id(fill),
                price: fill.price,
                qty: u64::from(fill.qty),
                place: fill.place,
                missed: false,
            })
            .collect();
        self.script.tally.add("fills_of_takers", (fills.len() - left.len()) as u64);
        if let Some(trade) = trade {
            let told: u64 = left.iter().map(|fill| fill.qty).sum();
            self.script
                .tally
                .add("lots_not_from_this_book", u64::from(trade.qty).saturating_sub(told));
            if left.is_empty() {
                let (reason, place) = (Reason::NoRestingOrder, trade.place);
                self.script.tally.add("executions", 1);
                self.script.miss(Miss { reason, place, order: None, front: None });
            }
        }
        self.script.tally.add("executions", left.len() as u64);
        for fill in &left {
            *self.ahead.entry(fill.order).or_default() += fill.qty;
        }
        self.settle(left);
    }

    /// Takes the fills of one trade, as the queue has them.
    fn settle(&mut self, mut left: Vec<Left>) {
        let mut prevented = false;
        while let Some(first) = left.first() {
            let front =
                left.iter().position(|fill| !matches!(self.standing(fill), Standing::Not(..)));
            if let Some(at) = front {
                self.script.tally.add("fills_out_of_order", u64::from(at > 0));
                let after = u64::from(std::mem::take(&mut prevented));
                self.script.tally.add("executions_after_self_match", after);
                self.execute(&mut left, at);
            } else if let Standing::Not(_, Some(ahead)) = self.standing(first)
                && self.leaves_unfilled(&ahead)
            {
                self.prevent_self_match(&ahead);
                prevented = true;
            } else {
                let fill = left.remove(0);
                self.miss(&fill);
            }
        }
    }

    fn standing(&self, fill: &Left) -> Standing {
        self.book.standing(&fill.order, fill.price, fill.qty)
    }

    /// Trades with the order of fill `at`, which stands at the front.
    fn execute(&mut self, left: &mut Vec<Left>, at: usize) {
        let fill = &mut left[at];
        let Standing::Shown(shown) = self.book.standing(&fill.order, fill.price, fill.qty) else {
            let fill = left.remove(at);
            if fill.missed {
                self.book.execute_part(self.script, &fill.order, fill.qty, fill.place);
            } else {
                self.book.execute(self.script, &fill.order, fill.qty, fill.place);
            }
            return;
        };
        // More than it shows: the next peaks are taken to be one order at the back.
        let Some(order) = self.book.find(&fill.order) else { return };
        if !fill.missed {
            let (reason, place) = (Reason::HiddenQuantity, fill.place);
            self.script.miss(Miss { reason, place, order: Some(fill.order), front: None });
            fill.missed = true;
        }
        self.book.execute_part(self.script, &fill.order, shown, fill.place);
        fill.qty -= shown;
        self.script.tally.add("peaks_shown", 1);
        self.book.enter(self.script, fill.order, order.side, order.price, fill.qty);
    }

    fn miss(&mut self, fill: &Left) {
        let Standing::Not(reason, front) = self.standing(fill) else { return };
        if fill.missed {
            self.book.cut(self.script, &fill.order, fill.qty);
        } else {
            let miss = Miss { reason, place: fill.place, order: Some(fill.order), front };
            self.book.miss(self.script, miss, fill.qty);
        }
    }

    /// Whether the event cancels an order without having filled it.
    fn leaves_unfilled(&self, id: &Label) -> bool {
        let cancels = |entry: &&Entry| entry.action == Action::Cancel;
        let fills = |entry: &&Entry| entry.action == Action::Fill;
        self.entries.iter().filter(cancels).any(|entry| self.id(entry) == *id)
            && !self.entries.iter().filter(fills).any(|entry| self.id(entry) == *id)
    }

    /// The end of an auction: every fill in it, of both sides.
    fn uncross(&mut self, trade: &Entry, fills: &[Entry]) {
        self.script.tally.add("auctions", 1);
        self.script.tally.add("executions", fills.len() as u64);
        let (mut filled, mut unseen) = (Vec::new(), Vec::new());
        let mut wanting = [u64::from(trade.qty); 2];
        for entry in fills {
            let (order, qty) = (self.id(entry), u64::from(entry.qty));
            let price = self.book.listing().ticks(entry.price);
            let fill = Fill { order, price, qty: Qty::new(qty), place: entry.place };
            let Some(known) = self.book.find(&order) else {
                unseen.push(fill);
                continue;
            };
            *self.ahead.entry(order).or_default() += qty;
            let side = &mut wanting[known.side as usize];
            *side = side.saturating_sub(qty);
            filled.push(fill);
        }
        let unseen = self.enter_unseen(unseen, wanting);
        self.book.uncross(self.script, filled, unseen);
    }

    /// Orders that an auction fills though they never stood in the book: stops that it triggers, orders without a
    /// price. They enter as market orders; a fill does not tell their side, so they make up what is `wanting` on the
    /// one, then on the other.
    fn enter_unseen(&mut self, unseen: Vec<Fill>, mut wanting: [u64; 2]) -> Vec<Fill> {
        let mut entered = Vec::new();
        for fill in unseen {
            let (reason, place) = (Reason::UnknownOrder, fill.place);
            self.script.miss(Miss { reason, place, order: Some(fill.order), front: None });
            let qty = fill.qty.lots();
            let side =
                [Side::Buy, Side::Sell].into_iter().find(|side| wanting[*side as usize] >= qty);
            if let Some(side) = side {
                wanting[side as usize] -= qty;
                self.script.tally.add("auction_orders_without_price", 1);
                self.book.enter_at_market(self.script, &fill.order, side, qty);
                entered.push(fill);
            }
        }
        entered
    }

    /// A change of the book: carried out as far as the fills of the event have not done so already.
    fn change(&mut self, entry: &Entry) {
        let id = self.id(entry);
        let known = self.book.find(&id);
        match (entry.action, known) {
            (Action::Clear, _) => {
                self.script.tally.add("books_cleared", 1);
                self.book.clear(self.script);
            }
            (Action::Add, _) => self.enter(entry, id),
            (Action::Cancel, Some(_)) => {
                let more = self.told(&id, entry.qty);
                self.book.cut(self.script, &id, more);
            }
            (Action::Cancel, None) if self.gone(&id) => {}
            (Action::Cancel, None) => self.script.tally.add("cancels_of_unknown_orders", 1),
            (Action::Modify, Some(_)) if entry.qty == 0 => self.book.cancel(self.script, &id),
            (Action::Modify, None) if entry.qty == 0 => {}
            (Action::Modify, Some(order)) => {
                let (price, qty) = (entry.price, u64::from(entry.qty));
                if self.filled.contains(&id) && order.price == price && qty > order.qty {
                    self.script.tally.add("peaks_shown", 1);
                }
                if order.price != price {
                    self.make_room(order.side, price);
                }
                self.book.change(self.script, &id, price, qty);
            }
            (Action::Modify, None) => {
                let what = match self.filled.contains(&id) {
                    true => "peaks_shown",
                    false => "modifies_of_unknown_orders",
                };
                self.script.tally.add(what, 1);
                self.enter(entry, id);
            }
            (Action::Trade | Action::Fill, _) => {}
        }
    }

    /// What a cancel of `qty` takes off an order besides what fills took, which it tells once more.
    fn told(&mut self, id: &Label, qty: u32) -> u64 {
        let qty = u64::from(qty);
        let ahead = self.ahead.get_mut(id);
        let told = ahead.as_ref().map_or(0, |ahead| qty.min(**ahead));
        if let Some(ahead) = ahead {
            *ahead -= told;
        }
        qty - told
    }

    /// Whether this event itself took the order out of the book already.
    fn gone(&self, id: &Label) -> bool {
        self.filled.contains(id) || self.cancelled.contains(id)
    }

    fn enter(&mut self, entry: &Entry, id: Label) {
        let Some(side) = entry.side else { return };
        self.make_room(side, entry.price);
        self.book.enter(self.script, id, side, entry.price, u64::from(entry.qty));
    }

    /// Before an order enters at a price at which it would trade, though it did not: what the event cancels without
    /// a fill goes first (self-match prevention); then where the event has a fill, whatever else is in the way has
    /// gone, and else an auction is on.
    fn make_room(&mut self, side: Side, price: i64) {
        while self.book.phase() == Phase::Continuous && self.book.crosses(side, price) {
            let Some((front, _)) = self.book.front(side.opposite()) else { return };
            if self.leaves_unfilled(&front) {
                self.prevent_self_match(&front);
            } else if self.filled.is_empty() {
                self.book.go(self.script, Phase::Auction);
            } else {
                self.book.clear_the_way(self.script, side, price);
            }
        }
    }

    fn prevent_self_match(&mut self, id: &Label) {
        self.script.tally.add("self_match_cancels", 1);
        self.book.cancel(self.script, id);
        self.cancelled.insert(*id);
    }
}

/// An order's name in commands.
fn id(prefix: &str, entry: &Entry) -> Label {
    name(&format!("{prefix}{}", entry.order))
}
