//! Who may speak to the server, for which accounts, and how much; and what of each is remembered.

use plimsoll_types::{Label, Qty, Ratio, Ts};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;

/// Names of messages remembered of each user.
pub const TOKENS: usize = 4096;

/// What a user may do. A user without any may do nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// See its accounts: orders, positions, risk, statements.
    pub read: bool,
    /// Enter, change and cancel orders of its accounts.
    pub trade: bool,
    /// Everything else: open accounts, pay in, phases, bands, margins, settlement, kill switches; of every account.
    pub admin: bool,
}

/// Bounds of what a user may enter. `None` = none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Messages a second in the long run, and at once.
    pub rate: Option<(NonZeroU32, NonZeroU32)>,
    /// Most lots of an order.
    pub order_quantity: Option<Qty>,
    /// Most an order may be worth, in money units of the exchange; a market order counts at the mark.
    pub order_value: Option<i128>,
    /// How far a limit may lie from the mark on the side that trades, as a share of the mark.
    pub collar: Option<Ratio>,
    /// Most open orders of an account.
    pub open_orders: Option<u32>,
}

/// Which accounts are a user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// These, by name.
    Accounts(Vec<Label>),
    /// All.
    All,
}

/// Somebody with a key.
#[derive(Clone, Debug)]
pub struct User {
    /// Its name: what it logs in as, and what its messages are remembered under.
    pub name: Label,
    /// Its secret: the key of its signatures (HTTP) and its password (binary, FIX). At least 16 bytes.
    pub secret: Box<[u8]>,
    /// Its accounts.
    pub reach: Reach,
    /// What it may do.
    pub scopes: Scopes,
    /// Its bounds.
    pub limits: Limits,
    /// Whether its accounts' orders are cancelled when its last session of a trading protocol ends.
    pub cancel_on_disconnect: bool,
}

impl User {
    /// What the user's messages are remembered under, in the journal and in snapshots: XXH3-64 of its name.
    pub fn key(&self) -> u64 {
        key_of(&self.name)
    }
}

/// XXH3-64 of a user's name; the server's own is 0.
pub fn key_of(name: &Label) -> u64 {
    xxhash_rust::xxh3::xxh3_64(name.as_bytes())
}

/// What of a user outlives its sessions and the server: part of snapshots, rebuilt from the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Number of its last message.
    pub sequence: u64,
    /// Names of its last messages, the oldest first.
    pub tokens: VecDeque<u64>,
    /// Time of its last message.
    pub last: Ts,
}

/// What is remembered of everybody, by [`User::key`].
pub type Memory = BTreeMap<u64, Remembered>;
