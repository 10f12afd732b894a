//! Tests of recorded depth: captures read, and what becomes of them in a book.

use super::capture::{Capture, Steps};
use super::*;
use plimsoll_exchange::Exchange;
use plimsoll_text::read_config;
use plimsoll_types::{Ratio, Step};
use std::path::{Path, PathBuf};

const STEPS: Steps =
    Steps { tick: Step { mantissa: 1, decimals: 1 }, lot: Step { mantissa: 1, decimals: 3 } };

/// 2024-08-09, an hour after midnight (UTC), in milliseconds.
const T0: u64 = 1_723_165_200_000;

/// A capture's lines: futures messages with `T0` plus so many milliseconds.
struct Script(String);

impl Script {
    fn new() -> Script {
        Script(String::new())
    }

    fn line(mut self, json: &str) -> Script {
        self.0.push_str(&format!("1723165200000000000 {json}\n"));
        self
    }

    fn snapshot(self, ms: u64, u: u64, bids: &str, asks: &str) -> Script {
        let t = T0 + ms;
        self.line(&format!(
            r#"{{"lastUpdateId":{u},"E":{t},"T":{t},"bids":[{bids}],"asks":[{asks}]}}"#
        ))
    }

    fn depth(self, ms: u64, range: [u64; 3], bids: &str, asks: &str) -> Script {
        let (t, [pu, first, last]) = (T0 + ms, range);
        self.line(&format!(
            r#"{{"stream":"x@depth@0ms","data":{{"e":"depthUpdate","E":{t},"T":{t},"s":"X","U":{first},"u":{last},"pu":{pu},"b":[{bids}],"a":[{asks}]}}}}"#
        ))
    }

    fn trade(self, ms: u64, number: u64, price: &str, qty: &str, buyer_made: bool) -> Script {
        let t = T0 + ms;
        self.line(&format!(
            r#"{{"stream":"x@trade","data":{{"e":"trade","E":{t},"T":{t},"s":"X","t":{number},"p":"{price}","q":"{qty}","X":"MARKET","m":{buyer_made}}}}}"#
        ))
    }

    fn best(self, ms: u64, u: u64, quote: [&str; 4]) -> Script {
        let (t, [b, bq, a, aq]) = (T0 + ms, quote);
        self.line(&format!(
            r#"{{"stream":"x@bookTicker","data":{{"e":"bookTicker","u":{u},"s":"X","b":"{b}","B":"{bq}","a":"{a}","A":"{aq}","T":{t},"E":{t}}}}}"#
        ))
    }

    fn read(&self, name: &str) -> Result<Capture, String> {
        read_text(name, &self.0)
    }
}

fn read_text(name: &str, text: &str) -> Result<Capture, String> {
    read_bytes(name, text.as_bytes())
}

fn read_bytes(name: &str, bytes: &[u8]) -> Result<Capture, String> {
    let file = std::env::temp_dir().join(format!("plimsoll-depth-{}-{name}", std::process::id()));
    std::fs::write(&file, bytes).expect("a writable folder");
    let read = Capture::read(&file, STEPS).map_err(|error| error.to_string());
    let _ = std::fs::remove_file(&file);
    read.map_err(|error| error.replace(&file.display().to_string(), "FILE"))
}

const EXCHANGE: &str = r#"
[exchange]
currency = "USDT"
money_decimals = 8
[[instrument]]
symbol = "X"
kind = "perpetual"
tick_size = "0.1"
lot_size = "0.001"
multiplier = "1"
prev_settlement = "100"
margin_initial = "0.1"
margin_maintenance = "0.05"
mark = "last"
[[account]]
name = "recorded"
profile = "unlimited"
[[account]]
name = "taker"
profile = "unlimited"
[[account]]
name = "me"
profile = "unlimited"
"#;

const INSTRUMENT: InstrumentId = InstrumentId(0);
const RECORDED: AccountId = AccountId(0);
const TAKER: AccountId = AccountId(1);
const ME: AccountId = AccountId(2);

/// An exchange with one capture played on it, and what was sent.
struct Stage {
    exchange: Exchange,
    replay: Replay,
    next: Option<Ts>,
    sent: Vec<String>,
}

impl Stage {
    fn new(capture: Capture, relax: Ts) -> Stage {
        Stage::on(EXCHANGE, capture, relax)
    }

    fn on(exchange: &str, capture: Capture, relax: Ts) -> Stage {
        let exchange = Exchange::new(read_config("x.toml", exchange).expect("a good exchange"));
        let next = capture.opening().map(|(ts, _)| ts);
        let replay = Replay::new(RECORDED, TAKER, capture, relax);
        Stage { exchange, replay, next, sent: Vec::new() }
    }

    /// One wake; what it sends is carried out.
    fn step(&mut self) -> bool {
        let Some(now) = self.next else { return false };
        let mut commands = Vec::new();
        let exchange = &self.exchange;
        let world = World {
            exchange,
            instrument: INSTRUMENT,
            now,
            value: 0,
            liquidity: Ratio::ONE,
            band: None,
            phase: plimsoll_types::Phase::Continuous,
        };
        self.next = self.replay.wake(&world, &mut commands).map(|ts| ts.max(now));
        for command in commands {
            self.sent.push(shown(&command));
            self.send(now, &command);
        }
        true
    }

    fn send(&mut self, now: Ts, command: &Command) {
        let mut events = Vec::new();
        self.exchange.apply(now, command, &mut events);
        for event in &events {
            self.replay.heard(event);
        }
    }

    /// Everything up to `ms` after the start.
    fn until(&mut self, ms: u64) -> Vec<String> {
        while self.next.is_some_and(|next| next <= at(ms)) {
            self.step();
        }
        std::mem::take(&mut self.sent)
    }

    fn order(&mut self, ms: u64, side: Side, ticks: i64, lots: u64) {
        let order = NewOrder::limit(ME, INSTRUMENT, side, Price::clamped(ticks), Qty::new(lots));
        self.send(at(ms), &Command::Order(order));
    }

    fn best(&self) -> [Option<(i64, u64)>; 2] {
        [Side::Buy, Side::Sell].map(|side| {
            self.exchange.best(INSTRUMENT, side).map(|(price, qty)| (price.ticks(), qty.lots()))
        })
    }
}

/// Nanoseconds since midnight.
fn at(ms: u64) -> Ts {
    (3_600_000 + ms) * 1_000_000
}

/// A command in a few words.
fn shown(command: &Command) -> String {
    match command {
        Command::Order(order) => {
            let price = match order.kind {
                plimsoll_types::OrderKind::Limit(price) => price.ticks(),
                plimsoll_types::OrderKind::Market(_) => 0,
            };
            let word = if order.tif == TimeInForce::Ioc { "take" } else { "add" };
            format!("{word} {} {} @ {price}", order.side.as_str(), order.qty.lots())
        }
        Command::Cancel { .. } => "cancel".to_owned(),
        Command::Replace { price, qty, .. } => format!("cut to {} @ {}", qty.lots(), price.ticks()),
        Command::Index { price, .. } => format!("index {}", price.ticks()),
        other => format!("{other:?}"),
    }
}

fn book() -> Script {
    Script::new().snapshot(
        0,
        100,
        r#"["100.0","2.000"],["99.9","1.000"]"#,
        r#"["100.1","3.000"],["100.2","1.000"]"#,
    )
}

#[test]
fn the_snapshot_is_put_up_and_changes_come_as_changes() {
    let capture = book()
        .depth(10, [90, 95, 105], r#"["100.0","2.500"]"#, r#"["100.1","1.000"],["100.3","4.000"]"#)
        .read("changes")
        .unwrap();
    assert_eq!(capture.opening(), Some((at(0), Price::clamped(1000))));
    let mut stage = Stage::new(capture, 0);
    assert_eq!(
        stage.until(0),
        [
            "add buy 2000 @ 1000",
            "add buy 1000 @ 999",
            "add sell 3000 @ 1001",
            "add sell 1000 @ 1002"
        ]
    );
    // What goes goes first; the order that is left keeps its place.
    assert_eq!(
        stage.until(10),
        ["cut to 1000 @ 1001", "add buy 500 @ 1000", "add sell 4000 @ 1003"]
    );
    assert_eq!(stage.best(), [Some((1000, 2500)), Some((1001, 1000))]);
}

#[test]
fn a_trade_takes_before_the_depth_that_shows_it() {
    // The depth message overtook the trade in the file.
    let capture = book()
        .depth(10, [90, 95, 105], "", r#"["100.1","2.500"]"#)
        .trade(10, 1, "100.1", "0.500", false)
        .read("order")
        .unwrap();
    let mut stage = Stage::new(capture, 0);
    stage.until(9);
    assert_eq!(stage.until(10), ["take buy 500 @ 1001"]);
    assert_eq!(stage.best()[1], Some((1001, 2500)));
    assert_eq!(stage.replay.tally().met_recorded, 500);
}

#[test]
fn a_best_quote_takes_down_what_was_better() {
    let capture = book().best(5, 101, ["99.9", "0.700", "100.1", "3.000"]).read("best").unwrap();
    let mut stage = Stage::new(capture, 0);
    stage.until(4);
    assert_eq!(stage.until(5), ["cancel", "cut to 700 @ 999"]);
    assert_eq!(stage.best(), [Some((999, 700)), Some((1001, 3000))]);
}

#[test]
fn an_eaten_level_stays_eaten_until_it_relaxes() {
    let quiet =
        |script: Script, ms| script.best(ms, 100 + ms, ["100.0", "2.000", "100.1", "3.000"]);
    let capture = [10, 20, 1_500].into_iter().fold(book(), quiet).read("relax").unwrap();
    let mut stage = Stage::new(capture, 1_000_000_000);
    stage.until(5);
    stage.order(6, Side::Buy, 1001, 3000);
    assert_eq!(stage.best()[1], Some((1002, 1000)));
    assert!(stage.until(20).is_empty(), "the recording says the same as before");
    assert_eq!(stage.best()[1], Some((1002, 1000)));
    // Seen at the recording after it was eaten (10 ms), made up a second later.
    assert!(stage.until(1_009).is_empty());
    assert_eq!(stage.until(1_010), ["add sell 3000 @ 1001"]);
    assert_eq!(stage.replay.tally().made_up, 3000);
}

#[test]
fn with_relax_0_the_next_recording_makes_it_up() {
    let capture = book().best(10, 101, ["100.0", "2.000", "100.1", "3.000"]).read("now").unwrap();
    let mut stage = Stage::new(capture, 0);
    stage.until(5);
    stage.order(6, Side::Buy, 1001, 1000);
    assert_eq!(stage.until(10), ["add sell 1000 @ 1001"]);
}

#[test]
fn a_change_on_an_eaten_level_is_applied_as_a_change() {
    let capture = book()
        .depth(10, [90, 95, 105], "", r#"["100.1","3.500"]"#)
        .depth(20, [105, 106, 107], "", r#"["100.1","0.200"]"#)
        .read("as-changes")
        .unwrap();
    let mut stage = Stage::new(capture, 60_000_000_000);
    stage.until(5);
    stage.order(6, Side::Buy, 1001, 2000);
    assert_eq!(stage.until(10), ["add sell 500 @ 1001"]);
    assert_eq!(stage.best()[1], Some((1001, 1500)));
    // 3300 go, 1500 are left: the rest had been taken before.
    assert_eq!(stage.until(20), ["cancel", "cancel"]);
    assert_eq!(stage.replay.tally().lots_gone, 1800);
    assert_eq!(stage.replay.replayed.cancels_gone, 1);
}

#[test]
fn an_order_in_front_is_filled_by_a_recorded_trade() {
    let capture = book().trade(10, 1, "100.0", "2.000", true).read("front").unwrap();
    let mut stage = Stage::new(capture, 0);
    stage.until(5);
    stage.order(6, Side::Buy, 1001 - 1, 700);
    stage.order(7, Side::Sell, 1000, 1500);
    // 1500 of the recorded 2000 were ahead of mine and are gone: 500 of them and my 700 are left for the trade.
    stage.until(10);
    let replayed = &stage.replay.replayed;
    assert_eq!((replayed.lots_met_others, replayed.lots_missed), (700, 800));
    assert_eq!((replayed.executions, replayed.executions_met), (1, 0));
    assert_eq!(stage.replay.tally().met_recorded, 500);
    assert_eq!(stage.exchange.position(ME, INSTRUMENT), 700 - 1500);
}

#[test]
fn lost_messages_are_counted_and_stale_levels_go() {
    let capture = book()
        .depth(10, [99, 100, 105], "", "")
        .depth(20, [110, 111, 112], r#"["100.1","1.000"]"#, "")
        .read("gap")
        .unwrap();
    assert_eq!(capture.gaps, 1);
    let mut stage = Stage::new(capture, 0);
    stage.until(10);
    assert_eq!(stage.until(20), ["cancel", "add buy 1000 @ 1001"]);
    assert_eq!(stage.best(), [Some((1001, 1000)), Some((1002, 1000))]);
    assert_eq!(stage.replay.tally().stale_levels, 1);
}

#[test]
fn without_a_snapshot_the_book_fills_by_and_by() {
    let capture = Script::new()
        .depth(0, [1, 2, 3], r#"["99.0","1.000"]"#, "")
        .best(5, 4, ["99.5", "1.000", "99.8", "0.000"])
        .read("empty")
        .unwrap();
    assert_eq!(capture.gaps, 0);
    let mut stage = Stage::new(capture, 0);
    assert_eq!(stage.until(5), ["add buy 1000 @ 990", "add buy 1000 @ 995"]);
    assert_eq!(stage.best(), [Some((995, 1000)), None]);
}

#[test]
fn a_late_beginning_starts_with_the_book_of_that_moment() {
    let capture = book().trade(10, 1, "100.1", "3.000", false).read("late").unwrap();
    let mut stage = Stage::new(capture, 0);
    stage.next = Some(at(30));
    stage.until(30);
    assert_eq!(stage.best(), [Some((1000, 2000)), Some((1002, 1000))]);
    assert_eq!(stage.replay.replayed.executions, 0);
}

#[test]
fn bad_lines_are_told_with_file_line_and_field() {
    let trade = |price, qty| book().trade(1, 1, price, qty, true).read("bad").unwrap_err();
    assert_eq!(
        trade("100.05", "1"),
        "FILE:2: p: expected a price on the instrument's tick, found 100.05"
    );
    assert_eq!(
        trade("100", "0.0001"),
        "FILE:2: q: expected a quantity in whole lots of the instrument, found 0.0001"
    );
    assert_eq!(trade("100", "0"), "FILE:2: q: expected a quantity above zero, found 0");
    let other = |json: &str| book().line(json).read("bad").unwrap_err();
    assert_eq!(
        other(r#"{"e":"depthUpdate","T":1,"b":[],"a":[]}"#),
        "FILE:2: u: expected this field, found none"
    );
    assert_eq!(
        other(r#"{"e":"depthUpdate","T":1,"U":1,"u""#),
        "FILE:2: message: expected a whole JSON message, found a line cut off"
    );
    assert_eq!(
        other(r#"{"e":"trade","T":99999999999999,"s":"X"}"#),
        "FILE:2: T: expected milliseconds since 1970, found 99999999999999"
    );
    let symbols = book().line(r#"{"e":"x","s":"A","T":1}"#).line(r#"{"e":"x","s":"B","T":1}"#);
    assert_eq!(
        symbols.read("bad").unwrap_err(),
        "FILE:3: s: expected one symbol in a file, found B"
    );
    assert_eq!(
        read_text("bad", "x y\n").unwrap_err(),
        "FILE:1: time: expected nanoseconds since 1970, found x"
    );
    assert_eq!(
        read_text("bad", "").unwrap_err(),
        "FILE: flow.depth.file: expected depth, trades or best quotes, found a file without any"
    );
}

#[test]
fn a_file_cut_at_any_byte_is_refused_or_is_a_shorter_whole() {
    use std::io::Write;
    let whole = book().trade(10, 1, "100.1", "3.000", false).0;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(whole.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    for cut in 3..gz.len() {
        let error = read_bytes("cut.gz", &gz[..cut]).unwrap_err();
        assert!(error.contains("expected a whole capture, found a file cut after line"), "{error}");
    }
    for cut in 1..whole.len() {
        if let Ok(capture) = read_text("cut", &whole[..cut]) {
            let lines = whole[..cut].lines().count();
            assert_eq!(capture.recordings.len(), lines, "cut at {cut}");
        }
    }
}

#[test]
fn the_index_is_rounded_to_the_tick_and_thinned() {
    let mut capture = book().read("indexed").unwrap();
    let spot = Script::new()
        .trade(1, 1, "100.04999", "1", true)
        .trade(300, 2, "100.14", "1", true)
        .trade(1_200, 3, "100.05", "1", true);
    let file = std::env::temp_dir().join(format!("plimsoll-depth-{}-spot", std::process::id()));
    std::fs::write(&file, &spot.0).unwrap();
    let added = capture.add_index(&file, STEPS.tick, 1_000_000_000);
    let _ = std::fs::remove_file(&file);
    added.unwrap();
    let mut stage = Stage::new(capture, 0);
    stage.until(0);
    assert_eq!(stage.until(2_000), ["index 1000", "index 1001"]);
}

/// A recorded day of the shared data; `None`, said aloud, where the folder is missing.
fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("../../shared/data/crypto").join(name);
    if !file.exists() {
        println!("SKIPPED: {} is not there", file.display());
        return None;
    }
    Some(file)
}

#[test]
fn alone_the_simulated_best_quotes_are_the_recorded_ones() {
    let Some(file) = shared("usdm_btcusdt_20240808.gz") else { return };
    let began = std::time::Instant::now();
    let capture = Capture::read(&file, STEPS).expect("a good capture");
    println!(
        "read {} recordings, {} levels in {:?}",
        capture.recordings.len(),
        capture.quotes.len(),
        began.elapsed()
    );
    assert_eq!((capture.gaps, capture.off_book), (0, 0));
    let mut stage = Stage::new(capture, 0);
    let (mut quotes, mut apart, mut commands) = (0, 0, 0);
    loop {
        let at = stage.replay.next;
        if !stage.step() {
            break;
        }
        commands += stage.sent.drain(..).count();
        for side in [Side::Buy, Side::Sell] {
            let recorded = stage.replay.side(side).recorded().next();
            let simulated = stage.best()[side as usize];
            assert_eq!(recorded.map(|(price, lots)| (price.ticks(), lots)), simulated);
        }
        let Some(What::Best(best)) =
            stage.replay.capture.recordings.get(at).map(|r| r.what.clone())
        else {
            continue;
        };
        quotes += 1;
        let best = best.map(|quote| Some((quote.price.ticks(), quote.lots)));
        apart += u64::from(best != stage.best());
    }
    println!("{quotes} best quotes, {apart} apart, {commands} commands in {:?}", began.elapsed());
    println!("{:?} {:?}", stage.replay.tally(), stage.replay.replayed);
    let drift = stage.replay.replayed.drift;
    assert!(drift.samples > 300 && drift.apart == 0);
    assert_eq!(apart, 0);
    assert_eq!(stage.replay.tally().stale_levels, 0);
}

struct Nobody;

impl crate::Stage for Nobody {
    fn events(&mut self, _: &Exchange, _: &[Event]) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn two_perpetuals_run_on_one_clock() {
    if shared("usdm_ethusdt_20240808.gz").is_none() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenario = crate::Scenario::load(&root.join("../scenarios/crypto_two_perpetuals.toml"));
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let outcome = crate::run(&scenario, 1, &mut Nobody).unwrap_or_else(|error| panic!("{error}"));
    let totals = outcome.record.cases.all();
    println!(
        "{:?} {} commands in {:?}: {totals:?}",
        outcome.ending, outcome.commands, outcome.wall
    );
    assert_eq!(outcome.ending, crate::Ending::Complete);
    assert_eq!(outcome.imbalance, plimsoll_types::Money::ZERO);
    let recorded = outcome.recorded.expect("two recordings");
    println!("{recorded:?}");
    // The whale eats what the recording goes on to show.
    assert!(recorded.drift.apart > 0 && recorded.drift.samples > 600 && recorded.cancels_gone > 0);
    assert!(totals.cases > 0);
}
