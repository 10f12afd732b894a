//! One WebSocket: what the client asks for goes in, what its topics bring goes out, until either end has had enough.

use super::desk::Desk;
use super::json::Json;
use super::subscribe::Session;
use super::topics::shared;
use crate::throttle::Throttle;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, timeout};

/// Messages a client may send, a second in the long run and at once.
const RATE: (NonZeroU32, NonZeroU32) =
    (NonZeroU32::new(20).expect("not zero"), NonZeroU32::new(200).expect("not zero"));

/// How long a client has to take the last message.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why a stream ends: a WebSocket close code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End(u16, &'static str);

const GONE: End = End(1000, "");
const SLOW: End = End(1013, "slow reader: come back and begin with a snapshot");
const SILENT: End = End(1011, "no answer to pings");
const THROTTLED: End = End(1008, "too many messages");
const TEXT_ONLY: End = End(1003, "text messages only");

/// Serves a stream to its end.
pub(super) async fn run(desk: &Desk, mut socket: WebSocket) {
    let cut = Arc::new(Notify::new());
    let (id, mut queue) = desk.hub.topics.lock().join(desk.options.stream_queue, cut.clone());
    let left = Leave { desk, id };
    let mut session = Session::new(desk, id);
    let mut throttle = Throttle::new(RATE.0, RATE.1);
    let mut ping = tokio::time::interval(desk.options.ping.max(Duration::from_millis(10)));
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.tick().await;
    let mut silent = 0;
    let end = loop {
        let outgoing = tokio::select! {
            () = cut.notified() => break SLOW,
            message = queue.recv() => match message {
                Some(text) => Message::Text((&*text).into()),
                None => break SLOW,
            },
            incoming = socket.recv() => {
                silent = 0;
                match incoming {
                    None | Some(Err(_) | Ok(Message::Close(_))) => break GONE,
                    Some(Ok(Message::Binary(_))) => break TEXT_ONLY,
                    Some(Ok(Message::Text(text))) => {
                        if throttle.take(desk.clock.now()).is_err() {
                            break THROTTLED;
                        }
                        session.take(text.as_str());
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                }
                continue;
            }
            _ = ping.tick() => {
                silent += 1;
                if silent > 2 {
                    break SILENT;
                }
                Message::Ping(Vec::new().into())
            }
        };
        // Who does not read holds up this task alone, and is cut off when the queue is full.
        tokio::select! {
            () = cut.notified() => break SLOW,
            sent = socket.send(outgoing) => if sent.is_err() { break GONE },
        }
    };
    drop(left);
    farewell(&mut socket, end).await;
}

/// Says why, and lets the client take what is on its way.
async fn farewell(socket: &mut WebSocket, End(code, reason): End) {
    let last = async {
        let frame = CloseFrame { code, reason: reason.into() };
        let mut open = socket.send(Message::Close(Some(frame))).await.is_ok();
        while open {
            open = matches!(socket.recv().await, Some(Ok(_)));
        }
    };
    let _ = timeout(FAREWELL, last).await;
}

/// Takes a stream out of all topics, also where its task is dropped.
struct Leave<'a> {
    desk: &'a Desk,
    id: u64,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.desk.hub.topics.lock().leave(self.id);
    }
}

/// A message that answers the client and belongs to no channel.
pub(super) fn note(kind: &str, fill: impl FnOnce(&mut Json)) -> Arc<str> {
    shared(Json::object(|json| {
        json.key("type").text(kind);
        fill(json);
    }))
}
