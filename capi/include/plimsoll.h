/*
 * Plimsoll in C: a whole exchange, or a bare book, behind one handle.
 *
 * docs/EMBEDDING.md tells how to build, link and use it; examples/embed.c is a whole program.
 * Made from capi/src by cbindgen; changes made here are lost.
 *
 * Rules that hold for every call:
 *
 * - Integers only. Prices are in ticks, quantities in lots, money in units of 10^-money_decimals, times in nanoseconds.
 * - A call answers with a plimsoll_status. From PLIMSOLL_STATUS_NULL_POINTER on it did nothing, and nothing has changed. The
 *   first thing wrong is answered: pointers and sizes, then the handle, then the rest. "Engine errors" are
 *   PLIMSOLL_STATUS_STALE_ENGINE, _BUSY and _BROKEN.
 * - Memory is the caller's: the library keeps no pointer after it returns, and hands out none but texts of its own.
 *   Pointers need no alignment. Text is UTF-8 with a length; text out is ended by a zero byte as well.
 * - Any thread may call. An engine takes one call at a time: a second at the same moment gets PLIMSOLL_STATUS_BUSY. Engines know
 *   nothing of each other. No call waits, reads a clock or a file, or starts a thread.
 * - Set a struct to zero, then its `size` to its sizeof.
 */

#ifndef PLIMSOLL_H
#define PLIMSOLL_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version of this header. plimsoll_abi_version tells the library's: they must be equal.
 */
#define PLIMSOLL_ABI_VERSION 1

/**
 * No account or no instrument, where an event names none.
 */
#define PLIMSOLL_NONE 4294967295

/**
 * A margin call that falls due at the end of the session, not by the clock.
 */
#define PLIMSOLL_SESSION_END 18446744073709551615ull

/**
 * Bytes of an id, its end mark included: ids, names and symbols are 1 to 39 bytes of UTF-8.
 */
#define PLIMSOLL_ID_BYTES 40

/**
 * An order flag: rejected if it would take.
 */
#define PLIMSOLL_POST_ONLY 1

/**
 * An order flag: only ever brings its account's position closer to zero.
 */
#define PLIMSOLL_REDUCE_ONLY 2

/**
 * An event flag: the replaced order kept its place in the queue.
 */
#define PLIMSOLL_KEPT_PRIORITY 1

/**
 * An event flag: the first of `values` is undefined: a measure whose denominator is zero, a limit where there is none.
 */
#define PLIMSOLL_NO_VALUE 2

/**
 * What a call came to.
 *
 * Everything from PLIMSOLL_STATUS_NULL_POINTER on means: nothing was done and nothing changed. plimsoll_last_error
 * says more in words. New numbers may be added at the end.
 */
enum plimsoll_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    PLIMSOLL_STATUS_OK = 0,
    /**
     * The exchange said no: one `rejected` event carries the reason, and the receipt. Nothing else changed.
     */
    PLIMSOLL_STATUS_REJECTED = 1,
    /**
     * A pointer that must not be NULL is.
     */
    PLIMSOLL_STATUS_NULL_POINTER = 2,
    /**
     * A struct's `size`, or the size given for an array's items, is not the one this library knows.
     */
    PLIMSOLL_STATUS_WRONG_SIZE = 3,
    /**
     * The handle names no engine: never issued, or freed.
     */
    PLIMSOLL_STATUS_STALE_ENGINE = 4,
    /**
     * Another call works on this engine at this moment.
     */
    PLIMSOLL_STATUS_BUSY = 5,
    /**
     * A bug of ours stopped a call on this engine halfway. Only plimsoll_free takes it now.
     */
    PLIMSOLL_STATUS_BROKEN = 6,
    /**
     * The call does not exist for this kind of engine: a bare book has no accounts, an exchange needs none made.
     */
    PLIMSOLL_STATUS_WRONG_ENGINE = 7,
    /**
     * Text that is not UTF-8.
     */
    PLIMSOLL_STATUS_NOT_UTF8 = 8,
    /**
     * Text that cannot be read: a configuration, a command line, a decimal, an id without an end.
     */
    PLIMSOLL_STATUS_BAD_TEXT = 9,
    /**
     * A number or word outside what its field takes.
     */
    PLIMSOLL_STATUS_BAD_VALUE = 10,
    /**
     * The time stamp lies before the engine's time, or beyond 2^63 - 1.
     */
    PLIMSOLL_STATUS_TIME_RUNS_BACK = 11,
    /**
     * Something this engine does not do, or not yet.
     */
    PLIMSOLL_STATUS_UNSUPPORTED = 12,
    /**
     * The buffer is too small; where the call reports a length, it reports the one it needs.
     */
    PLIMSOLL_STATUS_TOO_SMALL = 13,
    /**
     * Not a snapshot, damaged, of another version, or taken under another configuration.
     */
    PLIMSOLL_STATUS_BAD_SNAPSHOT = 14,
    /**
     * As many engines exist as there can be.
     */
    PLIMSOLL_STATUS_TOO_MANY_ENGINES = 15,
    /**
     * No account or instrument of this name or number.
     */
    PLIMSOLL_STATUS_NOT_FOUND = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_status plimsoll_status;
#else
typedef int32_t plimsoll_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A side of the market. There is no default: 0 is refused.
 */
enum plimsoll_side
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Bids.
     */
    PLIMSOLL_SIDE_BUY = 1,
    /**
     * Asks.
     */
    PLIMSOLL_SIDE_SELL = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_side plimsoll_side;
#else
typedef uint8_t plimsoll_side;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How an order meets the book.
 */
enum plimsoll_order_type
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * At its price or better.
     */
    PLIMSOLL_ORDER_TYPE_LIMIT = 0,
    /**
     * At any price, or inside `price` where that is not 0.
     */
    PLIMSOLL_ORDER_TYPE_MARKET = 1,
    /**
     * A market order once the last price reaches `trigger`.
     */
    PLIMSOLL_ORDER_TYPE_STOP = 2,
    /**
     * A limit order once the last price reaches `trigger`.
     */
    PLIMSOLL_ORDER_TYPE_STOP_LIMIT = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_order_type plimsoll_order_type;
#else
typedef uint8_t plimsoll_order_type;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How long an order lives.
 */
enum plimsoll_time_in_force
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Until it trades or is cancelled.
     */
    PLIMSOLL_TIME_IN_FORCE_GTC = 0,
    /**
     * What does not trade at once is cancelled.
     */
    PLIMSOLL_TIME_IN_FORCE_IOC = 1,
    /**
     * Trades whole at once, or not at all.
     */
    PLIMSOLL_TIME_IN_FORCE_FOK = 2,
    /**
     * Until the end of the session.
     */
    PLIMSOLL_TIME_IN_FORCE_DAY = 3,
    /**
     * Until `expires`.
     */
    PLIMSOLL_TIME_IN_FORCE_GTD = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_time_in_force plimsoll_time_in_force;
#else
typedef uint8_t plimsoll_time_in_force;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What happens where an order would meet one of its own account; the incoming order's word decides.
 */
enum plimsoll_self_match
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * They trade.
     */
    PLIMSOLL_SELF_MATCH_NONE = 0,
    /**
     * The incoming order's rest is cancelled.
     */
    PLIMSOLL_SELF_MATCH_CANCEL_NEWEST = 1,
    /**
     * The resting order is cancelled, matching goes on.
     */
    PLIMSOLL_SELF_MATCH_CANCEL_OLDEST = 2,
    /**
     * Both are cancelled.
     */
    PLIMSOLL_SELF_MATCH_CANCEL_BOTH = 3,
    /**
     * The smaller quantity is taken off both, without a trade.
     */
    PLIMSOLL_SELF_MATCH_DECREMENT = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_self_match plimsoll_self_match;
#else
typedef uint8_t plimsoll_self_match;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which leg of a position an order means, where long and short legs are kept apart.
 */
enum plimsoll_offset
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Not said; the only word in net mode.
     */
    PLIMSOLL_OFFSET_NONE = 0,
    /**
     * Opens.
     */
    PLIMSOLL_OFFSET_OPEN = 1,
    /**
     * Closes, oldest first.
     */
    PLIMSOLL_OFFSET_CLOSE = 2,
    /**
     * Closes what was opened today.
     */
    PLIMSOLL_OFFSET_CLOSE_TODAY = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_offset plimsoll_offset;
#else
typedef uint8_t plimsoll_offset;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a command was refused.
 */
enum plimsoll_reject
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It was not.
     */
    PLIMSOLL_REJECT_NONE = 0,
    /**
     * No account of that name or number is open.
     */
    PLIMSOLL_REJECT_UNKNOWN_ACCOUNT = 1,
    /**
     * No such instrument.
     */
    PLIMSOLL_REJECT_UNKNOWN_SYMBOL = 2,
    /**
     * No such profile.
     */
    PLIMSOLL_REJECT_UNKNOWN_PROFILE = 3,
    /**
     * No such trade, too long ago, or busted before.
     */
    PLIMSOLL_REJECT_UNKNOWN_TRADE = 4,
    /**
     * The price is no multiple of the tick size.
     */
    PLIMSOLL_REJECT_PRICE_OFF_TICK = 5,
    /**
     * The price lies outside 1 to 2^30 ticks.
     */
    PLIMSOLL_REJECT_PRICE_OUT_OF_RANGE = 6,
    /**
     * The quantity is zero or negative.
     */
    PLIMSOLL_REJECT_QUANTITY_NOT_POSITIVE = 7,
    /**
     * The quantity is no multiple of the lot size.
     */
    PLIMSOLL_REJECT_QUANTITY_OFF_LOT = 8,
    /**
     * The quantity is above 2^40 - 1 lots, or more than an account or a book may hold.
     */
    PLIMSOLL_REJECT_QUANTITY_TOO_LARGE = 9,
    /**
     * A display quantity where none can be, or below a ten-thousandth of the quantity.
     */
    PLIMSOLL_REJECT_DISPLAY = 10,
    /**
     * The minimum quantity is above the quantity.
     */
    PLIMSOLL_REJECT_MIN_QTY = 11,
    /**
     * The expiry is not in the future.
     */
    PLIMSOLL_REJECT_EXPIRES = 12,
    /**
     * The amount is zero or negative.
     */
    PLIMSOLL_REJECT_AMOUNT_NOT_POSITIVE = 13,
    /**
     * The amount has more decimals than the currency.
     */
    PLIMSOLL_REJECT_AMOUNT_OFF_UNIT = 14,
    /**
     * A margin rate is none.
     */
    PLIMSOLL_REJECT_INVALID_MARGIN = 15,
    /**
     * The upper limit lies under the lower.
     */
    PLIMSOLL_REJECT_INVALID_BAND = 16,
    /**
     * The symbol is listed.
     */
    PLIMSOLL_REJECT_DUPLICATE_SYMBOL = 17,
    /**
     * The name is taken or reserved.
     */
    PLIMSOLL_REJECT_DUPLICATE_ACCOUNT = 18,
    /**
     * Somebody holds a position in the instrument.
     */
    PLIMSOLL_REJECT_OPEN_POSITION = 19,
    /**
     * A liquidation case has the account in hand.
     */
    PLIMSOLL_REJECT_LIQUIDATION = 20,
    /**
     * The account is frozen.
     */
    PLIMSOLL_REJECT_FROZEN = 21,
    /**
     * No open order of that account has this id or handle; a stale handle among them.
     */
    PLIMSOLL_REJECT_UNKNOWN_ORDER = 22,
    /**
     * The order has no trigger to change.
     */
    PLIMSOLL_REJECT_TRIGGER = 23,
    /**
     * The instrument's phase does not take this.
     */
    PLIMSOLL_REJECT_PHASE = 24,
    /**
     * The account has an open order with this id.
     */
    PLIMSOLL_REJECT_DUPLICATE_ID = 25,
    /**
     * The price lies outside the band.
     */
    PLIMSOLL_REJECT_PRICE_BAND = 26,
    /**
     * Part of a reduce-only order would open a position.
     */
    PLIMSOLL_REJECT_REDUCE_ONLY = 27,
    /**
     * The account may only close.
     */
    PLIMSOLL_REJECT_CLOSE_ONLY = 28,
    /**
     * A post-only order would take.
     */
    PLIMSOLL_REJECT_POST_ONLY = 29,
    /**
     * Margin and fees are not covered.
     */
    PLIMSOLL_REJECT_MARGIN = 30,
    /**
     * The withdrawal is above what is available.
     */
    PLIMSOLL_REJECT_AVAILABLE = 31,
    /**
     * The withdrawal would bring the account to a tier.
     */
    PLIMSOLL_REJECT_TIER = 32,
    /**
     * The book is full.
     */
    PLIMSOLL_REJECT_FULL = 33,
    /**
     * A time that has passed.
     */
    PLIMSOLL_REJECT_PAST = 34,
    /**
     * An offset where positions have no legs.
     */
    PLIMSOLL_REJECT_OFFSET = 35,
    /**
     * Leverage below 1 or above what the initial margin allows.
     */
    PLIMSOLL_REJECT_LEVERAGE = 36,
    /**
     * The account's margin mode does not take this, or cannot change now.
     */
    PLIMSOLL_REJECT_MARGIN_MODE = 37,
    /**
     * Nothing to do it with.
     */
    PLIMSOLL_REJECT_NOT_APPLICABLE = 38,
    /**
     * No side stands alone at its limit price.
     */
    PLIMSOLL_REJECT_NOT_LOCKED = 39,
    /**
     * The leg has too few lots that are not promised to other orders.
     */
    PLIMSOLL_REJECT_CLOSE = 40,
    /**
     * Likewise, of the lots carried over from an earlier day.
     */
    PLIMSOLL_REJECT_CLOSE_CARRIED = 41,
    /**
     * Likewise, of the lots opened today.
     */
    PLIMSOLL_REJECT_CLOSE_TODAY = 42,
    /**
     * The account would hold more than it may.
     */
    PLIMSOLL_REJECT_POSITION_LIMIT = 43,
    /**
     * More lots than the user may enter at once; a gateway's guard, as those below.
     */
    PLIMSOLL_REJECT_ORDER_QUANTITY = 44,
    /**
     * Worth more than the user may enter at once.
     */
    PLIMSOLL_REJECT_ORDER_VALUE = 45,
    /**
     * Further from the mark than the user's collar allows.
     */
    PLIMSOLL_REJECT_COLLAR = 46,
    /**
     * As many open orders as the user may have.
     */
    PLIMSOLL_REJECT_OPEN_ORDERS = 47,
    /**
     * A reason this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_REJECT_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_reject plimsoll_reject;
#else
typedef uint16_t plimsoll_reject;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why an order went without trading whole.
 */
enum plimsoll_cancel_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The client asked.
     */
    PLIMSOLL_CANCEL_REASON_CLIENT = 1,
    /**
     * The rest of an immediate-or-cancel order.
     */
    PLIMSOLL_CANCEL_REASON_IOC = 2,
    /**
     * A fill-or-kill order that could not fill.
     */
    PLIMSOLL_CANCEL_REASON_FOK = 3,
    /**
     * The rest of a market order.
     */
    PLIMSOLL_CANCEL_REASON_MARKET = 4,
    /**
     * Self-match prevention.
     */
    PLIMSOLL_CANCEL_REASON_SELF_MATCH = 5,
    /**
     * A reduce-only order with nothing left to reduce.
     */
    PLIMSOLL_CANCEL_REASON_REDUCE_ONLY = 6,
    /**
     * A tier cancels opening orders.
     */
    PLIMSOLL_CANCEL_REASON_CANCEL_OPENING = 7,
    /**
     * The account's case begins, or pulls its resting batch.
     */
    PLIMSOLL_CANCEL_REASON_LIQUIDATION = 8,
    /**
     * Outside a new band.
     */
    PLIMSOLL_CANCEL_REASON_BAND = 9,
    /**
     * An order that could not trade its least quantity at once.
     */
    PLIMSOLL_CANCEL_REASON_MIN_QTY = 10,
    /**
     * Its time is over.
     */
    PLIMSOLL_CANCEL_REASON_EXPIRED = 11,
    /**
     * Its instrument is no longer traded.
     */
    PLIMSOLL_CANCEL_REASON_DELISTED = 12,
    /**
     * A triggered stop that may not enter; `detail` says why (plimsoll_reject).
     */
    PLIMSOLL_CANCEL_REASON_REFUSED = 13,
    /**
     * Its account gives in a deleveraging.
     */
    PLIMSOLL_CANCEL_REASON_DELEVERAGE = 14,
    /**
     * A reason this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_CANCEL_REASON_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_cancel_reason plimsoll_cancel_reason;
#else
typedef uint16_t plimsoll_cancel_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a case waits.
 */
enum plimsoll_park_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The instrument is halted.
     */
    PLIMSOLL_PARK_REASON_HALTED = 1,
    /**
     * The instrument is closed.
     */
    PLIMSOLL_PARK_REASON_CLOSED = 2,
    /**
     * The instrument is in a call auction.
     */
    PLIMSOLL_PARK_REASON_AUCTION = 3,
    /**
     * The own side stands at the limit price and nothing opposite.
     */
    PLIMSOLL_PARK_REASON_LIMIT_LOCKED = 4,
    /**
     * Nothing opposite inside the worst price.
     */
    PLIMSOLL_PARK_REASON_NO_LIQUIDITY = 5,
    /**
     * A reason this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_PARK_REASON_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_park_reason plimsoll_park_reason;
#else
typedef uint16_t plimsoll_park_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where a trade comes from.
 */
enum plimsoll_trade_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Continuous matching.
     */
    PLIMSOLL_TRADE_KIND_NORMAL = 1,
    /**
     * Either side is a liquidation case.
     */
    PLIMSOLL_TRADE_KIND_LIQUIDATION = 2,
    /**
     * A call auction.
     */
    PLIMSOLL_TRADE_KIND_AUCTION = 3,
    /**
     * A deleveraging, without a book.
     */
    PLIMSOLL_TRADE_KIND_DELEVERAGE = 4,
    /**
     * A forced reduction, without a book.
     */
    PLIMSOLL_TRADE_KIND_REDUCTION = 5,
    /**
     * A kind this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_TRADE_KIND_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_trade_kind plimsoll_trade_kind;
#else
typedef uint16_t plimsoll_trade_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Trading phase.
 */
enum plimsoll_phase
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Orders match as they come.
     */
    PLIMSOLL_PHASE_CONTINUOUS = 1,
    /**
     * Orders gather; leaving it uncrosses.
     */
    PLIMSOLL_PHASE_AUCTION = 2,
    /**
     * Nothing may enter; cancels are taken.
     */
    PLIMSOLL_PHASE_HALTED = 3,
    /**
     * As halted, at the end of a session.
     */
    PLIMSOLL_PHASE_CLOSED = 4,
    /**
     * Orders gather before an auction; nothing is indicated.
     */
    PLIMSOLL_PHASE_PRE_OPEN = 5,
    /**
     * The end of an auction: orders may enter, not go.
     */
    PLIMSOLL_PHASE_NO_CANCEL = 6,
    /**
     * An auction because the price left its corridor.
     */
    PLIMSOLL_PHASE_VOLATILITY = 7,
    /**
     * A phase this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_PHASE_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_phase plimsoll_phase;
#else
typedef uint16_t plimsoll_phase;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an account may do.
 */
enum plimsoll_permission
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Everything.
     */
    PLIMSOLL_PERMISSION_NORMAL = 1,
    /**
     * Only reduce its positions.
     */
    PLIMSOLL_PERMISSION_CLOSE_ONLY = 2,
    /**
     * Nothing but cancel and pay in.
     */
    PLIMSOLL_PERMISSION_FROZEN = 3,
    /**
     * A permission this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_PERMISSION_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_permission plimsoll_permission;
#else
typedef uint16_t plimsoll_permission;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How far a liquidation case has come.
 */
enum plimsoll_case_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It begins.
     */
    PLIMSOLL_CASE_STATE_TRIGGERED = 1,
    /**
     * It has a plan; `n` targets follow, each a PLIMSOLL_EVENT_KIND_CASE_TARGET.
     */
    PLIMSOLL_CASE_STATE_PLANNED = 2,
    /**
     * Batch `n` goes out.
     */
    PLIMSOLL_CASE_STATE_BATCH = 3,
    /**
     * What came of batch `n`.
     */
    PLIMSOLL_CASE_STATE_CHECKED = 4,
    /**
     * It waits; `detail` says why (plimsoll_park_reason).
     */
    PLIMSOLL_CASE_STATE_PARKED = 5,
    /**
     * It goes on.
     */
    PLIMSOLL_CASE_STATE_RESUMED = 6,
    /**
     * It ends: the target is met.
     */
    PLIMSOLL_CASE_STATE_RESTORED = 7,
    /**
     * It ends: flat with equity below zero; the waterfall pays.
     */
    PLIMSOLL_CASE_STATE_WATERFALL = 8,
    /**
     * It ends: flat with equity not below zero.
     */
    PLIMSOLL_CASE_STATE_CLOSED = 9,
    /**
     * A state this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_CASE_STATE_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_case_state plimsoll_case_state;
#else
typedef uint16_t plimsoll_case_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a case begins.
 */
enum plimsoll_forced_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint16_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A breach of its margin.
     */
    PLIMSOLL_FORCED_REASON_FUNDS = 1,
    /**
     * More lots than a client may hold.
     */
    PLIMSOLL_FORCED_REASON_CLIENT_LIMIT = 2,
    /**
     * More lots than a member may hold.
     */
    PLIMSOLL_FORCED_REASON_MEMBER_LIMIT = 3,
    /**
     * A violation of the rules.
     */
    PLIMSOLL_FORCED_REASON_VIOLATION = 4,
    /**
     * A position that may not go into the delivery month.
     */
    PLIMSOLL_FORCED_REASON_DELIVERY_MONTH = 5,
    /**
     * Another, said by who ordered it.
     */
    PLIMSOLL_FORCED_REASON_UNNAMED = 6,
    /**
     * A reason this version of the header has no number for; the event as text names it.
     */
    PLIMSOLL_FORCED_REASON_OTHER = 65535,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_forced_reason plimsoll_forced_reason;
#else
typedef uint16_t plimsoll_forced_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an event says. Its comment names the fields it fills beside `seq`, `ts` and `kind`; all others are 0,
 * `account`, `maker` and `instrument` PLIMSOLL_NONE.
 */
enum plimsoll_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Something this version of the header has no record for; plimsoll_events_drain_text names it.
     */
    PLIMSOLL_EVENT_KIND_OTHER = 0,
    /**
     * An account was opened: account; n = its profile, counted from 0, the built-in `unlimited`.
     */
    PLIMSOLL_EVENT_KIND_OPENED = 1,
    /**
     * Money came in: account; values = amount, part of it that repaid a debt, balance after.
     */
    PLIMSOLL_EVENT_KIND_DEPOSIT = 2,
    /**
     * Money went out: account; values = amount, balance after.
     */
    PLIMSOLL_EVENT_KIND_WITHDRAWAL = 3,
    /**
     * An order entered: account, id or number, instrument, side, price (0 = market), qty; order = its handle if it rests or waits;
     * other_price = trigger of a stop; other_qty = most lots an iceberg shows; code = plimsoll_offset.
     */
    PLIMSOLL_EVENT_KIND_ACCEPTED = 4,
    /**
     * A command was refused: code = plimsoll_reject; account, or other_id = the name given; id or number, where there is one.
     */
    PLIMSOLL_EVENT_KIND_REJECTED = 5,
    /**
     * An order or its rest went: account, id or number, instrument, qty, code = plimsoll_cancel_reason;
     * detail = plimsoll_reject where that is PLIMSOLL_CANCEL_REASON_REFUSED.
     */
    PLIMSOLL_EVENT_KIND_CANCELLED = 6,
    /**
     * An order was changed: account, id or number, instrument, price (0 = market), qty = new open quantity;
     * flags = PLIMSOLL_KEPT_PRIORITY if it kept its place.
     */
    PLIMSOLL_EVENT_KIND_REPLACED = 7,
    /**
     * Two orders met: instrument, price, qty, side = the taker's, code = plimsoll_trade_kind; account, id or number = the
     * taker's; maker, other_id or maker_number = the maker's; values = the maker's fee, the taker's.
     */
    PLIMSOLL_EVENT_KIND_TRADE = 8,
    /**
     * The mark was set: instrument, price.
     */
    PLIMSOLL_EVENT_KIND_MARK = 9,
    /**
     * The phase changed: instrument, code = plimsoll_phase.
     */
    PLIMSOLL_EVENT_KIND_PHASE = 10,
    /**
     * The band changed: instrument, price = limit-up, other_price = limit-down.
     */
    PLIMSOLL_EVENT_KIND_BAND = 11,
    /**
     * Margin rates changed: instrument; values = initial share (10^-9), initial a lot (money), the same of maintenance;
     * account, where they are that one's alone.
     */
    PLIMSOLL_EVENT_KIND_MARGIN = 12,
    /**
     * A call auction ended: instrument, price (0 = nothing crossed), qty, other_qty = lots left over, side = on which side (0 = none).
     */
    PLIMSOLL_EVENT_KIND_AUCTION = 13,
    /**
     * An account changed its tier: account, tier_from, tier_to; values = measure (10^-6), equity, margin;
     * flags = PLIMSOLL_NO_VALUE where the measure is undefined.
     */
    PLIMSOLL_EVENT_KIND_TIER = 14,
    /**
     * A margin call: account; values = shortfall; deadline, or PLIMSOLL_SESSION_END.
     */
    PLIMSOLL_EVENT_KIND_MARGIN_CALL = 15,
    /**
     * Rights were taken: account, code = plimsoll_permission.
     */
    PLIMSOLL_EVENT_KIND_RESTRICTED = 16,
    /**
     * Rights came back: account, code = plimsoll_permission.
     */
    PLIMSOLL_EVENT_KIND_UNRESTRICTED = 17,
    /**
     * A liquidation case took a step: account, case_id, code = plimsoll_case_state. Planned: n = targets that follow. Batch: n,
     * instrument, side, price = worst (0 = any), qty. Checked: n, instrument, qty = filled, other_qty = lots of the plan to go,
     * values = measure (10^-6), flags. Parked: detail = plimsoll_park_reason. Triggered: detail = plimsoll_forced_reason.
     */
    PLIMSOLL_EVENT_KIND_CASE = 18,
    /**
     * A target of the plan before it, with the same seq: account, case_id, n = from 1, instrument, side, qty.
     */
    PLIMSOLL_EVENT_KIND_CASE_TARGET = 19,
    /**
     * The insurance fund changed: values = change, balance; case_id, 0 = money paid in.
     */
    PLIMSOLL_EVENT_KIND_FUND = 20,
    /**
     * The house took over what a client owes: account; values = amount.
     */
    PLIMSOLL_EVENT_KIND_DEBT = 21,
    /**
     * A stop's price was reached, it enters now: account, id or number, instrument; order = its handle if it rests.
     */
    PLIMSOLL_EVENT_KIND_TRIGGERED = 22,
    /**
     * An iceberg shows more, behind all others at its price: account, id or number, instrument, price, qty = shown.
     */
    PLIMSOLL_EVENT_KIND_REFILLED = 23,
    /**
     * Where a call auction would end now: as PLIMSOLL_EVENT_KIND_AUCTION.
     */
    PLIMSOLL_EVENT_KIND_INDICATIVE = 24,
    /**
     * A day's settlement price: instrument, price, side = the one that stood alone at its limit (0 = none); values = the next day's
     * limit (10^-9), flags = PLIMSOLL_NO_VALUE where there is none.
     */
    PLIMSOLL_EVENT_KIND_SETTLED = 25,
    /**
     * What a day brought an account: account, instrument if one was settled; values = profit, fees, balance, profit
     * by trade.
     */
    PLIMSOLL_EVENT_KIND_SETTLEMENT = 26,
    /**
     * An instrument came: instrument.
     */
    PLIMSOLL_EVENT_KIND_LISTED = 27,
    /**
     * An instrument went: instrument.
     */
    PLIMSOLL_EVENT_KIND_DELISTED = 28,
    /**
     * An instrument expired: instrument, price = its final settlement.
     */
    PLIMSOLL_EVENT_KIND_EXPIRED = 29,
    /**
     * A trade was undone: instrument, price, qty; number = the seq of the trade.
     */
    PLIMSOLL_EVENT_KIND_BUSTED = 30,
    /**
     * Lots were closed against a bankrupt position: instrument, account = who gave, price, qty, case_id.
     */
    PLIMSOLL_EVENT_KIND_DELEVERAGED = 31,
    /**
     * The fund took a position over: account = whose it was, instrument, side = the position's, price, qty, case_id; values = fee.
     */
    PLIMSOLL_EVENT_KIND_TAKEN_OVER = 32,
    /**
     * An account bore part of another's loss: account; values = amount.
     */
    PLIMSOLL_EVENT_KIND_SOCIALISED = 33,
    /**
     * A forced reduction closed lots: account, instrument, side = the position's, price, qty.
     */
    PLIMSOLL_EVENT_KIND_REDUCED = 34,
    /**
     * Funding: account, instrument; values = change of the balance.
     */
    PLIMSOLL_EVENT_KIND_FUNDING = 35,
    /**
     * An index was set: instrument, price.
     */
    PLIMSOLL_EVENT_KIND_INDEX = 36,
    /**
     * Leverage was set: account, instrument; values = leverage (10^-9).
     */
    PLIMSOLL_EVENT_KIND_LEVERAGE = 37,
    /**
     * Money moved into an isolated position: account, instrument; values = amount, below zero: out of it.
     */
    PLIMSOLL_EVENT_KIND_MARGIN_MOVED = 38,
    /**
     * An account got another profile: account; n = the profile, as in PLIMSOLL_EVENT_KIND_OPENED.
     */
    PLIMSOLL_EVENT_KIND_PROFILE = 39,
    /**
     * A change of terms was announced: instrument; deadline = when, PLIMSOLL_SESSION_END at the next settlement.
     */
    PLIMSOLL_EVENT_KIND_SCHEDULED = 40,
    /**
     * An instrument's terms changed: instrument; values = regular daily limit (10^-9), flags = PLIMSOLL_NO_VALUE where there is
     * none; n = 1 where its fees changed.
     */
    PLIMSOLL_EVENT_KIND_TERMS = 41,
    /**
     * What everybody may do in an instrument changed: instrument, code = plimsoll_permission.
     */
    PLIMSOLL_EVENT_KIND_INSTRUMENT_PERMISSION = 42,
    /**
     * A position reached the size from which it is reported: account, instrument, side = the position's, qty = lots held.
     */
    PLIMSOLL_EVENT_KIND_LARGE_POSITION = 43,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum plimsoll_event_kind plimsoll_event_kind;
#else
typedef uint32_t plimsoll_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A handle for one engine, an exchange or a bare book. 0 is never one.
 *
 * A number, not a pointer: a freed, foreign or made-up one is recognised and refused.
 */
typedef uint64_t plimsoll_engine;

/**
 * What plimsoll_book_new makes: one instrument, no accounts, no money. 32 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_book_options).
     */
    uint32_t size;
    /**
     * Resting orders to have room for from the start, at most 2^26. More may rest; the room then grows.
     */
    uint32_t orders;
    /**
     * Limit-down, ticks; with `up` 0, no band.
     */
    int64_t down;
    /**
     * Limit-up, ticks, at most 2^30; with `down` 0, no band.
     */
    int64_t up;
    /**
     * 0.
     */
    uint64_t reserved;
} plimsoll_book_options;

/**
 * A state hash: XXH3-128 of the whole state. Printed as %016llx%016llx, high first, it is the `hash` of STATE.json. 24 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_hash), set by the caller.
     */
    uint32_t size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The upper 64 bits.
     */
    uint64_t high;
    /**
     * The lower 64 bits.
     */
    uint64_t low;
} plimsoll_hash;

/**
 * An order to enter. 128 bytes. Set all of it to zero first: zero is the default of every field that has one.
 */
typedef struct {
    /**
     * sizeof(plimsoll_order).
     */
    uint32_t size;
    /**
     * Whose: an account's number on an exchange, any number on a bare book.
     */
    uint32_t account;
    /**
     * When, nanoseconds; 0 to 2^63 - 1, not before the engine's time.
     */
    uint64_t ts;
    /**
     * In what; 0 on a bare book.
     */
    uint32_t instrument;
    /**
     * A plimsoll_side.
     */
    uint8_t side;
    /**
     * A plimsoll_order_type.
     */
    uint8_t order_type;
    /**
     * A plimsoll_time_in_force.
     */
    uint8_t tif;
    /**
     * A plimsoll_self_match.
     */
    uint8_t self_match;
    /**
     * PLIMSOLL_POST_ONLY, PLIMSOLL_REDUCE_ONLY, or both.
     */
    uint32_t flags;
    /**
     * A plimsoll_offset.
     */
    uint8_t offset;
    /**
     * 0.
     */
    uint8_t reserved[3];
    /**
     * Limit, ticks, 1 to 2^30; of a market order the worst price, 0 = any.
     */
    int64_t price;
    /**
     * Lots, 1 to 2^40 - 1.
     */
    uint64_t qty;
    /**
     * Lots shown at a time (iceberg); 0 = all.
     */
    uint64_t display;
    /**
     * Least lots to trade at once, or it goes; 0 = any.
     */
    uint64_t min_qty;
    /**
     * Price that sets off a stop, ticks; else 0.
     */
    int64_t trigger;
    /**
     * When it expires, nanoseconds, with PLIMSOLL_TIME_IN_FORCE_GTD; else 0.
     */
    uint64_t expires;
    /**
     * The account's own id, ended by a zero byte; empty = numbered by the engine. Empty on a bare book.
     */
    uint8_t id[PLIMSOLL_ID_BYTES];
    /**
     * 0.
     */
    uint64_t reserved2;
} plimsoll_order;

/**
 * What came of a command. 40 bytes. The events say the rest.
 */
typedef struct {
    /**
     * sizeof(plimsoll_receipt), set by the caller.
     */
    uint32_t size;
    /**
     * A plimsoll_reject; 0 where the command was carried out.
     */
    uint32_t reject;
    /**
     * Number of the first event of the command, timers that ran before it included.
     */
    uint64_t first_seq;
    /**
     * Number of the last; below `first_seq` where there was none.
     */
    uint64_t last_seq;
    /**
     * The order's handle where it rests now; 0 where it does not.
     */
    uint64_t order;
    /**
     * The engine's number for an order without id; else 0.
     */
    uint64_t number;
} plimsoll_receipt;

/**
 * A resting order to cancel, by handle or by id. 72 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_cancel).
     */
    uint32_t size;
    /**
     * Whose.
     */
    uint32_t account;
    /**
     * When, as in plimsoll_order.
     */
    uint64_t ts;
    /**
     * In what, where `order` is given.
     */
    uint32_t instrument;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The handle its receipt gave; 0 = by id.
     */
    uint64_t order;
    /**
     * Its id; empty = by handle. Exactly one of the two.
     */
    uint8_t id[PLIMSOLL_ID_BYTES];
} plimsoll_cancel;

/**
 * A resting order to change, by handle or by id. 96 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_replace).
     */
    uint32_t size;
    /**
     * Whose.
     */
    uint32_t account;
    /**
     * When, as in plimsoll_order.
     */
    uint64_t ts;
    /**
     * In what, where `order` is given.
     */
    uint32_t instrument;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The handle its receipt gave; 0 = by id.
     */
    uint64_t order;
    /**
     * New limit, ticks.
     */
    int64_t price;
    /**
     * New total open quantity, lots.
     */
    uint64_t qty;
    /**
     * New trigger of a stop that waits, ticks; 0 = as it was.
     */
    int64_t trigger;
    /**
     * Its id; empty = by handle. Exactly one of the two.
     */
    uint8_t id[PLIMSOLL_ID_BYTES];
} plimsoll_replace;

/**
 * A signed 128-bit number: high x 2^64 + low. An amount of money, a share or a measure.
 *
 * It fits an int64_t where `high` is 0 and `low` below 2^63, or `high` is -1 and `low` 2^63 or more.
 */
typedef struct {
    /**
     * The lower 64 bits.
     */
    uint64_t low;
    /**
     * The upper 64 bits, with the sign.
     */
    int64_t high;
} plimsoll_wide;

/**
 * Something that happened. 256 bytes. plimsoll_event_kind says which fields a kind fills.
 *
 * An order is named by `id`, as in the text form, or, where it came without one, by `number`; `id` is then empty.
 */
typedef struct {
    /**
     * Gapless from 1; a plan and its targets share one.
     */
    uint64_t seq;
    /**
     * When, nanoseconds; of a timer, when it fell due.
     */
    uint64_t ts;
    /**
     * A plimsoll_event_kind.
     */
    uint32_t kind;
    /**
     * In what.
     */
    uint32_t instrument;
    /**
     * Whose; of a trade, the taker.
     */
    uint32_t account;
    /**
     * Of a trade, the maker.
     */
    uint32_t maker;
    /**
     * A plimsoll_side, or 0.
     */
    uint8_t side;
    /**
     * PLIMSOLL_KEPT_PRIORITY, PLIMSOLL_NO_VALUE.
     */
    uint8_t flags;
    /**
     * A word of the kind's own list.
     */
    uint16_t code;
    /**
     * A liquidation case; 0 = none.
     */
    uint32_t case_id;
    /**
     * A count or running number.
     */
    uint32_t n;
    /**
     * Tier before.
     */
    uint8_t tier_from;
    /**
     * Tier after.
     */
    uint8_t tier_to;
    /**
     * A second word of the kind's own list.
     */
    uint16_t detail;
    /**
     * Ticks; 0 = none.
     */
    int64_t price;
    /**
     * Ticks, a second price; 0 = none.
     */
    int64_t other_price;
    /**
     * Lots.
     */
    uint64_t qty;
    /**
     * Lots, a second number.
     */
    uint64_t other_qty;
    /**
     * Nanoseconds.
     */
    uint64_t deadline;
    /**
     * A handle; 0 = none.
     */
    uint64_t order;
    /**
     * The engine's number of an order without id; 0 = it has an id.
     */
    uint64_t number;
    /**
     * As `number`, for the maker of a trade.
     */
    uint64_t maker_number;
    /**
     * Money, shares, measures.
     */
    plimsoll_wide values[4];
    /**
     * An order's id, ended by a zero byte.
     */
    uint8_t id[PLIMSOLL_ID_BYTES];
    /**
     * A second id or a name, ended by a zero byte.
     */
    uint8_t other_id[PLIMSOLL_ID_BYTES];
} plimsoll_event;

/**
 * Where an engine stands. 40 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_info), set by the caller.
     */
    uint32_t size;
    /**
     * Instruments; numbers are 0 to this less one.
     */
    uint32_t instruments;
    /**
     * Accounts; numbers are 0 to this less one. 0 for a bare book.
     */
    uint32_t accounts;
    /**
     * Decimals of a money unit. 0 for a bare book.
     */
    uint32_t money_decimals;
    /**
     * Time of the last command or timer, nanoseconds.
     */
    uint64_t ts;
    /**
     * Number of the last event.
     */
    uint64_t seq;
    /**
     * Events that wait to be drained.
     */
    uint64_t waiting;
} plimsoll_info;

/**
 * An instrument. 104 bytes. A step is `mantissa` x 10^-`decimals`.
 */
typedef struct {
    /**
     * sizeof(plimsoll_instrument), set by the caller.
     */
    uint32_t size;
    /**
     * Orders resting.
     */
    uint32_t open_orders;
    /**
     * One tick: mantissa.
     */
    int64_t tick_mantissa;
    /**
     * One lot: mantissa.
     */
    int64_t lot_mantissa;
    /**
     * Money per 1.0 of price per 1.0 of quantity: mantissa. 0 on a bare book.
     */
    int64_t multiplier_mantissa;
    /**
     * One tick: decimals.
     */
    uint32_t tick_decimals;
    /**
     * One lot: decimals.
     */
    uint32_t lot_decimals;
    /**
     * Multiplier: decimals.
     */
    uint32_t multiplier_decimals;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Money units per tick and lot. 0 on a bare book.
     */
    int64_t tick_value;
    /**
     * Mark, ticks. 0 on a bare book.
     */
    int64_t mark;
    /**
     * Symbol, ended by a zero byte.
     */
    uint8_t symbol[PLIMSOLL_ID_BYTES];
} plimsoll_instrument;

/**
 * An account, as the marks stand. 48 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_account), set by the caller.
     */
    uint32_t size;
    /**
     * Tier: 0 = normal, else 1 + its place in the profile.
     */
    uint32_t tier;
    /**
     * A plimsoll_permission.
     */
    uint32_t permission;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Equity, money units.
     */
    plimsoll_wide equity;
    /**
     * Free for orders and withdrawals, money units.
     */
    plimsoll_wide available;
} plimsoll_account;

/**
 * The best prices of an instrument. 40 bytes.
 */
typedef struct {
    /**
     * sizeof(plimsoll_best), set by the caller.
     */
    uint32_t size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Best bid, ticks; 0 = no bids.
     */
    int64_t bid_price;
    /**
     * Lots there.
     */
    uint64_t bid_qty;
    /**
     * Best ask, ticks; 0 = no asks.
     */
    int64_t ask_price;
    /**
     * Lots there.
     */
    uint64_t ask_qty;
} plimsoll_best;

/**
 * A price level. 16 bytes.
 */
typedef struct {
    /**
     * Ticks.
     */
    int64_t price;
    /**
     * Lots.
     */
    uint64_t qty;
} plimsoll_level;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the border, to be compared with PLIMSOLL_ABI_VERSION of the header. Cost: none.
 */
uint32_t plimsoll_abi_version(void);

/**
 * The version of the library, such as "0.1.0". The text is the library's and lives as long as it.
 */
const char *plimsoll_version(void);

/**
 * What the last call that failed, or was rejected, said about it: one line of UTF-8, never NULL, empty before the first.
 *
 * Each thread has its own. The text is the library's; it is overwritten by the thread's next failing call and gone with the
 * thread. Cut at 511 bytes.
 */
const char *plimsoll_last_error(void);

/**
 * A status in a few words, such as "null pointer"; "unknown status" for a number that is none. The text is the library's.
 */
const char *plimsoll_status_text(int32_t status);

/**
 * A reject in the word that events as text use, such as "price_band"; "other" for a number without one. The text is the library's.
 */
const char *plimsoll_reject_text(uint32_t reject);

/**
 * Makes a whole exchange from the text of an EXCHANGE.toml: `len` bytes of UTF-8 at `config`, read and not kept.
 *
 * The new handle is written to `engine`; the caller frees it with plimsoll_free. Cost: O(configuration); a few MiB an instrument.
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, _BAD_TEXT (plimsoll_last_error names line and field), _UNSUPPORTED,
 * _TOO_MANY_ENGINES. `engine` is then left as it was.
 *
 * # Safety
 *
 * `config` points to `len` readable bytes; `engine` is NULL or may be written.
 */
plimsoll_status plimsoll_exchange_new(const char *config,
                                      size_t len,
                                      plimsoll_engine *engine);

/**
 * Takes a snapshot of an exchange up again under the configuration it was taken under.
 *
 * The new engine has the state, the handles of orders and the hash of the old one, and no events to drain. Cost: O(accounts + orders).
 * Errors: as plimsoll_exchange_new; PLIMSOLL_STATUS_BAD_SNAPSHOT where the bytes are damaged, of another format version or
 * of another configuration. A snapshot carries a checksum, no signature: take up only what comes from a place you trust.
 *
 * # Safety
 *
 * `config` points to `config_len` readable bytes, `snapshot` to `snapshot_len`; `engine` is NULL or may be written.
 */
plimsoll_status plimsoll_exchange_restore(const char *config,
                                          size_t config_len,
                                          const uint8_t *snapshot,
                                          size_t snapshot_len,
                                          plimsoll_engine *engine);

/**
 * Makes a bare book: one instrument, number 0, matching and nothing else, with a price band or without.
 *
 * The new handle is written to `engine`; the caller frees it with plimsoll_free. Cost: memory for the band's prices, 32 bytes a
 * tick up to 2^18 ticks, 2 MiB beyond and without a band; 40 bytes an order made room for.
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, _BAD_VALUE (a band that is none, too many orders), _TOO_MANY_ENGINES.
 *
 * # Safety
 *
 * `options` is NULL or points to a plimsoll_book_options; `engine` is NULL or may be written.
 */
plimsoll_status plimsoll_book_new(const plimsoll_book_options *options,
                                  plimsoll_engine *engine);

/**
 * Takes a snapshot of a bare book up again, its band included.
 *
 * Cost: O(orders). Errors: PLIMSOLL_STATUS_NULL_POINTER, _BAD_SNAPSHOT, _TOO_MANY_ENGINES; see plimsoll_exchange_restore.
 *
 * # Safety
 *
 * `snapshot` points to `len` readable bytes; `engine` is NULL or may be written.
 */
plimsoll_status plimsoll_book_restore(const uint8_t *snapshot,
                                      size_t len,
                                      plimsoll_engine *engine);

/**
 * Ends an engine and gives its memory back. Its handle is stale from then on; events nobody drained are lost.
 *
 * The only call that takes a broken engine. Errors: PLIMSOLL_STATUS_STALE_ENGINE (also a second time), _BUSY.
 */
plimsoll_status plimsoll_free(plimsoll_engine engine);

/**
 * Writes the whole state, but not the events that wait, to `buffer`, and its length to `length`.
 *
 * Where `capacity` is too small nothing is written but the length needed: call with 0 and NULL to ask for it. Cost: O(accounts + orders),
 * each time. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _TOO_SMALL.
 *
 * # Safety
 *
 * `buffer` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_snapshot(plimsoll_engine engine,
                                  uint8_t *buffer,
                                  size_t capacity,
                                  size_t *length);

/**
 * The hash of the whole state: equal states, equal hashes. Cost: O(accounts + orders).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors.
 *
 * # Safety
 *
 * `hash` is NULL or points to a plimsoll_hash whose `size` is set.
 */
plimsoll_status plimsoll_state_hash(plimsoll_engine engine, plimsoll_hash *hash);

/**
 * Writes the state of an exchange as JSON (docs/FORMATS.md), ended by a zero byte; `length` gets the length without it, or where
 * `capacity` is too small the bytes needed. `length` may be NULL.
 *
 * Cost: O(accounts + orders), each time. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _WRONG_ENGINE (a bare book), _TOO_SMALL.
 *
 * # Safety
 *
 * `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_state_text(plimsoll_engine engine,
                                    char *text,
                                    size_t capacity,
                                    size_t *length);

/**
 * Enters an order. Everything it causes happens before the call returns: trades, marks, margin calls, liquidations; timers due at
 * or before its `ts` run first. Events say so; `receipt`, which may be NULL, says what came of the order itself.
 *
 * Units: ticks, lots, nanoseconds. Cost: O(orders it meets).
 * PLIMSOLL_STATUS_REJECTED where the exchange refuses it: one `rejected` event and no other trace. Reasons are plimsoll_reject, the first
 * that applies in the order of docs/SEMANTICS.md.
 * Errors, nothing done: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _TIME_RUNS_BACK, _BAD_VALUE, _NOT_UTF8, _BAD_TEXT (id),
 * _UNSUPPORTED.
 *
 * # Safety
 *
 * `order` is NULL or points to a plimsoll_order, `receipt` is NULL or points to a plimsoll_receipt, each with its `size` set.
 */
plimsoll_status plimsoll_order_submit(plimsoll_engine engine,
                                      const plimsoll_order *order,
                                      plimsoll_receipt *receipt);

/**
 * Cancels a resting order, by handle or by id. A handle of an order that is gone is PLIMSOLL_REJECT_UNKNOWN_ORDER, even where its place
 * is used again.
 *
 * Cost: O(1). Otherwise as plimsoll_order_submit.
 *
 * # Safety
 *
 * `cancel` is NULL or points to a plimsoll_cancel, `receipt` is NULL or points to a plimsoll_receipt, each with its `size` set.
 */
plimsoll_status plimsoll_order_cancel(plimsoll_engine engine,
                                      const plimsoll_cancel *cancel,
                                      plimsoll_receipt *receipt);

/**
 * Changes a resting order, by handle or by id. With the same price and a smaller quantity it keeps its place and its handle; otherwise it
 * enters anew, may trade, and has a new handle: the receipt's `order`.
 *
 * Cost: O(orders it meets). Otherwise as plimsoll_order_submit.
 *
 * # Safety
 *
 * `replace` is NULL or points to a plimsoll_replace, `receipt` is NULL or points to a plimsoll_receipt, each with its `size` set.
 */
plimsoll_status plimsoll_order_replace(plimsoll_engine engine,
                                       const plimsoll_replace *replace,
                                       plimsoll_receipt *receipt);

/**
 * Carries out one command in its text form: a JSON object as docs/schema/command.schema.json says, `len` bytes of UTF-8 without a newline.
 * Every command there is can be given so: accounts, deposits, marks, phases, bands, margins, time.
 *
 * PLIMSOLL_STATUS_REJECTED and the receipt are as with plimsoll_order_submit. Cost: one pass over the text and the command's own.
 * Errors, nothing done: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _WRONG_ENGINE (a bare book), _NOT_UTF8, _BAD_TEXT
 * (plimsoll_last_error names the field), _UNSUPPORTED, _TIME_RUNS_BACK.
 *
 * # Safety
 *
 * `line` points to `len` readable bytes; `receipt` is NULL or points to a plimsoll_receipt whose `size` is set.
 */
plimsoll_status plimsoll_line(plimsoll_engine engine,
                              const char *line,
                              size_t len,
                              plimsoll_receipt *receipt);

/**
 * Takes waiting events as records, oldest first, up to `capacity` of them, and writes how many to `count`.
 *
 * They are the caller's copy; what was taken is gone from the engine. Fewer than `capacity` means that none wait now. Events wait
 * until they are drained, for as long as it takes and as much memory: drain after every command, or every few.
 * Cost: O(records). Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE (`event_size` is not sizeof(plimsoll_event)), _BAD_VALUE, engine errors.
 *
 * # Safety
 *
 * `events` may be written for `capacity` items of `event_size` bytes, or is NULL with 0; `count` is NULL or may be written.
 */
plimsoll_status plimsoll_events_drain(plimsoll_engine engine,
                                      plimsoll_event *events,
                                      size_t capacity,
                                      size_t event_size,
                                      size_t *count);

/**
 * Takes waiting events as text, one JSON object a line as docs/schema/event.schema.json says, as many whole lines as fit; ended by a zero
 * byte. `length` gets the bytes written without it: 0 means that none wait.
 *
 * A bare book writes the same fields with prices in ticks, quantities in lots and accounts by number. Cost: O(bytes).
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _TOO_SMALL where not even the next line fits: `length` gets the bytes it needs, and the
 * event still waits.
 *
 * # Safety
 *
 * `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_events_drain_text(plimsoll_engine engine,
                                           char *text,
                                           size_t capacity,
                                           size_t *length);

/**
 * Forgets all waiting events. For those who only read the book.
 *
 * Cost: O(events). Errors: engine errors.
 */
plimsoll_status plimsoll_events_discard(plimsoll_engine engine);

/**
 * Where an engine stands: its time, its last event, how many instruments, accounts and waiting events it has. Cost: O(1).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors.
 *
 * # Safety
 *
 * `info` is NULL or points to a plimsoll_info whose `size` is set.
 */
plimsoll_status plimsoll_info_read(plimsoll_engine engine,
                                   plimsoll_info *info);

/**
 * The number of an instrument, which orders and readings name it by: its place in the configuration, from 0. A bare book has one, 0, "BOOK".
 *
 * Cost: O(instruments). Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, engine errors, _NOT_FOUND.
 *
 * # Safety
 *
 * `symbol` points to `len` readable bytes; `instrument` is NULL or may be written.
 */
plimsoll_status plimsoll_instrument_find(plimsoll_engine engine,
                                         const char *symbol,
                                         size_t len,
                                         uint32_t *instrument);

/**
 * An instrument's symbol, steps and mark. Cost: O(1).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _NOT_FOUND.
 *
 * # Safety
 *
 * `out` is NULL or points to a plimsoll_instrument whose `size` is set.
 */
plimsoll_status plimsoll_instrument_read(plimsoll_engine engine,
                                         uint32_t instrument,
                                         plimsoll_instrument *out);

/**
 * The number of an account, which orders and readings name it by: by opening order from 0, those of the configuration first.
 *
 * Cost: one hash. Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, engine errors, _WRONG_ENGINE (a bare book), _NOT_FOUND.
 *
 * # Safety
 *
 * `name` points to `len` readable bytes; `account` is NULL or may be written.
 */
plimsoll_status plimsoll_account_find(plimsoll_engine engine,
                                      const char *name,
                                      size_t len,
                                      uint32_t *account);

/**
 * An account's equity, available money, tier and permission, as the marks stand. Units: money. Cost: O(its positions).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _WRONG_ENGINE (a bare book), _NOT_FOUND.
 *
 * # Safety
 *
 * `out` is NULL or points to a plimsoll_account whose `size` is set.
 */
plimsoll_status plimsoll_account_read(plimsoll_engine engine,
                                      uint32_t account,
                                      plimsoll_account *out);

/**
 * An account's position in an instrument: lots, above zero long, below zero short. Cost: O(its positions).
 *
 * Errors: as plimsoll_account_read.
 *
 * # Safety
 *
 * `lots` is NULL or may be written.
 */
plimsoll_status plimsoll_position_read(plimsoll_engine engine,
                                       uint32_t account,
                                       uint32_t instrument,
                                       int64_t *lots);

/**
 * The best bid and ask of an instrument and the lots there. Units: ticks, lots. Cost: O(1).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE, engine errors, _NOT_FOUND.
 *
 * # Safety
 *
 * `best` is NULL or points to a plimsoll_best whose `size` is set.
 */
plimsoll_status plimsoll_best_read(plimsoll_engine engine,
                                   uint32_t instrument,
                                   plimsoll_best *best);

/**
 * The lots that rest on a side at one price; 0 where none do. Units: ticks, lots. Cost: O(levels between the best price and it).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _NOT_FOUND, _BAD_VALUE (no plimsoll_side).
 *
 * # Safety
 *
 * `qty` is NULL or may be written.
 */
plimsoll_status plimsoll_depth_read(plimsoll_engine engine,
                                    uint32_t instrument,
                                    uint8_t side,
                                    int64_t price,
                                    uint64_t *qty);

/**
 * The best levels of a side, best first, `capacity` at most, and how many to `count`. Units: ticks, lots. Cost: O(levels).
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _WRONG_SIZE (`level_size` is not sizeof(plimsoll_level)), engine errors, _NOT_FOUND, _BAD_VALUE.
 *
 * # Safety
 *
 * `levels` may be written for `capacity` items of `level_size` bytes, or is NULL with 0; `count` is NULL or may be written.
 */
plimsoll_status plimsoll_levels_read(plimsoll_engine engine,
                                     uint32_t instrument,
                                     uint8_t side,
                                     plimsoll_level *levels,
                                     size_t capacity,
                                     size_t level_size,
                                     size_t *count);

/**
 * Ticks of a price in decimals, such as "4999.5", exactly. Cost: no allocation.
 *
 * Errors: PLIMSOLL_STATUS_NULL_POINTER, _NOT_UTF8, engine errors, _NOT_FOUND, _BAD_TEXT (no decimal, off the tick, out of range).
 *
 * # Safety
 *
 * `text` points to `len` readable bytes; `ticks` is NULL or may be written.
 */
plimsoll_status plimsoll_price_parse(plimsoll_engine engine,
                                     uint32_t instrument,
                                     const char *text,
                                     size_t len,
                                     int64_t *ticks);

/**
 * Lots of a quantity in decimals, above zero, exactly. Otherwise as plimsoll_price_parse.
 *
 * # Safety
 *
 * `text` points to `len` readable bytes; `lots` is NULL or may be written.
 */
plimsoll_status plimsoll_qty_parse(plimsoll_engine engine,
                                   uint32_t instrument,
                                   const char *text,
                                   size_t len,
                                   uint64_t *lots);

/**
 * Money units of an amount in decimals, of either sign, exactly. Errors: as plimsoll_price_parse, and _WRONG_ENGINE (a bare book).
 *
 * # Safety
 *
 * `text` points to `len` readable bytes; `money` is NULL or may be written.
 */
plimsoll_status plimsoll_money_parse(plimsoll_engine engine,
                                     const char *text,
                                     size_t len,
                                     plimsoll_wide *money);

/**
 * A price in decimals. 64 bytes are always enough. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _NOT_FOUND, _BAD_VALUE (not 1 to 2^30
 * ticks), _TOO_SMALL.
 *
 * # Safety
 *
 * `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_price_text(plimsoll_engine engine,
                                    uint32_t instrument,
                                    int64_t ticks,
                                    char *text,
                                    size_t capacity,
                                    size_t *length);

/**
 * A quantity in decimals. Otherwise as plimsoll_price_text.
 *
 * # Safety
 *
 * `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_qty_text(plimsoll_engine engine,
                                  uint32_t instrument,
                                  uint64_t lots,
                                  char *text,
                                  size_t capacity,
                                  size_t *length);

/**
 * An amount of money in decimals. Errors: as plimsoll_price_text, and _WRONG_ENGINE (a bare book).
 *
 * # Safety
 *
 * `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_money_text(plimsoll_engine engine,
                                    plimsoll_wide money,
                                    char *text,
                                    size_t capacity,
                                    size_t *length);

/**
 * An account's name; 40 bytes are always enough. Errors: PLIMSOLL_STATUS_NULL_POINTER, engine errors, _WRONG_ENGINE (a bare book), _NOT_FOUND,
 * _TOO_SMALL.
 *
 * # Safety
 *
 * `text` may be written for `capacity` bytes, or is NULL with 0; `length` is NULL or may be written.
 */
plimsoll_status plimsoll_account_name(plimsoll_engine engine,
                                      uint32_t account,
                                      char *text,
                                      size_t capacity,
                                      size_t *length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#if defined(__cplusplus)
#define PLIMSOLL_SIZE_IS(type, bytes) static_assert(sizeof(type) == bytes, #type)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define PLIMSOLL_SIZE_IS(type, bytes) _Static_assert(sizeof(type) == bytes, #type)
#else
#define PLIMSOLL_SIZE_IS(type, bytes) typedef char type##_has_its_size[sizeof(type) == bytes ? 1 : -1]
#endif
PLIMSOLL_SIZE_IS(plimsoll_wide, 16);
PLIMSOLL_SIZE_IS(plimsoll_level, 16);
PLIMSOLL_SIZE_IS(plimsoll_book_options, 32);
PLIMSOLL_SIZE_IS(plimsoll_order, 128);
PLIMSOLL_SIZE_IS(plimsoll_cancel, 72);
PLIMSOLL_SIZE_IS(plimsoll_replace, 96);
PLIMSOLL_SIZE_IS(plimsoll_receipt, 40);
PLIMSOLL_SIZE_IS(plimsoll_best, 40);
PLIMSOLL_SIZE_IS(plimsoll_hash, 24);
PLIMSOLL_SIZE_IS(plimsoll_info, 40);
PLIMSOLL_SIZE_IS(plimsoll_instrument, 104);
PLIMSOLL_SIZE_IS(plimsoll_account, 48);
PLIMSOLL_SIZE_IS(plimsoll_event, 256);
#undef PLIMSOLL_SIZE_IS

#endif
