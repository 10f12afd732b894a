//! A folder with keys, and a server over it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(5);

const PROTOCOLS: [&str; 4] = ["binary", "fix", "http", "feed"];

/// The program at work in the repository's folder, so that examples are found.
pub fn plimsoll() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

/// How a process ended.
pub struct Ended {
    pub code: Option<i32>,
    /// Everything on standard error.
    pub said: String,
}

/// Runs the program to its end.
pub fn run(args: &[&str]) -> Ended {
    let mut child = plimsoll()
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = child.stderr.take().expect("piped");
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said).unwrap_or_default()
    });
    let code = end(&mut child).code();
    Ended { code, said: reader.join().expect("it only reads") }
}

/// Waits for the end of a process; one that goes on is killed, and the test fails.
fn end(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status;
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("the program did not end");
        }
        std::thread::sleep(LOOK);
    }
}

/// A folder of its own for one test, gone with it.
pub struct Folder {
    path: PathBuf,
    data: String,
    secrets: BTreeMap<&'static str, String>,
}

impl Folder {
    /// A folder without anything.
    pub fn new(test: &str) -> Folder {
        let name = format!("plimsoll-serve-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a place for it");
        let data = path.join("data").to_string_lossy().into_owned();
        Folder { path, data, secrets: BTreeMap::new() }
    }

    /// One in whose data directory `anna`, `maker` and `ops` have keys.
    pub fn with_keys(test: &str) -> Folder {
        let mut folder = Folder::new(test);
        for (user, rights) in [
            ("anna", ["--scope", "read,trade", "--account", "anna"].as_slice()),
            ("maker", ["--scope", "read,trade", "--account", "maker"].as_slice()),
            ("ops", ["--scope", "admin", "--all-accounts"].as_slice()),
        ] {
            let words = ["keys", "add", "--data", &folder.data, "--user", user];
            let added = plimsoll().args(words).args(rights).output().expect("the program starts");
            assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
            let secret = String::from_utf8(added.stdout).expect("text").trim().to_owned();
            folder.secrets.insert(user, secret);
        }
        folder
    }

    pub fn data(&self) -> &str {
        &self.data
    }

    pub fn secret(&self, user: &str) -> &str {
        &self.secrets[user]
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> String {
        self.path.join(name).to_string_lossy().into_owned()
    }

    /// Writes a file and gives its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a place for it");
        path
    }

    /// Tries to start a server that must not start; gives the one line it says.
    pub fn refused(&self, more: &[&str]) -> String {
        let mut args = vec!["serve", "examples/exchange.toml", "--data", &self.data];
        args.extend(more);
        let ended = run(&args);
        assert_eq!(ended.code, Some(2), "{more:?}: {}", ended.said);
        assert_eq!(ended.said.lines().count(), 1, "{more:?}: {}", ended.said);
        ended.said
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A server that runs, with every protocol on a port of its own.
pub struct Server {
    child: Child,
    addresses: BTreeMap<&'static str, SocketAddr>,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one and waits until it listens everywhere.
    pub fn start(folder: &Folder, more: &[&str]) -> Server {
        let mut command = plimsoll();
        command.args(["serve", "examples/exchange.toml", "--data", folder.data()]).args(more);
        for flag in ["--binary", "--fix", "--http", "--feed"] {
            command.args([flag, "127.0.0.1:0"]);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let mut addresses = BTreeMap::new();
        while addresses.len() < PROTOCOLS.len() {
            let Some(Ok(line)) = lines.next() else {
                panic!("the server ended:\n{}", said.lock().expect("nobody panics with it"));
            };
            let place = line.split_once(": listening on ");
            if let Some((protocol, address)) = place {
                let protocol = PROTOCOLS.into_iter().find(|known| *known == protocol);
                addresses.insert(protocol.expect("one of them"), address.parse().expect("digits"));
            }
            note(&said, &line);
        }
        let hears = said.clone();
        let reader = std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| note(&hears, &line));
        });
        Server { child, addresses, said, reader: Some(reader) }
    }

    pub fn address(&self, protocol: &str) -> SocketAddr {
        self.addresses[protocol]
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        self.said.lock().expect("nobody panics with it").clone()
    }

    /// Sends it a signal, by the name `kill` knows.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// SIGTERM; waits for the end.
    pub fn stop(self) -> Ended {
        self.signal("-TERM");
        self.ended()
    }

    /// Waits for an end that comes by itself.
    pub fn ended(mut self) -> Ended {
        let code = end(&mut self.child).code();
        self.reader.take().expect("once").join().expect("it only reads");
        Ended { code, said: self.said() }
    }

    /// SIGKILL; nothing is put in order.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        end(&mut self.child);
    }
}

fn note(said: &Mutex<String>, line: &str) {
    let mut said = said.lock().expect("nobody panics with it");
    said.push_str(line);
    said.push('\n');
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
