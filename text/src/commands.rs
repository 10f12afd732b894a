//! Commands in: one JSON object a line, read strictly, then given its meaning by the exchange's names.
//!
//! Two kinds of "no": a line that is no valid command is an [`Error`] and stops everything; a valid command that names
//! what does not exist, or a number off its step, becomes [`Command::Refused`] and is answered by an event.

mod fields;
#[cfg(test)]
mod tests;

use crate::decimal;
use crate::r#where::Error;
use fields::{Fields, Key};
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Command, Event, InstrumentId, Label, MarginRate, Money, NewOrder, OrderKind,
    OrderRef, Permission, Phase, Price, Ratio, Reject, SelfMatch, Side, TimeInForce, Ts,
};
use rust_decimal::Decimal;

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    OpenAccount,
    Deposit,
    Withdraw,
    Order,
    Cancel,
    CancelAll,
    Replace,
    Mark,
    Phase,
    Band,
    Margin,
    Fund,
    Permission,
    Time,
}

const VERBS: &[(&str, Verb)] = &[
    ("order", Verb::Order),
    ("cancel", Verb::Cancel),
    ("replace", Verb::Replace),
    ("cancel_all", Verb::CancelAll),
    ("mark", Verb::Mark),
    ("open_account", Verb::OpenAccount),
    ("deposit", Verb::Deposit),
    ("withdraw", Verb::Withdraw),
    ("phase", Verb::Phase),
    ("band", Verb::Band),
    ("margin", Verb::Margin),
    ("fund", Verb::Fund),
    ("permission", Verb::Permission),
    ("time", Verb::Time),
];

const VERBS_LATER: &[&str] = &[
    "settle",
    "funding",
    "forced_reduction",
    "list",
    "delist",
    "expire",
    "index",
    "leverage",
    "move_margin",
    "profile",
    "bust",
];

/// A line that is well-formed; what it means depends on the exchange it is brought to.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its time stamp.
    pub ts: Ts,
    request: Request,
}

/// A command in words and decimals.
#[derive(Clone, Debug)]
enum Request {
    OpenAccount { name: Label, profile: Label },
    Deposit { account: Label, amount: Decimal },
    Withdraw { account: Label, amount: Decimal },
    Order(OrderRequest),
    Cancel { account: Label, id: Label },
    CancelAll { account: Label, symbol: Option<Label>, side: Option<Side> },
    Replace { account: Label, id: Label, price: Decimal, qty: Decimal },
    Mark { symbol: Label, price: Decimal },
    Phase { symbol: Label, phase: Phase },
    Band { symbol: Label, up: Decimal, down: Decimal },
    Margin { symbol: Label, initial: Decimal, maintenance: Decimal },
    Fund { amount: Decimal },
    Permission { account: Label, permission: Permission },
    Time,
}

#[derive(Clone, Debug)]
struct OrderRequest {
    account: Label,
    id: Label,
    symbol: Label,
    side: Side,
    market: bool,
    price: Option<Decimal>,
    qty: Decimal,
    tif: TimeInForce,
    post_only: bool,
    reduce_only: bool,
    self_match: SelfMatch,
}

impl Line {
    /// Reads one line, without its newline.
    ///
    /// Cost: one pass, no allocation unless a string has escapes.
    /// Errors: whatever is no valid command, its field named; the place is for the caller to add.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Line, Error> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let found = format!("invalid bytes after {} good ones", error.valid_up_to());
            Error::new("line", "UTF-8 text", &found)
        })?;
        let fields = Fields::read(text)?;
        let verb = fields.word(Key::Cmd, VERBS, VERBS_LATER)?;
        Ok(Line { ts: fields.ts()?, request: Request::read(verb, &fields)? })
    }

    /// The command the line means on this exchange.
    ///
    /// Rejects, as [`Command::Refused`]: what names no account, symbol, profile or open order, and numbers off their
    /// step or range; in the order of precedence of docs/SEMANTICS.md section 2.
    #[inline]
    pub fn resolve(&self, exchange: &Exchange) -> Command {
        self.request.resolve(exchange).unwrap_or_else(|reason| {
            let (account, id) = self.request.named();
            Command::Refused { account, id, reason }
        })
    }

    /// Brings the line to the exchange.
    ///
    /// A replace is counted in the steps of the order it names, and a timer due before it may take that order away:
    /// so a line that seems refused is read again after the timers have run.
    #[inline]
    pub fn carry_out(&self, exchange: &mut Exchange, events: &mut Vec<Event>) {
        let mut command = self.resolve(exchange);
        if matches!(command, Command::Refused { .. }) {
            exchange.apply(self.ts, &Command::Time, events);
            command = self.resolve(exchange);
        }
        exchange.apply(self.ts, &command, events);
    }
}

impl Request {
    #[inline]
    fn read(verb: Verb, fields: &Fields<'_>) -> Result<Request, Error> {
        use Key::{
            Account, Amount, Down, Id, Initial, Maintenance, Price, Profile, Qty, Symbol, Up,
        };
        let known: &[Key] = match verb {
            Verb::Order => OrderRequest::KEYS,
            Verb::OpenAccount => &[Account, Profile],
            Verb::Deposit | Verb::Withdraw => &[Account, Amount],
            Verb::Cancel => &[Account, Id],
            Verb::CancelAll => &[Account, Symbol, Key::Side],
            Verb::Replace => &[Account, Id, Price, Qty],
            Verb::Mark => &[Symbol, Price],
            Verb::Phase => &[Symbol, Key::Phase],
            Verb::Band => &[Symbol, Up, Down],
            Verb::Margin => &[Symbol, Initial, Maintenance],
            Verb::Fund => &[Amount],
            Verb::Permission => &[Account, Key::Permission],
            Verb::Time => &[],
        };
        fields.only(known)?;
        let (label, decimal) = (|key| fields.label(key), |key| fields.decimal(key));
        Ok(match verb {
            Verb::Order => Request::Order(OrderRequest::read(fields)?),
            Verb::OpenAccount => {
                Request::OpenAccount { name: label(Account)?, profile: label(Profile)? }
            }
            Verb::Deposit => {
                Request::Deposit { account: label(Account)?, amount: decimal(Amount)? }
            }
            Verb::Withdraw => {
                Request::Withdraw { account: label(Account)?, amount: decimal(Amount)? }
            }
            Verb::Cancel => Request::Cancel { account: label(Account)?, id: label(Id)? },
            Verb::CancelAll => Request::CancelAll {
                account: label(Account)?,
                symbol: fields.has(Symbol).then(|| label(Symbol)).transpose()?,
                side: fields.has(Key::Side).then(|| fields.side(Key::Side)).transpose()?,
            },
            Verb::Replace => Request::Replace {
                account: label(Account)?,
                id: label(Id)?,
                price: decimal(Price)?,
                qty: decimal(Qty)?,
            },
            Verb::Mark => Request::Mark { symbol: label(Symbol)?, price: decimal(Price)? },
            Verb::Phase => Request::Phase { symbol: label(Symbol)?, phase: phase(fields)? },
            Verb::Band => {
                Request::Band { symbol: label(Symbol)?, up: decimal(Up)?, down: decimal(Down)? }
            }
            Verb::Margin => Request::Margin {
                symbol: label(Symbol)?,
                initial: decimal(Initial)?,
                maintenance: decimal(Maintenance)?,
            },
            Verb::Fund => Request::Fund { amount: decimal(Amount)? },
            Verb::Permission => {
                Request::Permission { account: label(Account)?, permission: permission(fields)? }
            }
            Verb::Time => Request::Time,
        })
    }

    /// The account and the order a rejection names.
    fn named(&self) -> (Option<Label>, Option<Label>) {
        match self {
            Request::OpenAccount { name, .. } => (Some(*name), None),
            Request::Deposit { account, .. }
            | Request::Withdraw { account, .. }
            | Request::CancelAll { account, .. }
            | Request::Permission { account, .. } => (Some(*account), None),
            Request::Order(order) => (Some(order.account), Some(order.id)),
            Request::Cancel { account, id } | Request::Replace { account, id, .. } => {
                (Some(*account), Some(*id))
            }
            _ => (None, None),
        }
    }

    #[inline]
    fn resolve(&self, exchange: &Exchange) -> Result<Command, Reject> {
        let names = Names { exchange };
        Ok(match self {
            Request::Order(order) => Command::Order(order.resolve(&names)?),
            Request::Cancel { account, id } => {
                Command::Cancel { account: names.account(account)?, order: OrderRef::Client(*id) }
            }
            Request::Replace { account, id, price, qty } => {
                let account = names.account(account)?;
                let order = OrderRef::Client(*id);
                let open = exchange.open_order(account, &order).ok_or(Reject::UnknownOrder)?;
                let (price, qty) = names.price_and_qty(open.instrument, *price, *qty)?;
                Command::Replace { account, order, price, qty, trigger: None }
            }
            Request::CancelAll { account, symbol, side } => Command::CancelAll {
                account: names.account(account)?,
                instrument: symbol.as_ref().map(|symbol| names.instrument(symbol)).transpose()?,
                side: *side,
            },
            Request::Mark { symbol, price } => {
                let instrument = names.instrument(symbol)?;
                Command::Mark { instrument, price: names.price(instrument, *price)? }
            }
            Request::OpenAccount { name, profile } => Command::OpenAccount {
                name: *name,
                profile: exchange.profile_id(profile).ok_or(Reject::UnknownProfile)?,
            },
            Request::Deposit { account, amount } => {
                let account = names.account(account)?;
                Command::Deposit { account, amount: names.amount(*amount)? }
            }
            Request::Withdraw { account, amount } => {
                let account = names.account(account)?;
                Command::Withdraw { account, amount: names.amount(*amount)? }
            }
            Request::Phase { symbol, phase } => {
                Command::Phase { instrument: names.instrument(symbol)?, phase: *phase }
            }
            Request::Band { symbol, up, down } => {
                let instrument = names.instrument(symbol)?;
                let (down, up) = names.both_prices(instrument, *down, *up)?;
                Command::Band { instrument, down, up }
            }
            Request::Margin { symbol, initial, maintenance } => Command::Margin {
                instrument: names.instrument(symbol)?,
                initial: rate(*initial)?,
                maintenance: rate(*maintenance)?,
            },
            Request::Fund { amount } => Command::Fund { amount: names.amount(*amount)? },
            Request::Permission { account, permission } => {
                Command::Permission { account: names.account(account)?, permission: *permission }
            }
            Request::Time => Command::Time,
        })
    }
}

impl OrderRequest {
    const KEYS: &[Key] = &[
        Key::Account,
        Key::Id,
        Key::Symbol,
        Key::Side,
        Key::Price,
        Key::Qty,
        Key::Type,
        Key::Tif,
        Key::PostOnly,
        Key::ReduceOnly,
        Key::Smp,
    ];

    #[inline]
    fn read(fields: &Fields<'_>) -> Result<OrderRequest, Error> {
        let market = fields.word_or(
            Key::Type,
            false,
            &[("limit", false), ("market", true)],
            &["stop", "stop_limit"],
        )?;
        let tif = fields.word_or(
            Key::Tif,
            TimeInForce::Gtc,
            &[("gtc", TimeInForce::Gtc), ("ioc", TimeInForce::Ioc), ("fok", TimeInForce::Fok)],
            &["day", "gtd"],
        )?;
        let self_match = fields.word_or(
            Key::Smp,
            SelfMatch::None,
            &[
                ("none", SelfMatch::None),
                ("cancel_newest", SelfMatch::CancelNewest),
                ("cancel_oldest", SelfMatch::CancelOldest),
                ("cancel_both", SelfMatch::CancelBoth),
                ("decrement", SelfMatch::Decrement),
            ],
            &[],
        )?;
        Ok(OrderRequest {
            account: fields.label(Key::Account)?,
            id: fields.label(Key::Id)?,
            symbol: fields.label(Key::Symbol)?,
            side: fields.side(Key::Side)?,
            market,
            price: match market {
                true => fields.optional_decimal(Key::Price)?,
                false => Some(fields.decimal(Key::Price)?),
            },
            qty: fields.decimal(Key::Qty)?,
            tif,
            post_only: fields.flag(Key::PostOnly)?,
            reduce_only: fields.flag(Key::ReduceOnly)?,
            self_match,
        })
    }

    #[inline]
    fn resolve(&self, names: &Names<'_>) -> Result<NewOrder, Reject> {
        let account = names.account(&self.account)?;
        let instrument = names.instrument(&self.symbol)?;
        let price = self.price.map(|price| names.price(instrument, price)).transpose()?;
        let lot = names.exchange.spec().instruments[instrument.index()].lot_size;
        Ok(NewOrder {
            account,
            id: Some(self.id),
            instrument,
            side: self.side,
            kind: match price {
                Some(price) if !self.market => OrderKind::Limit(price),
                protection => OrderKind::Market(protection),
            },
            trigger: None,
            qty: decimal::quantity(self.qty, lot)?,
            display: plimsoll_types::Qty::ZERO,
            min_qty: plimsoll_types::Qty::ZERO,
            tif: self.tif,
            post_only: self.post_only,
            reduce_only: self.reduce_only,
            self_match: self.self_match,
        })
    }
}

fn phase(fields: &Fields<'_>) -> Result<Phase, Error> {
    let words = [Phase::Continuous, Phase::Auction, Phase::Halted, Phase::Closed]
        .map(|phase| (phase.as_str(), phase));
    fields.word(Key::Phase, &words, &[])
}

fn permission(fields: &Fields<'_>) -> Result<Permission, Error> {
    let words = [Permission::Normal, Permission::CloseOnly, Permission::Frozen]
        .map(|permission| (permission.as_str(), permission));
    fields.word(Key::Permission, &words, &[])
}

fn rate(share: Decimal) -> Result<MarginRate, Reject> {
    let share: Ratio = decimal::ratio(share).ok_or(Reject::InvalidMargin)?;
    Ok(MarginRate { share, per_lot: Money::ZERO })
}

/// The exchange's names and steps.
struct Names<'a> {
    exchange: &'a Exchange,
}

impl Names<'_> {
    #[inline]
    fn account(&self, name: &Label) -> Result<AccountId, Reject> {
        self.exchange.account_id(name).ok_or(Reject::UnknownAccount)
    }

    #[inline]
    fn instrument(&self, symbol: &Label) -> Result<InstrumentId, Reject> {
        self.exchange.instrument_id(symbol).ok_or(Reject::UnknownSymbol)
    }

    #[inline]
    fn price(&self, instrument: InstrumentId, value: Decimal) -> Result<Price, Reject> {
        decimal::price(value, self.exchange.spec().instruments[instrument.index()].tick_size)
    }

    fn both_prices(
        &self,
        instrument: InstrumentId,
        first: Decimal,
        second: Decimal,
    ) -> Result<(Price, Price), Reject> {
        match (self.price(instrument, first), self.price(instrument, second)) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            // `Reject` is ordered by precedence.
            (Err(a), Err(b)) => Err(a.min(b)),
            (Err(reject), _) | (_, Err(reject)) => Err(reject),
        }
    }

    fn price_and_qty(
        &self,
        instrument: InstrumentId,
        price: Decimal,
        qty: Decimal,
    ) -> Result<(Price, plimsoll_types::Qty), Reject> {
        let lot = self.exchange.spec().instruments[instrument.index()].lot_size;
        Ok((self.price(instrument, price)?, decimal::quantity(qty, lot)?))
    }

    #[inline]
    fn amount(&self, value: Decimal) -> Result<Money, Reject> {
        decimal::amount(value, self.exchange.spec().money_decimals)
    }
}
