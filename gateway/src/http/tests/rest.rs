//! Every route answered: orders, reads, administration, copies, limits.

use super::super::routes::{Need, Op, ROUTES};
use super::*;
use crate::users::Limits;
use std::num::NonZeroU32;
use std::time::Duration;

#[test]
fn an_order_rests_trades_and_is_seen_by_both_sides() {
    let rig = Rig::start();
    let (mut anna, mut maker) = (rig.client("anna"), rig.client("maker"));
    let rests = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "5"));
    assert_eq!((rests.status, events(&rests)), (201, vec!["accepted"]), "{rests:?}");
    assert_eq!(rests.json["durability"], "none");
    let took = anna.post("/v1/orders", &order("anna", "a1", "buy", "5000", "3"));
    assert_eq!((took.status, took.json["number"].as_u64()), (201, Some(2)));
    assert_eq!(events(&took), ["accepted", "trade", "mark"]);
    let trade = &took.json["events"][1];
    assert_eq!((&trade["taker"], &trade["taker_id"]), (&json!("anna"), &json!("a1")));
    assert!(trade.get("maker").is_none() && trade.get("maker_id").is_none(), "{trade}");

    let account = anna.get("/v1/accounts/anna").json;
    assert_eq!(account["balance"], "199994");
    assert_eq!(account["positions"][0]["qty"], "3");
    let orders = maker.get("/v1/accounts/maker/orders").json;
    assert_eq!(orders["orders"][0]["open"], "2");
    let book = rig.stranger().get("/v1/books/RB?depth=5").json;
    assert_eq!((&book["asks"], &book["bids"]), (&json!([["5000", "2"]]), &json!([])));
    let trades = rig.stranger().get("/v1/trades/RB").json;
    assert_eq!(trades["trades"][0]["qty"], "3");
    let statement = anna.get("/v1/accounts/anna/statement").json;
    assert_eq!(statement["events"][0]["taker_fee"], "6");
    let risk = anna.get("/v1/accounts/anna/risk").json;
    assert_eq!((&risk["margin"], &risk["tier"]), (&json!("15000"), &json!("normal")));
    let held = &risk["positions"][0];
    assert_eq!((&held["qty"], &held["liquidation_price"]), (&json!("3"), &Value::Null));
    let listed = anna.get("/v1/accounts").json;
    assert_eq!(listed["accounts"].as_array().unwrap().len(), 1);
    rig.stop();
}

#[test]
fn an_order_is_changed_and_cancelled() {
    let rig = Rig::start();
    let mut maker = rig.client("maker");
    maker.post("/v1/orders", &order("maker", "m 1", "sell", "5000", "5"));
    let change = json!({ "account": "maker", "price": "5001", "qty": "4" });
    let changed = maker.with_body("PATCH", "/v1/orders/m%201", &change, &[]);
    assert_eq!((changed.status, events(&changed)), (200, vec!["replaced"]));
    let gone = maker.delete("/v1/orders/m%201?account=maker");
    assert_eq!((gone.status, events(&gone)), (200, vec!["cancelled"]));
    let again = maker.delete("/v1/orders/m%201?account=maker");
    assert_eq!((again.status, again.code()), (404, "unknown_order"));
    maker.post("/v1/orders", &order("maker", "m2", "sell", "5000", "5"));
    let all = maker.post("/v1/cancel_all", &json!({ "account": "maker" }));
    assert_eq!((all.status, events(&all)), (200, vec!["cancelled"]));
    rig.stop();
}

#[test]
fn a_rejection_says_why_and_is_recorded_where_the_engine_made_it() {
    let rig = Rig::start();
    let mut anna = rig.client("anna");
    let dear = anna.post("/v1/orders", &order("anna", "a1", "buy", "5000", "1000"));
    assert_eq!((dear.status, dear.code()), (422, "margin"));
    assert_eq!((events(&dear), dear.json["number"].as_u64()), (vec!["rejected"], Some(1)));
    let off = anna.post("/v1/orders", &order("anna", "a1", "buy", "5000.5", "1"));
    assert_eq!((off.status, off.code(), off.json.get("number")), (422, "price_off_tick", None));
    let odd = anna.post("/v1/orders", &order("anna", "a1", "up", "5000", "1"));
    assert_eq!((odd.status, odd.code()), (400, "malformed"));
    assert_eq!(odd.json["error"]["field"], "side");
    let mut cut = order("anna", "a1", "buy", "5000", "1");
    cut["cmd"] = json!("deposit");
    assert_eq!(anna.post("/v1/orders", &cut).json["error"]["field"], "cmd");
    let mut cut = order("anna", "a1", "buy", "5000", "1");
    cut["colour"] = json!("red");
    assert_eq!(anna.post("/v1/orders", &cut).json["error"]["field"], "colour");
    assert_eq!(rig.number(), 1, "what the edge refuses is not recorded");
    rig.stop();
}

#[test]
fn a_repeated_order_is_carried_out_once() {
    let rig = Rig::start();
    let mut maker = rig.client("maker");
    let first = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "5"));
    let copy = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "5"));
    assert_eq!((first.status, copy.status), (201, 200));
    assert_eq!((&copy.json["copy"], events(&copy).len()), (&json!(true), 0));
    assert_eq!(copy.json["order"]["open"], "5");
    let other = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "6"));
    assert_eq!(other.code(), "duplicate_id", "another order, which the engine looks at");
    let key = [("Idempotency-Key", "second")];
    let other = order("maker", "m1", "sell", "5000", "5");
    let anew = maker.with_body("POST", "/v1/orders", &other, &key);
    assert_eq!(anew.code(), "duplicate_id", "a key of its own makes it a request of its own");
    let copy = maker.with_body("POST", "/v1/orders", &other, &key);
    assert_eq!((copy.status, &copy.json["copy"]), (200, &json!(true)));
    rig.stop();
}

#[test]
fn administration_opens_pays_marks_and_kills() {
    let rig = Rig::start();
    let (mut ops, mut anna, mut maker) =
        (rig.client("ops"), rig.client("anna"), rig.client("maker"));
    let open = json!({ "cmd": "open_account", "account": "later", "profile": "standard" });
    assert_eq!(events(&ops.post("/v1/admin/commands", &open)), ["opened"]);
    let pay = json!({ "cmd": "deposit", "account": "later", "amount": "5" });
    assert_eq!(ops.post("/v1/admin/commands", &pay).json["events"][0]["balance"], "5");
    assert_eq!(rig.client("later").get("/v1/accounts/later").json["balance"], "5");

    maker.post("/v1/orders", &order("maker", "m1", "sell", "5010", "5"));
    anna.post("/v1/orders", &order("anna", "a1", "buy", "4990", "1"));
    let killed = ops.post("/v1/admin/kill", &json!({ "account": "anna" }));
    assert_eq!((killed.status, killed.json["commands"].as_u64()), (200, Some(2)));
    assert_eq!(anna.get("/v1/accounts/anna").json["orders"], json!([]));
    let frozen = anna.post("/v1/orders", &order("anna", "a2", "buy", "4990", "1"));
    assert_eq!(frozen.code(), "frozen");
    ops.post("/v1/admin/restore", &json!({ "account": "anna" }));
    let free = anna.post("/v1/orders", &order("anna", "a3", "buy", "4990", "1"));
    assert_eq!(free.status, 201);

    let killed = ops.post("/v1/admin/kill", &json!({}));
    assert_eq!(killed.json["commands"], 3, "one instrument, two accounts with orders");
    let book = anna.get("/v1/books/RB").json;
    assert_eq!((&book["bids"], &book["asks"]), (&json!([]), &json!([])));
    let frozen = maker.post("/v1/orders", &order("maker", "m2", "sell", "5010", "5"));
    assert_eq!((frozen.status, frozen.code()), (422, "frozen"));
    assert_eq!(ops.post("/v1/admin/kill", &json!({ "acount": "anna" })).status, 400);
    ops.post("/v1/admin/restore", &json!({}));
    assert_eq!(maker.post("/v1/orders", &order("maker", "m3", "sell", "5010", "5")).status, 201);
    rig.stop();
}

#[test]
fn a_case_is_shown_to_its_account_only() {
    let rig = Rig::start();
    let (mut ops, mut anna, mut maker) =
        (rig.client("ops"), rig.client("anna"), rig.client("maker"));
    maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "39"));
    anna.post("/v1/orders", &order("anna", "a1", "buy", "5000", "39"));
    let mark = json!({ "cmd": "mark", "symbol": "RB", "price": "4900" });
    assert!(events(&ops.post("/v1/admin/commands", &mark)).contains(&"tier"));
    let risk = anna.get("/v1/accounts/anna/risk").json;
    assert_eq!(risk["positions"][0]["liquidation_price"], "4896");
    let mark = json!({ "cmd": "mark", "symbol": "RB", "price": "4890" });
    assert!(events(&ops.post("/v1/admin/commands", &mark)).contains(&"case"));
    assert_eq!(anna.get("/v1/cases").json["cases"][0]["account"], "anna");
    assert_eq!(maker.get("/v1/cases").json["cases"], json!([]));
    assert!(anna.get("/v1/accounts/anna").json["case"].is_u64());
    rig.stop();
}

#[test]
fn limits_are_told_apart() {
    let mut users = people();
    users[0].limits.rate = NonZeroU32::new(1).map(|one| (one, one));
    users[1].limits =
        Limits { order_quantity: Some(plimsoll_types::Qty::new(4)), ..users[1].limits };
    let rig = Rig::with(Options { body_max: 1_000, ..Options::default() }, users);
    let (mut anna, mut maker) = (rig.client("anna"), rig.client("maker"));
    let answers = [anna.get("/v1/accounts"), anna.get("/v1/accounts"), anna.get("/v1/accounts")];
    let throttled = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(throttled.code(), "throttled");
    assert!(throttled.head.to_ascii_lowercase().contains("retry-after: 1\r\n"));
    let large = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "5"));
    assert_eq!((large.status, large.code()), (422, "order_quantity"));
    let long = order("maker", "m2", "sell", "5000", &"1".repeat(1_000));
    assert_eq!(maker.post("/v1/orders", &long).status, 413);
    rig.stop();
}

#[test]
fn a_full_queue_is_busy_and_a_silent_engine_a_timeout() {
    let options = Options { patience: Duration::from_millis(50), ..Options::default() };
    let rig = Rig::around(options, people(), false);
    let mut maker = rig.client("maker");
    let lost = maker.post("/v1/orders", &order("maker", "m1", "sell", "5000", "5"));
    assert_eq!((lost.status, lost.code()), (504, "timeout"));
    let busy = maker.post("/v1/orders", &order("maker", "m2", "sell", "5000", "5"));
    assert_eq!((busy.status, busy.code()), (503, "busy"));
    assert!(busy.head.to_ascii_lowercase().contains("retry-after: 1\r\n"));
    assert_eq!(maker.get("/v1/time").status, 200);
    rig.stop();
}

/// Each route, with a body that means something; the answer has what its schema requires.
#[test]
fn every_documented_route_answers_as_it_says() {
    let rig = Rig::start();
    let (mut ops, mut maker, mut anna) =
        (rig.client("ops"), rig.client("maker"), rig.client("anna"));
    let api = rig.stranger().get("/v1/openapi.json").json;
    maker.post("/v1/orders", &order("maker", "there", "sell", "5000", "5"));
    anna.post("/v1/orders", &order("anna", "there", "buy", "5000", "1"));
    for route in ROUTES.iter().filter(|route| route.op != Op::Stream) {
        let path = route.path.replace("{symbol}", "RB").replace("{account}", "anna");
        let path = path.replace("{id}", "there");
        let body = match route.op {
            Op::PlaceOrder => order("maker", "new", "sell", "5000", "5"),
            Op::ReplaceOrder => json!({ "account": "maker", "price": "5001", "qty": "4" }),
            Op::CancelAll => json!({ "account": "maker" }),
            Op::Leverage => json!({ "account": "anna", "symbol": "RB", "value": "5" }),
            Op::MoveMargin => json!({ "account": "anna", "symbol": "RB", "amount": "5" }),
            Op::Command => json!({ "cmd": "time" }),
            _ => json!({}),
        };
        let client = match route.need {
            Need::Admin => &mut ops,
            Need::Trade if !matches!(route.op, Op::Leverage | Op::MoveMargin) => &mut maker,
            _ => &mut anna,
        };
        let answer = match route.method {
            "GET" => client.get(&path),
            "DELETE" => client.delete(&format!("{path}?account=maker")),
            method => client.with_body(method, &path, &body, &[]),
        };
        let operation = &api["paths"][route.path][route.method.to_ascii_lowercase()];
        assert_eq!(operation["summary"], route.about);
        let schema = &api["components"]["schemas"][route.answer];
        let required = schema["required"].as_array();
        for key in required.into_iter().flatten() {
            assert!(answer.json.get(key.as_str().unwrap()).is_some(), "{path} {key}: {answer:?}");
        }
        let refusable = matches!(route.op, Op::MoveMargin);
        assert!(refusable || answer.status < 300, "{path}: {answer:?}");
    }
    rig.stop();
}

#[test]
fn the_description_names_only_schemas_that_it_has_and_is_kept_in_docs() {
    let text = super::super::openapi_text();
    let api: Value = serde_json::from_str(&text).unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(api["components"]["schemas"].get(name).is_some(), "{name}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    if std::env::var_os("PLIMSOLL_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/openapi.json is old: PLIMSOLL_BLESS=1 cargo test writes it anew");
}

#[test]
fn an_id_that_cannot_be_told_elsewhere_is_refused() {
    let rig = Rig::start();
    let mut maker = rig.client("maker");
    for id in ["\u{0}", "a\u{0}", "a\u{1}b", "a\u{85}", "\n"] {
        let refused = maker.post("/v1/orders", &order("maker", id, "sell", "5000", "5"));
        assert_eq!((refused.status, refused.code()), (400, "malformed"), "{id:?}");
    }
    let taken = maker.post("/v1/orders", &order("maker", "a b/é", "sell", "5000", "5"));
    assert_eq!(taken.status, 201);
    rig.stop();
}
