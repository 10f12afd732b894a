//! What a run came to.

use crate::flow::replayed::Replayed;
use crate::population::Client;
use crate::record::Record;
use plimsoll_types::{AccountId, Band, InstrumentId, Label, Money, Price, Side, TradeKind, Ts};
use std::time::Duration;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At its time.
    Complete,
    /// Early, by the user.
    Stopped,
    /// Early, by trouble, told in one line.
    Failed(String),
}

/// The market at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When.
    pub ts: Ts,
    /// Mark.
    pub mark: Price,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best ask.
    pub ask: Option<Price>,
    /// Limit-down and limit-up.
    pub band: Option<Band>,
    /// Lots in the five best levels of the bids.
    pub bid_depth: u64,
    /// Lots in the five best levels of the asks.
    pub ask_depth: u64,
    /// Cases not ended.
    pub open_cases: u64,
    /// Cases that wait, among them.
    pub parked_cases: u64,
    /// Insurance fund.
    pub fund: Money,
    /// Debts so far.
    pub debt: Money,
}

/// A leveraged account, before and after.
#[derive(Clone, Copy, Debug)]
pub struct AccountRecord {
    /// Its id.
    pub account: AccountId,
    /// Which of the scenario's populations it belongs to.
    pub population: usize,
    /// What it holds.
    pub instrument: InstrumentId,
    /// As it came.
    pub client: Client,
    /// Equity once its position was open.
    pub opening: Money,
    /// Equity at the end.
    pub closing: Money,
    /// Paid in after the opening.
    pub paid_in: Money,
    /// Tier at the end.
    pub tier: u8,
    /// Signed lots at the end.
    pub lots: i64,
}

impl AccountRecord {
    /// Equity after the opening, with what was paid in later.
    pub fn money(&self) -> Money {
        self.opening + self.paid_in
    }

    /// What it lost of that by the end; below zero it won.
    pub fn loss(&self) -> Money {
        self.money() - self.closing
    }

    /// A client that has just come.
    pub fn new(
        account: AccountId,
        client: Client,
        population: usize,
        instrument: InstrumentId,
    ) -> AccountRecord {
        AccountRecord {
            account,
            population,
            instrument,
            client,
            opening: client.deposit,
            closing: client.deposit,
            paid_in: Money::ZERO,
            tier: 0,
            lots: 0,
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// When the market opened.
    pub from: Ts,
    /// When it ended.
    pub to: Ts,
    /// Price of the opening auction.
    pub price: Price,
    /// Commands carried out.
    pub commands: u64,
    /// Events that came of them.
    pub events: u64,
    /// Hash of the exchange's whole state at the end.
    pub state_hash: u128,
    /// Curves of the first instrument.
    pub samples: Vec<Sample>,
    /// The other instruments.
    pub others: Vec<MarketRecord>,
    /// The leveraged accounts.
    pub accounts: Vec<AccountRecord>,
    /// The strategies, in file order.
    pub strategies: Vec<StrategyRecord>,
    /// Cases and totals.
    pub record: Record,
    /// What became of recorded flow.
    pub recorded: Option<Replayed>,
    /// What conservation left over: zero.
    pub imbalance: Money,
    /// How it ended.
    pub ending: Ending,
    /// Time it took.
    pub wall: Duration,
}

impl Outcome {
    /// The leveraged accounts that had a case. Strategies and the fund's own account are none of them.
    pub fn liquidated(&self) -> impl Iterator<Item = &AccountRecord> {
        self.accounts.iter().filter(|one| self.record.cases_of(one.account) > 0)
    }
}

/// What was sampled over a run.
#[derive(Clone, Debug)]
pub struct Curves {
    /// The markets, the first instrument's first.
    pub markets: Vec<(InstrumentId, Vec<Sample>)>,
    /// The strategies' accounts, in file order.
    pub strategies: Vec<(AccountId, Vec<StrategySample>)>,
}

impl Outcome {
    /// A copy of its curves. Cost: O(samples).
    pub fn curves(&self) -> Curves {
        let first = (InstrumentId(0), self.samples.clone());
        let others = self.others.iter().map(|market| (market.instrument, market.samples.clone()));
        let strategies = self.strategies.iter();
        Curves {
            markets: [first].into_iter().chain(others).collect(),
            strategies: strategies.map(|one| (one.account, one.samples.clone())).collect(),
        }
    }
}

/// The market of one instrument over a run.
#[derive(Clone, Debug)]
pub struct MarketRecord {
    /// Which.
    pub instrument: InstrumentId,
    /// Price of the opening auction.
    pub price: Price,
    /// Curves.
    pub samples: Vec<Sample>,
}

/// A strategy's account at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategySample {
    /// When.
    pub ts: Ts,
    /// Equity.
    pub equity: Money,
    /// Initial margin of its positions.
    pub margin: Money,
    /// Worth of its positions at the marks, without sign.
    pub exposure: Money,
    /// Ticks from the mark to the nearest price at which the account would be liquidated.
    pub distance: Option<i64>,
    /// Signed lots over all instruments.
    pub lots: i64,
}

/// A trade of a strategy's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategyFill {
    /// When.
    pub ts: Ts,
    /// In what.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub lots: u64,
    /// From where.
    pub kind: TradeKind,
}

/// What became of a strategy.
#[derive(Clone, Debug)]
pub struct StrategyRecord {
    /// Name of its account.
    pub name: Label,
    /// Its account.
    pub account: AccountId,
    /// What it began with.
    pub deposit: Money,
    /// Paid in less taken out, its first deposit among it.
    pub paid_in: Money,
    /// Equity at the end.
    pub closing: Money,
    /// What it owes the house in the end.
    pub debt: Money,
    /// Curves.
    pub samples: Vec<StrategySample>,
    /// Its first trades.
    pub trades: Vec<StrategyFill>,
    /// All its trades, counted.
    pub fills: u64,
    /// Lots traded.
    pub lots: u64,
    /// Of these, by resting orders.
    pub maker_lots: u64,
    /// Fees.
    pub fees: Money,
    /// Commands sent.
    pub messages: u64,
    /// Commands refused.
    pub rejected: u64,
    /// Margin calls.
    pub margin_calls: u64,
    /// Liquidation cases of its account.
    pub cases: u64,
}

impl StrategyRecord {
    /// One that has just sat down.
    pub fn new(name: Label, account: AccountId, deposit: Money) -> StrategyRecord {
        StrategyRecord {
            name,
            account,
            deposit,
            paid_in: deposit,
            closing: deposit,
            debt: Money::ZERO,
            samples: Vec::new(),
            trades: Vec::new(),
            fills: 0,
            lots: 0,
            maker_lots: 0,
            fees: Money::ZERO,
            messages: 0,
            rejected: 0,
            margin_calls: 0,
            cases: 0,
        }
    }

    /// Takes a point of the curves.
    pub fn sample(&mut self, sample: StrategySample) {
        self.samples.push(sample);
    }

    /// What it has won or lost, fees paid.
    pub fn profit(&self) -> Money {
        self.closing - self.paid_in - self.debt
    }
}
