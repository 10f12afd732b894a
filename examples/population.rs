//! What many accounts cost in memory, at start-up, in a settlement and in a funding payment.
//!
//!     cargo run --release --example population -- 1000000

use plimsoll::exchange::Exchange;
use plimsoll::population;
use plimsoll::types::{Command, Event, Price, Ratio};

/// See the file's head.
pub fn main() {
    let accounts = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let start = busy();
    let mut exchange = population::exchange(accounts);
    say("made by commands", start, accounts);
    let seq = exchange.seq();
    let start = busy();
    let bytes = exchange.snapshot();
    say(&format!("snapshot of {} bytes", bytes.len()), start, accounts);
    let start = busy();
    let hash = exchange.state_hash();
    say("state hash", start, accounts);
    drop(exchange);
    let start = busy();
    exchange = match Exchange::restore(population::spec(), &bytes) {
        Ok(exchange) => exchange,
        Err(error) => panic!("{error}"),
    };
    drop(bytes);
    say("restored", start, accounts);
    assert_eq!((exchange.seq(), exchange.state_hash()), (seq, hash));
    let (instrument, mut events): (_, Vec<Event>) = (population::INSTRUMENT, Vec::new());
    let price = |change| Some(Price::clamped(population::PRICE + change));
    let commands = [
        ("funding", Command::Funding { instrument, rate: Some(Ratio::from_nano(100_000)) }),
        ("funding again", Command::Funding { instrument, rate: Some(Ratio::from_nano(-73_000)) }),
        ("settlement", Command::Settle { instrument: Some(instrument), price: price(1) }),
        ("settlement again", Command::Settle { instrument: Some(instrument), price: price(2) }),
        ("settlement of all", Command::Settle { instrument: None, price: None }),
        ("nothing new", Command::Mark { instrument, price: Price::clamped(population::PRICE + 3) }),
    ];
    for (what, command) in commands {
        let start = busy();
        exchange.apply(1, &command, &mut events);
        say(&format!("{what}, {} events", events.len()), start, accounts);
        events.clear();
    }
}

/// How long this process has been on a processor, ns: what the clock shows depends on who else runs.
fn busy() -> u64 {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    schedule.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// Prints how long something took, and what memory the process takes now and has taken at most.
fn say(what: &str, start: u64, accounts: u32) {
    let took = busy() - start;
    let ns = took / u64::from(accounts.max(1));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = |field: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(field));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    };
    println!(
        "{what:40} {:8.3} s {ns:6} ns an account; {:6} MB now, {:6} at most",
        took as f64 / 1e9,
        kb("VmRSS") >> 10,
        kb("VmHWM") >> 10,
    );
}
