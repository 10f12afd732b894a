//! What a line asks for, in words and decimals: which fields each command has.

use super::fields::{Fields, Key};
use super::order::{OrderRequest, ReplaceRequest};
use super::terms::{TermsRequest, TermsVerb};
use crate::config::dom::Source;
use crate::config::instrument::{self, House};
use crate::json::read_table;
use crate::r#where::Error;
use plimsoll_types::{ExchangeSpec, InstrumentSpec, Label, Phase, Reject, Side};
use rust_decimal::Decimal;

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
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
    Settle,
    List,
    Delist,
    Expire,
    Bust,
    Fund,
    Terms(TermsVerb),
    Refused,
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
    ("margin", Verb::Terms(TermsVerb::Margin)),
    ("settle", Verb::Settle),
    ("list", Verb::List),
    ("delist", Verb::Delist),
    ("expire", Verb::Expire),
    ("bust", Verb::Bust),
    ("fund", Verb::Fund),
    ("permission", Verb::Terms(TermsVerb::Permission)),
    ("funding", Verb::Terms(TermsVerb::Funding)),
    ("index", Verb::Terms(TermsVerb::Index)),
    ("forced_reduction", Verb::Terms(TermsVerb::ForcedReduction)),
    ("liquidate", Verb::Terms(TermsVerb::Liquidate)),
    ("leverage", Verb::Terms(TermsVerb::Leverage)),
    ("move_margin", Verb::Terms(TermsVerb::MoveMargin)),
    ("profile", Verb::Terms(TermsVerb::Profile)),
    ("schedule", Verb::Terms(TermsVerb::Schedule)),
    ("refused", Verb::Refused),
    ("time", Verb::Time),
];

impl Fields<'_> {
    /// What the line asks for.
    #[inline]
    pub fn verb(&self) -> Result<Verb, Error> {
        self.word(Key::Cmd, VERBS)
    }
}

/// A command in words and decimals.
#[derive(Clone, Debug)]
pub enum Request {
    OpenAccount {
        name: Label,
        profile: Label,
    },
    Deposit {
        account: Label,
        amount: Decimal,
    },
    Withdraw {
        account: Label,
        amount: Decimal,
    },
    Order(OrderRequest),
    Cancel {
        account: Label,
        id: Label,
    },
    CancelAll {
        account: Label,
        symbol: Option<Label>,
        side: Option<Side>,
    },
    Replace(ReplaceRequest),
    Mark {
        symbol: Label,
        price: Decimal,
    },
    Phase {
        symbol: Label,
        phase: Phase,
    },
    Band {
        symbol: Label,
        up: Decimal,
        down: Decimal,
    },
    Settle {
        symbol: Option<Label>,
        price: Option<Decimal>,
    },
    List(Box<InstrumentSpec>),
    Delist {
        symbol: Label,
    },
    Expire {
        symbol: Label,
        price: Option<Decimal>,
    },
    Bust {
        trade: u64,
    },
    Fund {
        amount: Decimal,
    },
    Terms(TermsRequest),
    /// What an edge had to refuse, and a journal has recorded.
    Refused {
        account: Option<Label>,
        id: Option<Label>,
        reason: Reject,
    },
    Time,
}

impl Verb {
    /// The fields a command may have besides `ts` and `cmd`.
    #[inline]
    fn keys(self) -> &'static [Key] {
        use Key::{Account, Amount, Down, Id, Price, Profile, Symbol, Trade, Up};
        match self {
            Verb::Order => OrderRequest::KEYS,
            Verb::Cancel => &[Account, Id],
            Verb::Replace => ReplaceRequest::KEYS,
            Verb::CancelAll => &[Account, Symbol, Key::Side],
            Verb::OpenAccount => &[Account, Profile],
            Verb::Deposit | Verb::Withdraw => &[Account, Amount],
            Verb::Mark | Verb::Settle | Verb::Expire => &[Symbol, Price],
            Verb::Phase => &[Symbol, Key::Phase],
            Verb::Band => &[Symbol, Up, Down],
            Verb::Delist => &[Symbol],
            Verb::Bust => &[Trade],
            Verb::Fund => &[Amount],
            Verb::Terms(verb) => verb.keys(),
            Verb::Refused => &[Account, Id, Key::Reason],
            Verb::List | Verb::Time => &[],
        }
    }
}

impl Request {
    /// What `line` asks for; `fields` are its own.
    #[inline]
    pub fn read(
        verb: Verb,
        fields: &Fields<'_>,
        line: &str,
        spec: &ExchangeSpec,
    ) -> Result<Request, Error> {
        // The fields of `list` and `schedule` are those of a configuration, and known there.
        if !matches!(verb, Verb::List | Verb::Terms(TermsVerb::Schedule)) {
            fields.only(verb.keys())?;
        }
        let (account, symbol) = (|| fields.label(Key::Account), || fields.label(Key::Symbol));
        let (decimal, price) = (|key| fields.decimal(key), || fields.optional_decimal(Key::Price));
        Ok(match verb {
            Verb::Order => Request::Order(OrderRequest::read(fields)?),
            Verb::Cancel => Request::Cancel { account: account()?, id: fields.label(Key::Id)? },
            Verb::Replace => Request::Replace(ReplaceRequest::read(fields)?),
            Verb::CancelAll => Request::CancelAll {
                account: account()?,
                symbol: fields.optional_label(Key::Symbol)?,
                side: fields.has(Key::Side).then(|| fields.side(Key::Side)).transpose()?,
            },
            Verb::Mark => Request::Mark { symbol: symbol()?, price: decimal(Key::Price)? },
            Verb::OpenAccount => {
                Request::OpenAccount { name: account()?, profile: fields.label(Key::Profile)? }
            }
            Verb::Deposit => {
                Request::Deposit { account: account()?, amount: decimal(Key::Amount)? }
            }
            Verb::Withdraw => {
                Request::Withdraw { account: account()?, amount: decimal(Key::Amount)? }
            }
            Verb::Phase => Request::Phase { symbol: symbol()?, phase: phase(fields)? },
            Verb::Band => Request::Band {
                symbol: symbol()?,
                up: decimal(Key::Up)?,
                down: decimal(Key::Down)?,
            },
            Verb::Settle => settle(fields)?,
            Verb::List => Request::List(listed(line, spec)?),
            Verb::Delist => Request::Delist { symbol: symbol()? },
            Verb::Expire => Request::Expire { symbol: symbol()?, price: price()? },
            Verb::Bust => Request::Bust { trade: fields.whole(Key::Trade, "a whole number")? },
            Verb::Fund => Request::Fund { amount: decimal(Key::Amount)? },
            Verb::Terms(verb) => Request::Terms(TermsRequest::read(verb, fields, line, spec)?),
            Verb::Refused => refused(fields)?,
            Verb::Time => Request::Time,
        })
    }

    /// The account and the order a rejection names.
    pub fn named(&self) -> (Option<Label>, Option<Label>) {
        match self {
            Request::OpenAccount { name, .. } => (Some(*name), None),
            Request::Deposit { account, .. }
            | Request::Withdraw { account, .. }
            | Request::CancelAll { account, .. } => (Some(*account), None),
            Request::Terms(terms) => (terms.account(), None),
            Request::Order(order) => (Some(order.account), Some(order.id)),
            Request::Replace(replace) => (Some(replace.account), Some(replace.id)),
            Request::Cancel { account, id } => (Some(*account), Some(*id)),
            Request::Refused { account, id, .. } => (*account, *id),
            Request::Mark { .. }
            | Request::Phase { .. }
            | Request::Band { .. }
            | Request::Settle { .. }
            | Request::List(_)
            | Request::Delist { .. }
            | Request::Expire { .. }
            | Request::Bust { .. }
            | Request::Fund { .. }
            | Request::Time => (None, None),
        }
    }
}

/// An instrument, proved as those of a configuration are; what its line says besides is `ts` and `cmd`.
fn listed(line: &str, spec: &ExchangeSpec) -> Result<Box<InstrumentSpec>, Error> {
    let mut table = read_table(line)?;
    for own in [Key::Ts, Key::Cmd] {
        table.remove(own.as_str());
    }
    let source = Source::line_of_json(line);
    let house = House {
        money_decimals: spec.money_decimals,
        position_mode: spec.position_mode,
        calendars: &spec.calendars,
    };
    instrument::read(&source.table(&table), &house).map(Box::new)
}

fn settle(fields: &Fields<'_>) -> Result<Request, Error> {
    let symbol = fields.optional_label(Key::Symbol)?;
    if symbol.is_none() {
        fields.absent(Key::Price, "this field only with symbol")?;
    }
    Ok(Request::Settle { symbol, price: fields.optional_decimal(Key::Price)? })
}

fn refused(fields: &Fields<'_>) -> Result<Request, Error> {
    let words: Vec<_> = Reject::ALL.iter().map(|reason| (reason.as_str(), *reason)).collect();
    Ok(Request::Refused {
        account: fields.optional_label(Key::Account)?,
        id: fields.optional_label(Key::Id)?,
        reason: fields.word(Key::Reason, &words)?,
    })
}

fn phase(fields: &Fields<'_>) -> Result<Phase, Error> {
    let words: Vec<_> = Phase::ALL.iter().map(|phase| (phase.as_str(), *phase)).collect();
    fields.word(Key::Phase, &words)
}
