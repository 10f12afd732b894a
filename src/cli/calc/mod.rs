//! `plimsoll calc`: the liquidation calculators, on the formulas that the engine uses.

mod adl;
mod auction;
mod forced_reduction;
mod liquidation_price;
mod loss;
mod reduce;
mod risk;
mod show;

use super::{Failure, files};
use clap::ValueEnum;
use plimsoll_risk::calc::{Fraction, TooLarge};
use plimsoll_text::decimal;
use plimsoll_types::Side;
use rust_decimal::Decimal;

const EXAMPLE: &str = "Example:
  plimsoll calc liquidation-price --side long --entry 4200 --qty 1 --multiplier 200 --wallet 100000 --maintenance-amount 40000
  plimsoll calc reduce --margin 100000 --equity 90000 --margin-per-lot 5000 --cost-per-lot 60 --target 0.90

Every result is exact until it is rounded, half up to --decimals places where --help of a calculator says nothing else.
docs/CALC.md has every formula.";

/// Work out prices, losses and lots of a liquidation, without an exchange.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    LiquidationPrice(liquidation_price::Args),
    Loss(loss::Args),
    Risk(risk::Args),
    Reduce(reduce::Args),
    Adl(adl::Args),
    ForcedReduction(forced_reduction::Args),
    Auction(auction::Args),
}

/// Works it out and prints it.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.what {
        What::LiquidationPrice(args) => liquidation_price::run(args),
        What::Loss(args) => loss::run(args),
        What::Risk(args) => risk::run(args),
        What::Reduce(args) => reduce::run(args),
        What::Adl(args) => adl::run(args),
        What::ForcedReduction(args) => forced_reduction::run(args),
        What::Auction(args) => auction::run(args),
    }
}

/// How a result is shown.
#[derive(clap::Args, Clone, Copy)]
struct Form {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Places that results are rounded to; lots and quantities are exact
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=18))]
    decimals: u32,
    /// Nothing on stderr
    #[arg(long)]
    quiet: bool,
}

impl Form {
    /// A fraction as people write it, rounded half up.
    fn half_up(&self, fraction: Fraction<Decimal>) -> Result<String, TooLarge> {
        Ok(fraction.half_up(self.decimals)?.normalize().to_string())
    }

    /// A decimal as people write it, rounded half up.
    fn rounded(&self, value: Decimal) -> Result<String, TooLarge> {
        self.half_up(Fraction { numerator: value, denominator: Decimal::ONE })
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum PositionSide {
    Long,
    Short,
}

impl PositionSide {
    fn side(self) -> Side {
        match self {
            PositionSide::Long => Side::Buy,
            PositionSide::Short => Side::Sell,
        }
    }
}

/// A decimal of either sign.
fn signed(text: &str) -> Result<Decimal, String> {
    decimal::parse(text.as_bytes()).map_err(|error| format!("expected {}", error.expected()))
}

/// A decimal above zero.
fn positive(text: &str) -> Result<Decimal, String> {
    let value = signed(text)?;
    if value > Decimal::ZERO { Ok(value) } else { Err("expected a decimal above zero".to_owned()) }
}

/// A decimal that is not below zero.
fn amount(text: &str) -> Result<Decimal, String> {
    let value = signed(text)?;
    let refused = || "expected a decimal that is not below zero".to_owned();
    if value >= Decimal::ZERO { Ok(value) } else { Err(refused()) }
}

/// The failure of numbers whose result cannot be held.
fn too_large(_: TooLarge) -> Failure {
    Failure::input(
        "error: expected numbers whose products have at most 28 digits, found longer ones",
    )
}

/// Most bytes of a calculator's file.
const FILE_MAX: u64 = 16 << 20;

/// The text of a calculator's file.
fn read(path: &str) -> Result<String, Failure> {
    files::read_text_of(path, FILE_MAX)
}
