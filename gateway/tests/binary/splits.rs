//! Bytes as they come: cut anywhere, and damaged anywhere.

use crate::house::*;
use plimsoll_gateway::binary::codes::Refusal;
use plimsoll_gateway::binary::layout::{HEAD, Message, Text};
use plimsoll_gateway::binary::messages::*;
use plimsoll_gateway::binary::{SecondLogin, Stage, proof};
use plimsoll_gateway::{Inbound, UserId};
use plimsoll_types::{Handle, NewOrder, OrderKind, OrderRef, Price, Qty, Side, TimeInForce};

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn some_message(draw: &mut Draw, sequence: u64) -> Vec<u8> {
    let by_id = OrderRef::Client(label(&format!("{}", draw.below(20))));
    let handle = Handle { slot: draw.below(9) as u32, generation: draw.below(3) as u32 };
    let order = if draw.below(2) == 0 { by_id } else { OrderRef::Handle(RB, handle) };
    let side = if draw.below(2) == 0 { Side::Buy } else { Side::Sell };
    let price = Price::new(4_990 + draw.below(20) as i64).unwrap();
    let qty = Qty::new(1 + draw.below(3) as u64);
    match draw.below(8) {
        0 => CancelOrder::of(sequence, ANNA, &order).bytes().to_vec(),
        1 => ReplaceOrder::of(sequence, ANNA, &order, (price, qty), None).bytes().to_vec(),
        2 => CancelAll::of(sequence, ANNA, Some(RB), Some(side)).bytes().to_vec(),
        3 => ClientHeartbeat { head: ClientHeartbeat::head() }.bytes().to_vec(),
        n => {
            let mut order: NewOrder = limit(ANNA, &format!("{}", draw.below(20)), side, 1, 1);
            order.kind = OrderKind::Limit(price);
            order.qty = qty;
            order.tif = if n == 4 { TimeInForce::Ioc } else { TimeInForce::Gtc };
            EnterOrder::of(sequence, &order).bytes().to_vec()
        }
    }
}

fn stream(draw: &mut Draw, count: u64) -> Vec<Vec<u8>> {
    (1..=count).map(|sequence| some_message(draw, sequence)).collect()
}

fn commands(queue: &[Inbound]) -> Vec<String> {
    queue.iter().map(|one| format!("{one:?}")).collect()
}

#[test]
fn any_split_of_the_bytes_gives_the_same_commands() {
    let mut draw = Draw(6);
    let bytes = stream(&mut draw, 60).concat();
    let mut whole = Rig::usual();
    let id = whole.session("anna");
    whole.bytes(id, &bytes);
    let expected = commands(&whole.queue);
    assert!(expected.len() > 40);
    // Cut in two at every byte, then into pieces of every size, then anyhow.
    let mut cuts: Vec<Vec<usize>> = (0..bytes.len()).step_by(7).map(|at| vec![at]).collect();
    cuts.extend([1, 2, 3, 5, 8, 40, 111, 113].map(|step| (0..bytes.len()).step_by(step).collect()));
    cuts.extend((0..200).map(|_| {
        let mut cut: Vec<usize> = (0..draw.below(90)).map(|_| draw.below(bytes.len())).collect();
        cut.sort_unstable();
        cut
    }));
    for cut in cuts {
        let mut rig = Rig::usual();
        let id = rig.session("anna");
        let mut begin = 0;
        for at in cut.iter().copied().chain([bytes.len()]) {
            rig.bytes(id, &bytes[begin..at]);
            begin = at;
        }
        assert_eq!(commands(&rig.queue), expected, "cut at {cut:?}");
    }
}

/// Frames to try: few in CI, as many as wanted by `PLIMSOLL_FRAMES`.
fn frames() -> u64 {
    std::env::var("PLIMSOLL_FRAMES").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000)
}

/// Damages a frame: bits, bytes, lengths, cuts, doublings.
fn mutate(draw: &mut Draw, frame: &mut Vec<u8>) {
    for _ in 0..1 + draw.below(4) {
        if frame.is_empty() {
            frame.push(draw.next() as u8);
        }
        let at = draw.below(frame.len());
        match draw.below(8) {
            0 => frame[at] ^= 1 << draw.below(8),
            1 => frame[at] = draw.next() as u8,
            2 => frame[at] = [0, 1, 0x7f, 0x80, 0xff][draw.below(5)],
            3 => frame.truncate(at),
            4 => frame.insert(at, draw.next() as u8),
            5 => {
                let copy = frame[at..].to_vec();
                frame.extend_from_slice(&copy[..copy.len().min(64)]);
            }
            6 => frame[0] = draw.next() as u8,
            _ => {
                let end = (at + 8).min(frame.len());
                frame[at..end].iter_mut().for_each(|byte| *byte = 0xff);
            }
        }
    }
}

/// Seed of the damage; another by `PLIMSOLL_SEED`.
fn seed() -> u64 {
    std::env::var("PLIMSOLL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

#[test]
fn damaged_frames_neither_panic_nor_hang_nor_grow() {
    let mut draw = Draw(seed());
    let mut rig = Rig::usual();
    let mut id = rig.session("anna");
    let mut entered = 0u64;
    for n in 0..frames() {
        let mut frame = some_message(&mut draw, n + 1);
        if draw.below(20) == 0 {
            let login = proof::login(
                &[1; 32],
                &Text::of(&label("anna")),
                SECRET,
                0,
                SecondLogin::TakesOver,
            );
            frame = login.bytes().to_vec();
        }
        if draw.below(10) != 0 {
            // Half of the damage leaves the head alone, so that it reaches the fields.
            let head = frame[..HEAD].to_vec();
            mutate(&mut draw, &mut frame);
            if draw.below(2) == 0 && frame.len() >= HEAD {
                frame.resize(usize::from(head[0]), 0);
                frame[..HEAD].copy_from_slice(&head);
            }
        }
        rig.bytes(id, &frame);
        entered += rig.queue.len() as u64;
        rig.turn();
        rig.heard(id);
        rig.now += 1_000;
        if rig.sessions.stage(id) != Some(Stage::In(UserId(1))) {
            rig.sessions.close(id);
            id = rig.session("anna");
        }
        assert_eq!(rig.sessions.count(), 1);
    }
    assert!(entered > frames() / 10, "the damage is too coarse to try anything: {entered}");
}

#[test]
fn damaged_frames_before_a_login_get_nowhere() {
    let mut draw = Draw(seed());
    let mut rig = Rig::usual();
    for n in 0..frames() / 20 {
        let (id, nonce) = rig.open();
        let login =
            proof::login(&nonce, &Text::of(&label("anna")), SECRET, 0, SecondLogin::TakesOver);
        let mut frame = login.bytes().to_vec();
        while frame == login.bytes() {
            mutate(&mut draw, &mut frame);
        }
        rig.bytes(id, &frame);
        // A login with something behind it is a login.
        if !frame.starts_with(login.bytes()) {
            assert!(!matches!(rig.sessions.stage(id), Some(Stage::In(_))), "frame {n}");
        }
        rig.sessions.close(id);
    }
    assert!(rig.queue.is_empty());
}

#[test]
fn a_refusal_is_read_as_it_was_written() {
    let mut rig = Rig::usual();
    let anna = rig.session("anna");
    let mut enter = EnterOrder::of(1, &limit(ANNA, "a", Side::Buy, 5000, 1));
    enter.side = 9;
    rig.send(anna, enter);
    let heard = rig.heard(anna);
    let [Out::Answer(FromServer::Refused(no))] = heard[..] else { panic!("{heard:?}") };
    assert_eq!(Refusal::of(no.reason), Some(Refusal::Malformed));
}
