//! How a server is run, from a TOML file of its own: `plimsoll serve --gateway FILE`. docs/SERVER.md has every key.
//!
//! Nothing in it changes what the exchange does with a command: that is EXCHANGE.toml's alone.

use crate::auth;
use crate::feed::Multicast;
use crate::journal::Policy;
use crate::store::Segments;
use crate::users::{Limits, User};
use crate::wait::WaitStrategy;
use plimsoll_text::Error;
use plimsoll_text::config::dom::{Field, Source, Table};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::num::NonZeroUsize;
use std::time::Duration;

/// The engine's thread and the way into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineSettings {
    /// How it waits.
    pub wait: WaitStrategy,
    /// The core it is kept on.
    pub core: Option<usize>,
    /// Whether sockets of the binary protocol, engine and journal share one thread.
    pub one_thread: bool,
    /// Messages that may wait for it.
    pub queue: usize,
    /// Messages that may wait in the binary protocol's own way in.
    pub lane: usize,
}

/// The journal and its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// When it is synced.
    pub policy: Policy,
    /// Size of a segment, bytes.
    pub segment: u64,
    /// Batches that may wait for it before the engine waits.
    pub backlog: usize,
    /// How its thread waits.
    pub wait: WaitStrategy,
    /// The core its thread is kept on.
    pub core: Option<usize>,
}

/// When snapshots are taken, and what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSettings {
    /// Commands between two; `None` = they do not matter.
    pub commands: Option<u64>,
    /// Time between two, if there were commands; `None` = it does not matter.
    pub every: Option<Duration>,
    /// Snapshots kept.
    pub keep: NonZeroUsize,
    /// Which segments of the journal are kept.
    pub segments: Segments,
    /// Events before a start that binary sessions may still ask for after it, as far as they are replayed.
    pub resend: usize,
}

/// The binary protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinarySettings {
    /// Where it listens; `None` = it does not.
    pub address: Option<SocketAddr>,
    /// How its thread waits for sockets.
    pub wait: WaitStrategy,
    /// The core its thread is kept on.
    pub core: Option<usize>,
    /// Bytes of messages kept of each user for a session that comes back.
    pub resend: usize,
    /// Time between two signs of life. A client that is silent for three of them is cut off.
    pub heartbeat: Duration,
    /// Most connections at a time.
    pub connections: usize,
}

/// FIX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixSettings {
    /// Where it listens; `None` = it does not.
    pub address: Option<SocketAddr>,
    /// The server's CompID.
    pub comp_id: String,
    /// Whether sequence numbers and messages outlive the server, in `DATA/fix`.
    pub store: bool,
}

/// REST and WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Where it listens; `None` = it does not.
    pub address: Option<SocketAddr>,
    /// Whether market data may be read without a key.
    pub open_market_data: bool,
    /// Whether administration is possible from other machines.
    pub remote_admin: bool,
}

/// Market data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedSettings {
    /// Where it listens; `None` = it does not.
    pub address: Option<SocketAddr>,
    /// Where it also sends packets; `None` = nowhere.
    pub multicast: Option<Multicast>,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The engine's thread.
    pub engine: EngineSettings,
    /// The journal.
    pub journal: JournalSettings,
    /// Snapshots.
    pub snapshot: SnapshotSettings,
    /// Bounds of users whose key names none.
    pub limits: Limits,
    /// Whether orders of users whose key says nothing are cancelled when their last session ends.
    pub cancel_on_disconnect: bool,
    /// The binary protocol.
    pub binary: BinarySettings,
    /// FIX.
    pub fix: FixSettings,
    /// REST and WebSocket.
    pub http: HttpSettings,
    /// Market data.
    pub feed: FeedSettings,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            engine: EngineSettings {
                wait: WaitStrategy::Block,
                core: None,
                one_thread: false,
                queue: 16_384,
                lane: 16_384,
            },
            journal: JournalSettings {
                policy: Policy::Always,
                segment: 64 << 20,
                backlog: 1_024,
                wait: WaitStrategy::Block,
                core: None,
            },
            snapshot: SnapshotSettings {
                commands: Some(1_000_000),
                every: Some(Duration::from_secs(300)),
                keep: NonZeroUsize::MIN.saturating_add(1),
                segments: Segments::All,
                resend: 200_000,
            },
            limits: Limits::default(),
            cancel_on_disconnect: false,
            binary: BinarySettings {
                address: None,
                wait: WaitStrategy::Block,
                core: None,
                resend: 1 << 20,
                heartbeat: Duration::from_secs(5),
                connections: 4096,
            },
            fix: FixSettings { address: None, comp_id: "PLIMSOLL".to_owned(), store: true },
            http: HttpSettings { address: None, open_market_data: true, remote_admin: false },
            feed: FeedSettings { address: None, multicast: None },
        }
    }
}

impl Settings {
    /// Reads the text of a file called `file`; `money_decimals` are the exchange's.
    ///
    /// Errors: the first thing wrong, with its line and field; keys it does not know among it.
    pub fn read(file: &str, text: &str, money_decimals: u32) -> Result<Settings, Error> {
        let source = Source::new(file, text);
        let parsed = source.parse()?;
        let root = source.root(&parsed);
        root.only(&[
            "engine", "journal", "snapshot", "limits", "users", "binary", "fix", "http", "feed",
        ])?;
        let mut settings = Settings::default();
        let section = |key: &str, known: &[&str]| -> Result<Option<Table<'_>>, Error> {
            let table = root.table(key)?;
            table.as_ref().map_or(Ok(()), |table| table.only(known))?;
            Ok(table)
        };
        if let Some(table) = section("engine", &["wait", "core", "one_thread", "queue", "lane"])? {
            engine(&table, &mut settings.engine)?;
        }
        let known = ["policy", "interval", "segment_mib", "backlog", "wait", "core"];
        if let Some(table) = section("journal", &known)? {
            journal(&table, &mut settings.journal)?;
        }
        if let Some(table) =
            section("snapshot", &["every_commands", "every", "keep", "segments", "resend_events"])?
        {
            snapshot(&table, &mut settings.snapshot)?;
        }
        if let Some(table) = root.table("limits")? {
            settings.limits = auth::limits(&table, money_decimals)?;
        }
        if let Some(table) = section("users", &["cancel_on_disconnect"])? {
            set(
                &table,
                "cancel_on_disconnect",
                &mut settings.cancel_on_disconnect,
                Field::boolean,
            )?;
        }
        let known = ["address", "wait", "core", "resend_kib", "heartbeat", "connections"];
        if let Some(table) = section("binary", &known)? {
            binary(&table, &mut settings.binary)?;
        }
        if let Some(table) = section("fix", &["address", "comp_id", "store"])? {
            let fix = &mut settings.fix;
            set(&table, "address", &mut fix.address, |field| address(field).map(Some))?;
            set(&table, "comp_id", &mut fix.comp_id, comp_id)?;
            set(&table, "store", &mut fix.store, Field::boolean)?;
        }
        if let Some(table) = section("http", &["address", "open_market_data", "remote_admin"])? {
            let http = &mut settings.http;
            set(&table, "address", &mut http.address, |field| address(field).map(Some))?;
            set(&table, "open_market_data", &mut http.open_market_data, Field::boolean)?;
            set(&table, "remote_admin", &mut http.remote_admin, Field::boolean)?;
        }
        if let Some(table) = section("feed", &["address", "multicast"])? {
            let feed = &mut settings.feed;
            set(&table, "address", &mut feed.address, |field| address(field).map(Some))?;
            set(&table, "multicast", &mut feed.multicast, multicast)?;
        }
        Ok(settings)
    }

    /// Gives users what is set for everybody and not by their own key.
    pub fn complete(&self, users: &mut [User]) {
        for user in users {
            let (own, all) = (&mut user.limits, &self.limits);
            own.rate = own.rate.or(all.rate);
            own.order_quantity = own.order_quantity.or(all.order_quantity);
            own.order_value = own.order_value.or(all.order_value);
            own.collar = own.collar.or(all.collar);
            own.open_orders = own.open_orders.or(all.open_orders);
            user.cancel_on_disconnect |= self.cancel_on_disconnect;
        }
    }
}

/// Sets `place` where the table has the key.
fn set<'s, T>(
    table: &Table<'s>,
    key: &str,
    place: &mut T,
    read: impl FnOnce(&Field<'s>) -> Result<T, Error>,
) -> Result<(), Error> {
    if let Some(field) = table.get(key) {
        *place = read(&field)?;
    }
    Ok(())
}

fn engine(table: &Table<'_>, engine: &mut EngineSettings) -> Result<(), Error> {
    set(table, "wait", &mut engine.wait, wait)?;
    set(table, "core", &mut engine.core, core)?;
    set(table, "one_thread", &mut engine.one_thread, Field::boolean)?;
    set(table, "queue", &mut engine.queue, |field| count(field, 1, 1 << 24))?;
    set(table, "lane", &mut engine.lane, |field| count(field, 1, 1 << 24))
}

fn journal(table: &Table<'_>, journal: &mut JournalSettings) -> Result<(), Error> {
    let mut interval = Duration::from_millis(100);
    set(table, "interval", &mut interval, positive)?;
    let policy = [
        ("always", Policy::Always),
        ("interval", Policy::Interval(interval)),
        ("never", Policy::Never),
    ];
    set(table, "policy", &mut journal.policy, |field| field.word(&policy))?;
    if let (false, Some(field)) =
        (matches!(journal.policy, Policy::Interval(_)), table.get("interval"))
    {
        return Err(field.error("interval only with policy = \"interval\""));
    }
    set(table, "segment_mib", &mut journal.segment, |field| {
        Ok(u64::from(field.whole(1, 4096)?) << 20)
    })?;
    set(table, "backlog", &mut journal.backlog, |field| count(field, 1, 1 << 20))?;
    set(table, "wait", &mut journal.wait, wait)?;
    set(table, "core", &mut journal.core, core)
}

fn snapshot(table: &Table<'_>, snapshot: &mut SnapshotSettings) -> Result<(), Error> {
    set(table, "every_commands", &mut snapshot.commands, |field| {
        Ok(Some(u64::from(field.whole(0, u32::MAX)?)).filter(|count| *count > 0))
    })?;
    set(table, "every", &mut snapshot.every, |field| {
        Ok(Some(Duration::from_nanos(field.duration()?)).filter(|every| !every.is_zero()))
    })?;
    set(table, "keep", &mut snapshot.keep, |field| {
        NonZeroUsize::new(count(field, 1, 1_000_000)?).ok_or_else(|| field.error("1 or more"))
    })?;
    let segments = [("all", Segments::All), ("since_snapshot", Segments::SinceOldestSnapshot)];
    set(table, "segments", &mut snapshot.segments, |field| field.word(&segments))?;
    set(table, "resend_events", &mut snapshot.resend, |field| count(field, 0, 10_000_000))
}

fn binary(table: &Table<'_>, binary: &mut BinarySettings) -> Result<(), Error> {
    set(table, "address", &mut binary.address, |field| address(field).map(Some))?;
    set(table, "wait", &mut binary.wait, wait)?;
    set(table, "core", &mut binary.core, core)?;
    set(table, "resend_kib", &mut binary.resend, |field| Ok(count(field, 1, 1 << 20)? << 10))?;
    set(table, "connections", &mut binary.connections, |field| count(field, 1, 1 << 20))?;
    set(table, "heartbeat", &mut binary.heartbeat, positive)
}

fn wait(field: &Field<'_>) -> Result<WaitStrategy, Error> {
    field.word(&[
        ("spin", WaitStrategy::Spin),
        ("yield", WaitStrategy::Yield),
        ("block", WaitStrategy::Block),
    ])
}

fn core(field: &Field<'_>) -> Result<Option<usize>, Error> {
    Ok(Some(field.whole(0, 4095)? as usize))
}

fn count(field: &Field<'_>, low: u32, high: u32) -> Result<usize, Error> {
    Ok(field.whole(low, high)? as usize)
}

fn positive(field: &Field<'_>) -> Result<Duration, Error> {
    match field.duration()? {
        0 => Err(field.error("a duration above 0s")),
        nanos => Ok(Duration::from_nanos(nanos)),
    }
}

fn address(field: &Field<'_>) -> Result<SocketAddr, Error> {
    let expected = "an address such as \"127.0.0.1:7001\"";
    field.text()?.parse().map_err(|_| field.error(expected))
}

fn multicast(field: &Field<'_>) -> Result<Option<Multicast>, Error> {
    let table = field.table()?;
    table.only(&["group", "from", "ttl"])?;
    let group = table.required("group")?;
    let expected = "a multicast group such as \"239.1.1.1:7005\"";
    let parsed: Option<SocketAddrV4> = group.text()?.parse().ok();
    let Some(address) = parsed.filter(|group| group.ip().is_multicast()) else {
        return Err(group.error(expected));
    };
    // Not beyond the own network, by whichever way the system takes.
    let mut multicast = Multicast { group: address, from: Ipv4Addr::UNSPECIFIED, ttl: 1 };
    set(&table, "from", &mut multicast.from, |field| {
        field.text()?.parse().map_err(|_| field.error("an own address such as \"192.0.2.1\""))
    })?;
    set(&table, "ttl", &mut multicast.ttl, |field| field.whole(0, 255))?;
    Ok(Some(multicast))
}

fn comp_id(field: &Field<'_>) -> Result<String, Error> {
    let text = field.label()?;
    if !text.as_str().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(field.error("1 to 39 printable characters without blanks"));
    }
    Ok(text.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house;
    use plimsoll_types::Qty;

    fn read(text: &str) -> Result<Settings, String> {
        Settings::read("gateway.toml", text, 2).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_says_what_no_file_says() {
        assert_eq!(read(""), Ok(Settings::default()));
    }

    #[test]
    fn every_key_is_read() {
        let text = include_str!("../../examples/gateway.toml");
        let settings = read(text).expect("the example is good");
        // The example gives the defaults of all that has one, and addresses.
        let mut expected = Settings::default();
        let local = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        expected.binary.address = local(7001);
        expected.fix.address = local(7002);
        expected.http.address = local(7003);
        expected.feed.address = local(7004);
        assert_eq!(settings, expected);
    }

    #[test]
    fn each_word_is_told_apart() {
        let text = "[engine]\nwait = \"spin\"\ncore = 1\none_thread = true\n[journal]\npolicy = \"interval\"\n\
            interval = \"50ms\"\nsegment_mib = 1\n[snapshot]\nevery_commands = 0\nevery = \"10m\"\nkeep = 5\nsegments = \"since_snapshot\"\n[users]\ncancel_on_disconnect = true\n";
        let settings = read(text).expect("it is good");
        assert_eq!((settings.engine.wait, settings.engine.core), (WaitStrategy::Spin, Some(1)));
        assert!(settings.engine.one_thread && settings.cancel_on_disconnect);
        assert_eq!(settings.journal.policy, Policy::Interval(Duration::from_millis(50)));
        assert_eq!(settings.journal.segment, 1 << 20);
        let snapshot = SnapshotSettings {
            commands: None,
            every: Some(Duration::from_secs(600)),
            keep: NonZeroUsize::new(5).expect("five"),
            segments: Segments::SinceOldestSnapshot,
            resend: 200_000,
        };
        assert_eq!(settings.snapshot, snapshot);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_field() {
        let cases = [
            (
                "[engine]\nqueue = 0\n",
                "gateway.toml:2: engine.queue: expected a whole number from 1 to 16777216, found 0",
            ),
            (
                "[journal]\ninterval = \"1s\"\n",
                "gateway.toml:2: journal.interval: expected interval only with policy = \"interval\", found \"1s\"",
            ),
            (
                "[journal]\npolicy = \"sometimes\"\n",
                "gateway.toml:2: journal.policy: expected \"always\" or \"interval\" or \"never\", found \"sometimes\"",
            ),
            (
                "\n[http]\nadress = \"127.0.0.1:80\"\n",
                "gateway.toml:3: http.adress: expected one of address, open_market_data, remote_admin, found adress",
            ),
            (
                "[fix]\naddress = \"here\"\n",
                "gateway.toml:2: fix.address: expected an address such as \"127.0.0.1:7001\", found \"here\"",
            ),
            (
                "[feed]\nmulticast = { group = \"127.0.0.1:80\" }\n",
                "gateway.toml:2: feed.multicast.group: expected a multicast group such as \"239.1.1.1:7005\", found \"127.0.0.1:80\"",
            ),
            (
                "[limits]\nburst = 5\n",
                "gateway.toml:2: limits.burst: expected burst only with rate, found 5",
            ),
        ];
        for (text, line) in cases {
            assert_eq!(read(text).expect_err(text), line);
        }
    }

    #[test]
    fn a_key_of_ones_own_beats_what_is_set_for_all() {
        let settings = read("[limits]\norder_quantity = 10\nopen_orders = 3\n").expect("good");
        let own = Limits { order_quantity: Some(Qty::new(99)), ..Limits::default() };
        let mut users = house::users(own);
        settings.complete(&mut users);
        assert_eq!(users[0].limits.order_quantity, Some(Qty::new(99)));
        assert_eq!(users[1].limits.order_quantity, Some(Qty::new(10)));
        assert_eq!((users[0].limits.open_orders, users[1].limits.open_orders), (Some(3), Some(3)));
    }
}
