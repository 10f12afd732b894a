//! A client's message as the command it means.

use super::codes::{self, Lifetime, OrderType, Refusal};
use super::layout::Text;
use super::messages::{
    CancelAll, CancelOrder, EnterOrder, FromClient, NO_INSTRUMENT, ReplaceOrder, SEQUENCE_MAX,
};
use super::roster::Roster;
use crate::inbound::UserId;
use plimsoll_types::{
    AccountId, Command, Handle, InstrumentId, NewOrder, OrderKind, OrderRef, Price, Qty,
    TimeInForce, Ts,
};

/// More lots than any quantity may have: where what is more ends, so that the exchange refuses it and no sum overflows.
const LOTS_CEILING: u64 = 1 << 41;

/// The number a client gave a message; `None` where it is none of the numbered.
pub fn sequence_of(message: &FromClient) -> Option<u64> {
    match message {
        FromClient::EnterOrder(order) => Some(order.sequence.get()),
        FromClient::CancelOrder(cancel) => Some(cancel.sequence.get()),
        FromClient::CancelAll(cancel) => Some(cancel.sequence.get()),
        FromClient::ReplaceOrder(replace) => Some(replace.sequence.get()),
        FromClient::Login(_) | FromClient::ClientHeartbeat(_) | FromClient::Logout(_) => None,
    }
}

/// The command of a numbered message.
///
/// Rejects, the first that applies: [`Refusal::Malformed`], [`Refusal::NotAllowed`], [`Refusal::NotYourAccount`],
/// [`Refusal::UnknownInstrument`], [`Refusal::PriceOutOfRange`].
#[inline]
pub fn command(message: &FromClient, user: UserId, roster: &Roster) -> Result<Command, Refusal> {
    let reader = Reader { user, roster };
    match message {
        FromClient::EnterOrder(order) => reader.order(order),
        FromClient::CancelOrder(cancel) => reader.cancel(cancel),
        FromClient::CancelAll(all) => reader.cancel_all(all),
        FromClient::ReplaceOrder(replace) => reader.replace(replace),
        FromClient::Login(_) | FromClient::ClientHeartbeat(_) | FromClient::Logout(_) => {
            Err(Refusal::Malformed)
        }
    }
}

struct Reader<'a> {
    user: UserId,
    roster: &'a Roster,
}

impl Reader<'_> {
    fn order(&self, order: &EnterOrder) -> Result<Command, Refusal> {
        let tif = lifetime(order.tif, order.expires.get())?;
        let offset = match order.offset {
            0 => None,
            code => Some(codes::offset(code).ok_or(Refusal::Malformed)?),
        };
        let self_match = codes::self_match(order.self_match).ok_or(Refusal::Malformed)?;
        let side = codes::side(order.side).ok_or(Refusal::Malformed)?;
        let kind = OrderType::of(order.order_kind).ok_or(Refusal::Malformed)?;
        let id = order.id.label().map_err(|_| Refusal::Malformed)?;
        if order.options & !3 != 0 {
            return Err(Refusal::Malformed);
        }
        let account = self.account(order.sequence.get(), order.account.get())?;
        let instrument = self.instrument(order.instrument.get())?;
        let price = optional(order.price.get())?;
        let kind = match (kind, price) {
            (OrderType::Limit, Some(price)) => OrderKind::Limit(price),
            (OrderType::Limit, None) => return Err(Refusal::PriceOutOfRange),
            (OrderType::Market, worst) => OrderKind::Market(worst),
        };
        Ok(Command::Order(NewOrder {
            account,
            id,
            instrument,
            side,
            offset,
            kind,
            trigger: optional(order.trigger.get())?,
            qty: lots(order.qty.get()),
            display: lots(order.display.get()),
            min_qty: lots(order.min_qty.get()),
            tif,
            post_only: order.options & 1 != 0,
            reduce_only: order.options & 2 != 0,
            self_match,
        }))
    }

    fn cancel(&self, cancel: &CancelOrder) -> Result<Command, Refusal> {
        let handle = (cancel.instrument.get(), cancel.handle_slot.get());
        let order = named(&cancel.id, handle, cancel.handle_generation.get())?;
        let account = self.account(cancel.sequence.get(), cancel.account.get())?;
        self.known(&order)?;
        Ok(Command::Cancel { account, order })
    }

    fn cancel_all(&self, all: &CancelAll) -> Result<Command, Refusal> {
        let side = match all.side {
            0 => None,
            code => Some(codes::side(code).ok_or(Refusal::Malformed)?),
        };
        let account = self.account(all.sequence.get(), all.account.get())?;
        let instrument = match all.instrument.get() {
            NO_INSTRUMENT => None,
            number => Some(self.instrument(number)?),
        };
        Ok(Command::CancelAll { account, instrument, side })
    }

    fn replace(&self, replace: &ReplaceOrder) -> Result<Command, Refusal> {
        let handle = (replace.instrument.get(), replace.handle_slot.get());
        let order = named(&replace.id, handle, replace.handle_generation.get())?;
        let account = self.account(replace.sequence.get(), replace.account.get())?;
        self.known(&order)?;
        let price = optional(replace.price.get())?.ok_or(Refusal::PriceOutOfRange)?;
        let trigger = optional(replace.trigger.get())?;
        Ok(Command::Replace { account, order, price, qty: lots(replace.qty.get()), trigger })
    }

    /// What every numbered message is asked first: its number, the user's right to trade, its account.
    fn account(&self, sequence: u64, number: u32) -> Result<AccountId, Refusal> {
        if !(1..=SEQUENCE_MAX).contains(&sequence) {
            return Err(Refusal::Malformed);
        }
        if !self.roster.user(self.user).is_some_and(|user| user.scopes.trade) {
            return Err(Refusal::NotAllowed);
        }
        let account = AccountId(number);
        match self.roster.acts_for(self.user, account) {
            true => Ok(account),
            false => Err(Refusal::NotYourAccount),
        }
    }

    fn instrument(&self, number: u16) -> Result<InstrumentId, Refusal> {
        match usize::from(number) < self.roster.instruments().len() {
            true => Ok(InstrumentId(number)),
            false => Err(Refusal::UnknownInstrument),
        }
    }

    fn known(&self, order: &OrderRef) -> Result<(), Refusal> {
        match order {
            OrderRef::Handle(instrument, _) => self.instrument(instrument.0).map(|_| ()),
            OrderRef::Client(_) => Ok(()),
        }
    }
}

fn named(id: &Text, (instrument, slot): (u16, u32), generation: u32) -> Result<OrderRef, Refusal> {
    match id.label().map_err(|_| Refusal::Malformed)? {
        Some(id) => Ok(OrderRef::Client(id)),
        None => Ok(OrderRef::Handle(InstrumentId(instrument), Handle { slot, generation })),
    }
}

/// A price that may be left out, as 0.
fn optional(ticks: u32) -> Result<Option<Price>, Refusal> {
    match ticks {
        0 => Ok(None),
        ticks => Price::new(i64::from(ticks)).map(Some).ok_or(Refusal::PriceOutOfRange),
    }
}

fn lots(lots: u64) -> Qty {
    Qty::new(lots.min(LOTS_CEILING))
}

fn lifetime(code: u8, expires: Ts) -> Result<TimeInForce, Refusal> {
    let tif = match Lifetime::of(code).ok_or(Refusal::Malformed)? {
        Lifetime::Gtd if expires <= i64::MAX as u64 => return Ok(TimeInForce::Gtd(expires)),
        Lifetime::Gtd => return Err(Refusal::Malformed),
        Lifetime::Gtc => TimeInForce::Gtc,
        Lifetime::Ioc => TimeInForce::Ioc,
        Lifetime::Fok => TimeInForce::Fok,
        Lifetime::Day => TimeInForce::Day,
    };
    if expires == 0 { Ok(tif) } else { Err(Refusal::Malformed) }
}
