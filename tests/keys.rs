//! `plimsoll keys` as a program: secrets shown once, a file of its owner alone, arguments refused in one line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path =
            std::env::temp_dir().join(format!("plimsoll-keys-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keys.toml")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn keys(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("keys").arg(words[0]).arg("--data").arg(folder).args(&words[1..]);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_key_is_shown_once_and_kept_for_its_owner() {
    let above = Folder::new("add");
    // The server's folder need not be there yet.
    let folder = Folder(above.0.join("data"));
    let words = ["add", "--user", "an\"na", "--account", "anna,b", "--scope", "read,trade"];
    let limits = ["--rate", "100", "--collar", "0.05", "--order-value", "1000.5"];
    let added = keys(&folder.0, &[&words[..], &limits[..]].concat());
    assert!(added.status.success(), "{}", text(&added.stderr));
    let secret = text(&added.stdout).trim().to_owned();
    assert_eq!(plimsoll::gateway::auth::from_hex(&secret).unwrap().len(), 32);
    let second = keys(&folder.0, &["add", "--user", "ops", "--scope", "admin", "--all-accounts"]);
    assert!(second.status.success(), "{}", text(&second.stderr));
    assert_ne!(text(&second.stdout).trim(), secret);

    let users = plimsoll::gateway::auth::load_keys(&folder.file(), 2).unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!(users[0].name.as_str(), "an\"na");
    assert_eq!(users[0].limits.order_value, Some(100_050));
    for listed in [keys(&folder.0, &["list"]), keys(&folder.0, &["list", "--json"])] {
        let listed = text(&listed.stdout);
        assert!(listed.contains("ops") && listed.contains("1000.5"), "{listed}");
        assert!(!listed.contains(&secret[..8]), "{listed}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
}

#[test]
fn what_cannot_be_a_key_is_refused_in_one_line_and_changes_nothing() {
    let folder = Folder::new("refused");
    assert!(keys(&folder.0, &["add", "--user", "anna", "--scope", "read"]).status.success());
    let before = std::fs::read(folder.file()).unwrap();
    let table: [(&[&str], &str); 6] = [
        (
            &["add", "--user", "anna", "--scope", "read"],
            "--user: expected a name no other user has",
        ),
        (&["add", "--user", "b", "--scope", "write"], "--scope: expected \"read\""),
        (&["add", "--user", "b", "--scope", "read", "--collar", "5%"], "--collar: expected"),
        (&["add", "--user", "b", "--scope", "read", "--rate", "0"], "--rate: expected"),
        (&["add", "--user", "b", "--scope", "read", "--burst", "5"], "--rate"),
        (&["add", "--user", "b"], "--scope"),
    ];
    for (words, expected) in table {
        let refused = keys(&folder.0, words);
        let line = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{words:?}");
        assert!(line.contains(expected) && line.lines().count() == 1, "{words:?}: {line}");
        assert_eq!(std::fs::read(folder.file()).unwrap(), before);
    }
    let mut nowhere = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    nowhere.args(["keys", "add", "--user", "b", "--scope", "read", "--keys"]);
    let nowhere = nowhere.arg(folder.0.join("none").join("keys.toml")).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(text(&nowhere.stderr).contains("no such directory"), "{}", text(&nowhere.stderr));
    assert_eq!(keys(&folder.0.join("none"), &["list"]).status.code(), Some(2));
}
