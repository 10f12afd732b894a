//! A recorded market as background: its last price is the mark, its best quotes stand in the book, day after day.
//!
//! The recording holds only the best price of each side, so a fixed depth is quoted behind it: `levels` prices, `spacing`
//! ticks apart on a grid, `lots` at each. Limits, phases and pauses are the recording's. With `trades`, what was traded
//! between two snapshots comes as a buy and a sell order of the account `taker`, before the quotes of the later one.

use super::own::OwnOrders;
use super::{Agent, World};
use crate::files::{read_text, whence};
use crate::scenario::Recorded;
use crate::scenario::reader::{SECOND, clock};
use plimsoll_text::{Error, decimal};
use plimsoll_types::{
    AccountId, Command, Event, InstrumentId, Phase, Price, Side, Step, TimeInForce, Ts,
};

/// A day, in nanoseconds.
pub const DAY: Ts = 24 * 3_600 * SECOND;

/// A pause of the recording that closes the market until the next snapshot.
const PAUSE: Ts = 300 * SECOND;

/// A best price and the lots there; none where the side is empty.
type Quote = Option<(Price, u64)>;

/// One snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// When: nanoseconds since midnight of the first day.
    pub ts: Ts,
    /// Price of the last trade.
    pub last: Price,
    /// Best bid.
    pub bid: Quote,
    /// Best ask.
    pub ask: Quote,
    /// Limit-down of the day.
    pub down: Price,
    /// Limit-up of the day.
    pub up: Price,
    /// Lots traded so far that day; 0 where trades are not replayed.
    pub volume: u64,
    /// Sum of price (ticks) times lots of what was traded so far that day; 0 where trades are not replayed.
    pub traded: u64,
}

/// In what a recorded day's decimals are counted.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    /// Prices.
    pub tick: Step,
    /// Turnover, where trades are replayed: decimals of money, and money units that a lot is worth by the tick.
    pub turnover: Option<(u32, i64)>,
}

impl Snapshot {
    /// The day it belongs to, from 0.
    pub fn day(&self) -> Ts {
        self.ts / DAY
    }

    /// Whether `later` says the same again after a minute or more.
    fn repeated_by(&self, later: &Snapshot) -> bool {
        later.ts - self.ts >= 60 * SECOND && *later == Snapshot { ts: later.ts, ..*self }
    }
}

/// Reads the recorded days, one file a day (csv, or csv.gz), in order.
///
/// Errors: a file that is not there or cannot be read, in one line.
pub fn read_days(recorded: &Recorded, units: Units) -> Result<Vec<Snapshot>, Error> {
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for (day, file) in recorded.files.iter().enumerate() {
        let name = file.display().to_string();
        let text = read_text(file, u64::MAX).map_err(|error| {
            let place = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            let found = format!("{error} at {}{}", place.display(), whence(&error));
            Error {
                found: found.into(),
                ..Error::new("flow.recorded.files", "a readable recorded day (csv or csv.gz)", "")
            }
            .in_file(&name)
        })?;
        for (n, line) in text.lines().enumerate().skip(1) {
            let snapshot = snapshot(line, day as Ts, units)
                .map_err(|(field, found)| Error::new(field, FORM, found).at(&name, n as u64 + 1))?;
            if snapshots.last().is_some_and(|last| last.ts > snapshot.ts) {
                return Err(
                    Error::new("time", "times that never fall", line).at(&name, n as u64 + 1)
                );
            }
            // A lone snapshot after the close only repeats the last one: nothing is traded then.
            if snapshots.last().is_none_or(|last| !last.repeated_by(&snapshot)) {
                snapshots.push(snapshot);
            }
        }
    }
    match snapshots.first() {
        Some(_) => Ok(snapshots),
        None => Err(Error::new("flow.recorded.files", "at least one snapshot", "none")),
    }
}

/// What a line must look like.
const FORM: &str = "time,last,volume,turnover,open_interest,bid,bid_qty,ask,ask_qty,limit_up,limit_down,prev_settlement";

/// One line; what is wrong with it otherwise: the field and what stood there.
fn snapshot(line: &str, day: Ts, units: Units) -> Result<Snapshot, (&str, &str)> {
    let mut cells = line.split(',');
    let mut cell = |name| cells.next().ok_or((name, "the end of the line"));
    let tick = units.tick;
    let read = |name, text| on_tick(text, tick).ok_or((name, text));
    let time = cell("time")?;
    let last = cell("last")?;
    let (volume, turnover) = (cell("volume")?, cell("turnover")?);
    let (volume, traded) = match units.turnover {
        Some(unit) => (
            volume.parse().map_err(|_| ("volume", volume))?,
            tick_lots(turnover, unit).ok_or(("turnover", turnover))?,
        ),
        None => (0, 0),
    };
    let _ = cell("open_interest")?;
    let (bid, bid_qty) = (cell("bid")?, cell("bid_qty")?);
    let (ask, ask_qty) = (cell("ask")?, cell("ask_qty")?);
    let (up, down) = (cell("limit_up")?, cell("limit_down")?);
    Ok(Snapshot {
        ts: day * DAY + clock(time).ok_or(("time", time))?,
        last: read("last", last)?,
        bid: quote(bid, bid_qty, tick).ok_or(("bid_qty", bid_qty))?,
        ask: quote(ask, ask_qty, tick).ok_or(("ask_qty", ask_qty))?,
        down: read("limit_down", down)?,
        up: read("limit_up", up)?,
        volume,
        traded,
    })
}

/// Turnover as price times lots, to the nearest.
fn tick_lots(turnover: &str, (decimals, tick_value): (u32, i64)) -> Option<u64> {
    let money = decimal::money(decimal::parse(turnover.as_bytes()).ok()?, decimals)?.units();
    let value = i128::from(tick_value).max(1);
    u64::try_from((money + value / 2).div_euclid(value)).ok()
}

/// What was traded between two snapshots: how many lots took the ask and how many the bid of the earlier one, so that
/// their average price is the one that the turnover tells. Outside the spread all are one side's.
fn split(before: &Snapshot, now: &Snapshot) -> [(Side, Price, u64); 2] {
    let lots = now.volume.saturating_sub(before.volume);
    let paid = i128::from(now.traded) - i128::from(before.traded);
    let (bid, ask) = match (before.bid, before.ask) {
        (Some((bid, _)), Some((ask, _))) => (bid, ask),
        // At a limit one side is empty, and everybody trades with the other.
        (Some((bid, _)), None) => (bid, Price::MAX),
        (None, Some((ask, _))) => (Price::MIN, ask),
        (None, None) => return [(Side::Buy, now.last, 0), (Side::Sell, now.last, 0)],
    };
    let spread = i128::from((ask.ticks() - bid.ticks()).max(1));
    let above_bid = paid - i128::from(bid.ticks()) * i128::from(lots);
    let bought = (2 * above_bid + spread).div_euclid(2 * spread);
    let buys = u64::try_from(bought.max(0)).unwrap_or(u64::MAX).min(lots);
    let orders =
        [(Side::Buy, ask.max(now.last), buys), (Side::Sell, bid.min(now.last), lots - buys)];
    // The side that traded last comes last.
    match now.last.ticks() * 2 >= bid.ticks() + ask.ticks() {
        true => [orders[1], orders[0]],
        false => orders,
    }
}

/// A side's best; an empty side is written with quantity 0 or a price that is none.
fn quote(price: &str, qty: &str, tick: Step) -> Option<Quote> {
    let lots = qty.parse().ok()?;
    Some(on_tick(price, tick).filter(|_| lots > 0).map(|price| (price, lots)))
}

fn on_tick(text: &str, tick: Step) -> Option<Price> {
    decimal::price(decimal::parse(text.as_bytes()).ok()?, tick).ok()
}

/// The account that plays the recording.
pub struct Recorder {
    own: OwnOrders,
    plan: Recorded,
    snapshots: Vec<Snapshot>,
    next: usize,
    phase: Phase,
    mark: Option<Price>,
    /// Who does the recorded trades, where they are replayed.
    taker: Option<AccountId>,
    /// The trades before the next snapshot have been sent.
    taken: bool,
}

impl Recorder {
    /// Plays the snapshots under `account`; the band of the first day is set and the market open.
    pub fn new(account: AccountId, plan: Recorded, snapshots: Vec<Snapshot>) -> Recorder {
        let own = OwnOrders::new(account);
        Recorder {
            own,
            plan,
            snapshots,
            next: 0,
            phase: Phase::Continuous,
            mark: None,
            taker: None,
            taken: false,
        }
    }

    /// Gives it the account it plays under.
    pub fn assign(&mut self, account: AccountId) {
        self.own = OwnOrders::new(account);
    }

    /// Gives it the account that does the recorded trades.
    pub fn take_with(&mut self, taker: AccountId) {
        self.taker = Some(taker);
    }

    /// The first snapshot.
    pub fn first(&self) -> Snapshot {
        self.snapshots[0]
    }

    /// Where quotes stand for a snapshot: side, price, lots.
    fn quotes(&self, now: &Snapshot) -> Vec<(Side, Price, u64)> {
        let mut quotes = Vec::with_capacity(2 + 2 * self.plan.levels as usize);
        for (side, best) in [(Side::Buy, now.bid), (Side::Sell, now.ask)] {
            let Some((best, lots)) = best else { continue };
            quotes.push((side, best, lots));
            // Levels lie on a grid, so that they stay where they are while the best price moves by a few ticks.
            let (away, spacing) = (-side.sign(), self.plan.spacing);
            let grid = best.ticks().div_euclid(spacing) * spacing;
            let levels = (0..).map(|n| grid + away * n * spacing);
            let behind = levels.filter(|ticks| away * (ticks - best.ticks()) > 0);
            for ticks in behind.take(self.plan.levels as usize) {
                let price = Price::clamped(ticks);
                if price >= now.down && price <= now.up {
                    quotes.push((side, price, self.plan.lots));
                }
            }
        }
        quotes
    }

    /// Brings the book to the snapshot: first what must go, so that nothing of its own stands in the way.
    fn refresh(&self, world: &World<'_>, now: &Snapshot, out: &mut Vec<Command>) {
        let mut quotes = self.quotes(now);
        for order in self.own.iter() {
            let kept = quotes.iter().position(|&(side, price, lots)| {
                (side, price) == (order.side, order.price) && lots == order.open.lots()
            });
            match kept {
                Some(at) => drop(quotes.swap_remove(at)),
                None => out.push(self.own.cancel(world.instrument, order)),
            }
        }
        quotes
            .sort_unstable_by_key(|&(side, price, _)| (side.sign(), side.sign() * -price.ticks()));
        let account = self.own.account();
        out.extend(
            quotes.into_iter().map(|(side, price, lots)| world.limit(account, side, price, lots)),
        );
    }

    /// Sends what was traded between two snapshots of a session; false where nothing was.
    fn trade(
        &self,
        world: &World<'_>,
        before: &Snapshot,
        now: &Snapshot,
        out: &mut Vec<Command>,
    ) -> bool {
        let Some(taker) = self.taker else { return false };
        if self.phase != Phase::Continuous || before.day() != now.day() {
            return false;
        }
        let sent = out.len();
        for (side, price, lots) in split(before, now) {
            if lots > 0 && world.admits(price.ticks()) {
                out.push(world.order(taker, side, price, lots, TimeInForce::Ioc));
            }
        }
        out.len() > sent
    }

    fn turn(&mut self, instrument: InstrumentId, phase: Phase, out: &mut Vec<Command>) {
        if self.phase != phase {
            self.phase = phase;
            out.push(Command::Phase { instrument, phase });
        }
    }
}

impl Agent for Recorder {
    fn wake(&mut self, world: &World<'_>, out: &mut Vec<Command>) -> Option<Ts> {
        let instrument = world.instrument;
        let now = *self.snapshots.get(self.next)?;
        let before = self.next.checked_sub(1).map(|at| self.snapshots[at]);
        if let Some(before) = before
            && !self.taken
            && self.trade(world, &before, &now, out)
        {
            // The quotes that stood there meet these orders first.
            self.taken = true;
            return Some(world.now);
        }
        self.taken = false;
        self.next += 1;
        let next = self.snapshots.get(self.next).copied();
        if before.is_some_and(|before| (before.down, before.up) != (now.down, now.up)) {
            out.push(Command::Band { instrument, down: now.down, up: now.up });
        }
        if self.mark != Some(now.last) {
            self.mark = Some(now.last);
            out.push(Command::Mark { instrument, price: now.last });
        }
        let pause = next.is_none_or(|next| next.ts - now.ts >= PAUSE);
        self.turn(instrument, Phase::Continuous, out);
        self.refresh(world, &now, out);
        if pause {
            self.turn(instrument, Phase::Closed, out);
            if next.is_none_or(|next| next.day() != now.day()) {
                out.push(Command::CancelAll {
                    account: self.own.account(),
                    instrument: None,
                    side: None,
                });
            }
        }
        next.map(|next| next.ts)
    }

    fn heard(&mut self, event: &Event) -> Option<Ts> {
        self.own.heard(event);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { tick: Step { mantissa: 2, decimals: 1 }, turnover: None };

    #[test]
    fn a_snapshot_is_read_in_ticks() {
        let line =
            "09:30:00.400,5230.8,71,111416040.0,90751,5231.4,2,5231.6,1,5737.8,4694.6,5216.2";
        let read = snapshot(line, 1, UNITS).unwrap();
        assert_eq!(read.ts, DAY + 34_200 * SECOND + 400_000_000);
        assert_eq!(read.last.ticks(), 26_154);
        assert_eq!(read.bid, Some((Price::clamped(26_157), 2)));
        assert_eq!((read.down.ticks(), read.up.ticks()), (23_473, 28_689));
    }

    #[test]
    fn a_bad_snapshot_names_its_field() {
        let line = "09:30:00.400,5230.9,71,1.0,9,5231.4,2,5231.6,1,5737.8,4694.6,5216.2";
        assert_eq!(snapshot(line, 0, UNITS), Err(("last", "5230.9")));
        assert_eq!(snapshot("09:30:00", 0, UNITS), Err(("last", "the end of the line")));
    }

    #[test]
    fn depth_behind_the_best_stays_on_its_grid() {
        let plan = Recorded { files: Vec::new(), levels: 2, spacing: 10, lots: 7, trades: false };
        let price = Price::clamped;
        let now = Snapshot {
            ts: 0,
            last: price(105),
            bid: Some((price(104), 3)),
            ask: Some((price(110), 4)),
            down: price(95),
            up: price(1000),
            volume: 0,
            traded: 0,
        };
        let recorder = Recorder::new(AccountId(0), plan, vec![now]);
        let quotes: Vec<_> =
            recorder.quotes(&now).iter().map(|q| (q.0.as_str(), q.1.ticks(), q.2)).collect();
        // 90 would be the second level below, but it lies outside the band.
        assert_eq!(
            quotes,
            [
                ("buy", 104, 3),
                ("buy", 100, 7),
                ("sell", 110, 4),
                ("sell", 120, 7),
                ("sell", 130, 7)
            ]
        );
    }

    #[test]
    fn turnover_tells_how_many_lots_took_each_side() {
        // 71 lots at 5230.8: 5230.8 x 300 x 71; a tick of a lot is worth 60.00.
        let units = Units { turnover: Some((2, 6_000)), ..UNITS };
        let line = |volume, turnover: &str| {
            format!(
                "09:30:00.400,5230.8,{volume},{turnover},9,5230.4,2,5230.8,1,5737.8,4694.6,5216.2"
            )
        };
        let read = |text: String| snapshot(&text, 0, units).map_err(|(field, _)| field.to_owned());
        let before = read(line(71, "111416040.0")).unwrap();
        assert_eq!((before.volume, before.traded), (71, 71 * 26_154));
        // Three lots at the ask (5230.8) and one at the bid (5230.4).
        let now = read(line(75, "117692880")).unwrap();
        let (bid, ask) = (Price::clamped(26_152), Price::clamped(26_154));
        assert_eq!(split(&before, &now), [(Side::Sell, bid, 1), (Side::Buy, ask, 3)]);
        // Everything above the ask: the market ran away upwards.
        let far =
            Snapshot { traded: before.traded + 4 * 26_160, last: Price::clamped(26_160), ..now };
        assert_eq!(split(&before, &far)[1], (Side::Buy, Price::clamped(26_160), 4));
        // Locked at limit-up: nobody offers, so what is traded takes the bid.
        let locked = Snapshot { ask: None, ..before };
        let sold = split(&locked, &now).map(|(side, _, lots)| (side, lots));
        assert!(sold.contains(&(Side::Sell, 4)) && sold.contains(&(Side::Buy, 0)));
        assert_eq!(read(line(71, "x")), Err("turnover".to_owned()));
    }
}
