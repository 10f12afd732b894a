//! Logs in over the binary protocol, enters an order, prints what comes of it, and comes back where it left off.
//!
//!     cargo run --example binary_client -- 127.0.0.1:7001 anna SECRET_IN_HEX anna RB buy 5000 1
//!
//! The words after the secret: account, symbol, side, price in ticks, lots. docs/PROTOCOL.md says what goes over the wire.

use plimsoll_gateway::binary::client::{Client, Position, Reply};
use plimsoll_gateway::binary::codes::{self, EndReason, Refusal};
use plimsoll_gateway::binary::events::Happened;
use plimsoll_types::{NewOrder, Price, Qty, Side};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str =
    "usage: binary_client ADDRESS USER SECRET_IN_HEX ACCOUNT SYMBOL buy|sell TICKS LOTS";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Ok(words) = <[String; 8]>::try_from(words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("binary_client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String; 8]) -> Result<(), Box<dyn Error>> {
    let [address, user, secret, account, symbol, side, ticks, lots] = words;
    let secret = plimsoll_gateway::auth::from_hex(secret).ok_or("the secret is not hexadecimal")?;
    let mut client = Client::connect(address.as_str(), user, &secret, Position::default())?;
    let account = client.account(account).ok_or("no account of this user has that name")?;
    let instrument = client.instrument(symbol).ok_or("no instrument has that symbol")?;
    let side = match side.as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(USAGE.into()),
    };
    let price = Price::new(ticks.parse()?).ok_or("a price has 1 to 2^30 ticks")?;
    let order = NewOrder::limit(account, instrument, side, price, Qty::new(lots.parse()?));
    let sequence = client.enter(&order)?;
    println!("sent {} of {symbol} as message {sequence}", order.qty.lots());
    listen(&mut client)?;
    // A broken connection is taken up with the place it had reached; nothing is lost, nothing comes twice.
    let place = client.position();
    drop(client);
    let mut client = Client::connect(address.as_str(), user, &secret, place)?;
    println!("back at event {}", place.next_event);
    client.logout()?;
    listen(&mut client)
}

/// Prints what comes until nothing has for two seconds, or the session ends.
fn listen(client: &mut Client) -> Result<(), Box<dyn Error>> {
    while let Some(reply) = client.next(Duration::from_secs(2))? {
        match reply {
            Reply::Happened(happened) => println!("{}", sentence(&happened)),
            Reply::Refused(refused) => {
                let reason = Refusal::of(refused.reason).map_or("?", Refusal::as_str);
                println!("message {} refused: {reason}", refused.sequence);
            }
            Reply::Answered(answered) => println!("message {} had no event", answered.sequence),
            Reply::Account(entry) => println!("new account {}", entry.name.text()),
            Reply::Instrument(entry) => println!("new instrument {}", entry.symbol.text()),
            Reply::Ended(reason) => {
                println!("session over: {}", reason.map_or("closed", EndReason::as_str));
                return Ok(());
            }
            _ => {}
        }
    }
    Ok(())
}

fn sentence(happened: &Happened) -> String {
    let seq = happened.stamp().seq;
    match happened {
        Happened::Accepted(order) => {
            format!("{seq}: accepted {}, {} lots at {}", order.id.text(), order.qty, order.price)
        }
        Happened::Executed(trade) => format!(
            "{seq}: {} {} lots at {}, fee {}",
            trade.id.text(),
            trade.qty,
            trade.price,
            trade.fee
        ),
        Happened::Rejected(no) => {
            let reason = codes::reject(no.reason.get()).map_or("?", |reason| reason.as_str());
            format!("{seq}: rejected {}: {reason}", no.id.text())
        }
        other => format!("{seq}: {other:?}"),
    }
}
