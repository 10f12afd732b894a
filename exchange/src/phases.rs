//! Phases, bands, marks and margins by command. Source: SEMANTICS 5.

use crate::exchange::Exchange;
use crate::indicative::Outcome;
use crate::timers::Alarm;
use plimsoll_types::{
    AccountId, Band, CancelReason, EventKind, InstrumentId, MarginRate, Permission, Phase, Price,
    Reject, Side,
};

impl Exchange {
    pub(crate) fn set_mark(
        &mut self,
        instrument: InstrumentId,
        price: Price,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        self.risk.set_mark(instrument, price);
        self.log.emit(EventKind::Mark { instrument, price });
        self.look();
        Ok(())
    }

    pub(crate) fn set_phase(
        &mut self,
        instrument: InstrumentId,
        phase: Phase,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        if self.markets[instrument.index()].phase == phase {
            self.log.emit(EventKind::Phase { instrument, phase });
        } else {
            self.change_phase(instrument, phase);
        }
        Ok(())
    }

    /// Changes to another phase, whoever asks for it.
    pub(crate) fn change_phase(&mut self, instrument: InstrumentId, phase: Phase) {
        let market = &self.markets[instrument.index()];
        let old = market.phase;
        let ends_auction = old.is_call() && matches!(phase, Phase::Continuous | Phase::Closed);
        let must_uncross =
            phase == Phase::Continuous && (market.book.is_crossed() || market.has_waiting());
        let mut pass = self.begin_pass();
        if ends_auction || must_uncross {
            self.uncross(instrument, &mut pass);
        }
        self.enter_phase(instrument, phase);
        let uncrossed = pass.last;
        self.finish_pass(instrument, pass);
        let market = &mut self.markets[instrument.index()];
        if let (Some(corridor), Some(price)) = (&mut market.corridor, uncrossed) {
            corridor.uncrossed(price);
        }
        match (phase, market.last) {
            (Phase::Continuous, Some(last)) => self.trigger(instrument, last),
            (Phase::Closed, _) => {
                self.note_close(instrument);
                self.expire_day_orders(instrument);
                self.end_session(instrument);
            }
            _ => {}
        }
    }

    fn enter_phase(&mut self, instrument: InstrumentId, phase: Phase) {
        let market = &mut self.markets[instrument.index()];
        match (market.phase.is_call(), phase.is_call()) {
            (false, true) => {
                market.said = Outcome::default();
                self.called += 1;
            }
            (true, false) => self.called -= 1,
            _ => {}
        }
        market.phase = phase;
        market.phase_serial += 1;
        market.touch();
        self.log.emit(EventKind::Phase { instrument, phase });
    }

    /// Stops the book for a volatility auction. Source: RULES 3.6 (a).
    #[cold]
    pub(crate) fn interrupt(&mut self, instrument: InstrumentId) {
        self.enter_phase(instrument, Phase::Volatility);
        let market = &self.markets[instrument.index()];
        let serial = market.phase_serial;
        if let Some(corridor) = &market.corridor {
            let due = self.log.now.saturating_add(corridor.rule.auction);
            let phase = Phase::Continuous;
            self.timers.set(due, Alarm::Phase { instrument, phase, serial });
        }
    }

    /// Session-end calls of accounts with a position here fall due.
    fn end_session(&mut self, instrument: InstrumentId) {
        let due: Vec<(AccountId, u8)> = self
            .risk
            .calls
            .iter()
            .filter(|(_, call)| call.deadline.is_none())
            .filter(|&(&account, _)| {
                let mut held = self.risk.positions(account);
                held.any(|held| held.instrument() == instrument && held.lots() != 0)
            })
            .map(|(&account, call)| (account, call.tier))
            .collect();
        for (account, tier) in due {
            self.risk.calls.remove(&account);
            self.breach(account, tier);
        }
    }

    /// Sets what everybody may do in an instrument; resting orders stay.
    pub(crate) fn restrict(
        &mut self,
        instrument: InstrumentId,
        permission: Permission,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        self.markets[instrument.index()].permission = permission;
        self.log.emit(EventKind::InstrumentPermission { instrument, permission });
        Ok(())
    }

    pub(crate) fn set_band(
        &mut self,
        instrument: InstrumentId,
        down: Price,
        up: Price,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        if up < down {
            return Err(Reject::InvalidBand);
        }
        self.put_band(instrument, Band { down, up });
        self.look();
        Ok(())
    }

    /// Sets a band, whoever asks for it, and cancels the orders outside it.
    pub(crate) fn put_band(&mut self, instrument: InstrumentId, band: Band) {
        self.log.emit(EventKind::Band { instrument, up: band.up, down: band.down });
        for slot in self.markets[instrument.index()].book.outside(band) {
            self.take_out(instrument, slot, CancelReason::Band);
        }
        let market = &mut self.markets[instrument.index()];
        market.book.set_band(band);
        market.touch();
    }

    pub(crate) fn set_margin(
        &mut self,
        instrument: InstrumentId,
        initial: MarginRate,
        maintenance: MarginRate,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        check_margins(initial, maintenance)?;
        self.markets[instrument.index()].regular = [initial, maintenance];
        self.put_margin(instrument, initial, maintenance);
        self.look();
        Ok(())
    }

    /// Sets margin rates, whoever asks for them; resting orders freeze by them from now on.
    pub(crate) fn put_margin(
        &mut self,
        instrument: InstrumentId,
        initial: MarginRate,
        maintenance: MarginRate,
    ) {
        self.risk.set_margin(instrument, initial, maintenance);
        self.log.emit(EventKind::Margin { instrument, account: None, initial, maintenance });
        self.freeze_anew(instrument);
    }

    /// Counts anew what every resting order of an instrument freezes.
    pub(crate) fn freeze_anew(&mut self, instrument: InstrumentId) {
        for side in [Side::Buy, Side::Sell] {
            let market = &self.markets[instrument.index()];
            let mut slots = market.book.market_orders(side);
            for (price, _) in market.book.levels(side) {
                slots.extend(market.book.queue(side, Some(price)));
            }
            let (_, mut keeper) = self.split(instrument);
            for slot in slots {
                let opens = keeper.records[slot].opens;
                keeper.refreeze(slot, opens);
            }
        }
    }
}

/// Whether margins may be set: the house's not under the exchange's.
pub(crate) fn check_margins(initial: MarginRate, maintenance: MarginRate) -> Result<(), Reject> {
    if !is_rate(initial)
        || !is_rate(maintenance)
        || initial.share < maintenance.share
        || initial.per_lot < maintenance.per_lot
    {
        return Err(Reject::InvalidMargin);
    }
    Ok(())
}

fn is_rate(rate: MarginRate) -> bool {
    (0..=plimsoll_types::Ratio::MAX.nano()).contains(&rate.share.nano())
        && rate.per_lot >= plimsoll_types::Money::ZERO
}
