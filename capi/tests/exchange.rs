//! A whole exchange through the C functions.

mod rig;

use plimsoll_capi::calls::engines::plimsoll_state_text;
use plimsoll_capi::calls::events::plimsoll_events_discard;
use plimsoll_capi::calls::reading::{
    plimsoll_account_find, plimsoll_account_read, plimsoll_instrument_find,
    plimsoll_instrument_read, plimsoll_position_read,
};
use plimsoll_capi::calls::texts::{
    plimsoll_account_name, plimsoll_money_parse, plimsoll_money_text, plimsoll_price_parse,
    plimsoll_price_text, plimsoll_qty_parse, plimsoll_qty_text,
};
use plimsoll_capi::{
    Account, Cancel, CaseState, Event, EventKind, Instrument, Order, PLIMSOLL_REDUCE_ONLY,
    Permission, Reject, Replace, Side, Status, Wide,
};
use rig::{COMMANDS, CONFIG, EVENTS, Engine, Random, limit, refused};
use serde_json::Value;
use std::ffi::c_char;

const BUY: u8 = Side::Buy as u8;
const SELL: u8 = Side::Sell as u8;
const ANNA: u32 = 0;
const MAKER: u32 = 1;

fn replay(engine: &Engine, commands: &str) {
    for line in commands.lines() {
        let (status, _) = engine.line(line);
        assert!(matches!(status, Status::Ok | Status::Rejected), "{line}: {}", rig::last_error());
    }
}

#[test]
fn command_lines_give_the_events_of_the_readme() {
    let engine = Engine::exchange(CONFIG);
    replay(&engine, COMMANDS);
    assert_eq!(engine.lines(), EVENTS);
}

/// The kind a line of text has as a record.
fn kind_of(line: &Value) -> EventKind {
    match line["event"].as_str().expect("an event") {
        "opened" => EventKind::Opened,
        "deposit" => EventKind::Deposit,
        "withdrawal" => EventKind::Withdrawal,
        "accepted" => EventKind::Accepted,
        "rejected" => EventKind::Rejected,
        "cancelled" => EventKind::Cancelled,
        "replaced" => EventKind::Replaced,
        "trade" => EventKind::Trade,
        "mark" => EventKind::Mark,
        "phase" => EventKind::Phase,
        "band" => EventKind::Band,
        "margin" => EventKind::Margin,
        "auction" => EventKind::Auction,
        "tier" => EventKind::Tier,
        "margin_call" => EventKind::MarginCall,
        "restricted" => EventKind::Restricted,
        "unrestricted" => EventKind::Unrestricted,
        "case" => EventKind::Case,
        "fund" => EventKind::Fund,
        "debt" => EventKind::Debt,
        "triggered" => EventKind::Triggered,
        "refilled" => EventKind::Refilled,
        "indicative" => EventKind::Indicative,
        "settled" => EventKind::Settled,
        "settlement" => EventKind::Settlement,
        "listed" => EventKind::Listed,
        "delisted" => EventKind::Delisted,
        "expired" => EventKind::Expired,
        "busted" => EventKind::Busted,
        "adl" => EventKind::Deleveraged,
        "takeover" => EventKind::TakenOver,
        "socialised" => EventKind::Socialised,
        "reduction" => EventKind::Reduced,
        "funding" => EventKind::Funding,
        "index" => EventKind::Index,
        "leverage" => EventKind::Leverage,
        "margin_moved" => EventKind::MarginMoved,
        "profile" => EventKind::Profile,
        "scheduled" => EventKind::Scheduled,
        "terms" => EventKind::Terms,
        "permission" => EventKind::InstrumentPermission,
        "large_position" => EventKind::LargePosition,
        other => panic!("\"{other}\" has no kind in event.rs"),
    }
}

#[test]
fn every_event_there_is_has_a_record() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/event.schema.json");
    let schema = std::fs::read_to_string(path).expect("the schema of events");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let mut names = 0;
    for (name, shape) in schema["$defs"].as_object().expect("$defs") {
        let Some(event) = shape["properties"]["event"].as_object() else { continue };
        let event = event["const"].as_str().unwrap_or_else(|| panic!("{name} names its event"));
        assert_ne!(kind_of(&serde_json::json!({ "event": event })), EventKind::Other, "{event}");
        names += 1;
    }
    assert!(names > 20, "only {names} events found in the schema");
}

/// A line's word for a number that a record has, where the line has the word.
fn agrees(line: &Value, key: &str, number: u64, word: impl Fn(&str) -> u64) {
    if let Some(text) = line[key].as_str() {
        assert_eq!(word(text), number, "{key} of {line}");
    }
}

#[test]
fn records_say_what_the_lines_say() {
    let (texts, records) = (Engine::exchange(CONFIG), Engine::exchange(CONFIG));
    replay(&texts, COMMANDS);
    replay(&records, COMMANDS);
    let records = records.records();
    let mut next = records.iter();
    for line in texts.lines().lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let record = next.next().expect("a record");
        assert_eq!(
            (line["seq"].as_u64(), line["ts"].as_u64()),
            (Some(record.seq), Some(record.ts))
        );
        assert_eq!(record.kind, kind_of(&line) as u32, "{line}");
        let whole = |text: &str| text.parse().expect("a whole number");
        agrees(&line, "price", record.price as u64, whole);
        agrees(&line, "qty", record.qty, whole);
        agrees(&line, "filled", record.qty, whole);
        agrees(&line, "remaining", record.other_qty, whole);
        agrees(&line, "side", u64::from(record.side), |word| 1 + u64::from(word == "sell"));
        let account = |text: &str| u64::from(text == "maker");
        agrees(&line, "account", u64::from(record.account), account);
        agrees(&line, "taker", u64::from(record.account), account);
        agrees(&line, "maker", u64::from(record.maker), account);
        if let Some(id) = line["id"].as_str().or(line["taker_id"].as_str()) {
            assert_eq!(rig::text(&record.id), id);
        }
        if let Some(id) = line["maker_id"].as_str() {
            assert_eq!(rig::text(&record.other_id), id);
        }
        if let Some(case) = line["case"].as_u64() {
            assert_eq!(u64::from(record.case_id), case);
        }
        for (key, value) in
            [("equity", 1), ("margin", 2), ("shortfall", 0), ("maker_fee", 0), ("taker_fee", 1)]
        {
            let cents =
                |text: &str| (text.parse::<f64>().expect("a number") * 100.0).round() as u64;
            agrees(&line, key, record.values[value].low, cents);
        }
        let targets = line["targets"].as_array().map_or(0, Vec::len);
        for n in 1..=targets as u32 {
            let target = next.next().expect("a target");
            assert_eq!((target.kind, target.n), (EventKind::CaseTarget as u32, n));
            assert_eq!(target.seq, record.seq);
        }
    }
    assert_eq!(next.next(), None);
    let last = records.last().expect("records");
    assert!(
        records
            .iter()
            .any(|e| e.kind == EventKind::Case as u32 && e.code == CaseState::Restored as u16)
    );
    assert_eq!(last.seq, records.len() as u64 - 1, "one plan of one target");
}

#[test]
fn changed_terms_have_records() {
    let engine = Engine::exchange(CONFIG);
    let commands = [
        r#"{"ts":1,"cmd":"index","symbol":"RB","price":"5001"}"#,
        r#"{"ts":1,"cmd":"leverage","account":"anna","symbol":"RB","value":"5"}"#,
        r#"{"ts":1,"cmd":"schedule","symbol":"RB","at":9,"price_limit":"0.1"}"#,
        r#"{"ts":1,"cmd":"permission","symbol":"RB","permission":"close_only"}"#,
        r#"{"ts":9,"cmd":"time"}"#,
    ];
    replay(&engine, &commands.join("\n"));
    let records = engine.records();
    let kinds: Vec<u32> = records.iter().map(|record| record.kind).collect();
    let expected = [
        EventKind::Index,
        EventKind::Leverage,
        EventKind::Scheduled,
        EventKind::InstrumentPermission,
        EventKind::Terms,
    ];
    assert_eq!(kinds, expected.map(|kind| kind as u32));
    assert_eq!((records[0].instrument, records[0].price), (0, 5_001));
    assert_eq!((records[1].account, records[1].values[0].low), (ANNA, 5_000_000_000));
    assert_eq!(records[2].deadline, 9);
    assert_eq!(records[3].code, Permission::CloseOnly as u16);
    let terms = records[4];
    assert_eq!((terms.values[0].low, terms.n, terms.flags), (100_000_000, 0, 0));
}

/// The same random orders, by struct and by line.
#[test]
fn structs_and_lines_are_one_language() {
    one_language(CONFIG);
    let legs = "money_decimals = 2\nposition_mode = \"long_short\"";
    one_language(&CONFIG.replacen("money_decimals = 2", legs, 1));
}

/// Random commands, as structs and as lines, do the same under `config`.
fn one_language(config: &str) {
    let mut random = Random(11);
    let (structs, lines) = (Engine::exchange(config), Engine::exchange(config));
    for step in 0..4_000u64 {
        let (ts, account) = (step * 1_000_000, random.below(2) as u32);
        let name = ["anna", "maker"][account as usize];
        let id = format!("o{}", random.below(40));
        let (price, qty) = (4_985 + random.below(30) as i64, random.below(6));
        let (done, text) = match random.below(6) {
            0 => (
                structs.cancel(&Cancel { ts, account, id: rig::id(&id), ..Cancel::blank() }),
                format!(r#"{{"ts":{ts},"cmd":"cancel","account":"{name}","id":"{id}"}}"#),
            ),
            1 => (
                structs.replace(&Replace {
                    ts,
                    account,
                    price,
                    qty,
                    id: rig::id(&id),
                    ..Replace::blank()
                }),
                format!(
                    r#"{{"ts":{ts},"cmd":"replace","account":"{name}","id":"{id}","price":"{price}","qty":"{qty}"}}"#
                ),
            ),
            _ => {
                let (side, word) = random.pick(&[(BUY, "buy"), (SELL, "sell")]);
                let (order_type, kind) =
                    random.pick(&[(0, "limit"), (0, "limit"), (2, "stop"), (3, "stop_limit")]);
                let (tif, time) = random.pick(&[
                    (0, "gtc"),
                    (0, "gtc"),
                    (1, "ioc"),
                    (2, "fok"),
                    (3, "day"),
                    (4, "gtd"),
                ]);
                let reduce = random.below(8) == 0;
                let (offset, leg) = random.pick(&[
                    (0, ""),
                    (0, ""),
                    (1, r#","offset":"open""#),
                    (2, r#","offset":"close""#),
                    (3, r#","offset":"close_today""#),
                ]);
                let order = Order {
                    ts,
                    side,
                    order_type,
                    tif,
                    offset,
                    id: rig::id(&id),
                    trigger: if order_type > 1 { price } else { 0 },
                    expires: if tif == 4 { ts + 50_000_000 } else { 0 },
                    display: random.pick(&[0, 0, 1]),
                    flags: if reduce { PLIMSOLL_REDUCE_ONLY } else { 0 },
                    ..limit(account, side, price, qty)
                };
                let mut text = format!(
                    r#"{{"ts":{ts},"cmd":"order","account":"{name}","id":"{id}","symbol":"RB","side":"{word}","price":"{price}","qty":"{qty}","type":"{kind}","tif":"{time}","reduce_only":{reduce}{leg}"#
                );
                for (key, number) in [("trigger", order.trigger as u64), ("display", order.display)]
                {
                    if number != 0 {
                        text.push_str(&format!(r#","{key}":"{number}""#));
                    }
                }
                if order.expires != 0 {
                    text.push_str(&format!(r#","expires":{}"#, order.expires));
                }
                (structs.submit(&order), text + "}")
            }
        };
        let (status, receipt) = lines.line(&text);
        assert_eq!(done, (status, receipt), "step {step}: {text}: {}", rig::last_error());
        assert_eq!(structs.lines(), lines.lines(), "step {step}: {text}");
    }
    assert_eq!(structs.hash(), lines.hash());
}

#[test]
fn an_exchange_taken_up_again_goes_on_as_the_other_does() {
    let half: Vec<_> = COMMANDS.lines().collect();
    let whole = Engine::exchange(CONFIG);
    replay(&whole, &half[..6].join("\n"));
    let resting = whole.accept(&Order { ts: 4_000_000_000, ..limit(MAKER, BUY, 4_650, 2) });
    plimsoll_events_discard(whole.0);
    let again = Engine::exchange_from(CONFIG, &whole.snapshot()).expect("a whole snapshot");
    assert_eq!(again.hash(), whole.hash());
    assert_eq!(again.info(), whole.info());
    for engine in [&whole, &again] {
        let cancel =
            Cancel { ts: 4_000_000_000, account: MAKER, order: resting.order, ..Cancel::blank() };
        assert_eq!(engine.cancel(&cancel).0, Status::Ok);
        replay(engine, &half[6..].join("\n"));
    }
    assert_eq!(whole.lines(), again.lines());
    assert_eq!(whole.hash(), again.hash());
}

#[test]
fn orders_are_named_by_handle_or_by_id() {
    let engine = Engine::exchange(CONFIG);
    let by_handle = engine.accept(&limit(MAKER, SELL, 5_000, 3));
    assert_eq!((by_handle.number, by_handle.first_seq, by_handle.last_seq), (1, 1, 1));
    let by_id = engine.accept(&Order { id: rig::id("b"), ..limit(MAKER, SELL, 5_001, 3) });
    assert_eq!(by_id.number, 0);
    let replace = Replace {
        account: MAKER,
        order: by_handle.order,
        price: 5_002,
        qty: 3,
        ..Replace::blank()
    };
    let (status, moved) = engine.replace(&replace);
    assert_eq!((status, moved.number), (Status::Ok, 1));
    assert_ne!((moved.order, 0), (by_handle.order, moved.order));
    assert_eq!(refused(engine.replace(&replace)), Some(Reject::UnknownOrder), "a stale handle");
    let kept = Replace { order: moved.order, qty: 2, ..replace };
    assert_eq!(engine.replace(&kept).1.order, moved.order, "it kept its place");
    let cancel = |order, text| {
        engine.cancel(&Cancel { account: MAKER, order, id: rig::id(text), ..Cancel::blank() })
    };
    assert_eq!(cancel(by_id.order, "b").0, Status::BadValue, "one of the two");
    assert_eq!(cancel(0, "").0, Status::BadValue, "one of the two");
    assert_eq!(cancel(by_id.order, "").0, Status::Ok, "an order with an id has a handle too");
    assert_eq!(refused(cancel(0, "b")), Some(Reject::UnknownOrder));
    assert_eq!(cancel(moved.order, "").0, Status::Ok);
    let foreign =
        Cancel { account: ANNA, order: moved.order, instrument: 70_000, ..Cancel::blank() };
    assert_eq!(refused(engine.cancel(&foreign)), Some(Reject::UnknownOrder));
}

#[test]
fn refusals_come_in_the_order_of_precedence() {
    let engine = Engine::exchange(CONFIG);
    let order = limit(9, BUY, 0, 0);
    let order = Order { instrument: 9, ..order };
    assert_eq!(refused(engine.submit(&order)), Some(Reject::UnknownAccount));
    let order = Order { account: ANNA, instrument: 70_000, ..order };
    assert_eq!(refused(engine.submit(&order)), Some(Reject::UnknownSymbol));
    let order = Order { instrument: 0, ..order };
    assert_eq!(refused(engine.submit(&order)), Some(Reject::PriceOutOfRange));
    let order = Order { price: 9_999, ..order };
    assert_eq!(refused(engine.submit(&order)), Some(Reject::QuantityNotPositive));
    let order = Order { qty: 1, ..order };
    assert_eq!(refused(engine.submit(&order)), Some(Reject::PriceBand));
    let order = Order { price: 5_000, qty: 1_000, ..order };
    assert_eq!(refused(engine.submit(&order)), Some(Reject::Margin));
    assert_eq!(rig::last_error(), "margin and fees exceed what is available");
    let lines = engine.lines();
    let reasons: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["reason"].clone())
        .collect();
    let expected = [
        "unknown_account",
        "unknown_symbol",
        "price_out_of_range",
        "quantity_not_positive",
        "price_band",
        "margin",
    ];
    assert_eq!(reasons, expected);
    let replace = Replace { account: ANNA, order: 1, price: -1, ..Replace::blank() };
    assert_eq!(refused(engine.replace(&replace)), Some(Reject::UnknownOrder));
}

#[test]
fn accounts_instruments_and_positions_are_read() {
    let engine = Engine::exchange(CONFIG);
    let find = |name: &str| {
        let mut number = 77;
        // SAFETY: text with its length; a place for the number.
        let status = unsafe {
            plimsoll_account_find(engine.0, name.as_ptr().cast(), name.len(), &mut number)
        };
        (status, number)
    };
    assert_eq!([find("anna"), find("maker")], [(Status::Ok, ANNA), (Status::Ok, MAKER)]);
    assert_eq!([find("nobody"), find(""), find(&"x".repeat(99))], [(Status::NotFound, 77); 3]);
    let mut number = 77;
    // SAFETY: text with its length; a place for the number.
    let status =
        unsafe { plimsoll_instrument_find(engine.0, b"RB".as_ptr().cast(), 2, &mut number) };
    assert_eq!((status, number), (Status::Ok, 0));

    engine.accept(&limit(MAKER, SELL, 5_000, 30));
    engine.accept(&limit(ANNA, BUY, 5_000, 30));
    engine.line(r#"{"ts":0,"cmd":"mark","symbol":"RB","price":"4900"}"#);
    let mut account = Account::blank();
    // SAFETY: a live struct.
    assert_eq!(unsafe { plimsoll_account_read(engine.0, ANNA, &mut account) }, Status::Ok);
    // 200,000 paid in - 30 lots x 2 of fees - 30 lots x 100 x 10 of loss, in hundredths.
    assert_eq!(i128::from(account.equity), 20_000_000 - 6_000 - 3_000_000);
    assert_eq!((account.tier, account.permission), (1, Permission::Normal as u32));
    let mut lots = 0;
    // SAFETY: a place for the lots.
    assert_eq!(unsafe { plimsoll_position_read(engine.0, MAKER, 0, &mut lots) }, Status::Ok);
    assert_eq!(lots, -30);
    // SAFETY: a place for the lots.
    let status = unsafe { plimsoll_position_read(engine.0, 0, 1, &mut lots) };
    assert_eq!((status, lots), (Status::NotFound, -30));

    let mut instrument = Instrument::blank();
    // SAFETY: a live struct.
    assert_eq!(unsafe { plimsoll_instrument_read(engine.0, 0, &mut instrument) }, Status::Ok);
    assert_eq!(
        (rig::text(&instrument.symbol), instrument.mark, instrument.tick_value),
        ("RB", 4_900, 1_000)
    );
    assert_eq!((instrument.multiplier_mantissa, instrument.open_orders), (10, 0));
    let info = engine.info();
    assert_eq!((info.instruments, info.accounts, info.money_decimals), (1, 2, 2));
}

/// A configuration whose steps are no whole numbers.
fn fine() -> String {
    CONFIG
        .replace("tick_size = \"1\"", "tick_size = \"0.25\"")
        .replace("lot_size = \"1\"", "lot_size = \"0.1\"")
}

#[test]
fn decimals_are_exact_or_refused() {
    let engine = Engine::exchange(&fine());
    let of = |text: &str| (text.as_ptr().cast::<c_char>(), text.len());
    let price = |text| {
        let ((text, len), mut ticks) = (of(text), -7);
        // SAFETY: text with its length; a place for the ticks.
        (unsafe { plimsoll_price_parse(engine.0, 0, text, len, &mut ticks) }, ticks)
    };
    assert_eq!(price("4999.75"), (Status::Ok, 19_999));
    for wrong in ["4999.8", "0", "-1", "1e3", "", "268435456.25"] {
        assert_eq!(price(wrong), (Status::BadText, -7), "{wrong}");
    }
    let qty = |text| {
        let ((text, len), mut lots) = (of(text), 7);
        // SAFETY: text with its length; a place for the lots.
        (unsafe { plimsoll_qty_parse(engine.0, 0, text, len, &mut lots) }, lots)
    };
    assert_eq!(
        [qty("2.5"), qty("2.55"), qty("0")],
        [(Status::Ok, 25), (Status::BadText, 7), (Status::BadText, 7)]
    );
    let money = |text| {
        let ((text, len), mut money) = (of(text), Wide::default());
        // SAFETY: text with its length; a place for the money.
        (unsafe { plimsoll_money_parse(engine.0, text, len, &mut money) }, i128::from(money))
    };
    assert_eq!([money("-12.34"), money("0.001")], [(Status::Ok, -1_234), (Status::BadText, 0)]);

    let mut room = [0u8; 64];
    let shown = |status, room: &[u8; 64]| {
        assert_eq!(status, Status::Ok);
        std::ffi::CStr::from_bytes_until_nul(room)
            .expect("an end")
            .to_str()
            .expect("UTF-8")
            .to_owned()
    };
    let (text, none) = (room.as_mut_ptr().cast::<c_char>(), std::ptr::null_mut());
    // SAFETY: room for 64 bytes.
    let status = unsafe { plimsoll_price_text(engine.0, 0, 19_999, text, 64, none) };
    assert_eq!(shown(status, &room), "4999.75");
    // SAFETY: room for 64 bytes.
    let status = unsafe { plimsoll_qty_text(engine.0, 0, u64::MAX, text, 64, none) };
    assert_eq!(shown(status, &room), "1844674407370955161.5");
    // SAFETY: room for 64 bytes.
    let status = unsafe { plimsoll_money_text(engine.0, i128::MIN.into(), text, 64, none) };
    assert_eq!(shown(status, &room), "-1701411834604692317316873037158841057.28");
    // SAFETY: room for 64 bytes.
    let status = unsafe { plimsoll_account_name(engine.0, ANNA, text, 64, none) };
    assert_eq!(shown(status, &room), "anna");
    // SAFETY: room for 64 bytes.
    let status = unsafe { plimsoll_price_text(engine.0, 0, 0, text, 64, none) };
    assert_eq!(status, Status::BadValue);
}

#[test]
fn the_state_is_text_with_the_hash_in_it() {
    let engine = Engine::exchange(CONFIG);
    replay(&engine, COMMANDS);
    let mut length = 0;
    // SAFETY: no room, a place for the length.
    let status = unsafe { plimsoll_state_text(engine.0, std::ptr::null_mut(), 0, &mut length) };
    assert_eq!(status, Status::TooSmall);
    let mut text = vec![0u8; length];
    // SAFETY: room for as many bytes as said.
    let status =
        unsafe { plimsoll_state_text(engine.0, text.as_mut_ptr().cast(), text.len(), &mut length) };
    assert_eq!((status, text.pop()), (Status::Ok, Some(0)));
    assert_eq!(length, text.len());
    let state: Value = serde_json::from_slice(&text).expect("JSON");
    let (high, low) = engine.hash();
    assert_eq!(state["hash"], format!("{high:016x}{low:016x}"));
}

#[test]
fn a_stop_waits_and_enters_when_its_price_comes() {
    let engine = Engine::exchange(CONFIG);
    engine.accept(&limit(MAKER, SELL, 5_000, 1));
    engine.accept(&limit(MAKER, SELL, 5_010, 5));
    let stop = Order { order_type: 3, trigger: 5_000, ..limit(MAKER, BUY, 5_005, 2) };
    let waiting = engine.accept(&stop);
    assert_ne!(waiting.order, 0, "it can be cancelled by handle while it waits");
    engine.records();
    engine.accept(&limit(ANNA, BUY, 5_000, 1));
    let records = engine.records();
    let triggered: Vec<&Event> =
        records.iter().filter(|event| event.kind == EventKind::Triggered as u32).collect();
    assert_eq!(triggered.len(), 1);
    assert_eq!((triggered[0].number, triggered[0].account), (waiting.number, MAKER));
    assert_ne!(triggered[0].order, 0, "it rests now");
    let cancel = Cancel { account: MAKER, order: triggered[0].order, ..Cancel::blank() };
    assert_eq!(engine.cancel(&cancel).0, Status::Ok);
}
