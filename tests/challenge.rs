//! The challenge's scenarios are what they say they are, and every way of running one reports the same.

use plimsoll::challenge::{self, SCENARIOS, START, Scenario, Stream};
use plimsoll::desk::{ByHandle, ById, Desk, Message, Naming, Tif};
use plimsoll::gateway::ring::ring;
use plimsoll::report::{Checksum, Out, Report};

const MESSAGES: usize = 60_000;

struct Tape(Vec<Report>);

impl Out for Tape {
    fn put(&mut self, report: Report) {
        self.0.push(report);
    }
}

fn scenario(name: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario of that name")
}

fn run<N: Naming, O: Out>(scenario: &Scenario, stream: &Stream, naming: N, out: O) -> Desk<N, O> {
    let mut desk = Desk::new(challenge::new_book(scenario), naming, out);
    for message in stream.setup.iter().chain(&stream.messages) {
        desk.carry_out(message);
    }
    desk
}

#[test]
fn orders_named_by_id_and_by_handle_report_the_same() {
    for scenario in &SCENARIOS {
        let stream = challenge::stream(scenario, MESSAGES);
        assert_eq!(stream.messages.len(), MESSAGES, "{}", scenario.name);
        let by_handle = run(scenario, &stream, ByHandle, Tape(Vec::new())).out.0;
        let by_id = run(scenario, &stream, ById::new(stream.orders), Tape(Vec::new())).out.0;
        assert!(by_id.iter().any(|report| report.maker_id > 0), "{}", scenario.name);
        let without_makers: Vec<_> =
            by_id.into_iter().map(|report| Report { maker_id: 0, ..report }).collect();
        assert!(by_handle == without_makers, "{}", scenario.name);
    }
}

#[test]
fn a_second_thread_sees_what_the_engine_reported() {
    let walk = scenario("walk");
    let stream = challenge::stream(walk, MESSAGES);
    let kept = run(walk, &stream, ByHandle, Checksum::default()).out;
    let (writer, mut reader) = ring::<Report>(512);
    let reading = std::thread::spawn(move || {
        let mut seen = Checksum::default();
        while !reader.is_closed() {
            if reader.read(|report| seen.fold(report)) == 0 {
                std::thread::yield_now();
            }
        }
        seen
    });
    drop(run(walk, &stream, ByHandle, writer));
    assert_eq!(reading.join().ok(), Some(kept));
    assert!(kept.trades > 1_000 && kept.rejects > 500, "{kept:?}");
}

#[test]
fn a_checksum_notices_a_report_that_moved_or_changed() {
    let walk = scenario("walk");
    let stream = challenge::stream(walk, 1_000);
    let tape = run(walk, &stream, ByHandle, Tape(Vec::new())).out.0;
    let sum = |tape: &[Report]| {
        let mut sum = Checksum::default();
        tape.iter().for_each(|report| sum.fold(report));
        sum
    };
    let expected = sum(&tape);
    for place in (0..tape.len() - 1).step_by(37) {
        let mut other = tape.clone();
        other.swap(place, place + 1);
        assert_ne!(sum(&other), expected);
        let mut other = tape.clone();
        other[place].maker_left ^= 1;
        assert_ne!(sum(&other), expected);
    }
}

#[test]
fn prices_walk_as_far_as_the_scenario_says_and_no_further() {
    for scenario in &SCENARIOS {
        let stream = challenge::stream(scenario, MESSAGES);
        let away = |message: &Message| match message {
            Message::Order { price, .. } => (price.ticks() - START).unsigned_abs(),
            _ => 0,
        };
        let furthest = stream.messages.iter().map(away).max().unwrap_or(0) as f64;
        // An order may stand up to 800 ticks from the mid.
        let walked = scenario.swing * START as f64;
        assert!(furthest > 0.95 * walked, "{}: {furthest}", scenario.name);
        assert!(furthest <= walked + 801.0, "{}: {furthest}", scenario.name);
    }
}

#[test]
fn the_pile_of_the_static_scenario_keeps_its_height() {
    let pile = scenario("static");
    let stream = challenge::stream(pile, MESSAGES);
    let mut desk = Desk::new(challenge::new_book(pile), ByHandle, Checksum::default());
    for message in &stream.setup {
        desk.carry_out(message);
    }
    for message in &stream.messages {
        desk.carry_out(message);
        let live = desk.book.live() as usize;
        assert!(live.abs_diff(pile.pile) < pile.pile / 100, "{live} orders rest");
    }
    assert_eq!(desk.book.audit(), Ok(()));
}

#[test]
fn messages_come_in_the_shares_the_flow_asks_for() {
    let stream = challenge::stream(scenario("normal"), 200_000);
    let share = |count: usize, of: usize| count as f64 / of as f64;
    let count = |of: fn(&Message) -> bool| stream.messages.iter().filter(|m| of(m)).count();
    let orders = count(|m| matches!(m, Message::Order { .. }));
    let ioc = count(|m| matches!(m, Message::Order { tif: Tif::Ioc, .. }));
    let (cancels, replaces) = (
        count(|m| matches!(m, Message::Cancel { .. })),
        count(|m| matches!(m, Message::Replace { .. })),
    );
    let rests = orders - ioc;
    for (what, is, should) in [
        ("immediate or cancel", share(ioc, orders), 0.15),
        // Of those that rest: 20 % replaced, 1.9 % of them once more when they have gone.
        ("replaced", share(replaces, rests), 0.2 * (1.0 + 0.95 * 0.02)),
        // 95 % cancelled, 2 % of them twice.
        ("cancelled", share(cancels, rests), 0.95 * 1.02),
    ] {
        assert!((is - should).abs() < 0.01, "{what}: {is}, and not {should}");
    }
}
