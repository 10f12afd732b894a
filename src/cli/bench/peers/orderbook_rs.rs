//! orderbook-rs: lock-free levels in a skip list, made for several threads at once; here, as everywhere, one drives it.

use super::steps::{self, Step, Steps, count};
use ::orderbook_rs::prelude::{Id, Side, StubClock, TimeInForce};
use ::orderbook_rs::{Clock, OrderBook};
use plimsoll::workload::{Flow, Tally};
use std::rc::Rc;
use std::sync::Arc;

pub(super) struct Peer(OrderBook<()>);

impl Peer {
    #[inline]
    fn limit(
        &mut self,
        id: u32,
        (side, price, qty): (plimsoll_types::Side, u32, u32),
        tally: &mut Tally,
    ) {
        let side = match side {
            plimsoll_types::Side::Buy => Side::Buy,
            plimsoll_types::Side::Sell => Side::Sell,
        };
        let (price, qty) = (u128::from(price), u64::from(qty));
        let id = Id::Sequential(u64::from(id));
        let added =
            self.0.add_limit_order_with_result(id, price, qty, side, TimeInForce::Gtc, None);
        if let Ok((_, Some(result))) = &added {
            for trade in result.match_result.trades().as_vec() {
                count(tally, trade.price().as_u128() as u64, trade.quantity().as_u64());
            }
        }
    }

    #[inline]
    fn cancel(&mut self, id: u32) {
        let _ = std::hint::black_box(self.0.cancel_order(Id::Sequential(u64::from(id))));
    }
}

impl steps::Peer for Peer {
    const NAME: &'static str = "orderbook-rs";
    type Op = Step;

    fn prepare(steps: &Steps) -> [Rc<[Step]>; 2] {
        [steps.setup.clone(), steps.ops.clone()]
    }

    fn open(_: &Flow) -> Peer {
        // Its counting clock: cheaper than the machine's, which it would read for every order.
        let clock = Arc::new(StubClock::new()) as Arc<dyn Clock>;
        Peer(OrderBook::with_clock("IF", clock))
    }

    #[inline]
    fn apply(&mut self, step: &Step, tally: &mut Tally) {
        match *step {
            Step::Enter { id, side, price, qty, .. } => self.limit(id, (side, price, qty), tally),
            Step::Cancel { id } => self.cancel(id),
            // Its own replace is a cancel and an add after a validation of both, and slower.
            Step::Replace { old, id, side, price, qty, .. } => {
                self.cancel(old);
                self.limit(id, (side, price, qty), tally);
            }
        }
    }
}
