//! Clients that know the wire and nothing of the server's code: HTTP/1.1, WebSocket and FIX by hand.

use crate::Trade;
use crate::rig::PATIENCE;
use plimsoll::gateway::auth::{from_hex, hmac_sha256, sha256, to_hex};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

static NONCES: AtomicU64 = AtomicU64::new(0);

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time-out");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// Somebody with a key over HTTP.
pub struct Web {
    stream: BufReader<TcpStream>,
    user: &'static str,
    secret: Vec<u8>,
}

impl Web {
    pub fn connect(address: SocketAddr, user: &'static str, secret: &str) -> Web {
        let secret = from_hex(secret).expect("hex");
        Web { stream: BufReader::new(connect(address)), user, secret }
    }

    pub fn get(&mut self, target: &str) -> Value {
        let (status, answer) = self.signed("GET", target, "");
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub fn post(&mut self, target: &str, body: &Value) -> (u16, Value) {
        self.signed("POST", target, &body.to_string())
    }

    /// Signs and sends a request, at the server's time.
    pub fn signed(&mut self, method: &str, target: &str, body: &str) -> (u16, Value) {
        let now = self.send("GET /v1/time HTTP/1.1\r\nHost: x\r\n\r\n").1["ms"].clone();
        let nonce = format!("{:08}-{}", NONCES.fetch_add(1, Ordering::Relaxed), std::process::id());
        let digest = to_hex(&sha256(body.as_bytes()));
        let text = format!("{method}\n{target}\n{now}\n{nonce}\n{digest}");
        let signature = to_hex(&hmac_sha256(&self.secret, &[text.as_bytes()]));
        let user = self.user;
        self.send(&format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nX-Plimsoll-User: {user}\r\n\
             X-Plimsoll-Timestamp: {now}\r\nX-Plimsoll-Nonce: {nonce}\r\n\
             X-Plimsoll-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Sends a request as it is.
    pub fn send(&mut self, request: &str) -> (u16, Value) {
        self.stream.get_mut().write_all(request.as_bytes()).expect("the server reads");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer: {line:?}"));
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a head");
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", digits)) => length = digits.parse().expect("a length"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }
}

/// A stream of what happens.
pub struct WebSocket(BufReader<TcpStream>);

impl WebSocket {
    pub fn connect(address: SocketAddr) -> WebSocket {
        let mut stream = connect(address);
        let head = "GET /v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
                    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("the server reads");
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).expect("an answer");
        assert!(line.contains(" 101 "), "{line}");
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).expect("a head");
        }
        WebSocket(stream)
    }

    /// A text of less than 126 bytes; its mask is all zeros, which changes nothing.
    pub fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
        let mut frame = vec![0x81, 0x80 | length.expect("a short text"), 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.0.get_mut().write_all(&frame).expect("the server reads");
    }

    /// The next text. A ping has no place here: no test takes that long.
    pub fn receive(&mut self) -> Value {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).expect("a message");
        assert_eq!(head[0], 0x81, "a whole text");
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                self.0.read_exact(&mut long).expect("a length");
                u16::from_be_bytes(long).into()
            }
            short => usize::from(short),
        };
        let mut text = vec![0; length];
        self.0.read_exact(&mut text).expect("a text");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The next trade.
    pub fn trade(&mut self) -> Trade {
        let message = self.receive();
        let data = &message["data"];
        let number = |name: &str| data[name].as_str().and_then(|text| text.parse().ok());
        let (price, qty) = (number("price"), number("qty"));
        let seq = data["seq"].as_u64();
        seq.zip(price).zip(qty).map(|((seq, price), qty)| (seq, price, qty)).expect("a trade")
    }
}

/// Somebody logged on over FIX.
pub struct Fix {
    stream: BufReader<TcpStream>,
    user: &'static str,
    sequence: u64,
}

impl Fix {
    pub fn log_on(address: SocketAddr, user: &'static str, secret: &str) -> Fix {
        let mut fix = Fix { stream: BufReader::new(connect(address)), user, sequence: 0 };
        fix.send("A", &format!("98=0|108=30|141=Y|553={user}|554={secret}|"));
        fix.until("35=A");
        fix
    }

    /// Sends a message; fields are parted by `|`.
    pub fn send(&mut self, kind: &str, fields: &str) {
        self.sequence += 1;
        let time = plimsoll::gateway::fix::time::write_time(plimsoll::gateway::Clock::new().now());
        let (user, sequence) = (self.user, self.sequence);
        let body = format!("35={kind}|49={user}|56=PLIMSOLL|34={sequence}|52={time}|{fields}");
        let mut text = format!("8=FIX.4.4|9={}|{body}", body.len()).replace('|', "\x01");
        let sum = text.bytes().fold(0u8, u8::wrapping_add);
        text += &format!("10={sum:03}\x01");
        self.stream.get_mut().write_all(text.as_bytes()).expect("the server reads");
    }

    /// The next message that has this field, parted by `|`.
    pub fn until(&mut self, field: &str) -> String {
        let (mut message, wanted) = (String::from("|"), format!("|{field}|"));
        loop {
            let mut part = Vec::new();
            self.stream.read_until(1, &mut part).expect("a message");
            assert_eq!(part.pop(), Some(1), "the connection ended; wanted {field}");
            message += &format!("{}|", String::from_utf8_lossy(&part));
            if part.starts_with(b"10=") {
                if message.contains(&wanted) {
                    return message;
                }
                message.truncate(1);
            }
        }
    }

    /// All that comes until the connection ends, parted by `|`.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
                panic!("the connection goes on: {error}")
            }
            _ => String::from_utf8_lossy(&bytes).replace('\x01', "|"),
        }
    }
}
