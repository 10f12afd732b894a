//! The messages of a session: what a client sends, and what is answered beside the events.

use super::layout::{Text, messages};
use zerocopy::little_endian::{I64, U16, U32, U64};

/// The protocol's version. A client names the one it speaks; the server refuses what it does not.
pub const VERSION: u16 = 1;
/// Stands for "no instrument" and "every instrument".
pub const NO_INSTRUMENT: u16 = u16::MAX;
/// Stands for "no handle".
pub const NO_SLOT: u32 = u32::MAX;
/// The highest number a client may give a message.
pub const SEQUENCE_MAX: u64 = (1 << 56) - 1;

messages! {
    /// What a client sends.
    FromClient, client_layouts;

    /// The first message of a client, once the challenge is there.
    Login = b'L' {
        /// Version of the protocol the client speaks: 1.
        version: U16,
        /// 1 = the second session of a user takes over from the first where the server allows it; 0 = it is refused.
        take_over: u8,
        /// Zero.
        reserved: u8,
        /// Number of the first event wanted; 0 = what happens from now on.
        next_event: U64,
        /// Who.
        user: Text,
        /// HMAC-SHA256, keyed with the user's secret, of the challenge's 32 bytes and this message's first 56.
        proof: [u8; 32],
    }

    /// Says that the client is there. Wanted whenever nothing else was sent for the interval that the login was answered with.
    ClientHeartbeat = b'H' {
    }

    /// Ends the session.
    Logout = b'O' {
    }

    /// Enters an order.
    EnterOrder = b'E' {
        /// The client's number of the message: above that of every earlier one, below 2^56.
        sequence: U64,
        /// Whose order.
        account: U32,
        /// In what.
        instrument: U16,
        /// Which side.
        side: u8 [side],
        /// Limit or market.
        order_kind: u8 [order_kind],
        /// How long.
        tif: u8 [tif],
        /// Which lots, where positions have legs; 0 = none said.
        offset: u8 [offset],
        /// Against own orders.
        self_match: u8 [self_match],
        /// Bits: 1 = post only, 2 = reduce only.
        options: u8,
        /// Ticks; the limit. Of a market order the worst price, 0 = none.
        price: U32,
        /// Ticks; the price a stop waits for. 0 = no stop.
        trigger: U32,
        /// Lots.
        qty: U64,
        /// Lots shown at a time; 0 = all.
        display: U64,
        /// Least lots traded at once; 0 = any.
        min_qty: U64,
        /// Nanoseconds since 1970, of tif gtd; else 0.
        expires: U64,
        /// The account's own id; empty = numbered by the exchange.
        id: Text,
    }

    /// Cancels an order, by id or by handle.
    CancelOrder = b'X' {
        /// The client's number of the message.
        sequence: U64,
        /// Whose order.
        account: U32,
        /// Of the handle; 65535 where the id is given.
        instrument: U16,
        /// Of the handle.
        handle_slot: U32,
        /// Of the handle.
        handle_generation: U32,
        /// The account's own id; empty = by handle.
        id: Text,
    }

    /// Cancels an account's orders.
    CancelAll = b'A' {
        /// The client's number of the message.
        sequence: U64,
        /// Whose.
        account: U32,
        /// Only in this one; 65535 = in all.
        instrument: U16,
        /// Only on this side; 0 = on both.
        side: u8 [side],
    }

    /// Changes an order, by id or by handle.
    ReplaceOrder = b'R' {
        /// The client's number of the message.
        sequence: U64,
        /// Whose order.
        account: U32,
        /// Of the handle; 65535 where the id is given.
        instrument: U16,
        /// Of the handle.
        handle_slot: U32,
        /// Of the handle.
        handle_generation: U32,
        /// The account's own id; empty = by handle.
        id: Text,
        /// Ticks; the new limit.
        price: U32,
        /// Ticks; the new trigger of an order that waits for one. 0 = as it was.
        trigger: U32,
        /// Lots; the new total open quantity.
        qty: U64,
    }
}

messages! {
    /// What a server sends beside events.
    FromServer, server_layouts;

    /// The first message of a connection.
    Challenge = b'c' {
        /// Version of the protocol the server speaks.
        version: U16,
        /// Random, new for each connection: what the proof is made over.
        nonce: [u8; 32],
    }

    /// The login is good. As many account and instrument entries follow as it says, then events.
    LoginAccepted = b'a' {
        /// Number of the session since the server started.
        session: U64,
        /// The user's number of its last message that was carried out: go on above it.
        last_sequence: U64,
        /// Number of the last event of the exchange: what comes from now on is above it.
        last_event: U64,
        /// Number of the oldest event that can be asked for.
        oldest_event: U64,
        /// Say something at least every so many milliseconds; the server does.
        heartbeat_ms: U32,
        /// Silence after which the session is ended, milliseconds.
        timeout_ms: U32,
        /// Messages a second the user may send in the long run; 0 = any.
        rate: U32,
        /// Messages it may send at once; 0 = any.
        burst: U32,
        /// Account entries that follow.
        accounts: U32,
        /// Instrument entries that follow.
        instruments: U16,
        /// Places after the point of money: amounts are 10^-places of the currency.
        money_decimals: u8,
        /// 1 = every account is the user's; then none is listed.
        all_accounts: u8,
        /// The exchange's currency.
        currency: Text,
    }

    /// The login is refused; the connection ends.
    LoginRejected = b'j' {
        /// Why.
        reason: u8 [login],
        /// Zero.
        reserved: [u8; 3],
        /// Number of the oldest event that can be asked for; of too_old and too_new, else 0.
        oldest_event: U64,
        /// Number of the last event; likewise.
        last_event: U64,
    }

    /// An account of the user: at login, or when it comes into being.
    AccountEntry = b't' {
        /// Its number.
        account: U32,
        /// Its name.
        name: Text,
    }

    /// An instrument: at login, or when it is listed.
    InstrumentEntry = b'i' {
        /// Its number.
        instrument: U16,
        /// Its kind.
        kind: u8 [instrument],
        /// Places after the point of the tick size.
        tick_decimals: u8,
        /// Places after the point of the lot size.
        lot_decimals: u8,
        /// Places after the point of the multiplier.
        multiplier_decimals: u8,
        /// Tick size without its point.
        tick_size: I64,
        /// Lot size without its point.
        lot_size: I64,
        /// Multiplier without its point.
        multiplier: I64,
        /// Money units a tick and lot.
        tick_value: I64,
        /// Its symbol.
        symbol: Text,
    }

    /// The gateway did not take a message. Nothing of it was recorded, and its number may be left out.
    Refused = b'f' {
        /// The client's number of the message.
        sequence: U64,
        /// Why.
        reason: u8 [refusal],
        /// Zero.
        reserved: [u8; 3],
        /// Nanoseconds after which it would be let through, of throttled; else 0.
        wait_ns: U64,
    }

    /// A message's answer where no event is: nothing came of it for the user's accounts, or it is a copy.
    Answered = b'k' {
        /// The client's number of the message.
        sequence: U64,
        /// Number of the command in the journal; of a copy, that of the last command.
        number: U64,
        /// Whether it was carried out now.
        answer: u8 [answer],
        /// How durable it is.
        durability: u8 [durability],
    }

    /// Says that the server is there.
    ServerHeartbeat = b'h' {
        /// Number of the exchange's last event that this session has been told all before of.
        last_event: U64,
    }

    /// The last message of a session.
    EndOfSession = b'z' {
        /// Why.
        reason: u8 [end],
    }
}
