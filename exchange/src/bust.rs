//! A trade undone by the operator. Source: RULES 2.6, SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_risk::{Aim, Fill, PositionId, Role};
use plimsoll_types::{EventKind, Qty, Reject, Side};

impl Exchange {
    /// Books the opposite of a trade that is on the tape still. Cost: O(bust window).
    pub(crate) fn bust(&mut self, trade: u64) -> Result<(), Reject> {
        let print = self.tape.find(trade).filter(|print| !print.is_busted());
        let print = *print.ok_or(Reject::UnknownTrade)?;
        let instrument = self.risk.position(print.maker).instrument();
        if self.markets[instrument.index()].gone {
            return Err(Reject::UnknownTrade);
        }
        let (price, qty) = (print.price, print.qty());
        // Each gives back what it had: the maker traded on the other side of the taker's.
        let parties = [(print.maker, print.side()), (print.taker, print.side().opposite())];
        if print.maker != print.taker {
            let most = self.risk.contract(instrument).lots_max;
            for (position, side) in parties {
                if self.lots_after(position, side, qty) > most {
                    return Err(Reject::QuantityTooLarge);
                }
            }
        }
        let mut legs = Vec::with_capacity(4);
        for (position, side) in parties {
            for (position, aim, qty) in self.given_back(position, side, qty.lots()) {
                let (role, liquidation) = (Role::Maker, false);
                let fill = Fill { position, aim, side, price, qty, role, liquidation };
                self.risk.book_free(fill);
                legs.push(position);
            }
        }
        let mut pass = self.begin_pass();
        for &position in &legs {
            let held = self.risk.position(position);
            if held.has_orders() {
                pass.changed.push(position);
            }
            if held.has_reducing_orders() {
                pass.reduce_only.push(position);
            }
            if let Some(case) = self.risk.account(held.account()).case() {
                // It may hold something else now than what it waits for.
                self.agenda.insert(case.0);
            }
        }
        self.log.emit(EventKind::Busted { trade, instrument, price, qty });
        for &position in &legs {
            let holder = self.risk.position(position).account();
            self.sweep_pocket(holder);
        }
        self.strike_from_day(trade);
        // Somebody may hold lots again that a deleveraging waits for.
        self.markets[instrument.index()].touch();
        self.finish_pass(instrument, pass);
        Ok(())
    }

    /// Lots of an account in an instrument once `qty` of them are booked back; of both its legs together.
    fn lots_after(&self, position: PositionId, side: Side, qty: Qty) -> u64 {
        let held = self.risk.position(position);
        if !held.leg().is_leg() {
            return (held.lots() + qty.signed(side)).unsigned_abs();
        }
        let legs = self.risk.legs(self.risk.home(position));
        let lots = legs.map(|leg| self.risk.position(leg).lots().unsigned_abs());
        let back = match held.closing_side() == Some(side) {
            // What the leg no longer has opens the other one.
            true => qty.lots().min(held.lots().unsigned_abs()),
            false => 0,
        };
        lots[0] + lots[1] - back + (qty.lots() - back)
    }

    /// Where `qty` lots of a trade go back to. A leg they were added to gives them, the oldest first; what it no longer has
    /// opens the other leg. A leg they were taken off gets them as lots of today.
    fn given_back(
        &self,
        position: PositionId,
        side: Side,
        qty: u64,
    ) -> impl Iterator<Item = (PositionId, Aim, u64)> + use<> {
        let held = self.risk.position(position);
        let parts = match held.closing_side() {
            None => [(position, Aim::Net, qty), (position, Aim::Net, 0)],
            Some(closing) if closing == side => {
                let closes = qty.min(held.lots().unsigned_abs());
                let first = self.risk.home(position);
                let other = self.risk.leg_for(first, side, Aim::Open);
                [(position, Aim::Close, closes), (other, Aim::Open, qty - closes)]
            }
            Some(_) => [(position, Aim::Open, qty), (position, Aim::Open, 0)],
        };
        parts.into_iter().filter(|part| part.2 > 0)
    }

    /// Marks a trade as busted, and takes it out of its day where that is today.
    fn strike_from_day(&mut self, trade: u64) {
        let Some(print) = self.tape.find(trade) else { return };
        print.set_busted();
        let print = *print;
        let instrument = self.risk.position(print.maker).instrument();
        let day = &mut self.markets[instrument.index()].day;
        if !day.has(trade) {
            return;
        }
        day.undo(trade, print.price, print.qty().lots());
        let risk = &self.risk;
        let follows = self.tape.after(trade, |other| {
            !other.is_busted() && risk.position(other.maker).instrument() == instrument
        });
        match follows {
            Some(next) => next.before = print.before,
            None => day.set_last(print.before),
        }
    }
}
