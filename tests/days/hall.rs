//! A configuration and command lines in, event lines out, without what no reader needs.

use plimsoll::exchange::Exchange;
use plimsoll::text::{Feed, read_config, write_event, write_state};
use plimsoll::types::Money;

/// Everything but the instrument: two clients with money, a market maker without margin.
const HOUSE: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 2
[insurance_fund]
initial = "500"
[[profile]]
name = "standard"
[[profile.tier]]
name = "liquidation"
at = "1.20"
action = "liquidate"
[profile.liquidation]
target = "0.90"
waterfall = ["insurance_fund", "debt"]
[[account]]
name = "A"
profile = "standard"
deposit = "1000000"
[[account]]
name = "B"
profile = "standard"
deposit = "1000000"
[[account]]
name = "M"
profile = "unlimited"
"#;

/// An instrument of ten money a tick and lot; `more` are further lines of its table.
pub fn instrument(symbol: &str, more: &str) -> String {
    format!(
        r#"
[[instrument]]
symbol = "{symbol}"
kind = "future"
tick_size = "1"
lot_size = "1"
multiplier = "10"
prev_settlement = "1000"
margin_initial = "0.08"
margin_maintenance = "0.05"
{more}
"#
    )
}

/// An exchange that is told what to do line by line.
pub struct Hall {
    pub exchange: Exchange,
    feed: Feed,
}

impl Hall {
    pub fn new(instruments: &str) -> Hall {
        Hall::with("", instruments)
    }

    /// With further lines of the exchange's own table.
    pub fn with(exchange: &str, instruments: &str) -> Hall {
        let house = HOUSE.replacen("[insurance_fund]", &format!("{exchange}\n[insurance_fund]"), 1);
        let spec = read_config("exchange.toml", &format!("{house}{instruments}"));
        let exchange = Exchange::new(spec.unwrap_or_else(|error| panic!("{error}")));
        Hall { exchange, feed: Feed::new("commands.jsonl", 0) }
    }

    /// Carries out lines; the events they led to, one a line, without their number.
    ///
    /// After every command money and positions must add up, and a snapshot must bring the same exchange.
    pub fn tell(&mut self, commands: &str) -> String {
        let mut out = Vec::new();
        for line in commands.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let read = self.feed.read(line.as_bytes(), self.exchange.spec());
            let read = read.unwrap_or_else(|error| panic!("{error}"));
            let mut events = Vec::new();
            read.carry_out(&mut self.exchange, &mut events);
            for event in &events {
                write_event(&mut out, &self.exchange, event);
            }
            self.exchange.audit();
            let view = self.exchange.view();
            assert_eq!(view.imbalance(), Money::ZERO, "after {line}");
            let snapshot = self.exchange.snapshot();
            let again = Exchange::restore(self.exchange.configuration(), &snapshot);
            let again = again.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(again.view(), view, "after {line}");
            // From here on the copy goes on in its place.
            self.exchange = again;
        }
        let out = String::from_utf8(out).expect("UTF-8");
        let short = |line: &str| line.split_once(',').map_or("", |(_, rest)| rest).to_owned();
        out.lines().map(|line| format!("{{{}\n", short(line))).collect()
    }

    /// Asserts exactly which events lines lead to.
    pub fn expect(&mut self, commands: &str, events: &str) {
        let told = self.tell(commands);
        let wanted: String = events.lines().map(|line| format!("{}\n", line.trim())).collect();
        assert!(told == wanted.trim_start(), "told:\n{told}\nwanted:\n{wanted}");
    }

    /// The state as people see it.
    pub fn state(&self) -> serde_json::Value {
        let mut text = Vec::new();
        write_state(&mut text, self.exchange.spec(), &self.exchange.view());
        serde_json::from_slice(&text).expect("JSON")
    }
}

/// An order line at a second of the day.
pub fn order(second: u64, account: &str, id: &str, side: &str, price: i64, qty: u32) -> String {
    format!(
        r#"{{"ts":{second}000000000,"cmd":"order","account":"{account}","id":"{id}","symbol":"RB","side":"{side}","price":"{price}","qty":"{qty}"}}
"#
    )
}

/// A trade of A, who buys, with B at a second of the day.
pub fn trade(second: u64, n: u32, price: i64, qty: u32) -> String {
    order(second, "A", &format!("a{n}"), "buy", price, qty)
        + &order(second, "B", &format!("b{n}"), "sell", price, qty)
}

/// A command line without fields of its own beside `rest`.
pub fn line(second: u64, rest: &str) -> String {
    format!("{{\"ts\":{second}000000000,{rest}}}\n")
}
