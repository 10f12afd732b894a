//! The report: one HTML file that needs no network, for showing a colleague what happened.

pub mod axis;
pub mod cases;
pub mod chart;
pub mod effects;
pub mod losses;
pub mod market;
pub mod people;
pub mod recording;
pub mod sheets;
pub mod tables;
pub mod trees;
pub mod verdict;
pub mod words;

use crate::flow::recorded::DAY;
use crate::outcome::{Ending, Outcome};
use crate::say::{Scale, time};
use crate::scenario::Scenario;
use plimsoll_types::{Money, Ts};

const PAGE: &str = include_str!("../assets/report.html");
const CSS: &str = include_str!("../assets/report.css");

/// The report of a run, whole.
pub fn report(scenario: &Scenario, outcome: &Outcome) -> String {
    let view = View::new(scenario, outcome);
    let warning = match &outcome.ending {
        Ending::Complete => String::new(),
        Ending::Stopped => warning("The run was stopped early; this is what had happened by then."),
        Ending::Failed(why) => warning(&format!("The run ended early: {}.", escape(why))),
    };
    let mut parts = vec![
        ("title", escape(&scenario.title)),
        ("meta", words::meta(&view)),
        ("warning", warning),
        ("verdict", verdict::verdict(&view)),
        ("css", CSS.to_owned()),
        ("footer", words::footer()),
    ];
    parts.extend(sentences(&view));
    parts.extend(pictures(&view));
    fill(&chosen(&view), &parts)
}

/// The page without the blocks that this run has nothing for: what stands between `{{#name}}` and `{{/name}}`.
fn chosen(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let (cases, accounts) = (!outcome.record.cases.is_empty(), !outcome.accounts.is_empty());
    let fund = outcome.record.fund;
    let losses = cases || fund.paid + fund.taken_in > Money::ZERO;
    let mut page = PAGE.to_owned();
    for (name, there) in [("cases", cases), ("accounts", accounts), ("losses", losses)] {
        let (open, close) = (format!("{{{{#{name}}}}}"), format!("{{{{/{name}}}}}"));
        while let Some((before, rest)) = page.split_once(&open) {
            let (block, after) = rest.split_once(&close).unwrap_or((rest, ""));
            page = [before, if there { block } else { "" }, after].concat();
        }
    }
    page
}

/// What is said, and the tables.
fn sentences(view: &View<'_>) -> [(&'static str, String); 24] {
    // Who tests a strategy looks for what became of it first.
    let figures = tables::figures(view);
    let (top, later) = match view.outcome.strategies.is_empty() {
        true => (figures, String::new()),
        false => (String::new(), figures),
    };
    let pair = match view.outcome.record.cases.is_empty() || view.outcome.accounts.is_empty() {
        true => "single",
        false => "pair",
    };
    [
        ("figures", top),
        ("case_figures", later),
        ("pair", pair.to_owned()),
        ("title_price", words::price_title(view).to_owned()),
        ("key_price", words::price_key(view)),
        ("caption_price", words::price(view)),
        ("caption_book", words::book(view)),
        ("caption_depth", words::depth(view)),
        ("caption_cases", words::cases(view)),
        ("caption_cascade", effects::cascade(view)),
        ("caption_impact", effects::impact(view)),
        ("caption_tiers", words::tiers(view)),
        ("note_timeline", words::timeline(view)),
        ("caption_equity", words::equity(view)),
        ("caption_waterfall", losses::caption(view)),
        ("waterfall", losses::waterfall(view)),
        ("winners", losses::winners(view)),
        ("fund_bars", losses::fund(view)),
        ("table_tiers", tables::tiers(view)),
        ("table_ends", tables::ends(view)),
        ("table_worst", tables::worst(view)),
        ("table_run", tables::run(view)),
        ("table_trees", trees::largest(view)),
        ("foot_worst", words::kept(view)),
    ]
}

/// What is drawn.
fn pictures(view: &View<'_>) -> [(&'static str, String); 15] {
    let market = market::Drawn::new(view, view.scenario.instrument, &view.outcome.samples);
    let section = |title: &str, content: String| match content.is_empty() {
        true => content,
        false => format!("<section class=\"long\"><h2>{title}</h2>{content}</section>"),
    };
    [
        ("price", market::price(view, &market, "chart-price", 360)),
        ("heat", market::heat(view, &market)),
        ("depth", market::depth(view, &market)),
        ("open", cases::open(view, &market)),
        ("timeline", cases::timeline(view, &market)),
        ("slippage", cases::slippage(view)),
        ("trees", trees::pictures(view)),
        ("depths", trees::depths(view)),
        ("equity", people::equity(view)),
        ("tiers", people::tiers(view, &market)),
        ("fund", people::fund(view, &market)),
        ("populations", section("Populations", tables::populations(view))),
        ("sheets", section("Strategies", sheets::sheets(view))),
        ("others", section("Other instruments", market::others(view))),
        ("recorded", section("Recorded flow", recording::recording(view))),
    ]
}

/// What every part of the report looks at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// What came of it.
    pub outcome: &'a Outcome,
    /// Its numbers.
    pub scale: Scale,
    /// Its currency.
    pub currency: &'a str,
}

impl<'a> View<'a> {
    /// A run, seen by its report.
    pub fn new(scenario: &'a Scenario, outcome: &'a Outcome) -> View<'a> {
        let spec = &scenario.exchange.instruments[scenario.instrument.index()];
        View {
            scenario,
            outcome,
            scale: Scale::new(scenario.exchange.money_decimals, spec),
            currency: scenario.exchange.currency.as_str(),
        }
    }

    /// A time as the report shows it: with its day where there are several.
    pub fn moment(&self, ts: Ts) -> String {
        let day = |ts: Ts| ts / DAY;
        match day(self.outcome.to) > day(self.outcome.from) {
            true => format!("day {}, {}", 1 + day(ts) - day(self.outcome.from), time(ts)),
            false => time(ts),
        }
    }
}

fn warning(text: &str) -> String {
    format!("<p class=\"warning\">{text}</p>")
}

/// Replaces each `{{name}}` of the page by its part, in one pass: parts are never searched.
fn fill(page: &str, parts: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(400_000);
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        if let Some((_, part)) = parts.iter().find(|(known, _)| *known == name) {
            out.push_str(part);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Text as HTML shows it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
