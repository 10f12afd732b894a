//! A bare book through the C functions.

mod rig;

use plimsoll_capi::calls::reading::{
    plimsoll_best_read, plimsoll_depth_read, plimsoll_levels_read,
};
use plimsoll_capi::{
    Best, Cancel, CancelReason, Event, EventKind, Level, Order, PLIMSOLL_POST_ONLY,
    PLIMSOLL_REDUCE_ONLY, Receipt, Reject, Replace, Side, Status, TradeKind,
};
use rig::{Engine, Random, limit, refused};

const BUY: u8 = Side::Buy as u8;
const SELL: u8 = Side::Sell as u8;

fn of_kind(records: &[Event], kind: EventKind) -> Vec<&Event> {
    records.iter().filter(|event| event.kind == kind as u32).collect()
}

#[test]
fn orders_trade_by_price_then_time() {
    let book = Engine::book(0, 0);
    let asks = [(1, 101, 5), (2, 100, 5), (3, 100, 5)]
        .map(|(owner, price, qty)| book.accept(&limit(owner, SELL, price, qty)));
    book.records();
    let bid = book.accept(&Order { ts: 9, ..limit(4, BUY, 101, 12) });
    let records = book.records();
    let seen: Vec<_> = of_kind(&records, EventKind::Trade)
        .iter()
        .map(|trade| (trade.maker, trade.maker_number, trade.price, trade.qty, trade.number))
        .collect();
    let numbers = asks.map(|receipt| receipt.number);
    assert_eq!(
        seen,
        [
            (2, numbers[1], 100, 5, bid.number),
            (3, numbers[2], 100, 5, bid.number),
            (1, numbers[0], 101, 2, bid.number)
        ]
    );
    let trade = of_kind(&records, EventKind::Trade)[0];
    assert_eq!((trade.side, trade.code), (BUY, TradeKind::Normal as u16));
    assert_eq!((trade.account, trade.ts, trade.instrument), (4, 9, 0));
    assert_eq!((bid.order, bid.first_seq, bid.last_seq), (0, 4, 7));
    assert_eq!(records.iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 5, 6, 7]);
}

#[test]
fn the_book_is_read_as_it_stands() {
    let book = Engine::book(50, 200);
    for (side, price, qty) in
        [(BUY, 99, 3), (BUY, 99, 4), (BUY, 90, 1), (SELL, 105, 6), (SELL, 200, 2)]
    {
        book.accept(&limit(1, side, price, qty));
    }
    let mut best = Best::blank();
    // SAFETY: a live struct.
    assert_eq!(unsafe { plimsoll_best_read(book.0, 0, &mut best) }, Status::Ok);
    assert_eq!((best.bid_price, best.bid_qty, best.ask_price, best.ask_qty), (99, 7, 105, 6));
    let depth = |side, price| {
        let mut qty = u64::MAX;
        // SAFETY: a place for the quantity.
        assert_eq!(unsafe { plimsoll_depth_read(book.0, 0, side, price, &mut qty) }, Status::Ok);
        qty
    };
    assert_eq!([depth(BUY, 99), depth(BUY, 90), depth(BUY, 95), depth(SELL, 99)], [7, 1, 0, 0]);
    assert_eq!([depth(SELL, 200), depth(SELL, i64::MAX), depth(BUY, i64::MIN)], [2, 0, 0]);
    let levels = |side, room: usize| {
        let (mut levels, mut count) = ([Level::default(); 4], 9);
        // SAFETY: room for at most four levels; a place for the count.
        let status = unsafe {
            plimsoll_levels_read(book.0, 0, side, levels.as_mut_ptr(), room, 16, &mut count)
        };
        assert_eq!(status, Status::Ok);
        levels[..count].iter().map(|level| (level.price, level.qty)).collect::<Vec<_>>()
    };
    assert_eq!(levels(BUY, 4), [(99, 7), (90, 1)]);
    assert_eq!(levels(SELL, 1), [(105, 6)]);
    assert_eq!(levels(SELL, 0), []);
}

#[test]
fn depth_is_found_however_far_it_lies() {
    let book = Engine::book(0, 0);
    for price in 1..=1_000 {
        book.accept(&limit(1, SELL, price * 7, price as u64));
    }
    for price in [1, 15, 16, 17, 18, 127, 128, 129, 130, 999, 1_000] {
        for (asked, expected) in [(price * 7, price as u64), (price * 7 + 1, 0)] {
            let mut qty = u64::MAX;
            // SAFETY: a place for the quantity.
            unsafe { plimsoll_depth_read(book.0, 0, SELL, asked, &mut qty) };
            assert_eq!(qty, expected, "at {asked}");
        }
    }
}

#[test]
fn a_handle_names_its_order_until_it_is_gone_and_no_longer() {
    let book = Engine::book(0, 0);
    let first = book.accept(&limit(1, BUY, 10, 5));
    let cancel = |account, order| book.cancel(&Cancel { account, order, ..Cancel::blank() });
    assert_eq!(refused(cancel(2, first.order)), Some(Reject::UnknownOrder), "another's order");
    assert_eq!(cancel(1, first.order).0, Status::Ok);
    assert_eq!(refused(cancel(1, first.order)), Some(Reject::UnknownOrder), "cancelled before");
    let second = book.accept(&limit(1, BUY, 10, 5));
    assert_eq!(second.order as u32, first.order as u32, "the place is used again");
    assert_eq!(refused(cancel(1, first.order)), Some(Reject::UnknownOrder), "a stale handle");
    for never in [u64::MAX, 2, 1 << 32, u64::from(u32::MAX)] {
        assert_eq!(refused(cancel(1, never)), Some(Reject::UnknownOrder), "{never:#x}");
    }
    book.accept(&limit(2, SELL, 10, 5));
    assert_eq!(refused(cancel(1, second.order)), Some(Reject::UnknownOrder), "filled");
}

#[test]
fn a_replace_keeps_its_place_only_where_the_quantity_falls() {
    let book = Engine::book(0, 0);
    let first = book.accept(&limit(1, BUY, 10, 5));
    book.accept(&limit(2, BUY, 10, 5));
    let replace = |order, price, qty| {
        let receipt = book.replace(&Replace { account: 1, order, price, qty, ..Replace::blank() });
        assert_eq!(receipt.0, Status::Ok, "{}", rig::last_error());
        receipt.1
    };
    let smaller = replace(first.order, 10, 3);
    assert_eq!((smaller.order, smaller.number), (first.order, first.number));
    book.records();
    book.accept(&limit(3, SELL, 10, 1));
    assert_eq!(of_kind(&book.records(), EventKind::Trade)[0].maker, 1);
    let larger = replace(first.order, 10, 4);
    assert_ne!(larger.order, first.order);
    assert_eq!(larger.number, first.number);
    book.records();
    book.accept(&limit(3, SELL, 10, 1));
    assert_eq!(of_kind(&book.records(), EventKind::Trade)[0].maker, 2);
    let stale = book.replace(&Replace {
        account: 1,
        order: first.order,
        price: 10,
        qty: 1,
        ..Replace::blank()
    });
    assert_eq!(refused(stale), Some(Reject::UnknownOrder));
}

#[test]
fn what_cannot_enter_is_refused_by_name_and_changes_nothing_else() {
    let book = Engine::book(90, 110);
    book.accept(&limit(1, SELL, 100, 5));
    let snapshot = |engine: &Engine| (engine.info().seq, rig_state(engine));
    let before = snapshot(&book);
    let cases = [
        (limit(2, BUY, 0, 1), Reject::PriceOutOfRange),
        (limit(2, BUY, (1 << 30) + 1, 0), Reject::PriceOutOfRange),
        (limit(2, BUY, -5, 1), Reject::PriceOutOfRange),
        (limit(2, BUY, 100, 0), Reject::QuantityNotPositive),
        (limit(2, BUY, 100, 1 << 40), Reject::QuantityTooLarge),
        (limit(2, BUY, 100, u64::MAX), Reject::QuantityTooLarge),
        (limit(2, BUY, 89, 1), Reject::PriceBand),
        (limit(2, SELL, 111, 1), Reject::PriceBand),
        (Order { flags: PLIMSOLL_POST_ONLY, ..limit(2, BUY, 100, 1) }, Reject::PostOnly),
        (Order { display: 1, ..limit(2, BUY, 95, 10_001) }, Reject::Display),
        (Order { display: 5, tif: 1, ..limit(2, BUY, 95, 6) }, Reject::Display),
        (Order { min_qty: 7, ..limit(2, BUY, 95, 6) }, Reject::MinQty),
        (Order { instrument: 1, ..limit(2, BUY, 95, 6) }, Reject::UnknownSymbol),
    ];
    for (n, (order, reason)) in cases.iter().enumerate() {
        assert_eq!(refused(book.submit(order)), Some(*reason), "case {n}");
    }
    let after = snapshot(&book);
    assert_eq!(after.0, before.0 + cases.len() as u64, "one event each");
    assert_eq!(after.1, before.1, "and nothing else");
}

/// Levels and open orders.
fn rig_state(engine: &Engine) -> Vec<(i64, u64)> {
    let mut all = Vec::new();
    for side in [BUY, SELL] {
        let (mut levels, mut count) = ([Level::default(); 64], 0);
        // SAFETY: room for 64 levels; a place for the count.
        unsafe { plimsoll_levels_read(engine.0, 0, side, levels.as_mut_ptr(), 64, 16, &mut count) };
        all.extend(levels[..count].iter().map(|level| (level.price, level.qty)));
    }
    all
}

#[test]
fn what_a_bare_book_does_not_know_is_said_and_not_done() {
    let book = Engine::book(0, 0);
    let hash = book.hash();
    let orders = [
        Order { id: rig::id("a"), ..limit(1, BUY, 10, 1) },
        Order { flags: PLIMSOLL_REDUCE_ONLY, ..limit(1, BUY, 10, 1) },
        Order { order_type: 2, trigger: 9, ..limit(1, BUY, 10, 1) },
        Order { order_type: 3, trigger: 9, ..limit(1, BUY, 10, 1) },
        Order { tif: 3, ..limit(1, BUY, 10, 1) },
        Order { tif: 4, expires: 10, ..limit(1, BUY, 10, 1) },
        Order { offset: 1, ..limit(1, BUY, 10, 1) },
    ];
    for (n, order) in orders.iter().enumerate() {
        assert_eq!(book.submit(order).0, Status::Unsupported, "order {n}");
    }
    let line = "{\"ts\":0,\"cmd\":\"time\"}";
    assert_eq!(book.line(line).0, Status::WrongEngine);
    assert_eq!((book.hash(), book.info().waiting), (hash, 0));
}

#[test]
fn an_iceberg_shows_its_peak_and_comes_back_behind_the_others() {
    let book = Engine::book(0, 0);
    let iceberg = book.accept(&Order { display: 2, ..limit(1, SELL, 10, 5) });
    book.accept(&limit(2, SELL, 10, 1));
    assert_eq!(rig_state(&book), [(10, 3)]);
    book.records();
    book.accept(&limit(3, BUY, 10, 3));
    let records = book.records();
    let makers: Vec<_> =
        of_kind(&records, EventKind::Trade).iter().map(|t| (t.maker, t.qty)).collect();
    assert_eq!(makers, [(1, 2), (2, 1)]);
    let refilled = of_kind(&records, EventKind::Refilled);
    assert_eq!((refilled[0].number, refilled[0].qty, refilled[0].price), (iceberg.number, 2, 10));
    assert_eq!(rig_state(&book), [(10, 2)]);
}

#[test]
fn text_says_the_same_as_records() {
    let book = Engine::book(0, 0);
    book.accept(&Order { display: 1, ..limit(7, SELL, 10, 2) });
    let order = Order { ts: 5, order_type: 1, price: 0, ..limit(8, BUY, 0, 3) };
    book.accept(&order);
    book.submit(&limit(8, BUY, 10, 1)); // runs back in time: no event
    book.submit(&Order { ts: 5, ..limit(8, BUY, 10, 0) });
    let expected = concat!(
        r##"{"seq":1,"ts":0,"event":"accepted","account":"7","id":"#1","symbol":"BOOK","side":"sell","price":"10","qty":"2","display":"1"}"##,
        "\n",
        r##"{"seq":2,"ts":5,"event":"accepted","account":"8","id":"#2","symbol":"BOOK","side":"buy","price":null,"qty":"3"}"##,
        "\n",
        r##"{"seq":3,"ts":5,"event":"trade","symbol":"BOOK","price":"10","qty":"1","maker":"7","maker_id":"#1","taker":"8","taker_id":"#2","side":"buy","kind":"normal"}"##,
        "\n",
        r##"{"seq":4,"ts":5,"event":"refilled","account":"7","id":"#1","symbol":"BOOK","price":"10","qty":"1"}"##,
        "\n",
        r##"{"seq":5,"ts":5,"event":"trade","symbol":"BOOK","price":"10","qty":"1","maker":"7","maker_id":"#1","taker":"8","taker_id":"#2","side":"buy","kind":"normal"}"##,
        "\n",
        r##"{"seq":6,"ts":5,"event":"cancelled","account":"8","id":"#2","qty":"1","reason":"market"}"##,
        "\n",
        r##"{"seq":7,"ts":5,"event":"rejected","account":"8","reason":"quantity_not_positive","detail":"the quantity must be above zero"}"##,
        "\n",
    );
    assert_eq!(book.lines(), expected);
}

/// A bare book's stream: orders of every kind it takes, cancels and replaces of what was entered.
fn command(random: &mut Random, ts: u64, handles: &[(u32, u64)]) -> Command {
    let account = random.below(3) as u32;
    let price = 95 + random.below(12) as i64;
    match random.below(10) {
        0..=1 if !handles.is_empty() => {
            let (account, order) = random.pick(handles);
            Command::Cancel(Cancel { ts, account, order, ..Cancel::blank() })
        }
        2..=3 if !handles.is_empty() => {
            let (account, order) = random.pick(handles);
            let qty = random.below(30);
            Command::Replace(Replace { ts, account, order, price, qty, ..Replace::blank() })
        }
        _ => {
            let market = random.below(8) == 0;
            let tif = random.pick(&[0, 0, 0, 1, 2]);
            Command::Submit(Order {
                ts,
                account,
                side: random.pick(&[BUY, SELL]),
                order_type: u8::from(market),
                tif,
                self_match: random.below(5) as u8,
                flags: random.pick(&[0, 0, 0, PLIMSOLL_POST_ONLY]),
                price: if market && random.below(2) == 0 { 0 } else { price },
                qty: random.below(30),
                display: random.pick(&[0, 0, 0, 1, 4]),
                min_qty: random.pick(&[0, 0, 0, 5]),
                ..Order::blank()
            })
        }
    }
}

enum Command {
    Submit(Order),
    Cancel(Cancel),
    Replace(Replace),
}

fn carry_out(engine: &Engine, command: &Command) -> (Status, Receipt) {
    match command {
        Command::Submit(order) => engine.submit(order),
        Command::Cancel(cancel) => engine.cancel(cancel),
        Command::Replace(replace) => engine.replace(replace),
    }
}

/// An exchange in which three accounts trade without margin, and no trade moves the mark.
const UNLIMITED: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 0
[[instrument]]
symbol = "BOOK"
kind = "future"
tick_size = "1"
lot_size = "1"
multiplier = "1"
prev_settlement = "100"
price_limit = "0.05"
margin_initial = "0"
margin_maintenance = "0"
mark = "external"
[[account]]
name = "a"
profile = "unlimited"
[[account]]
name = "b"
profile = "unlimited"
[[account]]
name = "c"
profile = "unlimited"
"#;

#[test]
fn a_bare_book_is_an_exchange_without_money() {
    for seed in 0..200 {
        let (mut random, mut handles) = (Random(seed), Vec::new());
        let (bare, whole) = (Engine::book(95, 105), Engine::exchange(UNLIMITED));
        for step in 0..500 {
            let command = command(&mut random, step / 3, &handles);
            let (one, other) = (carry_out(&bare, &command), carry_out(&whole, &command));
            let (first, second) = (bare.records(), whole.records());
            assert_eq!(first, second, "seed {seed}, step {step}");
            assert_eq!(
                (one.0, one.1.reject),
                (other.0, other.1.reject),
                "seed {seed}, step {step}"
            );
            if one.1.order != 0 {
                handles.push((first[0].account, one.1.order));
            }
        }
        assert_eq!(rig_state(&bare), rig_state(&whole), "seed {seed}");
    }
}

#[test]
fn a_book_taken_up_again_goes_on_as_the_other_does() {
    let (mut random, mut handles) = (Random(7), Vec::new());
    let book = Engine::book(95, 105);
    for step in 0..400 {
        let receipt = carry_out(&book, &command(&mut random, step, &handles));
        handles.extend((receipt.1.order != 0).then_some((0, receipt.1.order)));
    }
    let again = Engine::book_from(&book.snapshot()).expect("a whole snapshot");
    assert_eq!(again.hash(), book.hash());
    assert_eq!(again.info().waiting, 0, "events are not part of it");
    book.records();
    for step in 400..800 {
        let command = command(&mut random, step, &handles);
        let (one, other) = (carry_out(&book, &command), carry_out(&again, &command));
        assert_eq!((one, book.records()), (other, again.records()), "step {step}");
    }
    assert_eq!(again.hash(), book.hash());
}

#[test]
fn self_match_prevention_is_said_with_its_reason() {
    let book = Engine::book(0, 0);
    book.accept(&limit(1, SELL, 10, 5));
    book.records();
    book.accept(&Order { self_match: 1, ..limit(1, BUY, 10, 3) });
    let records = book.records();
    let gone = of_kind(&records, EventKind::Cancelled)[0];
    assert_eq!((gone.code, gone.qty), (CancelReason::SelfMatch as u16, 3));
    assert_eq!(rig_state(&book), [(10, 5)]);
}
