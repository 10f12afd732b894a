//! The protocols of a server: bound together, stopped together.

use super::ServerError;
use crate::binary::{self, BinaryServer, Options, Past, Roster};
use crate::clock::Clock;
use crate::config::Settings;
use crate::engine::Engine;
use crate::follower::{Follower, Listener};
use crate::intake::Intake;
use crate::one_thread::Face;
use crate::pipeline::Outlet;
use crate::users::User;
use plimsoll_types::Ts;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// What protocols are made from.
pub(super) struct Parts<'a> {
    pub(super) users: Arc<[User]>,
    pub(super) intake: &'a Intake,
    #[cfg_attr(not(any(feature = "http", feature = "fix")), expect(dead_code))]
    pub(super) follower: &'a Follower,
    pub(super) engine: &'a Engine,
    #[cfg_attr(not(feature = "fix"), expect(dead_code))]
    pub(super) data: &'a Path,
    pub(super) clock: Clock,
}

/// Protocols that have their addresses, and what has to be told of batches.
#[derive(Default)]
pub(super) struct Bound {
    pub(super) edges: Edges,
    pub(super) outlets: Vec<Box<dyn Outlet>>,
    pub(super) listeners: Vec<Box<dyn Listener>>,
    /// The protocol whose sockets the engine's own thread looks at.
    pub(super) face: Option<Box<dyn Face>>,
}

/// Protocols that run.
#[derive(Default)]
pub(super) struct Edges {
    running: Vec<Edge>,
}

/// One of them.
struct Edge {
    protocol: &'static str,
    address: SocketAddr,
    stop: Box<dyn FnOnce()>,
}

impl Edges {
    fn add(&mut self, protocol: &'static str, address: SocketAddr, stop: impl FnOnce() + 'static) {
        self.running.push(Edge { protocol, address, stop: Box::new(stop) });
    }

    pub(super) fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        self.running.iter().map(|edge| (edge.protocol, edge.address)).collect()
    }

    /// Says good-bye to all sessions, once everything they have to know has been handed to them.
    pub(super) fn stop(self) {
        self.running.into_iter().for_each(|edge| (edge.stop)());
    }
}

/// Binds every address that is asked for.
///
/// Errors: [`ServerError::NotBuilt`], [`ServerError::Bind`]; those bound before are free again.
pub(super) fn bind(
    settings: &Settings,
    parts: &Parts<'_>,
    past: Past,
) -> Result<Bound, ServerError> {
    let mut bound = Bound::default();
    if let Some(address) = settings.binary.address {
        binary(address, settings, parts, past, &mut bound)?;
    }
    if let Some(address) = settings.fix.address {
        fix(address, settings, parts, &mut bound)?;
    }
    if let Some(address) = settings.feed.address {
        feed(address, settings, parts, &mut bound)?;
    }
    if let Some(address) = settings.http.address {
        http(address, settings, parts, &mut bound)?;
    }
    Ok(bound)
}

fn binary(
    address: SocketAddr,
    settings: &Settings,
    parts: &Parts<'_>,
    past: Past,
    bound: &mut Bound,
) -> Result<(), ServerError> {
    let refused = refused("binary", address);
    let asked = settings.binary;
    let mut options = Options::at(address);
    options.connections = asked.connections;
    options.rules.kept = asked.resend;
    options.rules.heartbeat = asked.heartbeat.as_nanos() as Ts;
    options.rules.timeout = options.rules.heartbeat.saturating_mul(3);
    let roster = Roster::new(parts.engine, parts.users.clone());
    if settings.engine.one_thread {
        let mut server = BinaryServer::bind(options, roster).map_err(&refused)?;
        server.remember(past);
        bound.edges.add("binary", server.address(), || ());
        bound.face = Some(Box::new(server));
        return Ok(());
    }
    let mut lane = parts.intake.lane(settings.engine.lane);
    let way = Box::new(move |inbound| lane.submit(inbound));
    let waits = (asked.wait, asked.core);
    let knows = (roster, Some(past));
    let (running, outlet) =
        binary::start(options, knows, way, parts.clock, waits).map_err(&refused)?;
    bound.outlets.push(Box::new(outlet));
    bound.edges.add("binary", running.address(), move || running.stop());
    Ok(())
}

#[cfg(feature = "fix")]
fn fix(
    address: SocketAddr,
    settings: &Settings,
    parts: &Parts<'_>,
    bound: &mut Bound,
) -> Result<(), ServerError> {
    use crate::fix::{Options, start};
    let mut options = Options::new(address);
    options.comp_id.clone_from(&settings.fix.comp_id);
    options.store = settings.fix.store.then(|| parts.data.join("fix"));
    let (users, intake, follower) =
        (parts.users.clone(), parts.intake.clone(), parts.follower.clone());
    let (server, outlet) =
        start(options, users, intake, follower, parts.clock).map_err(refused("fix", address))?;
    bound.outlets.push(outlet);
    bound.edges.add("fix", server.address(), move || server.stop());
    Ok(())
}

#[cfg(not(feature = "fix"))]
fn fix(_: SocketAddr, _: &Settings, _: &Parts<'_>, _: &mut Bound) -> Result<(), ServerError> {
    Err(ServerError::NotBuilt { protocol: "fix", feature: "fix" })
}

fn feed(
    address: SocketAddr,
    settings: &Settings,
    parts: &Parts<'_>,
    bound: &mut Bound,
) -> Result<(), ServerError> {
    use crate::feed::{Options, start};
    let mut options = Options::new(address);
    options.multicast = settings.feed.multicast;
    let (server, listener) =
        start(options, parts.engine.exchange(), parts.clock).map_err(refused("feed", address))?;
    bound.listeners.push(listener);
    bound.edges.add("feed", server.address(), move || server.stop());
    Ok(())
}

#[cfg(feature = "http")]
fn http(
    address: SocketAddr,
    settings: &Settings,
    parts: &Parts<'_>,
    bound: &mut Bound,
) -> Result<(), ServerError> {
    use crate::http::{Http, Options};
    let refused = refused("http", address);
    let options = Options {
        address,
        durability: settings.journal.policy.durability(),
        open_market_data: settings.http.open_market_data,
        remote_admin: settings.http.remote_admin,
        ..Options::default()
    };
    let http = Http::bind(options, parts.users.clone(), parts.clock).map_err(&refused)?;
    bound.listeners.push(http.listener());
    let server = http.start(parts.intake.clone(), parts.follower.clone()).map_err(&refused)?;
    bound.edges.add("http", server.address(), move || server.stop());
    Ok(())
}

#[cfg(not(feature = "http"))]
fn http(_: SocketAddr, _: &Settings, _: &Parts<'_>, _: &mut Bound) -> Result<(), ServerError> {
    Err(ServerError::NotBuilt { protocol: "http", feature: "http" })
}

/// The error of an address that cannot be had.
fn refused(protocol: &'static str, address: SocketAddr) -> impl Fn(io::Error) -> ServerError {
    move |source| ServerError::Bind { protocol, address, source }
}
