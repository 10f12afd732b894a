//! `plimsoll serve` as a program: real sockets, real signals, a real disk.

#![cfg(all(unix, feature = "fix", feature = "http"))]

#[path = "serve/clients.rs"]
mod clients;
#[path = "serve/damage.rs"]
mod damage;
#[path = "serve/refused.rs"]
mod refused;
#[path = "serve/rig.rs"]
mod rig;

use clients::{Fix, Web, WebSocket};
use plimsoll::gateway::binary::client::{Client, Position, Reply};
use plimsoll::gateway::binary::events::Happened;
use plimsoll::gateway::feed::FeedReader;
use plimsoll::gateway::feed::messages::FeedMessage;
use plimsoll::types::{NewOrder, Price, Qty, Side};
use rig::{Folder, PATIENCE, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// The number of the event, the price and the lots.
type Trade = (u64, u64, u64);

/// The next trade that a session in binary is told of.
fn executed(client: &mut Client) -> Trade {
    loop {
        match client.next(PATIENCE).expect("a connection") {
            Some(Reply::Happened(Happened::Executed(trade))) => {
                return (trade.stamp.seq.get(), trade.price.get().into(), trade.qty.get());
            }
            Some(Reply::Ended(reason)) => panic!("the session ended: {reason:?}"),
            Some(_) => {}
            None => panic!("no trade was told in binary"),
        }
    }
}

/// So many trades of the feed, price and lots.
fn fed(reader: &mut FeedReader, wanted: usize) -> Vec<(u64, u64)> {
    let mut trades = Vec::new();
    while trades.len() < wanted {
        let read = reader.read(|_, message, _| {
            if let FeedMessage::Trade(trade) = message {
                trades.push((trade.price.get().into(), trade.qty.get()));
            }
        });
        read.expect("the feed goes on");
    }
    trades
}

fn feed_of(address: SocketAddr) -> FeedReader {
    let mut reader = FeedReader::connect(address).expect("the feed listens");
    reader.stream().set_read_timeout(Some(PATIENCE)).expect("a time-out");
    while !reader.fold().is_whole() {
        reader.read(|_, _, _| {}).expect("a snapshot comes");
    }
    reader
}

fn binary_of(server: &Server, folder: &Folder, position: Position) -> Client {
    let secret = plimsoll::gateway::auth::from_hex(folder.secret("anna")).expect("hex");
    Client::connect(server.address("binary"), "anna", &secret, position).expect("a login")
}

fn order(account: &str, id: &str, side: &str, qty: u32) -> Value {
    let (price, qty) = ("5000", qty.to_string());
    json!({"account":account,"id":id,"symbol":"RB","side":side,"price":price,"qty":qty})
}

/// An order by each protocol; what everybody was told of it.
fn trade_by_every_protocol(folder: &Folder, server: &Server) -> Position {
    let mut stream = WebSocket::connect(server.address("http"));
    stream.send(&json!({"op":"subscribe","channel":"trades","symbol":"RB"}));
    assert_eq!(stream.receive()["type"], "snapshot");
    let mut feed = feed_of(server.address("feed"));
    let mut binary = binary_of(server, folder, Position::default());
    let mut fix = Fix::log_on(server.address("fix"), "anna", folder.secret("anna"));

    let mut maker = Web::connect(server.address("http"), "maker", folder.secret("maker"));
    let (status, answer) = maker.post("/v1/orders", &order("maker", "m1", "sell", 30));
    assert_eq!((status, &answer["durability"]), (201, &json!("synced")), "{answer}");

    let mut trades = BTreeSet::new();
    let (account, instrument) = (binary.account("anna"), binary.instrument("RB"));
    let (account, instrument) = (account.expect("hers"), instrument.expect("it is listed"));
    let price = Price::new(5_000).expect("a price");
    let bought = NewOrder::limit(account, instrument, Side::Buy, price, Qty::new(1));
    binary.enter(&bought).expect("a connection");
    trades.insert(executed(&mut binary));

    fix.send("D", "11=f1|55=RB|54=1|38=2|40=2|44=5000|59=1|60=20261122-00:00:00|");
    // The one before it is the order of the binary session, which this one hears of too.
    let report = fix.until("32=2");
    assert!(report.contains("|11=f1|") && report.contains("|150=F|"), "{report}");
    trades.insert(executed(&mut binary));

    let mut anna = Web::connect(server.address("http"), "anna", folder.secret("anna"));
    let (status, answer) = anna.post("/v1/orders", &order("anna", "h1", "buy", 3));
    assert_eq!(status, 201, "{answer}");
    trades.insert(executed(&mut binary));

    let told: BTreeSet<Trade> = (0..3).map(|_| stream.trade()).collect();
    assert_eq!(told, trades);
    let quantities = BTreeSet::from_iter(trades.iter().map(|trade| (trade.1, trade.2)));
    assert_eq!(quantities, BTreeSet::from([(5_000, 1), (5_000, 2), (5_000, 3)]));
    assert_eq!(BTreeSet::from_iter(fed(&mut feed, 3)), quantities);
    assert_eq!(anna.get("/v1/status")["number"], 4);
    assert_eq!(anna.get("/v1/accounts/anna")["positions"][0]["qty"], "6");
    binary.position()
}

/// What the audit makes of the data directory: the trades, and the hash of the state at the end.
fn audited(folder: &Folder, words: &[&str]) -> (BTreeSet<Trade>, String) {
    let (events, state) = (folder.path("events.jsonl"), folder.path("state.json"));
    let mut args = vec!["replay", "examples/exchange.toml", "--journal", folder.data()];
    args.extend(["--events", &events, "--state", &state]);
    args.extend(words);
    let ended = rig::run(&args);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let events = std::fs::read_to_string(events).expect("it was written");
    let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).expect("digits");
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let trades = events
        .filter(|event| event["event"] == "trade")
        .map(|trade| {
            (
                trade["seq"].as_u64().expect("it has one"),
                number(&trade["price"]),
                number(&trade["qty"]),
            )
        })
        .collect();
    let state = std::fs::read(state).expect("it was written");
    let state: Value = serde_json::from_slice(&state).expect("JSON");
    (trades, state["hash"].as_str().expect("it has one").to_owned())
}

/// Orders in by every protocol, out by every protocol, stopped, looked at, started again, killed, started again.
fn lives_and_lives_again(name: &str, gateway: &str) {
    let folder = Folder::with_keys(name);
    let gateway = folder.write("gateway.toml", gateway);
    let server = Server::start(&folder, &["--gateway", &gateway]);
    let position = trade_by_every_protocol(&folder, &server);
    let before = Web::connect(server.address("http"), "anna", folder.secret("anna"))
        .get("/v1/accounts/anna");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(ended.said.contains("stopped after command 4"), "{}", ended.said);

    let (trades, hash) = audited(&folder, &[]);
    assert_eq!(trades.iter().map(|trade| trade.2).sum::<u64>(), 6);
    // The snapshot is the server's own state, not one made of its journal.
    assert_eq!(audited(&folder, &["--from-snapshot"]), (BTreeSet::new(), hash.clone()));

    let server = Server::start(&folder, &["--gateway", &gateway]);
    assert!(
        server.said().contains("took up the configuration and 4 commands"),
        "{}",
        server.said()
    );
    let mut anna = Web::connect(server.address("http"), "anna", folder.secret("anna"));
    assert_eq!(anna.get("/v1/accounts/anna"), before);
    // The very same order again is a copy, though another process took it.
    let (status, copy) = anna.post("/v1/orders", &order("anna", "h1", "buy", 3));
    assert_eq!((status, &copy["copy"]), (200, &json!(true)), "{copy}");
    let (status, answer) = anna.post("/v1/orders", &order("anna", "h2", "buy", 4));
    assert_eq!(status, 201, "{answer}");
    // In binary the session goes on behind the last event it had, in the process before.
    assert_eq!(executed(&mut binary_of(&server, &folder, position)).2, 4);
    server.kill();

    let server = Server::start(&folder, &["--gateway", &gateway]);
    let mut anna = Web::connect(server.address("http"), "anna", folder.secret("anna"));
    assert_eq!(anna.get("/v1/status")["number"], 5);
    assert_eq!(anna.get("/v1/accounts/anna")["positions"][0]["qty"], "10");
    assert_eq!(server.stop().code, Some(0));
    let (trades, after) = audited(&folder, &[]);
    assert_eq!(trades.iter().map(|trade| trade.2).sum::<u64>(), 10);
    assert_ne!(after, hash);
    assert_eq!(audited(&folder, &["--from-snapshot"]).1, after);
}

#[test]
fn orders_come_in_and_go_out_by_every_protocol_and_outlive_the_process() {
    lives_and_lives_again("threads", "");
}

#[test]
fn one_thread_does_the_same() {
    lives_and_lives_again("one-thread", "[engine]\none_thread = true\n");
}
