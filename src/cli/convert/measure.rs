//! Carries converted commands out while they are written, and counts the recorded executions that come out of it.

use super::target::Target;
use crate::cli::Failure;
use plimsoll_exchange::Exchange;
use plimsoll_text::Line;
use plimsoll_text::recorded::{Fill, Input, Look, Miss, Purpose, Reason, Recorded, Step, ToldBy};
use plimsoll_types::{Event, EventKind, InstrumentId, OrderId, Price, Qty, Side};
use std::collections::BTreeMap;

/// A trade of our book.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// At what price.
    pub price: Price,
    /// Lots.
    pub qty: Qty,
    /// The earlier order.
    pub maker: OrderId,
    /// The later one.
    pub taker: OrderId,
}

/// Misses of one reason.
#[derive(Clone, Copy)]
pub struct Missed {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Miss,
}

/// How our book compares with the recorded one after each row or event.
#[derive(Clone, Copy, Default)]
pub struct Looks {
    /// The same, as the messages so far say.
    pub agree: u64,
    /// The same, levels that came into sight taken from the recorded book.
    pub agree_by_sight: u64,
    /// The messages so far say otherwise than the recorded book.
    pub contradictions: u64,
    /// Our book is not what the commands were to make of it.
    pub differ: u64,
}

/// What came out.
#[derive(Default)]
pub struct Outcome {
    /// Commands carried out and written.
    pub commands: u64,
    /// Commands that the exchange refused.
    pub rejected: u64,
    /// Trades.
    pub trades: u64,
    /// Trades of ours that no recorded execution asks for.
    pub strays: u64,
    /// Executions reproduced: the same order, price and quantity.
    pub reproduced: u64,
    /// Lots of them.
    pub lots: u64,
    /// Executions not reproduced, by reason.
    pub missed: BTreeMap<Reason, Missed>,
    /// The book after each step.
    pub looks: Looks,
}

impl Outcome {
    fn reproduce(&mut self, fill: &Fill) {
        self.reproduced += 1;
        self.lots += fill.qty.lots();
    }

    fn miss(&mut self, miss: Miss) {
        let missed = self.missed.entry(miss.reason).or_insert(Missed { count: 0, first: miss });
        missed.count += 1;
    }

    fn miss_fill(&mut self, fill: &Fill, reason: Reason) {
        self.miss(Miss { reason, place: fill.place, order: Some(fill.order), front: None });
    }

    /// Compares what a command traded with what it was for.
    fn compare(&mut self, purpose: &Purpose, trades: &[Trade]) {
        self.trades += trades.len() as u64;
        match purpose {
            Purpose::Keep => self.strays += trades.len() as u64,
            Purpose::Execution(fill) if is(fill, trades) => self.reproduce(fill),
            Purpose::Execution(fill) => self.miss_fill(fill, Reason::Engine),
            Purpose::Part(fill) => self.strays += u64::from(!is(fill, trades)),
            Purpose::Uncross { filled, others } => {
                let mut sums: BTreeMap<(OrderId, Price), u64> = BTreeMap::new();
                for trade in trades {
                    for order in [trade.maker, trade.taker] {
                        *sums.entry((order, trade.price)).or_default() += trade.qty.lots();
                    }
                }
                let mut is = |fill: &Fill| {
                    let ours = sums.remove(&(OrderId::Client(fill.order), fill.price));
                    ours == Some(fill.qty.lots())
                };
                for fill in filled {
                    match is(fill) {
                        true => self.reproduce(fill),
                        false => self.miss_fill(fill, Reason::Uncross),
                    }
                }
                self.strays += others.iter().filter(|fill| !is(fill)).count() as u64;
                self.strays += sums.len() as u64;
            }
        }
    }
}

/// Whether exactly this was traded.
fn is(fill: &Fill, trades: &[Trade]) -> bool {
    let maker = OrderId::Client(fill.order);
    matches!(trades, [trade] if (trade.maker, trade.price, trade.qty) == (maker, fill.price, fill.qty))
}

/// A conversion's output, and the exchange that carries it out.
pub struct Measure {
    target: Target,
    exchange: Exchange,
    events: Vec<Event>,
    trades: Vec<Trade>,
    outcome: Outcome,
}

impl Measure {
    /// Opens the exchange of a target.
    pub fn begin(target: Target) -> Measure {
        Measure {
            exchange: Exchange::new(target.spec().clone()),
            target,
            events: Vec::new(),
            trades: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Writes and carries out one step.
    pub fn step(&mut self, step: &Step) -> Result<(), Failure> {
        for command in &step.commands {
            self.command(command)?;
        }
        for miss in &step.missed {
            self.outcome.miss(*miss);
        }
        if let Some(look) = &step.look {
            self.look(look);
        }
        Ok(())
    }

    fn command(&mut self, command: &Recorded) -> Result<(), Failure> {
        self.carry_out(&command.line, &command.input)?;
        self.outcome.compare(&command.purpose, &self.trades);
        Ok(())
    }

    /// Carries out and writes one command.
    pub fn carry_out(&mut self, line: &[u8], input: &Input) -> Result<(), Failure> {
        let command =
            Line::read(line.trim_ascii_end(), self.exchange.spec()).map_err(Failure::run)?;
        self.events.clear();
        command.carry_out(&mut self.exchange, &mut self.events);
        self.trades.clear();
        for event in &self.events {
            match event.kind {
                EventKind::Trade { price, qty, maker_id, taker_id, .. } => {
                    self.trades.push(Trade { price, qty, maker: maker_id, taker: taker_id });
                }
                EventKind::Rejected { .. } => self.outcome.rejected += 1,
                _ => {}
            }
        }
        self.outcome.commands += 1;
        self.target.write(line, input, &self.exchange, &self.trades)
    }

    fn look(&mut self, look: &Look) {
        let instrument = InstrumentId(look.instrument as u16);
        let levels = |side| {
            let mut levels = Vec::with_capacity(look.depth);
            let each = &mut |price, qty| levels.push((price, qty));
            self.exchange.depth(instrument, side, look.depth, each);
            levels
        };
        let same = levels(Side::Buy) == look.bids
            && levels(Side::Sell) == look.asks
            && look.orders.is_none_or(|orders| orders == self.exchange.open_orders(instrument));
        let looks = &mut self.outcome.looks;
        match look.told_by {
            _ if !same => looks.differ += 1,
            ToldBy::Messages => looks.agree += 1,
            ToldBy::Sight => looks.agree_by_sight += 1,
            ToldBy::Neither => looks.contradictions += 1,
        }
    }

    /// Makes the output appear and gives what was counted.
    pub fn end(self) -> Result<Outcome, Failure> {
        self.target.commit()?;
        Ok(self.outcome)
    }
}
