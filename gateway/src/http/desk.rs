//! One request from its bytes to its answer: route, signature, rate, meaning.

use super::Options;
use super::hub::{Answered, Hub};
use super::json::Json;
use super::look;
use super::orders;
use super::query::Query;
use super::reply::{No, Reply};
use super::routes::{self, Found, Need, Op};
use super::sight::Sight;
use super::sign::{Claim, Gate};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::follower::Follower;
use crate::inbound::{Inbound, Once, UserId};
use crate::intake::Intake;
use crate::throttle::Throttle;
use crate::users::User;
use axum::http::HeaderMap;
use parking_lot::Mutex;
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Command, Label};
use std::net::IpAddr;
use std::sync::Arc;

/// The page for people, with all it needs in it.
const PAGE: &[u8] = include_bytes!("page.html");

/// A request, read whole.
pub(super) struct Request {
    pub method: String,
    /// Path and query as they came.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub from: IpAddr,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub id: UserId,
    pub user: &'a User,
}

impl Caller<'_> {
    /// Refuses an account that is not the caller's, in the same words whether there is such an account or not.
    pub fn may(&self, account: &Label) -> Result<(), No> {
        if self.user.scopes.admin || self.user.reaches(account) {
            return Ok(());
        }
        Err(No::new("account"))
    }
}

/// What all requests share.
pub(super) struct Desk {
    pub options: Options,
    pub users: Arc<[User]>,
    pub clock: Clock,
    pub intake: Intake,
    pub follower: Follower,
    pub hub: Arc<Hub>,
    pub gate: Gate,
    throttles: Vec<Option<Mutex<Throttle>>>,
    openapi: Vec<u8>,
}

impl Desk {
    pub fn new(
        options: Options,
        users: Arc<[User]>,
        clock: Clock,
        hub: Arc<Hub>,
        (intake, follower): (Intake, Follower),
    ) -> Desk {
        let throttle = |user: &User| {
            user.limits.rate.map(|(rate, burst)| Mutex::new(Throttle::new(rate, burst)))
        };
        let throttles = users.iter().map(throttle).collect();
        let gate = Gate::new(users.len(), options.window_ms, clock.now());
        let openapi = super::openapi::text().into_bytes();
        Desk { options, users, clock, intake, follower, hub, gate, throttles, openapi }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Reply {
        match self.try_answer(&request).await {
            Ok(reply) => reply,
            Err(no) => no.into(),
        }
    }

    async fn try_answer(&self, request: &Request) -> Result<Reply, No> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let found = routes::find(&request.method, path)?;
        let caller = self.caller(request, found.route.need)?;
        let query = Query::read(found.route, query)?;
        match (found.route.op, caller) {
            (Op::Time, _) => Ok(Reply::ok(Json::object(|json| {
                let now = self.clock.now();
                json.key("ts").whole(now);
                json.key("ms").whole(now / 1_000_000);
            }))),
            (Op::Page, _) => {
                Ok(Reply { kind: "text/html; charset=utf-8", ..Reply::ok(PAGE.into()) })
            }
            (Op::OpenApi, _) => Ok(Reply::ok(self.openapi.clone())),
            // A request that is no WebSocket's has come this far.
            (Op::Stream, _) => Err(No::malformed("Upgrade", "expected a WebSocket")),
            (Op::Status | Op::Instruments | Op::Book | Op::Trades | Op::Marks, _) => {
                self.market(&found, &query)
            }
            (_, None) => Err(No::new("unsigned")),
            (
                Op::Accounts
                | Op::Account
                | Op::Orders
                | Op::Positions
                | Op::Risk
                | Op::Statement
                | Op::Cases,
                Some(caller),
            ) => self.account(&found, &query, caller),
            (Op::Kill | Op::Restore, Some(caller)) => {
                super::kill::carry_out(self, found.route.op, caller, &request.body).await
            }
            (_, Some(caller)) => orders::carry_out(self, &found, &query, caller, request).await,
        }
    }

    /// Who asks, where that matters.
    ///
    /// Rejects, the first that applies: `loopback`, `unsigned`, `signature`, `timestamp`, `nonce`, `scope`, `throttled`.
    fn caller(&self, request: &Request, need: Need) -> Result<Option<Caller<'_>>, No> {
        if need == Need::Nothing || (need == Need::Market && self.options.open_market_data) {
            return Ok(None);
        }
        if need == Need::Admin
            && !self.options.remote_admin
            && !request.from.to_canonical().is_loopback()
        {
            return Err(No::new("loopback"));
        }
        let claim = Claim::of(&request.headers)?;
        let caller = self.known(claim, (&request.method, &request.target, &request.body))?;
        let scopes = caller.user.scopes;
        let allowed = match need {
            Need::Nothing => true,
            Need::Market | Need::Read => scopes.read || scopes.admin,
            Need::Trade => scopes.trade,
            Need::Admin => scopes.admin,
        };
        if !allowed {
            return Err(No::new("scope"));
        }
        self.throttle(caller.id)?;
        Ok(Some(caller))
    }

    /// Who signed something now.
    pub fn known(&self, claim: Claim<'_>, signed: (&str, &str, &[u8])) -> Result<Caller<'_>, No> {
        let (id, user) = self.gate.check(&self.users, self.clock.now(), claim, signed)?;
        Ok(Caller { id, user })
    }

    fn throttle(&self, id: UserId) -> Result<(), No> {
        let Some(throttle) = &self.throttles[id.index() - 1] else { return Ok(()) };
        throttle.lock().take(self.clock.now()).map_err(|wait| No {
            retry_after: Some(wait.ns.div_ceil(1_000_000_000)),
            ..No::new("throttled")
        })
    }

    fn market(&self, found: &Found, query: &Query) -> Result<Reply, No> {
        // Not the number that the follower tells to those who wait: that comes a moment after what it stands for.
        let number = self.follower.read_engine(Engine::number);
        let body = self.follower.read(|exchange| match found.route.op {
            Op::Status => Ok(look::status(exchange, &self.hub, self.health(), number)),
            Op::Instruments => Ok(look::instruments(exchange)),
            Op::Book => look::book(exchange, &found.label()?, query.count("depth", 50)?),
            Op::Trades => {
                look::trades(exchange, &self.hub, &found.label()?, query.count("limit", 100)?)
            }
            _ => Ok(Json::object(|json| {
                json.key("marks").nested(b"[]", |json| look::write_marks(json, exchange));
            })),
        })?;
        let well = found.route.op != Op::Status || !self.intake.is_closed();
        Ok(Reply::with(if well { 200 } else { 503 }, body))
    }

    /// Whether commands are taken.
    fn health(&self) -> &'static str {
        if self.intake.is_closed() { "stopping" } else { "ok" }
    }

    fn account(&self, found: &Found, query: &Query, caller: Caller<'_>) -> Result<Reply, No> {
        let sight = Sight::of(caller.user);
        let named = |exchange: &Exchange| -> Result<AccountId, No> {
            let name = found.label()?;
            caller.may(&name)?;
            look::account_of(exchange, &name)
        };
        let body = self.follower.read(|exchange| match found.route.op {
            Op::Accounts => look::accounts(exchange, caller.user, query),
            Op::Cases => Ok(Json::object(|json| {
                json.key("cases").nested(b"[]", |json| {
                    self.hub.window.lock().cases(json, exchange, &sight);
                });
            })),
            Op::Orders => Ok(look::picked(exchange, named(exchange)?, &["orders"])),
            Op::Positions => Ok(look::picked(exchange, named(exchange)?, &["positions"])),
            Op::Risk => Ok(look::risk(exchange, named(exchange)?)),
            Op::Statement => {
                let id = named(exchange)?;
                Ok(look::statement(exchange, &self.hub, id, &sight, query.count("limit", 100)?))
            }
            _ => Ok(look::account(exchange, named(exchange)?)),
        })?;
        Ok(Reply::ok(body))
    }

    /// Why the engine takes nothing.
    fn why_not(&self) -> &'static str {
        if self.intake.is_closed() { "stopping" } else { "busy" }
    }

    /// Has the engine carry a command out, and waits for its outcome.
    ///
    /// Rejects: `busy`, nothing was carried out; `timeout`, where it is not known; `stopping`.
    pub async fn carry_out(
        &self,
        user: UserId,
        once: Once,
        command: Command,
        sight: Sight,
    ) -> Result<Answered, No> {
        let mut expected = self.hub.expect(sight);
        let (received, tag) = (self.clock.now(), expected.tag);
        let inbound = Inbound { received, user, once, tag, command };
        self.intake.submit(inbound).map_err(|_| No::new(self.why_not()))?;
        match tokio::time::timeout(self.options.patience, &mut expected.answer).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(_)) => Err(No::new("stopping")),
            Err(_) => Err(No::new("timeout")),
        }
    }
}
