//! Requests that nobody should accept: forged, replayed, expired, of another account.

use super::super::sign;
use super::client::nonce;
use super::*;

const BODY: &str =
    r#"{"account":"anna","id":"a1","symbol":"RB","side":"buy","price":"4990","qty":"1"}"#;

/// A request that is good but for what a case does to it.
struct Try {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Try {
    fn new(client: &mut Client, method: &'static str, target: &str, body: &str) -> Try {
        let headers = client.headers(method, target, body.as_bytes());
        Try { method, target: target.to_owned(), headers, body: body.to_owned() }
    }

    fn send(&self, client: &mut Client) -> Answer {
        client.send(self.method, &self.target, &self.headers, self.body.as_bytes())
    }
}

#[test]
fn nothing_forged_tampered_or_missing_is_accepted() {
    let rig = Rig::start();
    let mut anna = rig.client("anna");
    type Change = fn(&mut Try);
    let table: &[(&str, u16, &str, Change)] = &[
        ("another body", 401, "signature", |t| t.body = t.body.replace("4990", "4991")),
        ("a byte more", 401, "signature", |t| t.body.push(' ')),
        ("no body", 401, "signature", |t| t.body.clear()),
        ("another path", 401, "signature", |t| t.target = "/v1/cancel_all".into()),
        ("a query", 401, "signature", |t| t.target += "?x=1"),
        ("an empty query", 401, "signature", |t| t.target += "?"),
        ("another method", 401, "signature", |t| {
            t.method = "PATCH";
            t.target = "/v1/orders/a1".into();
        }),
        ("another user", 401, "signature", |t| t.headers[0].1 = "maker".into()),
        ("an unknown user", 401, "signature", |t| t.headers[0].1 = "mallory".into()),
        ("another time", 401, "signature", |t| {
            t.headers[1].1 = (t.headers[1].1.parse::<u64>().unwrap() + 1).to_string();
        }),
        ("another nonce", 401, "signature", |t| t.headers[2].1.push('x')),
        ("a signature cut", 401, "signature", |t| {
            t.headers[3].1.truncate(62);
        }),
        ("no signature", 401, "signature", |t| t.headers[3].1.clear()),
        ("zeros", 401, "signature", |t| t.headers[3].1 = "00".repeat(32)),
        ("no user header", 401, "unsigned", |t| drop(t.headers.remove(0))),
        ("no time header", 401, "unsigned", |t| drop(t.headers.remove(1))),
        ("no nonce header", 401, "unsigned", |t| drop(t.headers.remove(2))),
        ("no signature header", 401, "unsigned", |t| drop(t.headers.remove(3))),
        ("a header twice", 401, "unsigned", |t| {
            let again = t.headers[0].clone();
            t.headers.push(again);
        }),
        ("nothing at all", 401, "unsigned", |t| t.headers.clear()),
    ];
    for (name, status, code, change) in table {
        let mut forged = Try::new(&mut anna, "POST", "/v1/orders", BODY);
        change(&mut forged);
        let answer = forged.send(&mut anna);
        assert_eq!((answer.status, answer.code()), (*status, *code), "{name}");
    }
    assert_eq!(rig.number(), 0, "nothing reached the engine");
    let good = Try::new(&mut anna, "POST", "/v1/orders", BODY);
    assert_eq!(good.send(&mut anna).status, 201);
    let replayed = good.send(&mut rig.client("anna"));
    assert_eq!((replayed.status, replayed.code()), (401, "nonce"));
    assert_eq!(rig.number(), 1);
    rig.stop();
}

#[test]
fn nothing_expired_from_the_future_or_malformed_in_time_is_accepted() {
    let rig = Rig::start();
    let mut anna = rig.client("anna");
    let secret = anna.user.as_ref().unwrap().secret.clone();
    let now = anna.now();
    let times = [
        (now - 60_000).to_string(),
        (now + 60_000).to_string(),
        "0".into(),
        "-1".into(),
        format!("+{now}"),
        format!("{now}.0"),
        u64::MAX.to_string(),
        String::new(),
    ];
    for time in times {
        let mut old = Try::new(&mut anna, "POST", "/v1/orders", BODY);
        let nonce = nonce();
        let signature = sign(&secret, "POST", "/v1/orders", &time, &nonce, BODY.as_bytes());
        (old.headers[1].1, old.headers[2].1, old.headers[3].1) = (time.clone(), nonce, signature);
        let answer = old.send(&mut anna);
        assert_eq!((answer.status, answer.code()), (401, "timestamp"), "{time}");
    }
    assert_eq!(rig.number(), 0);
    rig.stop();
}

#[test]
fn other_peoples_accounts_and_rights_stay_theirs() {
    let rig = Rig::start();
    let post = |user: &str, target: &str, body: Value| {
        let answer = rig.client(user).post(target, &body);
        (answer.status, answer.code().to_owned(), answer.json["error"]["detail"].clone())
    };
    let get = |user: &str, target: &str| {
        let answer = rig.client(user).get(target);
        (answer.status, answer.code().to_owned(), answer.json["error"]["detail"].clone())
    };
    // In the same words whether there is such an account or not.
    let refused = (403, "account".to_owned(), json!("this key does not reach that account"));
    for account in ["maker", "no such"] {
        assert_eq!(post("anna", "/v1/orders", order(account, "x", "buy", "5000", "1")), refused);
        assert_eq!(post("anna", "/v1/cancel_all", json!({ "account": account })), refused);
        let path = account.replace(' ', "%20");
        for part in ["", "/orders", "/positions", "/risk", "/statement"] {
            assert_eq!(get("anna", &format!("/v1/accounts/{path}{part}")), refused);
        }
        let gone = rig.client("anna").delete(&format!("/v1/orders/x?account={path}"));
        assert_eq!((gone.status, gone.code()), (403, "account"));
        let change = json!({ "account": account, "price": "5000", "qty": "1" });
        let changed = rig.client("anna").with_body("PATCH", "/v1/orders/x", &change, &[]);
        assert_eq!((changed.status, changed.code()), (403, "account"));
    }
    let scope = |answer: (u16, String, Value)| (answer.0, answer.1);
    let no = (403, "scope".to_owned());
    let own = order("anna", "x", "buy", "5000", "1");
    assert_eq!(scope(post("clerk", "/v1/orders", own.clone())), no);
    assert_eq!(scope(post("ops", "/v1/orders", own)), no);
    assert_eq!(scope(get("nobody", "/v1/accounts")), no);
    for target in ["/v1/admin/commands", "/v1/admin/kill", "/v1/admin/restore"] {
        assert_eq!(scope(post("anna", target, json!({ "cmd": "time" }))), no);
    }
    assert_eq!(get("clerk", "/v1/accounts/anna").0, 200);
    assert_eq!(rig.number(), 0);
    rig.stop();
}

#[test]
fn administration_from_elsewhere_is_refused_and_closed_market_data_asks_for_a_key() {
    use super::super::desk::Request;
    let options = Options { open_market_data: false, ..Options::default() };
    let rig = Rig::with(options, people());
    assert_eq!(rig.stranger().get("/v1/books/RB").code(), "unsigned");
    assert_eq!(rig.client("nobody").get("/v1/books/RB").code(), "scope");
    assert_eq!(rig.client("clerk").get("/v1/books/RB").status, 200);
    assert_eq!(rig.stranger().stream().subscribe("book", Some("RB"))["error"]["code"], "unsigned");

    let hub = rig.hub.clone();
    let parts = (rig.intake.clone(), rig.follower.clone());
    let desk =
        super::super::desk::Desk::new(options, rig.users.clone(), crate::Clock::new(), hub, parts);
    let ask = |from: &str| {
        let request = Request {
            method: "POST".into(),
            target: "/v1/admin/kill".into(),
            headers: Default::default(),
            body: b"{}".to_vec(),
            from: from.parse().unwrap(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let reply = runtime.block_on(desk.answer(request));
        (reply.status, String::from_utf8(reply.body).unwrap())
    };
    assert!(ask("10.0.0.1").1.contains("\"loopback\""));
    assert!(ask("::ffff:10.0.0.1").1.contains("\"loopback\""));
    for here in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert!(ask(here).1.contains("\"unsigned\""), "{here}");
    }
    rig.stop();
}
