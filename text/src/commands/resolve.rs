//! What a request means on an exchange: names become numbers, decimals become ticks, lots and units.

use super::fields::Rate;
use super::order::{OrderRequest, ReplaceRequest};
use super::request::Request;
use crate::config::instrument::PER_LOT_MAX;
use crate::decimal;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Command, InstrumentId, InstrumentSpec, Label, MarginRate, Money, NewOrder,
    OrderKind, OrderRef, Price, ProfileId, Qty, Reject,
};
use rust_decimal::Decimal;

impl Request {
    /// The command, or the first reason for which it is none.
    #[inline]
    pub fn resolve(&self, exchange: &Exchange) -> Result<Command, Reject> {
        let names = Names { exchange };
        Ok(match self {
            Request::Order(order) => Command::Order(order.resolve(&names)?),
            Request::Cancel { account, id } => {
                Command::Cancel { account: names.account(account)?, order: OrderRef::Client(*id) }
            }
            Request::Replace(replace) => replace.resolve(&names)?,
            Request::CancelAll { account, symbol, side } => Command::CancelAll {
                account: names.account(account)?,
                instrument: symbol.as_ref().map(|symbol| names.instrument(symbol)).transpose()?,
                side: *side,
            },
            Request::Mark { symbol, price } => {
                let instrument = names.instrument(symbol)?;
                Command::Mark { instrument, price: names.price(instrument, *price)? }
            }
            Request::OpenAccount { name, profile } => {
                Command::OpenAccount { name: *name, profile: names.profile(profile)? }
            }
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
            Request::Band { symbol, up, down } => names.band(symbol, *up, *down)?,
            Request::Settle { symbol, price } => names.settle(symbol.as_ref(), *price)?,
            Request::List(spec) => Command::List(spec.clone()),
            Request::Delist { symbol } => Command::Delist { instrument: names.instrument(symbol)? },
            Request::Expire { symbol, price } => {
                let instrument = names.instrument(symbol)?;
                Command::Expire { instrument, price: names.optional_price(instrument, *price)? }
            }
            Request::Bust { trade } => Command::Bust { trade: *trade },
            Request::Fund { amount } => Command::Fund { amount: names.amount(*amount)? },
            Request::Terms(terms) => terms.resolve(&names)?,
            Request::Refused { account, id, reason } => {
                Command::Refused { account: *account, id: *id, reason: *reason }
            }
            Request::Time => Command::Time,
        })
    }
}

impl OrderRequest {
    #[inline]
    fn resolve(&self, names: &Names<'_>) -> Result<NewOrder, Reject> {
        let account = names.account(&self.account)?;
        let instrument = names.instrument(&self.symbol)?;
        let (price, trigger) = both(
            names.optional_price(instrument, self.price),
            names.optional_price(instrument, self.trigger),
        )?;
        let lot = names.spec(instrument).lot_size;
        let part =
            |lots: Option<Decimal>| lots.map_or(Ok(Qty::ZERO), |lots| decimal::quantity(lots, lot));
        let (qty, (display, min_qty)) =
            both(decimal::quantity(self.qty, lot), both(part(self.display), part(self.min_qty)))?;
        Ok(NewOrder {
            account,
            id: Some(self.id),
            instrument,
            side: self.side,
            offset: self.offset,
            kind: match price {
                Some(price) if !self.market => OrderKind::Limit(price),
                protection => OrderKind::Market(protection),
            },
            trigger,
            qty,
            display,
            min_qty,
            tif: self.tif,
            post_only: self.post_only,
            reduce_only: self.reduce_only,
            self_match: self.self_match,
        })
    }
}

impl ReplaceRequest {
    #[inline]
    fn resolve(&self, names: &Names<'_>) -> Result<Command, Reject> {
        let account = names.account(&self.account)?;
        let order = OrderRef::Client(self.id);
        let open = names.exchange.open_order(account, &order).ok_or(Reject::UnknownOrder)?;
        let (price, trigger) = both(
            names.price(open.instrument, self.price),
            names.optional_price(open.instrument, self.trigger),
        )?;
        let qty = decimal::quantity(self.qty, names.spec(open.instrument).lot_size)?;
        Ok(Command::Replace { account, order, price, qty, trigger })
    }
}

/// Both, or the reason that comes first; `Reject` is ordered by precedence.
#[inline]
fn both<A, B>(a: Result<A, Reject>, b: Result<B, Reject>) -> Result<(A, B), Reject> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(a.min(b)),
        (Err(reject), _) | (_, Err(reject)) => Err(reject),
    }
}

/// The exchange's names and steps.
pub(super) struct Names<'a> {
    exchange: &'a Exchange,
}

impl Names<'_> {
    #[inline]
    pub(super) fn account(&self, name: &Label) -> Result<AccountId, Reject> {
        self.exchange.account_id(name).ok_or(Reject::UnknownAccount)
    }

    #[inline]
    pub(super) fn instrument(&self, symbol: &Label) -> Result<InstrumentId, Reject> {
        self.exchange.instrument_id(symbol).ok_or(Reject::UnknownSymbol)
    }

    #[inline]
    pub(super) fn spec(&self, instrument: InstrumentId) -> &InstrumentSpec {
        &self.exchange.spec().instruments[instrument.index()]
    }

    #[inline]
    pub(super) fn price(&self, instrument: InstrumentId, value: Decimal) -> Result<Price, Reject> {
        decimal::price(value, self.spec(instrument).tick_size)
    }

    #[inline]
    fn optional_price(
        &self,
        instrument: InstrumentId,
        value: Option<Decimal>,
    ) -> Result<Option<Price>, Reject> {
        value.map(|value| self.price(instrument, value)).transpose()
    }

    #[inline]
    fn amount(&self, value: Decimal) -> Result<Money, Reject> {
        decimal::amount(value, self.exchange.spec().money_decimals)
    }

    pub(super) fn money(&self, value: Decimal) -> Option<Money> {
        decimal::money(value, self.exchange.spec().money_decimals)
    }

    pub(super) fn profile(&self, name: &Label) -> Result<ProfileId, Reject> {
        self.exchange.profile_id(name).ok_or(Reject::UnknownProfile)
    }

    fn band(&self, symbol: &Label, up: Decimal, down: Decimal) -> Result<Command, Reject> {
        let instrument = self.instrument(symbol)?;
        let (down, up) = both(self.price(instrument, down), self.price(instrument, up))?;
        Ok(Command::Band { instrument, down, up })
    }

    fn settle(&self, symbol: Option<&Label>, price: Option<Decimal>) -> Result<Command, Reject> {
        let Some(symbol) = symbol else {
            return Ok(Command::Settle { instrument: None, price: None });
        };
        let instrument = self.instrument(symbol)?;
        let price = self.optional_price(instrument, price)?;
        Ok(Command::Settle { instrument: Some(instrument), price })
    }

    pub(super) fn rate(&self, rate: &Rate) -> Result<MarginRate, Reject> {
        let per_lot = self
            .money(rate.per_lot)
            .filter(|per_lot| (Money::ZERO..=PER_LOT_MAX).contains(per_lot));
        match (decimal::ratio(rate.share), per_lot) {
            (Some(share), Some(per_lot)) => Ok(MarginRate { share, per_lot }),
            _ => Err(Reject::InvalidMargin),
        }
    }
}
