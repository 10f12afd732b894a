//! `calc loss`.

use super::show::{Json, print, table};
use super::{Failure, Form, PositionSide, amount, positive, too_large};
use plimsoll_risk::calc::{self, TooLarge};
use rust_decimal::Decimal;

const EXAMPLE: &str = "Example:
  plimsoll calc loss --side long --entry 5000 --exit 4890 --qty 1 --multiplier 10 --fee 30

Price loss = (entry - exit) x multiplier x quantity for a long, (exit - entry) for a short; below zero it is a gain. Total = price loss + fee.
Rounding: each number on its own, half up (away from zero) to --decimals places.";

/// What a forced close loses: by the price, and with the fee.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Side of the position
    #[arg(long, value_enum)]
    side: PositionSide,
    /// Entry price
    #[arg(long, value_parser = positive, value_name = "PRICE", allow_hyphen_values = true)]
    entry: Decimal,
    /// Price it is closed at
    #[arg(long, value_parser = positive, value_name = "PRICE", allow_hyphen_values = true)]
    exit: Decimal,
    /// Quantity
    #[arg(long, value_parser = positive, allow_hyphen_values = true)]
    qty: Decimal,
    /// Money per 1 of price per 1 of quantity
    #[arg(long, value_parser = positive, default_value = "1", allow_hyphen_values = true)]
    multiplier: Decimal,
    /// Fee for the whole close
    #[arg(long, value_parser = amount, default_value = "0", value_name = "MONEY", allow_hyphen_values = true)]
    fee: Decimal,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let [price_loss, fee, total] = amounts(&args).map_err(too_large)?;
    if args.form.json {
        return print(Json::object([
            ("price_loss", Json::Text(price_loss)),
            ("fee", Json::Text(fee)),
            ("total", Json::Text(total)),
        ]));
    }
    let rows = [("price loss", price_loss), ("fee", fee), ("total", total)];
    print(table(&["loss", ""], rows.map(|(what, amount)| vec![what.to_owned(), amount])))
}

fn amounts(args: &Args) -> Result<[String; 3], TooLarge> {
    let side = args.side.side();
    let loss = calc::loss(side, args.entry, args.exit, args.qty, args.multiplier, args.fee)?;
    let form = &args.form;
    Ok([form.rounded(loss.by_price)?, form.rounded(args.fee)?, form.rounded(loss.total)?])
}
