//! Orders as reports tell of them: what was asked for, what is left, what has traded and at what price on average.

use crate::inbound::UserId;
use plimsoll_exchange::OrderView;
use plimsoll_types::{
    AccountId, InstrumentId, Label, Offset, OrderId, Price, Qty, Side, TimeInForce,
};
use std::collections::{HashMap, VecDeque};

/// Orders that are over and still answered for.
const FINISHED: usize = 20_000;

/// Trades that a bust can still be told of.
const TRADES: usize = 50_000;

/// Whose order, and which.
pub type Key = (AccountId, OrderId);

/// Where an order stands. Source: field 39.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It rests, waits, or trades.
    Open,
    /// All of it has traded.
    Filled,
    /// What was left went.
    Cancelled,
    /// Its time was over.
    Expired,
    /// It was refused.
    Rejected,
}

/// What an order asked for that no event repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// OrdType: 1 market, 2 limit, 3 stop, 4 stop limit.
    pub kind: u8,
    /// TimeInForce, where it is known.
    pub tif: Option<TimeInForce>,
    /// Who entered it here.
    pub user: Option<UserId>,
}

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whose and which.
    pub key: Key,
    /// What the client calls it now: its id, or the ClOrdID of its last replace.
    pub name: Label,
    /// In what.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// What it asked for.
    pub asked: Asked,
    /// Limit or protection.
    pub price: Option<Price>,
    /// The price a stop waits for.
    pub trigger: Option<Price>,
    /// Most lots shown; zero = all.
    pub display: Qty,
    /// Which lots it means, where there are legs.
    pub offset: Option<Offset>,
    /// Lots open.
    pub leaves: u64,
    /// Lots traded.
    pub cum: u64,
    /// Lots that went without trading, at its end.
    pub gone: u64,
    /// Sum of price times lots over what has traded, ticks x lots.
    pub cost: i128,
    /// Where it stands.
    pub standing: Standing,
    /// Whether it is in a book: a case's batch that is not goes when it is checked.
    pub rests: bool,
}

impl Order {
    /// One that traded nothing yet.
    pub fn new(key: Key, instrument: InstrumentId, side: Side, qty: Qty) -> Order {
        Order {
            key,
            name: name_of(&key.1),
            instrument,
            side,
            asked: Asked { kind: b'2', tif: None, user: None },
            price: None,
            trigger: None,
            display: Qty::ZERO,
            offset: None,
            leaves: qty.lots(),
            cum: 0,
            gone: 0,
            cost: 0,
            standing: Standing::Open,
            rests: true,
        }
    }

    /// One that was there before us, as the exchange shows it. What it had traded is not known.
    pub fn seen(account: AccountId, view: &OrderView) -> Order {
        let kind = match (view.price, view.trigger) {
            (Some(_), None) => b'2',
            (None, None) => b'1',
            (Some(_), Some(_)) => b'4',
            (None, Some(_)) => b'3',
        };
        Order {
            asked: Asked { kind, tif: None, user: None },
            price: view.price,
            trigger: view.trigger,
            display: view.display,
            ..Order::new((account, view.id), view.instrument, view.side, view.open)
        }
    }

    /// OrderQty: what is open and what has traded; what went without trading counts until the end is told.
    pub fn qty(&self) -> u64 {
        self.leaves + self.cum + self.gone
    }

    /// Books a fill.
    pub fn fill(&mut self, price: Price, qty: Qty) {
        self.cum += qty.lots();
        self.cost += i128::from(price.ticks()) * i128::from(qty.lots());
        self.leaves = self.leaves.saturating_sub(qty.lots());
        if self.leaves == 0 {
            self.standing = Standing::Filled;
        }
    }

    /// Takes a fill back. Lots do not come back to the book.
    pub fn bust(&mut self, price: Price, qty: Qty) {
        let lots = qty.lots().min(self.cum);
        self.cum -= lots;
        self.gone += lots;
        self.cost -= i128::from(price.ticks()) * i128::from(lots);
        if self.standing == Standing::Filled {
            self.standing = Standing::Cancelled;
        }
    }

    /// Takes lots away without a trade; `true` where none are left.
    pub fn take_away(&mut self, qty: Qty, standing: Standing) -> bool {
        let lots = qty.lots().min(self.leaves);
        self.leaves -= lots;
        if self.leaves > 0 {
            return false;
        }
        self.gone += lots;
        self.standing = standing;
        true
    }

    /// OrdStatus.
    pub fn status(&self) -> u8 {
        match self.standing {
            Standing::Open if self.cum == 0 => b'0',
            Standing::Open => b'1',
            Standing::Filled => b'2',
            Standing::Cancelled => b'4',
            Standing::Expired => b'C',
            Standing::Rejected => b'8',
        }
    }
}

/// An id as a name: a client's own, `#n`, or `liq-<case>-<n>`; all fit.
pub fn name_of(id: &OrderId) -> Label {
    match id {
        OrderId::Client(name) => *name,
        other => match Label::new(&other.to_string()) {
            Some(name) => name,
            None => plimsoll_types::broken(format_args!("{other:?} has no name")),
        },
    }
}

/// The orders of all accounts that somebody is told of.
///
/// Invariant: open orders are bounded by the exchange, others by [`FINISHED`].
#[derive(Debug, Default)]
pub struct Orders {
    all: HashMap<Key, Order>,
    /// Every ClOrdID that means an order, its id left out.
    names: HashMap<(AccountId, Label), OrderId>,
    /// ClOrdIDs of an order in `names`, to go with it.
    chains: HashMap<Key, Vec<Label>>,
    finished: VecDeque<Key>,
    trades: HashMap<u64, [Option<Key>; 2]>,
    traded: VecDeque<u64>,
}

impl Orders {
    /// An order.
    pub fn get(&self, key: &Key) -> Option<&Order> {
        self.all.get(key)
    }

    /// An order, to be changed.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut Order> {
        self.all.get_mut(key)
    }

    /// The id of the order a ClOrdID means: any of its chain, or an id as it is.
    pub fn resolve(&self, account: AccountId, name: &Label) -> OrderId {
        let own = OrderId::Client(*name);
        if self.all.contains_key(&(account, own)) {
            return own;
        }
        let chained = self.names.get(&(account, *name)).copied();
        chained.unwrap_or_else(|| read_id(name))
    }

    /// Puts an order in; an older one of the same id, which is over, goes.
    pub fn insert(&mut self, order: Order) {
        self.forget_chain(&order.key);
        self.all.insert(order.key, order);
    }

    /// Another name of an order.
    pub fn alias(&mut self, key: Key, name: Label) {
        if self.names.insert((key.0, name), key.1).is_none() {
            self.chains.entry(key).or_default().push(name);
        }
    }

    /// The name goes: the replace that brought it was refused.
    pub fn forget_alias(&mut self, key: Key, name: &Label) {
        self.names.remove(&(key.0, *name));
        if let Some(chain) = self.chains.get_mut(&key) {
            chain.retain(|other| other != name);
        }
    }

    /// An order is over; it is kept for a while.
    pub fn finish(&mut self, key: Key) {
        self.finished.push_back(key);
        if self.finished.len() > FINISHED
            && let Some(oldest) = self.finished.pop_front()
            && self.all.get(&oldest).is_some_and(|order| order.standing != Standing::Open)
        {
            self.all.remove(&oldest);
            self.forget_chain(&oldest);
        }
    }

    fn forget_chain(&mut self, key: &Key) {
        for name in self.chains.remove(key).unwrap_or_default() {
            self.names.remove(&(key.0, name));
        }
    }

    /// Remembers whose a trade was.
    pub fn remember(&mut self, trade: u64, keys: [Option<Key>; 2]) {
        self.trades.insert(trade, keys);
        self.traded.push_back(trade);
        if self.traded.len() > TRADES
            && let Some(oldest) = self.traded.pop_front()
        {
            self.trades.remove(&oldest);
        }
    }

    /// Whose a trade was.
    pub fn trade(&mut self, trade: u64) -> [Option<Key>; 2] {
        self.trades.remove(&trade).unwrap_or_default()
    }

    /// Open orders of an account.
    pub fn open(&self, account: AccountId) -> impl Iterator<Item = &Order> {
        let is_open = |order: &&Order| order.standing == Standing::Open;
        self.all.values().filter(move |order| order.key.0 == account).filter(is_open)
    }
}

/// An order's id as reports write it.
fn read_id(name: &Label) -> OrderId {
    let number = name.as_str().strip_prefix('#').and_then(|digits| digits.parse().ok());
    let batch = name.as_str().strip_prefix("liq-").and_then(|rest| rest.split_once('-'));
    let batch = batch.and_then(|(case, n)| Some((case.parse().ok()?, n.parse().ok()?)));
    match (number, batch) {
        (Some(number), _) => OrderId::Number(number),
        (_, Some((case, n))) => OrderId::Liquidation { case, n },
        _ => OrderId::Client(*name),
    }
}
