//! A strategy of one's own, in the built-in market: buys a lot when it falls, sells it when it comes back.
//!
//!     cargo run --release --example strategy             two lines of numbers
//!     cargo run --release --example strategy -- OUT      and OUT/report.html, its tear sheet in it

use plimsoll::sim::run::Own;
use plimsoll::sim::strategy::plan::Seat;
use plimsoll::sim::strategy::{Desk, Order, Quote, Strategy, StrategyError};
use plimsoll::sim::{Ending, Scenario, Stage, files, latency, run};
use plimsoll::types::{Event, InstrumentId, Label, Money, Side};
use std::path::Path;

/// Buys below, sells above the price it first saw.
struct Contrarian {
    first: Option<i64>,
}

impl Strategy for Contrarian {
    fn on_quote(&mut self, desk: &mut Desk, quote: &Quote) -> Result<(), StrategyError> {
        let Some(middle) = quote.middle_twice() else { return Ok(()) };
        let away = middle - *self.first.get_or_insert(middle);
        let held = desk.position(quote.instrument);
        let side = if away < -200 && held < 5 {
            Side::Buy
        } else if away > -100 && held > 0 {
            Side::Sell
        } else {
            return Ok(());
        };
        // What is on its way is not sent twice.
        if desk.orders().is_empty() {
            desk.submit(Order::market(InstrumentId(0), side, 1));
        }
        Ok(())
    }
}

/// Nobody keeps the events.
struct Nowhere;

impl Stage for Nowhere {
    fn events(&mut self, _: &plimsoll::exchange::Exchange, _: &[Event]) -> std::io::Result<()> {
        Ok(())
    }
}

/// See the file's head.
pub fn main() {
    let folder = std::env::args().nth(1);
    backtest(folder.as_deref().map(Path::new));
}

/// Runs it; leaves the report in a folder, where one is given.
pub fn backtest(folder: Option<&Path>) {
    let scenario = Scenario::built_in().expect("the built-in scenario is good");
    let seat = Seat {
        account: Label::new("contrarian").expect("short enough"),
        profile: scenario.populations[0].profile,
        deposit: Money::new(50_000_000),
        latency: latency::LatencyPlan::each(&latency::Model::Constant(2_000_000)),
    };
    let own = vec![Own { seat, strategy: Box::new(Contrarian { first: None }) }];
    let outcome = run::run_with(&scenario, scenario.seed, own, &mut Nowhere).expect("it runs");
    let record = &outcome.strategies[0];
    println!("{} fills, profit {} money units", record.fills, record.profit().units());
    println!("state hash {:032x}", outcome.state_hash);
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).expect("a folder that can be written to");
        files::write_results(folder, &scenario, &outcome).expect("the disk has room");
        println!("{} shows it", folder.join("report.html").display());
    }
    assert!(outcome.ending == Ending::Complete && record.fills > 0);
}
