//! Data directories that are not as they were left.

use crate::clients::{Fix, Web};
use crate::order;
use crate::rig::{Folder, Server};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Three orders, a snapshot at the end.
fn filled(test: &str) -> Folder {
    let folder = Folder::with_keys(test);
    let server = Server::start(&folder, &[]);
    let mut maker = Web::connect(server.address("http"), "maker", folder.secret("maker"));
    for id in ["m1", "m2", "m3"] {
        assert_eq!(maker.post("/v1/orders", &order("maker", id, "sell", 1)).0, 201);
    }
    assert_eq!(server.stop().code, Some(0));
    folder
}

/// The newest file of a folder in the data directory.
fn newest(folder: &Folder, name: &str) -> PathBuf {
    let names = fs::read_dir(Path::new(folder.data()).join(name)).expect("it is there");
    names.map(|entry| entry.expect("a name").path()).max().expect("a file")
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("it is there");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("a place for it");
}

fn number(server: &Server, folder: &Folder) -> u64 {
    let mut maker = Web::connect(server.address("http"), "maker", folder.secret("maker"));
    maker.get("/v1/status")["number"].as_u64().expect("a number")
}

#[test]
fn a_damaged_snapshot_is_passed_over_with_a_warning() {
    let folder = filled("snapshot");
    let snapshot = newest(&folder, "snapshots");
    flip(&snapshot, 100);
    // Nothing has to be told again, so it begins with the newest.
    let gateway = folder.write("gateway.toml", "[snapshot]\nresend_events = 0\n");
    let server = Server::start(&folder, &["--gateway", &gateway]);
    let said = server.said();
    assert!(said.contains("warning: ") && said.contains("passed over"), "{said}");
    assert!(said.contains(&*snapshot.to_string_lossy()), "{said}");
    assert!(said.contains("took up the configuration and 3 commands"), "{said}");
    assert_eq!(number(&server, &folder), 3);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_damaged_journal_does_not_start_and_names_the_place() {
    let folder = filled("journal");
    fs::remove_dir_all(Path::new(folder.data()).join("snapshots")).expect("it is there");
    let segment = Path::new(folder.data()).join("journal/00000000000000000001.seg");
    flip(&segment, 100);
    let line = folder.refused(&["--http", "127.0.0.1:0"]);
    assert!(line.contains(&*segment.to_string_lossy()) && line.contains("byte 64"), "{line}");
    // Nothing was changed: with the byte put right it starts.
    flip(&segment, 100);
    let server = Server::start(&folder, &[]);
    assert_eq!(number(&server, &folder), 3);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_journal_that_is_removed_under_a_server_ends_it_before_anything_more_is_acknowledged() {
    let folder = filled("removed");
    let server = Server::start(&folder, &[]);
    let mut fix = Fix::log_on(server.address("fix"), "maker", folder.secret("maker"));
    let order = |id: &str| format!("11={id}|55=RB|54=2|38=1|40=2|44=5000|59=1|");
    fix.send("D", &order("f1"));
    fix.until("150=0");
    let journal = Path::new(folder.data()).join("journal");
    fs::remove_dir_all(&journal).expect("it is there");
    fix.send("D", &order("f2"));
    assert!(!fix.rest().contains("|11=f2|"));
    let ended = server.ended();
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("the file was removed"), "{}", ended.said);
    // What the snapshot has is taken up, with a word about what is not there.
    let server = Server::start(&folder, &[]);
    let said = server.said();
    let warning = format!("{}: ends with record 0; the snapshot of 3", journal.display());
    assert!(said.contains(&warning), "{said}");
    assert_eq!(number(&server, &folder), 3);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_data_directory_is_its_owners_alone() {
    let folder = Folder::with_keys("private");
    let mode = fs::metadata(folder.data()).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
