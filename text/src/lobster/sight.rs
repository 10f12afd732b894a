//! What the levels in sight say of orders that no message speaks of.

use super::rows::{Row, Rows};
use super::{Kind, Message};
use plimsoll_types::{Label, Side};
use std::collections::{BTreeMap, HashMap};

use crate::recorded::lines::name;

/// How far a side could be seen in the last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To its end.
    All,
    /// To this price.
    To(i64),
}

impl Reach {
    /// The reach of a row that shows up to `depth` levels, `levels` of them on this side.
    pub(super) fn of(levels: &[(i64, u64)], depth: usize) -> Reach {
        match levels.last() {
            Some((last, _)) if levels.len() >= depth => Reach::To(*last),
            _ => Reach::All,
        }
    }

    /// Whether a price was in sight.
    pub(super) fn holds(self, side: Side, price: i64) -> bool {
        match (self, side) {
            (Reach::All, _) => true,
            (Reach::To(last), Side::Buy) => price >= last,
            (Reach::To(last), Side::Sell) => price <= last,
        }
    }
}

/// A side's levels before the first message: those after it, with the message undone.
pub(super) fn before_first(row: &Row, message: &Message, side: Side) -> Vec<(i64, u64)> {
    let mut levels: BTreeMap<i64, u64> = row.side(side).iter().copied().collect();
    if side == message.side {
        match message.kind {
            Kind::Add => {
                let left =
                    levels.get(&message.price).map_or(0, |qty| qty.saturating_sub(message.qty));
                match left {
                    0 => levels.remove(&message.price),
                    left => levels.insert(message.price, left),
                };
            }
            Kind::Cancel | Kind::Delete | Kind::Execution => {
                *levels.entry(message.price).or_default() += message.qty;
            }
            Kind::Hidden | Kind::Cross | Kind::Halt => {}
        }
    }
    match side {
        Side::Buy => levels.into_iter().rev().collect(),
        Side::Sell => levels.into_iter().collect(),
    }
}

/// An order that a message names before any has entered it.
#[derive(Clone, Copy, Debug)]
struct Unseen {
    id: u64,
    /// The message that names it first.
    first: usize,
    /// What all messages together take off it: the least that it held.
    qty: u64,
}

/// Orders that came without a message, by side and price: what later messages say of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Unseens {
    orders: HashMap<(Side, i64), Vec<Unseen>>,
    /// Orders without a name made so far.
    rests: u64,
}

impl Unseens {
    /// Looks through all messages for orders that none enters.
    pub(super) fn of(messages: &[Message]) -> Unseens {
        let mut entered = std::collections::HashSet::new();
        let mut orders: HashMap<(Side, i64), Vec<Unseen>> = HashMap::new();
        for (at, message) in messages.iter().enumerate().filter(|(_, m)| m.is_visible()) {
            if message.kind == Kind::Add {
                entered.insert(message.id);
            } else if !entered.contains(&message.id) {
                let queue = orders.entry((message.side, message.price)).or_default();
                match queue.iter_mut().find(|unseen| unseen.id == message.id) {
                    Some(unseen) => unseen.qty += message.qty,
                    None => queue.push(Unseen { id: message.id, first: at, qty: message.qty }),
                }
            }
        }
        // Ids rise with time: who entered first stands in front.
        orders.values_mut().for_each(|queue| queue.sort_by_key(|unseen| unseen.id));
        Unseens { orders, rests: 0 }
    }

    /// Who may make up `qty` at a price before message `at`: orders that later messages name, in order of entry, then
    /// one without a name for what is left.
    pub(super) fn place(
        &mut self,
        at: usize,
        side: Side,
        price: i64,
        qty: u64,
    ) -> Vec<(Label, u64)> {
        let (mut placed, mut left) = (Vec::new(), qty);
        if let Some(queue) = self.orders.get_mut(&(side, price)) {
            queue.retain(|unseen| {
                let take = unseen.first >= at && unseen.qty <= left;
                if take {
                    placed.push((name(&unseen.id.to_string()), unseen.qty));
                    left -= unseen.qty;
                }
                !take
            });
        }
        if left > 0 {
            self.rests += 1;
            placed.push((name(&format!("{REST}{}", self.rests)), left));
        }
        placed
    }
}

/// How the ids of orders without a name begin.
const REST: &str = "rest-";

/// Whether an order is one without a name.
pub(super) fn is_rest(id: &Label) -> bool {
    id.as_str().starts_with(REST)
}

/// What a row shows of a side where the book has something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) price: i64,
    /// In the book.
    pub(super) ours: u64,
    /// In the row.
    pub(super) theirs: u64,
}

/// Where the book and a row differ, as far as the row shows; `ours` are the book's levels from the best.
pub(super) fn differences(
    ours: impl Iterator<Item = (i64, u64)>,
    theirs: &[(i64, u64)],
    side: Side,
    reach: Reach,
) -> Vec<Difference> {
    let mut levels: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (price, qty) in ours.take_while(|(price, _)| reach.holds(side, *price)) {
        levels.entry(price).or_default().0 = qty;
    }
    for (price, qty) in theirs {
        levels.entry(*price).or_default().1 = *qty;
    }
    let differ = levels.into_iter().filter(|(_, (ours, theirs))| ours != theirs);
    differ.map(|(price, (ours, theirs))| Difference { price, ours, theirs }).collect()
}

/// The rows' depth and row `at`, where there is a book file.
pub(super) fn row(book: &Option<Rows>, at: usize) -> Option<(&Row, usize)> {
    let rows = book.as_ref()?;
    Some((rows.rows.get(at)?, rows.depth))
}
