//! Section 5: instruments come and go; trades are undone.

use super::account::Account;
use super::book::Book;
use super::entry::Checked;
use super::{Due, Model, instrument_id, sign, to_price, to_qty};
use plimsoll_types::*;

/// A trade that may be undone.
#[derive(Clone, Copy, Debug)]
pub struct Traded {
    /// Its event's number.
    pub seq: u64,
    pub instrument: usize,
    pub price: i128,
    pub qty: i128,
    pub maker: usize,
    pub taker: usize,
    /// The taker's.
    pub side: Side,
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
        Ok(())
    }

    /// Command `delist`.
    pub fn delist(&mut self, instrument: InstrumentId) -> Checked {
        let index = self.known_instrument(instrument)?;
        let held = |account: &Account| account.positions.contains_key(&index);
        if self.accounts.iter().any(held) {
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
        self.timers.retain(|(_, what)| *what != Due::Calendar(index));
    }

    /// Command `bust`.
    pub fn bust(&mut self, trade: u64) -> Checked {
        let kept = self.spec.bust_window as usize;
        let oldest = self.trades.len().saturating_sub(kept);
        let place = self.trades.iter().position(|t| t.seq == trade && !t.busted);
        let place = place.filter(|place| *place >= oldest).ok_or(Reject::UnknownTrade)?;
        let Traded { instrument, price, qty, maker, taker, side, .. } = self.trades[place];
        if !self.books[instrument].live {
            self.saw("bust of a delisted instrument's trade");
            return Err(Reject::UnknownTrade);
        }
        if maker != taker {
            for (account, side) in [(maker, side), (taker, side.opposite())] {
                let after = self.accounts[account].lots(instrument) + sign(side) * qty;
                self.check_lots(instrument, after.abs())?;
            }
        }
        self.trades[place].busted = true;
        self.books[instrument].day.retain(|t| t.seq != trade);
        let v = self.tick_value(instrument);
        self.accounts[maker].book(instrument, side, price, qty, v);
        self.accounts[taker].book(instrument, side.opposite(), price, qty, v);
        let (instrument_id, price, qty) = (instrument_id(instrument), to_price(price), to_qty(qty));
        self.emit(EventKind::Busted { trade, instrument: instrument_id, price, qty });
        for account in [maker.min(taker), maker.max(taker)] {
            self.trim_both_sides(account, instrument);
        }
        Ok(())
    }
}
