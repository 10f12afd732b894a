//! Frames changed at random: nothing panics, hangs or grows, and whoever behaves is served meanwhile.

use super::rig::{Rig, frame, message, now, password};
use plimsoll_gateway::fix::frame::{BODY_MAX, Framer};
use plimsoll_gateway::fix::message::Message;
use plimsoll_gateway::fix::session::{Received, Session};
use plimsoll_gateway::fix::store::{Bounds, Store};
use plimsoll_gateway::fix::write::{Kind, Parties};
use std::io::{Read, Write};

/// Frames in the documented run: `PLIMSOLL_FIX_MUTANTS=10000000`.
fn count(usual: u64) -> u64 {
    let given = std::env::var("PLIMSOLL_FIX_MUTANTS").ok();
    given.map_or(usual, |text| text.parse().expect("PLIMSOLL_FIX_MUTANTS is a number"))
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }
}

const BODIES: &[(&str, &str)] = &[
    ("A", "98=0|108=30|141=Y|"),
    ("0", "112=x|"),
    ("1", "112=x|"),
    ("2", "7=1|16=0|"),
    ("4", "123=Y|36=7|"),
    ("5", "58=bye|"),
    ("D", "11=m1|55=RB|40=2|59=1|54=1|38=2|44=4990|"),
    ("D", "11=m2|1=anna|55=RB|40=4|54=2|38=2|44=5000|99=5001|18=6 E|111=2|110=2|77=O|"),
    ("F", "11=m3|41=m1|55=RB|54=1|"),
    ("G", "11=m4|41=m1|55=RB|54=1|38=4|44=4991|40=2|"),
    ("q", "11=m5|530=7|"),
    ("H", "11=m1|55=RB|54=1|"),
    ("V", "262=v|263=1|264=0|267=2|269=0|269=1|146=1|55=RB|"),
    ("x", "320=x|559=4|95=3|96=a\u{1}b|"),
    ("AN", "710=p|724=0|581=1|"),
    ("BB", "909=c|"),
];

/// A message, somewhat changed; often with a checksum and a length that hold, so that more than the frame is tried.
fn mutant(chance: &mut Chance, seq: u64, time: &str) -> Vec<u8> {
    let (kind, body) = BODIES[chance.below(BODIES.len())];
    let head = format!("35={kind}|49=anna|56=PLIMSOLL|34={seq}|52={time}|");
    let mut text = format!("{head}{body}").into_bytes();
    let sealed = chance.below(4) > 0;
    if !sealed {
        text = frame(&String::from_utf8_lossy(&text));
    }
    for _ in 0..chance.below(4) {
        let at = chance.below(text.len());
        match chance.below(5) {
            0 => text[at] = chance.draw() as u8,
            1 => text[at] ^= 1 << chance.below(8),
            2 => drop(text.remove(at)),
            3 => text.insert(at, b"|=019Y\x01"[chance.below(7)]),
            _ => {
                let end = (at + chance.below(40)).min(text.len());
                let piece = text[at..end].to_vec();
                let to = chance.below(text.len());
                text.splice(to..to, piece);
            }
        }
        if text.is_empty() {
            text.push(b'8');
        }
    }
    match sealed {
        false => text,
        true => {
            let mut bytes = format!("8=FIX.4.4\u{1}9={}\u{1}", text.len()).into_bytes();
            bytes.extend(text.iter().map(|byte| if *byte == b'|' { 1 } else { *byte }));
            let sum = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
            bytes.extend_from_slice(format!("10={sum:03}\u{1}").as_bytes());
            bytes
        }
    }
}

#[test]
fn changed_frames_leave_the_session_bounded() {
    let frames = count(50_000);
    let mut chance = Chance(0xF1C5);
    let (mut framer, mut out) = (Framer::default(), Vec::new());
    let bounds = Bounds { messages: 200, bytes: 1 << 16 };
    let parties = || Parties { sender: "PLIMSOLL".to_owned(), target: "anna".to_owned() };
    let time = "20260102-03:04:05.678";
    let at = plimsoll_gateway::fix::time::read_time(time.as_bytes()).expect("a time");
    let mut session = Session::new(parties(), Store::new(bounds), Some(1_000_000_000));
    let (mut seen, mut applications) = (0u64, 0u64);
    for n in 0..frames {
        let seq = if chance.below(8) == 0 { chance.draw() % 20 } else { session.store().next_in() };
        let bytes = mutant(&mut chance, seq, time);
        // In pieces, now and then.
        let cut = if chance.below(4) == 0 { chance.below(bytes.len()) } else { 0 };
        for piece in [&bytes[..cut], &bytes[cut..]] {
            framer.push(piece);
            while let Some(frame) = framer.message() {
                seen += 1;
                let message = Message::read(frame);
                if session.is_over() {
                    session.disconnect();
                    session.log_on(&message, 30, at);
                } else if session.receive(&message, at) == Received::Application {
                    applications += 1;
                }
            }
        }
        assert!(framer.waiting() <= 2 * BODY_MAX, "{} bytes wait after {n}", framer.waiting());
        out.clear();
        if !session.write(&mut out, 1 << 16, at) {
            session.disconnect();
        }
        assert!(session.store().kept().count() <= 200);
    }
    assert!(seen > frames / 3 && applications > frames / 200, "{seen}, {applications} of {frames}");
}

#[test]
fn changed_frames_over_the_wire_leave_others_alone() {
    let rig = Rig::start();
    let mut bert = rig.logged_on("bert");
    let mut chance = Chance(7);
    for round in 0..40 {
        let mut enemy = rig.client("anna");
        enemy.log_on("141=Y|");
        let mut reader = enemy.stream.try_clone().expect("a second handle");
        let drain = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while reader.read(&mut bytes).is_ok_and(|count| count > 0) {}
        });
        let time = now();
        for seq in 2..60 {
            // Refused bytes may end the connection, which is as it should be.
            if enemy.stream.write_all(&mutant(&mut chance, seq, &time)).is_err() {
                break;
            }
        }
        let _ = enemy.stream.shutdown(std::net::Shutdown::Both);
        drain.join().expect("it reads to the end");
        bert.send("D", &format!("11=b{round}|55=RB|40=2|59=3|54=1|38=2|44=4700|"));
        loop {
            let got = bert.receive();
            if got.contains(&format!("|11=b{round}|")) {
                break;
            }
        }
    }
    rig.stop();
}

#[test]
fn a_reader_who_does_not_read_costs_only_himself() {
    let rig = Rig::with(super::rig::users(), |options| {
        options.bounds = Bounds { messages: 2_000, bytes: 1 << 20 };
    });
    let (mut lazy, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    let mut seq = lazy.seq;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // Reads nothing, asks without end: cut off once what waits for it is no longer kept.
    loop {
        let bytes = message("x", "anna", seq, "320=s|559=4|");
        if lazy.stream.write_all(&bytes).is_err() {
            break;
        }
        seq += 1;
        assert!(std::time::Instant::now() < until, "it was never cut off");
    }
    bert.expect_nothing();
    // It goes on where it was, without what was lost.
    let mut anna = rig.client("anna");
    anna.send("A", &format!("98=0|108=30|141=Y|554={}|", password("anna")));
    anna.expect("35=A|141=Y");
    let kind = Kind::read(b"y").expect("a type");
    assert!(kind.is_kept());
    rig.stop();
}
