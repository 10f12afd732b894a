//! Events out: one JSON object a line, field by field as docs/schema/event.schema.json says.

mod case;
mod fields;
mod losses;
mod names;
mod terms;
#[cfg(test)]
mod tests;

pub use names::Names;

use crate::decimal::{write_scaled, write_whole};
use crate::json::write_string;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Event, EventKind, InstrumentId, Label, Measure, Money, OrderId, Price, Qty, Reject,
    Side, Ts,
};

/// Appends one event as a line, its newline included.
///
/// Names and decimals are those of the exchange the event comes from.
/// Cost: no allocation but the growth of `out`.
pub fn write_event(out: &mut Vec<u8>, exchange: &Exchange, event: &Event) {
    Line { out, exchange, sees: None }.whole_event(event);
}

/// Appends one event as a line, where the exchange is not at hand, on another thread say: with `names` that know what it knew
/// when the event happened.
///
/// Cost: as [`write_event`].
pub fn write_event_with<N: Names>(out: &mut Vec<u8>, names: &N, event: &Event) {
    Line { out, exchange: names, sees: None }.whole_event(event);
}

/// Appends one event as a line for somebody who may know of some accounts only, those that `sees` lets through: where it names
/// others, it does not name them, nor their orders and fees.
///
/// Accounts that stand for isolated positions are asked for by their own numbers.
pub fn write_event_for(
    out: &mut Vec<u8>,
    exchange: &Exchange,
    event: &Event,
    sees: &dyn Fn(AccountId) -> bool,
) {
    Line { out, exchange, sees: Some(sees) }.whole_event(event);
}

/// Appends the measure of a tier or state: six places, zeros at its end dropped, or null.
pub(crate) fn write_measure(out: &mut Vec<u8>, measure: Measure) {
    match measure.0 {
        None => out.extend_from_slice(b"null"),
        Some(millionths) => {
            out.push(b'"');
            write_scaled(out, millionths, Measure::DECIMALS);
            out.push(b'"');
        }
    }
}

/// A line being written.
struct Line<'a, N> {
    out: &'a mut Vec<u8>,
    exchange: &'a N,
    /// Which accounts may be named; `None` = all.
    sees: Option<&'a dyn Fn(AccountId) -> bool>,
}

impl<N: Names> Line<'_, N> {
    fn whole_event(mut self, event: &Event) {
        self.raw("{\"seq\":");
        write_whole(self.out, event.seq);
        self.whole("ts", event.ts);
        self.order_event(&event.kind);
        self.raw("}\n");
    }

    /// Whether an account may be named.
    #[inline]
    fn sees(&self, account: AccountId) -> bool {
        self.sees.is_none_or(|sees| sees(account))
    }
}

/// What happened to orders; the rest goes on to [`Line::market_event`].
impl<N: Names> Line<'_, N> {
    fn order_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Accepted {
                account,
                ref id,
                instrument,
                side,
                price,
                qty,
                trigger,
                display,
                offset,
                handle: _,
            } => {
                self.event("accepted");
                self.order(account, id);
                self.symbol(instrument);
                self.word("side", side.as_str());
                self.price_or_null("price", instrument, price);
                self.qty("qty", instrument, qty);
                if trigger.is_some() {
                    self.price_or_null("trigger", instrument, trigger);
                }
                if !display.is_zero() {
                    self.qty("display", instrument, display);
                }
                if let Some(offset) = offset {
                    self.word("offset", offset.as_str());
                }
            }
            EventKind::Trade { .. } => self.trade(kind),
            EventKind::Cancelled { account, ref id, instrument, qty, reason } => {
                self.event("cancelled");
                self.order(account, id);
                self.qty("qty", instrument, qty);
                self.word("reason", reason.as_str());
            }
            EventKind::Rejected { account, name, ref id, reason } => {
                self.rejected(account, name, id.as_ref(), reason);
            }
            EventKind::Replaced {
                account, ref id, instrument, price, qty, kept_priority, ..
            } => {
                self.event("replaced");
                self.order(account, id);
                self.price_or_null("price", instrument, price);
                self.qty("qty", instrument, qty);
                self.boolean("kept_priority", kept_priority);
            }
            EventKind::Triggered { account, ref id, .. } => {
                self.event("triggered");
                self.order(account, id);
            }
            EventKind::Refilled { account, ref id, instrument, price, qty } => {
                self.event("refilled");
                self.order(account, id);
                self.symbol(instrument);
                self.price("price", instrument, price);
                self.qty("qty", instrument, qty);
            }
            _ => self.market_event(kind),
        }
    }

    fn trade(&mut self, kind: &EventKind) {
        let EventKind::Trade {
            instrument,
            price,
            qty,
            maker,
            ref maker_id,
            taker,
            ref taker_id,
            side,
            kind,
            maker_fee,
            taker_fee,
        } = *kind
        else {
            return;
        };
        self.event("trade");
        self.symbol(instrument);
        self.price("price", instrument, price);
        self.qty("qty", instrument, qty);
        self.order_of("maker", maker, "maker_id", maker_id);
        self.order_of("taker", taker, "taker_id", taker_id);
        self.word("side", side.as_str());
        self.word("kind", kind.as_str());
        for (key, whose, fee) in [("maker_fee", maker, maker_fee), ("taker_fee", taker, taker_fee)]
        {
            if fee != Money::ZERO && self.sees(whose) {
                self.money(key, fee);
            }
        }
    }

    fn rejected(
        &mut self,
        account: Option<AccountId>,
        name: Option<Label>,
        id: Option<&OrderId>,
        reason: Reject,
    ) {
        self.event("rejected");
        let account = account.map(|account| self.exchange.account_name(account)).or(name);
        if let Some(account) = account {
            self.label("account", &account);
        }
        if let Some(id) = id {
            self.id("id", id);
        }
        self.word("reason", reason.as_str());
        self.word("detail", reason.detail());
    }

    /// What the market as a whole did; the rest goes on to [`Line::account_event`].
    fn market_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Mark { instrument, price } => {
                self.event("mark");
                self.symbol(instrument);
                self.price("price", instrument, price);
            }
            EventKind::Phase { instrument, phase } => {
                self.event("phase");
                self.symbol(instrument);
                self.word("phase", phase.as_str());
            }
            EventKind::Band { instrument, up, down } => {
                self.event("band");
                self.symbol(instrument);
                self.price("up", instrument, up);
                self.price("down", instrument, down);
            }
            EventKind::Margin { instrument, account, initial, maintenance } => {
                self.event("margin");
                self.symbol(instrument);
                if let Some(account) = account {
                    self.account("account", account);
                }
                self.rate("initial", initial);
                self.rate("maintenance", maintenance);
            }
            EventKind::Auction { instrument, price, qty, surplus, surplus_side } => {
                self.event("auction");
                self.outcome(instrument, price, qty, surplus, surplus_side);
            }
            EventKind::Indicative { instrument, price, qty, surplus, surplus_side } => {
                self.event("indicative");
                self.outcome(instrument, price, qty, surplus, surplus_side);
            }
            EventKind::Fund { change, balance, case } => {
                self.event("fund");
                self.money("change", change);
                self.money("balance", balance);
                match case {
                    Some(case) => self.whole("case", u64::from(case.0)),
                    None => self.null("case"),
                }
            }
            _ => self.listing_event(kind),
        }
    }

    /// What an auction trades, or would.
    fn outcome(
        &mut self,
        instrument: InstrumentId,
        price: Option<Price>,
        qty: Qty,
        surplus: Qty,
        surplus_side: Option<Side>,
    ) {
        self.symbol(instrument);
        self.price_or_null("price", instrument, price);
        self.qty("qty", instrument, qty);
        self.qty("surplus", instrument, surplus);
        self.side_or_null("surplus_side", surplus_side);
    }

    /// Instruments and days that come and go; the rest goes on to [`Line::account_event`].
    fn listing_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Settled { instrument, price, one_sided, limit } => {
                self.event("settled");
                self.symbol(instrument);
                self.price("price", instrument, price);
                self.side_or_null("one_sided", one_sided);
                match limit {
                    Some(limit) => self.share("limit", limit),
                    None => self.null("limit"),
                }
            }
            EventKind::Listed { instrument } => {
                self.event("listed");
                self.listed(instrument);
            }
            EventKind::Delisted { instrument } => {
                self.event("delisted");
                self.symbol(instrument);
            }
            EventKind::Expired { instrument, price } => {
                self.event("expired");
                self.symbol(instrument);
                self.price("price", instrument, price);
            }
            EventKind::Busted { trade, instrument, price, qty } => {
                self.event("busted");
                self.whole("trade", trade);
                self.symbol(instrument);
                self.price("price", instrument, price);
                self.qty("qty", instrument, qty);
            }
            _ => self.account_event(kind),
        }
    }

    fn account_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Opened { account, profile } => {
                self.event("opened");
                self.account("account", account);
                self.profile(profile);
            }
            EventKind::Deposit { account, amount, repaid, balance } => {
                self.event("deposit");
                self.account("account", account);
                self.money("amount", amount);
                self.money("repaid", repaid);
                self.money("balance", balance);
            }
            EventKind::Withdrawal { account, amount, balance } => {
                self.event("withdrawal");
                self.account("account", account);
                self.money("amount", amount);
                self.money("balance", balance);
            }
            EventKind::Settlement {
                account,
                instrument,
                profit,
                profit_by_trade,
                fees,
                balance,
            } => {
                self.event("settlement");
                self.account("account", account);
                if let Some(instrument) = instrument {
                    self.symbol(instrument);
                }
                self.money("profit", profit);
                self.money("profit_by_trade", profit_by_trade);
                self.money("fees", fees);
                self.money("balance", balance);
            }
            EventKind::Debt { account, amount } => {
                self.event("debt");
                self.account("account", account);
                self.money("amount", amount);
            }
            _ => self.risk_event(kind),
        }
    }

    /// What the watch over accounts did; the rest goes on to [`Line::loss_event`].
    fn risk_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Tier { account, from, to, measure, equity, margin } => {
                self.event("tier");
                self.account("account", account);
                self.tier("from", account, from);
                self.tier("to", account, to);
                self.measure("measure", measure);
                self.money("equity", equity);
                self.money("margin", margin);
            }
            EventKind::MarginCall { account, shortfall, deadline } => {
                self.margin_call(account, shortfall, deadline);
            }
            EventKind::Restricted { account, permission } => {
                self.event("restricted");
                self.account("account", account);
                self.word("permission", permission.as_str());
            }
            EventKind::Unrestricted { account, permission } => {
                self.event("unrestricted");
                self.account("account", account);
                self.word("permission", permission.as_str());
            }
            EventKind::Case { account, case, ref step } => self.case(account, case, step),
            _ => self.loss_event(kind),
        }
    }

    fn margin_call(&mut self, account: AccountId, shortfall: Money, deadline: Option<Ts>) {
        self.event("margin_call");
        self.account("account", account);
        self.money("shortfall", shortfall);
        match deadline {
            Some(deadline) => self.whole("deadline", deadline),
            None => self.null("deadline"),
        }
    }
}

/// Appends an order's id as a JSON string.
pub(crate) fn write_order_id(out: &mut Vec<u8>, id: &OrderId) {
    match id {
        OrderId::Client(label) => write_string(out, label.as_bytes()),
        OrderId::Number(number) => {
            out.extend_from_slice(b"\"#");
            write_whole(out, *number);
            out.push(b'"');
        }
        OrderId::Liquidation { case, n } => {
            out.extend_from_slice(b"\"liq-");
            write_whole(out, u64::from(*case));
            out.push(b'-');
            write_whole(out, u64::from(*n));
            out.push(b'"');
        }
    }
}
