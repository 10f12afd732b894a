//! The market's pictures: price with band and liquidations, the book over time, depth; other instruments.

use super::View;
use super::axis::TimeAxis;
use super::chart::{
    Chart, HEIGHT, Upward, WIDTH, number, numbers, reads_leftwards, rectangle, thinned, through,
};
use super::tables::table;
use crate::outcome::Sample;
use crate::record::fills::Fill;
use crate::say::{Scale, grouped, time};
use plimsoll_types::{InstrumentId, Price, Side};
use std::collections::BTreeMap;

/// Rows of the numbers behind a picture.
const ROWS: usize = 16;
/// Rows of the book's picture at most.
const HEAT_ROWS: i64 = 60;
/// Shades of lots in the book's picture.
const SHADES: usize = 6;

/// A market to draw: the first instrument, or another.
pub struct Drawn<'a> {
    /// Which.
    pub instrument: InstrumentId,
    /// Its curves.
    pub samples: &'a [Sample],
    /// Its numbers.
    pub scale: Scale,
    /// Its time axis.
    pub axis: TimeAxis,
}

impl<'a> Drawn<'a> {
    /// The market of these samples.
    pub fn new(view: &View<'a>, instrument: InstrumentId, samples: &'a [Sample]) -> Drawn<'a> {
        let exchange = &view.scenario.exchange;
        let spec = &exchange.instruments[instrument.index()];
        Drawn {
            instrument,
            samples,
            scale: Scale::new(exchange.money_decimals, spec),
            axis: TimeAxis::new(samples.iter().map(|sample| sample.ts)),
        }
    }

    /// The prices that the picture shows: where the mark was, and the band where it came near.
    fn prices(&self) -> Upward {
        let marks = || self.samples.iter().map(|s| self.scale.price_plain(s.mark));
        let (low, high) = (marks().fold(f64::MAX, f64::min), marks().fold(f64::MIN, f64::max));
        if low > high {
            return Upward::even(0.0, 1.0);
        }
        let reach = (high - low).max(high.abs() * 1e-5);
        let bands = || self.samples.iter().filter_map(|sample| sample.band);
        let down = bands().map(|band| self.scale.price_plain(band.down)).fold(f64::MAX, f64::min);
        let up = bands().map(|band| self.scale.price_plain(band.up)).fold(f64::MIN, f64::max);
        let low = if low - down < reach * 0.6 { low.min(down) } else { low };
        let high = if up - high < reach * 0.6 { high.max(up) } else { high };
        let margin = (high - low) * 0.05;
        Upward::even(low - margin, high + margin)
    }

    fn chart(&self, id: &str, words: &str, height: u32, prices: &Upward) -> Chart {
        let places = self.scale.price_decimals as usize;
        Chart::new(id, words, height)
            .title("price")
            .left(prices, &prices.ticks((height / 52) as usize), |value| number(value, places))
            .below(self.axis.labels())
    }

    /// A curve of the samples, cut where it has no value.
    fn curve(&self, upward: &Upward, of: impl Fn(&Sample) -> Option<f64>) -> String {
        let mut out = String::new();
        let mut part = Vec::new();
        let mut end = |part: &mut Vec<(f64, f64)>| {
            out.push_str(&through(thinned(part).into_iter()));
            part.clear();
        };
        for (n, sample) in self.samples.iter().enumerate() {
            match of(sample) {
                Some(value) => part.push((self.axis.nth(n), upward.at(value))),
                None => end(&mut part),
            }
        }
        end(&mut part);
        out
    }

    fn mark_curve(&self, prices: &Upward) -> String {
        self.curve(prices, |sample| Some(self.scale.price_plain(sample.mark)))
    }
}

/// Shades the shocks of an instrument, with their names or without.
pub fn shade_shocks(
    view: &View<'_>,
    instrument: InstrumentId,
    axis: &TimeAxis,
    chart: &mut Chart,
    named: bool,
) {
    let from = view.outcome.from;
    let shocks = view.scenario.shocks.iter().filter(|shock| shock.instrument == instrument);
    let mut shocks: Vec<_> = shocks.collect();
    // Where there is no room for all names, the largest moves have theirs.
    shocks.sort_by_key(|shock| -shock.value.nano().abs());
    let mut names = Names::default();
    for shock in shocks {
        let (a, b) = (axis.at(from + shock.from), axis.at(from + shock.to));
        match names.row(a, &shock.name).filter(|_| named) {
            Some(row) => chart.shade(a, b, &shock.name, row),
            None => chart.shade(a, b, "", 0),
        }
    }
}

/// Names at the top of a chart, in three rows: from where to where each row is taken.
#[derive(Default)]
struct Names([Vec<(f64, f64)>; 3]);

impl Names {
    /// The first row in which a name at `x` meets no other; `None` where it meets one in each.
    fn row(&mut self, x: f64, name: &str) -> Option<usize> {
        /// A letter's width on a screen, in units of the chart; on a telephone they are wider, and names may touch.
        const LETTER: f64 = 8.0;
        let wide = (name.chars().count() + 1) as f64 * LETTER;
        let (from, to) = if reads_leftwards(x) { (x - wide, x) } else { (x, x + wide) };
        let free = |row: &Vec<(f64, f64)>| row.iter().all(|&(a, b)| to <= a || b <= from);
        let row = self.0.iter().position(free)?;
        self.0[row].push((from, to));
        Some(row)
    }
}

/// Price, band and liquidations.
pub fn price(view: &View<'_>, market: &Drawn<'_>, id: &str, height: u32) -> String {
    let prices = market.prices();
    let words = format!(
        "Line chart of the mark of {} over time, with the daily band and a dot for liquidated lots.",
        view.scenario.exchange.instruments[market.instrument.index()].symbol.as_str()
    );
    let mut chart = market.chart(id, &words, height, &prices);
    shade_shocks(view, market.instrument, &market.axis, &mut chart, true);
    for edge in [|s: &Sample| s.band.map(|band| band.up), |s: &Sample| s.band.map(|band| band.down)]
    {
        let plain =
            |sample: &Sample| edge(sample).map(|price: Price| market.scale.price_plain(price));
        chart.path("band", &market.curve(&prices, plain));
    }
    chart.path("mark", &market.mark_curve(&prices));
    dots(view, market, &prices, &mut chart);
    format!("{}{}", chart.html(), price_numbers(market))
}

/// Liquidated lots as dots whose area is their number; those close together become one.
fn dots(view: &View<'_>, market: &Drawn<'_>, prices: &Upward, chart: &mut Chart) {
    let mut places: BTreeMap<(u64, bool), (f64, u64)> = BTreeMap::new();
    let fills = view.outcome.record.fills.iter();
    for fill in fills.filter(|fill: &&Fill| fill.instrument == market.instrument) {
        let at = ((market.axis.at(fill.ts) / 2.5) as u64, fill.side == Side::Sell);
        let (sum, lots) = places.entry(at).or_default();
        *sum += market.scale.ticks_plain(fill.mean()) * fill.lots as f64;
        *lots += fill.lots;
    }
    let largest = places.values().map(|&(_, lots)| lots).max().unwrap_or(1) as f64;
    // Dots of about one size share a path.
    let mut paths: BTreeMap<(bool, u32), String> = BTreeMap::new();
    for (&(x, sold), &(sum, lots)) in &places {
        let size = (1.0 + 7.0 * (lots as f64 / largest).sqrt()).round() as u32;
        let d = paths.entry((sold, size)).or_default();
        rectangle_dot(d, x as f64 * 2.5 + 1.25, prices.at(sum / lots as f64));
    }
    for ((sold, size), d) in paths {
        let class = if sold { "dot sell" } else { "dot buy" };
        chart.path_wide(class, &d, f64::from(size) * 2.6);
    }
}

/// A line without length, drawn with a round end: a dot that stays round in a stretched drawing.
pub fn rectangle_dot(out: &mut String, x: f64, y: f64) {
    out.push('M');
    super::chart::place(out, x);
    out.push(' ');
    super::chart::place(out, y);
    out.push_str("h0");
}

fn price_numbers(market: &Drawn<'_>) -> String {
    let side =
        |price: Option<Price>| price.map_or("-".to_owned(), |price| market.scale.price(price));
    let step = market.samples.len().div_ceil(ROWS).max(1);
    let row = |sample: &Sample| {
        vec![
            time(sample.ts),
            market.scale.price(sample.mark),
            side(sample.bid),
            side(sample.ask),
            side(sample.band.map(|band| band.down)),
            side(sample.band.map(|band| band.up)),
            grouped(sample.bid_depth),
            grouped(sample.ask_depth),
        ]
    };
    let rows: Vec<Vec<String>> = market.samples.iter().step_by(step).map(row).collect();
    let heads = [
        "<time",
        "mark",
        "best bid",
        "best ask",
        "limit-down",
        "limit-up",
        "bids, lots",
        "asks, lots",
    ];
    numbers("Numbers behind price and depth", &table(&heads, &rows, false))
}

/// The book over time: lots by price, both sides, with the mark.
pub fn heat(view: &View<'_>, market: &Drawn<'_>) -> String {
    let prices = market.prices();
    let words = "Heat map of the order book: lots waiting by price and time, bids and asks in two colours, stronger where more wait, with the mark as a line.";
    let mut chart = market.chart("chart-heat", words, 340, &prices);
    for (class, d) in heat_cells(view, market, &prices) {
        chart.path(&class, &d);
    }
    chart.path("mark under", &market.mark_curve(&prices));
    chart.path("mark", &market.mark_curve(&prices));
    chart.html()
}

/// A path for each side and shade.
fn heat_cells(view: &View<'_>, market: &Drawn<'_>, prices: &Upward) -> Vec<(String, String)> {
    let heat = &view.outcome.record.heat;
    let ticks = |price: f64| (price / market.scale.ticks_plain(1.0)).round() as i64;
    let (low, high) = (ticks(prices.bottom()), ticks(prices.top()));
    let cells = ((high - low) / heat.height).max(1);
    // One row of the picture is so many cells of the record.
    let merge = (cells + HEAT_ROWS - 1) / HEAT_ROWS;
    let row_ticks = merge * heat.height;
    let mut columns: Vec<BTreeMap<(i64, bool), u64>> = Vec::new();
    for column in &heat.columns {
        let mut rows: BTreeMap<(i64, bool), u64> = BTreeMap::new();
        for cell in &column.cells {
            let row = i64::from(cell.row).div_euclid(merge);
            if (row + 1) * row_ticks > low && row * row_ticks < high {
                *rows.entry((row, cell.side == Side::Sell)).or_default() += cell.lots;
            }
        }
        columns.push(rows);
    }
    let mut all: Vec<u64> = columns.iter().flat_map(|rows| rows.values().copied()).collect();
    all.sort_unstable();
    // Shades go by rank, so that a queue at the limit price does not make everything else pale.
    let rank = |n: usize| all.get(n * all.len() / SHADES).copied().unwrap_or(0);
    let edges: Vec<u64> = (1..SHADES).map(rank).collect();
    let shade = |lots: u64| edges.partition_point(|&edge| edge < lots);
    let mut paths: BTreeMap<(bool, usize), String> = BTreeMap::new();
    let mut runs: BTreeMap<(i64, bool), (f64, usize)> = BTreeMap::new();
    let mut close = |(row, ask): (i64, bool), (from, shade): (f64, usize), to: f64| {
        let plain = |ticks: i64| market.scale.ticks_plain(ticks as f64);
        let (top, bottom) = (
            prices.at(plain((row + 1) * row_ticks)).max(0.0),
            prices.at(plain(row * row_ticks)).min(HEIGHT),
        );
        let d = paths.entry((ask, shade)).or_default();
        rectangle(d, from, top, to - from, bottom - top);
    };
    for (n, rows) in columns.iter().enumerate() {
        let x = market.axis.at(heat.columns[n].ts);
        // What goes on with the same shade is one rectangle.
        let ended: Vec<_> = runs
            .iter()
            .filter(|(key, (_, old))| rows.get(key).map(|&lots| shade(lots)) != Some(*old))
            .map(|(&key, &run)| (key, run))
            .collect();
        for (key, run) in ended {
            runs.remove(&key);
            close(key, run, x);
        }
        for (&key, &lots) in rows {
            runs.entry(key).or_insert((x, shade(lots)));
        }
    }
    runs.into_iter().for_each(|(key, run)| close(key, run, WIDTH));
    let class =
        |ask: bool, shade: usize| format!("{} s{}", if ask { "ask" } else { "bid" }, shade + 1);
    paths.into_iter().map(|((ask, shade), d)| (class(ask, shade), d)).collect()
}

/// Lots in the best five levels of both sides, bids upwards, asks downwards.
pub fn depth(view: &View<'_>, market: &Drawn<'_>) -> String {
    let most =
        |of: fn(&Sample) -> u64| market.samples.iter().map(of).max().unwrap_or(0).max(10) as f64;
    let lots = Upward::roots(-most(|s| s.ask_depth) * 1.1, most(|s| s.bid_depth) * 1.1);
    let words = "Area chart of lots in the best five levels, bids above and asks below the zero line, square-root scale.";
    let mut chart = Chart::new("chart-depth", words, 170)
        .title("asks, lots, bids")
        .left(&lots, &lots.ticks(7), |value| number(value.abs(), 0))
        .below(market.axis.labels());
    shade_shocks(view, market.instrument, &market.axis, &mut chart, false);
    for (class, sign) in [("bid area", 1.0), ("ask area", -1.0)] {
        let of = |s: &Sample| if sign > 0.0 { s.bid_depth } else { s.ask_depth };
        let place =
            |(n, sample): (usize, &Sample)| (market.axis.nth(n), lots.at(sign * of(sample) as f64));
        let points: Vec<(f64, f64)> = market.samples.iter().enumerate().map(place).collect();
        chart.area(class, &thinned(&points), lots.at(0.0));
    }
    chart.html()
}

/// Price charts of the instruments after the first.
pub fn others(view: &View<'_>) -> String {
    let mut out = String::new();
    for (n, other) in view.outcome.others.iter().enumerate() {
        let market = Drawn::new(view, other.instrument, &other.samples);
        let symbol = view.scenario.exchange.instruments[other.instrument.index()].symbol;
        out += &format!(
            "<figure><h3>{}</h3>{}</figure>",
            super::escape(symbol.as_str()),
            price(view, &market, &format!("chart-price-{}", n + 2), 240)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_meet_have_rows_of_their_own_or_are_left_out() {
        let mut names = Names::default();
        // Of five letters and a space: 48 units each.
        let rows = [100.0, 120.0, 140.0, 147.0, 148.0, 900.0, 860.0, 852.0];
        let rows = rows.map(|x| names.row(x, "panic"));
        let expected = [Some(0), Some(1), Some(2), None, Some(0), Some(0), Some(1), Some(0)];
        assert_eq!(rows, expected);
    }
}
