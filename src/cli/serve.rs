//! `plimsoll serve`: the exchange as a server.

use super::{Failure, files};
use plimsoll_gateway::auth::load_keys;
use plimsoll_gateway::config::Settings;
use plimsoll_gateway::{Plan, Server, ServerError, User};
use plimsoll_text::read_config;
use plimsoll_types::ExchangeSpec;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How often the server's threads are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What the system calls a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Run the exchange as a server.
///
/// It takes up what DIR holds, listens at the addresses given here or in --gateway's file, and prints where, one line an address, on
/// standard error. Nothing is acknowledged before the journal has it. Ctrl-C or SIGTERM ends it in order: what came in is
/// carried out and told, the journal is synced, a snapshot taken. A second one ends it at once, and loses nothing that was acknowledged.
#[derive(clap::Args)]
#[command(after_help = "Example:
  plimsoll keys add --data DATA --user anna --account anna --scope read --scope trade
  plimsoll serve examples/exchange.toml --data DATA --binary 127.0.0.1:7001 --http 127.0.0.1:7003

Everything else is in --gateway's file: docs/SERVER.md, examples/gateway.toml.")]
pub struct Args {
    /// The exchange's configuration (TOML).
    #[arg(value_name = "EXCHANGE.toml")]
    config: String,
    /// Where journal, snapshots and keys are; made if it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Listen for the binary protocol.
    #[arg(long, value_name = "ADDR")]
    binary: Option<SocketAddr>,
    /// Listen for FIX 4.4.
    #[arg(long, value_name = "ADDR")]
    fix: Option<SocketAddr>,
    /// Listen for REST and WebSocket.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Listen for readers of market data.
    #[arg(long, value_name = "ADDR")]
    feed: Option<SocketAddr>,
    /// Who may speak to it [default: DIR/keys.toml].
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// How it runs (TOML).
    #[arg(long, value_name = "FILE.toml")]
    gateway: Option<String>,
    /// Say nothing on standard error but what goes wrong.
    #[arg(long)]
    quiet: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let text = files::read_text(&args.config)?;
    let spec = read_config(files::shown(&args.config), &text).map_err(Failure::input)?;
    let settings = args.settings(&spec)?;
    let users = args.users(&spec)?;
    files::make_private_folder(&args.data)
        .map_err(|error| Failure::input(format!("{}: {error}", args.data.display())))?;
    // Before anything starts, so that no signal finds it half started.
    let signals = signals()?;
    let data = args.data.clone();
    let plan = Plan { spec, configuration: text, users, settings, data };
    let server =
        Server::start(plan, |warning| say(&format!("warning: {warning}"))).map_err(failure)?;
    args.say_start(&server);
    wait(&server, &signals);
    let asked = !server.has_ended();
    let (number, no_snapshot) = server.stop().map_err(failure)?;
    if let Some(why) = no_snapshot {
        say(&format!("warning: no snapshot at the end, the journal has everything: {why}"));
    }
    if !asked {
        return Err(Failure::run("serve: a thread of the server ended by itself"));
    }
    if !args.quiet {
        say(&format!("stopped after command {number}"));
    }
    Ok(())
}

impl Args {
    fn settings(&self, spec: &ExchangeSpec) -> Result<Settings, Failure> {
        let mut settings = match &self.gateway {
            None => Settings::default(),
            Some(path) => {
                let text = files::read_text(path)?;
                Settings::read(files::shown(path), &text, spec.money_decimals)
                    .map_err(Failure::input)?
            }
        };
        let addresses = [
            (&mut settings.binary.address, self.binary),
            (&mut settings.fix.address, self.fix),
            (&mut settings.http.address, self.http),
            (&mut settings.feed.address, self.feed),
        ];
        let mut any = false;
        for (setting, given) in addresses {
            *setting = given.or(*setting);
            any |= setting.is_some();
        }
        if !any {
            return Err(Failure::input(
                "serve: expected an address to listen on, --binary, --fix, --http or --feed, found none",
            ));
        }
        Ok(settings)
    }

    fn users(&self, spec: &ExchangeSpec) -> Result<Vec<User>, Failure> {
        let given = self.keys.clone();
        let path = given.unwrap_or_else(|| self.data.join("keys.toml"));
        if !path.exists() {
            return Err(no_keys(&path, &self.data));
        }
        load_keys(&path, spec.money_decimals).map_err(Failure::input)
    }

    fn say_start(&self, server: &Server) {
        let report = server.report();
        report.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
        if self.quiet {
            return;
        }
        if report.snapshot.is_some() || report.replayed > 0 {
            let from = report.snapshot.map_or("the configuration".to_owned(), |number| {
                format!("the snapshot of command {number}")
            });
            say(&format!("took up {from} and {} commands after it", report.replayed));
        }
        for (protocol, address) in server.addresses() {
            say(&format!("{protocol}: listening on {address}"));
        }
    }
}

fn no_keys(path: &Path, data: &Path) -> Failure {
    Failure::input(format!(
        "{}: expected a file of keys, found none; make one with: plimsoll keys add --data {} --user NAME --account NAME --scope trade",
        path.display(),
        data.display()
    ))
}

fn failure(error: ServerError) -> Failure {
    let line = format!("serve: {error}");
    if error.is_input() { Failure::input(line) } else { Failure::run(line) }
}

fn say(line: &str) {
    // Nobody reads it: nothing to be done about that.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A word for each wish to stop; the second one is granted at once.
fn signals() -> Result<Receiver<()>, Failure> {
    let (sender, receiver) = channel();
    let mut asked = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut asked, true) {
            std::process::exit(INTERRUPTED);
        }
        // The main thread is gone only with the process.
        let _ = sender.send(());
    })
    .map_err(|error| Failure::run(format!("serve: no handler for signals: {error}")))?;
    Ok(receiver)
}

/// Waits until somebody asks to stop, or a part of the server has ended.
fn wait(server: &Server, signals: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = signals.recv_timeout(LOOK) {
        if server.has_ended() {
            return;
        }
    }
}
