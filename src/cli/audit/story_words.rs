//! A case's story as text and as JSON.

use super::story::{Batch, Step, Story};
use super::words::{average, fill, lasted, mean, money, steps, table, thousands};
use plimsoll_text::audit::{Books, money_text};
use serde_json::{Value, json};
use std::fmt::Write;

impl Story {
    /// The story as text.
    pub fn words(&self, books: &Books) -> String {
        let mut out = String::new();
        let name = self.holder.map_or(String::new(), |holder| books.title(holder));
        let how = match (self.result, self.ended) {
            ("open", _) => "not ended in this record".to_owned(),
            (result, Some(ended)) if ended == self.opened => format!("{result} at once"),
            (result, Some(ended)) => format!("{result} after {}", lasted(ended - self.opened)),
            (result, None) => result.to_owned(),
        };
        let _ = writeln!(out, "Case {} of {name}: {how}\n", self.case);
        out += &super::words::timeline("", &self.shown_steps());
        if !self.batches.is_empty() {
            let _ = writeln!(out, "\n{}", self.batch_table(books));
        }
        let _ = write!(out, "\n{}", self.total_words(books));
        out
    }

    /// The steps as people read them: of a run of tier changes with nothing between them only the last.
    fn shown_steps(&self) -> Vec<Step> {
        let mut shown: Vec<Step> = Vec::new();
        let mut run = 0;
        for step in &self.steps {
            let again = step.what == "tier" && step.ts > self.opened;
            run = if again { run + 1 } else { 0 };
            if run > 1 {
                shown.pop();
            }
            let mut step = step.clone();
            if run > 1 {
                step.words += &format!(" ({run} changes)");
            }
            shown.push(step);
        }
        shown
    }

    fn batch_table(&self, books: &Books) -> comfy_table::Table {
        let worse = if books.terms.known() { "ticks worse a lot" } else { "worse a lot" };
        let heads = [
            "batch",
            "symbol",
            "side",
            "lots",
            "worst price",
            "filled",
            "average",
            "mark",
            worse,
            "fees",
        ];
        let mut table = table(&heads, 3);
        let mut rows = Vec::new();
        for batch in &self.batches {
            let about = &books.terms.instruments[batch.instrument];
            let price = |ticks: Option<i64>, none: &str| {
                ticks.map_or(none.to_owned(), |ticks| steps(i128::from(ticks), about.tick))
            };
            let lots = |lots: i64| steps(i128::from(lots), about.lot);
            let filled = average(batch.value, i128::from(batch.lots), about);
            rows.push(vec![
                batch.n.to_string(),
                about.symbol.to_string(),
                side(batch).to_owned(),
                lots(batch.qty),
                price(batch.price, "any"),
                lots(batch.lots),
                filled.unwrap_or_else(|| "-".to_owned()),
                price(batch.mark, "-"),
                worse_a_lot(batch.worse[0], i128::from(batch.lots), batch.instrument, books)
                    .unwrap_or_else(|| "-".to_owned()),
                money(batch.fees, books.terms.decimals),
            ]);
        }
        fill(&mut table, rows, &[4, 6, 7, 8, 9]);
        table
    }

    fn total_words(&self, books: &Books) -> String {
        let mut out = String::new();
        let amount = |units: i128| money(units, books.terms.decimals);
        for (symbol, side, qty, price) in self.closed(books) {
            let word = if side == "sell" { "sold" } else { "bought" };
            let price = price.map_or(String::new(), |price| format!(" at {price} on average"));
            let _ = writeln!(out, "{word} {} {symbol}{price}", thousands(&qty));
        }
        let (lots, worse) = self.worse();
        if books.terms.known()
            && let [Some(met), Some(began)] = worse.map(|sum| mean(sum, lots, 2))
        {
            let _ = writeln!(
                out,
                "ticks a lot worse than the mark its batch met: {met}; than the mark as the case began: {began}"
            );
        }
        let totals = &self.totals;
        let borne = [
            ("paid by the insurance fund", totals.fund),
            ("borne by other accounts", totals.socialised),
            ("left as debt to the house", totals.debt),
        ];
        for (what, units) in borne.into_iter().filter(|(_, units)| *units != 0) {
            let _ = writeln!(out, "{what}: {}", amount(units));
        }
        if let Some(after) = self.after.filter(|_| books.terms.known()) {
            let equity = |at: plimsoll_text::audit::Standing| amount(at.balance + at.unrealised);
            let _ = writeln!(
                out,
                "equity: {} as it began, {} after it",
                equity(self.before),
                equity(after)
            );
            let realised = after.realised - self.before.realised;
            let fees = after.fees - self.before.fees;
            let _ = writeln!(
                out,
                "result of what was closed: {}, fees {}",
                amount(realised),
                amount(fees)
            );
        }
        if self.ended.is_some() && !self.settled {
            let _ = writeln!(out, "not settled in this record");
        }
        out
    }

    /// The story for machines.
    pub fn json(&self, books: &Books) -> Value {
        let amount = |units: i128| money_text(units, books.terms.decimals);
        let decimal = |text: Option<String>| text.map_or(Value::Null, Value::String);
        let holder = self.holder.map(|holder| &books.accounts[holder]);
        let isolated = holder.and_then(|account| account.isolated);
        let (lots, worse) = self.worse();
        let [met, began] =
            worse.map(|sum| decimal(mean(sum, lots, 6).filter(|_| books.terms.known())));
        let closed = self.closed(books).into_iter().map(|(symbol, side, qty, average)| {
            json!({"symbol": symbol, "side": side, "qty": qty, "average": decimal(average)})
        });
        let known = |units: i128| match books.terms.known() {
            true => Value::String(amount(units)),
            false => Value::Null,
        };
        let equity = |at: plimsoll_text::audit::Standing| known(at.balance + at.unrealised);
        json!({
            "case": self.case,
            "account": holder.map(|account| account.name.as_ref()),
            "isolated": isolated.map(|place| books.terms.instruments[place].symbol.as_ref()),
            "profile": self.profile(books).map(|profile| profile.to_string()),
            "reason": self.reason,
            "result": self.result,
            "opened": self.opened,
            "ended": self.ended,
            "closed": closed.collect::<Vec<_>>(),
            "batches": self.batches.iter().map(|batch| batch_json(batch, books)).collect::<Vec<_>>(),
            "slippage_ticks_mean": met,
            "shortfall_ticks_mean": began,
            "times_parked": self.totals.parked,
            "orders_cancelled": self.totals.cancelled,
            "takeovers": self.totals.taken_over,
            "deleveragings": self.totals.deleveraged,
            "fund": amount(self.totals.fund),
            "socialised": amount(self.totals.socialised),
            "debt": amount(self.totals.debt),
            "deposits": amount(self.totals.deposits),
            "equity_before": equity(self.before),
            "equity_after": self.after.map_or(Value::Null, equity),
            "settled": self.settled,
            "steps": self.steps.iter().map(|step| json!({
                "what": step.what.trim(), "words": step.words, "event": step.event,
            })).collect::<Vec<_>>(),
        })
    }
}

fn side(batch: &Batch) -> &'static str {
    if batch.sells { "sell" } else { "buy" }
}

/// In ticks; without a configuration in prices, as nobody has said what a tick is.
fn worse_a_lot(sum: i128, lots: i128, instrument: usize, books: &Books) -> Option<String> {
    if books.terms.known() {
        return mean(sum, lots, 2);
    }
    average(sum.abs(), lots, &books.terms.instruments[instrument])
        .map(|price| if sum < 0 { format!("-{price}") } else { price })
}

fn batch_json(batch: &Batch, books: &Books) -> Value {
    let about = &books.terms.instruments[batch.instrument];
    let price = |ticks: Option<i64>| ticks.map(|ticks| steps(i128::from(ticks), about.tick));
    let lots = |lots: i64| steps(i128::from(lots), about.lot);
    let slippage = mean(batch.worse[0], i128::from(batch.lots), 6);
    json!({
        "n": batch.n,
        "symbol": about.symbol.as_ref(),
        "side": side(batch),
        "qty": lots(batch.qty),
        "price": price(batch.price),
        "filled": lots(batch.lots),
        "average": average(batch.value, i128::from(batch.lots), about),
        "mark": price(batch.mark),
        "slippage_ticks_mean": slippage.filter(|_| books.terms.known()),
        "fees": money_text(batch.fees, books.terms.decimals),
    })
}
