//! A trader who follows the price: buys what rises, sells what falls, and goes home when it stops.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::prng::Prng;
use crate::scenario::Momentum;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Command, Event, Side, Ts};
use std::collections::VecDeque;

/// Reads `[flow.momentum]`.
pub fn momentum(mut section: Section<'_>) -> Result<Momentum, Error> {
    let momentum = Momentum {
        accounts: section.whole("accounts", None, 1..10_001)? as u32,
        latency: section.duration("latency", Some("0s"))?,
        every: section.period("every", None)?,
        window: section.duration("window", None)?,
        threshold: section.whole("threshold", None, 1..1_000_001)?,
        lots: section.whole("lots", None, 1..1_000_001)? as u64,
        limit: section.whole("limit", None, 1..1_000_001)? as u64,
    };
    section.finish()?;
    Ok(momentum)
}

/// A trader who follows the price.
pub struct MomentumTrader {
    own: OwnOrders,
    prng: Prng,
    plan: Momentum,
    /// Marks seen, oldest first, in ticks.
    seen: VecDeque<(Ts, i64)>,
}

impl MomentumTrader {
    /// The `member`-th of them.
    pub fn new(account: AccountId, plan: Momentum, seed: u64, member: u64) -> MomentumTrader {
        let prng = Prng::new(seed, "momentum", member);
        MomentumTrader { own: OwnOrders::new(account), prng, plan, seen: VecDeque::new() }
    }

    /// How far the mark has come over the window.
    fn moved(&mut self, now: Ts, mark: i64) -> i64 {
        self.seen.push_back((now, mark));
        while self.seen.len() > 1 && self.seen[1].0 + self.plan.window <= now {
            self.seen.pop_front();
        }
        self.seen.front().map_or(0, |(_, then)| mark - then)
    }
}

impl Agent for MomentumTrader {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        let again =
            world.now + self.prng.between(self.plan.every / 2, self.plan.every * 3 / 2).max(1);
        if world.is_shut() {
            return Some(again);
        }
        let moved = self.moved(world.now, world.mark().ticks());
        let held = self.own.position;
        let wish = if moved.abs() >= self.plan.threshold {
            moved.signum() * self.plan.limit as i64
        } else if moved.abs() * 2 < self.plan.threshold {
            0
        } else {
            held
        };
        let side = if wish > held { Side::Buy } else { Side::Sell };
        let lots = wish.abs_diff(held).min(self.plan.lots);
        out.extend(world.take(self.own.account(), side, lots, 15));
        Some(again)
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}
