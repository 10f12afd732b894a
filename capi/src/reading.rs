//! Reading an engine: prices, depth, accounts, state. Nothing here changes anything.

use crate::bare_text::SYMBOL;
use crate::engine::{Engine, Kind};
use crate::event::id_out;
use crate::layout::{Account, Best, Info, Instrument, Level, PLIMSOLL_ID_BYTES};
use crate::orders;
use crate::status::{Fault, Status};
use crate::words::{self, Permission};
use plimsoll_exchange::Exchange;
use plimsoll_text::write_state;
use plimsoll_types::{AccountId, InstrumentId, Label, Price, Qty, Side, Step};

/// Levels looked at first when the depth at one price is asked for; then eight times as many, and so on.
const STRIDE: usize = 16;

#[cold]
fn no_such(what: &str) -> Fault {
    Fault::new(Status::NotFound, format!("no {what} of this name or number"))
}

fn known_instrument(exchange: &Exchange, number: u32) -> Result<InstrumentId, Fault> {
    orders::instrument(exchange, number).ok_or_else(|| no_such("instrument"))
}

fn known_account(exchange: &Exchange, number: u32) -> Result<AccountId, Fault> {
    orders::account(exchange, number).ok_or_else(|| no_such("account"))
}

fn known_side(number: u8) -> Result<Side, Fault> {
    let wrong = || Fault::new(Status::BadValue, "side: expected a plimsoll_side");
    words::side(number).ok_or_else(wrong)
}

impl Engine {
    /// The number of a name.
    pub(crate) fn find_account(&self, name: &str) -> Result<u32, Fault> {
        let exchange = self.exchange()?;
        let found = Label::new(name).and_then(|label| exchange.account_id(&label));
        found.map(|account| account.0).ok_or_else(|| no_such("account"))
    }

    /// The name of a number.
    pub(crate) fn account_name(&self, number: u32) -> Result<Label, Fault> {
        let exchange = self.exchange()?;
        Ok(exchange.account_name(known_account(exchange, number)?))
    }

    /// Where the engine stands.
    pub(crate) fn info(&self) -> Info {
        let info = Info { waiting: self.queue.waiting() as u64, ..Info::blank() };
        match &self.kind {
            Kind::Exchange(exchange) => Info {
                instruments: exchange.spec().instruments.len() as u32,
                accounts: exchange.account_count() as u32,
                money_decimals: exchange.spec().money_decimals,
                ts: exchange.now(),
                seq: exchange.seq(),
                ..info
            },
            Kind::Bare(bare) => Info { instruments: 1, ts: bare.now, seq: bare.seq, ..info },
        }
    }

    /// The tick and the lot of an instrument: whole numbers on a bare book.
    pub(crate) fn steps(&self, number: u32) -> Result<(Step, Step), Fault> {
        match &self.kind {
            Kind::Exchange(exchange) => {
                let instrument = known_instrument(exchange, number)?;
                let spec = &exchange.spec().instruments[instrument.index()];
                Ok((spec.tick_size, spec.lot_size))
            }
            Kind::Bare(_) if number == 0 => {
                let one = Step { mantissa: 1, decimals: 0 };
                Ok((one, one))
            }
            Kind::Bare(_) => Err(no_such("instrument")),
        }
    }

    /// An instrument.
    pub(crate) fn instrument(&self, number: u32) -> Result<Instrument, Fault> {
        let (tick, lot) = self.steps(number)?;
        let steps = Instrument {
            tick_mantissa: tick.mantissa,
            tick_decimals: tick.decimals,
            lot_mantissa: lot.mantissa,
            lot_decimals: lot.decimals,
            ..Instrument::blank()
        };
        let symbol =
            |label: Option<Label>| label.map_or([0; PLIMSOLL_ID_BYTES], |label| id_out(&label));
        Ok(match &self.kind {
            Kind::Exchange(exchange) => {
                let instrument = known_instrument(exchange, number)?;
                let spec = &exchange.spec().instruments[instrument.index()];
                Instrument {
                    open_orders: exchange.open_orders(instrument),
                    multiplier_mantissa: spec.multiplier.mantissa,
                    multiplier_decimals: spec.multiplier.decimals,
                    tick_value: spec.tick_value,
                    mark: exchange.mark(instrument).ticks(),
                    symbol: symbol(Some(spec.symbol)),
                    ..steps
                }
            }
            Kind::Bare(bare) => Instrument {
                open_orders: bare.book.live(),
                symbol: symbol(Label::new(SYMBOL)),
                ..steps
            },
        })
    }

    /// The number of a symbol.
    pub(crate) fn find_instrument(&self, symbol: &str) -> Result<u32, Fault> {
        let found = match &self.kind {
            Kind::Exchange(exchange) => Label::new(symbol)
                .and_then(|label| exchange.instrument_id(&label))
                .map(|instrument| u32::from(instrument.0)),
            Kind::Bare(_) => (symbol == SYMBOL).then_some(0),
        };
        found.ok_or_else(|| no_such("instrument"))
    }

    /// An account as the marks stand.
    pub(crate) fn account(&self, number: u32) -> Result<Account, Fault> {
        let exchange = self.exchange()?;
        let account = known_account(exchange, number)?;
        Ok(Account {
            tier: u32::from(exchange.tier(account)),
            permission: u32::from(Permission::from(exchange.permission(account)) as u16),
            equity: exchange.equity(account).units().into(),
            available: exchange.available(account).units().into(),
            ..Account::blank()
        })
    }

    /// Signed lots of an account in an instrument.
    pub(crate) fn position(&self, account: u32, instrument: u32) -> Result<i64, Fault> {
        let exchange = self.exchange()?;
        let account = known_account(exchange, account)?;
        Ok(exchange.position(account, known_instrument(exchange, instrument)?))
    }

    /// Best prices.
    pub(crate) fn best(&self, number: u32) -> Result<Best, Fault> {
        let (bid, ask) = match &self.kind {
            Kind::Exchange(exchange) => {
                let instrument = known_instrument(exchange, number)?;
                (exchange.best(instrument, Side::Buy), exchange.best(instrument, Side::Sell))
            }
            Kind::Bare(bare) if number == 0 => {
                (bare.book.best(Side::Buy), bare.book.best(Side::Sell))
            }
            Kind::Bare(_) => return Err(no_such("instrument")),
        };
        let level = |best: Option<(Price, Qty)>| {
            best.map_or((0, 0), |(price, qty)| (price.ticks(), qty.lots()))
        };
        let ((bid_price, bid_qty), (ask_price, ask_qty)) = (level(bid), level(ask));
        Ok(Best { bid_price, bid_qty, ask_price, ask_qty, ..Best::blank() })
    }

    /// Levels of a side from the best, `limit` at most, handed to `each`.
    pub(crate) fn levels(
        &self,
        number: u32,
        side: u8,
        limit: usize,
        mut each: impl FnMut(Level),
    ) -> Result<(), Fault> {
        let side = known_side(side)?;
        let mut each =
            |price: Price, qty: Qty| each(Level { price: price.ticks(), qty: qty.lots() });
        match &self.kind {
            Kind::Exchange(exchange) => {
                let instrument = known_instrument(exchange, number)?;
                exchange.depth(instrument, side, limit, &mut each);
            }
            Kind::Bare(bare) if number == 0 => {
                bare.book.levels(side).take(limit).for_each(|(price, qty)| each(price, qty));
            }
            Kind::Bare(_) => return Err(no_such("instrument")),
        }
        Ok(())
    }

    /// Lots of a side at a price. Walks from the best price, in strides, no further than it must.
    pub(crate) fn depth(&self, number: u32, side: u8, price: i64) -> Result<u64, Fault> {
        let buying = known_side(side)? == Side::Buy;
        let better = |level: i64| if buying { level > price } else { level < price };
        let (mut stride, mut found) = (STRIDE, None);
        loop {
            let (mut seen, mut beyond) = (0, false);
            self.levels(number, side, stride, |level| {
                seen += 1;
                if level.price == price {
                    found = Some(level.qty);
                }
                beyond = beyond || !better(level.price);
            })?;
            if beyond || seen < stride {
                return Ok(found.unwrap_or(0));
            }
            stride *= 8;
        }
    }

    /// The whole state as bytes.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        match &self.kind {
            Kind::Exchange(exchange) => exchange.snapshot(),
            Kind::Bare(bare) => bare.snapshot(),
        }
    }

    /// XXH3-128 of the whole state.
    pub(crate) fn state_hash(&self) -> u128 {
        match &self.kind {
            Kind::Exchange(exchange) => exchange.state_hash(),
            Kind::Bare(bare) => bare.state_hash(),
        }
    }

    /// The state as JSON for people.
    pub(crate) fn state_text(&self) -> Result<Vec<u8>, Fault> {
        let exchange = self.exchange()?;
        let mut text = Vec::new();
        write_state(&mut text, exchange.spec(), &exchange.view());
        Ok(text)
    }
}
