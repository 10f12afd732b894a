//! What clients do when they are called: pay in, close a part of their position, or nothing.

use super::plan::Answers;
use crate::flow::{Agent, World};
use crate::prng::Prng;
use crate::scenario::reader::SECOND;
use plimsoll_types::{
    AccountId, Command, Event, EventKind, Money, NewOrder, OrderKind, Phase, Price, Qty, Ratio,
    Side, TimeInForce, Ts, ceil_div,
};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// How soon somebody who wants to sell looks again at a market that takes no market orders.
const AGAIN: Ts = 5 * SECOND;

/// What a client has decided to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Pay(Money),
    Cut,
}

/// What becomes of a wish to close.
enum Cut {
    Now(Command),
    Later,
    Never,
}

/// The clients of a population, as far as they answer margin calls.
pub struct Called {
    seed: u64,
    answers: Answers,
    due: BinaryHeap<Reverse<(Ts, AccountId, Answer)>>,
    /// Whose order waits at a limit price.
    queued: BTreeSet<AccountId>,
}

impl Called {
    /// Nobody called yet.
    pub fn new(answers: Answers, seed: u64) -> Called {
        Called { seed, answers, due: BinaryHeap::new(), queued: BTreeSet::new() }
    }

    /// Money for an account, or for the pocket of an isolated one.
    fn pay(world: &World<'_>, account: AccountId, amount: Money, out: &mut Vec<Command>) {
        let owner = world.exchange.owner(account);
        out.push(Command::Deposit { account: owner, amount });
        if let Some(instrument) = world.exchange.isolated(account) {
            out.push(Command::MoveMargin { account: owner, instrument, amount });
        }
    }

    /// How an account closes a share of its position: by a market order; in the queue, where the market is locked at its limit price;
    /// not now, where it takes neither.
    fn cut(&self, world: &World<'_>, account: AccountId) -> Cut {
        let held = world.exchange.position(account, world.instrument);
        if held == 0 || self.queued.contains(&account) || Called::too_late(world, account) {
            return Cut::Never;
        }
        let share = i128::from(self.answers.cut_by.nano());
        let lots = ceil_div(i128::from(held.unsigned_abs()) * share, i128::from(Ratio::SCALE));
        let side = if held > 0 { Side::Sell } else { Side::Buy };
        let edge = world.band.map(|band| match side {
            Side::Buy => band.up,
            Side::Sell => band.down,
        });
        let (kind, tif) = match world.best(side.opposite()) {
            _ if world.phase != Phase::Continuous => return Cut::Later,
            Some(_) => (OrderKind::Market(None), TimeInForce::Ioc),
            None => match edge.filter(|&edge| world.best(side) == Some(edge)) {
                Some(edge) => (OrderKind::Limit(edge), TimeInForce::Day),
                None => return Cut::Later,
            },
        };
        let owner = world.exchange.owner(account);
        let order =
            NewOrder::limit(owner, world.instrument, side, Price::MIN, Qty::new(lots as u64));
        Cut::Now(Command::Order(NewOrder { kind, tif, reduce_only: true, ..order }))
    }

    /// Whether the exchange has already taken the account in hand.
    fn too_late(world: &World<'_>, account: AccountId) -> bool {
        let profile = world.exchange.account_profile(world.exchange.owner(account));
        let tiers = &world.exchange.spec().profiles[profile.index()].tiers;
        let tier = usize::from(world.exchange.tier(account));
        tier.checked_sub(1).is_some_and(|at| tiers[at].action.liquidates())
    }
}

impl Agent for Called {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        let mut again = None;
        let mut later = Vec::new();
        while let Some(&Reverse((ts, account, answer))) = self.due.peek() {
            if ts > world.now {
                break;
            }
            self.due.pop();
            match answer {
                Answer::Pay(amount) => Called::pay(world, account, amount, out),
                Answer::Cut => match self.cut(world, account) {
                    Cut::Now(command) => {
                        if world.best(Side::Buy).is_none() || world.best(Side::Sell).is_none() {
                            self.queued.insert(account);
                        }
                        out.push(command);
                    }
                    Cut::Later => later.push((world.now + AGAIN, account, Answer::Cut)),
                    Cut::Never => {}
                },
            }
        }
        if !later.is_empty() {
            again = Some(world.now + AGAIN);
        }
        self.due.extend(later.into_iter().map(Reverse));
        again
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        if let EventKind::Cancelled { account, .. } = event.kind {
            self.queued.remove(&account);
        }
        let EventKind::MarginCall { account, shortfall, .. } = event.kind else { return None };
        let Answers { top_up, top_up_after, cut, cut_after, .. } = self.answers;
        // The same client always answers in the same way.
        let mut own = Prng::new(self.seed, "answer", u64::from(account.0));
        let drawn = Ratio::from_nano(own.below(Ratio::SCALE as u64) as i64);
        let (wait, answer) = if drawn < top_up {
            // A quarter more than asked: who pays in once does not want to be called again at once.
            let amount = Money::new(shortfall.units() + shortfall.units() / 4);
            (top_up_after, Answer::Pay(amount))
        } else if drawn.nano() - top_up.nano() < cut.nano() {
            (cut_after, Answer::Cut)
        } else {
            return None;
        };
        let ts = event.ts + own.wait(wait);
        self.due.push(Reverse((ts, account, answer)));
        Some(ts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(top_up: i64, cut: i64) -> Answers {
        let share = |percent| Ratio::from_nano(percent * 10_000_000);
        Answers {
            top_up: share(top_up),
            top_up_after: SECOND,
            cut: share(cut),
            cut_after: SECOND,
            cut_by: share(50),
        }
    }

    #[test]
    fn each_client_keeps_to_its_answer_and_the_shares_hold() {
        let mut called = Called::new(answers(30, 20), 7);
        let mut ask = |account| {
            let kind = EventKind::MarginCall {
                account: AccountId(account),
                shortfall: Money::new(400),
                deadline: None,
            };
            called.heard(&Event { seq: 1, ts: 10, kind });
            called.due.drain().map(|Reverse((_, _, answer))| answer).next()
        };
        let first: Vec<_> = (0..2_000).map(&mut ask).collect();
        let second: Vec<_> = (0..2_000).map(&mut ask).collect();
        assert_eq!(first, second);
        let count = |wanted| first.iter().filter(|&&answer| answer == wanted).count();
        let (paid, cut) = (count(Some(Answer::Pay(Money::new(500)))), count(Some(Answer::Cut)));
        assert!((540..=660).contains(&paid) && (340..=460).contains(&cut), "{paid} {cut}");
    }
}
