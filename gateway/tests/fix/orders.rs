//! Orders: what is asked for and what is reported.

use super::rig::{Rig, field, label, now};
use plimsoll_types::{Command, NewOrder, OrderKind, Price, Qty, Side};

const ORDER: &str = "55=RB|40=2|59=1|";

#[test]
fn an_order_rests_trades_in_parts_and_is_cancelled() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("D", &format!("11=a1|{ORDER}54=1|38=10|44=4999.5|"));
    let new = anna.expect(
        "35=8|150=0|39=0|11=a1|37=a1|1=anna|55=RB|54=1|38=10|44=4999.5|59=1|151=10|14=0|6=0|40=2",
    );
    assert!(new.contains("|58=durability: none|"), "{new}");
    bert.send("D", &format!("11=b1|{ORDER}54=2|38=4|44=4999.5|"));
    bert.expect("35=8|150=0|39=0|11=b1");
    bert.expect("35=8|150=F|39=2|32=4|31=4999.5|14=4|151=0|6=4999.5|851=2|12=4|13=3");
    anna.expect("35=8|150=F|39=1|11=a1|32=4|31=4999.5|14=4|151=6|6=4999.5|851=1|38=10");
    anna.send("F", "11=a2|41=a1|55=RB|54=1|38=10|");
    anna.expect("35=8|150=4|39=4|11=a2|41=a1|37=a1|14=4|151=0|38=10");
    anna.send("F", "11=a3|41=a1|55=RB|54=1|");
    anna.expect("35=9|11=a3|41=a1|39=4|434=1|102=0|37=a1");
    anna.send("F", "11=a4|41=never|55=RB|54=1|");
    anna.expect("35=9|11=a4|41=never|39=8|434=1|102=1|37=NONE");
    rig.stop();
}

#[test]
fn average_prices_are_of_all_fills() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    for (name, price, qty) in [("b1", "5000", "2"), ("b2", "5000.5", "4")] {
        bert.send("D", &format!("11={name}|{ORDER}54=2|38={qty}|44={price}|"));
        bert.expect("150=0");
    }
    anna.send("D", "11=a1|55=RB|40=1|59=3|54=1|38=8|");
    anna.expect("150=0|39=0|40=1|59=3|38=8");
    anna.expect("150=F|39=1|32=2|31=5000|6=5000|14=2|151=6");
    anna.expect("150=F|39=1|32=4|31=5000.5|6=5000.3333333|14=6|151=2");
    anna.expect("150=4|39=4|14=6|151=0|38=8");
    rig.stop();
}

#[test]
fn a_replace_counts_what_has_traded_and_makes_a_chain() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("D", &format!("11=a1|{ORDER}54=1|38=10|44=4990|"));
    anna.expect("150=0");
    bert.send("D", &format!("11=b1|{ORDER}54=2|38=4|44=4990|"));
    anna.expect("150=F|14=4|151=6");
    anna.send("G", "11=a2|41=a1|55=RB|54=1|38=12|44=4991|40=2|");
    anna.expect("35=8|150=5|39=1|11=a2|41=a1|37=a1|38=12|44=4991|14=4|151=8");
    anna.send("G", "11=a3|41=a2|55=RB|54=1|38=8|44=4991|40=2|");
    anna.expect("150=5|11=a3|41=a2|37=a1|38=8|151=4|14=4");
    // No more than has traded, and not the other side.
    anna.send("G", "11=a4|41=a3|55=RB|54=1|38=4|44=4991|40=2|");
    anna.expect("35=9|11=a4|41=a3|434=2|102=0|39=1");
    anna.send("G", "11=a5|41=a3|55=RB|54=2|38=8|44=4991|40=2|");
    anna.expect("35=9|11=a5|434=2");
    // Off the tick: refused by the same code as everywhere.
    anna.send("G", "11=a6|41=a3|55=RB|54=1|38=8|44=4991.25|40=2|");
    assert!(anna.expect("35=9|11=a6|434=2").contains("|58=price_off_tick"));
    // Any name of the chain means the order; the report says the last one.
    anna.send("H", "11=a2|55=RB|54=1|");
    anna.expect("35=8|150=I|39=1|11=a3|37=a1|14=4|151=4");
    anna.send("F", "11=a7|41=a3|55=RB|54=1|");
    anna.expect("150=4|11=a7|41=a3|37=a1");
    rig.stop();
}

#[test]
fn a_cancel_may_follow_a_replace_before_its_answer() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    anna.send("D", &format!("11=a1|{ORDER}54=1|38=10|44=4990|"));
    anna.expect("150=0");
    anna.send("G", "11=a2|41=a1|55=RB|54=1|38=12|44=4991|40=2|");
    anna.send("F", "11=a3|41=a2|55=RB|54=1|");
    anna.expect("150=5|11=a2|41=a1");
    anna.expect("150=4|11=a3|41=a2|37=a1");
    rig.stop();
}

#[test]
fn a_name_is_taken_once_and_a_possible_resend_is_told_how_it_stands() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    let order = format!("11=a1|{ORDER}54=1|38=10|44=4990|");
    anna.send("D", &order);
    anna.expect("150=0|37=a1");
    anna.send("D", &order);
    anna.expect("35=8|150=8|39=8|11=a1|103=6");
    anna.send("D", &format!("97=Y|{order}"));
    anna.expect("35=8|150=I|39=0|11=a1|37=a1|151=10");
    anna.send("D", &format!("97=Y|{}", order.replace("a1", "a2")));
    anna.expect("150=0|11=a2");
    anna.send("F", "11=a3|41=a1|");
    anna.expect("150=4|11=a3");
    anna.send("F", "97=Y|11=a3|41=a1|");
    anna.expect("150=I|39=4|37=a1");
    anna.send("F", "11=a3|41=a2|");
    anna.expect("35=9|102=6|11=a3");
    // Sent again because it was asked for is the same.
    anna.send("D", &format!("43=Y|122={}|{}", now(), order.replace("a1", "a2")));
    anna.expect("150=I|39=0|11=a2|151=10");
    rig.wait("one order", |exchange| exchange.open_orders(plimsoll_types::InstrumentId(0)) == 1);
    rig.stop();
}

#[test]
fn refusals_come_in_the_manner_of_the_request() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    let cases = [
        ("55=XX|40=2|54=1|38=10|44=4990|", "103=1", "unknown_symbol"),
        ("55=RB|40=2|54=1|38=10|44=4990.25|", "103=99", "price_off_tick"),
        ("55=RB|40=2|54=1|38=3|44=4990|", "103=13", "quantity_off_lot"),
        ("55=RB|40=2|54=1|38=0|44=4990|", "103=13", "quantity_not_positive"),
        ("55=RB|40=2|54=1|38=10|44=6000|", "103=99", "price_band"),
        ("55=RB|40=2|54=1|38=2000|44=5000|", "103=3", "margin"),
        ("55=RB|40=2|54=1|38=10|44=5000|77=O|", "103=11", "offset"),
        ("1=bert|55=RB|40=2|54=1|38=10|44=5000|", "103=15", "not_your_account"),
    ];
    for (n, (fields, reason, code)) in cases.iter().enumerate() {
        anna.send("D", &format!("11=r{n}|{fields}"));
        let report =
            anna.expect(&format!("35=8|150=8|39=8|11=r{n}|{reason}|37=NONE|151=0|14=0|6=0"));
        assert!(report.contains(&format!("|58={code}: ")), "{report}");
    }
    // The message is at fault: a Reject, naming the field.
    let faults = [
        ("D", "55=RB|40=2|54=1|38=10|44=4990|", "373=1|371=11"),
        ("D", "11=x|55=RB|54=1|38=10|44=4990|", "373=1|371=40"),
        ("D", "11=x|55=RB|40=2|54=1|38=10|", "373=1|371=44"),
        ("D", "11=x|55=RB|40=3|54=1|38=10|", "373=1|371=99"),
        ("D", "11=x|55=RB|40=2|54=7|38=10|44=1|", "373=5|371=54"),
        ("D", "11=x|55=RB|40=2|54=1|38=ten|44=1|", "373=6|371=38"),
        ("D", "11=x|55=RB|40=2|54=1|38=1|38=2|44=1|", "373=13|371=38"),
        ("D", "11=x|55=RB|40=2|54=1|38=1|44=1|18=Z|", "373=5|371=18"),
        ("D", "11=x|55=RB|40=2|54=1|38=1|44=1|59=6|", "373=1|371=126"),
        ("D", "11=|55=RB|40=2|54=1|38=1|44=1|", "373=4|371=11"),
        ("D", "11=1234567890123456789012345678901234567890|55=RB|", "373=5|371=11"),
        ("F", "11=x|", "373=1|371=41"),
        ("q", "11=x|", "373=1|371=530"),
    ];
    for (kind, fields, wanted) in faults {
        anna.send(kind, fields);
        anna.expect(&format!("35=3|372={kind}|{wanted}"));
    }
    anna.send("B", "148=news|");
    anna.expect("35=j|372=B|380=3");
    rig.stop();
}

#[test]
fn kinds_and_terms_of_orders() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    bert.send("D", &format!("11=b1|{ORDER}54=2|38=6|44=5000|"));
    bert.expect("150=0");
    // Would take: post-only is refused; all or nothing goes; an iceberg rests.
    anna.send("D", &format!("11=a1|{ORDER}54=1|38=2|44=5000|18=6|"));
    anna.expect("150=8|11=a1");
    anna.send("D", "11=a2|55=RB|40=2|59=4|54=1|38=8|44=5000|");
    anna.expect("150=0|11=a2|59=4");
    anna.expect("150=4|39=4|11=a2|14=0|58=fok");
    anna.send("D", &format!("11=a3|{ORDER}54=1|38=2|44=5000|18=E|"));
    assert!(anna.expect("150=8|11=a3").contains("58=reduce_only"));
    anna.send("D", &format!("11=a4|{ORDER}54=1|38=8|44=4980|111=2|"));
    anna.expect("150=0|11=a4|111=2|38=8|151=8");
    // A day order is cancelled by the settlement; without a TimeInForce it is one.
    anna.send("D", "11=a5|55=RB|40=2|54=1|38=2|44=4970|");
    anna.expect("150=0|11=a5|59=0");
    anna.send("D", "11=a6|55=RB|40=2|54=1|38=2|44=4970|59=6|126=22600101-00:00:00|");
    anna.expect("150=0|11=a6|59=6");
    // Stops wait for their price.
    anna.send("D", "11=a7|55=RB|40=4|59=1|54=1|38=2|44=5010|99=5000|");
    anna.expect("150=0|11=a7|40=4|99=5000|44=5010");
    anna.send("D", "11=a8|55=RB|40=1|59=3|54=1|38=2|");
    anna.expect("150=0|11=a8");
    anna.expect("150=F|11=a8|39=2|31=5000");
    anna.expect("150=L|11=a7|39=0");
    anna.expect("150=F|11=a7|39=2|31=5000");
    rig.command(r#"{"ts":0,"cmd":"settle"}"#);
    anna.expect("150=C|39=C|11=a5|151=0|14=0");
    anna.send("AF", "584=s|585=7|");
    let all = [anna.receive(), anna.receive()];
    assert_eq!(all.each_ref().map(|report| field(report, "911")), [Some("2"); 2], "{all:?}");
    assert_eq!(all.each_ref().map(|report| field(report, "912")), [Some("N"), Some("Y")]);
    rig.stop();
}

#[test]
fn many_orders_are_cancelled_at_once_and_counted() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    for n in 0..5 {
        let side = 1 + n % 2;
        let price = if side == 1 { 4900 + n } else { 5100 + n };
        anna.send("D", &format!("11=a{n}|{ORDER}54={side}|38=2|44={price}|"));
        anna.expect("150=0");
    }
    anna.send("q", "11=m1|530=1|55=RB|54=2|");
    anna.expect("35=8|150=4|11=a1");
    anna.expect("35=8|150=4|11=a3");
    anna.expect("35=r|11=m1|530=1|531=1|533=2");
    anna.send("q", "11=m2|530=1|55=XX|");
    anna.expect("35=r|11=m2|531=0|532=1");
    anna.send("q", "11=m3|530=3|");
    anna.expect("35=r|11=m3|531=0|532=99");
    anna.send("q", "11=m4|530=7|");
    for name in ["a0", "a2", "a4"] {
        anna.expect(&format!("150=4|11={name}"));
    }
    anna.expect("35=r|11=m4|531=7|533=3");
    rig.stop();
}

#[test]
fn a_liquidation_is_told_order_by_order() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    let maker = rig.follower.read(|exchange| exchange.account_id(&label("maker"))).expect("there");
    let rb = plimsoll_types::InstrumentId(0);
    let quote = |side, ticks, lots| {
        let kind = OrderKind::Limit(Price::clamped(ticks));
        let order = NewOrder::limit(maker, rb, side, Price::clamped(ticks), Qty::new(lots));
        rig.submit(Command::Order(NewOrder { kind, ..order }));
    };
    quote(Side::Sell, 10_000, 19);
    rig.wait("a quote", |exchange| exchange.open_orders(rb) == 1);
    anna.send("D", "11=a1|55=RB|40=2|44=5000|59=3|54=1|38=38|");
    anna.expect("150=0");
    anna.expect("150=F|39=2|14=38");
    quote(Side::Buy, 9_400, 40);
    rig.submit(Command::Mark { instrument: rb, price: Price::clamped(9_400) });
    let new = anna.expect("35=8|150=0|39=0|11=liq-1-1|37=liq-1-1|54=2|58=liquidation");
    let qty = field(&new, "38").map(str::to_owned);
    let fill = anna.expect("150=F|11=liq-1-1|58=liquidation|151=0|39=2");
    assert_eq!(field(&fill, "14").map(str::to_owned), qty);
    rig.stop();
}

#[test]
fn a_busted_trade_is_taken_back() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("D", &format!("11=a1|{ORDER}54=1|38=10|44=4990|"));
    anna.expect("150=0");
    bert.send("D", &format!("11=b1|{ORDER}54=2|38=4|44=4990|"));
    bert.expect("150=0");
    let fill = anna.expect("150=F|14=4|39=1");
    let id = field(&fill, "17").expect("an ExecID").to_owned();
    let trade = id.trim_end_matches('m');
    rig.command(&format!(r#"{{"ts":0,"cmd":"bust","trade":{trade}}}"#));
    anna.expect(&format!("35=8|150=H|19={id}|39=0|14=0|6=0|151=6|32=4|31=4990|11=a1"));
    bert.expect("150=F");
    bert.expect("150=H|39=4|14=0|151=0|11=b1");
    rig.stop();
}

#[test]
fn who_reaches_all_accounts_names_one_and_is_told_of_its_own_orders() {
    let rig = Rig::start();
    let (mut desk, mut anna) = (rig.logged_on("desk"), rig.logged_on("anna"));
    desk.send("D", &format!("11=d1|{ORDER}54=1|38=2|44=4990|"));
    desk.expect("35=3|371=1|373=1");
    desk.send("D", &format!("11=d1|1=anna|{ORDER}54=1|38=2|44=4990|"));
    desk.expect("35=8|150=0|1=anna|11=d1");
    // The account's own user is told whoever enters.
    anna.expect("35=8|150=0|1=anna|11=d1");
    anna.send("D", &format!("11=a1|{ORDER}54=1|38=2|44=4991|"));
    anna.expect("150=0|11=a1");
    desk.expect_nothing();
    desk.send("D", &format!("11=d2|1=nobody|{ORDER}54=1|38=2|44=4990|"));
    assert!(desk.expect("150=8|103=15").contains("58=unknown_account"));
    rig.stop();
}
