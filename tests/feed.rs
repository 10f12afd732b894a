//! Random commands through the engine and its market data feed: folded back, the feed is the exchange's books, order by order.
//!
//! `PLIMSOLL_FEED_COMMANDS` says how many commands (120,000), `PLIMSOLL_SEED` with which seed to begin (1). A failure names its seed:
//!
//!     PLIMSOLL_SEED=17 PLIMSOLL_FEED_COMMANDS=250 cargo test --test feed

mod model;
#[path = "feed/run.rs"]
mod run;

use model::rng::Rng;
use plimsoll_gateway::feed::describe;
use plimsoll_gateway::feed::messages::FeedMessage;
use plimsoll_gateway::feed::packet::split_packet;
use plimsoll_gateway::feed::{Deframer, Fold, FoldError, PacketView};
use run::{Run, environment};
use std::collections::{BTreeMap, BTreeSet};

const COMMANDS: u64 = 120_000;
const COMMANDS_A_SEED: u64 = 250;

/// Every seed's run, batch by batch: the packets of each.
fn runs(mut each: impl FnMut(&mut Run, &mut Rng)) {
    let commands = environment("PLIMSOLL_FEED_COMMANDS").unwrap_or(COMMANDS);
    let first = environment("PLIMSOLL_SEED").unwrap_or(1);
    for seed in first..first + commands.div_ceil(COMMANDS_A_SEED) {
        each(&mut Run::new(seed), &mut Rng::new(seed ^ 0xFEED));
    }
}

/// Folds whole packets in.
fn fold_all(run: &Run, fold: &mut Fold, mut bytes: &[u8], mut each: impl FnMut(u64, &FeedMessage)) {
    while let Some((packet, rest)) = split_packet(bytes).expect("packets") {
        let packet = PacketView::read(packet).expect("a packet");
        fold.packet(&packet, |number, message, _| each(number, message))
            .unwrap_or_else(|error| panic!("{error}\n{}", run.story(&packet)));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "packets come whole");
}

#[test]
fn the_folded_feed_is_the_books_after_every_batch() {
    let mut met: BTreeMap<&str, u64> = BTreeMap::new();
    runs(|run, rng| {
        let mut fold = Fold::new();
        let count = |_: u64, message: &FeedMessage| *met.entry(name(message)).or_default() += 1;
        let mut count = count;
        let begun = run.begun();
        fold_all(run, &mut fold, &begun, &mut count);
        run.check(&fold);
        let mut left = COMMANDS_A_SEED;
        while left > 0 {
            let most = if rng.chance(70) { 1 } else { 20 };
            let commands = rng.between(1, most) as u64;
            let commands = commands.min(left);
            left -= commands;
            let packets = run.batch(commands);
            fold_all(run, &mut fold, &packets, &mut count);
            run.check(&fold);
            if rng.chance(1) {
                run.begin_anew();
                fold = Fold::new();
                let begun = run.begun();
                fold_all(run, &mut fold, &begun, &mut count);
                run.check(&fold);
            }
        }
    });
    println!("{met:?}");
    let names: BTreeSet<&str> = met.keys().copied().collect();
    if environment("PLIMSOLL_FEED_COMMANDS").unwrap_or(COMMANDS) >= COMMANDS {
        assert_eq!(names.len(), 19, "a message was never met: {names:?}");
    }
}

/// A client that joined some time, and may have lost its connection since.
struct Late {
    fold: Fold,
    deframer: Deframer,
}

impl Late {
    /// Hears the stream from `from` on, in pieces of any size.
    fn hear(&mut self, run: &Run, stream: &[(u64, Vec<u8>)], from: usize, rng: &mut Rng) {
        let bytes: Vec<u8> = stream[from..].iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(rng.between(1, 90) as usize));
            let fold = &mut self.fold;
            self.deframer
                .push::<FoldError>(piece, |packet| fold.packet(&packet, |_, _, _| {}))
                .unwrap_or_else(|error| panic!("seed {}: {error}", run.seed));
            rest = after;
        }
    }
}

#[test]
fn who_joins_late_or_loses_the_connection_has_the_same_books() {
    let (mut joined, mut lost) = (0, 0);
    runs(|run, rng| {
        if !run.seed.is_multiple_of(4) {
            return;
        }
        let mut leader = Fold::new();
        let mut stream = vec![(1, run.begun())];
        fold_all(run, &mut leader, &stream[0].1, |_, _| {});
        let mut late: Vec<Late> = Vec::new();
        for _ in 0..COMMANDS_A_SEED / 3 {
            if late.len() < 4 && rng.chance(10) {
                let (mut fold, snapshot) = (Fold::new(), leader.to_snapshot());
                fold_all(run, &mut fold, &snapshot, |number, _| assert_eq!(number, 0));
                run.check(&fold);
                late.push(Late { fold, deframer: Deframer::default() });
                joined += 1;
            }
            let first = leader.next();
            stream.push((first, run.batch(3)));
            let last = stream.len() - 1;
            fold_all(run, &mut leader, &stream[last].1, |_, _| {});
            for client in &mut late {
                if rng.chance(25) {
                    // It hears nothing of this batch.
                    lost += 1;
                    continue;
                }
                let next = client.fold.next();
                if next < first {
                    let packet = split_packet(&stream[last].1).expect("a packet");
                    if let Some((packet, _)) = packet {
                        let packet = PacketView::read(packet).expect("a packet");
                        let gap = FoldError::Gap { expected: next, found: first };
                        assert_eq!(client.fold.packet(&packet, |_, _, _| {}), Err(gap));
                    }
                }
                let from = stream.partition_point(|(first, _)| *first <= next) - 1;
                // Some of it twice: that changes nothing.
                let from = from.saturating_sub(rng.between(0, 2) as usize);
                client.hear(run, &stream, from, rng);
                run.check(&client.fold);
            }
        }
    });
    assert!(joined > 100 && lost > 1_000, "{joined} {lost}");
}

#[test]
fn no_bytes_make_a_fold_panic_or_grow() {
    let frames = environment("PLIMSOLL_FEED_FRAMES").unwrap_or(200_000);
    let (mut done, mut seed, mut accepted) = (0, 1, 0u64);
    while done < frames {
        let (mut run, mut rng) = (Run::new(seed), Rng::new(seed ^ 0xBAD));
        seed += 1;
        let mut bytes = run.begun();
        let mut sound = Fold::new();
        fold_all(&run, &mut sound, &bytes, |_, _| {});
        for _ in 0..40 {
            bytes.extend(run.batch(5));
        }
        let mut packets = Vec::new();
        let snapshot = sound.to_snapshot();
        for mut source in [bytes.as_slice(), snapshot.as_slice()] {
            while let Some((packet, after)) = split_packet(source).expect("packets") {
                packets.push(packet.to_vec());
                source = after;
            }
        }
        let (mut fold, mut told) = (sound.clone(), 0);
        for _ in 0..2_000 {
            done += 1;
            let mut packet = rng.pick(&packets);
            if rng.chance(90) {
                // As if it came next, so that what is in it is tried.
                packet[SEQUENCE].copy_from_slice(&fold.next().to_le_bytes());
            }
            for _ in 0..rng.between(0, 3) {
                mutate(&mut packet, &mut rng);
            }
            if let Ok(view) = PacketView::read(&packet) {
                told += u64::from(view.count);
                let _ = fold.packet(&view, |_, _, _| accepted += 1);
            }
            let mut deframer = Deframer::default();
            let _ = deframer.push::<FoldError>(&packet, |view| fold.packet(&view, |_, _, _| {}));
            told += u64::from(u16::MAX).min(packet.len() as u64);
            let kept: usize = fold.books().map(|(_, book)| book.len()).sum();
            assert!(kept as u64 <= told + 10_000, "{kept} orders of {told} messages");
            if rng.chance(1) {
                (fold, told) = (sound.clone(), 0);
            }
        }
    }
    assert!(accepted > frames / 20, "most of what was tried had no effect: {accepted}");
}

/// Where a packet's sequence lies.
const SEQUENCE: std::ops::Range<usize> = 12..20;

/// A byte, a few bytes, a length, the end.
fn mutate(packet: &mut Vec<u8>, rng: &mut Rng) {
    let place = rng.below(packet.len() as u64) as usize;
    match rng.below(6) {
        0 => packet[place] ^= 1 << rng.below(8),
        1 => packet[place] = rng.below(256) as u8,
        2 => packet[place..].iter_mut().take(8).for_each(|byte| *byte = 0xFF),
        3 if packet.len() > 1 => {
            let length = packet.len() as u16;
            packet[..2].copy_from_slice(&length.to_le_bytes());
        }
        4 => {
            packet.truncate(place.max(1));
        }
        _ => packet.insert(place, rng.below(256) as u8),
    }
}

fn name(message: &FeedMessage) -> &'static str {
    match message {
        FeedMessage::Listing(_) => "listing",
        FeedMessage::Delisting(_) => "delisting",
        FeedMessage::PhaseChange(_) => "phase",
        FeedMessage::BandChange(_) => "band",
        FeedMessage::Restriction(_) => "restriction",
        FeedMessage::Add(m) if m.before.get() != 0 => "add before another",
        FeedMessage::Add(_) => "add",
        FeedMessage::Refill(_) => "refill",
        FeedMessage::Replace(_) => "replace",
        FeedMessage::Reduce(_) => "reduce",
        FeedMessage::Delete(_) => "delete",
        FeedMessage::Trade(_) => "trade",
        FeedMessage::Bust(_) => "bust",
        FeedMessage::Auction(_) => "auction",
        FeedMessage::Indicative(_) => "indicative",
        FeedMessage::Mark(_) => "mark",
        FeedMessage::Index(_) => "index",
        FeedMessage::Settlement(_) => "settlement",
        FeedMessage::Whole(_) => "whole",
    }
}

/// The description as docs/ has it; written anew where the environment says so.
#[test]
fn the_documents_say_what_the_structs_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let about = serde_json::to_string_pretty(&describe::description()).expect("JSON") + "\n";
    let guide_path = root.join("docs/FEED.md");
    let guide = std::fs::read_to_string(&guide_path).expect("docs/FEED.md");
    let (begin, end) = ("writes them anew -->\n", "<!-- end of the tables -->");
    let (before, rest) = guide.split_once(begin).expect("where the tables begin");
    let (_, after) = rest.split_once(end).expect("where they end");
    let told = format!("{before}{begin}\n{}\n{end}{after}", describe::tables());
    for (path, made) in [(root.join("docs/schema/feed.json"), about), (guide_path, told)] {
        if std::env::var_os("PLIMSOLL_WRITE_DOCS").is_some() {
            std::fs::write(&path, &made).expect("a document");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == made, "{} is not what the structs are", path.display());
    }
}
