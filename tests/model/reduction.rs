//! Section 5, RULES 6: forced reduction at the limit price.

use super::book::Order;
use super::entry::Checked;
use super::position::{Leg, Which};
use super::waterfall::share_out;
use super::{Model, NANO, account_id, instrument_id, nano, sign, ticks, to_price, to_qty};
use plimsoll_types::*;
use std::collections::BTreeSet;

/// An account with its net side, and what the reduction makes of it.
#[derive(Clone, Debug)]
struct Client {
    /// Who holds.
    holder: usize,
    net: i128,
    /// Net result against the settlement of its net lots: above zero a profit.
    result: i128,
    hedger: bool,
    /// Closing lots at the limit price, by order, for the net side's part and then for its own other leg.
    declared: i128,
    own: i128,
    closed: i128,
}

/// What a reduction is about.
#[derive(Clone, Copy, Debug)]
struct Locked {
    instrument: usize,
    /// The side that stands alone: declarers are short where it is bids.
    side: Side,
    limit: i128,
    settlement: i128,
}

impl Model {
    /// Command `forced_reduction`.
    pub fn reduce_by_force(&mut self, instrument: InstrumentId) -> Checked {
        let index = self.known_instrument(instrument)?;
        let rule = self.books[index].spec.risk.reduction.clone().ok_or(Reject::NotApplicable)?;
        let side = self.alone(index).ok_or(Reject::NotLocked)?;
        let limit = self.books[index].edge(side).expect("it stands there");
        let settlement = ticks(self.settlement_price(index));
        let locked = Locked { instrument: index, side, limit, settlement };
        let mut declarers = self.declarers(&locked, &rule);
        let tiers = self.giving_tiers(&locked, &rule);
        let givers = share_tiers(&mut declarers, tiers);
        self.book_reduction(&locked, &declarers, &givers);
        Ok(())
    }

    /// An account's net lots on a side, with their result against the settlement price.
    fn client(
        &self,
        holder: usize,
        locked: &Locked,
        side: Side,
        rule: &Reduction,
    ) -> Option<Client> {
        let net = sign(side) * self.accounts[holder].lots(locked.instrument);
        if net <= 0 {
            return None;
        }
        let v = self.tick_value(locked.instrument);
        let mut held = self.accounts[holder].held_in(locked.instrument);
        let (_, position) = held.find(|(_, position)| position.side() == side)?;
        let newest = position.newest_opening_value(net, v);
        let opened = match newest.filter(|_| rule.average == ReductionAverage::Newest) {
            // For the net lots; scaled as the average of all is.
            Some(opened) => opened * position.size(),
            None => position.opening_value().abs() * net,
        };
        // Times the lots of the side, so that nothing is divided.
        let result = sign(side) * (locked.settlement * net * v * position.size() - opened);
        Some(Client {
            holder,
            net: net * position.size(),
            result,
            hedger: self.accounts[holder].hedger,
            declared: 0,
            own: 0,
            closed: 0,
        })
    }

    /// The side that loses, with what it asks to close.
    fn declarers(&mut self, locked: &Locked, rule: &Reduction) -> Vec<Client> {
        let v = self.tick_value(locked.instrument);
        let mut found = Vec::new();
        for holder in self.holders_by_client() {
            let side = locked.side.opposite();
            let Some(mut client) = self.client(holder, locked, side, rule) else { continue };
            // A unit's loss is loss / (net x v), compared with share x settlement.
            let enough =
                -client.result * NANO >= nano(rule.loss) * locked.settlement * client.net * v;
            if !enough || client.result >= 0 {
                self.saw("a loss too small to declare");
                continue;
            }
            let asked: i128 = self.declaring(holder, locked).iter().map(|(_, qty)| qty).sum();
            let net = self.accounts[holder].lots(locked.instrument).abs();
            let smaller = self.accounts[holder].lots_on(locked.instrument, locked.side);
            client.declared = asked.min(net);
            client.own = (asked - client.declared).min(smaller);
            if asked > 0 {
                found.push(client);
            }
        }
        found
    }

    /// Accounts and pockets, a pocket at its account's place.
    fn holders_by_client(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.accounts.len()).collect();
        all.sort_by_key(|&holder| self.owner(holder));
        all
    }

    /// A client's closing lots at the limit price, by order.
    fn declaring(&self, holder: usize, locked: &Locked) -> Vec<(Order, i128)> {
        let owner = self.owner(holder);
        let orders = self.books[locked.instrument].orders.iter();
        let at_limit = orders.filter(|o| o.side == locked.side && o.price == Some(locked.limit));
        let mut own: Vec<Order> = at_limit.filter(|o| o.account == owner).cloned().collect();
        own.sort_by_key(|order| order.entry);
        let closing = |order: &Order| order.qty - self.opening(locked.instrument, order);
        own.into_iter()
            .map(|order| (order.clone(), closing(&order)))
            .filter(|(_, q)| *q > 0)
            .collect()
    }

    /// Those who gain, by tier.
    fn giving_tiers(&mut self, locked: &Locked, rule: &Reduction) -> Vec<Vec<Client>> {
        let v = self.tick_value(locked.instrument);
        let mut tiers: Vec<Vec<Client>> = vec![Vec::new(); rule.tiers.len() + 1];
        for holder in self.holders_by_client() {
            let Some(client) = self.client(holder, locked, locked.side, rule) else { continue };
            let gains = |share: Ratio| {
                client.result > 0
                    && client.result * NANO >= nano(share) * locked.settlement * client.net * v
            };
            let place = match rule.hedge {
                Some(least) if client.hedger => gains(least).then_some(rule.tiers.len()),
                _ => rule.tiers.iter().position(|least| gains(*least)),
            };
            if let Some(place) = place {
                tiers[place].push(client);
            }
        }
        for client in tiers.iter_mut().flatten() {
            client.declared = self.accounts[client.holder].lots(locked.instrument).abs();
        }
        if tiers.iter().filter(|tier| !tier.is_empty()).count() > 1 {
            self.saw("givers in several tiers");
        }
        tiers
    }

    /// Trades, then what each has lost of its position; cuts.
    fn book_reduction(&mut self, locked: &Locked, declarers: &[Client], givers: &[Client]) {
        let mut traded = BTreeSet::new();
        for client in declarers {
            for (order, qty) in self.take_declared(client.holder, locked, client.own) {
                self.saw("own legs against each other");
                self.reduce(locked, client.holder, &order, client.holder, qty);
                traded.insert(self.owner(client.holder));
            }
        }
        let mut left: Vec<i128> = givers.iter().map(|giver| giver.closed).collect();
        for client in declarers {
            let mut rest = client.closed;
            for (giver, left) in givers.iter().zip(&mut left) {
                let together = rest.min(*left);
                (rest, *left) = (rest - together, *left - together);
                for (order, qty) in self.take_declared(client.holder, locked, together) {
                    self.reduce(locked, client.holder, &order, giver.holder, qty);
                    traded.extend([self.owner(client.holder), self.owner(giver.holder)]);
                }
            }
            assert_eq!(rest, 0);
        }
        let parties = [(declarers, locked.side.opposite()), (givers, locked.side)];
        for (clients, side) in parties {
            for client in clients.iter().filter(|client| client.closed > 0) {
                self.emit(EventKind::Reduced {
                    instrument: instrument_id(locked.instrument),
                    account: account_id(client.holder),
                    side,
                    qty: to_qty(client.closed),
                    price: to_price(locked.limit),
                });
            }
        }
        for client in declarers.iter().chain(givers) {
            self.empty_pocket(client.holder);
        }
        for owner in traded {
            self.trim_both_sides(owner, locked.instrument);
        }
    }

    /// So many lots off a declarer's orders, by entry.
    fn take_declared(&mut self, holder: usize, locked: &Locked, qty: i128) -> Vec<(Order, i128)> {
        let mut left = qty;
        let mut taken = Vec::new();
        for (order, closing) in self.declaring(holder, locked) {
            let here = closing.min(left);
            left -= here;
            if here > 0 {
                taken.push((order, here));
            }
        }
        assert_eq!(left, 0);
        taken
    }

    /// One pair at the limit price: the declarer's order, the giver's lots.
    fn reduce(&mut self, locked: &Locked, holder: usize, order: &Order, giver: usize, qty: i128) {
        let Locked { instrument, side, limit, .. } = *locked;
        let v = self.tick_value(instrument);
        let which = self.closes(instrument, order).unwrap_or(Which::Any);
        let shorts = |short: bool| Leg { instrument, short: short && self.has_legs() };
        let short_side = side == Side::Buy;
        let (from, against) = (shorts(short_side), shorts(!short_side));
        for (one, leg, which) in [(holder, from, which), (giver, against, Which::Any)] {
            self.accounts[one].close(leg, which, limit, qty, v);
        }
        self.take_in_auction(instrument, order.entry, qty);
        self.emit(EventKind::Trade {
            instrument: instrument_id(instrument),
            price: to_price(limit),
            qty: to_qty(qty),
            maker: account_id(order.account),
            maker_id: order.id,
            taker: account_id(self.owner(giver)),
            taker_id: order.id,
            side: side.opposite(),
            kind: TradeKind::Reduction,
            maker_fee: Money::ZERO,
            taker_fee: Money::ZERO,
        });
        if let Some(case) = order.case {
            self.case_traded(case, instrument, order.side, qty);
        }
    }
}

/// Tier by tier: who closes how much. Givers by tier, then account.
fn share_tiers(declarers: &mut [Client], tiers: Vec<Vec<Client>>) -> Vec<Client> {
    let mut givers = Vec::new();
    for mut tier in tiers {
        let there: i128 = tier.iter().map(|giver| giver.declared).sum();
        let left: Vec<i128> = declarers.iter().map(|one| one.declared - one.closed).collect();
        let wanted: i128 = left.iter().sum();
        if there == 0 || wanted == 0 {
            continue;
        }
        let lots: Vec<i128> = tier.iter().map(|giver| giver.declared).collect();
        let together = there.min(wanted);
        for (giver, share) in tier.iter_mut().zip(share_out(together, &lots)) {
            giver.closed = share;
        }
        for (one, share) in declarers.iter_mut().zip(share_out(together, &left)) {
            one.closed += share;
        }
        givers.extend(tier);
    }
    givers
}
