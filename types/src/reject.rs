//! Every "no" of the exchange: one enum, in order of precedence; the first that applies is given.

use serde::{Deserialize, Serialize};

macro_rules! rejects {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $detail:literal;)+) => {
        /// Why a valid command was refused. A refused command leaves no trace but its event.
        ///
        /// Declared in order of precedence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Reject {
            $($(#[$doc])* $name,)+
        }

        impl Reject {
            /// Every reason, in order of precedence.
            pub const ALL: &[Reject] = &[$(Reject::$name,)+];

            /// The stable code in events.
            pub fn as_str(self) -> &'static str {
                match self { $(Reject::$name => $code,)+ }
            }

            /// One sentence for people: what was wrong and what would be accepted.
            pub fn detail(self) -> &'static str {
                match self { $(Reject::$name => $detail,)+ }
            }
        }
    };
}

rejects! {
    /// No account of that name is open.
    UnknownAccount = "unknown_account", "no account of this name is open";
    /// No such instrument.
    UnknownSymbol = "unknown_symbol", "no instrument has this symbol";
    /// No such profile.
    UnknownProfile = "unknown_profile", "no profile has this name";
    /// No such trade, too long ago, or busted before.
    UnknownTrade = "unknown_trade", "no trade among those kept has this number, or it is busted already";
    /// The price is no multiple of the tick size.
    PriceOffTick = "price_off_tick", "the price is no multiple of the tick size";
    /// The price lies outside the domain of 1 to 2^30 ticks.
    PriceOutOfRange = "price_out_of_range", "the price must be 1 to 2^30 ticks";
    /// The quantity is zero or negative.
    QuantityNotPositive = "quantity_not_positive", "the quantity must be above zero";
    /// The quantity is no multiple of the lot size.
    QuantityOffLot = "quantity_off_lot", "the quantity is no multiple of the lot size";
    /// The quantity is above 2^40 - 1 lots.
    QuantityTooLarge = "quantity_too_large", "the quantity must be below 2^40 lots";
    /// A display quantity where none can be, or too small a one.
    Display = "display", "a display quantity needs a limit order that can rest, and at least a ten-thousandth of its quantity";
    /// The minimum quantity is above the quantity.
    MinQty = "min_qty", "the minimum quantity exceeds the quantity";
    /// The expiry is not in the future.
    Expires = "expires", "the expiry must lie in the future";
    /// The amount is zero or negative.
    AmountNotPositive = "amount_not_positive", "the amount must be above zero";
    /// The amount has more decimals than the currency.
    AmountOffUnit = "amount_off_unit", "the amount has more decimals than the currency";
    /// A time that has passed.
    Past = "past", "the time must lie in the future";
    /// An offset where positions have no legs.
    Offset = "offset", "an offset needs position_mode long_short";
    /// Leverage below 1 or above what the initial margin allows.
    Leverage = "leverage", "leverage must be at least 1 and at most what the initial margin allows";
    /// A rate is negative, above a million, has over nine decimals, or the house's is under the exchange's.
    InvalidMargin = "invalid_margin", "margin rates must be 0 to 1000000 with at most 9 decimals, the initial not under the maintenance";
    /// The upper limit lies under the lower.
    InvalidBand = "invalid_band", "the upper limit lies under the lower";
    /// The account's margin mode does not take this, or cannot change now.
    MarginMode = "margin_mode", "only an isolated position takes margin of its own; cross and isolated change only while the account is flat and without orders";
    /// Nothing to do it with: no rule for it in the configuration, no position, no index.
    NotApplicable = "not_applicable", "the instrument or account has nothing this applies to";
    /// No side stands alone at its limit price.
    NotLocked = "not_locked", "no side stands alone at its limit price";
    /// The symbol is listed.
    DuplicateSymbol = "duplicate_symbol", "an instrument of this symbol is listed";
    /// The name is taken or begins with `$`.
    DuplicateAccount = "duplicate_account", "an account of this name is open or the name is reserved";
    /// Somebody holds a position in the instrument.
    OpenPosition = "open_position", "somebody holds a position in this instrument";
    /// A liquidation case has the account in hand.
    Liquidation = "liquidation", "the account is being liquidated; only cancels and deposits are taken";
    /// The account is frozen.
    Frozen = "frozen", "the account is frozen";
    /// No open order of that account has this id or handle.
    UnknownOrder = "unknown_order", "the account has no open order with this id";
    /// The order has no trigger to change.
    Trigger = "trigger", "only an order that waits for its trigger can get another";
    /// The instrument's phase does not take this.
    Phase = "phase", "the instrument's phase does not take this order";
    /// The account has an open order with this id.
    DuplicateId = "duplicate_id", "the account has an open order with this id";
    /// The price lies outside the band.
    PriceBand = "price_band", "the price lies outside the price band";
    /// The long or short leg has too few lots that are not promised to other orders.
    Close = "close", "the closing order exceeds the lots that are not promised to other orders";
    /// Likewise, of the lots carried over from an earlier day.
    CloseCarried = "close_carried", "the closing order exceeds the carried lots that are not promised to other orders";
    /// Likewise, of the lots opened today.
    CloseToday = "close_today", "the closing order exceeds today's lots that are not promised to other orders";
    /// Part of the order would open a position.
    ReduceOnly = "reduce_only", "part of a reduce-only order would open a position";
    /// The account may only close.
    CloseOnly = "close_only", "the account may only close positions";
    /// The account would hold more than it may.
    PositionLimit = "position_limit", "the account would hold more lots than it may";
    /// A post-only order would take.
    PostOnly = "post_only", "a post-only order would trade at once";
    /// Margin and fees are not covered by what is available.
    Margin = "margin", "margin and fees exceed what is available";
    /// The withdrawal is above what is available.
    Available = "available", "the withdrawal exceeds what is available";
    /// The withdrawal would bring the account to a tier.
    Tier = "tier", "the withdrawal would bring the account to its first tier";
    /// The instrument's book or the exchange's order table is full.
    Full = "full", "the book holds as many orders as it can";
    /// The session may not enter so many lots in one order. A gateway's guard.
    OrderQuantity = "order_quantity", "the order has more lots than this user may enter at once";
    /// Likewise, an order of such a value.
    OrderValue = "order_value", "the order is worth more than this user may enter at once";
    /// Likewise, a price so far from the mark.
    Collar = "collar", "the price lies further from the mark than this user's collar allows";
    /// Likewise, so many orders at a time.
    OpenOrders = "open_orders", "the account has as many open orders as this user may have";
}

#[cfg(test)]
mod tests {
    use super::Reject;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Reject::ALL.iter().map(|r| r.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reject::ALL.len());
    }
}
