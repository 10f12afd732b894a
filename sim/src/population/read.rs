//! From the text of a `[population]` to a [`Population`].

use super::history;
use super::plan::{Answers, Entries, LeverageClass, Lots, LotsLaw, Population, Stops};
use super::preset::Preset;
use crate::scenario::read::{instrument, profile};
use crate::scenario::reader::{Section, nano};
use plimsoll_text::Error;
use plimsoll_text::config::dom::DeValue;
use plimsoll_types::{ExchangeSpec, InstrumentSpec, Label, Ratio};
use std::path::Path;

/// Most lots a client holds.
const LOTS_MAX: i64 = 1_000_000;

/// Reads one group of accounts; paths are seen from `file`.
pub fn population(
    mut section: Section<'_>,
    exchange: &ExchangeSpec,
    file: &Path,
) -> Result<Population, Error> {
    let name = section.optional("name", "a name of 1 to 24 bytes in quotes", |value| {
        value.as_str().filter(|name| Label::new(name).is_some() && name.len() <= 24)
    })?;
    let instrument = instrument(&mut section, exchange)?;
    let word = section.optional("preset", Preset::EXPECTED, |v| Preset::named(v.as_str()?))?;
    let preset = word.unwrap_or_default();
    let profile = profile(&mut section, exchange)?;
    let spec = &exchange.instruments[instrument.index()];
    let population = Population {
        name: name.unwrap_or("client").to_owned(),
        instrument,
        accounts: section.whole("accounts", None, 1..1_000_001)? as u32,
        profile,
        long: section.share("long", Some(preset.long), ["0", "1"])?,
        leverage: leverage(&mut section, preset, exchange)?,
        lots: match section.section("lots")? {
            Some(table) => lots(table)?,
            None => {
                let needed = || section.complaint("lots", "this table", "nothing");
                preset.lots.ok_or_else(needed)?
            }
        },
        reserve: section.share("reserve", Some("0"), ["0", "1000"])?,
        answers: answers(&mut section, preset)?,
        stops: match section.section("stops")? {
            Some(table) => Some(stops(table)?),
            None => preset.stops(),
        },
        entries: section.section("entries")?.map(|s| entries(s, spec, file)).transpose()?,
    };
    section.finish()?;
    Ok(population)
}

fn leverage(
    section: &mut Section<'_>,
    preset: &Preset,
    exchange: &ExchangeSpec,
) -> Result<Vec<LeverageClass>, Error> {
    let tables = section.sections("leverage")?;
    let classes = if tables.is_empty() {
        preset.classes()
    } else {
        let read = tables.into_iter().map(|table| leverage_class(table, exchange));
        read.collect::<Result<Vec<_>, _>>()?
    };
    let sum: i64 = classes.iter().map(|class| class.share.nano()).sum();
    if sum == 0 {
        return Err(section.complaint("leverage", "at least one class with a share", "none"));
    }
    if sum > Ratio::SCALE {
        let found = shown(sum);
        return Err(section.complaint("leverage", "shares that add up to at most 1", &found));
    }
    Ok(classes)
}

fn leverage_class(
    mut section: Section<'_>,
    exchange: &ExchangeSpec,
) -> Result<LeverageClass, Error> {
    let class = LeverageClass {
        from: section.share("from", None, ["0.1", "1000"])?,
        to: section.share("to", None, ["0.1", "1000"])?,
        share: section.share("share", None, ["0", "1"])?,
        profile: section.has("profile").then(|| profile(&mut section, exchange)).transpose()?,
    };
    if class.to < class.from {
        return Err(section.complaint("to", "at least from", "less"));
    }
    section.finish()?;
    Ok(class)
}

/// Billionths as a decimal.
fn shown(nano: i64) -> String {
    let text = format!("{}.{:09}", nano / Ratio::SCALE, nano % Ratio::SCALE);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn lots(mut section: Section<'_>) -> Result<Lots, Error> {
    let bounds = 1..LOTS_MAX + 1;
    let (min, max) =
        (section.whole("min", None, bounds.clone())?, section.whole("max", None, bounds)?);
    if max < min {
        return Err(section.complaint("max", "at least min", &max.to_string()));
    }
    let words = "\"rounded\", \"even\", \"power\" or \"lognormal\"";
    let word = section.optional("law", words, |value| {
        let word = value.as_str()?;
        ["rounded", "even", "power", "lognormal"].contains(&word).then_some(word)
    })?;
    let law = match word.unwrap_or("rounded") {
        "even" => LotsLaw::Even,
        "power" => LotsLaw::Power(section.share("exponent", Some("2"), ["0.1", "10"])?),
        "lognormal" => LotsLaw::Lognormal {
            median: section.whole("median", None, min..max + 1)? as u64,
            sigma: section.share("sigma", Some("1"), ["0.01", "10"])?,
        },
        _ => LotsLaw::Rounded,
    };
    section.finish()?;
    Ok(Lots { min: min as u64, max: max as u64, law })
}

fn answers(section: &mut Section<'_>, preset: &Preset) -> Result<Answers, Error> {
    let answers = Answers {
        top_up: section.share("top_up", Some(preset.top_up), ["0", "1"])?,
        top_up_after: section.duration("top_up_after", Some("1m"))?,
        cut: section.share("cut", Some(preset.cut), ["0", "1"])?,
        cut_after: section.duration("cut_after", Some("30s"))?,
        cut_by: section.share("cut_by", Some("0.5"), ["0.01", "1"])?,
    };
    let both = answers.top_up.nano() + answers.cut.nano();
    if both > Ratio::SCALE {
        let found = shown(both);
        return Err(section.complaint("cut", "with top_up at most 1 together", &found));
    }
    Ok(answers)
}

fn stops(mut section: Section<'_>) -> Result<Stops, Error> {
    let stops = Stops {
        share: section.share("share", None, ["0", "1"])?,
        from: section.share("from", None, ["0.0001", "0.99"])?,
        to: section.share("to", None, ["0.0001", "0.99"])?,
    };
    if stops.to < stops.from {
        return Err(section.complaint("to", "at least from", "less"));
    }
    section.finish()?;
    Ok(stops)
}

/// `entries`: exactly one of `prices`, `from` and `to`, `walk`, `file`.
fn entries(mut section: Section<'_>, spec: &InstrumentSpec, file: &Path) -> Result<Entries, Error> {
    let tick = spec.tick_size;
    let price = |text: &str| history::price(text, tick);
    let on_tick = "a price on the tick in quotes";
    let listed = section.optional("prices", "a list of prices on the tick in quotes", |value| {
        let prices = value.as_array()?.iter().map(|item| price(item.get_ref().as_str()?));
        prices.collect::<Option<Vec<_>>>().filter(|prices| !prices.is_empty())
    })?;
    let from = section.optional("from", on_tick, |value| price(value.as_str()?))?;
    let to = section.optional("to", on_tick, |value| price(value.as_str()?))?;
    let deviation =
        section.optional("walk", "a decimal in quotes from 0.00001 to 0.2", |value| {
            let given = nano(value.as_str()?)?;
            (10_000..=200_000_000).contains(&given).then_some(Ratio::from_nano(given))
        })?;
    let path = section.optional("file", "the path of a csv file", DeValue::as_str)?;
    let column = section.whole("column", Some(1), 1..1001)? as usize;
    let steps = section.whole("steps", Some(40), 1..1001)? as u32;
    let entries = match (listed, from.zip(to), deviation, path) {
        (Some(prices), None, None, None) => Entries::Path(prices),
        (None, Some((from, to)), None, None) => Entries::Path(history::range(from, to, steps)),
        (None, None, Some(deviation), None) => Entries::Walk { steps, deviation },
        (None, None, None, Some(path)) => {
            let path = file.parent().unwrap_or(Path::new("")).join(path);
            Entries::Path(history::read(&path, column, steps, tick)?)
        }
        _ => {
            let expected = "exactly one of prices, from and to, walk, file";
            return Err(section.complaint("entries", expected, "another choice"));
        }
    };
    section.finish()?;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use crate::Scenario;

    /// The built-in scenario with the population's line that starts with `key` replaced.
    fn read(from: &str, to: &str) -> Result<Scenario, String> {
        let text = crate::scenario::BUILT_IN;
        assert!(text.contains(from), "the built-in scenario no longer holds {from}");
        Scenario::read("x.toml", &text.replace(from, to)).map_err(|error| error.to_string())
    }

    #[test]
    fn impossible_distributions_name_their_field() {
        let lots = "lots = { min = 1, max = 80 }";
        for (from, to, field) in [
            ("top_up = \"0.15\"", "top_up = \"0.8\"\ncut = \"0.3\"", "cut"),
            ("share = \"0.40\"", "share = \"0.90\"", "leverage"),
            (lots, "lots = { min = 9, max = 8 }", "max"),
            (lots, "lots = { min = 1, max = 8, law = \"normal\" }", "law"),
            (lots, "lots = { min = 1, max = 8, law = \"lognormal\", median = 9 }", "median"),
            (lots, "lots = { min = 1, max = 8, exponent = \"2\" }", "exponent"),
            (lots, "lots = { min = 1, max = 8 }\nentries = { steps = 3 }", "entries"),
            (lots, "lots = { min = 1, max = 8 }\nentries = { from = \"4900.1\" }", "from"),
            (lots, "lots = { min = 1, max = 8 }\nentries = { file = \"none.csv\" }", "file"),
            (lots, "lots = { min = 1, max = 8 }\npreset = \"retail\"", "preset"),
            (
                lots,
                "lots = { min = 1, max = 8 }\nstops = { share = \"1\", from = \"0.2\", to = \"0.1\" }",
                "to",
            ),
        ] {
            let error = read(from, to).expect_err(to);
            assert!(error.contains("x.toml") || error.contains("none.csv"), "{error}");
            assert!(error.contains(field), "{to}: {error}");
        }
    }
}
