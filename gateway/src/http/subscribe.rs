//! What a stream's client asks for: to be known, to hear of something, or no longer.

use super::books::Told;
use super::desk::Desk;
use super::look;
use super::reply::No;
use super::sight::Sight;
use super::sign::Claim;
use super::stream::note;
use super::topics::{Channel, Topic, message, shared};
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Label};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most topics of a stream.
const TOPICS_MAX: usize = 64;

/// What a client signs to be known on a stream.
const SIGNED: (&str, &str, &[u8]) = ("GET", "/v1/stream", b"");

/// A stream as its client has set it up.
pub(super) struct Session<'a> {
    desk: &'a Desk,
    id: u64,
    /// Whose it is, once that is known, where it may read.
    sight: Option<Sight>,
    topics: BTreeSet<Topic>,
}

impl<'a> Session<'a> {
    pub fn new(desk: &'a Desk, id: u64) -> Session<'a> {
        Session { desk, id, sight: None, topics: BTreeSet::new() }
    }

    /// Carries out what a message asks for; what is wrong with it is said in the stream.
    pub fn take(&mut self, text: &str) {
        if let Err(no) = self.try_take(text) {
            let error = note("error", |json| no.write(json));
            self.desk.hub.topics.lock().send(self.id, error);
        }
    }

    fn try_take(&mut self, text: &str) -> Result<(), No> {
        let value: Value = serde_json::from_str(text)
            .map_err(|_| No::malformed("line", "expected a JSON object"))?;
        let fields =
            value.as_object().ok_or_else(|| No::malformed("line", "expected a JSON object"))?;
        match text_of(fields, "op")? {
            "auth" => self.auth(fields),
            "subscribe" => self.subscribe(fields),
            "unsubscribe" => self.unsubscribe(fields),
            _ => Err(No::malformed("op", "expected \"auth\", \"subscribe\" or \"unsubscribe\"")),
        }
    }

    fn auth(&mut self, fields: &Map<String, Value>) -> Result<(), No> {
        only(fields, &["op", "user", "timestamp", "nonce", "signature"])?;
        if self.sight.is_some() {
            return Err(No::malformed("op", "expected auth once"));
        }
        let claim = Claim {
            user: text_of(fields, "user")?,
            timestamp: text_of(fields, "timestamp")?,
            nonce: text_of(fields, "nonce")?,
            signature: text_of(fields, "signature")?,
        };
        let caller = self.desk.known(claim, SIGNED)?;
        if !caller.user.scopes.read && !caller.user.scopes.admin {
            return Err(No::new("scope"));
        }
        let sight = Sight::of(caller.user);
        self.desk.follower.read(|exchange| {
            let mut topics = self.desk.hub.topics.lock();
            topics.know(exchange, self.id, sight.clone());
            let name = caller.user.name;
            topics
                .send(self.id, note("authenticated", |json| json.key("user").text(name.as_str())));
        });
        self.sight = Some(sight);
        Ok(())
    }

    fn subscribe(&mut self, fields: &Map<String, Value>) -> Result<(), No> {
        self.desk.follower.read(|exchange| {
            let topic = topic_of(exchange, fields)?;
            let open = self.desk.options.open_market_data && !topic.0.is_private();
            if !open && self.sight.is_none() {
                return Err(No::new("unsigned"));
            }
            if !self.topics.contains(&topic) && self.topics.len() >= TOPICS_MAX {
                return Err(No::malformed(
                    "channel",
                    format!("expected at most {TOPICS_MAX} topics"),
                ));
            }
            self.topics.insert(topic);
            if topic.0.is_private() {
                self.begin_private(exchange, topic);
            } else {
                self.begin_public(exchange, topic);
            }
            Ok(())
        })
    }

    /// The snapshot goes into the queue before anything that follows it: the follower stands still meanwhile.
    fn begin_public(&self, exchange: &Exchange, topic: Topic) {
        let hub = &self.desk.hub;
        let mut topics = hub.topics.lock();
        let (sequence, told) = topics.subscribe(self.id, topic);
        if matches!(topic.0, Channel::Book | Channel::Quote) && told.is_none() {
            *told = Some(Told::of(exchange, topic));
        }
        let told = told.clone();
        let snapshot = message(exchange, topic, "snapshot", sequence, |json| {
            look::topic_now(json, exchange, hub, topic.0, topic.1, told.as_ref());
        });
        topics.send(self.id, shared(snapshot));
    }

    fn begin_private(&self, exchange: &Exchange, topic: Topic) {
        let mut topics = self.desk.hub.topics.lock();
        let sequence = topics.watch(self.id, topic.0);
        let accounts: Vec<AccountId> = match &self.sight {
            Some(Sight::Accounts(names)) => {
                names.iter().filter_map(|name| exchange.account_id(name)).collect()
            }
            // Of all accounts nobody wants all of it at once; REST has them page by page.
            _ => Vec::new(),
        };
        let snapshot = message(exchange, topic, "snapshot", sequence, |json| {
            json.key("seq").whole(exchange.seq());
            json.key("data").nested(b"[]", |json| {
                for account in accounts {
                    json.raw(&match topic.0 {
                        Channel::Orders => look::picked(exchange, account, &["orders"]),
                        _ => look::risk(exchange, account),
                    });
                }
            });
        });
        topics.send(self.id, shared(snapshot));
    }

    fn unsubscribe(&mut self, fields: &Map<String, Value>) -> Result<(), No> {
        self.desk.follower.read(|exchange| {
            let topic = topic_of(exchange, fields)?;
            self.topics.remove(&topic);
            let mut topics = self.desk.hub.topics.lock();
            topics.unsubscribe(self.id, topic);
            let gone = message(exchange, topic, "unsubscribed", 0, |_| {});
            topics.send(self.id, shared(gone));
            Ok(())
        })
    }
}

/// The topic that a message names.
fn topic_of(exchange: &Exchange, fields: &Map<String, Value>) -> Result<Topic, No> {
    only(fields, &["op", "channel", "symbol"])?;
    let word = text_of(fields, "channel")?;
    let known = Channel::ALL.iter().find(|channel| channel.as_str() == word);
    let Some(&channel) = known else {
        let words: Vec<&str> = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
        return Err(No::malformed("channel", format!("expected one of {}", words.join(", "))));
    };
    if !channel.has_symbol() {
        return match fields.get("symbol") {
            None => Ok((channel, None)),
            Some(_) => Err(No::malformed("symbol", "expected no symbol with this channel")),
        };
    }
    let symbol = Label::new(text_of(fields, "symbol")?)
        .ok_or_else(|| No::malformed("symbol", "expected a name of 1 to 39 bytes"))?;
    Ok((channel, Some(look::instrument_of(exchange, &symbol)?)))
}

fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), No> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => {
            Err(No::malformed(&plimsoll_text::r#where::quoted(key), "expected no such field"))
        }
        None => Ok(()),
    }
}

fn text_of<'f>(fields: &'f Map<String, Value>, key: &str) -> Result<&'f str, No> {
    let text = fields.get(key).and_then(Value::as_str);
    text.ok_or_else(|| No::malformed(key, "expected a string"))
}
