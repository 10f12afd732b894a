//! Where messages become commands, and what waits for its answer; shared by all sessions of the FIX thread.

use super::message::{Message, Refusal};
use super::names::Names;
use super::orders::{Key, Order, Orders};
use super::recall;
use super::store::Store;
use super::tag;
use super::write::{Body, Kind};
use crate::follower::Follower;
use crate::inbound::{Inbound, Once, UserId};
use crate::intake::Intake;
use crate::users::{Reach, User};
use plimsoll_types::{AccountId, Command, Label, Reject, Ts};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer waits for the readers' exchange to have what users were told of.
const PATIENCE: Duration = Duration::from_millis(20);

/// The top byte of our tags: other protocols' outcomes are not ours.
const MARK: u64 = 2 << 56;

/// A message to send.
pub type Reply = (Kind, Body);

/// Why a message does not become a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is wrong as a message: a Reject.
    Session(Refusal),
    /// It cannot be taken now, or not from this user: a BusinessMessageReject.
    Business {
        /// BusinessRejectReason.
        reason: u8,
        /// For people.
        text: &'static str,
    },
    /// It is answered in the manner of its kind: a code and what it means.
    No(&'static str, &'static str),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Session(refusal)
    }
}

impl From<Reject> for Stop {
    fn from(reject: Reject) -> Stop {
        Stop::No(reject.as_str(), reject.detail())
    }
}

/// What a command was that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A new order.
    New,
    /// A cancel.
    Cancel,
    /// A replace.
    Replace,
    /// A cancel of many; counts what went.
    MassCancel {
        /// MassCancelRequestType.
        kind: u8,
        /// Orders cancelled so far.
        count: u32,
    },
}

/// A command on its way, and what its answer has to say.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Whose.
    pub user: UserId,
    /// Its MsgSeqNum.
    pub seq: u64,
    /// What.
    pub wish: Wish,
    /// Its ClOrdID.
    pub name: Label,
    /// Its OrigClOrdID.
    pub orig: Option<Label>,
    /// Which order; of a mass cancel, only the account counts.
    pub key: Key,
    /// A new order as it was asked for.
    pub order: Option<Order>,
    /// Whether it may have been carried out before.
    pub again: bool,
}

/// The sessions' side of the exchange.
pub struct Desk {
    /// Everybody.
    pub users: Arc<[User]>,
    /// The exchange as readers see it.
    pub follower: Follower,
    /// Names and steps.
    pub names: Names,
    /// Orders.
    pub orders: Orders,
    /// Number of the last command that batches told of.
    pub heard: u64,
    intake: Intake,
    pending: HashMap<u64, Pending>,
    /// Whose, by MsgSeqNum.
    waiting: BTreeSet<(UserId, u64)>,
    next_tag: u64,
    /// Ids of reports that no event has an id for: the time we started, and a count.
    started: Ts,
    counted: u64,
}

impl Desk {
    /// A desk over the exchange as the follower shows it now.
    pub fn new(users: Arc<[User]>, intake: Intake, follower: Follower, now: Ts) -> Desk {
        let names = follower.read(|exchange| Names::new(&users, exchange));
        let mut desk = Desk {
            users,
            heard: follower.number(),
            follower,
            names,
            orders: Orders::default(),
            intake,
            pending: HashMap::new(),
            waiting: BTreeSet::new(),
            next_tag: 0,
            started: now,
            counted: 0,
        };
        desk.take_stock();
        desk
    }

    /// Learns the open orders of watched accounts from the exchange as it stands.
    pub fn take_stock(&mut self) {
        self.orders = Orders::default();
        let accounts: Vec<AccountId> = self.names.watched().map(|(id, _)| id).collect();
        for account in accounts {
            let view = self.follower.read(|exchange| exchange.account(account));
            for order in &view.orders {
                self.orders.insert(Order::seen(account, order));
            }
        }
    }

    /// Somebody.
    pub fn user(&self, user: UserId) -> &User {
        &self.users[user.index() - 1]
    }

    /// The account a message names, or the user's only one.
    pub fn account(&mut self, user: UserId, message: &Message<'_>) -> Result<AccountId, Stop> {
        let given = message.optional_label(tag::ACCOUNT)?;
        let users = self.users.clone();
        let name = match (given, &users[user.index() - 1].reach) {
            (Some(name), Reach::All) => name,
            (Some(name), Reach::Accounts(own)) if own.contains(&name) => name,
            (Some(_), Reach::Accounts(_)) => {
                return Err(Stop::No("not_your_account", "this user does not reach the account"));
            }
            (None, Reach::Accounts(own)) if own.len() == 1 => own[0],
            (None, _) => return Err(Refusal::missing(tag::ACCOUNT).into()),
        };
        Ok(self.names.find(&name, &self.follower).ok_or(Reject::UnknownAccount)?)
    }

    /// Hands a command to the engine and remembers what its answer has to say.
    ///
    /// A ClOrdID is taken once: the engine knows it again, also after a restart.
    pub fn submit(&mut self, pending: Pending, command: Command, now: Ts) -> Result<(), Stop> {
        let account = self.names.account_name(pending.key.0);
        let mut words = Vec::with_capacity(80);
        words.extend_from_slice(account.as_ref().map_or(&[], |name| name.as_bytes()));
        words.push(0);
        words.extend_from_slice(pending.name.as_bytes());
        let once = Once::Token(xxhash_rust::xxh3::xxh3_64(&words));
        self.next_tag += 1;
        let tag = MARK | self.next_tag;
        let inbound = Inbound { received: now, user: pending.user, once, tag, command };
        match self.intake.submit(inbound) {
            Ok(()) => {
                self.waiting.insert((pending.user, pending.seq));
                self.pending.insert(tag, pending);
                Ok(())
            }
            Err(_) => {
                let text = "busy: the engine's queue is full; nothing was taken, send it again";
                Err(Stop::Business { reason: 4, text })
            }
        }
    }

    /// Cancels an account's orders for a user whose session ended. `false`: the queue is full.
    pub fn cancel_all(&mut self, user: UserId, account: AccountId, now: Ts) -> bool {
        let command = Command::CancelAll { account, instrument: None, side: None };
        let (once, tag) = (Once::Unmarked, MARK);
        self.intake.submit(Inbound { received: now, user, once, tag, command }).is_ok()
    }

    /// What was remembered of a command that has been answered.
    pub fn answered(&mut self, tag: u64) -> Option<Pending> {
        let pending = self.pending.remove(&tag)?;
        self.waiting.remove(&(pending.user, pending.seq));
        Some(pending)
    }

    /// Waits, for a while, until the readers' exchange has what users were told of: nobody is answered from before it.
    pub fn catch_up(&self) {
        self.follower.wait_for(self.heard, PATIENCE);
    }

    /// MsgSeqNum of a user's oldest command that has not been answered.
    pub fn oldest(&self, user: UserId) -> Option<u64> {
        self.waiting.range((user, 0)..=(user, u64::MAX)).next().map(|(_, seq)| *seq)
    }

    /// Learns names and orders anew, after batches were lost. What is on its way will be answered by nobody.
    pub fn look_up(&mut self) {
        self.pending.clear();
        self.waiting.clear();
        // In this order: what is looked at is at least as new as the number.
        self.heard = self.follower.number();
        self.names = self.follower.read(|exchange| Names::new(&self.users, exchange));
        self.take_stock();
    }

    /// Learns from a session's last reports what open orders had traded and are called, for a server that starts again.
    pub fn recall(&mut self, user: UserId, store: &Store) {
        for (_, sent) in store.kept().filter(|(_, sent)| sent.kind == Kind::EXECUTION_REPORT) {
            recall::take(self, user, &sent.body);
        }
    }

    /// An id for a report that stands for no event.
    pub fn own_id(&mut self) -> String {
        self.counted += 1;
        format!("x{}-{}", self.started, self.counted)
    }

    /// The accounts a user reaches by name, as far as they are open.
    pub fn own_accounts(&mut self, user: UserId) -> Vec<AccountId> {
        let users = self.users.clone();
        match &users[user.index() - 1].reach {
            Reach::All => Vec::new(),
            Reach::Accounts(names) => {
                names.iter().filter_map(|name| self.names.find(name, &self.follower)).collect()
            }
        }
    }
}
