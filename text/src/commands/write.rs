//! Commands out: the line that [`super::Line::read`] makes the same command of.

use crate::decimal::{write_money, write_price, write_qty, write_scaled, write_whole};
use crate::json::write_string;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Command, InstrumentId, InstrumentSpec, MarginRate, Money, NewOrder, OrderId,
    OrderKind, Price, ProfileId, Qty, Ratio, SelfMatch, TimeInForce, Ts,
};

/// Writes a command as a line, its newline among it; `false`, and nothing written, for commands that have no line: `list` and `schedule`.
///
/// `id` is what the order it enters or means is called, where that is not its own id: orders without one are called by their number.
/// `exchange` must know the names; it is asked for nothing else.
pub fn write_command(
    out: &mut Vec<u8>,
    exchange: &Exchange,
    ts: Ts,
    command: &Command,
    id: Option<OrderId>,
) -> bool {
    let Some(verb) = verb(command) else { return false };
    out.extend_from_slice(b"{\"ts\":");
    write_whole(out, ts);
    out.extend_from_slice(b",\"cmd\":\"");
    out.extend_from_slice(verb.as_bytes());
    out.push(b'"');
    let mut line = Line { out, exchange };
    match command {
        Command::Order(order) => line.order(order, id),
        Command::Cancel { account, .. } => {
            line.account(*account);
            line.id(command.order_id().or(id));
        }
        Command::Replace { account, price, qty, trigger, .. } => {
            line.account(*account);
            line.id(command.order_id().or(id));
            let instrument = line.instrument_of(command);
            line.price("price", instrument, *price);
            line.qty("qty", instrument, *qty);
            line.optional_price("trigger", instrument, *trigger);
        }
        _ => line.rare(command),
    }
    out.extend_from_slice(b"}\n");
    true
}

fn verb(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::OpenAccount { .. } => "open_account",
        Command::Deposit { .. } => "deposit",
        Command::Withdraw { .. } => "withdraw",
        Command::Order(_) => "order",
        Command::Cancel { .. } => "cancel",
        Command::CancelAll { .. } => "cancel_all",
        Command::Replace { .. } => "replace",
        Command::Mark { .. } => "mark",
        Command::Phase { .. } => "phase",
        Command::Band { .. } => "band",
        Command::Margin { .. } => "margin",
        Command::Fund { .. } => "fund",
        Command::Permission { .. } | Command::Restrict { .. } => "permission",
        Command::Settle { .. } => "settle",
        Command::Delist { .. } => "delist",
        Command::Expire { .. } => "expire",
        Command::Funding { .. } => "funding",
        Command::Index { .. } => "index",
        Command::ForcedReduction { .. } => "forced_reduction",
        Command::Liquidate { .. } => "liquidate",
        Command::Leverage { .. } => "leverage",
        Command::MoveMargin { .. } => "move_margin",
        Command::Profile { .. } => "profile",
        Command::Bust { .. } => "bust",
        Command::Time => "time",
        Command::Refused { .. } => "refused",
        Command::List(_) | Command::Schedule(_) => return None,
    })
}

struct Line<'a> {
    out: &'a mut Vec<u8>,
    exchange: &'a Exchange,
}

impl Line<'_> {
    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(self.out, text.as_bytes());
    }

    /// A decimal, as a string.
    fn decimal(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    /// The name of an account; one that does not exist has none that could.
    fn account(&mut self, account: AccountId) {
        let known = account.index() < self.exchange.account_count();
        let name = known.then(|| self.exchange.account_name(account));
        self.text("account", name.as_ref().map_or("?", |name| name.as_str()));
    }

    fn id(&mut self, id: Option<OrderId>) {
        self.text("id", &id.map_or_else(|| "?".to_owned(), |id| id.to_string()));
    }

    fn spec(&self, instrument: InstrumentId) -> Option<&InstrumentSpec> {
        self.exchange.spec().instruments.get(instrument.index())
    }

    fn symbol(&mut self, instrument: InstrumentId) {
        let symbol = self.spec(instrument).map(|spec| spec.symbol);
        self.text("symbol", symbol.as_ref().map_or("?", |symbol| symbol.as_str()));
    }

    /// The instrument whose steps a replace counts in: that of the order it means, as far as that is known.
    fn instrument_of(&self, command: &Command) -> InstrumentId {
        let Command::Replace { account, order, .. } = command else { return InstrumentId(0) };
        match order {
            plimsoll_types::OrderRef::Handle(instrument, _) => *instrument,
            order => {
                let open = self.exchange.open_order(*account, order);
                open.map_or(InstrumentId(0), |open| open.instrument)
            }
        }
    }

    fn price(&mut self, key: &str, instrument: InstrumentId, price: Price) {
        if let Some(tick) = self.spec(instrument).map(|spec| spec.tick_size) {
            self.decimal(key, |out| write_price(out, price, tick));
        }
    }

    fn optional_price(&mut self, key: &str, instrument: InstrumentId, price: Option<Price>) {
        if let Some(price) = price {
            self.price(key, instrument, price);
        }
    }

    fn qty(&mut self, key: &str, instrument: InstrumentId, qty: Qty) {
        if let Some(lot) = self.spec(instrument).map(|spec| spec.lot_size) {
            self.decimal(key, |out| write_qty(out, qty, lot));
        }
    }

    fn money(&mut self, key: &str, money: Money) {
        let decimals = self.exchange.spec().money_decimals;
        self.decimal(key, |out| write_money(out, money, decimals));
    }

    fn ratio(&mut self, key: &str, ratio: Ratio) {
        self.decimal(key, |out| write_scaled(out, i128::from(ratio.nano()), Ratio::DECIMALS));
    }

    fn rate(&mut self, key: &str, rate: MarginRate) {
        let decimals = self.exchange.spec().money_decimals;
        self.key(key);
        self.out.extend_from_slice(b"{\"share\":\"");
        write_scaled(self.out, i128::from(rate.share.nano()), Ratio::DECIMALS);
        self.out.extend_from_slice(b"\",\"per_lot\":\"");
        write_money(self.out, rate.per_lot, decimals);
        self.out.extend_from_slice(b"\"}");
    }

    fn profile(&mut self, profile: ProfileId) {
        let name = self.exchange.spec().profiles.get(profile.index()).map(|profile| profile.name);
        self.text("profile", name.as_ref().map_or("?", |name| name.as_str()));
    }

    fn flag(&mut self, key: &str, on: bool) {
        if on {
            self.key(key);
            self.out.extend_from_slice(b"true");
        }
    }

    fn order(&mut self, order: &NewOrder, id: Option<OrderId>) {
        self.account(order.account);
        self.id(order.id.map(OrderId::Client).or(id));
        self.symbol(order.instrument);
        self.text("side", order.side.as_str());
        let (market, price) = match order.kind {
            OrderKind::Limit(price) => (false, Some(price)),
            OrderKind::Market(protection) => (true, protection),
        };
        match (market, order.trigger.is_some()) {
            (false, false) => {}
            (true, false) => self.text("type", "market"),
            (true, true) => self.text("type", "stop"),
            (false, true) => self.text("type", "stop_limit"),
        }
        self.optional_price("price", order.instrument, price);
        self.optional_price("trigger", order.instrument, order.trigger);
        self.qty("qty", order.instrument, order.qty);
        for (key, part) in [("display", order.display), ("min_qty", order.min_qty)] {
            if !part.is_zero() {
                self.qty(key, order.instrument, part);
            }
        }
        if let Some(offset) = order.offset {
            self.text("offset", offset.as_str());
        }
        match order.tif {
            TimeInForce::Gtc => {}
            TimeInForce::Ioc => self.text("tif", "ioc"),
            TimeInForce::Fok => self.text("tif", "fok"),
            TimeInForce::Day => self.text("tif", "day"),
            TimeInForce::Gtd(expires) => {
                self.text("tif", "gtd");
                self.key("expires");
                write_whole(self.out, expires);
            }
        }
        self.flag("post_only", order.post_only);
        self.flag("reduce_only", order.reduce_only);
        match order.self_match {
            SelfMatch::None => {}
            SelfMatch::CancelNewest => self.text("smp", "cancel_newest"),
            SelfMatch::CancelOldest => self.text("smp", "cancel_oldest"),
            SelfMatch::CancelBoth => self.text("smp", "cancel_both"),
            SelfMatch::Decrement => self.text("smp", "decrement"),
        }
    }

    /// Whatever is no order.
    fn rare(&mut self, command: &Command) {
        match command {
            Command::OpenAccount { name, profile } => {
                self.text("account", name.as_str());
                self.profile(*profile);
            }
            Command::Deposit { account, amount } | Command::Withdraw { account, amount } => {
                self.account(*account);
                self.money("amount", *amount);
            }
            Command::CancelAll { account, instrument, side } => {
                self.account(*account);
                instrument.iter().for_each(|instrument| self.symbol(*instrument));
                side.iter().for_each(|side| self.text("side", side.as_str()));
            }
            Command::Fund { amount } => self.money("amount", *amount),
            Command::Permission { account, permission } => {
                self.account(*account);
                self.text("permission", permission.as_str());
            }
            Command::Profile { account, profile } => {
                self.account(*account);
                self.profile(*profile);
            }
            Command::Bust { trade } => {
                self.key("trade");
                write_whole(self.out, *trade);
            }
            Command::Refused { account, id, reason } => {
                account.iter().for_each(|account| self.text("account", account.as_str()));
                id.iter().for_each(|id| self.text("id", id.as_str()));
                self.text("reason", reason.as_str());
            }
            Command::Settle { instrument: None, .. } | Command::Time => {}
            _ => self.of_instrument(command),
        }
    }

    /// What an operator, or an account, asks for in one instrument.
    fn of_instrument(&mut self, command: &Command) {
        match *command {
            Command::Mark { instrument, price } | Command::Index { instrument, price } => {
                self.symbol(instrument);
                self.price("price", instrument, price);
            }
            Command::Phase { instrument, phase } => {
                self.symbol(instrument);
                self.text("phase", phase.as_str());
            }
            Command::Band { instrument, down, up } => {
                self.symbol(instrument);
                self.price("up", instrument, up);
                self.price("down", instrument, down);
            }
            Command::Margin { instrument, account, initial, maintenance } => {
                self.symbol(instrument);
                account.iter().for_each(|account| self.account(*account));
                self.rate("initial", initial);
                self.rate("maintenance", maintenance);
            }
            Command::Settle { instrument: Some(instrument), price }
            | Command::Expire { instrument, price } => {
                self.symbol(instrument);
                self.optional_price("price", instrument, price);
            }
            Command::Delist { instrument } | Command::ForcedReduction { instrument } => {
                self.symbol(instrument);
            }
            Command::Funding { instrument, rate } => {
                self.symbol(instrument);
                rate.iter().for_each(|rate| self.ratio("rate", *rate));
            }
            Command::Liquidate { account, instrument, qty, reason } => {
                account.iter().for_each(|account| self.account(*account));
                self.symbol(instrument);
                qty.iter().for_each(|qty| self.qty("qty", instrument, *qty));
                self.text("reason", reason.as_str());
            }
            Command::Leverage { account, instrument, value } => {
                self.account(account);
                self.symbol(instrument);
                self.ratio("value", value);
            }
            Command::MoveMargin { account, instrument, amount } => {
                self.account(account);
                self.symbol(instrument);
                self.money("amount", amount);
            }
            Command::Restrict { instrument, permission } => {
                self.symbol(instrument);
                self.text("permission", permission.as_str());
            }
            _ => {}
        }
    }
}
