//! Section 4: a pass ends.

use super::book::Order;
use super::position::{Leg, Which};
use super::{Model, account_id, instrument_id, lots, sign, to_price, to_qty};
use plimsoll_types::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the end of a pass has to know.
#[derive(Clone, Debug)]
pub struct Pass {
    pub instrument: usize,
    /// Who traded.
    pub traded: BTreeSet<usize>,
    /// Lots that holders held before it, in each leg that it could have changed.
    pub held: BTreeMap<(usize, Leg), i128>,
    /// Prices of its trades, in order.
    pub prices: Vec<i128>,
    /// Price of the last trade that moves the mark.
    pub mark: Option<i128>,
    /// Price of the last trade.
    pub last: Option<i128>,
    /// Lots traded.
    pub filled: i128,
    /// Whether the corridor stopped it, with lots left.
    pub stopped: bool,
    /// An uncross.
    pub auction: bool,
}

impl Pass {
    pub fn new(instrument: usize) -> Pass {
        Pass {
            instrument,
            traded: BTreeSet::new(),
            held: BTreeMap::new(),
            prices: Vec::new(),
            mark: None,
            last: None,
            filled: 0,
            stopped: false,
            auction: false,
        }
    }
}

impl Model {
    /// The end of a pass: stops, mark, reduce-only trim, a stopped book, look.
    pub fn end_pass(&mut self, pass: &Pass) {
        let instrument = pass.instrument;
        if !pass.auction && !pass.stopped {
            for &price in &pass.prices {
                self.trigger_stops(instrument, price);
            }
        }
        match self.books[instrument].spec.mark {
            MarkSource::Last => {
                if let Some(price) = pass.mark {
                    self.set_mark(instrument, to_price(price));
                }
            }
            MarkSource::Index { cap: Some(_) } if pass.last.is_some() => {
                self.mark_by_index(instrument);
            }
            MarkSource::Index { .. } | MarkSource::External => {}
        }
        self.end_trades(pass);
        if pass.stopped {
            self.stop_book(instrument);
        }
        self.look();
    }

    /// What follows any trades: cuts, reports of large positions.
    pub fn end_trades(&mut self, pass: &Pass) {
        for &account in &pass.traded {
            self.trim_both_sides(account, pass.instrument);
        }
        let Some(report_at) = self.books[pass.instrument].spec.risk.report_at else { return };
        for holder in 0..self.accounts.len() {
            for side in [Side::Buy, Side::Sell] {
                let of_holder = pass.held.iter().filter(|((one, _), _)| *one == holder);
                let before = of_holder.map(|(_, held)| (sign(side) * held).max(0)).sum::<i128>();
                let touched = pass.held.keys().any(|(one, _)| *one == holder);
                let now = self.accounts[holder].lots_on(pass.instrument, side);
                if touched && before < lots(report_at) && now >= lots(report_at) {
                    self.emit(EventKind::LargePosition {
                        account: account_id(holder),
                        instrument: instrument_id(pass.instrument),
                        side,
                        qty: to_qty(now),
                    });
                }
            }
        }
    }

    pub fn set_mark(&mut self, instrument: usize, price: Price) {
        self.books[instrument].mark = price;
        self.emit(EventKind::Mark { instrument: instrument_id(instrument), price });
    }

    pub fn trim_both_sides(&mut self, account: usize, instrument: usize) {
        for side in [Side::Buy, Side::Sell] {
            for which in [Which::Carried, Which::Today, Which::Any] {
                self.trim(account, instrument, side, which);
            }
        }
    }

    /// Cuts the newest orders that may only close until the rest of them fits the lots they mean.
    fn trim(&mut self, account: usize, instrument: usize, side: Side, which: Which) {
        loop {
            let mine = |o: &&Order| o.account == account && o.side == side && self.only_closes(o);
            // In net mode all lots are meant.
            let meant = |o: &&Order| self.closes(instrument, o).unwrap_or(Which::Any) == which;
            let orders = self.books[instrument].orders.iter();
            let own: Vec<Order> = orders.filter(mine).filter(meant).cloned().collect();
            let Some(newest) = own.iter().max_by_key(|order| order.entry) else { return };
            let can_give = self.can_give(instrument, newest);
            let excess = own.iter().map(|order| order.qty).sum::<i128>() - can_give;
            if excess <= 0 {
                return;
            }
            if newest.qty <= excess {
                self.saw("reduce-only trim cancels");
                self.cancel_open(instrument, newest.entry, CancelReason::ReduceOnly);
            } else {
                self.saw("reduce-only trim cuts");
                self.take_off(instrument, newest.entry, excess);
                let cut = self.books[instrument].order_mut(newest.entry).clone();
                self.replaced(instrument, &cut, true);
            }
        }
    }
}
