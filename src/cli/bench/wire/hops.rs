//! What each step between the sockets costs, without sockets: the server's own parts, one after the other.

use super::super::Failure;
use super::rig::{MAKER, Questions, spec, user};
use plimsoll_exchange::Exchange;
use plimsoll_gateway::binary::layout::{Message, Text};
use plimsoll_gateway::binary::{Roster, Rules, SecondLogin, Sessions, proof};
use plimsoll_gateway::{Batch, Engine, Inbound, Memory};
use serde_json::{Value, json};
use std::time::Instant;

/// Mean costs of a message, ns.
pub(super) struct Hops {
    /// Bytes to a command: framing, checks.
    decode: f64,
    /// The command carried out: matching, risk.
    engine: f64,
    /// Events to bytes, kept and put into the outbox.
    encode: f64,
}

impl Hops {
    /// Takes so many messages through the steps, a hundred at a time.
    pub(super) fn measure(count: usize) -> Result<Hops, Failure> {
        let broken = |error: std::io::Error| Failure::run(format!("bench wire: {error}"));
        let (users, spec) = (user().map_err(broken)?, spec().map_err(broken)?);
        let mut engine = Engine::new(Exchange::new(spec), &users, 0, Memory::new());
        let mut sessions = Sessions::new(Rules::default(), Roster::new(&engine, users.clone()));
        let id = sessions.open([7; 32], 1);
        let name = Text::write(b"maker");
        let login = proof::login(&[7; 32], &name, &users[0].secret, 0, SecondLogin::TakesOver);
        sessions.receive(id, 1, login.bytes(), &mut |_| Ok(()));
        let mut questions = Questions::default();
        let (mut spent, mut queue) = ([0u128; 3], Vec::<Inbound>::new());
        let rounds = count.div_ceil(100);
        let mut batch = Batch::default();
        for round in 0..rounds {
            let bytes: Vec<u8> = (0..100).flat_map(|_| questions.next().to_vec()).collect();
            let now = 2 + round as u64;
            let began = Instant::now();
            sessions.receive(id, now, &bytes, &mut |one| {
                queue.push(one);
                Ok(())
            });
            let decoded = Instant::now();
            for inbound in queue.drain(..) {
                engine.carry_out(&inbound, &mut batch);
            }
            let carried = Instant::now();
            sessions.deliver(&batch, now);
            while sessions.next_ready().is_some() {
                let waiting = sessions.outgoing(id).len();
                sessions.sent(id, waiting, now);
            }
            let told = Instant::now();
            let steps = [decoded - began, carried - decoded, told - carried];
            for (sum, step) in spent.iter_mut().zip(steps) {
                *sum += step.as_nanos();
            }
            batch.clear();
        }
        if engine.number() != rounds as u64 * 100 || engine.exchange().has_open_orders(MAKER, 1) {
            return Err(Failure::run("bench wire: not every message was carried out".to_owned()));
        }
        let [decode, engine, encode] = spent.map(|ns| ns as f64 / (rounds * 100) as f64);
        Ok(Hops { decode, engine, encode })
    }

    pub(super) fn json(&self) -> Value {
        let round = |ns: f64| (ns * 10.0).round() / 10.0;
        json!({
            "decode": round(self.decode),
            "engine": round(self.engine),
            "encode": round(self.encode),
        })
    }

    pub(super) fn text(&self) -> String {
        format!(
            "hops, mean ns a message: decode {:.0}, engine {:.0}, encode {:.0}; the rest of a trip is the sockets' (two writes, two reads)\n",
            self.decode, self.engine, self.encode
        )
    }
}
