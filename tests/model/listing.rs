//! Section 5: instruments come and go; trades are undone.

use super::account::Account;
use super::book::Book;
use super::entry::Checked;
use super::position::Which;
use super::{Due, Model, instrument_id, sign, to_price, to_qty};
use plimsoll_types::*;

/// One side of a trade that may be undone.
#[derive(Clone, Copy, Debug)]
pub struct TradedSide {
    /// Who holds what it brought.
    pub holder: usize,
    pub side: Side,
    /// Under long_short: whether it closed.
    pub closes: bool,
}

/// A trade that may be undone.
#[derive(Clone, Copy, Debug)]
pub struct Traded {
    /// Its event's number.
    pub seq: u64,
    pub instrument: usize,
    pub price: i128,
    pub qty: i128,
    /// The maker's, the taker's.
    pub sides: [TradedSide; 2],
    pub busted: bool,
}

impl Model {
    /// Command `list`.
    pub fn list(&mut self, spec: &InstrumentSpec) -> Checked {
        if self.books.iter().any(|book| book.live && book.spec.symbol == spec.symbol) {
            return Err(Reject::DuplicateSymbol);
        }
        self.books.push(Book::new(spec));
        let index = self.books.len() - 1;
        self.emit(EventKind::Listed { instrument: instrument_id(index) });
        self.open_calendar(index);
        self.await_end(index);
        Ok(())
    }

    /// Command `delist`.
    pub fn delist(&mut self, instrument: InstrumentId) -> Checked {
        let index = self.known_instrument(instrument)?;
        if self.accounts.iter().any(|account: &Account| account.holds(index)) {
            return Err(Reject::OpenPosition);
        }
        self.cancel_in(index, CancelReason::Delisted, |_, _| true);
        self.emit(EventKind::Delisted { instrument });
        self.take_off_list(index);
        Ok(())
    }

    /// From now on nobody knows it.
    pub fn take_off_list(&mut self, index: usize) {
        assert!(self.books[index].open().next().is_none());
        self.books[index].live = false;
        self.forget_phase_timers(index);
        let changes = &self.changes;
        self.timers.retain(|(_, what)| match what {
            Due::Calendar(one) | Due::Expires(one) => *one != index,
            Due::Change(place) => changes[*place].instrument.index() != index,
            _ => true,
        });
    }

    /// Command `bust`.
    pub fn bust(&mut self, trade: u64) -> Checked {
        let kept = self.spec.bust_window as usize;
        let oldest = self.trades.len().saturating_sub(kept);
        let place = self.trades.iter().position(|t| t.seq == trade && !t.busted);
        let place = place.filter(|place| *place >= oldest).ok_or(Reject::UnknownTrade)?;
        let Traded { instrument, price, qty, mut sides, .. } = self.trades[place];
        if !self.books[instrument].live {
            self.saw("bust of a delisted instrument's trade");
            return Err(Reject::UnknownTrade);
        }
        for undone in &mut sides {
            // Its account may have changed between cross and isolated since.
            let owner = self.owner(undone.holder);
            undone.holder = self.holder(owner, instrument).expect("a pocket where it has traded");
        }
        if sides[0].holder != sides[1].holder {
            for undone in sides {
                self.check_lots(instrument, self.lots_after_bust(instrument, undone, qty))?;
            }
        }
        self.trades[place].busted = true;
        self.books[instrument].day.retain(|t| t.seq != trade);
        for undone in sides {
            let which = (!undone.closes).then_some(Which::Any);
            let side = undone.side.opposite();
            self.book_lots(undone.holder, instrument, side, which, price, qty);
        }
        let (instrument_id, price, qty) = (instrument_id(instrument), to_price(price), to_qty(qty));
        self.emit(EventKind::Busted { trade, instrument: instrument_id, price, qty });
        // The maker's first, as after a trade.
        for undone in sides {
            self.empty_pocket(undone.holder);
        }
        let mut owners = sides.map(|undone| self.owner(undone.holder));
        owners.sort_unstable();
        for owner in owners {
            self.trim_both_sides(owner, instrument);
        }
        Ok(())
    }

    /// Lots that one side of a trade would leave its holder with, were it undone.
    fn lots_after_bust(&self, instrument: usize, undone: TradedSide, qty: i128) -> i128 {
        let account = &self.accounts[undone.holder];
        if !self.has_legs() {
            return (account.lots(instrument) - sign(undone.side) * qty).abs();
        }
        let closed =
            if undone.closes { 0 } else { qty.min(account.lots_on(instrument, undone.side)) };
        self.lots_held(undone.holder, instrument) - closed + (qty - closed)
    }
}
