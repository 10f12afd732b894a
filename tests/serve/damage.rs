//! Data directories that are not as they were left.

use crate::clients::Web;
use crate::order;
use crate::rig::{Folder, Server};
use std::fs;
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
