//! Section 5: changes of terms, announced beforehand; what an instrument lets everybody do; its end.

use super::entry::Checked;
use super::{Due, Model, instrument_id};
use plimsoll_types::*;

/// Whether these are margins at all: the house's not under the exchange's.
pub fn check_margins(initial: MarginRate, maintenance: MarginRate) -> Checked {
    let shares = [initial.share, maintenance.share];
    let amounts = [initial.per_lot, maintenance.per_lot];
    if shares.iter().any(|share| *share < Ratio::ZERO || *share > Ratio::MAX)
        || amounts.iter().any(|amount| *amount < Money::ZERO)
        || initial.share < maintenance.share
        || initial.per_lot < maintenance.per_lot
    {
        return Err(Reject::InvalidMargin);
    }
    Ok(())
}

impl Model {
    /// Command `schedule`.
    pub fn announce_change(&mut self, change: &Schedule) -> Checked {
        let index = self.known_instrument(change.instrument)?;
        if matches!(change.when, ScheduleTime::At(at) if at <= self.now) {
            return Err(Reject::Past);
        }
        if let Some([initial, maintenance]) = change.margins {
            check_margins(initial, maintenance)?;
        }
        let at = match change.when {
            ScheduleTime::At(at) => Some(at),
            ScheduleTime::Settlement => None,
        };
        self.emit(EventKind::Scheduled { instrument: instrument_id(index), at });
        self.await_change(change);
        Ok(())
    }

    /// It waits for its time, or for the next settlement.
    pub fn await_change(&mut self, change: &Schedule) {
        match change.when {
            ScheduleTime::At(at) => {
                self.changes.push(*change);
                self.timers.push((at, Due::Change(self.changes.len() - 1)));
            }
            ScheduleTime::Settlement => {
                self.books[change.instrument.index()].at_settlement.push(*change);
            }
        }
    }

    /// An instrument with an end waits for it.
    pub fn await_end(&mut self, instrument: usize) {
        if let Some(at) = self.books[instrument].spec.risk.expires {
            self.timers.push((at, Due::Expires(instrument)));
        }
    }

    /// What was announced for now takes effect.
    pub fn change_terms(&mut self, change: &Schedule) {
        let index = change.instrument.index();
        if let Some([initial, maintenance]) = change.margins {
            self.books[index].regular = (initial, maintenance);
            self.set_margin(index, initial, maintenance);
        }
        let spec = &mut self.books[index].spec;
        if let Some(limit) = change.price_limit {
            spec.rules.price_limit = Some(limit);
        }
        if let Some(fees) = change.fees {
            spec.fees = fees;
        }
        if change.price_limit.is_some() || change.fees.is_some() {
            self.emit(EventKind::Terms {
                instrument: change.instrument,
                price_limit: self.books[index].spec.rules.price_limit,
                fees: change.fees.is_some(),
            });
        }
    }

    /// At the end of a settlement's third step.
    pub fn change_at_settlement(&mut self, index: usize) {
        for change in std::mem::take(&mut self.books[index].at_settlement) {
            self.saw("terms change at a settlement");
            self.change_terms(&change);
        }
    }

    /// Command `permission` with a symbol.
    pub fn restrict(&mut self, instrument: InstrumentId, permission: Permission) -> Checked {
        let index = self.known_instrument(instrument)?;
        self.books[index].permission = permission;
        self.emit(EventKind::InstrumentPermission { instrument, permission });
        Ok(())
    }

    /// Command `margin` for an account.
    pub fn change_own_margin(
        &mut self,
        instrument: InstrumentId,
        account: AccountId,
        initial: MarginRate,
        maintenance: MarginRate,
    ) -> Checked {
        let owner = self.known_account(account)?;
        let index = self.known_instrument(instrument)?;
        check_margins(initial, maintenance)?;
        let book = &self.books[index];
        let under = |own: MarginRate, rate: MarginRate| {
            own.share < rate.share || own.per_lot < rate.per_lot
        };
        if under(initial, book.initial) || under(maintenance, book.maintenance) {
            return Err(Reject::InvalidMargin);
        }
        self.accounts[owner].margins.insert(index, (initial, maintenance));
        let account = Some(account);
        self.emit(EventKind::Margin { instrument, account, initial, maintenance });
        Ok(())
    }
}
