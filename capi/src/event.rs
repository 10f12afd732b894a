//! Events as fixed records, for callers that do not want to read text.

use crate::layout::{PLIMSOLL_ID_BYTES, PLIMSOLL_NONE, Wide};
use crate::pointers::Plain;
use plimsoll_types::{Handle, Label};

/// What an event says. Its comment names the fields it fills beside `seq`, `ts` and `kind`; all others are 0,
/// `account`, `maker` and `instrument` PLIMSOLL_NONE.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Something this version of the header has no record for; plimsoll_events_drain_text names it.
    Other = 0,
    /// An account was opened: account; n = its profile, counted from 0, the built-in `unlimited`.
    Opened = 1,
    /// Money came in: account; values = amount, part of it that repaid a debt, balance after.
    Deposit = 2,
    /// Money went out: account; values = amount, balance after.
    Withdrawal = 3,
    /// An order entered: account, id or number, instrument, side, price (0 = market), qty; order = its handle if it rests or waits;
    /// other_price = trigger of a stop; other_qty = most lots an iceberg shows; code = plimsoll_offset.
    Accepted = 4,
    /// A command was refused: code = plimsoll_reject; account, or other_id = the name given; id or number, where there is one.
    Rejected = 5,
    /// An order or its rest went: account, id or number, instrument, qty, code = plimsoll_cancel_reason;
    /// detail = plimsoll_reject where that is PLIMSOLL_CANCEL_REASON_REFUSED.
    Cancelled = 6,
    /// An order was changed: account, id or number, instrument, price (0 = market), qty = new open quantity;
    /// flags = PLIMSOLL_KEPT_PRIORITY if it kept its place.
    Replaced = 7,
    /// Two orders met: instrument, price, qty, side = the taker's, code = plimsoll_trade_kind; account, id or number = the
    /// taker's; maker, other_id or maker_number = the maker's; values = the maker's fee, the taker's.
    Trade = 8,
    /// The mark was set: instrument, price.
    Mark = 9,
    /// The phase changed: instrument, code = plimsoll_phase.
    Phase = 10,
    /// The band changed: instrument, price = limit-up, other_price = limit-down.
    Band = 11,
    /// Margin rates changed: instrument; values = initial share (10^-9), initial a lot (money), the same of maintenance;
    /// account, where they are that one's alone.
    Margin = 12,
    /// A call auction ended: instrument, price (0 = nothing crossed), qty, other_qty = lots left over, side = on which side (0 = none).
    Auction = 13,
    /// An account changed its tier: account, tier_from, tier_to; values = measure (10^-6), equity, margin;
    /// flags = PLIMSOLL_NO_VALUE where the measure is undefined.
    Tier = 14,
    /// A margin call: account; values = shortfall; deadline, or PLIMSOLL_SESSION_END.
    MarginCall = 15,
    /// Rights were taken: account, code = plimsoll_permission.
    Restricted = 16,
    /// Rights came back: account, code = plimsoll_permission.
    Unrestricted = 17,
    /// A liquidation case took a step: account, case_id, code = plimsoll_case_state. Planned: n = targets that follow. Batch: n,
    /// instrument, side, price = worst (0 = any), qty. Checked: n, instrument, qty = filled, other_qty = lots of the plan to go,
    /// values = measure (10^-6), flags. Parked: detail = plimsoll_park_reason. Triggered: detail = plimsoll_forced_reason.
    Case = 18,
    /// A target of the plan before it, with the same seq: account, case_id, n = from 1, instrument, side, qty.
    CaseTarget = 19,
    /// The insurance fund changed: values = change, balance; case_id, 0 = money paid in.
    Fund = 20,
    /// The house took over what a client owes: account; values = amount.
    Debt = 21,
    /// A stop's price was reached, it enters now: account, id or number, instrument; order = its handle if it rests.
    Triggered = 22,
    /// An iceberg shows more, behind all others at its price: account, id or number, instrument, price, qty = shown.
    Refilled = 23,
    /// Where a call auction would end now: as PLIMSOLL_EVENT_KIND_AUCTION.
    Indicative = 24,
    /// A day's settlement price: instrument, price, side = the one that stood alone at its limit (0 = none); values = the next day's
    /// limit (10^-9), flags = PLIMSOLL_NO_VALUE where there is none.
    Settled = 25,
    /// What a day brought an account: account, instrument if one was settled; values = profit, fees, balance, profit
    /// by trade.
    Settlement = 26,
    /// An instrument came: instrument.
    Listed = 27,
    /// An instrument went: instrument.
    Delisted = 28,
    /// An instrument expired: instrument, price = its final settlement.
    Expired = 29,
    /// A trade was undone: instrument, price, qty; number = the seq of the trade.
    Busted = 30,
    /// Lots were closed against a bankrupt position: instrument, account = who gave, price, qty, case_id.
    Deleveraged = 31,
    /// The fund took a position over: account = whose it was, instrument, side = the position's, price, qty, case_id; values = fee.
    TakenOver = 32,
    /// An account bore part of another's loss: account; values = amount.
    Socialised = 33,
    /// A forced reduction closed lots: account, instrument, side = the position's, price, qty.
    Reduced = 34,
    /// Funding: account, instrument; values = change of the balance.
    Funding = 35,
    /// An index was set: instrument, price.
    Index = 36,
    /// Leverage was set: account, instrument; values = leverage (10^-9).
    Leverage = 37,
    /// Money moved into an isolated position: account, instrument; values = amount, below zero: out of it.
    MarginMoved = 38,
    /// An account got another profile: account; n = the profile, as in PLIMSOLL_EVENT_KIND_OPENED.
    Profile = 39,
    /// A change of terms was announced: instrument; deadline = when, PLIMSOLL_SESSION_END at the next settlement.
    Scheduled = 40,
    /// An instrument's terms changed: instrument; values = regular daily limit (10^-9), flags = PLIMSOLL_NO_VALUE where there is
    /// none; n = 1 where its fees changed.
    Terms = 41,
    /// What everybody may do in an instrument changed: instrument, code = plimsoll_permission.
    InstrumentPermission = 42,
    /// A position reached the size from which it is reported: account, instrument, side = the position's, qty = lots held.
    LargePosition = 43,
}

/// An event flag: the replaced order kept its place in the queue.
pub const PLIMSOLL_KEPT_PRIORITY: u8 = 1;

/// An event flag: the first of `values` is undefined: a measure whose denominator is zero, a limit where there is none.
pub const PLIMSOLL_NO_VALUE: u8 = 2;

/// Something that happened. 256 bytes. plimsoll_event_kind says which fields a kind fills.
///
/// An order is named by `id`, as in the text form, or, where it came without one, by `number`; `id` is then empty.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Gapless from 1; a plan and its targets share one.
    pub seq: u64,
    /// When, nanoseconds; of a timer, when it fell due.
    pub ts: u64,
    /// A plimsoll_event_kind.
    pub kind: u32,
    /// In what.
    pub instrument: u32,
    /// Whose; of a trade, the taker.
    pub account: u32,
    /// Of a trade, the maker.
    pub maker: u32,
    /// A plimsoll_side, or 0.
    pub side: u8,
    /// PLIMSOLL_KEPT_PRIORITY, PLIMSOLL_NO_VALUE.
    pub flags: u8,
    /// A word of the kind's own list.
    pub code: u16,
    /// A liquidation case; 0 = none.
    pub case_id: u32,
    /// A count or running number.
    pub n: u32,
    /// Tier before.
    pub tier_from: u8,
    /// Tier after.
    pub tier_to: u8,
    /// A second word of the kind's own list.
    pub detail: u16,
    /// Ticks; 0 = none.
    pub price: i64,
    /// Ticks, a second price; 0 = none.
    pub other_price: i64,
    /// Lots.
    pub qty: u64,
    /// Lots, a second number.
    pub other_qty: u64,
    /// Nanoseconds.
    pub deadline: u64,
    /// A handle; 0 = none.
    pub order: u64,
    /// The engine's number of an order without id; 0 = it has an id.
    pub number: u64,
    /// As `number`, for the maker of a trade.
    pub maker_number: u64,
    /// Money, shares, measures.
    pub values: [Wide; 4],
    /// An order's id, ended by a zero byte.
    pub id: [u8; PLIMSOLL_ID_BYTES],
    /// A second id or a name, ended by a zero byte.
    pub other_id: [u8; PLIMSOLL_ID_BYTES],
}

// SAFETY: `repr(C)`, integers, arrays of them and of two-integer structs; tests/layout.rs adds up that there is no padding.
unsafe impl Plain for Event {}

/// The number a handle is on the outside: never 0.
#[inline]
pub(crate) fn handle_out(handle: Option<Handle>) -> u64 {
    handle.map_or(0, |handle| u64::from(handle.generation) << 32 | (u64::from(handle.slot) + 1))
}

/// The handle a number stands for. One that was never issued finds no order.
#[inline]
pub(crate) fn handle_in(order: u64) -> Handle {
    Handle { slot: (order as u32).wrapping_sub(1), generation: (order >> 32) as u32 }
}

/// A label as text with its end mark.
pub(crate) fn id_out(label: &Label) -> [u8; PLIMSOLL_ID_BYTES] {
    let mut id = [0; PLIMSOLL_ID_BYTES];
    let bytes = label.as_bytes();
    id[..bytes.len()].copy_from_slice(bytes);
    id
}

impl Event {
    /// An event that says nothing yet.
    pub const BLANK: Event = Event {
        seq: 0,
        ts: 0,
        kind: EventKind::Other as u32,
        instrument: PLIMSOLL_NONE,
        account: PLIMSOLL_NONE,
        maker: PLIMSOLL_NONE,
        side: 0,
        flags: 0,
        code: 0,
        case_id: 0,
        n: 0,
        tier_from: 0,
        tier_to: 0,
        detail: 0,
        price: 0,
        other_price: 0,
        qty: 0,
        other_qty: 0,
        deadline: 0,
        order: 0,
        number: 0,
        maker_number: 0,
        values: [Wide { low: 0, high: 0 }; 4],
        id: [0; PLIMSOLL_ID_BYTES],
        other_id: [0; PLIMSOLL_ID_BYTES],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_outside_is_never_zero_and_comes_back() {
        let handle = Handle { slot: 0, generation: 0 };
        assert_eq!((handle_out(Some(handle)), handle_out(None)), (1, 0));
        let last = Handle { slot: u32::MAX - 1, generation: (1 << 21) - 1 };
        assert_eq!(handle_in(handle_out(Some(last))), last);
        assert_eq!(handle_in(0).slot, u32::MAX);
    }
}
