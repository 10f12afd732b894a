//! Instruments that come and go while the exchange runs. Source: RULES 2.5, SEMANTICS 5.

use crate::days::Then;
use crate::exchange::Exchange;
use crate::market::Market;
use crate::timers::Alarm;
use plimsoll_risk::Contract;
use plimsoll_types::{CancelReason, EventKind, InstrumentId, InstrumentSpec, Price, Reject};

impl Exchange {
    /// Takes in an instrument, proved as one of the configuration is.
    pub(crate) fn list(&mut self, spec: &InstrumentSpec) -> Result<(), Reject> {
        if self.instrument_id(&spec.symbol).is_some() {
            return Err(Reject::DuplicateSymbol);
        }
        let place = self.markets.len();
        let Ok(number) = u16::try_from(place) else { return Err(Reject::Full) };
        let instrument = InstrumentId(number);
        self.risk.add_contract(Contract::new(spec));
        self.markets.push(Market::new(place, spec));
        self.spec.instruments.push(spec.clone());
        self.called += u32::from(spec.phase.is_call());
        self.refresh_attention();
        self.log.emit(EventKind::Listed { instrument });
        self.date_expiry(instrument);
        self.begin_calendar(instrument);
        Ok(())
    }

    pub(crate) fn delist(&mut self, instrument: InstrumentId) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        if self.risk.has_holders(instrument) {
            return Err(Reject::OpenPosition);
        }
        self.cancel_everything(instrument, CancelReason::Delisted);
        self.log.emit(EventKind::Delisted { instrument });
        self.retire(instrument);
        self.look();
        Ok(())
    }

    /// Settles an instrument for good: closes every position at its price, then takes it out of trading.
    pub(crate) fn expire(
        &mut self,
        instrument: InstrumentId,
        price: Option<Price>,
    ) -> Result<(), Reject> {
        self.check_instrument(instrument)?;
        self.expire_now(instrument, price);
        Ok(())
    }

    /// Sets the timer of an instrument that says when it expires.
    pub(crate) fn date_expiry(&mut self, instrument: InstrumentId) {
        if let Some(due) = self.spec.instruments[instrument.index()].risk.expires {
            self.timers.set_first(due, Alarm::Mature { instrument });
        }
    }

    /// Settles an instrument for good; without a price at its index's average of the last hour, if it has an index.
    pub(crate) fn expire_now(&mut self, instrument: InstrumentId, price: Option<Price>) {
        let index = &self.markets[instrument.index()].index;
        let price = price.or_else(|| index.average(self.log.now));
        let (price, _) = self.strike(instrument, price, Then::Expiry);
        let mut prices = vec![None; self.markets.len()];
        prices[instrument.index()] = Some(price);
        self.settle_accounts(&prices, Some(instrument), Then::Expiry);
        self.log.emit(EventKind::Expired { instrument, price });
        self.retire(instrument);
        // Every case may have lost the position it waited for.
        self.agenda.extend(self.cases.keys().copied());
        self.look();
    }

    /// An instrument without orders and positions is known no more; its number is never given again.
    fn retire(&mut self, instrument: InstrumentId) {
        let market = &mut self.markets[instrument.index()];
        self.called -= u32::from(market.phase.is_call());
        market.retire();
        self.forget_announced(instrument);
        self.refresh_attention();
    }
}
