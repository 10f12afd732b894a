//! The deleveraging of 2025-10-10 under each rank: what it needed, and what it took from those who won.
//!
//!     cargo run --release -p plimsoll-sim --example adl_policies

use plimsoll_exchange::Exchange;
use plimsoll_sim::deleveraging::{Wave, Waves};
use plimsoll_sim::{Scenario, Stage};
use plimsoll_types::{DeleveragePrice, DeleverageRank, Event, Money};
use std::io;
use std::path::PathBuf;

/// Keeps only the waves of deleveraging.
#[derive(Default)]
struct Watch(Waves);

impl Stage for Watch {
    fn events(&mut self, exchange: &Exchange, events: &[Event]) -> io::Result<()> {
        self.0.note(exchange, events);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/adl_2025_10_10.toml");
    let scenario = Scenario::load(&file).map_err(|error| error.to_string())?;
    println!(
        "rank             price       waves  needed      taken   taken/needed  winners  largest"
    );
    for (rank, word) in [
        (DeleverageRank::ProfitLeverage, "profit_leverage"),
        (DeleverageRank::ProfitShare, "profit_share"),
        (DeleverageRank::ProRata, "pro_rata"),
    ] {
        for (price, at) in
            [(DeleveragePrice::Bankruptcy, "bankruptcy"), (DeleveragePrice::Mark, "mark")]
        {
            let mut scenario = scenario.clone();
            for profile in &mut scenario.exchange.profiles {
                profile.liquidation.deleverage_rank = rank;
                profile.liquidation.deleverage_price = price;
            }
            let mut watch = Watch::default();
            let outcome = plimsoll_sim::run(&scenario, scenario.seed, &mut watch)
                .map_err(|error| error.to_string())?;
            let waves = watch.0.finish();
            print(&format!("{word:<16} {at:<10}"), &waves, scenario.exchange.money_decimals);
            eprintln!(
                "{word} {at}: {} cases, {} deleveragings, fund {} -> {}, socialised {}, debt {}, {:?}",
                outcome.record.cases.len(),
                outcome.record.deleveraged.0,
                outcome.record.fund.start.units(),
                outcome.record.fund.now.units(),
                outcome.record.socialised.units(),
                outcome.record.debt.units(),
                outcome.wall,
            );
        }
    }
    Ok(())
}

fn print(name: &str, waves: &[Wave], decimals: u32) {
    let millions = |money: Money| money.units() as f64 / 10f64.powi(decimals as i32) / 1e6;
    let sum = |of: fn(&Wave) -> Money| millions(waves.iter().map(of).sum());
    let (needed, taken) = (sum(|wave| wave.needed), sum(|wave| wave.taken));
    let winners: usize = waves.iter().map(|wave| wave.winners).sum();
    let largest = waves.iter().map(|wave| millions(wave.largest)).fold(0.0, f64::max);
    let ratio = if needed > 0.0 { format!("{:.2}", taken / needed) } else { "-".to_owned() };
    println!(
        "{name} {:>6} {needed:>8.3}M {taken:>9.3}M {ratio:>12} {winners:>9} {largest:>7.3}M",
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
}
