//! One instrument of a run: what it is worth, where it stands, and its curves.

use crate::flow::depth::capture::{Capture, Steps};
use crate::flow::recorded::{Recorder, Units, read_days};
use crate::flow::value::Value;
use crate::outcome::{MarketRecord, Sample};
use crate::scenario::Scenario;
use crate::scenario::reader::SECOND;
use plimsoll_exchange::Exchange;
use plimsoll_text::Error;
use plimsoll_types::{AccountId, Band, EventKind, InstrumentId, Phase, Price, Side, Ts};

/// Levels of a side whose lots count as depth.
const DEPTH_LEVELS: usize = 5;

/// One instrument of a run.
pub struct Market {
    /// Which.
    pub instrument: InstrumentId,
    /// Its worth over time.
    pub value: Value,
    /// Price of its opening auction.
    pub price: Price,
    /// Limit-down and limit-up now.
    pub band: Option<Band>,
    /// Phase now.
    pub phase: Phase,
    /// Curves.
    pub samples: Vec<Sample>,
    /// The recording, before its agent takes it.
    pub recorder: Option<Recorder>,
    /// The same, of a recording with depth.
    pub capture: Option<Capture>,
    /// When its flow begins and ends, where that is given by a recording.
    pub recorded: Option<(Ts, Ts)>,
}

impl Market {
    /// An instrument before the opening.
    ///
    /// Errors: recorded data that cannot be read.
    pub fn new(scenario: &Scenario, seed: u64, instrument: InstrumentId) -> Result<Market, Error> {
        let spec = &scenario.exchange.instruments[instrument.index()];
        let mut market = Market {
            instrument,
            value: Value::new(scenario, instrument, seed, scenario.start, spec.prev_settlement),
            price: spec.prev_settlement,
            band: spec.band,
            phase: spec.phase,
            samples: Vec::new(),
            recorder: None,
            capture: None,
            recorded: None,
        };
        let plan = scenario.flow(instrument).and_then(|flow| flow.recorded.as_ref());
        if let Some(plan) = plan {
            let turnover = (scenario.exchange.money_decimals, spec.tick_value);
            let turnover = plan.trades.then_some(turnover);
            let snapshots = read_days(plan, Units { tick: spec.tick_size, turnover })?;
            let (first, last) = (snapshots[0], snapshots[snapshots.len() - 1]);
            market.price = first.last;
            market.recorded = Some((first.ts, last.ts + SECOND));
            // The account is known once it is open.
            market.recorder = Some(Recorder::new(AccountId(0), plan.clone(), snapshots));
        }
        if let Some(plan) = scenario.flow(instrument).and_then(|flow| flow.depth.as_ref()) {
            let steps = Steps { tick: spec.tick_size, lot: spec.lot_size };
            let mut capture = Capture::read(&plan.file, steps)?;
            let Some((from, price)) = capture.opening() else {
                let expected = "a capture with at least one price";
                return Err(Error::new("flow.depth.file", expected, "none"));
            };
            if let Some(index) = &plan.index {
                capture.add_index(index, spec.tick_size, plan.index_every)?;
            }
            market.price = price;
            market.recorded = Some((from, capture.end() + SECOND));
            market.capture = Some(capture);
        }
        Ok(market)
    }

    /// Takes note of an event of this instrument.
    pub fn note(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Band { up, down, .. } => self.band = Some(Band { down, up }),
            EventKind::Phase { phase, .. } => self.phase = phase,
            _ => {}
        }
    }

    /// Takes a point of the curves.
    pub fn sample(&mut self, exchange: &Exchange, ts: Ts, totals: &Sample) {
        let depth = |side| {
            let mut lots = 0;
            exchange.depth(self.instrument, side, DEPTH_LEVELS, &mut |_, qty| lots += qty.lots());
            lots
        };
        let best = |side| exchange.best(self.instrument, side).map(|(price, _)| price);
        self.samples.push(Sample {
            ts,
            mark: exchange.mark(self.instrument),
            bid: best(Side::Buy),
            ask: best(Side::Sell),
            band: self.band,
            bid_depth: depth(Side::Buy),
            ask_depth: depth(Side::Sell),
            ..*totals
        });
    }

    /// What is left of it at the end.
    pub fn into_record(self) -> MarketRecord {
        let Market { instrument, price, samples, .. } = self;
        MarketRecord { instrument, price, samples }
    }
}
