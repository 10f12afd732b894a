//! lobster: levels in a tree, each a vector of places in an arena. It has no replace: cancel and add.

use super::steps::{self, Step, Steps, count};
use ::lobster::{FillMetadata, OrderBook, OrderEvent, OrderType, Side};
use plimsoll::workload::{Flow, Tally};
use std::rc::Rc;

pub(super) struct Peer(OrderBook);

impl Peer {
    #[inline]
    fn limit(&mut self, id: u32, side: plimsoll_types::Side, price: u32, qty: u32) -> OrderEvent {
        let side = match side {
            plimsoll_types::Side::Buy => Side::Bid,
            plimsoll_types::Side::Sell => Side::Ask,
        };
        let (id, price, qty) = (u128::from(id), u64::from(price), u64::from(qty));
        self.0.execute(OrderType::Limit { id, side, qty, price })
    }
}

fn count_all(fills: &[FillMetadata], tally: &mut Tally) {
    for fill in fills {
        count(tally, fill.price, fill.qty);
    }
}

impl steps::Peer for Peer {
    const NAME: &'static str = "lobster";
    type Op = Step;

    fn prepare(steps: &Steps) -> [Rc<[Step]>; 2] {
        [steps.setup.clone(), steps.ops.clone()]
    }

    fn open(flow: &Flow) -> Peer {
        // Room for what rests; 10 a level at first is its own default.
        Peer(OrderBook::new(flow.resting + flow.resting / 2, 10, false))
    }

    #[inline]
    fn apply(&mut self, step: &Step, tally: &mut Tally) {
        let event = match *step {
            Step::Enter { id, side, price, qty, .. } => self.limit(id, side, price, qty),
            Step::Cancel { id } => self.0.execute(OrderType::Cancel { id: u128::from(id) }),
            Step::Replace { old, id, side, price, qty, .. } => {
                self.0.execute(OrderType::Cancel { id: u128::from(old) });
                self.limit(id, side, price, qty)
            }
        };
        match &event {
            OrderEvent::Filled { fills, .. } | OrderEvent::PartiallyFilled { fills, .. } => {
                count_all(fills, tally);
            }
            _ => {
                std::hint::black_box(&event);
            }
        }
    }
}
