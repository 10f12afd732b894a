//! Changes of an instrument's terms that are announced: at a time, or at its next settlement. Source: RULES 1.3, SEMANTICS 5.

use crate::exchange::Exchange;
use crate::timers::Alarm;
use plimsoll_types::{EventKind, InstrumentId, Ratio, Reject, Schedule, ScheduleTime};

impl Exchange {
    pub(crate) fn schedule(&mut self, row: &Schedule) -> Result<(), Reject> {
        self.check_instrument(row.instrument)?;
        let at = match row.when {
            ScheduleTime::At(at) if at <= self.log.now => return Err(Reject::Past),
            ScheduleTime::At(at) => Some(at),
            ScheduleTime::Settlement => None,
        };
        if let Some([initial, maintenance]) = row.margins {
            crate::phases::check_margins(initial, maintenance)?;
        }
        self.keep_row(row);
        self.log.emit(EventKind::Scheduled { instrument: row.instrument, at });
        Ok(())
    }

    /// Keeps a change of terms until its time.
    pub(crate) fn keep_row(&mut self, row: &Schedule) {
        self.schedules_made += 1;
        let number = self.schedules_made;
        self.schedules.insert(number, *row);
        if let ScheduleTime::At(at) = row.when {
            self.timers.set(at, Alarm::Schedule { number });
        }
    }

    /// Changes an instrument's terms now.
    pub(crate) fn carry_out_row(&mut self, row: &Schedule) {
        let instrument = row.instrument;
        if let Some(fees) = &row.fees {
            self.risk.set_fees(instrument, fees);
        }
        match row.margins {
            Some([initial, maintenance]) => {
                self.markets[instrument.index()].regular = [initial, maintenance];
                self.put_margin(instrument, initial, maintenance);
            }
            // Frozen amounts hold fees too.
            None if row.fees.is_some() => self.freeze_anew(instrument),
            None => {}
        }
        if row.fees.is_some() {
            // Plans count fees: a batch that rests may stand for another one now.
            self.agenda.extend(self.cases.values().map(|case| case.id.0));
        }
        if row.price_limit.is_none() && row.fees.is_none() {
            return;
        }
        let market = &mut self.markets[instrument.index()];
        market.price_limit = row.price_limit.or(market.price_limit);
        let (price_limit, fees) = (market.price_limit, row.fees.is_some());
        self.log.emit(EventKind::Terms { instrument, price_limit, fees });
    }

    /// The daily limit announced for an instrument's settlement; its band is of that settlement already.
    pub(crate) fn announced_limit(&self, instrument: InstrumentId) -> Option<Ratio> {
        let rows = self.schedules.values().filter(|row| at_settlement(row, instrument));
        rows.filter_map(|row| row.price_limit).next_back()
    }

    /// Carries out what was announced for an instrument's settlement, in the order in which it was.
    pub(crate) fn carry_out_announced(&mut self, instrument: InstrumentId) {
        let due = self.schedules.iter().filter(|(_, row)| at_settlement(row, instrument));
        let numbers: Vec<u32> = due.map(|(&number, _)| number).collect();
        for number in numbers {
            if let Some(row) = self.schedules.remove(&number) {
                self.carry_out_row(&row);
            }
        }
    }

    /// Forgets what was announced for an instrument that is traded no more.
    pub(crate) fn forget_announced(&mut self, instrument: InstrumentId) {
        self.schedules.retain(|_, row| row.instrument != instrument);
    }
}

/// Whether a change of terms waits for an instrument's settlement.
fn at_settlement(row: &Schedule, instrument: InstrumentId) -> bool {
    row.instrument == instrument && row.when == ScheduleTime::Settlement
}
