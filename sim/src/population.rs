//! The leveraged accounts: who they are, how they come in by the opening auction, and who answers a margin call.

use crate::flow::{Agent, World};
use crate::prng::{Odds, Prng};
use crate::scenario::{LeverageClass, Population};
use plimsoll_types::{
    AccountId, Command, Event, EventKind, InstrumentSpec, Money, Price, Ratio, Side, Ts, ceil_div,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A client before it has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Long or short.
    pub side: Side,
    /// Lots of its position.
    pub lots: u64,
    /// Notional over deposit.
    pub leverage: Ratio,
    /// What it pays in.
    pub deposit: Money,
}

/// The `member`-th client, at this opening price. Depends on nobody else.
pub fn client(
    plan: &Population,
    odds: &PopulationOdds,
    spec: &InstrumentSpec,
    decimals: u32,
    price: Price,
    seed: u64,
    member: u64,
) -> Client {
    let mut prng = Prng::new(seed, "client", member);
    let side = if prng.chance(plan.long) { Side::Buy } else { Side::Sell };
    let class = plan.leverage[odds.classes.draw(&mut prng) as usize];
    let span = (class.to.nano() - class.from.nano()) as u64;
    let leverage = Ratio::from_nano(class.from.nano() + prng.below(span + 1) as i64);
    let lots = plan.lots_min + odds.lots.draw(&mut prng);
    let notional = Money::of_lots(price, lots as i64, spec.tick_value).units();
    let exact = ceil_div(notional * i128::from(Ratio::SCALE), i128::from(leverage.nano()));
    // People pay in round sums: whole units of the currency.
    let round = 10i128.pow(decimals);
    Client { side, lots, leverage, deposit: Money::new(ceil_div(exact, round) * round) }
}

/// The distributions clients are drawn from.
#[derive(Clone, Debug)]
pub struct PopulationOdds {
    classes: Odds,
    lots: Odds,
}

impl PopulationOdds {
    /// Those of a population.
    pub fn new(plan: &Population) -> PopulationOdds {
        let span = plan.lots_max - plan.lots_min + 1;
        let share = |class: &LeverageClass| class.share.nano() as u64;
        PopulationOdds {
            classes: Odds::new(plan.leverage.iter().map(share)),
            // The head is as wide as a quarter of the range: large positions are rare, not unheard of.
            lots: Odds::power_law(span, span / 4 + 1),
        }
    }
}

/// Clients who answer a margin call by paying in, each after a while.
pub struct TopUps {
    seed: u64,
    share: Ratio,
    after: Ts,
    due: BinaryHeap<Reverse<(Ts, AccountId, Money)>>,
}

impl TopUps {
    /// Nobody called yet.
    pub fn new(plan: &Population, seed: u64) -> TopUps {
        TopUps { seed, share: plan.top_up, after: plan.top_up_after, due: BinaryHeap::new() }
    }
}

impl Agent for TopUps {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        while let Some(&Reverse((ts, account, amount))) = self.due.peek() {
            if ts > world.now {
                break;
            }
            self.due.pop();
            out.push(Command::Deposit { account, amount });
        }
        None
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        let EventKind::MarginCall { account, shortfall, .. } = event.kind else { return None };
        // The same client always answers in the same way.
        let mut own = Prng::new(self.seed, "answer", u64::from(account.0));
        if !own.chance(self.share) {
            return None;
        }
        let ts = event.ts + own.wait(self.after);
        // A quarter more than asked: who pays in once does not want to be called again at once.
        let amount = Money::new(shortfall.units() + shortfall.units() / 4);
        self.due.push(Reverse((ts, account, amount)));
        Some(ts)
    }
}
