//! Damaged requests and streams of bytes: an answer or an end, never a panic.

use super::client::PATIENCE;
use super::*;
use crate::house::Random;
use std::io::Write;
use std::net::TcpStream;

/// A generator whose seed a failure prints.
struct Draw(Random);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0.below(n.max(1) as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 => bytes[at] = self.below(256) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, self.below(256) as u8),
                3 => bytes.truncate(at.max(1)),
                _ => {
                    let to = at + self.below(bytes.len() - at);
                    let piece = bytes[at..to].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
    }
}

/// How many: `PLIMSOLL_FUZZ` times as many in longer runs.
fn rounds(n: usize) -> usize {
    let times = std::env::var("PLIMSOLL_FUZZ").ok().and_then(|text| text.parse::<usize>().ok());
    n * times.unwrap_or(1)
}

/// Bodies that are signed all the same, so that they come as far as they can.
#[test]
fn mutated_bodies_and_paths_are_answered_and_harm_nobody() {
    let mut users = people();
    users.iter_mut().for_each(|user| user.scopes = Scopes { read: true, trade: true, admin: true });
    let rig = Rig::with(Options::default(), users);
    let new_desk = || {
        let parts = (rig.intake.clone(), rig.follower.clone());
        let (users, hub) = (rig.users.clone(), rig.hub.clone());
        super::super::desk::Desk::new(Options::default(), users, crate::Clock::new(), hub, parts)
    };
    let mut desk = new_desk();
    let ops = rig.users.iter().find(|user| user.name.as_str() == "ops").unwrap();
    let seeds = [
        ("POST", "/v1/orders", order("maker", "m1", "sell", "5000", "5").to_string()),
        ("PATCH", "/v1/orders/m1", r#"{"account":"maker","price":"5001","qty":"4"}"#.into()),
        ("DELETE", "/v1/orders/m1?account=maker", String::new()),
        ("POST", "/v1/admin/commands", r#"{"cmd":"margin","symbol":"RB","initial":{"share":"0.2","per_lot":"1"},"maintenance":"0.1"}"#.into()),
        ("POST", "/v1/admin/commands", r#"{"cmd":"list","symbol":"X","kind":"future","tick_size":"1","lot_size":"1","multiplier":"10","prev_settlement":"50","margin_initial":"0.1","margin_maintenance":"0.1"}"#.into()),
        ("POST", "/v1/admin/kill", r#"{"account":"anna"}"#.into()),
        ("POST", "/v1/cancel_all", r#"{"account":"maker","side":"buy"}"#.into()),
        ("GET", "/v1/accounts/anna/statement?limit=5", String::new()),
        ("GET", "/v1/books/RB?depth=5", String::new()),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut draw, mut done) = (Draw(Random(7)), 0);
    for n in 0..rounds(10_000) {
        if n % 50_000 == 49_999 {
            // A user's nonces of one window are bounded.
            desk = new_desk();
        }
        let (method, target, body) = &seeds[draw.below(seeds.len())];
        let (mut target, mut body) = (target.as_bytes().to_vec(), body.clone().into_bytes());
        if draw.below(3) == 0 {
            draw.mutate(&mut target);
        }
        if !body.is_empty() {
            draw.mutate(&mut body);
        }
        let target = String::from_utf8_lossy(&target).into_owned();
        let (time, nonce) = ((desk.clock.now() / 1_000_000).to_string(), format!("fuzz-{n:09}"));
        let signature = super::super::sign(&ops.secret, method, &target, &time, &nonce, &body);
        let mut headers = axum::http::HeaderMap::new();
        for (name, value) in [
            ("x-plimsoll-user", "ops"),
            ("x-plimsoll-timestamp", &time),
            ("x-plimsoll-nonce", &nonce),
            ("x-plimsoll-signature", &signature),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let shown = format!("round {n}: {method} {target} {}", String::from_utf8_lossy(&body));
        let request = super::super::desk::Request {
            method: (*method).to_owned(),
            target,
            headers,
            body,
            from: [127, 0, 0, 1].into(),
        };
        let reply = runtime.block_on(desk.answer(request));
        assert!(matches!(reply.status, 200 | 201 | 400 | 404 | 405 | 409 | 422), "{shown}");
        let page = reply.kind.starts_with("text/html");
        assert!(page || serde_json::from_slice::<Value>(&reply.body).is_ok(), "{shown}");
        done += usize::from(reply.status < 300);
    }
    assert!(done > 500, "only {done} were good enough to be carried out");
    assert_eq!(rig.stranger().get("/v1/status").json["health"], "ok");
    rig.stop();
}

#[test]
fn garbage_on_the_wire_is_closed_or_refused_and_others_go_on() {
    let rig = Rig::start();
    let good = b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nX-Plimsoll-User: anna\r\nContent-Length: 2\r\n\r\n{}";
    let upgrade = b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x85abcdefghi";
    let mut draw = Draw(Random(11));
    for n in 0..rounds(500) {
        let mut bytes = if n % 2 == 0 { good.to_vec() } else { upgrade.to_vec() };
        draw.mutate(&mut bytes);
        let mut socket = TcpStream::connect(rig.server.address()).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let _ = socket.write_all(&bytes);
    }
    let long = format!("GET /v1/time HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(100_000));
    let refused = rig.stranger().raw(long.as_bytes());
    assert!(refused.is_none_or(|answer| answer.status == 431));
    assert_eq!(rig.stranger().get("/v1/time").status, 200);
    assert_eq!(rig.number(), 0);
    rig.stop();
}

#[test]
fn who_reads_no_answer_gives_its_place_back() {
    let read_patience = std::time::Duration::from_millis(200);
    let rig = Rig::with(Options { connections: 1, read_patience, ..Options::default() }, people());
    let mut greedy = TcpStream::connect(rig.server.address()).unwrap();
    greedy.set_write_timeout(Some(PATIENCE)).unwrap();
    let asks = b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
    // It never reads: the server is left with megabytes that nobody takes, and closes.
    let _ = greedy.write_all(&asks);
    assert_eq!(rig.stranger().get("/v1/time").status, 200);
    drop(greedy);
    rig.stop();
}

#[test]
fn a_stopping_engine_is_said() {
    let rig = Rig::start();
    let mut maker = rig.client("maker");
    rig.intake.close();
    let status = maker.get("/v1/status");
    assert_eq!((status.status, &status.json["health"]), (503, &json!("stopping")));
    let late = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "5"));
    assert_eq!((late.status, late.code()), (503, "stopping"));
    rig.stop();
}
