//! A line's fields, by type.

use super::{Line, Names, write_measure, write_order_id};
use crate::decimal::{write_money, write_price, write_qty, write_scaled, write_whole};
use crate::json::write_string;
use plimsoll_types::{
    AccountId, InstrumentId, InstrumentSpec, Label, MarginRate, Measure, Money, OrderId, Price,
    ProfileId, Qty, Ratio, Side,
};

impl<N: Names> Line<'_, N> {
    #[inline]
    pub(super) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    pub(super) fn key(&mut self, key: &str) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
    }

    /// A value that needs no escapes: words, and decimals by `write`.
    #[inline]
    pub(super) fn plain(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    #[inline]
    pub(super) fn event(&mut self, name: &str) {
        self.word("event", name);
    }

    #[inline]
    pub(super) fn word(&mut self, key: &str, word: &str) {
        self.plain(key, |out| out.extend_from_slice(word.as_bytes()));
    }

    #[inline]
    pub(super) fn whole(&mut self, key: &str, number: u64) {
        self.key(key);
        write_whole(self.out, number);
    }

    pub(super) fn boolean(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.raw(if flag { "true" } else { "false" });
    }

    pub(super) fn null(&mut self, key: &str) {
        self.key(key);
        self.raw("null");
    }

    pub(super) fn side_or_null(&mut self, key: &str, side: Option<Side>) {
        match side {
            Some(side) => self.word(key, side.as_str()),
            None => self.null(key),
        }
    }

    pub(super) fn share(&mut self, key: &str, share: Ratio) {
        self.plain(key, |out| write_scaled(out, i128::from(share.nano()), Ratio::DECIMALS));
    }

    #[inline]
    pub(super) fn label(&mut self, key: &str, label: &Label) {
        self.key(key);
        write_string(self.out, label.as_bytes());
    }

    #[inline]
    pub(super) fn account(&mut self, key: &str, account: AccountId) {
        if !self.sees(account) {
            return;
        }
        let name = self.exchange.account_name(account);
        self.label(key, &name);
        if let Some(instrument) = self.exchange.isolated(account) {
            self.isolated(instrument);
        }
    }

    #[inline]
    pub(super) fn id(&mut self, key: &str, id: &OrderId) {
        self.key(key);
        write_order_id(self.out, id);
    }

    #[inline]
    pub(super) fn order(&mut self, account: AccountId, id: &OrderId) {
        self.order_of("account", account, "id", id);
    }

    /// An account and its order.
    #[inline]
    pub(super) fn order_of(
        &mut self,
        account_key: &str,
        account: AccountId,
        id_key: &str,
        id: &OrderId,
    ) {
        if self.sees(account) {
            self.account(account_key, account);
            self.id(id_key, id);
        }
    }

    #[inline]
    pub(super) fn spec(&self, instrument: InstrumentId) -> &InstrumentSpec {
        &self.exchange.spec().instruments[instrument.index()]
    }

    /// That an account's isolated position is meant.
    #[cold]
    fn isolated(&mut self, instrument: InstrumentId) {
        let symbol = self.spec(instrument).symbol;
        self.label("isolated", &symbol);
    }

    #[inline]
    pub(super) fn symbol(&mut self, instrument: InstrumentId) {
        self.key("symbol");
        let symbol = &self.exchange.spec().instruments[instrument.index()].symbol;
        write_string(self.out, symbol.as_bytes());
    }

    #[inline]
    pub(super) fn price(&mut self, key: &str, instrument: InstrumentId, price: Price) {
        let tick = self.spec(instrument).tick_size;
        self.plain(key, |out| write_price(out, price, tick));
    }

    #[inline]
    pub(super) fn price_or_null(
        &mut self,
        key: &str,
        instrument: InstrumentId,
        price: Option<Price>,
    ) {
        match price {
            Some(price) => self.price(key, instrument, price),
            None => self.null(key),
        }
    }

    #[inline]
    pub(super) fn qty(&mut self, key: &str, instrument: InstrumentId, qty: Qty) {
        let lot = self.spec(instrument).lot_size;
        self.plain(key, |out| write_qty(out, qty, lot));
    }

    #[inline]
    pub(super) fn money(&mut self, key: &str, money: Money) {
        let decimals = self.exchange.spec().money_decimals;
        self.plain(key, |out| write_money(out, money, decimals));
    }

    pub(super) fn measure(&mut self, key: &str, measure: Measure) {
        self.key(key);
        write_measure(self.out, measure);
    }

    /// A share as a decimal; with an amount a lot, an object as in the configuration.
    pub(super) fn rate(&mut self, key: &str, rate: MarginRate) {
        let share = |out: &mut Vec<u8>| {
            write_scaled(out, i128::from(rate.share.nano()), Ratio::DECIMALS);
        };
        if rate.per_lot == Money::ZERO {
            return self.plain(key, share);
        }
        let decimals = self.exchange.spec().money_decimals;
        self.key(key);
        self.raw("{\"share\":\"");
        share(self.out);
        self.raw("\",\"per_lot\":\"");
        write_money(self.out, rate.per_lot, decimals);
        self.raw("\"}");
    }

    pub(super) fn profile(&mut self, profile: ProfileId) {
        let name = self.exchange.spec().profiles[profile.index()].name;
        self.label("profile", &name);
    }

    pub(super) fn tier(&mut self, key: &str, account: AccountId, tier: u8) {
        let profile = self.exchange.account_profile(account);
        let tiers = &self.exchange.spec().profiles[profile.index()].tiers;
        match usize::from(tier).checked_sub(1).and_then(|place| tiers.get(place)) {
            Some(tier) => {
                let name = tier.name;
                self.label(key, &name);
            }
            None => self.word(key, "normal"),
        }
    }
}
