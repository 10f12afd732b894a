//! A scenario: an exchange, a leveraged population, background flow and what shocks it, in one TOML file.

pub mod read;
pub mod reader;

use crate::flow::depth::plan::Depth;
use crate::flow::fundamental::Fundamental;
use crate::flow::hawkes::Hawkes;
use crate::flow::index::Index;
use crate::flow::maker::Stress;
use crate::flow::zero::Zero;
use crate::population::plan::Population;
use crate::strategy::plan::StrategyPlan;
use plimsoll_text::commands::Line;
use plimsoll_types::{ExchangeSpec, InstrumentId, InstrumentSpec, Label, Ratio, Ts};
use std::path::PathBuf;

/// The scenario that runs when none is named.
pub const BUILT_IN: &str = include_str!("../../scenarios/default.toml");

/// Everything a run needs. The same scenario and seed give the same events, byte for byte.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is about, in one line.
    pub title: String,
    /// The name of the file it was read from, without folders.
    pub file: String,
    /// Seed of every random number.
    pub seed: u64,
    /// Time of day at which it begins, nanoseconds since midnight.
    pub start: Ts,
    /// How long it lasts, nanoseconds.
    pub duration: Ts,
    /// Time between two samples of the report's curves, nanoseconds.
    pub sample: Ts,
    /// Wall time that a strategy may take for one callback, nanoseconds.
    pub strategy_timeout: Ts,
    /// The exchange.
    pub exchange: ExchangeSpec,
    /// The text it was read from: an EXCHANGE.toml, with empty lines where the scenario's own sections stood.
    pub configuration: String,
    /// The instrument that the report is about: the first one.
    pub instrument: InstrumentId,
    /// The leveraged accounts, group by group.
    pub populations: Vec<Population>,
    /// Who else trades: at most one flow an instrument.
    pub flows: Vec<Flow>,
    /// What happens to them, in file order.
    pub shocks: Vec<Shock>,
    /// Commands at set times, in file order.
    pub script: Vec<Scripted>,
    /// Strategies under test, in file order.
    pub strategies: Vec<StrategyPlan>,
}

impl Scenario {
    /// The flow of an instrument, if it has one.
    pub fn flow(&self, instrument: InstrumentId) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.instrument == instrument)
    }

    /// The instruments it lists while it runs.
    pub fn listings(&self) -> impl Iterator<Item = &InstrumentSpec> {
        self.script.iter().filter_map(|scripted| scripted.line.listing())
    }
}

/// A command of the contract at a set time: a margin raise, a halt, a settlement.
#[derive(Clone, Debug)]
pub struct Scripted {
    /// When, nanoseconds from the opening.
    pub after: Ts,
    /// What. Its own time stamp says nothing.
    pub line: Line,
}

/// Who else trades: all under the profile `unlimited`.
#[derive(Clone, Debug)]
pub struct Flow {
    /// In what.
    pub instrument: InstrumentId,
    /// How far the value that makers quote around moves by itself: ticks of standard deviation a second.
    pub value_noise: Ratio,
    /// The index that follows that value.
    pub index: Option<Index>,
    /// Market makers.
    pub makers: Option<Makers>,
    /// Traders without a plan.
    pub noise: Option<Noise>,
    /// Traders who follow the price.
    pub momentum: Option<Momentum>,
    /// Zero-intelligence traders.
    pub zero: Option<Zero>,
    /// Orders that excite orders.
    pub hawkes: Option<Hawkes>,
    /// Traders with an opinion.
    pub fundamental: Option<Fundamental>,
    /// A recorded market instead of all these.
    pub recorded: Option<Recorded>,
    /// A recorded market with its depth and trades.
    pub depth: Option<Depth>,
    /// A market recorded order by order.
    pub l3: Option<L3>,
}

impl Flow {
    /// Whether it begins and ends with a recording.
    pub fn is_recorded(&self) -> bool {
        self.recorded.is_some() || self.depth.is_some() || self.l3.is_some()
    }
}

/// Market makers: ladders around the value.
#[derive(Clone, Debug)]
pub struct Makers {
    /// How many.
    pub accounts: u32,
    /// How long their commands take to the exchange, nanoseconds.
    pub latency: Ts,
    /// Time between two looks at the market, nanoseconds.
    pub every: Ts,
    /// Distance of the best quote from the value, ticks.
    pub spread: i64,
    /// Distance between two levels, ticks.
    pub spacing: i64,
    /// Levels a side.
    pub levels: u32,
    /// Lots a level.
    pub lots: u64,
    /// Lots of inventory that move a maker's quotes by one level.
    pub inventory: u64,
    /// What they do when the market is wild or their inventory large.
    pub stress: Stress,
}

/// Traders without a plan: limit orders at power-law distances, market orders, cancels.
#[derive(Clone, Debug)]
pub struct Noise {
    /// How many.
    pub accounts: u32,
    /// How long their commands take to the exchange, nanoseconds.
    pub latency: Ts,
    /// Mean time between two actions, nanoseconds.
    pub every: Ts,
    /// Most lots an order has.
    pub lots: u64,
    /// Exponent of the sizes' tail: beyond x lots lie x^-tail of all orders. Without one, sizes fall off as 1 / (lots + 1)^2.
    pub tail: Option<Ratio>,
    /// Share of market orders.
    pub market: Ratio,
    /// Orders one of them leaves in the book at most.
    pub orders: u32,
    /// Farthest distance of a limit order from the opposite side, ticks.
    pub reach: u64,
}

/// Traders who follow the price.
#[derive(Clone, Debug)]
pub struct Momentum {
    /// How many.
    pub accounts: u32,
    /// How long their commands take to the exchange, nanoseconds.
    pub latency: Ts,
    /// Time between two looks, nanoseconds.
    pub every: Ts,
    /// How far back they look, nanoseconds.
    pub window: Ts,
    /// Move of the mark over the window that makes them trade, ticks.
    pub threshold: i64,
    /// Lots an order.
    pub lots: u64,
    /// Largest position, lots.
    pub limit: u64,
}

/// A market recorded order by order, in an L3 file.
#[derive(Clone, Debug)]
pub struct L3 {
    /// The file.
    pub file: PathBuf,
    /// Which of its instruments; `None` = the one of the same symbol, or the only one.
    pub symbol: Option<Label>,
    /// On how many days it is played, one after the other.
    pub repeat: u64,
}

/// A recorded market: its last price is the mark, its quotes are in the book.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// One file a day, in order.
    pub files: Vec<PathBuf>,
    /// Levels quoted behind the recorded best price of each side (the recording holds only the best).
    pub levels: u32,
    /// Distance between them, ticks.
    pub spacing: i64,
    /// Lots at each.
    pub lots: u64,
    /// Whether what was traded between two snapshots comes as aggressive orders.
    pub trades: bool,
}

/// Something that happens to the market for a while.
#[derive(Clone, Debug)]
pub struct Shock {
    /// What people call it.
    pub name: String,
    /// To what.
    pub instrument: InstrumentId,
    /// When it begins, nanoseconds from the start.
    pub from: Ts,
    /// When it ends.
    pub to: Ts,
    /// Change of the value by its end, as a share of the opening price; it builds up slow, fast, slow, and stays.
    pub value: Ratio,
    /// Share of their usual quantity that makers quote meanwhile.
    pub liquidity: Ratio,
    /// Lots a second sold at any price.
    pub sell: u64,
    /// Lots a second bought at any price.
    pub buy: u64,
    /// How far through the touch these orders go, ticks.
    pub through: i64,
    /// Lots left to wait at the limit price once the market stands there.
    pub queue: u64,
}
