//! What a run came to.

use crate::population::Client;
use crate::record::Record;
use plimsoll_types::{AccountId, Band, Money, Price, Ts};
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
    /// A client that has just come.
    pub fn new(account: AccountId, client: Client) -> AccountRecord {
        AccountRecord {
            account,
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
    /// Curves.
    pub samples: Vec<Sample>,
    /// The leveraged accounts.
    pub accounts: Vec<AccountRecord>,
    /// Cases and totals.
    pub record: Record,
    /// What conservation left over: zero.
    pub imbalance: Money,
    /// How it ended.
    pub ending: Ending,
    /// Time it took.
    pub wall: Duration,
}
