//! What is kept of the past since the server started, in bounded windows: trades by instrument, bookings, fills, cases.

use super::json::Json;
use super::sight::Sight;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, CaseStep, Event, EventKind, InstrumentId, InstrumentSpec, Price, Qty, Side,
    TradeKind, Ts,
};
use std::collections::{BTreeMap, VecDeque};

/// Trades kept of each instrument.
pub(super) const TRADES: usize = 1_000;

/// Bookings and fills kept of all accounts together.
const BOOKINGS: usize = 1 << 16;

/// Closed cases kept.
const CASES: usize = 1_000;

/// A trade as everybody sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trade {
    seq: u64,
    ts: Ts,
    price: Price,
    qty: Qty,
    side: Side,
    kind: TradeKind,
}

impl Trade {
    pub fn write(&self, json: &mut Json, spec: &InstrumentSpec) {
        json.nested(b"{}", |json| {
            json.key("seq").whole(self.seq);
            json.key("ts").whole(self.ts);
            json.key("price").price(spec, Some(self.price));
            json.key("qty").qty(spec, self.qty);
            json.key("side").text(self.side.as_str());
            json.key("kind").text(self.kind.as_str());
        });
    }
}

/// A case as far as it has come.
#[derive(Clone, Copy, Debug)]
struct Case {
    account: AccountId,
    state: &'static str,
    since: Ts,
    ts: Ts,
}

/// The windows.
#[derive(Default)]
pub(super) struct Window {
    trades: Vec<VecDeque<Trade>>,
    bookings: VecDeque<Event>,
    fills: VecDeque<Event>,
    open: BTreeMap<u32, Case>,
    closed: VecDeque<(u32, Case)>,
}

fn keep<T>(queue: &mut VecDeque<T>, most: usize, item: T) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

impl Window {
    /// Remembers the cases that are open where an exchange stands. Cost: O(accounts) where there are any.
    pub fn begin(&mut self, exchange: &Exchange) {
        if exchange.open_cases() == 0 {
            return;
        }
        let ts = exchange.now();
        for account in (0..exchange.account_count() as u32).map(AccountId) {
            if exchange.owner(account) != account {
                continue;
            }
            let view = exchange.account(account);
            let isolated = view.positions.iter().filter_map(|held| held.isolated.as_ref()?.case);
            for case in view.case.into_iter().chain(isolated) {
                self.open.insert(case, Case { account, state: "open", since: ts, ts });
            }
        }
    }

    /// Takes note of an event.
    pub fn take(&mut self, exchange: &Exchange, event: &Event) {
        match event.kind {
            EventKind::Trade { instrument, price, qty, side, kind, .. } => {
                let place = instrument.index();
                if self.trades.len() <= place {
                    self.trades.resize_with(place + 1, VecDeque::new);
                }
                let trade = Trade { seq: event.seq, ts: event.ts, price, qty, side, kind };
                keep(&mut self.trades[place], TRADES, trade);
                keep(&mut self.fills, BOOKINGS, event.clone());
            }
            EventKind::Case { account, case, ref step } => {
                self.case(exchange.owner(account), case.0, step, event.ts);
            }
            _ if is_booking(&event.kind) => keep(&mut self.bookings, BOOKINGS, event.clone()),
            _ => {}
        }
    }

    fn case(&mut self, account: AccountId, number: u32, step: &CaseStep, ts: Ts) {
        let (state, over) = match step {
            CaseStep::Triggered { .. } => ("triggered", false),
            CaseStep::Planned { .. } => ("planned", false),
            CaseStep::Batch { .. } => ("batch", false),
            CaseStep::Checked { .. } => ("checked", false),
            CaseStep::Parked { .. } => ("parked", false),
            CaseStep::Resumed => ("resumed", false),
            CaseStep::Restored => ("restored", true),
            CaseStep::Waterfall => ("waterfall", true),
            CaseStep::Closed => ("closed", true),
        };
        let since = self.open.get(&number).map_or(ts, |case| case.since);
        let case = Case { account, state, since, ts };
        if over {
            self.open.remove(&number);
            keep(&mut self.closed, CASES, (number, case));
        } else {
            self.open.insert(number, case);
        }
    }

    /// The last trades of an instrument, the newest first.
    pub fn trades(&self, instrument: InstrumentId) -> impl Iterator<Item = &Trade> {
        self.trades.get(instrument.index()).into_iter().flatten().rev()
    }

    /// The last bookings and fills of an account, the newest first, at most `limit`.
    pub fn statement(
        &self,
        json: &mut Json,
        exchange: &Exchange,
        account: AccountId,
        sight: &Sight,
        limit: usize,
    ) {
        let own = |event: &&Event| {
            let named = event.kind.accounts().into_iter().flatten();
            named.into_iter().any(|named| exchange.owner(named) == account)
        };
        let mut bookings = self.bookings.iter().rev().filter(own).peekable();
        let mut fills = self.fills.iter().rev().filter(own).peekable();
        for _ in 0..limit {
            let later = match (bookings.peek(), fills.peek()) {
                (Some(booking), Some(fill)) => booking.seq > fill.seq,
                (booking, _) => booking.is_some(),
            };
            let next = if later { bookings.next() } else { fills.next() };
            let Some(event) = next else { return };
            json.item();
            sight.write(&mut json.out, exchange, event);
        }
    }

    /// Cases, open ones first.
    pub fn cases(&self, json: &mut Json, exchange: &Exchange, sight: &Sight) {
        let open = self.open.iter().map(|(number, case)| (*number, case, true));
        let closed = self.closed.iter().rev().map(|(number, case)| (*number, case, false));
        for (number, case, open) in open.chain(closed) {
            if !sight.sees(exchange, case.account) {
                continue;
            }
            json.nested(b"{}", |json| {
                json.key("case").whole(u64::from(number));
                json.key("account").text(exchange.account_name(case.account).as_str());
                json.key("state").text(case.state);
                json.key("open").raw(if open { b"true" } else { b"false" });
                json.key("since").whole(case.since);
                json.key("ts").whole(case.ts);
            });
        }
    }

    /// Open cases without whose they are: number and state.
    pub fn open_cases(&self) -> impl Iterator<Item = (u32, &'static str)> {
        self.open.iter().map(|(number, case)| (*number, case.state))
    }
}

/// Whether an event changed an account's money other than by a trade.
fn is_booking(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Settlement { .. }
            | EventKind::Funding { .. }
            | EventKind::Deposit { .. }
            | EventKind::Withdrawal { .. }
            | EventKind::Debt { .. }
            | EventKind::Socialised { .. }
            | EventKind::Deleveraged { .. }
            | EventKind::TakenOver { .. }
            | EventKind::Reduced { .. }
            | EventKind::MarginMoved { .. }
    )
}
