//! What happened to accounts: money, rights, tiers, losses shared out.

use super::column::{Decimals, Ids, Listed, Wholes, Words, digits};
use super::table::event_table;
use super::universe::Universe;
use plimsoll_types::{Event, EventKind, Measure, Permission, Ratio, Side};

/// What permissions are called.
pub(super) const PERMISSIONS: [Permission; 3] =
    [Permission::Normal, Permission::CloseOnly, Permission::Frozen];

const EVENTS: [&str; 19] = [
    "tier",
    "margin_call",
    "deposit",
    "withdrawal",
    "settlement",
    "funding",
    "fund",
    "debt",
    "adl",
    "takeover",
    "socialised",
    "reduction",
    "restricted",
    "unrestricted",
    "opened",
    "profile",
    "leverage",
    "margin_moved",
    "large_position",
];

event_table! {
    /// One row an event of an account or of the fund.
    Risk(universe) {
        event: Words = Words::new(EVENTS),
        account: Ids = Ids::new(),
        symbol: Listed = Listed::new(&universe.symbols),
        case: Ids = Ids::new(),
        from: Listed = Listed::new(&universe.tiers),
        to: Listed = Listed::new(&universe.tiers),
        measure: Decimals = Decimals::new((digits::ALL, Measure::DECIMALS)),
        equity: Decimals = Decimals::new(universe.places.money),
        margin: Decimals = Decimals::new(universe.places.money),
        shortfall: Decimals = Decimals::new(universe.places.money),
        deadline: Wholes = Wholes::new(),
        amount: Decimals = Decimals::new(universe.places.money),
        repaid: Decimals = Decimals::new(universe.places.money),
        change: Decimals = Decimals::new(universe.places.money),
        balance: Decimals = Decimals::new(universe.places.money),
        profit: Decimals = Decimals::new(universe.places.money),
        profit_by_trade: Decimals = Decimals::new(universe.places.money),
        fees: Decimals = Decimals::new(universe.places.money),
        side: Words = Words::new(["long", "short"]),
        qty: Decimals = Decimals::new(universe.places.quantity),
        price: Decimals = Decimals::new(universe.places.price),
        fee: Decimals = Decimals::new(universe.places.money),
        permission: Words = Words::new(PERMISSIONS.map(Permission::as_str)),
        profile: Listed = Listed::new(&universe.profiles),
        value: Decimals = Decimals::new((digits::SHARE, Ratio::DECIMALS)),
    }
}

fn position_side(side: Side) -> &'static str {
    match side {
        Side::Buy => "long",
        Side::Sell => "short",
    }
}

impl Risk {
    /// Puts what happened to an account; other events are none of its own.
    pub fn put(&mut self, universe: &Universe, event: &Event) {
        let row = self.row(event);
        match event.kind {
            EventKind::Tier { account, from, to, measure, equity, margin } => {
                self.event.put(row, "tier");
                self.account.put(row, account.0);
                self.from.put(row, universe.tier(account, from));
                self.to.put(row, universe.tier(account, to));
                if let Some(measure) = measure.0 {
                    self.measure.put(row, measure);
                }
                self.equity.put(row, equity.units());
                self.margin.put(row, margin.units());
            }
            EventKind::MarginCall { account, shortfall, deadline } => {
                self.event.put(row, "margin_call");
                self.account.put(row, account.0);
                self.shortfall.put(row, shortfall.units());
                if let Some(deadline) = deadline {
                    self.deadline.put(row, deadline);
                }
            }
            EventKind::Restricted { account, permission } => {
                self.event.put(row, "restricted");
                self.account.put(row, account.0);
                self.permission.put(row, permission.as_str());
            }
            EventKind::Unrestricted { account, permission } => {
                self.event.put(row, "unrestricted");
                self.account.put(row, account.0);
                self.permission.put(row, permission.as_str());
            }
            EventKind::Opened { account, profile } => {
                self.event.put(row, "opened");
                self.account.put(row, account.0);
                self.profile.put(row, profile.0);
            }
            EventKind::Profile { account, profile } => {
                self.event.put(row, "profile");
                self.account.put(row, account.0);
                self.profile.put(row, profile.0);
            }
            _ => self.put_money(row, universe, &event.kind),
        }
    }

    fn put_money(&mut self, row: usize, universe: &Universe, kind: &EventKind) {
        match *kind {
            EventKind::Deposit { account, amount, repaid, balance } => {
                self.event.put(row, "deposit");
                self.account.put(row, account.0);
                self.amount.put(row, amount.units());
                self.repaid.put(row, repaid.units());
                self.balance.put(row, balance.units());
            }
            EventKind::Withdrawal { account, amount, balance } => {
                self.event.put(row, "withdrawal");
                self.account.put(row, account.0);
                self.amount.put(row, amount.units());
                self.balance.put(row, balance.units());
            }
            EventKind::Settlement {
                account,
                instrument,
                profit,
                profit_by_trade,
                fees,
                balance,
            } => {
                self.event.put(row, "settlement");
                self.account.put(row, account.0);
                if let Some(instrument) = instrument {
                    self.symbol.put(row, universe.symbol(instrument));
                }
                self.profit.put(row, profit.units());
                self.profit_by_trade.put(row, profit_by_trade.units());
                self.fees.put(row, fees.units());
                self.balance.put(row, balance.units());
            }
            EventKind::Funding { account, instrument, amount } => {
                self.event.put(row, "funding");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.amount.put(row, amount.units());
            }
            EventKind::Fund { change, balance, case } => {
                self.event.put(row, "fund");
                if let Some(case) = case {
                    self.case.put(row, case.0);
                }
                self.change.put(row, change.units());
                self.balance.put(row, balance.units());
            }
            EventKind::Debt { account, amount } => {
                self.event.put(row, "debt");
                self.account.put(row, account.0);
                self.amount.put(row, amount.units());
            }
            EventKind::Socialised { account, amount } => {
                self.event.put(row, "socialised");
                self.account.put(row, account.0);
                self.amount.put(row, amount.units());
            }
            _ => self.put_position(row, universe, kind),
        }
    }

    fn put_position(&mut self, row: usize, universe: &Universe, kind: &EventKind) {
        match *kind {
            EventKind::Deleveraged { instrument, account, qty, price, case } => {
                self.event.put(row, "adl");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.case.put(row, case.0);
                self.qty.put(row, universe.quantity(instrument, qty));
                self.price.put(row, universe.price(instrument, price));
            }
            EventKind::TakenOver { account, instrument, side, qty, price, fee, case } => {
                self.event.put(row, "takeover");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.case.put(row, case.0);
                self.side.put(row, position_side(side));
                self.qty.put(row, universe.quantity(instrument, qty));
                self.price.put(row, universe.price(instrument, price));
                self.fee.put(row, fee.units());
            }
            EventKind::Reduced { instrument, account, side, qty, price } => {
                self.event.put(row, "reduction");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.side.put(row, position_side(side));
                self.qty.put(row, universe.quantity(instrument, qty));
                self.price.put(row, universe.price(instrument, price));
            }
            EventKind::LargePosition { account, instrument, side, qty } => {
                self.event.put(row, "large_position");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.side.put(row, position_side(side));
                self.qty.put(row, universe.quantity(instrument, qty));
            }
            EventKind::Leverage { account, instrument, value } => {
                self.event.put(row, "leverage");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.value.put(row, i128::from(value.nano()));
            }
            EventKind::MarginMoved { account, instrument, amount } => {
                self.event.put(row, "margin_moved");
                self.account.put(row, account.0);
                self.symbol.put(row, universe.symbol(instrument));
                self.amount.put(row, amount.units());
            }
            _ => {}
        }
    }
}
