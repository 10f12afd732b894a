//! A recorded market with depth: what a Binance-type capture says, in the order in which it happened, in ticks and lots.
//!
//! Streams of one connection overtake each other, so lines are put in order first: what changes the book by its update
//! number, trades among it by the time at which they happened, before the change of the same moment that shows them.

use super::lines::Lines;
use super::message::{Level, Message, Quotes};
use crate::flow::recorded::DAY;
use plimsoll_text::{Error, decimal};
use plimsoll_types::{Price, Reject, Side, Step, Ts};
use std::ops::Range;
use std::path::Path;

/// Nanoseconds in a millisecond.
const MILLI: Ts = 1_000_000;

/// A price in ticks and the lots there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Price.
    pub price: Price,
    /// Lots; 0 = none.
    pub lots: u64,
}

/// Something that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An aggressive order, and where it traded.
    Trade(Side, Quote),
    /// The whole book: bids, asks, as ranges of [`Capture::quotes`].
    Snapshot([Range<u32>; 2]),
    /// Levels that changed, and what is there now.
    Depth([Range<u32>; 2]),
    /// The best bid and ask; lots 0 = that side is empty.
    Best([Quote; 2]),
    /// The price of the index.
    Index(Price),
}

/// Something that was recorded, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Nanoseconds since midnight (UTC) of the capture's first day.
    pub ts: Ts,
    /// What.
    pub what: What,
}

/// A capture, in order.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// What was recorded.
    pub recordings: Vec<Recording>,
    /// Levels of all snapshots and depth messages.
    pub quotes: Vec<Quote>,
    /// Midnight (UTC) of its first day, nanoseconds since 1970.
    pub midnight: Ts,
    /// Depth messages that do not follow on the one before: what lies between is lost.
    pub gaps: u64,
    /// Trades that were made outside the book, and are left out.
    pub off_book: u64,
    /// Messages of other kinds, left out.
    pub others: u64,
}

/// The steps in which a capture's decimals are counted.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    /// Of prices.
    pub tick: Step,
    /// Of quantities.
    pub lot: Step,
}

impl Capture {
    /// Reads a capture, gz or plain. It begins with its first snapshot of the book; without one, with its first line and
    /// an empty book.
    ///
    /// Errors: file, line and field of what cannot be read; a file cut in the middle; nothing in it.
    pub fn read(path: &Path, steps: Steps) -> Result<Capture, Error> {
        let mut lines = Lines::open("flow.depth.file", path)?;
        let mut reading = Reading::new(steps);
        while let Some((received, message)) = lines.message()? {
            reading.line(received, &message).map_err(|wrong| lines.wrong(wrong))?;
        }
        let capture = reading.finish();
        if capture.recordings.is_empty() {
            let found = "a file without any";
            return Err(Error::new("flow.depth.file", "depth, trades or best quotes", found)
                .in_file(lines.name()));
        }
        Ok(capture)
    }

    /// Adds the prices of another capture's trades as the index, rounded to the tick, at most one in `every` nanoseconds.
    ///
    /// Errors: as for reading.
    pub fn add_index(&mut self, path: &Path, tick: Step, every: Ts) -> Result<(), Error> {
        let mut lines = Lines::open("flow.depth.index", path)?;
        let mut prices: Vec<(u64, u64, Price)> = Vec::new();
        while let Some((_, message)) = lines.message()? {
            if message.e != Some("trade") {
                continue;
            }
            let number = message.t.unwrap_or(0);
            let price = moment(&message).and_then(|at| Ok((at, number, nearest(&message, tick)?)));
            prices.push(price.map_err(|wrong| lines.wrong(wrong))?);
        }
        prices.sort_by_key(|&(happened, number, _)| (happened, number));
        let mut due = 0;
        for (happened, _, price) in prices {
            let ts = (happened * MILLI).saturating_sub(self.midnight);
            if happened * MILLI < self.midnight || ts < due {
                continue;
            }
            due = ts - ts % every.max(1) + every;
            self.recordings.push(Recording { ts, what: What::Index(price) });
        }
        // Stable: at one moment the index comes after what was recorded in the book.
        self.recordings.sort_by_key(|recording| recording.ts);
        Ok(())
    }

    /// The levels of a side of a depth message or snapshot.
    pub fn side(&self, range: &Range<u32>) -> &[Quote] {
        &self.quotes[range.start as usize..range.end as usize]
    }

    /// When it ends.
    pub fn end(&self) -> Ts {
        self.recordings.last().map_or(0, |last| last.ts)
    }

    /// When its book begins, and a price near which it trades then: its first trade's, else its first best bid or ask.
    pub fn opening(&self) -> Option<(Ts, Price)> {
        let ts = self.recordings.iter().find(|r| !matches!(r.what, What::Index(_)))?.ts;
        let trade = self.recordings.iter().find_map(|recording| match recording.what {
            What::Trade(_, quote) => Some(quote.price),
            _ => None,
        });
        let quote = || {
            self.recordings.iter().find_map(|recording| match &recording.what {
                What::Best(best) => best.iter().find(|quote| quote.lots > 0),
                What::Snapshot(sides) => sides.iter().find_map(|side| self.side(side).first()),
                What::Depth(sides) => sides.iter().find_map(|side| self.side(side).first()),
                _ => None,
            })
        };
        Some((ts, trade.or_else(|| quote().map(|quote| quote.price))?))
    }
}

/// A field, what was expected there and what was found.
pub type Wrong = (&'static str, &'static str, String);

/// What changes the book, before it is put in order: update, rank at the same update, when (milliseconds), what.
type BookLine = (u64, u8, u64, What);

struct Reading {
    steps: Steps,
    capture: Capture,
    book: Vec<BookLine>,
    /// When, number, what.
    trades: Vec<(u64, u64, What)>,
    /// First and last update of each depth message, and the last one of the message before.
    chain: Vec<(u64, u64, Option<u64>)>,
    symbol: Option<String>,
    /// The latest time seen, for messages that tell none.
    now: u64,
}

impl Reading {
    fn new(steps: Steps) -> Reading {
        Reading {
            steps,
            capture: Capture::default(),
            book: Vec::new(),
            trades: Vec::new(),
            chain: Vec::new(),
            symbol: None,
            now: 0,
        }
    }

    fn line(&mut self, received: Ts, message: &Message<'_>) -> Result<(), Wrong> {
        self.same_symbol(message)?;
        let at = match moment(message) {
            Ok(at) => at,
            Err(_) if message.happened.or(message.sent).is_none() && self.now > 0 => self.now,
            Err(_) if message.happened.or(message.sent).is_none() => received / MILLI,
            Err(wrong) => return Err(wrong),
        };
        self.now = self.now.max(at);
        match message.e {
            Some("depthUpdate") => self.depth(at, message),
            Some("trade") => self.trade(at, message),
            Some("bookTicker") => self.best(at, message),
            None if message.last_update.is_some() => self.snapshot(at, message),
            None if message.bid_qty.is_some() => self.best(at, message),
            _ => {
                self.capture.others += 1;
                Ok(())
            }
        }
    }

    fn same_symbol(&mut self, message: &Message<'_>) -> Result<(), Wrong> {
        match (&self.symbol, message.s) {
            (Some(symbol), Some(other)) if symbol != other => {
                Err(("s", "one symbol in a file", other.to_owned()))
            }
            (None, Some(symbol)) => {
                self.symbol = Some(symbol.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn depth(&mut self, at: u64, message: &Message<'_>) -> Result<(), Wrong> {
        let last = need(message.u, "u")?;
        self.chain.push((need(message.first, "U")?, last, message.pu));
        let sides = [
            self.levels("b", levels(&message.b, "b")?)?,
            self.levels("a", levels(&message.a, "a")?)?,
        ];
        self.book.push((last, 1, at, What::Depth(sides)));
        Ok(())
    }

    fn snapshot(&mut self, at: u64, message: &Message<'_>) -> Result<(), Wrong> {
        let bids = message.bids.as_deref().ok_or_else(|| missing("bids"))?;
        let asks = message.asks.as_deref().ok_or_else(|| missing("asks"))?;
        let sides = [self.levels("bids", bids)?, self.levels("asks", asks)?];
        let last = need(message.last_update, "lastUpdateId")?;
        self.book.push((last, 2, at, What::Snapshot(sides)));
        Ok(())
    }

    fn best(&mut self, at: u64, message: &Message<'_>) -> Result<(), Wrong> {
        let (bid, ask) = (best_price(&message.b, "b")?, best_price(&message.a, "a")?);
        let lots =
            |field, text: Option<&str>| self.lots(field, text.ok_or_else(|| missing(field))?);
        let lots = [lots("B", message.bid_qty)?, lots("A", message.ask_qty)?];
        let side = |field, price: &str, lots| match lots {
            // An empty side has no price worth reading.
            0 => Ok(Quote { price: Price::MIN, lots }),
            _ => Ok(Quote { price: self.price(field, price)?, lots }),
        };
        let best = What::Best([side("b", bid, lots[0])?, side("a", ask, lots[1])?]);
        self.book.push((need(message.u, "u")?, 0, at, best));
        Ok(())
    }

    fn trade(&mut self, at: u64, message: &Message<'_>) -> Result<(), Wrong> {
        let price = message.p.ok_or_else(|| missing("p"))?;
        let lots = message.q.ok_or_else(|| missing("q"))?;
        let taker = match message.m {
            Some(true) => Side::Sell,
            Some(false) => Side::Buy,
            None => return Err(missing("m")),
        };
        // Deleveraging and the insurance fund trade outside the book.
        if message.source.is_some_and(|source| source != "MARKET") {
            self.capture.off_book += 1;
            return Ok(());
        }
        let quote = Quote { price: self.price("p", price)?, lots: self.lots("q", lots)? };
        if quote.lots == 0 {
            return Err(("q", "a quantity above zero", lots.to_owned()));
        }
        self.trades.push((at, need(message.t, "t")?, What::Trade(taker, quote)));
        Ok(())
    }

    fn levels(&mut self, field: &'static str, levels: &[Level<'_>]) -> Result<Range<u32>, Wrong> {
        let start = self.capture.quotes.len();
        for Level(price, lots) in levels {
            let quote = Quote { price: self.price(field, price)?, lots: self.lots(field, lots)? };
            self.capture.quotes.push(quote);
        }
        let end = u32::try_from(self.capture.quotes.len());
        let end = end.map_err(|_| (field, "at most 4294967295 levels in a file", String::new()))?;
        Ok(start as u32..end)
    }

    fn price(&self, field: &'static str, text: &str) -> Result<Price, Wrong> {
        let wrong = |expected| (field, expected, text.to_owned());
        let value = decimal::parse(text.as_bytes()).map_err(|error| wrong(error.expected()))?;
        decimal::price(value, self.steps.tick).map_err(|reject| {
            wrong(match reject {
                Reject::PriceOffTick => "a price on the instrument's tick",
                _ => "a price above zero, below 2^31 ticks",
            })
        })
    }

    fn lots(&self, field: &'static str, text: &str) -> Result<u64, Wrong> {
        let wrong = |expected| (field, expected, text.to_owned());
        let value = decimal::parse(text.as_bytes()).map_err(|error| wrong(error.expected()))?;
        if value.is_zero() {
            return Ok(0);
        }
        let lots = decimal::quantity(value, self.steps.lot);
        lots.map(|lots| lots.lots())
            .map_err(|_| wrong("a quantity in whole lots of the instrument"))
    }

    /// Puts everything in order, drops what came before the first snapshot, and counts gaps.
    fn finish(mut self) -> Capture {
        let mut capture = std::mem::take(&mut self.capture);
        self.book.sort_by_key(|&(update, rank, ..)| (update, rank));
        self.trades.sort_by_key(|&(at, number, _)| (at, number));
        self.trades.dedup_by_key(|&mut (_, number, _)| number);
        let snapshot =
            self.book.iter().find(|(_, rank, ..)| *rank == 2).map(|line| (line.0, line.2));
        if let Some((update, at)) = snapshot {
            self.book.retain(|&(u, rank, ..)| u > update || (u, rank) == (update, 2));
            self.trades.retain(|&(happened, ..)| happened > at);
        }
        capture.gaps = gaps(self.chain, snapshot.map_or(0, |(update, _)| update));
        // Best quotes and depth of one update say the same; a message seen twice is one message.
        self.book.dedup_by_key(|&mut (update, rank, ..)| (update, rank));
        let mut latest = 0;
        for line in &mut self.book {
            latest = line.2.max(latest);
            line.2 = latest;
        }
        let first = self.book.first().map(|line| line.2);
        let first = first.into_iter().chain(self.trades.first().map(|line| line.0)).min();
        capture.midnight = first.unwrap_or(0) * MILLI / DAY * DAY;
        let at = |milli: u64| milli * MILLI - capture.midnight;
        let trades = self.trades.into_iter().map(|(ts, _, what)| Recording { ts: at(ts), what });
        let book = self.book.into_iter().map(|(.., ts, what)| Recording { ts: at(ts), what });
        // The sort is stable: of one moment trades come first, then the book in the order of its updates.
        capture.recordings = trades.chain(book).collect();
        capture.recordings.sort_by_key(|recording| recording.ts);
        capture
    }
}

/// How many depth messages after update `from` do not follow on the one before.
fn gaps(mut chain: Vec<(u64, u64, Option<u64>)>, from: u64) -> u64 {
    chain.sort_unstable_by_key(|&(_, last, _)| last);
    chain.dedup_by_key(|&mut (_, last, _)| last);
    let follows = |before: &(u64, u64, Option<u64>), next: &(u64, u64, Option<u64>)| match next.2 {
        Some(previous) => previous == before.1,
        None => next.0 <= before.1 + 1,
    };
    // What lies before the snapshot is not needed; the first message after it may reach back behind it.
    let lost = |pair: &[(u64, u64, Option<u64>)]| pair[0].1 > from && !follows(&pair[0], &pair[1]);
    chain.windows(2).filter(|pair| lost(pair)).count() as u64
}

fn levels<'m>(
    quotes: &'m Option<Quotes<'_>>,
    field: &'static str,
) -> Result<&'m [Level<'m>], Wrong> {
    match quotes {
        Some(Quotes::Levels(levels)) => Ok(levels),
        Some(_) => Err((field, "a list of levels", "something else".to_owned())),
        None => Err(missing(field)),
    }
}

fn best_price<'m>(quotes: &Option<Quotes<'m>>, field: &'static str) -> Result<&'m str, Wrong> {
    match quotes {
        Some(Quotes::Price(price)) => Ok(price),
        Some(_) => Err((field, "a price in quotes", "something else".to_owned())),
        None => Err(missing(field)),
    }
}

/// A trade's price at the tick nearest to it, half up.
fn nearest(message: &Message<'_>, tick: Step) -> Result<Price, Wrong> {
    let text = message.p.ok_or_else(|| missing("p"))?;
    let wrong = |expected| ("p", expected, text.to_owned());
    let value = decimal::parse(text.as_bytes()).map_err(|error| wrong(error.expected()))?;
    // value / tick = (mantissa / 10^scale) / (tick.mantissa / 10^tick.decimals), rounded by adding a half and cutting.
    let ticks = || {
        let over =
            value.mantissa().checked_mul(2)?.checked_mul(10i128.checked_pow(tick.decimals)?)?;
        let under = i128::from(tick.mantissa).checked_mul(10i128.checked_pow(value.scale())?)?;
        i64::try_from(over.checked_add(under)?.checked_div(under.checked_mul(2)?)?).ok()
    };
    ticks().and_then(Price::new).ok_or_else(|| wrong("a price above zero"))
}

/// When a message says that it happened, or was sent; milliseconds since 1970.
fn moment(message: &Message<'_>) -> Result<u64, Wrong> {
    let at = need(message.happened.or(message.sent), "T")?;
    if at > i64::MAX as u64 / MILLI {
        return Err(("T", "milliseconds since 1970", at.to_string()));
    }
    Ok(at)
}

fn need(field: Option<u64>, name: &'static str) -> Result<u64, Wrong> {
    field.ok_or_else(|| missing(name))
}

fn missing(field: &'static str) -> Wrong {
    (field, "this field", "none".to_owned())
}
