//! A trade undone by the operator. Source: RULES 2.6, SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_risk::{Aim, Fill, Role};
use plimsoll_types::{EventKind, Reject};

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
        let legs = [(print.maker, print.side()), (print.taker, print.side().opposite())];
        if print.maker != print.taker {
            let most = self.risk.contract(instrument).lots_max;
            for (position, side) in legs {
                let after = self.risk.position(position).lots() + qty.signed(side);
                if after.unsigned_abs() > most {
                    return Err(Reject::QuantityTooLarge);
                }
            }
        }
        let mut pass = self.begin_pass();
        for (position, side) in legs {
            let qty = qty.lots();
            let fill = Fill {
                position,
                aim: Aim::Net,
                side,
                price,
                qty,
                role: Role::Maker,
                liquidation: false,
            };
            self.risk.book_free(fill);
            let held = self.risk.position(position);
            if held.has_orders() {
                pass.changed.push(position);
            }
            if held.reduce_only_orders() > 0 {
                pass.reduce_only.push(position);
            }
            if let Some(case) = self.risk.account(held.account()).case() {
                // It may hold something else now than what it waits for.
                self.agenda.insert(case.0);
            }
        }
        self.log.emit(EventKind::Busted { trade, instrument, price, qty });
        for (position, _) in legs {
            let holder = self.risk.position(position).account();
            self.sweep_pocket(holder);
        }
        self.strike_from_day(trade);
        self.finish_pass(instrument, pass);
        Ok(())
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
