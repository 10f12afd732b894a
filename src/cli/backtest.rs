//! `plimsoll backtest`: runs a scenario with strategies in it and shows what became of each.

use super::Failure;
use super::simulate::{self, Options, carry_out, number};
use comfy_table::{CellAlignment, Table, presets};
use plimsoll_sim::Scenario;
use serde_json::Value;
use std::path::PathBuf;

/// Trade strategies in a market that feels their orders, and may liquidate them.
///
/// A scenario as `simulate` runs it, with at least one [[strategy]].
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// A scenario file with strategies (see docs/STRATEGIES.md)
    scenario: PathBuf,
    #[command(flatten)]
    options: Options,
}

const EXAMPLE: &str = "Example:
  plimsoll backtest scenarios/backtest_trend.toml --out out && open out/report.html
  plimsoll backtest scenarios/backtest_basis.toml --seed 7 --json | jq .strategies

The same scenario and seed give the same events.jsonl, byte for byte, and the same state hash.";

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let scenario = Scenario::load(&args.scenario).map_err(Failure::input)?;
    if scenario.strategies.is_empty() {
        let file = args.scenario.display();
        let what = "expected at least one strategy to test, found none (`plimsoll simulate` runs a market without)";
        return Err(Failure::input(format!("{file}: strategy: {what}")));
    }
    carry_out(&scenario, &args.options, |summary| {
        format!("{}\n\n{}", simulate::tables(summary), sheets(summary))
    })
}

/// The tear sheets, one column a strategy.
fn sheets(summary: &Value) -> String {
    let Some(strategies) = summary["strategies"].as_array() else { return String::new() };
    let mut table = Table::new();
    let names = strategies.iter().map(|sheet| sheet["account"].as_str().unwrap_or_default());
    let heads = std::iter::once("tear sheet").chain(names);
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(heads);
    let currency = summary["currency"].as_str().unwrap_or_default();
    let money = |value: &Value| format!("{} {currency}", number(value));
    type Shown<'a> = &'a dyn Fn(&Value) -> String;
    let rows: [(&str, &str, Shown<'_>); 15] = [
        ("profit and loss", "profit", &money),
        ("return on deposit", "return_on_deposit", &percent),
        ("largest drawdown", "drawdown", &money),
        ("as a share of its high", "drawdown_share", &percent),
        ("Sharpe ratio of the run", "sharpe", &places),
        ("fills", "fills", &number),
        ("lots", "lots", &number),
        ("by resting orders", "maker_share", &percent),
        ("fees", "fees", &money),
        ("messages", "messages", &number),
        ("refused", "rejected", &number),
        ("most of its equity as margin", "margin_use_max", &percent),
        ("nearest liquidation, ticks", "distance_min_ticks", &number),
        ("margin calls", "margin_calls", &number),
        ("liquidation cases", "cases", &number),
    ];
    for (what, key, shown) in rows {
        let cells = strategies.iter().map(|sheet| shown(&sheet[key]));
        table.add_row(std::iter::once(what.to_owned()).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}

/// A share in per cent with two places.
fn percent(value: &Value) -> String {
    value.as_f64().map_or("-".to_owned(), |share| format!("{:.2} %", share * 100.0))
}

fn places(value: &Value) -> String {
    value.as_f64().map_or("-".to_owned(), |number| format!("{number:.2}"))
}
