//! Coming back: nothing lost, nothing doubled, nothing carried out twice.

use crate::house::*;
use plimsoll_gateway::binary::codes::LoginReason;
use plimsoll_gateway::binary::events::Happened;
use plimsoll_gateway::binary::layout::flags;
use plimsoll_gateway::binary::messages::*;
use plimsoll_gateway::binary::{Past, Rules};
use plimsoll_gateway::{Limits, Record};
use plimsoll_types::Side;

fn events(heard: &[Out]) -> Vec<Happened> {
    let events = heard.iter().filter_map(|out| match out {
        Out::Happened(happened) => Some(*happened),
        Out::Answer(_) => None,
    });
    events.collect()
}

fn welcome(heard: &[Out]) -> LoginAccepted {
    match heard.first() {
        Some(Out::Answer(FromServer::LoginAccepted(welcome))) => *welcome,
        other => panic!("{other:?}"),
    }
}

/// Trades between the two, so that both have events; `n` of them.
fn trade(rig: &mut Rig, anna: usize, maker: usize, from: u64, n: u64) {
    for sequence in from..from + n {
        let id = format!("{sequence}");
        let (a, b) =
            if sequence % 2 == 0 { (Side::Buy, Side::Sell) } else { (Side::Sell, Side::Buy) };
        rig.send(maker, EnterOrder::of(sequence, &limit(MAKER, &id, b, 5000, 1)));
        rig.send(anna, EnterOrder::of(sequence, &limit(ANNA, &id, a, 5000, 1)));
        rig.turn();
    }
}

#[test]
fn a_number_that_comes_again_is_carried_out_once_across_sessions() {
    let mut rig = Rig::usual();
    let first = rig.session("anna");
    rig.send(first, EnterOrder::of(5, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    // The connection breaks before anything is heard, and the client sends it again.
    rig.sessions.close(first);
    let second = rig.session("anna");
    rig.send(second, EnterOrder::of(5, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    let batch = rig.turn();
    assert_eq!(batch.events.len(), 1);
    let heard = rig.heard(second);
    let [Out::Happened(Happened::Accepted(accepted)), Out::Answer(FromServer::Answered(copy))] =
        heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((accepted.stamp.answers.get(), copy.sequence.get(), copy.answer), (5, 5, 2));
    let (_, heard) = rig.login("anna", 0);
    assert_eq!(welcome(&heard).last_sequence.get(), 5);
}

#[test]
fn from_every_event_on_the_rest_is_told_once() {
    let mut rig = Rig::usual();
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    trade(&mut rig, anna, maker, 1, 40);
    let all = events(&rig.heard(anna));
    assert_eq!(all.len(), 80);
    let last = rig.engine.exchange().seq();
    for from in 1..=last + 1 {
        let (_, heard) = rig.login("anna", from);
        let expected: Vec<Happened> =
            all.iter().copied().filter(|event| event.stamp().seq.get() >= from).collect();
        assert_eq!(events(&heard), expected, "from {from}");
    }
    let (_, heard) = rig.login("anna", last + 2);
    assert!(matches!(heard[..], [Out::Answer(FromServer::LoginRejected(no))]
        if no.reason == LoginReason::TooNew as u8 && no.last_event.get() == last));
}

#[test]
fn what_is_no_longer_kept_is_too_old_and_the_oldest_is_named() {
    let rules = Rules { kept: 20_000, ..Rules::default() };
    let mut rig = Rig::new(users(Limits::default()), rules);
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    let mut all = Vec::new();
    for n in 0..300 {
        trade(&mut rig, anna, maker, 1 + n, 1);
        all.extend(events(&rig.heard(anna)));
    }
    let (_, heard) = rig.login("anna", 1);
    let [Out::Answer(FromServer::LoginRejected(no))] = heard[..] else { panic!("{heard:?}") };
    assert_eq!(no.reason, LoginReason::TooOld as u8);
    let oldest = no.oldest_event.get();
    let (_, heard) = rig.login("anna", oldest - 1);
    assert!(matches!(heard[..], [Out::Answer(FromServer::LoginRejected(_))]));
    let (_, heard) = rig.login("anna", oldest);
    let rest: Vec<Happened> =
        all.into_iter().filter(|event| event.stamp().seq.get() >= oldest).collect();
    assert!(rest.len() > 50);
    assert_eq!(events(&heard), rest);
}

#[test]
fn who_is_on_both_sides_hears_both_and_that_they_belong_together() {
    let mut both = users(Limits::default());
    both[0].reach = plimsoll_gateway::Reach::All;
    let mut rig = Rig::new(both, Rules::default());
    let desk = rig.session("anna");
    rig.send(desk, EnterOrder::of(1, &limit(MAKER, "m", Side::Sell, 5000, 1)));
    rig.send(desk, EnterOrder::of(2, &limit(ANNA, "a", Side::Buy, 5000, 1)));
    rig.turn();
    let heard = events(&rig.heard(desk));
    let [.., Happened::Executed(sold), Happened::Executed(bought)] = heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(sold.stamp.seq, bought.stamp.seq);
    assert_eq!((sold.stamp.part.get(), bought.stamp.part.get()), (0, 1));
    assert_eq!((sold.head.flags, bought.head.flags), (flags::MORE, flags::LAST));
}

#[test]
fn what_happens_to_one_is_told_to_nobody_else() {
    let mut rig = Rig::usual();
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    rig.send(anna, EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    rig.send(anna, EnterOrder::of(2, &limit(ANNA, "b", Side::Buy, 1, 1)));
    rig.send(anna, CancelAll::of(3, ANNA, None, None));
    rig.turn();
    assert_eq!(rig.heard(maker), []);
    assert!(events(&rig.heard(anna)).len() >= 3);
}

#[test]
fn a_heartbeat_says_up_to_where_all_was_told() {
    let mut rig = Rig::usual();
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    rig.send(anna, EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    rig.turn();
    rig.heard(maker);
    rig.pass(Rules::default().heartbeat);
    let heard = rig.heard(maker);
    let [Out::Answer(FromServer::ServerHeartbeat(beat))] = heard[..] else { panic!("{heard:?}") };
    assert_eq!(beat.last_event.get(), rig.engine.exchange().seq());
}

#[test]
fn a_client_goes_on_across_a_restart_of_the_server() {
    let mut rig = Rig::usual();
    rig.engine.keep_log();
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    let (mut told, mut log) = (Vec::new(), Vec::new());
    for n in 1..=20 {
        rig.send(maker, EnterOrder::of(n, &limit(MAKER, &format!("{n}"), Side::Sell, 5000, 1)));
        rig.send(anna, EnterOrder::of(n, &limit(ANNA, &format!("{n}"), Side::Buy, 5000, 1)));
        log.extend(rig.turn().log);
        told.extend(events(&rig.heard(anna)));
    }
    for most in [1_000, 30] {
        // What the journal has is carried out again, and the sessions hear of its end.
        let users = users(Limits::default());
        let mut engine = engine(&users);
        let mut past = Past::new(&users, most);
        let mut rest = log.as_slice();
        while let Some((record, after)) = Record::read(rest) {
            let mut happened = Vec::new();
            engine.replay(&record, &mut happened).unwrap();
            past.heard(&record, &happened);
            rest = after;
        }
        let mut again = Rig::of(users, engine, Rules::default());
        again.sessions.remember(past);
        let from = if most == 30 {
            let (_, heard) = again.login("anna", 1);
            let [Out::Answer(FromServer::LoginRejected(no))] = heard[..] else {
                panic!("{heard:?}")
            };
            no.oldest_event.get()
        } else {
            1
        };
        let (_, heard) = again.login("anna", from);
        assert_eq!(welcome(&heard).last_sequence.get(), 20);
        let plain = |event: &Happened| {
            let stamp = event.stamp();
            (stamp.seq.get(), stamp.answers.get(), event.head().kind, event.head().flags)
        };
        let expected: Vec<_> = told.iter().map(plain).filter(|(seq, ..)| *seq >= from).collect();
        assert!(expected.len() >= 10);
        assert_eq!(events(&heard).iter().map(plain).collect::<Vec<_>>(), expected);
    }
}
