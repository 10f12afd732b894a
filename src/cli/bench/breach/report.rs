//! The measurements as JSON and as tables.

use super::alone::{Point, SCAN_MOST};
use super::figure::{rounded, text};
use super::whole::Whole;
use super::{Outcome, tunings};
use crate::cli::bench::{Amount, Machine, common, new_table};
use comfy_table::Table;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

impl Outcome {
    /// As the contract of `bench --json` has it, and more.
    pub(crate) fn json(&self, amount: Amount, machine: &Machine) -> Value {
        let mut object = common("breach", amount, machine);
        let points: Vec<Value> = self.points.iter().map(|point| self.point(point)).collect();
        object.insert("points".into(), points.into());
        object.insert("scan_accounts_max".into(), SCAN_MOST.into());
        object.insert("crowded".into(), self.crowded.json());
        if let Some(rows) = &self.tunings {
            object.insert("tunings".into(), tunings::json(rows));
        }
        Value::Object(object)
    }

    fn point(&self, point: &Point) -> Value {
        let mut object = Map::new();
        object.insert("accounts".into(), point.crowd.accounts.into());
        object.insert("instruments".into(), point.crowd.instruments.into());
        point.quiet.put(&mut object, "ns_per_mark");
        match &point.scan {
            Some(scan) => scan.put(&mut object, "ns_per_mark_scan"),
            None => _ = object.insert("ns_per_mark_scan".into(), Value::Null),
        }
        point.walk.ns_per_mark.put(&mut object, "ns_per_mark_walk");
        point.walk.ns_per_crossed.put(&mut object, "ns_per_crossed_walk");
        object.insert("crossed_per_mark".into(), rounded(point.walk.crossed_per_mark()));
        object.insert("false_alarms_per_crossing".into(), rounded(point.walk.false_alarms()));
        object.insert("drawn_per_crossing".into(), rounded(point.walk.drawn_per_crossing()));
        point.sweep.ns_per_crossed.put(&mut object, "ns_per_crossed");
        let rung = point.sweep.rung as f64;
        object.insert("ns_per_rung".into(), rounded(point.sweep.ns() / rung));
        object.insert("rung_per_crossing_sweep".into(), rounded(rung / point.sweep.crossed as f64));
        object.insert("crossed_per_mark_sweep".into(), rounded(point.sweep.crossed_per_mark()));
        point.trade.put(&mut object, "ns_per_trade");
        point.trade_zipf.put(&mut object, "ns_per_trade_zipf");
        let (memory, accounts) = (point.memory, f64::from(point.crowd.accounts));
        let each = |bytes: usize| rounded(bytes as f64 / accounts);
        object.insert("bytes_per_account".into(), each(memory.total()));
        object.insert(
            "bytes_per_account_parts".into(),
            json!({
                "account": each(memory.accounts),
                "name": each(memory.names),
                "positions": each(memory.positions),
                "costs": each(memory.costs),
                "index": each(memory.index),
            }),
        );
        let resident = point.resident.map(|bytes| each(bytes as usize));
        object.insert("rss_per_account".into(), resident.into());
        object.insert("load_seconds".into(), rounded(point.load_seconds));
        let whole = self.wholes.iter().find(|whole| whole.accounts == point.crowd.accounts);
        if let (1, Some(whole)) = (point.crowd.instruments, whole) {
            object.insert("exchange".into(), whole.json());
        }
        Value::Object(object)
    }

    /// Latencies of single marks of the walk, by point.
    pub(crate) fn histograms(&self) -> Vec<(String, &Histogram<u64>)> {
        let name =
            |point: &Point| format!("walk-{}x{}", point.crowd.accounts, point.crowd.instruments);
        self.points.iter().map(|point| (name(point), &point.walk_latencies)).collect()
    }

    /// Three tables and a line.
    pub(crate) fn text(&self) -> String {
        let tunings = self.tunings.as_deref().map_or(String::new(), |rows| {
            format!("\n\nways to draw boxes\n{}", tunings::table(rows))
        });
        format!(
            "breach detection, risk tables alone, one core\n{}\n\n\
             memory, bytes an account\n{}\n\n\
             through the whole exchange, one instrument\n{}\n\n{}{tunings}",
            self.speeds(),
            self.memory(),
            self.exchange(),
            self.crowded.text()
        )
    }

    fn speeds(&self) -> Table {
        let mut table = new_table(&[
            "accounts",
            "instruments",
            "ns/mark",
            "min",
            "max",
            "scan",
            "ns/mark of a walk",
            "crossed/mark",
            "false alarms",
            "drawn",
            "walk p99.9 ns",
            "ns/crossed",
            "ns/trade",
            "Zipf",
        ]);
        for point in &self.points {
            let mut figures = Map::new();
            point.quiet.put(&mut figures, "quiet");
            let of = |name: &str| text(figures[name].as_f64().unwrap_or(f64::NAN));
            table.add_row([
                point.crowd.accounts.to_string(),
                point.crowd.instruments.to_string(),
                point.quiet.text(),
                of("quiet_min"),
                of("quiet_max"),
                point.scan.as_ref().map_or("-".to_owned(), |scan| scan.text()),
                point.walk.ns_per_mark.text(),
                text(point.walk.crossed_per_mark()),
                text(point.walk.false_alarms()),
                text(point.walk.drawn_per_crossing()),
                point.walk_latencies.value_at_quantile(0.999).to_string(),
                point.sweep.ns_per_crossed.text(),
                point.trade.text(),
                point.trade_zipf.text(),
            ]);
        }
        table
    }

    fn memory(&self) -> Table {
        let head = ["accounts", "instruments", "hot", "name", "positions", "costs", "index"];
        let mut table = new_table(&[&head[..], &["together", "process"]].concat());
        for point in &self.points {
            let accounts = f64::from(point.crowd.accounts);
            let memory = point.memory;
            let mut row =
                vec![point.crowd.accounts.to_string(), point.crowd.instruments.to_string()];
            let parts =
                [memory.accounts, memory.names, memory.positions, memory.costs, memory.index];
            row.extend(
                parts.into_iter().chain([memory.total()]).map(|b| text(b as f64 / accounts)),
            );
            row.push(point.resident.map_or("-".to_owned(), |b| text(b as f64 / accounts)));
            table.add_row(row);
        }
        table
    }

    fn exchange(&self) -> Table {
        let mut table = new_table(&[
            "accounts",
            "ns/mark",
            "ns/crossed",
            "funding, ns/holder",
            "settlement, ns/holder",
            "load s",
            "snapshot s",
            "MB",
            "restore s",
            "bytes/account",
            "peak MB",
        ]);
        let megabytes = |bytes: u64| text(bytes as f64 / 1e6);
        for whole in &self.wholes {
            let Whole { accounts, funding, settlement, .. } = whole;
            let paid = |figure: &Option<super::figure::Figure>| {
                figure.as_ref().map_or("-".to_owned(), |figure| figure.text())
            };
            let each = |bytes: u64| text(bytes as f64 / f64::from(*accounts));
            table.add_row([
                accounts.to_string(),
                whole.mark.text(),
                whole.crossed.text(),
                paid(funding),
                paid(settlement),
                text(whole.load_seconds),
                text(whole.snapshot_seconds),
                megabytes(whole.snapshot_bytes as u64),
                text(whole.restore_seconds),
                whole.resident.map_or("-".to_owned(), each),
                whole.peak.map_or("-".to_owned(), megabytes),
            ]);
        }
        table
    }
}
