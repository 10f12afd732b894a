//! A client of its own, so that the server is not tested with its own parser: HTTP/1.1 by hand, and tungstenite.

use super::super::sign;
use crate::users::User;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tungstenite::{Message, WebSocket};

/// No test waits longer for bytes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

static NONCES: AtomicU64 = AtomicU64::new(0);

pub(super) fn nonce() -> String {
    format!("nonce-{:08}", NONCES.fetch_add(1, Ordering::Relaxed))
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub head: String,
    pub json: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or("")
    }
}

/// A connection.
pub(super) struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    pub user: Option<User>,
}

fn now_ms(client: &mut Client) -> u64 {
    client.send("GET", "/v1/time", &[], b"").json["ms"].as_u64().unwrap()
}

impl Client {
    pub fn connect(address: SocketAddr, user: Option<User>) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { address, stream: BufReader::new(stream), user }
    }

    /// The server's time, milliseconds.
    pub fn now(&mut self) -> u64 {
        now_ms(self)
    }

    /// The four headers for a request now.
    pub fn headers(&mut self, method: &str, target: &str, body: &[u8]) -> Vec<(String, String)> {
        let Some(user) = self.user.clone() else { return Vec::new() };
        let (timestamp, nonce) = (now_ms(self).to_string(), nonce());
        let signature = sign(&user.secret, method, target, &timestamp, &nonce, body);
        [
            ("X-Plimsoll-User", user.name.as_str()),
            ("X-Plimsoll-Timestamp", &timestamp),
            ("X-Plimsoll-Nonce", &nonce),
            ("X-Plimsoll-Signature", &signature),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    pub fn get(&mut self, target: &str) -> Answer {
        let headers = self.headers("GET", target, b"");
        self.send("GET", target, &headers, b"")
    }

    pub fn delete(&mut self, target: &str) -> Answer {
        let headers = self.headers("DELETE", target, b"");
        self.send("DELETE", target, &headers, b"")
    }

    pub fn post(&mut self, target: &str, body: &Value) -> Answer {
        self.with_body("POST", target, body, &[])
    }

    pub fn with_body(
        &mut self,
        method: &str,
        target: &str,
        body: &Value,
        more: &[(&str, &str)],
    ) -> Answer {
        let body = body.to_string();
        let mut headers = self.headers(method, target, body.as_bytes());
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(method, target, &headers, body.as_bytes())
    }

    /// Sends a request as it is given.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: x\r\n");
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        let bytes = [head.as_bytes(), body].concat();
        self.raw(&bytes).expect("an answer")
    }

    /// Sends bytes and reads an answer, where there is one.
    pub fn raw(&mut self, bytes: &[u8]) -> Option<Answer> {
        // A server that has seen enough may close before it has read everything.
        let _ = self.stream.get_mut().write_all(bytes);
        let mut head = String::new();
        loop {
            let before = head.len();
            match self.stream.read_line(&mut head) {
                Ok(0) | Err(_) => return None,
                Ok(_) if head[before..] == *"\r\n" => break,
                Ok(_) => {}
            }
        }
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Some(Answer { status, head, json })
    }

    /// Turns into a stream, signed if there is a user.
    pub fn stream(mut self) -> Stream {
        let auth = self.user.clone().map(|user| {
            let (timestamp, nonce) = (now_ms(&mut self).to_string(), nonce());
            let signature = sign(&user.secret, "GET", "/v1/stream", &timestamp, &nonce, b"");
            json!({
                "op": "auth", "user": user.name.as_str(), "timestamp": timestamp,
                "nonce": nonce, "signature": signature,
            })
        });
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client("ws://x/v1/stream", socket).unwrap();
        let mut stream = Stream { socket };
        if let Some(auth) = auth {
            stream.say(&auth);
            assert_eq!(stream.next()["type"], "authenticated");
        }
        stream
    }
}

/// A WebSocket.
pub(super) struct Stream {
    pub socket: WebSocket<TcpStream>,
}

impl Stream {
    pub fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).unwrap();
    }

    pub fn subscribe(&mut self, channel: &str, symbol: Option<&str>) -> Value {
        let mut message = json!({ "op": "subscribe", "channel": channel });
        if let Some(symbol) = symbol {
            message["symbol"] = symbol.into();
        }
        self.say(&message);
        self.next()
    }

    /// The next message of the server.
    pub fn next(&mut self) -> Value {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
