//! The deleveraging of 2025-10-10 under each rank and several seeds: what it needed, and what it took from those who won.
//!
//!     cargo run --release -p plimsoll-sim --example adl_policies [SEEDS [SCENARIO.toml]]
//!
//! Without arguments: five seeds from the scenario's own on. The waves of each run go to stderr.

use plimsoll_exchange::Exchange;
use plimsoll_sim::deleveraging::{Wave, Waves};
use plimsoll_sim::{Scenario, Stage};
use plimsoll_types::{DeleveragePrice, DeleverageRank, Event, Money};
use std::io;
use std::path::PathBuf;

type Failure = Box<dyn std::error::Error>;

/// Ranks and prices to compare, with their words in a scenario.
const POLICIES: [(DeleverageRank, DeleveragePrice, &str); 4] = [
    (DeleverageRank::ProfitLeverage, DeleveragePrice::Bankruptcy, "profit_leverage bankruptcy"),
    (DeleverageRank::ProfitShare, DeleveragePrice::Bankruptcy, "profit_share bankruptcy"),
    (DeleverageRank::ProRata, DeleveragePrice::Bankruptcy, "pro_rata bankruptcy"),
    (DeleverageRank::ProfitLeverage, DeleveragePrice::Mark, "profit_leverage mark"),
];

/// Keeps only the waves of deleveraging.
#[derive(Default)]
struct Watch(Waves);

impl Stage for Watch {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        self.0.note(exchange, events);
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let seeds: u64 = arguments.next().map_or(Ok(5), |seeds| seeds.parse())?;
    let shipped =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/adl_2025_10_10.toml");
    let file = arguments.next().map_or(shipped, PathBuf::from);
    let scenario = Scenario::load(&file).map_err(|error| error.to_string())?;
    println!(
        "{:<26} seed waves  needed of closed   taken ratio in two waves winners largest",
        "rank and price"
    );
    for (rank, price, words) in POLICIES {
        let mut ratios = Vec::new();
        for seed in (scenario.seed..).take(seeds as usize) {
            let mut scenario = scenario.clone();
            for profile in &mut scenario.exchange.profiles {
                profile.liquidation.deleverage_rank = rank;
                profile.liquidation.deleverage_price = price;
            }
            ratios.extend(one(&scenario, seed, words)?);
        }
        ratios.sort_by(f64::total_cmp);
        if let (Some(least), Some(most)) = (ratios.first(), ratios.last()) {
            let median = ratios[(ratios.len() - 1) / 2].midpoint(ratios[ratios.len() / 2]);
            println!("{words}: ratio {least:.2} to {most:.2}, median {median:.2}\n");
        }
    }
    Ok(())
}

/// One run; taken over needed, where something was needed.
fn one(scenario: &Scenario, seed: u64, words: &str) -> Result<Option<f64>, Failure> {
    let mut watch = Watch::default();
    let outcome =
        plimsoll_sim::run(scenario, seed, &mut watch).map_err(|error| error.to_string())?;
    let waves = watch.0.finish();
    eprintln!(
        "{words}, seed {seed}: {} cases, {} deleveragings, socialised {:.3}M, {:?}",
        outcome.record.cases.len(),
        outcome.record.deleveraged.0,
        millions(outcome.record.socialised, scenario.exchange.money_decimals),
        outcome.wall,
    );
    Ok(print(&format!("{words:<26} {seed:>4}"), &waves, scenario.exchange.money_decimals))
}

fn millions(money: Money, decimals: u32) -> f64 {
    money.units() as f64 / 10f64.powi(decimals as i32) / 1e6
}

fn print(name: &str, waves: &[Wave], decimals: u32) -> Option<f64> {
    let millions = |money: Money| millions(money, decimals);
    let sum = |of: fn(&Wave) -> Money| millions(waves.iter().map(of).sum());
    let (needed, taken) = (sum(|wave| wave.needed), sum(|wave| wave.taken));
    let closed = 100.0 * needed / sum(|wave| wave.notional).max(1e-9);
    let mut each: Vec<f64> = waves.iter().map(|wave| millions(wave.taken)).collect();
    each.sort_by(|a, b| b.total_cmp(a));
    let two = 100.0 * each.iter().take(2).sum::<f64>() / taken.max(1e-9);
    let winners: usize = waves.iter().map(|wave| wave.winners).sum();
    let largest = waves.iter().map(|wave| millions(wave.largest)).fold(0.0, f64::max);
    let ratio = (needed > 0.0).then(|| taken / needed);
    let shown = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    println!(
        "{name} {:>5} {needed:>6.3}M {closed:>7.2} % {taken:>6.3}M {shown:>5} {two:>10.0} % {winners:>7} {largest:>6.3}M",
        waves.len(),
    );
    for wave in waves {
        eprintln!(
            "  {:>8.1}s {:>5.1}s needed {:.3}M taken {:.3}M notional {:.2}M winners {}",
            wave.from as f64 / 1e9,
            (wave.to - wave.from) as f64 / 1e9,
            millions(wave.needed),
            millions(wave.taken),
            millions(wave.notional),
            wave.winners,
        );
    }
    ratio
}
