//! How long messages travel between a strategy and the exchange: constant, drawn from measurements, or by time of day.
//!
//! Each direction is a line of its own, first in, first out: a message never overtakes the one before it.

use crate::flow::recorded::DAY;
use crate::prng::Prng;
use crate::scenario::reader::{SECOND, Section, Written, clock, duration};
use plimsoll_text::Error;
use plimsoll_types::Ts;
use std::path::Path;
use std::sync::Arc;

/// The longest way a message may have, so that a slip of the unit is found at once.
const LONGEST: Ts = 3_600 * SECOND;
/// Measurements that a file may hold, so that memory has a bound.
const MEASUREMENTS_MAX: usize = 1_000_000;
/// What a written latency may look like.
const EXPECTED: &str =
    "a duration in quotes of at most 1h, { file = \"..\" } or { sessions = [..] }";

/// How long a message takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Model {
    /// Always as long, nanoseconds.
    Constant(Ts),
    /// One of these, each as likely as the others, nanoseconds.
    Measured(Arc<[Ts]>),
    /// By the time of day at which it sets out: the first session that holds it, else the last field.
    Sessions(Arc<[Session]>, Box<Model>),
}

/// A part of the day with a latency of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it begins, nanoseconds since midnight.
    pub from: Ts,
    /// When it is over; before or at `from`: the next day.
    pub to: Ts,
    /// How long a message takes meanwhile.
    pub model: Model,
}

impl Session {
    fn holds(&self, time: Ts) -> bool {
        match self.from < self.to {
            true => (self.from..self.to).contains(&time),
            false => time >= self.from || time < self.to,
        }
    }
}

impl Model {
    fn draw(&self, ts: Ts, prng: &mut Prng) -> Ts {
        match self {
            Model::Constant(delay) => *delay,
            Model::Measured(delays) => {
                delays.get(prng.below(delays.len() as u64) as usize).copied().unwrap_or(0)
            }
            Model::Sessions(sessions, otherwise) => {
                let found = sessions.iter().find(|session| session.holds(ts % DAY));
                found.map_or(&**otherwise, |session| &session.model).draw(ts, prng)
            }
        }
    }
}

/// The three ways of a strategy's messages, as a scenario gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyPlan {
    /// Public news on its way to the strategy: quotes and trades.
    pub feed: Model,
    /// Orders on their way to the exchange.
    pub orders: Model,
    /// The exchange's answers, and all that concerns the strategy's own account.
    pub replies: Model,
}

impl Default for LatencyPlan {
    fn default() -> LatencyPlan {
        LatencyPlan::each(&Model::Constant(0))
    }
}

impl LatencyPlan {
    /// The same model for all three, each with its own draws.
    pub fn each(model: &Model) -> LatencyPlan {
        LatencyPlan { feed: model.clone(), orders: model.clone(), replies: model.clone() }
    }

    /// Takes the field `key` of a section; absent = no latency. `file` is the scenario's own, where its paths start from.
    ///
    /// Errors: what is no latency, and a file of measurements that cannot be used.
    pub fn read(
        section: &mut Section<'_>,
        key: &'static str,
        file: &Path,
    ) -> Result<LatencyPlan, Error> {
        let ways = match section.written(key, EXPECTED)? {
            None => return Ok(LatencyPlan::default()),
            Some(Written::Section(table)) => table,
            Some(Written::Text(text)) => {
                return Ok(LatencyPlan::each(&Model::Constant(constant(section, key, text)?)));
            }
        };
        if ways.has("file") || ways.has("sessions") {
            return Ok(LatencyPlan::each(&table(ways, file)?));
        }
        let mut ways = ways;
        let mut way = |key| Ok(model(&mut ways, key, file)?.unwrap_or(Model::Constant(0)));
        let plan =
            LatencyPlan { feed: way("feed")?, orders: way("orders")?, replies: way("replies")? };
        ways.finish()?;
        Ok(plan)
    }
}

/// The model under `key`, if it is there.
fn model(
    section: &mut Section<'_>,
    key: &'static str,
    file: &Path,
) -> Result<Option<Model>, Error> {
    Ok(match section.written(key, EXPECTED)? {
        None => None,
        Some(Written::Text(text)) => Some(Model::Constant(constant(section, key, text)?)),
        Some(Written::Section(inside)) => Some(table(inside, file)?),
    })
}

fn constant(section: &Section<'_>, key: &'static str, text: &str) -> Result<Ts, Error> {
    let delay = duration(text).filter(|delay| *delay <= LONGEST);
    delay.ok_or_else(|| section.complaint(key, EXPECTED, &format!("\"{text}\"")))
}

/// `{ file = ".." }` or `{ sessions = [..], otherwise = .. }`.
fn table(mut section: Section<'_>, file: &Path) -> Result<Model, Error> {
    if let Some(name) = section.optional("file", "a file name in quotes", |v| v.as_str())? {
        let path = file.parent().unwrap_or(Path::new("")).join(name);
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            section.complaint("file", "a readable file", &format!("{shown}: {error}"))
        })?;
        section.finish()?;
        return Ok(Model::Measured(measurements(&shown, &text)?));
    }
    let mut sessions = Vec::new();
    for mut session in section.sections("sessions")? {
        let mut time = |key| {
            session.required(key, "a time of day such as \"09:30:00\"", |v| clock(v.as_str()?))
        };
        let (from, to) = (time("from")?, time("to")?);
        let model = model(&mut session, "latency", file)?;
        let Some(model) = model.filter(|model| !matches!(model, Model::Sessions(..))) else {
            let expected = "a duration in quotes or { file = \"..\" }";
            return Err(session.complaint("latency", expected, "none of these"));
        };
        session.finish()?;
        sessions.push(Session { from, to, model });
    }
    if sessions.is_empty() {
        return Err(section.complaint("sessions", "at least one session", "none"));
    }
    let otherwise = model(&mut section, "otherwise", file)?;
    let Some(otherwise) = otherwise.filter(|model| !matches!(model, Model::Sessions(..))) else {
        let expected = "a duration in quotes or { file = \"..\" } for the rest of the day";
        return Err(section.complaint("otherwise", expected, "none of these"));
    };
    section.finish()?;
    Ok(Model::Sessions(sessions.into(), Box::new(otherwise)))
}

/// Measurements, one a line: `350us`, `1.25ms`; or plain numbers under a heading that ends with their unit, as in `latency_us`.
/// Of a csv the first column counts; empty lines and those that begin with `#` do not.
fn measurements(file: &str, text: &str) -> Result<Arc<[Ts]>, Error> {
    let mut delays = Vec::new();
    let mut heading = None;
    for (n, line) in text.lines().enumerate() {
        let first = line.split(',').next().unwrap_or("").trim();
        if first.is_empty() || first.starts_with('#') {
            continue;
        }
        if delays.is_empty()
            && heading.is_none()
            && !first.starts_with(|c: char| c.is_ascii_digit())
        {
            let unit = first.rsplit(['_', ' ']).next().and_then(unit);
            heading = Some(unit.ok_or_else(|| {
                let expected = "a heading that ends with ns, us, ms or s, as in latency_us";
                Error::new("latency", expected, first).at(file, n as u64 + 1)
            })?);
            continue;
        }
        let delay = measurement(first, heading).filter(|delay| *delay <= LONGEST);
        delays.push(delay.ok_or_else(|| {
            let expected = "a number with its unit, such as 350us or 1.25ms, of at most 1h";
            Error::new("latency", expected, first).at(file, n as u64 + 1)
        })?);
        if delays.len() > MEASUREMENTS_MAX {
            let expected = format!("at most {MEASUREMENTS_MAX} measurements");
            return Err(Error::new("latency", expected, "more").at(file, n as u64 + 1));
        }
    }
    if delays.is_empty() {
        return Err(Error::new("latency", "at least one measurement", "none").in_file(file));
    }
    Ok(delays.into())
}

/// `1.25ms`, or `1.25` under a heading that says `ms`; exactly, parts of a nanosecond refused.
fn measurement(text: &str, heading: Option<Ts>) -> Option<Ts> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, letters) = text.split_at(letters);
    let unit = if letters.is_empty() { heading? } else { unit(letters)? };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10u64.pow(fraction.len() as u32);
    let parts = fraction.parse::<Ts>().ok()?.checked_mul(unit)?;
    let whole = whole.parse::<Ts>().ok()?.checked_mul(unit)?;
    (parts % scale == 0).then(|| whole.checked_add(parts / scale)).flatten()
}

fn unit(letters: &str) -> Option<Ts> {
    match letters {
        "ns" => Some(1),
        "us" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(SECOND),
        _ => None,
    }
}

/// One direction between a strategy and the exchange.
#[derive(Clone, Debug)]
pub struct Latency {
    model: Model,
    prng: Prng,
    last: Ts,
}

impl Latency {
    /// A direction under its model, with draws of its own: `way` keeps the three of the `member`-th strategy apart.
    pub fn new(model: &Model, seed: u64, way: Way, member: u64) -> Latency {
        let prng = Prng::new(seed, way.stream(), member);
        Latency { model: model.clone(), prng, last: 0 }
    }

    /// When a message that sets out at `ts` arrives: never before `ts`, nor before the one that set out last.
    ///
    /// Cost: O(1); by time of day, O(sessions). No allocation.
    pub fn delay(&mut self, ts: Ts) -> Ts {
        let delay = self.model.draw(ts, &mut self.prng);
        self.last = ts.saturating_add(delay).max(self.last);
        self.last
    }
}

/// Which direction a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Public news to the strategy.
    Feed,
    /// Orders to the exchange.
    Orders,
    /// Answers to the strategy.
    Replies,
}

impl Way {
    fn stream(self) -> &'static str {
        match self {
            Way::Feed => "latency of the feed",
            Way::Orders => "latency of orders",
            Way::Replies => "latency of replies",
        }
    }
}

#[cfg(test)]
#[path = "latency/tests.rs"]
mod tests;
