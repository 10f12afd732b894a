//! Random orders: quotes, positions as large as the account dares, sweeps, locks.

use super::Model;
use super::book::Order;
use super::drive::Driver;
use super::{instrument_id, ticks};
use plimsoll_types::*;

impl Driver {
    pub fn quote(&mut self, model: &Model) -> Command {
        let (account, instrument, side) =
            (self.account_of(model, true), self.instrument(model), self.side());
        let away = self.rng.between(0, 5);
        let price = self.price(model, instrument, -side.sign() * away);
        let cheap = model.books[instrument.index()].spec.tick_value < 100;
        let huge = cheap && self.rng.below(1000) == 0;
        let least = if huge { Qty::MAX.lots() as i64 - 6 } else { 1 };
        let qty = self.rng.between(least, least + 5);
        Command::Order(self.order(account, instrument, side, OrderKind::Limit(price), qty))
    }

    /// As many lots as the account can pay for, or a part of them, at or through the touch.
    pub fn open(&mut self, model: &Model) -> Command {
        let (account, instrument) = (self.account_of(model, false), self.instrument(model));
        let held = model.accounts[account.index()].lots(instrument.index());
        let side = match held {
            0 => self.side(),
            held if (held > 0) == self.rng.chance(75) => Side::Buy,
            _ => Side::Sell,
        };
        let through = self.rng.between(-2, 3);
        let price = self.price(model, instrument, side.sign() * through);
        let lot = model.freezes(account.index(), instrument.index(), ticks(price), 1).max(1);
        let cap = if self.rng.chance(3) { 200 } else { 30 };
        let most = (model.available(account.index()) / lot).clamp(0, cap) as i64;
        let qty = self.rng.pick(&[most, most, most - 1, most / 2, 1, most + 1]).max(1);
        let mut order = self.order(account, instrument, side, OrderKind::Limit(price), qty);
        order.tif = self.rng.pick(&[TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Ioc]);
        Command::Order(order)
    }

    pub fn reduce(&mut self, model: &Model) -> Command {
        let mut held = Vec::new();
        for (place, account) in model.accounts.iter().enumerate() {
            let owner = model.owner(place);
            let all = account.positions.iter();
            held.extend(all.map(|(leg, position)| (owner, leg.instrument, position.lots)));
        }
        if held.is_empty() {
            return self.open(model);
        }
        // In an auction, market orders that leave the account's own reduce-only orders nothing to give.
        let mut crowded = held.clone();
        crowded.retain(|&(account, instrument, _)| {
            let book = &model.books[instrument];
            let own = |order: &Order| order.account == account && order.reduce_only;
            book.phase == Phase::Auction && book.orders.iter().any(own)
        });
        let crowd = !crowded.is_empty() && self.rng.chance(70);
        let (account, instrument, position) = self.rng.pick(if crowd { &crowded } else { &held });
        let side = if position > 0 { Side::Sell } else { Side::Buy };
        let instrument = instrument_id(instrument);
        let through = self.rng.between(-3, 2);
        let price = self.price(model, instrument, side.sign() * through);
        let most = position.abs().min(40) as i64;
        let qty = self.rng.between(1, most + 1);
        let account = AccountId(account as u32);
        let mut order = self.order(account, instrument, side, OrderKind::Limit(price), qty);
        order.reduce_only = self.rng.chance(70);
        if self.rng.chance(20) {
            order.kind = OrderKind::Market(None);
        }
        if crowd {
            order.kind = OrderKind::Market(None);
            order.reduce_only = false;
            order.qty = Qty::new((most + self.rng.between(0, 4)) as u64);
        }
        Command::Order(order)
    }

    pub fn odd(&mut self, model: &Model) -> Command {
        let (account, instrument, side) =
            (self.account(model), self.instrument(model), self.side());
        let offset = self.rng.between(-6, 6);
        let price = self.price(model, instrument, offset);
        let qty = self.rng.between(1, 9);
        let kind = self.rng.pick(&[
            OrderKind::Limit(price),
            OrderKind::Limit(price),
            OrderKind::Market(None),
            OrderKind::Market(Some(price)),
        ]);
        let mut order = self.order(account, instrument, side, kind, qty);
        order.tif = self.rng.pick(&[
            TimeInForce::Gtc,
            TimeInForce::Gtc,
            TimeInForce::Gtc,
            TimeInForce::Ioc,
            TimeInForce::Fok,
            TimeInForce::Fok,
        ]);
        order.post_only = self.rng.chance(15);
        order.reduce_only = self.rng.chance(15);
        let auction = model.books[instrument.index()].phase == Phase::Auction;
        if auction && self.rng.chance(80) {
            (order.tif, order.post_only) = (TimeInForce::Gtc, false);
        }
        if self.rng.chance(4)
            && let Some((owner, OrderRef::Client(id), ..)) = self.open_order(model)
        {
            (order.account, order.id) = (owner, Some(id));
        }
        Command::Order(order)
    }

    pub fn sweep(&mut self, model: &Model) -> Command {
        let (account, instrument, side) =
            (self.account_of(model, true), self.instrument(model), self.side());
        let levels = model.books[instrument.index()].levels(side.opposite());
        let there: i128 = levels.iter().map(|(_, qty)| qty).sum();
        let qty = (there as i64 - self.rng.between(0, 3)).max(1);
        let mut order = self.order(account, instrument, side, OrderKind::Market(None), qty);
        order.tif = self.rng.pick(&[TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Fok]);
        Command::Order(order)
    }

    /// Trades everything up to the limit price and stays there.
    pub fn lock(&mut self, model: &Model) -> Command {
        let (account, instrument, side) =
            (self.account_of(model, true), self.instrument(model), self.side());
        let Some(edge) = model.books[instrument.index()].edge(side) else {
            return self.mark(model);
        };
        let levels = model.books[instrument.index()].levels(side.opposite());
        let there: i128 = levels.iter().map(|(_, qty)| qty).sum();
        let qty = there as i64 + self.rng.between(1, 6);
        let price = Price::clamped(edge as i64);
        let mut order = self.order(account, instrument, side, OrderKind::Limit(price), qty);
        order.self_match = SelfMatch::CancelOldest;
        Command::Order(order)
    }
}
