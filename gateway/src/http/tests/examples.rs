//! The clients under `examples/`, as their readers run them.

use super::*;
use std::process::Command;

/// Runs a client; `None` where a program it needs is not on this machine.
fn run(rig: &Rig, needs: &[&str], user: &str, words: &[&str]) -> Option<Value> {
    let has = |program: &&str| {
        Command::new(program).arg("--version").output().is_ok()
            || Command::new(program).arg("version").output().is_ok()
    };
    if let Some(missing) = needs.iter().find(|program| !has(program)) {
        eprintln!("skipped: there is no {missing} here");
        return None;
    }
    let secret = rig.users.iter().find(|known| known.name.as_str() == user).unwrap().secret.clone();
    let output = Command::new(needs[0])
        .args(words)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"))
        .env("PLIMSOLL_URL", format!("http://{}", rig.server.address()))
        .env("PLIMSOLL_USER", user)
        .env("PLIMSOLL_SECRET", crate::auth::to_hex(&secret))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let answer = serde_json::from_slice(&output.stdout);
    Some(answer.unwrap_or_else(|_| panic!("{words:?}: {error}")))
}

#[test]
fn an_order_by_python_is_cancelled_by_curl() {
    let rig = Rig::start();
    let body = order("anna", "a 1", "buy", "4990", "2").to_string();
    let python = ["http_client.py", "POST", "/v1/orders", &body];
    if let Some(answer) = run(&rig, &["python3"], "anna", &python) {
        assert_eq!(answer["events"][0]["event"], "accepted", "{answer}");
    } else {
        rig.client("anna").post("/v1/orders", &order("anna", "a 1", "buy", "4990", "2"));
    }
    let shell = ["bash", "curl", "openssl"];
    let cancel = ["http_client.sh", "DELETE", "/v1/orders/a%201?account=anna"];
    if let Some(answer) = run(&rig, &shell, "anna", &cancel) {
        assert_eq!(answer["events"][0]["event"], "cancelled", "{answer}");
        let post = ["http_client.sh", "POST", "/v1/orders", &body.replace("a 1", "a2")];
        let answer = run(&rig, &shell, "anna", &post).unwrap();
        assert_eq!(answer["events"][0]["id"], "a2", "{answer}");
    }
    rig.stop();
}

#[test]
fn the_stream_of_the_python_client_tells_a_trade() {
    let rig = Rig::start();
    let listen = "import sys, os, json; sys.path.insert(0, '.'); sys.dont_write_bytecode = True\n\
        from http_client import Client\n\
        c = Client(os.environ['PLIMSOLL_URL'], os.environ['PLIMSOLL_USER'], os.environ['PLIMSOLL_SECRET'])\n\
        for m in c.stream(['orders']):\n\
        \x20   if m.get('type') == 'snapshot':\n\
        \x20       order = json.dumps(dict(account='anna', id='a1', symbol='RB', side='buy', price='4990', qty='1'))\n\
        \x20       assert c.request('POST', '/v1/orders', order.encode())[0] == 201\n\
        \x20   elif m.get('type') == 'event':\n\
        \x20       print(json.dumps(m)); break\n";
    if let Some(message) = run(&rig, &["python3"], "anna", &["-c", listen]) {
        assert_eq!(message["channel"], "orders");
        assert_eq!(
            (&message["data"]["event"], &message["data"]["id"]),
            (&json!("accepted"), &json!("a1"))
        );
    }
    rig.stop();
}
