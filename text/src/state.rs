//! State out: the exchange at one moment as one JSON object, laid out for people.

#[cfg(test)]
mod tests;

use crate::decimal::{write_money, write_price, write_qty, write_scaled, write_steps, write_whole};
use crate::events::{write_measure, write_order_id};
use crate::json::write_string;
use plimsoll_exchange::{AccountView, BookView, OrderView, PositionView, StateView};
use plimsoll_types::{ExchangeSpec, InstrumentSpec, Money, Price, Qty, Step, half_up_div};

/// Places an average entry price is shown with at most.
const ENTRY_DECIMALS: u32 = 8;

/// Appends `view` as docs/schema/state.schema.json says, with a newline at its end.
pub fn write_state(out: &mut Vec<u8>, spec: &ExchangeSpec, view: &StateView) {
    let mut page = Page { out, spec, depth: 0, first: true, lines: true };
    page.open('{');
    page.key("seq");
    write_whole(page.out, view.seq);
    page.key("ts");
    write_whole(page.out, view.ts);
    page.word("hash", &format!("{:032x}", view.hash));
    page.key("accounts");
    page.open('{');
    for account in &view.accounts {
        page.label(account.name.as_bytes());
        page.account(account);
    }
    page.close('}');
    page.key("books");
    page.open('{');
    for book in &view.books {
        page.label(spec.instruments[book.instrument.index()].symbol.as_bytes());
        page.book(book);
    }
    page.close('}');
    page.money("insurance_fund", view.insurance_fund);
    page.money("fees", view.fees);
    page.money("deposits", view.deposits);
    page.money("withdrawals", view.withdrawals);
    page.money("written_off", view.written_off);
    page.close('}');
    out.push(b'\n');
}

/// Appends an account as a state shows it, in one line.
pub fn write_account(out: &mut Vec<u8>, spec: &ExchangeSpec, account: &AccountView) {
    Page { out, spec, depth: 0, first: true, lines: false }.account(account);
}

/// Appends a book as a state shows it, in one line.
pub fn write_book(out: &mut Vec<u8>, spec: &ExchangeSpec, book: &BookView) {
    Page { out, spec, depth: 0, first: true, lines: false }.book(book);
}

/// A JSON text being written, two spaces a level.
struct Page<'a> {
    out: &'a mut Vec<u8>,
    spec: &'a ExchangeSpec,
    depth: usize,
    first: bool,
    /// Whether it is laid out for people; else it is one line.
    lines: bool,
}

impl<'a> Page<'a> {
    fn account(&mut self, account: &AccountView) {
        self.open('{');
        self.money("balance", account.balance);
        self.money("equity", account.equity);
        self.money("unrealised", account.unrealised);
        self.money("realised", account.realised);
        self.money("fees", account.fees);
        self.money("margin", account.margin);
        self.money("maintenance", account.maintenance);
        self.money("frozen", account.frozen);
        self.money("available", account.available);
        self.key("measure");
        write_measure(self.out, account.measure);
        self.key("tier");
        write_string(self.out, account.tier.as_bytes());
        self.word("permission", account.permission.as_str());
        self.money("debt", account.debt);
        self.case(account.case);
        self.list("positions", &account.positions, Page::position);
        self.list("orders", &account.orders, Page::order);
        self.close('}');
    }

    fn case(&mut self, case: Option<u32>) {
        self.key("case");
        match case {
            Some(case) => write_whole(self.out, u64::from(case)),
            None => self.raw("null"),
        }
    }

    fn position(&mut self, position: &PositionView) {
        let spec = &self.spec.instruments[position.instrument.index()];
        let qty = Qty::new(position.lots.unsigned_abs());
        self.open('{');
        self.symbol(spec);
        self.word("side", if position.lots > 0 { "long" } else { "short" });
        self.text("qty", |out| write_qty(out, qty, spec.lot_size));
        self.text("today", |out| write_qty(out, Qty::new(position.today), spec.lot_size));
        self.text("entry", |out| {
            let basis = position.basis.units();
            write_entry(out, position.lots, basis, spec.tick_value, spec.tick_size);
        });
        self.money("margin", position.margin);
        self.money("unrealised", position.unrealised);
        self.price("liquidation_price", spec, position.liquidation_price);
        if let Some(isolated) = &position.isolated {
            self.money("wallet", isolated.wallet);
            self.key("measure");
            write_measure(self.out, isolated.measure);
            self.key("tier");
            write_string(self.out, isolated.tier.as_bytes());
            self.case(isolated.case);
        }
        self.close('}');
    }

    fn order(&mut self, order: &OrderView) {
        let spec = &self.spec.instruments[order.instrument.index()];
        self.open('{');
        self.key("id");
        write_order_id(self.out, &order.id);
        self.symbol(spec);
        self.word("side", order.side.as_str());
        self.price("price", spec, order.price);
        self.text("open", |out| write_qty(out, order.open, spec.lot_size));
        if order.trigger.is_some() {
            self.price("trigger", spec, order.trigger);
        }
        if !order.display.is_zero() {
            self.text("display", |out| write_qty(out, order.display, spec.lot_size));
            self.text("shown", |out| write_qty(out, order.shown, spec.lot_size));
        }
        self.close('}');
    }

    fn book(&mut self, book: &BookView) {
        let spec = &self.spec.instruments[book.instrument.index()];
        self.open('{');
        self.word("phase", book.phase.as_str());
        self.price("up", spec, book.band.map(|band| band.up));
        self.price("down", spec, book.band.map(|band| band.down));
        self.price("mark", spec, Some(book.mark));
        self.price("last", spec, book.last);
        self.levels("bids", spec, &book.bids);
        self.levels("asks", spec, &book.asks);
        self.close('}');
    }

    fn levels(&mut self, key: &str, spec: &InstrumentSpec, levels: &[(Price, Qty)]) {
        self.list(key, levels, |page, (price, qty)| {
            page.raw("[\"");
            write_price(page.out, *price, spec.tick_size);
            page.raw("\",\"");
            write_qty(page.out, *qty, spec.lot_size);
            page.raw("\"]");
        });
    }

    fn list<T>(&mut self, key: &str, items: &[T], mut each: impl FnMut(&mut Page<'a>, &T)) {
        self.key(key);
        self.open('[');
        for item in items {
            self.item();
            each(self, item);
        }
        self.close(']');
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket as u8);
        self.depth += 1;
        self.first = true;
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        if !self.first {
            self.line();
        }
        self.out.push(bracket as u8);
        self.first = false;
    }

    /// Begins the next item of a list or object: a comma where one came before, and a new line.
    fn item(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.line();
    }

    fn line(&mut self) {
        if !self.lines {
            return;
        }
        self.out.push(b'\n');
        let spaces = self.out.len() + 2 * self.depth;
        self.out.resize(spaces, b' ');
    }

    fn label(&mut self, label: &[u8]) {
        self.item();
        write_string(self.out, label);
        self.raw(if self.lines { ": " } else { ":" });
    }

    fn key(&mut self, key: &str) {
        self.label(key.as_bytes());
    }

    fn text(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    fn word(&mut self, key: &str, word: &str) {
        self.text(key, |out| out.extend_from_slice(word.as_bytes()));
    }

    fn money(&mut self, key: &str, money: Money) {
        let decimals = self.spec.money_decimals;
        self.text(key, |out| write_money(out, money, decimals));
    }

    fn symbol(&mut self, spec: &InstrumentSpec) {
        self.key("symbol");
        write_string(self.out, spec.symbol.as_bytes());
    }

    fn price(&mut self, key: &str, spec: &InstrumentSpec, price: Option<Price>) {
        match price {
            Some(price) => self.text(key, |out| write_price(out, price, spec.tick_size)),
            None => {
                self.key(key);
                self.raw("null");
            }
        }
    }
}

/// The average entry price: basis / (lots x tick value) ticks, half up to eight places.
///
/// Whole ticks and the rest are taken apart first, so that only the rest is multiplied out.
pub(crate) fn write_entry(out: &mut Vec<u8>, lots: i64, basis: i128, tick_value: i64, tick: Step) {
    let basis = if lots > 0 { basis } else { -basis };
    let worth = i128::from(lots.unsigned_abs()) * i128::from(tick_value);
    let (ticks, rest) = (basis.div_euclid(worth), basis.rem_euclid(worth));
    let places = ENTRY_DECIMALS.max(tick.decimals);
    let scaled_tick = i128::from(tick.mantissa) * 10i128.pow(places - tick.decimals);
    let whole = ticks.checked_mul(scaled_tick);
    let part = shrunk_product(rest, scaled_tick, worth);
    match whole.and_then(|whole| whole.checked_add(part)) {
        Some(entry) => write_scaled(out, entry, places),
        None => match u64::try_from(ticks) {
            Ok(ticks) => write_steps(out, ticks, tick),
            Err(_) => out.push(b'0'),
        },
    }
}

/// a x b / c, half up; where a x b passes 128 bits both a and c are halved until it fits.
fn shrunk_product(mut a: i128, b: i128, mut c: i128) -> i128 {
    loop {
        match a.checked_mul(b).filter(|product| *product < i128::MAX / 4) {
            Some(product) if c < i128::MAX / 4 => return half_up_div(product, c.max(1)),
            _ => (a, c) = (a / 2, c / 2),
        }
    }
}
