//! One liquidation case, from the notices before it to the settlement after it.

use super::View;
use super::words::{average, steps};
use plimsoll_text::Error;
use plimsoll_text::audit::{Books, Record, Standing};
use plimsoll_types::{Label, Ts};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Most notices that are remembered of an account that has not been at ease since.
const NOTICES_MAX: usize = 64;

/// A line of the story: an event, and what it means.
#[derive(Clone, Debug)]
pub struct Step {
    /// The event's number.
    pub seq: u64,
    /// Its time, nanoseconds.
    pub ts: Ts,
    /// What it is, in a word or two.
    pub what: String,
    /// What it says.
    pub words: String,
    /// The event as the record has it, with what was found out about it.
    pub event: Value,
}

/// A batch: an order of the case, and what became of it.
#[derive(Clone, Debug)]
pub struct Batch {
    pub n: u64,
    pub instrument: usize,
    pub sells: bool,
    pub price: Option<i64>,
    pub qty: i64,
    /// The mark it met, ticks.
    pub mark: Option<i64>,
    /// Lots traded, and the sum of lots x ticks.
    pub lots: i64,
    pub value: i128,
    /// Sum over its lots of ticks worse than the mark it met, and than the mark at the case's beginning.
    pub worse: [i128; 2],
    pub fees: i128,
}

/// What a case came to, beside its batches.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub cancelled: u64,
    pub parked: u64,
    pub taken_over: u64,
    pub deleveraged: u64,
    /// Paid by the fund, borne by others, left as debt. Units: money units.
    pub fund: i128,
    pub socialised: i128,
    pub debt: i128,
    pub deposits: i128,
}

/// The case that is asked for, as far as it has been read.
pub struct Story {
    pub case: u64,
    /// Whose: an account or an isolated position.
    pub holder: Option<usize>,
    pub reason: String,
    pub opened: Ts,
    pub ended: Option<Ts>,
    /// How it ended; `open` until then.
    pub result: &'static str,
    pub before: Standing,
    pub after: Option<Standing>,
    pub steps: Vec<Step>,
    pub batches: Vec<Batch>,
    pub totals: Totals,
    pub settled: bool,
    /// Marks when it began, by instrument.
    marks: HashMap<usize, i64>,
    /// Tier changes, calls and restrictions of accounts that stand in a tier, until the case is met.
    notices: HashMap<usize, Vec<Step>>,
}

impl View for Story {
    fn note(&mut self, record: &Record<'_>, line: &str, books: &Books) -> Result<bool, Error> {
        match self.holder {
            None => self.before_it(record, line, books)?,
            Some(holder) => self.during(record, line, books, holder)?,
        }
        Ok(!self.settled)
    }
}

impl Story {
    pub fn new(case: u64) -> Story {
        Story {
            case,
            holder: None,
            reason: String::new(),
            opened: 0,
            ended: None,
            result: "open",
            before: Standing::default(),
            after: None,
            steps: Vec::new(),
            batches: Vec::new(),
            totals: Totals::default(),
            settled: false,
            marks: HashMap::new(),
            notices: HashMap::new(),
        }
    }

    pub fn found(&self) -> bool {
        self.holder.is_some()
    }

    /// Who an event is about.
    fn holder_of(record: &Record<'_>, books: &Books) -> Result<Option<usize>, Error> {
        let Some(account) = record.text_or_none("account")? else { return Ok(None) };
        let owner = books.find(&account);
        let Some(symbol) = record.text_or_none("isolated")? else { return Ok(owner) };
        Ok(owner.and_then(|owner| books.isolated(owner, &symbol).next()))
    }

    /// Notices of everybody, until the case that is asked for begins.
    fn before_it(&mut self, record: &Record<'_>, line: &str, books: &Books) -> Result<(), Error> {
        let event = record.event.as_ref();
        if event == "case" {
            if record.text("state")? == "triggered" && record.whole("case")? == self.case {
                self.begin(record, line, books)?;
            }
            return Ok(());
        }
        if !matches!(event, "tier" | "margin_call" | "restricted" | "unrestricted") {
            return Ok(());
        }
        let Some(holder) = Story::holder_of(record, books)? else { return Ok(()) };
        if event == "tier" && record.text("to")? == "normal" {
            self.notices.remove(&holder);
            return Ok(());
        }
        let step = self.step(record, line, books)?;
        let notices = self.notices.entry(holder).or_default();
        if notices.len() == NOTICES_MAX {
            notices.remove(0);
        }
        notices.push(step);
        Ok(())
    }

    fn begin(&mut self, record: &Record<'_>, line: &str, books: &Books) -> Result<(), Error> {
        let holder = Story::holder_of(record, books)?.unwrap_or_default();
        self.holder = Some(holder);
        self.reason = record.text_or_none("reason")?.unwrap_or_default().into_owned();
        self.opened = record.ts;
        self.before = books.standing_of(holder);
        self.steps = self.notices.remove(&holder).unwrap_or_default();
        self.notices.clear();
        for (place, instrument) in books.terms.instruments.iter().enumerate() {
            self.marks.extend(instrument.mark.map(|mark| (place, mark)));
        }
        let step = self.step(record, line, books)?;
        self.steps.push(step);
        Ok(())
    }

    /// Events of the case, and those of its account until it is settled.
    fn during(
        &mut self,
        record: &Record<'_>,
        line: &str,
        books: &Books,
        holder: usize,
    ) -> Result<(), Error> {
        let account = &books.accounts[holder];
        let named = record.text_or_none("account")?.is_some_and(|name| name == *account.name);
        let own = named && Story::holder_of(record, books)? == Some(holder);
        let ours = record.has("case") && record.whole("case")? == self.case;
        let falls = books.last_waterfall().is_some_and(|fallen| fallen.case == self.case);
        let open = self.ended.is_none();
        let told = match record.event.as_ref() {
            "trade" if open => return self.trade(record, line, books, holder),
            "case" if ours => {
                self.state(record, books, holder)?;
                true
            }
            "settlement" if own => {
                self.settled = !open;
                true
            }
            "cancelled" if named && open && record.text("reason")? == "liquidation" => {
                self.totals.cancelled += 1;
                true
            }
            "deposit" if named => {
                self.totals.deposits += record.fixed("amount", books.terms.decimals)?;
                true
            }
            "fund" if ours => {
                self.totals.fund -= record.fixed("change", books.terms.decimals)?;
                true
            }
            "socialised" if falls => {
                self.totals.socialised += record.fixed("amount", books.terms.decimals)?;
                true
            }
            "debt" if named && falls => {
                self.totals.debt += record.fixed("amount", books.terms.decimals)?;
                true
            }
            "adl" if ours => {
                self.totals.deleveraged += 1;
                true
            }
            "takeover" if ours => {
                self.totals.taken_over += 1;
                true
            }
            "tier" | "margin_call" | "restricted" | "unrestricted" | "withdrawal" | "funding" => {
                own
            }
            "margin_moved" | "leverage" | "profile" => named && open,
            _ => false,
        };
        if told {
            let mut step = self.step(record, line, books)?;
            // The rule behind a plan is the same each time: it is told with the first.
            if step.what == "plan"
                && self.steps.iter().any(|step| step.what == "plan")
                && let Some((targets, _)) = step.words.split_once(": ")
            {
                step.words = targets.to_owned();
            }
            self.steps.push(step);
            if self.ended.is_some() {
                self.after = Some(books.standing_of(holder));
            }
        }
        Ok(())
    }

    fn state(&mut self, record: &Record<'_>, books: &Books, holder: usize) -> Result<(), Error> {
        match record.text("state")?.as_ref() {
            "batch" => {
                let (instrument, sells) = target(record, books)?;
                let about = &books.terms.instruments[instrument];
                let price = record.has("price").then(|| record.steps("price", about.tick));
                self.batches.push(Batch {
                    n: record.whole("n")?,
                    instrument,
                    sells,
                    price: price.transpose()?,
                    qty: record.steps("qty", about.lot)?,
                    mark: about.mark,
                    lots: 0,
                    value: 0,
                    worse: [0; 2],
                    fees: 0,
                });
            }
            "parked" => self.totals.parked += 1,
            end @ ("restored" | "waterfall" | "closed") => {
                self.result = match end {
                    "restored" => "restored",
                    "waterfall" => "waterfall",
                    _ => "closed",
                };
                self.ended = Some(record.ts);
                self.after = Some(books.standing_of(holder));
            }
            _ => {}
        }
        Ok(())
    }

    /// A fill of one of the case's orders, or a trade by which somebody gave lots to it.
    fn trade(
        &mut self,
        record: &Record<'_>,
        line: &str,
        books: &Books,
        holder: usize,
    ) -> Result<(), Error> {
        let owner = &books.accounts[books.accounts[holder].owner].name;
        let prefix = format!("liq-{}-", self.case);
        let side = |who: &str| -> Result<Option<u64>, Error> {
            let id = record.text(&format!("{who}_id"))?;
            let own = record.text(who)? == **owner;
            Ok(id.strip_prefix(&prefix).and_then(|n| n.parse().ok()).filter(|_| own))
        };
        let (n, fee, with) = match (side("taker")?, side("maker")?) {
            (Some(n), _) => (n, "taker_fee", "maker"),
            (None, Some(n)) => (n, "maker_fee", "taker"),
            (None, None) => return Ok(()),
        };
        let symbol = record.text("symbol")?;
        let Some(instrument) = books.terms.find(&symbol) else { return Ok(()) };
        let about = &books.terms.instruments[instrument];
        let (price, lots) = (record.steps("price", about.tick)?, record.steps("qty", about.lot)?);
        let sells = (record.text("side")? == "sell") == (with == "maker");
        let sign = if sells { 1 } else { -1 };
        let worse = |mark: i64| i128::from(sign) * i128::from(mark - price);
        let began = self.marks.get(&instrument).copied();
        let paid = record.fixed_or_zero(fee, books.terms.decimals)?;
        let adl = record.text("kind")? == "adl";
        let mut met = None;
        // A deleveraging is no batch: its lots meet no book.
        if let Some(batch) = self.batches.iter_mut().rev().find(|batch| batch.n == n && !adl) {
            batch.lots += lots;
            batch.value += i128::from(price) * i128::from(lots);
            batch.fees += paid;
            met = batch.mark;
            for (sum, mark) in batch.worse.iter_mut().zip([batch.mark, began]) {
                *sum += mark.map_or(0, |mark| worse(mark) * i128::from(lots));
            }
        }
        let mut step = self.step(record, line, books)?;
        let with = record.text(with)?;
        step.words =
            format!("{} {symbol} at {} with {with}", text(record, "qty")?, text(record, "price")?);
        if let Some(mark) = met {
            step.words += &format!(", {} the mark", self.distance(worse(mark), instrument, books));
            if books.terms.known()
                && let Value::Object(event) = &mut step.event
            {
                let ticks = serde_json::Number::from_i128(worse(mark));
                event.insert("slippage_ticks".to_owned(), ticks.map_or(Value::Null, Value::Number));
            }
        }
        if paid != 0 {
            step.words += &format!(", fee {}", super::words::money(paid, books.terms.decimals));
        }
        step.what = if adl { "deleveraged" } else { "  fill" }.to_owned();
        self.steps.push(step);
        Ok(())
    }

    /// How far a price lies from another, in words.
    fn distance(&self, worse: i128, instrument: usize, books: &Books) -> String {
        if worse == 0 {
            return "at".to_owned();
        }
        let word = if worse > 0 { "worse than" } else { "better than" };
        let size = worse.abs();
        if books.terms.known() {
            return format!("{size} {} {word}", if size == 1 { "tick" } else { "ticks" });
        }
        format!("{} {word}", steps(size, books.terms.instruments[instrument].tick))
    }

    fn step(&self, record: &Record<'_>, line: &str, books: &Books) -> Result<Step, Error> {
        let (what, words) = super::event_words::words(record, books, self.holder)?;
        // Read once already, by another reader of the same language.
        let event = serde_json::from_str(line)
            .map_err(|error| Error::new("line", "a JSON object", &error.to_string()))?;
        Ok(Step { seq: record.seq, ts: record.ts, what, words, event })
    }

    /// Lots closed in each instrument and the average price, in order of instruments.
    pub fn closed(&self, books: &Books) -> Vec<(String, &'static str, String, Option<String>)> {
        let mut sums: BTreeMap<(usize, bool), (i128, i128)> = BTreeMap::new();
        for batch in &self.batches {
            let sum = sums.entry((batch.instrument, batch.sells)).or_default();
            sum.0 += i128::from(batch.lots);
            sum.1 += batch.value;
        }
        let mut closed = Vec::new();
        for ((instrument, sells), (lots, value)) in sums {
            let about = &books.terms.instruments[instrument];
            let side = if sells { "sell" } else { "buy" };
            let price = average(value, lots, about);
            closed.push((about.symbol.to_string(), side, steps(lots, about.lot), price));
        }
        closed
    }

    /// Lots of all batches, and how many ticks worse than the two marks they went, summed over lots.
    pub fn worse(&self) -> (i128, [i128; 2]) {
        let lots = self.batches.iter().map(|batch| i128::from(batch.lots)).sum();
        let sum = |n: usize| self.batches.iter().map(|batch| batch.worse[n]).sum();
        (lots, [sum(0), sum(1)])
    }

    /// Name of the profile the case goes by, where that is known.
    pub fn profile(&self, books: &Books) -> Option<Label> {
        books.accounts[self.holder?].profile
    }
}

/// Instrument and side of a batch.
fn target(record: &Record<'_>, books: &Books) -> Result<(usize, bool), Error> {
    let symbol = record.text("symbol")?;
    let found = books.terms.find(&symbol);
    let instrument =
        found.ok_or_else(|| Error::new("symbol", "an instrument that is traded", &symbol))?;
    Ok((instrument, record.text("side")? == "sell"))
}

/// A decimal as the record has it.
fn text<'a>(record: &Record<'a>, key: &str) -> Result<Cow<'a, str>, Error> {
    record.text(key)
}
