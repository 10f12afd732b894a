//! The server killed at random moments under load, again and again: nothing acknowledged is lost, nothing is carried out twice.
//!
//! A client keeps a list of what it has sent and of what was answered. After each kill -9 the server starts over its data directory;
//! the client logs in, hears what it had missed, and sends again, under the same numbers, what the server says it has not carried
//! out. At the end the journal is replayed from its first command: every order of the list is there once, and every event that the
//! client was told of has the number and the time it was told with.
//!
//!     PLIMSOLL_CRASHES=200 cargo test --release --test crash

use plimsoll::gateway::binary::client::{Client, Position, Reply};
use plimsoll::gateway::binary::events::Happened;
use plimsoll::types::{AccountId, InstrumentId, Label, NewOrder, Price, Qty, Side, TimeInForce};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Messages sent and not answered, at most.
const WINDOW: usize = 64;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn plimsoll() -> Command {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts over `data` and waits until it says where it listens.
    fn start(data: &Path) -> Server {
        let mut child = plimsoll()
            .args(["serve", "examples/exchange.toml", "--binary", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .arg("--gateway")
            .arg(data.join("gateway.toml"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("piped");
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let address = lines.by_ref().find_map(|line| {
            let address = line.split_whitespace().find(|word| word.starts_with("127.0.0.1:"));
            let address = address.filter(|_| line.contains("binary")).map(str::to_owned);
            said.push(line);
            address
        });
        // What it says later must have somewhere to go.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap_or_else(|| panic!("the server ended:\n{}", said.join("\n")));
        Server { child, address }
    }

    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Asks it to end, and sees that it ends well.
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(asked.success());
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => return assert!(status.success(), "{status}"),
                None => assert!(Instant::now() < until, "the server does not end"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What the client knows.
#[derive(Default)]
struct Ledger {
    position: Position,
    /// Sent, not answered, by the message's number.
    open: BTreeMap<u64, NewOrder>,
    /// Answered: the event's number and time, by the message's.
    answered: BTreeMap<u64, (u64, u64)>,
    last: u64,
}

impl Ledger {
    /// Takes what the client hears; `false` where the connection is over.
    fn hear(&mut self, reply: Option<Reply>) -> bool {
        match reply {
            Some(Reply::Happened(Happened::Accepted(accepted))) => {
                let stamp = accepted.stamp;
                let number = stamp.answers.get();
                let order = self.open.remove(&number);
                let order = order.unwrap_or_else(|| panic!("message {number} is answered again"));
                assert_eq!(order.id.expect("named").as_str(), accepted.id.text());
                self.answered.insert(number, (stamp.seq.get(), stamp.ts.get()));
                true
            }
            Some(Reply::Happened(Happened::Rejected(rejected))) => panic!("{rejected:?}"),
            Some(Reply::Refused(refused)) => panic!("{refused:?}"),
            Some(Reply::Ended(_)) => false,
            _ => true,
        }
    }

    fn next_order(&mut self, account: AccountId, draw: u64) -> NewOrder {
        self.last += 1;
        let side = if draw & 1 == 0 { Side::Buy } else { Side::Sell };
        let price = Price::new(4990 + (draw >> 1) as i64 % 20).expect("a price");
        let order = NewOrder::limit(account, InstrumentId(0), side, price, Qty::new(1 + draw % 3));
        let tif = if draw.is_multiple_of(5) { TimeInForce::Ioc } else { TimeInForce::Gtc };
        NewOrder { id: Label::new(&format!("o{}", self.last)), tif, ..order }
    }
}

struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// A session: catches up, sends again, and goes on until `answers` more have come.
fn session(server: &Server, secret: &[u8], ledger: &mut Ledger, draws: &mut Draws, answers: usize) {
    let mut client = Client::connect(&server.address, "desk", secret, ledger.position)
        .unwrap_or_else(|error| panic!("{error}"));
    if ledger.position.next_event == 0 {
        ledger.position = client.position();
    }
    let account = client.account("maker").expect("the desk's account");
    let carried_out = client.welcome().last_sequence.get();
    let again: Vec<_> =
        ledger.open.range(carried_out + 1..).map(|(&n, &order)| (n, order)).collect();
    for (number, order) in again {
        client.set_sequence(number - 1);
        client.enter(&order).expect("sent");
    }
    client.set_sequence(ledger.last);
    let (wanted, until) = (ledger.answered.len() + answers, Instant::now() + PATIENCE);
    while ledger.answered.len() < wanted || (answers == 0 && !ledger.open.is_empty()) {
        assert!(Instant::now() < until, "{} messages have no answer", ledger.open.len());
        while answers > 0 && ledger.open.len() < WINDOW {
            let order = ledger.next_order(account, draws.next());
            let number = client.enter(&order).expect("sent");
            assert_eq!(number, ledger.last);
            ledger.open.insert(number, order);
        }
        let reply = client.next(Duration::from_millis(100)).expect("a whole message");
        assert!(ledger.hear(reply), "the server ended the session");
        ledger.position = client.position();
    }
}

/// The secret of a new user with the maker's account.
fn add_user(data: &Path) -> Vec<u8> {
    let output = plimsoll()
        .args(["keys", "add", "--user", "desk", "--account", "maker", "--scope", "trade"])
        .arg("--data")
        .arg(data)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let secret = text.split_whitespace().find(|word| word.len() == 64).expect("a secret");
    plimsoll::gateway::auth::from_hex(secret).expect("digits").to_vec()
}

/// Events of the journal, replayed from its first command: number and time of the entry of each order.
fn replayed(data: &Path) -> BTreeMap<String, Vec<(u64, u64)>> {
    let events = data.join("replayed.jsonl");
    let status = plimsoll()
        .args(["replay", "examples/exchange.toml", "--quiet", "--journal"])
        .arg(data)
        .arg("--events")
        .arg(&events)
        .status()
        .expect("the program runs");
    assert!(status.success());
    let text = std::fs::read_to_string(&events).expect("events");
    let mut entries: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if event["event"] == "accepted" {
            let number = |key: &str| event[key].as_u64().expect("a number");
            let id = event["id"].as_str().expect("an id").to_owned();
            entries.entry(id).or_default().push((number("seq"), number("ts")));
        }
    }
    entries
}

fn data_directory() -> PathBuf {
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data).expect("a directory");
    // Snapshots often, so that recovery begins in the middle; none dropped, so that replay can begin at the start.
    let options =
        "[journal]\npolicy = \"always\"\n[snapshot]\nevery_commands = 300\nkeep = 10000\n";
    std::fs::write(data.join("gateway.toml"), options).expect("written");
    data
}

#[test]
fn killed_under_load_it_loses_nothing_and_does_nothing_twice() {
    let crashes =
        std::env::var("PLIMSOLL_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let data = data_directory();
    let secret = add_user(&data);
    let (mut ledger, mut draws) = (Ledger::default(), Draws(7));
    for _ in 0..crashes {
        let server = Server::start(&data);
        let answers = 1 + draws.next() as usize % 700;
        session(&server, &secret, &mut ledger, &mut draws, answers);
        // With the window full of what is on its way.
        server.kill();
    }
    let server = Server::start(&data);
    session(&server, &secret, &mut ledger, &mut draws, 0);
    server.stop();
    assert!(ledger.open.is_empty());
    let entries = replayed(&data);
    let sent: BTreeSet<String> = (1..=ledger.last).map(|n| format!("o{n}")).collect();
    assert_eq!(entries.keys().cloned().collect::<BTreeSet<_>>(), sent);
    for (number, told) in &ledger.answered {
        assert_eq!(entries[&format!("o{number}")], [*told], "message {number}");
    }
    let _ = std::fs::remove_dir_all(&data);
}
