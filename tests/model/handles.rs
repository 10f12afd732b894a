//! Random commands that name an order by its handle, or a trade by its number.

use super::Model;
use super::drive::Driver;
use plimsoll_types::*;

impl Driver {
    /// Cancels or replaces by a handle that a replace gave, of an order that may have gone since.
    pub fn by_handle(&mut self, model: &Model) -> Command {
        let given: Vec<_> = model.handles_of_replaced.iter().copied().collect();
        if given.is_empty() || self.rng.chance(30) {
            let Some((account, order, instrument, price, open)) = self.open_order(model) else {
                return self.quote(model);
            };
            let offset = self.rng.between(-3, 3);
            let price =
                if self.rng.chance(20) { price } else { self.price(model, instrument, offset) };
            let qty = Qty::new(open as u64);
            return Command::Replace { account, order, price, qty, trigger: None };
        }
        let place = self.rng.pick(&given);
        let order = OrderRef::Handle(place.0, place.1);
        let meant = model.books[place.0.index()].open_order(model.handles[&place]);
        let anybody = self.account(model);
        let account = meant.map_or(anybody, |order| AccountId(order.account as u32));
        if self.rng.chance(50) {
            return Command::Cancel { account, order };
        }
        let price = self.price(model, place.0, 0);
        Command::Replace { account, order, price, qty: Qty::new(2), trigger: None }
    }

    pub fn bust(&mut self, model: &Model) -> Command {
        let recent = model.trades.iter().rev().take(6).map(|trade| trade.seq);
        let mut trades: Vec<u64> = recent.collect();
        trades.push(self.rng.between(0, 400) as u64);
        trades.extend(model.trades.first().map(|trade| trade.seq));
        Command::Bust { trade: self.rng.pick(&trades) }
    }
}
