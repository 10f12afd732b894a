//! The file of keys: what is read, what is refused and where, who is known.

use super::*;

const SECRET: &str = "8f1d3c5b7a9e0246c8e1f3a5b7d9204613579bdf02468ace1b3d5f7092a4c6e8";

fn read(text: &str) -> Result<Vec<User>, String> {
    read_keys("keys.toml", text, 2).map_err(|error| error.to_string())
}

fn user(more: &str) -> String {
    format!("[[user]]\nname = \"desk\"\nsecret = \"{SECRET}\"\nscopes = [\"read\"]\n{more}")
}

#[test]
fn a_user_is_read_with_all_it_may_have() {
    let text = user(
        "accounts = [\"A\", \"B\"]\ncancel_on_disconnect = true\n\
         [user.limits]\nrate = 100\nburst = 20\norder_quantity = 50\norder_value = \"1000.5\"\n\
         collar = \"0.05\"\nopen_orders = 7\n",
    );
    let users = read(&text).unwrap();
    let limits = users[0].limits;
    assert_eq!(users[0].secret.len(), 32);
    assert_eq!(users[0].scopes, Scopes { read: true, ..Scopes::default() });
    assert!(users[0].reaches(&Label::new("A").unwrap()));
    assert!(!users[0].reaches(&Label::new("C").unwrap()));
    assert_eq!(limits.rate.map(|(rate, burst)| (rate.get(), burst.get())), Some((100, 20)));
    assert_eq!(limits.order_quantity, Some(Qty::new(50)));
    assert_eq!(limits.order_value, Some(100_050));
    assert_eq!(limits.open_orders, Some(7));
    assert!(users[0].cancel_on_disconnect);
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_never_with_the_secret() {
    let second = user("").replace("desk", "other");
    let short = &SECRET[..30];
    let table = [
        (user("acounts = []"), "keys.toml:5: user[0].acounts: "),
        (user("accounts = \"A\""), "keys.toml:5: user[0].accounts: expected a list of account"),
        (user("limits = { burst = 3 }"), "keys.toml:5: user[0].limits.burst: "),
        (user("limits = { rate = 0 }"), "keys.toml:5: user[0].limits.rate: "),
        (user("limits = { order_value = \"0.001\" }"), "an amount above 0 with at most 2 decimals"),
        (user("").replace("\"read\"", "\"write\""), "keys.toml:4: user[0].scopes[0]: "),
        (user("").replace("\"read\"", "\"read\", \"read\""), "each scope once"),
        (format!("{}{}", user(""), user("")), "a name no other user has"),
        (format!("{}{second}", user("")), "a secret no other user has"),
        (user("").replace(SECRET, short), "keys.toml:3: user[0].secret: expected 32 to 128"),
        (user("").replace(SECRET, &"ab".repeat(32)), "a secret drawn by chance"),
        (user("").replace(SECRET, "000102030405060708090a0b0c0d0e0f"), "a secret drawn by chance"),
        (
            user("").replace(SECRET, &to_hex(b"changeme please, 1234567")),
            "a secret drawn by chance",
        ),
        (user("").replace(SECRET, "changeme"), "32 to 128 hex digits"),
        (user("").replace(&format!("\"{SECRET}\""), SECRET), "expected valid TOML"),
        (user("").replace("secret", "#"), "user[0].secret: expected 32 to 128 hex digits"),
    ];
    for (text, expected) in table {
        let error = read(&text).expect_err(&text);
        assert!(error.contains(expected), "{error}\n{text}");
        assert!(!error.contains(&SECRET[..16]), "{error}");
    }
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let path = std::env::temp_dir().join(format!("plimsoll-keys-{}.toml", std::process::id()));
    std::fs::write(&path, user("")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let allow =
            |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        allow(0o640);
        let error = load_keys(&path, 2).unwrap_err().to_string();
        assert!(error.contains("mode 640; chmod 600 it"), "{error}");
        allow(0o600);
    }
    assert_eq!(load_keys(&path, 2).unwrap().len(), 1);
    std::fs::remove_file(&path).unwrap();
    assert!(load_keys(&path, 2).unwrap_err().to_string().contains("a readable file"));
}

#[test]
fn a_password_is_the_hex_of_the_secret() {
    let users = read(&user("")).unwrap();
    assert_eq!(log_in(&users, "desk", SECRET).unwrap().0, UserId(1));
    assert!(log_in(&users, "desk", &SECRET[..62]).is_none());
    assert!(log_in(&users, "desk", "").is_none());
    assert!(log_in(&users, "nobody", &"00".repeat(32)).is_none());
}

/// RFC 4231, test case 2.
#[test]
fn a_signature_is_that_of_the_rfc() {
    let mac = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
    assert_eq!(to_hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(from_hex("5Bdc"), Some(vec![0x5b, 0xdc]));
    assert_eq!([from_hex("5"), from_hex("+1"), from_hex("é")], [None, None, None]);
}
