//! One line of a Binance-type capture: receive time in nanoseconds, a space, the exchange's JSON message.

use serde::Deserialize;

/// A line's message as it stands there; which fields it has depends on what it is.
///
/// A combined stream wraps it in `{"stream":..,"data":..}`; a snapshot of the REST interface has `lastUpdateId`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    /// What it is: `depthUpdate`, `trade`, `bookTicker`; spot's best quotes do not say it.
    #[serde(borrow)]
    pub e: Option<&'a str>,
    /// When it was sent, milliseconds since 1970.
    #[serde(rename = "E")]
    pub sent: Option<u64>,
    /// When it happened in the matching engine, milliseconds since 1970; not in spot's depth and best quotes.
    #[serde(rename = "T")]
    pub happened: Option<u64>,
    /// Symbol.
    #[serde(borrow)]
    pub s: Option<&'a str>,
    /// First update of a depth message.
    #[serde(rename = "U")]
    pub first: Option<u64>,
    /// Last update of a depth message, or the update of a best quote.
    pub u: Option<u64>,
    /// Last update of the depth message before (futures).
    pub pu: Option<u64>,
    /// Bids that changed, or the best bid's price.
    #[serde(borrow)]
    pub b: Option<Quotes<'a>>,
    /// Asks that changed, or the best ask's price.
    #[serde(borrow)]
    pub a: Option<Quotes<'a>>,
    /// Quantity at the best bid.
    #[serde(rename = "B", borrow)]
    pub bid_qty: Option<&'a str>,
    /// Quantity at the best ask.
    #[serde(rename = "A", borrow)]
    pub ask_qty: Option<&'a str>,
    /// Number of a trade.
    pub t: Option<u64>,
    /// Price of a trade.
    #[serde(borrow)]
    pub p: Option<&'a str>,
    /// Quantity of a trade.
    #[serde(borrow)]
    pub q: Option<&'a str>,
    /// Whether the buyer was the maker.
    pub m: Option<bool>,
    /// Where a trade came from: `MARKET`, or else outside the book (futures).
    #[serde(rename = "X", borrow)]
    pub source: Option<&'a str>,
    /// The last update that a snapshot holds.
    #[serde(rename = "lastUpdateId")]
    pub last_update: Option<u64>,
    /// Bids of a snapshot.
    #[serde(borrow)]
    pub bids: Option<Vec<Level<'a>>>,
    /// Asks of a snapshot.
    #[serde(borrow)]
    pub asks: Option<Vec<Level<'a>>>,
}

/// A price and the quantity there.
#[derive(Debug, Deserialize)]
pub struct Level<'a>(#[serde(borrow)] pub &'a str, #[serde(borrow)] pub &'a str);

/// What `b` and `a` hold: levels in a depth message, one price in a best quote, anything in messages that are left out.
#[derive(Debug)]
pub enum Quotes<'a> {
    /// The price.
    Price(&'a str),
    /// The levels.
    Levels(Vec<Level<'a>>),
    /// A number, in messages of other kinds.
    Number(u64),
}

impl<'de: 'a, 'a> Deserialize<'de> for Quotes<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Quotes<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a price in quotes or a list of levels")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Quotes<'de>, E> {
                Ok(Quotes::Price(text))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Quotes<'de>, E> {
                Ok(Quotes::Number(number))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Quotes<'de>, A::Error> {
                let mut levels = Vec::new();
                while let Some(level) = list.next_element()? {
                    levels.push(level);
                }
                Ok(Quotes::Levels(levels))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The message of a combined stream, in its wrapper.
#[derive(Debug, Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    data: Option<Message<'a>>,
}

/// Reads a line's message, in its wrapper or without one.
///
/// Errors: what the JSON reader says.
pub fn read(json: &str) -> Result<Message<'_>, serde_json::Error> {
    // Only the wrapper begins with "stream"; one look saves reading every line twice.
    if json.starts_with("{\"stream\"")
        && let Some(message) = serde_json::from_str::<Wrapped<'_>>(json)?.data
    {
        return Ok(message);
    }
    serde_json::from_str(json)
}
