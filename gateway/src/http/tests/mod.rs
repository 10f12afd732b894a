//! The server over real sockets: what it answers, what it refuses, what its streams tell.

mod client;
mod examples;
mod forged;
mod garbage;
mod rest;
mod streams;

use super::{Http, HttpServer, Options};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::follower::Follower;
use crate::house::{label, spec};
use crate::intake::Intake;
use crate::pipeline::Pipeline;
use crate::users::{Limits, Memory, Reach, Scopes, User};
use client::{Answer, Client};
use plimsoll_exchange::Exchange;
use serde_json::{Value, json};
use std::sync::Arc;

/// A server with an engine behind it.
struct Rig {
    server: HttpServer,
    pipeline: Option<Pipeline>,
    follower: Follower,
    intake: Intake,
    users: Arc<[User]>,
    hub: Arc<super::hub::Hub>,
}

fn user(name: &str, reach: Reach, scopes: Scopes) -> User {
    User {
        name: label(name),
        secret: crate::auth::sha256(name.as_bytes()).into(),
        reach,
        scopes,
        limits: Limits::default(),
        cancel_on_disconnect: false,
    }
}

/// Anna and the maker trade for themselves, a clerk reads Anna's account, ops may do everything.
fn people() -> Vec<User> {
    let own = |name| Reach::Accounts(vec![label(name)]);
    let trader = Scopes { read: true, trade: true, admin: false };
    vec![
        user("anna", own("anna"), trader),
        user("maker", own("maker"), trader),
        user("clerk", own("anna"), Scopes { read: true, ..Scopes::default() }),
        user("ops", Reach::All, Scopes { admin: true, ..Scopes::default() }),
        user("nobody", Reach::All, Scopes::default()),
        user("later", own("later"), trader),
    ]
}

impl Rig {
    fn start() -> Rig {
        Rig::with(Options::default(), people())
    }

    fn with(options: Options, users: Vec<User>) -> Rig {
        Rig::around(options, users, true)
    }

    /// With `runs`, an engine takes what is entered; else the queue holds one message and nobody takes it.
    fn around(options: Options, users: Vec<User>, runs: bool) -> Rig {
        let users: Arc<[User]> = users.into();
        let engine = || Engine::new(Exchange::new(spec()), &users, 0, Memory::new());
        let mut live = engine();
        live.keep_log();
        let (clock, intake) = (Clock::new(), Intake::new(if runs { 1024 } else { 1 }));
        let http = Http::bind(options, users.clone(), clock).unwrap();
        let hub = http.hub.clone();
        let (follower, outlet) = Follower::start(engine(), vec![http.listener()]);
        let outlets: Vec<Box<dyn crate::pipeline::Outlet>> = vec![Box::new(outlet)];
        let pipeline = runs.then(|| Pipeline::start(live, clock, intake.clone(), outlets));
        let server = http.start(intake.clone(), follower.clone()).unwrap();
        Rig { server, pipeline, follower, intake, users, hub }
    }

    /// A connection that signs as `name`.
    fn client(&self, name: &str) -> Client {
        let user = self.users.iter().find(|user| user.name.as_str() == name);
        Client::connect(self.server.address(), user.cloned())
    }

    /// A connection that signs nothing.
    fn stranger(&self) -> Client {
        Client::connect(self.server.address(), None)
    }

    /// Number of the last command that readers see.
    fn number(&self) -> u64 {
        self.follower.read_engine(Engine::number)
    }

    fn stop(self) {
        self.server.stop();
        self.pipeline.map(Pipeline::stop);
    }
}

/// An order of RB.
fn order(account: &str, id: &str, side: &str, price: &str, qty: &str) -> Value {
    json!({ "account": account, "id": id, "symbol": "RB", "side": side, "price": price, "qty": qty })
}

fn events(answer: &Answer) -> Vec<&str> {
    answer.json["events"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect()
}
