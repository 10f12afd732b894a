//! Random commands for what a run uses beyond plain trading; plain orders get more to them.

use super::drive::Driver;
use super::features::{Feature, Features};
use super::generate::{self, label};
use super::rng::Rng;
use super::story::Step;
use super::{Model, instrument_id};
use plimsoll_types::*;
use std::collections::VecDeque;

/// What a run has beyond plain trading: a source of chance of its own, so that plain runs stay as they were.
pub struct Novel {
    pub features: Features,
    pub rng: Rng,
    /// Nanoseconds of a step of time.
    pub stride: u64,
    /// What is still to be told.
    pub story: VecDeque<Step>,
    listed: u64,
}

impl Novel {
    pub fn new(features: Features, rng: Rng, stride: u64) -> Novel {
        Novel { features, rng, stride, story: VecDeque::new(), listed: 0 }
    }
}

/// A step of time where days matter: ten minutes.
const TEN_MINUTES: u64 = 600_000_000_000;

/// What a run uses of these features.
pub fn features_of(seed: u64, of: &Features) -> Features {
    of.of_a_run(&mut Rng::new(seed ^ 0x00C0_1125))
}

/// A seed's configuration and its source of commands. The same seed with other features has the same plain commands.
pub fn run_of(seed: u64, features: Features) -> (ExchangeSpec, Driver) {
    let (mut plain, mut novel) = (Rng::new(seed), Rng::new(seed ^ 0x0D1E_55ED));
    let mut spec = generate::spec(&mut plain);
    let settles = features.has(Feature::Settle) && novel.chance(25);
    let slow = settles || features.has(Feature::Calendar);
    let stride = if slow { TEN_MINUTES } else { 1 };
    features.dress(&mut spec, &mut novel, stride);
    let begins = if slow { novel.below(1_000) * stride } else { 0 };
    features.dress_risk(&mut spec, &mut novel, begins, stride);
    let mut driver = Driver::new(plain, Novel::new(features, novel, stride));
    driver.ts = begins;
    (spec, driver)
}

impl Driver {
    pub fn uses(&self, feature: Feature) -> bool {
        self.novel.features.has(feature)
    }

    /// A command that uses a feature of the run, if it has any.
    pub fn novelty(&mut self, model: &Model) -> Option<Command> {
        if let Some(step) = self.novel.story.pop_front() {
            return Some(self.tell(model, step));
        }
        let features = self.novel.features.list();
        if features.is_empty() || !self.novel.rng.chance(35) || model.live().is_empty() {
            return None;
        }
        // The plain helpers draw from the plain source; here they draw from the other one.
        std::mem::swap(&mut self.rng, &mut self.novel.rng);
        let feature = self.rng.pick(&features);
        let command = self.use_feature(model, feature);
        std::mem::swap(&mut self.rng, &mut self.novel.rng);
        command
    }

    fn use_feature(&mut self, model: &Model, feature: Feature) -> Option<Command> {
        let instrument = self.instrument(model);
        Some(match feature {
            Feature::Stops => self.stop(model),
            Feature::Icebergs => self.iceberg(model),
            Feature::MinQty => self.at_least(model),
            Feature::Expiry => self.dated(model),
            Feature::Protection => self.market_order(model),
            Feature::CloseFirst => return self.close_at_limit(model),
            Feature::ProRata => self.pile_or_nibble(model),
            Feature::Phases => {
                let phases = [Phase::PreOpen, Phase::NoCancel, Phase::Volatility, Phase::Auction];
                Command::Phase { instrument, phase: self.rng.pick(&phases) }
            }
            Feature::Median | Feature::Volatility => self.sweep(model),
            Feature::LimitState if self.rng.chance(30) => self.lock(model),
            Feature::LimitState | Feature::Calendar => Command::Time,
            Feature::Settle => self.settle(model),
            Feature::Ladder => return self.one_sided_days(model),
            Feature::Listing => self.list_or_delist(model),
            Feature::Expire if self.rng.chance(20) && model.live().len() > 1 => {
                let price = self.rng.chance(40).then(|| self.price(model, instrument, 0));
                Command::Expire { instrument, price }
            }
            Feature::Expire => return None,
            Feature::Bust => self.bust(model),
            Feature::Handles => self.by_handle(model),
            risk => return self.use_risk(model, risk),
        })
    }

    /// A duration of a few steps of time.
    pub fn some_time(&mut self) -> u64 {
        self.rng.between(1, 25) as u64 * self.novel.stride
    }

    /// Around the last price, mostly out of reach.
    fn trigger(&mut self, model: &Model, instrument: InstrumentId, side: Side) -> Price {
        let book = &model.books[instrument.index()];
        let last = book.last.unwrap_or(book.mark).ticks();
        Price::clamped(last + side.sign() * self.rng.between(-2, 5))
    }

    fn stop(&mut self, model: &Model) -> Command {
        let waiting = model.books.iter().any(|book| !book.stops.is_empty());
        if waiting && self.rng.chance(15) {
            return self.replace_stop(model);
        }
        let (account, instrument) = (self.account(model), self.instrument(model));
        let held = model.accounts[account.index()].lots(instrument.index());
        let closing = if held > 0 { Side::Sell } else { Side::Buy };
        let side = if held != 0 && self.rng.chance(60) { closing } else { self.side() };
        let trigger = self.trigger(model, instrument, side);
        let through = self.rng.between(-2, 4);
        let limit = Price::clamped(trigger.ticks() + side.sign() * through);
        let kind = self.rng.pick(&[
            OrderKind::Market(None),
            OrderKind::Market(None),
            OrderKind::Market(Some(limit)),
            OrderKind::Limit(limit),
            OrderKind::Limit(limit),
        ]);
        let huge = self.rng.chance(2);
        let qty = if huge { 9_000_000 } else { self.rng.between(1, 6) };
        let mut order = self.order(account, instrument, side, kind, qty);
        order.trigger = Some(trigger);
        let tifs = [TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok];
        order.tif = self.rng.pick(&tifs);
        order.reduce_only = self.rng.chance(25);
        order.post_only = self.rng.chance(6);
        Command::Order(order)
    }

    fn replace_stop(&mut self, model: &Model) -> Command {
        let mut waiting = Vec::new();
        for (place, book) in model.books.iter().enumerate() {
            waiting.extend(book.stops.iter().map(|stop| (instrument_id(place), stop.clone())));
        }
        let (instrument, stop) = self.rng.pick(&waiting);
        let OrderId::Client(id) = stop.id else { return Command::Time };
        let account = AccountId(stop.account as u32);
        let near = self.price(model, instrument, 0);
        let price = stop.price.map_or(near, |price| Price::clamped(price as i64));
        let trigger = self.rng.chance(50).then(|| self.trigger(model, instrument, stop.side));
        let qty = Qty::new(self.rng.between(1, stop.qty.min(8) as i64 + 1) as u64);
        Command::Replace { account, order: OrderRef::Client(id), price, qty, trigger }
    }

    fn iceberg(&mut self, model: &Model) -> Command {
        let hidden = |book: &super::book::Book| book.orders.iter().any(|o| o.display > 0);
        if let Some(place) = model.books.iter().position(hidden)
            && self.rng.chance(20)
        {
            let orders = model.books[place].orders.iter().filter(|o| o.display > 0);
            let order = self.rng.pick(&orders.cloned().collect::<Vec<_>>());
            let OrderId::Client(id) = order.id else { return Command::Time };
            let price = Price::clamped(order.price.unwrap_or(1) as i64);
            let less = (order.qty as i64 - self.rng.between(1, 4)).max(1);
            let more = order.display as i64 * 10_000 + 1;
            let qty = Qty::new(self.rng.pick(&[less, less, less, more]) as u64);
            let (account, order) = (AccountId(order.account as u32), OrderRef::Client(id));
            return Command::Replace { account, order, price, qty, trigger: None };
        }
        let account =
            if self.rng.chance(80) { self.account_of(model, true) } else { self.account(model) };
        let (instrument, side) = (self.instrument(model), self.side());
        let away = self.rng.between(-1, 3);
        let price = self.price(model, instrument, -side.sign() * away);
        let qty = self.rng.between(2, 14);
        let mut order = self.order(account, instrument, side, OrderKind::Limit(price), qty);
        order.display = Qty::new(self.rng.between(1, 4) as u64);
        match self.rng.below(25) {
            0 => order.tif = TimeInForce::Ioc,
            1 => order.kind = OrderKind::Market(None),
            2 => (order.qty, order.display) = (Qty::new(20_001), Qty::new(2)),
            3 => (order.qty, order.display) = (Qty::new(20_000), Qty::new(2)),
            _ => {}
        }
        order.reduce_only = self.rng.chance(8);
        Command::Order(order)
    }

    /// Some market order, or a limit order that crosses, with a least quantity.
    fn at_least(&mut self, model: &Model) -> Command {
        let (account, instrument, side) =
            (self.account(model), self.instrument(model), self.side());
        let through = self.rng.between(-1, 4);
        let price = self.price(model, instrument, side.sign() * through);
        let qty = self.rng.between(1, 9);
        let kind = self.rng.pick(&[OrderKind::Limit(price), OrderKind::Market(None)]);
        let mut order = self.order(account, instrument, side, kind, qty);
        order.min_qty = Qty::new(self.rng.between(1, qty + 1) as u64);
        order.tif = self.rng.pick(&[TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok]);
        Command::Order(order)
    }

    fn dated(&mut self, model: &Model) -> Command {
        let Command::Order(mut order) = self.quote(model) else { return Command::Time };
        order.tif = self.lifetime();
        if self.rng.chance(10) {
            order.tif = TimeInForce::Gtd(self.ts - self.rng.below(2).min(self.ts));
        }
        Command::Order(order)
    }

    fn lifetime(&mut self) -> TimeInForce {
        if self.rng.chance(40) {
            TimeInForce::Day
        } else {
            TimeInForce::Gtd(self.ts + self.some_time())
        }
    }

    fn market_order(&mut self, model: &Model) -> Command {
        let (account, instrument, side) =
            (self.account(model), self.instrument(model), self.side());
        let through = self.rng.between(0, 5);
        let worst = self.price(model, instrument, side.sign() * through);
        let qty = self.rng.between(1, 12);
        let kind = self.rng.pick(&[
            OrderKind::Market(None),
            OrderKind::Market(None),
            OrderKind::Market(Some(worst)),
        ]);
        Command::Order(self.order(account, instrument, side, kind, qty))
    }

    /// Somebody who holds lots closes them at the limit price of the closing side.
    fn close_at_limit(&mut self, model: &Model) -> Option<Command> {
        let mut held = Vec::new();
        for (place, account) in model.accounts.iter().enumerate() {
            for (leg, position) in &account.positions {
                let instrument = leg.instrument;
                let side = if position.lots > 0 { Side::Sell } else { Side::Buy };
                if let Some(edge) = model.books[instrument].edge(side) {
                    held.push((
                        model.owner(place),
                        instrument,
                        side,
                        edge,
                        position.lots.abs().min(9) as i64,
                    ));
                }
            }
        }
        if held.is_empty() {
            return Some(self.settle(model));
        }
        let (account, instrument, side, edge, most) = self.rng.pick(&held);
        let others = model.books[instrument].is_empty(side.opposite());
        if !others && self.rng.chance(50) {
            self.novel.story.push_back(Step::Lock(instrument, side));
        }
        let qty = self.rng.between(1, most + 1);
        let kind = OrderKind::Limit(Price::clamped(edge as i64));
        let account = AccountId(account as u32);
        Some(Command::Order(self.order(account, instrument_id(instrument), side, kind, qty)))
    }

    /// Rests where others rest, or takes less than there is.
    fn pile_or_nibble(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        let side = self.side();
        let Some(&(best, shown)) = model.books[instrument.index()].levels(side).first() else {
            return self.quote(model);
        };
        let kind = OrderKind::Limit(Price::clamped(best as i64));
        if self.rng.chance(55) {
            let account = self.account_of(model, true);
            let qty = self.rng.between(1, 12);
            return Command::Order(self.order(account, instrument, side, kind, qty));
        }
        let account = self.account(model);
        let qty = self.rng.between(1, shown.min(40) as i64);
        let mut order = self.order(account, instrument, side.opposite(), kind, qty);
        order.tif = self.rng.pick(&[TimeInForce::Ioc, TimeInForce::Gtc, TimeInForce::Fok]);
        Command::Order(order)
    }

    fn settle(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        match self.rng.below(10) {
            0..5 => Command::Settle { instrument: None, price: None },
            5..8 => Command::Settle { instrument: Some(instrument), price: None },
            8 => {
                let offset = self.rng.between(-4, 4);
                let price = Some(self.price(model, instrument, offset));
                Command::Settle { instrument: Some(instrument), price }
            }
            _ => {
                let instrument = Some(instrument_id(model.books.len()));
                Command::Settle { instrument, price: None }
            }
        }
    }

    fn list_or_delist(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        if model.books.len() < 6 && self.rng.chance(40) {
            self.novel.listed += 1;
            let mut spec = generate::instrument(&mut self.rng, 0);
            let new = label(&format!("L{}", self.novel.listed));
            let old = self.rng.pick(&model.books).spec.symbol;
            spec.symbol = if self.rng.chance(60) { new } else { old };
            let (features, stride) = (self.novel.features.clone(), self.novel.stride);
            let calendars = model.spec.calendars.len();
            features.dress_instrument(&mut spec, &mut self.rng, stride, calendars);
            features.dress_risk_rules(&mut spec, &mut self.rng, self.ts, stride);
            return Command::List(Box::new(spec));
        }
        // An instrument that nobody holds where there is one: mostly it may go.
        let held = |place: &usize| model.accounts.iter().any(|a| a.lots(*place) != 0);
        let free: Vec<usize> = model.live().into_iter().filter(|place| !held(place)).collect();
        if free.len() > 1 && self.rng.chance(30) {
            let place = self.rng.pick(&free);
            return Command::Delist { instrument: instrument_id(place) };
        }
        match self.rng.below(8) {
            0 if model.live().len() > 1 => Command::Delist { instrument },
            1 => Command::Delist { instrument: instrument_id(model.books.len()) },
            _ => self.quote(model),
        }
    }

    /// Plain orders get more to them.
    pub fn decorate(&mut self, model: &Model, mut command: Command) -> Command {
        if self.novel.features.is_empty() {
            return command;
        }
        std::mem::swap(&mut self.rng, &mut self.novel.rng);
        if let Command::Order(order) = &mut command {
            self.decorate_order(model, order);
        }
        if let Command::Replace { trigger, .. } = &mut command
            && self.uses(Feature::Stops)
            && self.rng.chance(3)
        {
            *trigger = Some(Price::clamped(self.rng.between(1, 90)));
        }
        std::mem::swap(&mut self.rng, &mut self.novel.rng);
        command
    }

    fn decorate_order(&mut self, model: &Model, order: &mut NewOrder) {
        let Some(book) = model.books.get(order.instrument.index()) else { return };
        let matches = book.phase == Phase::Continuous;
        let limit = matches!(order.kind, OrderKind::Limit(_));
        if self.uses(Feature::Icebergs) && limit && order.tif.rests() && self.rng.chance(20) {
            order.display = Qty::new(1 + self.rng.below(order.qty.lots().clamp(1, 4)));
        }
        if self.uses(Feature::MinQty) && self.rng.chance(if matches { 6 } else { 1 }) {
            order.min_qty = Qty::new(1 + self.rng.below(order.qty.lots().clamp(1, 5)));
        }
        if self.uses(Feature::Expiry) && order.tif == TimeInForce::Gtc && self.rng.chance(25) {
            order.tif = self.lifetime();
        }
        if self.uses(Feature::Stops) && self.rng.chance(8) {
            let trigger = self.trigger(model, order.instrument, order.side);
            order.trigger = Some(trigger);
        }
        // The dearest instruments hold few lots: two such orders pass what may be held.
        let rich = model.known_account(order.account).is_ok_and(|owner| model.unlimited(owner));
        if book.spec.tick_value > 1_000_000 && rich && self.rng.chance(3) {
            order.qty = Qty::new(5_000_000);
        }
        self.decorate_offset(model, order);
    }
}
