//! One account's days: what it began with, what moved, and what it ended with, from one settlement to the next.

use super::View;
use super::story::Step;
use plimsoll_text::Error;
use plimsoll_text::audit::{Books, Flows, Record, Standing};
use plimsoll_types::Ts;
use std::collections::BTreeMap;

/// Most trades of a day that are listed one by one; all are summed up.
pub const TRADES_MAX: usize = 40;

/// What an account bought and sold of one instrument in a day.
#[derive(Clone, Debug, Default)]
pub struct Traded {
    /// Lots bought, and sold.
    pub lots: [i128; 2],
    /// Sums of lots x ticks.
    pub value: [i128; 2],
    pub fees: i128,
    pub trades: u64,
}

/// A position as a day ends.
#[derive(Clone, Debug)]
pub struct Held {
    pub instrument: usize,
    pub isolated: bool,
    pub lots: i64,
    pub today: i64,
    pub entry: Option<String>,
    /// Ticks.
    pub mark: Option<i64>,
    pub unrealised: i128,
}

/// From one settlement to the next.
#[derive(Clone, Debug, Default)]
pub struct Day {
    /// First and last event of it that concerns the account.
    pub span: Option<(Ts, Ts)>,
    /// Whether a settlement ends it.
    pub settled: bool,
    pub opening: Standing,
    pub closing: Standing,
    pub traded: BTreeMap<usize, Traded>,
    pub trades: u64,
    pub repaid: i128,
    pub held: Vec<Held>,
    pub steps: Vec<Step>,
}

impl Day {
    /// What moved without trades.
    pub fn flows(&self) -> Flows {
        let (was, now) = (self.opening.flows, self.closing.flows);
        Flows {
            deposits: now.deposits - was.deposits,
            withdrawals: now.withdrawals - was.withdrawals,
            funding: now.funding - was.funding,
            moved: now.moved - was.moved,
            covered: now.covered - was.covered,
            borne: now.borne - was.borne,
        }
    }

    fn close(&mut self, books: &Books, owner: usize) {
        self.closing = books.standing(owner);
        self.held.clear();
        for holder in books.holders(owner) {
            let account = &books.accounts[holder];
            for (&key, position) in &account.positions {
                self.held.push(Held {
                    instrument: key.0,
                    isolated: account.isolated.is_some(),
                    lots: position.lots,
                    today: position.today(),
                    entry: plimsoll_text::audit::entry_text(books, holder, key),
                    mark: books.terms.instruments[key.0].mark,
                    unrealised: books.unrealised(holder, key),
                });
            }
        }
    }
}

/// The account that is asked for, as far as the record has been read.
pub struct Statement {
    name: String,
    account: Option<usize>,
    days: Vec<Day>,
    day: Day,
    /// A settlement has been read, and perhaps more of the same moment follow.
    settling: Option<u64>,
}

/// An account's days, whole.
pub struct Days {
    pub account: usize,
    pub days: Vec<Day>,
}

impl View for Statement {
    fn note(&mut self, record: &Record<'_>, line: &str, books: &Books) -> Result<bool, Error> {
        // The settlements of one moment, of several positions, end one day.
        if self.settling.is_some() && record.event != "settlement" {
            self.turn();
        }
        if self.account.is_none() {
            self.account = books.find(&self.name);
            let first = self.account.filter(|_| books.terms.known());
            // Opened by its first event, or there from the start with its first deposit.
            if let Some(account) = first.filter(|_| record.event != "opened") {
                self.day.opening = opening(books, account);
            }
        }
        if let Some(account) = self.account {
            self.own(record, line, books, account)?;
        }
        Ok(true)
    }
}

/// What an account of the configuration had before the first event: its first deposit.
fn opening(books: &Books, account: usize) -> Standing {
    let spec = books.terms.spec.as_ref();
    let name = books.accounts[account].name.as_ref();
    let first = spec.and_then(|spec| spec.accounts.iter().find(|of| of.name.as_str() == name));
    let deposit = first.map_or(0, |account| account.deposit.units());
    let flows = Flows { deposits: deposit, ..Flows::default() };
    Standing { balance: deposit, flows, ..Standing::default() }
}

impl Statement {
    pub fn new(name: &str) -> Statement {
        Statement {
            name: name.to_owned(),
            account: None,
            days: Vec::new(),
            day: Day::default(),
            settling: None,
        }
    }

    /// The day is over; the next begins with what this one ended with.
    fn turn(&mut self) {
        self.settling = None;
        let next = Day { opening: self.day.closing, ..Day::default() };
        let mut day = std::mem::replace(&mut self.day, next);
        day.settled = true;
        self.days.push(day);
    }

    fn own(
        &mut self,
        record: &Record<'_>,
        line: &str,
        books: &Books,
        account: usize,
    ) -> Result<(), Error> {
        let name = books.accounts[account].name.as_ref();
        let event = record.event.as_ref();
        if event == "trade" {
            let sides = [record.text("maker")? == name, record.text("taker")? == name];
            return match sides {
                [false, false] => Ok(()),
                sides => self.trade(record, line, books, sides),
            };
        }
        let named = record.text_or_none("account")?.is_some_and(|of| of == name);
        let fund = event == "fund" && self.is_for_us(record, books, account)?;
        if !named && !fund {
            return Ok(());
        }
        match event {
            "accepted" | "cancelled" | "replaced" | "refilled" | "triggered" | "rejected" => {
                self.reach(record.ts);
                return Ok(());
            }
            "deposit" => self.day.repaid += record.fixed("repaid", books.terms.decimals)?,
            "settlement" => {
                self.settling = Some(record.seq);
                self.day.close(books, account);
            }
            _ => {}
        }
        self.tell(record, line, books)
    }

    /// Whether the fund pays for a case of ours.
    fn is_for_us(&self, record: &Record<'_>, books: &Books, account: usize) -> Result<bool, Error> {
        let Some(fallen) = books.last_waterfall() else { return Ok(false) };
        Ok(record.has("case")
            && record.whole("case")? == fallen.case
            && books.accounts[fallen.holder].owner == account)
    }

    fn reach(&mut self, ts: Ts) {
        let (from, _) = self.day.span.unwrap_or((ts, ts));
        self.day.span = Some((from, ts));
    }

    fn tell(&mut self, record: &Record<'_>, line: &str, books: &Books) -> Result<(), Error> {
        self.reach(record.ts);
        let (mut what, words) = super::event_words::words(record, books, None)?;
        if record.event == "case" {
            what = format!("case {} {}", record.whole("case")?, record.text("state")?);
        }
        if let Some(symbol) = record.text_or_none("isolated")? {
            what = format!("{what} in {symbol}");
        }
        let event = serde_json::from_str(line)
            .map_err(|error| Error::new("line", "a JSON object", &error.to_string()))?;
        self.day.steps.push(Step { seq: record.seq, ts: record.ts, what, words, event });
        Ok(())
    }

    /// A trade of ours: as maker, as taker, or both.
    fn trade(
        &mut self,
        record: &Record<'_>,
        line: &str,
        books: &Books,
        sides: [bool; 2],
    ) -> Result<(), Error> {
        let symbol = record.text("symbol")?;
        let Some(instrument) = books.terms.find(&symbol) else { return Ok(()) };
        let about = &books.terms.instruments[instrument];
        let (price, lots) = (record.steps("price", about.tick)?, record.steps("qty", about.lot)?);
        let taker_sells = record.text("side")? == "sell";
        let mut words = Vec::new();
        for (role, other) in [(0, "taker"), (1, "maker")] {
            if !sides[role] {
                continue;
            }
            let sells = (role == 1) == taker_sells;
            let fee = ["maker_fee", "taker_fee"][role];
            let fee = record.fixed_or_zero(fee, books.terms.decimals)?;
            let traded = self.day.traded.entry(instrument).or_default();
            traded.lots[usize::from(sells)] += i128::from(lots);
            traded.value[usize::from(sells)] += i128::from(price) * i128::from(lots);
            traded.fees += fee;
            traded.trades += 1;
            let verb = if sells { "sold" } else { "bought" };
            let (qty, price, other) =
                (record.text("qty")?, record.text("price")?, record.text(other)?);
            let mut said = format!("{verb} {qty} {symbol} at {price} with {other}");
            if fee != 0 {
                said += &format!(", fee {}", super::words::money(fee, books.terms.decimals));
            }
            words.push(said);
        }
        self.reach(record.ts);
        self.day.trades += 1;
        if self.day.trades <= TRADES_MAX as u64 {
            self.tell(record, line, books)?;
            if let Some(step) = self.day.steps.last_mut() {
                step.what = match record.text("kind")?.as_ref() {
                    "normal" => "trade".to_owned(),
                    kind => format!("trade ({kind})"),
                };
                step.words = words.join("; ");
            }
        }
        Ok(())
    }

    /// What was found, once the record has been read to its end.
    pub fn finish(mut self, books: &Books) -> Option<Days> {
        let account = self.account.or_else(|| books.find(&self.name))?;
        if self.account.is_none() {
            self.day.opening = books.standing(account);
        }
        if self.settling.is_some() {
            self.turn();
        }
        if self.days.is_empty() || self.day.span.is_some() {
            self.day.close(books, account);
            self.days.push(self.day);
        }
        Some(Days { account, days: self.days })
    }
}
