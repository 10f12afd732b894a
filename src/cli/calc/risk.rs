//! `calc risk`.

use super::show::{Json, print, table};
use super::{Failure, Form, amount, signed, too_large};
use plimsoll_risk::calc::{self, TooLarge};
use rust_decimal::Decimal;

const EXAMPLE: &str = "Example:
  plimsoll calc risk --margin 80000 --equity 100000

Available = equity - margin. A degree whose divisor is zero is null.
Rounding: half up (away from zero) to --decimals places, degrees as shares (0.8 is 80 %).";

/// Both definitions of the risk degree, and what is available.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Margin in use
    #[arg(long, value_parser = amount, value_name = "MONEY", allow_hyphen_values = true)]
    margin: Decimal,
    /// Balance and unrealised result
    #[arg(long, value_parser = signed, value_name = "MONEY", allow_hyphen_values = true)]
    equity: Decimal,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let [over_equity, over_margin, available] = figures(&args).map_err(too_large)?;
    let fields = [
        ("margin_over_equity", "margin / equity", over_equity),
        ("equity_over_margin", "equity / margin", over_margin),
        ("available", "available", available),
    ];
    if args.form.json {
        let fields = fields.map(|(key, _, value)| (key, Json::text_or_null(value)));
        return print(Json::object(fields));
    }
    let rows = fields
        .map(|(_, what, value)| vec![what.to_owned(), value.unwrap_or_else(|| "-".to_owned())]);
    print(table(&["risk", ""], rows))
}

fn figures(args: &Args) -> Result<[Option<String>; 3], TooLarge> {
    let degrees = calc::risk_degrees(args.margin, args.equity);
    let form = &args.form;
    let available = calc::available(args.margin, args.equity)?;
    Ok([
        degrees.margin_over_equity.map(|degree| form.half_up(degree)).transpose()?,
        degrees.equity_over_margin.map(|degree| form.half_up(degree)).transpose()?,
        Some(form.rounded(available)?),
    ])
}
