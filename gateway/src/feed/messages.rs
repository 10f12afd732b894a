//! The feed's messages, byte by byte. docs/FEED.md shows them, made from these lines.
//!
//! Prices in ticks and quantities in lots of their instrument; its `Listing` says what a tick and a lot are. Times in nanoseconds
//! since 1970, on the exchange's clock. Nothing here names an account or a client's id, or counts lots that do not show.

use crate::binary::layout::{Text, messages};
use plimsoll_types::Phase;
use zerocopy::little_endian::{U16, U32, U64};

messages! {
    /// What the feed says.
    FeedMessage, feed_layouts;
    /// An instrument comes; `Phase`, `Band`, `Restriction`, `Mark` and `Settlement` follow where they apply.
    Listing = b'L' {
        /// Its number: what every other message names it by. Never given again.
        instrument: U16,
        /// When.
        ts: U64,
        /// Its name.
        symbol: Text,
        /// What money is counted in.
        currency: Text,
        /// Places of a money unit after the point.
        money_decimals: u8,
        /// What kind of contract it is.
        contract: u8 [instrument],
        /// Digits of the price step, one tick.
        tick_mantissa: U64,
        /// Places of these digits after the point.
        tick_decimals: u8,
        /// Digits of the quantity step, one lot.
        lot_mantissa: U64,
        /// Places of these digits after the point.
        lot_decimals: u8,
        /// Digits of the money per 1.0 of price per 1.0 of quantity.
        multiplier_mantissa: U64,
        /// Places of these digits after the point.
        multiplier_decimals: u8,
        /// Money units per tick and lot.
        tick_value: U64,
    }
    /// An instrument goes, and every order of it that is left.
    Delisting = b'G' {
        /// Which.
        instrument: U16,
        /// When.
        ts: U64,
        /// Its final settlement price, ticks; 0 where it did not expire.
        price: U32,
    }
    /// The phase changed.
    PhaseChange = b'H' {
        /// Of what.
        instrument: U16,
        /// When.
        ts: U64,
        /// To what.
        phase: u8 [phase],
    }
    /// The band changed: orders stand inside it only.
    BandChange = b'B' {
        /// Of what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Limit-down, ticks.
        down: U32,
        /// Limit-up, ticks.
        up: U32,
    }
    /// What everybody may do in an instrument changed.
    Restriction = b'Y' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// What.
        permission: u8 [permission],
    }
    /// An order comes into the book, behind the others at its price.
    Add = b'A' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// The feed's number for it, rising, never given again.
        order: U64,
        /// The order that it stands right before; 0 = none, as nearly always. Orders that close go first at a limit price, where an instrument has that rule.
        before: U64,
        /// Lots that show.
        qty: U64,
        /// Ticks.
        price: U32,
        /// Which side.
        side: u8 [side],
    }
    /// An order whose shown lots were used up shows more of itself, behind the others at its price. It had gone with its `Trade`.
    Refill = b'F' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Which, by its old number.
        order: U64,
        /// Lots that show.
        qty: U64,
        /// Ticks.
        price: U32,
        /// Which side.
        side: u8 [side],
    }
    /// An order goes and comes again at once under a new number, behind the others at its new price.
    Replace = b'U' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Which goes.
        old: U64,
        /// Which comes.
        order: U64,
        /// Lots that show.
        qty: U64,
        /// Ticks.
        price: U32,
        /// Which side: the old one's.
        side: u8 [side],
    }
    /// An order shows fewer lots, at its place, without a trade.
    Reduce = b'R' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Which.
        order: U64,
        /// Lots that still show, at least one.
        left: U64,
    }
    /// An order goes without a trade.
    Delete = b'D' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Which.
        order: U64,
    }
    /// Two orders trade, or two positions without a book (`adl`, `reduction`). Orders of the book that took part are named with what they show after it, at their place; one that shows nothing more goes.
    Trade = b'T' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Its number: what a `Bust` names it by. Rising, not gapless.
        trade: U64,
        /// Lots.
        qty: U64,
        /// The earlier order; 0 = it did not stand in the book for all to see.
        maker: U64,
        /// Lots it shows after this.
        maker_left: U64,
        /// The later order; 0 = it did not stand in the book, as outside auctions it never does.
        taker: U64,
        /// Lots it shows after this.
        taker_left: U64,
        /// Ticks.
        price: U32,
        /// The later order's side.
        side: u8 [side],
        /// Where it comes from; `liquidation` = either side is a liquidation.
        source: u8 [trade],
    }
    /// A trade was undone. The book stays as it is.
    Bust = b'X' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// The trade's number.
        trade: U64,
        /// Its lots.
        qty: U64,
        /// Its price, ticks.
        price: U32,
    }
    /// A call auction ended; its trades came before.
    Auction = b'C' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Lots traded.
        qty: U64,
        /// Lots at the price left over on one side.
        surplus: U64,
        /// Its price, ticks; 0 where nothing crossed.
        price: U32,
        /// Which side the surplus is on; 0 = neither.
        surplus_side: u8 [side],
    }
    /// Where a call auction would end now.
    Indicative = b'I' {
        /// In what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Lots that would trade.
        qty: U64,
        /// Lots at the price that would be left over on one side.
        surplus: U64,
        /// Its price, ticks; 0 where nothing crosses.
        price: U32,
        /// Which side the surplus is on; 0 = neither.
        surplus_side: u8 [side],
    }
    /// The mark was set.
    Mark = b'M' {
        /// Of what.
        instrument: U16,
        /// When.
        ts: U64,
        /// To what, ticks.
        price: U32,
    }
    /// The index was set.
    Index = b'N' {
        /// Of what.
        instrument: U16,
        /// When.
        ts: U64,
        /// To what, ticks.
        price: U32,
    }
    /// A day's settlement price.
    Settlement = b'S' {
        /// Of what.
        instrument: U16,
        /// When.
        ts: U64,
        /// Ticks.
        price: U32,
        /// The side that stood alone at its limit price when the market closed; 0 = neither.
        one_sided: u8 [side],
    }
    /// All before this is whole: here the books are those of the exchange after a command. Commands that were taken together end together.
    Whole = b'E' {
        /// The exchange's time.
        ts: U64,
        /// Number of the last command, as the journal counts; 0 = as the server began.
        command: U64,
    }
}

messages! {
    /// What the server says about the feed, in packets of the control channel. Not counted in the feed's sequence.
    ControlMessage, control_layouts;
    /// Answers a `Subscribe` that is carried out; what was asked for follows.
    Welcome = b'W' {
        /// The oldest message that can be had again.
        oldest: U64,
        /// The next message that will be.
        next: U64,
    }
    /// Answers a `Subscribe` that is not; the client may ask for something else.
    Refused = b'Q' {
        /// Why.
        reason: u8 [refused],
        /// The oldest message that can be had again.
        oldest: U64,
        /// The next message that will be.
        next: U64,
    }
    /// A snapshot is whole; the stream goes on behind the packet's sequence.
    SnapshotEnd = b'V' {
        /// Orders in it.
        orders: U64,
        /// Number of the last command in it; 0 = it is as the server began.
        command: U64,
    }
    /// What was asked for up to a number has been sent; the client may ask again.
    ReplayEnd = b'O' {
        /// The last message sent.
        last: U64,
    }
    /// The server stops. No message of this session will follow.
    SessionEnd = b'Z' {
        /// The last message of the session.
        last: U64,
    }
}

messages! {
    /// What a client says.
    Request, request_layouts;
    /// Asks for the feed, from a number on or with a snapshot before it. While something is being sent no other is heard.
    Subscribe = b'Q' {
        /// From where.
        mode: u8 [subscribe],
        /// The run of the server that `from` is of; 0 = whichever it is.
        session: U64,
        /// The first message wanted (`from`).
        from: U64,
        /// The last one wanted (`from`); 0 = no end. More may come: packets are sent whole.
        to: U64,
    }
}

messages! {
    /// What messages travel in.
    Framing, framing_layouts;
    /// A packet: its `length` counts all its messages, its `flags` are its channel (0 stream, 1 snapshot, 2 control). At most 1,400 bytes. Over UDP each is a datagram.
    Packet = b'P' {
        /// The run of the server.
        session: U64,
        /// Stream: number of its first message, or of the next one where it has none. Snapshot: the last message that is in it. Control: the next message.
        sequence: U64,
        /// Messages in it; none = nothing happened for a while.
        count: U16,
    }
}

/// Channels of packets, in their flags.
pub mod channel {
    /// Messages in sequence.
    pub const STREAM: u8 = 0;
    /// The state after a message, as messages without numbers.
    pub const SNAPSHOT: u8 = 1;
    /// About the feed.
    pub const CONTROL: u8 = 2;
}

/// From where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// From a number.
    From = 1,
    /// A snapshot, then the stream behind it.
    Snapshot = 2,
    /// The next message.
    Live = 3,
}

/// Why a subscription is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// The session is over; this is another run of the server.
    Session = 1,
    /// The message is no longer kept: ask for a snapshot.
    TooOld = 2,
    /// The message has not been.
    TooNew = 3,
    /// No such mode.
    Mode = 4,
}

impl Refusal {
    /// The reason of a number.
    pub fn of(code: u8) -> Option<Refusal> {
        [Refusal::Session, Refusal::TooOld, Refusal::TooNew, Refusal::Mode]
            .into_iter()
            .find(|reason| *reason as u8 == code)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refusal::Session => "the session is over",
            Refusal::TooOld => "the message is no longer kept",
            Refusal::TooNew => "the message has not been",
            Refusal::Mode => "no such mode",
        })
    }
}

/// Number of a phase.
#[inline]
pub fn of_phase(phase: Phase) -> u8 {
    match phase {
        Phase::Continuous => 1,
        Phase::Auction => 2,
        Phase::Halted => 3,
        Phase::Closed => 4,
        Phase::PreOpen => 5,
        Phase::NoCancel => 6,
        Phase::Volatility => 7,
    }
}

/// The phase of a number.
pub fn phase(code: u8) -> Option<Phase> {
    Phase::ALL.iter().copied().find(|phase| of_phase(*phase) == code)
}
