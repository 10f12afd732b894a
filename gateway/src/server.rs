//! A server put together: recovered, bound, running, stopped.

mod edges;
mod heart;

use crate::binary::Past;
use crate::clock::Clock;
use crate::config::Settings;
use crate::engine::Engine;
use crate::follower::Follower;
use crate::intake::Intake;
use crate::journal::{self, Files};
use crate::pipeline::{Outlet, PipelineError};
use crate::store::{
    DataOptions, KeeperOptions, Lock, RecoverError, Recovered, Report, Snapshots,
    keep_configuration, recover,
};
use crate::users::User;
use edges::Edges;
use heart::Heart;
use plimsoll_types::ExchangeSpec;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a server is made of.
pub struct Plan {
    /// The exchange.
    pub spec: ExchangeSpec,
    /// The text it was read from, which is kept beside its journal.
    pub configuration: String,
    /// Who may speak to it.
    pub users: Vec<User>,
    /// How it runs.
    pub settings: Settings,
    /// Where it keeps what must not be lost.
    pub data: PathBuf,
}

/// Why a server does not start, or no longer runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The data directory cannot be taken up.
    Recover(RecoverError),
    /// A protocol is not in this build.
    NotBuilt {
        /// Which.
        protocol: &'static str,
        /// The feature it comes with.
        feature: &'static str,
    },
    /// An address cannot be had.
    Bind {
        /// Of which protocol.
        protocol: &'static str,
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A thread ended by itself.
    Pipeline(PipelineError),
    /// The follower found an invariant broken; it has said which.
    Follower,
}

impl ServerError {
    /// Whether what was asked for is at fault, and not the run.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            ServerError::Recover(_) | ServerError::NotBuilt { .. } | ServerError::Bind { .. }
        )
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::Recover(error) => error.fmt(f),
            ServerError::NotBuilt { protocol, feature } => {
                write!(
                    f,
                    "{protocol}: expected a build with --features {feature}, found one without"
                )
            }
            ServerError::Bind { protocol, address, source } => {
                write!(f, "{protocol}: expected an address to listen on, found {address}: {source}")
            }
            ServerError::Pipeline(error) => error.fmt(f),
            ServerError::Follower => f.write_str("the readers' copy stopped at a broken invariant"),
        }
    }
}

impl std::error::Error for ServerError {}

/// How long the follower may take to catch up at the end.
const CATCH_UP: Duration = Duration::from_secs(60);

/// A server that runs.
pub struct Server {
    heart: Heart,
    intake: Intake,
    follower: Follower,
    edges: Edges,
    snapshots: Snapshots,
    report: Report,
    /// Keeps others out of the data directory.
    _lock: Lock,
}

impl Server {
    /// Takes the data directory up, binds every address, and only then starts.
    ///
    /// Errors: [`ServerError::is_input`] says whose fault; then nothing has run. `warn` is told of what goes wrong later and does
    /// not stop the server.
    pub fn start(plan: Plan, warn: impl Fn(&str) + Send + 'static) -> Result<Server, ServerError> {
        let Plan { spec, configuration, mut users, settings, data } = plan;
        settings.complete(&mut users);
        let mut options = DataOptions::new(&data);
        options.journal = journal::Options {
            policy: settings.journal.policy,
            segment_bytes: settings.journal.segment,
        };
        options.resend = settings.snapshot.resend as u64;
        let mut past = Past::new(&users, settings.snapshot.resend);
        let recovered = recover(&options, &spec, &users, &mut |_, record, events| {
            past.heard(record, events);
        })
        .map_err(ServerError::Recover)?;
        let Recovered { engine, journal, lock, report } = recovered;
        keep_configuration(&data, &configuration).map_err(ServerError::Recover)?;
        let copy = Engine::restore(spec, &users, &engine.snapshot());
        let copy = match copy {
            Ok(copy) => copy,
            Err(error) => plimsoll_types::broken(format_args!("a snapshot just taken: {error:?}")),
        };
        let follower = Follower::new(copy);
        let intake = Intake::new(settings.engine.queue);
        let clock = Clock::new();
        let parts = edges::Parts {
            users: users.into(),
            intake: &intake,
            follower: &follower,
            engine: &engine,
            data: &data,
            clock,
        };
        let bound = edges::bind(&settings, &parts, past)?;
        let mut outlets = bound.outlets;
        // Behind the protocols: whoever waits for the follower keeps nobody's answer.
        outlets.push(Box::new(follower.follow(bound.listeners)) as Box<dyn Outlet>);
        let recorder = Box::new(journal);
        let heart = Heart::start(engine, clock, &intake, recorder, outlets, bound.face, &settings);
        let edges = bound.edges;
        let keeper = keeper(&settings, data);
        let snapshots = Snapshots::start(keeper, Arc::new(Files), follower.clone(), warn);
        Ok(Server { heart, intake, follower, edges, snapshots, report, _lock: lock })
    }

    /// Protocols and where they listen.
    pub fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        self.edges.addresses()
    }

    /// What the data directory held.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What readers look at.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The way in.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Whether a part has ended by itself. Then [`Server::stop`] says why.
    pub fn has_ended(&self) -> bool {
        self.heart.has_ended() || self.follower.has_ended()
    }

    /// Takes nothing more, carries out, commits and tells what waits, takes a snapshot and ends. Gives the number of the last
    /// command and, where there is no snapshot of it, why.
    ///
    /// Errors: what went wrong in a thread, now or before.
    pub fn stop(self) -> Result<(u64, Option<String>), ServerError> {
        let diverged = self.follower.has_ended();
        let ended = self.heart.finish(&self.intake);
        self.edges.stop();
        let engine = ended.map_err(ServerError::Pipeline)?;
        let number = engine.number();
        if diverged || !self.follower.wait_for(number, CATCH_UP) {
            return Err(ServerError::Follower);
        }
        let snapshot = self.snapshots.take();
        self.snapshots.stop();
        Ok((number, snapshot.err()))
    }
}

fn keeper(settings: &Settings, data: PathBuf) -> KeeperOptions {
    let asked = settings.snapshot;
    KeeperOptions {
        commands: asked.commands.unwrap_or(u64::MAX),
        every: asked.every.unwrap_or(Duration::MAX),
        kept: asked.keep,
        segments: asked.segments,
        data,
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
