//! Phases, bands, marks and margins by command. Source: SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_types::{
    AccountId, Band, CancelReason, EventKind, InstrumentId, MarginRate, Phase, Price, Reject, Side,
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
        let ends_auction =
            old == Phase::Auction && matches!(phase, Phase::Continuous | Phase::Closed);
        let must_uncross =
            phase == Phase::Continuous && (market.book.is_crossed() || market.has_waiting());
        let mut pass = self.begin_pass();
        if ends_auction || must_uncross {
            self.uncross(instrument, &mut pass);
        }
        let market = &mut self.markets[instrument.index()];
        market.phase = phase;
        market.phase_serial += 1;
        market.changed = true;
        self.log.emit(EventKind::Phase { instrument, phase });
        self.finish_pass(instrument, pass);
        if phase == Phase::Closed {
            self.end_session(instrument);
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
                let position = self.risk.find_position(account, instrument);
                position.is_some_and(|id| self.risk.position(id).lots() != 0)
            })
            .map(|(&account, call)| (account, call.tier))
            .collect();
        for (account, tier) in due {
            self.risk.calls.remove(&account);
            self.breach(account, tier);
        }
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
        self.log.emit(EventKind::Band { instrument, up, down });
        let band = Band { down, up };
        for slot in self.markets[instrument.index()].book.outside(band) {
            self.take_out(instrument, slot, CancelReason::Band);
        }
        let market = &mut self.markets[instrument.index()];
        market.book.set_band(band);
        market.changed = true;
        self.look();
        Ok(())
    }

    pub(crate) fn set_margin(
        &mut self,
        instrument: InstrumentId,
        initial: MarginRate,
        maintenance: MarginRate,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        if !is_rate(initial)
            || !is_rate(maintenance)
            || initial.share < maintenance.share
            || initial.per_lot < maintenance.per_lot
        {
            return Err(Reject::InvalidMargin);
        }
        self.risk.set_margin(instrument, initial, maintenance);
        self.log.emit(EventKind::Margin { instrument, initial, maintenance });
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
        self.look();
        Ok(())
    }
}

fn is_rate(rate: MarginRate) -> bool {
    (0..=plimsoll_types::Ratio::MAX.nano()).contains(&rate.share.nano())
        && rate.per_lot >= plimsoll_types::Money::ZERO
}
