//! What a session does: logins, answers, refusals, silence, ends.

use crate::house::*;
use plimsoll_gateway::binary::codes::{EndReason, LoginReason, Refusal};
use plimsoll_gateway::binary::events::Happened;
use plimsoll_gateway::binary::layout::{Message, Text, flags};
use plimsoll_gateway::binary::messages::*;
use plimsoll_gateway::binary::{Rules, SecondLogin, Stage, proof};
use plimsoll_gateway::{Limits, UserId};
use plimsoll_types::{AccountId, Command, InstrumentId, NewOrder, OrderRef, Price, Qty, Side};

fn rejected(heard: &[Out]) -> Option<(LoginReason, u64)> {
    match heard {
        [Out::Answer(FromServer::LoginRejected(no))] => {
            LoginReason::of(no.reason).map(|reason| (reason, no.oldest_event.get()))
        }
        _ => None,
    }
}

fn refusal(heard: &[Out]) -> Option<(u64, Refusal)> {
    match heard {
        [Out::Answer(FromServer::Refused(no))] => {
            Refusal::of(no.reason).map(|reason| (no.sequence.get(), reason))
        }
        _ => None,
    }
}

#[test]
fn a_login_tells_accounts_and_instruments() {
    let mut rig = Rig::usual();
    let (_, heard) = rig.login("anna", 0);
    let [
        Out::Answer(FromServer::LoginAccepted(welcome)),
        Out::Answer(FromServer::AccountEntry(account)),
        Out::Answer(FromServer::InstrumentEntry(instrument)),
    ] = heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((welcome.accounts.get(), welcome.instruments.get()), (1, 1));
    assert_eq!((account.account.get(), account.name.text()), (ANNA.0, "anna".to_owned()));
    assert_eq!(instrument.symbol.text(), "RB");
}

type Forgery<'a> = &'a dyn Fn(&[u8; 32]) -> Login;

#[test]
fn forged_logins_are_refused() {
    let mut rig = Rig::usual();
    let (name, other) = (Text::of(&label("anna")), Text::of(&label("maker")));
    // Of another challenge: a proof that was seen on the way once.
    let (id, nonce) = rig.open();
    let seen = proof::login(&nonce, &name, SECRET, 0, SecondLogin::TakesOver);
    rig.send(id, seen);
    assert_eq!(rig.sessions.stage(id), Some(Stage::In(UserId(1))));
    let cases: [(&str, Forgery<'_>); 5] = [
        ("replayed", &|_| seen),
        ("wrong secret", &|nonce| {
            proof::login(nonce, &name, b"another secret!!", 0, SecondLogin::TakesOver)
        }),
        ("nobody", &|nonce| {
            proof::login(nonce, &Text::write(b"nobody"), SECRET, 0, SecondLogin::TakesOver)
        }),
        ("no name", &|nonce| proof::login(nonce, &Text::EMPTY, SECRET, 0, SecondLogin::TakesOver)),
        ("another name under the proof", &|nonce| Login {
            user: other,
            ..proof::login(nonce, &name, SECRET, 0, SecondLogin::TakesOver)
        }),
    ];
    for (what, forge) in cases {
        let (id, nonce) = rig.open();
        rig.send(id, forge(&nonce));
        let heard = rig.heard(id);
        assert_eq!(rejected(&heard), Some((LoginReason::Denied, 0)), "{what}");
        assert!(rig.sessions.is_done(id), "{what}");
        // Whatever it says now is not heard.
        rig.send(id, EnterOrder::of(1, &limit(ANNA, "x", Side::Buy, 5000, 1)));
        assert!(rig.queue.is_empty());
    }
}

#[test]
fn another_version_is_refused_before_anything_else() {
    let mut rig = Rig::usual();
    let (id, nonce) = rig.open();
    let login = proof::login(&nonce, &Text::of(&label("anna")), SECRET, 0, SecondLogin::TakesOver);
    rig.send(id, Login { version: 2.into(), ..login });
    assert_eq!(rejected(&rig.heard(id)), Some((LoginReason::Version, 0)));
}

#[test]
fn an_order_is_answered_with_its_number_and_the_last_answer_says_so() {
    let mut rig = Rig::usual();
    let (maker, anna) = (rig.session("maker"), rig.session("anna"));
    rig.send(maker, EnterOrder::of(7, &limit(MAKER, "m", Side::Sell, 5000, 1)));
    rig.turn();
    rig.heard(maker);
    rig.send(anna, EnterOrder::of(3, &limit(ANNA, "a", Side::Buy, 5000, 2)));
    rig.turn();
    let heard = rig.heard(anna);
    let [Out::Happened(Happened::Accepted(accepted)), Out::Happened(Happened::Executed(executed))] =
        heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((accepted.stamp.answers.get(), executed.stamp.answers.get()), (3, 3));
    assert_eq!((accepted.head.flags, executed.head.flags), (0, flags::LAST));
    assert_eq!((executed.price.get(), executed.qty.get()), (5000, 1));
    let heard = rig.heard(maker);
    let [Out::Happened(Happened::Executed(sold))] = heard[..] else { panic!("{heard:?}") };
    assert_eq!((sold.stamp.answers.get(), sold.head.flags, sold.liquidity), (0, 0, 1));
}

#[test]
fn an_order_is_addressed_by_id_or_by_handle() {
    let mut rig = Rig::usual();
    let anna = rig.session("anna");
    let order = NewOrder { id: None, ..limit(ANNA, "-", Side::Buy, 4990, 2) };
    rig.send(anna, EnterOrder::of(1, &order));
    rig.send(anna, EnterOrder::of(2, &limit(ANNA, "a", Side::Buy, 4991, 2)));
    rig.turn();
    let heard = rig.heard(anna);
    let [Out::Happened(Happened::Accepted(numbered)), Out::Happened(Happened::Accepted(_))] =
        heard[..]
    else {
        panic!("{heard:?}");
    };
    assert!(numbered.id.text().starts_with('#'));
    let by_id = OrderRef::Client(label("a"));
    let (price, qty) = (Price::new(4992).unwrap(), Qty::new(3));
    rig.send(anna, ReplaceOrder::of(3, ANNA, &by_id, (price, qty), None));
    let mut by_handle = CancelOrder::of(4, ANNA, &by_id);
    by_handle.id = Text::EMPTY;
    by_handle.instrument = numbered.instrument;
    by_handle.handle_slot = numbered.handle_slot;
    by_handle.handle_generation = numbered.handle_generation;
    rig.send(anna, by_handle);
    rig.send(anna, CancelAll::of(5, ANNA, None, None));
    rig.send(anna, CancelAll::of(6, ANNA, None, None));
    rig.turn();
    let heard = rig.heard(anna);
    let [
        Out::Happened(Happened::Replaced(replaced)),
        Out::Happened(Happened::Cancelled(one)),
        Out::Happened(Happened::Cancelled(two)),
        Out::Answer(FromServer::Answered(nothing)),
    ] = heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((replaced.price.get(), replaced.qty.get()), (4992, 3));
    assert_eq!((one.id, two.id.text()), (numbered.id, "a".to_owned()));
    assert_eq!((nothing.sequence.get(), nothing.answer), (6, 1));
}

#[test]
fn what_a_user_may_not_do_is_refused_at_the_door() {
    let mut watcher = users(Limits::default());
    watcher[1].scopes.trade = false;
    let mut rig = Rig::new(watcher, Rules::default());
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    let order = limit(ANNA, "a", Side::Buy, 5000, 1);
    let enter = EnterOrder::of(9, &order);
    let cases = [
        (Refusal::NotYourAccount, EnterOrder { account: MAKER.0.into(), ..enter }),
        (Refusal::NotYourAccount, EnterOrder { account: 77.into(), ..enter }),
        (Refusal::NotYourAccount, EnterOrder { account: u32::MAX.into(), ..enter }),
        (Refusal::UnknownInstrument, EnterOrder { instrument: 1.into(), ..enter }),
        (Refusal::UnknownInstrument, EnterOrder { instrument: NO_INSTRUMENT.into(), ..enter }),
        (Refusal::PriceOutOfRange, EnterOrder { price: 0.into(), ..enter }),
        (Refusal::PriceOutOfRange, EnterOrder { price: ((1 << 30) + 1).into(), ..enter }),
        (Refusal::PriceOutOfRange, EnterOrder { trigger: u32::MAX.into(), ..enter }),
        (Refusal::Malformed, EnterOrder { side: 0, ..enter }),
        (Refusal::Malformed, EnterOrder { side: 3, ..enter }),
        (Refusal::Malformed, EnterOrder { order_kind: 0, ..enter }),
        (Refusal::Malformed, EnterOrder { tif: 5, ..enter }),
        (Refusal::Malformed, EnterOrder { offset: 4, ..enter }),
        (Refusal::Malformed, EnterOrder { self_match: 5, ..enter }),
        (Refusal::Malformed, EnterOrder { options: 4, ..enter }),
        (Refusal::Malformed, EnterOrder { expires: 1.into(), ..enter }),
        (Refusal::Malformed, EnterOrder { id: Text([b'x'; 40]), ..enter }),
    ];
    for (refused, message) in cases {
        rig.send(anna, message);
        assert_eq!(refusal(&rig.heard(anna)), Some((9, refused)), "{message:?}");
    }
    for sequence in [0, SEQUENCE_MAX + 1, u64::MAX] {
        rig.send(anna, EnterOrder { sequence: sequence.into(), ..enter });
        assert_eq!(refusal(&rig.heard(anna)), Some((sequence, Refusal::Malformed)));
    }
    rig.send(anna, CancelAll::of(9, MAKER, None, None));
    assert_eq!(refusal(&rig.heard(anna)), Some((9, Refusal::NotYourAccount)));
    rig.send(anna, CancelOrder::of(9, MAKER, &OrderRef::Client(label("m"))));
    assert_eq!(refusal(&rig.heard(anna)), Some((9, Refusal::NotYourAccount)));
    let (price, qty) = (Price::new(1).unwrap(), Qty::new(1));
    let order = OrderRef::Client(label("m"));
    rig.send(anna, ReplaceOrder::of(9, MAKER, &order, (price, qty), None));
    assert_eq!(refusal(&rig.heard(anna)), Some((9, Refusal::NotYourAccount)));
    rig.send(anna, CancelAll::of(9, ANNA, Some(InstrumentId(3)), None));
    assert_eq!(refusal(&rig.heard(anna)), Some((9, Refusal::UnknownInstrument)));
    rig.send(maker, EnterOrder::of(9, &limit(MAKER, "m", Side::Buy, 5000, 1)));
    assert_eq!(refusal(&rig.heard(maker)), Some((9, Refusal::NotAllowed)));
    assert!(rig.queue.is_empty());
}

#[test]
fn quantities_beyond_all_bounds_are_the_exchanges_to_judge() {
    let mut rig = Rig::usual();
    let anna = rig.session("anna");
    let enter = EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 5000, 1));
    let all = u64::MAX.into();
    for (sequence, (accepted, message)) in [
        (false, EnterOrder { qty: all, ..enter }),
        // It shows all it has.
        (true, EnterOrder { display: all, ..enter }),
        (false, EnterOrder { min_qty: all, ..enter }),
        (false, EnterOrder { qty: all, display: all, min_qty: all, ..enter }),
        (false, EnterOrder { qty: 0.into(), ..enter }),
    ]
    .into_iter()
    .enumerate()
    {
        rig.send(anna, EnterOrder { sequence: (sequence as u64 + 1).into(), ..message });
        rig.turn();
        let heard = rig.heard(anna);
        match heard[..] {
            [Out::Happened(Happened::Accepted(_))] => assert!(accepted, "{heard:?}"),
            [Out::Happened(Happened::Rejected(_))] => assert!(!accepted, "{heard:?}"),
            _ => panic!("{heard:?}"),
        }
    }
}

#[test]
fn a_full_queue_says_busy_and_the_number_may_come_again() {
    let mut rig = Rig::usual();
    let anna = rig.session("anna");
    rig.room = 1;
    rig.send(anna, EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    rig.send(anna, EnterOrder::of(2, &limit(ANNA, "b", Side::Buy, 4990, 1)));
    assert_eq!(refusal(&rig.heard(anna)), Some((2, Refusal::Busy)));
    rig.turn();
    rig.heard(anna);
    rig.send(anna, EnterOrder::of(2, &limit(ANNA, "b", Side::Buy, 4990, 1)));
    rig.turn();
    assert!(matches!(rig.heard(anna)[..], [Out::Happened(Happened::Accepted(_))]));
}

#[test]
fn a_second_login_takes_over_or_is_refused() {
    let mut rig = Rig::usual();
    let first = rig.session("anna");
    let second = rig.session("anna");
    assert!(rig.heard(first).iter().any(ended(EndReason::TakenOver)));
    rig.send(second, EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    rig.turn();
    assert!(matches!(rig.heard(second)[..], [Out::Happened(Happened::Accepted(_))]));
    // Where the client does not ask for it, and where the server does not do it.
    let (third, nonce) = rig.open();
    rig.send(
        third,
        proof::login(&nonce, &Text::of(&label("anna")), SECRET, 0, SecondLogin::Refused),
    );
    assert_eq!(rejected(&rig.heard(third)), Some((LoginReason::LoggedIn, 0)));
    let rules = Rules { second_login: SecondLogin::Refused, ..Rules::default() };
    let mut rig = Rig::new(users(Limits::default()), rules);
    rig.session("anna");
    let (_, heard) = rig.login("anna", 0);
    assert_eq!(rejected(&heard), Some((LoginReason::LoggedIn, 0)));
}

#[test]
fn heartbeats_go_both_ways_and_silence_ends_a_session() {
    let rules = Rules::default();
    let mut rig = Rig::new(users(Limits::default()), rules);
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    let beats = |heard: &[Out]| {
        heard
            .iter()
            .filter(|out| matches!(out, Out::Answer(FromServer::ServerHeartbeat(_))))
            .count()
    };
    let (mut told, mut steps) = (0, 0);
    while rig.sessions.stage(anna) == Some(Stage::In(UserId(1))) {
        rig.pass(rules.heartbeat / 8);
        rig.send(maker, ClientHeartbeat { head: ClientHeartbeat::head() });
        told += beats(&rig.heard(maker));
        steps += 1;
        assert!(steps < 100, "silence goes on");
    }
    assert!(rig.heard(anna).iter().any(ended(EndReason::Silent)));
    assert_eq!(steps, 8 * rules.timeout / rules.heartbeat);
    assert_eq!(told as u64, rules.timeout / rules.heartbeat);
    assert_eq!(rig.sessions.stage(maker), Some(Stage::In(UserId(2))));
    // It is closed though the client never does.
    rig.pass(rules.login_timeout);
    assert_eq!(rig.sessions.stage(anna), Some(Stage::Cut));
}

#[test]
fn a_connection_that_does_not_log_in_is_closed() {
    let mut rig = Rig::usual();
    let (id, _) = rig.open();
    rig.pass(Rules::default().login_timeout);
    assert_eq!(rig.sessions.stage(id), Some(Stage::Cut));
}

#[test]
fn what_is_no_message_ends_the_session() {
    let whole = EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 5000, 1));
    let heart = ClientHeartbeat::head();
    let cases: [(&str, Vec<u8>); 5] = [
        ("unknown kind", vec![4, 0, b'?', 0]),
        ("wrong length", vec![5, 0, heart.kind, 0, 0]),
        ("no length", vec![0, 0, heart.kind, 0]),
        ("flags", vec![4, 0, heart.kind, 1]),
        ("of a server", vec![4, 0, b'h', 0]),
    ];
    for (what, bytes) in cases {
        let mut rig = Rig::usual();
        let anna = rig.session("anna");
        rig.bytes(anna, &bytes);
        assert!(rig.heard(anna).iter().any(ended(EndReason::Protocol)), "{what}");
        rig.send(anna, whole);
        assert!(rig.queue.is_empty());
    }
    // Anything but a login first; a login twice.
    let mut rig = Rig::usual();
    let (id, nonce) = rig.open();
    rig.send(id, whole);
    assert!(rig.heard(id).iter().any(ended(EndReason::Protocol)));
    assert!(rig.queue.is_empty());
    let anna = rig.session("anna");
    rig.send(
        anna,
        proof::login(&nonce, &Text::of(&label("anna")), SECRET, 0, SecondLogin::TakesOver),
    );
    assert!(rig.heard(anna).iter().any(ended(EndReason::Protocol)));
}

#[test]
fn the_orders_of_who_is_gone_are_cancelled_where_it_wants_that() {
    let mut careful = users(Limits::default());
    careful[0].cancel_on_disconnect = true;
    let mut rig = Rig::new(careful, Rules::default());
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    rig.send(anna, EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 4990, 1)));
    rig.send(maker, EnterOrder::of(1, &limit(MAKER, "m", Side::Buy, 4990, 1)));
    rig.turn();
    // Whoever is taken over from is not gone.
    let second = rig.session("anna");
    rig.pass(1);
    assert!(rig.queue.is_empty());
    rig.room = 0;
    rig.sessions.close(second);
    rig.sessions.close(maker);
    rig.pass(1);
    assert!(rig.queue.is_empty(), "there is no room yet");
    rig.room = 1;
    rig.pass(1_000_000_000);
    let wanted = Command::CancelAll { account: ANNA, instrument: None, side: None };
    assert_eq!(rig.queue.iter().map(|one| &one.command).collect::<Vec<_>>(), [&wanted]);
    rig.turn();
    let open = |account: AccountId| rig.engine.exchange().has_open_orders(account, 1);
    assert!(!open(ANNA) && open(MAKER));
    rig.sessions.close(anna);
}
