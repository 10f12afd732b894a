//! What the books are kept in: money units, ticks, lots, and what a tick of a lot is worth.

use super::record::Record;
use crate::r#where::Error;
use plimsoll_types::{
    CloseRule, ExchangeSpec, InstrumentSpec, Label, MarginMode, PositionMode, Side, Step,
    units::tick_value,
};
use std::collections::{HashMap, HashSet};

/// Places amounts, prices and quantities are counted in where no configuration says otherwise.
const DECIMALS: u32 = 9;

/// One position of an instrument: the only one, or one of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// The only one, signed.
    Net,
    /// Lots bought, where both sides are held apart.
    Long,
    /// Lots sold, likewise.
    Short,
}

impl Leg {
    /// The leg that an opening order of this side adds to.
    pub fn opened_by(side: Side) -> Leg {
        match side {
            Side::Buy => Leg::Long,
            Side::Sell => Leg::Short,
        }
    }
}

/// An instrument, as far as its trades are booked by it.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Its symbol.
    pub symbol: Box<str>,
    /// Price step.
    pub tick: Step,
    /// Quantity step.
    pub lot: Step,
    /// Money units a tick and lot; `None` where nobody has said.
    pub value: Option<i64>,
    /// The last mark, ticks; before any, the previous settlement.
    pub mark: Option<i64>,
    /// Whether `close` and `close_today` name different lots.
    pub close_rule: CloseRule,
}

/// What the books are kept in.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The configuration; `None` where there is none, so that worth and first money are unknown.
    pub spec: Option<Box<ExchangeSpec>>,
    /// Places of a money unit.
    pub decimals: u32,
    /// Every instrument there has been.
    pub instruments: Vec<Instrument>,
    symbols: HashMap<Box<str>, usize>,
    isolated: HashSet<Label>,
}

impl Terms {
    /// By a configuration, or by nothing but what events will say.
    pub fn new(spec: Option<&ExchangeSpec>) -> Terms {
        let mut terms = Terms {
            decimals: spec.map_or(DECIMALS, |spec| spec.money_decimals),
            spec: spec.cloned().map(Box::new),
            instruments: Vec::new(),
            symbols: HashMap::new(),
            isolated: HashSet::new(),
        };
        for spec in spec.iter().flat_map(|spec| &spec.instruments) {
            terms.add(of_spec(spec));
        }
        let profiles = spec.iter().flat_map(|spec| &spec.profiles);
        let isolated = profiles.filter(|profile| profile.margin_mode == MarginMode::Isolated);
        terms.isolated = isolated.map(|profile| profile.name).collect();
        terms
    }

    /// Whether a configuration is known.
    pub fn known(&self) -> bool {
        self.spec.is_some()
    }

    /// Whether accounts have a long and a short position in each instrument.
    pub fn has_legs(&self) -> bool {
        self.spec.as_ref().is_some_and(|spec| spec.position_mode == PositionMode::LongShort)
    }

    /// Whether accounts under a profile have money of their own for each position.
    pub fn is_isolated(&self, profile: Option<&Label>) -> bool {
        profile.is_some_and(|profile| self.isolated.contains(profile))
    }

    /// How many of the last trades may be undone.
    pub fn bust_window(&self) -> usize {
        self.spec.as_ref().map_or(1 << 16, |spec| spec.bust_window as usize)
    }

    fn add(&mut self, instrument: Instrument) -> usize {
        let place = self.instruments.len();
        self.symbols.insert(instrument.symbol.clone(), place);
        self.instruments.push(instrument);
        place
    }

    /// The instrument a record's `symbol` names; without a configuration it comes to be with its first event.
    ///
    /// Errors: one that neither the configuration nor an event has brought.
    pub fn instrument(&mut self, record: &Record<'_>) -> Result<usize, Error> {
        let symbol = record.text("symbol")?;
        if let Some(&place) = self.symbols.get(symbol.as_ref()) {
            return Ok(place);
        }
        if self.known() {
            let expected = "an instrument of the configuration or one listed since";
            return Err(Error::new("symbol", expected, &symbol));
        }
        let step = Step { mantissa: 1, decimals: DECIMALS };
        Ok(self.add(Instrument {
            symbol: symbol.into(),
            tick: step,
            lot: step,
            value: None,
            mark: None,
            close_rule: CloseRule::OldestFirst,
        }))
    }

    /// The instrument of a symbol, if it is traded.
    pub fn find(&self, symbol: &str) -> Option<usize> {
        self.symbols.get(symbol).copied()
    }

    /// Takes in an instrument that was listed.
    ///
    /// Errors: a step that is none, or worth that is no whole number of units.
    pub fn list(&mut self, record: &Record<'_>) -> Result<usize, Error> {
        let step = |key: &str| {
            let text = record.text(key)?;
            let value = crate::decimal::parse(text.as_bytes()).ok();
            let expected = "a decimal above zero with at most 18 digits";
            value.and_then(crate::decimal::step).ok_or_else(|| Error::new(key, expected, &text))
        };
        let (tick, lot, multiplier) = (step("tick_size")?, step("lot_size")?, step("multiplier")?);
        let value = tick_value(tick, lot, multiplier, self.decimals);
        if self.known() && value.is_none() {
            let expected = "tick_size x lot_size x multiplier in whole money units";
            return Err(Error::new("multiplier", expected, &record.text("multiplier")?));
        }
        let shfe = record.text_or_none("close_rule")?.as_deref() == Some("shfe");
        Ok(self.add(Instrument {
            symbol: record.text("symbol")?.into(),
            tick,
            lot,
            value: value.filter(|_| self.known()),
            mark: Some(record.steps("prev_settlement", tick)?),
            close_rule: if shfe { CloseRule::Shfe } else { CloseRule::OldestFirst },
        }))
    }

    /// Forgets the symbol of an instrument that has gone: it may come again as another.
    pub fn drop_symbol(&mut self, place: usize) {
        let symbol = &self.instruments[place].symbol;
        if self.symbols.get(symbol) == Some(&place) {
            self.symbols.remove(symbol);
        }
    }
}

fn of_spec(spec: &InstrumentSpec) -> Instrument {
    Instrument {
        symbol: spec.symbol.as_str().into(),
        tick: spec.tick_size,
        lot: spec.lot_size,
        value: Some(spec.tick_value),
        mark: Some(spec.prev_settlement.ticks()),
        close_rule: spec.risk.close_rule,
    }
}
