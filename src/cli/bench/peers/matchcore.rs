//! matchcore: levels in a tree over a slab, orders in a fast hash map; commands numbered without gaps.
//!
//! Its limit orders do not stop at their limit: once one crosses, it sweeps on through whatever prices it meets
//! (`submit_crossable_order` matches without one, 0.4.0). So that its fills are ours, an order that crosses and is not used up at
//! its limit enters as two: the lots that trade, and the rest, which then no longer crosses.

use super::steps::{self, Step, Steps, count};
use ::matchcore::{
    AmendCmd, AmendPatch, CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome,
    CommandReport, LimitOrder, LimitOrderPatch, NewOrder, OrderBook, OrderFlags, OrderId,
    OrderKind, Price, Quantity, QuantityPolicy, SequenceNumber, Side, SubmitCmd, TimeInForce,
    Timestamp,
};
use plimsoll::workload::{Flow, Tally};
use std::rc::Rc;

pub(super) struct Peer {
    book: OrderBook,
    next: u64,
}

/// A step under its own ids, which are the numbers of the commands that entered the orders.
pub(super) enum Op {
    Submit {
        side: Side,
        price: u32,
        qty: u32,
    },
    SubmitInTwo {
        side: Side,
        price: u32,
        taken: u32,
        rest: u32,
    },
    Cancel {
        id: u64,
    },
    /// Its amendment keeps the place of an order that stays as it is; that one goes and comes back.
    Again {
        id: u64,
        side: Side,
        price: u32,
        qty: u32,
    },
    Amend {
        id: u64,
        price: u32,
        qty: u32,
    },
}

fn side(side: plimsoll_types::Side) -> Side {
    match side {
        plimsoll_types::Side::Buy => Side::Buy,
        plimsoll_types::Side::Sell => Side::Sell,
    }
}

fn standard(qty: u32) -> QuantityPolicy {
    QuantityPolicy::Standard { quantity: Quantity(u64::from(qty)) }
}

impl Peer {
    #[inline]
    fn execute(&mut self, kind: CommandKind, tally: &mut Tally) {
        let meta =
            CommandMeta { sequence_number: SequenceNumber(self.next), timestamp: Timestamp(0) };
        self.next += 1;
        let outcome = self.book.execute(&Command { meta, kind });
        let effects = match &outcome {
            CommandOutcome::Applied(
                CommandReport::Submit(effects) | CommandReport::Amend(effects),
            ) => effects,
            _ => {
                std::hint::black_box(&outcome);
                return;
            }
        };
        if let Some(result) = effects.target_order().match_result() {
            for trade in result.trades() {
                count(tally, trade.price().0, trade.quantity().0);
            }
        }
    }

    #[inline]
    fn submit(&mut self, side: Side, price: u32, qty: u32, tally: &mut Tally) {
        let flags = OrderFlags::new(side, false, TimeInForce::Gtc);
        let order = LimitOrder::new(Price(u64::from(price)), standard(qty), flags);
        self.execute(CommandKind::Submit(SubmitCmd { order: NewOrder::Limit(order) }), tally);
    }

    #[inline]
    fn cancel(&mut self, id: u64, tally: &mut Tally) {
        let cancel = CancelCmd { order_id: OrderId(id), order_kind: OrderKind::Limit };
        self.execute(CommandKind::Cancel(cancel), tally);
    }
}

impl steps::Peer for Peer {
    const NAME: &'static str = "matchcore";
    type Op = Op;

    fn prepare(steps: &Steps) -> [Rc<[Op]>; 2] {
        let mut ids = vec![0_u64];
        let mut next = 0;
        let mut all = |steps: &[Step]| -> Rc<[Op]> {
            let one = |step: &Step| {
                let (op, commands) = match *step {
                    Step::Enter { side: which, price, qty, taken, .. } => {
                        let side = side(which);
                        // What rests is the last command's.
                        let (op, commands) = if taken == 0 || taken == qty {
                            (Op::Submit { side, price, qty }, 1)
                        } else {
                            (Op::SubmitInTwo { side, price, taken, rest: qty - taken }, 2)
                        };
                        ids.push(next + commands - 1);
                        (op, commands)
                    }
                    Step::Cancel { id } => (Op::Cancel { id: ids[id as usize] }, 1),
                    Step::Replace { old, side: which, price, qty, was, .. } => {
                        let id = ids[old as usize];
                        if was == (price, qty) {
                            ids.push(next + 1);
                            (Op::Again { id, side: side(which), price, qty }, 2)
                        } else {
                            ids.push(id);
                            (Op::Amend { id, price, qty }, 1)
                        }
                    }
                };
                next += commands;
                op
            };
            steps.iter().map(one).collect()
        };
        let setup = all(&steps.setup);
        let ops = all(&steps.ops);
        [setup, ops]
    }

    fn open(_: &Flow) -> Peer {
        Peer { book: OrderBook::new("IF"), next: 0 }
    }

    #[inline]
    fn apply(&mut self, op: &Op, tally: &mut Tally) {
        match *op {
            Op::Submit { side, price, qty } => self.submit(side, price, qty, tally),
            Op::SubmitInTwo { side, price, taken, rest } => {
                self.submit(side, price, taken, tally);
                self.submit(side, price, rest, tally);
            }
            Op::Cancel { id } => self.cancel(id, tally),
            Op::Again { id, side, price, qty } => {
                self.cancel(id, tally);
                self.submit(side, price, qty, tally);
            }
            Op::Amend { id, price, qty } => {
                let patch = LimitOrderPatch::new()
                    .with_price(Price(u64::from(price)))
                    .with_quantity_policy(standard(qty));
                let amend = AmendCmd { order_id: OrderId(id), patch: AmendPatch::Limit(patch) };
                self.execute(CommandKind::Amend(amend), tally);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::peers::steps::Peer as _;
    use plimsoll::workload::FLOWS;

    #[test]
    fn its_limit_orders_sweep_through_their_limit() {
        let mut peer = Peer::open(&FLOWS[0]);
        let mut tally = Tally::default();
        peer.submit(Side::Sell, 101, 1, &mut tally);
        peer.submit(Side::Sell, 105, 1, &mut tally);
        peer.submit(Side::Buy, 101, 2, &mut tally);
        // One lot at 101 and one at 105: when this fails, the book was mended and `SubmitInTwo` can go.
        assert_eq!((tally.fills, tally.worth), (2, 206));
    }
}
