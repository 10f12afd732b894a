//! WebSocket streams: what each channel tells, that differences fold to the book, who may hear what.

use super::client::Stream;
use super::*;
use crate::house::Random;
use plimsoll_types::{AccountId, Command, InstrumentId, NewOrder, Price, Qty, Side};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

#[test]
fn an_order_trades_and_both_streams_tell_it() {
    let rig = Rig::start();
    let mut anna = rig.client("anna").stream();
    let mut public = rig.stranger().stream();
    assert_eq!(public.subscribe("trades", Some("RB"))["data"], json!([]));
    assert_eq!(
        public.subscribe("marks", None)["data"],
        json!([{ "symbol": "RB", "price": "5000" }])
    );
    let orders = anna.subscribe("orders", None);
    assert_eq!(orders["data"], json!([{ "account": "anna", "orders": [] }]));
    assert_eq!(anna.subscribe("risk", None)["data"][0]["tier"], "normal");

    rig.client("maker").post("/v1/orders", &order("maker", "m1", "sell", "5001", "5"));
    rig.client("anna").post("/v1/orders", &order("anna", "a1", "buy", "5001", "3"));
    let trade = public.next();
    assert_eq!((&trade["channel"], &trade["sequence"]), (&json!("trades"), &json!(1)));
    assert_eq!((&trade["data"]["price"], &trade["data"]["qty"]), (&json!("5001"), &json!("3")));
    for secret in ["maker", "taker", "maker_id", "taker_id", "maker_fee", "taker_fee"] {
        assert!(trade["data"].get(secret).is_none(), "{secret}: {trade}");
    }
    assert_eq!(public.next()["data"]["price"], "5001");
    let (accepted, fill) = (anna.next(), anna.next());
    assert_eq!(
        (&accepted["sequence"], &accepted["data"]["event"]),
        (&json!(1), &json!("accepted"))
    );
    assert_eq!((&fill["sequence"], &fill["data"]["taker_id"]), (&json!(2), &json!("a1")));
    assert!(fill["data"].get("maker").is_none(), "{fill}");
    rig.stop();
}

#[test]
fn an_account_opened_later_is_heard_and_a_case_without_its_name() {
    let rig = Rig::start();
    let mut later = rig.client("later").stream();
    assert_eq!(later.subscribe("risk", None)["data"], json!([]));
    let mut public = rig.stranger().stream();
    assert_eq!(public.subscribe("liquidations", None)["data"], json!([]));
    let mut ops = rig.client("ops");
    let open = json!({ "cmd": "open_account", "account": "later", "profile": "standard" });
    ops.post("/v1/admin/commands", &open);
    assert_eq!(later.next()["data"]["event"], "opened");

    rig.client("maker").post("/v1/orders", &order("maker", "m1", "sell", "5000", "39"));
    rig.client("anna").post("/v1/orders", &order("anna", "a1", "buy", "5000", "39"));
    ops.post("/v1/admin/commands", &json!({ "cmd": "mark", "symbol": "RB", "price": "4700" }));
    let case = public.next();
    assert_eq!(
        (&case["data"]["event"], &case["data"]["state"]),
        (&json!("case"), &json!("triggered"))
    );
    assert!(!case.to_string().contains("anna"), "{case}");
    rig.stop();
}

/// A book as a client keeps it.
#[derive(Default)]
struct Fold {
    sequence: u64,
    sides: [BTreeMap<u64, String>; 2],
}

impl Fold {
    fn take(&mut self, message: &Value) {
        if message["type"] == "snapshot" {
            *self = Fold { sequence: message["sequence"].as_u64().unwrap(), ..Fold::default() };
        } else {
            assert_eq!(message["sequence"].as_u64(), Some(self.sequence + 1));
            self.sequence += 1;
        }
        for (side, key) in ["bids", "asks"].iter().enumerate() {
            for level in message[key].as_array().unwrap() {
                let (price, qty) = (level[0].as_str().unwrap(), level[1].as_str().unwrap());
                let price: u64 = price.parse().unwrap();
                if qty == "0" {
                    assert!(self.sides[side].remove(&price).is_some(), "{message}");
                } else {
                    self.sides[side].insert(price, qty.to_owned());
                }
            }
        }
    }

    fn levels(&self) -> [Vec<Value>; 2] {
        let level = |(price, qty): (&u64, &String)| json!([price.to_string(), qty]);
        [self.sides[0].iter().rev().map(level).collect(), self.sides[1].iter().map(level).collect()]
    }
}

#[test]
fn a_fold_of_the_differences_is_the_book() {
    let rig = Rig::start();
    let mut stream = rig.stranger().stream();
    let mut fold = Fold::default();
    fold.take(&stream.subscribe("book", Some("RB")));
    let mut random = Random(5);
    let mut draw = |n: u64| random.below(n);
    for n in 0..3_000u64 {
        let side = if draw(2) == 0 { Side::Buy } else { Side::Sell };
        let price = Price::new(4_980 + draw(40) as i64).unwrap();
        let maker = AccountId(1);
        let new = NewOrder::limit(maker, InstrumentId(0), side, price, Qty::new(1 + draw(9)));
        let command = match draw(100) {
            0 => Command::CancelAll { account: maker, instrument: None, side: Some(side) },
            _ => Command::Order(new),
        };
        submit(&rig, command);
        if n % 500 == 499 {
            assert!(rig.follower.wait_for(n + 1, client::PATIENCE));
            let book = rig.stranger().get("/v1/books/RB?depth=1000").json;
            let seq = book["seq"].as_u64().unwrap();
            let until = Instant::now() + client::PATIENCE;
            let wanted =
                [&book["bids"], &book["asks"]].map(|side| side.as_array().unwrap().clone());
            while fold.levels() != wanted {
                let message = stream.next();
                assert!(message["seq"].as_u64().unwrap() <= seq && Instant::now() < until);
                fold.take(&message);
            }
        }
    }
    // Who comes now is told the same book.
    let mut late = Fold::default();
    late.take(&rig.stranger().stream().subscribe("book", Some("RB")));
    assert_eq!((late.levels(), late.sequence), (fold.levels(), fold.sequence));
    rig.stop();
}

/// Puts a command into the queue, again where it is full.
fn submit(rig: &Rig, command: Command) {
    let inbound = crate::Inbound {
        received: 0,
        user: crate::UserId::SERVER,
        once: crate::Once::Unmarked,
        tag: 0,
        command,
    };
    while rig.intake.submit(inbound.clone()).is_err() {
        std::thread::yield_now();
    }
}

#[test]
fn a_slow_reader_is_cut_off_and_costs_only_itself() {
    let options = Options { stream_queue: 64, ..Options::default() };
    let rig = Rig::with(options, people());
    let mut slow = rig.client("maker").stream();
    slow.subscribe("orders", None);
    let until = Instant::now() + client::PATIENCE;
    let streams = |rig: &Rig| rig.stranger().get("/v1/status").json["streams"].as_u64().unwrap();
    assert_eq!(streams(&rig), 1);
    while streams(&rig) > 0 {
        assert!(Instant::now() < until, "never cut off");
        for _ in 0..2_000 {
            let price = Price::new(5_000).unwrap();
            let new = NewOrder::limit(AccountId(1), InstrumentId(0), Side::Buy, price, Qty::new(1));
            submit(&rig, Command::Order(new));
        }
        submit(&rig, Command::CancelAll { account: AccountId(1), instrument: None, side: None });
    }
    let close = loop {
        match slow.socket.read().unwrap() {
            Message::Close(frame) => break frame.unwrap(),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(close.code, CloseCode::Again);
    assert!(close.reason.as_str().starts_with("slow reader"));
    let mut back = rig.client("maker").stream();
    assert_eq!(back.subscribe("orders", None)["type"], "snapshot");
    rig.stop();
}

#[test]
fn what_a_stream_may_not_is_said_and_too_much_of_it_ends_it() {
    let rig = Rig::start();
    let mut stream = rig.stranger().stream();
    let table = [
        ("[]", "malformed"),
        ("{\"op\":\"subscribe\"", "malformed"),
        ("{\"op\":\"fly\"}", "malformed"),
        ("{\"op\":\"subscribe\",\"channel\":\"book\"}", "malformed"),
        ("{\"op\":\"subscribe\",\"channel\":\"book\",\"symbol\":\"XX\"}", "unknown_symbol"),
        ("{\"op\":\"subscribe\",\"channel\":\"marks\",\"symbol\":\"RB\"}", "malformed"),
        ("{\"op\":\"subscribe\",\"channel\":\"marks\",\"x\":1}", "malformed"),
        ("{\"op\":\"subscribe\",\"channel\":\"orders\"}", "unsigned"),
        (
            "{\"op\":\"auth\",\"user\":\"anna\",\"timestamp\":\"1\",\"nonce\":\"12345678\",\"signature\":\"00\"}",
            "signature",
        ),
    ];
    for (text, code) in table {
        stream.socket.send(Message::text(text)).unwrap();
        assert_eq!(stream.next()["error"]["code"], code, "{text}");
    }
    assert_eq!(ended(&mut stream, 1_000), CloseCode::Policy);
    let mut binary = rig.stranger().stream();
    binary.socket.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(ended(&mut binary, 0), CloseCode::Unsupported);
    rig.stop();
}

/// Sends so many messages and reads to the close.
fn ended(stream: &mut Stream, messages: usize) -> CloseCode {
    for _ in 0..messages {
        if stream.socket.send(Message::text("{}")).is_err() {
            break;
        }
    }
    loop {
        if let Message::Close(frame) = stream.socket.read().unwrap() {
            return frame.unwrap().code;
        }
    }
}

#[test]
fn who_answers_no_ping_is_gone() {
    let options = Options { ping: Duration::from_millis(20), ..Options::default() };
    let rig = Rig::with(options, people());
    let stream = rig.stranger().stream();
    let until = Instant::now() + client::PATIENCE;
    let streams = |rig: &Rig| rig.stranger().get("/v1/status").json["streams"].as_u64().unwrap();
    // The client's library answers pings while it reads, and it does not read.
    while streams(&rig) > 0 {
        assert!(Instant::now() < until);
    }
    drop(stream);
    rig.stop();
}
