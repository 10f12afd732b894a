//! Over loopback: a pipeline with its threads, and clients.

use crate::house::{ANNA, MAKER, SECRET, engine, label, limit, users};
use plimsoll_gateway::binary::client::{Client, ClientError, Position, Reply};
use plimsoll_gateway::binary::codes::{EndReason, LoginReason};
use plimsoll_gateway::binary::events::Happened;
use plimsoll_gateway::binary::layout::{Message, flags};
use plimsoll_gateway::binary::messages::{CancelAll, EnterOrder};
use plimsoll_gateway::binary::{Options, Roster, Running, start};
use plimsoll_gateway::{Clock, Intake, Limits, Pipeline, Reach, User, WaitStrategy};
use plimsoll_types::Side;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    running: Running,
    _pipeline: Pipeline,
}

fn serve(users: Vec<User>) -> Server {
    serve_by(users, |_| {})
}

fn serve_by(users: Vec<User>, set: impl FnOnce(&mut Options)) -> Server {
    let users: Arc<[User]> = users.into();
    let engine = engine(&users);
    let (clock, intake) = (Clock::new(), Intake::new(1024));
    let mut lane = intake.lane(1024);
    let mut options = Options::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    set(&mut options);
    let roster = Roster::new(&engine, users);
    let way = Box::new(move |one| lane.submit(one));
    let (running, outlet) =
        start(options, (roster, None), way, clock, (WaitStrategy::Block, None)).unwrap();
    let _pipeline = Pipeline::start(engine, clock, intake, vec![Box::new(outlet)]);
    Server { running, _pipeline }
}

fn connect(server: &Server, user: &str, position: Position) -> Result<Client, ClientError> {
    Client::connect(server.running.address(), user, SECRET, position)
}

fn next(client: &mut Client) -> Reply {
    client.next(PATIENCE).unwrap().expect("an answer in time")
}

#[test]
fn two_clients_trade() {
    let server = serve(users(Limits::default()));
    let mut maker = connect(&server, "maker", Position::default()).unwrap();
    let mut anna = connect(&server, "anna", Position::default()).unwrap();
    assert_eq!((maker.account("maker"), anna.account("anna")), (Some(MAKER), Some(ANNA)));
    let first = maker.enter(&limit(MAKER, "m1", Side::Sell, 5000, 3)).unwrap();
    let Reply::Happened(Happened::Accepted(accepted)) = next(&mut maker) else { panic!() };
    assert_eq!((accepted.stamp.answers.get(), accepted.id.text()), (first, "m1".to_owned()));
    assert_eq!(accepted.head.flags & flags::LAST, flags::LAST);
    anna.enter(&limit(ANNA, "a1", Side::Buy, 5000, 2)).unwrap();
    let Reply::Happened(Happened::Accepted(_)) = next(&mut anna) else { panic!() };
    let Reply::Happened(Happened::Executed(bought)) = next(&mut anna) else { panic!() };
    let Reply::Happened(Happened::Executed(sold)) = next(&mut maker) else { panic!() };
    assert_eq!(bought.stamp.seq, sold.stamp.seq);
    assert_eq!((bought.qty.get(), sold.qty.get()), (2, 2));
    assert_eq!(sold.stamp.answers.get(), 0, "the maker asked for nothing");
}

#[test]
fn a_client_that_comes_back_hears_what_it_missed() {
    let server = serve(users(Limits::default()));
    let mut maker = connect(&server, "maker", Position::default()).unwrap();
    maker.enter(&limit(MAKER, "m1", Side::Sell, 5000, 3)).unwrap();
    next(&mut maker);
    let position = maker.position();
    drop(maker);
    let mut anna = connect(&server, "anna", Position::default()).unwrap();
    anna.enter(&limit(ANNA, "a1", Side::Buy, 5000, 3)).unwrap();
    while !matches!(next(&mut anna), Reply::Happened(Happened::Executed(_))) {}
    let mut maker = connect(&server, "maker", position).unwrap();
    assert_eq!(maker.sequence(), 1);
    let Reply::Happened(Happened::Executed(sold)) = next(&mut maker) else { panic!() };
    assert_eq!(sold.id.text(), "m1");
}

#[test]
fn a_wrong_secret_and_an_unknown_user_are_refused_alike() {
    let server = serve(users(Limits::default()));
    for (user, secret) in [("anna", b"another secret".as_slice()), ("nobody", SECRET)] {
        let refused = Client::connect(server.running.address(), user, secret, Position::default());
        let Err(ClientError::Login { reason, .. }) = refused else { panic!("{user} came in") };
        assert_eq!(reason, Some(LoginReason::Denied));
    }
}

#[test]
fn a_stopping_server_says_good_bye() {
    let server = serve(users(Limits::default()));
    let mut anna = connect(&server, "anna", Position::default()).unwrap();
    server.running.stop();
    assert_eq!(next(&mut anna), Reply::Ended(Some(EndReason::Stopping)));
    assert_eq!(next(&mut anna), Reply::Ended(None));
}

#[test]
fn a_thousand_idle_sessions_leave_one_its_answers() {
    let mut many = users(Limits::default());
    let idle = (0..1_000).map(|n| User {
        name: label(&format!("idle{n}")),
        reach: Reach::Accounts(Vec::new()),
        ..many[0].clone()
    });
    many.extend(idle.collect::<Vec<_>>());
    let server = serve(many);
    // Both ends are here: where the system allows a process 1,024 descriptors, fewer do.
    let mut idle: Vec<Client> = (0..1_000)
        .map_while(|n| connect(&server, &format!("idle{n}"), Position::default()).ok())
        .collect();
    assert!(idle.len() >= 400, "{} sessions", idle.len());
    if idle.len() < 1_000 {
        idle.truncate(idle.len() - 10);
    }
    let mut anna = connect(&server, "anna", Position::default()).unwrap();
    for n in 0..200 {
        anna.enter(&limit(ANNA, &format!("{n}"), Side::Buy, 4990, 1)).unwrap();
        assert!(matches!(next(&mut anna), Reply::Happened(Happened::Accepted(_))));
        anna.cancel_all(ANNA, None, None).unwrap();
        assert!(matches!(next(&mut anna), Reply::Happened(Happened::Cancelled(_))));
    }
    // Each is still there and gets its good-bye.
    drop(server);
    for client in &mut idle {
        assert_eq!(next(client), Reply::Ended(Some(EndReason::Stopping)));
    }
}

#[test]
fn a_reader_of_a_byte_at_a_time_costs_only_itself() {
    let server = serve_by(users(Limits::default()), |options| {
        options.rules.outbox = 16 << 10;
        options.rules.kept = 32 << 10;
    });
    let slow = connect(&server, "anna", Position::default()).unwrap();
    let mut maker = connect(&server, "maker", Position::default()).unwrap();
    let mut slow = slow.into_stream();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut sequence = 0;
    // Anna's trades are told to her, and she reads a byte for each; the maker hears every one of its own.
    let mut heard = 0;
    while !is_reset(&mut slow, &mut sequence) {
        heard += 1;
        assert!(heard < 100_000, "it is never cut off");
        maker.cancel_all(MAKER, None, None).unwrap();
        assert!(matches!(next(&mut maker), Reply::Answered(_)));
    }
    maker.cancel_all(MAKER, None, None).unwrap();
    assert!(matches!(next(&mut maker), Reply::Answered(_)));
    let back = connect(&server, "anna", Position { next_event: 1, parts: 0 });
    assert!(matches!(back, Err(ClientError::Login { reason: Some(LoginReason::TooOld), .. })));
}

/// Sends many orders that are answered with much, reads one byte of the answers, and says whether the connection is gone.
fn is_reset(stream: &mut TcpStream, sequence: &mut u64) -> bool {
    let mut bytes = Vec::new();
    for _ in 0..100 {
        *sequence += 2;
        let order = limit(ANNA, &format!("{sequence}"), Side::Buy, 4990, 1);
        bytes.extend_from_slice(EnterOrder::of(*sequence - 1, &order).bytes());
        bytes.extend_from_slice(CancelAll::of(*sequence, ANNA, None, None).bytes());
    }
    stream.write_all(&bytes).is_err() || !matches!(stream.read(&mut [0]), Ok(1))
}

#[test]
fn a_flooding_session_leaves_the_other_its_answers() {
    let rate = NonZeroU32::new(100);
    let mut two = users(Limits::default());
    two[0].limits.rate = rate.zip(rate);
    let server = serve(two);
    let flooder = connect(&server, "anna", Position::default()).unwrap().into_stream();
    let mut reader = flooder.try_clone().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let flood = std::thread::spawn({
        let (mut flooder, over) = (flooder, over.clone());
        move || {
            let mut sequence = 0;
            while !over.load(Ordering::Acquire) {
                let mut bytes = Vec::new();
                for _ in 0..100 {
                    sequence += 1;
                    bytes.extend_from_slice(CancelAll::of(sequence, ANNA, None, None).bytes());
                }
                if flooder.write_all(&bytes).is_err() {
                    break;
                }
            }
            flooder.shutdown(Shutdown::Both).unwrap_or_default();
            sequence
        }
    });
    let drain = std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    let mut maker = connect(&server, "maker", Position::default()).unwrap();
    let (mut answered, asked) = (0, 2_000);
    for _ in 0..asked {
        maker.cancel_all(MAKER, None, None).unwrap();
        answered += u64::from(matches!(next(&mut maker), Reply::Answered(_)));
    }
    over.store(true, Ordering::Release);
    let sent = flood.join().unwrap();
    drop(drain.join());
    assert_eq!(answered, asked, "none of the maker's was refused");
    assert!(sent > 100, "there was no flood");
}
