//! A server from start to stop, without a protocol: what it keeps and how it ends.

use super::*;
use crate::house::{ANNA, USER, limit, spec, users};
use crate::inbound::{Inbound, Once};
use crate::users::Limits;
use plimsoll_exchange::Exchange;
use plimsoll_types::{Command, Side};
use std::sync::atomic::{AtomicU32, Ordering};

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own for a test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("plimsoll-server-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(folder: &Folder, settings: &Settings) -> Result<Server, ServerError> {
    let plan = Plan {
        spec: spec(),
        configuration: include_str!("../../examples/exchange.toml").to_owned(),
        users: users(Limits::default()),
        settings: settings.clone(),
        data: folder.0.clone(),
    };
    Server::start(plan, |warning| panic!("{warning}"))
}

fn order(number: u64) -> Inbound {
    let order = limit(ANNA, &format!("o{number}"), Side::Buy, 4990, 1);
    let command = Command::Order(order);
    Inbound { received: 1, user: USER, once: Once::Sequence(number), tag: number, command }
}

#[test]
fn a_server_goes_on_where_it_stopped_however_its_threads_are_cut() {
    let folder = Folder::new();
    let mut settings = Settings::default();
    let mut hash = None;
    for round in 0u64..4 {
        settings.engine.one_thread = round % 2 == 1;
        let server = start(&folder, &settings).expect("it starts");
        let stood = server.follower().read(Exchange::state_hash);
        assert_eq!(hash.unwrap_or(stood), stood);
        let intake = server.intake();
        // Half of them again: copies, since the users' memory is taken up too.
        let from = 1 + 20 * round;
        for number in from.saturating_sub(10).max(1)..from + 20 {
            intake.submit(order(number)).expect("there is room");
        }
        assert!(server.follower().wait_for(20 * (round + 1), PATIENCE));
        hash = Some(server.follower().read(Exchange::state_hash));
        assert!(!server.has_ended());
        assert_eq!(server.stop().expect("nothing went wrong"), (20 * (round + 1), None));
    }
}

#[test]
fn the_tail_behind_the_last_snapshot_is_replayed() {
    let folder = Folder::new();
    {
        let server = start(&folder, &Settings::default()).expect("it starts");
        (1..=7).for_each(|n| server.intake().submit(order(n)).expect("there is room"));
        // Without the snapshot that a stop takes.
        let Server { heart, intake, .. } = server;
        assert_eq!(heart.finish(&intake).expect("it runs").number(), 7);
    }
    let server = start(&folder, &Settings::default()).expect("it starts again");
    assert_eq!((server.report().snapshot, server.report().replayed), (None, 7));
    server.stop().expect("nothing went wrong");
    // Sessions may want to hear of all seven again; where nobody may, the snapshot is enough.
    let mut settings = Settings::default();
    for (resend, expected) in [(settings.snapshot.resend, (None, 7)), (0, (Some(7), 0))] {
        settings.snapshot.resend = resend;
        let server = start(&folder, &settings).expect("and again");
        assert_eq!((server.report().snapshot, server.report().replayed), expected);
        server.stop().expect("nothing went wrong");
    }
}

#[test]
fn two_servers_never_share_a_directory() {
    let folder = Folder::new();
    let first = start(&folder, &Settings::default()).expect("it starts");
    let refused = start(&folder, &Settings::default()).err().expect("it is taken");
    assert!(refused.is_input() && matches!(refused, ServerError::Recover(_)), "{refused}");
    first.stop().expect("nothing went wrong");
}
