//! The space a sweep covers: axes of values, all combinations of them or a sample drawn from a seed.

use super::change::{shown, value_of};
use super::work::Cell;
use crate::prng::Prng;
use crate::scenario::reader::Section;
use plimsoll_text::Error;
use plimsoll_text::config::dom::DeValue;
use toml_edit::{Formatted, Value};

/// Most points a sweep has.
pub const POINTS_MAX: usize = 100_000;
/// Most values of an axis.
const VALUES_MAX: usize = 10_000;
/// Most places of a drawn number.
const PLACES_MAX: i64 = 9;

/// One number of the scenario, and the values it takes.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its place in the scenario: a dotted path.
    pub key: String,
    /// Its column in the results.
    pub name: String,
    reach: Reach,
}

#[derive(Clone, Debug)]
enum Reach {
    Values(Vec<Value>),
    Range(Range),
}

/// From one number to another.
#[derive(Clone, Debug)]
struct Range {
    from: f64,
    to: f64,
    log: bool,
    /// Places of the numbers drawn.
    places: usize,
    /// What follows the digits: the unit of a duration.
    unit: String,
    /// Whether the scenario has the number in quotes.
    quoted: bool,
}

impl Axis {
    /// Reads an axis.
    ///
    /// Errors: neither values nor a range, an empty list, a range that runs backwards.
    pub fn read(section: &mut Section<'_>, sampled: bool) -> Result<Axis, Error> {
        let key = section.required("key", "a path such as \"population.long\"", DeValue::as_str)?;
        let name = section.optional("name", "text in quotes", DeValue::as_str)?;
        let expected = "a list of 1 to 10000 values";
        let values = section.optional("values", expected, |value| {
            let items = value.as_array()?;
            let values: Vec<Value> = items.iter().map(|item| value_of(item.get_ref())).collect();
            (1..=VALUES_MAX).contains(&values.len()).then_some(values)
        })?;
        let range = range(section)?;
        let reach = match (values, range, sampled) {
            (Some(values), None, _) => Reach::Values(values),
            (None, Some(range), true) => Reach::Range(range),
            (None, Some(_), false) => {
                return Err(section.complaint(
                    "values",
                    expected,
                    "a range, which needs a [sample]",
                ));
            }
            (Some(_), Some(_), _) => {
                return Err(section.complaint("values", "either values or from and to", "both"));
            }
            (None, None, _) => return Err(section.complaint("values", expected, "nothing")),
        };
        Ok(Axis { key: key.to_owned(), name: name.unwrap_or(key).to_owned(), reach })
    }

    /// The value so far along the axis: `0 <= along < 1`.
    fn at(&self, along: f64) -> Value {
        match &self.reach {
            Reach::Values(values) => {
                let at = (along * values.len() as f64) as usize;
                values[at.min(values.len() - 1)].clone()
            }
            Reach::Range(range) => range.at(along),
        }
    }
}

impl Range {
    fn at(&self, along: f64) -> Value {
        let step = 10f64.powi(-(self.places as i32));
        let number = match self.log {
            true => self.from * (self.to / self.from).powf(along),
            // Every number of the range has the same chance, the last one too.
            false => ((self.from + (self.to - self.from + step) * along) / step).floor() * step,
        };
        let number = number.clamp(self.from, self.to);
        let text = format!("{number:.*}{}", self.places, self.unit);
        match (self.quoted, text.parse::<i64>()) {
            (false, Ok(whole)) => Value::from(whole),
            _ => Value::String(Formatted::new(text)),
        }
    }
}

fn range(section: &mut Section<'_>) -> Result<Option<Range>, Error> {
    const EXPECTED: &str = "a whole number, or a decimal or duration in quotes";
    let from = section.optional("from", EXPECTED, |value| end(&value_of(value)))?;
    let to = section.optional("to", EXPECTED, |value| end(&value_of(value)))?;
    let scale = section.optional("scale", "\"uniform\" or \"log\"", |value| {
        Some(value.as_str()? == "log").filter(|log| *log || value.as_str() == Some("uniform"))
    })?;
    let places = section.whole("places", Some(-1), -1..PLACES_MAX + 1)?;
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(section.complaint("to", EXPECTED, "nothing")),
        (None, Some(_)) => return Err(section.complaint("from", EXPECTED, "nothing")),
    };
    if from.unit != to.unit || from.quoted != to.quoted {
        return Err(section.complaint("to", "the same unit and quotes as from", "others"));
    }
    let log = scale.unwrap_or(false);
    if from.number >= to.number || log && from.number <= 0.0 {
        let expected = if log { "above from, and from above 0" } else { "above from" };
        return Err(section.complaint("to", expected, &to.number.to_string()));
    }
    let places = usize::try_from(places).unwrap_or(from.places.max(to.places));
    let (unit, quoted) = (from.unit, from.quoted);
    Ok(Some(Range { from: from.number, to: to.number, log, places, unit, quoted }))
}

struct End {
    number: f64,
    places: usize,
    unit: String,
    quoted: bool,
}

/// An end of a range: digits, and the unit of a duration.
fn end(value: &Value) -> Option<End> {
    let (text, quoted) = match value {
        Value::String(text) => (text.value().clone(), true),
        Value::Integer(number) => (number.value().to_string(), false),
        _ => return None,
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    let number = digits.parse().ok().filter(|n: &f64| plain && n.abs() < 1e15)?;
    let unit = text[digits.len()..].to_owned();
    (places <= PLACES_MAX as usize).then_some(End { number, places, unit, quoted })
}

/// All combinations, the last axis fastest; `None` beyond [`POINTS_MAX`].
pub fn grid(axes: &[Axis]) -> Option<Vec<Vec<Value>>> {
    let mut points: Vec<Vec<Value>> = vec![Vec::new()];
    for axis in axes {
        let Reach::Values(values) = &axis.reach else { return None };
        if points.len().checked_mul(values.len())? > POINTS_MAX {
            return None;
        }
        let with = |point: &Vec<Value>, value: &Value| {
            point.iter().cloned().chain([value.clone()]).collect::<Vec<_>>()
        };
        points = points
            .iter()
            .flat_map(|point| values.iter().map(move |value| with(point, value)))
            .collect();
    }
    Some(points)
}

/// A Latin hypercube: each axis is cut into as many slices as there are points, and each slice is hit once.
///
/// Where inside its slice a point lies, and which slices meet, is drawn from the seed, each axis from a stream of its own.
pub fn sample(axes: &[Axis], count: usize, seed: u64) -> Vec<Vec<Value>> {
    let mut points = vec![Vec::new(); count];
    for (n, axis) in axes.iter().enumerate() {
        let mut prng = Prng::new(seed, "sweep axis", n as u64);
        let mut slices: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            slices.swap(at, prng.below(at as u64 + 1) as usize);
        }
        for (point, slice) in points.iter_mut().zip(slices) {
            let inside = prng.below(1 << 40) as f64 / (1u64 << 40) as f64;
            point.push(axis.at((slice as f64 + inside) / count as f64));
        }
    }
    points
}

/// A value as the table of results shows it.
pub fn cell(value: &Value) -> Cell {
    let text = shown(value);
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    match text.parse::<f64>() {
        Ok(number) if plain => Cell::Number(number),
        _ => Cell::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &str, reach: Reach) -> Axis {
        Axis { key: name.to_owned(), name: name.to_owned(), reach }
    }

    fn ranged(from: f64, to: f64, log: bool, places: usize) -> Axis {
        let unit = String::new();
        axis("x", Reach::Range(Range { from, to, log, places, unit, quoted: true }))
    }

    fn numbers(axis: &Axis, count: usize, seed: u64) -> Vec<f64> {
        let points = sample(std::slice::from_ref(axis), count, seed);
        points.iter().map(|point| shown(&point[0]).parse().expect("a number")).collect()
    }

    #[test]
    fn a_grid_has_every_combination_once() {
        let a = axis("a", Reach::Values(vec![1.into(), 2.into()]));
        let b = axis("b", Reach::Values(vec!["p".into(), "q".into(), "r".into()]));
        let grid = grid(&[a, b]).expect("small");
        let shown: Vec<String> =
            grid.iter().map(|point| point.iter().map(shown).collect::<String>()).collect();
        assert_eq!(shown, ["1p", "1q", "1r", "2p", "2q", "2r"]);
    }

    #[test]
    fn a_grid_beyond_the_bound_is_none() {
        let wide = axis("a", Reach::Values(vec![1.into(); 1000]));
        assert!(super::grid(&[wide.clone(), wide]).is_none());
    }

    #[test]
    fn a_latin_sample_hits_every_slice_once() {
        let mut drawn = numbers(&ranged(0.0, 100.0, false, 4), 50, 7);
        assert_eq!(drawn, numbers(&ranged(0.0, 100.0, false, 4), 50, 7));
        assert_ne!(drawn, numbers(&ranged(0.0, 100.0, false, 4), 50, 8));
        drawn.sort_by(f64::total_cmp);
        for (slice, x) in drawn.iter().enumerate() {
            let low = 2.0 * slice as f64;
            assert!((low - 0.001..low + 2.001).contains(x), "{x} in slice {slice}");
        }
    }

    #[test]
    fn a_log_sample_has_as_many_points_in_every_decade() {
        let drawn = numbers(&ranged(1.0, 1000.0, true, 0), 300, 1);
        let below = |bound: f64| drawn.iter().filter(|x| **x < bound).count();
        assert!((90..=110).contains(&below(10.0)) && (190..=210).contains(&below(100.0)));
        assert!(drawn.iter().all(|x| (1.0..=1000.0).contains(x)));
    }

    #[test]
    fn whole_numbers_reach_both_ends_alike() {
        let drawn = numbers(&ranged(1.0, 4.0, false, 0), 400, 3);
        for whole in [1.0, 2.0, 3.0, 4.0] {
            assert_eq!(drawn.iter().filter(|x| **x == whole).count(), 100, "{whole}");
        }
    }
}
