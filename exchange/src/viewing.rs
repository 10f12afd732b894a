//! Reading the exchange: the whole state, and the few numbers that simulations ask for often.

use crate::exchange::Exchange;
use crate::market::Market;
use crate::view::{AccountView, BookView, IsolatedView, OrderView, PositionView, StateView};
use plimsoll_risk::Standing;
use plimsoll_types::{
    AccountId, Basis, InstrumentId, Money, OrderKind, OrderRef, Permission, Price, Qty, Side,
};

impl Exchange {
    /// The whole state as people see it. Cost: O(accounts + orders).
    pub fn view(&self) -> StateView {
        let house = self.risk.house();
        StateView {
            seq: self.log.seq,
            ts: self.log.now,
            hash: self.state_hash(),
            accounts: (0..self.risk.account_count() as u32)
                .map(AccountId)
                .filter(|&id| self.risk.pocket(id).is_none())
                .map(|id| self.account(id))
                .collect(),
            books: self
                .markets
                .iter()
                .filter(|market| !market.gone)
                .map(|market| self.book_of(market))
                .collect(),
            insurance_fund: house.fund,
            fees: house.fees,
            deposits: house.deposits,
            withdrawals: house.withdrawals,
            written_off: house.written_off,
        }
    }

    /// What conservation leaves over: zero. Cost: O(positions), nothing is copied.
    pub fn imbalance(&self) -> Money {
        let accounts = (0..self.risk.account_count() as u32).map(AccountId);
        let equity: Money = accounts.map(|id| self.risk.equity(id)).sum();
        let house = self.risk.house();
        equity + house.fund + house.fees - (house.deposits - house.withdrawals + house.written_off)
    }

    /// An account that exists, with its isolated positions, as people see it. Cost: O(its positions and orders).
    pub fn account(&self, id: AccountId) -> AccountView {
        let risk = &self.risk;
        let (account, standing) = (risk.account(id), risk.standing(id));
        let unlimited = account.is_unlimited();
        let positions: Vec<PositionView> = risk
            .position_ids(id)
            .filter(|&position| risk.position(position).lots() != 0)
            .map(|position| {
                let held = risk.position(position);
                let contract = risk.contract(held.instrument());
                let lots = held.lots().unsigned_abs();
                let margin = risk.margin_of(position, Basis::Initial);
                PositionView {
                    instrument: held.instrument(),
                    lots: held.lots(),
                    today: lots - held.carried(),
                    basis: held.basis(),
                    margin: if unlimited { Money::ZERO } else { margin },
                    unrealised: Money::of_lots(contract.mark, held.lots(), contract.tick_value)
                        - held.basis(),
                    liquidation_price: risk.liquidation_price(position),
                    isolated: (held.account() != id).then(|| self.isolated_view(held.account())),
                }
            })
            .collect();
        // The account with its isolated positions.
        let whole = |of: &dyn Fn(AccountId) -> Money| -> Money {
            risk.pockets(id).map(of).sum::<Money>() + of(id)
        };
        AccountView {
            name: risk.name(id),
            balance: whole(&|id| risk.balance(id)),
            equity: self.equity(id),
            unrealised: positions.iter().map(|position| position.unrealised).sum(),
            realised: whole(&|id| risk.realised(id)),
            fees: whole(&|id| risk.fees(id)),
            margin: whole(&|id| risk.margins(id)[0]),
            maintenance: whole(&|id| risk.margins(id)[1]),
            frozen: account.frozen(),
            available: risk.available(id),
            measure: risk.measure(id, Standing { margins: risk.margins(id), ..standing }),
            tier: self.tier_name(id),
            permission: account.permission(),
            debt: risk.debt(id),
            case: account.case().map(|case| case.0),
            positions,
            orders: self.order_views(id),
        }
    }

    fn tier_name(&self, id: AccountId) -> String {
        match usize::from(self.risk.account(id).tier()).checked_sub(1) {
            Some(tier) => self.risk.profile_of(id).tiers[tier].name.to_string(),
            None => "normal".to_owned(),
        }
    }

    fn isolated_view(&self, pocket: AccountId) -> IsolatedView {
        let risk = &self.risk;
        IsolatedView {
            wallet: risk.balance(pocket),
            measure: risk.measure(pocket, risk.standing(pocket)),
            tier: self.tier_name(pocket),
            case: risk.account(pocket).case().map(|case| case.0),
        }
    }

    fn order_views(&self, id: AccountId) -> Vec<OrderView> {
        let mut orders = Vec::new();
        for position in self.risk.position_ids(id).map(|id| self.risk.position(id)) {
            let market = &self.markets[position.instrument().index()];
            let mut slot = position.orders.0;
            while slot != crate::orders::NIL {
                orders.push(order_view(market, slot));
                slot = market.records[slot].next;
            }
        }
        orders
    }

    /// A book, whole. Cost: O(its levels).
    pub fn book(&self, instrument: InstrumentId) -> BookView {
        self.book_of(&self.markets[instrument.index()])
    }

    /// A book without its levels. Cost: O(1).
    pub fn book_head(&self, instrument: InstrumentId) -> BookView {
        self.head_of(&self.markets[instrument.index()])
    }

    fn book_of(&self, market: &Market) -> BookView {
        BookView {
            bids: market.book.levels(Side::Buy).collect(),
            asks: market.book.levels(Side::Sell).collect(),
            ..self.head_of(market)
        }
    }

    fn head_of(&self, market: &Market) -> BookView {
        BookView {
            instrument: market.id,
            phase: market.phase,
            band: market.book.band(),
            mark: self.risk.contract(market.id).mark,
            last: market.last,
            bids: Vec::new(),
            asks: Vec::new(),
        }
    }

    /// A resting order of an account: its instrument is what a replace's price is counted in.
    pub fn open_order(&self, account: AccountId, order: &OrderRef) -> Option<OrderView> {
        let place = self.place(account, order)?;
        Some(order_view(&self.markets[place.instrument.index()], place.slot))
    }

    /// Whether an account has `count` open orders or more, stops among them, cases' batches not.
    ///
    /// Cost: O(count), stops counting there.
    pub fn has_open_orders(&self, account: AccountId, count: u32) -> bool {
        let mut left = count;
        if account.index() >= self.account_count() {
            return false;
        }
        for position in self.risk.position_ids(account).map(|id| self.risk.position(id)) {
            let market = &self.markets[position.instrument().index()];
            let mut slot = position.orders.0;
            while slot != crate::orders::NIL && left > 0 {
                left -= u32::from(market.records[slot].case().is_none());
                slot = market.records[slot].next;
            }
        }
        left == 0
    }

    /// Mark of an instrument.
    pub fn mark(&self, instrument: InstrumentId) -> Price {
        self.risk.contract(instrument).mark
    }

    /// Best price of a side and the lots there. Cost: O(1).
    pub fn best(&self, instrument: InstrumentId, side: Side) -> Option<(Price, Qty)> {
        self.markets[instrument.index()].book.best(side)
    }

    /// Levels of a side from the best, at most `limit` of them, handed to `each`.
    pub fn depth(
        &self,
        instrument: InstrumentId,
        side: Side,
        limit: usize,
        each: &mut dyn FnMut(Price, Qty),
    ) {
        for (price, qty) in self.markets[instrument.index()].book.levels(side).take(limit) {
            each(price, qty);
        }
    }

    /// Equity of an account at the marks. Cost: O(its positions).
    pub fn equity(&self, account: AccountId) -> Money {
        let pockets = self.risk.pockets(account).map(|pocket| self.risk.equity(pocket));
        self.risk.equity(account) + pockets.sum()
    }

    /// What an account has free for orders and withdrawals.
    pub fn available(&self, account: AccountId) -> Money {
        self.risk.available(account)
    }

    /// Signed lots of an account in an instrument; of its long and its short leg together.
    pub fn position(&self, account: AccountId, instrument: InstrumentId) -> i64 {
        let Some(first) = self.risk.find_position(account, instrument) else { return 0 };
        let held = self.risk.position(first);
        let short = held.leg().is_leg().then(|| self.risk.position(self.risk.legs(first)[1]));
        held.lots() + short.map_or(0, |short| short.lots())
    }

    /// Tier of an account: 0 = normal, else 1 + the place of the tier in its profile.
    pub fn tier(&self, account: AccountId) -> u8 {
        self.risk.account(account).tier()
    }

    /// What an account may do now.
    pub fn permission(&self, account: AccountId) -> Permission {
        self.risk.account(account).permission()
    }

    /// All accounts opened so far; ids are 0 to this less one.
    pub fn account_count(&self) -> usize {
        self.risk.account_count()
    }

    /// Orders resting in an instrument.
    pub fn open_orders(&self, instrument: InstrumentId) -> u32 {
        self.markets[instrument.index()].book.live()
    }

    /// Cases open now.
    pub fn open_cases(&self) -> usize {
        self.cases.len()
    }
}

fn order_view(market: &Market, slot: u32) -> OrderView {
    let order = market.book.resting(slot);
    if let Some(waits) = market.waits.get(&slot) {
        return OrderView {
            id: market.records.id(slot),
            instrument: market.id,
            side: waits.side,
            price: match waits.kind {
                OrderKind::Limit(price) => Some(price),
                OrderKind::Market(protection) => protection,
            },
            open: waits.qty,
            trigger: waits.trigger,
            display: waits.display,
            shown: Qty::ZERO,
        };
    }
    OrderView {
        id: market.records.id(slot),
        instrument: market.id,
        side: order.side,
        price: order.price,
        open: order.qty,
        trigger: None,
        display: order.display,
        shown: order.shown,
    }
}
