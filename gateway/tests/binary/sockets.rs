//! Over loopback: a pipeline with its threads, and clients.

use crate::house::{ANNA, MAKER, SECRET, engine, limit, users};
use plimsoll_gateway::binary::client::{Client, ClientError, Position, Reply};
use plimsoll_gateway::binary::codes::{EndReason, LoginReason};
use plimsoll_gateway::binary::events::Happened;
use plimsoll_gateway::binary::layout::flags;
use plimsoll_gateway::binary::{Options, Roster, Running, start};
use plimsoll_gateway::{Clock, Intake, Limits, Pipeline, User, WaitStrategy};
use plimsoll_types::Side;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    running: Running,
    _pipeline: Pipeline,
}

fn serve(users: Vec<User>) -> Server {
    let users: Arc<[User]> = users.into();
    let engine = engine(&users);
    let (clock, intake) = (Clock::new(), Intake::new(1024));
    let mut lane = intake.lane(1024);
    let options = Options::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let roster = Roster::new(&engine, users);
    let way = Box::new(move |one| lane.submit(one));
    let (running, outlet) =
        start(options, roster, way, clock, (WaitStrategy::Block, None)).unwrap();
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
