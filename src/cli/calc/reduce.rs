//! `calc reduce`.

use super::show::{Json, print};
use super::{Failure, Form, amount, positive, signed, too_large};
use plimsoll_risk::calc;
use plimsoll_risk::formula::least::Account;
use rust_decimal::Decimal;

const EXAMPLE: &str = "Example:
  plimsoll calc reduce --margin 100000 --equity 90000 --margin-per-lot 5000 --cost-per-lot 60 --target 0.90 --lots 20

The least n with (margin - n x margin-per-lot) / (equity - n x cost-per-lot) <= target, tried upwards from 0 and compared without
dividing; where closing cannot reach the target, all lots. Without --lots, all = ceil(margin / margin-per-lot).
Rounding: none, lots are whole.";

/// How many lots must be closed to come back to a target of margin / equity.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Margin in use
    #[arg(long, value_parser = amount, value_name = "MONEY", allow_hyphen_values = true)]
    margin: Decimal,
    /// Balance and unrealised result
    #[arg(long, value_parser = signed, value_name = "MONEY", allow_hyphen_values = true)]
    equity: Decimal,
    /// Margin that a closed lot releases
    #[arg(long, value_parser = positive, value_name = "MONEY", allow_hyphen_values = true)]
    margin_per_lot: Decimal,
    /// What closing a lot costs: fee and slippage
    #[arg(long, value_parser = signed, default_value = "0", value_name = "MONEY", allow_hyphen_values = true)]
    cost_per_lot: Decimal,
    /// Margin / equity to come back to
    #[arg(long, value_parser = positive, value_name = "SHARE", allow_hyphen_values = true)]
    target: Decimal,
    /// Lots there are to close
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_hyphen_values = true)]
    lots: Option<u64>,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let account = Account {
        margin: args.margin,
        equity: args.equity,
        margin_a_lot: args.margin_per_lot,
        cost_a_lot: args.cost_per_lot,
        target: args.target,
        one: Decimal::ONE,
    };
    let all = match args.lots {
        Some(lots) => lots,
        None => calc::all_lots(args.margin, args.margin_per_lot).map_err(too_large)?,
    };
    let (lots, is_met) = calc::lots_to_close(&account, all).map_err(too_large)?;
    if !is_met && !args.form.quiet {
        eprintln!("closing all {lots} lots does not reach the target");
    }
    if args.form.json {
        return print(Json::object([("lots", Json::Whole(lots))]));
    }
    print(lots)
}
