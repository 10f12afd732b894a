//! The exchange as people see it: accounts, positions, orders and books at one moment.

use plimsoll_types::{
    AccountId, Band, InstrumentId, Label, Measure, Money, OrderId, Permission, Phase, Price, Qty,
    Side, Ts,
};

/// Everything `state.json` shows. Amounts in money units, prices in ticks, quantities in lots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateView {
    /// Number of the last event.
    pub seq: u64,
    /// Time of the last command or timer.
    pub ts: Ts,
    /// XXH3-128 of the whole state.
    pub hash: u128,
    /// By opening order.
    pub accounts: Vec<AccountView>,
    /// By place in the configuration.
    pub books: Vec<BookView>,
    /// Insurance fund.
    pub insurance_fund: Money,
    /// Fees collected.
    pub fees: Money,
    /// Paid in, the fund's first money among it.
    pub deposits: Money,
    /// Paid out.
    pub withdrawals: Money,
    /// Clients' debts the house has taken over.
    pub written_off: Money,
}

impl StateView {
    /// What conservation leaves over: zero, to the unit, or there is a bug.
    ///
    /// sum(equity) + fund + fees - (deposits - withdrawals + written off). Source: SEMANTICS 3.
    pub fn imbalance(&self) -> Money {
        let equity: Money = self.accounts.iter().map(|a| a.equity).sum();
        equity + self.insurance_fund + self.fees
            - (self.deposits - self.withdrawals + self.written_off)
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Its name.
    pub name: Label,
    /// Deposits - withdrawals + realised - fees + what the house paid.
    pub balance: Money,
    /// Balance + unrealised.
    pub equity: Money,
    /// Result of the open positions at the mark.
    pub unrealised: Money,
    /// Result of closed lots so far, before fees.
    pub realised: Money,
    /// Fees paid so far.
    pub fees: Money,
    /// Initial margin of the positions.
    pub margin: Money,
    /// Maintenance margin of the positions.
    pub maintenance: Money,
    /// Margin and fees of open orders.
    pub frozen: Money,
    /// Free for orders and withdrawals.
    pub available: Money,
    /// Risk degree.
    pub measure: Measure,
    /// Name of its tier, `normal` below the first.
    pub tier: String,
    /// What it may do.
    pub permission: Permission,
    /// What it owes the house.
    pub debt: Money,
    /// The open case it is in.
    pub case: Option<u32>,
    /// By place of the instrument.
    pub positions: Vec<PositionView>,
    /// By instrument, then entry.
    pub orders: Vec<OrderView>,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// In what.
    pub instrument: InstrumentId,
    /// Signed lots: above zero long, below short; never zero.
    pub lots: i64,
    /// Of these, without sign, those opened since the last settlement.
    pub today: u64,
    /// Cost of these lots, signed like them.
    pub basis: Money,
    /// Initial margin.
    pub margin: Money,
    /// Result at the mark.
    pub unrealised: Money,
    /// Mark at which the account would be liquidated, all else equal.
    pub liquidation_price: Option<Price>,
    /// What an isolated position has of its own.
    pub isolated: Option<IsolatedView>,
}

/// What an isolated position has of its own, beside its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsolatedView {
    /// Its money: margin moved in, with what it has realised.
    pub wallet: Money,
    /// Its risk degree.
    pub measure: Measure,
    /// Its tier.
    pub tier: String,
    /// The open case it is in.
    pub case: Option<u32>,
}

/// A resting order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// In what.
    pub instrument: InstrumentId,
    /// Which side.
    pub side: Side,
    /// Limit; `None` for a market order that waits for an auction.
    pub price: Option<Price>,
    /// Lots open.
    pub open: Qty,
    /// The price it waits for, of a stop.
    pub trigger: Option<Price>,
    /// Most lots it shows at a time; zero = all.
    pub display: Qty,
    /// Lots shown now; zero for a stop.
    pub shown: Qty,
}

/// A book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookView {
    /// Of what.
    pub instrument: InstrumentId,
    /// Phase.
    pub phase: Phase,
    /// Band.
    pub band: Option<Band>,
    /// Mark.
    pub mark: Price,
    /// Price of the last trade.
    pub last: Option<Price>,
    /// Levels from the best.
    pub bids: Vec<(Price, Qty)>,
    /// Levels from the best.
    pub asks: Vec<(Price, Qty)>,
}

/// A market but for its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketView {
    /// Phase.
    pub phase: Phase,
    /// Band.
    pub band: Option<Band>,
    /// What everybody may do in it.
    pub permission: Permission,
    /// Mark.
    pub mark: Price,
    /// The last settlement price.
    pub settlement: Price,
    /// Price of the last trade.
    pub last: Option<Price>,
}

/// An order of a market, as its place in line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingOrder {
    /// Whose: of a liquidation batch, the liquidated account's owner.
    pub account: AccountId,
    /// Its id.
    pub id: OrderId,
    /// Which side.
    pub side: Side,
    /// Limit; `None` for a market order that waits for an auction.
    pub price: Option<Price>,
    /// Lots open, hidden ones too.
    pub open: Qty,
    /// Lots that show; zero for a stop.
    pub shown: Qty,
    /// Most lots it shows at a time; zero = all.
    pub display: Qty,
    /// Whether it waits for its trigger.
    pub waits: bool,
}
