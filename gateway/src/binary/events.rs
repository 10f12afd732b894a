//! The messages of events: what happened to the user's accounts, numbered by the exchange.

use super::layout::{FieldLayout, Text, joined, kind_of, messages};
use zerocopy::little_endian::{I64, I128, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

macro_rules! stamp {
    ($($(#[doc = $doc:literal])* $field:ident: $type:ty $([$values:ident])?,)*) => {
        /// What every event's message has after its head.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
        )]
        #[repr(C)]
        pub struct Stamp { $($(#[doc = $doc])* pub $field: $type,)* }

        /// Its layout, for the description.
        pub fn stamp_layout() -> Vec<FieldLayout> {
            vec![$(FieldLayout {
                name: stringify!($field),
                offset: std::mem::offset_of!(Stamp, $field),
                bytes: size_of::<$type>(),
                kind: kind_of(stringify!($type)),
                meaning: joined(&[$($doc),*]),
                values: None$(.or(Some(stringify!($values))))?,
            }),*]
        }
    };
}

stamp! {
    /// How durable it is.
    durability: u8 [durability],
    /// Zero.
    reserved: u8,
    /// The message's place among those of its event, from 0.
    part: U16,
    /// Number of the event: rising, with gaps where events were others'.
    seq: U64,
    /// When, nanoseconds since 1970.
    ts: U64,
    /// The number of the user's message that it came of; 0 where it came of something else.
    answers: U64,
    /// Whose it is.
    account: U32,
    /// The account's isolated position it happened to, which has a number of its own; else `account` again.
    position: U32,
}

messages! {
    /// What happened.
    Happened, event_layouts;

    /// An order entered.
    Accepted = b'B' {
        /// Number, time, account.
        stamp: Stamp,
        /// Its id; `#n` where the exchange numbered it, `liq-<case>-<n>` of a liquidation.
        id: Text,
        /// In what.
        instrument: U16,
        /// Which side.
        side: u8 [side],
        /// Which lots it means; 0 = none said.
        offset: u8 [offset],
        /// Ticks; 0 = a market order without a worst price.
        price: U32,
        /// Ticks; of a stop, else 0.
        trigger: U32,
        /// Lots.
        qty: U64,
        /// Lots shown at a time; 0 = all.
        display: U64,
        /// Its handle, if it rests or waits; 4294967295 = it does not.
        handle_slot: U32,
        /// Of the handle.
        handle_generation: U32,
    }

    /// The exchange refused a command.
    Rejected = b'J' {
        /// Number, time, account; account 4294967295 = none.
        stamp: Stamp,
        /// Which order; may be empty.
        id: Text,
        /// Why.
        reason: U16 [reject],
        /// Zero.
        reserved: [u8; 2],
        /// Why, as a word, filled up with zeros.
        word: [u8; 24],
    }

    /// An order, or the rest of it, went.
    Cancelled = b'C' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which.
        id: Text,
        /// In what.
        instrument: U16,
        /// Why; from 100 a stop that may not enter, for the exchange's reason less 100.
        reason: U16 [cancel],
        /// Lots taken away.
        qty: U64,
    }

    /// An order was changed.
    Replaced = b'P' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which.
        id: Text,
        /// In what.
        instrument: U16,
        /// 1 = it kept its place in the queue and its handle.
        kept_priority: u8,
        /// Zero.
        reserved: u8,
        /// Ticks; 0 = a market order.
        price: U32,
        /// Lots open now.
        qty: U64,
        /// Its new handle; 4294967295 = as before, or it no longer rests.
        handle_slot: U32,
        /// Of the handle.
        handle_generation: U32,
    }

    /// A stop's price was reached; it enters.
    Triggered = b'T' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which.
        id: Text,
        /// In what.
        instrument: U16,
        /// Zero.
        reserved: U16,
        /// Its handle, if it rests; 4294967295 = it does not.
        handle_slot: U32,
        /// Of the handle.
        handle_generation: U32,
    }

    /// An iceberg shows more.
    Refilled = b'Q' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which.
        id: Text,
        /// In what.
        instrument: U16,
        /// Zero.
        reserved: U16,
        /// Ticks.
        price: U32,
        /// Lots shown now.
        qty: U64,
    }

    /// An order traded. Who is on both sides gets two messages. The event's number is the trade's.
    Executed = b'V' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which order.
        id: Text,
        /// In what.
        instrument: U16,
        /// The order's side.
        side: u8 [side],
        /// Earlier or later order of the two.
        liquidity: u8 [liquidity],
        /// From where.
        trade: u8 [trade],
        /// Zero.
        reserved: [u8; 3],
        /// Ticks.
        price: U32,
        /// Lots.
        qty: U64,
        /// Money units paid; below zero = received.
        fee: I128,
    }

    /// A trade was undone; told to everybody.
    Busted = b'U' {
        /// Number, time; account 4294967295.
        stamp: Stamp,
        /// Number of the trade's event.
        trade: U64,
        /// In what.
        instrument: U16,
        /// Zero.
        reserved: U16,
        /// Ticks.
        price: U32,
        /// Lots.
        qty: U64,
    }

    /// An account was opened, or got another profile.
    ProfileSet = b'o' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which profile.
        profile: U16,
        /// 1 = the account was opened with it.
        opened: u8,
    }

    /// Money came in.
    Deposited = b'd' {
        /// Number, time, account.
        stamp: Stamp,
        /// Money units, in all.
        amount: I128,
        /// How much of it repaid a debt.
        repaid: I128,
        /// Balance after it.
        balance: I128,
    }

    /// Money went out.
    Withdrawn = b'w' {
        /// Number, time, account.
        stamp: Stamp,
        /// Money units.
        amount: I128,
        /// Balance after it.
        balance: I128,
    }

    /// What a day brought.
    DaySettled = b's' {
        /// Number, time, account.
        stamp: Stamp,
        /// In what; 65535 = in all.
        instrument: U16,
        /// Money units, by date.
        profit: I128,
        /// Money units, by trade.
        profit_by_trade: I128,
        /// Money units.
        fees: I128,
        /// Balance after it.
        balance: I128,
    }

    /// The account's tier changed. 0 = normal, else the place in its profile.
    TierChanged = b'r' {
        /// Number, time, account.
        stamp: Stamp,
        /// From.
        from: u8,
        /// To.
        to: u8,
        /// 1 = the measure is defined.
        defined: u8,
        /// Zero.
        reserved: u8,
        /// Millionths.
        measure: I128,
        /// Money units.
        equity: I128,
        /// Money units.
        margin: I128,
    }

    /// A margin call.
    MarginCalled = b'm' {
        /// Number, time, account.
        stamp: Stamp,
        /// Least deposit that leaves the tier, money units.
        shortfall: I128,
        /// When it falls due; 0 = at the end of the session.
        deadline: U64,
    }

    /// Rights were taken or came back.
    PermissionSet = b'p' {
        /// Number, time, account.
        stamp: Stamp,
        /// What the account may do now.
        permission: u8 [permission],
        /// 1 = taken, 2 = given back.
        direction: u8,
    }

    /// A liquidation case took a step.
    CaseStepped = b'l' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which.
        case: U32,
        /// What step; a plan is a message for each of its targets.
        step: u8 [case_step],
        /// Of triggered: why; else 0.
        forced: u8 [forced],
        /// Of parked: why; else 0.
        parked: u8 [parked],
        /// Of planned and batch: side of the closing order; else 0.
        side: u8 [side],
        /// Of planned, batch, checked; else 65535.
        instrument: U16,
        /// Of checked: 1 = the measure is defined.
        defined: u8,
        /// Zero.
        reserved: u8,
        /// Of batch and checked: the batch, from 1.
        batch: U32,
        /// Of batch: worst price, ticks; 0 = any.
        price: U32,
        /// Lots: of the target, of the batch, or filled.
        qty: U64,
        /// Of checked: lots of the plan still to trade.
        remaining: U64,
        /// Of checked: millionths.
        measure: I128,
    }

    /// The house took over what the account owes.
    Indebted = b'b' {
        /// Number, time, account.
        stamp: Stamp,
        /// Money units.
        amount: I128,
    }

    /// The account bore part of another's loss.
    LossShared = b'q' {
        /// Number, time, account.
        stamp: Stamp,
        /// Money units.
        amount: I128,
    }

    /// A position was closed without a book: against a bankrupt one, by a forced reduction, or taken over by the fund.
    PositionClosed = b'x' {
        /// Number, time, account.
        stamp: Stamp,
        /// 1 = deleveraged, 2 = reduced, 3 = taken over by the fund.
        manner: u8,
        /// Side of the position; 0 of a deleveraging.
        side: u8 [side],
        /// In what.
        instrument: U16,
        /// Ticks.
        price: U32,
        /// Lots.
        qty: U64,
        /// For which case; 0 of a reduction.
        case: U32,
        /// Of a takeover, money units; else 0.
        fee: I128,
    }

    /// Funding was paid or received.
    Funded = b'n' {
        /// Number, time, account.
        stamp: Stamp,
        /// In what.
        instrument: U16,
        /// Change of the balance, money units.
        amount: I128,
    }

    /// The account's leverage was set.
    LeverageSet = b'v' {
        /// Number, time, account.
        stamp: Stamp,
        /// In what.
        instrument: U16,
        /// Billionths.
        value: I64,
    }

    /// Money moved between the account and an isolated position.
    MarginMoved = b'g' {
        /// Number, time, account.
        stamp: Stamp,
        /// Which position's.
        instrument: U16,
        /// Into the position, money units; below zero: out of it.
        amount: I128,
    }

    /// Margin rates of this account alone.
    MarginRates = b'y' {
        /// Number, time, account.
        stamp: Stamp,
        /// In what.
        instrument: U16,
        /// The house's share of notional, billionths.
        initial_share: I64,
        /// The house's amount a lot, money units.
        initial_per_lot: I128,
        /// The exchange's share of notional, billionths.
        maintenance_share: I64,
        /// The exchange's amount a lot, money units.
        maintenance_per_lot: I128,
    }

    /// The position reached the size from which it is reported.
    LargePosition = b'u' {
        /// Number, time, account.
        stamp: Stamp,
        /// In what.
        instrument: U16,
        /// Side of the position.
        side: u8 [side],
        /// Zero.
        reserved: u8,
        /// Lots held.
        qty: U64,
    }
}

impl Happened {
    /// Number, time and account of it: the first field of every event's message.
    pub fn stamp(&self) -> Stamp {
        let begin = super::layout::HEAD;
        match Stamp::read_from_prefix(&self.as_bytes()[begin..]) {
            Ok((stamp, _)) => stamp,
            Err(_) => plimsoll_types::broken(format_args!("an event without a stamp: {self:?}")),
        }
    }
}
