//! One session's excess is its own: floods and slow readers in simulated time.

use crate::house::*;
use plimsoll_gateway::binary::messages::*;
use plimsoll_gateway::binary::{Rules, Stage};
use plimsoll_gateway::{Limits, UserId};
use plimsoll_types::Side;
use std::num::NonZeroU32;

#[test]
fn a_flood_at_a_hundred_times_its_limit_leaves_the_other_its_rate() {
    let rate = NonZeroU32::new(1_000);
    let limits = Limits { rate: rate.zip(NonZeroU32::new(50)), ..Limits::default() };
    let mut rig = Rig::new(users(limits), Rules::default());
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    let (mut carried, mut refused) = ([0u64; 2], 0);
    // A second: the maker at its limit, Anna at a hundred times hers, each millisecond in one go.
    for ms in 0..1_000u64 {
        let now = rig.now;
        for n in 0..100 {
            let sequence = ms * 100 + n + 1;
            rig.now = now + n * 10_000;
            rig.send(anna, CancelAll::of(sequence, ANNA, None, None));
        }
        rig.send(maker, CancelAll::of(ms + 1, MAKER, None, None));
        for outcome in rig.turn().outcomes {
            carried[outcome.user.index() - 1] += 1;
        }
        let no = |out: &&Out| matches!(out, Out::Answer(FromServer::Refused(_)));
        refused += rig.heard(anna).iter().filter(no).count();
        assert_eq!(rig.heard(maker).iter().filter(no).count(), 0);
        rig.now = now + 1_000_000;
    }
    assert_eq!(carried[1], 1_000, "the maker keeps its rate");
    assert!((1_000..=1_050).contains(&carried[0]), "{carried:?}");
    assert_eq!(carried[0] + refused as u64, 100_000, "each is answered");
    // The throttle is the user's: another session has no fresh bucket.
    let again = rig.session("anna");
    for n in 0..100 {
        rig.send(again, CancelAll::of(1_000_000 + n, ANNA, None, None));
    }
    assert!(rig.queue.len() <= 2, "{}", rig.queue.len());
}

#[test]
fn a_reader_that_does_not_read_is_cut_off_and_can_come_back() {
    let rules = Rules { outbox: 16 << 10, kept: 32 << 10, ..Rules::default() };
    let mut rig = Rig::new(users(Limits::default()), rules);
    let (anna, maker) = (rig.session("anna"), rig.session("maker"));
    let mut n = 0;
    while rig.sessions.stage(anna) == Some(Stage::In(UserId(1))) {
        n += 1;
        assert!(n < 10_000, "it is never cut off");
        let order = limit(ANNA, &format!("{n}"), Side::Buy, 4990, 1);
        rig.send(anna, EnterOrder::of(2 * n, &order));
        rig.send(anna, CancelAll::of(2 * n + 1, ANNA, None, None));
        rig.send(maker, CancelAll::of(n, MAKER, None, None));
        rig.turn();
        // The other goes on, and nobody holds more than its bounds.
        assert_eq!(rig.heard(maker).len(), 1);
        assert!(rig.sessions.outgoing(anna).len() <= rules.outbox);
    }
    assert_eq!(rig.sessions.stage(anna), Some(Stage::Cut));
    rig.sessions.close(anna);
    let (_, heard) = rig.login("anna", 1);
    let [Out::Answer(FromServer::LoginRejected(no))] = heard[..] else { panic!("{heard:?}") };
    let (_, heard) = rig.login("anna", no.oldest_event.get());
    assert!(heard.len() > 50);
}

#[test]
fn a_flooder_that_does_not_read_its_refusals_is_cut_off() {
    let rate = NonZeroU32::new(1);
    let limits = Limits { rate: rate.zip(rate), ..Limits::default() };
    let rules = Rules { outbox: 4 << 10, ..Rules::default() };
    let mut rig = Rig::new(users(limits), rules);
    let anna = rig.session("anna");
    for n in 0..2_000 {
        rig.send(anna, CancelAll::of(n + 1, ANNA, None, None));
    }
    assert_eq!(rig.sessions.stage(anna), Some(Stage::Cut));
    assert!(rig.sessions.outgoing(anna).len() < 5 << 10);
}
