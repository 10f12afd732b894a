//! A server's data directory seen from the command line: what was recorded comes out again, to the last event and the last bit.

use plimsoll_exchange::Exchange;
use plimsoll_gateway::journal::Options;
use plimsoll_gateway::store::{
    DataOptions, keep_configuration, recover, snapshots_of, write_snapshot,
};
use plimsoll_gateway::{Batch, Engine, Inbound, Once, UserId};
use plimsoll_text::{Line, read_config, write_event};
use plimsoll_types::{Command, InstrumentId, OrderRef};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const EXCHANGE: &str = include_str!("../examples/exchange.toml");
const COMMANDS: &str = include_str!("../examples/liquidation.jsonl");

/// A folder of its own for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journal").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn plimsoll(args: &[&str]) -> Output {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(args).output();
    run.expect("the program runs")
}

fn good(args: &[&str]) -> String {
    let output = plimsoll(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What a server did.
struct Server {
    folder: PathBuf,
    data: String,
    config: String,
    events: String,
    hash: String,
}

/// The example's commands, then orders without ids, by handle, and one that an edge refused; a snapshot after `snapshot` commands.
fn server(test: &str, snapshot: u64) -> Server {
    let folder = folder(test);
    let (data, config) = (folder.join("data"), folder.join("exchange.toml"));
    fs::write(&config, EXCHANGE).expect("a place for it");
    let spec = read_config("exchange.toml", EXCHANGE).expect("the example is good");
    let journal = Options { segment_bytes: 1024, ..Options::default() };
    let options = DataOptions { journal, ..DataOptions::new(&data) };
    let mut found = recover(&options, &spec, &[], &mut |_, _, _| {}).expect("an empty directory");
    keep_configuration(&data, EXCHANGE).expect("a place for it");
    found.engine.keep_log();
    let mut text = Vec::new();
    let mut send = |engine: &mut Engine, ts, command| {
        let mut batch = Batch::default();
        let (user, once) = (UserId::SERVER, Once::Unmarked);
        engine.carry_out(&Inbound { received: ts, user, once, tag: 0, command }, &mut batch);
        found.journal.commit(&[&batch]).expect("a sound disk");
        batch.events.iter().for_each(|event| write_event(&mut text, engine.exchange(), event));
        if engine.number() == snapshot {
            let saved = plimsoll_gateway::store::Saved::of(engine);
            let configuration =
                plimsoll_exchange::configuration_hash(&engine.exchange().configuration());
            let disk = plimsoll_gateway::journal::Files;
            write_snapshot(&disk, &snapshots_of(&data), configuration, &saved)
                .expect("a sound disk");
        }
        batch
    };
    let engine = &mut found.engine;
    for line in COMMANDS.lines() {
        let line = Line::read(line.as_bytes(), engine.exchange().spec()).expect("a good line");
        let command = line.resolve(engine.exchange());
        send(engine, line.ts, command);
    }
    for command in numbered(engine.exchange()) {
        send(engine, 60_000_000_000, command);
    }
    let batch = send(engine, 60_000_000_000, numbered(engine.exchange())[0].clone());
    let handle = batch.events.iter().find_map(|event| match event.kind {
        plimsoll_types::EventKind::Accepted { handle, .. } => handle,
        _ => None,
    });
    let order = OrderRef::Handle(InstrumentId(0), handle.expect("it rests"));
    let account = engine.exchange().account_id(&label("maker")).expect("it is there");
    send(engine, 60_000_000_001, Command::Cancel { account, order });
    let hash = format!("{:032x}", engine.exchange().state_hash());
    let events = String::from_utf8(text).expect("text");
    found.journal.close().expect("a sound disk");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Server { data: text(&data), config: text(&config), folder, events, hash }
}

fn label(text: &str) -> plimsoll_types::Label {
    plimsoll_types::Label::new(text).expect("a short name")
}

/// An order without an id, and what an edge refused.
fn numbered(exchange: &Exchange) -> [Command; 2] {
    use plimsoll_types::{NewOrder, Price, Qty, Reject, Side};
    let maker = exchange.account_id(&label("maker")).expect("it is there");
    let price = Price::new(4_650).expect("a price");
    let order = NewOrder::limit(maker, InstrumentId(0), Side::Buy, price, Qty::new(2));
    let (account, id) = (Some(label("anna")), Some(label("far")));
    [Command::Order(order), Command::Refused { account, id, reason: Reject::Collar }]
}

#[test]
fn replay_of_a_journal_gives_the_servers_events_and_state() {
    let server = server("replay", 5);
    let state = server.folder.join("state.json").to_string_lossy().into_owned();
    let args = ["replay", &server.config, "--journal", &server.data, "--state", &state];
    assert_eq!(good(&args), server.events);
    let told: serde_json::Value =
        serde_json::from_slice(&fs::read(&state).expect("it was written")).expect("JSON");
    assert_eq!(told["hash"], server.hash.as_str());
    let from =
        ["replay", &server.config, "--journal", &server.data, "--from-snapshot", "--state", &state];
    let tail = good(&from);
    assert!(server.events.ends_with(&tail) && tail.len() < server.events.len() && !tail.is_empty());
    let told: serde_json::Value =
        serde_json::from_slice(&fs::read(&state).expect("it was written")).expect("JSON");
    assert_eq!(told["hash"], server.hash.as_str());
}

#[test]
fn a_dump_replays_to_the_same_events() {
    let server = server("dump", 0);
    let lines = good(&["journal", "dump", &server.data]);
    assert_eq!(lines.lines().count(), COMMANDS.lines().count() + 4);
    let path = server.folder.join("commands.jsonl").to_string_lossy().into_owned();
    fs::write(&path, &lines).expect("a place for it");
    assert_eq!(good(&["replay", &server.config, &path]), server.events);
    let given = good(&["journal", "dump", &server.data, "--exchange", &server.config]);
    assert_eq!(given, lines);
}

#[test]
fn stat_counts_and_verify_names_the_damage() {
    let server = server("verify", 7);
    let records = COMMANDS.lines().count() as u64 + 4;
    let told: serde_json::Value =
        serde_json::from_str(&good(&["journal", "stat", &server.data, "--json"])).expect("JSON");
    assert_eq!((&told["records"], &told["last"]), (&records.into(), &records.into()));
    assert_eq!(told["snapshots"], serde_json::json!([7]));
    assert!(told["segments"].as_array().expect("a list").len() > 1);
    assert!(good(&["journal", "stat", &server.data]).contains("snapshots: 7"));
    let told: serde_json::Value =
        serde_json::from_str(&good(&["journal", "verify", &server.data, "--json"])).expect("JSON");
    assert_eq!((&told["records"], &told["snapshots"]), (&records.into(), &1.into()));
    let segment = Path::new(&server.data).join("journal/00000000000000000001.seg");
    let snapshot = Path::new(&server.data).join("snapshots/00000000000000000007.snap");
    for (file, place) in
        [(&snapshot, "snap: the snapshot is cut short or damaged"), (&segment, "seg: byte 64: ")]
    {
        let bytes = fs::read(file).expect("it is there");
        let mut other = bytes.clone();
        other[100] ^= 4;
        fs::write(file, &other).expect("a place for it");
        let output = plimsoll(&["journal", "verify", &server.data]);
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(line.contains(place) && line.lines().count() == 1, "{line}");
        fs::write(file, &bytes).expect("a place for it");
    }
}

#[test]
fn what_is_no_data_directory_is_refused_in_one_line() {
    let folder = folder("refused").to_string_lossy().into_owned();
    let config = format!("{folder}/exchange.toml");
    fs::write(&config, EXCHANGE).expect("a place for it");
    for args in [
        vec!["journal", "verify", &folder],
        vec!["journal", "stat", &folder],
        vec!["journal", "dump", &folder],
        vec!["replay", &config, "--journal", &folder],
        vec!["replay", &config],
        vec!["replay", &config, &config, "--journal", &folder],
        vec!["replay", &config, &config, "--from-snapshot"],
    ] {
        let output = plimsoll(&args);
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}
