//! The rows of a recording one after another, day after day.

use super::{Part, Player};
use crate::l3::Row;
use crate::l3::read::Recording;
use crate::scenario::{L3, Scenario};
use plimsoll_text::{Error, read_config};
use plimsoll_types::{ExchangeSpec, InstrumentId, Phase, Price, Ts};
use std::path::Path;

/// Nanoseconds of a day.
const DAY: Ts = 86_400_000_000_000;

/// Rows of a file that is kept in memory, so that later days need not be unpacked again: at most so many bytes.
const KEPT_ROWS_MAX: u64 = (128 << 20) / size_of::<Row>() as u64;

/// The rows of a recording, once or on several days.
pub struct Rows {
    recording: Recording,
    /// Rows of the batch, or of the whole file where it is `kept`.
    rows: Vec<Row>,
    kept: bool,
    /// The next row of them.
    at: usize,
    /// The next batch.
    batch: usize,
    day: u64,
    days: u64,
    /// From one day to the next. Units: nanoseconds.
    period: Ts,
    /// The next row begins a day.
    turns: bool,
    last: Ts,
    present: Option<Row>,
}

impl Rows {
    /// Opens a file, to be played on so many days, each a whole number of days after the one before.
    ///
    /// Errors: what cannot be read or is not what was written; days beyond the end of time.
    pub fn open(path: &Path, days: u64) -> Result<Rows, Error> {
        let mut recording = Recording::open(path)?;
        let (first, last) = recording.times();
        let period = (last - first + 1).div_ceil(DAY).saturating_mul(DAY);
        let end =
            period.checked_mul(days.saturating_sub(1)).and_then(|more| last.checked_add(more));
        if end.is_none_or(|end| end > i64::MAX as u64) {
            return Err(Error::new("repeat", "days before the end of time", &days.to_string()));
        }
        let kept = recording.rows() <= KEPT_ROWS_MAX;
        let mut rows = Vec::new();
        if kept {
            rows = whole(&mut recording)?;
        } else {
            recording.verify()?;
        }
        Ok(Rows {
            recording,
            rows,
            kept,
            at: 0,
            batch: 0,
            day: 0,
            days,
            period,
            turns: true,
            last: first,
            present: None,
        })
    }

    /// Slots that its orders take.
    pub(super) fn slots(&self) -> usize {
        self.recording.slots() as usize
    }

    /// When the first day begins and the last one ends.
    pub(super) fn times(&self) -> (Ts, Ts) {
        let (first, last) = self.recording.times();
        (first, last + self.period * self.days.saturating_sub(1))
    }

    /// Whether a day is to begin now; if so, it has.
    pub(super) fn turn(&mut self) -> bool {
        std::mem::take(&mut self.turns)
    }

    /// Whether the next row begins a day that has not begun.
    pub(super) fn is_at_turn(&self) -> bool {
        self.turns
    }

    /// The next row, its time that of its day; `None` after the last.
    pub(super) fn peek(&mut self) -> Result<Option<&Row>, Error> {
        if self.present.is_none() {
            self.present = self.fetch()?;
        }
        Ok(self.present.as_ref())
    }

    /// Goes on to the row behind it.
    pub(super) fn advance(&mut self) {
        self.present = None;
    }

    fn fetch(&mut self) -> Result<Option<Row>, Error> {
        loop {
            if let Some(row) = self.rows.get(self.at) {
                self.at += 1;
                // Batches are in order each; a file whose batches are not among them keeps time nevertheless.
                self.last = self.last.max(row.ts + self.day * self.period);
                return Ok(Some(Row { ts: self.last, ..*row }));
            }
            if !self.kept && self.batch < self.recording.batches() {
                self.recording.batch(self.batch, &mut self.rows)?;
                (self.batch, self.at) = (self.batch + 1, 0);
                continue;
            }
            if self.day + 1 >= self.days || self.recording.rows() == 0 {
                return Ok(None);
            }
            self.day += 1;
            (self.at, self.batch, self.turns) = (0, 0, true);
            if !self.kept {
                self.rows.clear();
            }
        }
    }

    /// The middle of the first book of an instrument that has two sides, as far as the rows at hand go.
    fn first_price(&self, instrument: u16) -> Option<Price> {
        let mut touches = self.rows.iter().filter(|row| row.instrument == instrument);
        touches.find_map(|row| {
            let touch = row.touch?;
            let (bid, ask) = (touch.bid?.ticks(), touch.ask?.ticks());
            (bid < ask).then(|| Price::clamped(bid.midpoint(ask)))
        })
    }
}

fn whole(recording: &mut Recording) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    let mut batch = Vec::new();
    for at in 0..recording.batches() {
        recording.batch(at, &mut batch)?;
        rows.append(&mut batch);
    }
    Ok(rows)
}

/// A recording of a scenario, and the prices at which its instruments open.
pub struct Playing {
    /// Who plays it.
    pub player: Player,
    openings: Vec<(InstrumentId, Option<Price>)>,
}

impl Playing {
    /// The instruments that it plays, their first prices, where the recording tells them, and when it begins and ends.
    pub fn openings(&self) -> impl Iterator<Item = (InstrumentId, Option<Price>, (Ts, Ts))> + '_ {
        let times = self.player.times();
        self.openings.iter().map(move |(instrument, price)| (*instrument, *price, times))
    }

    /// The recordings of a scenario: flows that name the same file have one, so that its order is kept.
    ///
    /// Errors: a file that cannot be used; an instrument that is not in it, or counts in other steps than the scenario's.
    pub fn gather(scenario: &Scenario) -> Result<Vec<Playing>, Error> {
        let mut files: Vec<(&L3, Vec<(InstrumentId, &L3)>)> = Vec::new();
        for flow in &scenario.flows {
            let Some(plan) = &flow.l3 else { continue };
            let same = |(first, _): &&mut (&L3, _)| first.file == plan.file;
            match files.iter_mut().find(same) {
                Some((first, _)) if first.repeat != plan.repeat => {
                    let expected = "the same in every flow of one file";
                    return Err(Error::new("flow.l3.repeat", expected, &plan.repeat.to_string()));
                }
                Some((_, parts)) => parts.push((flow.instrument, plan)),
                None => files.push((plan, vec![(flow.instrument, plan)])),
            }
        }
        let play =
            |(plan, parts): (&L3, Vec<(InstrumentId, &L3)>)| Playing::open(scenario, plan, &parts);
        files.into_iter().map(play).collect()
    }

    fn open(
        scenario: &Scenario,
        plan: &L3,
        flows: &[(InstrumentId, &L3)],
    ) -> Result<Playing, Error> {
        let rows = Rows::open(&plan.file, plan.repeat)?;
        let recording = &rows.recording;
        let theirs = match recording.exchange() {
            "" => None,
            text => Some(read_config(recording.name(), text)?),
        };
        let mut parts = vec![None; recording.symbols().len()];
        let mut openings = Vec::new();
        for (instrument, plan) in flows {
            let place = place(recording, scenario, *instrument, plan)?;
            if parts[place].is_some() {
                let found = recording.symbols()[place];
                let expected = "an instrument of the file in one flow only";
                return Err(Error::new("flow.l3.symbol", expected, found.as_str()));
            }
            let phase = match &theirs {
                Some(theirs) => phase(recording, theirs, place, scenario, *instrument)?,
                None => Phase::Continuous,
            };
            parts[place] = Some(Part { instrument: *instrument, phase, touch: None });
            openings.push((*instrument, rows.first_price(place as u16)));
        }
        Ok(Playing { player: Player::new(rows, parts, scenario.sample), openings })
    }
}

/// The place in a file of what a flow plays: the symbol it names, else that of its instrument, else the only one.
fn place(
    recording: &Recording,
    scenario: &Scenario,
    instrument: InstrumentId,
    plan: &L3,
) -> Result<usize, Error> {
    let symbols = recording.symbols();
    let own = scenario.exchange.instruments[instrument.index()].symbol;
    let wanted = plan.symbol.unwrap_or(own);
    let found = symbols.iter().position(|symbol| *symbol == wanted);
    let only = (symbols.len() == 1 && plan.symbol.is_none()).then_some(0);
    found.or(only).ok_or_else(|| {
        let known: Vec<&str> = symbols.iter().take(8).map(|symbol| symbol.as_str()).collect();
        let expected = format!("an instrument of {} ({})", recording.name(), known.join(", "));
        Error::new("flow.l3.symbol", expected, wanted.as_str())
    })
}

/// The phase in which a recorded day begins, once its steps have been found to be those of the scenario's instrument.
fn phase(
    recording: &Recording,
    theirs: &ExchangeSpec,
    place: usize,
    scenario: &Scenario,
    instrument: InstrumentId,
) -> Result<Phase, Error> {
    let ours = &scenario.exchange.instruments[instrument.index()];
    let symbol = recording.symbols()[place];
    let Some(theirs) = theirs.instruments.iter().find(|spec| spec.symbol == symbol) else {
        return Ok(Phase::Continuous);
    };
    for (what, recorded, found) in [
        ("tick_size", theirs.tick_size, ours.tick_size),
        ("lot_size", theirs.lot_size, ours.lot_size),
    ] {
        if recorded != found {
            let shown = |step: plimsoll_types::Step| {
                let mut text = Vec::new();
                plimsoll_text::decimal::write_scaled(
                    &mut text,
                    step.mantissa.into(),
                    step.decimals,
                );
                String::from_utf8_lossy(&text).into_owned()
            };
            let expected = format!("{} as in {}", shown(recorded), recording.name());
            return Err(Error::new(&format!("{}.{what}", ours.symbol), expected, &shown(found)));
        }
    }
    Ok(theirs.phase)
}
