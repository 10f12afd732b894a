//! What a server does not start with: one line, exit 2.

use crate::rig::{Folder, Server, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn an_address_in_use_and_a_directory_in_use_are_refused() {
    let (folder, other) = (Folder::with_keys("used"), Folder::with_keys("used-other"));
    let server = Server::start(&folder, &[]);
    for protocol in ["binary", "fix", "http", "feed"] {
        let address = server.address(protocol).to_string();
        let line = other.refused(&[&format!("--{protocol}"), &address]);
        assert!(line.contains(&address) && line.contains(protocol), "{line}");
    }
    let line = folder.refused(&["--http", "127.0.0.1:0"]);
    assert!(line.contains("lock") && line.contains(folder.data()), "{line}");
    // The first one has not noticed.
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn keys_that_are_missing_open_to_others_or_no_keys_are_refused() {
    let none = Folder::new("no-keys");
    let line = none.refused(&["--http", "127.0.0.1:0"]);
    assert!(line.contains("keys.toml") && line.contains("plimsoll keys add"), "{line}");
    let folder = Folder::with_keys("open-keys");
    let path = format!("{}/keys.toml", folder.data());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("our file");
    let line = folder.refused(&["--http", "127.0.0.1:0"]);
    assert!(line.contains(&path), "{line}");
    let bad = folder.write("bad.toml", "[[user]]\nname = \"anna\"\nsecret = \"00\"\n");
    fs::set_permissions(&bad, fs::Permissions::from_mode(0o600)).expect("our file");
    let line = folder.refused(&["--http", "127.0.0.1:0", "--keys", &bad]);
    assert!(line.contains("bad.toml:3"), "{line}");
}

#[test]
fn what_is_no_configuration_of_a_server_is_refused() {
    let folder = Folder::with_keys("settings");
    for (text, place) in [
        ("[engine]\nthreads = 7\n", "gateway.toml:2"),
        ("[journal]\npolicy = \"sometimes\"\n", "gateway.toml:2"),
        ("[feed]\naddress = \"nowhere\"\n", "gateway.toml:2"),
        ("[journal\n", "gateway.toml:1"),
    ] {
        let gateway = folder.write("gateway.toml", text);
        let line = folder.refused(&["--http", "127.0.0.1:0", "--gateway", &gateway]);
        assert!(line.contains(place), "{text:?}: {line}");
    }
    assert!(folder.refused(&[]).contains("--binary"));
    let line = folder.refused(&["--http", "127.0.0.1:0", "--gateway", &folder.path("none.toml")]);
    assert!(line.contains("none.toml"), "{line}");
}

#[test]
fn a_data_directory_that_can_be_none_is_refused() {
    let folder = Folder::with_keys("no-directory");
    let keys = format!("{}/keys.toml", folder.data());
    let file = folder.write("file", "not a directory");
    for data in [&file, "/proc/plimsoll-data"] {
        let args = ["serve", "examples/exchange.toml", "--http", "127.0.0.1:0", "--keys", &keys];
        let ended = run(&[&args[..], &["--data", data]].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.said);
        assert!(ended.said.contains(data), "{}", ended.said);
        assert_eq!(ended.said.lines().count(), 1, "{}", ended.said);
    }
}

#[test]
fn another_exchange_than_the_journals_is_refused() {
    let folder = Folder::with_keys("other-exchange");
    assert_eq!(Server::start(&folder, &[]).stop().code, Some(0));
    let exchange = include_str!("../../examples/exchange.toml");
    let changed = exchange.replace("tick_size = \"1\"", "tick_size = \"2\"");
    assert_ne!(changed, exchange);
    let other = folder.write("other.toml", &changed);
    let ended = run(&["serve", &other, "--data", folder.data(), "--http", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(2), "{}", ended.said);
    assert_eq!(ended.said.lines().count(), 1, "{}", ended.said);
}
