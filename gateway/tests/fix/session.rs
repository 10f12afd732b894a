//! The session's rules, byte by byte.

use super::rig::{Rig, field, folder, frame, message, now, password, users};
use plimsoll_gateway::fix::frame::BODY_MAX;
use plimsoll_gateway::fix::store::{Bounds, Store};
use std::net::Shutdown;

const ORDER: &str = "55=RB|40=2|59=1|54=1|38=2|";

#[test]
fn who_proves_nothing_is_turned_away() {
    let rig = Rig::start();
    let good = password("anna");
    let cases = [
        ("anna", format!("98=0|108=30|553=anna|554={good}0|"), "unknown user or wrong password"),
        ("anna", "98=0|108=30|553=anna|".to_owned(), "unknown user or wrong password"),
        ("nobody", format!("98=0|108=30|554={good}|"), "unknown user or wrong password"),
        ("bert", format!("98=0|108=30|554={good}|"), "unknown user or wrong password"),
        ("anna", format!("98=0|108=30|553=bert|554={good}|"), "Username must be the SenderCompID"),
        ("anna", format!("98=1|108=30|554={good}|"), "EncryptMethod must be 0"),
        ("anna", format!("98=0|108=-1|554={good}|"), "HeartBtInt must be 0 to 3600 seconds"),
        ("anna", format!("98=0|554={good}|"), "HeartBtInt must be 0 to 3600 seconds"),
    ];
    for (name, fields, text) in cases {
        let mut client = rig.client(name);
        client.send("A", &fields);
        client.expect(&format!("35=5|58={text}"));
        client.expect_end();
    }
    // Another version, another server, and no Logon at all.
    let logon = format!("35=A|49=anna|56=OTHER|34=1|52={}|98=0|108=30|554={good}|", now());
    let mut client = rig.client("anna");
    client.write(&frame(&logon));
    client.expect("35=5|58=unknown TargetCompID");
    client.expect_end();
    let mut client = rig.client("anna");
    client.send("D", &format!("11=a1|{ORDER}44=5000|"));
    client.expect_end();
    rig.stop();
}

#[test]
fn heartbeats_test_requests_and_logout() {
    let rig = Rig::start();
    let mut anna = rig.client("anna");
    anna.send("A", &format!("98=0|108=1|141=Y|554={}|", password("anna")));
    anna.expect("35=A|34=1|98=0|108=1|141=Y");
    anna.send("1", "112=hello|");
    anna.expect("35=0|112=hello|34=2");
    // Nobody says anything: heartbeats, a question, and an end.
    anna.expect("35=0|34=3");
    let mut kinds = Vec::new();
    while let Some(message) = anna.next() {
        kinds.push(field(&message, "35").map(str::to_owned));
    }
    let kind = |text: &str| Some(text.to_owned());
    assert!(kinds.contains(&kind("1")), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&kind("5")), "{kinds:?}");
    let mut anna = rig.logged_on("anna");
    anna.send("5", "58=good night|");
    anna.expect("35=5");
    anna.expect_end();
    rig.stop();
}

#[test]
fn garbled_messages_are_passed_over() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    let good = message("1", "anna", anna.seq, "112=one|");
    let mut checksum = good.clone();
    let last = checksum.len() - 2;
    checksum[last] = if checksum[last] == b'9' { b'0' } else { checksum[last] + 1 };
    anna.write(&checksum);
    let text = String::from_utf8(good.clone()).expect("text");
    // A length that is too short, one that is none, one that is too long for any message.
    for wrong in ["9=5\u{1}", "9=x\u{1}", "9=999999\u{1}", "9=\u{1}"] {
        let begin = text.find("9=").expect("a length");
        let end = begin + text[begin..].find('\u{1}').expect("its end") + 1;
        anna.write(format!("{}{wrong}{}", &text[..begin], &text[end..]).as_bytes());
    }
    anna.write(b"noise 8=FI\x01\x018=FIX.4.4\x01garbage\x01");
    anna.write(&vec![b'x'; 3 * BODY_MAX]);
    anna.write(&good);
    anna.expect("35=0|112=one");
    rig.stop();
}

#[test]
fn any_split_of_the_bytes_is_the_same() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    let mut bytes = Vec::new();
    for n in 0..3 {
        bytes.extend(message("1", "anna", anna.seq, &format!("112=s{n}|")));
        anna.seq += 1;
    }
    for byte in bytes.chunks(1) {
        anna.write(byte);
    }
    for n in 0..3 {
        anna.expect(&format!("35=0|112=s{n}"));
    }
    rig.stop();
}

#[test]
fn gaps_are_asked_for_and_filled_by_either_side() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    // 2 and 3 are lost: 4 is not acted on.
    let late = message("D", "anna", 4, &format!("11=a1|{ORDER}44=5000|"));
    anna.write(&late);
    anna.expect("35=2|7=2|16=0");
    anna.write(&message("1", "anna", 5, "112=later|"));
    let again = format!("43=Y|122={}|", now());
    anna.write(&message("4", "anna", 2, &format!("{again}123=Y|36=4|")));
    anna.write(&message("D", "anna", 4, &format!("{again}11=a1|{ORDER}44=5000|")));
    anna.expect("35=8|150=0|11=a1");
    anna.write(&message("1", "anna", 5, &format!("{again}112=later|")));
    anna.expect("35=0|112=later");
    // What comes again is not acted on again.
    anna.write(&message("D", "anna", 4, &format!("{again}11=a1|{ORDER}44=5000|")));
    anna.seq = 6;
    anna.expect_nothing();
    // All that we were sent, again: session messages as gaps, the report as it was.
    anna.send("2", "7=1|16=0|");
    anna.expect("35=4|34=1|123=Y|36=3|43=Y");
    let report = anna.expect("35=8|34=3|43=Y|11=a1|150=0");
    assert!(field(&report, "122").is_some(), "{report}");
    anna.expect("35=4|34=4|123=Y|43=Y");
    anna.expect_nothing();
    // A part of it.
    anna.send("2", "7=3|16=3|");
    anna.expect("35=8|34=3|43=Y");
    anna.expect_nothing();
    rig.stop();
}

#[test]
fn numbers_that_run_back_end_the_session() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    anna.write(&message("0", "anna", 1, ""));
    anna.expect("35=5|58=MsgSeqNum too low, expecting 2 but received 1");
    anna.expect_end();
    let mut anna = rig.logged_on("anna");
    anna.send("4", "36=1|");
    anna.expect("35=3|371=36");
    anna.send("4", "36=50|");
    anna.seq = 50;
    anna.expect_nothing();
    // Without a number, and for somebody else.
    anna.write(&frame(&format!("35=0|49=anna|56=PLIMSOLL|52={}|", now())));
    anna.expect("35=5|58=MsgSeqNum is missing");
    let mut anna = rig.logged_on("anna");
    anna.write(&message("0", "bert", 2, ""));
    anna.expect("35=3|373=9|371=49");
    anna.expect("35=5");
    let mut anna = rig.logged_on("anna");
    anna.write(&frame("35=0|49=anna|56=PLIMSOLL|34=2|52=20200101-00:00:00|"));
    anna.expect("35=3|373=10|371=52");
    anna.expect("35=5");
    rig.stop();
}

#[test]
fn a_new_connection_takes_the_session_over() {
    let rig = Rig::start();
    let mut first = rig.logged_on("anna");
    first.send("D", &format!("11=a1|{ORDER}44=5000|"));
    first.expect("150=0");
    let mut second = rig.client("anna");
    second.seq = 3;
    second.log_on("");
    first.expect("35=5|58=another connection has logged on");
    first.expect_end();
    let logon = second.expect("35=A");
    let seq: u64 = field(&logon, "34").and_then(|seq| seq.parse().ok()).expect("a number");
    assert_eq!(seq, 4, "Logon, report, Logout, Logon");
    second.expect_nothing();
    rig.stop();
}

#[test]
fn what_happened_meanwhile_waits_for_the_next_logon() {
    let rig = Rig::start();
    let mut anna = rig.logged_on("anna");
    anna.send("D", &format!("11=a1|{ORDER}44=5000|"));
    anna.expect("150=0|34=2");
    let next = anna.seq;
    anna.stream.shutdown(Shutdown::Both).expect("a socket");
    let mut bert = rig.logged_on("bert");
    bert.send("D", "11=b1|55=RB|40=2|59=1|54=2|38=2|44=5000|");
    bert.expect("150=0");
    bert.expect("150=F");
    let mut anna = rig.client("anna");
    anna.seq = next;
    anna.log_on("");
    anna.expect("35=A|34=4");
    anna.send("2", "7=3|16=0|");
    anna.expect("35=8|34=3|43=Y|150=F|11=a1");
    anna.expect("35=4|34=4|123=Y|36=5");
    rig.stop();
}

#[test]
fn orders_go_with_the_session_where_the_user_wants_it() {
    let mut users = users();
    users[0].cancel_on_disconnect = true;
    let rig = Rig::with(users, |_| {});
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("D", &format!("11=a1|{ORDER}44=4990|"));
    anna.expect("150=0");
    bert.send("D", &format!("11=b1|{ORDER}44=4980|"));
    bert.expect("150=0");
    let rb = plimsoll_types::InstrumentId(0);
    anna.stream.shutdown(Shutdown::Both).expect("a socket");
    bert.stream.shutdown(Shutdown::Both).expect("a socket");
    rig.wait("only bert's order", |exchange| exchange.open_orders(rb) == 1);
    rig.stop();
}

#[test]
fn more_than_the_rate_is_refused_and_not_taken() {
    let mut users = users();
    let (rate, burst) = (1.try_into().expect("one"), 3.try_into().expect("three"));
    users[0].limits.rate = Some((rate, burst));
    let rig = Rig::with(users, |_| {});
    let mut anna = rig.logged_on("anna");
    for n in 0..20 {
        anna.send("D", &format!("11=a{n}|{ORDER}44=4990|"));
    }
    let answers: Vec<String> = (0..20).map(|_| anna.receive()).collect();
    let refused = answers.iter().filter(|it| it.contains("|35=j|") && it.contains("58=rate"));
    let taken = answers.iter().filter(|it| it.contains("|150=0|"));
    assert!(refused.count() >= 15, "{answers:?}");
    assert!(taken.count() >= 3, "{answers:?}");
    rig.stop();
}

#[test]
fn a_session_goes_on_after_a_restart() {
    let folder = folder("restart");
    let rig = Rig::with(users(), |options| options.store = Some(folder.clone()));
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("D", "11=a1|55=RB|40=2|59=1|54=1|38=10|44=5000|");
    anna.expect("150=0|34=2");
    anna.send("G", "11=a2|41=a1|55=RB|54=1|38=12|44=5000|40=2|");
    anna.expect("150=5|11=a2|34=3");
    bert.send("D", "11=b1|55=RB|40=2|59=1|54=2|38=4|44=5000|");
    bert.expect("150=0");
    bert.expect("150=F");
    anna.expect("150=F|34=4|14=4|6=5000|151=8");
    let next = anna.seq;
    let rig = rig.restart(|options| options.store = Some(folder.clone()));
    anna.expect("35=5|34=5");
    let mut anna = rig.client("anna");
    anna.seq = next;
    anna.log_on("");
    anna.expect("35=A|34=6");
    anna.send("2", "7=4|16=0|");
    anna.expect("35=8|34=4|43=Y|150=F|11=a2|14=4");
    anna.expect("35=4|34=5|36=7");
    // What it had traded is not forgotten, nor what it is called.
    anna.send("H", "11=a1|55=RB|54=1|");
    anna.expect("150=I|11=a2|37=a1|14=4|151=8|38=12|6=5000|39=1");
    anna.send("F", "11=a3|41=a2|55=RB|54=1|");
    anna.expect("150=4|11=a3|41=a2|37=a1|14=4");
    // The engine remembers the names, too.
    anna.send("D", "11=a1|55=RB|40=2|59=1|54=1|38=10|44=5000|");
    anna.expect("150=8|103=6|11=a1");
    rig.stop();
    std::fs::remove_dir_all(&folder).expect("the folder was there");
}

#[test]
fn what_a_killed_server_had_not_answered_is_asked_for_again() {
    let folder = folder("killed");
    let rig = Rig::with(users(), |options| options.store = Some(folder.clone()));
    let mut anna = rig.logged_on("anna");
    let order = "11=a1|55=RB|40=2|59=1|54=1|38=10|44=5000|";
    // The session's file as it is between an order's arrival and its answer.
    let file = std::fs::read_dir(&folder).expect("the folder").next().expect("a file");
    let file = file.expect("a file").path();
    let before = std::fs::read(&file).expect("the file");
    anna.send("D", order);
    anna.expect("150=0|34=2");
    let next = anna.seq;
    let rig = rig.restart_after(
        || std::fs::write(&file, before).expect("the file"),
        |options| {
            options.store = Some(folder.clone());
        },
    );
    let mut anna = rig.client("anna");
    anna.seq = next;
    anna.log_on("");
    anna.expect("35=A|34=2");
    anna.expect("35=2|7=2|16=0");
    anna.seq = 2;
    anna.send("D", &format!("43=Y|122={}|{order}", now()));
    anna.expect("150=I|39=0|11=a1|151=10");
    // A cancel that had been carried out, of an order that is gone now.
    anna.send("4", &format!("43=Y|122={}|123=Y|36=4|", now()));
    anna.seq = 4;
    anna.send("F", "11=a2|41=a1|");
    anna.expect("150=4|11=a2");
    rig.wait("no order", |exchange| exchange.open_orders(plimsoll_types::InstrumentId(0)) == 0);
    let rig = rig.restart(|options| options.store = Some(folder.clone()));
    let mut anna = rig.logged_on("anna");
    anna.send("F", "97=Y|11=a2|41=a1|");
    anna.expect("35=9|102=6|11=a2");
    rig.stop();
    std::fs::remove_dir_all(&folder).expect("the folder was there");
}

#[test]
fn a_message_counts_as_received_once_it_is_answered() {
    let folder = folder("settled");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("one.session");
    let open = || Store::open(Bounds::default(), &path).expect("a store");
    let mut store = open();
    store.expect(5);
    store.flush(Some(3)).expect("room on the disk");
    assert_eq!((store.next_in(), open().next_in()), (5, 3));
    let mut store = open();
    store.expect(5);
    store.flush(None).expect("room on the disk");
    assert_eq!(open().next_in(), 5);
    std::fs::remove_dir_all(&folder).expect("the folder was there");
}
