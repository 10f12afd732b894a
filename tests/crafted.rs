//! Cases that have broken other engines: small, exact, and nasty.

use plimsoll_exchange::Exchange;
use plimsoll_types::*;

const A: AccountId = AccountId(0);
const B: AccountId = AccountId(1);
const X: InstrumentId = InstrumentId(0);

fn label(text: &str) -> Label {
    Label::new(text).expect("a short text")
}

fn id(text: &str) -> OrderId {
    OrderId::Client(label(text))
}

/// One instrument without band, two accounts without margin.
struct Floor {
    exchange: Exchange,
    events: Vec<Event>,
}

impl Floor {
    fn new() -> Floor {
        let one = Step { mantissa: 1, decimals: 0 };
        let account = |name| AccountSpec {
            name: label(name),
            profile: ProfileId(0),
            deposit: Money::ZERO,
            hedger: false,
            margins: Vec::new(),
        };
        let instrument = InstrumentSpec {
            symbol: label("X"),
            kind: InstrumentKind::Future,
            tick_size: one,
            lot_size: one,
            multiplier: one,
            tick_value: 1,
            prev_settlement: Price::clamped(100),
            band: None,
            initial: MarginRate::default(),
            maintenance: MarginRate::default(),
            mark: MarkSource::External,
            liquidation_moves_mark: true,
            fees: Fees::default(),
            phase: Phase::Continuous,
            auction_candidates: AuctionCandidates::Ticks,
            market_remainder: MarketRemainder::Cancel,
            rules: TradingRules::default(),
            risk: RiskRules::default(),
        };
        let spec = ExchangeSpec {
            currency: label("CNY"),
            money_decimals: 0,
            position_mode: PositionMode::Net,
            floating_profit: FloatingProfit::All,
            insurance_fund: Money::ZERO,
            bust_window: 1,
            detector: plimsoll_types::Detector::Index,
            calendars: Vec::new(),
            instruments: vec![instrument],
            profiles: vec![Profile::unlimited()],
            accounts: vec![account("A"), account("B")],
            schedules: Vec::new(),
        };
        Floor { exchange: Exchange::new(spec), events: Vec::new() }
    }

    fn send(&mut self, command: Command) {
        self.events.clear();
        self.exchange.apply(1, &command, &mut self.events);
        assert_eq!(self.exchange.view().imbalance(), Money::ZERO);
    }

    fn limit(&mut self, account: AccountId, name: &str, side: Side, price: i64, qty: u64) {
        self.order(NewOrder {
            id: Some(label(name)),
            ..NewOrder::limit(account, X, side, Price::new(price).expect("a price"), Qty::new(qty))
        });
    }

    fn order(&mut self, order: NewOrder) {
        self.send(Command::Order(order));
    }

    fn ask(&mut self, name: &str, price: i64, qty: u64) {
        self.limit(A, name, Side::Sell, price, qty);
    }

    fn buy(&mut self, name: &str, price: i64, qty: u64) {
        self.limit(B, name, Side::Buy, price, qty);
    }

    fn cancel(&mut self, account: AccountId, name: &str) {
        self.send(Command::Cancel { account, order: OrderRef::Client(label(name)) });
    }

    fn replace(&mut self, account: AccountId, name: &str, price: i64, qty: u64) {
        let (price, qty) = (Price::new(price).expect("a price"), Qty::new(qty));
        let order = OrderRef::Client(label(name));
        self.send(Command::Replace { account, order, price, qty, trigger: None });
    }

    /// Maker, price and lots of the trades of the last command.
    fn fills(&self) -> Vec<(OrderId, i64, u64)> {
        let trades = self.events.iter().filter_map(|event| match event.kind {
            EventKind::Trade { maker_id, price, qty, .. } => {
                Some((maker_id, price.ticks(), qty.lots()))
            }
            _ => None,
        });
        trades.collect()
    }

    /// Lots and reason of the orders that went.
    fn gone(&self) -> Vec<(OrderId, u64, CancelReason)> {
        let gone = self.events.iter().filter_map(|event| match event.kind {
            EventKind::Cancelled { id, qty, reason, .. } => Some((id, qty.lots(), reason)),
            _ => None,
        });
        gone.collect()
    }

    fn rejected(&self) -> Option<Reject> {
        match self.events[..] {
            [Event { kind: EventKind::Rejected { reason, .. }, .. }] => Some(reason),
            _ => None,
        }
    }

    fn levels(&self, side: Side) -> Vec<(i64, u64)> {
        let book = self.exchange.view().books[0].clone();
        let levels = if side == Side::Buy { book.bids } else { book.asks };
        levels.into_iter().map(|(price, qty)| (price.ticks(), qty.lots())).collect()
    }

    /// A refused command leaves one event and no other trace: the state's hash, but for that event's number, is that of an
    /// exchange that refused something else instead.
    fn refuses(&mut self, command: Command, reason: Reject) {
        let mut other = self.twin();
        let refused = Command::Refused { account: None, id: None, reason };
        other.apply(1, &refused, &mut Vec::new());
        self.send(command);
        assert_eq!(self.rejected(), Some(reason));
        assert_eq!(self.exchange.state_hash(), other.state_hash(), "{reason:?} leaves a trace");
    }

    fn twin(&self) -> Exchange {
        let bytes = self.exchange.snapshot();
        Exchange::restore(self.exchange.spec().clone(), &bytes).expect("a whole snapshot")
    }
}

#[test]
fn orders_cancelled_at_the_head_and_in_the_middle_are_not_met() {
    let mut floor = Floor::new();
    for name in ["head", "second", "middle", "fourth", "tail"] {
        floor.ask(name, 100, 2);
    }
    floor.cancel(A, "middle");
    floor.cancel(A, "head");
    assert_eq!(floor.levels(Side::Sell), [(100, 6)]);
    floor.buy("sweep", 100, 7);
    assert_eq!(
        floor.fills(),
        [(id("second"), 100, 2), (id("fourth"), 100, 2), (id("tail"), 100, 2)]
    );
    assert_eq!((floor.levels(Side::Sell), floor.levels(Side::Buy)), (vec![], vec![(100, 1)]));
}

#[test]
fn the_tail_cancelled_leaves_a_queue_that_takes_more() {
    let mut floor = Floor::new();
    floor.ask("first", 100, 1);
    floor.ask("tail", 100, 1);
    floor.cancel(A, "tail");
    floor.ask("new", 100, 1);
    floor.buy("sweep", 100, 2);
    assert_eq!(floor.fills(), [(id("first"), 100, 1), (id("new"), 100, 1)]);
}

#[test]
fn a_replace_into_a_cross_trades_at_the_makers_prices_both_ways() {
    let mut floor = Floor::new();
    floor.ask("a98", 98, 1);
    floor.ask("a99", 99, 1);
    floor.buy("bid", 90, 5);
    floor.replace(B, "bid", 101, 5);
    assert_eq!(floor.fills(), [(id("a98"), 98, 1), (id("a99"), 99, 1)]);
    assert_eq!(floor.levels(Side::Buy), [(101, 3)]);
    floor.buy("b100", 100, 1);
    floor.ask("ask", 110, 5);
    floor.replace(A, "ask", 95, 5);
    assert_eq!(floor.fills(), [(id("bid"), 101, 3), (id("b100"), 100, 1)]);
    assert_eq!((floor.levels(Side::Buy), floor.levels(Side::Sell)), (vec![], vec![(95, 1)]));
}

#[test]
fn a_replace_of_one_of_two_orders_on_a_level_leaves_the_other() {
    for (moved, left) in [("first", "second"), ("second", "first")] {
        let mut floor = Floor::new();
        floor.ask("first", 100, 2);
        floor.ask("second", 100, 3);
        floor.replace(A, moved, 101, 4);
        let stays = if left == "first" { 2 } else { 3 };
        assert_eq!(floor.levels(Side::Sell), [(100, stays), (101, 4)]);
        floor.buy("sweep", 101, 9);
        assert_eq!(floor.fills(), [(id(left), 100, stays), (id(moved), 101, 4)]);
    }
}

#[test]
fn an_id_may_be_used_again_after_a_cancel_and_after_a_fill() {
    let mut floor = Floor::new();
    floor.ask("a", 100, 1);
    floor.ask("a", 101, 1);
    assert_eq!(floor.rejected(), Some(Reject::DuplicateId));
    floor.cancel(A, "a");
    floor.ask("a", 102, 2);
    assert_eq!(floor.levels(Side::Sell), [(102, 2)]);
    floor.buy("b", 102, 2);
    floor.ask("a", 103, 3);
    assert_eq!(floor.levels(Side::Sell), [(103, 3)]);
    floor.cancel(A, "a");
    assert_eq!(floor.gone(), [(id("a"), 3, CancelReason::Client)]);
    // Another account's order of the same id is another order.
    floor.ask("a", 104, 1);
    floor.buy("a", 90, 1);
    floor.cancel(B, "a");
    assert_eq!((floor.levels(Side::Sell), floor.levels(Side::Buy)), (vec![(104, 1)], vec![]));
}

#[test]
fn the_rest_of_an_immediate_order_goes() {
    let mut floor = Floor::new();
    floor.ask("a", 100, 3);
    let order = NewOrder::limit(B, X, Side::Buy, Price::clamped(100), Qty::new(5));
    let ioc = NewOrder { id: Some(label("b")), tif: TimeInForce::Ioc, ..order };
    floor.order(ioc);
    assert_eq!(floor.fills(), [(id("a"), 100, 3)]);
    assert_eq!(floor.gone(), [(id("b"), 2, CancelReason::Ioc)]);
    assert!(floor.levels(Side::Buy).is_empty());
    // Nothing there: all of it goes, and its id is free.
    floor.order(ioc);
    assert_eq!(floor.gone(), [(id("b"), 5, CancelReason::Ioc)]);
}

#[test]
fn a_limit_stops_in_the_middle_of_a_sweep() {
    let mut floor = Floor::new();
    for price in [100, 101, 102, 103] {
        floor.ask(&price.to_string(), price, 2);
    }
    floor.buy("b", 101, 7);
    assert_eq!(floor.fills(), [(id("100"), 100, 2), (id("101"), 101, 2)]);
    assert_eq!(floor.levels(Side::Buy), [(101, 3)]);
    assert_eq!(floor.levels(Side::Sell), [(102, 2), (103, 2)]);
}

#[test]
fn a_filled_and_a_never_issued_id_cannot_be_cancelled() {
    let mut floor = Floor::new();
    floor.ask("a", 100, 1);
    floor.buy("b", 100, 1);
    for (account, name) in [(A, "a"), (B, "b"), (A, "never"), (B, "a")] {
        let order = OrderRef::Client(label(name));
        floor.refuses(Command::Cancel { account, order }, Reject::UnknownOrder);
    }
}

#[test]
fn a_handle_gone_stale_names_nobody() {
    let mut floor = Floor::new();
    let handle = |events: &[Event]| match events[0].kind {
        EventKind::Accepted { handle, .. } => handle.expect("it rests"),
        _ => panic!("{events:?}"),
    };
    floor.ask("a", 100, 1);
    let first = handle(&floor.events);
    floor.cancel(A, "a");
    floor.ask("b", 100, 1);
    let second = handle(&floor.events);
    // The slot is used again, its generation tells the two apart.
    assert_eq!(first.slot, second.slot);
    assert_ne!(first.generation, second.generation);
    let cancel = |account, handle| Command::Cancel { account, order: OrderRef::Handle(X, handle) };
    floor.refuses(cancel(A, first), Reject::UnknownOrder);
    floor.refuses(cancel(B, second), Reject::UnknownOrder);
    let far = Handle { slot: u32::MAX, generation: 0 };
    floor.refuses(cancel(A, far), Reject::UnknownOrder);
    floor.send(cancel(A, second));
    assert_eq!(floor.gone(), [(id("b"), 1, CancelReason::Client)]);
}

#[test]
fn quantities_outside_the_domain_are_refused_without_a_trace() {
    let mut floor = Floor::new();
    floor.ask("a", 100, 1);
    let order = NewOrder::limit(B, X, Side::Buy, Price::clamped(100), Qty::ZERO);
    floor.refuses(Command::Order(order), Reject::QuantityNotPositive);
    let too_large = NewOrder { qty: Qty::new(Qty::MAX.lots() + 1), ..order };
    floor.refuses(Command::Order(too_large), Reject::QuantityTooLarge);
    let (account, name) = (A, OrderRef::Client(label("a")));
    for (qty, reason) in
        [(Qty::ZERO, Reject::QuantityNotPositive), (Qty::new(u64::MAX), Reject::QuantityTooLarge)]
    {
        let price = Price::clamped(100);
        let replace = Command::Replace { account, order: name, price, qty, trigger: None };
        floor.refuses(replace, reason);
    }
    floor.order(NewOrder { qty: Qty::MAX, ..order });
    assert_eq!(floor.fills(), [(id("a"), 100, 1)]);
    assert_eq!(floor.levels(Side::Buy), [(100, Qty::MAX.lots() - 1)]);
}

#[test]
fn five_thousand_orders_are_met_in_one_sweep() {
    let mut floor = Floor::new();
    for n in 0..5_000 {
        floor.ask(&format!("a{n}"), 100 + n % 50, 1 + n as u64 % 3);
    }
    let all: u64 = (0..5_000).map(|n| 1 + n % 3).sum();
    floor.buy("sweep", 149, all + 1);
    let fills = floor.fills();
    assert_eq!(fills.len(), 5_000);
    let expected: Vec<_> = (0..50)
        .flat_map(|level| (level..5_000).step_by(50))
        .map(|n| (id(&format!("a{n}")), 100 + n % 50, 1 + n as u64 % 3))
        .collect();
    assert_eq!(fills, expected);
    assert_eq!(floor.levels(Side::Buy), [(149, 1)]);
    assert!(floor.levels(Side::Sell).is_empty());
}

#[test]
fn the_ends_of_the_price_domain_trade_like_any_price() {
    let mut floor = Floor::new();
    let (low, high) = (Price::MIN.ticks(), Price::MAX.ticks());
    floor.buy("lowest", low, 1);
    floor.ask("highest", high, 1);
    floor.buy("low", low + 1, 1);
    floor.ask("high", high - 1, 1);
    assert_eq!(floor.levels(Side::Buy), [(low + 1, 1), (low, 1)]);
    assert_eq!(floor.levels(Side::Sell), [(high - 1, 1), (high, 1)]);
    floor.buy("up", high, 3);
    assert_eq!(floor.fills(), [(id("high"), high - 1, 1), (id("highest"), high, 1)]);
    floor.ask("down", low, 4);
    assert_eq!(
        floor.fills(),
        [(id("up"), high, 1), (id("low"), low + 1, 1), (id("lowest"), low, 1)]
    );
    assert_eq!(floor.levels(Side::Sell), [(low, 1)]);
}

#[test]
fn the_best_price_moves_when_the_last_order_of_a_level_is_cancelled() {
    for far in [1, 63, 64, 65, 4_095, 4_096, 300_000, 1 << 28] {
        let mut floor = Floor::new();
        floor.ask("best", 100, 1);
        floor.ask("far", 100 + far, 1);
        floor.buy("bid", 99, 1);
        floor.cancel(A, "best");
        assert_eq!(floor.levels(Side::Sell), [(100 + far, 1)]);
        // What would have crossed the old best price rests now.
        floor.buy("higher", 100, 1);
        assert!(floor.fills().is_empty(), "{far} ticks away");
        assert_eq!(floor.levels(Side::Buy), [(100, 1), (99, 1)]);
        floor.buy("takes", 100 + far, 1);
        assert_eq!(floor.fills(), [(id("far"), 100 + far, 1)]);
        floor.cancel(B, "higher");
        floor.ask("hits", 99, 1);
        assert_eq!(floor.fills(), [(id("bid"), 99, 1)]);
    }
}

#[test]
fn the_last_order_of_a_level_replaced_away_leaves_no_level() {
    let mut floor = Floor::new();
    floor.buy("b", 100, 2);
    floor.replace(B, "b", 90, 2);
    floor.ask("a", 95, 1);
    assert_eq!(floor.levels(Side::Buy), [(90, 2)]);
    assert_eq!(floor.levels(Side::Sell), [(95, 1)]);
    assert!(floor.fills().is_empty());
}
