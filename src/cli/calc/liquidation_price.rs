//! `calc liquidation-price`.

use super::show::{Json, print};
use super::{Failure, Form, PositionSide, amount, positive, signed, too_large};
use clap::ValueEnum;
use plimsoll_risk::calc::{self, Bracket, Holding, MarginOn, TooLarge};
use rust_decimal::Decimal;

const EXAMPLE: &str = "Example:
  plimsoll calc liquidation-price --side long --entry 4200 --qty 1 --multiplier 200 --wallet 100000 --maintenance-amount 40000
  plimsoll calc liquidation-price --side long --entry 1456.84 --qty 3683.979 --wallet 1535443.01 --maintenance-rate 0.10 \\
      --deduct 135365 --other-maintenance 71200.81 --other-pnl=-56354.57
  plimsoll calc liquidation-price --side long --entry 100 --qty 20 --wallet 300 --bracket 1000:0.01:0 --bracket inf:0.02:10

price = (W + U - x e - T - A + d) / ((r + f) |x| - x), x = side x quantity x multiplier; null where no price above zero does it.
With --bracket it is solved again while the answer's notional lies in another bracket.
Rounding: half up (away from zero) to --decimals places; with --tick to the tick on the side that is safe for the house, up for a
long and down for a short.";

/// The price at which a position's account stands at its maintenance margin, everything else held fixed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Side of the position
    #[arg(long, value_enum)]
    side: PositionSide,
    /// Entry price, e
    #[arg(long, value_parser = positive, value_name = "PRICE", allow_hyphen_values = true)]
    entry: Decimal,
    /// Quantity
    #[arg(long, value_parser = positive, allow_hyphen_values = true)]
    qty: Decimal,
    /// Money per 1 of price per 1 of quantity
    #[arg(long, value_parser = positive, default_value = "1", allow_hyphen_values = true)]
    multiplier: Decimal,
    /// Wallet balance without unrealised results, W
    #[arg(long, value_parser = signed, value_name = "MONEY", allow_hyphen_values = true)]
    wallet: Decimal,
    /// Maintenance of the whole position as an amount, A
    #[arg(long, value_parser = amount, default_value = "0", value_name = "MONEY", allow_hyphen_values = true)]
    maintenance_amount: Decimal,
    /// Maintenance as a share of notional, r
    #[arg(long, value_parser = amount, default_value = "0", value_name = "SHARE", allow_hyphen_values = true)]
    maintenance_rate: Decimal,
    /// A bracket of maintenance by notional, in rising order, as UP_TO:RATE:DEDUCT; the last one goes up to "inf"
    #[arg(long, value_parser = bracket, value_name = "BRACKET", conflicts_with_all = ["maintenance_rate", "deduct"])]
    bracket: Vec<Bracket<Decimal>>,
    /// What the bracket takes off maintenance, d
    #[arg(long, value_parser = amount, default_value = "0", value_name = "MONEY", allow_hyphen_values = true)]
    deduct: Decimal,
    /// Maintenance of the account's other positions, T
    #[arg(long, value_parser = amount, default_value = "0", value_name = "MONEY", allow_hyphen_values = true)]
    other_maintenance: Decimal,
    /// Unrealised result of the account's other positions, U
    #[arg(long, value_parser = signed, default_value = "0", value_name = "MONEY", allow_hyphen_values = true)]
    other_pnl: Decimal,
    /// Closing fee as a share of notional, inside the line, f
    #[arg(long, value_parser = amount, default_value = "0", value_name = "SHARE", allow_hyphen_values = true)]
    fee_rate: Decimal,
    /// Which notional the maintenance rate is of
    #[arg(long, value_enum, default_value = "mark")]
    margin_on: NotionalAt,
    /// Round to this tick instead of --decimals
    #[arg(long, value_parser = positive, value_name = "PRICE", allow_hyphen_values = true)]
    tick: Option<Decimal>,
    #[command(flatten)]
    form: Form,
}

#[derive(Clone, Copy, ValueEnum)]
enum NotionalAt {
    Mark,
    Entry,
}

/// A bracket as it is typed.
fn bracket(text: &str) -> Result<Bracket<Decimal>, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let [up_to, rate, deduct] = parts[..] else {
        return Err("expected UP_TO:RATE:DEDUCT such as 50000:0.004:0".to_owned());
    };
    let up_to = if up_to == "inf" { Ok(Decimal::MAX) } else { positive(up_to) };
    Ok(Bracket { up_to: up_to?, rate: amount(rate)?, deduct: amount(deduct)? })
}

/// Refuses brackets that are not continuous or do not go on for ever.
fn prove(brackets: &[Bracket<Decimal>]) -> Result<(), Failure> {
    calc::prove_brackets(brackets).map_err(|fault| Failure::input(format!("error: {fault}")))?;
    match brackets.last() {
        Some(last) if last.up_to < Decimal::MAX => Err(Failure::input(
            "error: --bracket: expected a last one up to \"inf\", found one that ends",
        )),
        _ => Ok(()),
    }
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    prove(&args.bracket)?;
    let price = price(&args).map_err(too_large)?;
    if args.form.json {
        return print(Json::object([("price", Json::text_or_null(price))]));
    }
    print(price.as_deref().unwrap_or("none: no price above zero reaches the line"))
}

fn price(args: &Args) -> Result<Option<String>, TooLarge> {
    let side = args.side.side();
    let holding = Holding {
        multiplier: args.multiplier,
        other_pnl: args.other_pnl,
        other_maintenance: args.other_maintenance,
        rate: args.maintenance_rate,
        deduct: args.deduct,
        maintenance_amount: args.maintenance_amount,
        fee_rate: args.fee_rate,
        margin_on: match args.margin_on {
            NotionalAt::Mark => MarginOn::Mark,
            NotionalAt::Entry => MarginOn::Entry,
        },
        ..Holding::alone(side, args.qty, args.entry, args.wallet)
    };
    let Some(price) = calc::liquidation_price_in(&holding, &args.bracket)? else { return Ok(None) };
    match args.tick {
        None => args.form.half_up(price).map(Some),
        Some(tick) => {
            let price = calc::on_tick(price, side, tick)?;
            Ok((price > Decimal::ZERO).then(|| price.normalize().to_string()))
        }
    }
}
