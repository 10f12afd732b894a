//! The feed over sockets: joined anywhere, broken off anywhere, asked nonsense, read too slowly.

use super::messages::{Mode, Refusal, Subscribe};
use super::reader::{FeedReader, ReadError};
use super::server::{FeedServer, Multicast, Options, start};
use super::{Fold, FoldError, PacketView};
use crate::batch::Batch;
use crate::binary::layout::Message;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::follower::Listener;
use crate::house::{ANNA, MAKER, engine, label, limit, send};
use crate::inbound::Once;
use crate::users::Limits;
use plimsoll_types::{Command, InstrumentId, OrderRef, Side};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A feed and the engine that it tells of.
struct House {
    engine: Engine,
    feed: FeedServer,
    listener: Box<dyn Listener>,
    orders: u64,
}

impl House {
    fn open(change: impl FnOnce(&mut Options)) -> House {
        let mut options = Options::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        change(&mut options);
        let engine = engine(Limits::default());
        let (feed, listener) = start(options, engine.exchange(), Clock::new()).expect("a feed");
        House { engine, feed, listener, orders: 0 }
    }

    fn tell(&mut self, command: Command) -> Batch {
        let ts = self.engine.exchange().now() + 1;
        let batch = send(&mut self.engine, ts, Once::Unmarked, command);
        self.listener.heard(self.engine.exchange(), &batch);
        batch
    }

    /// An order that rests away from the others, a cancel of one now and then, a trade now and then.
    fn trade_some(&mut self, orders: u64) {
        for _ in 0..orders {
            self.orders += 1;
            let n = self.orders;
            let (side, ticks) = match n % 7 {
                0..3 => (Side::Buy, 4_980 - (n % 11) as i64),
                3..6 => (Side::Sell, 5_020 + (n % 13) as i64),
                _ => (Side::Sell, 4_975),
            };
            self.tell(Command::Order(limit(MAKER, &format!("o{n}"), side, ticks, 1 + n % 5)));
            if n.is_multiple_of(3) {
                let order = OrderRef::Client(label(&format!("o{}", n / 2)));
                self.tell(Command::Cancel { account: MAKER, order });
            }
        }
        // A refused cancel is nobody's business: the last command is one that the feed tells of.
        let id = format!("end{}", self.orders);
        self.tell(Command::Order(limit(MAKER, &id, Side::Buy, 4_900, 1)));
    }

    /// One order that moves to and fro: much to tell, and little that stands.
    fn move_one(&mut self, times: u64) {
        if self.orders == 0 {
            self.orders = 1;
            self.tell(Command::Order(limit(MAKER, "mover", Side::Buy, 4_980, 1)));
        }
        for _ in 0..times {
            self.orders += 1;
            let order = OrderRef::Client(label("mover"));
            let price = plimsoll_types::Price::clamped(4_980 + (self.orders % 2) as i64);
            let (account, qty, trigger) = (MAKER, plimsoll_types::Qty::new(1), None);
            self.tell(Command::Replace { account, order, price, qty, trigger });
        }
    }

    fn connect(&self) -> FeedReader {
        with_patience(FeedReader::connect(self.feed.address()).expect("a connection"))
    }

    /// Reads until the books are those of the exchange.
    fn catch_up(&self, reader: &mut FeedReader) {
        let until = Instant::now() + PATIENCE;
        while !self.equals(reader.fold()) {
            reader.read(|_, _, _| {}).unwrap_or_else(|error| panic!("{error}"));
            assert!(Instant::now() < until, "the books came to be the same in time");
        }
    }

    fn equals(&self, fold: &Fold) -> bool {
        let (exchange, rb) = (self.engine.exchange(), InstrumentId(0));
        let is_there = fold.is_whole() && fold.command() == self.engine.number();
        let Some(book) = fold.book(0).filter(|_| is_there) else { return false };
        [Side::Buy, Side::Sell].into_iter().all(|side| {
            let standing = exchange.standing_orders(rb).filter(|o| o.is_seen() && o.side == side);
            let standing =
                standing.map(|o| (o.price.map_or(0, |p| p.ticks() as u32), o.shown.lots()));
            book.orders(side).map(|o| (o.price, o.qty)).eq(standing)
        })
    }
}

fn with_patience(reader: FeedReader) -> FeedReader {
    reader.stream().set_read_timeout(Some(PATIENCE)).expect("a timeout");
    reader
}

fn asked(mode: u8, session: u64, from: u64, to: u64) -> Subscribe {
    let head = Subscribe::head();
    Subscribe { head, mode, session: session.into(), from: from.into(), to: to.into() }
}

#[test]
fn a_reader_joins_at_any_point_and_goes_on() {
    let mut house = House::open(|_| {});
    for _ in 0..10 {
        house.trade_some(40);
        let mut reader = house.connect();
        house.catch_up(&mut reader);
        house.trade_some(25);
        house.catch_up(&mut reader);
    }
}

#[test]
fn the_stream_from_its_first_message_gives_the_same_books() {
    let mut house = House::open(|_| {});
    house.trade_some(300);
    let mut reader = with_patience(FeedReader::open(house.feed.address()).unwrap());
    reader.ask(&asked(Mode::From as u8, 0, 1, 0)).unwrap();
    house.catch_up(&mut reader);
    assert_eq!(reader.fold().session(), house.feed.session());
}

#[test]
fn a_reader_that_loses_its_connection_goes_on_where_it_was() {
    let mut house = House::open(|options| options.heartbeat = Duration::from_millis(10));
    let mut reader = house.connect();
    let mut numbers = Vec::new();
    for round in 0..30 {
        house.trade_some(20);
        // Some of what is there, then nothing more from this connection.
        for _ in 0..=round % 3 {
            reader
                .read(|number, _, _| {
                    if number > 0 {
                        numbers.push(number);
                    }
                })
                .unwrap();
        }
        reader.reconnect().unwrap();
        reader = with_patience(reader);
    }
    house.catch_up(&mut reader);
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "nothing is told twice");
    assert!(!numbers.is_empty());
}

#[test]
fn messages_come_again_and_the_connection_can_be_asked_once_more() {
    let mut house = House::open(|_| {});
    house.trade_some(200);
    let mut reader = house.connect();
    house.catch_up(&mut reader);
    let next = reader.fold().next();
    let mut replay = with_patience(FeedReader::open(house.feed.address()).unwrap());
    for (from, to) in [(1, 50), (7, 7), (3, next - 1)] {
        replay.take_fold();
        replay.ask(&asked(Mode::From as u8, house.feed.session(), from, to)).unwrap();
        let mut heard = Vec::new();
        while !replay.has_replayed() {
            let read = replay.read(|number, _, _| heard.push(number));
            match (from, read) {
                (1, read) => read.unwrap(),
                // A fold cannot begin there: that is how the first number is seen.
                (_, Err(ReadError::Fold(FoldError::Gap { expected: 1, found }))) => {
                    assert_eq!(found, from);
                    replay = with_patience(FeedReader::open(house.feed.address()).unwrap());
                    break;
                }
                (_, read) => read.unwrap(),
            }
        }
        if from == 1 {
            assert!(heard.len() as u64 >= to && heard[0] == 1, "{heard:?}");
        }
    }
}

#[test]
fn what_cannot_be_had_is_refused_and_said_why() {
    let mut house = House::open(|options| options.window_bytes = 4_000);
    house.trade_some(300);
    let mut up_to_date = house.connect();
    house.catch_up(&mut up_to_date);
    let next = up_to_date.fold().next();
    let session = house.feed.session();
    let mut reader = with_patience(FeedReader::open(house.feed.address()).unwrap());
    for (request, why) in [
        (asked(Mode::From as u8, session, 1, 0), Refusal::TooOld),
        (asked(Mode::From as u8, session, 0, 0), Refusal::TooOld),
        (asked(Mode::From as u8, session, next + 1, 0), Refusal::TooNew),
        (asked(Mode::From as u8, session, next - 1, next), Refusal::TooNew),
        (asked(Mode::From as u8, session + 1, next, 0), Refusal::Session),
        (asked(9, session, next, 0), Refusal::Mode),
    ] {
        reader.ask(&request).unwrap();
        match reader.read(|_, _, _| {}) {
            Err(ReadError::Refused(reason)) => assert_eq!(reason, Some(why)),
            other => panic!("{request:?}: {other:?}"),
        }
    }
    // The same connection may go on with something that can be had.
    reader.ask(&asked(Mode::Snapshot as u8, 0, 0, 0)).unwrap();
    house.catch_up(&mut reader);
}

#[test]
fn garbage_ends_its_connection_and_no_other() {
    let mut house = House::open(|_| {});
    let mut reader = house.connect();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 64], &[29, 0, b'X'], &[255; 5_000]] {
        let mut socket = TcpStream::connect(house.feed.address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(garbage).unwrap();
        let mut rest = Vec::new();
        // Closed or reset, as the system pleases.
        let _ = socket.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }
    // Twice the same request, the second while the first is being carried out.
    let twice = asked(Mode::Live as u8, 0, 0, 0);
    let mut greedy = with_patience(FeedReader::open(house.feed.address()).unwrap());
    greedy.ask(&twice).unwrap();
    while greedy.fold().session() == 0 {
        // The session is known with the first packet of the stream.
        house.trade_some(1);
        match greedy.read(|_, _, _| {}) {
            Ok(()) => {}
            Err(ReadError::Fold(FoldError::Gap { .. })) => break,
            Err(error) => panic!("{error}"),
        }
    }
    let _ = greedy.ask(&twice);
    let mut rest = Vec::new();
    let _ = (&mut greedy.stream()).read_to_end(&mut rest);
    house.trade_some(50);
    house.catch_up(&mut reader);
}

#[test]
fn a_reader_that_does_not_read_is_cut_off_and_costs_nobody() {
    let mut house = House::open(|options| options.window_bytes = 200_000);
    let mut slow = house.connect();
    slow.read(|_, _, _| {}).unwrap();
    let mut quick = house.connect();
    house.catch_up(&mut quick);
    let until = Instant::now() + 3 * PATIENCE;
    // More than its socket's buffers and the window hold; whoever reads is not touched by it.
    let cut = loop {
        house.move_one(200);
        house.catch_up(&mut quick);
        if house.feed.readers() == 1 {
            break true;
        }
        if Instant::now() > until {
            break false;
        }
    };
    assert!(cut, "a reader outside the window is closed");
}

#[test]
fn too_many_readers_are_turned_away() {
    let house = House::open(|options| options.clients = 2);
    let mut first = house.connect();
    let mut second = house.connect();
    house.catch_up(&mut first);
    house.catch_up(&mut second);
    let mut third = house.connect();
    assert!(matches!(third.read(|_, _, _| {}), Err(ReadError::Io(_))));
    drop(second);
    let until = Instant::now() + PATIENCE;
    loop {
        let mut again = house.connect();
        if again.read(|_, _, _| {}).is_ok() {
            break;
        }
        assert!(Instant::now() < until, "a place that is left is given again");
    }
}

#[test]
fn silence_is_said_and_the_end_too() {
    let house = House::open(|options| options.heartbeat = Duration::from_millis(10));
    let mut reader = house.connect();
    house.catch_up(&mut reader);
    let next = reader.fold().next();
    // Nothing happens, and yet there is something to read.
    reader.read(|_, _, _| panic!("no message")).unwrap();
    assert_eq!(reader.fold().next(), next);
    house.feed.stop();
    let until = Instant::now() + PATIENCE;
    loop {
        match reader.read(|_, _, _| {}) {
            Ok(()) => assert!(Instant::now() < until),
            Err(ReadError::Over) => break,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn who_asks_for_nothing_is_closed() {
    let house = House::open(|options| {
        options.heartbeat = Duration::from_millis(10);
        options.patience = Duration::from_millis(30);
    });
    let mut silent = TcpStream::connect(house.feed.address()).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(silent.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn datagrams_carry_the_same_packets_and_gaps_are_filled_over_tcp() {
    let group = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    group.set_read_timeout(Some(PATIENCE)).unwrap();
    let SocketAddr::V4(address) = group.local_addr().unwrap() else { panic!("IPv4") };
    // One receiver stands for a group: not every machine that tests run on has a route for groups.
    let to = SocketAddrV4::new(*address.ip(), address.port());
    let mut house = House::open(|options| {
        options.multicast = Some(Multicast { group: to, from: Ipv4Addr::LOCALHOST, ttl: 0 });
    });
    house.trade_some(60);
    let (mut fold, mut bytes, mut received, mut gaps) = (Fold::new(), [0; 2_000], 0, 0);
    while !house.equals(&fold) {
        let length = group.recv(&mut bytes).unwrap();
        assert!(length <= super::packet::PACKET_MAX);
        received += 1;
        // Every fifth is lost.
        if received % 5 == 0 {
            continue;
        }
        let packet = PacketView::read(&bytes[..length]).unwrap();
        match fold.packet(&packet, |_, _, _| {}) {
            Ok(()) => {}
            Err(FoldError::Gap { found, .. }) => {
                gaps += 1;
                let expected = fold.next();
                let request = asked(Mode::From as u8, packet.session, expected, found - 1);
                let (address, held) = (house.feed.address(), std::mem::take(&mut fold));
                let replay = FeedReader::fill(address, held, &request);
                let mut replay = with_patience(replay.unwrap());
                while !replay.has_replayed() {
                    replay.read(|_, _, _| {}).unwrap();
                }
                fold = replay.take_fold();
                fold.packet(&packet, |_, _, _| {}).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(gaps > 0);
}

#[test]
fn no_name_and_no_hidden_lot_is_in_the_bytes() {
    let mut house = House::open(|_| {});
    let hidden = 0x5EC2_E7A1;
    let mut order = limit(ANNA, "my-secret-id", Side::Buy, 4_990, 2);
    house.tell(Command::Order(order));
    order = limit(MAKER, "other-secret", Side::Buy, 4_980, hidden);
    order.display = plimsoll_types::Qty::new(hidden / 9_000);
    house.tell(Command::Order(order));
    house.tell(Command::Order(limit(MAKER, "taker-secret", Side::Sell, 4_980, 3)));
    let mut socket = TcpStream::connect(house.feed.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = asked(Mode::From as u8, 0, 1, 0);
    socket.write_all(zerocopy::IntoBytes::as_bytes(&request)).unwrap();
    let (mut all, mut fold) = (Vec::new(), Fold::new());
    let mut deframer = super::Deframer::default();
    let mut bytes = [0; 4_096];
    while !house.equals(&fold) {
        let taken = socket.read(&mut bytes).unwrap();
        all.extend_from_slice(&bytes[..taken]);
        deframer
            .push::<FoldError>(&bytes[..taken], |packet| fold.packet(&packet, |_, _, _| {}))
            .unwrap();
    }
    assert_eq!(fold.book(0).unwrap().len(), 1, "the iceberg is left");
    let has = |what: &[u8]| all.windows(what.len()).any(|window| window == what);
    assert!(has(b"RB") && has(&(hidden / 9_000).to_le_bytes()));
    for secret in [&b"secret"[..], b"anna", b"maker", b"desk"] {
        assert!(!has(secret), "{:?}", String::from_utf8_lossy(secret));
    }
    for lots in [hidden, hidden - 1, hidden - 3, hidden - hidden / 9_000] {
        assert!(!has(&lots.to_le_bytes()[..4]), "{lots}");
    }
}
