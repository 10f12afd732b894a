//! From the text of a scenario to a [`Scenario`]: each section has one function here.

use super::reader::{SECOND, Section, clock};
use super::{BUILT_IN, Flow, L3, Recorded, Scenario, Scripted, Shock};
use crate::flow::depth::plan::depth;
use crate::flow::fundamental::fundamental;
use crate::flow::hawkes::hawkes;
use crate::flow::index::index;
use crate::flow::maker::makers;
use crate::flow::momentum::momentum;
use crate::flow::noise::noise;
use crate::flow::zero::zero;
use crate::population::plan::Population;
use crate::population::read::population;
use crate::strategy::plan::StrategyPlan;
use plimsoll_text::commands::Line;
use plimsoll_text::config::SECTIONS;
use plimsoll_text::config::dom::{DeValue, Source};
use plimsoll_text::{Error, read_config};
use plimsoll_types::{ExchangeSpec, InstrumentId, Label, ProfileId, Ts};
use std::path::Path;

/// Sections that are a scenario's own; all others make up its exchange.
const OWN: [&str; 6] = ["simulation", "population", "flow", "shock", "at", "strategy"];

/// The shortest time between two samples.
const SAMPLE_MIN: Ts = SECOND / 100;
/// The longest run.
const DURATION_MAX: Ts = 10_000 * 3_600 * SECOND;

impl Scenario {
    /// The scenario that runs when none is named.
    pub fn built_in() -> Result<Scenario, Error> {
        Scenario::read("scenarios/default.toml", BUILT_IN)
    }

    /// Reads a scenario from a file; paths in it are relative to it.
    ///
    /// Errors: what cannot be read or used, in one line.
    pub fn load(path: &Path) -> Result<Scenario, Error> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new("file", "a readable scenario", &error.to_string()).in_file(&name)
        })?;
        Scenario::read(&name, &text)
    }

    /// Reads a scenario from text; `file` is its name in complaints and the place its paths start from.
    ///
    /// Errors: what cannot be read or used, in one line.
    pub fn read(file: &str, text: &str) -> Result<Scenario, Error> {
        let source = Source::new(file, text).counting_from(1);
        let table = source.parse().map_err(no_toml)?;
        source.root(&table).only(&[&OWN[..], &SECTIONS[..]].concat())?;
        let mut root = Section::new(source.root(&table));
        let mut simulation = needed(&mut root, "simulation")?;
        let (configuration, exchange, elsewhere) = exchange(file, text, &mut simulation)?;
        if exchange.instruments.is_empty() {
            return Err(root.complaint("instrument", "an instrument", "none"));
        }
        let start = simulation
            .optional("start", "a time of day such as \"09:30:00\"", |v| clock(v.as_str()?))?;
        let flows = flows(&mut root, &exchange, Path::new(file))?;
        // A recording ends by itself.
        let whole = flows.iter().any(|flow| flow.is_recorded()).then_some("10000h");
        let file_name = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned());
        let scenario = Scenario {
            file: file_name.unwrap_or_default(),
            title: simulation.required("title", "text in quotes", DeValue::as_str)?.to_owned(),
            seed: simulation.whole("seed", Some(1), 0..i64::MAX)? as u64,
            start: start.unwrap_or(0),
            duration: simulation.duration("duration", whole)?,
            sample: simulation.duration("sample", Some("1s"))?,
            strategy_timeout: simulation
                .duration("strategy_timeout", Some("10s"))?
                .max(SECOND / 1000),
            populations: populations(&mut root, &exchange, Path::new(file))?,
            flows,
            shocks: each(&mut root, "shock", |section| shock(section, &exchange))?,
            script: each(&mut root, "at", |section| scripted(section, &exchange))?,
            strategies: strategies(&mut root, &exchange, Path::new(file))?,
            instrument: InstrumentId(0),
            exchange,
            configuration,
        };
        if scenario.sample < SAMPLE_MIN {
            return Err(simulation.complaint("sample", "10ms or more", "less"));
        }
        if scenario.duration > DURATION_MAX {
            return Err(simulation.complaint("duration", "at most 10000h", "more"));
        }
        simulation.finish()?;
        if elsewhere {
            root.finish()?;
        }
        Ok(scenario)
    }
}

fn strategies(
    root: &mut Section<'_>,
    exchange: &ExchangeSpec,
    file: &Path,
) -> Result<Vec<StrategyPlan>, Error> {
    let plans = each(root, "strategy", |section| StrategyPlan::read(section, exchange, file))?;
    let names = || plans.iter().map(|plan| plan.seat.account);
    match names().enumerate().find(|(n, name)| names().take(*n).any(|other| other == *name)) {
        None => Ok(plans),
        Some((_, name)) => {
            Err(root.complaint("strategy.account", "a name of its own", name.as_str()))
        }
    }
}

/// The complaint that the file is no TOML, about the file as a whole.
fn no_toml(error: Error) -> Error {
    Error { field: "file".into(), expected: "TOML".into(), ..error }
}

fn needed<'a>(root: &mut Section<'a>, key: &'static str) -> Result<Section<'a>, Error> {
    let section = root.section(key)?;
    section.ok_or_else(|| root.complaint(key, "this table", "nothing"))
}

/// The exchange, its text before it: in a file of its own (then true), or all sections of this one that are not the scenario's.
fn exchange(
    file: &str,
    text: &str,
    simulation: &mut Section<'_>,
) -> Result<(String, ExchangeSpec, bool), Error> {
    let path = simulation.optional("exchange", "the path of an EXCHANGE.toml", DeValue::as_str)?;
    let Some(path) = path else {
        let text = without_own_sections(text);
        let exchange = read_config(file, &text)?;
        return Ok((text, exchange, false));
    };
    let path = beside(Path::new(file), path);
    let name = path.display().to_string();
    let text = if path.extension().is_some_and(|ending| ending == "l3") {
        recorded_exchange(&path)?
    } else {
        std::fs::read_to_string(&path).map_err(|error| {
            simulation.complaint("exchange", "a readable file", &format!("{name}: {error}"))
        })?
    };
    let exchange = read_config(&name, &text)?;
    Ok((text, exchange, true))
}

/// The exchange in an L3 file.
#[cfg(feature = "arrow")]
fn recorded_exchange(path: &Path) -> Result<String, Error> {
    Ok(crate::l3::read::Recording::open(path)?.exchange().to_owned())
}

/// The exchange in an L3 file, which this build cannot read.
#[cfg(not(feature = "arrow"))]
fn recorded_exchange(path: &Path) -> Result<String, Error> {
    let expected = "an EXCHANGE.toml (L3 files need the cargo feature arrow)";
    Err(Error::new("simulation.exchange", expected, &path.display().to_string()))
}

/// A path as written in a file, seen from where we stand.
pub(crate) fn beside(file: &Path, path: &str) -> std::path::PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// The text with the scenario's own sections emptied; every other line keeps its number.
fn without_own_sections(text: &str) -> String {
    let mut own = false;
    text.split_inclusive('\n')
        .map(|line| {
            if let Some(header) = line.trim_start().strip_prefix('[') {
                let name = header.trim_start_matches(['[', ' ', '\t']);
                let name = &name[..name.find(['.', ']', ' ', '\t']).unwrap_or(name.len())];
                own = OWN.contains(&name);
            }
            if own { "\n" } else { line }
        })
        .collect()
}

/// Every table of a list, read.
fn each<'a, T>(
    root: &mut Section<'a>,
    key: &'static str,
    read: impl Fn(Section<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    root.sections(key)?.into_iter().map(read).collect()
}

/// The instrument that a section's `symbol` names: the first where it names none.
pub fn instrument(
    section: &mut Section<'_>,
    exchange: &ExchangeSpec,
) -> Result<InstrumentId, Error> {
    let named = section.optional("symbol", "the symbol of an instrument", DeValue::as_str)?;
    let Some(symbol) = named else { return Ok(InstrumentId(0)) };
    let found = exchange.instruments.iter().position(|spec| spec.symbol.as_str() == symbol);
    match found {
        Some(place) => Ok(InstrumentId(place as u16)),
        None => {
            Err(section.complaint("symbol", "the symbol of an instrument of this exchange", symbol))
        }
    }
}

/// The profile with margin that a section's `profile` names.
pub fn profile(section: &mut Section<'_>, exchange: &ExchangeSpec) -> Result<ProfileId, Error> {
    let name = section.label("profile")?;
    let found = exchange.profiles.iter().position(|p| p.name == name && !p.unlimited);
    match found {
        Some(place) => Ok(ProfileId(place as u16)),
        None => {
            Err(section.complaint("profile", "the name of a profile with margin", name.as_str()))
        }
    }
}

fn populations(
    root: &mut Section<'_>,
    exchange: &ExchangeSpec,
    file: &Path,
) -> Result<Vec<Population>, Error> {
    let populations: Vec<Population> = root
        .one_or_many("population")?
        .into_iter()
        .map(|section| population(section, exchange, file))
        .collect::<Result<_, _>>()?;
    let twice = (1..populations.len())
        .find(|&n| populations[..n].iter().any(|other| other.name == populations[n].name));
    match twice {
        None => Ok(populations),
        Some(n) => {
            Err(root.complaint("population.name", "a name of its own", &populations[n].name))
        }
    }
}

fn flows(root: &mut Section<'_>, exchange: &ExchangeSpec, file: &Path) -> Result<Vec<Flow>, Error> {
    let flows: Vec<Flow> = root
        .one_or_many("flow")?
        .into_iter()
        .map(|section| flow(section, exchange, file))
        .collect::<Result<_, _>>()?;
    let twice = (1..flows.len())
        .find(|&n| flows[..n].iter().any(|other| other.instrument == flows[n].instrument));
    match twice {
        None => Ok(flows),
        Some(n) => {
            let symbol = exchange.instruments[flows[n].instrument.index()].symbol;
            Err(root.complaint("flow.symbol", "one flow an instrument", symbol.as_str()))
        }
    }
}

fn flow(mut section: Section<'_>, exchange: &ExchangeSpec, file: &Path) -> Result<Flow, Error> {
    let flow = Flow {
        instrument: instrument(&mut section, exchange)?,
        value_noise: section.share("value_noise", Some("0"), ["0", "1000"])?,
        index: section.section("index")?.map(index).transpose()?,
        makers: section.section("makers")?.map(makers).transpose()?,
        noise: section.section("noise")?.map(noise).transpose()?,
        momentum: section.section("momentum")?.map(momentum).transpose()?,
        zero: section.section("zero")?.map(zero).transpose()?,
        hawkes: section.section("hawkes")?.map(hawkes).transpose()?,
        fundamental: section.section("fundamental")?.map(fundamental).transpose()?,
        recorded: section.section("recorded")?.map(|s| recorded(s, file)).transpose()?,
        depth: section.section("depth")?.map(|s| depth(s, file)).transpose()?,
        l3: section.section("l3")?.map(|s| l3(s, file)).transpose()?,
    };
    let recordings = [flow.recorded.is_some(), flow.depth.is_some(), flow.l3.is_some()];
    if recordings.iter().filter(|is_there| **is_there).count() > 1 {
        let last = if flow.l3.is_some() { "l3" } else { "depth" };
        return Err(section.complaint(last, "one recording of an instrument", "two"));
    }
    if flow.index.is_some() && flow.is_recorded() {
        let expected = "agents without a recording, which has no value that an index could follow";
        return Err(section.complaint("index", expected, "a recording"));
    }
    section.finish()?;
    Ok(flow)
}

fn recorded(mut section: Section<'_>, file: &Path) -> Result<Recorded, Error> {
    let files = section.required("files", "a list of file names in quotes", |value| {
        let names = value.as_array()?.iter().map(|item| item.get_ref().as_str());
        names
            .map(|name| Some(beside(file, name?)))
            .collect::<Option<Vec<_>>>()
            .filter(|f| !f.is_empty())
    })?;
    let recorded = Recorded {
        files,
        levels: section.whole("levels", Some(0), 0..101)? as u32,
        spacing: section.whole("spacing", Some(1), 1..100_001)?,
        lots: section.whole("lots", Some(1), 1..1_000_001)? as u64,
        trades: section.optional("trades", "true or false", DeValue::as_bool)?.unwrap_or(false),
    };
    section.finish()?;
    Ok(recorded)
}

fn l3(mut section: Section<'_>, file: &Path) -> Result<L3, Error> {
    let name = section.required("file", "the path of an L3 file in quotes", DeValue::as_str)?;
    let symbol = section.optional("symbol", "the symbol of a recorded instrument", |value| {
        value.as_str().and_then(Label::new)
    })?;
    let repeat = section.whole("repeat", Some(1), 1..100_001)? as u64;
    let l3 = L3 { file: beside(file, name), symbol, repeat };
    section.finish()?;
    Ok(l3)
}

/// A command of the contract: all keys of its table but `after` are the command's own fields.
fn scripted(mut section: Section<'_>, exchange: &ExchangeSpec) -> Result<Scripted, Error> {
    let after = section.duration("after", None)?;
    let mut fields = section.rest();
    fields.insert("ts".to_owned(), 0.into());
    let text = serde_json::Value::Object(fields).to_string();
    let line = Line::read(text.as_bytes(), exchange)
        .map_err(|error| section.complaint(&error.field, &error.expected, &error.found))?;
    Ok(Scripted { after, line })
}

fn shock(mut section: Section<'_>, exchange: &ExchangeSpec) -> Result<Shock, Error> {
    let shock = Shock {
        name: section.required("name", "text in quotes", DeValue::as_str)?.to_owned(),
        instrument: instrument(&mut section, exchange)?,
        from: section.duration("from", None)?,
        to: section.duration("to", None)?,
        value: section.share("value", Some("0"), ["-0.99", "100"])?,
        liquidity: section.share("liquidity", Some("1"), ["0", "10"])?,
        sell: section.whole("sell", Some(0), 0..1_000_001)? as u64,
        buy: section.whole("buy", Some(0), 0..1_000_001)? as u64,
        through: section.whole("through", Some(10), 0..1_000_001)?,
        queue: section.whole("queue", Some(0), 0..1_000_000_001)? as u64,
    };
    if shock.to <= shock.from {
        return Err(section.complaint("to", "a time after from", "one not after it"));
    }
    section.finish()?;
    Ok(shock)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
