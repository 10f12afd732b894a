//! Stories of several commands that random ones would hardly tell: days that end at a limit price.

use super::drive::Driver;
use super::{Model, instrument_id};
use plimsoll_types::*;

/// A step of a story that random commands would hardly tell.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Offers something at the limit price of a side, for a last trade there.
    Offer(usize, Side),
    /// Takes all there is up to the limit price and stays there.
    Lock(usize, Side),
    Wait,
    Phase(usize, Phase),
    Settle(usize),
    /// An account that loses closes at the limit price of the side it needs.
    WantOut(usize, Side, usize),
    /// The exchange reduces by force.
    Reduce(usize),
}

impl Driver {
    /// One to three days that end one-sided, mostly in one direction.
    pub fn one_sided_days(&mut self, model: &Model) -> Option<Command> {
        let ladder = |&place: &usize| model.books[place].spec.rules.limit_ladder.is_some();
        let places: Vec<usize> = model.live().into_iter().filter(ladder).collect();
        if places.is_empty() || self.rng.chance(60) {
            return None;
        }
        let place = self.rng.pick(&places);
        let mut side = self.side();
        for _ in 0..self.rng.between(1, 3) {
            let mut story = vec![Step::Offer(place, side), Step::Lock(place, side), Step::Wait];
            if self.rng.chance(60) {
                story.push(Step::Phase(place, Phase::Closed));
            }
            story.extend([Step::Settle(place), Step::Phase(place, Phase::Continuous)]);
            self.novel.story.extend(story);
            if self.rng.chance(15) {
                side = side.opposite();
            }
        }
        Some(Command::Phase { instrument: instrument_id(place), phase: Phase::Continuous })
    }

    /// The next command of a story.
    pub fn tell(&mut self, model: &Model, step: Step) -> Command {
        std::mem::swap(&mut self.rng, &mut self.novel.rng);
        let command = match step {
            Step::Offer(place, side) => self.at_edge(model, place, side, side.opposite(), 1),
            Step::Lock(place, side) => {
                let there: i128 = model.books[place].orders.iter().map(|order| order.qty).sum();
                let more = self.rng.between(1, 6);
                self.at_edge(model, place, side, side, there.min(1_000) as i64 + more)
            }
            Step::Wait => {
                self.ts += 12 * self.novel.stride;
                Command::Time
            }
            Step::Phase(place, phase) => Command::Phase { instrument: instrument_id(place), phase },
            Step::WantOut(place, side, account) => self.want_out(model, place, side, account),
            Step::Reduce(place) => Command::ForcedReduction { instrument: instrument_id(place) },
            Step::Settle(place) => {
                Command::Settle { instrument: Some(instrument_id(place)), price: None }
            }
        };
        std::mem::swap(&mut self.rng, &mut self.novel.rng);
        command
    }

    fn want_out(&mut self, model: &Model, place: usize, side: Side, account: usize) -> Command {
        let Some(price) = model.books[place].edge(side) else { return Command::Time };
        let holder = model.holder(account, place).unwrap_or(account);
        let there = model.accounts[holder].lots_on(place, side.opposite()).clamp(1, 50) as i64;
        let qty = (there - self.rng.pick(&[0, 0, 1, 2])).max(1);
        let kind = OrderKind::Limit(Price::clamped(price as i64));
        let account = AccountId(account as u32);
        let mut order = self.order(account, instrument_id(place), side, kind, qty);
        let offsets = [Offset::Close, Offset::Close, Offset::CloseToday];
        order.offset = model.has_legs().then(|| self.rng.pick(&offsets));
        Command::Order(order)
    }

    /// An unlimited account's order at a limit price.
    fn at_edge(
        &mut self,
        model: &Model,
        place: usize,
        edge: Side,
        side: Side,
        qty: i64,
    ) -> Command {
        let Some(price) = model.books[place].edge(edge) else { return Command::Time };
        let account = self.account_of(model, true);
        let kind = OrderKind::Limit(Price::clamped(price as i64));
        let mut order = self.order(account, instrument_id(place), side, kind, qty);
        order.self_match = SelfMatch::None;
        Command::Order(order)
    }
}
