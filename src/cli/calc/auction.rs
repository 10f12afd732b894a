//! `calc auction`: the file's orders through the matching crate's own auction.

use super::show::{Json, print, table};
use super::{Failure, Form, positive, read};
use plimsoll_matching::{AuctionPrice, AuctionSide, auction_price};
use plimsoll_text::calc::{Auction, AuctionOrder, read_auction};
use plimsoll_text::decimal;
use plimsoll_types::Step;

const EXAMPLE: &str = "Example:
  plimsoll calc auction FILE.json, with
  {\"bids\":[[\"400\",\"202\"],[\"200\",\"201\"],[\"900\",null]],\"asks\":[[\"300\",\"199\"]],\"reference\":\"199\",\"candidates\":\"limits\",\"tick\":\"1\"}

Each order is a quantity and a price, null for a market order. Most volume; then least surplus; then market pressure (all surpluses
on the buy side: the highest price, on the sell side: the lowest); then nearest the reference, of two equally near the higher, and
without a reference the highest. Only market orders: the reference. candidates: \"limits\" (prices of the orders) or \"ticks\" (every
tick between them, the default). The tick is --tick, else the file's, else the finest decimal place among the prices.
Rounding: none, prices off the tick are refused.";

/// The price of a call auction, what trades at it and what is left over.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// The orders, as JSON; - is stdin
    file: String,
    /// Price step, before the file's own
    #[arg(long, value_parser = tick, value_name = "PRICE", allow_hyphen_values = true)]
    tick: Option<Step>,
    #[command(flatten)]
    form: Form,
}

fn tick(text: &str) -> Result<Step, String> {
    let step = decimal::step(positive(text)?);
    step.ok_or_else(|| "expected a step of at most 18 digits and places".to_owned())
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let text = read(&args.file)?;
    let name = super::files::shown(&args.file);
    let file = read_auction(name, &text, args.tick).map_err(Failure::input)?;
    let (bids, asks) = (side(&file.bids, true), side(&file.asks, false));
    let found = auction_price(&bids, &asks, file.reference, file.candidates);
    let shown = Shown::of(&file, found);
    if args.form.json {
        return print(Json::object([
            ("price", Json::text_or_null(shown.price)),
            ("qty", Json::Text(shown.qty)),
            ("surplus", Json::Text(shown.surplus)),
            ("surplus_side", Json::text_or_null(shown.surplus_side.map(str::to_owned))),
        ]));
    }
    let rows = [
        ("price", shown.price.unwrap_or_else(|| "none".to_owned())),
        ("quantity", shown.qty),
        ("surplus", shown.surplus),
        ("surplus side", shown.surplus_side.unwrap_or("-").to_owned()),
    ];
    print(table(&["auction", ""], rows.map(|(what, value)| vec![what.to_owned(), value])))
}

/// One side as the matching crate wants it: levels from the best.
fn side(orders: &[AuctionOrder], best_is_high: bool) -> AuctionSide {
    let mut side = AuctionSide::default();
    for order in orders {
        match order.price {
            None => side.market += order.qty,
            Some(price) => side.levels.push((price, order.qty)),
        }
    }
    side.levels.sort_by_key(|(price, _)| if best_is_high { -price } else { *price });
    side
}

/// The result in decimals.
struct Shown {
    price: Option<String>,
    qty: String,
    surplus: String,
    surplus_side: Option<&'static str>,
}

impl Shown {
    fn of(file: &Auction, found: Option<AuctionPrice>) -> Shown {
        let quantity = |lots: u128| scaled(lots, file.lot);
        let (qty, surplus) = found.map_or((0, 0), |found| (found.qty, found.surplus));
        Shown {
            price: found.map(|found| scaled(found.price.unsigned_abs().into(), file.tick)),
            qty: quantity(qty),
            surplus: quantity(surplus.unsigned_abs()),
            surplus_side: match surplus.signum() {
                1 => Some("buy"),
                -1 => Some("sell"),
                _ => None,
            },
        }
    }
}

/// `count` steps as text: at most 2^126 lots of a mantissa of one, or 2^63 ticks of at most 2^63.
fn scaled(count: u128, step: Step) -> String {
    let mut text = Vec::new();
    let mantissa = count as i128 * i128::from(step.mantissa);
    decimal::write_scaled(&mut text, mantissa, step.decimals);
    String::from_utf8_lossy(&text).into_owned()
}
