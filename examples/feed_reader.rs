//! Reads the market data feed of a running server and shows the top of each book, and every trade.
//!
//!     plimsoll serve examples/exchange.toml --data DATA --feed 127.0.0.1:7004
//!     cargo run --release --example feed_reader -- 127.0.0.1:7004
//!
//! A broken connection is taken up again where it broke.

use plimsoll::gateway::feed::messages::FeedMessage;
use plimsoll::gateway::feed::{FeedBook, FeedReader, Fold, ReadError};
use plimsoll::types::Side;
use std::net::SocketAddr;
use std::time::Duration;

/// See the file's head.
pub fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7004".to_owned());
    if let Err(error) = address.parse().map_err(|_| "no address".to_owned()).and_then(follow) {
        eprintln!("{address}: {error}");
        std::process::exit(1);
    }
}

fn follow(address: SocketAddr) -> Result<(), String> {
    let mut reader = FeedReader::connect(address).map_err(|error| error.to_string())?;
    loop {
        match reader.read(show) {
            Ok(()) => {}
            Err(ReadError::Over) => return Ok(()),
            Err(ReadError::Io(error)) => {
                eprintln!("{address}: {error}; connecting again");
                while reader.reconnect().is_err() {
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
            // What is missing is gone, or of another run: all of it anew.
            Err(ReadError::Refused(_) | ReadError::Fold(_)) => {
                reader = FeedReader::connect(address).map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Shows trades as they come and the top of the books once they are whole.
fn show(number: u64, message: &FeedMessage, fold: &Fold) {
    match message {
        FeedMessage::Trade(trade) => {
            let Some(book) = fold.book(trade.instrument.get()) else { return };
            let symbol = book.listing.symbol.text();
            let (qty, price) = (trade.qty.get(), decimal(book, trade.price.get()));
            println!("{number:>10}  {symbol}  trade {qty} lots at {price}");
        }
        FeedMessage::Whole(_) => {
            for (_, book) in fold.books() {
                let best = |side| match book.best(side) {
                    Some((price, qty)) => format!("{} x {qty}", decimal(book, price)),
                    None => "-".to_owned(),
                };
                let symbol = book.listing.symbol.text();
                println!("{number:>10}  {symbol}  {} | {}", best(Side::Buy), best(Side::Sell));
            }
        }
        _ => {}
    }
}

/// A price in ticks as a decimal.
fn decimal(book: &FeedBook, ticks: u32) -> String {
    let digits = u128::from(ticks) * u128::from(book.listing.tick_mantissa.get());
    match usize::from(book.listing.tick_decimals) {
        0 => digits.to_string(),
        places => {
            let text = format!("{digits:0>width$}", width = places + 1);
            let (whole, part) = text.split_at(text.len() - places);
            format!("{whole}.{part}")
        }
    }
}
