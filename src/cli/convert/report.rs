//! What a conversion says of itself: a table for people, an object for machines.

use super::measure::Outcome;
use super::target::Place;
use comfy_table::{CellAlignment, Table, presets};
use plimsoll_sim::say::grouped;
use plimsoll_text::recorded::{Reason, Tally};
use plimsoll_types::Label;
use serde_json::{Map, Value, json};

/// What was converted.
pub struct Source<'a> {
    /// The format's name.
    pub format: &'static str,
    /// What its rows are called.
    pub words: &'static str,
    /// How many there were.
    pub records: u64,
    /// The instruments.
    pub symbols: Vec<Label>,
    /// The book file that was read too.
    pub book_file: Option<&'a str>,
}

/// A report.
pub struct Report<'a> {
    /// The input's name.
    pub input: &'a str,
    /// What it is.
    pub source: &'a Source<'a>,
    /// What came out.
    pub result: &'a Outcome,
    /// What the conversion counted.
    pub tally: &'a Tally,
}

impl Report<'_> {
    fn executions(&self) -> u64 {
        self.tally.get("executions")
    }

    /// One line for people.
    pub fn line(&self, place: &Place) -> String {
        let symbols = match self.source.symbols.as_slice() {
            [symbol] => symbol.to_string(),
            symbols => format!("{} instruments", symbols.len()),
        };
        let without = match (self.source.format, self.source.book_file) {
            ("lobster", None) => " (no book file beside them)",
            _ => "",
        };
        format!(
            "{} {} of {symbols}{without}: {}",
            grouped(self.source.records),
            self.source.words,
            place.words(&grouped(self.result.commands)),
        )
    }

    /// The table for people.
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_BORDERS_ONLY).set_header([
            "recorded executions",
            "count",
            "first",
        ]);
        let mut row = |what: &str, count: u64, first: String| {
            table.add_row([what.to_owned(), grouped(count), first]);
        };
        row("all", self.executions(), String::new());
        row(
            "at the front of our queue: same order, price, quantity",
            self.result.reproduced,
            String::new(),
        );
        for (reason, missed) in &self.result.missed {
            let mut first = format!("{} {}", self.word(), missed.first.place);
            if let Some(order) = missed.first.order {
                first.push_str(&format!(", order {order}"));
            }
            if let Some(front) = missed.first.front {
                first.push_str(&format!(", before it {front}"));
            }
            row(&format!("missed: {}", sentence(*reason)), missed.count, first);
        }
        let looks = self.result.looks;
        for (what, count) in [
            ("book the same afterwards", looks.agree),
            ("book the same, levels new in sight taken from the file", looks.agree_by_sight),
            ("book the same, though messages and file contradict each other", looks.contradictions),
            ("book not the same", looks.differ),
            ("trades of ours that were not recorded", self.result.strays),
            ("commands refused", self.result.rejected),
        ] {
            if count > 0 {
                row(what, count, String::new());
            }
        }
        for (what, count) in self.tally.iter().filter(|(what, _)| *what != "executions") {
            row(&what.replace('_', " "), count, String::new());
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// What one row is called.
    fn word(&self) -> &str {
        self.source.words.trim_end_matches('s')
    }

    /// The object for machines.
    pub fn json(&self) -> Value {
        let result = self.result;
        let missed: Vec<Value> = result
            .missed
            .iter()
            .map(|(reason, missed)| {
                let first = json!({
                    "place": missed.first.place,
                    "order": missed.first.order.map(|order| order.to_string()),
                    "front": missed.first.front.map(|front| front.to_string()),
                });
                json!({ "reason": reason.as_str(), "count": missed.count, "first": first })
            })
            .collect();
        let counts: Map<String, Value> = self
            .tally
            .iter()
            .filter(|(what, _)| *what != "executions")
            .map(|(what, count)| (what.to_owned(), count.into()))
            .collect();
        let looks = result.looks;
        json!({
            "format": self.source.format,
            "input": self.input,
            "book_file": self.source.book_file,
            "instruments": self.source.symbols.iter().map(Label::to_string).collect::<Vec<_>>(),
            "records": self.source.records,
            "commands": result.commands,
            "trades": result.trades,
            "rejected": result.rejected,
            "unrecorded_trades": result.strays,
            "executions": {
                "recorded": self.executions(),
                "reproduced": result.reproduced,
                "reproduced_lots": result.lots,
                "missed": missed,
            },
            "book": {
                "agree": looks.agree,
                "agree_by_sight": looks.agree_by_sight,
                "contradictions": looks.contradictions,
                "differ": looks.differ,
            },
            "counts": counts,
        })
    }
}

/// A reason in words for people.
fn sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownOrder => "order not in the book (entered before the recording, or unseen)",
        Reason::Placeholder => "order without a name (entered before the recording, or unseen)",
        Reason::HiddenQuantity => "more than the order showed (iceberg)",
        Reason::OtherPrice => "not at the order's price",
        Reason::BetterPrice => "a better price stood in the book",
        Reason::NotAtFront => "another order stood before it",
        Reason::NoRestingOrder => "no resting order of this book (implied from another)",
        Reason::NotContinuous => "not in continuous trading",
        Reason::Uncross => "the auction filled others",
        Reason::Engine => "our book traded otherwise",
    }
}
